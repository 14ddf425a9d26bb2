import { type SQL, and, eq, sql } from 'drizzle-orm'
import { ApiError } from '../lib/errors.ts'
import { decrypt, encrypt } from '../lib/sign.ts'
import type { Session, Statement } from './client.ts'
import { refuseWhen } from './conflicts.ts'
import type { Ctx, WriteRequest } from './context.ts'
import { builder, insertInto } from './statements.ts'
import { idempotencyKeys } from './table.ts'

/** The condition for the row of a key in the caller's organization. */
const isKept = (ctx: Ctx, key: string) => and(eq(idempotencyKeys.organizationId, ctx.organizationId), eq(idempotencyKeys.key, key))

/** The purpose for which an answer with a secret is encrypted: one key of one organization. */
const purposeOf = ({ organizationId }: Ctx, key: string): string => `idempotency key ${organizationId} ${key}`

/** The owner of a stored answer: the role, or the token if the answer contains a secret. */
const roleOf = ({ role, actor, write }: Ctx): string => (write?.secret ? `${role} ${actor}` : role)

/** Encodes the body of an answer for storage. A body with a secret is encrypted, and stored as a JSON string. */
export const encodeBody = async (ctx: Ctx, { secret, key }: WriteRequest, json: string): Promise<string> =>
  secret ? JSON.stringify(await encrypt(ctx.secrets[0] ?? '', purposeOf(ctx, key?.value ?? ''), json)) : json

const insertKeys = insertInto(idempotencyKeys)

/** The statement that stores an answer under its key. It raises KEY_USED if the key is already used. */
export const keepAnswer = (
  ctx: Ctx,
  { key, status, locationOf }: WriteRequest,
  reply: { answer: object; tag: string | undefined; status: number | undefined; location: string | undefined },
  body: string,
): Statement =>
  insertKeys([
    {
      organizationId: ctx.organizationId,
      key: key?.value ?? '',
      role: roleOf(ctx),
      fingerprint: key?.fingerprints[0] ?? '',
      status: reply.status ?? status,
      location: reply.location ?? locationOf?.(reply.answer) ?? null,
      body,
      createdAt: ctx.wallClock,
      etag: reply.tag ?? null,
    },
  ])

/** The statements that raise KEY_USED if the request's key is already used, for a commit that does not store the answer. */
export const refuseUsedKey = (ctx: Ctx): Statement[] => {
  const { key } = ctx.write ?? {}
  return key ? [refuseWhen('KEY_USED', sql`select '[]' from ${idempotencyKeys} where ${isKept(ctx, key.value)}`)] : []
}

/** The statement that adds to a stored answer the fields that only the database knows, from a query for one JSON object. */
export const addToKeptBody = (ctx: Ctx, key: string, found: SQL): Statement =>
  builder
    .update(idempotencyKeys)
    .set({ body: sql`json_patch(${idempotencyKeys.body}, ${found})` })
    .where(isKept(ctx, key))

const USED = new ApiError('UNPROCESSABLE', 'Idempotency-Key: was used for another request, or by another role. Take a new key.')

/** The status of a stored answer that was erased with its customer. */
export const ERASED = 410

/** Reads the stored answer of the request's key. Undefined if there is none. Throws CONFLICT if it was erased: the request was made, and is not made again. */
export const readKeptAnswer = async (ctx: Ctx): Promise<typeof idempotencyKeys.$inferSelect | undefined> => {
  const { key, secret } = ctx.write ?? {}
  if (!key) return undefined
  const [row] = await ctx.session.db.select().from(idempotencyKeys).where(isKept(ctx, key.value))
  if (!row) return undefined
  if (!key.fingerprints.includes(row.fingerprint) || row.role !== roleOf(ctx)) throw USED
  if (row.status === ERASED)
    throw new ApiError(
      'CONFLICT',
      'Idempotency-Key: this request was made before, and its answer was erased with the customer that it was about.',
    )
  const body = secret ? await decrypt(ctx.secrets, purposeOf(ctx, key.value), JSON.parse(row.body) as string) : row.body
  if (body === undefined) throw USED
  return { ...row, body }
}

/** How long an answer is stored under its key, in milliseconds. */
const KEPT_FOR = 30 * 86_400_000

/** Deleted per statement. */
const MOST = 1000

/** Deletes answers that are 30 days old. */
export const forgetKeys = async ({ db }: Session, now: number): Promise<void> => {
  const old = sql`(${idempotencyKeys.organizationId}, ${idempotencyKeys.key}) in (
    select organization_id, key from ${idempotencyKeys} where created_at <= ${now - KEPT_FOR} limit ${MOST}
  )`
  for (;;) {
    const { meta } = await db.delete(idempotencyKeys).where(old)
    if (meta.changes < MOST) return
  }
}

import { type SQL, and, eq, sql } from 'drizzle-orm'
import { ApiError } from '../lib/errors.ts'
import { decrypt, encrypt } from '../lib/sign.ts'
import type { Session, Statement } from './client.ts'
import type { Ctx, WriteRequest } from './context.ts'
import { builder, insertInto } from './statements.ts'
import { idempotencyKeys } from './table.ts'

/** The row of a key of the caller's organization. */
const isKept = (ctx: Ctx, key: string) => and(eq(idempotencyKeys.organizationId, ctx.organizationId), eq(idempotencyKeys.key, key))

/** What an answer with a secret is encrypted for: one key of one organization. */
const purposeOf = ({ organizationId }: Ctx, key: string): string => `idempotency key ${organizationId} ${key}`

/** To whom an answer is given again: to its role, and one with a secret to its token only. */
const roleOf = ({ role, actor, write }: Ctx): string => (write?.secret ? `${role} ${actor}` : role)

/** The body of an answer as it is kept, of its JSON: one with a secret is a JSON string that is encrypted. */
export const encodeBody = async (ctx: Ctx, { secret, key }: WriteRequest, json: string): Promise<string> =>
  secret ? JSON.stringify(await encrypt(ctx.secrets[0] ?? '', purposeOf(ctx, key?.value ?? ''), json)) : json

const insertKeys = insertInto(idempotencyKeys)

/** The statement that keeps an answer under its key; it raises KEY_USED when one is kept already. */
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
      createdAt: ctx.now,
      etag: reply.tag ?? null,
    },
  ])

/** The statement that adds to a kept answer what only the database knows of it, a query of one JSON object. */
export const addToKeptBody = (ctx: Ctx, key: string, found: SQL): Statement =>
  builder
    .update(idempotencyKeys)
    .set({ body: sql`json_patch(${idempotencyKeys.body}, ${found})` })
    .where(isKept(ctx, key))

const USED = new ApiError('UNPROCESSABLE', 'Idempotency-Key: was used for another request, or by another role. Take a new key.')

/** The answer that was kept under the request's key, if one was. */
export const keptAnswer = async (ctx: Ctx): Promise<typeof idempotencyKeys.$inferSelect | undefined> => {
  const { key, secret } = ctx.write ?? {}
  if (!key) return undefined
  const [row] = await ctx.session.db.select().from(idempotencyKeys).where(isKept(ctx, key.value))
  if (!row) return undefined
  if (!key.fingerprints.includes(row.fingerprint) || row.role !== roleOf(ctx)) throw USED
  const body = secret ? await decrypt(ctx.secrets, purposeOf(ctx, key.value), JSON.parse(row.body) as string) : row.body
  if (body === undefined) throw USED
  return { ...row, body }
}

/** How long an answer is kept under its key, in milliseconds. */
const KEPT_FOR = 30 * 86_400_000

/** Deleted per statement. */
const MOST = 1000

/** Forgets the answers that have been kept for 30 days. */
export const forgetKeys = async ({ db }: Session, now: number): Promise<void> => {
  const old = sql`(${idempotencyKeys.organizationId}, ${idempotencyKeys.key}) in (
    select organization_id, key from ${idempotencyKeys} where created_at <= ${now - KEPT_FOR} limit ${MOST}
  )`
  for (;;) {
    const { meta } = await db.delete(idempotencyKeys).where(old)
    if (meta.changes < MOST) return
  }
}

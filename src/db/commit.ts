import { type SQL, and, eq, lte, sql } from 'drizzle-orm'
import type { BatchItem } from 'drizzle-orm/batch'
import { sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { Ctx, Write } from '../context.ts'
import { ApiError } from '../lib/errors.ts'
import type { Database } from './client.ts'
import { idempotencyKeys } from './table.ts'

/** The view whose trigger raises what is inserted. */
const refusals = sqliteTable('refusals', { code: text().notNull(), detail: text().notNull() })

interface Explained {
  status?: 404
  /** The field at fault, when the caller of `commit` names none. */
  field?: string
  /** What is said of the values raised with it. */
  say: (...values: string[]) => string
}

const CUSTOMER_NOT_FOUND: Explained = { status: 404, field: 'customerId', say: (id) => `the customer "${id}" does not exist` }

/** Every conflict that the triggers in migrations/ raise, with what it says of the values raised with it. */
const CONFLICTS = {
  CUSTOMER_ID_TAKEN: { field: 'id', say: (id) => `the customer "${id}" exists already` },
  CUSTOMER_NOT_FOUND,
  CUSTOMER_ARCHIVED: { field: 'customerId', say: (id) => `the customer "${id}" is archived` },
  CUSTOMER_HAS_ACCOUNTS: {
    say: (id, accounts, count) =>
      `The customer "${id}" has accounts that are not archived: "${accounts}"${Number(count) < 11 ? '' : ' and more'}`,
  },
  CONTACT_EMAIL_TAKEN: {
    field: 'email',
    say: (email, customer) => `the customer "${customer}" has a contact with the e-mail "${email}" already`,
  },
  ACCOUNT_ID_TAKEN: { field: 'id', say: (id) => `the account "${id}" exists already` },
  ACCOUNT_ID_IS_ALIAS: { field: 'id', say: (id, owner) => `"${id}" is an alias of the account "${owner}"` },
  ACCOUNT_NOT_FOUND: { status: 404, field: 'accountIds', say: (id) => `the account "${id}" does not exist` },
  ACCOUNT_ARCHIVED: { field: 'accountIds', say: (id) => `the account "${id}" is archived` },
  ACCOUNT_IN_GROUP: { field: 'accountIds', say: (id, group) => `the account "${id}" is in the invoice group "${group}" already` },
  ACCOUNT_CURRENCY: {
    field: 'accountIds',
    say: (id, currency, other) => `the account "${id}" is invoiced in ${currency}, the invoice group in ${other}`,
  },
  GROUP_CURRENCY: {
    field: 'invoiceCurrency',
    say: (id, group, currency) => `the account "${id}" is in the invoice group "${group}", which is invoiced in ${currency}`,
  },
  ALIAS_IS_ACCOUNT_ID: { field: 'aliases', say: (alias) => `"${alias}" is the id of the account "${alias}"` },
  ALIAS_TAKEN: { field: 'aliases', say: (alias, owner) => `"${alias}" is an alias of the account "${owner}" already` },
  ALIASES_EXIST: { field: 'aliases', say: (...aliases) => `${aliases.map((alias) => `"${alias}"`).join(', ')} exist already` },
  ALIAS_HELD: { say: (alias, owner) => `The alias "${alias}" is held by the account "${owner}"` },
  TOO_MANY_ALIASES: {
    field: 'aliases',
    say: (alias, owner) => `with "${alias}" more than 10 aliases of the account "${owner}" would hold at once`,
  },
  ENTITY_NOT_FOUND: { status: 404, field: 'entityId', say: (id, type) => `there is no ${type} "${id}"` },
  ENTITY_ARCHIVED: { field: 'entityId', say: (id, type) => `the ${type} "${id}" is archived` },
  SETTING_TAKEN: {
    field: 'id',
    say: (id, namespace, type, entity) => `the setting "${id}" of the namespace "${namespace}" exists already on ${type} "${entity}"`,
  },
} satisfies Record<string, Explained>
export type Conflict = keyof typeof CONFLICTS

/** Where the request has the value that a conflict is about, as a path such as `account.aliases[3]`; undefined for the usual place. */
export type Locate = (conflict: Conflict, values: readonly string[]) => string | undefined

/** A statement that refuses the whole batch with `conflict` when `detail`, a query of one JSON array, has a row. */
export const refuse = (ctx: Ctx, conflict: Conflict | 'DRY_RUN', detail: SQL) =>
  ctx.db.insert(refusals).select(sql`select ${conflict}, * from (${detail})`)

const RAISED = /^(?:D1_ERROR: )?([A-Z_]+) (\[.*\]): SQLITE_CONSTRAINT/s

/** What a write meets whose key has been used: the answer kept under it follows. */
const KEY_USED = new ApiError(409, 'Idempotency-Key: is in use')

/** What a write meets whose read has been overtaken by another write. */
const STALE = new ApiError(409, 'It is being changed by many at this moment. Try again.')

const explain = (error: unknown, locate: Locate | undefined): unknown => {
  const [, raised = '', values = '[]'] = (error instanceof Error && RAISED.exec(error.message)) || []
  if (raised === 'STALE') return STALE
  if (raised === 'KEY_USED') return KEY_USED
  if (!Object.hasOwn(CONFLICTS, raised)) return error
  const conflict = raised as Conflict
  const explained: Explained = CONFLICTS[conflict]
  const raisedValues = (JSON.parse(values) as unknown[]).map(String)
  const field = locate?.(conflict, raisedValues) ?? explained.field
  return new ApiError(explained.status ?? 409, `${field ? `${field}: ` : ''}${explained.say(...raisedValues)}`)
}

interface Options {
  locate?: Locate
  /** What only the database knows of the answer, by its field; each a query of one value that is run after the statements. */
  late?: Record<string, SQL>
}

const isKept = (ctx: Ctx, key: string) => and(eq(idempotencyKeys.organizationId, ctx.organizationId), eq(idempotencyKeys.key, key))

/** The statement that keeps the answer under its key, or meets the one that is kept. */
const keep = (ctx: Ctx, key: NonNullable<Write['key']>, { status, locationOf }: Write, answer: object) =>
  ctx.db.insert(idempotencyKeys).values({
    organizationId: ctx.organizationId,
    key: key.value,
    role: ctx.role,
    fingerprint: key.fingerprint,
    status,
    location: locationOf?.(answer) ?? null,
    body: JSON.stringify(answer),
    createdAt: ctx.now,
  })

/** The queries of `late` as one, of one JSON object. */
const together = (late: Record<string, SQL>): SQL =>
  sql`(select json_object(${sql.join(
    Object.entries(late).flatMap(([field, value]) => [sql`${field}`, value]),
    sql`, `,
  )}))`

/**
 * Makes one write, in one transaction and one round trip, and gives its answer: all of the statements or none.
 * A conflict is a refusal that names its field. The answer is kept with the write when the request has a key; a dry run is undone.
 */
export const commit = async <Answer extends object>(
  ctx: Ctx,
  statements: readonly BatchItem<'sqlite'>[],
  answer: Answer,
  { locate, late }: Options = {},
): Promise<Answer> => {
  const { write } = ctx
  const key = write?.key
  const found = late && together(late)
  const batch = [...(write && key ? [keep(ctx, key, write, answer)] : []), ...statements]
  if (found && key)
    batch.push(
      ctx.db
        .update(idempotencyKeys)
        .set({ body: sql`json_patch(${idempotencyKeys.body}, ${found})` })
        .where(isKept(ctx, key.value)),
    )
  if (write?.dryRun) batch.push(refuse(ctx, 'DRY_RUN', sql`select json_array(json(${found ?? sql`'{}'`}))`))
  else if (found) batch.push(ctx.db.select({ found: sql<string>`${found}`.as('found') }).from(sql`(select 1)`))
  const [first, ...rest] = batch
  if (!first) return answer
  try {
    const results: unknown[] = await ctx.db.batch([first, ...rest])
    if (write) write.done = true
    if (!found) return answer
    const [row] = results.at(-1) as { found: string }[]
    return { ...answer, ...(JSON.parse(row?.found ?? '{}') as Partial<Answer>) }
  } catch (error) {
    const [, raised, values = '[]'] = RAISED.exec(error instanceof Error ? error.message : '') ?? []
    if (raised === 'DRY_RUN') return { ...answer, ...(JSON.parse(values) as Partial<Answer>[])[0] }
    throw explain(error, locate)
  }
}

/** The answer that was kept under the request's key, if one was. */
export const keptAnswer = async (ctx: Ctx): Promise<typeof idempotencyKeys.$inferSelect | undefined> => {
  const { key } = ctx.write ?? {}
  if (!key) return undefined
  const [row] = await ctx.db.select().from(idempotencyKeys).where(isKept(ctx, key.value))
  if (row && (row.fingerprint !== key.fingerprint || row.role !== ctx.role))
    throw new ApiError(422, 'Idempotency-Key: was used for another request, or by another role. Take a new key.')
  return row
}

/** How long an answer is kept under its key, in milliseconds. */
const KEPT_FOR = 30 * 86_400_000

/** Forgets the answers that have been kept for 30 days. */
export const forgetKeys = async ({ db }: Database, now: number): Promise<void> => {
  await db.delete(idempotencyKeys).where(lte(idempotencyKeys.createdAt, now - KEPT_FOR))
}

const MOST_ATTEMPTS = 20

/** Reads and writes again when what was read has changed before it was written, so that a change is always made to what is there. */
export const onLatest = async <Result>(readAndCommit: () => Promise<Result>): Promise<Result> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await readAndCommit()
    } catch (error) {
      if (error !== STALE || attempt === MOST_ATTEMPTS) throw error
      await scheduler.wait(Math.random() * 5 * attempt)
    }
  }
}

import { type SQL, sql } from 'drizzle-orm'
import { sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { Ctx } from './context.ts'
import { ApiError } from '../lib/errors.ts'
import { EXISTS } from '../lib/etag.ts'

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
  ALIASES_EXIST: {
    field: 'aliases',
    say: (...aliases) => `${aliases.map((alias) => `"${alias}"`).join(', ')} exist already`,
  },
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
export const refuse = (ctx: Ctx, conflict: Conflict | 'DRY_RUN' | 'STALE', detail: SQL) =>
  ctx.session.db.insert(refusals).select(sql`select ${conflict}, * from (${detail})`)

export const RAISED = /^(?:D1_ERROR: )?([A-Z_]+) (\[.*\]): SQLITE_CONSTRAINT/s

/** What a write meets whose key has been used: the answer kept under it follows. */
const KEY_USED = new ApiError(409, 'Idempotency-Key: is in use')

/** What a write meets whose read has been overtaken by another write. */
export const STALE = new ApiError(409, 'It is being changed by many at this moment. Try again.', { 'Retry-After': '1' })

/** What a conflict that D1 raised is to the caller: `exists` says that what is to be made is there. Any other error is itself. */
export const explain = (ctx: Ctx, error: unknown, locate: Locate | undefined, exists: Conflict | undefined): unknown => {
  const [, raised = '', values = '[]'] = (error instanceof Error && RAISED.exec(error.message)) || []
  if (raised === 'STALE') return STALE
  if (raised === 'KEY_USED') return KEY_USED
  if (!Object.hasOwn(CONFLICTS, raised)) return error
  const conflict = raised as Conflict
  if (conflict === exists && ctx.conditions.noneMatch === '*') return EXISTS
  const explained: Explained = CONFLICTS[conflict]
  const raisedValues = (JSON.parse(values) as unknown[]).map(String)
  const field = locate?.(conflict, raisedValues) ?? explained.field
  return new ApiError(explained.status ?? 409, `${field ? `${field}: ` : ''}${explained.say(...raisedValues)}`)
}

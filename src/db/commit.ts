import type { BatchItem, BatchResponse } from 'drizzle-orm/batch'
import type { Ctx } from '../context.ts'
import { ApiError } from '../lib/errors.ts'

/** The codes that the triggers in migrations/ raise. */
export type Conflict =
  | 'CUSTOMER_ID_TAKEN'
  | 'ACCOUNT_ID_TAKEN'
  | 'ACCOUNT_ID_IS_ALIAS'
  | 'ALIAS_IS_ACCOUNT_ID'
  | 'ALIAS_TAKEN'
  | 'TOO_MANY_ALIASES'

/** Every conflict that the database holds: the field at fault when the caller of `commit` names none, and what is said of the values raised with it. */
const CONFLICTS: Record<Conflict, { field: string; say: (...values: string[]) => string }> = {
  CUSTOMER_ID_TAKEN: { field: 'id', say: (id) => `the customer "${id}" exists already` },
  ACCOUNT_ID_TAKEN: { field: 'id', say: (id) => `the account "${id}" exists already` },
  ACCOUNT_ID_IS_ALIAS: { field: 'id', say: (id, owner) => `"${id}" is an alias of the account "${owner}"` },
  ALIAS_IS_ACCOUNT_ID: { field: 'aliases', say: (alias) => `"${alias}" is the id of the account "${alias}"` },
  ALIAS_TAKEN: { field: 'aliases', say: (alias, owner) => `"${alias}" is an alias of the account "${owner}" already` },
  TOO_MANY_ALIASES: {
    field: 'aliases',
    say: (alias, owner) => `with "${alias}" more than 10 aliases of the account "${owner}" would hold at once`,
  },
}

/** Where the request has the value that a conflict is about, as a path such as `account.aliases[3]`; undefined for the usual place. */
export type Locate = (conflict: Conflict, value: string) => string | undefined

const RAISED = /^(?:D1_ERROR: )?([A-Z_]+) (\[.*\]): SQLITE_CONSTRAINT/s

const explain = (error: unknown, locate: Locate | undefined): unknown => {
  const [, raised = '', values = '[]'] = (error instanceof Error && RAISED.exec(error.message)) || []
  if (!Object.hasOwn(CONFLICTS, raised)) return error
  const conflict = raised as Conflict
  const [value = '', ...rest] = JSON.parse(values) as string[]
  const field = locate?.(conflict, value) ?? CONFLICTS[conflict].field
  return new ApiError(409, `${field}: ${CONFLICTS[conflict].say(value, ...rest)}`)
}

/** Runs the statements of one write in one transaction and one round trip: all of them or none. A conflict is a 409 that names its field. */
export const commit = async <Statement extends BatchItem<'sqlite'>, Statements extends Readonly<[Statement, ...Statement[]]>>(
  ctx: Ctx,
  statements: Statements,
  locate?: Locate,
): Promise<BatchResponse<Statements>> => {
  try {
    return await ctx.db.batch<Statement, Statements>(statements)
  } catch (error) {
    throw explain(error, locate)
  }
}

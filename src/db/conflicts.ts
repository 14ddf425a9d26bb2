import { type SQL, sql } from 'drizzle-orm'
import { sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { ApiError } from '../lib/errors.ts'
import { EXISTS } from '../lib/etag.ts'
import type { Ctx } from './context.ts'
import { builder } from './statements.ts'

/** The view whose trigger raises each inserted conflict. */
const refusals = sqliteTable('refusals', { code: text().notNull(), detail: text().notNull() })

/** How a conflict that the database raises is reported to the caller. */
interface ConflictWord {
  /** By default CONFLICT. */
  code?: 'NOT_FOUND' | 'INVALID' | 'UNPROCESSABLE'
  /** The field at fault, unless the draft locates it. */
  field?: string
  /** Makes the message from the values of the conflict. */
  say: (...values: string[]) => string
}

/** The messages of all conflicts, by code. Each domain has those of its own migrations. */
export type ConflictWords = Readonly<Record<string, ConflictWord>>

/** Finds the path in the request of the value that a conflict is about, such as `account.aliases[3]`. Undefined for the default field. */
export type Locate = (conflict: string, values: readonly string[]) => string | undefined

/** A statement that rolls back the batch with `conflict` if the query `detail` has a row, which is a JSON array of values. */
export const refuseWhen = (conflict: string, detail: SQL) => builder.insert(refusals).select(sql`select ${conflict}, * from (${detail})`)

const RAISED = /^(?:D1_ERROR: )?([A-Z_]+) (\[.*\]): SQLITE_CONSTRAINT/s

/** Reads the code and the values that a trigger raised. Undefined if `error` is something else. */
export const parseRaised = (error: unknown): { code: string; values: unknown[] } | undefined => {
  const [, code, values = '[]'] = (error instanceof Error && RAISED.exec(error.message)) || []
  return code === undefined ? undefined : { code, values: JSON.parse(values) as unknown[] }
}

/** Thrown if the Idempotency-Key is already used. The stored answer is then read. */
const KEY_USED = new ApiError('CONFLICT', 'Idempotency-Key: is in use')

/** Thrown if another write has changed the data that this write had read. */
export const STALE = new ApiError('CONFLICT', 'What is to be changed is being changed by many requests at this moment. Try again.', 1)

/** Converts an error of D1 to a refusal. With If-None-Match: *, the conflict `exists` becomes a failed precondition. Any other error is returned as it is. */
export const explainConflict = (ctx: Ctx, error: unknown, locate: Locate | undefined, exists: string | undefined): unknown => {
  const raised = parseRaised(error)
  if (!raised) return error
  const { code } = raised
  if (code === 'STALE') return STALE
  if (code === 'KEY_USED') return KEY_USED
  const word = Object.hasOwn(ctx.conflicts, code) ? ctx.conflicts[code] : undefined
  if (!word) return error
  if (code === exists && ctx.conditions.noneMatch === '*') return EXISTS
  const values = raised.values.map(String)
  const field = locate?.(code, values) ?? word.field
  return new ApiError(word.code ?? 'CONFLICT', `${field ? `${field}: ` : ''}${word.say(...values)}`)
}

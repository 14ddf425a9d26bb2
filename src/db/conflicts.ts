import { type SQL, sql } from 'drizzle-orm'
import { sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { ApiError } from '../lib/errors.ts'
import { EXISTS } from '../lib/etag.ts'
import type { Ctx } from './context.ts'
import { builder } from './statements.ts'

/** The view whose trigger raises what is inserted. */
const refusals = sqliteTable('refusals', { code: text().notNull(), detail: text().notNull() })

/** How a conflict that the database raises is said to the caller. */
export interface ConflictWord {
  /** CONFLICT when left out. */
  code?: 'NOT_FOUND' | 'INVALID' | 'UNPROCESSABLE'
  /** The field at fault, when the draft does not locate it. */
  field?: string
  /** What is said of the values raised with it. */
  say: (...values: string[]) => string
}

/** The words of every conflict, by its code. Each domain has those of its own migrations. */
export type ConflictWords = Readonly<Record<string, ConflictWord>>

/** Where the request has the value that a conflict is about, as a path such as `account.aliases[3]`; undefined for the usual place. */
export type Locate = (conflict: string, values: readonly string[]) => string | undefined

/** A statement that refuses the whole batch with `conflict` when `detail`, a query of one JSON array, has a row. */
export const refuseWhen = (conflict: string, detail: SQL) => builder.insert(refusals).select(sql`select ${conflict}, * from (${detail})`)

const RAISED = /^(?:D1_ERROR: )?([A-Z_]+) (\[.*\]): SQLITE_CONSTRAINT/s

/** The code that a trigger raised, and the values raised with it; undefined when `error` is something else. */
export const parseRaised = (error: unknown): { code: string; values: unknown[] } | undefined => {
  const [, code, values = '[]'] = (error instanceof Error && RAISED.exec(error.message)) || []
  return code === undefined ? undefined : { code, values: JSON.parse(values) as unknown[] }
}

/** Thrown when the Idempotency-Key is already taken: the answer kept under it follows. */
const KEY_USED = new ApiError('CONFLICT', 'Idempotency-Key: is in use')

/** Thrown when another write changed what this one had read. */
export const STALE = new ApiError('CONFLICT', 'It is being changed by many at this moment. Try again.', 1)

/** The refusal that an error of D1 stands for. With If-None-Match: *, the conflict `exists` says that what is to be made is there. Any other error is given back. */
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

import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { failureOf, isPassing, passingOf } from '../db/client.ts'
import { ApiError, type ErrorCode, brief } from '../lib/errors.ts'
import type { AppEnv } from './env.ts'

const INTERNAL = 'Something went wrong on our side. The header X-Request-Id names this request.'
const UNREACHABLE = 'The database cannot be reached now. Send it again: what is written under an Idempotency-Key is written once.'

/** Names an unexpected error for the log: its class, its code or D1's code or constraint, and its position in the bundle. Its message could contain personal data. */
export const nameError = (error: Error): string => {
  const said = failureOf(error) ?? ''
  const [code = ''] = /SQLITE_[A-Z]+|D1_[A-Z]+/.exec(said.replace(/^D1_ERROR: /, '')) ?? []
  const [constraint = ''] = /(?:UNIQUE|CHECK|NOT NULL|FOREIGN KEY) constraint failed(?:: [\w., ]+)?/.exec(said) ?? []
  const [, from = '', place = ''] = /^\s*at (?:async )?(?:([\w.$]+) )?.*?:(\d+:\d+)\)?$/m.exec(error.stack ?? '') ?? []
  const known = error instanceof ApiError ? error.code : constraint || code || passingOf(error)
  return [error.name, known, place && `in ${from}:${place}`].filter(Boolean).join(' ')
}

const STATUSES = {
  INVALID: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  CONFLICT: 409,
  PRECONDITION_FAILED: 412,
  TOO_LARGE: 413,
  UNSUPPORTED_TYPE: 415,
  UNSUPPORTED_ENCODING: 415,
  UNPROCESSABLE: 422,
  TOO_MANY_REQUESTS: 429,
  UNAVAILABLE: 503,
} as const satisfies Record<ErrorCode, number>

const headersOf = ({ code, retryAfter }: ApiError): Record<string, string> => ({
  ...(code === 'UNAUTHENTICATED' && { 'WWW-Authenticate': 'Bearer' }),
  ...(code === 'UNSUPPORTED_ENCODING' && { 'Accept-Encoding': 'identity' }),
  ...(retryAfter !== undefined && { 'Retry-After': String(retryAfter) }),
})

/** Answers every thrown error with `{ "message": "…" }`. The message and stack of an unexpected error are not shown. */
export const errorResponse = (error: Error, c: Context<AppEnv>): Response => {
  if (error instanceof ApiError) return c.json({ message: brief(error.message) }, STATUSES[error.code], headersOf(error))
  if (error instanceof HTTPException) return c.json({ message: brief(error.message) }, error.status)
  if (isPassing(error)) return c.json({ message: UNREACHABLE }, 503, { 'Retry-After': '1' })
  return c.json({ message: INTERNAL }, 500)
}

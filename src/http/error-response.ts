import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { ApiError, brief } from '../lib/errors.ts'
import type { AppEnv } from './operation.ts'

const INTERNAL = 'Something went wrong on our side. The header X-Request-Id names this request.'

/** Every throw ends here, as `{ "message": "…" }`. What nobody meant to say is not said: not the message, not the stack. */
export const errorResponse = (error: Error, c: Context<AppEnv>): Response => {
  if (error instanceof ApiError) return c.json({ message: brief(error.message) }, error.status, error.headers)
  if (error instanceof HTTPException) return c.json({ message: brief(error.message) }, error.status)
  return c.json({ message: INTERNAL }, 500)
}

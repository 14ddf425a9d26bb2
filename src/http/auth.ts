import type { MiddlewareHandler } from 'hono'
import type { Caller } from '../context.ts'
import type { Database } from '../db/client.ts'
import { ApiError } from '../lib/errors.ts'
import type { AppEnv } from './env.ts'

const BEARER = /^Bearer +(\S+) *$/i

type Verify = (database: Database, secret: string, now: number, secrets: readonly string[]) => Promise<Caller | undefined>

/** Finds who calls and makes their `ctx`. Whatever is wrong with a token, the answer is the same after the same work. */
export const authenticated =
  (verify: Verify): MiddlewareHandler<AppEnv> =>
  async (c, next) => {
    const { SIGNING_SECRET, SIGNING_SECRET_PREVIOUS } = c.env
    if (!SIGNING_SECRET) throw new Error('SIGNING_SECRET is not set')
    const secrets = [SIGNING_SECRET, ...(SIGNING_SECRET_PREVIOUS ? [SIGNING_SECRET_PREVIOUS] : [])]
    const database = c.get('database')
    const now = c.get('now')
    const token = BEARER.exec(c.req.header('Authorization') ?? '')?.[1] ?? ''
    const caller = await verify(database, token, now, secrets)
    if (!caller) throw new ApiError(401, 'A valid token is required, as Authorization: Bearer <token>.', { 'WWW-Authenticate': 'Bearer' })
    c.set('ctx', { ...caller, db: database.db, now, secrets })
    return next()
  }

/** Lets a portal token through to what it is for only. */
export const notForPortals: MiddlewareHandler<AppEnv> = (c, next) => {
  if (c.get('ctx').portal) throw new ApiError(403, 'A portal token reads its customer and accounts, and nothing else.')
  return next()
}

/** An analyst reads only. */
export const notForAnalysts: MiddlewareHandler<AppEnv> = (c, next) => {
  if (c.get('ctx').role === 'ANALYST') throw new ApiError(403, 'The role ANALYST reads only.')
  return next()
}

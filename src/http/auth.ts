import type { MiddlewareHandler } from 'hono'
import type { Database } from '../db/client.ts'
import { ApiError } from '../lib/errors.ts'
import type { AppEnv } from './operation.ts'

interface Caller {
  tokenId: string
  organizationId: string
  baseCurrency: string
}

const BEARER = /^Bearer +(\S+) *$/i

/** Finds who calls and makes their `ctx`. Whatever is wrong with a token, the answer is the same after the same work. */
export const authenticate =
  (verify: (database: Database, secret: string, now: number) => Promise<Caller | undefined>): MiddlewareHandler<AppEnv> =>
  async (c, next) => {
    const database = c.get('database')
    const now = c.get('now')
    const secret = BEARER.exec(c.req.header('Authorization') ?? '')?.[1] ?? ''
    const caller = await verify(database, secret, now)
    if (!caller) throw new ApiError(401, 'A valid token is required, as Authorization: Bearer <token>.', { 'WWW-Authenticate': 'Bearer' })
    const { organizationId, baseCurrency, tokenId } = caller
    c.set('ctx', { db: database.db, now, organizationId, baseCurrency, actor: tokenId })
    return next()
  }

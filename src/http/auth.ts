import type { Context, MiddlewareHandler } from 'hono'
import type { Caller, Presented } from '../context.ts'
import type { Session } from '../db/client.ts'
import { ApiError } from '../lib/errors.ts'
import { conditionsOf } from '../lib/etag.ts'
import type { AppEnv } from './env.ts'

const BEARER = /^Bearer +(\S+) *$/i

/** How long the limits of wrangler.toml look back, in seconds: what a client is told to wait. */
const TOKEN_PERIOD = '10'
const REFUSED_PERIOD = '60'

type Verify = (presented: Presented) => Promise<Caller | undefined>

/** Where the request is answered: a write at the primary, a read where its bookmark says, or nearby. */
const sessionOf = (c: Context<AppEnv>): Session => {
  const database = c.get('database')
  const bookmark = c.req.header('X-D1-Bookmark')
  if (c.req.method !== 'GET' && c.req.method !== 'HEAD') {
    if (bookmark !== undefined) database.since(bookmark)
    return database.primary()
  }
  return bookmark === undefined ? database.nearest() : database.since(bookmark)
}

/** Whether `key` is within a limit. One that cannot be asked lets everybody through. */
const isWithin = async (limit: RateLimit | undefined, key: string): Promise<boolean> => {
  try {
    return !limit || (await limit.limit({ key })).success
  } catch {
    return true
  }
}

/** Who is counted for a refused token: an address, of IPv6 the network of 64 bits that one has to itself. */
export const networkOf = (address: string): string => {
  if (!address.includes(':')) return address
  const [head = '', tail] = address.split('::')
  const [first, last] = [head, tail ?? ''].map((part) => (part ? part.split(':') : []))
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - (first?.length ?? 0) - (last?.length ?? 0) }, () => '0')
  return [...(first ?? []), ...zeros, ...(last ?? [])].slice(0, 4).join(':')
}

const tooMany = (message: string, period: string): ApiError => new ApiError(429, message, { 'Retry-After': period })

/** Finds who calls and makes their `ctx`. Whatever is wrong with a token, the answer is the same after the same work. */
export const authenticated =
  (verify: Verify): MiddlewareHandler<AppEnv> =>
  async (c, next) => {
    const { SIGNING_SECRET, SIGNING_SECRET_PREVIOUS, TOKEN_LIMIT, REFUSED_LIMIT } = c.env
    if (!SIGNING_SECRET) throw new Error('SIGNING_SECRET is not set')
    const secrets = [SIGNING_SECRET, ...(SIGNING_SECRET_PREVIOUS ? [SIGNING_SECRET_PREVIOUS] : [])]
    const [database, now] = [c.get('database'), c.get('now')]
    const secret = BEARER.exec(c.req.header('Authorization') ?? '')?.[1] ?? ''
    const caller = await verify({ database, secret, now, secrets, later: (work) => c.executionCtx.waitUntil(work) })
    if (!caller) {
      if (!(await isWithin(REFUSED_LIMIT, networkOf(c.req.header('CF-Connecting-IP') ?? ''))))
        throw tooMany('Too many requests with tokens that are not valid. Wait a minute.', REFUSED_PERIOD)
      throw new ApiError(401, 'A valid token is required, as Authorization: Bearer <token>.', { 'WWW-Authenticate': 'Bearer' })
    }
    const { actor, portal } = caller
    if (!(await isWithin(TOKEN_LIMIT, portal ? `${actor} ${portal.customerId}` : actor)))
      throw tooMany('Too many requests with this token. Wait a few seconds.', TOKEN_PERIOD)
    const session = sessionOf(c)
    c.set('session', session)
    const [requestId, operationId] = [c.get('requestId'), c.get('operationId')]
    const conditions = conditionsOf((name) => c.req.header(name))
    c.set('ctx', { ...caller, db: session.db, now, secrets, requestId, operationId, conditions, reply: {} })
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

export const forAdministrators: MiddlewareHandler<AppEnv> = (c, next) => {
  if (c.get('ctx').role !== 'ADMINISTRATOR') throw new ApiError(403, 'Only the role ADMINISTRATOR handles tokens.')
  return next()
}

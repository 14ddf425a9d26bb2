import type { Context } from 'hono'
import { type Caller, type PresentedToken, readSecrets } from '../db/context.ts'
import type { ConflictWords } from '../db/conflicts.ts'
import type { DueStep } from '../db/due.ts'
import type { Session } from '../db/client.ts'
import { ApiError } from '../lib/errors.ts'
import { conditionsOf } from '../lib/etag.ts'
import type { AppEnv } from './env.ts'
import { countCall, countRefused } from './limits.ts'
import type { Operation } from './operation.ts'

const BEARER = /^Bearer +(\S+) *$/i

/** The functions of the domains that the app passes to `http`, which does not import them. */
export interface Parts {
  verify: (presented: PresentedToken) => Caller | undefined | Promise<Caller | undefined>
  conflicts: ConflictWords
  steps: readonly DueStep[]
  doDue: AppEnv['Variables']['doDue']
  sendWebhooks: AppEnv['Variables']['sendWebhooks']
}

/** Opens the database for a request: the primary for a write; for a read, a copy that has its bookmark, or the nearest copy. */
const sessionOf = (c: Context<AppEnv>): Session => {
  const database = c.get('database')
  const bookmark = c.req.header('X-D1-Bookmark')
  if (c.req.method !== 'GET' && c.req.method !== 'HEAD') {
    if (bookmark !== undefined) database.since(bookmark)
    return database.primary()
  }
  return bookmark === undefined ? database.nearest() : database.since(bookmark)
}

/** The properties of an operation that decide who may call it. */
type Access = Pick<Operation, 'operationId' | 'portal' | 'administrator' | 'writes' | 'ingests'>

const refuseRole = ({ portal, role }: Caller, access: Access): void => {
  if (portal && !access.portal)
    throw new ApiError('FORBIDDEN', 'A portal token reads what belongs to its customer and accounts, and nothing else.')
  if (access.writes && role === 'ANALYST') throw new ApiError('FORBIDDEN', 'The role ANALYST reads only.')
  if (access.administrator && role !== 'ADMINISTRATOR')
    throw new ApiError('FORBIDDEN', 'Only the role ADMINISTRATOR handles tokens and the secrets of webhooks, and erases customers.')
}

/** Identifies the caller, refuses callers without permission, and sets `ctx`. Every invalid token gets the same answer after the same work. */
export const authenticate = async (
  c: Context<AppEnv>,
  { verify, conflicts, steps, doDue, sendWebhooks }: Parts,
  access: Access,
): Promise<void> => {
  const { operationId } = access
  c.set('operationId', operationId)
  const { SIGNING_SECRET, TOKEN_LIMIT, REFUSED_LIMIT, INGEST_LIMIT, TEST_CLOCK } = c.env
  if (!SIGNING_SECRET) throw new Error('SIGNING_SECRET is not set')
  const secrets = readSecrets(c.env)
  const [database, wallClock] = [c.get('database'), c.get('now')]
  const secret = BEARER.exec(c.req.header('Authorization') ?? '')?.[1] ?? ''
  const later = (work: Promise<unknown>) => c.executionCtx.waitUntil(work)
  const verified = verify({ database, secret, now: wallClock, secrets, isAskedAnew: TEST_CLOCK === 'on', later })
  const caller = verified instanceof Promise ? await verified : verified
  if (!caller) {
    await countRefused(REFUSED_LIMIT, c.req.header('CF-Connecting-IP') ?? '')
    throw new ApiError('UNAUTHENTICATED', 'A valid token is required, as Authorization: Bearer <token>.')
  }
  const { actor, portal } = caller
  const counted = countCall(TOKEN_LIMIT, portal ? `${actor} ${portal.customerId}` : actor, wallClock)
  if (counted) await counted
  const ingested = access.ingests ? countCall(INGEST_LIMIT, `${actor} ingest`, wallClock) : undefined
  if (ingested) await ingested
  const session = sessionOf(c)
  c.set('session', session)
  const requestId = c.get('requestId')
  const conditions = conditionsOf((name) => c.req.header(name))
  c.set('doDue', doDue)
  c.set('sendWebhooks', sendWebhooks)
  const now = caller.clockAt ?? wallClock
  const ledgers = c.get('ledgers')
  const { FILES: files, ASSETS: assets, WEBHOOK_LOCAL } = c.env
  const { url } = c.req
  const origin = url.slice(0, url.indexOf('/', url.indexOf('//') + 2))
  c.set('ctx', {
    ...caller,
    session,
    ledgers,
    files,
    assets,
    origin,
    allowsLocalWebhooks: WEBHOOK_LOCAL === 'on',
    now,
    wallClock,
    hasTestClocks: TEST_CLOCK === 'on',
    secrets,
    requestId,
    operationId,
    conditions,
    conflicts,
    steps,
  })
  refuseRole(caller, access)
}

import type { MiddlewareHandler } from 'hono'
import { connect } from '../db/client.ts'
import { openLedgers } from '../ledger/open.ts'
import { nameError } from './error-response.ts'
import type { AppEnv } from './env.ts'

/** Headers of every answer: no caching, no content sniffing, no frames, and only over TLS. */
const ALWAYS = [
  ['Cache-Control', 'no-store'],
  ['X-Content-Type-Options', 'nosniff'],
  ['X-Frame-Options', 'DENY'],
  ['Strict-Transport-Security', 'max-age=15552000; includeSubDomains'],
] as const

/** Sets the id, the time and the database of a request. After the answer, prints one line of JSON without personal data. */
export const log = (): MiddlewareHandler<AppEnv> => async (c, next) => {
  const start = performance.now()
  const database = connect(c.env.DB)
  const requestId = crypto.randomUUID()
  c.set('requestId', requestId)
  c.set('now', Date.now())
  c.set('database', database)
  const ledgers = openLedgers(c.executionCtx)
  c.set('ledgers', ledgers)
  await next()
  const { calls, ms, rowsRead, rowsWritten } = database.usage
  const bookmark = c.get('session')?.bookmark()
  const { headers, status } = c.res
  for (const [name, value] of ALWAYS) headers.set(name, value)
  if (bookmark) headers.set('X-D1-Bookmark', bookmark)
  headers.set('X-Request-Id', requestId)
  const asked = ledgers.usage
  headers.set(
    'Server-Timing',
    `d1;dur=${ms.toFixed(1)};desc="${calls}"${asked.calls ? `, ledger;dur=${asked.ms.toFixed(1)};desc="${asked.calls}"` : ''}`,
  )
  console.log(
    JSON.stringify({
      requestId,
      operationId: c.get('operationId'),
      method: c.req.method,
      status,
      ms: Math.round(performance.now() - start),
      d1Calls: calls,
      d1Ms: Math.round(ms),
      ...(asked.calls && { ledgerCalls: asked.calls, ledgerMs: Math.round(asked.ms) }),
      rowsRead,
      rowsWritten,
      organizationId: c.get('ctx')?.organizationId,
      tokenId: c.get('ctx')?.actor,
      ...(status >= 500 && c.error && { error: nameError(c.error) }),
    }),
  )
}

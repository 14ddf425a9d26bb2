import type { MiddlewareHandler } from 'hono'
import { connect } from '../db/client.ts'
import { nameOf } from './error-response.ts'
import type { AppEnv } from './env.ts'

/** Opens a request: its id, its one reading of the clock, its door to D1. Closes it with one line of JSON, which holds nothing personal. */
export const log = (): MiddlewareHandler<AppEnv> => async (c, next) => {
  const start = performance.now()
  const database = connect(c.env.DB)
  const requestId = crypto.randomUUID()
  c.set('requestId', requestId)
  c.set('now', Date.now())
  c.set('database', database)
  await next()
  const { calls, ms, rowsRead, rowsWritten } = database.usage
  const bookmark = c.get('session')?.bookmark()
  if (bookmark) c.res.headers.set('X-D1-Bookmark', bookmark)
  c.res.headers.set('X-Request-Id', requestId)
  c.res.headers.set('Cache-Control', 'no-store')
  c.res.headers.set('Server-Timing', `d1;dur=${ms.toFixed(1)};desc="${calls}"`)
  console.log(
    JSON.stringify({
      requestId,
      operationId: c.get('operationId'),
      method: c.req.method,
      status: c.res.status,
      ms: Math.round(performance.now() - start),
      d1Calls: calls,
      d1Ms: Math.round(ms),
      rowsRead,
      rowsWritten,
      organizationId: c.get('ctx')?.organizationId,
      tokenId: c.get('ctx')?.actor,
      ...(c.res.status >= 500 && c.error && { error: nameOf(c.error) }),
    }),
  )
}

import { bodyLimit } from 'hono/body-limit'
import { cors } from 'hono/cors'
import { HonoBase } from 'hono/hono-base'
import { methodNotAllowed } from 'hono/method-not-allowed'
import { TrieRouter } from 'hono/router/trie-router'
import { secureHeaders } from 'hono/secure-headers'
import { authenticated, forAdministrators, notForAnalysts, notForPortals } from './http/auth.ts'
import { errorResponse } from './http/error-response.ts'
import { health } from './http/health.ts'
import { log } from './http/log.ts'
import { root } from './http/root.ts'
import type { AppEnv } from './http/env.ts'
import { ApiError } from './lib/errors.ts'
import { operations } from './operations.ts'
import { verifyToken } from './tokens/verify.ts'

const LARGEST_BODY = 256 * 1024

/** Of Hono's routers the one that is ready soonest: a Worker starts often, and routes few requests each time. */
export const app = new HonoBase<AppEnv>({ router: new TrieRouter() })

app.onError(errorResponse)
app.notFound((c) => c.json({ message: 'There is nothing at this path. /openapi.json lists what there is.' }, 404))

app.use(log())
app.use(secureHeaders())
/** CORS is off unless CORS_ORIGINS names origins, with commas between them. */
app.use((c, next) => {
  const origin = c.env.CORS_ORIGINS?.split(',')
    .map((one) => one.trim())
    .filter(Boolean)
  if (!origin?.length) return next()
  return cors({
    origin,
    allowHeaders: ['Authorization', 'Content-Type', 'Idempotency-Key', 'If-Match', 'If-None-Match', 'X-D1-Bookmark'],
    exposeHeaders: ['Location', 'ETag', 'Idempotency-Replayed', 'X-D1-Bookmark', 'X-Request-Id', 'Retry-After'],
  })(c, next)
})
app.use(
  methodNotAllowed({
    app,
    onMethodNotAllowed: (c, methods) =>
      c.json({ message: `This path takes ${methods.join(', ')} only.` }, 405, { Allow: methods.join(', ') }),
  }),
)
app.use(
  bodyLimit({
    maxSize: LARGEST_BODY,
    onError: () => {
      throw new ApiError(413, `The body must be ${LARGEST_BODY / 1024} KB at most.`)
    },
  }),
)

app.get('/', root)
app.get('/health', health)

const caller = authenticated(verifyToken)

for (const { method, path, operationId, portal, administrator, writes, handlers } of operations)
  app.on(
    method,
    path.replaceAll(/\{(\w+)\}/g, ':$1'),
    (c, next) => {
      c.set('operationId', operationId)
      return next()
    },
    caller,
    ...(portal ? [] : [notForPortals]),
    ...(writes ? [notForAnalysts] : []),
    ...(administrator ? [forAdministrators] : []),
    ...handlers,
  )

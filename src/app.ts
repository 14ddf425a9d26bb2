import type { Context, Handler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { cors } from 'hono/cors'
import { HonoBase } from 'hono/hono-base'
import { methodNotAllowed } from 'hono/method-not-allowed'
import { TrieRouter } from 'hono/router/trie-router'
import { type Parts, authenticate } from './http/auth.ts'
import { errorResponse } from './http/error-response.ts'
import { showConsole } from './http/console.ts'
import { health } from './http/health.ts'
import { download } from './downloads.ts'
import { log } from './http/log.ts'
import { root } from './http/root.ts'
import type { AppEnv } from './http/env.ts'
import { ApiError } from './lib/errors.ts'
import { operations } from './operations.ts'
import { steps } from './steps.ts'
import { doDueNow } from './access/due/service.ts'
import { verifyToken } from './access/tokens/verify.ts'
import { conflicts } from './conflicts.ts'
import { loadLater } from './lib/load.ts'

/** Of Hono's routers the one that is ready soonest: a Worker starts often, and routes few requests each time. */
export const app = new HonoBase<AppEnv>({ router: new TrieRouter() })

app.onError(errorResponse)

const refuseMethod = methodNotAllowed({
  app,
  onMethodNotAllowed: (c, methods) =>
    c.json({ message: `This path takes ${methods.join(', ')} only.` }, 405, { Allow: methods.join(', ') }),
})
const answerNothing = (c: Context<AppEnv>): Response =>
  c.json({ message: 'There is nothing at this path. /openapi.json lists what there is.' }, 404)

app.notFound(async (c) => {
  c.res = answerNothing(c)
  await refuseMethod(c, () => Promise.resolve())
  return c.res
})

app.use(log())
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
app.get('/', root)
app.get('/health', health)
app.get('/downloads/:file', download)
/** Files of the console are answered before the Worker is asked. One that is asked for here is none of the present build. */
app.get('/console/assets/*', (c) => c.notFound())
app.get('/console/*', showConsole)

const webhooks = loadLater(() => import('./webhooks/sending/service.ts'))

/** What `http` is given of the domains. */
const parts: Parts = {
  verify: verifyToken,
  conflicts,
  steps,
  doDue: (ctx, due, later) => doDueNow(ctx, steps, due, later),
  sendWebhooks: (ctx) => webhooks.sendWebhooksAfterWrite(ctx),
}

const sizeOf = (bytes: number): string => (bytes % 2 ** 20 ? `${bytes / 2 ** 10} KB` : `${bytes / 2 ** 20} MB`)

for (const operation of operations) {
  const { largestBody } = operation
  const limitBody = bodyLimit({
    maxSize: largestBody,
    onError: () => {
      throw new ApiError('TOO_LARGE', `The body must be ${sizeOf(largestBody)} at most.`)
    },
  })
  const path = operation.path.replaceAll(/\{(\w+)\}/g, ':$1')
  if (operation.needsTestClock) app.use(path, (c, next) => (c.env.TEST_CLOCK === 'on' ? next() : Promise.resolve(answerNothing(c))))
  const answer: Handler<AppEnv> = async (c) => {
    await authenticate(c, parts, operation)
    return operation.answer(c)
  }
  app.on(operation.method, [path], ...(operation.method === 'get' ? [] : [limitBody]), answer)
}

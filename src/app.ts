import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { methodNotAllowed } from 'hono/method-not-allowed'
import { authenticated, notForPortals } from './http/auth.ts'
import { errorResponse } from './http/error-response.ts'
import { log } from './http/log.ts'
import type { AppEnv } from './http/operation.ts'
import { ApiError } from './lib/errors.ts'
import { operations } from './operations.ts'
import { verifyToken } from './tokens/service.ts'

const LARGEST_BODY = 256 * 1024

export const app = new Hono<AppEnv>()

app.onError(errorResponse)
app.notFound((c) => c.json({ message: 'There is nothing at this path. /openapi.json lists what there is.' }, 404))

app.use(log())
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

const caller = authenticated(verifyToken)

for (const { method, path, operationId, portal, handlers } of operations)
  app.on(
    method,
    path.replaceAll(/\{(\w+)\}/g, ':$1'),
    (c, next) => {
      c.set('operationId', operationId)
      return next()
    },
    caller,
    ...(portal ? [] : [notForPortals]),
    ...handlers,
  )

import type { MiddlewareHandler } from 'hono'
import { ApiError } from '../lib/errors.ts'
import { parseJson } from '../lib/json.ts'
import type { AppEnv } from './env.ts'

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false })

/** Whether a Content-Type is JSON in UTF-8. All its parameters except charset are ignored. */
const isJson = (type: string): boolean => {
  const [media = '', ...parameters] = type.split(';').map((part) => part.trim().toLowerCase())
  return media === 'application/json' && !parameters.some((parameter) => /^charset\s*=(?!\s*"?utf-?8"?$)/.test(parameter))
}

const isEncoded = (encodings: string): boolean => encodings.split(',').some((one) => !['', 'identity'].includes(one.trim().toLowerCase()))

/** Reads the body as JSON. Throws INVALID for an incomplete body and for bytes that are not UTF-8, which would otherwise be replaced silently. */
const readJson = async (request: Request): Promise<unknown> => {
  try {
    return parseJson(UTF8.decode(await request.arrayBuffer()))
  } catch (error) {
    throw error instanceof ApiError ? error : new ApiError('INVALID', 'Malformed JSON in request body')
  }
}

/** Refuses a body that is not JSON. The body is parsed once and kept for everything that reads it later. */
export const requireJson: MiddlewareHandler<AppEnv> = async (c, next) => {
  if (!isJson(c.req.header('Content-Type') ?? ''))
    throw new ApiError('UNSUPPORTED_TYPE', 'The body must be JSON in UTF-8, with Content-Type: application/json.')
  if (isEncoded(c.req.header('Content-Encoding') ?? ''))
    throw new ApiError('UNSUPPORTED_ENCODING', 'Content-Encoding: must be left out, and the body sent as it is.')
  const sent = await readJson(c.req.raw)
  Object.assign(c.req, { json: () => Promise.resolve(sent) })
  return next()
}

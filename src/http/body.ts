import type { MiddlewareHandler } from 'hono'
import { ApiError } from '../lib/errors.ts'
import type { AppEnv } from './env.ts'

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false })

/** Whether a Content-Type says JSON in UTF-8. Of its parameters only the charset counts. */
const isJson = (type: string): boolean => {
  const [media = '', ...parameters] = type.split(';').map((part) => part.trim().toLowerCase())
  return media === 'application/json' && !parameters.some((parameter) => /^charset\s*=(?!\s*"?utf-?8"?$)/.test(parameter))
}

const isEncoded = (encodings: string): boolean => encodings.split(',').some((one) => !['', 'identity'].includes(one.trim().toLowerCase()))

/** Lets JSON through, and has it decoded once and strictly: bytes that are not UTF-8 would otherwise be replaced without a word. */
export const onlyJson: MiddlewareHandler<AppEnv> = (c, next) => {
  if (!isJson(c.req.header('Content-Type') ?? ''))
    throw new ApiError('UNSUPPORTED_TYPE', 'The body must be JSON in UTF-8, with Content-Type: application/json.')
  if (isEncoded(c.req.header('Content-Encoding') ?? ''))
    throw new ApiError('UNSUPPORTED_ENCODING', 'Content-Encoding: must be left out, and the body sent as it is.')
  Object.assign(c.req.bodyCache, { text: c.req.raw.arrayBuffer().then((bytes) => UTF8.decode(bytes)) })
  return next()
}

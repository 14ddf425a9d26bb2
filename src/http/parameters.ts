import type { MiddlewareHandler } from 'hono'
import type * as z from 'zod/mini'
import { ApiError } from '../lib/errors.ts'
import type { AppEnv } from './env.ts'

/** Refuses a path whose escapes are not UTF-8: they would be taken for the characters that they are written in. */
export const onlyWellFormedPath: MiddlewareHandler<AppEnv> = (c, next) => {
  try {
    decodeURIComponent(new URL(c.req.url).pathname)
  } catch {
    throw new ApiError('INVALID', 'path: must be percent-encoded UTF-8, in which % itself is %25')
  }
  return next()
}

/** The issues of a query. Of a parameter that was given more than once they say that, and not that a list is no text. */
export const nameRepeated = (issues: readonly z.core.$ZodIssue[], query: Readonly<Record<string, readonly string[]>>): z.core.$ZodIssue[] =>
  issues.map((issue) => {
    const isOfWrongType = issue.code === 'invalid_type' || issue.code === 'invalid_value'
    const times = query[String(issue.path[0])]?.length ?? 0
    if (!isOfWrongType || times < 2) return issue
    return { ...issue, message: `must be given once, and was given ${times === 2 ? 'twice' : `${times} times`}` }
  })

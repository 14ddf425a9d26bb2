import type { MiddlewareHandler } from 'hono'
import type * as z from 'zod/mini'
import { ApiError } from '../lib/errors.ts'
import type { AppEnv } from './env.ts'

/** Refuses a path whose percent-encoding is not UTF-8. It would otherwise be taken literally. */
export const requireWellFormedPath: MiddlewareHandler<AppEnv> = (c, next) => {
  try {
    decodeURIComponent(new URL(c.req.url).pathname)
  } catch {
    throw new ApiError('INVALID', 'path: must be percent-encoded UTF-8, in which % itself is %25')
  }
  return next()
}

/** Changes the message for a query parameter that was given several times. Zod would say that a list is not a string. */
export const explainRepeatedParameters = (
  issues: readonly z.core.$ZodIssue[],
  query: Readonly<Record<string, readonly string[]>>,
): z.core.$ZodIssue[] =>
  issues.map((issue) => {
    const isOfWrongType = issue.code === 'invalid_type' || issue.code === 'invalid_value'
    const times = query[String(issue.path[0])]?.length ?? 0
    if (!isOfWrongType || times < 2) return issue
    return { ...issue, message: `must be given once, and was given ${times === 2 ? 'twice' : `${times} times`}` }
  })

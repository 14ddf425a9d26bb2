import { ApiError } from './errors.ts'

/** The tags of a precondition without their quotes, or `*`. */
export type Tags = '*' | readonly string[]

/** The preconditions of a request (RFC 9110, 13.1). */
export interface Conditions {
  match: Tags | undefined
  noneMatch: Tags | undefined
}

/** The tag of a resource: its version, followed by everything else that its representation depends on. */
export const tagOf = (version: number, ...more: (number | string)[]): string => [version, ...more].join('.')

/** Empty list elements are ignored (RFC 9110, 5.6.1). */
const TAGS = /^[\s,]*(?:W\/)?"[\x21\x23-\x7E]*"(?:\s*,[\s,]*(?:W\/)?"[\x21\x23-\x7E]*")*[\s,]*$/

/** Reads the tags of a header. Weak tags are accepted, since a proxy that compresses an answer makes its tag weak. */
const parseTags = (header: string, value: string | undefined): Tags | undefined => {
  if (value === undefined) return undefined
  if (value.trim() === '*') return '*'
  if (!TAGS.test(value)) throw new ApiError('INVALID', `${header}: must be the ETag of an answer, in its quotes, or *`)
  return Array.from(value.matchAll(/"([^"]*)"/g), ([, tag = '']) => tag)
}

export const conditionsOf = (header: (name: string) => string | undefined): Conditions => ({
  match: parseTags('If-Match', header('If-Match')),
  noneMatch: parseTags('If-None-Match', header('If-None-Match')),
})

/** Whether `tags` includes `tag`, or a longer tag that begins with it, such as that of an account with its invoice group. */
export const includesTag = (tags: Tags, tag: string): boolean =>
  tags === '*' || tags.some((one) => one === tag || one.startsWith(`${tag}.`))

export const CHANGED = new ApiError('PRECONDITION_FAILED', 'If-Match: it has changed since this ETag was given. Read it again.')
export const UNVERSIONED = new ApiError(
  'PRECONDITION_FAILED',
  'If-Match: what this request makes has no version before it. Send it without.',
)
export const EXISTS = new ApiError('PRECONDITION_FAILED', 'If-None-Match: it exists')

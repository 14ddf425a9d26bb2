import { ApiError } from './errors.ts'

/** The tags that a precondition names, without their quotes, or any. */
export type Tags = '*' | readonly string[]

/** What a request makes its work depend on (RFC 9110, 13.1). */
export interface Conditions {
  match: Tags | undefined
  noneMatch: Tags | undefined
}

/** The tag of a resource: its version, then whatever else its representation depends on. */
export const tagOf = (version: number, ...more: (number | string)[]): string => [version, ...more].join('.')

/** A list may have empty elements, which count for nothing (RFC 9110, 5.6.1). */
const TAGS = /^[\s,]*(?:W\/)?"[\x21\x23-\x7E]*"(?:\s*,[\s,]*(?:W\/)?"[\x21\x23-\x7E]*")*[\s,]*$/

/** The tags in a header. A weak one is taken as well: a proxy that compresses an answer makes its tag weak, and the version stays the same. */
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

/** Whether one of `tags` is the state `tag` of a resource, or a longer one that begins with it, as that of an account shown with its invoice group. */
export const includesTag = (tags: Tags, tag: string): boolean =>
  tags === '*' || tags.some((one) => one === tag || one.startsWith(`${tag}.`))

export const CHANGED = new ApiError('PRECONDITION_FAILED', 'If-Match: it has changed since this ETag was given. Read it again.')
export const EXISTS = new ApiError('PRECONDITION_FAILED', 'If-None-Match: it exists')

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

const TAGS = /^\s*(?:W\/)?"[\x21\x23-\x7E]*"(?:\s*,\s*(?:W\/)?"[\x21\x23-\x7E]*")*\s*$/

/** The tags in a header. A weak one is taken as well: a proxy that compresses an answer makes its tag weak, and the version stays the same. */
const parseTags = (header: string, value: string | undefined): Tags | undefined => {
  if (value === undefined) return undefined
  if (value.trim() === '*') return '*'
  if (!TAGS.test(value)) throw new ApiError(400, `${header}: must be the ETag of an answer, in its quotes, or *`)
  return Array.from(value.matchAll(/"([^"]*)"/g), ([, tag = '']) => tag)
}

export const conditionsOf = (header: (name: string) => string | undefined): Conditions => ({
  match: parseTags('If-Match', header('If-Match')),
  noneMatch: parseTags('If-None-Match', header('If-None-Match')),
})

/** Whether `tags` name the state `tag` of a resource; one that shows more beside it, as an account its invoice group, names it too. */
export const names = (tags: Tags, tag: string): boolean => tags === '*' || tags.some((one) => one === tag || one.startsWith(`${tag}.`))

export const CHANGED = new ApiError(412, 'If-Match: it has changed since this ETag was given. Read it again.')
export const EXISTS = new ApiError(412, 'If-None-Match: it exists')

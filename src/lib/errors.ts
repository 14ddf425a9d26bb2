import type * as z from 'zod/mini'

/** The kinds of refusals. `http` converts them to statuses. */
export type ErrorCode =
  | 'INVALID'
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'CONFLICT'
  | 'PRECONDITION_FAILED'
  | 'TOO_LARGE'
  | 'UNSUPPORTED_TYPE'
  | 'UNSUPPORTED_ENCODING'
  | 'UNPROCESSABLE'
  | 'TOO_MANY_REQUESTS'
  | 'UNAVAILABLE'

/** A refusal: its message becomes the answer, `{ "message": "…" }`, and may repeat what the caller sent. */
export class ApiError extends Error {
  readonly code: ErrorCode
  /** How many seconds the caller should wait before it tries again. */
  readonly retryAfter: number | undefined

  constructor(code: ErrorCode, message: string, retryAfter?: number) {
    super(message)
    this.name = 'ApiError'
    this.code = code
    this.retryAfter = retryAfter
  }
}

export const notFound = (kind: string, id: string): ApiError => new ApiError('NOT_FOUND', `The ${kind} "${id}" does not exist.`)

export const archived = (kind: string, id: string): ApiError =>
  new ApiError('CONFLICT', `The ${kind} "${id}" is archived, and cannot be changed.`)

/** The most characters of a message: the official clients refuse more. */
export const LONGEST_MESSAGE = 500

const cutText = (text: string, most: number): string => {
  const characters = Array.from(text.slice(0, 2 * most + 2))
  return characters.length > most ? `${characters.slice(0, most - 1).join('')}…` : text
}

/** Shortens a message to the length that clients accept. */
export const brief = (message: string): string => cutText(message, LONGEST_MESSAGE)

/** Formats a path as in JavaScript: `account.aliases[3]`, or `account[""]` for an empty name. */
export const dotPath = (path: readonly PropertyKey[]): string =>
  path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`
    if (key === '') return `${text}[""]`
    return `${text}${text && '.'}${cutText(String(key), 60)}`
  }, '')

/** A fault of a field that its schema cannot find. */
export interface Fault {
  path: readonly PropertyKey[]
  message: string
}

const formatCount = (count: unknown, noun: string): string => `${String(count)} ${noun}${count === 1 ? '' : 's'}`

/** The size of a list, a text or a number, in words that follow `must`. */
const formatSize = (origin: string, size: unknown): string => {
  if (origin === 'array') return `hold ${formatCount(size, 'item')}`
  return origin === 'string' ? `be ${formatCount(size, 'character')}` : `be ${String(size)}`
}

const NAMES: Record<string, string> = {
  record: 'an object',
  object: 'an object',
  array: 'a list',
  int: 'an integer',
  boolean: 'true or false',
}

/** Says what a value should be, in words that follow its path. This is the error map of every schema. */
export const expected = (issue: z.core.$ZodRawIssue): string => {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'is required' : `must be ${NAMES[issue.expected] ?? `a ${issue.expected}`}`
    case 'too_small':
      return `must ${formatSize(issue.origin, issue.minimum)} or more`
    case 'too_big':
      return `must ${formatSize(issue.origin, issue.maximum)} at most`
    case 'invalid_value':
      return issue.input === undefined ? 'is required' : `must be ${issue.values.map(String).join(' or ')}`
    case 'invalid_key':
      return `has a name that ${issue.issues.map(({ message }) => message).join(' and ')}`
    case 'custom':
    case 'invalid_element':
    case 'invalid_format':
    case 'invalid_union':
    case 'not_multiple_of':
    case 'unrecognized_keys':
    default:
      return 'is not valid'
  }
}

/** The most faults that are formatted. A message has room for fewer. */
const MOST_PLACES = 100

/** Lists all wrong fields as `path: …; path: …`. If that is too long, the last ones are listed only by their paths. */
export const explainIssues = (issues: readonly z.core.$ZodIssue[], root: string): string => {
  const all = issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({ path: dotPath([...issue.path, key]), fault: 'is not a known name' }))
      : [{ path: dotPath(issue.path) || root, fault: issue.message }],
  )
  const faults = all.slice(0, MOST_PLACES)
  const say = (explained: number, named: number): string => {
    const rest = faults.slice(explained, named).map(({ path }) => path)
    const left = all.length - Math.max(explained, named)
    const more = [...rest, ...(left ? [`${left} more`] : [])].join(', ')
    return [...faults.slice(0, explained).map(({ path, fault }) => `${path}: ${fault}`), ...(more ? [`also wrong: ${more}`] : [])].join(
      '; ',
    )
  }
  let explained = faults.length
  let named = faults.length
  while (explained > 1 && say(explained, named).length > LONGEST_MESSAGE) explained--
  while (named > explained && say(explained, named).length > LONGEST_MESSAGE) named--
  return say(explained, named)
}

/** Throws one refusal with all faults, if there are any. */
export const refuseFaults = (code: ErrorCode, faults: readonly Fault[]): void => {
  if (!faults.length) return
  const issues = faults.map(({ path, message }) => ({ code: 'custom' as const, path: [...path], message, input: undefined }))
  throw new ApiError(code, explainIssues(issues, 'body'))
}

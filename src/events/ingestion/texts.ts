import { length } from '../../lib/fields.ts'

/** The most characters of an event's id and of its accountId. */
export const LONGEST_ID = 512

/** Most texts contain only these characters and need no further checks. */
const PRINTABLE = /^[ -~]*$/

/** The key by which ids and names of fields are looked up: their text in NFC. */
export const keyOf = (text: string): string => (PRINTABLE.test(text) ? text : text.normalize('NFC'))

/** Says what is wrong with a text, in words that follow its path. Undefined if nothing is. */
export const faultOfText = (text: string): string | undefined =>
  PRINTABLE.test(text) || (text.isWellFormed() && !text.includes('\0')) ? undefined : 'must be well-formed Unicode without NUL'

/** Says what is wrong with an id. Undefined if nothing is. */
export const faultOfIdentifier = (text: string): string | undefined =>
  PRINTABLE.test(text) || (text.isWellFormed() && !/\p{Cc}/u.test(text))
    ? undefined
    : 'must be well-formed Unicode without control characters'

/** Whether a text has at most `max` characters, as JSON Schema counts them. */
export const isWithin = (text: string, max: number): boolean => text.length <= max || (text.length <= 2 * max && length(text) <= max)

/** Whether a text can be the id of an event or an account. */
export const isIdentifier = (value: unknown): value is string =>
  typeof value === 'string' && value !== '' && isWithin(value, LONGEST_ID) && faultOfIdentifier(value) === undefined

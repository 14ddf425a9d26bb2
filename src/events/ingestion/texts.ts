import { length } from '../../lib/fields.ts'

/** The most characters of the id of an event, and of that of an account or its alias. */
export const LONGEST_ID = 512

/** Most texts have nothing else in them, and need no closer look. */
const PRINTABLE = /^[ -~]*$/

/** By what the id of an event or an account and the name of a field are looked up: their text in NFC. */
export const keyOf = (text: string): string => (PRINTABLE.test(text) ? text : text.normalize('NFC'))

/** What is wrong with a text, in words that follow its path; undefined when nothing is. */
export const faultOfText = (text: string): string | undefined =>
  PRINTABLE.test(text) || (text.isWellFormed() && !text.includes('\0')) ? undefined : 'must be well-formed Unicode without NUL'

/** What is wrong with a text that identifies something. */
export const faultOfIdentifier = (text: string): string | undefined =>
  PRINTABLE.test(text) || (text.isWellFormed() && !/\p{Cc}/u.test(text))
    ? undefined
    : 'must be well-formed Unicode without control characters'

/** Whether a text has `max` characters at most, as JSON Schema counts them. */
export const isWithin = (text: string, max: number): boolean => text.length <= max || (text.length <= 2 * max && length(text) <= max)

/** Whether a text can be the id of an event or an account. */
export const isIdentifier = (value: unknown): value is string =>
  typeof value === 'string' && value !== '' && isWithin(value, LONGEST_ID) && faultOfIdentifier(value) === undefined

import * as z from 'zod/mini'
import { ApiError, dotPath, expected, explainIssues } from '../../lib/errors.ts'
import { described, distinct, isObject, length, list, named } from '../../lib/fields.ts'
import { parseTimestamp } from './timestamp.ts'

const MOST_ATTRIBUTES = 10
const LONGEST_NAME = 50
const LONGEST_ID = 512
const LONGEST_DIMENSION = 200

/** The most events of a batch. */
export const MOST_EVENTS = 1000

/** The contract's form of a value, whose fraction is bounded too, by what a decimal holds. */
const VALUE = /^-?\d{1,512}(?:\.\d{1,512})?$/

/** What says what is wrong with a text, in words that follow its path; undefined when nothing is. */
type Fault = (text: string) => string | undefined

const isStorable: Fault = (text) => (!text.isWellFormed() || text.includes('\0') ? 'must be well-formed Unicode without NUL' : undefined)

const isIdentifying: Fault = (text) =>
  !text.isWellFormed() || /\p{Cc}/u.test(text) ? 'must be well-formed Unicode without control characters' : undefined

const checked = (faultOf: Fault, min: number, max: number | undefined) =>
  z
    .string()
    .check(({ value, issues }) => {
      const size = max === undefined || value.length > 2 * max ? value.length : length(value)
      const message =
        max !== undefined && (size < min || size > max)
          ? `must be ${min ? `${min} to ${max} characters` : `${max} characters at most`}`
          : faultOf(value)
      if (message) issues.push({ code: 'custom', input: value, message })
    })
    .register(z.globalRegistry, { ...(min && { minLength: min }), ...(max !== undefined && { maxLength: max }) })

const formed = (isOfForm: (text: string) => boolean, message: string, documented: { pattern?: string; format?: string }) =>
  z
    .string()
    .check(({ value, issues }) => {
      if (!isOfForm(value)) issues.push({ code: 'custom', input: value, message })
    })
    .register(z.globalRegistry, documented)

export const Attribute = named(
  'Attribute',
  z.strictObject({
    name: checked(isStorable, 1, LONGEST_NAME),
    value: described(
      'A decimal number as text, in plain digits: up to 512 before the point and 512 behind it.',
      formed((text) => VALUE.test(text), 'must be a decimal number such as 12.5', { pattern: VALUE.source }),
    ),
    unit: z.optional(checked(isStorable, 1, LONGEST_NAME)),
  }),
)
export type Attribute = z.infer<typeof Attribute>

const attributeKey = ({ name }: Attribute): string | undefined => (typeof name === 'string' ? keyOf(name) : undefined)

/** A map of text to text, of any size. `__proto__`, which an object cannot hold as data, is refused. */
const dimensions = () =>
  z.pipe(
    z.transform((value: unknown, { issues }) => {
      if (isObject(value) && Object.hasOwn(value, '__proto__'))
        issues.push({ code: 'custom', input: value, path: ['__proto__'], message: 'must have another name' })
      return value
    }),
    z.record(checked(isStorable, 0, undefined), checked(isStorable, 1, LONGEST_DIMENSION)),
  )

export const Event = named(
  'Event',
  z.strictObject({
    schemaName: checked(isIdentifying, 1, LONGEST_NAME),
    id: z.optional(
      described(
        'What the event is counted once by. It may be left out where the schema has an eventIdTemplate.',
        checked(isIdentifying, 0, LONGEST_ID),
      ),
    ),
    timestamp: described(
      'When it happened: a date and a time, in UTC unless an offset says otherwise.',
      formed((text) => parseTimestamp(text) !== undefined, 'must be a date-time from 1970 to 9998, such as 2026-03-30T10:41:10Z', {
        format: 'date-time',
      }),
    ),
    accountId: described('The id of the account, or one of its aliases.', checked(isIdentifying, 1, LONGEST_ID)),
    attributes: list(Attribute, 0, MOST_ATTRIBUTES).check(distinct(attributeKey, 'an event has an attribute once')),
    dimensions: dimensions(),
  }),
)
export type Event = z.infer<typeof Event>

export const IngestEventRequest = named('IngestEventRequest', z.strictObject({ event: Event }))
export const IngestBatchEventRequest = named('IngestBatchEventRequest', z.strictObject({ events: list(Event, 1, MOST_EVENTS) }))

export interface ParsedAttribute {
  readonly name: string
  readonly value: string
  readonly unit?: string | undefined
}

/** An event of the right shape. */
export interface ParsedEvent {
  readonly schemaName: string
  /** As it was sent; an empty one is none. */
  readonly id: string | undefined
  /** In milliseconds. */
  readonly timestamp: number
  /** An id or an alias, as it was sent. */
  readonly accountId: string
  readonly attributes: readonly ParsedAttribute[]
  readonly dimensions: Readonly<Record<string, string>>
  readonly payload: Event
}

/** What is wrong with an event: each field by its path, with what would be right. */
export interface Refusal {
  readonly message: string
}

const PRINTABLE = /^[ -~]*$/

/** By what an event id, an account id or a name is looked up: its text in NFC. */
export const keyOf = (text: string): string => (PRINTABLE.test(text) ? text : text.normalize('NFC'))

const isShort = (text: string, max: number): boolean => text.length <= max || (text.length <= 2 * max && length(text) <= max)

const isText = (value: unknown, max: number): value is string =>
  typeof value === 'string' &&
  value !== '' &&
  isShort(value, max) &&
  (PRINTABLE.test(value) || (value.isWellFormed() && !value.includes('\0')))

/** Whether a text can be the id of an event or an account. */
export const isIdentifier = (value: unknown): value is string =>
  typeof value === 'string' && value !== '' && isShort(value, LONGEST_ID) && (PRINTABLE.test(value) || isIdentifying(value) === undefined)

const isAttribute = (value: unknown): value is ParsedAttribute => {
  if (!isObject(value) || Array.isArray(value)) return false
  for (const key in value) if (key !== 'name' && key !== 'value' && key !== 'unit') return false
  const { unit } = value
  return (
    isText(value['name'], LONGEST_NAME) &&
    typeof value['value'] === 'string' &&
    VALUE.test(value['value']) &&
    (unit === undefined || isText(unit, LONGEST_NAME))
  )
}

const areAttributes = (value: unknown): value is readonly ParsedAttribute[] => {
  if (!Array.isArray(value) || value.length > MOST_ATTRIBUTES) return false
  const attributes: readonly unknown[] = value
  if (!attributes.every(isAttribute)) return false
  for (let index = 1; index < attributes.length; index++)
    for (let before = 0; before < index; before++)
      if (keyOf(attributes[before]?.name ?? '') === keyOf(attributes[index]?.name ?? '')) return false
  return true
}

const areDimensions = (value: unknown): value is Record<string, string> => {
  if (!isObject(value) || Array.isArray(value)) return false
  for (const key in value) {
    if (!PRINTABLE.test(key) && isStorable(key)) return false
    if (!isText(value[key], LONGEST_DIMENSION)) return false
  }
  return !Object.hasOwn(value, '__proto__')
}

const FIELDS: ReadonlySet<string> = new Set(['schemaName', 'id', 'timestamp', 'accountId', 'attributes', 'dimensions'])

/** The event, if it is of the right shape. This runs for every event, in a tenth of the time that its schema takes, whose verdict it shares. */
const readEvent = (value: unknown): ParsedEvent | undefined => {
  if (!isObject(value) || Array.isArray(value)) return undefined
  for (const key in value) if (!FIELDS.has(key)) return undefined
  const { schemaName, id, accountId, attributes, dimensions: tags } = value
  const timestamp = typeof value['timestamp'] === 'string' ? parseTimestamp(value['timestamp']) : undefined
  if (timestamp === undefined || !isIdentifier(schemaName) || !isShort(schemaName, LONGEST_NAME) || !isIdentifier(accountId))
    return undefined
  if (id !== undefined && id !== '' && !isIdentifier(id)) return undefined
  if (!areAttributes(attributes) || !areDimensions(tags)) return undefined
  return { schemaName, id: id || undefined, timestamp, accountId, attributes, dimensions: tags, payload: value as Event }
}

const explain = (value: unknown): string => {
  const { success, error } = z.safeParse(Event, value, { error: expected })
  return success ? 'event: is not valid' : explainIssues(error.issues, 'event')
}

/** An event, or what is wrong with each of its fields. */
export const parseEvent = (value: unknown): { readonly event: ParsedEvent } | Refusal => {
  const event = readEvent(value)
  return event ? { event } : { message: explain(value) }
}

const readOrExplain = (value: unknown): ParsedEvent | Refusal => readEvent(value) ?? { message: explain(value) }

const wrong = (path: string, message: string): ApiError => new ApiError('INVALID', `${path}: ${message}`)

/** What a body has under the only name that it may have. */
const readOnlyField = (body: unknown, name: string): unknown => {
  if (!isObject(body) || Array.isArray(body)) throw wrong('body', 'must be an object')
  for (const key of Object.keys(body)) if (key !== name) throw wrong(dotPath([key]), 'is not a known name')
  if (body[name] === undefined) throw wrong(name, 'is required')
  return body[name]
}

export interface ParsedBody {
  /** In the order in which they were sent. */
  readonly events: readonly (ParsedEvent | Refusal)[]
}

/** The event of a body `{ event }`. Throws INVALID where the body is none. */
export const parseIngest = (body: unknown): ParsedBody => ({ events: [readOrExplain(readOnlyField(body, 'event'))] })

/** The events of a body `{ events }`. Throws INVALID where the body is none or has no events, and UNPROCESSABLE where it has too many. */
export const parseBatch = (body: unknown): ParsedBody => {
  const events = readOnlyField(body, 'events')
  if (!Array.isArray(events)) throw wrong('events', 'must be a list')
  if (events.length === 0) throw wrong('events', `must hold 1 to ${MOST_EVENTS}`)
  if (events.length > MOST_EVENTS)
    throw new ApiError('UNPROCESSABLE', `events: must hold ${MOST_EVENTS} at most, and holds ${events.length}`)
  return { events: events.map(readOrExplain) }
}

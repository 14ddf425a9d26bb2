import * as z from 'zod/mini'
import { ApiError, expected, explainIssues } from '../../lib/errors.ts'
import { described, distinct, isObject, length, list, named } from '../../lib/fields.ts'
import { faultOfIdentifier, faultOfText, isIdentifier, isWithin, keyOf, LONGEST_ID } from './texts.ts'
import { parseTimestamp } from './timestamp.ts'

export { keyOf } from './texts.ts'

const MOST_ATTRIBUTES = 10
const LONGEST_NAME = 50
const LONGEST_DIMENSION = 200

/** The most that the dimensions of an event may take as JSON, in bytes: a row of a ledger has room for all that is kept of an event. */
const MOST_BYTES = 250_000

/** The most events of a batch. */
export const MOST_EVENTS = 1000

/** The contract's form of a value, whose fraction is bounded too, by what a decimal holds. */
const VALUE = /^-?\d{1,512}(?:\.\d{1,512})?$/

/** What is wrong with a text, in words that follow its path; undefined when nothing is. */
type Fault = (text: string) => string | undefined

/** A text of a number of characters of which something else holds as well. */
const sized =
  (faultOf: Fault, min: number, max: number): Fault =>
  (text) => {
    const size = text.length > 2 * max ? text.length : length(text)
    if (size < min || size > max) return `must be ${min ? `${min} to ${max} characters` : `${max} characters at most`}`
    return faultOf(text)
  }

const checked = (faultOf: Fault, min: number, max: number) => {
  const faultOfSized = sized(faultOf, min, max)
  return z
    .string()
    .check(({ value, issues }) => {
      const message = faultOfSized(value)
      if (message) issues.push({ code: 'custom', input: value, message })
    })
    .register(z.globalRegistry, { ...(min && { minLength: min }), maxLength: max })
}

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
    name: checked(faultOfText, 1, LONGEST_NAME),
    value: described(
      'A decimal number as text, in plain digits: up to 512 before the point and 512 behind it.',
      formed((text) => VALUE.test(text), 'must be a decimal number such as 12.5', { pattern: VALUE.source }),
    ),
    unit: z.optional(checked(faultOfText, 1, LONGEST_NAME)),
  }),
)
export type Attribute = z.infer<typeof Attribute>

const attributeKey = (attribute: Attribute): string | undefined =>
  isObject(attribute) && typeof attribute.name === 'string' ? keyOf(attribute.name) : undefined

const dimensionFault = sized(faultOfText, 1, LONGEST_DIMENSION)

/** An object cannot hold `__proto__` as data. */
const faultOfDimension = (name: string, value: unknown): string | undefined => {
  if (name === '__proto__') return 'must have another name'
  const fault = faultOfText(name)
  if (fault) return `has a name that ${fault}`
  return typeof value === 'string' ? dimensionFault(value) : 'must be a string'
}

/** Whether the dimensions of an event are no larger than a ledger can keep. They have no other bound. */
const areSmall = (value: object): boolean => new TextEncoder().encode(JSON.stringify(value)).length <= MOST_BYTES

/** There may be any number of dimensions, and as many that are wrong, of which a message has no room for more. */
const MOST_FAULTS = 100

const dimensions = () =>
  z.pipe(
    z.transform((value: unknown, { issues }) => {
      if (!isObject(value) || Array.isArray(value)) return value
      for (const [name, text] of Object.entries(value)) {
        const message = faultOfDimension(name, text)
        if (message) issues.push({ code: 'custom', input: text, path: [name], message })
        if (issues.length > MOST_FAULTS) break
      }
      if (!issues.length && !areSmall(value))
        issues.push({ code: 'custom', input: value, path: [], message: `must take ${MOST_BYTES} bytes at most as JSON` })
      return value
    }),
    z.record(z.string(), z.string().register(z.globalRegistry, { minLength: 1, maxLength: LONGEST_DIMENSION })),
  )

export const Event = named(
  'Event',
  z.strictObject({
    schemaName: checked(faultOfIdentifier, 1, LONGEST_NAME),
    id: z.optional(
      described(
        'What the event is counted once by. It may be left out where the schema has an eventIdTemplate.',
        checked(faultOfIdentifier, 0, LONGEST_ID),
      ),
    ),
    timestamp: described(
      'When it happened: a date and a time, in UTC unless an offset says otherwise.',
      formed((text) => parseTimestamp(text) !== undefined, 'must be a date-time from 1970 to 9998, such as 2026-03-30T10:41:10Z', {
        format: 'date-time',
      }),
    ),
    accountId: described('The id of the account, or one of its aliases.', checked(faultOfIdentifier, 1, LONGEST_ID)),
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

/** What is wrong with an event as it was sent: each field by its path, with what would be right. */
export interface Refusal {
  readonly message: string
  readonly payload: unknown
}

const isText = (value: unknown, max: number): value is string =>
  typeof value === 'string' && value !== '' && isWithin(value, max) && faultOfText(value) === undefined

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

/** As many dimensions as cannot be too large, whatever they say. */
const FEW_DIMENSIONS = 100

const areDimensions = (value: unknown): value is Record<string, string> => {
  if (!isObject(value) || Array.isArray(value)) return false
  let count = 0
  let letters = 0
  for (const key in value) {
    if (faultOfText(key) !== undefined || !isText(value[key], LONGEST_DIMENSION)) return false
    count++
    letters += key.length
  }
  return !Object.hasOwn(value, '__proto__') && ((count <= FEW_DIMENSIONS && letters <= MOST_BYTES / 20) || areSmall(value))
}

const FIELDS: ReadonlySet<string> = new Set(['schemaName', 'id', 'timestamp', 'accountId', 'attributes', 'dimensions'])

/** The event, if it is of the right shape. This runs for every event, in a tenth of the time that its schema takes, whose verdict it shares. */
const readEvent = (value: unknown): ParsedEvent | undefined => {
  if (!isObject(value) || Array.isArray(value)) return undefined
  for (const key in value) if (!FIELDS.has(key)) return undefined
  const { schemaName, id, accountId, attributes, dimensions: tags } = value
  const timestamp = typeof value['timestamp'] === 'string' ? parseTimestamp(value['timestamp']) : undefined
  if (timestamp === undefined || !isIdentifier(schemaName) || !isWithin(schemaName, LONGEST_NAME) || !isIdentifier(accountId))
    return undefined
  if (id !== undefined && id !== '' && !isIdentifier(id)) return undefined
  if (!areAttributes(attributes) || !areDimensions(tags)) return undefined
  return { schemaName, id: id || undefined, timestamp, accountId, attributes, dimensions: tags, payload: value as Event }
}

/** Says what is wrong with an event, field by field: by their paths in the event, or in a request that has it at `within`. */
const explainEvent = (value: unknown, within: readonly string[] = []): string => {
  const { success, error } = z.safeParse(Event, value, { error: expected })
  if (success) return 'event: is not valid'
  return explainIssues(
    error.issues.map((issue) => ({ ...issue, path: [...within, ...issue.path] })),
    'event',
  )
}

/** An event, or what is wrong with each of its fields. */
export const parseEvent = (value: unknown): { readonly event: ParsedEvent } | Refusal => {
  const event = readEvent(value)
  return event ? { event } : { message: explainEvent(value), payload: value }
}

const readOrExplain = (value: unknown): ParsedEvent | Refusal => readEvent(value) ?? { message: explainEvent(value), payload: value }

const wrong = (path: string, message: string): ApiError => new ApiError('INVALID', `${path}: ${message}`)

/** What a body has under the only name that it may have. */
const readOnlyField = (body: unknown, name: string): unknown => {
  if (!isObject(body) || Array.isArray(body)) throw wrong('body', 'must be an object')
  const keys = Object.keys(body).filter((key) => key !== name)
  const issues: z.core.$ZodIssue[] = []
  if (body[name] === undefined) issues.push({ code: 'custom', path: [name], message: 'is required' })
  if (keys.length) issues.push({ code: 'unrecognized_keys', path: [], keys, message: '' })
  if (issues.length) throw new ApiError('INVALID', explainIssues(issues, 'body'))
  return body[name]
}

export interface ParsedBody {
  /** In the order in which they were sent. */
  readonly events: readonly (ParsedEvent | Refusal)[]
}

/** The event of a body `{ event }`. Throws INVALID where the body is none. */
export const parseIngest = (body: unknown): ParsedBody => ({ events: [readOrExplain(readOnlyField(body, 'event'))] })

/** The event of a body `{ event }`, which is all of a request. Throws INVALID where it has not the right shape. */
export const parseEntitled = (body: unknown): ParsedEvent => {
  const sent = readOnlyField(body, 'event')
  const event = readEvent(sent)
  if (!event) throw new ApiError('INVALID', explainEvent(sent, ['event']))
  return event
}

/** The events of a body `{ events }`. Throws INVALID where the body is none or has no events, and UNPROCESSABLE where it has too many. */
export const parseBatch = (body: unknown): ParsedBody => {
  const events = readOnlyField(body, 'events')
  if (!Array.isArray(events)) throw wrong('events', 'must be a list')
  if (events.length === 0) throw wrong('events', `must hold 1 to ${MOST_EVENTS}`)
  if (events.length > MOST_EVENTS)
    throw new ApiError('UNPROCESSABLE', `events: must hold ${MOST_EVENTS} at most, and holds ${events.length}`)
  return { events: events.map(readOrExplain) }
}

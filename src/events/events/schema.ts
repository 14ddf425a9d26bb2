import * as z from 'zod/mini'
import { described, length, named } from '../../lib/fields.ts'
import { dateTime } from '../../lib/time.ts'
import { Event } from '../ingestion/event.ts'
import { isIdentifier } from '../ingestion/texts.ts'
import { parseTimestamp } from '../ingestion/timestamp.ts'
import { EventPipelineInfo } from './pipeline.ts'

/** Groups of statuses that can be used as filters. The remaining statuses can be used only by their own names. */
export const GROUPS = {
  PROCESSED: ['INGESTION_COMPLETED_EVENT_METERED', 'INGESTION_COMPLETED_EVENT_NOT_METERED', 'INGESTION_COMPLETED_NO_MATCHING_METERS'],
  UNPROCESSED: [
    'INGESTION_FAILED',
    'INGESTION_FAILED_SCHEMA_NOT_DEFINED',
    'INGESTION_FAILED_ENRICHMENT_FAILED',
    'INGESTION_FAILED_UNITS_INVALID',
    'INGESTION_FAILED_PAST_GRACE_PERIOD',
    'INGESTION_FAILED_ACCOUNT_NOT_FOUND',
    'INGESTION_FAILED_DUPLICATE_EVENT',
    'INGESTION_FAILED_NO_EVENT_ID',
    'INGESTION_FAILED_INVALID_NAMED_LICENSE_EVENT',
    'INGESTION_FAILED_INSUFFICIENT_CREDITS',
  ],
  IN_PROGRESS: ['INGESTION_IN_PROGRESS'],
} as const

const IngestionState = z.enum([...GROUPS.IN_PROGRESS, ...GROUPS.PROCESSED, ...GROUPS.UNPROCESSED, 'REVERTED', 'UNKNOWN'])
export type IngestionState = z.infer<typeof IngestionState>

const isGroup = (name: string): name is keyof typeof GROUPS => Object.hasOwn(GROUPS, name)

const statesOf = (name: string): readonly IngestionState[] | undefined => {
  if (isGroup(name)) return GROUPS[name]
  const { success, data } = z.safeParse(IngestionState, name)
  return success ? [data] : undefined
}

const states = () =>
  z.pipe(
    z.string(),
    z.transform((text: string, { issues }) => {
      const found = text.split(',').map(statesOf)
      if (found.every((one) => one !== undefined)) return [...new Set(found.flat())]
      issues.push({
        code: 'custom',
        input: text,
        message: `must be made of ${Object.keys(GROUPS).join(', ')}, or of statuses of an event such as REVERTED, with commas between them`,
      })
      return []
    }),
  )

/** Milliseconds since 1970, or a date and a time. */
const instant = () =>
  z.pipe(
    z.string(),
    z.transform((text: string, { issues }) => {
      const time = /^\d{1,15}$/.test(text) ? Number(text) : parseTimestamp(text)
      if (time !== undefined) return time
      issues.push({
        code: 'custom',
        input: text,
        message: 'must be a date-time such as 2026-03-30T10:41:10Z, or the milliseconds since 1970',
      })
      return 0
    }),
  )

const between = (max: number, isRight: (text: string) => boolean, message: string) =>
  z
    .string()
    .check(({ value, issues }) => {
      if (!isRight(value)) issues.push({ code: 'custom', input: value, message })
    })
    .register(z.globalRegistry, { minLength: 1, maxLength: max })

/** The schema of the id of an event, or of the name of an account in events. */
export const eventName = () =>
  between(512, isIdentifier, 'must be 1 to 512 characters of well-formed Unicode, none of them a control character')

const shortName = () =>
  between(50, (text) => isIdentifier(text) && length(text) <= 50, 'must be 1 to 50 characters, none of them a control character')

const PAGE_SIZE = 50

const pageSize = () =>
  z.pipe(
    z.string().register(z.globalRegistry, {
      type: 'integer',
      minimum: 1,
      maximum: PAGE_SIZE,
      default: PAGE_SIZE,
      description: `The number of events of a page: 1 to ${PAGE_SIZE}, by default ${PAGE_SIZE}.`,
    }),
    z.transform((value: string, { issues }) => {
      const size = /^\d{1,9}(?:\.0+)?$/.test(value) ? Number(value) : 0
      if (size < 1) issues.push({ code: 'custom', input: value, message: `must be a whole number from 1 to ${PAGE_SIZE}` })
      return size
    }),
  )

export const GetEventsQuery = z.strictObject({
  nextToken: z.optional(
    described(
      'The nextToken of the previous page, which contains its whole query. Empty: the first page.',
      z.string().check(z.maxLength(500)),
    ),
  ),
  status: z.optional(
    described('PROCESSED, UNPROCESSED, IN_PROGRESS, or the name of a status; or several of them separated by commas.', states()),
  ),
  account_id: z.optional(described('The id or an alias of an account, or a name in events that no account has.', eventName())),
  schema_name: z.optional(described('The exact schemaName of the events.', shortName())),
  start_time: z.optional(described('The start of the time range (inclusive), as a date-time or in milliseconds since 1970.', instant())),
  end_time: z.optional(described('The end of the time range (exclusive), as a date-time or in milliseconds since 1970.', instant())),
  id: z.optional(described('The referenceId of an event.', shortName())),
  event_id: z.optional(described('Your own id of an event.', eventName())),
  customer_id: z.optional(described('The customer whose accounts have the events.', shortName())),
  pageSize: z.optional(pageSize()),
})
export type GetEventsQuery = z.infer<typeof GetEventsQuery>

export const EventPath = z.strictObject({ event_id: eventName() })

const IngestionStatus = named(
  'IngestionStatus',
  z.strictObject({
    status: IngestionState,
    statusDescription: z.optional(described('The reason for the status.', z.string().check(z.maxLength(250)))),
  }),
)

const EventSource = named(
  'EventSource',
  z.strictObject({ id: z.string().check(z.maxLength(100)), type: z.string().check(z.maxLength(100)) }),
)

/** The fields of an event in an answer. */
export const shownEvent = {
  referenceId: described('The id that this API gave to the event.', z.string()),
  eventPayload: described('The event as it was sent. If its schema made its id, the id is included.', Event),
  ingestionStatus: IngestionStatus,
  customerId: z.optional(z.string().check(z.maxLength(50))),
  source: z.optional(EventSource),
  createdAt: described('The time at which the event arrived.', dateTime()),
}

export const EventWithStatus = named('EventWithStatus', z.strictObject(shownEvent))
export type EventWithStatus = z.infer<typeof EventWithStatus>

export const GetEventsResponse = named(
  'GetEventsResponse',
  z.strictObject({
    events: z.array(EventWithStatus).check(z.maxLength(PAGE_SIZE)),
    nextToken: z.optional(described('The token of the next page. The last page has none.', z.string().check(z.maxLength(500)))),
  }),
)
export type GetEventsResponse = z.infer<typeof GetEventsResponse>

export const EventWithStatusAndEventPipelineInfo = named(
  'EventWithStatusAndEventPipelineInfo',
  z.strictObject({ ...shownEvent, eventPipelineInfo: EventPipelineInfo }),
)

export const GetEventResponse = named('GetEventResponse', z.strictObject({ events: z.array(EventWithStatusAndEventPipelineInfo) }))
export type GetEventResponse = z.infer<typeof GetEventResponse>

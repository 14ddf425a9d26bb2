import * as z from 'zod/mini'
import { described, named } from '../../lib/fields.ts'
import { eventName, shownEvent } from '../events/schema.ts'
import { Event } from '../ingestion/event.ts'
import { parseTimestamp } from '../ingestion/timestamp.ts'

/** A time range in milliseconds. `until` is exclusive. */
export interface Span {
  from: number
  until: number
}

const readSpan = (text: string): Span | undefined => {
  const [from, until, ...rest] = text.split(',').map((part) => parseTimestamp(part))
  if (from === undefined || rest.length) return undefined
  if (!text.includes(',')) return { from, until: from + 1 }
  return until === undefined || until <= from ? undefined : { from, until }
}

const span = () =>
  z.pipe(
    z.string(),
    z.transform((text: string, { issues }): Span => {
      const read = readSpan(text)
      if (read) return read
      issues.push({
        code: 'custom',
        input: text,
        message: 'must be a date-time such as 2026-03-30T10:41:10Z, or two with a comma between them, the later one last',
      })
      return { from: 0, until: 0 }
    }),
  )

const flag = () => z.enum(['true', 'false']).register(z.globalRegistry, { type: 'boolean', default: false })

export const EventCorrectionQuery = z.strictObject({
  action: described(
    'UNDO reverts events. REDO reverts them and ingests them again. REDO_EVENT reverts one event and ingests the event in the body.',
    z.enum(['UNDO', 'REDO', 'REDO_EVENT']),
  ),
  account_id: described('The id or an alias of the account of the events, or a name in events that no account has.', eventName()),
  id: z.optional(described('The referenceId of an event. Send it only with account_id.', eventName())),
  event_id: z.optional(described('Your own id of an event.', eventName())),
  event_source_time: z.optional(
    described('The timestamp of the events: one instant, or a start (inclusive) and an end (exclusive) separated by a comma.', span()),
  ),
  created_at: z.optional(
    described(
      'The time at which the events arrived: one instant, or a start (inclusive) and an end (exclusive) separated by a comma. Send it only with event_id.',
      span(),
    ),
  ),
  require_confirmation: z.optional(described('Whether a job corrects all matching events after it has been confirmed.', flag())),
  async: z.optional(
    described('Whether a job corrects all matching events. Otherwise the 30 newest are corrected before the answer.', flag()),
  ),
})
export type EventCorrectionQuery = z.infer<typeof EventCorrectionQuery>

export const EventCorrectionRequest = named('EventCorrectionRequest', z.strictObject({ event: z.optional(Event) }))

export const EventCorrectionInfo = named(
  'EventCorrectionInfo',
  z.strictObject({
    ...shownEvent,
    status: described('The result for the event.', z.enum(['REVERTED', 'REVERTED_AND_REINGESTED', 'FAILED'])),
    reason: described('The reason for the status.', z.string()),
  }),
)
export type EventCorrectionInfo = z.infer<typeof EventCorrectionInfo>

export const EventsCorrectionResponse = named(
  'EventsCorrectionResponse',
  z.strictObject({
    data: described('The events. Empty if a job corrects them.', z.array(EventCorrectionInfo).check(z.maxLength(50))),
  }),
)
export type EventsCorrectionResponse = z.infer<typeof EventsCorrectionResponse>

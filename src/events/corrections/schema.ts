import * as z from 'zod/mini'
import { described, named } from '../../lib/fields.ts'
import { eventName, shownEvent } from '../events/schema.ts'
import { Event } from '../ingestion/event.ts'
import { parseTimestamp } from '../ingestion/timestamp.ts'

/** Times from one instant until before another, in milliseconds. */
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
    'UNDO takes events back. REDO takes them back and ingests them again. REDO_EVENT takes one back, and ingests the one in the body.',
    z.enum(['UNDO', 'REDO', 'REDO_EVENT']),
  ),
  account_id: described('The id of the account of the events, one of its aliases, or a name that no account has.', eventName()),
  id: z.optional(described('Our own referenceId of an event. It comes with account_id alone.', eventName())),
  event_id: z.optional(described('Your own id of an event.', eventName())),
  event_source_time: z.optional(
    described('The time of the events: an instant, or from one until before another one, with a comma between them.', span()),
  ),
  created_at: z.optional(
    described('When the events arrived: an instant, or from one until before another one. It comes with event_id.', span()),
  ),
  require_confirmation: z.optional(described('Whether all events are corrected by a job, once that is confirmed.', flag())),
  async: z.optional(described('Whether all events are corrected by a job. Otherwise the 30 newest are, before the answer.', flag())),
})
export type EventCorrectionQuery = z.infer<typeof EventCorrectionQuery>

export const EventCorrectionRequest = named('EventCorrectionRequest', z.strictObject({ event: z.optional(Event) }))

export const EventCorrectionInfo = named(
  'EventCorrectionInfo',
  z.strictObject({
    ...shownEvent,
    status: described('What became of the event.', z.enum(['REVERTED', 'REVERTED_AND_REINGESTED', 'FAILED'])),
    reason: described('Why.', z.string()),
  }),
)
export type EventCorrectionInfo = z.infer<typeof EventCorrectionInfo>

export const EventsCorrectionResponse = named(
  'EventsCorrectionResponse',
  z.strictObject({
    data: described('The events; none where a job corrects them.', z.array(EventCorrectionInfo).check(z.maxLength(50))),
  }),
)
export type EventsCorrectionResponse = z.infer<typeof EventsCorrectionResponse>

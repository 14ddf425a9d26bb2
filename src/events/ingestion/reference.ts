import { event } from '../../lib/examples.ts'

const SHAPE_ONLY = 'An unknown schema or account is no reason to refuse an event; it appears in the status of the event.'

export const tags = { 'Event Ingestion': 'Sending events. Each is counted once by its id, and is metered before the answer.' }

export const ingest = {
  summary: 'Ingest an event',
  description:
    'Ingests one event. After a 202, it is stored, processed and visible to the next read. Its id stays taken for 45 days: a repeat is accepted, stored as a duplicate and not counted. A repeat with the Idempotency-Key of the first request is not stored at all. An event that arrives after the grace period of its pricing cycle is stored and not counted. With dry_run, the answer shows how the event would be processed, and nothing is stored.',
  refuses: { 400: `The event does not have the right shape. ${SHAPE_ONLY}` },
  example: {
    after: ['createCustomer'],
    request: { event },
    answer: { success: true },
    other: { request: { event: { ...event, id: 'ride-2' } } },
  },
}

export const ingestBatch = {
  summary: 'Ingest up to 1,000 events',
  description:
    'Ingests 1 to 1,000 events in at most 6 MB. After a 202, all of them are stored, processed and visible to the next read. After a 207, this applies to the events with the right shape, and details.errors has the index of each other event, its id, a message, and the event as it was sent.',
  refuses: {
    400: `The body has no list of events, or none of them has the right shape. ${SHAPE_ONLY}`,
    422: 'There are more than 1,000 events.',
  },
  example: {
    after: ['createCustomer'],
    request: { events: [event, { ...event, id: 'ride-2' }] },
    answer: { success: true },
    other: { request: { events: [{ ...event, id: 'ride-3' }] } },
  },
}

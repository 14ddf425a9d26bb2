import { event } from '../../lib/examples.ts'

const refuses = {
  400: 'An event is not of the right shape: the message names each wrong field. Whatever must be looked up is no reason to refuse an event: its status says it.',
}

export const tags = { 'Event Ingestion': 'What happened, sent once by its id, and metered before the answer.' }

export const ingest = {
  summary: 'Ingest an event',
  description:
    'Takes one event. With 202 it is kept, metered and visible to the next read. An id is taken for 45 days: a repeat is accepted, kept as a duplicate and counted by nothing; under the Idempotency-Key of its first request it leaves nothing at all. With dry_run the answer says what would become of the event, and nothing is kept.',
  refuses,
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
    'Takes 1 to 1,000 events in 6 MB. With 202 all of them are kept, metered and visible to the next read. With 207 those of the right shape are, and details.errors has the index of each of the others in the request, its id, what is wrong with it, and the event as it was sent.',
  refuses,
  example: {
    after: ['createCustomer'],
    request: { events: [event, { ...event, id: 'ride-2' }] },
    answer: { success: true },
    other: { request: { events: [{ ...event, id: 'ride-3' }] } },
  },
}

import { accountId, customerId, event, first, referenceId, second } from '../../lib/examples.ts'

const corrected = { ...event, attributes: [{ name: 'distance', value: '15.2', unit: 'km' }] }

const another = { ...event, attributes: [{ name: 'distance', value: '15.25', unit: 'km' }] }

export const eventCorrection = {
  summary: 'Correct events',
  description:
    'Takes events back, so that they count nothing: what they added to usage goes, and their ids are free. With REDO each is ingested again as it was sent, and with REDO_EVENT the event of the body in its place, both by what holds today. The 30 newest of the events that match are corrected before the answer, which says what became of each; one that cannot be corrected stays as it is, as FAILED with the reason. With async or require_confirmation a job corrects all that match now, and Location says where it is read. Sent again under its Idempotency-Key it corrects nothing a second time.',
  refuses: {
    400: 'No event matches; the parameters cannot be combined; or for REDO_EVENT the body has no valid event, or more than one event matches that it could take the place of.',
    422: 'More than 10,000 events match, which is more than a job takes.',
  },
  example: {
    after: ['createCustomer', 'ingest'],
    query: {
      action: 'REDO_EVENT',
      account_id: accountId,
      event_id: event.id,
      event_source_time: first,
      require_confirmation: false,
      async: false,
    },
    otherwise: { id: referenceId, created_at: `${first},${second}` },
    request: { event: corrected },
    answer: {
      data: [
        {
          referenceId,
          eventPayload: event,
          ingestionStatus: { status: 'REVERTED', statusDescription: 'The event was reverted by a correction.' },
          customerId,
          source: { id: 'INGEST', type: 'INGEST' },
          createdAt: second,
          status: 'REVERTED_AND_REINGESTED',
          reason: 'Event Reverted',
        },
      ],
    },
    other: { request: { event: another } },
  },
}

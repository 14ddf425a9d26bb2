import { accountId, customerId, event, first, referenceId, second } from '../../lib/examples.ts'

const corrected = { ...event, attributes: [{ name: 'distance', value: '15.2', unit: 'km' }] }

const another = { ...event, attributes: [{ name: 'distance', value: '15.25', unit: 'km' }] }

export const eventCorrection = {
  summary: 'Correct events',
  description:
    'Reverts events: their usage is subtracted, and their ids become free. REDO then ingests each event again as it was sent, and REDO_EVENT ingests the event of the body instead; both use the current schemas, meters and aliases. The 30 newest matching events are corrected before the answer, which shows the result of each. An event that cannot be corrected does not change, and its status is FAILED with the reason. This includes every event whose pricing cycle is closed: whose invoice is due. With async or require_confirmation, a job corrects all events that match now, and Location names the job. With require_confirmation, the job starts when confirmJob is called, and never if rejectJob is. A repeat with the same Idempotency-Key corrects nothing again.',
  refuses: {
    400: 'No event matches; the parameters cannot be combined; or for REDO_EVENT the body has no valid event, or the event of the body could replace more than one event; or the body has other names than event.',
    422: 'More than 10,000 events match, which is the limit of a job.',
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
    other: {
      query: { action: 'UNDO', account_id: accountId, require_confirmation: true },
      request: { event: another },
    },
  },
}

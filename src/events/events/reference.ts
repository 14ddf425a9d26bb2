import { accountId, customerId, event, first, referenceId, second } from '../../lib/examples.ts'

const shown = {
  referenceId,
  eventPayload: event,
  ingestionStatus: {
    status: 'INGESTION_FAILED_SCHEMA_NOT_DEFINED',
    statusDescription: 'No active event schema has the schemaName of the event.',
  },
  customerId,
  source: { id: 'INGEST', type: 'INGEST' },
  createdAt: second,
}

export const tags = {
  'Event Management': 'What became of events, and how they are corrected.',
}

export const parameters = {
  event_id: 'Your own id of the event, or our referenceId of it.',
}

export const getEvents = {
  summary: 'List events',
  description:
    'Lists events, the newest first by their own times, and at one time by their ids, a page at a time. All of the filters must fit. An account is found by its id or an alias, and the events are shown too whose accountId was that name when no account had it. With a nextToken, which carries the filters and the page size, the other parameters are not looked at.',
  refuses: {
    400: 'A status is unknown; start_time is not before end_time; or nextToken is not one of this list.',
    403: 'It is a portal token.',
    422: 'The pageSize is over 50.',
  },
  example: {
    after: ['createCustomer', 'ingest', 'getSingleEvent'],
    query: {
      status: 'UNPROCESSED,IN_PROGRESS',
      account_id: accountId,
      schema_name: event.schemaName,
      start_time: first,
      end_time: second,
      id: referenceId,
      event_id: event.id,
      customer_id: customerId,
      pageSize: 50,
    },
    answer: { events: [shown] },
  },
}

export const getSingleEvent = {
  summary: 'Read an event',
  description:
    'Reads an event by your own id of it, or by our referenceId. Repeats of it, and what was reverted and ingested again, have the same id: all of them are answered, the last that arrived first. eventPipelineInfo says by which schema and usage meters the event was processed, and what each of them counted.',
  refuses: { 403: 'It is a portal token.', 404: 'No event of the organization has this id.' },
  example: {
    after: ['createCustomer', 'ingest'],
    path: { event_id: event.id },
    answer: {
      events: [
        {
          ...shown,
          eventPipelineInfo: {
            usageMeters: [],
            pricePlans: [],
            account: { id: accountId, name: 'Primary Account' },
            customer: { id: customerId, name: 'ACME Enterprise' },
            baseCurrency: 'USD',
            invoiceCurrency: 'USD',
          },
        },
      ],
    },
  },
}

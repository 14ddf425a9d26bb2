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
  'Event Management': 'How events were processed, and how to correct them.',
}

export const parameters = {
  event_id: 'Your own id of the event, or its referenceId.',
}

export const getEvents = {
  summary: 'List events',
  description:
    'Lists events, the newest first by their timestamp, then by id, page by page. An event must match all filters. account_id can be the id or an alias of an account; events that were sent with this name before any account had it are included. nextToken contains the filters and the page size, and all other parameters are then ignored.',
  refuses: {
    400: 'A status is unknown; start_time is not before end_time; or nextToken is not from this list.',
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
    'Reads an event by your own id or by its referenceId. Repeats and reverted events can have the same id; the answer has all of them, the newest arrival first. eventPipelineInfo shows the schema and the usage meters that processed the event, what each of them counted, and the price plan and the pricing cycle by which it is billed, from the timeline of the account as it is now. pricePlans is empty for an event that counts nothing. If the event schema says eventLevelRevenue, revenueDetails shows by how much the event raised the price of the usage of its cycle, before limits, rules and commitments; it is left out if the events of its hour are not kept any more, or if the currency of the account has no exchange rate.',
  refuses: { 404: 'No event of the organization has this id, or none that the portal token can read.' },
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

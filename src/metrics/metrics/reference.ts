import { accountId } from '../../lib/examples.ts'

const queries = {
  events: {
    id: 'events',
    name: 'EVENTS',
    aggregationPeriod: 'DAY',
    groupBy: 'ACCOUNT_ID',
    filters: [{ fieldName: 'ACCOUNT_ID', fieldValues: [accountId] }],
  },
  usage: { id: 'usage', name: 'METER_USAGE', aggregationPeriod: 'WEEK' },
}

export const tags = { Metrics: 'Sums of events and usage over time.' }

export const getMetrics = {
  summary: 'Add up events and usage over time',
  description: `Answers up to five queries about the time from startTime until just before endTime, by hour, day, week or month in UTC. The answer includes every event that was ingested before the request. Without groupBy, a query has one series, with zeros where there are no records. With groupBy, it has one series for each value that has records. A record must match all filters, and each filter by one of its values. A filter can name an account by its id or alias, and a usage meter by its id or name. EVENTS counts processed and unprocessed events, unless a filter EVENT_STATUS says otherwise.

| metric | filters | groupBy |
|---|---|---|
| EVENTS | ACCOUNT_ID, CUSTOMER_ID, SCHEMA_NAME, EVENT_STATUS, ORGANIZATION_ID | ACCOUNT_ID, CUSTOMER_ID, SCHEMA_NAME, EVENT_STATUS, RAW_EVENT_STATUS |
| USAGE, METER_USAGE | ACCOUNT_ID, CUSTOMER_ID, USAGE_METER_ID, BILLABLE_ID, ORGANIZATION_ID | ACCOUNT_ID, CUSTOMER_ID, USAGE_METER_ID, BILLABLE_ID |
| NAMED_LICENSE_USAGE | ACCOUNT_ID, CUSTOMER_ID, BILLABLE_ID, ORGANIZATION_ID | ACCOUNT_ID, CUSTOMER_ID, BILLABLE_ID |

A portal token can read the metrics of its accounts.`,
  refuses: {
    400: 'endTime is not after startTime; a series would have more than 300 points; two queries have the same id; or a query has a metric that is not available yet, or a filter, groupBy or config that its metric does not support.',
    403: 'A filter names an organization other than that of the token; or a portal token asks for a customer or an account that it cannot read.',
    422: 'The answer would have more than 100,000 points; or startTime or endTime is not a full hour, and the events of that hour are no longer stored.',
  },
  example: {
    after: ['createCustomer', 'ingest'],
    request: { startTime: '2026-03-29T00:00:00Z', endTime: '2026-03-31T00:00:00Z', metricQueries: [queries.events, queries.usage] },
    answer: {
      results: [
        {
          id: 'events',
          name: 'EVENTS',
          data: [
            {
              groupedBy: { fieldName: 'ACCOUNT_ID', fieldValue: accountId },
              timestamps: ['2026-03-29T00:00:00Z', '2026-03-30T00:00:00Z'],
              metricValues: [0, 1],
            },
          ],
        },
        {
          id: 'usage',
          name: 'METER_USAGE',
          data: [{ timestamps: ['2026-03-23T00:00:00Z', '2026-03-30T00:00:00Z'], metricValues: [0, 0] }],
        },
      ],
    },
  },
}

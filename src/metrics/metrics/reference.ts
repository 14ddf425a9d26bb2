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

export const tags = { Metrics: 'What events and usage add up to, over time.' }

export const getMetrics = {
  summary: 'Add up events and usage over time',
  description: `Answers up to five queries about what lies from startTime until before endTime, by the hour, day, week or month in UTC; what was ingested before is in it. Without groupBy a query has one series, with zeros where there is nothing. With groupBy it has a series for each value that has a record. Filters are all met, each by any of its values; an account can be named by its alias, a usage meter by its name. EVENTS counts those that are processed or unprocessed, unless EVENT_STATUS is asked for.

| metric | filters | groupBy |
|---|---|---|
| EVENTS | ACCOUNT_ID, CUSTOMER_ID, SCHEMA_NAME, EVENT_STATUS, ORGANIZATION_ID | ACCOUNT_ID, CUSTOMER_ID, SCHEMA_NAME, EVENT_STATUS, RAW_EVENT_STATUS |
| USAGE, METER_USAGE | ACCOUNT_ID, CUSTOMER_ID, USAGE_METER_ID, BILLABLE_ID, ORGANIZATION_ID | ACCOUNT_ID, CUSTOMER_ID, USAGE_METER_ID, BILLABLE_ID |
| NAMED_LICENSE_USAGE | ACCOUNT_ID, CUSTOMER_ID, BILLABLE_ID, ORGANIZATION_ID | ACCOUNT_ID, CUSTOMER_ID, BILLABLE_ID |

A portal token reads the metrics of its accounts.`,
  refuses: {
    400: 'endTime is not after startTime; a series would have more than 300 points; two queries have one id; or a query names a metric that is not answered yet, or a filter, a groupBy or a config that its metric does not take.',
    403: 'A filter names another organization than that of the token; or a portal token names a customer or an account that it does not read.',
    422: 'The answer would hold more than 100,000 points; or startTime or endTime is not at the full hour, and the events of then are not kept any more.',
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

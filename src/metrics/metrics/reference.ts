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
  largest: { id: 'largest', name: 'EVENTS', aggregationPeriod: 'MONTH', groupBy: 'ACCOUNT_ID', largestGroups: 10 },
}

export const tags = { Metrics: 'Sums of events, usage and revenue over time.' }

export const getMetrics = {
  summary: 'Add up events, usage and revenue over time',
  description: `Answers up to five queries about the time from startTime until just before endTime, by hour, day, week or month in UTC. The answer includes every event that was ingested before the request. Without groupBy, a query has one series, with zeros where there are no records. With groupBy, it has one series for each value that has records. A record must match all filters, and each filter by one of its values. A filter can name an account by its id or alias, and a usage meter by its id or name. EVENTS counts processed and unprocessed events, unless a filter EVENT_STATUS says otherwise.

largestGroups, an extension, answers only the groups that add up to most over the time range, in their order, the largest first; groups with the same sum stand by the value of the field, and groups below 0 come last. rest has what all other groups add up to in each bucket: data and rest together are the series without groupBy. Of active names of licences, a group adds up the values of its buckets. The groups are found where they are counted, so that such a query can be about more accounts than an answer has points.

REVENUE is what accounts earn you, reckoned with the usage and licences that are known now and not cut to the minor unit, before credits. Usage earns by how much it raises the price of its pricing cycle; a prorated fee or licence earns its share each day, also on the days to come of a cycle that has begun; other licences earn with each change; other fees when they are charged, at the beginning or at the end of the cycle. What limits, pricing rules and minimum commitments add or take stands in the last hour of the cycle so far, so that the hours of a cycle add up to what its invoices would be without cuts. Invoices of your own lines count at the end of their period once they have fallen due, and charges on invoices if they say considerForRevenue. A plan with deferredRevenue earns when the invoice has fallen due, and a void invoice earns nothing. USAGE_FOR_CYCLE and REVENUE_FOR_CYCLE have one record for each cycle that has begun, at its start, and leave out the buckets without one. configs.CURRENCY is BASE, which converts with the rates in the setting exchange_rates of the organization (namespace SYSTEM, data type JSON, such as {"EUR": "1.1"}), or INVOICE, which adds the amounts as they are.

A query about the cycles of at most 200 accounts is reckoned when it is asked, exact to the millisecond. One about more accounts adds up what is kept of them by whole hours, each of which counts if it begins in the time range: 200 accounts that have changed are reckoned first, and the others at most 15 minutes after they changed.

| metric | filters | groupBy |
|---|---|---|
| EVENTS | ACCOUNT_ID, CUSTOMER_ID, SCHEMA_NAME, EVENT_STATUS, ORGANIZATION_ID | ACCOUNT_ID, CUSTOMER_ID, SCHEMA_NAME, EVENT_STATUS, RAW_EVENT_STATUS |
| USAGE, METER_USAGE | ACCOUNT_ID, CUSTOMER_ID, USAGE_METER_ID, BILLABLE_ID, ORGANIZATION_ID | ACCOUNT_ID, CUSTOMER_ID, USAGE_METER_ID, BILLABLE_ID |
| NAMED_LICENSE_USAGE | ACCOUNT_ID, CUSTOMER_ID, BILLABLE_ID, ORGANIZATION_ID | ACCOUNT_ID, CUSTOMER_ID, BILLABLE_ID |
| REVENUE | ACCOUNT_ID, CUSTOMER_ID, USAGE_METER_ID, BILLABLE_ID, ORGANIZATION_ID | ACCOUNT_ID, CUSTOMER_ID, USAGE_METER_ID, BILLABLE_ID |
| USAGE_FOR_CYCLE, REVENUE_FOR_CYCLE | ACCOUNT_ID, CUSTOMER_ID, USAGE_METER_ID, BILLABLE_ID | ACCOUNT_ID, CUSTOMER_ID, USAGE_METER_ID, BILLABLE_ID |

A BILLABLE_ID is the id or the name of a usage meter, an add-on or a feature; for revenue also the id of a pricing rule that adds a line, or MINIMUM_COMMITMENT. USAGE_METER_ID is its old name.

A portal token can read the metrics of its accounts.`,
  refuses: {
    400: 'endTime is not after startTime; a series would have more than 300 points; two queries have the same id; a query has a filter, groupBy or config that its metric does not support; or it has largestGroups without groupBy, or with the amounts of different currencies as they are.',
    403: 'A filter names an organization other than that of the token; or a portal token asks for a customer or an account that it cannot read.',
    422: 'The answer would have more than 100,000 points, or asks for more than can be reckoned at once; revenue in a currency has no exchange rate; or startTime or endTime is not a full hour, and the events of that hour are no longer stored.',
  },
  example: {
    after: ['createCustomer', 'ingest'],
    request: {
      startTime: '2026-03-29T00:00:00Z',
      endTime: '2026-03-31T00:00:00Z',
      metricQueries: [queries.events, queries.usage, queries.largest],
    },
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
        {
          id: 'largest',
          name: 'EVENTS',
          data: [
            {
              groupedBy: { fieldName: 'ACCOUNT_ID', fieldValue: accountId },
              timestamps: ['2026-03-01T00:00:00Z'],
              metricValues: [1],
            },
          ],
          rest: { timestamps: ['2026-03-01T00:00:00Z'], metricValues: [0] },
        },
      ],
    },
  },
}

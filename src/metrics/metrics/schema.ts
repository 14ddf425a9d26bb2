import * as z from 'zod/mini'
import { described, list, named, text, textMap, whole } from '../../lib/fields.ts'
import { instant } from '../../lib/time.ts'
import { MOST_BUCKETS, PERIODS, bucketsOf } from './buckets.ts'
import { FIELDS, METRICS } from './fields.ts'

const MOST_QUERIES = 5
const MOST_LARGEST = 100

const joinChoices = (values: readonly string[]): string =>
  values.length > 1 ? `${values.slice(0, -1).join(', ')} or ${values.at(-1)}` : values.join('')

const MetricName = named(
  'MetricName',
  z.enum(METRICS),
  'EVENTS: the number of events. USAGE and METER_USAGE: the units of usage meters. NAMED_LICENSE_USAGE: the number of active names of licenses. REVENUE: what accounts earn you, when they do. USAGE_FOR_CYCLE and REVENUE_FOR_CYCLE: the usage and the revenue of whole pricing cycles, on the day on which each begins.',
)

const MetricQueryFilterEntry = named(
  'MetricQueryFilterEntry',
  z.strictObject({
    fieldName: described('A field by which the metric can be filtered. Use each field once.', text()),
    fieldValues: described(
      'A record matches if it has one of these values. A value that does not exist has no records.',
      z.array(text()).check(z.minLength(1)),
    ),
  }),
)

type Issue = (path: (string | number)[], message: string) => void

interface Query {
  name: (typeof METRICS)[number]
  groupBy?: string | undefined
  largestGroups?: number | undefined
  configs?: Record<string, string> | undefined
  filters?: { fieldName: string; fieldValues: string[] }[] | undefined
}

/** Reports what a metric does not support. */
const checkQuery = ({ name, groupBy, largestGroups, configs = {}, filters = [] }: Query, issue: Issue): void => {
  const fields = FIELDS[name]
  if (groupBy !== undefined && !fields.groupBy.includes(groupBy)) issue(['groupBy'], `must be ${joinChoices(fields.groupBy)} for ${name}`)
  if (largestGroups !== undefined && groupBy === undefined)
    issue(['largestGroups'], 'must be left out without groupBy: there are no groups')
  if (largestGroups !== undefined && configs['CURRENCY'] === 'INVOICE')
    issue(['largestGroups'], 'must be left out with configs.CURRENCY INVOICE: amounts in different currencies cannot be compared')
  for (const [key, value] of Object.entries(configs)) {
    const known = fields.configs && Object.keys(fields.configs)
    const values = fields.configs && Object.hasOwn(fields.configs, key) ? fields.configs[key] : undefined
    if (!values) issue(['configs', key], `must be left out: ${name} takes ${known ? `${joinChoices(known)} only` : 'no configs'}`)
    else if (!values.includes(value)) issue(['configs', key], `must be ${joinChoices(values)}`)
  }
  const seen = new Map<string, number>()
  for (const [index, { fieldName, fieldValues }] of filters.entries()) {
    const first = seen.get(fieldName)
    if (!fields.filters.includes(fieldName)) issue(['filters', index, 'fieldName'], `must be ${joinChoices(fields.filters)} for ${name}`)
    else if (first !== undefined) issue(['filters', index, 'fieldName'], `must not repeat filters[${first}]: put what it holds there`)
    else seen.set(fieldName, index)
    if (fieldName === 'SCHEMA_NAME' && fieldValues.length > 1) issue(['filters', index, 'fieldValues'], 'must hold 1 item for SCHEMA_NAME')
  }
}

const MetricQuery = named(
  'MetricQuery',
  z
    .strictObject({
      id: described('Your own id of the query. The result has the same id.', text()),
      name: MetricName,
      aggregationPeriod: described(
        `The length of a bucket in UTC, by default DAY. Weeks begin on Monday. A series can have at most ${MOST_BUCKETS} buckets.`,
        z._default(z.enum(PERIODS), 'DAY'),
      ),
      groupBy: z.optional(described('The answer has one series for each value of this field.', text())),
      largestGroups: z.optional(
        described(
          'An extension. With groupBy: the answer has only the series of so many groups, those with the largest sums over the time range, and one of all others.',
          whole(1, MOST_LARGEST, 'int32'),
        ),
      ),
      configs: z.optional(
        described(
          'For REVENUE and REVENUE_FOR_CYCLE: CURRENCY, which is BASE (the default) for the base currency of the organization, or INVOICE for the invoice currency of each account.',
          textMap(10),
        ),
      ),
      filters: z.optional(list(MetricQueryFilterEntry, 1, 5)),
    })
    .check(
      z.superRefine((query, context) => {
        checkQuery(query, (path, message) => context.addIssue({ code: 'custom', path, message }))
      }),
    ),
)
export type MetricQuery = z.infer<typeof MetricQuery>

export const GetMetricsRequest = named(
  'GetMetricsRequest',
  z
    .strictObject({
      startTime: described('The start of the time range (inclusive).', instant()),
      endTime: described('The end of the time range (exclusive).', instant()),
      metricQueries: list(MetricQuery, 1, MOST_QUERIES).register(z.globalRegistry, {
        minItems: 1,
        maxItems: MOST_QUERIES,
        uniqueItems: true,
      }),
    })
    .check(
      z.superRefine(({ startTime, endTime, metricQueries }, context) => {
        const issue: Issue = (path, message) => context.addIssue({ code: 'custom', path, message })
        if (startTime >= endTime) {
          issue(['endTime'], 'must be after startTime')
          return
        }
        const fitting = PERIODS.filter((period) => bucketsOf(startTime, endTime, period, MOST_BUCKETS + 1).length <= MOST_BUCKETS)
        if (!fitting.length) issue(['endTime'], `must be sooner: at most ${MOST_BUCKETS} months can be asked for`)
        const seen = new Map<string, number>()
        for (const [index, { id, aggregationPeriod }] of metricQueries.entries()) {
          const first = seen.get(id)
          if (first === undefined) seen.set(id, index)
          else issue(['metricQueries', index, 'id'], `must not repeat [${first}]: answers are told apart by it`)
          if (fitting.length && !fitting.includes(aggregationPeriod))
            issue(
              ['metricQueries', index, 'aggregationPeriod'],
              `must be ${joinChoices(fitting)} from startTime to endTime, which meet more than ${MOST_BUCKETS} buckets of ${aggregationPeriod}`,
            )
        }
      }),
    ),
)
export type GetMetricsRequest = z.infer<typeof GetMetricsRequest>

const MetricDataPoints = named(
  'MetricDataPoints',
  z.strictObject({
    groupedBy: z.optional(
      named(
        'MetricDataPointsGroupedBy',
        z.strictObject({ fieldName: z.string(), fieldValue: described('Empty for events that have no customer.', z.string()) }),
      ),
    ),
    timestamps: described(
      'The start of each bucket. The first bucket may start before startTime.',
      z.array(z.iso.datetime().register(z.globalRegistry, { format: 'date-time' })).check(z.maxLength(MOST_BUCKETS)),
    ),
    metricValues: described(
      'The value of each bucket with all its digits, even if a double cannot represent it exactly.',
      z.array(z.number()).check(z.maxLength(MOST_BUCKETS)),
    ),
  }),
)
export type MetricDataPoints = z.infer<typeof MetricDataPoints>

const MetricQueryResponse = named(
  'MetricQueryResponse',
  z.strictObject({
    id: z.string(),
    name: MetricName,
    data: z.array(MetricDataPoints),
    rest: z.optional(MetricDataPoints),
  }),
  'The series of a query. rest is an extension: with largestGroups, it has the sums of all groups that are not in data, with every bucket.',
)

export const GetMetricsResponse = named('GetMetricsResponse', z.strictObject({ results: z.array(MetricQueryResponse) }))
export type GetMetricsResponse = z.infer<typeof GetMetricsResponse>

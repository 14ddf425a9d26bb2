import { type Schemas, api, read } from '../../parts/client.ts'
import type { Exact } from '../../parts/exact_json.ts'
import { sumOf } from '../../parts/format.ts'
import { type Reading, useRead } from '../../parts/read.ts'
import type { Range } from './range.ts'

type Query = Omit<Schemas['MetricQuery'], 'id'>
type Points = Schemas['MetricDataPoints']

/** After how many milliseconds what was read is read again. */
export const PERIOD = 300_000

/** Asks several questions of the metrics at once: what they rest on is read once. Without any, nothing is asked. What all others add up to stands behind the largest groups. */
export const useMetrics = ({ from, until }: Pick<Range, 'from' | 'until'>, queries: readonly Query[]): Reading<Points[][]> =>
  useRead(
    queries.length ? `metrics ${from} ${until} ${JSON.stringify(queries)}` : undefined,
    async () => {
      const metricQueries = queries.map((query, at) => ({ id: String(at), ...query }))
      const { results } = await read(api.POST('/metrics', { body: { startTime: from, endTime: until, metricQueries } }))
      return results.map(({ data, rest }) => (rest ? [...data, rest] : data))
    },
    PERIOD,
  )

/** Events over time, in all and by status, and why those that were not processed were not. */
export const useEvents = (range: Range): Reading<Points[][]> =>
  useMetrics(range, [
    { name: 'EVENTS', aggregationPeriod: range.period },
    { name: 'EVENTS', aggregationPeriod: range.period, groupBy: 'EVENT_STATUS' },
    {
      name: 'EVENTS',
      aggregationPeriod: 'MONTH',
      groupBy: 'RAW_EVENT_STATUS',
      filters: [{ fieldName: 'EVENT_STATUS', fieldValues: ['UNPROCESSED'] }],
    },
  ])

/** How many accounts are shown by themselves. */
export const MOST_ACCOUNTS = 10

/** Revenue over time and of the accounts with most of it. */
export const useRevenue = (range: Range): Reading<Points[][]> =>
  useMetrics(range, [
    { name: 'REVENUE', aggregationPeriod: range.period },
    { name: 'REVENUE', aggregationPeriod: 'MONTH', groupBy: 'ACCOUNT_ID', largestGroups: MOST_ACCOUNTS },
  ])

/** What a value of a group adds up to, or all values that are not named. */
export interface Share {
  key: string | undefined
  sum: Exact
}

/** What each value of a group adds up to, if it is anything. */
export const sharesOf = (points: readonly Points[]): Share[] =>
  points.map(({ groupedBy, metricValues }) => ({ key: groupedBy?.fieldValue, sum: sumOf(metricValues) })).filter(({ sum }) => sum !== '0')

/** Lays a series over all buckets: those without a record have 0. */
export const layOver = (timestamps: readonly string[], points: Points | undefined): Exact[] => {
  const values = new Map(points?.timestamps.map((at, index) => [Date.parse(at), points.metricValues[index] ?? 0]))
  return timestamps.map((at) => values.get(Date.parse(at)) ?? 0)
}

/** Revenue is exact to many digits, of which a person reads two. */
export const cutToTwo = (value: Exact): string => String(value).replace(/(\.\d\d)\d+$/, '$1')

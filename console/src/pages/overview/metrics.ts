import { type Schemas, api, read } from '../../parts/client.ts'
import type { Exact } from '../../parts/exact_json.ts'
import { sumOf } from '../../parts/format.ts'
import { type Reading, useRead } from '../../parts/read.ts'
import type { Range } from './range.ts'

type Query = Omit<Schemas['MetricQuery'], 'id'>
export type Points = Schemas['MetricDataPoints']

/** Asks several questions of the metrics at once: what they rest on is read once. Without any, nothing is asked. */
export const useMetrics = ({ from, until }: Pick<Range, 'from' | 'until'>, queries: readonly Query[]): Reading<Points[][]> =>
  useRead(queries.length ? `metrics ${from} ${until} ${JSON.stringify(queries)}` : undefined, async () => {
    const metricQueries = queries.map((query, at) => ({ id: String(at), ...query }))
    const { results } = await read(api.POST('/metrics', { body: { startTime: from, endTime: until, metricQueries } }))
    return results.map(({ data }) => data)
  })

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

/** Revenue over time and by account. */
export const useRevenue = (range: Range): Reading<Points[][]> =>
  useMetrics(range, [
    { name: 'REVENUE', aggregationPeriod: range.period },
    { name: 'REVENUE', aggregationPeriod: 'MONTH', groupBy: 'ACCOUNT_ID' },
  ])

export interface Share {
  key: string
  sum: Exact
}

/** What each value of a group adds up to, the largest first. */
export const sharesOf = (points: readonly Points[]): Share[] =>
  points
    .map(({ groupedBy, metricValues }) => ({ key: groupedBy?.fieldValue ?? '', sum: sumOf(metricValues) }))
    .filter(({ sum }) => sum !== '0')
    .toSorted((one, other) => Number(other.sum) - Number(one.sum))

/** Lays a series over all buckets: those without a record have 0. */
export const layOver = (timestamps: readonly string[], points: Points | undefined): Exact[] => {
  const values = new Map(points?.timestamps.map((at, index) => [Date.parse(at), points.metricValues[index] ?? 0]))
  return timestamps.map((at) => values.get(Date.parse(at)) ?? 0)
}

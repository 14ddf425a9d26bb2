import { type Schemas, api, read } from '../../parts/client.ts'
import type { Exact } from '../../parts/exact_json.ts'
import { sumOf } from '../../parts/format.ts'
import { type Reading, useRead } from '../../parts/read.ts'
import type { Range } from './range.ts'

type Query = Omit<Schemas['MetricQuery'], 'id'>
export type Points = Schemas['MetricDataPoints']

/** Asks one question of the metrics. */
export const useMetric = ({ from, until }: Pick<Range, 'from' | 'until'>, query: Query | undefined): Reading<Points[]> =>
  useRead(query && `metrics ${from} ${until} ${JSON.stringify(query)}`, async () => {
    const body = { startTime: from, endTime: until, metricQueries: query ? [{ id: 'asked', ...query }] : [] }
    const { results } = await read(api.POST('/metrics', { body }))
    return results[0]?.data ?? []
  })

/** Revenue over time and by account, in one question, since both rest on the same reckoning. */
export const useRevenue = ({ from, until, period }: Range): Reading<{ overTime: Points[]; byAccount: Points[] }> =>
  useRead(`revenue ${from} ${until} ${period}`, async () => {
    const metricQueries = [
      { id: 'over time', name: 'REVENUE' as const, aggregationPeriod: period },
      { id: 'by account', name: 'REVENUE' as const, aggregationPeriod: 'MONTH' as const, groupBy: 'ACCOUNT_ID' },
    ]
    const { results } = await read(api.POST('/metrics', { body: { startTime: from, endTime: until, metricQueries } }))
    return { overTime: results[0]?.data ?? [], byAccount: results[1]?.data ?? [] }
  })

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

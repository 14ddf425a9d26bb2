import { jsonNumber, sumDecimals } from '../../lib/decimal.ts'
import { iso } from '../../lib/time.ts'
import { placeIn } from './buckets.ts'
import type { MetricDataPoints } from './schema.ts'

/** What is added to the bucket that begins at `start`, of a group: a decimal text, made of so many records. */
export interface Part {
  start: number
  group: string
  value: string
  records: number
}

interface Series {
  records: number
  /** What each bucket adds up. */
  values: string[][]
}

const emptySeries = (buckets: number): Series => ({ records: 0, values: Array.from({ length: buckets }, () => []) })

/** Adds parts up by group and bucket. */
export const addParts = (starts: readonly number[], parts: Iterable<Part>): Map<string, Series> => {
  const groups = new Map<string, Series>()
  for (const { start, group, value, records } of parts) {
    const series = groups.get(group) ?? emptySeries(starts.length)
    groups.set(group, series)
    series.records += records
    series.values[placeIn(starts, start)]?.push(value)
  }
  return groups
}

/** The groups that have a record, in the order of their names; without groupBy the one that there is, also where it has none. */
export const showSeries = (
  starts: readonly number[],
  groups: ReadonlyMap<string, Series>,
  groupBy: string | undefined,
): MetricDataPoints[] => {
  const timestamps = starts.map((start) => iso(start).replace('.000Z', 'Z'))
  const pointsOf = ({ values }: Series) => ({ timestamps, metricValues: values.map((texts) => jsonNumber(sumDecimals(texts))) })
  if (groupBy === undefined) return [pointsOf(groups.get('') ?? emptySeries(starts.length))]
  return [...groups]
    .filter(([, { records }]) => records > 0)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([fieldValue, series]) => ({ groupedBy: { fieldName: groupBy, fieldValue }, ...pointsOf(series) }))
}

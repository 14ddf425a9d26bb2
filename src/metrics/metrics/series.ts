import { jsonNumber, sumDecimals } from '../../lib/decimal.ts'
import { iso } from '../../lib/time.ts'
import { placeIn } from './buckets.ts'
import type { MetricDataPoints } from './schema.ts'

/** An amount for a group and the bucket that begins at `start`: a decimal as text, and the number of records in it. */
export interface Part {
  start: number
  group: string
  value: string
  records: number
}

interface Series {
  records: number
  /** The sum of each bucket. */
  values: string[][]
}

const emptySeries = (buckets: number): Series => ({ records: 0, values: Array.from({ length: buckets }, () => []) })

/** Adds up the parts of each group and bucket. */
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

/** The groups that have records, sorted by name. Without groupBy there is one group, even if it has no records. Buckets without parts are 0, or left out. */
export const showSeries = (
  starts: readonly number[],
  groups: ReadonlyMap<string, Series>,
  groupBy: string | undefined,
  isFilled = true,
): MetricDataPoints[] => {
  const timestamps = starts.map((start) => iso(start).replace('.000Z', 'Z'))
  const pointsOf = ({ values }: Series) => {
    const isShown = (index: number): boolean => isFilled || (values[index]?.length ?? 0) > 0
    return {
      timestamps: timestamps.filter((_, index) => isShown(index)),
      metricValues: values.flatMap((texts, index) => (isShown(index) ? [jsonNumber(sumDecimals(texts))] : [])),
    }
  }
  if (groupBy === undefined) return [pointsOf(groups.get('') ?? emptySeries(starts.length))]
  return [...groups]
    .filter(([, { records }]) => records > 0)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([fieldValue, series]) => ({ groupedBy: { fieldName: groupBy, fieldValue }, ...pointsOf(series) }))
}

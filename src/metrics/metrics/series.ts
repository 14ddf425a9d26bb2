import { compareRanks } from '../../ledger/client.ts'
import { formatDecimal, jsonNumber, negate, requireDecimal, sumDecimals } from '../../lib/decimal.ts'
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

/** The parts of the groups that are shown, and of all others. */
export interface Split {
  parts: readonly Part[]
  others: readonly Part[]
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

/** Takes parts away, where all parts contain them. */
export const negateParts = (parts: readonly Part[]): Part[] =>
  parts.map(({ value, records, ...part }) => ({ ...part, value: formatDecimal(negate(requireDecimal(value))), records: -records }))

/** Groups by what they add up to, the largest first, and equal ones by name. */
const rankSums = (sums: Iterable<readonly [group: string, texts: readonly string[]]>): string[] =>
  Array.from(sums, ([group, texts]) => [group, requireDecimal(sumDecimals(texts))] as const)
    .toSorted(compareRanks)
    .map(([group]) => group)

/** Splits parts into those of the groups that add up to most, at most `most` groups, and the others. */
export const splitLargest = (parts: readonly Part[], most: number): Split => {
  const groups = Map.groupBy(parts, ({ group }) => group)
  const ranked = rankSums([...groups].map(([group, its]) => [group, its.map(({ value }) => value)] as const))
  const partsIn = (names: readonly string[]) => names.flatMap((group) => groups.get(group) ?? [])
  return { parts: partsIn(ranked.slice(0, most)), others: partsIn(ranked.slice(most)) }
}

/** Orders series by what they add up to, the largest first, and equal ones by name. */
export const orderBySize = (data: readonly MetricDataPoints[], groups: ReadonlyMap<string, Series>): MetricDataPoints[] => {
  const places = new Map(
    rankSums([...groups].map(([group, { values }]) => [group, values.flat()] as const)).map((group, at) => [group, at]),
  )
  const placeOf = ({ groupedBy }: MetricDataPoints): number => places.get(groupedBy?.fieldValue ?? '') ?? 0
  return data.toSorted((one, other) => placeOf(one) - placeOf(other))
}

/** The series of all groups that are not shown by themselves. It has every bucket. */
export const showRest = (starts: readonly number[], others: readonly Part[]): MetricDataPoints | undefined =>
  showSeries(
    starts,
    addParts(
      starts,
      others.map((part) => ({ ...part, group: '' })),
    ),
    undefined,
  )[0]

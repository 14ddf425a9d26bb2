import { type Decimal, compare, formatDecimal, requireDecimal } from '../lib/decimal.ts'

/** Which groups are ranked: those with these names, or the `first` largest, or those that add up to `atLeast`, a decimal. */
export interface RankQuery {
  of?: readonly string[]
  first?: number
  atLeast?: string
}

/** Groups with what each adds up to, the largest first, and the largest sum of those that were left out. */
export interface Ranking {
  groups: [group: string, sum: string][]
  next?: string
}

/** Orders groups by their sums, the largest first, and equal ones by name. */
export const compareRanks = ([one, its]: readonly [string, Decimal], [other, sum]: readonly [string, Decimal]): number =>
  compare(sum, its) || (one < other ? -1 : one > other ? 1 : 0)

/** The ranking that is asked for, of all groups with their sums. */
export const rankGroups = (sums: Iterable<readonly [group: string, sum: string]>, { of, first, atLeast }: RankQuery): Ranking => {
  const all = Array.from(sums, ([group, sum]) => [group, requireDecimal(sum)] as const)
  const wanted = of && new Set(of)
  const least = atLeast === undefined ? undefined : requireDecimal(atLeast)
  const isRanked = ([group, sum]: readonly [string, Decimal]): boolean =>
    (wanted?.has(group) ?? true) && (least === undefined || compare(sum, least) >= 0)
  const ranked = all.filter(isRanked).toSorted(compareRanks)
  const next = first === undefined ? undefined : ranked[first]
  return {
    groups: ranked.slice(0, first).map(([group, sum]) => [group, formatDecimal(sum)]),
    ...(next && { next: formatDecimal(next[1]) }),
  }
}

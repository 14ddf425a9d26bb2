import type { NamedLicense } from '../../ledger/client.ts'
import { placeIn } from './buckets.ts'
import type { Part } from './series.ts'

/** Passes the buckets in which a name counts, from the first until the last of them. The spans of a name stand one after another, by their times. */
const takeBuckets = (
  starts: readonly number[],
  [from, until]: readonly [number, number],
  spans: readonly NamedLicense[],
  take: (span: NamedLicense, first: number, last: number) => void,
): void => {
  let name = ''
  let counted = -1
  for (const span of spans) {
    const its = JSON.stringify([span.account, span.license, span.name])
    if (its !== name) [name, counted] = [its, -1]
    const first = Math.max(placeIn(starts, Math.max(span.from, from)), counted + 1)
    const last = placeIn(starts, Math.min(span.until ?? until, until) - 1)
    if (first > last) continue
    counted = last
    take(span, first, last)
  }
}

/** The groups with the most names, added up over all buckets, at most `most`. */
export const rankLicenses = (
  starts: readonly number[],
  window: readonly [from: number, until: number],
  spans: readonly NamedLicense[],
  groupOf: (span: NamedLicense) => string,
  most: number,
): string[] => {
  const sums = new Map<string, number>()
  takeBuckets(starts, window, spans, (span, first, last) => {
    const group = groupOf(span)
    sums.set(group, (sums.get(group) ?? 0) + last - first + 1)
  })
  return [...sums]
    .toSorted(([one, its], [other, sum]) => sum - its || (one < other ? -1 : 1))
    .slice(0, most)
    .map(([group]) => group)
}

/** How many names are active at any instant of each bucket that a window meets (milliseconds), by group. */
export const countLicenses = (
  starts: readonly number[],
  window: readonly [from: number, until: number],
  spans: readonly NamedLicense[],
  groupOf: (span: NamedLicense) => string,
): Part[] => {
  /** For each group, how many more names each bucket has than the previous one. */
  const steps = new Map<string, number[]>()
  takeBuckets(starts, window, spans, (span, first, last) => {
    const group = groupOf(span)
    const changes = steps.get(group) ?? Array.from({ length: starts.length + 1 }, () => 0)
    steps.set(group, changes)
    changes[first] = (changes[first] ?? 0) + 1
    changes[last + 1] = (changes[last + 1] ?? 0) - 1
  })
  return [...steps].flatMap(([group, changes]) => {
    let count = 0
    return starts.map((start, place): Part => {
      count += changes[place] ?? 0
      return { start, group, value: String(count), records: count }
    })
  })
}

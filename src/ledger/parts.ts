import { sumDecimals } from '../lib/decimal.ts'
import { DAY, HOUR } from './entry.ts'
import { foldJournal } from './fold.ts'
import { forgottenBefore } from './retention.ts'
import type { Store } from './store.ts'
import { takeSums } from './sums.ts'

/**
 * The question for the units of an account's meters in each part of a time: from each cut (milliseconds, ascending) until just before the
 * next; or, if it is by the hour, in each hour from the first cut until just before the last one, which are full hours.
 */
export interface PartsQuery {
  account: string
  /** Only these meters, by series. */
  series?: readonly string[]
  cuts: readonly number[]
  isHourly?: boolean
}

/** The units of a meter in a part: the place of the question, that of the part, the series and the units. */
export type PartRow = [query: number, part: number, series: string, units: string]

/** The units, or the cuts that divide an hour whose events have been deleted. */
export type Parts = { rows: PartRow[] } | { forgotten: number[] }

/** A part of a time whose inner cuts all are at full hours. */
interface Segment {
  from: number
  until: number
  inner: number[]
}

const splitAtHours = (cuts: readonly number[]): Segment[] => {
  const segments: Segment[] = []
  let [from, inner] = [cuts[0] ?? 0, [] as number[]]
  for (const [index, cut] of cuts.entries()) {
    if (index === 0) continue
    if (index < cuts.length - 1 && cut % HOUR === 0) inner.push(cut)
    else {
      segments.push({ from, until: cut, inner })
      ;[from, inner] = [cut, []]
    }
  }
  return segments
}

/** The index of the part that an instant is in. */
const partAt = (cuts: readonly number[], instant: number): number => {
  let [low, high] = [0, cuts.length - 1]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if ((cuts[middle] ?? 0) <= instant) low = middle
    else high = middle - 1
  }
  return low
}

/** Reads the units of meters in parts of times, each exact to the millisecond. Payloads are kept for `days`. */
export const readParts = (store: Store, queries: readonly PartsQuery[], now: number, days: number): Parts => {
  const before = forgottenBefore(now, days)
  const isForgotten = (cut: number): boolean => cut % HOUR !== 0 && cut - (cut % HOUR) < before
  const forgotten = queries.flatMap(({ cuts }) => cuts.filter(isForgotten))
  if (forgotten.length) return { forgotten: [...new Set(forgotten)] }
  foldJournal(store)
  const rows = queries.flatMap(({ account, series, cuts, isHourly = false }, query): PartRow[] => {
    const [first = 0] = cuts
    const placeOf = (start: number): number => (isHourly ? Math.floor((start - first) / HOUR) : partAt(cuts, start))
    const units = new Map<string, string[]>()
    for (const { from, until, inner } of splitAtHours(cuts)) {
      const period = !isHourly && inner.every((cut) => cut % DAY === 0) ? 'DAY' : 'HOUR'
      takeSums(
        store,
        { from, until, period, kind: 'm', accounts: [account], byAccount: true, ...(series && { series }) },
        (start, _, name, its) => {
          const key = `${placeOf(start)} ${name}`
          const known = units.get(key)
          if (known) known.push(its)
          else units.set(key, [its])
          return true
        },
      )
    }
    return [...units].map(([key, texts]): PartRow => {
      const space = key.indexOf(' ')
      return [query, Number(key.slice(0, space)), key.slice(space + 1), sumDecimals(texts)]
    })
  })
  return { rows }
}

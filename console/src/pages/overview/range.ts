import type { Period } from '../../parts/chart.tsx'
import { afterDay, lastDateOf } from '../../parts/format.ts'

const [HOUR, DAY] = [3_600_000, 86_400_000]

/** Of the days before now: what they are called, and how many they are. */
export const RANGES: readonly (readonly [value: string, words: string])[] = [
  ['1', 'Last 24 hours'],
  ['7', 'Last 7 days'],
  ['30', 'Last 30 days'],
  ['90', 'Last 90 days'],
  ['month', 'This month'],
  ['last-month', 'Last month'],
  ['365', 'Last 12 months'],
  ['own', 'Own days'],
]

export interface Range {
  from: string
  until: string
  period: Period
}

const LENGTHS: Readonly<Record<Period, number>> = { HOUR, DAY, WEEK: 7 * DAY, MONTH: 30 * DAY }
/** The most buckets that a series has. */
const MOST = 300

/** The most days before now that a range has. */
const MOST_DAYS = 3660

/** The days from which and with which a person has chosen a range, if they have. */
type OwnDays = readonly [from: string | undefined, until: string | undefined]

/** The bounds of the days that a person has chosen. Undefined while one of them is missing, or they are in the wrong order. */
export const ownBoundsOf = ([from, until]: OwnDays): [number, number] | undefined => {
  if (!from || !until) return undefined
  const bounds: [number, number] = [Date.parse(`${from}T00:00:00Z`), Date.parse(afterDay(until))]
  return bounds[0] < bounds[1] ? bounds : undefined
}

/** The bounds of a range: whole days in UTC, until the end of today; the last day only goes by hours. */
const boundsOf = (range: string, now: number, own: OwnDays): [number, number] => {
  const today = Math.floor(now / DAY) * DAY
  const date = new Date(now)
  const monthAt = (months: number): number => Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months, 1)
  const chosen = range === 'own' ? ownBoundsOf(own) : undefined
  if (chosen) return chosen
  if (range === 'month') return [monthAt(0), today + DAY]
  if (range === 'last-month') return [monthAt(-1), monthAt(0)]
  if (range === '1') return [Math.floor(now / HOUR) * HOUR - 23 * HOUR, Math.floor(now / HOUR) * HOUR + HOUR]
  const days = Number(range)
  return [today - ((Number.isInteger(days) && days > 0 && days <= MOST_DAYS ? days : 30) - 1) * DAY, today + DAY]
}

/** Hours below 4 days, days until 90, then months, unless another granularity is chosen that is not too fine. */
export const rangeOf = (range: string, now: number, chosen: string | undefined, own: OwnDays): Range => {
  const [from, until] = boundsOf(range, now, own)
  const length = until - from
  const usual: Period = length < 4 * DAY ? 'HOUR' : length <= 92 * DAY ? 'DAY' : 'MONTH'
  const wished = chosen as Period | undefined
  const period = wished && LENGTHS[wished] && length / LENGTHS[wished] <= MOST ? wished : usual
  return { from: new Date(from).toISOString(), until: new Date(until).toISOString(), period }
}

/** The days of a range, as the filters of a list have them. */
export const datesOf = ({ from, until }: Range): { from: string; until: string } => ({
  from: from.slice(0, '2026-11-30'.length),
  until: lastDateOf(until),
})

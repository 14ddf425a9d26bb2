import type { Period } from '../../parts/chart.tsx'

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

const daysFrom = (at: number): number => Math.floor(at / DAY) * DAY

/** The bounds of a range: whole days in UTC, until the end of today; the last day only goes by hours. */
const boundsOf = (range: string, now: number, own: readonly [string | undefined, string | undefined]): [number, number] => {
  const today = daysFrom(now)
  const date = new Date(now)
  const monthAt = (months: number): number => Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months, 1)
  if (range === 'own' && own[0] && own[1] && own[0] <= own[1]) return [Date.parse(own[0]), Date.parse(own[1]) + DAY]
  if (range === 'month') return [monthAt(0), today + DAY]
  if (range === 'last-month') return [monthAt(-1), monthAt(0)]
  if (range === '1') return [Math.floor(now / HOUR) * HOUR - 23 * HOUR, Math.floor(now / HOUR) * HOUR + HOUR]
  const days = Number(range)
  return [today - ((Number.isInteger(days) && days > 0 ? days : 30) - 1) * DAY, today + DAY]
}

/** Hours below 4 days, days until 90, then months, unless another granularity is chosen that is not too fine. */
export const rangeOf = (
  range: string,
  now: number,
  chosen: string | undefined,
  own: readonly [string | undefined, string | undefined],
): Range => {
  const [from, until] = boundsOf(range, now, own)
  const length = until - from
  const usual: Period = length < 4 * DAY ? 'HOUR' : length <= 92 * DAY ? 'DAY' : 'MONTH'
  const wished = chosen as Period | undefined
  const period = wished && LENGTHS[wished] && length / LENGTHS[wished] <= MOST ? wished : usual
  return { from: new Date(from).toISOString(), until: new Date(until).toISOString(), period }
}

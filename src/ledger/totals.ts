import { sumDecimals } from '../lib/decimal.ts'
import { DAY, type EventRow, HOUR, type RuleSet, STATUSES, type Total, eventSeries, meterSeries } from './entry.ts'

const METERED = STATUSES.indexOf('INGESTION_COMPLETED_EVENT_METERED')

/** The account of the sums over all accounts. */
export const ALL = '*'

interface Sum {
  account: string
  series: string
  start: number
  units: string[]
  count: number
  first: number
  last: number
}

/** Sums that are being added up, by account, series and start. */
export type Sums = Map<string, Sum>

/** Adds to the sum of an account, a series and the hour or day that begins at `start` (milliseconds). */
const addTo = (
  sums: Sums,
  account: string,
  series: string,
  start: number,
  units: string,
  count: number,
  first: number,
  last: number,
): void => {
  const key = `${start} ${series} ${account}`
  const sum = sums.get(key)
  if (!sum) {
    sums.set(key, { account, series, start, units: [units], count, first, last })
    return
  }
  sum.units.push(units)
  sum.count += count
  if (first < sum.first) sum.first = first
  if (last > sum.last) sum.last = last
}

const totalsIn = (sums: Sums): Total[] =>
  Array.from(sums.values(), ({ account, series, start, units, count, first, last }) => [
    account,
    series,
    start,
    units.length === 1 ? (units[0] ?? '0') : sumDecimals(units),
    count,
    first,
    last,
  ])

/** What events add up to: their number by schema and status, and the units of each meter that counts them, by account and hour. */
export const totalsOf = (rows: readonly EventRow[], ruleSets: Readonly<Record<string, RuleSet>>): Total[] => {
  const sums: Sums = new Map()
  for (const [, , time, account, schema, status, rules, units] of rows) {
    const hour = time - (((time % HOUR) + HOUR) % HOUR)
    addTo(sums, account, eventSeries(schema, status), hour, '0', 1, time, time)
    if (status !== METERED || !units || rules === null) continue
    const meters = ruleSets[rules]?.meters ?? []
    for (let index = 0; index < units.length; index++) {
      const [meter, unit] = [meters[index], units[index]]
      if (meter && unit !== null && unit !== undefined) addTo(sums, account, meterSeries(meter[0]), hour, unit, 1, time, time)
    }
  }
  return totalsIn(sums)
}

/** The same totals, taken away. */
export const negateTotals = (totals: readonly Total[]): Total[] =>
  totals.map(([account, series, hour, units, count, first, last]) => [
    account,
    series,
    hour,
    units.startsWith('-') ? units.slice(1) : units === '0' ? '0' : `-${units}`,
    -count,
    first,
    last,
  ])

/** Totals of hours, added up by hour and by day, of each account and of all. */
export const foldTotals = (totals: readonly Total[]): { hours: Total[]; days: Total[] } => {
  const [hours, days]: [Sums, Sums] = [new Map(), new Map()]
  for (const [account, series, hour, units, count, first, last] of totals) {
    addTo(hours, account, series, hour, units, count, first, last)
    addTo(hours, ALL, series, hour, units, count, first, last)
  }
  for (const { account, series, start, units, count, first, last } of hours.values()) {
    const day = start - (((start % DAY) + DAY) % DAY)
    addTo(days, account, series, day, units.length === 1 ? (units[0] ?? '0') : sumDecimals(units), count, first, last)
  }
  return { hours: totalsIn(hours), days: totalsIn(days) }
}

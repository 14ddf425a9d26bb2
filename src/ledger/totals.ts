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

/** Sums in progress, by account, series and start. */
type Sums = Map<string, Sum>

/** The key of a sum. It is unique for each account and series. */
export const sumKey = (account: string, series: string, start: number): string => `${start} ${series.length} ${series}${account}`

/** Adds to the sum of an account and a series in the hour or day that begins at `start` (milliseconds). */
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
  const key = sumKey(account, series, start)
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

const unitsOf = ({ units }: Sum): string => (units.length === 1 ? (units[0] ?? '0') : sumDecimals(units))

const totalsIn = (sums: Sums): Total[] =>
  Array.from(sums.values(), (sum) => [sum.account, sum.series, sum.start, unitsOf(sum), sum.count, sum.first, sum.last])

/** Adds up events by account and hour: their number by schema and status, and the units of each meter. */
export const totalsOf = (rows: readonly EventRow[], ruleSets: Readonly<Record<string, RuleSet>>): Total[] => {
  const sums: Sums = new Map()
  for (const [, , time, account, schema, status, rules, units] of rows) {
    const hour = time - (time % HOUR)
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

/** Negates totals. */
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

/** Adds up hourly totals by hour and by day, for each account and for all. */
export const foldTotals = (totals: readonly Total[]): { hours: Total[]; days: Total[] } => {
  const [own, all, days]: [Sums, Sums, Sums] = [new Map(), new Map(), new Map()]
  for (const [account, series, hour, units, count, first, last] of totals) addTo(own, account, series, hour, units, count, first, last)
  const owned = totalsIn(own)
  for (const [, series, hour, units, count, first, last] of owned) addTo(all, ALL, series, hour, units, count, first, last)
  const hours = [...owned, ...totalsIn(all)]
  for (const [account, series, hour, units, count, first, last] of hours)
    addTo(days, account, series, hour - (hour % DAY), units, count, first, last)
  return { hours, days: totalsIn(days) }
}

import { sumDecimals } from '../lib/decimal.ts'
import { bucketStart } from '../lib/time.ts'
import { HOUR } from './entry.ts'
import { foldJournal } from './fold.ts'
import { forgottenBefore } from './retention.ts'
import type { Store } from './store.ts'
import { type SumQuery, takeSums } from './sums.ts'

/** The question for grouped sums. Times are from `from` until just before `until`, in milliseconds. */
export interface GroupQuery extends Omit<SumQuery, 'byAccount'> {
  /** Only events with these statuses (by code), if no series is named. */
  statuses?: readonly number[]
  /** The field with a sum for each value. If left out, there is one sum. An event without a customer has an empty text. */
  by?: 'ACCOUNT' | 'CUSTOMER' | 'METER' | 'SCHEMA' | 'STATUS'
  /** The most groups. If there are more, one more is returned, and the sums are incomplete. */
  most: number
  /** The time of the question, in milliseconds. */
  now: number
}

/** A sum of a group: the bucket's start, the group, the units and the number of events. */
export type GroupRow = [start: number, group: string, units: string, count: number]

/** The ends of a time range that cut an hour whose events have been deleted. */
export type Forgotten = { forgotten: number[] }

/** The sums, or that they cannot be told any more. */
export type Grouped = { rows: GroupRow[] } | Forgotten

/** The status in the series of events. */
const statusOf = (series: string): string => series.slice(2, series.indexOf('|', 2))

export const listSeries = ({ sql }: Store, { kind, series, statuses }: GroupQuery): readonly string[] => {
  if (series) return series
  const all = sql.exec<{ series: string }>('SELECT series FROM series WHERE substr(series, 1, 1) = ?', kind).toArray()
  return all.map((row) => row.series).filter((one) => !statuses || statuses.includes(Number(statusOf(one))))
}

/** Reads the customer of an account. The last one is remembered, since sums are sorted by account. */
export const findCustomers = ({ sql }: Store) => {
  let last = { account: '', customer: '' }
  return (account: string): string => {
    if (account !== last.account) {
      const [row] = sql.exec<{ customer: string | null }>('SELECT customer FROM account WHERE account = ?', account).toArray()
      last = { account, customer: row?.customer ?? '' }
    }
    return last.customer
  }
}

/** The group of a sum, by its account and series. */
const GROUPS = {
  ACCOUNT: (account: string) => account.slice(1),
  METER: (_: string, series: string) => series.slice(2),
  STATUS: (_: string, series: string) => statusOf(series),
  SCHEMA: (_: string, series: string) => series.slice(series.indexOf('|', 2) + 1),
} as const

/** The number of units that are collected before they are added up. */
const MOST_UNITS = 256

interface Sum {
  start: number
  group: string
  units: string[]
  count: number
}

/** Adds up a time range by group and bucket. */
export const addUp = (store: Store, query: GroupQuery): GroupRow[] => {
  const { by, most, period } = query
  const groupOf = by === undefined ? () => '' : by === 'CUSTOMER' ? findCustomers(store) : GROUPS[by]
  const groups = new Set<string>()
  const sums = new Map<string, Sum>()
  const series = listSeries(store, query)
  const byAccount = by === 'ACCOUNT' || by === 'CUSTOMER'
  takeSums(store, { ...query, series, byAccount }, (time, account, name, units, count) => {
    const group = groupOf(account, name)
    const start = bucketStart(time, period)
    const key = `${start} ${group}`
    const sum = sums.get(key)
    if (!sum) sums.set(key, { start, group, units: [units], count })
    else {
      if (sum.units.length === MOST_UNITS) sum.units = [sumDecimals(sum.units)]
      sum.units.push(units)
      sum.count += count
    }
    return groups.add(group).size <= most
  })
  return Array.from(sums.values(), ({ start, group, units, count }) => [start, group, sumDecimals(units), count])
}

/** Makes the sums ready for a question. Returns the ends of its time range that cannot be told any more, when payloads are kept for `days`. */
export const prepareSums = (store: Store, { from, until, now }: GroupQuery, days: number): Forgotten | undefined => {
  const before = forgottenBefore(now, days)
  const forgotten = [from, until].filter((time) => time % HOUR !== 0 && time - (time % HOUR) < before)
  if (forgotten.length) return { forgotten }
  foldJournal(store)
  return undefined
}

/** Adds up a time range by group and bucket, exact to the millisecond. Payloads are kept for `days`. */
export const readGroups = (store: Store, query: GroupQuery, days: number): Grouped =>
  prepareSums(store, query, days) ?? { rows: addUp(store, query) }

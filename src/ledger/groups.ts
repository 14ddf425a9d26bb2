import { sumDecimals } from '../lib/decimal.ts'
import { bucketStart } from '../lib/time.ts'
import { HOUR } from './entry.ts'
import { foldJournal } from './fold.ts'
import { forgottenBefore } from './retention.ts'
import type { Store } from './store.ts'
import { type SumQuery, takeSums } from './sums.ts'

/** What is added up, and by what: times from `from` until before `until`, in milliseconds. */
export interface GroupQuery extends Omit<SumQuery, 'byAccount'> {
  /** Of events, those of these statuses only, by their codes, where no series is named. */
  statuses?: readonly number[]
  /** What has a sum of its own: all is added together when it is left out. A customer is empty text where there is none. */
  by?: 'ACCOUNT' | 'CUSTOMER' | 'METER' | 'SCHEMA' | 'STATUS'
  /** How many groups are read; where there are more, one more than that is, and the sums are not those of all. */
  most: number
  /** When it is asked, in milliseconds. */
  now: number
}

/** A sum of a group: the bucket's start, the group, the units and the number of events. */
export type GroupRow = [start: number, group: string, units: string, count: number]

/** What is answered: the sums, or which ends of the window cut an hour whose events are kept no more. */
export type Grouped = { rows: GroupRow[] } | { forgotten: number[] }

/** The status in the series of events. */
const statusOf = (series: string): string => series.slice(2, series.indexOf('|', 2))

const listSeries = ({ sql }: Store, { kind, series, statuses }: GroupQuery): readonly string[] => {
  if (series) return series
  const all = sql.exec<{ series: string }>('SELECT series FROM series WHERE substr(series, 1, 1) = ?', kind).toArray()
  return all.map((row) => row.series).filter((one) => !statuses || statuses.includes(Number(statusOf(one))))
}

/** The customer of an account; that of the account before is remembered, since sums come account by account. */
const findCustomers = ({ sql }: Store) => {
  let last = { account: '', customer: '' }
  return (account: string): string => {
    if (account !== last.account) {
      const [row] = sql.exec<{ customer: string | null }>('SELECT customer FROM account WHERE account = ?', account).toArray()
      last = { account, customer: row?.customer ?? '' }
    }
    return last.customer
  }
}

/** The group that a sum is in, by its account and series. */
const GROUPS = {
  ACCOUNT: (account: string) => account.slice(1),
  METER: (_: string, series: string) => series.slice(2),
  STATUS: (_: string, series: string) => statusOf(series),
  SCHEMA: (_: string, series: string) => series.slice(series.indexOf('|', 2) + 1),
} as const

/** How many units are kept before they are added up. */
const MOST_UNITS = 256

interface Sum {
  start: number
  group: string
  units: string[]
  count: number
}

/** The sums of a window by group and bucket. */
const addUp = (store: Store, query: GroupQuery): GroupRow[] => {
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

/** The sums of a window by group and bucket, exact to the millisecond, when payloads are kept for `days`. */
export const readGroups = (store: Store, query: GroupQuery, days: number): Grouped => {
  const before = forgottenBefore(query.now, days)
  const forgotten = [query.from, query.until].filter((time) => time % HOUR !== 0 && time - (time % HOUR) < before)
  if (forgotten.length) return { forgotten }
  foldJournal(store)
  return { rows: addUp(store, query) }
}

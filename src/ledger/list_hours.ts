import { HOUR } from './entry.ts'
import { foldJournal } from './fold.ts'
import type { Store } from './store.ts'

/** A place among the sums of meters by hour: an account by its key, a series and the start of an hour. */
export type HourKey = readonly [account: string, series: string, start: number]

/** The question for the sums of meters by hour, account by account. Times are from `from` until before `until`, in milliseconds. */
export interface HoursQuery {
  from: number
  until: number
  /** Only these accounts, by key, and only these series. */
  accounts?: readonly string[]
  series?: readonly string[]
  /** What was read before. */
  after?: HourKey
  /** The most rows. */
  limit: number
}

/** The sums of some hours, and up to where there are no others. `read` is null if there are no more. */
export interface Hours {
  rows: [account: string, series: string, start: number, units: string][]
  read: HourKey | null
}

/** The most accounts that one answer looks at, whether they have sums or not. */
const MOST_ACCOUNTS = 200

interface Found {
  [column: string]: SqlStorageValue
  series: string
  start: number
  units: string
}

/** A series behind every other one of an account. */
const END = '\u{10FFFF}'

/** The accounts that are looked at next, of all that are not the names of events without an account, or of those that are wanted. */
const nextAccounts = ({ sql }: Store, { accounts, after }: HoursQuery): string[] => {
  const first = after?.[0] ?? ''
  const limit = `ORDER BY account LIMIT ${MOST_ACCOUNTS}`
  const found = accounts
    ? sql.exec<{ account: string }>(
        `SELECT DISTINCT value AS account FROM json_each(?) WHERE value >= ? ${limit}`,
        JSON.stringify(accounts),
        first,
      )
    : sql.exec<{ account: string }>(`SELECT account FROM account WHERE account >= ? ${limit}`, first)
  return found.toArray().map(({ account }) => account)
}

/** Reads the sums of meters by hour in the order of accounts, series and hours, from a place on. */
export const listHours = (store: Store, query: HoursQuery): Hours => {
  foldJournal(store)
  const { from, until, series, after, limit } = query
  const accounts = nextAccounts(store, query)
  const wanted = series
    ? { source: 'SELECT DISTINCT value AS series FROM json_each(?)', bound: JSON.stringify(series) }
    : { source: 'SELECT series FROM series WHERE substr(series, 1, 2) = ?', bound: 'm|' }
  const rows: Hours['rows'] = []
  for (const account of accounts) {
    const [, since, start] = after?.[0] === account ? after : ['', '', 0]
    for (const found of store.sql.exec<Found>(
      `SELECT its.series, its.start, its.units FROM (${wanted.source}) AS s
       CROSS JOIN sum_hour AS its ON its.account = ? AND its.series = s.series AND its.start >= ? AND its.start < ?
       WHERE its.count > 0 AND (its.series, its.start) > (?, ?) ORDER BY its.series, its.start LIMIT ?`,
      wanted.bound,
      account,
      Math.ceil(from / HOUR) * HOUR,
      until,
      since,
      start,
      limit - rows.length,
    ))
      rows.push([account, found.series, found.start, found.units])
    const last = rows.at(-1)
    if (last && rows.length >= limit) return { rows, read: [last[0], last[1], last[2]] }
  }
  const last = accounts.at(-1)
  return { rows, read: last === undefined || accounts.length < MOST_ACCOUNTS ? null : [last, END, 0] }
}

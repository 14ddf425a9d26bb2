import { sumDecimals } from '../lib/decimal.ts'
import { type Period, bucketStart } from '../lib/time.ts'
import { DAY, HOUR } from './entry.ts'
import { REVENUE_KINDS, type RevenueKind, type RevenueRow, dayOf } from './revenue.ts'
import { chunked } from './store.ts'

/** The question for kept revenue. Times are from `from` until before `until`, in milliseconds, and count by whole hours. */
export interface RevenueQuery {
  kind: RevenueKind
  from: number
  until: number
  now: number
  period: Period
  /** The field with a sum for each value. If left out, there is one sum. */
  by?: 'ACCOUNT' | 'CUSTOMER' | 'BILLABLE'
  accounts?: readonly string[]
  billables?: readonly string[]
  /** The most groups. If there are more, one more is returned, and the sums are incomplete. */
  most: number
}

/** A sum: the start of the bucket, the group, the currency and the amount. */
export type RevenueSum = [start: number, group: string, currency: string, amount: string]

interface SumRow {
  [column: string]: SqlStorageValue
  start: number
  is_last: number
  billable: string
  currency: string
  amount: string
}

/** A row of a query, with its account. */
type Take = (start: number, isLast: boolean, billable: string, currency: string, amount: string, account?: string) => boolean

const takeTable = (
  sql: SqlStorage,
  table: 'revenue_hour' | 'revenue_day',
  kind: number,
  from: number,
  until: number,
  take: Take,
): boolean => {
  if (from >= until) return true
  for (const { start, is_last: isLast, billable, currency, amount } of sql.exec<SumRow>(
    `SELECT start, is_last, billable, currency, amount FROM ${table} WHERE kind = ? AND start >= ? AND start < ? AND count > 0`,
    kind,
    from,
    until,
  ))
    if (!take(start, isLast === 1, billable, currency, amount)) return false
  return true
}

/** The rows of accounts, day by day. */
const takeAccounts = (sql: SqlStorage, { accounts, from, until }: RevenueQuery, kind: number, take: Take): void => {
  const days = [dayOf(from), until] as const
  const found = accounts
    ? chunked([...new Set(accounts)]).flatMap((sent) =>
        sql
          .exec<{ account: string; rows: string }>(
            'SELECT its.account, its.rows FROM json_each(?) AS sent CROSS JOIN revenue AS its ON its.account = sent.value AND its.day >= ? AND its.day < ?',
            sent,
            ...days,
          )
          .toArray(),
      )
    : sql.exec<{ account: string; rows: string }>('SELECT account, rows FROM revenue WHERE day >= ? AND day < ?', ...days)
  for (const { account, rows } of found)
    for (const [its, hour, isLast, billable, currency, amount] of JSON.parse(rows) as RevenueRow[])
      if (its === kind && !take(hour, isLast === 1, billable, currency, amount, account)) return
}

/** The amounts that are added up at once. */
const MOST_AMOUNTS = 256

/** Adds up what accounts have earned by bucket, group and currency. */
export const readRevenue = (sql: SqlStorage, query: RevenueQuery): RevenueSum[] => {
  const { from, until, now, period, by, billables, accounts, most } = query
  const kind = REVENUE_KINDS.indexOf(query.kind)
  const wanted = billables && new Set(billables)
  const present = now - (now % HOUR)
  const groups = new Set<string>()
  const sums = new Map<string, { sum: RevenueSum; amounts: string[] }>()
  let customer = { account: '', id: '' }
  const customerOf = (account: string): string => {
    if (customer.account !== account) {
      const [row] = sql.exec<{ customer: string }>('SELECT customer FROM revenue_account WHERE account = ?', account).toArray()
      customer = { account, id: row?.customer ?? '' }
    }
    return customer.id
  }
  const add: Take = (hour, isLast, billable, currency, amount, account = '') => {
    const at = isLast ? Math.min(hour, present) : hour
    if (at < from || at >= until || (wanted ? !wanted.has(billable) : by === 'BILLABLE' && billable === '')) return true
    const group = by === 'BILLABLE' ? billable : by === 'ACCOUNT' ? account : by === 'CUSTOMER' ? customerOf(account) : ''
    const start = bucketStart(at, period)
    const key = JSON.stringify([start, group, currency])
    const known = sums.get(key)
    if (!known) sums.set(key, { sum: [start, group, currency, '0'], amounts: [amount] })
    else {
      if (known.amounts.length === MOST_AMOUNTS) known.amounts = [sumDecimals(known.amounts)]
      known.amounts.push(amount)
    }
    return groups.add(group).size <= most
  }
  /** What is of the last hour so far may stand behind the end of the query. */
  const isPresent = present >= from && present < until
  if (by === 'ACCOUNT' || by === 'CUSTOMER' || accounts) {
    takeAccounts(sql, isPresent ? { ...query, until: Number.MAX_SAFE_INTEGER } : query, kind, add)
  } else {
    const hours = (first: number, last: number) => takeTable(sql, 'revenue_hour', kind, first, last, add)
    const [firstDay, lastDay] = [Math.ceil(from / DAY) * DAY, dayOf(until)]
    /** The day of the present hour and those behind it are read by the hour, because some of their rows count in the present one. */
    const cut = Math.min(lastDay, dayOf(present))
    if (period === 'HOUR' || firstDay >= cut) hours(from, until)
    else if (hours(from, firstDay) && takeTable(sql, 'revenue_day', kind, firstDay, cut, add)) hours(cut, until)
    if (isPresent) {
      const behind: Take = (hour, isLast, ...rest) => (isLast ? add(hour, isLast, ...rest) : true)
      takeTable(sql, 'revenue_hour', kind, until, Number.MAX_SAFE_INTEGER, behind)
    }
  }
  return Array.from(sums.values(), ({ sum: [start, group, currency], amounts }) => [start, group, currency, sumDecimals(amounts)])
}

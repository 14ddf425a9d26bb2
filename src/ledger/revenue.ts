import { sumDecimals } from '../lib/decimal.ts'
import { type Period, bucketStart } from '../lib/time.ts'
import { DAY, HOUR } from './entry.ts'
import { chunked, splitList } from './store.ts'

/** What is kept of accounts: what they earn by hour, and what their cycles come to, at the first hour of each. */
export const REVENUE_KINDS = ['REVENUE', 'REVENUE_FOR_CYCLE', 'USAGE_FOR_CYCLE'] as const
export type RevenueKind = (typeof REVENUE_KINDS)[number]

/**
 * An amount of a billable item in an hour (milliseconds). What is of the last hour so far stands in the last hour of its cycle, and counts in
 * the present hour as long as that is earlier.
 */
export type RevenueRow = [kind: number, hour: number, isLast: 0 | 1, billable: string, currency: string, amount: string]

/** A reckoning of an account: the rows of the hours from `from` until before `until` (milliseconds) take the place of those before. */
export interface Reckoned {
  account: string
  /** The number with which the reckoning was begun. One with a smaller number than the last one is ignored. */
  number: number
  from: number
  until: number
  /** Until when nothing changes any more (milliseconds), unless it is said otherwise. */
  settled: number
  rows: readonly RevenueRow[]
}

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

/** Begins reckonings of accounts, each with the id of its customer: a number that is larger than all before, and until when nothing changes. */
export const beginRevenue = (
  sql: SqlStorage,
  accounts: readonly [account: string, customer: string][],
): [number: number, settled: number][] => {
  const rows = chunked(accounts).flatMap((sent) =>
    sql
      .exec<{ account: string; asked: number; settled: number }>(
        `INSERT INTO revenue_account SELECT value ->> 0, value ->> 1, 1, 0, 0 FROM json_each(?) WHERE true
         ON CONFLICT (account) DO UPDATE SET asked = asked + 1, customer = excluded.customer RETURNING account, asked, settled`,
        sent,
      )
      .toArray(),
  )
  const byAccount = new Map(rows.map((row) => [row.account, row]))
  return accounts.map(([account]) => {
    const row = byAccount.get(account)
    return [row?.asked ?? 0, row?.settled ?? 0]
  })
}

/** The changes of sums: by kind, hour, whether it is of the last hour, item and currency. */
type Changes = Map<string, { amounts: string[]; count: number }>

const negate = (amount: string): string => (amount.startsWith('-') ? amount.slice(1) : `-${amount}`)

const addChange = (changes: Changes, [kind, hour, isLast, billable, currency, amount]: RevenueRow, sign: 1 | -1): void => {
  const key = JSON.stringify([kind, hour, isLast, billable, currency])
  const change = changes.get(key) ?? { amounts: [], count: 0 }
  changes.set(key, change)
  change.amounts.push(sign > 0 ? amount : negate(amount))
  change.count += sign
}

/** Adds changes to a table of sums over all accounts of the ledger. */
const applyChanges = (sql: SqlStorage, table: 'revenue_hour' | 'revenue_day', changes: Changes): void => {
  const all = [...changes].map(([key, { amounts, count }]) => [...(JSON.parse(key) as unknown[]), sumDecimals(amounts), count])
  for (const { part, json } of splitList(all.filter(([, , , , , amount, count]) => amount !== '0' || count !== 0))) {
    const next = part.map((one) => [...one])
    for (const { key, amount, count } of sql.exec<{ key: number; amount: string; count: number }>(
      `SELECT sent.key, its.amount, its.count FROM json_each(?) AS sent
       CROSS JOIN ${table} AS its ON its.kind = sent.value ->> 0 AND its.start = sent.value ->> 1 AND its.is_last = sent.value ->> 2
         AND its.billable = sent.value ->> 3 AND its.currency = sent.value ->> 4`,
      json,
    )) {
      const one = next[key]
      if (one) [one[5], one[6]] = [sumDecimals([amount, String(one[5])]), count + Number(one[6])]
    }
    for (const sent of chunked(next))
      sql.exec(
        `INSERT INTO ${table} SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6 FROM json_each(?) WHERE true
         ON CONFLICT (kind, start, is_last, billable, currency) DO UPDATE SET amount = excluded.amount, count = excluded.count`,
        sent,
      )
  }
}

const dayOf = (instant: number): number => instant - (instant % DAY)

/** Adds up rows of the same hour and item. */
const joinRows = (rows: readonly RevenueRow[]): RevenueRow[] => {
  const changes: Changes = new Map()
  for (const row of rows) addChange(changes, row, 1)
  return [...changes].map(([key, { amounts }]) => [...(JSON.parse(key) as unknown[]), sumDecimals(amounts)] as unknown as RevenueRow)
}

/** Writes what an account has earned where it differs from what is kept, and changes the sums by as much. Runs inside a transaction. */
const writeAccount = (sql: SqlStorage, { account, number, from, until, settled, rows }: Reckoned, hours: Changes, days: Changes): void => {
  const [known] = sql.exec<{ reckoned: number }>('SELECT reckoned FROM revenue_account WHERE account = ?', account).toArray()
  if (!known || number <= known.reckoned) return
  const next = new Map(
    [...Map.groupBy(joinRows(rows), ([, hour]) => dayOf(hour))].map(([day, its]) => [
      day,
      JSON.stringify(its.toSorted((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1))),
    ]),
  )
  const kept = new Map(
    sql
      .exec<{ day: number; rows: string }>('SELECT day, rows FROM revenue WHERE account = ? AND day >= ? AND day < ?', account, from, until)
      .toArray()
      .map(({ day, rows: json }) => [day, json]),
  )
  const take = (json: string | undefined, sign: 1 | -1): void => {
    for (const row of JSON.parse(json ?? '[]') as RevenueRow[]) {
      addChange(hours, row, sign)
      const [kind, hour, ...rest] = row
      addChange(days, [kind, dayOf(hour), ...rest], sign)
    }
  }
  for (const day of new Set([...next.keys(), ...kept.keys()])) {
    const json = next.get(day)
    if (json === kept.get(day)) continue
    take(kept.get(day), -1)
    take(json, 1)
    if (json === undefined) sql.exec('DELETE FROM revenue WHERE account = ? AND day = ?', account, day)
    else sql.exec('INSERT INTO revenue VALUES (?, ?, ?) ON CONFLICT (account, day) DO UPDATE SET rows = excluded.rows', account, day, json)
  }
  sql.exec('UPDATE revenue_account SET reckoned = ?, settled = ? WHERE account = ?', number, settled, account)
}

/** Writes what accounts have earned, and what that changes in the sums over all accounts. Runs inside a transaction. */
export const writeRevenue = (sql: SqlStorage, all: readonly Reckoned[]): void => {
  const [hours, days]: [Changes, Changes] = [new Map(), new Map()]
  for (const one of all) writeAccount(sql, one, hours, days)
  applyChanges(sql, 'revenue_hour', hours)
  applyChanges(sql, 'revenue_day', days)
}

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

import { sumDecimals } from '../lib/decimal.ts'
import { DAY } from './entry.ts'
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

export const dayOf = (instant: number): number => instant - (instant % DAY)

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

import { HOUR } from './entry.ts'
import { REVENUE_KINDS, type RevenueRow, dayOf } from './revenue.ts'

/** The question for what accounts have earned by hour, account by account. Times are from `from` until before `until`, in milliseconds. */
export interface EarnedQuery {
  from: number
  until: number
  now: number
  accounts?: readonly string[]
  /** The account and the day that were read last. */
  after?: readonly [account: string, day: number]
  /** The most days of accounts that are read. */
  limit: number
}

/** What accounts have earned, and up to where there is nothing else. `read` is null if there is no more. */
export interface Earned {
  rows: [account: string, billable: string, currency: string, hour: number, amount: string][]
  read: readonly [account: string, day: number] | null
}

/** The most accounts that one answer looks at, whether they have earned something or not. */
const MOST_ACCOUNTS = 500

const REVENUE = REVENUE_KINDS.indexOf('REVENUE')

/** Reads what accounts have earned by hour in the order of accounts and days, from a place on. */
export const listEarned = (sql: SqlStorage, { from, until, now, accounts, after, limit }: EarnedQuery): Earned => {
  const present = now - (now % HOUR)
  /** What is of the last hour so far stands in the last hour of its cycle. */
  const end = present >= from && present < until ? Number.MAX_SAFE_INTEGER : until
  const [first = ''] = after ?? []
  const wanted = accounts && JSON.stringify(accounts)
  const next = sql
    .exec<{ account: string }>(
      `SELECT account FROM revenue_account
       WHERE account >= ?1 AND (?2 IS NULL OR account IN (SELECT value FROM json_each(?2))) ORDER BY account LIMIT ${MOST_ACCOUNTS}`,
      first,
      wanted ?? null,
    )
    .toArray()
  const rows: Earned['rows'] = []
  let days = 0
  for (const { account } of next) {
    const since = after?.[0] === account ? after[1] : -1
    const found = sql
      .exec<{ day: number; rows: string }>(
        'SELECT day, rows FROM revenue WHERE account = ? AND day >= ? AND day < ? AND day > ? ORDER BY day LIMIT ?',
        account,
        dayOf(from),
        end,
        since,
        limit - days,
      )
      .toArray()
    for (const { rows: json } of found)
      for (const [kind, hour, isLast, billable, currency, amount] of JSON.parse(json) as RevenueRow[]) {
        const at = isLast ? Math.min(hour, present) : hour
        if (kind === REVENUE && at >= from && at < until) rows.push([account, billable, currency, at, amount])
      }
    days += found.length
    const last = found.at(-1)
    if (last && days >= limit) return { rows, read: [account, last.day] }
  }
  const last = next.at(-1)
  return { rows, read: last === undefined || next.length < MOST_ACCOUNTS ? null : [last.account, Number.MAX_SAFE_INTEGER] }
}

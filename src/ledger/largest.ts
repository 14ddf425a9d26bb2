import { sumDecimals } from '../lib/decimal.ts'
import { DAY, HOUR } from './entry.ts'
import { type Forgotten, type GroupQuery, type GroupRow, addUp, findCustomers, listSeries, prepareSums } from './groups.ts'
import { type RankQuery, type Ranking, rankGroups } from './ranking.ts'
import { type Store, chunked } from './store.ts'
import { type TakeTable, takeSums } from './sums.ts'

/** The question for the sums of some of the accounts or customers, and of all. */
export type LargestQuery = GroupQuery & { by: 'ACCOUNT' | 'CUSTOMER' }

/** The sums of the groups that were named, and of all groups together. */
export interface Largest {
  rows: GroupRow[]
  all: GroupRow[]
}

/** The hours or days whose units are put together into one text: with as many digits as a sum can have, it fits into a row. */
const MOST_JOINED = 200

/** The keys of the accounts of a question that belong to some groups. */
const accountsOf = ({ sql }: Store, { by, accounts }: LargestQuery, groups: readonly string[]): string[] => {
  const keys =
    by === 'ACCOUNT'
      ? groups.flatMap((id) => [`=${id}`, `?${id}`])
      : chunked(groups).flatMap((sent) =>
          sql
            .exec<{ account: string }>("SELECT account FROM account WHERE coalesce(customer, '') IN (SELECT value FROM json_each(?))", sent)
            .toArray()
            .map(({ account }) => account),
        )
  if (!accounts) return keys
  const asked = new Set(accounts)
  return keys.filter((key) => asked.has(key))
}

/** Adds up counts of events that stand with blanks between them. */
const addCounts = (text: string): number => {
  let count = 0
  for (const one of text.split(' ')) count += Number(one)
  return count
}

/**
 * Takes the sums of each account and series in one row, with blanks between their units or counts: a row for each of them takes eight times as long.
 * Without the limit, SQLite would join the units twice, the first time to see if there are any.
 */
const takeJoined: TakeTable = ({ sql }, table, { accounts, series, kind }, [from, until], take) => {
  const every = accounts ? 'SELECT value FROM json_each(?1)' : 'SELECT account AS value FROM account'
  const wanted = series ? 'SELECT value FROM json_each(?2)' : 'SELECT series AS value FROM series WHERE substr(series, 1, 1) = ?2'
  const joined = `group_concat(its.${kind === 'e' ? 'count' : 'units'}, ' ')`
  const length = MOST_JOINED * (table === 'sum_day' ? DAY : HOUR)
  for (const some of accounts ? chunked(accounts) : [''])
    for (const its of series ? chunked(series) : [kind])
      for (let start = from; start < until; start += length)
        for (const row of sql.exec<{ account: string; series: string; joined: string }>(
          `SELECT * FROM (
             SELECT a.value AS account, s.value AS series, (SELECT ${joined} FROM ${table} AS its
               WHERE its.account = a.value AND its.series = s.value AND its.start >= ?3 AND its.start < ?4 AND its.count > 0) AS joined
             FROM (${every}) AS a CROSS JOIN (${wanted}) AS s LIMIT -1
           ) WHERE joined IS NOT NULL`,
          some,
          its,
          start,
          Math.min(until, start + length),
        ))
          if (!take(start, row.account, row.series, kind === 'e' ? '0' : row.joined, kind === 'e' ? addCounts(row.joined) : 1)) return false
  return true
}

/** Ranks accounts or customers by their events or units in a time range, exact to the millisecond. */
export const readRanking = (store: Store, query: LargestQuery, asked: RankQuery, days: number): Ranking | Forgotten => {
  const forgotten = prepareSums(store, query, days)
  if (forgotten) return forgotten
  const { by, kind } = query
  const groupOf = by === 'CUSTOMER' ? findCustomers(store) : (account: string) => account.slice(1)
  const sums = new Map<string, string>()
  const accounts = asked.of ? accountsOf(store, query, asked.of) : query.accounts
  const narrowed = { ...query, series: listSeries(store, query), byAccount: true, ...(accounts && { accounts }) }
  takeSums(
    store,
    narrowed,
    (_start, account, _series, units, count) => {
      const group = groupOf(account)
      const sum = sums.get(group)
      const texts = kind === 'e' ? [String(count)] : units.split(' ')
      sums.set(group, sumDecimals(sum === undefined ? texts : [sum, ...texts]))
      return true
    },
    takeJoined,
  )
  return rankGroups(sums, asked)
}

/** Adds up a time range by bucket: for each of the groups that are named, and for all. */
export const readLargest = (store: Store, query: LargestQuery, groups: readonly string[], days: number): Largest | Forgotten => {
  const forgotten = prepareSums(store, query, days)
  if (forgotten) return forgotten
  const { by: _by, ...whole } = query
  return { rows: addUp(store, { ...query, accounts: accountsOf(store, query, groups) }), all: addUp(store, whole) }
}

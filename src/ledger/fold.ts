import { type Total, isUnknown } from './entry.ts'
import { type Store, chunked, takeUnknown } from './store.ts'
import { foldTotals } from './totals.ts'
import { sumDecimals } from '../lib/decimal.ts'

/** The most totals, and the most events, of the journal that are folded in one transaction. */
const TOTALS = 40_000
const JOURNALS = 200

interface SumRow {
  [column: string]: SqlStorageValue
  key: number
  units: string
  count: number
}

/**
 * Adds totals to a table of sums.
 *
 *     select sent.key, its.units, its.count from json_each(?) as sent cross join sum_hour as its on its.account = … and its.series = … and its.start = …
 *     insert into sum_hour select … from json_each(?) on conflict do update set units = excluded.units, count = excluded.count, …
 */
const addSums = ({ sql }: Store, table: 'sum_hour' | 'sum_day', totals: readonly Total[]): void => {
  for (let at = 0; at < totals.length; at += 5000) {
    const added = totals.slice(at, at + 5000)
    const keys = JSON.stringify(added.map(([account, series, start]) => [account, series, start]))
    const found = sql.exec<SumRow>(
      `SELECT sent.key, its.units, its.count FROM json_each(?) AS sent
       CROSS JOIN ${table} AS its ON its.account = sent.value ->> 0 AND its.series = sent.value ->> 1 AND its.start = sent.value ->> 2`,
      keys,
    )
    const next = added.map((total): Total => [...total])
    for (const { key, units, count } of found) {
      const total = next[key]
      if (total) [total[3], total[4]] = [sumDecimals([units, total[3]]), total[4] + count]
    }
    sql.exec(
      `INSERT INTO ${table} SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6 FROM json_each(?) WHERE true
       ON CONFLICT (account, series, start) DO UPDATE
       SET units = excluded.units, count = excluded.count, first = min(first, excluded.first), last = max(last, excluded.last)`,
      JSON.stringify(next),
    )
  }
}

/** Adds totals to the sums by hour and by day, of their accounts and of all. It runs inside a transaction. */
export const addTotals = (store: Store, totals: readonly Total[]): void => {
  const { hours, days } = foldTotals(totals)
  addSums(store, 'sum_hour', hours)
  addSums(store, 'sum_day', days)
  const series = takeUnknown(store, [...new Set(totals.map((total) => total[1]))])
  if (series.length) store.sql.exec('INSERT OR IGNORE INTO series SELECT value FROM json_each(?)', JSON.stringify(series))
  const unknown = takeUnknown(store, [...new Set(totals.map((total) => total[0]).filter(isUnknown))])
  for (const sent of chunked(unknown)) store.sql.exec('INSERT OR IGNORE INTO account SELECT value, NULL FROM json_each(?)', sent)
}

/** Puts events that hold ids into the lists, and those that wait for an account among those that wait. */
const listEvents = ({ sql }: Store, ids: readonly string[]): void => {
  for (const sent of chunked(ids)) {
    sql.exec(
      `INSERT OR IGNORE INTO timeline SELECT -event.time, event.id, event.reference, event.account, event.schema, event.status
       FROM json_each(?) AS sent CROSS JOIN event ON event.id = sent.value`,
      sent,
    )
    sql.exec(
      `INSERT OR IGNORE INTO listing SELECT event.account, -event.time, event.id, event.reference, event.schema, event.status
       FROM json_each(?) AS sent CROSS JOIN event ON event.id = sent.value`,
      sent,
    )
    sql.exec(
      `INSERT OR IGNORE INTO waiting SELECT substr(event.account, 2), event.id
       FROM json_each(?) AS sent CROSS JOIN event ON event.id = sent.value WHERE event.status = 9`,
      sent,
    )
  }
}

/** Folds the oldest part of the journal into the sums and lists. Gives whether more is left. */
const foldSome = (store: Store): boolean => {
  const { sql } = store
  const totals: Total[] = []
  const ids: string[] = []
  let last = 0
  let read = 0
  for (const row of sql.exec<{ seq: number; totals: string; ids: string }>(`SELECT * FROM journal ORDER BY seq LIMIT ${JOURNALS}`)) {
    read++
    last = row.seq
    for (const total of JSON.parse(row.totals) as Total[]) totals.push(total)
    for (const id of JSON.parse(row.ids) as string[]) ids.push(id)
    if (totals.length > TOTALS) break
  }
  if (!read) return false
  addTotals(store, totals)
  listEvents(store, ids)
  sql.exec('DELETE FROM journal WHERE seq <= ?', last)
  return sql.exec<{ n: number }>('SELECT count(*) AS n FROM (SELECT 1 FROM journal LIMIT 1)').one().n > 0
}

/** Folds the journal, a part a transaction: every read does so first, and so sees what was recorded before it. */
export const foldJournal = (store: Store): void => {
  while (store.transaction(() => foldSome(store)));
}

/** Folds one part of the journal. Gives whether more is left. */
export const foldPart = (store: Store): boolean => store.transaction(() => foldSome(store))

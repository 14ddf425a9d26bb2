import { sumDecimals } from '../lib/decimal.ts'
import { type Total, codeOf } from './entry.ts'
import { markChanged } from './mark.ts'
import { type Store, chunked, splitList, takeUnknown } from './store.ts'
import { foldTotals } from './totals.ts'
import { isUnprocessed, noteUnprocessed } from './unprocessed.ts'

const NOT_FOUND = codeOf('INGESTION_FAILED_ACCOUNT_NOT_FOUND')

/** The most totals, events and journal rows that are folded in one transaction. Other calls wait for it. */
const TOTALS = 40_000
const EVENTS = 10_000
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
 *     select sent.key, its.units, its.count from jsonb_each(?) as sent cross join sum_hour as its on its.account = … and its.series = … and its.start = …
 *     insert into sum_hour select … from jsonb_each(?) on conflict do update set units = excluded.units, count = excluded.count, …
 */
const addSums = ({ sql }: Store, table: 'sum_hour' | 'sum_day', totals: readonly Total[]): void => {
  for (const { part, json } of splitList(totals)) {
    const found = sql.exec<SumRow>(
      `SELECT sent.key, its.units, its.count FROM jsonb_each(?) AS sent
       CROSS JOIN ${table} AS its ON its.account = sent.value ->> 0 AND its.series = sent.value ->> 1 AND its.start = sent.value ->> 2`,
      json,
    )
    const next = part.map((total): Total => [...total])
    for (const { key, units, count } of found) {
      const total = next[key]
      if (total) [total[3], total[4]] = [sumDecimals([units, total[3]]), total[4] + count]
    }
    for (const sent of chunked(next))
      sql.exec(
        `INSERT INTO ${table} SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6 FROM jsonb_each(?) WHERE true
         ON CONFLICT (account, series, start) DO UPDATE
         SET units = excluded.units, count = excluded.count, first = min(first, excluded.first), last = max(last, excluded.last)`,
        sent,
      )
  }
}

/** Adds totals to the hourly and daily sums of their accounts and of all accounts. Runs inside a transaction. */
export const addTotals = (store: Store, totals: readonly Total[]): void => {
  const { hours, days } = foldTotals(totals)
  addSums(store, 'sum_hour', hours)
  addSums(store, 'sum_day', days)
  for (const sent of chunked(takeUnknown(store, 'series', new Set(totals.map(([, series]) => series)))))
    store.sql.exec('INSERT OR IGNORE INTO series SELECT value FROM json_each(?)', sent)
  for (const sent of chunked(takeUnknown(store, 'account', new Set(totals.map(([account]) => account)))))
    store.sql.exec('INSERT OR IGNORE INTO account SELECT value, NULL FROM json_each(?)', sent)
  markChanged(
    store,
    totals.map(([account]) => account),
  )
}

/** The data of an event in the lists. */
type ListEntry = [id: string, reference: string, time: number, account: string, schema: string, status: number]

/** Adds events to the lists. Events that wait for an account are also added to the waiting events. */
const listEvents = ({ sql }: Store, events: readonly ListEntry[]): void => {
  for (const sent of chunked(events, EVENTS)) {
    sql.exec(
      `INSERT OR IGNORE INTO timeline SELECT -(value ->> 2), value ->> 0, value ->> 1, value ->> 3, value ->> 4, value ->> 5
       FROM jsonb_each(?) ORDER BY value ->> 2 DESC, value ->> 0`,
      sent,
    )
    sql.exec(
      `INSERT OR IGNORE INTO listing SELECT value ->> 3, -(value ->> 2), value ->> 0, value ->> 1, value ->> 4, value ->> 5
       FROM jsonb_each(?) ORDER BY value ->> 3, value ->> 2 DESC, value ->> 0`,
      sent,
    )
  }
  for (const sent of chunked(events.filter(([, , , , , status]) => status === NOT_FOUND)))
    sql.exec('INSERT OR IGNORE INTO waiting SELECT substr(value ->> 3, 2), value ->> 0 FROM jsonb_each(?)', sent)
}

const keyOfUnprocessed = ([id, reference, , account, , status]: ListEntry): [string, string, string][] =>
  isUnprocessed(status) ? [[reference, id, account]] : []

/** Adds the oldest part of the journal to the sums and lists. Returns whether more is left. */
const foldSome = (store: Store): boolean => {
  const { sql } = store
  const totals: Total[] = []
  const events: ListEntry[] = []
  let last: number | undefined
  for (const row of sql.exec<{ seq: number; totals: string; places: string }>(`SELECT * FROM journal ORDER BY seq LIMIT ${JOURNALS}`)) {
    last = row.seq
    for (const total of JSON.parse(row.totals) as Total[]) totals.push(total)
    for (const place of JSON.parse(row.places) as ListEntry[]) events.push(place)
    if (totals.length >= TOTALS || events.length >= EVENTS) break
  }
  if (last === undefined) return false
  addTotals(store, totals)
  listEvents(store, events)
  noteUnprocessed(store, events.flatMap(keyOfUnprocessed))
  sql.exec('DELETE FROM journal WHERE seq <= ?', last)
  return hasJournal(store)
}

/** Whether the journal has rows that are not folded yet. */
export const hasJournal = ({ sql }: Store): boolean =>
  sql.exec<{ found: number }>('SELECT EXISTS (SELECT 1 FROM journal) AS found').one().found > 0

/** Folds the whole journal, with one transaction for each part. Every read does this first, so that it sees all recorded events. */
export const foldJournal = (store: Store): void => {
  while (hasJournal(store)) foldPart(store)
}

/** Folds one part of the journal. Returns whether more is left. */
export const foldPart = (store: Store): boolean => store.transaction(() => foldSome(store))

import { type Total, codeOf, unknownKey } from './entry.ts'
import { addTotals, foldJournal } from './fold.ts'
import type { Store } from './store.ts'
import { negateTotals } from './totals.ts'

/** The most events whose contents are erased in one call. */
const MOST = 1000

/** A place in the list of an account. */
export type ErasedPlace = readonly [back: number, id: string, reference: string]

/** Before the newest event of an account. */
const START: ErasedPlace = [Number.MIN_SAFE_INTEGER, '', '']

/** What is to be erased: the contents of the events of an account, by its key, and names for which events wait, each with what takes its place. */
export interface ErasedAccount {
  account: string
  names: readonly (readonly [old: string, next: string])[]
  /** Behind which event to go on. `NAMES`: all of the account are done. */
  after?: ErasedPlace | 'NAMES'
}

/** How many events lost their contents, and where to go on. BUSY: an event of the account is still in progress. */
export type ErasedEvents = { erased: number; next?: ErasedPlace | 'NAMES' } | 'BUSY'

/** The statuses whose reasons name nothing of the event: they stay. */
const PLAIN = [codeOf('INGESTION_FAILED_PAST_GRACE_PERIOD'), codeOf('INGESTION_FAILED_DUPLICATE_EVENT')].join()

/** What is left beside an event: what made its status so. */
const BARE_MORE = `nullif(iif(status IN (${PLAIN}), json_remove(more, '$.enriched', '$.settings', '$.alias'),
  json_remove(more, '$.enriched', '$.settings', '$.alias', '$.why')), '{}')`

const isBusy = ({ sql }: Store, account: string): boolean =>
  sql
    .exec<{ found: number }>(
      `SELECT EXISTS (SELECT 1 FROM carry) OR EXISTS (
         SELECT 1 FROM progress CROSS JOIN event ON event.id = progress.id WHERE event.account = ?
       ) AS found`,
      account,
    )
    .one().found > 0

interface ListedRow {
  [column: string]: SqlStorageValue
  back: number
  id: string
  reference: string
}

const readListed = ({ sql }: Store, account: string, after: ErasedPlace, limit: number): ListedRow[] =>
  sql
    .exec<ListedRow>(
      `SELECT back, id, reference FROM listing WHERE account = ? AND (back, id, reference) > (?, ?, ?) ORDER BY back, id, reference LIMIT ${limit}`,
      account,
      ...after,
    )
    .toArray()

/** Erases the contents of events. Repeats that have none of their own show those of the event that they repeat. Gives how many had some. */
const bareEvents = ({ sql }: Store, rows: readonly ListedRow[]): number => {
  const keys = JSON.stringify(rows.map(({ id, reference }) => [id, reference]))
  const its = `reference IN (SELECT value ->> 1 FROM json_each(?1))`
  const changed = () => sql.exec<{ n: number }>('SELECT changes() AS n').one().n
  const erase = `SET payload = iif(payload IS NULL, NULL, 'null'), more = ${BARE_MORE} WHERE (payload <> 'null' OR more IS NOT ${BARE_MORE}) AND ${its}`
  sql.exec(`UPDATE event ${erase} AND id IN (SELECT value ->> 0 FROM json_each(?1))`, keys)
  const held = changed()
  sql.exec(`UPDATE past ${erase}`, keys)
  return held + changed()
}

/** Moves an event from one name that no account has to another. It waits for nobody any more. */
const renameEvent = ({ sql }: Store, { back, id, reference }: ListedRow, from: string, to: string): void => {
  sql.exec('UPDATE event SET account = ? WHERE id = ? AND reference = ?', to, id, reference)
  sql.exec('UPDATE past SET account = ? WHERE reference = ?', to, reference)
  sql.exec('UPDATE timeline SET account = ? WHERE back = ? AND id = ? AND reference = ?', to, back, id, reference)
  sql.exec('UPDATE listing SET account = ? WHERE account = ? AND back = ? AND id = ? AND reference = ?', to, from, back, id, reference)
}

/** Moves what events of a name added up to, to another name. What all accounts add up to stays. */
const moveSums = (store: Store, from: string, to: string): void => {
  const { sql, known } = store
  const totals = sql
    .exec<{ series: string; start: number; units: string; count: number; first: number; last: number }>(
      "SELECT series, start, units, count, first, last FROM sum_hour WHERE account = ? AND (count <> 0 OR units <> '0')",
      from,
    )
    .toArray()
    .map(({ series, start, units, count, first, last }): Total => [from, series, start, units, count, first, last])
  const moved = totals.map(([, ...rest]): Total => [to, ...rest])
  if (totals.length) addTotals(store, [...negateTotals(totals), ...moved])
  for (const table of ['sum_hour', 'sum_day', 'account']) sql.exec(`DELETE FROM ${table} WHERE account = ?`, from)
  known.delete(`account ${from}`)
}

/** Renames what waits for a name. Gives how many events were renamed, `limit` at most. */
const renameName = (store: Store, old: string, next: string, limit: number): number => {
  const { sql } = store
  const [from, to] = [unknownKey(old), unknownKey(next)]
  const rows = readListed(store, from, START, limit)
  bareEvents(store, rows)
  for (const row of rows) renameEvent(store, row, from, to)
  if (rows.length < limit) {
    sql.exec('DELETE FROM waiting WHERE name = ?', old)
    sql.exec('UPDATE unprocessed SET account = ? WHERE account = ?', to, from)
    sql.exec('DELETE FROM told WHERE account = ?', from)
    moveSums(store, from, to)
  }
  return rows.length
}

/**
 * Erases what the events of an account say, and what waits for its names. What they counted, their ids, their times and their statuses
 * stay, and so does all that they add up to. The same call again changes nothing.
 */
export const eraseEvents = (store: Store, { account, names, after = START }: ErasedAccount): ErasedEvents => {
  foldJournal(store)
  return store.transaction(() => {
    if (isBusy(store, account)) return 'BUSY'
    let erased = 0
    if (after !== 'NAMES') {
      const rows = readListed(store, account, after, MOST)
      erased = bareEvents(store, rows)
      const last = rows.at(-1)
      if (last && rows.length === MOST) return { erased, next: [last.back, last.id, last.reference] }
    }
    for (const [old, next] of names) {
      const renamed = renameName(store, old, next, MOST)
      erased += renamed
      if (renamed === MOST) return { erased, next: 'NAMES' }
    }
    return { erased }
  })
}

/** How many events `eraseEvents` would take contents from. */
export const countErasable = (store: Store, accounts: readonly string[], names: readonly string[]): number => {
  foldJournal(store)
  return store.sql
    .exec<{ n: number }>(
      `SELECT count(*) AS n FROM json_each(?) AS sent CROSS JOIN listing ON listing.account = sent.value
       LEFT JOIN event ON event.id = listing.id AND event.reference = listing.reference
       LEFT JOIN past ON past.reference = listing.reference
       WHERE coalesce(event.payload, past.payload) <> 'null' OR listing.account LIKE '?%'`,
      JSON.stringify([...accounts, ...names.map(unknownKey)]),
    )
    .one().n
}

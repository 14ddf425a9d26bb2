import { DAY, isUnknown } from './entry.ts'
import { type Store, readState, writeState } from './store.ts'
import { TAKEN_FOR } from './taken.ts'
import { removeUnprocessed } from './unprocessed.ts'

/** How long the row of an event is kept after its payload was deleted, in milliseconds. */
const KEPT_LONGER = 45 * DAY

/** The number of events that are checked in one transaction. */
const MOST = 2000

/** A position in the list of all events by time. */
type Place = readonly [back: number, id: string, reference: string]
/** Before the oldest event. */
const START: Place = [1, '', '']

interface OldEvent {
  [column: string]: SqlStorageValue
  back: number
  id: string
  reference: string
  account: string
  held_since: number | null
  created_at: number | null
  closed_until: number | null
}

/** The next events before `until`, the oldest first. */
const readOld = ({ sql }: Store, from: Place, until: number): OldEvent[] =>
  sql
    .exec<OldEvent>(
      `SELECT its.back, its.id, its.reference, its.account, event.created_at AS held_since,
         coalesce(event.created_at, past.created_at) AS created_at,
         (SELECT max(until) FROM closing WHERE closing.account = its.account) AS closed_until
       FROM timeline AS its LEFT JOIN event ON event.id = its.id AND event.reference = its.reference
       LEFT JOIN past ON past.reference = its.reference
       WHERE (its.back, its.id, its.reference) < (?, ?, ?) AND its.back > ?
       ORDER BY its.back DESC, its.id DESC, its.reference DESC LIMIT ${MOST}`,
      ...from,
      -until,
    )
    .toArray()

/** Whether an event may be deleted: it arrived at least 45 days ago, and its account is not billed, or its time is closed. */
const isForgettable = ({ back, created_at, closed_until }: OldEvent, now: number): boolean =>
  (created_at ?? 0) <= now - TAKEN_FOR && (closed_until === null || -back < closed_until)

/** Continues a walk over the events before `until`. Returns whether more are left. */
const walk = (store: Store, name: string, until: number, now: number, forget: (events: readonly OldEvent[]) => void): boolean => {
  const old = readOld(store, readState(store, name, START), until)
  forget(old.filter((event) => isForgettable(event, now)))
  const last = old.at(-1)
  if (last) writeState(store, name, [last.back, last.id, last.reference])
  return old.length === MOST
}

const removePayloads = ({ sql }: Store, events: readonly OldEvent[]): void => {
  const keys = JSON.stringify(events.map(({ id, reference }) => [id, reference]))
  const bare = `SET payload = 'null', more = json_remove(more, '$.enriched', '$.settings')`
  const its = 'reference IN (SELECT value ->> 1 FROM json_each(?1)) AND payload IS NOT NULL'
  sql.exec(`UPDATE event ${bare} WHERE id IN (SELECT value ->> 0 FROM json_each(?1)) AND ${its}`, keys)
  sql.exec(`UPDATE past ${bare} WHERE ${its}`, keys)
}

const removeEvents = ({ sql }: Store, events: readonly OldEvent[]): void => {
  for (const { back, id, reference, account, held_since } of events) {
    if (held_since === null) sql.exec('DELETE FROM past WHERE reference = ?', reference)
    else {
      sql.exec('DELETE FROM event WHERE id = ?', id)
      if (isUnknown(account)) sql.exec('DELETE FROM waiting WHERE name = ? AND id = ?', account.slice(1), id)
    }
    sql.exec('DELETE FROM timeline WHERE back = ? AND id = ? AND reference = ?', back, id, reference)
    sql.exec('DELETE FROM listing WHERE account = ? AND back = ? AND id = ? AND reference = ?', account, back, id, reference)
  }
}

/** Deletes expired Idempotency-Keys. Returns whether more are left. */
const removeKeys = (store: Store, now: number): boolean => {
  const { sql } = store
  const keys = sql
    .exec<{ key: string; created_at: number }>(
      `SELECT key, created_at FROM request_key WHERE key > ? ORDER BY key LIMIT ${MOST}`,
      readState(store, 'keys', ''),
    )
    .toArray()
  for (const { key, created_at } of keys) if (created_at <= now - TAKEN_FOR) sql.exec('DELETE FROM request_key WHERE key = ?', key)
  writeState(store, 'keys', keys.length === MOST ? keys.at(-1)?.key : '')
  return keys.length === MOST
}

/** The instant before which events may be deleted, if payloads are kept for `days`. Both times are in milliseconds. */
export const forgottenBefore = (now: number, days: number): number => now - days * DAY - KEPT_LONGER

/** The time at which events were last deleted, in milliseconds. */
export const readForgot = (store: Store): number => readState(store, 'forgot', 0)

/**
 * Removes the next payloads of events older than `days`, and the next events whose payload went 45 days ago; what they add up to stays.
 * An event that came later than that goes 45 days after it came. Events go by the test clock of the organization if it has one, and keys by
 * `now`, the real time in milliseconds. Returns whether more are left.
 */
export const forgetSome = (store: Store, now: number, days: number): boolean =>
  store.transaction(() => {
    const today = store.clock ?? now
    const isLeft = [
      walk(store, 'bared', today - days * DAY, today, (events) => removePayloads(store, events)),
      walk(store, 'removed', forgottenBefore(today, days), today, (events) => removeEvents(store, events)),
      removeKeys(store, now),
      removeUnprocessed(store),
    ].includes(true)
    if (!isLeft) {
      writeState(store, 'removed', START)
      writeState(store, 'forgot', now)
    }
    return isLeft
  })

/** Whether the ledger has anything that will be deleted later. */
export const hasForgettable = ({ sql }: Store): boolean =>
  sql.exec<{ found: number }>('SELECT EXISTS (SELECT 1 FROM timeline) OR EXISTS (SELECT 1 FROM request_key) AS found').one().found > 0

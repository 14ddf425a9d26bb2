import type { Store } from './store.ts'

const DAY = 86_400_000

/** How much longer an event without its payload is kept, in milliseconds. */
const KEPT_LONGER = 45 * DAY

/** Events that are forgotten in one run. */
const MOST = 2000

const readState = ({ sql }: Store, key: string): number =>
  sql.exec<{ value: number | null }>('SELECT max(value) AS value FROM state WHERE key = ?', key).one().value ?? 0

const writeState = ({ sql }: Store, key: string, value: number): void => {
  sql.exec('INSERT INTO state VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2', key, value)
}

/** Whether an account is billed, and this time of it is not closed yet: then nothing of it is forgotten. */
const IS_OPEN = `EXISTS (SELECT 1 FROM closing WHERE closing.account = its.account)
  AND NOT EXISTS (SELECT 1 FROM closing WHERE closing.account = its.account AND closing.since <= -its.back AND closing.until > -its.back)`

/** Before which instant events may be forgotten, when payloads are kept for `days`; both times in milliseconds. */
export const forgottenBefore = (now: number, days: number): number => now - days * DAY - KEPT_LONGER

/** Removes payloads of events older than `days`, and events whose payload went 45 days ago; what they add up to stays. Once a day. */
export const forgetEvents = (store: Store, now: number, days: number): void => {
  if (now - readState(store, 'forgot') < DAY) return
  store.transaction(() => {
    const { sql } = store
    const until = now - days * DAY
    const old = sql
      .exec<{ id: string; reference: string; account: string; back: number }>(
        `SELECT id, reference, account, back FROM timeline AS its WHERE back > ? AND NOT (${IS_OPEN}) ORDER BY back DESC LIMIT ?`,
        -forgottenBefore(now, days),
        MOST,
      )
      .toArray()
    const gone = JSON.stringify(old.map(({ id, reference }) => [id, reference]))
    const bared = sql
      .exec<{ id: string; back: number }>(
        `SELECT id, back FROM timeline AS its WHERE back > ? AND back <= ? AND NOT (${IS_OPEN}) ORDER BY back DESC LIMIT ?`,
        -until,
        -readState(store, 'bared'),
        MOST,
      )
      .toArray()
    const bare = JSON.stringify(bared.map(({ id }) => id))
    for (const table of ['event', 'past'])
      sql.exec(`UPDATE ${table} SET payload = NULL WHERE id IN (SELECT value FROM json_each(?)) AND time < ?`, bare, until)
    sql.exec('DELETE FROM event WHERE (id, reference) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?))', gone)
    sql.exec('DELETE FROM past WHERE reference IN (SELECT value ->> 1 FROM json_each(?))', gone)
    for (const { id, reference, account, back } of old) {
      sql.exec('DELETE FROM timeline WHERE back = ? AND id = ? AND reference = ?', back, id, reference)
      sql.exec('DELETE FROM listing WHERE account = ? AND back = ? AND id = ? AND reference = ?', account, back, id, reference)
    }
    const [last] = bared.slice(-1)
    writeState(store, 'bared', bared.length < MOST || !last ? until : -last.back)
    if (old.length < MOST && bared.length < MOST) writeState(store, 'forgot', now)
  })
}

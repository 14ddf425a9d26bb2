import { type Store, chunked, takeVersion } from './store.ts'

/** How long an id is taken, in milliseconds (the contract: 45 days). */
export const TAKEN_FOR = 45 * 86_400_000

/** Of ids, those that are taken at `now` (milliseconds), each with the reference of the event that holds it. */
export const findTaken = (store: Store, ids: readonly string[], version: number, now: number): Record<string, string> => {
  takeVersion(store, version)
  const rows = chunked(ids).flatMap((sent) =>
    store.sql
      .exec<{ id: string; reference: string }>(
        'SELECT event.id, event.reference FROM json_each(?) AS sent CROSS JOIN event ON event.id = sent.value WHERE event.created_at > ?',
        sent,
        now - TAKEN_FOR,
      )
      .toArray(),
  )
  return Object.fromEntries(rows.map(({ id, reference }) => [id, reference]))
}

/** Claims an Idempotency-Key for a request: SAME where it was claimed for the same one, OTHER for another. Keys are kept 45 days. */
export const claimKey = (store: Store, key: string, fingerprint: string, now: number): 'NEW' | 'SAME' | 'OTHER' =>
  store.transaction(() => {
    const { sql } = store
    const [found] = sql
      .exec<{ fingerprint: string; created_at: number }>('SELECT fingerprint, created_at FROM request_key WHERE key = ?', key)
      .toArray()
    if (found && found.created_at > now - TAKEN_FOR) return found.fingerprint === fingerprint ? 'SAME' : 'OTHER'
    sql.exec('INSERT OR REPLACE INTO request_key VALUES (?, ?, ?)', key, fingerprint, now)
    return 'NEW'
  })

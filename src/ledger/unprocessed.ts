import { codeOf } from './entry.ts'
import { type Store, chunked, readState, writeState } from './store.ts'

/** The codes of the statuses of events that count nothing because something was wrong with them. Nothing is wrong with one that is sent twice. */
const [FIRST, LAST] = [codeOf('INGESTION_FAILED'), codeOf('INGESTION_FAILED_INSUFFICIENT_CREDITS')]
const DUPLICATE = codeOf('INGESTION_FAILED_DUPLICATE_EVENT')

/** The most rows whose events are looked up when rows are removed. */
const MOST = 2000

export const isUnprocessed = (status: number): boolean => status >= FIRST && status <= LAST && status !== DUPLICATE

/** Notes events that have become unprocessed, behind all that were noted before. Runs inside a transaction. */
export const noteUnprocessed = ({ sql }: Store, events: readonly (readonly [reference: string, id: string, account: string])[]): void => {
  for (const sent of chunked(events))
    sql.exec(
      'INSERT INTO unprocessed (reference, id, account) SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?) ORDER BY key',
      sent,
    )
}

/** Removes what was noted of events that are gone. Returns whether more is left. */
export const removeUnprocessed = (store: Store): boolean => {
  const { sql } = store
  const rows = sql
    .exec<{ seq: number; isGone: number }>(
      `SELECT its.seq, event.id IS NULL AND past.id IS NULL AS isGone FROM unprocessed AS its
       LEFT JOIN event ON event.id = its.id AND event.reference = its.reference
       LEFT JOIN past ON past.reference = its.reference
       WHERE its.seq > ? ORDER BY its.seq LIMIT ${MOST}`,
      readState(store, 'unprocessed', 0),
    )
    .toArray()
  for (const { seq, isGone } of rows) if (isGone) sql.exec('DELETE FROM unprocessed WHERE seq = ?', seq)
  writeState(store, 'unprocessed', rows.length === MOST ? rows.at(-1)?.seq : 0)
  return rows.length === MOST
}

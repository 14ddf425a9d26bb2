import { foldJournal } from './fold.ts'
import type { Store } from './store.ts'
import { isUnprocessed } from './unprocessed.ts'

/** The question for events that became unprocessed behind the one with a number, of one account (by its key) or of all. */
export interface UnprocessedQuery {
  after: number
  account?: string
}

/** How many of them are unprocessed now, the number of the last one that was looked at, and whether there may be more behind it. */
export interface Unprocessed {
  count: number
  last: number
  isCut: boolean
}

/** Counts events that became unprocessed, for each query in their order; `most` are looked at. */
export const countUnprocessed = (store: Store, queries: readonly UnprocessedQuery[], most: number): Unprocessed[] => {
  foldJournal(store)
  const last = lastUnprocessed(store)
  return queries.map(({ after, account }) => {
    const rows = store.sql
      .exec<{ seq: number; reference: string; status: number | null }>(
        `SELECT its.seq, its.reference, coalesce(event.status, past.status) AS status FROM unprocessed AS its
         LEFT JOIN event ON event.id = its.id AND event.reference = its.reference
         LEFT JOIN past ON past.reference = its.reference
         WHERE ${account === undefined ? '' : 'its.account = ?3 AND'} its.seq > ?1 ORDER BY its.seq LIMIT ?2`,
        after,
        most,
        ...(account === undefined ? [] : [account]),
      )
      .toArray()
    const isCut = rows.length === most
    const found = new Set(rows.flatMap(({ reference, status }) => (status !== null && isUnprocessed(status) ? [reference] : [])))
    return { count: found.size, last: isCut ? (rows.at(-1)?.seq ?? after) : Math.max(last, after), isCut }
  })
}

/** The number of the last event that has become unprocessed: 0 if there was none. */
export const lastUnprocessed = (store: Store): number => {
  foldJournal(store)
  const [row] = store.sql.exec<{ seq: number }>("SELECT seq FROM sqlite_sequence WHERE name = 'unprocessed'").toArray()
  return row?.seq ?? 0
}

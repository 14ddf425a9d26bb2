import { type Batch, insertJournal, keepActs, keepNames, readPlaces, rowsIn } from './batch.ts'
import { hasClosed } from './closing.ts'
import type { Recorded, Stale } from './entry.ts'
import { INSERT_EVENTS } from './past.ts'
import { recordOneByOne } from './repeats.ts'
import { type Store, chunked, findStale, noteClock, split, takeVersion } from './store.ts'

/** Thrown to roll back a transaction in which a row was not new. */
const NOT_NEW = new Error('an event is not new')

/** Whether one of some ids (as JSON) belonged to an event that has lost it. */
const isInPast = ({ sql }: Store, ids: string): boolean =>
  split(ids).some(
    (sent) =>
      sql
        .exec<{ found: number }>(
          'SELECT EXISTS (SELECT 1 FROM json_each(?) AS sent CROSS JOIN past ON past.id = sent.value) AS found',
          sent,
        )
        .one().found > 0,
  )

/** Records events that are all new, with one statement for up to 1 MB of them. */
const recordNew = (store: Store, batch: Batch, now: number): void =>
  store.transaction(() => {
    const { head, rows, totals, acts } = batch
    const { sql } = store
    const parts = rows.flatMap(split)
    let inserted = 0
    for (const sent of parts) {
      sql.exec(INSERT_EVENTS, sent, head.createdAt, head.source)
      inserted += sql.exec<{ n: number }>('SELECT changes() AS n').one().n
    }
    if (inserted !== head.count) throw NOT_NEW
    takeVersion(store, head.version)
    keepNames(store, head)
    insertJournal(
      store,
      totals,
      parts.map((sent) => readPlaces(store, sent)),
    )
    if (acts) keepActs(store, batch, rowsIn(rows), now)
  })

/** The references of the events of a batch that are in progress. */
const listInProgress = ({ sql }: Store, { acts }: Batch): string[] =>
  acts
    ? chunked(Object.keys(acts)).flatMap((sent) =>
        sql
          .exec<{ reference: string }>(
            'SELECT progress.reference FROM json_each(?) AS sent CROSS JOIN progress ON progress.reference = sent.value AND progress.is_undo = 0',
            sent,
          )
          .toArray()
          .map(({ reference }) => reference),
      )
    : []

/** Records each event once. Refuses a call that used outdated versions. `now` is in milliseconds. */
export const recordEvents = (store: Store, batch: Batch, now: number): Recorded | Stale => {
  const stale = batch.isCarried ? undefined : findStale(store, batch.head, now)
  if (stale) return { stale }
  noteClock(store, batch.head)
  const recorded = (its: Pick<Recorded, 'repeats' | 'held'>): Recorded => ({
    ...its,
    inProgress: listInProgress(store, batch),
    size: store.sql.databaseSize,
  })
  const mayBeClosed = batch.first < store.closedUntil && hasClosed(store, batch.totals)
  if (!batch.hasRepeats && !mayBeClosed && !isInPast(store, batch.ids))
    try {
      recordNew(store, batch, now)
      return recorded({ repeats: [], held: [] })
    } catch (error) {
      if (error !== NOT_NEW) throw error
    }
  return recorded(recordOneByOne(store, batch, now))
}

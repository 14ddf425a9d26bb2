import { type Batch, keepActs, keepNames, insertJournal, readPlaces, rowsIn } from './batch.ts'
import { isClosed, needsOpenTime } from './closing.ts'
import { totalsOfEvent } from './correct.ts'
import { type Act, ENTITLED, type EventRow, type EventShown, type RecordedEntitled, type Stale, codeOf } from './entry.ts'
import { addTotals, foldJournal } from './fold.ts'
import { INSERT_EVENTS, moveToPast } from './past.ts'
import { isHolder, readEvents } from './read.ts'
import { type Holder, isOpenEntitled, readHolders, readPast, requestKey } from './repeats.ts'
import { type Store, chunked, findStale, noteClock, runAndUndo, takeVersion } from './store.ts'
import { TAKEN_FOR } from './taken.ts'
import { negateTotals, totalsOf } from './totals.ts'

const IN_PROGRESS = codeOf('INGESTION_IN_PROGRESS')
const DUPLICATE = codeOf('INGESTION_FAILED_DUPLICATE_EVENT')

/** What the event that has an id means for one that is sent with it: the same request again, the same event that is not answered yet, or another one. */
const judgeHolder = (holder: Holder, [, reference, , , , , , , payload, , request]: EventRow): RecordedEntitled['state'] => {
  const isOpen = isOpenEntitled(holder)
  if (holder.reference === reference || (request !== null && holder.request === request)) return isOpen ? 'OPEN' : 'DONE'
  if (!isOpen) return 'TAKEN'
  return holder.payload === JSON.stringify(payload) ? 'OPEN' : 'HELD'
}

/** What becomes of the event of a batch, by what the ledger knows. */
const judgeEvent = (
  store: Store,
  { head }: Batch,
  row: EventRow,
): { state: RecordedEntitled['state']; reference: string; holder?: Holder } => {
  const [id, reference, time, account, , status, , , , , request] = row
  const holder = readHolders(store, chunked([id])).get(id)
  if (holder && holder.created_at > head.createdAt - TAKEN_FOR)
    return { state: judgeHolder(holder, row), reference: holder.reference, holder }
  const past = readPast(store, [row])
  if (past.has(reference) || (request !== null && past.has(requestKey(request)))) return { state: 'DONE', reference }
  if (status === DUPLICATE) return { state: 'TAKEN', reference }
  if (needsOpenTime(status) && isClosed(store, account, time)) return { state: 'CLOSED', reference }
  return { state: 'NEW', reference, ...(holder && { holder }) }
}

/** What is kept of an event in progress, and what it asks of its account's ledger. */
const readOpen = (store: Store, id: string, reference: string): Pick<RecordedEntitled, 'open'> => {
  const [event] = readEvents(store, [[id, reference]])
  const [asked] = store.sql.exec<{ act: string }>('SELECT act FROM progress WHERE reference = ? AND is_undo = 0', reference).toArray()
  if (!event || !asked) return {}
  const { account, customer, more } = event
  return { open: { event: { account, customer, more }, act: JSON.parse(asked.act) as Act } }
}

/** Records one event that is kept only if its account has enough credits, unless it is only tried. `now` is in milliseconds. */
export const recordEntitled = (store: Store, batch: Batch, now: number, isTried: boolean): RecordedEntitled | Stale => {
  const stale = findStale(store, batch.head, now)
  if (stale) return { stale }
  noteClock(store, batch.head)
  const record = (): RecordedEntitled => {
    const { head } = batch
    takeVersion(store, head.version)
    const [row] = rowsIn(batch.rows)
    if (!row) throw new Error('no event was sent')
    const { state, reference, holder } = judgeEvent(store, batch, row)
    const recorded = { state, reference, size: store.sql.databaseSize, ...(state === 'OPEN' && readOpen(store, row[0], reference)) }
    if (state !== 'NEW' || isTried) return recorded
    if (holder) moveToPast(store, holder.id)
    keepNames(store, head)
    const [sent = '[]'] = chunked([row])
    store.sql.exec(INSERT_EVENTS, sent, head.createdAt, head.source)
    keepActs(store, batch, [row], now)
    insertJournal(store, JSON.stringify(totalsOf([row], head.ruleSets)), [readPlaces(store, sent)])
    return recorded
  }
  return isTried ? runAndUndo(store.transaction, record) : store.transaction(record)
}

/** Whether an event is kept only if its account has enough credits. */
export const isOfEntitled = ({ source }: Pick<EventShown, 'source'>): boolean => source === ENTITLED

/** Removes an event that holds its id, as if it had never been sent. What it adds to the sums is left. */
export const removeEvent = ({ sql }: Store, { id, reference, time, account }: EventShown): void => {
  sql.exec('DELETE FROM event WHERE id = ?', id)
  const place = [-time, id, reference]
  sql.exec('DELETE FROM timeline WHERE back = ? AND id = ? AND reference = ?', ...place)
  sql.exec('DELETE FROM listing WHERE account = ? AND back = ? AND id = ? AND reference = ?', account, ...place)
}

/** Removes an event in progress that is not kept, because its account has not enough credits. */
export const dropEntitled = (store: Store, id: string, reference: string): void => {
  foldJournal(store)
  store.transaction(() => {
    const [event] = readEvents(store, [[id, reference]])
    if (event?.status !== IN_PROGRESS || !isOfEntitled(event) || !isHolder(store, id, reference)) return
    store.sql.exec('DELETE FROM progress WHERE reference = ? AND is_undo = 0', reference)
    removeEvent(store, event)
    addTotals(store, negateTotals(totalsOfEvent(event)))
  })
}

import { type Batch, insertJournal, keepActs, keepNames, readPlaces, rowsIn } from './batch.ts'
import { judgeClosing } from './closing.ts'
import { type EventMore, type EventRow, type Recorded, ENTITLED, codeOf, isUnknown } from './entry.ts'
import { INSERT_EVENTS, insertPast, moveToPast } from './past.ts'
import { readEvents } from './read.ts'
import { type Store, chunked, runAndUndo, takeVersion } from './store.ts'
import { TAKEN_FOR } from './taken.ts'
import { totalsOf } from './totals.ts'

const DUPLICATE = codeOf('INGESTION_FAILED_DUPLICATE_EVENT')
const IN_PROGRESS = codeOf('INGESTION_IN_PROGRESS')

export interface Holder {
  [column: string]: SqlStorageValue
  id: string
  reference: string
  created_at: number
  status: number
  source: number
  account: string
  payload: string | null
  request: string | null
}

/** Whether it is not known yet if an event is kept, since the ledger of its account has not said whether there are enough credits. */
export const isOpenEntitled = ({ status, source }: Pick<Holder, 'status' | 'source'>): boolean =>
  status === IN_PROGRESS && source === ENTITLED

/** Reads the events that have some ids. */
export const readHolders = ({ sql }: Store, ids: readonly string[]): Map<string, Holder> =>
  new Map(
    ids
      .flatMap((sent) =>
        sql
          .exec<Holder>(
            `SELECT event.id, event.reference, event.created_at, event.status, event.source, event.account, event.payload, event.request
             FROM json_each(?) AS sent CROSS JOIN event ON event.id = sent.value`,
            sent,
          )
          .toArray(),
      )
      .map((event) => [event.id, event]),
  )

export const requestKey = (request: string): string => `request ${request}`

interface Past {
  [column: string]: SqlStorageValue
  reference: string
  request: string | null
  of: string | null
}

const PAST = `past.reference, past.request, iif(past.status = ${DUPLICATE}, past.more ->> 'of', NULL) AS "of"`

/** Finds rows that were recorded before without an id of their own, by reference and request. Each has the reference of the event that it repeats, or null. */
export const readPast = ({ sql }: Store, rows: readonly EventRow[]): Map<string, string | null> => {
  const found = new Map<string, string | null>()
  const take = (query: string, names: readonly string[]): void => {
    for (const sent of chunked(names))
      for (const { reference, request, of } of sql.exec<Past>(query, sent)) {
        found.set(reference, of)
        if (request !== null) found.set(requestKey(request), of)
      }
  }
  take(
    `SELECT ${PAST} FROM json_each(?) AS sent CROSS JOIN past ON past.reference = sent.value`,
    rows.map(([, reference]) => reference),
  )
  take(
    `SELECT ${PAST} FROM json_each(?) AS sent CROSS JOIN past ON past.request = sent.value`,
    rows.flatMap(([, , , , , , , , , , request]) => request ?? []),
  )
  return found
}

/** What is kept of an event whose payload was deleted or erased. */
const BARE_PAYLOAD = 'null'

/** The account of a repeat: that of the event that it repeats if that is bare, since its own name may be one that was erased. */
const accountOfRepeat = (account: string, holder: Pick<Holder, 'account' | 'payload'>): string =>
  holder.payload === BARE_PAYLOAD && isUnknown(account) ? holder.account : account

/** Makes the repeat of an event. The payload is left out if it is the same, or if that of the event is not kept any more. */
const repeatOf = (row: EventRow, of: string, holder: Holder | undefined): EventRow => {
  const more: EventMore = { why: 'An event with this id was ingested before.', of }
  const isLeftOut = holder?.payload === BARE_PAYLOAD || holder?.payload === JSON.stringify(row[8])
  const account = holder ? accountOfRepeat(row[3], holder) : row[3]
  return [row[0], row[1], row[2], account, row[4], DUPLICATE, null, null, isLeftOut ? null : row[8], more, row[10]]
}

const applyClosing = (store: Store, row: EventRow): EventRow => {
  const closed = judgeClosing(store, row[3], row[2], row[5], row[9], 'arrived')
  return closed ? [row[0], row[1], row[2], row[3], row[4], closed.status, row[6], null, row[8], closed.more, row[10]] : row
}

/**
 * Determines whether each event is new, was sent by the same request before, or is a repeat, and records it unless it is already stored, or
 * held by an event of which it is not known yet whether it is kept.
 */
export const recordOneByOne = (store: Store, batch: Batch, now: number): Pick<Recorded, 'repeats' | 'held'> =>
  store.transaction(() => {
    const { head } = batch
    takeVersion(store, head.version)
    const sent = rowsIn(batch.rows)
    const holders = readHolders(store, chunked([...new Set(sent.map(([id]) => id))]))
    const past = readPast(store, sent)
    const [fresh, repeats]: [EventRow[], EventRow[]] = [[], []]
    const told: Recorded['repeats'] = []
    const held: string[] = []
    for (const row of sent) {
      const [id, reference, , , , status, , , payload, more, request] = row
      const holder = holders.get(id)
      if (holder && (holder.reference === reference || (request !== null && holder.request === request))) continue
      const before = [reference, ...(request === null ? [] : [requestKey(request)])].find((key) => past.has(key))
      if (before !== undefined) {
        const of = past.get(before)
        if (typeof of === 'string') told.push([reference, of])
        continue
      }
      const isTaken = holder && holder.created_at > head.createdAt - TAKEN_FOR
      if (isTaken && isOpenEntitled(holder) && status !== DUPLICATE) {
        held.push(reference)
        continue
      }
      if (isTaken || status === DUPLICATE) {
        const of = (status === DUPLICATE ? more?.of : undefined) ?? holder?.reference ?? ''
        repeats.push(status === DUPLICATE ? row : repeatOf(row, of, holder))
        told.push([reference, of])
        past.set(reference, of)
        continue
      }
      if (holder) moveToPast(store, id)
      fresh.push(applyClosing(store, row))
      holders.set(id, {
        id,
        reference,
        created_at: head.createdAt,
        status,
        source: head.source,
        account: row[3],
        payload: JSON.stringify(payload),
        request,
      })
    }
    keepNames(store, head)
    const [newRows, oldRows] = [chunked(fresh, 1000), chunked(repeats, 1000)]
    for (const some of newRows) store.sql.exec(INSERT_EVENTS, some, head.createdAt, head.source)
    for (const some of oldRows) insertPast(store, some, head.createdAt, head.source)
    keepActs(store, batch, fresh, now)
    const rows = [...fresh, ...repeats]
    if (rows.length)
      insertJournal(
        store,
        JSON.stringify(totalsOf(rows, head.ruleSets)),
        [...newRows, ...oldRows].map((some) => readPlaces(store, some)),
      )
    return { repeats: told, held }
  })

/** What would become of an event: its reference, its status, and why it has that. */
export type TriedEvent = [reference: string, status: number, why: string | null]

/** What would become of events, in their order, if they were recorded now. Nothing is kept. */
export const tryEvents = (store: Store, batch: Batch, now: number): TriedEvent[] =>
  runAndUndo(store.transaction, () => {
    recordOneByOne(store, batch, now)
    const events = readEvents(
      store,
      rowsIn(batch.rows).map(([id, reference]) => [id, reference]),
    )
    return events.map(({ reference, status, more }) => [reference, status, more?.why ?? null])
  })

import { type Batch, TAKEN_UP_AFTER } from './batch.ts'
import { isClosed } from './closing.ts'
import { type EventRow, type EventShown, STATUSES, type Total, codeOf } from './entry.ts'
import { addTotals, foldJournal } from './fold.ts'
import { moveToPast } from './past.ts'
import { isHolder, readEvents } from './read.ts'
import { relistEvent } from './relist.ts'
import { type Store, runAndUndo } from './store.ts'
import { negateTotals, totalsOf } from './totals.ts'

const REVERTED = codeOf('REVERTED')
const DUPLICATE = codeOf('INGESTION_FAILED_DUPLICATE_EVENT')

const rowOf = (event: EventShown, status = event.status): EventRow => [
  event.id,
  event.reference,
  event.time,
  event.account,
  event.schema,
  status,
  'rules',
  event.units,
  null,
  event.more,
  null,
]

/** What an event adds to the sums with a status. */
export const totalsOfEvent = (event: EventShown, status = event.status): Total[] =>
  totalsOf([rowOf(event, status)], event.rules ? { rules: event.rules } : {})

/** The statuses that a correction leaves as they are, and the one from which an event is ingested again without being reverted (the contract's table of corrections). */
export interface Eligibility {
  refused: readonly number[]
  kept: readonly number[]
  /** Whether the time of the event is closed by the plan of its account, whatever the ledger has closed. */
  isPast?: boolean
  /** The status that the event had when it was found: by that it is known what is to be taken back elsewhere. */
  found?: number
}

/** What became of one event of a correction: the event as it was, and whether it is reverted, out of the way, or as before. BUSY: its ledger is just doing what an earlier call has left. CHANGED: it has another status than when it was found. */
export interface Reverted {
  event: EventShown
  outcome: 'REVERTED' | 'FREED' | 'REFUSED' | 'CLOSED' | 'GONE' | 'BUSY' | 'CHANGED'
}

/** What a correction is to do in other ledgers: an event that named a licence, or took credits of a feature, is taken back there, and another one is recorded. */
export interface Carry {
  license?: { ledger: string; reference: string }
  feature?: { ledger: string; reference: string }
  ledger?: string
  batch?: Batch
}

/** What a correction did to an event before: the same again, when it is repeated. */
const recall = (event: EventShown, correction: string | undefined): Reverted | undefined => {
  const { by, before, ...more } = event.more ?? {}
  if (correction === undefined || by !== correction) return undefined
  const status = before === undefined ? event.status : codeOf(before)
  return {
    event: { ...event, status, more: Object.keys(more).length ? more : null },
    outcome: before === undefined ? 'FREED' : 'REVERTED',
  }
}

/** Replaces what a correction is to do elsewhere, if that is still to be done: by what holds now, and for the ledgers that are now in use. */
export const replaceCarry = ({ sql }: Store, correction: string, act: Carry, now: number): void => {
  sql.exec('UPDATE carry SET act = ?, due_at = ? WHERE correction = ?', JSON.stringify(act), now + TAKEN_UP_AFTER, correction)
}

/**
 * Takes an event back: what it added to the sums goes, its id is free, and it is REVERTED. `act` is what is to be done elsewhere because
 * of it, kept under the correction's id in the same transaction until it has been. The same correction again changes nothing and answers
 * the same; for another one the event is GONE.
 */
export const revertEvent = (
  store: Store,
  key: readonly [id: string, reference: string],
  { refused, kept, isPast = false, found }: Eligibility,
  carry: { correction: string; act?: Carry } | undefined,
  now: number,
): Reverted | undefined => {
  foldJournal(store)
  const { correction, act } = carry ?? {}
  return store.transaction(() => {
    const { sql } = store
    const [event] = readEvents(store, [key])
    if (!event) return undefined
    const holds = isHolder(store, event.id, event.reference)
    if (!holds && (act?.batch || event.status === REVERTED || event.status === DUPLICATE)) {
      const before = recall(event, correction)
      if (before && correction !== undefined && act) replaceCarry(store, correction, act, now)
      return before ?? { event, outcome: 'GONE' }
    }
    if (found !== undefined && event.status !== found) return { event, outcome: 'CHANGED' }
    if (refused.includes(event.status)) return { event, outcome: 'REFUSED' }
    if (isPast || isClosed(store, event.account, event.time)) return { event, outcome: 'CLOSED' }
    const isKept = kept.includes(event.status)
    if (act)
      sql.exec(
        'INSERT OR REPLACE INTO carry (correction, act, due_at) VALUES (?, ?, ?)',
        correction,
        JSON.stringify(act),
        now + TAKEN_UP_AFTER,
      )
    if (holds) moveToPast(store, event.id)
    const more = { ...event.more, ...(correction !== undefined && { by: correction }), ...(!isKept && { before: STATUSES[event.status] }) }
    sql.exec(
      'UPDATE past SET status = ?, more = ? WHERE reference = ?',
      isKept ? event.status : REVERTED,
      Object.keys(more).length ? JSON.stringify(more) : null,
      event.reference,
    )
    if (isKept) return { event, outcome: 'FREED' }
    relistEvent(store, event, REVERTED)
    addTotals(store, [...negateTotals(totalsOfEvent(event)), ...totalsOf([rowOf(event, REVERTED)], {})])
    return { event, outcome: 'REVERTED' }
  })
}

/** What would become of an event if it was taken back now. Nothing is changed. */
export const tryRevert = (
  store: Store,
  key: readonly [id: string, reference: string],
  eligibility: Eligibility,
  now: number,
): Reverted | undefined => runAndUndo(store.transaction, () => revertEvent(store, key, eligibility, undefined, now))

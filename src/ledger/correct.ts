import { type EventRow, type EventShown, type RuleSet, STATUSES, type Stale, type Total, codeOf } from './entry.ts'
import { addTotals, foldJournal } from './fold.ts'
import { readEvents } from './read.ts'
import { isClosed, moveToPast } from './record.ts'
import { type Store, findStale, takeVersion } from './store.ts'
import { negateTotals, totalsOf } from './totals.ts'

const REVERTED = codeOf('REVERTED')
const PAST_GRACE = codeOf('INGESTION_FAILED_PAST_GRACE_PERIOD')
const NOT_FOUND = codeOf('INGESTION_FAILED_ACCOUNT_NOT_FOUND')

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
const totalsOfEvent = (event: EventShown, status = event.status): Total[] =>
  totalsOf([rowOf(event, status)], event.rules ? { rules: event.rules } : {})

const setListed = ({ sql }: Store, { id, reference, time, account }: EventShown, status: number, next = account): void => {
  sql.exec('UPDATE timeline SET status = ?, account = ? WHERE back = ? AND id = ? AND reference = ?', status, next, -time, id, reference)
  if (next === account)
    sql.exec(
      'UPDATE listing SET status = ? WHERE account = ? AND back = ? AND id = ? AND reference = ?',
      status,
      account,
      -time,
      id,
      reference,
    )
  else {
    sql.exec(
      'INSERT OR REPLACE INTO listing SELECT ?1, back, id, reference, schema, ?2 FROM listing WHERE account = ?3 AND back = ?4 AND id = ?5 AND reference = ?6',
      next,
      status,
      account,
      -time,
      id,
      reference,
    )
    sql.exec('DELETE FROM listing WHERE account = ? AND back = ? AND id = ? AND reference = ?', account, -time, id, reference)
  }
}

/** The statuses that a correction leaves as they are, and the one from which an event is ingested again without being reverted (the contract's table of corrections). */
export interface Eligibility {
  refused: readonly number[]
  kept: readonly number[]
}

/** What became of one event of a correction: the event as it was, and whether it is reverted, out of the way, or as before. */
export interface Reverted {
  event: EventShown
  outcome: 'REVERTED' | 'FREED' | 'REFUSED' | 'CLOSED' | 'GONE'
}

/**
 * Takes an event back: what it added to the sums goes, its id is free, and it is REVERTED. `act` is what is to be done elsewhere because
 * of it, kept under the correction's id in the same transaction until it has been. A second time it is GONE, and says which correction
 * it was.
 */
export const revertEvent = (
  store: Store,
  key: readonly [id: string, reference: string],
  { refused, kept }: Eligibility,
  carry: { correction: string; act: string | undefined; dueAt: number } | undefined,
): Reverted | undefined => {
  foldJournal(store)
  return store.transaction(() => {
    const { sql } = store
    const [event] = readEvents(store, [key])
    if (!event) return undefined
    const holds = sql.exec<{ n: number }>('SELECT count(*) AS n FROM event WHERE id = ? AND reference = ?', ...key).one().n > 0
    if (!holds) return { event, outcome: 'GONE' }
    if (refused.includes(event.status)) return { event, outcome: 'REFUSED' }
    if (isClosed(store, event.account, event.time)) return { event, outcome: 'CLOSED' }
    if (carry?.act !== undefined) sql.exec('INSERT OR REPLACE INTO carry VALUES (?, ?, ?)', carry.correction, carry.act, carry.dueAt)
    const by = carry && { by: carry.correction }
    moveToPast(store, event.id)
    if (kept.includes(event.status)) {
      if (by) sql.exec('UPDATE past SET more = ? WHERE reference = ?', JSON.stringify({ ...event.more, ...by }), event.reference)
      return { event, outcome: 'FREED' }
    }
    const more = JSON.stringify({ ...event.more, before: STATUSES[event.status], ...by })
    sql.exec('UPDATE past SET status = ?, more = ? WHERE reference = ?', REVERTED, more, event.reference)
    setListed(store, event, REVERTED)
    addTotals(store, [...negateTotals(totalsOfEvent(event)), ...totalsOf([rowOf(event, REVERTED)], {})])
    return { event, outcome: 'REVERTED' }
  })
}

/** What an event that waited, or was in progress, has become. */
export interface Settlement {
  id: string
  reference: string
  /** The status that it must still have. */
  from: number
  status: number
  account: string
  customer: string | null
  rules: { name: string; set: RuleSet } | null
  units: (string | null)[] | null
  more: EventShown['more']
}

/** Settles events whose status is still as it was, if what they rest on still holds (nothing where there is no `head`); what has changed meanwhile is left. Times that are closed are past their grace period. */
export const settleEvents = (
  store: Store,
  head: { version: number; accounts: Record<string, number> } | undefined,
  settlements: readonly Settlement[],
): { settled: number } | Stale => {
  const stale = head && findStale(store, head)
  if (stale) return { stale }
  foldJournal(store)
  const settled = store.transaction(() => {
    if (head) takeVersion(store, head.version)
    const { sql } = store
    let count = 0
    const totals: Total[] = []
    for (const next of settlements) {
      const [event] = readEvents(store, [[next.id, next.reference]])
      if (!event || event.status !== next.from) continue
      const closed = isClosed(store, next.account, event.time)
      const status = closed ? PAST_GRACE : next.status
      const units = closed ? null : next.units
      const more = closed ? { ...next.more, why: 'The event was processed after its pricing cycle was closed.' } : next.more
      if (next.rules) sql.exec('INSERT OR IGNORE INTO rule_set VALUES (?, ?)', next.rules.name, JSON.stringify(next.rules.set))
      sql.exec('INSERT OR IGNORE INTO account VALUES (?, ?)', next.account, next.customer)
      sql.exec(
        'UPDATE event SET status = ?, account = ?, rules = ?, units = ?, more = ? WHERE id = ?',
        status,
        next.account,
        next.rules?.name ?? null,
        units && JSON.stringify(units),
        more && JSON.stringify(more),
        event.id,
      )
      setListed(store, event, status, next.account)
      sql.exec('DELETE FROM waiting WHERE id = ?', event.id)
      sql.exec('DELETE FROM progress WHERE id = ?', event.id)
      const after: EventShown = { ...event, account: next.account, rules: next.rules?.set ?? null, units, status }
      totals.push(...negateTotals(totalsOfEvent(event)), ...totalsOfEvent(after))
      count++
    }
    if (totals.length) addTotals(store, totals)
    return count
  })
  return { settled }
}

/** Events that wait for one of some names, the oldest of the list first, up to `limit`. */
export const readWaiting = (store: Store, names: readonly string[], limit: number): EventShown[] => {
  foldJournal(store)
  const keys = store.sql
    .exec<{ id: string; reference: string }>(
      `SELECT event.id, event.reference FROM json_each(?) AS sent CROSS JOIN waiting ON waiting.name = sent.value
       CROSS JOIN event ON event.id = waiting.id WHERE event.status = ${NOT_FOUND} LIMIT ?`,
      JSON.stringify(names),
      limit,
    )
    .toArray()
  return readEvents(
    store,
    keys.map(({ id, reference }) => [id, reference]),
  )
}

/** What becomes of an event that adds or removes the name of a licence, once its account's ledger has said. */
export const settleLicense = (event: EventShown, outcome: 'DONE' | 'ABSENT'): Settlement => ({
  id: event.id,
  reference: event.reference,
  from: codeOf('INGESTION_IN_PROGRESS'),
  status: codeOf(outcome === 'DONE' ? 'INGESTION_COMPLETED_EVENT_METERED' : 'INGESTION_FAILED_INVALID_NAMED_LICENSE_EVENT'),
  account: event.account,
  customer: event.customer,
  rules: null,
  units: null,
  more: outcome === 'DONE' ? event.more : { ...event.more, why: 'The name to be removed is not one of the licence at that time.' },
})

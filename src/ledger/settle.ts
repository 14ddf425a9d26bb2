import { TAKEN_UP_AFTER } from './batch.ts'
import { judgeClosing } from './closing.ts'
import { totalsOfEvent } from './correct.ts'
import { isOfEntitled, removeEvent } from './entitled.ts'
import { type Act, type EventShown, type RuleSet, type Stale, type Total, codeOf } from './entry.ts'
import { addTotals, foldJournal } from './fold.ts'
import { compareTexts } from './compare.ts'
import { isHolder, readEvents } from './read.ts'
import { relistEvent } from './relist.ts'
import { type Store, findStale, takeVersion } from './store.ts'
import { negateTotals } from './totals.ts'
import { isUnprocessed, noteUnprocessed } from './unprocessed.ts'

const IN_PROGRESS = codeOf('INGESTION_IN_PROGRESS')
const NOT_FOUND = codeOf('INGESTION_FAILED_ACCOUNT_NOT_FOUND')

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
  /** What its account's ledger is to be asked, where it is in progress now, or was asked before this. */
  act?: Act
}

/** What became of settlements: how many were taken, and the references of those whose time was closed. */
export interface Settled {
  settled: number
  closed: string[]
}

/** Keeps what is still to be asked of the account's ledger: what is to be done, or to be taken back because the time was closed meanwhile. */
const setProgress = ({ sql }: Store, { id, reference, act }: Settlement, status: number, isClosed: boolean, now: number): void => {
  if (act && (status === IN_PROGRESS || isClosed))
    sql.exec(
      'INSERT OR REPLACE INTO progress (reference, id, act, is_undo, due_at) VALUES (?, ?, ?, ?, ?)',
      reference,
      id,
      JSON.stringify({ ...act, reference }),
      isClosed ? 1 : 0,
      isClosed ? now : now + TAKEN_UP_AFTER,
    )
  else if (isClosed) sql.exec('UPDATE progress SET is_undo = 1, due_at = ? WHERE reference = ?', now, reference)
  else sql.exec('DELETE FROM progress WHERE reference = ? AND is_undo = 0', reference)
}

const setWaiting = ({ sql }: Store, event: EventShown, status: number, account: string): void => {
  if (event.status === NOT_FOUND) sql.exec('DELETE FROM waiting WHERE name = ? AND id = ?', event.account.slice(1), event.id)
  if (status === NOT_FOUND) sql.exec('INSERT OR IGNORE INTO waiting VALUES (?, ?)', account.slice(1), event.id)
}

/** Settles one event, and gives what that adds to the sums; undefined where it is no longer what it was. */
const settleEvent = (store: Store, next: Settlement, now: number): { totals: Total[]; isClosed: boolean } | undefined => {
  const { sql } = store
  const [event] = readEvents(store, [[next.id, next.reference]])
  if (!event || event.status !== next.from || !isHolder(store, next.id, next.reference)) return undefined
  const closed = judgeClosing(store, next.account, event.time, next.status, next.more, 'was processed')
  if (closed && isOfEntitled(event)) {
    removeEvent(store, event)
    setProgress(store, next, closed.status, true, now)
    return { totals: negateTotals(totalsOfEvent(event)), isClosed: true }
  }
  const { status, more } = closed ?? next
  const units = closed ? null : next.units
  if (next.rules) sql.exec('INSERT OR IGNORE INTO rule_set VALUES (?, ?)', next.rules.name, JSON.stringify(next.rules.set))
  if (next.customer !== null)
    sql.exec(
      'INSERT INTO account VALUES (?, ?) ON CONFLICT (account) DO UPDATE SET customer = excluded.customer WHERE customer IS NULL',
      next.account,
      next.customer,
    )
  sql.exec(
    'UPDATE event SET status = ?, account = ?, rules = coalesce(?, rules), units = ?, more = ? WHERE id = ?',
    status,
    next.account,
    next.rules?.name ?? null,
    units && JSON.stringify(units),
    more && JSON.stringify(more),
    event.id,
  )
  relistEvent(store, event, status, next.account)
  const isNews = isUnprocessed(status) && !(isUnprocessed(event.status) && event.account === next.account)
  if (isNews) noteUnprocessed(store, [[event.reference, event.id, next.account]])
  setWaiting(store, event, status, next.account)
  setProgress(store, next, status, closed !== undefined, now)
  const after: EventShown = { ...event, account: next.account, rules: next.rules?.set ?? event.rules, units, status }
  return { totals: [...negateTotals(totalsOfEvent(event)), ...totalsOfEvent(after)], isClosed: closed !== undefined }
}

/** Settles events whose status is still as it was, if what they rest on still holds (nothing where there is no `head`); what has changed meanwhile is left. Times that are closed are past their grace period, and an event in one that is kept only with enough credits is removed. */
export const settleEvents = (
  store: Store,
  head: { version: number; accounts: Record<string, number> } | undefined,
  settlements: readonly Settlement[],
  now: number,
): Settled | Stale => {
  const stale = head && findStale(store, head, now)
  if (stale) return { stale }
  foldJournal(store)
  return store.transaction(() => {
    if (head) takeVersion(store, head.version)
    const done = settlements.flatMap((next) => {
      const settled = settleEvent(store, next, now)
      return settled ? [{ ...settled, reference: next.reference }] : []
    })
    addTotals(
      store,
      done.flatMap(({ totals }) => totals),
    )
    return { settled: done.length, closed: done.flatMap(({ isClosed, reference }) => (isClosed ? [reference] : [])) }
  })
}

/**
 * Events that wait for one of some names and came after `since` (milliseconds), by name and id, up to `limit`; those behind `after`, the name
 * and id of the last one before.
 */
export const readWaiting = (
  store: Store,
  names: readonly string[],
  limit: number,
  since: number,
  after?: readonly [string, string],
): EventShown[] => {
  foldJournal(store)
  const keys: [id: string, reference: string][] = []
  for (const name of [...new Set(names)].toSorted(compareTexts)) {
    const before = after ? compareTexts(name, after[0]) : 1
    if (before < 0 || keys.length >= limit) continue
    const found = store.sql.exec<{ id: string; reference: string }>(
      `SELECT event.id, event.reference FROM waiting CROSS JOIN event ON event.id = waiting.id
       WHERE waiting.name = ?1 AND waiting.id > ?2 AND event.account = '?' || ?1 AND event.status = ${NOT_FOUND} AND event.created_at > ?4
       ORDER BY waiting.id LIMIT ?3`,
      name,
      before === 0 && after ? after[1] : '',
      limit - keys.length,
      since,
    )
    for (const { id, reference } of found) keys.push([id, reference])
  }
  return readEvents(store, keys)
}

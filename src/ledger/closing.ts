import { type Act, type EventMore, type EventStatus, type UndoneAct, codeOf, isFeatureAct } from './entry.ts'
import { type Store, split } from './store.ts'
import { type SumRow, readSums } from './sums.ts'

const PAST_GRACE = codeOf('INGESTION_FAILED_PAST_GRACE_PERIOD')

/** The statuses that an event in a closed time cannot get. The other statuses come from earlier checks (the contract's order of checks). */
const LATE: readonly EventStatus[] = [
  'INGESTION_IN_PROGRESS',
  'INGESTION_COMPLETED_EVENT_METERED',
  'INGESTION_COMPLETED_EVENT_NOT_METERED',
  'INGESTION_COMPLETED_NO_MATCHING_METERS',
  'INGESTION_FAILED_UNITS_INVALID',
  'INGESTION_FAILED_INSUFFICIENT_CREDITS',
]
const REFUSED = new Set(LATE.map(codeOf))

/** Whether an event needs a time that is not closed to get a status. */
export const needsOpenTime = (status: number): boolean => REFUSED.has(status)

/** Whether the time of an account is closed. */
export const isClosed = ({ sql, closedUntil }: Store, account: string, time: number): boolean =>
  time < closedUntil &&
  sql.exec<{ n: number }>('SELECT count(*) AS n FROM closing WHERE account = ? AND since <= ? AND until > ?', account, time, time).one().n >
    0

/** Whether some totals (as JSON) may belong to closed times. */
export const hasClosed = ({ sql }: Store, totals: string): boolean =>
  split(totals).some(
    (sent) =>
      sql
        .exec<{ found: number }>(
          `SELECT EXISTS (SELECT 1 FROM jsonb_each(?) AS sent CROSS JOIN closing ON closing.account = sent.value ->> 0
           WHERE closing.since <= sent.value ->> 6 AND closing.until > sent.value ->> 5) AS found`,
          sent,
        )
        .one().found > 0,
  )

/** The status of an event whose time is closed. Undefined if its status does not change. */
export const judgeClosing = (
  store: Store,
  account: string,
  time: number,
  status: number,
  more: EventMore | null,
  event: 'arrived' | 'was processed',
): { status: number; more: EventMore } | undefined => {
  if (!needsOpenTime(status) || !isClosed(store, account, time)) return undefined
  const { feature: _taken, ...its } = more ?? {}
  return { status: PAST_GRACE, more: { ...its, why: `The event ${event} after its pricing cycle was closed.` } }
}

/**
 * Closes the times of an account from `from` until before `until` (milliseconds), and gives what its meters add up to in them; nothing is
 * added to them from then on. A closing that begins at the same time is replaced.
 */
export const closeAndSum = (store: Store, account: string, from: number, until: number): SumRow[] => {
  store.sql.exec(
    'INSERT INTO closing VALUES (?1, ?2, ?3) ON CONFLICT (account, since) DO UPDATE SET until = excluded.until',
    account,
    from,
    until,
  )
  store.closedUntil = Math.max(store.closedUntil, until)
  return readSums(store, { from, until, period: 'ALL', kind: 'm', accounts: [account], byAccount: true })
}

/** Times of an account that are to be closed, from `from` until before `until` (milliseconds). */
export interface Closing {
  account: string
  from: number
  until: number
}

/** What the meters of an account add up to in a closed time, and what has been asked of other ledgers for events in it that count nothing any more. */
export interface Closed {
  sums: SumRow[]
  undone: (UndoneAct & { ledger: string })[]
}

/** Reads what the events of an account in a time have asked of other ledgers that counts nothing any more: those in progress, and those that are just being taken back. */
const readUndone = ({ sql }: Store, { account, from, until }: Closing): Closed['undone'] => {
  const asked = sql
    .exec<{ act: string }>(
      `SELECT progress.act FROM progress LEFT JOIN event ON event.id = progress.id AND event.reference = progress.reference
       WHERE coalesce(event.account, '=' || (progress.act ->> 'account')) = ?1
         AND coalesce(event.time, progress.act ->> 'time') >= ?2 AND coalesce(event.time, progress.act ->> 'time') < ?3`,
      account,
      from,
      until,
    )
    .toArray()
    .map(({ act }) => {
      const its = JSON.parse(act) as Act
      return { ledger: its.ledger, reference: its.reference, isFeature: isFeatureAct(its) }
    })
  const carried = sql
    .exec<{ ledger: string; reference: string; isFeature: number }>(
      `SELECT its.undone ->> 'ledger' AS ledger, past.reference, its.isFeature
       FROM (
         SELECT coalesce(act -> 'feature', act -> 'license') AS undone, act -> 'feature' IS NOT NULL AS isFeature FROM carry
       ) AS its
       CROSS JOIN past ON past.reference = its.undone ->> 'reference'
       WHERE past.account = ? AND past.time >= ? AND past.time < ?`,
      account,
      from,
      until,
    )
    .toArray()
    .map(({ ledger, reference, isFeature }) => ({ ledger, reference, isFeature: isFeature === 1 }))
  return [...asked, ...carried]
}

/** Closes the times of several accounts, and gives what there is in each of them, in the same order. */
export const closeAndSumAll = (store: Store, closings: readonly Closing[]): Closed[] =>
  closings.map((closing) => ({
    sums: closeAndSum(store, closing.account, closing.from, closing.until),
    undone: readUndone(store, closing),
  }))

/** Removes a closing whose invoice was not frozen. */
export const liftClosing = ({ sql }: Store, account: string, from: number): void => {
  sql.exec('DELETE FROM closing WHERE account = ? AND since = ?', account, from)
}

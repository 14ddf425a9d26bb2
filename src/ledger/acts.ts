import { type Act, type ActOutcome, type EventShown, codeOf, isFeatureAct } from './entry.ts'
import type { Instants } from './feature_rows.ts'
import { takeCredits } from './features.ts'
import { applyLicense } from './licenses.ts'
import type { Settlement } from './settle.ts'
import { runAndUndo } from './store.ts'

/** Does what events ask of an account's ledger, one after another, each once. */
export const applyActs = (sql: SqlStorage, acts: readonly Act[], at: Instants): ActOutcome[] =>
  acts.map((act) => (isFeatureAct(act) ? takeCredits(sql, act, at) : applyLicense(sql, act)))

/** What acts would return, one after another, if they were applied now. Nothing is kept. */
export const tryActs = (storage: DurableObjectStorage, acts: readonly Act[], at: Instants): ActOutcome[] =>
  runAndUndo(
    (run) => {
      storage.transactionSync(run)
    },
    () => applyActs(storage.sql, acts, at),
  )

const IN_PROGRESS = codeOf('INGESTION_IN_PROGRESS')

/** Says how many units were wanted and how many there are. */
const explainShort = (units: string, left: string): string =>
  `The event needs ${units} credits of its feature, and the account has ${left} at that time, with the overage that it may still have.`

/** The status of an event in progress, why it has that, and its units, once its account's ledger has said. Undefined if that cannot say yet. An event is taken back before that only if its time was closed. */
export const actOutcome = (
  act: Act,
  outcome: ActOutcome,
): { status: number; why: string | null; units: (string | null)[] | null } | undefined => {
  if (outcome === 'DONE') return { status: codeOf('INGESTION_COMPLETED_EVENT_METERED'), why: null, units: null }
  if (outcome === 'ABSENT')
    return {
      status: codeOf('INGESTION_FAILED_INVALID_NAMED_LICENSE_EVENT'),
      why: 'The name to be removed is not one of the licence at that time.',
      units: null,
    }
  if (outcome.outcome === 'SHORT')
    return {
      status: codeOf('INGESTION_FAILED_INSUFFICIENT_CREDITS'),
      why: explainShort(isFeatureAct(act) ? act.units : '', outcome.left),
      units: null,
    }
  if (outcome.outcome === 'GONE')
    return {
      status: codeOf('INGESTION_FAILED_PAST_GRACE_PERIOD'),
      why: 'The event was processed after its pricing cycle was closed.',
      units: null,
    }
  return outcome.outcome === 'TAKEN' && isFeatureAct(act) ? act.next : undefined
}

/** What becomes of an event in progress, once its account's ledger has said. Undefined if that cannot say yet. */
export const settleAct = (
  event: Pick<EventShown, 'id' | 'reference' | 'account' | 'customer' | 'more'>,
  act: Act,
  outcome: ActOutcome,
): Settlement | undefined => {
  const its = actOutcome(act, outcome)
  if (!its) return undefined
  const took = isFeatureAct(act) && typeof outcome === 'object' && outcome.outcome === 'TAKEN' && !act.isTried
  const more = {
    ...event.more,
    ...(its.why !== null && { why: its.why }),
    ...(took && { feature: [act.feature, act.attribute, outcome.overage, outcome.overageSoFar] as const }),
  }
  return {
    id: event.id,
    reference: event.reference,
    from: IN_PROGRESS,
    status: its.status,
    account: event.account,
    customer: event.customer,
    rules: null,
    units: its.units,
    more: Object.keys(more).length ? (more as EventShown['more']) : null,
  }
}

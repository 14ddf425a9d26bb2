import type { Ctx } from '../db/context.ts'
import { ApiError } from '../lib/errors.ts'
import type { AccountLedger } from './account_ledger.ts'
import type { EventLedger } from './event_ledger.ts'

export type * from './entry.ts'
export type { EventLedger } from './event_ledger.ts'
export type { Carry, Eligibility, Reverted } from './correct.ts'
export type {
  AccountEntry,
  AccountGrants,
  EntryQuery,
  FeatureBalance,
  FeatureEntry,
  FeatureGrant,
  GrantChange,
  GrantChanged,
} from './feature_entries.ts'
export type { BalanceAt } from './feature_balances.ts'
export { balanceOf } from './feature_entries.ts'
export type { OverageQuery, OverageRow } from './overage.ts'
export type { Forgotten, GroupQuery, GroupRow, Grouped } from './groups.ts'
export type { Largest, LargestQuery } from './largest.ts'
export type { LargestRevenue, LargestRevenueQuery, RevenueRanking } from './largest_revenue.ts'
export type { RankQuery, Ranking } from './ranking.ts'
export type { NamedEntry, NamedEntryQuery, NamedLicense } from './licenses.ts'
export type { EventFilter } from './list.ts'
export type { HourKey, Hours } from './list_hours.ts'
export type { Earned } from './list_revenue.ts'
export type { Batch } from './batch.ts'
export type { ChangedAccount } from './changed.ts'
export type { PartRow, Parts, PartsQuery } from './parts.ts'
export type { RevenueQuery, RevenueSum } from './read_revenue.ts'
export type { Reckoned, RevenueKind, RevenueRow } from './revenue.ts'
export type { Closed, Closing } from './closing.ts'
export type { ErasedAccount, ErasedEvents, ErasedPlace } from './erase.ts'
export type { Settled, Settlement } from './settle.ts'
export type { Evidence, EvidenceQuery, SumQuery, SumRow } from './sums.ts'
export type { TriedEvent } from './repeats.ts'
export type { AskedEvent, TakenIds } from './taken.ts'
export { DAY, HOUR, SOURCES, STATUSES, accountKey, codeOf, eventSeries, isFeatureAct, isUnknown, meterSeries, unknownKey } from './entry.ts'
export { needsOpenTime } from './closing.ts'
export {
  type Generation,
  type KindedGeneration,
  accountLedgersOf,
  askAll,
  eventLedgersIn,
  ledgerName,
  ledgerOfAccount,
  ledgersOf,
  selectGenerations,
} from './generations.ts'
export { REVENUE_KINDS } from './revenue.ts'
export { openLedgers } from './open.ts'
export { compareRanks } from './ranking.ts'
export { compareTexts } from './compare.ts'
export { compareEntries } from './licenses.ts'
export { actOutcome, settleAct } from './acts.ts'
export { newReference, readReference, slotOf } from './slot.ts'
export { totalsOf } from './totals.ts'

/** The number of retries of a call that failed on the way. A repeated call has the same result. */
const ATTEMPTS = 3

const unavailable = (): ApiError => new ApiError('UNAVAILABLE', 'The events cannot be reached now. Send it again.', 1)

const isPassing = (error: unknown): boolean => {
  const { retryable, durableObjectReset } = error as { retryable?: boolean; durableObjectReset?: boolean }
  return retryable === true || durableObjectReset === true || /Network connection lost|reset because|internal error/.test(String(error))
}

/** The client of a ledger. Each method returns a promise of plain data. */
export type Remote<Ledger> = {
  [Method in keyof Ledger]: Ledger[Method] extends (...args: infer Args) => infer Result
    ? (...args: Args) => Promise<Awaited<Result>>
    : never
}

/** Calls a ledger and counts the call. A call to an overloaded ledger is not repeated. */
const call = async <Ledger, Result>(
  { ledgers: { usage } }: Pick<Ctx, 'ledgers'>,
  ledgers: DurableObjectNamespace,
  name: string,
  ask: (ledger: Remote<Ledger>) => Promise<Result>,
): Promise<Result> => {
  const start = performance.now()
  try {
    for (let attempt = 1; ; attempt++) {
      usage.calls++
      try {
        return await ask(ledgers.getByName(name) as unknown as Remote<Ledger>)
      } catch (error) {
        if ((error as { overloaded?: boolean }).overloaded) throw unavailable()
        if (!isPassing(error)) throw error
        if (attempt === ATTEMPTS) throw unavailable()
        await scheduler.wait(Math.random() * 20 * attempt)
      }
    }
  } finally {
    usage.ms += performance.now() - start
  }
}

/** Asks an EventLedger by its name. */
export const askEvents = <Result>(
  ctx: Pick<Ctx, 'ledgers'>,
  name: string,
  ask: (ledger: Remote<EventLedger>) => Promise<Result>,
): Promise<Result> => call(ctx, ctx.ledgers.EventLedger, name, ask)

/** Asks an AccountLedger by its name. */
export const askAccounts = <Result>(
  ctx: Pick<Ctx, 'ledgers'>,
  name: string,
  ask: (ledger: Remote<AccountLedger>) => Promise<Result>,
): Promise<Result> => call(ctx, ctx.ledgers.AccountLedger, name, ask)

import { DurableObject } from 'cloudflare:workers'
import { ACCOUNT_MIGRATIONS } from './account_schema.sql.ts'
import { applyActs, tryActs } from './acts.ts'
import type { Act, ActOutcome, FeatureOutcome, UndoneAct } from './entry.ts'
import { countNames, eraseNames } from './erase_names.ts'
import {
  type AccountEntry,
  type AccountGrants,
  type EntryQuery,
  type FeatureBalance,
  type FeatureEntry,
  type GrantChange,
  type GrantChanged,
  changeGrant,
  listEntriesOfAccounts,
  listFeatureEntries,
  putGrants,
  readBalances,
  readFeatureEntries,
} from './feature_entries.ts'
import { type AskedBalance, type BalanceAt, readBalancesOf } from './feature_balances.ts'
import type { Instants } from './feature_rows.ts'
import { concludeTake, findMissing, revertTake } from './features.ts'
import { type NamedEntry, type NamedEntryQuery, type NamedLicense, listEntries, readLicenses, revertLicense } from './licenses.ts'
import { type Earned, type EarnedQuery, listEarned } from './list_revenue.ts'
import { type LargestRevenue, type LargestRevenueQuery, type RevenueRanking, rankRevenue, readLargestRevenue } from './largest_revenue.ts'
import { type OverageQuery, type OverageRow, readOverage } from './overage.ts'
import type { RankQuery } from './ranking.ts'
import { type RevenueQuery, type RevenueSum, readRevenue } from './read_revenue.ts'
import { type Restoring, beginRestore, noteRestored } from './restore.ts'
import { type Reckoned, beginRevenue, writeRevenue } from './revenue.ts'
import { migrate } from './store.ts'

const instantsAt = (now: number): Instants => ({ now, wallClock: Date.now() })

/** The Durable Object that executes actions of accounts one after another, for a part of the accounts of an organization. */
export class AccountLedger extends DurableObject<object> {
  readonly #sql: SqlStorage
  readonly #session = crypto.randomUUID()

  constructor(state: DurableObjectState, env: object) {
    super(state, env)
    migrate(state.storage, ACCOUNT_MIGRATIONS)
    this.#sql = state.storage.sql
  }

  /** Begins to restore the ledger to how it was at an instant (milliseconds), once for each run. */
  beginRestore(time: number, run: string): Promise<'DONE' | Restoring> {
    return beginRestore({ storage: this.ctx.storage, abort: (reason) => this.ctx.abort(reason) }, this.#session, time, run)
  }

  noteRestored(run: string, former: string): Promise<boolean> {
    return noteRestored({ storage: this.ctx.storage }, this.#session, run, former)
  }

  /** Does what events in progress ask of it, one after another. `now` is in milliseconds. */
  applyActs(acts: readonly Act[], now: number): ActOutcome[] {
    return this.ctx.storage.transactionSync(() => applyActs(this.#sql, acts, instantsAt(now)))
  }

  /** What would become of acts, one after another, if they were asked now. */
  tryActs(acts: readonly Act[], now: number): ActOutcome[] {
    return tryActs(this.ctx.storage, acts, instantsAt(now))
  }

  /** Takes back what events have asked of it, and refuses what they ask later. */
  revertActs(acts: readonly UndoneAct[], now: number): void {
    this.ctx.storage.transactionSync(() => {
      for (const { reference, isFeature } of acts)
        if (isFeature) revertTake(this.#sql, reference, instantsAt(now))
        else revertLicense(this.#sql, reference)
    })
  }

  /** Erases the names that licences of accounts were given to, part by part. */
  eraseNames(accounts: readonly string[]): { erased: number; isMore: boolean } {
    return this.ctx.storage.transactionSync(() => eraseNames(this.#sql, accounts))
  }

  countNames(accounts: readonly string[]): number {
    return countNames(this.#sql, accounts)
  }

  findMissing(reference: string): string {
    return findMissing(this.#sql, reference)
  }

  concludeTake(reference: string, now: number): FeatureOutcome {
    return this.ctx.storage.transactionSync(() => concludeTake(this.#sql, reference, instantsAt(now)))
  }

  putGrants(all: readonly AccountGrants[], now: number): void {
    this.ctx.storage.transactionSync(() => {
      putGrants(this.#sql, all, instantsAt(now))
    })
  }

  changeGrant(change: GrantChange, now: number): GrantChanged {
    return this.ctx.storage.transactionSync(() => changeGrant(this.#sql, change, now))
  }

  listFeatureEntries(query: EntryQuery): FeatureEntry[] {
    return listFeatureEntries(this.#sql, query)
  }

  listEntriesOfAccounts(accounts: readonly string[], after: readonly [string, string, string] | undefined, limit: number): AccountEntry[] {
    return listEntriesOfAccounts(this.#sql, accounts, after, limit)
  }

  readFeatureEntries(account: string, keys: readonly (readonly [feature: string, id: string])[]): FeatureEntry[] {
    return readFeatureEntries(this.#sql, account, keys)
  }

  readBalances(account: string, at: number, feature?: string): FeatureBalance[] {
    return readBalances(this.#sql, account, at, feature)
  }

  readBalancesOf(asked: readonly AskedBalance[], at: number): (BalanceAt | null)[] {
    return readBalancesOf(this.#sql, asked, at)
  }

  readOverage(queries: readonly OverageQuery[]): OverageRow[][] {
    return readOverage(this.#sql, queries)
  }

  readLicenses(from: number, until: number, accounts?: readonly string[]): NamedLicense[] {
    return readLicenses(this.#sql, from, until, accounts)
  }

  listEntries(query: NamedEntryQuery): NamedEntry[] {
    return listEntries(this.#sql, query)
  }

  beginRevenue(accounts: readonly [account: string, customer: string][]): [number: number, settled: number][] {
    return this.ctx.storage.transactionSync(() => beginRevenue(this.#sql, accounts))
  }

  writeRevenue(all: readonly Reckoned[]): void {
    this.ctx.storage.transactionSync(() => {
      writeRevenue(this.#sql, all)
    })
  }

  rankRevenue(query: LargestRevenueQuery, asked: RankQuery): RevenueRanking {
    return rankRevenue(this.#sql, query, asked)
  }

  readLargestRevenue(query: LargestRevenueQuery, groups: readonly string[]): LargestRevenue {
    return readLargestRevenue(this.#sql, query, groups)
  }

  readRevenue(query: RevenueQuery): RevenueSum[] {
    return readRevenue(this.#sql, query)
  }

  listEarned(query: EarnedQuery): Earned {
    return listEarned(this.#sql, query)
  }
}

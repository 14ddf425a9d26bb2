import { DurableObject } from 'cloudflare:workers'
import { ACCOUNT_MIGRATIONS } from './account_schema.sql.ts'
import type { LicenseAct } from './entry.ts'
import {
  type NamedEntry,
  type NamedEntryQuery,
  type NamedLicense,
  applyLicense,
  listEntries,
  readLicenses,
  revertLicense,
  tryLicenses,
} from './licenses.ts'
import { type RevenueQuery, type RevenueSum, readRevenue } from './read_revenue.ts'
import { type Reckoned, beginRevenue, writeRevenue } from './revenue.ts'
import { migrate } from './store.ts'

/** The Durable Object that executes actions of accounts one after another, for a part of the accounts of an organization. */
export class AccountLedger extends DurableObject<object> {
  readonly #sql: SqlStorage

  constructor(state: DurableObjectState, env: object) {
    super(state, env)
    migrate(state.storage, ACCOUNT_MIGRATIONS)
    this.#sql = state.storage.sql
  }

  applyLicense(act: LicenseAct): 'DONE' | 'ABSENT' {
    return this.ctx.storage.transactionSync(() => applyLicense(this.#sql, act))
  }

  /** What would become of acts, one after another, if they were asked now. */
  tryLicenses(acts: readonly LicenseAct[]): ('DONE' | 'ABSENT')[] {
    return tryLicenses(this.ctx.storage, acts)
  }

  revertLicense(reference: string): void {
    this.ctx.storage.transactionSync(() => revertLicense(this.#sql, reference))
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

  readRevenue(query: RevenueQuery): RevenueSum[] {
    return readRevenue(this.#sql, query)
  }
}

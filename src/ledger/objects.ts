import { DurableObject } from 'cloudflare:workers'
import type * as account from './account_ledger.ts'
import type * as event from './event_ledger.ts'

/** The names of what can be called of a ledger: its methods, and its alarm where it has one. */
type Methods<Ledger> = Exclude<
  { [Name in keyof Ledger]-?: undefined extends Ledger[Name] ? never : Name }[keyof Ledger],
  keyof Rpc.DurableObjectBranded
>

/**
 * A class for the Worker to export when it starts. The first object of it that wakes loads the ledger's own class, before it is asked
 * anything, and each object hands its calls to one of those.
 */
const loadWhenAwake = <Ledger extends object>(
  load: () => Promise<new (state: DurableObjectState, env: never) => Ledger>,
  methods: Readonly<Record<Methods<Ledger>, true>>,
) => {
  let Loaded: Awaited<ReturnType<typeof load>> | undefined
  class Exported extends DurableObject {
    ledger: unknown

    constructor(state: DurableObjectState, env: Cloudflare.Env) {
      super(state, env)
      if (Loaded) this.ledger = new Loaded(state, env as never)
      else
        void state.blockConcurrencyWhile(async () => {
          Loaded = await load()
          this.ledger = new Loaded(state, env as never)
        })
    }
  }
  for (const method of Object.keys(methods))
    Object.defineProperty(Exported.prototype, method, {
      value(this: { ledger: Record<string, (...all: unknown[]) => unknown> }, ...args: unknown[]): unknown {
        return this.ledger[method]?.(...args)
      },
    })
  return Exported
}

export const AccountLedger = loadWhenAwake<account.AccountLedger>(async () => (await import('./account_ledger.ts')).AccountLedger, {
  applyActs: true,
  beginRestore: true,
  beginRevenue: true,
  changeGrant: true,
  concludeTake: true,
  countNames: true,
  eraseNames: true,
  findMissing: true,
  listEarned: true,
  listEntries: true,
  listEntriesOfAccounts: true,
  listFeatureEntries: true,
  noteRestored: true,
  putGrants: true,
  readBalances: true,
  readBalancesOf: true,
  readFeatureEntries: true,
  rankRevenue: true,
  readLargestRevenue: true,
  readLicenses: true,
  readOverage: true,
  readRevenue: true,
  revertActs: true,
  tryActs: true,
  writeRevenue: true,
})

export const EventLedger = loadWhenAwake<event.EventLedger>(async () => (await import('./event_ledger.ts')).EventLedger, {
  alarm: true,
  beginRestore: true,
  claimKey: true,
  closeAndSum: true,
  closeAndSumAll: true,
  concludeEntitled: true,
  countErasable: true,
  countUnprocessed: true,
  dropCarry: true,
  dropChanged: true,
  dropEntitled: true,
  eraseEvents: true,
  findTaken: true,
  forgetTold: true,
  keepGenerations: true,
  lastUnprocessed: true,
  liftClosing: true,
  listEvents: true,
  listHours: true,
  noteRestored: true,
  readChanged: true,
  readEvent: true,
  readEvidence: true,
  readGenerations: true,
  readGroups: true,
  readKey: true,
  readLargest: true,
  readParts: true,
  readRanking: true,
  readSpan: true,
  readSums: true,
  readVersion: true,
  readWaiting: true,
  record: true,
  recordEntitled: true,
  releaseKey: true,
  replaceCarry: true,
  revert: true,
  settle: true,
  tell: true,
  tryRecord: true,
  tryRevert: true,
})

import type { AccountGrants, Act, ActOutcome, FeatureAct, FeatureGrant } from '../../src/ledger/client.ts'
import type { AccountLedger } from '../../src/ledger/account_ledger.ts'
import { METERED, type accountLedger } from './ledger.ts'

type FeatureLedger = Pick<AccountLedger, 'applyActs'> | ReturnType<typeof accountLedger>

/** Ten credits of calls from 0 until 100, unless something else is said. */
export const grantOf = (id: string, more: Partial<FeatureGrant> = {}): FeatureGrant => ({
  feature: 'calls',
  id,
  source: 'PRICE_PLAN',
  from: 0,
  until: 100,
  granted: '10',
  isVoid: false,
  version: 1,
  ...more,
})

export const overageOf = (id: string, more: Partial<FeatureGrant> = {}): FeatureGrant =>
  grantOf(id, { source: 'OVERAGE', granted: null, ...more })

/** What is granted to acme. */
export const grantsOf = (grants: readonly FeatureGrant[], more: Partial<AccountGrants> = {}): AccountGrants[] => [
  { account: 'acme', grants, begunAt: null, settledUntil: 0, ...more },
]

let made = 0

/** Acme takes calls at 50, unless something else is said. */
export const takeOf = (units: string, more: Partial<FeatureAct> = {}): FeatureAct => ({
  ledger: '',
  account: 'acme',
  feature: 'calls',
  attribute: 'calls',
  units,
  time: 50,
  reference: `event.${++made}`,
  next: { status: METERED, units: null, why: null },
  ...more,
})

/** What became of one act, in short: TAKEN with its overage and that so far, or SHORT with what is left. */
export const inShort = (outcome: ActOutcome | undefined): string => {
  if (typeof outcome !== 'object') return String(outcome)
  if (outcome.outcome === 'TAKEN') return `TAKEN ${outcome.overage} ${outcome.overageSoFar}`
  return outcome.outcome === 'SHORT' ? `SHORT ${outcome.left}` : outcome.outcome
}

/** Asks a ledger one thing after another, and says in short what became of each. */
export const ask = async (ledger: FeatureLedger, ...acts: readonly Act[]): Promise<string[]> =>
  ((await ledger.applyActs(acts, 50)) as ActOutcome[]).map(inShort)

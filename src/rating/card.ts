import type { Interval } from './cycle.ts'

/** Amounts and quantities are decimal texts such as 12.50; days and cycles are whole numbers. */

export const PRICE_TYPES = ['FLAT', 'PER_UNIT', 'PACKAGE'] as const
export type PriceType = (typeof PRICE_TYPES)[number]

export const PRICING_MODELS = ['TIERED', 'VOLUME'] as const
export type PricingModel = (typeof PRICING_MODELS)[number]

export const TIMINGS = ['IN_ADVANCE', 'IN_ARREARS', 'PREPAID'] as const
export type Timing = (typeof TIMINGS)[number]

/** The least and the most that something may cost. */
export interface Limits {
  minimum?: string
  maximum?: string
}

/** A slab takes the units behind startAfter, until the next one begins. */
export interface Slab {
  order: number
  startAfter: string
  priceType: PriceType
  packageSize?: string
}

/** What slabs cost in one currency: each by its order, and all of them together. */
export interface Rates {
  slabRates: readonly { order: number; rate: string; limits?: Limits }[]
  limits?: Limits
}

/** What slabs cost in a currency in which they have no price. */
export const NO_RATES: Rates = { slabRates: [] }

/** Slabs, and what they cost in each currency. */
export interface Prices {
  model: PricingModel
  slabs: readonly Slab[]
  rates: Readonly<Record<string, Rates>>
}

/** A fee once, in the cycle behind `offset` cycles; or every `interval` cycles, behind as many. */
export interface Recurrence {
  isOnce: boolean
  interval: number
  offset: number
}

interface Common {
  /** The name of the card in its plan. */
  name: string
  /** The id of the usage meter, the add-on or the feature. */
  billableId: string
  displayName: string
  tag?: string
}

export interface UsageCard extends Common, Prices {
  type: 'USAGE'
}

export interface FixedFeeCard extends Common {
  type: 'FIXED_FEE'
  timing: Timing
  fees: Readonly<Record<string, string>>
  isProrated: boolean
  recurrence: Recurrence
}

export interface LicenseCard extends Common, Prices {
  type: 'LICENSE'
  timing: Timing
  isProrated: boolean
  /** Windows of a cycle that are billed each by itself. */
  usageCycle?: Interval
}

export interface EntitlementCard extends Common, Prices {
  type: 'BILLING_ENTITLEMENT'
  timing: Timing
  /** How many units of the feature each window grants. */
  grants: readonly string[]
  recurrence: Recurrence
}

export interface OverageCard extends Common, Prices {
  type: 'ENTITLEMENT_OVERAGE'
  /** Every how many cycles it is billed, behind how many that are free. */
  billing: { interval: number; offset: number }
}

/** A credit in one currency, and what it costs. */
interface CreditPrice {
  creditAmount: string
  slabs: readonly Slab[]
  rates: Rates
}

export interface CreditGrantCard extends Common {
  type: 'CREDIT_GRANT'
  timing: Timing
  model: PricingModel
  credits: Readonly<Record<string, CreditPrice>>
  recurrence: Recurrence
}

export interface CommitmentCard extends Common {
  type: 'MINIMUM_COMMITMENT'
  amounts: Readonly<Record<string, string>>
}

export type Card = UsageCard | FixedFeeCard | LicenseCard | EntitlementCard | OverageCard | CreditGrantCard | CommitmentCard
export type CardType = Card['type']

/** When a card is billed: usage, overage and commitments always after their cycle. */
export const timingOf = (card: Card): Timing => ('timing' in card ? card.timing : 'IN_ARREARS')

import type { Schemas } from '../../parts/client.ts'
import type { RuleDraft } from '../../parts/rule_draft.ts'

export type Details = Schemas['CreatePricePlanDetails']

/** The least and the most that something may cost. */
export interface Limits {
  least: string
  most: string
}

/** A slab as it is typed: its prices by currency. */
export interface SlabDraft {
  startAfter: string
  priceType: 'PER_UNIT' | 'FLAT' | 'PACKAGE'
  packageSize: string
  rates: Readonly<Record<string, string>>
  limits: Readonly<Record<string, Limits>>
}

/** Units of a feature that are granted, and from when until when they can be used, as durations behind the grant. */
export interface WindowDraft {
  units: string
  from: string
  until: string
}

export type CardKind = 'fee' | 'usage' | 'licence' | 'entitlement' | 'overage' | 'grant'

/** The price of a credit in one currency: what it holds, and what that costs. */
export interface GrantPrice {
  amount: string
  slabs: readonly SlabDraft[]
}

/** A rate card as it is typed. */
export interface CardDraft {
  /** Tells it from others while cards are added and removed. */
  key: string
  kind: CardKind
  /** The meter, add-on or feature that it prices. */
  billable: string
  name: string
  displayName: string
  tag: string
  model: 'TIERED' | 'VOLUME'
  slabs: readonly SlabDraft[]
  /** The prices of a fee by currency. */
  rates: Readonly<Record<string, string>>
  limits: Readonly<Record<string, Limits>>
  prorates: boolean
  timing: 'IN_ADVANCE' | 'IN_ARREARS' | 'PREPAID'
  isOnce: boolean
  /** Every how many cycles it is charged, and after how many for the first time. */
  every: string
  after: string
  usageCycle: string
  most: string
  refund: string
  windows: readonly WindowDraft[]
  priority: string
  expiry: Schemas['ExpiryType']
  expiryDuration: string
  appliesTo: string
  grants: Readonly<Record<string, GrantPrice>>
  /** The type of the add-on, where the card says it. */
  addOnType: Schemas['AddOnType'] | undefined
}

export interface PlanDraft {
  name: string
  description: string
  type: Schemas['PricePlanType']
  currencies: readonly string[]
  interval: Schemas['PricingCycleInterval']
  day: string
  month: string
  grace: string
  isAnniversary: boolean
  isDeferred: boolean
  isOpen: boolean
  cards: readonly CardDraft[]
  commitment: { name: string; rates: Readonly<Record<string, string>> } | undefined
  rules: readonly RuleDraft[]
}

export const emptySlab = (startAfter = '0', priceType: SlabDraft['priceType'] = 'PER_UNIT'): SlabDraft => ({
  startAfter,
  priceType,
  packageSize: '',
  rates: {},
  limits: {},
})

export const emptyWindow: WindowDraft = { units: '', from: '', until: 'P1M' }

export const emptyGrant: GrantPrice = { amount: '', slabs: [emptySlab('0', 'FLAT')] }

/** Kinds of cards that are charged after the cycle, whatever their plan says. */
export const ALWAYS_LATER: ReadonlySet<CardKind> = new Set(['usage', 'overage'])

/** Kinds of cards that a plan which is bought once can have. */
export const BOUGHT_ONCE: ReadonlySet<CardKind> = new Set(['fee', 'entitlement', 'grant'])

export const emptyCard = (kind: CardKind): CardDraft => ({
  key: crypto.randomUUID(),
  kind,
  billable: '',
  name: '',
  displayName: '',
  tag: '',
  model: 'TIERED',
  slabs: [kind === 'entitlement' ? emptySlab('0', 'FLAT') : emptySlab()],
  rates: {},
  limits: {},
  prorates: kind === 'fee' || kind === 'licence',
  timing: ALWAYS_LATER.has(kind) || kind === 'licence' ? 'IN_ARREARS' : 'IN_ADVANCE',
  isOnce: false,
  every: '',
  after: '',
  usageCycle: '',
  most: '',
  refund: '',
  windows: [emptyWindow],
  priority: '1',
  expiry: 'PRICING_CYCLE',
  expiryDuration: '',
  appliesTo: '',
  grants: {},
  addOnType: undefined,
})

export const emptyPlan = (currency: string): PlanDraft => ({
  name: '',
  description: '',
  type: 'BILLING',
  currencies: [currency],
  interval: 'MONTHLY',
  day: '1',
  month: 'NIL',
  grace: '3',
  isAnniversary: false,
  isDeferred: false,
  isOpen: false,
  cards: [],
  commitment: undefined,
  rules: [],
})

import type { Decimal } from '../lib/decimal.ts'
import type { Card, Limits, Slab, Timing } from './card.ts'
import type { Cycle, Schedule } from './cycle.ts'
import type { DayRun, LicenseUse } from './licenses.ts'
import type { Quotient } from './quotient.ts'

/** What a slab of a card costs in a cycle; packages is how many of them, where it is sold in packages. */
export interface CardSlab {
  slab: Slab
  rate: Decimal
  quantity: Quotient
  amount: Quotient
  packages?: Quotient
  isRaised?: boolean
  isLowered?: boolean
}

/** A window of a cycle that is billed by itself, from a day until before a day. */
export interface CardWindow {
  start: number
  end: number
  quantity: Quotient
  slabs: readonly CardSlab[]
}

/** A window of a cycle, from a day until before a day, and the days of a whole one. */
export interface Window {
  start: number
  end: number
  of: number
}

/** A window, and how many licences count on its days. */
export interface LicensedWindow extends Window {
  runs: readonly DayRun[]
}

/** What a card costs in a cycle, exactly, before the limits of the card. */
export interface RatedCard {
  card: Card
  timing: Timing
  amount: Quotient
  limits: Limits
  quantity?: Quotient
  slabs?: readonly CardSlab[]
  windows?: readonly CardWindow[]
  /** How many licences count in each window, from which another number of them is rated. */
  licensed?: readonly LicensedWindow[]
}

/** What cards are rated with. Quantities are decimal texts. */
export interface RatingInput {
  currency: string
  cycle: Cycle
  /** When the plan is in force, for fees of more than one cycle; where it is left out, their share is that of the cycle. */
  schedule?: Schedule
  /** The units of each usage meter in the cycle. */
  usage: Readonly<Record<string, string>>
  /** The licences of each add-on. */
  licenses: Readonly<Record<string, LicenseUse>>
  /** The units of each feature beyond its credits, in the cycles that its card bills now. */
  overage: Readonly<Record<string, string>>
}

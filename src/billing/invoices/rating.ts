import type { Address } from '../../lib/address.ts'
import { minorDigitsOf } from '../../lib/codes.ts'
import { type BillableItem, type PlanDefinition, displayNameOf } from '../../catalogue/price_plans/service.ts'
import { readCard } from '../../catalogue/rate_cards/service.ts'
import type { Cycle, Schedule } from '../../rating/cycle.ts'
import { instantOf } from '../../rating/cycle.ts'
import { type Charges, type MiscellaneousCharge, type RatedPlan, buildInvoice, chargeAdvance, chargeArrears } from '../../rating/invoice.ts'
import type { LicenseUse } from '../../rating/licenses.ts'
import type { Line } from '../../rating/line.ts'
import type { RatingInput } from '../../rating/rate.ts'
import type { RuleLog } from '../../rating/rules.ts'

/** What an invoice shows of those whom it is about, as it was when the invoice fell due. */
export interface FrozenDetails {
  customer?: { name: string; primaryEmail: string; billingAddress?: string; address?: Address }
  account?: { name: string; invoiceCurrency: string; address: Address; primaryEmail: string }
  pricePlanName?: string
  invoiceGroup?: { id: string; name: string; email?: string; dailyInvoiceConsolidation: boolean; invoiceCurrency: string; address: Address }
}

/** What an invoice rests on: with it the invoice can be reckoned again. */
export interface ReckonedFrom {
  planVersion: number
  overrideId: string | null
  ordinal: number
  /** The units of usage meters in the cycle. */
  usage: Readonly<Record<string, string>>
  /** When it was reckoned, in milliseconds. */
  at: number
}

/** What an invoice comes to: the tree of its lines, the usage in it, and what rules did. */
export interface KeptRating {
  root: Line
  usage: readonly Line[]
  logs: readonly RuleLog[]
  from?: ReckonedFrom
  miscellaneous?: readonly (MiscellaneousCharge & { considerForRevenue?: boolean })[]
}

/** A plan that is in force for a cycle of an account, and what was used of it. */
export interface BilledCycle {
  planName: string
  definition: PlanDefinition
  items: readonly BillableItem[]
  currency: string
  cycle: Cycle
  schedule: Schedule
  usage: Readonly<Record<string, string>>
  licenses: Readonly<Record<string, LicenseUse>>
}

/** A plan as it is rated. */
const ratedPlanOf = ({ planName, definition, items }: BilledCycle): RatedPlan => ({
  name: planName,
  cards: definition.cards.flatMap((kept) => readCard(kept, { displayName: displayNameOf(kept, items), isPurchase: false }) ?? []),
  rules: definition.rules.map(({ id, name, order, invoiceTiming = 'IN_ARREARS', condition, computation, action }) => ({
    id,
    name,
    order,
    timing: invoiceTiming,
    ...(condition !== undefined && { condition }),
    computation,
    action: {
      type: action.type,
      ...(action.target !== undefined && { target: action.target }),
      ...(action.id !== undefined && { id: action.id }),
      ...(action.description !== undefined && { description: action.description }),
    },
  })),
})

const inputOf = ({ currency, cycle, schedule, usage, licenses }: BilledCycle): RatingInput => ({
  currency,
  cycle,
  schedule,
  usage,
  licenses,
  overage: {},
})

/** The usage of the meters that cards of a plan price, each in a line. */
const usageLines = ({ definition, items, usage }: BilledCycle): Line[] =>
  definition.cards
    .filter(({ type }) => type === 'USAGE')
    .map((kept) => ({
      id: kept.billableId,
      description: displayNameOf(kept, items),
      type: 'USAGE_METER_USAGE',
      value: usage[kept.billableId] ?? '0',
    }))

const keepCharges = (
  billed: BilledCycle,
  { lines, logs }: Charges,
  usage: readonly Line[],
  miscellaneous: KeptRating['miscellaneous'] = [],
): KeptRating => {
  const { cycle, currency } = billed
  const { root } = buildInvoice(lines, {
    digits: minorDigitsOf(currency),
    from: instantOf(cycle.start),
    until: instantOf(cycle.end),
    miscellaneous,
  })
  return { root, usage, logs, ...(miscellaneous.length && { miscellaneous }) }
}

/** Reckons what is billed after a cycle. */
export const reckonArrears = (billed: BilledCycle, miscellaneous?: KeptRating['miscellaneous']): KeptRating =>
  keepCharges(
    billed,
    chargeArrears(ratedPlanOf(billed), inputOf(billed), minorDigitsOf(billed.currency)),
    usageLines(billed),
    miscellaneous,
  )

/** Reckons what is billed when a cycle begins. Undefined if no card is paid in advance. */
export const reckonAdvance = (billed: BilledCycle): KeptRating | undefined => {
  const charges = chargeAdvance(ratedPlanOf(billed), inputOf(billed), minorDigitsOf(billed.currency))
  return charges.lines.length ? keepCharges(billed, charges, []) : undefined
}

import { type BillableItem, type PlanDefinition, displayNameOf } from '../../catalogue/price_plans/service.ts'
import { readCard } from '../../catalogue/rate_cards/service.ts'
import { minorDigitsOf } from '../../lib/codes.ts'
import { type Cycle, type Schedule, instantOf } from '../../rating/cycle.ts'
import { type Charges, type RatedPlan, buildInvoice, chargeAdvance, chargeArrears } from '../../rating/invoice.ts'
import type { LicenseUse } from '../../rating/licenses.ts'
import type { Line } from '../../rating/line.ts'
import type { RatingInput } from '../../rating/rate.ts'

/** A plan that is in force for a cycle of an account, and what was used of it. */
export interface BilledCycle {
  planName: string
  definition: PlanDefinition
  items: readonly BillableItem[]
  currency: string
  cycle: Cycle
  schedule: Schedule
  /** The units of usage meters, by their ids. */
  usage: Readonly<Record<string, string>>
  /** The licences of add-ons, by their ids. */
  licenses: Readonly<Record<string, LicenseUse>>
}

/** What an invoice comes to: the tree of its lines, and the usage in it. */
export interface RatedInvoice {
  root: Line
  usage: readonly Line[]
}

export const ratedPlanOf = ({ planName, definition, items }: Pick<BilledCycle, 'planName' | 'definition' | 'items'>): RatedPlan => ({
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

const treeOf = ({ cycle, currency }: BilledCycle, { lines }: Charges): Line =>
  buildInvoice(lines, { digits: minorDigitsOf(currency), from: instantOf(cycle.start), until: instantOf(cycle.end) }).root

/** Rates what is billed after a cycle. */
export const rateArrears = (billed: BilledCycle): RatedInvoice => ({
  root: treeOf(billed, chargeArrears(ratedPlanOf(billed), inputOf(billed), minorDigitsOf(billed.currency))),
  usage: usageLines(billed),
})

/** Rates what is billed when a cycle begins. Undefined if nothing is paid in advance. */
export const rateAdvance = (billed: BilledCycle): RatedInvoice | undefined => {
  const charges = chargeAdvance(ratedPlanOf(billed), inputOf(billed), minorDigitsOf(billed.currency))
  return charges.lines.length ? { root: treeOf(billed, charges), usage: [] } : undefined
}

import { type BillableItem, type PlanDefinition, displayNameOf } from '../../catalogue/price_plans/service.ts'
import { readCard } from '../../catalogue/rate_cards/service.ts'
import { type PieceParts, definitionOf } from '../../catalogue/schedules/service.ts'
import { minorDigitsOf } from '../../lib/codes.ts'
import type { Credit } from '../../rating/credits.ts'
import { type Cycle, type Schedule, instantOf } from '../../rating/cycle.ts'
import { type Charges, type RatedPlan, buildInvoice, chargeAdvance, chargeArrears } from '../../rating/invoice.ts'
import type { LicenseUse, LicensedName } from '../../rating/licenses.ts'
import type { Line } from '../../rating/line.ts'
import type { RatingInput } from '../../rating/rate.ts'
import { keepCredits } from './kept_credits.ts'
import { ratedCharges } from './lines.ts'
import { keepLogs } from './rule_logs.ts'
import type { InvoiceRow } from './show.ts'
import type { Basis, KeptRating, LicenseBasis, WrittenCharge } from './table.ts'

/** A plan that is in force for a cycle of an account, and what was used of it. */
export interface BilledCycle {
  planName: string
  plan: Basis['plan']
  definition: PlanDefinition
  items: readonly BillableItem[]
  currency: string
  cycle: Cycle
  schedule: Schedule
  /** The units of usage meters, by their ids. */
  usage: Readonly<Record<string, string>>
  /** The licences of add-ons, by their ids. */
  licenses: Readonly<Record<string, LicenseUse>>
  /** The units of features beyond their credits that are billed with the cycle, by their ids. */
  overage: NonNullable<Basis['overage']>
}

/** What an invoice comes to: the tree of its lines, the usage in it, what its rules did, and the credits that it takes. */
export type RatedInvoice = Pick<KeptRating, 'root' | 'usage' | 'charges' | 'logs' | 'credits'>

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

export const inputOf = ({ currency, cycle, schedule, usage, licenses, overage }: BilledCycle): RatingInput => ({
  currency,
  cycle,
  schedule,
  usage,
  licenses,
  overage: Object.fromEntries(Object.entries(overage).map(([id, { units }]) => [id, units])),
})

/** The spans of names, in which a name is its place among all of them: who has a licence is nothing that an invoice has to keep. */
const spansOf = (names: readonly LicensedName[]): [name: number, from: number, until: number | null][] => {
  const places = new Map([...new Set(names.map(({ name }) => name))].map((name, place) => [name, place]))
  return names.map(({ name, from, until }) => [places.get(name) ?? 0, from, until])
}

const useOfBasis = (basis: LicenseBasis): LicenseUse =>
  'changes' in basis ? basis : { names: basis.spans.map(([name, from, until]) => ({ name: String(name), from, until })) }

/** The licences of a cycle, of what an invoice kept of them. */
export const usesOfBasis = (licenses: Basis['licenses']): Record<string, LicenseUse> =>
  Object.fromEntries(Object.entries(licenses).map(([id, one]) => [id, useOfBasis(one)]))

/** The cycle that an invoice was reckoned with, of what it kept of it, and the version of the plan. */
export const billedOfBasis = (
  { plan, cycle, schedule, usage, licenses, overage = {} }: Basis,
  { currency, details }: Pick<InvoiceRow, 'currency' | 'details'>,
  parts: PieceParts,
): BilledCycle => ({
  planName: details?.pricePlanName ?? '',
  definition: definitionOf({ pricePlanId: plan.id, version: plan.version, overrideId: plan.overrideId }, parts),
  items: parts.items,
  currency,
  plan,
  cycle,
  schedule,
  usage,
  licenses: usesOfBasis(licenses),
  overage,
})

const licenseBasisOf = (use: LicenseUse): LicenseBasis => {
  if ('names' in use) return { spans: spansOf(use.names) }
  const entries = use.changes.at(-1)?.entries ?? 0
  return { changes: use.changes.map(({ at, quantity }) => ({ at, quantity })), entries }
}

/** What a cycle was rated with, by what was known at an instant (milliseconds). */
export const basisOf = ({ plan, cycle, schedule, usage, licenses, overage }: BilledCycle, at: number): Basis => ({
  plan,
  cycle,
  schedule,
  usage,
  licenses: Object.fromEntries(Object.entries(licenses).map(([id, use]) => [id, licenseBasisOf(use)])),
  ...(Object.keys(overage).length && { overage }),
  at,
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

/** What people have put on an invoice, and the credits that are left for it. */
interface RatedWith {
  written: readonly WrittenCharge[]
  credits: readonly Credit[]
}

const rate = (billed: BilledCycle, { lines, logs }: Charges, usage: readonly Line[], { written, credits }: RatedWith): RatedInvoice => {
  const { cycle, currency } = billed
  const [from, until] = [instantOf(cycle.start), instantOf(cycle.end)]
  const built = buildInvoice(lines, { digits: minorDigitsOf(currency), from, until, credits, miscellaneous: ratedCharges(written) })
  return {
    root: built.root,
    usage,
    ...(written.length && { charges: written }),
    ...keepCredits(built.credits),
    ...(logs.length && { logs: keepLogs(billed, logs) }),
  }
}

/** Rates what is billed after a cycle, with the charges that people have put on its invoice, and the credits that are left for it. */
export const rateArrears = (billed: BilledCycle, written: readonly WrittenCharge[] = [], credits: readonly Credit[] = []): RatedInvoice =>
  rate(billed, chargeArrears(ratedPlanOf(billed), inputOf(billed), minorDigitsOf(billed.currency)), usageLines(billed), {
    written,
    credits,
  })

/** Rates what is billed when a cycle begins, with the credits that are left for it. Undefined if nothing is paid in advance. */
export const rateAdvance = (billed: BilledCycle, credits: readonly Credit[] = []): RatedInvoice | undefined => {
  const charges = chargeAdvance(ratedPlanOf(billed), inputOf(billed), minorDigitsOf(billed.currency))
  return charges.lines.length ? rate(billed, charges, [], { written: [], credits }) : undefined
}

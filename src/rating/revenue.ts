import { type Decimal, ZERO, add, compare, formatDecimal, isZero, requireDecimal, subtract } from '../lib/decimal.ts'
import { type Card, NO_RATES, type OverageCard, type Timing, type UsageCard, timingOf } from './card.ts'
import { type Cycle, instantOf } from './cycle.ts'
import type { RatedPlan } from './invoice.ts'
import { type Step, hourOf, spreadAmount, stepLicenses } from './license_revenue.ts'
import { decimalOf } from './quotient.ts'
import { commitmentOf, limitCard, rateCard } from './rate.ts'
import type { RatingInput } from './rated.ts'
import { applyRules, openCard } from './rules.ts'
import { amountOf, rateSlabs } from './slabs.ts'

/** The units of a meter in a part of a cycle that begins at an instant (milliseconds), as a decimal text. */
export interface UsagePart {
  at: number
  units: string
}

/** What cycles are rated with, where the units of each meter, and the overage of each feature, are known part by part, in the order of time. */
export interface RevenueInput extends Omit<RatingInput, 'usage' | 'overage'> {
  usage: Readonly<Record<string, readonly UsagePart[]>>
  overage: Readonly<Record<string, readonly UsagePart[]>>
}

/** What a billable item has earned at an instant (milliseconds), as a decimal text; without an instant: on the last hour of the cycle so far. */
export interface RevenueEntry {
  billableId: string
  at: number | undefined
  amount: string
}

/** The places to which what is no decimal is rounded; and to which rules are told amounts. */
const PLACES = 20

/** The entries of steps: each is by how much the rounded total rises, so that they add up to the last one. */
const entriesOf = (billableId: string, steps: readonly Step[]): RevenueEntry[] => {
  let before = ZERO
  return steps.flatMap(({ at, total }) => {
    const after = decimalOf(total)
    const amount = subtract(after, before)
    before = after
    return isZero(amount) ? [] : [{ billableId, at, amount: formatDecimal(amount) }]
  })
}

const entryOf = (billableId: string, at: number | undefined, amount: Decimal): RevenueEntry[] =>
  isZero(amount) ? [] : [{ billableId, at, amount: formatDecimal(amount) }]

/** What the units of a meter, or the overage of a feature, have come to after each part of a cycle. */
const stepUsage = ({ model, slabs, rates }: UsageCard | OverageCard, currency: string, parts: readonly UsagePart[]): Step[] => {
  let quantity = ZERO
  const own = rates[currency] ?? NO_RATES
  return parts.map(({ at, units }) => {
    quantity = add(quantity, requireDecimal(units))
    return { at, total: { dividend: amountOf(rateSlabs(model, slabs, own, quantity)), divisor: 1n } }
  })
}

/** What a card earns in a cycle and when, before its limits. */
const cardEntries = (card: Card, input: RevenueInput, whole: RatingInput): RevenueEntry[] => {
  const { currency, cycle } = input
  const { billableId } = card
  const [first, last] = [instantOf(cycle.start), hourOf(instantOf(cycle.end) - 1)]
  if (card.type === 'USAGE') return entriesOf(billableId, stepUsage(card, currency, input.usage[billableId] ?? []))
  if (card.type === 'LICENSE')
    return entriesOf(billableId, stepLicenses(card, currency, cycle, input.licenses[billableId] ?? { changes: [] }))
  const rated = rateCard(card, whole)
  if (!rated) return []
  if (card.type === 'ENTITLEMENT_OVERAGE') return entriesOf(billableId, stepUsage(card, currency, input.overage[billableId] ?? []))
  if (card.type === 'FIXED_FEE' && card.isProrated) return entriesOf(billableId, spreadAmount(rated.amount, cycle))
  const at = rated.timing === 'IN_ARREARS' ? last : first
  return entryOf(billableId, at, decimalOf(rated.amount))
}

/** What the limits of a card add or take. */
const limitEntries = (card: Card, whole: RatingInput): RevenueEntry[] => {
  const rated = rateCard(card, whole)
  if (!rated) return []
  return entryOf(card.billableId, undefined, subtract(decimalOf(limitCard(rated).amount), decimalOf(rated.amount)))
}

/** What rules of one timing change in its cards, and what they add. */
const ruleEntries = ({ cards, rules }: RatedPlan, whole: RatingInput, timing: Timing): RevenueEntry[] => {
  const own = rules.filter((rule) => rule.timing === timing)
  if (!own.length) return []
  const { currency, cycle } = whole
  const opened = cards
    .filter((card) => timingOf(card) === timing)
    .flatMap((card) => rateCard(card, whole) ?? [])
    .map((rated) => openCard(rated, PLACES))
  const ruled = applyRules(own, opened, { currency, digits: PLACES, cycle })
  const changed = ruled.cards.flatMap(({ rated, line }, index) => {
    const before = opened[index]?.line.value ?? '0'
    return entryOf(rated.card.billableId, undefined, subtract(requireDecimal(line.value), requireDecimal(before)))
  })
  const added = ruled.additions.flatMap(({ id = '', value }) => entryOf(id, undefined, requireDecimal(value)))
  return [...changed, ...added]
}

const sumOf = (entries: readonly RevenueEntry[]): Decimal => entries.reduce((sum, { amount }) => add(sum, requireDecimal(amount)), ZERO)

/** What is missing to what is committed, when all else that is billed after the cycle is known. */
const trueUpEntries = ({ cards }: RatedPlan, whole: RatingInput, earned: readonly RevenueEntry[]): RevenueEntry[] => {
  const committed = commitmentOf(cards, whole)
  if (!committed) return []
  const [amount, sum] = [decimalOf(committed.amount), sumOf(earned)]
  const card = cards.find(({ type }) => type === 'MINIMUM_COMMITMENT')
  return compare(amount, sum) > 0 ? entryOf(card?.billableId ?? '', undefined, subtract(amount, sum)) : []
}

const sumParts = (all: RevenueInput['usage']): RatingInput['usage'] =>
  Object.fromEntries(
    Object.entries(all).map(([id, parts]) => [id, formatDecimal(parts.reduce((sum, one) => add(sum, requireDecimal(one.units)), ZERO))]),
  )

/**
 * What a cycle earns, by billable item and instant, exactly and not cut to the minor unit, so that all of it adds up to what its invoices
 * would be without cuts and credits. What is prorated is earned by day, usage by part, licences that are not prorated by change, and all
 * else when it is charged; rules, limits of cards and what is missing to a commitment have no instant. `timings` says of which invoices.
 */
export const listRevenue = (
  plan: RatedPlan,
  input: RevenueInput,
  timings: readonly Timing[] = ['IN_ARREARS', 'IN_ADVANCE'],
): RevenueEntry[] => {
  const whole: RatingInput = { ...input, usage: sumParts(input.usage), overage: sumParts(input.overage) }
  return timings.flatMap((timing) => {
    const cards = plan.cards.filter((card) => timingOf(card) === timing)
    const earned = [
      ...cards.flatMap((card) => cardEntries(card, input, whole)),
      ...cards.flatMap((card) => limitEntries(card, whole)),
      ...ruleEntries(plan, whole, timing),
    ]
    return timing === 'IN_ARREARS' ? [...earned, ...trueUpEntries(plan, whole, earned)] : earned
  })
}

/** The last hour of a cycle so far, by its first instant. `now` is in milliseconds. */
export const lastHourOf = ({ start, end }: Pick<Cycle, 'start' | 'end'>, now: number): number =>
  Math.max(hourOf(Math.min(now, instantOf(end) - 1)), instantOf(start))

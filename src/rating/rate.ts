import { type Decimal, ZERO, add, compare, isZero, requireDecimal, subtract } from '../lib/decimal.ts'
import {
  type Card,
  type CreditGrantCard,
  type EntitlementCard,
  type FixedFeeCard,
  NO_RATES,
  type Rates,
  type Recurrence,
  type Slab,
  type Timing,
  timingOf,
} from './card.ts'
import { type Cycle, periodOf } from './cycle.ts'
import { fillWindows, rateLicense, scaleLicenses } from './license_rate.ts'
import { type Quotient, addQuotients, decimalOf, isLess, shareOf, whole } from './quotient.ts'
import type { CardSlab, RatedCard, RatingInput } from './rated.ts'
import { type RatedSlab, amountOf, rateSlabs } from './slabs.ts'

export type { CardSlab, CardWindow, RatedCard, RatingInput } from './rated.ts'

const wholeSlab = ({ quantity, amount, packages, ...rest }: RatedSlab): CardSlab => ({
  ...rest,
  quantity: whole(quantity),
  amount: whole(amount),
  ...(packages && { packages: whole(packages) }),
})

/** Whether a card is charged in the n-th cycle of a schedule, and for which cycles; undefined where it is not (pricing.md, 10.3). */
export const chargedCycles = (
  { isOnce, interval, offset }: Recurrence,
  timing: Timing,
  ordinal: number,
): { first: number; last: number } | undefined => {
  const behind = ordinal - offset
  if (behind < 1) return undefined
  if (isOnce) return behind === 1 ? { first: ordinal, last: ordinal } : undefined
  if (timing === 'IN_ARREARS') return behind % interval === 0 ? { first: ordinal - interval + 1, last: ordinal } : undefined
  return (behind - 1) % interval === 0 ? { first: ordinal, last: ordinal + interval - 1 } : undefined
}

/** The cycles whose overage is counted together with that of the n-th cycle: those at first that are free, or those that are billed at once. */
export const overageCycles = (
  { interval, offset }: { interval: number; offset: number },
  ordinal: number,
): { first: number; last: number } => {
  if (ordinal <= offset) return { first: 1, last: offset }
  const first = ordinal - ((ordinal - offset - 1) % interval)
  return { first, last: first + interval - 1 }
}

/** Whether overage is billed in the n-th cycle, for that and the cycles before it since it was billed last. */
export const isOverageBilled = ({ interval, offset }: { interval: number; offset: number }, ordinal: number): boolean =>
  ordinal > offset && (ordinal - offset) % interval === 0

/** The days of a cycle on which the plan is in force, of those of its whole period. */
const shareOfCycle = ({ start, end, nominalStart, nominalEnd }: Cycle): { days: number; of: number } => ({
  days: end - start,
  of: nominalEnd - nominalStart,
})

const rateFixedFee = (card: FixedFeeCard, { currency, cycle, schedule }: RatingInput): RatedCard | undefined => {
  const { timing, recurrence, isProrated } = card
  const fee = card.fees[currency]
  const charged = chargedCycles(recurrence, timing, cycle.ordinal)
  if (fee === undefined || !charged) return undefined
  const amount = requireDecimal(fee)
  const { days, of } = schedule ? periodOf(schedule, cycle, charged.first, charged.last) : shareOfCycle(cycle)
  return { card, timing, amount: isProrated ? shareOf(amount, days, of) : whole(amount), limits: {} }
}

/** What a quantity costs by slabs, as a card of its own. */
const ratePrices = (
  card: Card,
  timing: Timing,
  { model, slabs, rates }: { model: 'TIERED' | 'VOLUME'; slabs: readonly Slab[]; rates: Rates },
  quantity: Decimal,
): RatedCard => {
  const rated = rateSlabs(model, slabs, rates, quantity)
  return {
    card,
    timing,
    amount: whole(amountOf(rated)),
    limits: rates.limits ?? {},
    quantity: whole(quantity),
    slabs: rated.map(wholeSlab),
  }
}

const rateEntitlement = (card: EntitlementCard, { currency, cycle }: RatingInput): RatedCard | undefined => {
  const { timing, recurrence, grants } = card
  const rates = card.rates[currency]
  if (!rates || !chargedCycles(recurrence, timing, cycle.ordinal)) return undefined
  return ratePrices(
    card,
    timing,
    { ...card, rates },
    grants.reduce((sum, grant) => add(sum, requireDecimal(grant)), ZERO),
  )
}

const rateCreditGrant = (card: CreditGrantCard, { currency, cycle }: RatingInput): RatedCard | undefined => {
  const { timing, recurrence, model } = card
  const credit = card.credits[currency]
  if (!credit || !chargedCycles(recurrence, timing, cycle.ordinal)) return undefined
  return ratePrices(card, timing, { model, ...credit }, requireDecimal(credit.creditAmount))
}

/** What a card costs in a cycle; undefined where it is not charged in it, or has no price in the currency. */
export const rateCard = (card: Card, input: RatingInput): RatedCard | undefined => {
  const { currency, cycle, usage, overage } = input
  const timing = timingOf(card)
  switch (card.type) {
    case 'USAGE': {
      const rates = card.rates[currency] ?? NO_RATES
      return ratePrices(card, timing, { ...card, rates }, requireDecimal(usage[card.billableId] ?? '0'))
    }
    case 'ENTITLEMENT_OVERAGE': {
      const rates = card.rates[currency]
      if (!rates || !isOverageBilled(card.billing, cycle.ordinal)) return undefined
      return ratePrices(card, timing, { ...card, rates }, requireDecimal(overage[card.billableId] ?? '0'))
    }
    case 'FIXED_FEE':
      return rateFixedFee(card, input)
    case 'LICENSE':
      return rateLicense(card, input)
    case 'BILLING_ENTITLEMENT':
      return rateEntitlement(card, input)
    case 'CREDIT_GRANT':
      return rateCreditGrant(card, input)
    case 'MINIMUM_COMMITMENT':
    default:
      return undefined
  }
}

/**
 * The same card with another quantity, as a pricing rule sets it. The quantity that the card has keeps its rating, exactly. Another one
 * changes the licences of each day and window in proportion, which are then rated and shared as before; where there were none, each day
 * counts with as many.
 */
export const rateQuantity = (rated: RatedCard, currency: string, quantity: Decimal): RatedCard | undefined => {
  const { card, timing, licensed } = rated
  const shown = decimalOf(rated.quantity ?? whole(ZERO))
  switch (card.type) {
    case 'USAGE':
    case 'ENTITLEMENT_OVERAGE':
      return ratePrices(card, timing, { ...card, rates: card.rates[currency] ?? NO_RATES }, quantity)
    case 'LICENSE': {
      if (!licensed || compare(shown, quantity) === 0) return rated
      const rates = card.rates[currency] ?? NO_RATES
      return scaleLicenses(card, rates, isZero(shown) ? fillWindows(licensed) : licensed, quantity)
    }
    case 'FIXED_FEE':
    case 'BILLING_ENTITLEMENT':
    case 'CREDIT_GRANT':
    case 'MINIMUM_COMMITMENT':
    default:
      return undefined
  }
}

/** What is committed for a cycle: less where the plan is in force for a part of its period only; undefined where nothing is in the currency. */
export const commitmentOf = (
  cards: readonly Card[],
  { currency, cycle }: Pick<RatingInput, 'currency' | 'cycle'>,
): { displayName: string; amount: Quotient } | undefined => {
  const card = cards.find(({ type }) => type === 'MINIMUM_COMMITMENT')
  const amount = card?.type === 'MINIMUM_COMMITMENT' ? card.amounts[currency] : undefined
  if (!card || amount === undefined) return undefined
  const { days, of } = shareOfCycle(cycle)
  return { displayName: card.displayName, amount: shareOf(requireDecimal(amount), days, of) }
}

/** The amount of a card within its limits, exactly, and what those add or take. */
export const limitCard = ({
  amount,
  limits: { minimum, maximum },
}: Pick<RatedCard, 'amount' | 'limits'>): { amount: Quotient; adjustment: Quotient } => {
  const [least, most] = [minimum, maximum].map((text) => (text === undefined ? undefined : whole(requireDecimal(text))))
  const lowered = most && isLess(most, amount) ? most : amount
  const limited = least && isLess(lowered, least) ? least : lowered
  return { amount: limited, adjustment: addQuotients(limited, { ...amount, dividend: subtract(ZERO, amount.dividend) }) }
}

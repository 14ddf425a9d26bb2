import { ZERO, compare, formatDecimal, requireDecimal, subtract } from '../lib/decimal.ts'
import { type Card, type LicenseCard, timingOf } from './card.ts'
import { type Cycle, dayOf, instantOf, periodOf } from './cycle.ts'
import type { RatedPlan } from './invoice.ts'
import { type LicenseChange, type LicenseUse, readDays } from './licenses.ts'
import { type Quotient, addQuotients, decimalOf, whole } from './quotient.ts'
import { windowsOf } from './license_rate.ts'
import { chargedCycles, limitCard, rateCard } from './rate.ts'
import type { RatedCard, RatingInput } from './rated.ts'
import { applyRules, openCard } from './rules.ts'

/** The licences as they are known at an instant (milliseconds): what begins later is left out, and what ends later has not ended. */
export const useUntil = (use: LicenseUse, at: number): LicenseUse =>
  'changes' in use
    ? { changes: use.changes.filter((change) => change.at <= at) }
    : {
        names: use.names
          .filter(({ from }) => from <= at)
          .map((one) => (one.until !== null && one.until > at ? { ...one, until: null } : one)),
      }

const isLess = ({ quantity }: LicenseChange, before: LicenseChange | undefined): boolean =>
  before !== undefined && compare(requireDecimal(quantity), requireDecimal(before.quantity)) < 0

/** What is had less of from the first instant of a day on counts on that day still, since it was paid for, but for the first day of a cycle. */
export const keepPaidDays = (use: LicenseUse, from: number): LicenseUse => {
  const isLater = (at: number): boolean => at > instantOf(from) && at === instantOf(dayOf(at))
  if ('names' in use)
    return { names: use.names.map((one) => (one.until !== null && isLater(one.until) ? { ...one, until: one.until + 1 } : one)) }
  /** Of the changes of one instant, the last one counts. */
  const changes = use.changes.filter(({ at }, index) => use.changes[index + 1]?.at !== at)
  return { changes: changes.map((one, index) => (isLater(one.at) && isLess(one, changes[index - 1]) ? { ...one, at: one.at + 1 } : one)) }
}

/**
 * Licences that are, in each window of a cycle, as many as the largest number that counted on a day of the cycle so far: all windows are
 * paid for when the cycle begins, more licences from the window on in which they are added, and nothing is given back for fewer.
 */
export const largestSoFar = (use: LicenseUse, cycle: Pick<Cycle, 'start' | 'end'>, usageCycle: LicenseCard['usageCycle']): LicenseUse => {
  const windows = usageCycle ? windowsOf(cycle, usageCycle) : [cycle]
  let most = ZERO
  return {
    changes: windows.map(({ start, end }) => {
      for (const { quantity } of readDays(use, start, end)) if (compare(quantity, most) > 0) most = quantity
      return { at: instantOf(start), quantity: formatDecimal(most) }
    }),
  }
}

/** What a card has cost in advance until an instant. */
export interface AdvanceCost {
  /** Exactly, within the limits of the card. */
  total: Quotient
  /** How much of it was rated, as a decimal text, where the card counts something. */
  quantity?: string
  /** The first day that it does not pay for any more. */
  until: number
  /** Whether a part of it is owed back where less is had of it than was paid for. */
  isRefundable: boolean
}

/** The day until which a card pays that is charged in a cycle. */
const paidUntil = (card: Card, { cycle, schedule }: RatingInput): number => {
  if (!('recurrence' in card) || !schedule) return cycle.end
  const charged = chargedCycles(card.recurrence, 'IN_ADVANCE', cycle.ordinal)
  return charged ? periodOf(schedule, cycle, charged.first, charged.last).end : cycle.end
}

/** What a card was rated with until an instant, as if that was known when the cycle began. */
interface RatedAdvance {
  card: Card
  rated: RatedCard
  cost: AdvanceCost
}

const rateAt = (card: Card, input: RatingInput, at: number): RatedAdvance | undefined => {
  if (card.type !== 'LICENSE') {
    const rated = rateCard(card, input)
    const isRefundable = card.type === 'FIXED_FEE' && card.isProrated
    return rated && { card, rated, cost: { total: limitCard(rated).amount, until: paidUntil(card, input), isRefundable } }
  }
  const known = useUntil(input.licenses[card.billableId] ?? { changes: [] }, at)
  const use = card.isProrated ? keepPaidDays(known, input.cycle.start) : largestSoFar(known, input.cycle, card.usageCycle)
  const rated = rateCard({ ...card, timing: 'IN_ARREARS' }, { ...input, licenses: { [card.billableId]: use } })
  const cost = rated && {
    total: limitCard(rated).amount,
    ...(rated.quantity && { quantity: formatDecimal(decimalOf(rated.quantity)) }),
    until: input.cycle.end,
    isRefundable: card.isProrated,
  }
  return cost && { card, rated, cost }
}

/**
 * What a card that is paid in advance costs in a cycle, by what is known at an instant (milliseconds), before rules: undefined where it is
 * not charged in it. What it costs when the cycle begins is charged then. Every change is the difference to what was charged before: licences
 * count by day where they are prorated, so that a day is never paid for twice, and otherwise with the largest number so far (pricing.md, 10.4).
 */
export const rateAdvanceAt = (card: Card, input: RatingInput, at: number): AdvanceCost | undefined => rateAt(card, input, at)?.cost

/**
 * What all cards of a plan that are paid in advance cost in a cycle, by what is known at an instant (milliseconds), with what its rules
 * change in them, so that no more is given back of a card than was paid for it.
 */
export const rateAdvancesAt = (
  { cards, rules }: Pick<RatedPlan, 'cards' | 'rules'>,
  input: RatingInput,
  at: number,
  digits: number,
): { card: Card; cost: AdvanceCost }[] => {
  const all = cards.filter((card) => timingOf(card) === 'IN_ADVANCE').flatMap((card) => rateAt(card, input, at) ?? [])
  const own = rules.filter(({ timing }) => timing === 'IN_ADVANCE')
  if (!own.length) return all.map(({ card, cost }) => ({ card, cost }))
  const opened = all.map(({ rated }) => openCard(rated, digits))
  const ruled = applyRules(own, opened, { currency: input.currency, digits, cycle: input.cycle })
  return all.map(({ card, cost }, index) => {
    const [before, after] = [opened[index]?.line.value ?? '0', ruled.cards[index]?.line.value ?? '0']
    const change = subtract(requireDecimal(after), requireDecimal(before))
    return { card, cost: { ...cost, total: addQuotients(cost.total, whole(change)) } }
  })
}

import { compare, formatDecimal, multiply, requireDecimal, subtract } from '../lib/decimal.ts'
import { type Card, type Timing, timingOf } from './card.ts'
import { type AppliedCredit, type Credit, applyCredits, creditLines } from './credits.ts'
import { type Line, cutDecimal, cutTo, parentOf, sumOf } from './line.ts'
import { type MiscellaneousCharge, miscellaneousLines } from './miscellaneous_charges.ts'
import { decimalOf } from './quotient.ts'
import { commitmentOf, limitCard, rateCard } from './rate.ts'
import type { RatingInput } from './rated.ts'
import { type InvoiceCard, type PricingRule, type RuleLog, applyRules, openCard } from './rules.ts'

/** A plan as it is rated: its cards and rules, with the overrides of an account in them. */
export interface RatedPlan {
  name: string
  cards: readonly Card[]
  rules: readonly PricingRule[]
}

/** What an account owes for a cycle, and how its rules came to it. */
export interface Charges {
  lines: readonly Line[]
  logs: readonly RuleLog[]
}

/** The lines of cards, those of one tag under that, where the first of them stands. */
const groupByTag = (cards: readonly InvoiceCard[]): Line[] => {
  const groups = Map.groupBy(cards, ({ rated }) => rated.card.tag)
  return cards.flatMap((one): Line[] => {
    const { tag } = one.rated.card
    if (tag === undefined) return [one.line]
    const group = groups.get(tag) ?? []
    if (group[0] !== one) return []
    return [
      parentOf(
        { id: tag, type: 'CUSTOM_TAG', description: tag },
        group.map(({ line }) => line),
      ),
    ]
  })
}

const additionLines = (additions: readonly Line[]): Line[] =>
  additions.length
    ? [
        parentOf(
          { id: 'TOTAL_PRICING_RULE_ADDITION_AMOUNT', type: 'TOTAL_PRICING_RULE_ADDITION_AMOUNT', description: 'Adjustments' },
          additions,
        ),
      ]
    : []

/** The cards of one timing, rated and changed by the rules of that, of which there are none for what is prepaid. */
const rateTimed = ({ cards, rules }: RatedPlan, input: RatingInput, digits: number, timing: Timing) => {
  const rated = cards.filter((card) => timingOf(card) === timing).flatMap((card) => rateCard(card, input) ?? [])
  return applyRules(
    rules.filter((rule) => rule.timing === timing),
    rated.map((one) => openCard(one, digits)),
    { currency: input.currency, digits, cycle: input.cycle },
  )
}

/** What is billed after a cycle: cards, rules, and what is missing to what is committed (pricing.md, 10.9). `digits` are those of the currency's minor unit. */
export const chargeArrears = (plan: RatedPlan, input: RatingInput, digits: number): Charges => {
  const { cards, additions, logs } = rateTimed(plan, input, digits, 'IN_ARREARS')
  const subTotal = parentOf({ id: 'SUB_TOTAL_AMOUNT', type: 'SUB_TOTAL_AMOUNT', description: 'Sub Total' }, [
    ...groupByTag(cards),
    ...additionLines(additions),
  ])
  const commitment = commitmentOf(plan.cards, input)
  const committed = commitment && requireDecimal(cutTo(digits)(commitment.amount))
  const isShort = committed !== undefined && compare(committed, requireDecimal(subTotal.value)) > 0
  const trueUp: Line[] = isShort
    ? [
        {
          id: 'TRUE_UP_AMOUNT',
          type: 'TRUE_UP_AMOUNT',
          description: commitment?.displayName ?? '',
          value: formatDecimal(subtract(committed, requireDecimal(subTotal.value))),
        },
      ]
    : []
  return { lines: [parentOf({ id: 'PRICE_PLAN_AMOUNT', type: 'PRICE_PLAN_AMOUNT', description: plan.name }, [subTotal, ...trueUp])], logs }
}

const advancedFees = (lines: readonly Line[]): Line =>
  parentOf({ id: 'TOTAL_ADVANCED_FEES', type: 'TOTAL_ADVANCED_FEES', description: 'Advanced fees' }, lines)

/** What is billed when a cycle begins; nothing where no card is paid in advance. */
export const chargeAdvance = (plan: RatedPlan, input: RatingInput, digits: number): Charges => {
  const { cards, additions, logs } = rateTimed(plan, input, digits, 'IN_ADVANCE')
  const lines = [...groupByTag(cards), ...additionLines(additions)]
  if (!lines.length) return { lines, logs }
  return { lines: [advancedFees(lines)], logs }
}

const multiplyText = (one: string, other: string): string => formatDecimal(multiply(requireDecimal(one), requireDecimal(other)))

const orderLine = ({ name }: RatedPlan, lines: readonly Line[]): Line =>
  parentOf({ id: 'TOTAL_PURCHASE_AMOUNT', type: 'TOTAL_PURCHASE_AMOUNT', description: name }, lines)

/**
 * What the order of a cycle costs, of a plan that is billed by cycles; nothing where no card is charged. Of PREPAID it is what is paid
 * before the cycle is granted; with IN_ADVANCE it is the advance part of a plan that is bought, with the rules that its invoice would have.
 */
export const chargeOrder = (
  plan: RatedPlan,
  input: RatingInput,
  digits: number,
  timings: readonly ('IN_ADVANCE' | 'PREPAID')[],
): Charges => {
  const timed = timings.map((timing) => rateTimed(plan, input, digits, timing))
  const lines = [...groupByTag(timed.flatMap(({ cards }) => cards)), ...additionLines(timed.flatMap(({ additions }) => additions))]
  return { lines: lines.length ? [orderLine(plan, lines)] : [], logs: timed.flatMap(({ logs }) => logs) }
}

/** A card as it is bought: once and whole, whatever the cycles of its plan. */
const boughtOnce = (card: Card): Card => {
  const once = 'recurrence' in card ? { ...card, recurrence: { isOnce: true, interval: 1, offset: 0 } } : card
  return 'isProrated' in once ? { ...once, isProrated: false } : once
}

/** What a purchase costs: the exact price of each card once, times how often it is bought, by the ids of what is bought. */
export const chargePurchase = (
  plan: RatedPlan,
  input: RatingInput,
  digits: number,
  quantityOf: (billableId: string) => string,
): Charges => {
  const cards = plan.cards
    .flatMap((card) => rateCard(boughtOnce(card), { ...input, cycle: { ...input.cycle, ordinal: 1 } }) ?? [])
    .map((rated): InvoiceCard => {
      const opened = openCard(rated, digits)
      const count = quantityOf(rated.card.billableId)
      const price = limitCard(rated).amount
      const { value: _value, quantity, lines: _lines, ...head } = opened.line
      const line: Line = {
        ...head,
        ...(rated.card.type === 'FIXED_FEE'
          ? { quantity: count, valuePerQuantity: formatDecimal(decimalOf(price)) }
          : quantity !== undefined && { quantity: multiplyText(quantity, count) }),
        value: cutTo(digits)({ ...price, dividend: multiply(price.dividend, requireDecimal(count)) }),
      }
      return { ...opened, line }
    })
  return { lines: [orderLine(plan, groupByTag(cards))], logs: [] }
}

/** A tax on what is left after credits and with all charges, in percent. */
export interface Tax {
  description: string
  percent: string
}

const taxLines = (taxes: readonly Tax[], taxed: string, digits: number): Line[] => {
  if (!taxes.length) return []
  const lines = taxes.map(({ description, percent }): Line => ({
    type: 'TAX_AMOUNT',
    description,
    value: cutDecimal(multiply(requireDecimal(multiplyText(taxed, percent)), { coefficient: 1n, scale: 2 }), digits),
  }))
  return [parentOf({ id: 'TOTAL_TAX_AMOUNT', type: 'TOTAL_TAX_AMOUNT', description: 'Tax' }, lines)]
}

/** What goes into an invoice beside its charges. */
export interface InvoiceInput {
  digits: number
  /** The period of the invoice in milliseconds, which credits must overlap. */
  from: number
  until: number
  credits?: readonly Credit[]
  miscellaneous?: readonly MiscellaneousCharge[]
  taxes?: readonly Tax[]
}

/** The tree of an invoice, in which each line is the sum of its own, and the credits that it took. */
export interface InvoiceTree {
  root: Line
  credits: readonly AppliedCredit[]
}

/** Makes the tree of an invoice of what is charged: credits come off first, then other charges and taxes come on. */
export const buildInvoice = (
  charges: readonly Line[],
  { digits, from, until, credits = [], miscellaneous = [], taxes = [] }: InvoiceInput,
): InvoiceTree => {
  const gross = parentOf({ id: 'GROSS_AMOUNT', type: 'GROSS_AMOUNT', description: 'Gross Amount' }, charges)
  const applied = applyCredits(charges, credits, { from, until, digits })
  const net = parentOf({ id: 'NET_AMOUNT', type: 'NET_AMOUNT', description: 'Net Amount' }, [gross, ...creditLines(applied)])
  const before = [net, ...miscellaneousLines(miscellaneous, net, digits)]
  const total = parentOf({ id: 'TOTAL_AMOUNT', type: 'TOTAL_AMOUNT', description: 'Total Amount' }, [
    ...before,
    ...taxLines(taxes, sumOf(before), digits),
  ])
  return {
    root: parentOf({ id: 'GRAND_TOTAL_AMOUNT', type: 'GRAND_TOTAL_AMOUNT', description: 'Grand Total Amount' }, [total]),
    credits: applied,
  }
}

/** The tree of an invoice of lines that are paid in advance. Their values are cut to the minor unit. */
export const advanceTree = (lines: readonly Line[], input: InvoiceInput): InvoiceTree => buildInvoice([advancedFees(lines)], input)

import { type Decimal, ZERO, compare, formatDecimal, multiply, requireDecimal } from '../../lib/decimal.ts'
import type { Card, Timing } from '../../rating/card.ts'
import { chargedCycles, commitmentOf, type CardSlab, type RatedCard, type RatingInput, limitCard, rateCard } from '../../rating/rate.ts'
import type { Credit } from '../../rating/credits.ts'
import { periodOf, writeDay } from '../../rating/cycle.ts'
import { type LicenseUse, readDays } from '../../rating/licenses.ts'
import { type Line, cutTo, sumOf, typeOfCardLine } from '../../rating/line.ts'
import { type Quotient, decimalOf } from '../../rating/quotient.ts'
import type { RuleLog } from '../../rating/rules.ts'
import type { WrittenCharge } from '../invoices/table.ts'

/** On how many days of its period something was had. */
export interface Proration {
  days: number
  ofDays: number
}

/** A line of an invoice, and how it came to its value. */
export interface ExplainedLine {
  line: Line
  arithmetic: string
  card?: Card
  timing?: Timing
  proration?: Proration
  rule?: RuleLog
  lines: readonly ExplainedLine[]
}

/** What explains the lines of an invoice. Without an input, it has no cards. */
export interface Explained {
  digits: number
  cards: readonly Card[]
  input: RatingInput | undefined
  logs: readonly RuleLog[]
  /** The charges that people have put on the invoice, in the order of their lines. */
  charges: readonly WrittenCharge[]
  /** Whether the lines are those of a card. */
  isWithinCard?: boolean
  /** The credits that the invoice takes, as they were before that. */
  credits?: readonly Credit[]
}

const product = (...factors: readonly string[]): string =>
  formatDecimal(factors.reduce<Decimal>((one, other) => multiply(one, requireDecimal(other)), { coefficient: 1n, scale: 0 }))

/** What is said of an amount that was cut to the minor unit. */
const cutFrom = (exact: string, value: string): string =>
  compare(requireDecimal(exact), requireDecimal(value)) === 0 ? value : `${exact}, cut to ${value}`

const writeExact = ({ dividend, divisor }: Quotient): string =>
  divisor === 1n ? formatDecimal(dividend) : `${formatDecimal(dividend)} / ${divisor}`

/** 90 + 45 - 5. */
const writeSum = (values: readonly string[]): string =>
  values
    .map((value, index) => (value.startsWith('-') ? `${index ? ' - ' : '-'}${value.slice(1)}` : `${index ? ' + ' : ''}${value}`))
    .join('')

const limitsOf = ({ isRaised, isLowered }: Pick<CardSlab, 'isRaised' | 'isLowered'>): string =>
  isRaised ? ', raised to the least that the slab costs' : isLowered ? ', lowered to the most that the slab costs' : ''

/** How a slab came to its amount: of days that were rated one by one, their sum by the days of the period. */
const explainSlab = (slab: CardSlab, value: string): string => {
  const { slab: its, rate, quantity, amount, packages } = slab
  const price = formatDecimal(rate)
  const units = formatDecimal(decimalOf(quantity))
  if (quantity.dividend.coefficient === 0n) return `no units behind ${its.startAfter}: 0`
  const exact = amount.divisor === 1n ? formatDecimal(amount.dividend) : formatDecimal(decimalOf(amount))
  const shared = amount.divisor === 1n ? '' : `${writeExact(amount)} = `
  const end = `${shared}${cutFrom(exact, value)}${limitsOf(slab)}`
  if (its.priceType === 'FLAT') return `a flat price of ${price}: ${end}`
  if (its.priceType === 'PACKAGE')
    return `${formatDecimal(decimalOf(packages ?? { dividend: ZERO, divisor: 1n }))} packages of ${its.packageSize ?? '1'} × ${price} = ${end}`
  return `${units} × ${price} = ${end}`
}

const sayDays = (days: number): string => (days === 1 ? '1 day' : `${days} days`)

/** The licences that count: 20 days with 10, 10 days with 13. */
const explainDays = (use: LicenseUse, start: number, end: number): string =>
  readDays(use, start, end)
    .map(({ days, quantity }) => `${sayDays(days)} with ${formatDecimal(quantity)}`)
    .join(', ')

const shareOf = (card: Card, { cycle, schedule }: RatingInput): Proration => {
  const own = { days: cycle.end - cycle.start, ofDays: cycle.nominalEnd - cycle.nominalStart }
  if (card.type !== 'FIXED_FEE' || !schedule) return own
  const charged = chargedCycles(card.recurrence, card.timing, cycle.ordinal)
  const { days, of } = charged ? periodOf(schedule, cycle, charged.first, charged.last) : { days: own.days, of: own.ofDays }
  return { days, ofDays: of }
}

const isShared = (card: Card): boolean => (card.type === 'FIXED_FEE' || card.type === 'LICENSE') && card.isProrated

/** How a card came to its amount, in words before the slabs. */
const explainCard = (card: Card, rated: RatedCard, input: RatingInput, digits: number): string => {
  const { cycle, currency } = input
  const cut = (amount: Quotient): string => cutFrom(formatDecimal(decimalOf(amount)), cutTo(digits)(amount))
  switch (card.type) {
    case 'USAGE':
      return `${input.usage[card.billableId] ?? '0'} units of the usage meter from ${writeDay(cycle.start)} to ${writeDay(cycle.end - 1)}`
    case 'FIXED_FEE': {
      const { days, ofDays } = shareOf(card, input)
      const fee = card.fees[currency] ?? '0'
      return card.isProrated ? `${fee} × ${days} of ${sayDays(ofDays)} = ${cut(rated.amount)}` : `the whole fee of ${cut(rated.amount)}`
    }
    case 'LICENSE': {
      const use = input.licenses[card.billableId] ?? { changes: [] }
      const { days, ofDays } = shareOf(card, input)
      const quantity = formatDecimal(decimalOf(rated.quantity ?? { dividend: ZERO, divisor: 1n }))
      if (card.timing === 'IN_ADVANCE')
        return `${quantity} when the cycle began${card.isProrated ? `, for ${days} of ${sayDays(ofDays)}` : ''}`
      if (card.isProrated) return `${explainDays(use, cycle.start, cycle.end)}, of ${sayDays(ofDays)}: ${quantity}`
      return 'names' in use ? `${quantity} names in the cycle` : `${quantity} at the end of the cycle`
    }
    case 'ENTITLEMENT_OVERAGE':
      return `${input.overage[card.billableId] ?? '0'} units beyond the credits`
    case 'BILLING_ENTITLEMENT':
    case 'CREDIT_GRANT':
      return (rated.slabs ?? []).map((slab) => explainSlab(slab, cutTo(digits)(slab.amount))).join('; ')
    case 'MINIMUM_COMMITMENT':
    default:
      return ''
  }
}

/** What a line is that comes to its value without lines of its own. */
const describePlain = (line: Line, { isWithinCard, charges, input, cards }: Explained): string => {
  const { type, value, metadata } = line
  if (isWithinCard && !type.startsWith('RATE_CONFIG')) return `before what changes it: ${value}`
  const [charge] = type === 'MISCELLANEOUS_CHARGE' ? charges : []
  const error = metadata?.['error']
  if (charge?.value !== undefined) return `${charge.value} = ${value}${typeof error === 'string' ? `, since it ${error}` : ''}`
  if (type === 'TRUE_UP_AMOUNT' && input) {
    const committed = commitmentOf(cards, input)
    const { start, end, nominalStart, nominalEnd } = input.cycle
    const whole = cards.find((card) => card.type === 'MINIMUM_COMMITMENT')
    const amount = whole?.type === 'MINIMUM_COMMITMENT' ? (whole.amounts[input.currency] ?? '0') : '0'
    const days = end - start === nominalEnd - nominalStart ? amount : `${amount} × ${end - start} of ${nominalEnd - nominalStart} days`
    return `what is missing to the minimum commitment of ${days}${committed ? `, which is ${formatDecimal(decimalOf(committed.amount))}` : ''}: ${value}`
  }
  return `an amount that was set: ${value}`
}

/** What an invoice takes of a credit, and for which lines, where the credit pays some only. */
const explainCredit = ({ value, metadata = {} }: Line, { remaining, priority }: Credit): string => {
  const parts = Object.entries(metadata).map(([id, part]) => `${String(part).slice(1)} for ${id}`)
  return `${remaining} was left of the credit of priority ${priority}${parts.length ? `, which pays ${parts.join(', ')}` : ''}: ${value}`
}

/** 90 + 45 - 5 = 130. */
const addUp = (lines: readonly Line[]): string => `${writeSum(lines.map(({ value }) => value))} = ${sumOf(lines)}`

/** What explains the line at a place: of those of charges, which can have one name, only its own charge. */
const ofCharge = ({ type }: Line, index: number, explained: Explained): Explained =>
  type === 'TOTAL_MISCELLANEOUS_CHARGES' ? { ...explained, charges: explained.charges.slice(index, index + 1) } : explained

/** How lines of an invoice came to their values. */
export const explainLine = (line: Line, explained: Explained): ExplainedLine => {
  const { digits, cards, input, logs } = explained
  const plain = (): ExplainedLine => {
    const credit = line.type === 'SUB_CREDITS' ? explained.credits?.find(({ id }) => id === line.id) : undefined
    if (credit) return { line, arithmetic: explainCredit(line, credit), lines: [] }
    const lines = (line.lines ?? []).map((one, index) => explainLine(one, ofCharge(line, index, explained)))
    const rule = logs.find((one) => one.rule.id === line.id || one.rule.action.id === line.id)
    const isOfRule = line.type.startsWith('PRICING_RULE_')
    if (isOfRule && rule) return { line, arithmetic: explainRule(line, rule), rule, lines }
    if (lines.length) return { line, arithmetic: addUp(line.lines ?? []), lines }
    const { quantity, valuePerQuantity, value } = line
    const arithmetic =
      quantity !== undefined && valuePerQuantity !== undefined
        ? `${quantity} × ${valuePerQuantity} = ${cutFrom(product(quantity, valuePerQuantity), value)}`
        : describePlain(line, explained)
    return { line, arithmetic, lines }
  }
  const card = cards.find(
    (one) =>
      one.billableId === line.id && [typeOfCardLine(one.type, 'IN_ARREARS'), typeOfCardLine(one.type, 'IN_ADVANCE')].includes(line.type),
  )
  const rated = card && input && rateCard(card, input)
  if (!card || !input || !rated) return plain()
  const slabsOf = (its: Line, slabs: readonly CardSlab[]): ExplainedLine[] =>
    (its.lines ?? []).map((one) => {
      const slab = slabs.find(({ slab: { order } }) => order === one.metadata?.['order'])
      if (slab) return { line: one, arithmetic: explainSlab(slab, one.value), lines: [] }
      if (one.type === 'RATE_CONFIG_ADJUSTMENT_AMOUNT') {
        const { minimum, maximum } = rated.limits
        const { amount } = limitCard(rated)
        const bound = one.value.startsWith('-') ? `at most ${maximum ?? ''}` : `at least ${minimum ?? ''}`
        return {
          line: one,
          arithmetic: `the card costs ${bound}, which is ${formatDecimal(decimalOf(amount))} in all: ${one.value}`,
          lines: [],
        }
      }
      return explainLine(one, { ...explained, cards: [], isWithinCard: true })
    })
  const lines = rated.windows
    ? (line.lines ?? []).map((one, index): ExplainedLine => {
        const window = rated.windows?.[index]
        if (one.type !== 'USAGE_CYCLE_AMOUNT' || !window) return explainLine(one, { ...explained, cards: [], isWithinCard: true })
        return { line: one, arithmetic: addUp(one.lines ?? []), lines: slabsOf(one, window.slabs) }
      })
    : slabsOf(line, rated.slabs ?? [])
  const words = explainCard(card, rated, input, digits)
  return {
    line,
    arithmetic: lines.length ? `${words}${words && ': '}${addUp(line.lines ?? [])}` : words,
    card,
    timing: rated.timing,
    ...(isShared(card) && { proration: shareOf(card, input) }),
    lines,
  }
}

/** What a rule read and came to. */
const explainRule = ({ value, quantity }: Line, { changes: { oldRevenue, newRevenue, oldUsage, newUsage } }: RuleLog): string =>
  quantity !== undefined && oldUsage !== undefined && newUsage !== undefined
    ? `the rule set the quantity from ${oldUsage} to ${newUsage}, and so the amount from ${oldRevenue} to ${newRevenue}: ${value}`
    : `the rule set the amount from ${oldRevenue} to ${newRevenue}: ${value}`

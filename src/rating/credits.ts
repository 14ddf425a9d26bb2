import { type Decimal, ZERO, add, compare, formatDecimal, requireDecimal, subtract } from '../lib/decimal.ts'
import { cutDecimal, type Line, sumOf } from './line.ts'

/** A credit of an account. Instants are milliseconds, amounts decimal texts. */
export interface Credit {
  id: string
  purpose: string
  priority: number
  /** What has not been consumed, and is not held for another invoice. */
  remaining: string
  /** Ids of billable items, and families of cards; everything where there are none. */
  appliesTo: readonly string[]
  effectiveFrom: number
  effectiveUntil: number | null
  createdAt: number
}

/** What an invoice took of a credit, and what of it for which line, where the credit applies to some only. */
export interface AppliedCredit {
  credit: Credit
  amount: string
  lines: Readonly<Record<string, string>>
}

/** A line that credits may pay: a card, a true-up, or what a rule or a person has added. */
interface Chargeable {
  id: string
  /** The id of what a line that a person has written is for, if it has one of its own beside it. */
  billableId?: unknown
  type: string
  left: Decimal
}

const IS_CARD = /^(?:ADVANCED_.+|.+_RATE_CARD_AMOUNT)$/
const CHARGEABLE: ReadonlySet<string> = new Set(['TRUE_UP_AMOUNT', 'PRICING_RULE_ADDITION_AMOUNT', 'CUSTOM_AMOUNT'])

/** The lines that are charges of their own, in their order. */
const chargeablesIn = (lines: readonly Line[]): Chargeable[] =>
  lines.flatMap((line) =>
    IS_CARD.test(line.type) || CHARGEABLE.has(line.type)
      ? [{ id: line.id ?? '', billableId: line.metadata?.['billableId'], type: line.type, left: requireDecimal(line.value) }]
      : chargeablesIn(line.lines ?? []),
  )

const FAMILIES: ReadonlyMap<string, readonly string[]> = new Map([
  ['ALL_USAGE_METER_RATE_CARDS', ['USAGE_RATE_CARD_AMOUNT']],
  ['ALL_FIXED_FEE_RATE_CARDS', ['FIXED_FEE_RATE_CARD_AMOUNT', 'ADVANCED_FIXED_FEE']],
])

const isCreditGrant = ({ type }: Chargeable): boolean => type.endsWith('CREDIT_GRANT_RATE_CARD_AMOUNT')

/** Whether a credit may pay a line. None pays for another credit unless it names that. */
const mayPay = ({ appliesTo }: Credit, line: Chargeable): boolean => {
  if (!appliesTo.length) return !isCreditGrant(line)
  return appliesTo.some((name) => name === line.id || name === line.billableId || FAMILIES.get(name)?.includes(line.type))
}

const least = (...amounts: readonly Decimal[]): Decimal => amounts.reduce((one, other) => (compare(other, one) < 0 ? other : one))
const sum = (amounts: readonly Decimal[]): Decimal => amounts.reduce(add, ZERO)
const isAbove = ({ coefficient }: Decimal): boolean => coefficient > 0n

/** The order in which credits are used: by priority, then the one that ends first, then the oldest. */
const compareCredits = (one: Credit, other: Credit): number =>
  one.priority - other.priority ||
  (one.effectiveUntil ?? Number.MAX_SAFE_INTEGER) - (other.effectiveUntil ?? Number.MAX_SAFE_INTEGER) ||
  one.createdAt - other.createdAt ||
  (one.id < other.id ? -1 : 1)

/** Pays lines one after another, and says how much of the credit went to each. */
const pay = (lines: readonly Chargeable[], amount: Decimal): Record<string, string> => {
  const paid = new Map<string, Decimal>()
  let rest = amount
  for (const line of lines) {
    if (!isAbove(line.left) || !isAbove(rest)) continue
    const part = least(line.left, rest)
    line.left = subtract(line.left, part)
    rest = subtract(rest, part)
    paid.set(line.id, add(paid.get(line.id) ?? ZERO, part))
  }
  return Object.fromEntries([...paid].map(([id, part]) => [id, formatDecimal(part)]))
}

/**
 * What credits take off the charges of an invoice, from its first instant until before its last one: each what is left of the lines that it
 * may pay, and never more than the whole (pricing.md, 14). Charges below 0 lower what a credit for everything can pay. An invoice of an
 * instant is of its first millisecond.
 */
export const applyCredits = (
  gross: readonly Line[],
  credits: readonly Credit[],
  { from, until, digits }: { from: number; until: number; digits: number },
): AppliedCredit[] => {
  const lines = chargeablesIn(gross)
  let open = requireDecimal(sumOf(gross))
  const applied: AppliedCredit[] = []
  const inForce = credits.filter(
    (one) => one.effectiveFrom < Math.max(until, from + 1) && (one.effectiveUntil ?? Number.POSITIVE_INFINITY) > from,
  )
  for (const credit of inForce.toSorted(compareCredits)) {
    const its = lines.filter((line) => mayPay(credit, line))
    const base = sum(its.map(({ left }) => left).filter((left) => credit.appliesTo.length === 0 || isAbove(left)))
    const remaining = requireDecimal(cutDecimal(requireDecimal(credit.remaining), digits))
    const amount = least(remaining, base, open)
    if (!isAbove(amount)) continue
    const paid = pay(its, amount)
    open = subtract(open, amount)
    applied.push({ credit, amount: formatDecimal(amount), lines: credit.appliesTo.length ? paid : {} })
  }
  return applied
}

const minus = (amount: string): string => `-${amount}`

/** The line of all credits of an invoice; none where there are none. */
export const creditLines = (applied: readonly AppliedCredit[]): Line[] => {
  if (!applied.length) return []
  const lines = applied.map(({ credit, amount, lines: its }): Line => ({
    id: credit.id,
    type: 'SUB_CREDITS',
    description: credit.purpose,
    value: minus(amount),
    ...(Object.keys(its).length && { metadata: Object.fromEntries(Object.entries(its).map(([id, part]) => [id, minus(part)])) }),
  }))
  return [{ id: 'TOTAL_CREDITS', type: 'TOTAL_CREDITS', description: 'Credits', value: sumOf(lines), lines }]
}

import { type Decimal, compare, formatDecimal, isZero, requireDecimal, subtract, sumDecimals } from '../lib/decimal.ts'
import type { Card, Limits, Timing } from './card.ts'
import { writeDay } from './cycle.ts'
import { cutQuotient, decimalOf } from './quotient.ts'
import type { CardSlab, CardWindow, RatedCard } from './rate.ts'
import { limit } from './slabs.ts'

/** A line of an invoice. Its value is cut to the minor unit of the currency where it is a leaf, and the sum of its lines where it is not. Numbers are decimal texts. */
export interface Line {
  type: string
  description: string
  value: string
  id?: string
  quantity?: string
  valuePerQuantity?: string
  metadata?: Readonly<Record<string, unknown>>
  lines?: readonly Line[]
}

export const sumOf = (lines: readonly Line[]): string => sumDecimals(lines.map(({ value }) => value))

/** A line that is the sum of others. */
export const parentOf = (line: Omit<Line, 'value' | 'lines'>, lines: readonly Line[]): Line => ({ ...line, value: sumOf(lines), lines })

/** An amount of money, cut toward zero to the minor unit. */
export type Cut = (amount: RatedCard['amount']) => string

export const cutTo =
  (digits: number): Cut =>
  (amount) =>
    formatDecimal(cutQuotient(amount, digits))

/** The type of the line of a card of a family. */
export const typeOfCardLine = (type: Card['type'], timing: Timing): string => {
  if (timing !== 'IN_ADVANCE') return `${type}_RATE_CARD_AMOUNT`
  return type === 'FIXED_FEE' ? 'ADVANCED_FIXED_FEE' : `ADVANCED_${type}_RATE_CARD_AMOUNT`
}

const hasUnits = ({ quantity: { dividend } }: CardSlab): boolean => !isZero(dividend)

const textOf = (quantity: RatedCard['amount']): string => formatDecimal(decimalOf(quantity))

const slabMetadata = ({ slab, packages, isRaised, isLowered }: CardSlab): Record<string, unknown> => ({
  order: slab.order,
  priceType: slab.priceType,
  startAfter: slab.startAfter,
  ...(slab.packageSize !== undefined && { packageSize: slab.packageSize }),
  ...(packages && { packageQuantity: textOf(packages) }),
  ...(isRaised && { minimumRateApplied: true }),
  ...(isLowered && { maximumRateApplied: true }),
})

/** The lines of slabs: the first one, and those that have units. */
const slabLines = (card: Card, slabs: readonly CardSlab[], cut: Cut): Line[] =>
  slabs
    .filter((slab, index) => index === 0 || hasUnits(slab))
    .map((one): Line => ({
      type: `${card.type}_RATE_CARD_SLAB_AMOUNT`,
      description: `Slab ${one.slab.order}`,
      quantity: textOf(one.quantity),
      ...(one.slab.priceType !== 'FLAT' && { valuePerQuantity: formatDecimal(one.rate) }),
      value: cut(one.amount),
      metadata: slabMetadata(one),
    }))

const windowLine = (card: Card, { start, end, quantity, slabs }: CardWindow, cut: Cut): Line =>
  parentOf(
    { type: 'USAGE_CYCLE_AMOUNT', description: `${writeDay(start)} to ${writeDay(end - 1)}`, quantity: textOf(quantity) },
    slabLines(card, slabs, cut),
  )

const SHOWS_SLABS: ReadonlySet<Card['type']> = new Set(['USAGE', 'LICENSE', 'ENTITLEMENT_OVERAGE'])

const adjustmentLine = (value: string, limits: Limits): Line[] => {
  const amount = requireDecimal(value)
  const limited = limit(amount, limits)
  if (compare(limited.amount, amount) === 0) return []
  const description = limited.isRaised ? 'Minimum charge adjustment' : 'Maximum charge adjustment'
  return [{ type: 'RATE_CONFIG_ADJUSTMENT_AMOUNT', description, value: formatDecimal(subtract(limited.amount, amount)) }]
}

/** A limit as money, which has no more digits than the currency. */
const cutLimits = ({ minimum, maximum }: Limits, digits: number): Limits => {
  const cut = (text: string): string => cutTo(digits)({ dividend: requireDecimal(text), divisor: 1n })
  return { ...(minimum !== undefined && { minimum: cut(minimum) }), ...(maximum !== undefined && { maximum: cut(maximum) }) }
}

/** The line of a card, with those of its slabs and windows, and of what its limits add or take. */
export const cardLine = (rated: RatedCard, digits: number): Line => {
  const { card, timing, slabs = [], windows, quantity, amount } = rated
  const cut = cutTo(digits)
  const type = typeOfCardLine(card.type, timing)
  const head = {
    id: card.billableId,
    type,
    description: card.displayName,
    ...(quantity && { quantity: textOf(quantity) }),
    metadata: { rateCardName: card.name },
  }
  const details = SHOWS_SLABS.has(card.type)
    ? windows
      ? windows.map((window) => windowLine(card, window, cut))
      : slabLines(card, slabs, cut)
    : [{ type, description: card.displayName, value: cut(amount) }]
  const adjustment = adjustmentLine(sumOf(details), cutLimits(rated.limits, digits))
  if (!SHOWS_SLABS.has(card.type) && !adjustment.length) return { ...head, value: sumOf(details) }
  const [only, ...others] = slabs
  const rate = only && !others.length && only.slab.priceType === 'PER_UNIT' ? { valuePerQuantity: formatDecimal(only.rate) } : {}
  return parentOf({ ...head, ...rate }, [...details, ...adjustment])
}

/** The line of a card with a line more, by which its value changes; one that had no lines repeats itself as the first of them. */
export const withLine = (line: Line, added: Line): Line => {
  const { lines, value, ...head } = line
  const own: readonly Line[] = lines ?? [{ type: line.type, description: line.description, value }]
  return parentOf(head, [...own, added])
}

/** A number of a rule as money. */
export const cutDecimal = (decimal: Decimal, digits: number): string => cutTo(digits)({ dividend: decimal, divisor: 1n })

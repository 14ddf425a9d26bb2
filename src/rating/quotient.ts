import { type Decimal, ZERO, add, compare, divide, negate, truncate } from '../lib/decimal.ts'

/** An exact quotient: a decimal by a whole number above 0, as an amount for 10 of 31 days is. */
export interface Quotient {
  readonly dividend: Decimal
  readonly divisor: bigint
}

export const NOTHING: Quotient = { dividend: ZERO, divisor: 1n }

export const whole = (dividend: Decimal): Quotient => ({ dividend, divisor: 1n })

const times = (decimal: Decimal, count: bigint): Decimal =>
  count === 1n ? decimal : { coefficient: decimal.coefficient * count, scale: decimal.scale }

/** A part of an amount: `days` of `of` days. `of` is a whole number above 0. */
export const shareOf = (amount: Decimal, days: number, of: number): Quotient =>
  days === of ? whole(amount) : { dividend: times(amount, BigInt(days)), divisor: BigInt(of) }

export const addQuotients = (one: Quotient, other: Quotient): Quotient =>
  one.divisor === other.divisor
    ? { dividend: add(one.dividend, other.dividend), divisor: one.divisor }
    : { dividend: add(times(one.dividend, other.divisor), times(other.dividend, one.divisor)), divisor: one.divisor * other.divisor }

export const sumQuotients = (quotients: readonly Quotient[]): Quotient => quotients.reduce(addQuotients, NOTHING)

export const negateQuotient = ({ dividend, divisor }: Quotient): Quotient => ({ dividend: negate(dividend), divisor })

export const isLess = (one: Quotient, other: Quotient): boolean =>
  compare(times(one.dividend, other.divisor), times(other.dividend, one.divisor)) < 0

/** A quotient cut toward zero to a number of places. */
export const cutQuotient = ({ dividend, divisor }: Quotient, places: number): Decimal => {
  if (divisor === 1n) return truncate(dividend, places)
  const { coefficient, scale } = dividend
  const shift = places - scale
  return shift >= 0
    ? { coefficient: (coefficient * 10n ** BigInt(shift)) / divisor, scale: places }
    : { coefficient: coefficient / (divisor * 10n ** BigInt(-shift)), scale: places }
}

/** Places behind the point of a quotient that is no decimal, where it is shown and not cut to an amount of money. */
const SHOWN_PLACES = 20

/** The decimal of a quotient: exact where it is one, and otherwise rounded half up to 20 places. */
export const decimalOf = ({ dividend, divisor }: Quotient): Decimal => {
  if (divisor === 1n) return dividend
  return divide(dividend, { coefficient: divisor, scale: 0 }, SHOWN_PLACES)
}

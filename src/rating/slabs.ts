import { type Decimal, ZERO, add, compare, isZero, multiply, requireDecimal, subtract } from '../lib/decimal.ts'
import type { Limits, PricingModel, Rates, Slab } from './card.ts'

/** What a slab costs: its units, its amount within its limits, and which of those held. */
export interface RatedSlab {
  slab: Slab
  /** The price of a unit, of a package or of the whole slab. */
  rate: Decimal
  quantity: Decimal
  amount: Decimal
  packages?: Decimal
  isRaised?: boolean
  isLowered?: boolean
}

/** The quotient of two decimals as a whole number, rounded up; toward zero where it is negative. */
const divideUp = (dividend: Decimal, divisor: Decimal): Decimal => {
  const scale = Math.max(dividend.scale, divisor.scale)
  const over = dividend.coefficient * 10n ** BigInt(scale - dividend.scale)
  const under = divisor.coefficient * 10n ** BigInt(scale - divisor.scale)
  return { coefficient: over / under + (over > 0n && over % under ? 1n : 0n), scale: 0 }
}

/** An amount within limits: lowered to the maximum, then raised to the minimum. */
export const limit = (amount: Decimal, { minimum, maximum }: Limits): { amount: Decimal; isRaised: boolean; isLowered: boolean } => {
  const [least, most] = [minimum, maximum].map((text) => (text === undefined ? undefined : requireDecimal(text)))
  const isLowered = most !== undefined && compare(amount, most) > 0
  const lowered = isLowered ? most : amount
  const isRaised = least !== undefined && compare(lowered, least) < 0
  return { amount: isRaised ? least : lowered, isRaised, isLowered: isLowered && !isRaised }
}

/** How many of the units fall to each slab. Units below 0 are all in the first one. */
const quantitiesOf = (model: PricingModel, starts: readonly Decimal[], quantity: Decimal): Decimal[] => {
  const only = (index: number): Decimal[] => starts.map((_, at) => (at === index ? quantity : ZERO))
  if (quantity.coefficient <= 0n) return only(0)
  if (model === 'VOLUME')
    return only(
      Math.max(
        0,
        starts.findLastIndex((start) => compare(start, quantity) < 0),
      ),
    )
  return starts.map((start, at) => {
    const next = starts[at + 1]
    const end = next && compare(next, quantity) < 0 ? next : quantity
    return compare(end, start) > 0 ? subtract(end, start) : ZERO
  })
}

const priceSlab = (slab: Slab, rate: Decimal, quantity: Decimal): Pick<RatedSlab, 'amount' | 'packages'> => {
  if (slab.priceType === 'PER_UNIT') return { amount: multiply(quantity, rate) }
  if (slab.priceType === 'FLAT') return { amount: quantity.coefficient > 0n ? rate : ZERO }
  const packages = divideUp(quantity, requireDecimal(slab.packageSize ?? '1'))
  return { amount: multiply(packages, rate), packages }
}

const inOrder = (slabs: readonly Slab[]): Slab[] => slabs.toSorted((one, other) => one.order - other.order)

/**
 * What a quantity costs by slabs, each of them in their order, also those that no unit falls to. A slab begins behind its startAfter. The
 * limits of a slab hold where it has units; those of all together are left to the caller (pricing.md, 10.1).
 */
export const rateSlabs = (model: PricingModel, slabs: readonly Slab[], { slabRates }: Rates, quantity: Decimal): RatedSlab[] => {
  const sorted = inOrder(slabs)
  const quantities = quantitiesOf(
    model,
    sorted.map(({ startAfter }) => requireDecimal(startAfter)),
    quantity,
  )
  return sorted.map((slab, index) => {
    const its = slabRates.find(({ order }) => order === slab.order)
    const rate = requireDecimal(its?.rate ?? '0')
    const units = quantities[index] ?? ZERO
    if (isZero(units)) return { slab, rate, quantity: ZERO, amount: ZERO, ...(slab.priceType === 'PACKAGE' && { packages: ZERO }) }
    const { amount, packages } = priceSlab(slab, rate, units)
    const limited = limit(amount, its?.limits ?? {})
    return {
      slab,
      rate,
      quantity: units,
      amount: limited.amount,
      ...(packages && { packages }),
      ...(limited.isRaised && { isRaised: true }),
      ...(limited.isLowered && { isLowered: true }),
    }
  })
}

export const amountOf = (slabs: readonly Pick<RatedSlab, 'amount'>[]): Decimal => slabs.reduce((sum, { amount }) => add(sum, amount), ZERO)

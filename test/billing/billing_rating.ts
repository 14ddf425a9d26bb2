import { Big } from 'big.js'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

/** Numbers with all of their digits, and with enough of them where they are divided. What is cut is cut toward zero. */
const Exact = Big()
Exact.DP = 60
Exact.RM = 0

export const exact = (number: string | number): Big => new Exact(String(number))
export const ZERO = exact(0)

const DIGITS: Readonly<Record<string, number>> = { USD: 2, JPY: 0, KWD: 3 }

/** An amount as money of a currency. */
export const cut = (amount: Big, currency: string): Big => amount.round(DIGITS[currency], 0)

/** What an invoice is as soon as it falls due. */
export const statusOf = (total: Big): string => {
  if (total.gt(0)) return 'DUE'
  return total.eq(0) ? 'PAID' : 'REFUND_COMPLETED'
}

/** An invoice of which neither credits nor anybody has paid anything. */
export const beforeCredits = (gross: Big) => ({ gross: gross.toFixed(), credits: '0', total: gross.toFixed(), paid: '0' })

export const sum = (all: readonly Big[]): Big => all.reduce((one, other) => one.plus(other), ZERO)

export const smaller = (one: Big, other: Big): Big => (one.lt(other) ? one : other)
const larger = (one: Big, other: Big): Big => (one.gt(other) ? one : other)

/** An amount that is lowered to a maximum and then raised to a minimum, as they are written in a plan. */
const bound = (amount: Big, limits: Loose = {}): Big => {
  const lowered = limits.maximumRate === undefined ? amount : smaller(amount, exact(limits.maximumRate))
  return limits.minimumRate === undefined ? lowered : larger(lowered, exact(limits.minimumRate))
}

/** How many of the units are in a slab that begins behind `from` and ends with `until`. */
const unitsIn = (quantity: Big, model: string, isFirst: boolean, from: Big, until: Big | undefined): Big => {
  if (quantity.lte(0)) return isFirst ? quantity : ZERO
  if (model === 'TIERED') return larger(ZERO, (until ? smaller(quantity, until) : quantity).minus(from))
  const isIn = (quantity.gt(from) || isFirst) && (!until || quantity.lte(until))
  return isIn ? quantity : ZERO
}

const packagesIn = (units: Big, size: Big): Big => {
  const complete = units.div(size).round(0, 0)
  return units.gt(complete.times(size)) ? complete.plus(1) : complete
}

/** What each slab of a card costs with so many units. */
export const slabAmounts = (ratePlan: Loose, { slabRates }: Loose, quantity: Big): Big[] =>
  ratePlan.slabs.map(({ order, startAfter, priceType, slabConfig }: Loose, index: number) => {
    const next = ratePlan.slabs[index + 1]
    const units = unitsIn(quantity, ratePlan.pricingModel, index === 0, exact(startAfter), next && exact(next.startAfter))
    if (units.eq(0)) return ZERO
    const { rate, slabRateConfig } = slabRates.find((its: Loose) => its.order === order)
    const price = exact(rate)
    if (priceType === 'FLAT') return bound(units.gt(0) ? price : ZERO, slabRateConfig)
    if (priceType === 'PER_UNIT') return bound(units.times(price), slabRateConfig)
    return bound(packagesIn(units, exact(slabConfig.packageSize)).times(price), slabRateConfig)
  })

/** A card with slabs: what its slabs come to, each cut to money, within the limits of the card. */
export const cardOfSlabs = (slabs: readonly Big[], { rateConfig }: Loose, currency: string): Big =>
  bound(sum(slabs.map((amount) => cut(amount, currency))), rateConfig)

const priceIn = (rateValues: readonly Loose[], currency: string): Loose => rateValues.find((one) => one.currency === currency)

/** A part of the time in which a card is billed: the days of it, and how many days a whole one has. */
export interface Span {
  days: readonly number[]
  of: number
}

/** What an account has of an add-on. */
export interface Held {
  /** The most on a day. */
  onDay: (day: number) => Big
  /** The most on a day or just before it: what is had less of from the first instant of a day on counts on that day, if it was paid for. */
  fromBefore: (day: number) => Big
  /** What counts for a span as a whole. */
  over: (first: number, last: number) => Big
  /** What it has when a day begins. */
  atStart: (day: number) => Big
}

/** What a card of licences costs in each slab of a span. */
const licenseSpan = (card: Loose, prices: Loose, held: Held, { days, of }: Span, cycleStart: number): { slabs: Big[]; quantity: Big } => {
  const { enableProration, invoiceTiming, ratePlan } = card
  const [first = 0] = days
  const shared = (quantities: readonly Big[]) => ({
    slabs: ratePlan.slabs.map((_: unknown, index: number) =>
      sum(quantities.map((quantity) => slabAmounts(ratePlan, prices, quantity)[index] ?? ZERO)).div(of),
    ),
    quantity: sum(quantities).div(of),
  })
  const whole = (quantity: Big) => ({ slabs: slabAmounts(ratePlan, prices, quantity), quantity })
  if (invoiceTiming === 'IN_ADVANCE') {
    const quantity = held.atStart(cycleStart)
    return enableProration ? shared(days.map(() => quantity)) : whole(quantity)
  }
  return enableProration ? shared(days.map((day) => held.onDay(day))) : whole(held.over(first, days.at(-1) ?? first))
}

/** What a card of licences that is paid in advance has cost in a cycle by what is known: exactly, within the limits of the card. */
export const rateLicensesSoFar = (card: Loose, currency: string, held: Held, spans: readonly Span[]): Big => {
  const prices = priceIn(card.rateValues, currency)
  const priceOf = (quantity: Big): Big => sum(slabAmounts(card.ratePlan, prices, quantity))
  const start = spans[0]?.days[0] ?? 0
  let most = ZERO
  const costs = spans.map(({ days, of }) => {
    if (card.enableProration) return sum(days.map((day) => priceOf(day > start ? held.fromBefore(day) : held.onDay(day)))).div(of)
    for (const day of days) most = larger(most, held.onDay(day))
    return priceOf(most)
  })
  return bound(sum(costs), prices.rateConfig)
}

/** What a card of licences costs: cut by slab in each of its spans, and within the limits of the card. */
export const rateLicenses = (card: Loose, currency: string, held: Held, spans: readonly Span[]): { value: Big; quantity: Big } => {
  const prices = priceIn(card.rateValues, currency)
  const rated = spans.map((span) => licenseSpan(card, prices, held, span, spans[0]?.days[0] ?? 0))
  return {
    value: cardOfSlabs(
      rated.flatMap(({ slabs }) => slabs),
      prices,
      currency,
    ),
    quantity: rated.map(({ quantity }) => quantity).reduce(larger, ZERO),
  }
}

export const rateUsage = (card: Loose, currency: string, quantity: Big): Big => {
  const prices = priceIn(card.rateValues, currency)
  return cardOfSlabs(slabAmounts(card.ratePlan, prices, quantity), prices, currency)
}

/** An amount of a plan in a currency, for some of the days of a period, with all of its digits. */
export const amountFor = (rateValues: readonly Loose[], currency: string, { days, of }: { days: number; of: number }): Big | undefined => {
  const price = priceIn(rateValues, currency)
  return price && exact(price.rate).times(days).div(of)
}

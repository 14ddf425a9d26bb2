import {
  type Decimal,
  ZERO,
  add,
  compare,
  divide,
  formatDecimal,
  isZero,
  multiply,
  negate,
  requireDecimal,
  subtract,
} from '../lib/decimal.ts'
import {
  type Card,
  type CreditGrantCard,
  type EntitlementCard,
  type FixedFeeCard,
  type LicenseCard,
  type Limits,
  type Rates,
  type Recurrence,
  type Slab,
  type Timing,
  timingOf,
} from './card.ts'
import { type Cycle, type Interval, type Schedule, addMonths, periodOf } from './cycle.ts'
import { type DayRun, type LicenseUse, readDays, readStart, readWindow } from './licenses.ts'
import { type Quotient, addQuotients, decimalOf, shareOf, sumQuotients, whole } from './quotient.ts'
import { type RatedSlab, amountOf, rateSlabs } from './slabs.ts'

/** What a slab of a card costs in a cycle; packages is how many of them, where it is sold in packages. */
export interface CardSlab {
  slab: Slab
  rate: Decimal
  quantity: Quotient
  amount: Quotient
  packages?: Quotient
  isRaised?: boolean
  isLowered?: boolean
}

/** A window of a cycle that is billed by itself, from a day until before a day. */
export interface CardWindow {
  start: number
  end: number
  quantity: Quotient
  slabs: readonly CardSlab[]
}

/** What a card costs in a cycle, exactly, before the limits of the card. */
export interface RatedCard {
  card: Card
  timing: Timing
  amount: Quotient
  limits: Limits
  quantity?: Quotient
  slabs?: readonly CardSlab[]
  windows?: readonly CardWindow[]
  /** How many licences count in each window, from which another number of them is rated. */
  licensed?: readonly LicensedWindow[]
}

/** What cards are rated with. Quantities are decimal texts. */
export interface RatingInput {
  currency: string
  cycle: Cycle
  /** When the plan is in force, for fees of more than one cycle; where it is left out, their share is that of the cycle. */
  schedule?: Schedule
  /** The units of each usage meter in the cycle. */
  usage: Readonly<Record<string, string>>
  /** The licences of each add-on. */
  licenses: Readonly<Record<string, LicenseUse>>
  /** The units of each feature beyond its credits, in the cycles that its card bills now. */
  overage: Readonly<Record<string, string>>
}

const NO_RATES: Rates = { slabRates: [] }
const NO_LICENSES: LicenseUse = { changes: [] }

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

/** Slabs that were rated for runs of days, added up and shared among all the days of a period. */
const sumRuns = (runs: readonly { days: number; slabs: readonly RatedSlab[] }[], of: number): CardSlab[] =>
  (runs[0]?.slabs ?? []).map(({ slab, rate }, index) => {
    const its = runs.map(({ days, slabs }) => ({ days, one: slabs[index] as RatedSlab }))
    const sum = (pick: (one: RatedSlab) => Decimal): Quotient => sumQuotients(its.map(({ days, one }) => shareOf(pick(one), days, of)))
    return {
      slab,
      rate,
      quantity: sum(({ quantity }) => quantity),
      amount: sum(({ amount }) => amount),
      ...(slab.priceType === 'PACKAGE' && { packages: sum(({ packages }) => packages ?? ZERO) }),
      ...(its.some(({ one }) => one.isRaised) && { isRaised: true }),
      ...(its.some(({ one }) => one.isLowered) && { isLowered: true }),
    }
  })

/** A window of a cycle, from a day until before a day, and the days of a whole one. */
interface Window {
  start: number
  end: number
  of: number
}

/** A window, and how many licences count on its days. */
export interface LicensedWindow extends Window {
  runs: readonly DayRun[]
}

const MONTHS: Readonly<Record<Interval, number>> = { WEEKLY: 0, MONTHLY: 1, QUARTERLY: 3, HALF_YEARLY: 6, ANNUALLY: 12 }

/** The windows of a cycle, each as long as an interval from the first day of the cycle on; the last one may be cut off. */
export const windowsOf = ({ start, end }: Pick<Cycle, 'start' | 'end'>, interval: Interval): Window[] => {
  const at = (index: number): number => (interval === 'WEEKLY' ? start + 7 * index : addMonths(start, MONTHS[interval] * index))
  const windows: Window[] = []
  for (let index = 0; at(index) < end; index++) {
    const next = at(index + 1)
    windows.push({ start: at(index), end: Math.min(next, end), of: next - at(index) })
  }
  return windows
}

/** What counts in a window: runs of days where it is shared among them, and otherwise one quantity for all of it. */
const runsOf = ({ timing, isProrated }: LicenseCard, use: LicenseUse, cycle: Cycle, { start, end, of }: Window): DayRun[] => {
  if (timing !== 'IN_ARREARS') return [{ days: isProrated ? end - start : of, quantity: readStart(use, cycle.start) }]
  return isProrated ? readDays(use, start, end) : [{ days: of, quantity: readWindow(use, start, end) }]
}

/** The windows that a card of licences is billed by: those of its usage cycle, or the cycle as one. */
const windowsOfCard = ({ usageCycle }: LicenseCard, cycle: Cycle): Window[] =>
  usageCycle ? windowsOf(cycle, usageCycle) : [{ start: cycle.start, end: cycle.end, of: cycle.nominalEnd - cycle.nominalStart }]

const rateOf = ({ slabRates }: Rates, order: number): Decimal => requireDecimal(slabRates.find((its) => its.order === order)?.rate ?? '0')

/** Prices by which so many parts of each unit cost as many times more: what parts of units cost is reckoned by them without division. */
const splitUnits = (slabs: readonly Slab[], rates: Rates, divisor: bigint): { slabs: readonly Slab[]; rates: Rates } => {
  if (divisor === 1n) return { slabs, rates }
  const times = (text: string): string => formatDecimal(multiply(requireDecimal(text), { coefficient: divisor, scale: 0 }))
  return {
    slabs: slabs.map(({ packageSize, ...slab }) => ({
      ...slab,
      startAfter: times(slab.startAfter),
      ...(slab.priceType === 'PACKAGE' && { packageSize: times(packageSize ?? '1') }),
    })),
    rates: {
      slabRates: rates.slabRates.map(({ order, rate, limits: { minimum, maximum } = {} }) => ({
        order,
        rate: slabs.find((slab) => slab.order === order)?.priceType === 'PER_UNIT' ? rate : times(rate),
        limits: {
          ...(minimum !== undefined && { minimum: times(minimum) }),
          ...(maximum !== undefined && { maximum: times(maximum) }),
        },
      })),
      ...(rates.limits && { limits: rates.limits }),
    },
  }
}

/** What licences cost in windows, whose quantities are those of parts where a divisor says how many of them a unit has. */
const rateWindows = (card: LicenseCard, rates: Rates, licensed: readonly LicensedWindow[], divisor = 1n): RatedCard => {
  const { usageCycle, model, slabs, timing } = card
  const split = splitUnits(slabs, rates, divisor)
  const partOf = (all: Quotient): Quotient => (divisor === 1n ? all : { ...all, divisor: all.divisor * divisor })
  const join = ({ slab: { order }, ...one }: CardSlab): CardSlab => ({
    ...one,
    slab: slabs.find((slab) => slab.order === order) as Slab,
    rate: rateOf(rates, order),
    quantity: partOf(one.quantity),
    amount: partOf(one.amount),
  })
  const windows = licensed.map(({ start, end, of, runs }): CardWindow => {
    const rated = runs.map(({ days, quantity }) => ({ days, slabs: rateSlabs(model, split.slabs, split.rates, quantity) }))
    const quantity = partOf(sumQuotients(runs.map((run) => shareOf(run.quantity, run.days, of))))
    return { start, end, quantity, slabs: sumRuns(rated, of).map(join) }
  })
  const amount = sumQuotients(windows.flatMap((window) => window.slabs.map((slab) => slab.amount)))
  const [only] = windows
  const rated = { card, timing, amount, limits: rates.limits ?? {}, licensed }
  if (!usageCycle && only) return { ...rated, quantity: only.quantity, slabs: only.slabs }
  const largest = windows.reduce<Quotient>((most, { quantity }) => (isLess(most, quantity) ? quantity : most), whole(ZERO))
  return { ...rated, quantity: largest, windows }
}

const rateLicense = (card: LicenseCard, { currency, cycle, licenses }: RatingInput): RatedCard | undefined => {
  const rates = card.rates[currency]
  if (!rates) return undefined
  const use = licenses[card.billableId] ?? NO_LICENSES
  return rateWindows(
    card,
    rates,
    windowsOfCard(card, cycle).map((window) => ({ ...window, runs: runsOf(card, use, cycle, window) })),
  )
}

const isLess = (one: Quotient, other: Quotient): boolean =>
  compare(
    multiply(one.dividend, { coefficient: other.divisor, scale: 0 }),
    multiply(other.dividend, { coefficient: one.divisor, scale: 0 }),
  ) < 0

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

const ONE: Decimal = { coefficient: 1n, scale: 0 }

/** Each day counts with one licence. */
const fillWindows = (licensed: readonly LicensedWindow[]): LicensedWindow[] =>
  licensed.map((window) => ({ ...window, runs: window.runs.map(({ days }) => ({ days, quantity: ONE })) }))

/** Rules read quantities that are rounded to 20 places; that falls away where what they come to is taken in whole days to fewer places. */
const WANTED_PLACES = 15

/** The same licences, multiplied so that their quantity is another one. */
const scaleLicenses = (card: LicenseCard, rates: Rates, licensed: readonly LicensedWindow[], wanted: Decimal): RatedCard => {
  const { dividend, divisor } = rateWindows(card, rates, licensed).quantity ?? whole(ONE)
  if (isZero(dividend)) return rateWindows(card, rates, licensed)
  const isBelow = dividend.coefficient < 0n
  const all = multiply(wanted, { coefficient: divisor, scale: 0 })
  const rounded = divisor !== 1n && all.scale > WANTED_PLACES ? divide(all, ONE, WANTED_PLACES) : all
  const factor = multiply(isBelow ? negate(rounded) : rounded, { coefficient: 10n ** BigInt(dividend.scale), scale: 0 })
  const scaled = licensed.map((window) => ({
    ...window,
    runs: window.runs.map(({ days, quantity }) => ({ days, quantity: multiply(quantity, factor) })),
  }))
  return rateWindows(card, rates, scaled, (isBelow ? negate(dividend) : dividend).coefficient)
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

import { type Decimal, ZERO, divide, formatDecimal, isZero, multiply, negate, requireDecimal } from '../lib/decimal.ts'
import type { LicenseCard, Rates, Slab } from './card.ts'
import { type Cycle, type Interval, addMonths } from './cycle.ts'
import { type DayRun, type LicenseUse, readDays, readStart, readWindow } from './licenses.ts'
import { type Quotient, isLess, shareOf, sumQuotients, whole } from './quotient.ts'
import type { CardSlab, CardWindow, LicensedWindow, RatedCard, RatingInput, Window } from './rated.ts'
import { type RatedSlab, rateSlabs } from './slabs.ts'

const NO_LICENSES: LicenseUse = { changes: [] }

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
export const windowsOfCard = ({ usageCycle }: LicenseCard, cycle: Cycle): Window[] =>
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

/** What the licences of a card cost in a cycle; undefined where it has no price in the currency. */
export const rateLicense = (card: LicenseCard, { currency, cycle, licenses }: RatingInput): RatedCard | undefined => {
  const rates = card.rates[currency]
  if (!rates) return undefined
  const use = licenses[card.billableId] ?? NO_LICENSES
  return rateWindows(
    card,
    rates,
    windowsOfCard(card, cycle).map((window) => ({ ...window, runs: runsOf(card, use, cycle, window) })),
  )
}

const ONE: Decimal = { coefficient: 1n, scale: 0 }

/** Each day counts with one licence. */
export const fillWindows = (licensed: readonly LicensedWindow[]): LicensedWindow[] =>
  licensed.map((window) => ({ ...window, runs: window.runs.map(({ days }) => ({ days, quantity: ONE })) }))

/** Rules read quantities that are rounded to 20 places; that falls away where what they come to is taken in whole days to fewer places. */
const WANTED_PLACES = 15

/** The same licences, multiplied so that their quantity is another one. */
export const scaleLicenses = (card: LicenseCard, rates: Rates, licensed: readonly LicensedWindow[], wanted: Decimal): RatedCard => {
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

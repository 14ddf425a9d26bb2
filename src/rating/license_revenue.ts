import { type Decimal, ZERO, add, multiply } from '../lib/decimal.ts'
import { keepPaidDays, largestSoFar } from './advance.ts'
import { type LicenseCard, NO_RATES } from './card.ts'
import { type Cycle, instantOf } from './cycle.ts'
import { type LicenseUse, readDays, readWindow } from './licenses.ts'
import { NOTHING, type Quotient, addQuotients } from './quotient.ts'
import { windowsOfCard } from './license_rate.ts'
import { amountOf, rateSlabs } from './slabs.ts'

/** What something has come to from an instant on (milliseconds), exactly. */
export interface Step {
  at: number
  total: Quotient
}

const HOUR = 3_600_000

/** The first instant of the hour of an instant, in milliseconds. */
export const hourOf = (instant: number): number => Math.floor(instant / HOUR) * HOUR

const priceOf = ({ model, slabs, rates }: LicenseCard, currency: string, quantity: Decimal): Decimal =>
  amountOf(rateSlabs(model, slabs, rates[currency] ?? NO_RATES, quantity))

/** Each day costs its share of what its number of licences costs, whenever it is paid. */
const spreadDays = (card: LicenseCard, currency: string, cycle: Cycle, use: LicenseUse): Step[] => {
  let before = NOTHING
  return windowsOfCard(card, cycle).flatMap(({ start, end, of }) => {
    let day = start
    let own = ZERO
    const steps: Step[] = []
    for (const { days, quantity } of readDays(use, start, end)) {
      const price = priceOf(card, currency, quantity)
      for (let index = 0; index < days; index++, day++) {
        own = add(own, price)
        steps.push({ at: instantOf(day), total: addQuotients(before, { dividend: own, divisor: BigInt(of) }) })
      }
    }
    before = addQuotients(before, { dividend: own, divisor: BigInt(of) })
    return steps
  })
}

/** The instants at which the licences of a card change within a cycle, in milliseconds. */
const listInstants = (use: LicenseUse): number[] => ('changes' in use ? use.changes.map(({ at }) => at) : use.names.map(({ from }) => from))

/** The licences as they were known before an instant, with what was in force then for ever after. */
const cutUse = (use: LicenseUse, until: number): LicenseUse =>
  'changes' in use ? { changes: use.changes.filter(({ at }) => at < until) } : { names: use.names.filter(({ from }) => from < until) }

/** Without proration each change costs the difference of the whole price, at its hour. Windows that are paid afterwards cost when they begin. */
const bookChanges = (card: LicenseCard, currency: string, cycle: Cycle, use: LicenseUse): Step[] => {
  const [from, until] = [instantOf(cycle.start), instantOf(cycle.end)]
  const isLater = card.timing === 'IN_ARREARS'
  const windows = windowsOfCard(card, cycle)
  const instants = [from, ...(isLater ? windows.map(({ start }) => instantOf(start)) : []), ...listInstants(use)]
  const hours = [...new Set(instants.filter((at) => at >= from && at < until).map(hourOf))].toSorted((one, other) => one - other)
  return hours.map((at) => {
    const known = cutUse(use, at + HOUR)
    const largest = isLater ? known : largestSoFar(known, cycle, card.usageCycle)
    const begun = windows.filter(({ start }) => !isLater || instantOf(start) < at + HOUR)
    const prices = begun.map(({ start, end }) => priceOf(card, currency, readWindow(largest, start, end)))
    return { at, total: { dividend: prices.reduce(add, ZERO), divisor: 1n } }
  })
}

/** What licences have come to within a cycle, with what was added to them in it, before the limits of their card. */
export const stepLicenses = (card: LicenseCard, currency: string, cycle: Cycle, use: LicenseUse): Step[] =>
  card.isProrated
    ? spreadDays(card, currency, cycle, card.timing === 'IN_ADVANCE' ? keepPaidDays(use, cycle.start) : use)
    : bookChanges(card, currency, cycle, use)

/** An amount that is spread over the days of a cycle. */
export const spreadAmount = (amount: Quotient, { start, end }: Pick<Cycle, 'start' | 'end'>): Step[] => {
  const days = end - start
  return Array.from({ length: days }, (_, index) => {
    const passed = index + 1
    const dividend = multiply(amount.dividend, { coefficient: BigInt(passed), scale: 0 })
    return { at: instantOf(start + index), total: passed === days ? amount : { dividend, divisor: amount.divisor * BigInt(days) } }
  })
}

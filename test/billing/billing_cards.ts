import type { Big } from 'big.js'
import { type Account, type Cycle, DAY, MONTHS, dayOf, daysInMonth, step } from './billing_cycles.ts'
import { type Held, type Span, ZERO, amountFor, exact } from './billing_rating.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

/** What counted entries add up to: from when until when there are how many. */
export const foldEntries = (entries: readonly Account['entries'][number][]): { from: number; until: number; quantity: Big }[] => {
  let quantity = ZERO
  const all = entries.toSorted((one, other) => one.at - other.at)
  return all.map(({ at, mode, quantity: text }, index) => {
    quantity = mode === 'ABSOLUTE' ? exact(text) : quantity.plus(text)
    return { from: at, until: all[index + 1]?.at ?? Number.POSITIVE_INFINITY, quantity }
  })
}

/** What an account has of an add-on, by what is known at an instant: what begins later is left out, and what ends later goes on. */
export const heldOf = ({ entries, names }: Account, licenseId: string, isNamed: boolean, known = Number.POSITIVE_INFINITY): Held => {
  if (isNamed) {
    const its = names.filter((one) => one.licenseId === licenseId && one.from <= known)
    const countIn = (from: number, until: number): Big => {
      const open = its.filter((one) => one.from < until && (one.until > from || one.until > known))
      return exact(new Set(open.map(({ name }) => name)).size)
    }
    return {
      onDay: (day) => countIn(day * DAY, (day + 1) * DAY),
      fromBefore: (day) => countIn(day * DAY - 1, (day + 1) * DAY),
      over: (first, last) => countIn(first * DAY, (last + 1) * DAY),
      atStart: (day) => countIn(day * DAY, day * DAY + 1),
    }
  }
  const held = foldEntries(entries.filter((one) => one.licenseId === licenseId && one.at <= known))
  const at = (time: number): Big => held.find(({ from, until }) => from <= time && time < until)?.quantity ?? ZERO
  const most = (start: number, end: number): Big =>
    held
      .filter(({ from, until }) => from < end && until > start && until > from)
      .map(({ quantity }) => quantity)
      .reduce((one, other) => (one.gt(other) ? one : other), at(start))
  return {
    onDay: (day) => most(day * DAY, (day + 1) * DAY),
    fromBefore: (day) => most(day * DAY - 1, (day + 1) * DAY),
    over: (_first, last) => at((last + 1) * DAY - 1),
    atStart: (day) => at(day * DAY),
  }
}

const range = (from: number, until: number): number[] => Array.from({ length: Math.max(0, until - from) }, (_, index) => from + index)

/** A day some months later, or the last one of that month if it has no such day. */
const monthsLater = (day: number, months: number): number => {
  const date = new Date(day * DAY)
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth() + months]
  return dayOf(Date.UTC(year, month, Math.min(date.getUTCDate(), daysInMonth(year, month))))
}

/** The parts of a cycle by which a card of licences is billed. */
export const spansOf = ({ usageCycle }: Loose, { start, end, nominalStart, nominalEnd }: Cycle): Span[] => {
  if (!usageCycle) return [{ days: range(start, end), of: nominalEnd - nominalStart }]
  const at = (index: number) => (usageCycle === 'WEEKLY' ? start + 7 * index : monthsLater(start, index * (MONTHS[usageCycle] ?? 1)))
  const spans: Span[] = []
  for (let index = 0; at(index) < end; index++)
    spans.push({ days: range(at(index), Math.min(at(index + 1), end)), of: at(index + 1) - at(index) })
  return spans
}

/** What a fee comes to in a cycle, and the day until which it is paid for. Undefined if it is not charged in the cycle. */
export const rateFee = (card: Loose, cycle: Cycle, currency: string): { amount: Big; until: number } | undefined => {
  const { piece, ordinal, start, end, nominalStart, nominalEnd } = cycle
  const { interval = 1, offset = 0 } = card.recurrenceConfig ?? {}
  const isAdvance = card.invoiceTiming === 'IN_ADVANCE'
  const count = ordinal - offset
  const isOnce = card.type === 'ONE_TIME'
  const isCharged = isOnce ? count === 1 : count >= 1 && (isAdvance ? count % interval === 1 % interval : count % interval === 0)
  if (!isCharged) return undefined
  let [from, until] = [nominalStart, nominalEnd]
  for (let more = isOnce ? interval : 1; more < interval; more++)
    if (isAdvance) until = step(piece, until + 1, 1)
    else from = step(piece, from - 1, -1)
  const [first, last] = [isOnce || interval === 1 ? start : Math.max(from, piece.from), Math.min(until, piece.until, isOnce ? end : until)]
  const share = card.enableProration ? { days: last - first, of: until - from } : { days: 1, of: 1 }
  const amount = amountFor(card.rateValues, currency, share)
  return amount && { amount, until: last }
}

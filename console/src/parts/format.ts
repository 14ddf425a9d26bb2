import { add, formatDecimal, negate, parseJsonNumber, ZERO } from '../../../src/lib/decimal.ts'
import type { Exact } from './exact_json.ts'

const SEPARATOR = ','

const groupDigits = (digits: string): string => digits.replaceAll(/\B(?=(\d{3})+$)/g, SEPARATOR)

/** All digits of a number, in groups of three, with at least `least` of them behind the point. A text that is no number stays as it is. */
export const quantity = (value: Exact, least = 0): string => {
  const decimal = parseJsonNumber(String(value))
  if (!decimal) return String(value)
  const [whole = '0', fraction = ''] = formatDecimal(decimal).replace('-', '').split('.')
  const shown = fraction.padEnd(least, '0')
  return `${decimal.coefficient < 0n ? '−' : ''}${groupDigits(whole)}${shown ? `.${shown}` : ''}`
}

const minorDigits = new Map<string, number>()

/** The digits behind the point that amounts of a currency have, such as 2 for USD and 0 for JPY. */
const minorDigitsOf = (currency: string): number => {
  let known = minorDigits.get(currency)
  if (known === undefined) {
    try {
      known = new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2
    } catch {
      known = 2
    }
    minorDigits.set(currency, known)
  }
  return known
}

/** An amount with all its digits, such as 1,234.50 USD. */
export const money = (value: Exact, currency: string | undefined): string =>
  currency ? `${quantity(value, minorDigitsOf(currency))} ${currency}` : quantity(value, 2)

/** A number with what it counts, such as 1 event, or 2 events. */
export const counted = (value: Exact, one: string, several = `${one}s`): string =>
  `${quantity(value)} ${String(value) === '1' ? one : several}`

/** The exact sum of numbers. */
export const sumOf = (values: readonly Exact[]): string =>
  formatDecimal(values.reduce((sum, value) => add(sum, parseJsonNumber(String(value)) ?? ZERO), ZERO))

/** What a number is more than another one, exactly. */
export const differenceOf = (one: Exact, other: Exact): string =>
  sumOf([one, formatDecimal(negate(parseJsonNumber(String(other)) ?? ZERO))])

/** A number for an axis, cut to what fits there. */
export const roughly = (value: number): string =>
  Math.abs(value) >= 10_000 ? new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 }).format(value) : quantity(value)

/** A name of the API as words: UN_COLLECTIBLE as Un collectible. */
export const wordsOf = (name: string): string => {
  const words = name
    .replaceAll(/([a-z])([A-Z])/g, '$1 $2')
    .replaceAll('_', ' ')
    .toLowerCase()
  return words.charAt(0).toUpperCase() + words.slice(1)
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

const two = (value: number): string => String(value).padStart(2, '0')

/** A day in UTC, such as 1 Nov 2026. */
export const dayOf = (at: string | number): string => {
  const date = new Date(at)
  return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()}`
}

/** An instant in UTC, such as 1 Nov 2026, 14:05:09. */
export const instantOf = (at: string | number): string => {
  const date = new Date(at)
  return `${dayOf(at)}, ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`
}

/** An instant by the clock of this computer. Undefined where that is UTC. */
export const localOf = (at: string | number): string | undefined => {
  const date = new Date(at)
  if (date.getTimezoneOffset() === 0) return undefined
  const isSameDay = date.getDate() === date.getUTCDate()
  return `${isSameDay ? '' : `${date.getDate()} ${MONTHS[date.getMonth()]}, `}${two(date.getHours())}:${two(date.getMinutes())}`
}

/** The last day of a range whose end is not in it. */
export const lastDayOf = (end: string): string => dayOf(new Date(end).getTime() - 1)

/** The same day as a filter of a list has it, such as 2026-11-30. */
export const lastDateOf = (end: string): string => new Date(Date.parse(end) - 1).toISOString().slice(0, '2026-11-30'.length)

const DAY = 86_400_000

/** The first instant after a day in UTC, for the end of a range that the day is in. What is no day stays as it is, and is refused by the API. */
export const afterDay = (day: string): string => {
  const at = new Date(Date.parse(`${day}T00:00:00Z`) + DAY)
  return Number.isNaN(at.getTime()) ? day : at.toISOString()
}

/** An end that means that there is none. */
export const isForever = (end: string): boolean => end >= '9999'

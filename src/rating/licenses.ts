import { type Decimal, ZERO, add, compare, formatDecimal, requireDecimal } from '../lib/decimal.ts'
import { dayOf, instantOf } from './cycle.ts'

/** How many licences an account has from an instant on (milliseconds), until the next change. */
export interface LicenseChange {
  at: number
  quantity: string
  /** How many entries of the licence had been made when this was read. */
  entries?: number
}

/** A name that has a licence from an instant until before another one (milliseconds); null: until further notice. */
export interface LicensedName {
  name: string
  from: number
  until: number | null
}

/** The licences of an account for one add-on: counted ones, or names. Changes of one instant stand in the order in which they were made. */
export type LicenseUse = { changes: readonly LicenseChange[] } | { names: readonly LicensedName[] }

/** An entry that sets, or adds to, the number of licences from an instant on. */
export interface LicenseEntry {
  at: number
  /** When it was made, which tells entries of one instant apart. */
  createdAt: number
  mode: 'ABSOLUTE' | 'RELATIVE'
  quantity: string
}

/** The changes that entries add up to, whatever order they were made in. */
export const foldLicenseEntries = (entries: readonly LicenseEntry[]): LicenseChange[] => {
  let quantity = ZERO
  return entries
    .toSorted((one, other) => one.at - other.at || one.createdAt - other.createdAt)
    .map(({ at, mode, quantity: its }) => {
      quantity = mode === 'ABSOLUTE' ? requireDecimal(its) : add(quantity, requireDecimal(its))
      return { at, quantity: formatDecimal(quantity) }
    })
}

/** Days in a row on which the same quantity counts. */
export interface DayRun {
  days: number
  quantity: Decimal
}

const runsOf = (quantities: readonly Decimal[]): DayRun[] => {
  const runs: DayRun[] = []
  for (const quantity of quantities) {
    const last = runs.at(-1)
    if (last && compare(last.quantity, quantity) === 0) last.days++
    else runs.push({ days: 1, quantity })
  }
  return runs
}

const sorted = (changes: readonly LicenseChange[]): LicenseChange[] => changes.toSorted((one, other) => one.at - other.at)

/** The quantity in force at an instant. */
export const quantityAt = (changes: readonly LicenseChange[], instant: number): Decimal => {
  const last = sorted(changes).findLast(({ at }) => at <= instant)
  return last ? requireDecimal(last.quantity) : ZERO
}

/** The largest quantity that was in force at any moment of each day. */
const dayMaxima = (changes: readonly LicenseChange[], from: number, until: number): Decimal[] => {
  const maxima = Array.from({ length: until - from }, () => undefined as Decimal | undefined)
  const all = sorted(changes)
  const raise = (start: number, end: number, quantity: Decimal): void => {
    for (let day = Math.max(dayOf(start), from); day < until && instantOf(day) < end; day++) {
      const known = maxima[day - from]
      if (!known || compare(quantity, known) > 0) maxima[day - from] = quantity
    }
  }
  raise(Number.NEGATIVE_INFINITY, all[0]?.at ?? Number.POSITIVE_INFINITY, ZERO)
  for (const [index, { at, quantity }] of all.entries()) {
    const next = all[index + 1]?.at ?? Number.POSITIVE_INFINITY
    if (next > at) raise(at, next, requireDecimal(quantity))
  }
  return maxima.map((quantity) => quantity ?? ZERO)
}

const isOpenBetween = ({ from, until }: LicensedName, start: number, end: number): boolean =>
  from < end && (until === null || until > start)

const countNames = (names: readonly LicensedName[], start: number, end: number): Decimal => ({
  coefficient: BigInt(new Set(names.filter((one) => isOpenBetween(one, start, end)).map(({ name }) => name)).size),
  scale: 0,
})

/** What counts on each day from `from` until before `until`: the largest number of licences, or the number of names. */
export const readDays = (use: LicenseUse, from: number, until: number): DayRun[] => {
  if (until <= from) return []
  if ('changes' in use) return runsOf(dayMaxima(use.changes, from, until))
  const names = use.names.filter((one) => isOpenBetween(one, instantOf(from), instantOf(until)))
  return runsOf(Array.from({ length: until - from }, (_, day) => countNames(names, instantOf(from + day), instantOf(from + day + 1))))
}

/** What counts for a whole window: the number of licences at its end, or the number of names that were open in it. */
export const readWindow = (use: LicenseUse, from: number, until: number): Decimal =>
  'changes' in use ? quantityAt(use.changes, instantOf(until) - 1) : countNames(use.names, instantOf(from), instantOf(until))

/** What counts when a cycle begins: the number of licences, or of names, at its first instant. */
export const readStart = (use: LicenseUse, day: number): Decimal =>
  'changes' in use ? quantityAt(use.changes, instantOf(day)) : countNames(use.names, instantOf(day), instantOf(day) + 1)

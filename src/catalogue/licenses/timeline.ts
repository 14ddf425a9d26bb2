import { type Decimal, ZERO, add, compare, formatDecimal, isZero, requireDecimal, subtract } from '../../lib/decimal.ts'
import type { Fault } from '../../lib/errors.ts'
import { iso } from '../../lib/time.ts'
import type { UPDATE_TYPES } from './table.ts'

/** A change of the number of licences from an instant on (milliseconds). `quantity` is a decimal. */
export interface TimelineUpdate {
  updateType: (typeof UPDATE_TYPES)[number]
  quantity: string
  effectiveFrom: number
}

/** An update in the timeline of a licence, with the number of licences that are in force after it. */
export interface TimelineEntry {
  id: string
  updateType: (typeof UPDATE_TYPES)[number]
  effectiveFrom: number
  value: string
}

/** What an update comes to in a timeline. */
export interface Placement {
  /** Where it stands: behind all entries that take effect no later. */
  index: number
  /** The number of licences that were in force at its time. */
  before: Decimal
  value: Decimal
  /** The later entries whose values it changes, all of them by the same number. */
  moved: { entry: TimelineEntry; value: Decimal }[]
  /** When the next entry sets the number anew, if one does (milliseconds). */
  until: number
}

/**
 * Places an update in a timeline, whose entries stand in the order of their times. What takes effect later is moved by as much as the
 * update changes, up to the next entry that sets the number.
 */
export const placeUpdate = (entries: readonly TimelineEntry[], { updateType, quantity, effectiveFrom }: TimelineUpdate): Placement => {
  const index = entries.findLastIndex((entry) => entry.effectiveFrom <= effectiveFrom) + 1
  const last = entries[index - 1]
  const before = last ? requireDecimal(last.value) : ZERO
  const value = updateType === 'ABSOLUTE' ? requireDecimal(quantity) : add(before, requireDecimal(quantity))
  const change = subtract(value, before)
  const next = entries.findIndex((entry, at) => at >= index && entry.updateType === 'ABSOLUTE')
  const later = isZero(change) ? [] : entries.slice(index, next < 0 ? undefined : next)
  return {
    index,
    before,
    value,
    moved: later.map((entry) => ({ entry, value: add(requireDecimal(entry.value), change) })),
    until: entries[next]?.effectiveFrom ?? Number.POSITIVE_INFINITY,
  }
}

/** The entries with an update in its place, and with the values that it moves. */
export const insertUpdate = (
  entries: readonly TimelineEntry[],
  update: TimelineUpdate & { id: string },
  placement: Placement,
): TimelineEntry[] => {
  const { index, value, moved } = placement
  const { id, updateType, effectiveFrom } = update
  const values = new Map(moved.map((one) => [one.entry, formatDecimal(one.value)]))
  const inserted = { id, updateType, effectiveFrom, value: formatDecimal(value) }
  return [
    ...entries.slice(0, index),
    inserted,
    ...entries.slice(index).map((entry) => ({ ...entry, value: values.get(entry) ?? entry.value })),
  ]
}

/** A limit to the number of licences, from an instant until before another. */
interface TimedCap {
  from: number
  until: number
  cap: string | null
}

/**
 * What forbids an update: a number of licences below 0 at any time; or, where it adds licences, more of them than the plan of the time
 * allows: at the time of the update, at each that it changes, and at the start of each plan until `now`.
 */
export const findLicenseFaults = (
  update: TimelineUpdate,
  { before, value, moved, until }: Placement,
  caps: readonly TimedCap[],
  now: number,
): Fault[] => {
  const path = ['quantity']
  if (update.updateType === 'ABSOLUTE' && compare(value, ZERO) < 0) return [{ path, message: 'must be 0 or more if it is ABSOLUTE' }]
  const changed = [{ at: update.effectiveFrom, value }, ...moved.map((one) => ({ at: one.entry.effectiveFrom, value: one.value }))]
  const below = changed.find((one) => compare(one.value, ZERO) < 0)
  if (below) return [{ path, message: `must leave 0 or more, and would leave ${formatDecimal(below.value)} from ${iso(below.at)} on` }]
  if (compare(value, before) <= 0) return []
  const begun = caps.filter(({ from }) => from > update.effectiveFrom && from < until && from <= now)
  const valueAt = (at: number): Decimal => changed.findLast((one) => one.at <= at)?.value ?? value
  const points = [...changed, ...begun.map(({ from }) => ({ at: from, value: valueAt(from) }))].toSorted((one, other) => one.at - other.at)
  for (const point of points) {
    const cap = caps.find(({ from, until: end }) => from <= point.at && point.at < end)?.cap
    if (cap !== undefined && cap !== null && compare(point.value, requireDecimal(cap)) > 0)
      return [
        {
          path,
          message: `must leave ${cap} at most by the price plan, and would leave ${formatDecimal(point.value)} from ${iso(point.at)} on`,
        },
      ]
  }
  return []
}

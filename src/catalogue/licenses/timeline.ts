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
  return { index, before, value, moved: later.map((entry) => ({ entry, value: add(requireDecimal(entry.value), change) })) }
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

/**
 * What forbids an update: a number of licences below 0 at any time; or, where it adds licences, more than `cap` of them at its time or at
 * one that it changes. `cap` is a decimal.
 */
export const findLicenseFaults = (update: TimelineUpdate, { before, value, moved }: Placement, cap: string | undefined): Fault[] => {
  const path = ['quantity']
  if (update.updateType === 'ABSOLUTE' && compare(value, ZERO) < 0) return [{ path, message: 'must be 0 or more if it is ABSOLUTE' }]
  const changed = [{ at: update.effectiveFrom, value }, ...moved.map((one) => ({ at: one.entry.effectiveFrom, value: one.value }))]
  const below = changed.find((one) => compare(one.value, ZERO) < 0)
  if (below) return [{ path, message: `must leave 0 or more, and would leave ${formatDecimal(below.value)} from ${iso(below.at)} on` }]
  const most = cap === undefined || compare(value, before) <= 0 ? undefined : requireDecimal(cap)
  const above = most && changed.find((one) => compare(one.value, most) > 0)
  if (!above) return []
  return [
    {
      path,
      message: `must leave ${cap} at most by the price plan, and would leave ${formatDecimal(above.value)} from ${iso(above.at)} on`,
    },
  ]
}

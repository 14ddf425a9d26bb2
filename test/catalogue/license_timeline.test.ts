import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type TimelineEntry,
  type TimelineUpdate,
  findLicenseFaults,
  insertUpdate,
  placeUpdate,
} from '../../src/catalogue/licenses/timeline.ts'
import { compare, requireDecimal } from '../../src/lib/decimal.ts'
import { foldLicenseEntries } from '../../src/rating/licenses.ts'

const DAY = 86_400_000

const updates = fc.array(
  fc.record({
    updateType: fc.constantFrom('RELATIVE' as const, 'ABSOLUTE' as const),
    quantity: fc.oneof(
      fc.integer({ min: -4, max: 6 }).map(String),
      fc.constantFrom('0.1', '-0.1', '0.3', '0.0000000000000001', '-0.7', '1000000000000000'),
    ),
    effectiveFrom: fc.integer({ min: 0, max: 6 }),
  }),
  { maxLength: 14 },
)

/** A limit that holds at all times. */
const always = (cap: string | undefined) => (cap === undefined ? [] : [{ from: 0, until: Number.MAX_SAFE_INTEGER, cap }])

const addAll = (
  all: readonly TimelineUpdate[],
  capOf: (update: TimelineUpdate) => string | undefined = () => undefined,
): { entries: TimelineEntry[]; taken: TimelineUpdate[] } => {
  let entries: TimelineEntry[] = []
  const taken: TimelineUpdate[] = []
  for (const [index, update] of all.entries()) {
    const placement = placeUpdate(entries, update)
    if (findLicenseFaults(update, placement, always(capOf(update)), 0).length) continue
    entries = insertUpdate(entries, { ...update, id: String(index) }, placement)
    taken.push(update)
  }
  return { entries, taken }
}

const foldAll = (all: readonly TimelineUpdate[]) =>
  foldLicenseEntries(
    all.map(({ updateType, quantity, effectiveFrom }, createdAt) => ({ at: effectiveFrom, createdAt, mode: updateType, quantity })),
  )

const isOver = (one: string, other: string): boolean => compare(requireDecimal(one), requireDecimal(other)) > 0

describe('a timeline', () => {
  it('has the values that all of its entries fold to, in whatever order they were made', () => {
    fc.assert(
      fc.property(updates, (all) => {
        const { entries, taken } = addAll(all)
        expect(entries.map(({ effectiveFrom: at, value: quantity }) => ({ at, quantity }))).toEqual(foldAll(taken))
      }),
      { numRuns: 1000 },
    )
  })

  it('takes an update exactly if no value of the whole fold is below 0', () => {
    fc.assert(
      fc.property(updates, (all) => {
        const taken: TimelineUpdate[] = []
        for (const update of all) if (foldAll([...taken, update]).every(({ quantity }) => !quantity.startsWith('-'))) taken.push(update)
        expect(addAll(all).taken).toEqual(taken)
      }),
      { numRuns: 1000 },
    )
  })

  it('takes an update exactly if it lifts no value above the cap', () => {
    fc.assert(
      fc.property(updates, fc.integer({ min: 0, max: 9 }), (all, cap) => {
        const taken: TimelineUpdate[] = []
        for (const update of all) {
          const before = new Map(foldAll(taken).map((one, index) => [index, one.quantity]))
          const at = taken.filter(({ effectiveFrom }) => effectiveFrom <= update.effectiveFrom).length
          const after = foldAll([...taken, update])
          const isLifted = after.some(({ quantity }, index) => {
            const was = index === at ? (before.get(index - 1) ?? '0') : (before.get(index > at ? index - 1 : index) ?? '0')
            return isOver(quantity, String(cap)) && isOver(quantity, was)
          })
          if (!isLifted && after.every(({ quantity }) => !quantity.startsWith('-'))) taken.push(update)
        }
        expect(addAll(all, () => String(cap)).taken).toEqual(taken)
      }),
      { numRuns: 1000 },
    )
  })
})

describe('what forbids an update', () => {
  const { entries } = addAll([
    { updateType: 'ABSOLUTE', quantity: '5', effectiveFrom: DAY },
    { updateType: 'RELATIVE', quantity: '3', effectiveFrom: 2 * DAY },
    { updateType: 'RELATIVE', quantity: '-6', effectiveFrom: 3 * DAY },
    { updateType: 'ABSOLUTE', quantity: '1', effectiveFrom: 4 * DAY },
    { updateType: 'RELATIVE', quantity: '20', effectiveFrom: 5 * DAY },
  ])
  const faultsOf = (updateType: 'RELATIVE' | 'ABSOLUTE', quantity: string, day: number, cap?: string) =>
    faultsWith(updateType, quantity, day, always(cap))
  const faultsWith = (
    updateType: 'RELATIVE' | 'ABSOLUTE',
    quantity: string,
    day: number,
    caps: Parameters<typeof findLicenseFaults>[2],
    now = 0,
  ) => {
    const update = { updateType, quantity, effectiveFrom: day * DAY }
    return findLicenseFaults(update, placeUpdate(entries, update), caps, now).map(({ path, message }) => `${path.join('.')}: ${message}`)
  }
  const below = (value: string, day: number) => [
    `quantity: must leave 0 or more, and would leave ${value} from 1970-01-0${day + 1}T00:00:00.000Z on`,
  ]
  const above = (cap: string, value: string, day: number) => [
    `quantity: must leave ${cap} at most by the price plan, and would leave ${value} from 1970-01-0${day + 1}T00:00:00.000Z on`,
  ]

  it('is less than nothing, at its time or later, up to the next number that is set', () => {
    expect(faultsOf('RELATIVE', '-2', 1)).toEqual([])
    expect(faultsOf('RELATIVE', '-2.5', 1)).toEqual(below('-0.5', 3))
    expect(faultsOf('RELATIVE', '-9', 2)).toEqual(below('-1', 2))
    expect(faultsOf('RELATIVE', '-2', 4)).toEqual(below('-1', 4))
    expect(faultsOf('ABSOLUTE', '3', 1)).toEqual([])
    expect(faultsOf('ABSOLUTE', '2', 1)).toEqual(below('-1', 3))
    expect(faultsOf('ABSOLUTE', '-1', 9)).toEqual(['quantity: must be 0 or more if it is ABSOLUTE'])
  })

  it('is more than the cap, at its time or later, up to the next number that is set', () => {
    expect(faultsOf('RELATIVE', '2', 1, '10')).toEqual([])
    expect(faultsOf('RELATIVE', '2.1', 1, '10')).toEqual(above('10', '10.1', 2))
    expect(faultsOf('ABSOLUTE', '11', 3, '10')).toEqual(above('10', '11', 3))
    expect(faultsOf('RELATIVE', '1', 4, '20')).toEqual(above('20', '22', 5))
    expect(faultsOf('RELATIVE', '1', 0, '0')).toEqual(above('0', '1', 0))
  })

  it('is not to lower what is above the cap already, nor to leave it', () => {
    expect(faultsOf('RELATIVE', '-1', 5, '10')).toEqual([])
    expect(faultsOf('ABSOLUTE', '20', 6, '10')).toEqual([])
    expect(faultsOf('RELATIVE', '0', 6, '10')).toEqual([])
    expect(faultsOf('ABSOLUTE', '21', 6, '10')).toEqual([])
    expect(faultsOf('ABSOLUTE', '21.5', 6, '10')).toEqual(above('10', '21.5', 6))
  })

  it('is the limit of each plan at its own time, and not that of a plan that begins later than now', () => {
    const caps = [
      { from: 0, until: 2 * DAY, cap: '10' },
      { from: 2 * DAY, until: 5 * DAY, cap: '8' },
      { from: 5 * DAY, until: 9 * DAY, cap: null },
    ]
    expect(faultsWith('RELATIVE', '1', 1, caps)).toEqual(above('8', '9', 2))
    expect(faultsWith('RELATIVE', '6', 1, caps)).toEqual(above('10', '11', 1))
    expect(faultsWith('RELATIVE', '6', 3, caps)).toEqual([])
    expect(faultsWith('RELATIVE', '100', 5, caps)).toEqual([])
    const later = [
      { from: 0, until: 7 * DAY, cap: '100' },
      { from: 7 * DAY, until: 9 * DAY, cap: '30' },
    ]
    expect(faultsWith('RELATIVE', '20', 5, later, 6 * DAY)).toEqual([])
    expect(faultsWith('RELATIVE', '20', 5, later, 7 * DAY)).toEqual(above('30', '41', 7))
    expect(faultsWith('RELATIVE', '9', 5, later, 7 * DAY)).toEqual([])
  })

  it('is the limit of a plan that began after an update that is dated back', () => {
    const caps = [{ from: DAY / 2, until: 9 * DAY, cap: '20' }]
    const update = { updateType: 'ABSOLUTE' as const, quantity: '21', effectiveFrom: 0 }
    const faultsAt = (now: number) => findLicenseFaults(update, placeUpdate([], update), caps, now)
    expect(faultsAt(DAY)).toHaveLength(1)
    expect(faultsAt(0)).toEqual([])
  })
})

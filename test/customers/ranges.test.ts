import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AliasRange, holdsAt, mostAtOnce, repeated, roomSince } from '../../src/customers/accounts/ranges.ts'

describe('alias ranges', () => {
  const span = fc
    .record({ value: fc.constantFrom('a', 'b'), from: fc.nat(20), length: fc.integer({ min: 1, max: 10 }) })
    .map(({ value, from, length }): AliasRange => ({ value, from, until: from + length }))
  const ranges = fc.array(span, { maxLength: 12, size: 'max' })
  const instants = Array.from({ length: 31 }, (_, at) => at)

  it('mostAtOnce is the most that any instant sees', () => {
    fc.assert(
      fc.property(ranges, (list) => {
        const seen = instants.map((at) => list.filter((range) => holdsAt(range, at)).length)
        expect(mostAtOnce(list)).toBe(Math.max(...seen))
      }),
    )
  })

  it('repeated finds an alias that two ranges hold at one instant', () => {
    fc.assert(
      fc.property(ranges, (all) => {
        const twice = instants.some((at) =>
          ['a', 'b'].some((value) => all.filter((range) => range.value === value && holdsAt(range, at)).length > 1),
        )
        const found = repeated(all)
        expect(found.length > 0).toBe(twice)
        const rest = all.filter((_, index) => !found.includes(index))
        expect(repeated(rest)).toEqual([])
      }),
    )
  })

  it('roomSince leaves room for as many as are asked for, from then until now', () => {
    fc.assert(
      fc.property(fc.array(span, { maxLength: 40, size: 'max' }), fc.integer({ min: 1, max: 10 }), fc.nat(30), (all, more, now) => {
        const since = roomSince(all, more, now)
        const heldAt = (at: number) => all.filter((range) => holdsAt(range, at)).length
        fc.pre(heldAt(now) + more <= 10 && since <= now)
        for (let at = since; at <= now; at++) expect(heldAt(at) + more).toBeLessThanOrEqual(10)
        if (since > 0) expect(heldAt(since - 1) + more).toBeGreaterThan(10)
      }),
    )
  })
})

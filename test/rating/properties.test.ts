import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compare, formatDecimal, requireDecimal, subtract, sumDecimals } from '../../src/lib/decimal.ts'
import type { Card } from '../../src/rating/card.ts'
import { type CycleConfig, INTERVALS, type Schedule, cycleAt, cycleOf, readDay } from '../../src/rating/cycle.ts'
import { buildInvoice, chargeAdvance, chargeArrears } from '../../src/rating/invoice.ts'
import { type Line, sumOf } from '../../src/rating/line.ts'
import { type RatingInput, rateCard } from '../../src/rating/rate.ts'
import { amountOf, rateSlabs } from '../../src/rating/slabs.ts'
import {
  type Price,
  commitmentCard,
  cycleBetween,
  entitlementCard,
  feeCard,
  grantCard,
  inputOf,
  licenseCard,
  overageCard,
  pricesOf,
  ruleOf,
  usageCard,
} from './cards.ts'

const RUNS = { numRuns: 10_000 }

/** An amount of up to four digits behind the point, from `least` on. */
const decimal = (least: number, most: number, places = 4) =>
  fc
    .integer({ min: least * 10 ** places, max: most * 10 ** places })
    .map((units) => formatDecimal({ coefficient: BigInt(units), scale: places }))

/** One to five slabs of whole bounds below 1,000, the first at 0. */
const prices = (rate: fc.Arbitrary<string>, types: readonly ('FLAT' | 'PER_UNIT' | 'PACKAGE')[] = ['FLAT', 'PER_UNIT', 'PACKAGE']) =>
  fc
    .tuple(
      fc.uniqueArray(fc.integer({ min: 1, max: 900 }), { maxLength: 4 }),
      fc.array(fc.tuple(fc.constantFrom(...types), rate, fc.integer({ min: 1, max: 60 })), { minLength: 5, maxLength: 5 }),
    )
    .map(([bounds, its]) =>
      [0, ...bounds.toSorted((one, other) => one - other)].map((bound, index): Price => {
        const [type, price, size] = its[index] ?? ['FLAT', '0', 1]
        return [String(bound), type === 'PACKAGE' ? { packageSize: String(size) } : type, price]
      }),
    )

const costOf = (its: readonly Price[], quantity: string, model: 'TIERED' | 'VOLUME' = 'TIERED') => {
  const { slabs, rates } = pricesOf(its, model)
  return amountOf(rateSlabs(model, slabs, rates['USD'] ?? { slabRates: [] }, requireDecimal(quantity)))
}

/** What the n-th unit of a slab costs: a flat price is paid by the first, that of a package by the first in it. */
const unitPrice = ([, type, rate]: Price, n: number): string => {
  if (type === 'PER_UNIT') return rate
  return type === 'FLAT' ? (n === 1 ? rate : '0') : (n - 1) % Number(type.packageSize) === 0 ? rate : '0'
}

/** The price of whole units, one after another. */
const naiveCost = (its: readonly Price[], quantity: number): string => {
  const paid: string[] = []
  for (let unit = 1; unit <= quantity; unit++) {
    const slab = its.findLast(([start]) => Number(start) < unit)
    if (slab) paid.push(unitPrice(slab, unit - Number(slab[0])))
  }
  return sumDecimals(paid)
}

const UNIT = 10_000n

const tenThousandths = (text: string): bigint => {
  const { coefficient, scale } = requireDecimal(text)
  return coefficient * 10n ** BigInt(4 - scale)
}

/** The price of the whole in one slab: of unit after unit, of package after package, or once. */
const naiveVolume = (its: readonly Price[], quantity: string): string => {
  const all = tenThousandths(quantity)
  let [, type, rate] = its[0] ?? ['0', 'FLAT', '0']
  for (const [start, ...slab] of its) if (tenThousandths(start) < all) [type, rate] = slab
  const price = tenThousandths(rate)
  const size = typeof type === 'string' ? UNIT : tenThousandths(type.packageSize)
  let paid = 0n
  for (let left = all; left > 0n; left -= size) {
    paid += price * (type === 'PER_UNIT' && left < UNIT ? left : UNIT)
    if (type === 'FLAT') break
  }
  return formatDecimal({ coefficient: paid, scale: 8 })
}

describe('slabs', () => {
  it('that are tiered cost what their units cost one after another', () => {
    fc.assert(
      fc.property(prices(decimal(-5, 50)), fc.integer({ min: 0, max: 1000 }), (its, quantity) => {
        expect(formatDecimal(costOf(its, String(quantity)))).toBe(naiveCost(its, quantity))
      }),
      RUNS,
    )
    const few = fc.integer({ min: 0, max: 60 })
    fc.assert(
      fc.property(prices(decimal(-5, 50)), few, fc.integer({ min: 0, max: 900 }), (its, more, from) => {
        const [before, after] = [from, from + more].map((quantity) => costOf(its, String(quantity)))
        const between = Array.from({ length: more }, (_, index) => {
          const slab = its.findLast(([start]) => Number(start) < from + index + 1)
          return slab ? unitPrice(slab, from + index + 1 - Number(slab[0])) : '0'
        })
        expect(formatDecimal(subtract(after ?? requireDecimal('0'), before ?? requireDecimal('0')))).toBe(sumDecimals(between))
      }),
      RUNS,
    )
  })

  it('that are tiered cost, beyond 1,000 units, what they cost up to the last slab and the rest of it', () => {
    fc.assert(
      fc.property(prices(decimal(-5, 50)), decimal(1000, 10_000_000), (its, quantity) => {
        const cumulative = its.map(([start, type, rate], index): bigint => {
          const units = tenThousandths(its[index + 1]?.[0] ?? quantity) - tenThousandths(start)
          const price = tenThousandths(rate)
          if (type === 'PER_UNIT') return units * price
          if (type === 'FLAT') return UNIT * price
          const size = tenThousandths(type.packageSize)
          return ((units + size - 1n) / size) * UNIT * price
        })
        const coefficient = cumulative.reduce((sum, one) => sum + one, 0n)
        expect(formatDecimal(costOf(its, quantity))).toBe(formatDecimal({ coefficient, scale: 8 }))
      }),
      RUNS,
    )
  })

  it('of a volume cost the price of the one slab that the whole falls to', () => {
    fc.assert(
      fc.property(prices(decimal(-5, 50)), decimal(0, 2000), (its, quantity) => {
        expect(formatDecimal(costOf(its, quantity, 'VOLUME'))).toBe(naiveVolume(its, quantity))
      }),
      RUNS,
    )
  })

  it('that are tiered, without limits and negative prices, never cost less for more', () => {
    fc.assert(
      fc.property(prices(decimal(0, 50)), decimal(0, 2000), decimal(0, 2000), (its, one, more) => {
        const sum = sumDecimals([one, more])
        expect(compare(costOf(its, sum), costOf(its, one))).toBeGreaterThanOrEqual(0)
      }),
      RUNS,
    )
  })
})

const dayOffset = fc.oneof(fc.integer({ min: 1, max: 31 }).map(String), fc.constant('LAST'))

const cycleConfig: fc.Arbitrary<CycleConfig> = fc
  .tuple(fc.constantFrom(...INTERVALS), dayOffset, fc.integer({ min: 1, max: 12 }), fc.boolean(), fc.constantFrom('FIRST', 'LAST', ''))
  .map(([interval, day, month, anniversaryCycle, word]) => {
    const months = { WEEKLY: 1, MONTHLY: 1, QUARTERLY: 3, HALF_YEARLY: 6, ANNUALLY: 12 }[interval]
    const weekday = day === 'LAST' ? day : String(((Number(day) - 1) % 7) + 1)
    return {
      interval,
      anniversaryCycle,
      startOffset: {
        dayOffset: interval === 'WEEKLY' ? weekday : day,
        monthOffset: months === 1 ? 'NIL' : word || String(((month - 1) % months) + 1),
      },
    }
  })

const day = fc.integer({ min: readDay('1970-01-01'), max: readDay('2370-01-01') })

const LONGEST = { WEEKLY: 7, MONTHLY: 31, QUARTERLY: 92, HALF_YEARLY: 184, ANNUALLY: 366 }

describe('cycles', () => {
  it('tile the time of a schedule: each day is in one, which is the same from whatever day it is looked for', () => {
    fc.assert(
      fc.property(cycleConfig, day, day, fc.array(day, { minLength: 20, maxLength: 20 }), (cycle, one, other, days) => {
        const schedule: Schedule = { cycle, from: Math.min(one, other), until: Math.max(one, other) + 1 }
        for (const its of days) {
          const found = cycleAt(schedule, its)
          if (its < schedule.from || its >= schedule.until) {
            expect(found).toBeUndefined()
            continue
          }
          if (!found) throw new Error('a day is in no cycle')
          const { ordinal, start, end, nominalStart, nominalEnd } = found
          expect(its >= start && its < end && start >= nominalStart && end <= nominalEnd).toBe(true)
          expect(nominalEnd - nominalStart).toBeLessThanOrEqual(LONGEST[cycle.interval])
          expect(cycleOf(schedule, ordinal)).toEqual(found)
          const next = cycleOf(schedule, ordinal + 1)
          expect(next?.start).toBe(end < schedule.until ? end : undefined)
          const before = cycleOf(schedule, ordinal - 1)
          expect(before?.end).toBe(ordinal > 1 ? start : undefined)
          expect(ordinal > 1 || start === schedule.from).toBe(true)
        }
      }),
      RUNS,
    )
  })
})

const licenses = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 29 * 24 }), fc.integer({ min: 0, max: 40 })), { maxLength: 8 })
  .map((changes) => ({
    changes: changes.map(([hour, quantity]) => ({ at: Date.parse('2024-06-01') + hour * 3_600_000, quantity: String(quantity) })),
  }))

const tag = fc.option(fc.constantFrom('A', 'B'), { nil: undefined })

const card: fc.Arbitrary<Card> = fc
  .tuple(
    fc.constantFrom(0, 1, 2, 3, 4, 5, 6),
    fc.integer({ min: 1, max: 9 }),
    prices(decimal(0, 50, 3)),
    tag,
    fc.boolean(),
    decimal(0, 90, 3),
  )
  .map(([family, id, its, tagged, isProrated, amount]): Card => {
    const more = tagged === undefined ? {} : { tag: tagged }
    const priced = pricesOf(
      its,
      'TIERED',
      isProrated ? { minimum: '5', maximum: amount === '0' ? '5' : sumDecimals([amount, '5']) } : undefined,
    )
    const timing = isProrated ? 'IN_ADVANCE' : 'IN_ARREARS'
    switch (family) {
      case 0:
        return usageCard(`um.${id}`, priced, more)
      case 1:
        return feeCard(`addon.f${id}`, amount, { isProrated, timing, ...more })
      case 2:
        return licenseCard(`addon.l${id}`, priced, { isProrated, ...more })
      case 3:
        return entitlementCard(`feature.${id}`, priced, ['10', '5.5'], { timing, ...more })
      case 4:
        return overageCard(`feature.${id}`, priced)
      case 5:
        return grantCard(`addon.g${id}`, '100', amount, { timing, ...more })
      case 6:
      default:
        return licenseCard(`addon.w${id}`, priced, { isProrated, usageCycle: 'WEEKLY', ...more })
    }
  })

const cards = fc.uniqueArray(card, { maxLength: 12, selector: ({ type, billableId }) => `${type} ${billableId}` })

const RULES = [
  ruleOf('r1', 1, '{"*":[{"var":"revenue.rate_card_total"},-0.0333]}', { type: 'ADD' }),
  ruleOf('r2', 2, '{"*":[{"var":"usage.urc.um.1"},1.5]}', { type: 'UPDATE', target: 'usage.urc.um.1' }),
  ruleOf('r3', 3, '{"-":[{"var":"revenue.ff.addon.f1"},0.015]}', { type: 'UPDATE', target: 'revenue.ff.addon.f1' }),
]

/** Lines whose value is not the sum of their own, or has more than two digits behind the point. */
const wrongLines = (line: Line): Line[] => [
  ...((line.lines && sumOf(line.lines) !== line.value) || requireDecimal(line.value).scale > 2 ? [line] : []),
  ...(line.lines ?? []).flatMap(wrongLines),
]

/** The lines of cards, each with all below it, as text. */
const cardTrees = (line: Line): string[] =>
  line.metadata?.['rateCardName'] === undefined ? (line.lines ?? []).flatMap(cardTrees) : [JSON.stringify(line)]

const inputWith = (quantity: string, its: ReturnType<typeof licenses.filter> extends fc.Arbitrary<infer Use> ? Use : never): RatingInput =>
  inputOf({
    usage: Object.fromEntries(Array.from({ length: 10 }, (_, id) => [`um.${id}`, quantity])),
    overage: Object.fromEntries(Array.from({ length: 10 }, (_, id) => [`feature.${id}`, quantity])),
    licenses: Object.fromEntries(['l', 'w'].flatMap((kind) => Array.from({ length: 10 }, (_, id) => [`addon.${kind}${id}`, its]))),
  })

describe('an invoice', () => {
  const invoiceOf = (its: readonly Card[], input: RatingInput) => {
    const plan = { name: 'Plan', cards: [...its, commitmentCard('120.55')], rules: RULES }
    return [chargeArrears(plan, input, 2), chargeAdvance(plan, input, 2)].map(({ lines }) =>
      buildInvoice(lines, {
        digits: 2,
        from: 0,
        until: Date.parse('2030-01-01'),
        credits: [
          { id: 'c', purpose: 'c', priority: 1, remaining: '33.335', appliesTo: [], effectiveFrom: 0, effectiveUntil: null, createdAt: 0 },
        ],
        miscellaneous: [{ name: 'third', value: '{"/":[{"var":"GROSS_AMOUNT"},3]}' }],
        taxes: [{ description: 'VAT', percent: '7.7' }],
      }),
    )
  }

  it('is the sum of its lines, to the cent, and never below 0 by its credits', () => {
    fc.assert(
      fc.property(cards, decimal(0, 1500), licenses, (its, quantity, use) => {
        for (const { root, credits } of invoiceOf(its, inputWith(quantity, use))) {
          expect(wrongLines(root)).toEqual([])
          const net = root.lines?.[0]?.lines?.[0]
          if (credits.length) expect(net?.value.startsWith('-')).toBe(false)
        }
      }),
      RUNS,
    )
  })

  it('does not depend on the order of cards, nor does what it says of each of them', () => {
    const shuffled = cards.chain((its) =>
      fc.tuple(fc.constant(its), fc.shuffledSubarray(its, { minLength: its.length, maxLength: its.length })),
    )
    fc.assert(
      fc.property(shuffled, decimal(0, 1500), licenses, (both, quantity, use) => {
        const [one, other] = both.map((list) =>
          invoiceOf(list, inputWith(quantity, use)).map(({ root }) => JSON.stringify([root.value, cardTrees(root).toSorted()])),
        )
        expect(one).toEqual(other)
        const trees = invoiceOf(both[0], inputWith(quantity, use)).flatMap(({ root }) => cardTrees(root))
        expect(trees).toHaveLength(both[0].length)
      }),
      RUNS,
    )
  })
})

describe('a prorated card', () => {
  it('of a cycle that is cut anywhere adds up to the whole, but for a minor unit a piece', () => {
    fc.assert(
      fc.property(
        decimal(0, 5000, 2),
        fc.integer({ min: 28, max: 366 }),
        fc.uniqueArray(fc.integer({ min: 1, max: 365 }), { maxLength: 5 }),
        fc.boolean(),
        (fee, days, all, isLicense) => {
          const whole = cycleBetween('2024-01-01', '2024-01-02')
          const cuts = [0, ...all.filter((cut) => cut < days).toSorted((one, other) => one - other), days]
          const its = isLicense ? licenseCard('addon.L', pricesOf([['0', 'PER_UNIT', fee]])) : feeCard('addon.L', fee, { isProrated: true })
          const costs = cuts.slice(1).map((end, index) => {
            const cycle = {
              ...whole,
              start: whole.start + (cuts[index] ?? 0),
              end: whole.start + end,
              nominalStart: whole.start,
              nominalEnd: whole.start + days,
            }
            const plan = { name: 'Plan', cards: [its], rules: [] }
            const input = inputOf({ cycle, licenses: { 'addon.L': { changes: [{ at: 0, quantity: '1' }] } } })
            return chargeArrears(plan, input, 2).lines[0]?.value ?? '0'
          })
          const missing = subtract(requireDecimal(fee), requireDecimal(sumDecimals(costs)))
          expect(compare(missing, requireDecimal('0'))).toBeGreaterThanOrEqual(0)
          expect(compare(missing, { coefficient: BigInt(costs.length), scale: 2 })).toBeLessThan(0)
        },
      ),
      RUNS,
    )
  })

  it('with tiers, whose quantity changes, beside a fee: of a cycle that is cut, but for a minor unit a line', () => {
    const daysWith = <Value>(value: fc.Arbitrary<Value>, maxLength: number) =>
      fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 365 }), value), { maxLength, selector: ([start]) => start })
    fc.assert(
      fc.property(
        prices(decimal(0, 50)).map((its) => its.map(([start, ...slab]): Price => [String(Math.ceil(Number(start) / 20)), ...slab])),
        decimal(0, 5000, 2),
        fc.integer({ min: 28, max: 366 }),
        fc.uniqueArray(fc.integer({ min: 1, max: 365 }), { maxLength: 5 }),
        fc.integer({ min: 0, max: 60 }),
        daysWith(fc.integer({ min: 0, max: 60 }), 4),
        (all, fee, days, some, first, later) => {
          const its = all.filter(([start], index) => all.findIndex(([other]) => other === start) === index)
          const { start } = cycleBetween('2024-01-01', '2024-01-02')
          const cuts = [0, ...some.filter((cut) => cut < days).toSorted((one, other) => one - other), days]
          const changes = [[0, first] as const, ...later.filter(([from]) => from < days).toSorted(([one], [other]) => one - other)]
          const plan = {
            name: 'Plan',
            cards: [feeCard('addon.F', fee, { isProrated: true }), licenseCard('addon.L', pricesOf(its))],
            rules: [],
          }
          const use = { changes: changes.map(([from, quantity]) => ({ at: (start + from) * 86_400_000, quantity: String(quantity) })) }
          const paid = cuts.slice(1).map((end, index) => {
            const cycle = { ordinal: 1, start: start + (cuts[index] ?? 0), end: start + end, nominalStart: start, nominalEnd: start + days }
            return chargeArrears(plan, inputOf({ cycle, licenses: { 'addon.L': use } }), 2).lines[0]?.value ?? '0'
          })
          const owed = changes.map(([from, quantity], index) => {
            const until = changes[index + 1]?.[0] ?? days
            return tenThousandths(naiveCost(its, quantity)) * BigInt(until - from)
          })
          const sum = owed.reduce((one, other) => one + other, tenThousandths(fee) * BigInt(days))
          const missing = sum - tenThousandths(sumDecimals(paid)) * BigInt(days)
          const lines = BigInt(paid.length * (its.length + 1))
          expect(missing >= 0n && missing < 100n * lines * BigInt(days)).toBe(true)
        },
      ),
      RUNS,
    )
  })

  it('costs what a card without proration costs, in a cycle that is whole', () => {
    fc.assert(
      fc.property(prices(decimal(0, 50)), fc.integer({ min: 0, max: 900 }), (its, quantity) => {
        const use = { 'addon.L': { changes: [{ at: 0, quantity: String(quantity) }] } }
        const [one, other] = [true, false].map((isProrated) =>
          rateCard(licenseCard('addon.L', pricesOf(its), { isProrated }), inputOf({ licenses: use })),
        )
        expect(one?.amount.dividend.coefficient).toBeDefined()
        const [left, right] = [one, other].map((rated) => (rated ? rated.amount.dividend.coefficient * (other?.amount.divisor ?? 1n) : 0n))
        const scale = (one?.amount.dividend.scale ?? 0) - (other?.amount.dividend.scale ?? 0)
        expect((left ?? 0n) * 10n ** BigInt(Math.max(0, -scale))).toBe(
          (right ?? 0n) * (one?.amount.divisor ?? 1n) * 10n ** BigInt(Math.max(0, scale)),
        )
      }),
      RUNS,
    )
  })
})

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { add, compare, formatDecimal, requireDecimal, subtract, sumDecimals } from '../../src/lib/decimal.ts'
import { rateAdvanceAt } from '../../src/rating/advance.ts'
import type { Card } from '../../src/rating/card.ts'
import { instantOf, readDay } from '../../src/rating/cycle.ts'
import { chargeAdvance, chargeArrears } from '../../src/rating/invoice.ts'
import { NOTHING, decimalOf } from '../../src/rating/quotient.ts'
import { commitmentOf, limitCard, rateCard } from '../../src/rating/rate.ts'
import { type RevenueEntry, type RevenueInput, lastHourOf, listRevenue } from '../../src/rating/revenue.ts'
import {
  type Price,
  commitmentCard,
  cycleBetween,
  entitlementCard,
  feeCard,
  grantCard,
  inputOf,
  licenseCard,
  pricesOf,
  ruleOf,
  usageCard,
} from './cards.ts'

const RUNS = { numRuns: 2000 }
const HOUR = 3_600_000
const START = Date.parse('2024-06-01')

const at = (time: string): number => Date.parse(`${time}Z`)

const revenueOf = (cards: readonly Card[], more: Partial<RevenueInput> = {}, rules: ReturnType<typeof ruleOf>[] = []) =>
  listRevenue({ name: 'Plan', cards, rules }, { ...inputOf(), usage: {}, overage: {}, ...more })

/** Entries as text: the item, the instant and the amount. */
const shown = (entries: readonly RevenueEntry[]): string[] =>
  entries.map(({ billableId, at: instant, amount }) =>
    [billableId, instant === undefined ? 'last' : new Date(instant).toISOString().slice(5, 16), amount].join(' '),
  )

const sum = (entries: readonly RevenueEntry[]): string => sumDecimals(entries.map(({ amount }) => amount))

describe('what is earned when', () => {
  it('usage earns by how much it raises the price of the cycle so far, also below 0', () => {
    const tiered = usageCard(
      'um.T',
      pricesOf([
        ['0', 'PER_UNIT', '0'],
        ['100', 'PER_UNIT', '0.5'],
        ['200', 'FLAT', '7'],
      ]),
    )
    const volume = usageCard(
      'um.V',
      pricesOf(
        [
          ['0', 'PER_UNIT', '2'],
          ['10', 'PER_UNIT', '1'],
        ],
        'VOLUME',
      ),
    )
    const usage = {
      'um.T': [
        { at: at('2024-06-01T10:00'), units: '60' },
        { at: at('2024-06-02T10:00'), units: '60' },
        { at: at('2024-06-30T23:00'), units: '90.5' },
      ],
      'um.V': [
        { at: at('2024-06-01T10:00'), units: '10' },
        { at: at('2024-06-01T11:00'), units: '1' },
        { at: at('2024-06-01T12:00'), units: '-11' },
      ],
    }
    expect(shown(revenueOf([tiered, volume], { usage }))).toEqual([
      'um.T 06-02T10:00 10',
      'um.T 06-30T23:00 47',
      'um.V 06-01T10:00 20',
      'um.V 06-01T11:00 -9',
      'um.V 06-01T12:00 -11',
    ])
  })

  it('a prorated fee earns its share each day, and thirds of cents add up to the whole', () => {
    const prorated = revenueOf([feeCard('addon.F', '10', { isProrated: true, timing: 'IN_ADVANCE' })])
    expect(shown(prorated.slice(0, 3))).toEqual([
      'addon.F 06-01T00:00 0.33333333333333333333',
      'addon.F 06-02T00:00 0.33333333333333333334',
      'addon.F 06-03T00:00 0.33333333333333333333',
    ])
    expect([prorated.length, sum(prorated)]).toEqual([30, '10'])
    const short = { cycle: cycleBetween('2024-06-21', '2024-07-01', ['2024-06-01', '2024-07-01']) }
    expect(sum(revenueOf([feeCard('addon.F', '30', { isProrated: true })], short))).toBe('10')
  })

  it('what is not prorated earns when it is charged', () => {
    const prices = pricesOf([['0', 'PER_UNIT', '1']])
    const cards = [
      feeCard('addon.A', '5'),
      feeCard('addon.B', '6', { timing: 'IN_ADVANCE' }),
      entitlementCard('feature.A', prices, ['7']),
      entitlementCard('feature.B', prices, ['8'], { timing: 'IN_ADVANCE' }),
      grantCard('addon.G', '100', '9', { timing: 'IN_ADVANCE' }),
      grantCard('addon.P', '100', '9', { timing: 'PREPAID' }),
    ]
    expect(shown(revenueOf(cards)).toSorted()).toEqual([
      'addon.A 06-30T23:00 5',
      'addon.B 06-01T00:00 6',
      'addon.G 06-01T00:00 9',
      'feature.A 06-30T23:00 7',
      'feature.B 06-01T00:00 8',
    ])
  })

  it('licences earn by day, or with each change', () => {
    const changes = [
      { at: at('2024-05-01T00:00'), quantity: '10' },
      { at: at('2024-06-11T08:30'), quantity: '13' },
      { at: at('2024-06-21T09:00'), quantity: '4' },
    ]
    const prices = pricesOf([['0', 'PER_UNIT', '3']])
    const licenses = { 'addon.L': { changes } }
    const byDay = revenueOf([licenseCard('addon.L', prices)], { licenses })
    expect(byDay).toHaveLength(30)
    expect([shown(byDay)[9], shown(byDay)[10], shown(byDay)[20], shown(byDay)[29]]).toEqual([
      'addon.L 06-10T00:00 1',
      'addon.L 06-11T00:00 1.3',
      'addon.L 06-21T00:00 1.3',
      'addon.L 06-30T00:00 0.4',
    ])
    expect(shown(revenueOf([licenseCard('addon.L', prices, { isProrated: false })], { licenses }))).toEqual([
      'addon.L 06-01T00:00 30',
      'addon.L 06-11T08:00 9',
      'addon.L 06-21T09:00 -27',
    ])
    expect(shown(revenueOf([licenseCard('addon.L', prices, { isProrated: false, timing: 'IN_ADVANCE' })], { licenses }))).toEqual([
      'addon.L 06-01T00:00 30',
      'addon.L 06-11T08:00 9',
    ])
    const weekly = { isProrated: false, usageCycle: 'WEEKLY' } as const
    expect(shown(revenueOf([licenseCard('addon.L', prices, weekly)], { licenses }))).toEqual([
      'addon.L 06-01T00:00 30',
      'addon.L 06-08T00:00 30',
      'addon.L 06-11T08:00 9',
      'addon.L 06-15T00:00 39',
      'addon.L 06-21T09:00 -27',
      'addon.L 06-22T00:00 12',
      'addon.L 06-29T00:00 12',
    ])
    const names = {
      'addon.L': {
        names: ['a', 'b', 'a'].map((name, index) => ({ name, from: START + index * 24 * HOUR, until: START + (index + 1) * 24 * HOUR })),
      },
    }
    expect(shown(revenueOf([licenseCard('addon.L', prices, { isProrated: false })], { licenses: names }))).toEqual([
      'addon.L 06-01T00:00 3',
      'addon.L 06-02T00:00 3',
    ])
  })

  it('limits, rules and what is missing to a commitment are earned in the last hour so far', () => {
    const prices = pricesOf([['0', 'PER_UNIT', '1']], 'TIERED', { maximum: '40' })
    const usage = { 'um.1': [{ at: at('2024-06-03T05:00'), units: '50' }] }
    const rules = [
      ruleOf('r1', 1, '{"*":[{"var":"revenue.rate_card_total"},-0.0333]}', { type: 'ADD' }),
      ruleOf('r2', 2, '{"/":[{"var":"revenue.urc.um.1"},4]}', { type: 'UPDATE', target: 'revenue.urc.um.1' }),
      ruleOf('r3', 3, '1', { type: 'ADD', id: 'mine' }, { timing: 'IN_ADVANCE' }),
    ]
    expect(shown(revenueOf([usageCard('um.1', prices), commitmentCard('20.5')], { usage }, rules))).toEqual([
      'um.1 06-03T05:00 50',
      'um.1 last -10',
      'um.1 last -30',
      'r1 last -1.332',
      'MINIMUM_COMMITMENT last 11.832',
      'mine last 1',
    ])
    const { cycle } = inputOf()
    expect(lastHourOf(cycle, at('2024-06-10T10:59:59'))).toBe(at('2024-06-10T10:00'))
    expect(lastHourOf(cycle, at('2024-08-01T00:00'))).toBe(at('2024-06-30T23:00'))
  })

  it('only that of the invoices that are asked for', () => {
    const cards = [feeCard('addon.A', '5'), feeCard('addon.B', '6', { timing: 'IN_ADVANCE' }), commitmentCard('8')]
    const plan = { name: 'Plan', cards, rules: [] }
    expect(sum(listRevenue(plan, { ...inputOf(), usage: {}, overage: {} }, ['IN_ARREARS']))).toBe('8')
    expect(sum(listRevenue(plan, { ...inputOf(), usage: {}, overage: {} }, ['IN_ADVANCE']))).toBe('6')
  })
})

const decimal = (least: number, most: number, places = 3) =>
  fc
    .integer({ min: least * 10 ** places, max: most * 10 ** places })
    .map((units) => formatDecimal({ coefficient: BigInt(units), scale: places }))

const prices = fc
  .tuple(
    fc.uniqueArray(fc.integer({ min: 1, max: 300 }), { maxLength: 3 }),
    fc.array(fc.tuple(fc.constantFrom('FLAT', 'PER_UNIT', 'PACKAGE'), decimal(-3, 20), fc.integer({ min: 1, max: 30 })), {
      minLength: 4,
      maxLength: 4,
    }),
    fc.constantFrom('TIERED', 'VOLUME'),
    fc.boolean(),
  )
  .map(([bounds, its, model, isLimited]) =>
    pricesOf(
      [0, ...bounds.toSorted((one, other) => one - other)].map((bound, index): Price => {
        const [type, price, size] = its[index] ?? ['FLAT', '0', 1]
        return [String(bound), type === 'PACKAGE' ? { packageSize: String(size) } : type, price]
      }),
      model as 'TIERED',
      isLimited ? { minimum: '5', maximum: '60' } : undefined,
    ),
  )

const card: fc.Arbitrary<Card> = fc
  .tuple(fc.constantFrom(0, 1, 2, 3, 4, 5), fc.integer({ min: 1, max: 9 }), prices, fc.boolean(), fc.boolean(), decimal(0, 90))
  .map(([family, id, priced, isProrated, isAdvance, amount]): Card => {
    const timing = isAdvance ? 'IN_ADVANCE' : 'IN_ARREARS'
    switch (family) {
      case 0:
        return usageCard(`um.${id}`, priced)
      case 1:
        return feeCard(`addon.f${id}`, amount, { isProrated, timing })
      case 2:
        return licenseCard(`addon.l${id}`, priced, { isProrated })
      case 3:
        return licenseCard(`addon.l${id}`, priced, { isProrated, usageCycle: 'WEEKLY' })
      case 4:
        return entitlementCard(`feature.${id}`, priced, ['10', '5.5'], { timing })
      case 5:
      default:
        return grantCard(`addon.g${id}`, '100', amount, { timing })
    }
  })

const cards = fc.uniqueArray(card, { maxLength: 8, selector: ({ billableId }) => billableId })

const parts = fc
  .uniqueArray(fc.tuple(fc.integer({ min: 0, max: 719 }), decimal(-5, 80)), { maxLength: 30, selector: ([hour]) => hour })
  .map((its) => its.toSorted(([one], [other]) => one - other).map(([hour, units]) => ({ at: START + hour * HOUR, units })))

const counted = fc.array(fc.tuple(fc.integer({ min: -48, max: 719 }), fc.integer({ min: 0, max: 40 })), { maxLength: 8 }).map((its) => ({
  changes: its
    .toSorted(([one], [other]) => one - other)
    .map(([hour, quantity]) => ({ at: START + hour * HOUR, quantity: String(quantity) })),
}))

const named = fc
  .array(fc.tuple(fc.integer({ min: -48, max: 719 }), fc.integer({ min: 1, max: 300 }), fc.constantFrom('a', 'b', 'c')), { maxLength: 8 })
  .map((its) => ({ names: its.map(([hour, hours, name]) => ({ name, from: START + hour * HOUR, until: START + (hour + hours) * HOUR })) }))

const cycle = fc.constantFrom(
  cycleBetween('2024-06-01', '2024-07-01'),
  cycleBetween('2024-06-01', '2024-06-20', ['2024-05-25', '2024-06-25']),
)

const inputWith = (
  its: RevenueInput['cycle'],
  usage: RevenueInput['usage'][string],
  use: RevenueInput['licenses'][string],
): RevenueInput => {
  const ids = Array.from({ length: 10 }, (_, id) => id)
  const until = instantOf(its.end)
  return {
    ...inputOf({ cycle: its, licenses: Object.fromEntries(ids.map((id) => [`addon.l${id}`, use])) }),
    usage: Object.fromEntries(ids.map((id) => [`um.${id}`, usage.filter((part) => part.at < until)])),
    overage: Object.fromEntries(ids.map((id) => [`feature.${id}`, usage.filter((part) => part.at < until)])),
  }
}

const sumParts = (all: RevenueInput['usage']) =>
  Object.fromEntries(Object.entries(all).map(([id, its]) => [id, sumDecimals(its.map(({ units }) => units))]))

const wholeOf = (input: RevenueInput) => ({ ...input, usage: sumParts(input.usage), overage: sumParts(input.overage) })

describe('the hours of a cycle', () => {
  const arbitrary = [cards, cycle, parts, fc.oneof(counted, named)] as const

  it('add up exactly to what the cycle comes to without cuts', () => {
    fc.assert(
      fc.property(...arbitrary, decimal(0, 500), (its, ofCycle, usage, use, committed) => {
        const input = inputWith(ofCycle, usage, use)
        const whole = wholeOf(input)
        const all = [...its, commitmentCard(committed)]
        for (const timing of ['IN_ARREARS', 'IN_ADVANCE'] as const) {
          const entries = listRevenue({ name: 'Plan', cards: all, rules: [] }, input, [timing])
          const rated = its.flatMap((one) => rateCard(one, whole) ?? []).filter((one) => one.timing === timing)
          const total = rated.map((one) => decimalOf(limitCard(one).amount)).reduce(add, requireDecimal('0'))
          const least = timing === 'IN_ARREARS' ? commitmentOf(all, input) : undefined
          const floor = least && decimalOf(least.amount)
          expect(sum(entries)).toBe(formatDecimal(floor && compare(floor, total) > 0 ? floor : total))
          for (const { at: instant } of entries)
            if (instant !== undefined) expect(instant >= instantOf(ofCycle.start) && instant < instantOf(ofCycle.end)).toBe(true)
        }
      }),
      RUNS,
    )
  })

  it('add up to what rules make of it, to the last of many digits', () => {
    const rules = [
      ruleOf('r1', 1, '{"*":[{"var":"revenue.rate_card_total"},-0.0333]}', { type: 'ADD' }),
      ruleOf('r2', 2, '{"*":[{"var":"usage.urc.um.1"},1.5]}', { type: 'UPDATE', target: 'usage.urc.um.1' }),
      ruleOf('r3', 3, '{"/":[{"var":"revenue.ff.addon.f1"},3]}', { type: 'UPDATE', target: 'revenue.ff.addon.f1' }),
      ruleOf('r4', 4, '{"*":[{"var":"usage.lic.addon.l2"},2]}', { type: 'UPDATE', target: 'usage.lic.addon.l2' }),
      ruleOf('r5', 5, '{"/":[{"var":"revenue.rate_card_total"},7]}', { type: 'ADD' }, { timing: 'IN_ADVANCE' }),
    ]
    fc.assert(
      fc.property(...arbitrary, (its, ofCycle, usage, use) => {
        const input = inputWith(ofCycle, usage, use)
        const plan = { name: 'Plan', cards: [...its, commitmentCard('100')], rules }
        const lines = [...chargeArrears(plan, wholeOf(input), 20).lines, ...chargeAdvance(plan, wholeOf(input), 20).lines]
        const missing = subtract(
          requireDecimal(sumDecimals(lines.map(({ value }) => value))),
          requireDecimal(sum(listRevenue(plan, input))),
        )
        expect(
          compare(
            { coefficient: missing.coefficient < 0n ? -missing.coefficient : missing.coefficient, scale: missing.scale },
            requireDecimal('0.000000000000001'),
          ),
        ).toBeLessThan(0)
      }),
      RUNS,
    )
  })

  it('add up to what licences cost that are paid in advance, with what is charged and given back for their changes', () => {
    const daily = fc
      .uniqueArray(fc.tuple(fc.integer({ min: 1, max: 29 }), fc.integer({ min: 0, max: 40 })), { maxLength: 6, selector: ([day]) => day })
      .map((its) => its.toSorted(([one], [other]) => one - other))
    const priced = pricesOf([
      ['0', 'PER_UNIT', '2.37'],
      ['10', 'PER_UNIT', '1.1'],
      ['20', 'FLAT', '5'],
    ])
    fc.assert(
      fc.property(daily, fc.boolean(), fc.constantFrom('WEEKLY', undefined), (days, isProrated, usageCycle) => {
        const its = licenseCard('addon.L', priced, { isProrated, timing: 'IN_ADVANCE', ...(usageCycle && { usageCycle: 'WEEKLY' }) })
        const { cycle: month } = inputOf()
        const changes = [['0', '7'] as const, ...days.map(([day, quantity]) => [String(day), String(quantity)] as const)].map(
          ([day, quantity]) => ({
            at: instantOf(readDay('2024-06-01') + Number(day)),
            quantity,
          }),
        )
        const cost = rateAdvanceAt(its, inputOf({ licenses: { 'addon.L': { changes } } }), instantOf(month.end) - 1)
        const total = cost?.total ?? NOTHING
        expect(sum(revenueOf([its], { licenses: { 'addon.L': { changes } } }))).toBe(formatDecimal(decimalOf(total)))
      }),
      RUNS,
    )
  })
})

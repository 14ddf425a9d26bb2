import { describe, expect, it } from 'vitest'
import { readCard } from '../../src/catalogue/rate_cards/card.ts'
import { DETAILS, type KeptCard, type RateCardType } from '../../src/catalogue/rate_cards/schema.ts'
import { decimalFromNumber, formatDecimal, requireDecimal } from '../../src/lib/decimal.ts'
import { rateAdvanceAt } from '../../src/rating/advance.ts'
import type { Card } from '../../src/rating/card.ts'
import {
  type Cycle,
  type CycleConfig,
  type Schedule,
  anniversaryOffset,
  cycleAt,
  cycleOf,
  dueDayOf,
  instantOf,
  readDay,
  writeDay,
} from '../../src/rating/cycle.ts'
import { chargeArrears } from '../../src/rating/invoice.ts'
import { cutTo } from '../../src/rating/line.ts'
import { NOTHING, addQuotients, decimalOf, negateQuotient, whole } from '../../src/rating/quotient.ts'
import { type RatingInput, chargedCycles, isOverageBilled, limitCard, rateCard } from '../../src/rating/rate.ts'
import cases from '../data/pricing.json'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any
const worked = cases as { id: string; given: Loose; expect: Loose }[]

const text = (number: number): string => formatDecimal(decimalFromNumber(number) ?? { coefficient: 0n, scale: 0 })

const FAMILIES = Object.entries(DETAILS) as [RateCardType, string][]

/** A card of a case, whose given has one object of a family. */
const cardIn = (given: Loose): Card => {
  const [type, family] = FAMILIES.find(([, name]) => name in given) as [RateCardType, string]
  const nested = given[family]
  const billableId = nested.usageMeterId ?? nested.id ?? nested.featureId
  const kept: KeptCard = { name: 'card', billableId, type, invoiceTiming: 'IN_ARREARS', rateCardDetails: { [family]: nested } }
  return readCard(kept, { displayName: 'Card', isPurchase: false }) as Card
}

const JUNE: Cycle = {
  ordinal: 1,
  start: readDay('2024-06-01'),
  end: readDay('2024-07-01'),
  nominalStart: readDay('2024-06-01'),
  nominalEnd: readDay('2024-07-01'),
}

const inputOf = (more: Partial<RatingInput>): RatingInput => ({
  currency: 'USD',
  cycle: JUNE,
  usage: {},
  licenses: {},
  overage: {},
  ...more,
})

describe('a card', () => {
  const isPriced = ({ given, expect: right }: (typeof worked)[number]) =>
    right.slabRevenueSummaries && FAMILIES.some(([, family]) => family in given)
  it.each(worked.filter(isPriced))('$id', ({ given, expect: right }) => {
    const card = cardIn(given)
    const quantity = given.usage ?? given.quantity ?? given.used - given.featureCreditLimit
    const amount = text(quantity)
    const rated = rateCard(
      card,
      inputOf({
        usage: { [card.billableId]: amount },
        licenses: { [card.billableId]: { changes: [{ at: 0, quantity: amount }] } },
        overage: { [card.billableId]: amount },
      }),
    )
    expect(
      rated?.slabs?.map(({ slab, quantity: units, amount: revenue, packages, isRaised, isLowered }) => ({
        order: slab.order,
        usage: Number(formatDecimal(decimalOf(units))),
        revenue: Number(formatDecimal(decimalOf(revenue))),
        ...((isRaised || isLowered || packages) && {
          metadata: {
            ...(isRaised && { minimumRateApplied: true }),
            ...(isLowered && { maximumRateApplied: true }),
            ...(packages && { packageQuantity: Number(formatDecimal(decimalOf(packages))) }),
          },
        }),
      })),
    ).toEqual(right.slabRevenueSummaries)
    const { amount: limited, adjustment } = limitCard(rated ?? { amount: whole(requireDecimal('0')), limits: {} })
    expect(formatDecimal(decimalOf(limited))).toBe(text(right.revenue))
    expect(formatDecimal(decimalOf(adjustment))).toBe(text(right.rateConfigAdjustment ?? 0))
  })
})

const scheduleIn = ({ pricingCycleConfig: cycle, effectiveFrom, effectiveUntil }: Loose): Schedule => ({
  cycle: cycle as CycleConfig,
  from: readDay(effectiveFrom),
  until: readDay(effectiveUntil ?? '9999-01-01'),
})

describe('cycles', () => {
  it.each(worked.filter(({ id, expect: right }) => id.startsWith('cycle-') && right.cycles))('$id', ({ given, expect: right }) => {
    const schedule = scheduleIn(given)
    const cycles = right.cycles.map((_: unknown, index: number) => {
      const cycle = cycleOf(schedule, index + 1) as Cycle
      return {
        start: writeDay(cycle.start),
        endExclusive: writeDay(cycle.end),
        lastDay: writeDay(cycle.end - 1),
        days: cycle.end - cycle.start,
        dueOn: writeDay(dueDayOf(cycle, given.pricingCycleConfig.gracePeriod)),
      }
    })
    expect(cycles).toEqual(right.cycles)
    if (right.backdatedEventsAcceptedThrough) {
      const dueDay = dueDayOf(cycleOf(schedule, 1) as Cycle, given.pricingCycleConfig.gracePeriod)
      expect(writeDay(dueDay - 1)).toBe(right.backdatedEventsAcceptedThrough)
    }
    if (given.effectiveUntil) expect(cycleOf(schedule, right.cycles.length + 1)).toBeUndefined()
    if (right.startOffset) expect(anniversaryOffset(given.pricingCycleConfig.interval, schedule.from)).toEqual(right.startOffset)
  })

  it.each(worked.filter(({ id }) => id.startsWith('anniversary-')))('$id', ({ given, expect: right }) => {
    expect(anniversaryOffset(given.pricingCycleConfig.interval, readDay(given.effectiveFrom))).toEqual(right.startOffset)
  })

  it.each(worked.filter(({ id }) => id.startsWith('offset-')))('$id', ({ given, expect: right }) => {
    const schedule = scheduleIn({ ...given, effectiveFrom: '2022-01-01' })
    const starts: string[] = []
    const first = cycleAt(schedule, readDay(`${given.year}-01-01`)) as Cycle
    for (let ordinal = first.ordinal; ; ordinal++) {
      const { start } = cycleOf(schedule, ordinal) as Cycle
      if (start >= readDay(`${given.year + 1}-01-01`)) break
      if (start >= readDay(`${given.year}-01-01`)) starts.push(writeDay(start).slice(5))
    }
    expect(starts).toEqual(right.cycleStarts)
  })

  it('retain-offsets-ok', () => {
    const { given, expect: right } = worked.find(({ id }) => id === 'retain-offsets-ok') as (typeof worked)[number]
    const { effectiveFrom, effectiveUntil } = given.edit
    const schedule = scheduleIn({
      pricingCycleConfig: { interval: 'MONTHLY', startOffset: given.ongoing.startOffset },
      effectiveFrom,
      effectiveUntil,
    })
    expect(
      [1, 2].map((ordinal) => cycleOf(schedule, ordinal)).map((cycle) => cycle && [writeDay(cycle.start), writeDay(cycle.end)]),
    ).toEqual(right.cycles)
  })
})

describe('recurrence', () => {
  it.each(worked.filter(({ id }) => id.startsWith('recurrence-')))('$id', ({ given, expect: right }) => {
    const { interval = 1, offset = 0 } = given.recurrenceConfig
    const charged = (timing: 'IN_ADVANCE' | 'IN_ARREARS', most: number) =>
      Array.from({ length: most }, (_, index) => index + 1).filter((ordinal) =>
        chargedCycles({ isOnce: false, interval, offset }, timing, ordinal),
      )
    expect(charged('IN_ADVANCE', right.inAdvanceCycles.at(-1))).toEqual(right.inAdvanceCycles)
    expect(charged('IN_ARREARS', right.inArrearsCycles.at(-1))).toEqual(right.inArrearsCycles)
  })

  it.each(worked.filter(({ id }) => id.startsWith('overage-billingconfig')))('$id', ({ given, expect: right }) => {
    const { interval = 1, startOffset: offset = 0 } = given.billingConfig
    const billed = Array.from({ length: right.billedInCycles.at(-1) }, (_, index) => index + 1).filter((ordinal) =>
      isOverageBilled({ interval, offset }, ordinal),
    )
    expect(billed).toEqual(right.billedInCycles)
  })
})

const oneSlab = (rate: number, more = {}) => ({
  licenseRateCard: {
    id: 'addon.L',
    enableProration: true,
    ratePlan: { pricingModel: 'TIERED', slabs: [{ order: 1, startAfter: 0, priceType: 'PER_UNIT' }] },
    rateValues: [{ currency: 'USD', slabRates: [{ order: 1, rate }] }],
    ...more,
  },
})

const usd = (amount: Parameters<ReturnType<typeof cutTo>>[0]): string => cutTo(2)(amount)
const at = (date: string): number => Date.parse(date)

describe('licences', () => {
  const caseOf = (id: string) => worked.find((one) => one.id === id) as (typeof worked)[number]

  it('license-prorated-15th', () => {
    const { given, expect: right } = caseOf('license-prorated-15th')
    const [start, end] = given.cycle.map(readDay)
    const rated = rateCard(
      cardIn(oneSlab(given.rate)),
      inputOf({
        cycle: { ordinal: 1, start, end, nominalStart: start, nominalEnd: end },
        licenses: { 'addon.L': { changes: [{ at: at(`${given.effectiveFrom}T00:00:00Z`), quantity: '1' }] } },
      }),
    )
    expect(usd(rated?.amount ?? whole(requireDecimal('0')))).toBe(text(right.amount))
  })

  it('license-prorated-mixed', () => {
    const { given, expect: right } = caseOf('license-prorated-mixed')
    const changes = [
      { at: at('2024-06-01T00:00:00Z'), quantity: '10' },
      { at: at('2024-06-21T12:00:00Z'), quantity: '13' },
    ]
    const rated = rateCard(cardIn(oneSlab(given.rate)), inputOf({ licenses: { 'addon.L': { changes } } }))
    expect([rated?.quantity, rated?.amount].map((its) => its && formatDecimal(decimalOf(its)))).toEqual([
      text(right.quantity),
      text(right.amount),
    ])
  })

  /** What a change costs of licences that are paid in advance: the difference of what they cost by what is known before and at its instant. */
  const costOfChange = (card: Card, cycle: Cycle, before: string, after: string, day: number): string => {
    const [first, changed] = [instantOf(cycle.start), instantOf(day)]
    const changes = [
      { at: first, quantity: before },
      { at: changed, quantity: after },
    ]
    const input = { ...inputOf({ licenses: { 'addon.L': { changes } } }), cycle }
    const charged =
      changed > first ? rateAdvanceAt(card, input, changed - 1)?.total : rateAdvanceAt(card, inputBefore(input, before), changed)?.total
    const now = rateAdvanceAt(card, input, changed)?.total
    return usd(addQuotients(now ?? NOTHING, negateQuotient(charged ?? NOTHING)))
  }
  const inputBefore = (input: RatingInput, quantity: string): RatingInput => ({
    ...input,
    licenses: { 'addon.L': { changes: [{ at: instantOf(input.cycle.start), quantity }] } },
  })

  it.each(['license-advance-decrease', 'license-advance-increase'])('%s', (id) => {
    const { given, expect: right } = caseOf(id)
    const [start, end] = given.cycle.map(readDay)
    const card = cardIn(oneSlab(given.rate, { invoiceTiming: 'IN_ADVANCE' }))
    const cycle = { ordinal: 1, start, end, nominalStart: start, nominalEnd: end }
    const cost = costOfChange(card, cycle, text(given.paidQuantity), text(given.newQuantity), readDay(given.effectiveFrom))
    expect(cost).toBe(right.refund === undefined ? text(right.adhocInvoice) : `-${text(right.refund)}`)
  })

  it('usage-cycle-weekly: a change costs in each window that is left', () => {
    const change = (before: string, after: string, day: number, enableProration: boolean, end = 28) =>
      costOfChange(
        cardIn(oneSlab(1, { invoiceTiming: 'IN_ADVANCE', usageCycle: 'WEEKLY', enableProration })),
        { ...JUNE, end: JUNE.start + end, nominalEnd: JUNE.start + end },
        before,
        after,
        JUNE.start + day - 1,
      )
    expect([change('0', '1', 8, true), change('0', '1', 8, false)]).toEqual(['3', '3'])
    expect([change('0', '1', 1, true), change('0', '1', 14, true), change('0', '2', 14, false)]).toEqual(['4', '2.14', '6'])
    expect([change('1', '0', 7, true), change('1', '0', 8, true), change('1', '0', 8, false)]).toEqual(['-3', '-2.85', '0'])
    expect([change('0', '7', 29, true, 30), change('0', '7', 29, false, 30)]).toEqual(['2', '7'])
  })

  it('usage-cycle-weekly, usage-cycle-weekly-30-days', () => {
    const named = { names: [{ name: 'ann', from: 0, until: null }] }
    const rate = (usageCycle: string | undefined, end: number) => {
      const cycle = { ...JUNE, end: JUNE.start + end, nominalEnd: JUNE.start + end }
      const card = cardIn(oneSlab(1, { enableProration: false, ...(usageCycle && { usageCycle }) }))
      return rateCard(card, inputOf({ cycle, licenses: { 'addon.L': named } }))
    }
    const revenue = (rated: ReturnType<typeof rate>) => usd(rated?.amount ?? whole(requireDecimal('0')))
    expect([revenue(rate(undefined, 28)), revenue(rate('WEEKLY', 28)), revenue(rate('WEEKLY', 30))]).toEqual(['1', '4', '5'])
    expect(rate('WEEKLY', 30)?.windows?.map(({ start, end }) => end - start)).toEqual([7, 7, 7, 7, 2])
  })
})

describe('a plan', () => {
  it('stripe-2.9-plus-30c', () => {
    const { given, expect: right } = worked.find(({ id }) => id === 'stripe-2.9-plus-30c') as (typeof worked)[number]
    const perUnit = (meter: string, rate: number) =>
      cardIn({
        usageRateCard: {
          usageMeterId: meter,
          ratePlan: { pricingModel: 'TIERED', slabs: [{ order: 1, startAfter: 0, priceType: 'PER_UNIT' }] },
          rateValues: [{ currency: 'USD', slabRates: [{ order: 1, rate }] }],
        },
      })
    const meters = ['um.AMOUNT', 'um.COUNT']
    const cards = meters.map((meter) => perUnit(meter, given.rates[meter]))
    const usage = { 'um.AMOUNT': text(given.usage['um.AMOUNT(SUM)']), 'um.COUNT': text(given.usage['um.COUNT(COUNT)']) }
    const [plan] = chargeArrears({ name: 'Payments', cards, rules: [] }, inputOf({ usage }), 2).lines
    expect(plan?.lines?.[0]?.lines?.map(({ id, value }) => [id, value])).toEqual(meters.map((meter) => [meter, text(right[meter])]))
    expect(plan?.value).toBe(text(right.total))
  })
})

describe('money', () => {
  it.each(worked.filter(({ id }) => id.startsWith('round-')))('$id', ({ given, expect: right }) => {
    expect(usd(whole(requireDecimal(text(given.amount))))).toBe(text(right.amount))
  })
})

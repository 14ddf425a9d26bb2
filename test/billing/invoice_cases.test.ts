import { describe, expect, it } from 'vitest'
import { type CardCase, cardCases, caseOf, familyOf, perUnit } from '../helpers/calculator.ts'
import { linesOf, withTestClock } from '../helpers/billed.ts'
import { monthly } from '../helpers/schedules.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

const noGrace = { ...monthly, gracePeriod: 0 }
const fee = (id: string, rate: number, more: Loose = {}) => {
  const { currency = 'USD', ...rest } = more
  return { id, enableProration: true, rateValues: [{ currency, rate }], ...rest }
}
const usage = (usageMeterId: string, rate: number, currency = 'USD') => ({
  usageMeterId,
  ...perUnit(rate),
  rateValues: [{ currency, slabRates: [{ order: 1, rate }] }],
})
const seats = (id: string, rate: number, more: Loose = {}) => ({ id, enableProration: true, ...perUnit(rate), ...more })

describe('what cards come to on an invoice', () => {
  /** Overage is billed since there are feature credits. */
  const cases = cardCases.filter((one) => familyOf(one) !== 'entitlementOverageRateCard')

  it(`is as worked out, in ${cases.length} cases of one card`, async () => {
    expect(cases.length).toBeGreaterThan(20)
    const api = await withTestClock('2024-06-01T00:00:00Z')
    const license = await api.addOn('LICENSE')
    for (const one of cases) {
      const { id, given } = one
      const family = familyOf(one)
      const isUsage = family === 'usageRateCard'
      const card = isUsage ? { ...given[family], usageMeterId: api.meterId } : { enableProration: false, ...given[family], id: license }
      const details = { pricingCycleConfig: noGrace, [isUsage ? 'usageRateCards' : 'licenseRateCards']: [card] }
      await api.account(id, await api.plan(details), '2024-06-01')
      const quantity = given.usage ?? given.quantity
      if (isUsage && quantity) await api.use(id, String(quantity), '2024-06-01T00:00:00Z')
      if (!isUsage) await api.hold(id, license, quantity, '2024-06-01T00:00:00Z')
    }
    await api.moveTo('2024-07-01T00:00:00Z')
    for (const { id, expect: right } of cases) {
      const [invoice] = await api.invoices(id)
      const [card] = linesOf(invoice.revenueInfo, 'USAGE_RATE_CARD_AMOUNT', 'LICENSE_RATE_CARD_AMOUNT')
      const slabs = linesOf(card, 'USAGE_RATE_CARD_SLAB_AMOUNT', 'LICENSE_RATE_CARD_SLAB_AMOUNT')
      const wanted = (right.slabRevenueSummaries as Loose[]).filter((slab, index) => index === 0 || slab.usage !== 0)
      const { rateConfigAdjustment: limited } = right as Loose
      expect([id, invoice.totalAmount, card.value]).toEqual([id, right.revenue, right.revenue])
      expect([id, ...slabs.map(({ quantity, value, metadata: { order } }) => [order, quantity, value])]).toEqual([
        id,
        ...wanted.map(({ order, usage: units, revenue }) => [order, units, revenue]),
      ])
      expect([id, linesOf(card, 'RATE_CONFIG_ADJUSTMENT_AMOUNT').map(({ value }) => value)]).toEqual([id, limited ? [limited] : []])
    }
  })

  it('round-0.001-usd, round-0.01-usd, round-0.019-down, stripe-2.9-plus-30c: is cut toward zero, line by line', async () => {
    const api = await withTestClock('2024-06-01T00:00:00Z')
    const { given, expect: right } = caseOf('stripe-2.9-plus-30c') as unknown as CardCase & { expect: Loose }
    const rounded = ['round-0.001-usd', 'round-0.01-usd', 'round-0.019-down'].map(caseOf) as (CardCase & { expect: Loose })[]
    for (const { id, given: its } of rounded) {
      await api.account(id, await api.plan({ usageRateCards: [usage(api.meterId, its.amount)] }), '2024-06-01')
      await api.use(id, '1', '2024-06-01T00:00:00Z')
      expect((await api.billed(id))[0]?.[4]).toBe(caseOf(id).expect['amount' as 'revenue'])
    }
    const { body: count } = await api.post('/usage_meters', {
      name: 'payments',
      type: 'COUNTER',
      aggregation: 'COUNT',
      eventSchemaName: 'rides',
    })
    await api.post(`/usage_meters/${count.id}/activate`)
    const cards = [usage(api.meterId, given.rates['um.AMOUNT']), usage(count.id, given.rates['um.COUNT'])]
    await api.account('stripe', await api.plan({ usageRateCards: cards }), '2024-06-01')
    for (let n = 0; n < given.usage['um.COUNT(COUNT)']; n++) await api.use('stripe', '50', '2024-06-01T00:00:00Z')
    const [invoice] = await api.invoices('stripe')
    expect([...linesOf(invoice.revenueInfo, 'USAGE_RATE_CARD_AMOUNT').map(({ value }) => value), invoice.totalAmount]).toEqual([
      right['um.AMOUNT'],
      right['um.COUNT'],
      right.total,
    ])
  })

  it('P2-14: has as many decimals as the currency: three in Kuwait', async () => {
    const api = await withTestClock('2026-04-01T00:00:00Z')
    const planId = await api.plan({ usageRateCards: [usage(api.meterId, 0.0125, 'KWD')] }, { currency: 'KWD' })
    await api.account('kuwait', planId, '2026-04-01', { currency: 'KWD' })
    await api.use('kuwait', '1487', '2026-04-01T00:00:00Z')
    await api.moveTo('2026-05-04T00:00:00Z')
    const [invoice] = await api.invoices('kuwait')
    expect([invoice.status, invoice.totalAmount, invoice.revenueInfo.units]).toEqual(['DUE', 18.587, 'KWD'])
  })
})

describe('a fee for a part of a cycle', () => {
  it('P2-13: is whole in a currency without minor units', async () => {
    const api = await withTestClock('2024-07-25T00:00:00Z')
    const support = await api.addOn('FIXED_FEE')
    const planId = await api.plan({ fixedFeeRateCards: [fee(support, 12_000, { currency: 'JPY' })] }, { currency: 'JPY' })
    await api.account('tokyo', planId, '2024-07-25', { currency: 'JPY' })
    await api.moveTo('2024-08-04T00:00:00Z')
    expect((await api.billed('tokyo'))[0]).toEqual(['STANDARD', '2024-07-25', '2024-08-01', '2024-08-04', 2709])
  })

  it('P2-41: is by the days of its February', async () => {
    const api = await withTestClock('2025-02-26T00:00:00Z')
    const support = await api.addOn('FIXED_FEE')
    const planId = await api.plan({ fixedFeeRateCards: [fee(support, 9)] })
    await api.account('short', planId, '2025-02-26', { until: '2025-03-01' })
    await api.account('leap', planId, '2028-02-27', { until: '2028-03-01' })
    await api.moveTo('2028-03-04T00:00:00Z')
    expect([...(await api.billed('short')), ...(await api.billed('leap'))]).toEqual([
      ['STANDARD', '2025-02-26', '2025-03-01', '2025-03-04', 0.96],
      ['STANDARD', '2028-02-27', '2028-03-01', '2028-03-04', 0.93],
    ])
  })

  it('P2-43: is a part of the whole quarter', async () => {
    const api = await withTestClock('2024-05-20T00:00:00Z')
    const support = await api.addOn('FIXED_FEE')
    const quarterly = { interval: 'QUARTERLY', startOffset: { dayOffset: '1', monthOffset: '1' }, gracePeriod: 0 }
    const planId = await api.plan({ pricingCycleConfig: quarterly, fixedFeeRateCards: [fee(support, 910)] })
    await api.account('quarter', planId, '2024-05-20')
    await api.moveTo('2024-07-01T00:00:00Z')
    expect((await api.billed('quarter'))[0]).toEqual(['STANDARD', '2024-05-20', '2024-07-01', '2024-07-01', 420])
  })

  it('P2-46, fixed-prorated-short-first-cycle: is by days', async () => {
    const api = await withTestClock('2024-06-16T00:00:00Z')
    const support = await api.addOn('FIXED_FEE')
    const { given, expect: right } = caseOf('fixed-prorated-short-first-cycle') as Loose
    await api.account('half', await api.plan({ fixedFeeRateCards: [fee(support, given.rate)] }), given.effectiveFrom, {
      until: '2024-07-01',
    })
    await api.account('march', await api.plan({ fixedFeeRateCards: [fee(support, 31)] }), '2026-03-29', { until: '2026-04-01' })
    await api.moveTo('2026-04-05T00:00:00Z')
    expect([await api.billed('half'), await api.billed('march')].map(([one]) => one?.[4])).toEqual([right.amount, 3])
  })

  it('P2-47: counts the day on which the plan changes to the new one', async () => {
    const api = await withTestClock('2026-04-01T00:00:00Z')
    const support = await api.addOn('FIXED_FEE')
    const [one, other] = [
      await api.plan({ fixedFeeRateCards: [fee(support, 30)] }),
      await api.plan({ fixedFeeRateCards: [fee(support, 60)] }),
    ]
    await api.account('mover', one, '2026-04-01')
    await api.give('mover', other, '2026-04-15')
    await api.moveTo('2026-05-04T00:00:00Z')
    expect((await api.billed('mover')).slice(0, 2)).toEqual([
      ['STANDARD', '2026-04-01', '2026-04-15', '2026-04-18', 14],
      ['STANDARD', '2026-04-15', '2026-05-01', '2026-05-04', 32],
    ])
  })

  it('P2-55: is not charged in the free trial, whose usage is, and once in each cycle behind it', async () => {
    const api = await withTestClock('2026-03-20T00:00:00Z')
    const support = await api.addOn('FIXED_FEE')
    const trial = fee(support, 30, { invoiceTiming: 'IN_ADVANCE', recurrenceConfig: { interval: 1, offset: 1 } })
    const planId = await api.plan({ fixedFeeRateCards: [trial], usageRateCards: [usage(api.meterId, 1)] })
    await api.account('trial', planId, '2026-03-20')
    await api.use('trial', '5', '2026-03-20T00:00:00Z')
    await api.moveTo('2026-05-31T00:00:00Z')
    expect(await api.billed('trial')).toEqual([
      ['STANDARD', '2026-03-20', '2026-04-01', '2026-04-04', 5],
      ['STANDARD', '2026-04-01', '2026-05-01', '2026-05-04', 0],
      ['STANDARD_ADVANCED', '2026-04-01', '2026-05-01', '2026-04-01', 30],
      ['STANDARD', '2026-05-01', '2026-06-01', '2026-06-04', 0],
      ['STANDARD_ADVANCED', '2026-05-01', '2026-06-01', '2026-05-01', 30],
    ])
  })

  it('recurrence-2-monthly, recurrence-3-quarterly-fee, recurrence-2-offset-1: is charged in the first of some cycles, or in the last', async () => {
    const api = await withTestClock('2024-01-01T00:00:00Z')
    const [early, late] = [await api.addOn('FIXED_FEE'), await api.addOn('FIXED_FEE')]
    const cases = ['recurrence-2-monthly', 'recurrence-3-quarterly-fee', 'recurrence-2-offset-1'].map(caseOf) as Loose[]
    for (const { id, given } of cases) {
      const { recurrenceConfig } = given
      const cards = [fee(early, 7, { invoiceTiming: 'IN_ADVANCE', recurrenceConfig }), fee(late, 5, { recurrenceConfig })]
      await api.account(id, await api.plan({ fixedFeeRateCards: cards }), '2024-01-01')
    }
    await api.moveTo('2024-10-01T00:00:00Z')
    for (const { id, expect: right } of cases) {
      const billed = await api.billed(id)
      const cyclesOf = (type: string, amount: number, most: number) =>
        billed.flatMap(([its, start, , , total]) =>
          its === type && total === amount && Number(start.slice(5, 7)) <= most ? [Number(start.slice(5, 7))] : [],
        )
      expect([id, cyclesOf('STANDARD_ADVANCED', 7, right.inAdvanceCycles.at(-1))]).toEqual([id, right.inAdvanceCycles])
      expect([id, cyclesOf('STANDARD', 5, right.inArrearsCycles.at(-1))]).toEqual([id, right.inArrearsCycles])
    }
  })
})

describe('cycles of invoices', () => {
  it('P2-44: of the end of a month come back', async () => {
    const api = await withTestClock('2026-01-30T00:00:00Z')
    const planId = await api.plan({ pricingCycleConfig: { interval: 'MONTHLY', anniversaryCycle: true, gracePeriod: 0 } })
    await api.account('31 Jan', planId, '2026-01-31')
    await api.account('30 Jan', planId, '2026-01-30')
    await api.account('28 Feb', planId, '2026-02-28')
    await api.moveTo('2026-05-31T00:00:00Z')
    const startsOf = async (id: string) => (await api.billed(id)).map(([, start]) => start.slice(5))
    expect(await startsOf('31 Jan')).toEqual(['01-31', '02-28', '03-31', '04-30', '05-31'])
    expect((await startsOf('30 Jan')).slice(0, 4)).toEqual(['01-30', '02-28', '03-30', '04-30'])
    expect(await startsOf('28 Feb')).toEqual(['02-28', '03-31', '04-30', '05-31'])
    for (const id of ['31 Jan', '30 Jan', '28 Feb']) {
      const billed = await api.billed(id)
      expect(billed.slice(1).map(([, start]) => start)).toEqual(billed.slice(0, -1).map(([, , end]) => end))
    }
  })

  it('P2-32: take an event of the last millisecond, and not one of the first behind it', async () => {
    const api = await withTestClock('2026-04-01T00:00:00Z')
    await api.account('edge', await api.plan({ usageRateCards: [usage(api.meterId, 1)] }), '2026-04-01')
    await api.moveTo('2026-05-01T02:00:00Z')
    for (const time of ['2026-04-30T23:59:59.999Z', '2026-05-01T00:00:00.000Z', '2026-05-01T01:30:00+02:00', '2026-05-01T00:00:00'])
      await api.use('edge', '1', time)
    await api.moveTo('2026-06-04T00:00:00Z')
    expect((await api.billed('edge')).map(([, start, , , total]) => [start, total])).toEqual([
      ['2026-04-01', 2],
      ['2026-05-01', 2],
      ['2026-06-01', 0],
    ])
  })

  const worked = [
    'cycle-closed-midway',
    'cycle-quarterly-m2-d3-grace2',
    'cycle-anniversary-quarterly-10mar',
    'cycle-monthly-last-from-31-jan',
    'cycle-grace-5',
  ]
  it(`${worked.join(', ')}: begin, end and fall due as worked out`, async () => {
    const api = await withTestClock('2024-01-15T00:00:00Z')
    for (const id of worked) {
      const { given } = caseOf(id) as Loose
      const planId = await api.plan({ pricingCycleConfig: given.pricingCycleConfig })
      await api.account(id, planId, given.effectiveFrom, { until: given.effectiveUntil ?? '9999-01-01' })
    }
    await api.moveTo('2024-10-01T00:00:00Z')
    for (const id of worked) {
      const { expect: right } = caseOf(id) as Loose
      const invoices = await api.invoices(id)
      const { cycles } = right
      expect([
        id,
        ...invoices
          .slice(0, cycles.length)
          .map(({ startDate, endDate, endDateInclusive, invoiceDate }) => [startDate, endDate, endDateInclusive, invoiceDate]),
      ]).toEqual([
        id,
        ...cycles.map(({ start, endExclusive, lastDay, dueOn }: Loose) => [
          `${start}T00:00:00.000Z`,
          `${endExclusive}T00:00:00.000Z`,
          `${lastDay}T23:59:59.999Z`,
          `${dueOn}T00:00:00.000Z`,
        ]),
      ])
    }
    expect(await api.invoices('cycle-closed-midway')).toHaveLength(2)
  })
})

describe('licences on an invoice', () => {
  it('P2-49: count on each day with their largest number', async () => {
    const api = await withTestClock('2026-06-01T00:00:00Z')
    const license = await api.addOn('LICENSE')
    const planId = await api.plan({ licenseRateCards: [seats(license, 30)] })
    const changes = {
      one: ['27T10:00', '27T11:00', '27T12:00', '27T13:00'],
      other: ['27T10:00', '28T10:00', '28T11:00'],
    }
    for (const [id, times] of Object.entries(changes)) {
      await api.account(id, planId, '2026-06-01')
      for (const [index, time] of times.entries()) await api.hold(id, license, index % 2 ? -1 : 1, `2026-06-${time}:00Z`, 'RELATIVE')
    }
    await api.moveTo('2026-07-04T00:00:00Z')
    expect([await api.billed('one'), await api.billed('other')].map(([one]) => one?.[4])).toEqual([1, 4])
  })

  it('license-prorated-15th, license-prorated-mixed: are shared among the days', async () => {
    const api = await withTestClock('2023-06-01T00:00:00Z')
    const license = await api.addOn('LICENSE')
    const [since, mixed] = ['license-prorated-15th', 'license-prorated-mixed'].map(caseOf) as Loose[]
    await api.account('since', await api.plan({ licenseRateCards: [seats(license, since.given.rate)] }), '2023-06-01')
    await api.hold('since', license, since.given.quantity, `${since.given.effectiveFrom}T09:00:00Z`)
    await api.account('mixed', await api.plan({ licenseRateCards: [seats(license, mixed.given.rate)] }), '2023-06-01')
    await api.hold('mixed', license, 10, '2023-06-01T00:00:00Z')
    await api.hold('mixed', license, 13, '2023-06-21T12:00:00Z')
    await api.moveTo('2023-07-04T00:00:00Z')
    const [[one], [other]] = [await api.invoices('since'), await api.invoices('mixed')]
    const [line] = linesOf(other.revenueInfo, 'LICENSE_RATE_CARD_AMOUNT')
    expect([one.totalAmount, other.totalAmount, line.quantity]).toEqual([since.expect.amount, mixed.expect.amount, mixed.expect.quantity])
  })

  it('usage-cycle-weekly, usage-cycle-weekly-30-days: are billed in each window of their own cycle', async () => {
    const api = await withTestClock('2023-02-01T00:00:00Z')
    const license = await api.addOn('NAMED_LICENSE')
    const named = (more: Loose) => seats(license, 1, { type: 'NAMED_LICENSE', enableProration: false, ...more })
    const [whole, weekly] = [
      await api.plan({ licenseRateCards: [named({})] }),
      await api.plan({ licenseRateCards: [named({ usageCycle: 'WEEKLY' })] }),
    ]
    const given = [
      ['month', whole, '2023-02-01', '2023-03-01'],
      ['weeks', weekly, '2023-02-01', '2023-03-01'],
      ['june', weekly, '2023-06-01', '2023-07-01'],
    ] as const
    for (const [id, planId, from, until] of given) {
      await api.account(id, planId, from, { until })
      await api.name(id, license, 'ann', '2023-02-01T00:00:00Z')
    }
    await api.moveTo('2023-07-04T00:00:00Z')
    const all = await Promise.all(given.map(async ([id]) => (await api.invoices(id))[0]))
    expect(all.map(({ totalAmount }) => totalAmount)).toEqual([1, 4, 5])
    expect(
      linesOf(all[2].revenueInfo, 'USAGE_CYCLE_AMOUNT').map(({ description, quantity, value }) => [description, quantity, value]),
    ).toEqual([
      ['2023-06-01 to 2023-06-07', 1, 1],
      ['2023-06-08 to 2023-06-14', 1, 1],
      ['2023-06-15 to 2023-06-21', 1, 1],
      ['2023-06-22 to 2023-06-28', 1, 1],
      ['2023-06-29 to 2023-06-30', 1, 1],
    ])
  })
})

describe('a minimum commitment', () => {
  const committed = (rate: number) => ({ minimumCommitment: { displayName: 'At least', rateValues: [{ currency: 'USD', rate }] } })

  it('true-up, true-up-none: adds what is missing, and takes nothing', async () => {
    const api = await withTestClock('2026-04-01T00:00:00Z')
    const support = await api.addOn('FIXED_FEE')
    for (const id of ['true-up', 'true-up-none']) {
      const { given, expect: right } = caseOf(id) as Loose
      const details = { fixedFeeRateCards: [fee(support, given.SUB_TOTAL_AMOUNT)], ...committed(given.minimumCommitment) }
      await api.account(id, await api.plan(details), '2026-04-01')
      const [{ revenueInfo }] = await api.invoices(id)
      const valueOf = (type: string) => linesOf(revenueInfo, type)[0]?.value ?? 0
      expect([id, valueOf('TRUE_UP_AMOUNT'), valueOf('PRICE_PLAN_AMOUNT')]).toEqual([id, right.TRUE_UP_AMOUNT, right.PRICE_PLAN_AMOUNT])
    }
  })

  it('P2-53: of a cycle that is cut is as much smaller', async () => {
    const api = await withTestClock('2026-04-01T00:00:00Z')
    const details = { usageRateCards: [usage(api.meterId, 1)], ...committed(100) }
    const [one, other] = [await api.plan(details), await api.plan(details)]
    const used = { busy: '60', idle: '10' }
    for (const [id, amount] of Object.entries(used)) {
      await api.account(id, one, '2026-04-01')
      await api.give(id, other, '2026-04-16')
      await api.use(id, amount, '2026-04-01T00:00:00Z')
    }
    await api.moveTo('2026-04-16T00:00:00Z')
    for (const [id, amount] of Object.entries(used)) await api.use(id, amount, '2026-04-16T00:00:00Z')
    await api.moveTo('2026-05-04T00:00:00Z')
    const halves = async (id: string) =>
      (await api.invoices(id))
        .slice(0, 2)
        .map(({ totalAmount, revenueInfo }) => [totalAmount, linesOf(revenueInfo, 'TRUE_UP_AMOUNT')[0]?.value])
    expect([await halves('busy'), await halves('idle')]).toEqual([
      [
        [60, undefined],
        [60, undefined],
      ],
      [
        [50, 40],
        [50, 40],
      ],
    ])
  })
})

describe('pricing rules on an invoice', () => {
  it('rule-log-usage-update, rule-calls-bundle, rule-photos-per-day: change what cards come to', async () => {
    const api = await withTestClock('2024-05-01T00:00:00Z')
    const license = await api.addOn('LICENSE')
    const quantity = { var: `usage.urc.${api.meterId}` }
    const target = quantity.var
    const update = (computation: Loose) => [
      { name: 'rule', order: 1, computation: JSON.stringify(computation), action: { type: 'UPDATE', target } },
    ]
    const [log, calls, photos] = ['rule-log-usage-update', 'rule-calls-bundle', 'rule-photos-per-day'].map(caseOf) as Loose[]
    const rated = (rate: number, more: Loose = {}) => ({ usageRateCards: [usage(api.meterId, rate)], ...more })
    const days = {
      'duration.between': [{ date: { var: 'invoice.start_date' } }, { date: { var: 'invoice.end_date' } }],
    }
    const minutes = { min: [quantity, { '*': [{ var: `usage.lic.${license}` }, 1000] }] }
    const bundle = {
      name: 'bundle',
      order: 1,
      computation: JSON.stringify({ '*': [minutes, -calls.given.ratePerMinute] }),
      action: { type: 'ADD', id: 'bundle' },
    }
    const free = { '*': [{ 'duration.as': [days, 'DAYS'] }, photos.given.freePerDay] }
    const plans = {
      log: await api.plan(rated(log.expect.impliedRate), { rules: update({ '*': [quantity, 2] }) }),
      calls: await api.plan(rated(calls.given.ratePerMinute, { licenseRateCards: [seats(license, 0, { enableProration: false })] }), {
        rules: [bundle],
      }),
      photos: await api.plan(rated(1), { rules: update({ max: [0, { '-': [quantity, free] }] }) }),
    }
    for (const [id, planId] of Object.entries(plans)) await api.account(id, planId, '2024-05-01')
    await api.hold('calls', license, calls.given.licenses, '2024-05-01T00:00:00Z')
    await api.use('log', String(log.given.oldUsage), '2024-05-01T00:00:00Z')
    await api.use('calls', String(calls.given.minutesUsed), '2024-05-01T00:00:00Z')
    await api.use('photos', String(photos.given.usage), '2024-05-01T00:00:00Z')
    await api.moveTo('2024-06-04T00:00:00Z')
    const [[one], [two], [three]] = [await api.invoices('log'), await api.invoices('calls'), await api.invoices('photos')]
    const [changed] = linesOf(one.revenueInfo, 'PRICING_RULE_USAGE_UPDATE_AMOUNT')
    expect([changed.quantity, changed.value, one.totalAmount]).toEqual([
      log.given.newUsage - log.given.oldUsage,
      log.expect.newRevenue - log.given.oldRevenue,
      log.expect.newRevenue,
    ])
    const [card] = linesOf(two.revenueInfo, 'USAGE_RATE_CARD_AMOUNT')
    const [discount] = linesOf(two.revenueInfo, 'PRICING_RULE_ADDITION_AMOUNT')
    expect([card.value, discount.value, two.totalAmount]).toEqual([calls.expect.usageRevenue, calls.expect.discount, calls.expect.netUsage])
    expect(three.totalAmount).toBe(photos.expect.chargeableUsage)
  })
})

describe('a plan with all families of cards', () => {
  const slab = (priceType: string, rate: number, more: Loose = {}) => ({
    ratePlan: { pricingModel: 'TIERED', slabs: [{ order: 1, startAfter: 0, priceType }] },
    rateValues: [{ currency: 'USD', slabRates: [{ order: 1, rate }], ...more }],
  })

  it('sample-plan-one-cycle: is billed for what is paid in advance on one invoice and for the rest on another', async () => {
    const { given, expect: right } = caseOf('sample-plan-one-cycle') as Loose
    const api = await withTestClock('2024-06-01T00:00:00Z')
    const fees = [await api.addOn('FIXED_FEE'), await api.addOn('FIXED_FEE'), await api.addOn('FIXED_FEE')]
    const [license, grants] = [await api.addOn('LICENSE'), [await api.addOn('CREDIT_GRANT'), await api.addOn('CREDIT_GRANT')]]
    const features = [
      await api.post('/features', { name: 'feature1', schemaAssociations: [] }),
      await api.post('/features', { name: 'feature2', schemaAssociations: [] }),
    ]
    const limits = { rateConfig: { minimumRate: '1', maximumRate: '10' } }
    const [usd, off] = [(rate: number) => [{ currency: 'USD', rate }], { enableProration: false }]
    const entitlement = (index: number, featureCreditLimit: number, rate: number) => ({
      featureId: features[index]?.body.id,
      featureConfigs: [{ effectiveUntil: 'P1M', featureCreditLimit }],
      invoiceTiming: 'IN_ADVANCE',
      ...slab('PER_UNIT', rate),
    })
    const grant = (id: string | undefined, creditAmount: number, rate: number) => ({
      id,
      grantDetails: { priority: 1, expiryType: 'NO_EXPIRY' },
      rateDetails: {
        pricingModel: 'TIERED',
        currencySlabRateDetails: [{ currency: 'USD', creditAmount, slabDetails: [{ startAfter: 0, priceType: 'FLAT', rate }] }],
      },
    })
    const planId = await api.plan({
      pricingCycleConfig: given.pricingCycleConfig,
      usageRateCards: [{ usageMeterId: api.meterId, ...slab('FLAT', 10, limits) }],
      fixedFeeRateCards: [
        { id: fees[0], ...off, invoiceTiming: 'IN_ADVANCE', rateValues: usd(40) },
        { id: fees[1], ...off, rateValues: usd(50) },
        { id: fees[2], ...off, rateValues: usd(10) },
      ],
      licenseRateCards: [{ id: license, ...off, ...slab('FLAT', 15, limits) }],
      billingEntitlementRateCards: [entitlement(0, 100, 1), entitlement(1, 200, 2)],
      creditGrantRateCards: [grant(grants[0], 10, 10), grant(grants[1], 10, 11)],
      minimumCommitment: { displayName: 'At least', rateValues: usd(0) },
    })
    await api.account('sample', planId, given.association.effectiveFrom)
    await api.use('sample', '5', '2024-06-01T00:00:00Z')
    await api.hold('sample', license, given.licenseQuantity, '2024-06-01T00:00:00Z')
    await api.moveTo('2024-07-02T00:00:00Z')
    const [arrears, advanced] = await api.invoices('sample')
    const values = (invoice: Loose, ...types: string[]) => linesOf(invoice.revenueInfo, ...types).map(({ value }) => value)
    expect(advanced.invoiceDate.slice(0, 10)).toBe(right.advanced.dueOn)
    expect(values(advanced, 'TOTAL_ADVANCED_FEES')).toEqual([right.advanced.TOTAL_ADVANCED_FEES])
    expect(values(advanced, 'ADVANCED_FIXED_FEE')).toEqual([right.advanced.ADVANCED_FIXED_FEE])
    expect(values(advanced, 'ADVANCED_BILLING_ENTITLEMENT_RATE_CARD_AMOUNT')).toEqual([100, 400])
    const { arrears: its } = right
    expect(arrears.invoiceDate.slice(0, 10)).toBe(its.dueOn)
    expect(values(arrears, 'USAGE_RATE_CARD_AMOUNT')).toEqual([its.USAGE_RATE_CARD_AMOUNT])
    expect(values(arrears, 'FIXED_FEE_RATE_CARD_AMOUNT')).toEqual(its.FIXED_FEE_RATE_CARD_AMOUNT)
    expect(values(arrears, 'LICENSE_RATE_CARD_AMOUNT')).toEqual([its.LICENSE_RATE_CARD_AMOUNT])
    expect(values(arrears, 'CREDIT_GRANT_RATE_CARD_AMOUNT')).toEqual(its.CREDIT_GRANT_RATE_CARD_AMOUNT)
    expect([values(arrears, 'SUB_TOTAL_AMOUNT'), values(arrears, 'TRUE_UP_AMOUNT')]).toEqual([[its.SUB_TOTAL_AMOUNT], []])
  })
})

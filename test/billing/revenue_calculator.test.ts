import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { type Api, organization } from '../helpers/api.ts'
import { calculate, calculationOf, cardCases, caseOf, familyOf, perUnit, requestOf, slabsOf } from '../helpers/calculator.ts'
import { customer } from '../helpers/customer.ts'
import { organizationWithMeter, ride } from '../helpers/metering.ts'

const V2 = '/v2/revenue_calculator'

/** The message of a refusal. */
const refusal = async (api: Pick<Api, 'post'>, request: object, status = 400): Promise<string> => {
  const answer = await api.post(V2, request)
  expect([answer.status, answer.body.message]).toEqual([status, expect.any(String)])
  return answer.body.message
}

const seats = (rate: number, more: object = {}) => ({
  licenseRateCards: [{ id: 'addon.S', enableProration: true, ...perUnit(rate), ...more }],
})
const entries = (...custom: [date: string, quantity: number][]) => ({
  licenseEntriesConfig: {
    mode: 'CUSTOM',
    custom: custom.map(([date, quantity]) => ({ licenseId: 'addon.S', quantity, effectiveFrom: `${date}T00:00:00Z` })),
  },
})
const names = (...custom: [name: string | number, from: string, until?: string][]) => ({
  namedLicenseEntriesConfig: {
    mode: 'CUSTOM',
    custom: custom.map(([name, from, until]) => ({
      licenseId: 'addon.S',
      name,
      effectiveFrom: `${from}T00:00:00Z`,
      ...(until && { effectiveUntil: `${until}T00:00:00Z` }),
    })),
  },
})
const proration = (cycleStartDate: string, cycleEndDate: string, currentDate: string) => ({
  prorationConfig: { mode: 'CUSTOM', customConfig: { cycleStartDate, cycleEndDate, currentDate } },
})
const june = (currentDate: string) => proration('2024-06-01T00:00:00Z', '2024-07-01T00:00:00Z', currentDate)
const usage = (usageMap: object) => ({ usageConfig: { mode: 'CUSTOM', usageMap } })

const only = async (api: Pick<Api, 'post'>, details: Record<string, unknown>, more: Record<string, unknown> = {}) =>
  (await calculate(api, calculationOf(details, more))).revenueInfo[0]

describe('worked cases', () => {
  it('have one card each, of which every slab comes to what it should', async () => {
    const api = await organization()
    expect(cardCases.length).toBeGreaterThan(20)
    for (const one of cardCases) {
      const { revenueInfo } = await calculate(api, requestOf(one))
      const [info] = revenueInfo
      expect([one.id, revenueInfo.length, slabsOf(info)]).toEqual([one.id, 1, one.expect.slabRevenueSummaries])
      if (familyOf(one) === 'entitlementOverageRateCard')
        expect(info.entitlementOverageRevenueSummary).toEqual({ revenue: one.expect.revenue })
    }
  })

  it('revcalc-response-sample: has the usage of a meter, and each slab that it was rated by', async () => {
    const { given, expect: right } = caseOf('revcalc-response-sample')
    const { revenueInfo } = await calculate(await organization(), { ...given, licenseEntriesConfig: { mode: 'CUSTOM', custom: [] } })
    expect(revenueInfo).toMatchObject([{ usages: { 'um.S': 10 }, slabRevenueSummaries: right.slabRevenueSummaries }])
  })

  it('revcalc-overage-custom: charges the overage of the feature of a card, and not that of another one', async () => {
    const { given } = caseOf('revcalc-overage-custom')
    const [{ featureId }] = given.entitlementOverageConfig.custom
    const info = await only(await organization(), { entitlementOverageRateCards: [{ featureId, ...perUnit(0.5) }] }, given)
    expect(info).toMatchObject({ usages: {}, entitlementOverageRevenueSummary: { revenue: 2.5 } })
  })

  it('fixed-prorated-short-first-cycle: charges half of a fee for 15 days of 30', async () => {
    const { given, expect: right } = caseOf('fixed-prorated-short-first-cycle')
    const fixedFeeRateCards = [{ id: 'addon.F', enableProration: true, rateValues: [{ currency: 'USD', rate: given.rate }] }]
    const info = await only(await organization(), { fixedFeeRateCards }, june('2024-06-15T00:00:00Z'))
    expect(info.fixedFeeRevenueSummary).toEqual({ revenue: (right as unknown as { amount: number }).amount })
  })
})

describe('numbers', () => {
  it('are exact, and cut to no minor unit', async () => {
    const api = await organization()
    const slabsFor = async (rate: number, quantity: number) =>
      slabsOf(await only(api, { usageRateCards: [{ usageMeterId: 'um.A', ...perUnit(rate) }] }, usage({ 'um.A': quantity })))
    expect(await slabsFor(0.0000001, 123456789)).toEqual([{ order: 1, usage: 123456789, revenue: 12.3456789 }])
    expect(await slabsFor(0.1, 3)).toEqual([{ order: 1, usage: 3, revenue: 0.3 }])
    expect(await slabsFor(-0.07, 1.1)).toEqual([{ order: 1, usage: 1.1, revenue: -0.077 }])
  })

  it('have all their digits, also those that a double does not hold', async () => {
    const { token } = await organization()
    const response = await fetchRaw(
      token,
      calculationOf({ usageRateCards: [{ usageMeterId: 'um.A', ...perUnit(1.0000001) }] }, usage({ 'um.A': 123456789.123456 })),
    )
    expect(response).toContain('"revenue":123456801.4691349123456')
  })
})

/** The text of an answer. */
const fetchRaw = async (token: string, request: object): Promise<string> => {
  const { app } = await import('../../src/app.ts')
  const { createExecutionContext } = await import('cloudflare:test')
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }
  const sent = new Request(`http://localhost${V2}`, { method: 'POST', headers, body: JSON.stringify(request) })
  const response = await app.fetch(sent, { DB: env.DB, SIGNING_SECRET: env.SIGNING_SECRET }, createExecutionContext())
  return response.text()
}

describe('cards', () => {
  it('are shown one after another, each with what its family shows, and no commitment', async () => {
    const info = await calculate(
      await organization(),
      calculationOf(
        {
          usageRateCards: [{ usageMeterId: 'um.A', tag: 'Traffic', ...perUnit(2) }],
          fixedFeeRateCards: [{ id: 'addon.F', enableProration: false, rateValues: [{ currency: 'USD', rate: -5.5 }] }],
          ...seats(3),
          billingEntitlementRateCards: [
            {
              featureId: 'feature.E',
              featureConfigs: [
                { effectiveUntil: 'P1M', featureCreditLimit: 10 },
                { effectiveUntil: 'P2M', featureCreditLimit: 20 },
              ],
              invoiceTiming: 'IN_ADVANCE',
              ...perUnit(0.5),
            },
          ],
          entitlementOverageRateCards: [{ featureId: 'feature.E', ...perUnit(0.7) }],
          creditGrantRateCards: [
            {
              id: 'addon.G',
              grantDetails: { priority: 1, expiryType: 'NO_EXPIRY' },
              rateDetails: {
                pricingModel: 'TIERED',
                currencySlabRateDetails: [
                  {
                    currency: 'USD',
                    creditAmount: 100,
                    slabDetails: [{ startAfter: 0, priceType: 'FLAT', rate: 90 }],
                    rateConfig: { maximumRate: '80' },
                  },
                ],
              },
            },
          ],
          minimumCommitment: { displayName: 'At least', rateValues: [{ currency: 'USD', rate: 1000 }] },
        },
        {
          ...usage({ 'um.A': 4, 'um.other': 5 }),
          ...entries(['2024-06-01', 2]),
          entitlementOverageConfig: {
            mode: 'CUSTOM',
            custom: [
              { featureId: 'feature.E', quantity: 1 },
              { featureId: 'feature.E', quantity: 2.5 },
            ],
          },
        },
      ),
    )
    expect(info.currency).toBe('USD')
    expect(
      info.revenueInfo.map(
        ({
          rateCard: { type, billableId, name, referenceType, referenceId, pricePlanId },
          ...its
        }: {
          rateCard: Record<string, string>
        }) => [[type, billableId, name, referenceType, referenceId, pricePlanId], its],
      ),
    ).toEqual([
      [
        ['USAGE', 'um.A', 'usage_um.A', 'CUSTOM', '', ''],
        { usages: { 'um.A': 4 }, slabRevenueSummaries: [{ order: 1, usage: 4, revenue: 8 }] },
      ],
      [['FIXED_FEE', 'addon.F', 'fixed_fee_addon.F', 'CUSTOM', '', ''], { usages: {}, fixedFeeRevenueSummary: { revenue: -5.5 } }],
      [
        ['LICENSE', 'addon.S', 'license_addon.S', 'CUSTOM', '', ''],
        { usages: {}, licenseRevenueSummary: [{ order: 1, usage: 2, revenue: 6 }] },
      ],
      [
        ['BILLING_ENTITLEMENT', 'feature.E', 'billing_entitlement_feature.E', 'CUSTOM', '', ''],
        { usages: {}, billingEntitlementRevenueSummary: { revenue: 15 } },
      ],
      [
        ['ENTITLEMENT_OVERAGE', 'feature.E', 'entitlement_overage_feature.E', 'CUSTOM', '', ''],
        {
          usages: {},
          entitlementOverageRevenueSummary: { revenue: 2.45 },
          slabRevenueSummaries: [{ order: 1, usage: 3.5, revenue: 2.45 }],
        },
      ],
      [['CREDIT_GRANT', 'addon.G', 'credit_grant_addon.G', 'CUSTOM', '', ''], { usages: {}, creditGrantRevenueSummary: { revenue: 80 } }],
    ])
  })

  it('have limits that change a revenue which is shown, and no slab', async () => {
    const api = await organization()
    const limited = perUnit(1)
    Object.assign(limited.rateValues[0] ?? {}, { rateConfig: { minimumRate: '10' } })
    const overage = await only(api, { entitlementOverageRateCards: [{ featureId: 'feature.E', ...limited }] })
    expect(overage).toMatchObject({
      entitlementOverageRevenueSummary: { revenue: 10 },
      slabRevenueSummaries: [{ order: 1, usage: 0, revenue: 0 }],
    })
    const billed = { billingConfig: { interval: 1, startOffset: 4 } }
    const later = await only(api, { entitlementOverageRateCards: [{ featureId: 'feature.E', ...limited, ...billed }] })
    expect(later).toMatchObject({
      entitlementOverageRevenueSummary: { revenue: 0 },
      slabRevenueSummaries: [{ order: 1, usage: 0, revenue: 0 }],
    })
  })

  it('are charged in the cycles of their recurrence', async () => {
    const api = await organization()
    const fee = (more: object) => ({
      supportedCurrencies: ['USD'],
      fixedFeeRateCards: [{ id: 'addon.F', enableProration: false, rateValues: [{ currency: 'USD', rate: 7 }], ...more }],
    })
    const charged = async (more: object, cycles: (number | undefined)[]) => {
      const all = []
      for (const pricingCycleOrdinal of cycles) {
        const pricePlanDetailsConfig = { mode: 'CUSTOM', pricePlanDetails: fee(more), ...(pricingCycleOrdinal && { pricingCycleOrdinal }) }
        const { revenueInfo } = await calculate(api, calculationOf({}, { pricePlanDetailsConfig }))
        all.push(revenueInfo[0].fixedFeeRevenueSummary.revenue)
      }
      return all
    }
    expect(await charged({}, [undefined, 1, 2])).toEqual([7, 7, 7])
    expect(await charged({ type: 'ONE_TIME' }, [undefined, 1, 2])).toEqual([7, 7, 0])
    expect(await charged({ recurrenceConfig: { interval: 2, offset: 1 } }, [1, 2, 3, 4, 5])).toEqual([0, 0, 7, 0, 7])
    expect(await charged({ invoiceTiming: 'IN_ADVANCE', recurrenceConfig: { interval: 2, offset: 1 } }, [1, 2, 3, 4])).toEqual([0, 7, 0, 7])
  })
})

describe('proration', () => {
  it('charges the days from the start of the cycle to the current one, of cards that have it', async () => {
    const api = await organization()
    const fees = {
      fixedFeeRateCards: ['addon.A', 'addon.B'].map((id, index) => ({
        id,
        enableProration: index === 0,
        rateValues: [{ currency: 'USD', rate: 30 }],
      })),
    }
    const revenues = async (more: Record<string, unknown>) =>
      (await calculate(api, calculationOf(fees, more))).revenueInfo.map(
        ({ fixedFeeRevenueSummary: { revenue } }: { fixedFeeRevenueSummary: { revenue: number } }) => revenue,
      )
    expect(await revenues({})).toEqual([30, 30])
    expect(await revenues(june('2024-06-01T00:00:00Z'))).toEqual([1, 30])
    expect(await revenues(june('2024-06-10T23:59:59.999Z'))).toEqual([10, 30])
    expect(await revenues(june('2024-06-30T12:00:00Z'))).toEqual([30, 30])
    expect(await revenues(june('2024-07-01T00:00:00Z'))).toEqual([30, 30])
    expect(await revenues(proration('2024-06-01T00:00:00Z', '2024-06-30T23:59:59Z', '2024-06-15T00:00:00Z'))).toEqual([15, 30])
  })

  it('of a part that is no decimal has 20 places', async () => {
    const fees = { fixedFeeRateCards: [{ id: 'addon.A', enableProration: true, rateValues: [{ currency: 'USD', rate: 10 }] }] }
    const text = await fetchRaw((await organization()).token, calculationOf(fees, june('2024-06-10T00:00:00Z')))
    expect(text).toContain('"revenue":3.33333333333333333333}')
  })

  it('counts licences by day', async () => {
    const api = await organization()
    const slabs = async (details: Record<string, unknown>, more: Record<string, unknown>) => slabsOf(await only(api, details, more))
    const both = { ...june('2024-06-30T00:00:00Z'), ...entries(['2024-06-01', 10], ['2024-06-16', 12]) }
    expect(await slabs(seats(20), both)).toEqual([{ order: 1, usage: 11, revenue: 220 }])
    expect(await slabs(seats(20, { enableProration: false }), both)).toEqual([{ order: 1, usage: 12, revenue: 240 }])
    const fewer = { ...june('2024-06-30T00:00:00Z'), ...entries(['2024-06-16', 8], ['2024-05-01', 10]) }
    expect(await slabs(seats(30, { enableProration: false, invoiceTiming: 'IN_ADVANCE' }), fewer)).toEqual([
      { order: 1, usage: 10, revenue: 300 },
    ])
    /** Of 16 June 10 count still, since that day was paid for, as on invoices. */
    expect(await slabs(seats(30, { invoiceTiming: 'IN_ADVANCE' }), fewer)).toEqual([
      { order: 1, usage: expect.closeTo(9 + 2 / 30), revenue: 272 },
    ])
    const half = { ...june('2024-06-15T00:00:00Z'), ...entries(['2024-06-01', 10], ['2024-06-16', 12]) }
    expect(await slabs(seats(20), half)).toEqual([{ order: 1, usage: 5, revenue: 100 }])
    const pack = {
      ratePlan: { pricingModel: 'TIERED', slabs: [{ order: 1, startAfter: 0, priceType: 'PACKAGE', slabConfig: { packageSize: '10' } }] },
    }
    expect(await slabs(seats(20, pack), half)).toEqual([{ order: 1, usage: 5, revenue: 10 }])
  })
})

describe('a cycle that is sent', () => {
  const unprorated = { enableProration: false }
  const slabs = async (api: Api, card: object, more: Record<string, unknown>) => slabsOf(await only(api, seats(5, card), more))

  it('is whole for cards without proration', async () => {
    const api = await organization()
    const half = june('2024-06-10T00:00:00Z')
    for (const invoiceTiming of ['IN_ARREARS', 'IN_ADVANCE']) {
      const card = { ...unprorated, invoiceTiming }
      const weekly = { ...card, usageCycle: 'WEEKLY' }
      expect(await slabs(api, weekly, { ...half, ...entries(['2024-06-01', 1]) })).toEqual([{ order: 1, usage: 5, revenue: 25 }])
      const more = entries(['2024-06-01', 1], ['2024-06-20', 3])
      expect(await slabs(api, card, { ...half, ...more })).toEqual([{ order: 1, usage: 3, revenue: 15 }])
      expect(await slabs(api, { invoiceTiming }, { ...half, ...more })).toEqual([
        { order: 1, usage: expect.closeTo(1 / 3), revenue: expect.closeTo(5 / 3) },
      ])
      const named = { ...card, type: 'NAMED_LICENSE' }
      expect(await slabs(api, named, { ...half, ...names(['ann', '2024-06-01'], ['bob', '2024-06-20']) })).toEqual([
        { order: 1, usage: 2, revenue: 10 },
      ])
    }
  })

  it('has days that count from its start', async () => {
    const api = await organization()
    const fees = { fixedFeeRateCards: [{ id: 'addon.A', enableProration: true, rateValues: [{ currency: 'USD', rate: 30 }] }] }
    const revenue = async (...cycle: [start: string, end: string, current: string]) =>
      (await only(api, fees, proration(...cycle))).fixedFeeRevenueSummary.revenue
    const [start, end] = ['2024-06-01T00:00:00-07:00', '2024-07-01T00:00:00-07:00']
    expect(await revenue(start, end, '2024-06-10T12:00:00-07:00')).toBe(10)
    expect(await revenue(start, end, '2024-06-10T23:59:59.999-07:00')).toBe(10)
    expect(await revenue(start, end, '2024-06-11T00:00:00-07:00')).toBe(11)
    expect(await revenue(start, end, start)).toBe(1)
    expect(await revenue(start, end, end)).toBe(30)
    expect(await revenue('2024-06-01T00:00:00+05:30', '2024-07-01T00:00:00+05:30', '2024-06-10T00:00:00+05:30')).toBe(10)
    expect(await revenue('2024-06-01T06:00:00Z', '2024-06-01T12:00:00Z', '2024-06-01T06:00:00Z')).toBe(30)
    /** With a day of 23 hours, and with one of 25. */
    expect(await revenue('2024-04-01T00:00:00+11:00', '2024-05-01T00:00:00+10:00', '2024-04-10T12:00:00+10:00')).toBe(10)
    expect(await revenue('2024-09-10T00:00:00+10:00', '2024-10-10T00:00:00+11:00', '2024-09-19T12:00:00+10:00')).toBe(10)
  })

  it('has licences on the days that count from its start', async () => {
    const api = await organization()
    const licensesFrom = (...custom: [effectiveFrom: string, quantity: number][]) => ({
      licenseEntriesConfig: {
        mode: 'CUSTOM',
        custom: custom.map(([effectiveFrom, quantity]) => ({ licenseId: 'addon.S', quantity, effectiveFrom })),
      },
    })
    const namesFrom = (...custom: [effectiveFrom: string, effectiveUntil: string][]) => ({
      namedLicenseEntriesConfig: {
        mode: 'CUSTOM',
        custom: custom.map(([effectiveFrom, effectiveUntil], name) => ({ licenseId: 'addon.S', name, effectiveFrom, effectiveUntil })),
      },
    })
    const cycle = proration('2024-06-01T00:00:00-07:00', '2024-07-01T00:00:00-07:00', '2024-06-30T12:00:00-07:00')
    const rise = licensesFrom(['2024-06-01T00:00:00-07:00', 10], ['2024-06-16T00:00:00-07:00', 12])
    for (const invoiceTiming of ['IN_ARREARS', 'IN_ADVANCE'])
      expect(await slabs(api, { invoiceTiming }, { ...cycle, ...rise })).toEqual([{ order: 1, usage: 11, revenue: 55 }])
    const late = licensesFrom(['2024-06-30T23:00:00-07:00', 6], ['2024-07-01T00:00:00-07:00', 90])
    expect(await slabs(api, unprorated, { ...cycle, ...late })).toEqual([{ order: 1, usage: 6, revenue: 30 }])
    expect(await slabs(api, {}, { ...cycle, ...late })).toEqual([{ order: 1, usage: 0.2, revenue: 1 }])
    const named = namesFrom(
      ['2024-06-01T00:00:00-07:00', '2024-06-07T00:00:00-07:00'],
      ['2024-05-01T00:00:00-07:00', '2024-06-01T00:00:00-07:00'],
      ['2024-07-01T00:00:00-07:00', '2024-07-02T00:00:00-07:00'],
    )
    expect(await slabs(api, {}, { ...cycle, ...named })).toEqual([{ order: 1, usage: 0.2, revenue: 1 }])
    /** A last day of 23 hours, and one of 25, end when the cycle does. */
    const short = proration('2024-03-11T00:00:00+01:00', '2024-04-10T00:00:00+02:00', '2024-04-09T00:00:00+02:00')
    const nextOfShort = licensesFrom(['2024-04-09T12:00:00+02:00', 6], ['2024-04-10T00:00:00+02:00', 90])
    expect(await slabs(api, unprorated, { ...short, ...nextOfShort })).toEqual([{ order: 1, usage: 6, revenue: 30 }])
    const long = proration('2024-10-11T00:00:00+02:00', '2024-11-10T00:00:00+01:00', '2024-11-09T23:30:00+01:00')
    const lastOfLong = licensesFrom(['2024-11-09T23:20:00+01:00', 9], ['2024-11-09T23:59:59.999+01:00', 6])
    expect(await slabs(api, unprorated, { ...long, ...lastOfLong })).toEqual([{ order: 1, usage: 6, revenue: 30 }])
    expect(await slabs(api, {}, { ...long, ...lastOfLong })).toEqual([{ order: 1, usage: 0.3, revenue: 1.5 }])
  })

  it('has windows of months that are those of where it begins', async () => {
    const api = await organization()
    const pricingCycleConfig = { interval: 'QUARTERLY', startOffset: { dayOffset: '1', monthOffset: 'FIRST' }, gracePeriod: 0 }
    const plan = { pricingCycleConfig, ...seats(5, { ...unprorated, usageCycle: 'MONTHLY' }) }
    for (const zone of ['-10:00', '-07:00', 'Z', '+05:30', '+12:00', '+13:00']) {
      const [start, end] = [`2024-05-01T00:00:00${zone}`, `2024-08-01T00:00:00${zone}`]
      const info = await only(api, plan, { ...proration(start, end, end), ...entries(['2024-04-01', 1]) })
      expect([zone, slabsOf(info)]).toEqual([zone, [{ order: 1, usage: 3, revenue: 15 }]])
    }
  })
})

describe('licences without proration', () => {
  it('count as they are at the end of the cycle in which the last entry begins', async () => {
    const api = await organization()
    const slabs = async (more: Record<string, unknown>, card: object = {}, details: object = {}) =>
      slabsOf(await only(api, { ...seats(5, card), ...details }, more))
    expect(await slabs({})).toEqual([{ order: 1, usage: 0, revenue: 0 }])
    expect(await slabs(entries(['2030-01-15', 9], ['2024-06-01', 3]))).toEqual([{ order: 1, usage: 9, revenue: 45 }])
    const rise = entries(['2024-06-02', 9], ['2024-06-20', 4])
    expect(await slabs(rise)).toEqual([{ order: 1, usage: 4, revenue: 20 }])
    expect(await slabs(rise, { invoiceTiming: 'IN_ADVANCE' })).toEqual([{ order: 1, usage: 9, revenue: 45 }])
    const anniversary = { pricingCycleConfig: { interval: 'ANNUALLY', gracePeriod: 0, anniversaryCycle: true } }
    expect(await slabs(rise, { invoiceTiming: 'IN_ADVANCE' }, anniversary)).toEqual([{ order: 1, usage: 9, revenue: 45 }])
  })

  it('of names are as many as had one in the cycle', async () => {
    const api = await organization()
    const named = { type: 'NAMED_LICENSE' }
    const slabs = async (more: Record<string, unknown>, card: object = {}) => slabsOf(await only(api, seats(5, card), more))
    const all = names(['ann', '2024-06-01', '2024-06-03'], [7, '2024-06-10'], ['7', '2024-06-20'], ['bob', '2024-01-01', '2024-05-01'])
    expect(await slabs(all, named)).toEqual([{ order: 1, usage: 2, revenue: 10 }])
    expect(await slabs(all)).toEqual([{ order: 1, usage: 2, revenue: 10 }])
    expect(await slabs({ ...all, ...entries(['2024-06-01', 40]) }, named)).toEqual([{ order: 1, usage: 2, revenue: 10 }])
    expect(await slabs({ ...all, ...entries(['2024-06-01', 40]) })).toEqual([{ order: 1, usage: 40, revenue: 200 }])
  })

  it('with a usage cycle are charged by its windows', async () => {
    const weekly = seats(1, { type: 'NAMED_LICENSE', usageCycle: 'WEEKLY' })
    const slabs = slabsOf(await only(await organization(), weekly, names(['ann', '2023-02-01'])))
    expect(slabs).toEqual([{ order: 1, usage: 4, revenue: 4 }])
  })

  it('with a usage cycle are charged in advance for the most that were held so far in each window', async () => {
    const api = await organization()
    const usages = async (more: Record<string, unknown>) => {
      const all = []
      for (const invoiceTiming of ['IN_ADVANCE', 'IN_ARREARS'])
        all.push(slabsOf(await only(api, seats(1, { enableProration: false, usageCycle: 'WEEKLY', invoiceTiming }), more))[0].usage)
      return all
    }
    expect(await usages(entries(['2024-06-25', 1]))).toEqual([2, 2])
    expect(await usages(entries(['2024-06-01', 3], ['2024-06-10', 1]))).toEqual([15, 7])
    expect(await usages(entries(['2024-06-01', 1], ['2024-06-10', 3], ['2024-06-12', 2]))).toEqual([13, 9])
    expect(await usages(names(['ann', '2024-06-25']))).toEqual([2, 2])
  })
})

describe('ids', () => {
  it('that no card has are ignored', async () => {
    const api = await organization()
    const details = {
      usageRateCards: [{ usageMeterId: 'um.A', ...perUnit(1) }],
      licenseRateCards: [{ id: 'addon.S', enableProration: true, ...perUnit(1) }],
      entitlementOverageRateCards: [{ featureId: 'feature.E', ...perUnit(1) }],
    }
    const misspelled = {
      ...usage({ 'um.a': 7 }),
      licenseEntriesConfig: { mode: 'CUSTOM', custom: [{ licenseId: 'addon.s', quantity: 7, effectiveFrom: '2024-06-01T00:00:00Z' }] },
      entitlementOverageConfig: { mode: 'CUSTOM', custom: [{ featureId: 'feature.e', quantity: 7 }] },
    }
    const { revenueInfo } = await calculate(api, calculationOf(details, misspelled))
    expect(revenueInfo.map(slabsOf)).toEqual(Array.from({ length: 3 }, () => [{ order: 1, usage: 0, revenue: 0 }]))
  })

  it('can be the names of what every object has', async () => {
    const api = await organization()
    for (const id of ['constructor', 'toString', '__proto__']) {
      const details = {
        usageRateCards: [{ usageMeterId: id, ...perUnit(1) }],
        licenseRateCards: [{ id, enableProration: true, ...perUnit(1) }],
        entitlementOverageRateCards: [{ featureId: id, ...perUnit(1) }],
      }
      const { revenueInfo } = await calculate(api, calculationOf(details))
      expect(revenueInfo.map(slabsOf)).toEqual(Array.from({ length: 3 }, () => [{ order: 1, usage: 0, revenue: 0 }]))
    }
    expect(await refusal(api, JSON.parse(JSON.stringify(calculationOf({}, usage({ X: 1 }))).replace('"X"', '"__proto__"')))).toBe(
      'usageConfig.usageMap.__proto__: must have another name',
    )
  })
})

describe('a refusal', () => {
  it('names what a mode needs', async () => {
    const api = await organization()
    const of = (more: object) => refusal(api, calculationOf({}, more as Record<string, unknown>))
    const missing = (mode: string) => `is required for ${mode}`
    expect(await of({ currencyConfig: { mode: 'CUSTOM', accountId: 'a' } })).toBe(`currencyConfig.currency: ${missing('CUSTOM')}`)
    expect(await of({ currencyConfig: { mode: 'ACCOUNT_INVOICE', currency: 'USD' } })).toBe(
      `currencyConfig.accountId: ${missing('ACCOUNT_INVOICE')}`,
    )
    expect(await of({ pricePlanDetailsConfig: { mode: 'CUSTOM' } })).toBe(`pricePlanDetailsConfig.pricePlanDetails: ${missing('CUSTOM')}`)
    expect(await of({ pricePlanDetailsConfig: { mode: 'PRICE_PLAN' } })).toBe(
      `pricePlanDetailsConfig.pricePlanId: ${missing('PRICE_PLAN')}`,
    )
    expect(await of({ usageConfig: { mode: 'CUSTOM' }, licenseEntriesConfig: { mode: 'CUSTOM' } })).toBe(
      `usageConfig.usageMap: ${missing('CUSTOM')}; licenseEntriesConfig.custom: ${missing('CUSTOM')}`,
    )
    expect(await of({ usageConfig: { mode: 'LOOKUP_RANGE' } })).toBe(`usageConfig.lookupRange: ${missing('LOOKUP_RANGE')}`)
    expect(await of({ namedLicenseEntriesConfig: { mode: 'CUSTOM' } })).toBe(`namedLicenseEntriesConfig.custom: ${missing('CUSTOM')}`)
    expect(await of({ namedLicenseEntriesConfig: { mode: 'LOOKUP_RANGE' } })).toBe(
      `namedLicenseEntriesConfig.lookupRange: ${missing('LOOKUP_RANGE')}`,
    )
    expect(await of({ prorationConfig: { mode: 'CUSTOM' } })).toBe(`prorationConfig.customConfig: ${missing('CUSTOM')}`)
    expect(await of({ entitlementOverageConfig: { mode: 'CUSTOM' } })).toBe(`entitlementOverageConfig.custom: ${missing('CUSTOM')}`)
  })

  it('names what the modes that look at accounts need', async () => {
    const api = await organization()
    const of = (more: object) => refusal(api, calculationOf({}, more as Record<string, unknown>))
    const missing = (mode: string) => `is required for ${mode}`
    expect(await of({ pricePlanDetailsConfig: { mode: 'ACCOUNT', pricePlanId: 'pp.A' } })).toBe(
      `pricePlanDetailsConfig.accountId: ${missing('ACCOUNT')}`,
    )
    for (const config of ['usageConfig', 'licenseEntriesConfig', 'namedLicenseEntriesConfig']) {
      expect(await of({ [config]: { mode: 'LOOKUP_CYCLE' } })).toBe(`${config}.lookupCycle: ${missing('LOOKUP_CYCLE')}`)
      expect(await of({ [config]: { mode: 'LOOKUP_RANGE' } })).toBe(`${config}.lookupRange: ${missing('LOOKUP_RANGE')}`)
    }
    expect(await of({ entitlementOverageConfig: { mode: 'LOOKUP_CYCLE' } })).toBe(
      `entitlementOverageConfig.lookupCycle: ${missing('LOOKUP_CYCLE')}`,
    )
    expect(await of({ prorationConfig: { mode: 'LOOKUP_CYCLE' } })).toBe(`prorationConfig.lookupCycleConfig: ${missing('LOOKUP_CYCLE')}`)
  })

  it('holds times to their order', async () => {
    const api = await organization()
    const of = (more: object) => refusal(api, calculationOf({}, more as Record<string, unknown>))
    const lookupRange = { start: '2024-06-01T00:00:00Z', end: '2024-06-01T00:00:00Z', accountId: 'a' }
    expect(await of({ usageConfig: { mode: 'LOOKUP_RANGE', lookupRange } })).toBe('usageConfig.lookupRange.end: must be after start')
    expect(await of({ licenseEntriesConfig: { mode: 'LOOKUP_RANGE', lookupRange } })).toBe(
      'licenseEntriesConfig.lookupRange.end: must be after start',
    )
    expect(await of({ namedLicenseEntriesConfig: { mode: 'LOOKUP_RANGE', lookupRange } })).toBe(
      'namedLicenseEntriesConfig.lookupRange.end: must be after start',
    )
    const [start, end] = ['2024-06-01T00:00:00Z', '2024-07-01T00:00:00Z']
    const at = 'prorationConfig.customConfig'
    expect(await of(proration(end, start, start))).toBe(`${at}.cycleEndDate: must be after cycleStartDate`)
    expect(await of(proration(start, '2025-06-02T00:00:00.001Z', start))).toBe(
      `${at}.cycleEndDate: must be 366 days after cycleStartDate at most`,
    )
    for (const current of ['2024-05-31T23:59:59.999Z', '2024-07-01T00:00:00.001Z'])
      expect(await of(proration(start, end, current))).toBe(`${at}.currentDate: must be from cycleStartDate to cycleEndDate`)
  })

  it('names the fault of a plan by its place in the request', async () => {
    const api = await organization()
    const at = 'pricePlanDetailsConfig.pricePlanDetails'
    const of = (details: Record<string, unknown>) => refusal(api, calculationOf(details))
    expect(
      await of({
        usageRateCards: [
          { usageMeterId: 'um.A', ...perUnit(1) },
          { usageMeterId: 'um.B', ...perUnit(1), rateValues: [] },
        ],
      }),
    ).toBe(`${at}.usageRateCards[1].rateValues: must have a price in USD, which the plan supports`)
    const slabs = [{ order: 1, startAfter: 0, priceType: 'PACKAGE' }]
    expect(
      await of({
        licenseRateCards: [{ id: 'addon.A', enableProration: false, ...perUnit(1), ratePlan: { pricingModel: 'TIERED', slabs } }],
      }),
    ).toBe(`${at}.licenseRateCards[0].ratePlan.slabs[0].slabConfig.packageSize: must be a decimal number above 0 as text, such as "1000"`)
    expect(
      await of({ pricingCycleConfig: { interval: 'WEEKLY', gracePeriod: 0, startOffset: { dayOffset: '8', monthOffset: 'NIL' } } }),
    ).toBe(`${at}.pricingCycleConfig.startOffset.dayOffset: must be 1 to 7 or LAST for WEEKLY`)
    const two = ['um.A', 'um.B'].map((usageMeterId) => ({ usageMeterId, name: 'one', ...perUnit(1) }))
    expect(await of({ usageRateCards: two })).toBe(`${at}.usageRateCards[1].name: must not be the name of two cards`)
    const twice = [1, 2].map(() => ({ usageMeterId: 'um.A', ...perUnit(1) }))
    expect(await of({ usageRateCards: twice })).toBe(`${at}.usageRateCards[1]: the card "usage_um.A" prices "um.A" already`)
  })

  it('says which currencies a plan supports', async () => {
    const api = await organization()
    expect(await refusal(api, calculationOf({ supportedCurrencies: ['EUR', 'JPY'] }))).toBe(
      'currencyConfig.currency: must be a currency of the plan: the plan supports EUR, JPY',
    )
    await api.post('/customers', customer('acme', { invoiceCurrency: 'EUR' }))
    const currencyConfig = { mode: 'ACCOUNT_INVOICE', accountId: 'acme main' }
    expect(await refusal(api, calculationOf({}, { currencyConfig }))).toBe(
      'currencyConfig.accountId: the invoice currency of the account is EUR, and the plan supports USD',
    )
    expect((await calculate(api, calculationOf({ supportedCurrencies: ['USD', 'EUR'] }, { currencyConfig }))).currency).toBe('EUR')
    expect(await refusal(await organization(), calculationOf({}, { currencyConfig }), 404)).toBe(
      'currencyConfig.accountId: the account "acme main" does not exist',
    )
  })
})

/** A plan with a card for a meter, published at 2 a unit, with a draft at 3. */
const publishPlan = async (api: Api, meterId: string): Promise<string> => {
  const price = (rate: number) => ({
    operations: [
      {
        actionType: 'UPSERT',
        rateCardName: 'distance',
        rateCard: {
          billableId: meterId,
          type: 'USAGE',
          invoiceTiming: 'IN_ARREARS',
          rateCardDetails: { usageRateCard: { usageMeterId: meterId, ...perUnit(rate) } },
        },
      },
    ],
  })
  const cycle = { interval: 'MONTHLY', startOffset: { dayOffset: '1', monthOffset: 'NIL' }, gracePeriod: 0 }
  const { body } = await api.post('/v2/price_plans', {
    name: 'Rides',
    type: 'BILLING',
    pricingCycleConfig: cycle,
    supportedCurrencies: ['USD'],
  })
  const steps: [string, object][] = [
    ['rate_cards', price(2)],
    ['finalize', {}],
    ['rate_cards', price(3)],
  ]
  for (const [step, sent] of steps) expect((await api.post(`/v2/price_plans/${body.id}/${step}`, sent)).status).toBe(200)
  return body.id
}

describe('a plan that there is', () => {
  it('is calculated in its newest published version', async () => {
    const api = await organizationWithMeter()
    const pricePlanId = await publishPlan(api, api.meterId)
    const request = calculationOf(
      {},
      {
        pricePlanDetailsConfig: { mode: 'PRICE_PLAN', pricePlanId, effectiveOn: '2020-01-01T00:00:00Z' },
        ...usage({ [api.meterId]: 1.5 }),
      },
    )
    const { revenueInfo } = await calculate(api, request)
    expect(revenueInfo).toMatchObject([
      {
        rateCard: { name: 'distance', displayName: 'distance', pricePlanId, referenceType: 'PRICE_PLAN' },
        usages: { [api.meterId]: 1.5 },
        slabRevenueSummaries: [{ order: 1, usage: 1.5, revenue: 3 }],
      },
    ])
    const other = await organization()
    expect(await refusal(other, request, 404)).toBe(`The price plan "${pricePlanId}" does not exist.`)
    const { body: draft } = await api.post('/v2/price_plans', { name: 'Draft', type: 'PURCHASE', supportedCurrencies: ['USD'] })
    const unpublished = { ...request, pricePlanDetailsConfig: { mode: 'PRICE_PLAN', pricePlanId: draft.id } }
    expect(await refusal(api, unpublished, 404)).toBe(`The price plan "${draft.id}" has no published version.`)
  })
})

describe('what is looked up', () => {
  const range = (start: string, end: string, accountId = 'acme main') => ({ mode: 'LOOKUP_RANGE', lookupRange: { start, end, accountId } })

  it('is the usage of an account, exactly as its events add up in the range', async () => {
    const api = await organizationWithMeter()
    await api.post('/customers', customer('other'))
    const events = [
      ride('before', '100', { timestamp: '2026-03-30T10:40:59.999Z' }),
      ride('first', '0.1', { timestamp: '2026-03-30T10:41:00.000Z' }),
      ride('second', '0.2', { timestamp: '2026-03-30T10:41:00.001Z' }),
      ride('third', '12345678901234567890.0000001', { timestamp: '2026-03-30T12:00:00.000Z' }),
      ride('after', '1000', { timestamp: '2026-03-31T00:00:00.000Z' }),
      ride('others', '7', { accountId: 'other main' }),
    ]
    expect((await api.post('/ingestBatch', { events })).status).toBe(202)
    const details = {
      usageRateCards: [
        { usageMeterId: api.meterId, ...perUnit(10) },
        { usageMeterId: 'um.none', ...perUnit(1) },
      ],
    }
    const request = calculationOf(details, { usageConfig: range('2026-03-30T10:41:00Z', '2026-03-31T00:00:00Z') })
    const text = await fetchRaw(api.token, request)
    expect(text).toContain(`"usages":{"${api.meterId}":12345678901234567890.3000001}`)
    expect(text).toContain('"revenue":123456789012345678903.000001}')
    const answer = await calculate(api, request)
    expect(answer.usageLookupRange).toEqual({ start: '2026-03-30T10:41:00.000Z', end: '2026-03-31T00:00:00.000Z' })
    expect(answer.revenueInfo[1]).toMatchObject({ usages: { 'um.none': 0 } })
    const others = { ...request, usageConfig: range('2026-03-30T10:41:00Z', '2026-03-31T00:00:00Z', 'other main') }
    expect((await calculate(api, others)).revenueInfo[0].usages).toEqual({ [api.meterId]: 7 })
    const stranger = await organization()
    expect(await refusal(stranger, request, 404)).toBe('usageConfig.lookupRange.accountId: the account "acme main" does not exist')
    await stranger.post('/customers', customer('acme'))
    expect((await calculate(stranger, request)).revenueInfo[0].usages).toEqual({ [api.meterId]: 0 })
  })

  it('is the names that have licences of an account in the range', async () => {
    const api = await organization()
    await api.post('/customers', customer('acme'))
    await api.post('/customers', customer('other'))
    await env.DB.prepare('INSERT INTO named_licenses VALUES (?, ?)').bind(api.id, 'addon.S').run()
    const act = (id: string, timestamp: string, name: string, action: '1' | '-1', accountId = 'acme main') => ({
      id,
      schemaName: 'togai-named-license',
      timestamp,
      accountId,
      attributes: [{ name: 'action', value: action }],
      dimensions: { license_id: 'addon.S', name },
    })
    const events = [
      act('1', '2026-03-01T00:00:00Z', 'ann', '1'),
      act('2', '2026-03-05T00:00:00Z', 'ann', '-1'),
      act('3', '2026-03-10T00:00:00Z', 'bob', '1'),
      act('4', '2026-03-10T00:00:00Z', 'eve', '1', 'other main'),
      act('5', '2026-04-01T00:00:00Z', 'late', '1'),
    ]
    expect((await api.post('/ingestBatch', { events })).status).toBe(202)
    const named = (config: object) =>
      calculationOf(seats(5, { type: 'NAMED_LICENSE', enableProration: false }), { namedLicenseEntriesConfig: config })
    const count = async (config: object) => slabsOf((await calculate(api, named(config))).revenueInfo[0])[0].usage
    expect(await count(range('2026-03-01T00:00:00Z', '2026-04-01T00:00:00Z'))).toBe(2)
    expect(await count(range('2026-03-05T00:00:00Z', '2026-04-01T00:00:00Z'))).toBe(1)
    expect(await count(range('2026-03-20T00:00:00Z', '2026-05-01T00:00:00Z'))).toBe(2)
    expect(await count(range('2026-03-01T00:00:00Z', '2026-04-01T00:00:00Z', 'other main'))).toBe(1)
    expect(await refusal(await organization(), named(range('2026-03-01T00:00:00Z', '2026-04-01T00:00:00Z')), 404)).toBe(
      'namedLicenseEntriesConfig.lookupRange.accountId: the account "acme main" does not exist',
    )
  })
})

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import worked from '../data/pricing.json'
import { linesOf } from '../helpers/billed.ts'
import { entitlementCard, overageCard, withFeature } from '../helpers/entitled.ts'
import { dataOf, valuesOf } from '../helpers/metrics.ts'
import { filtersOf } from '../helpers/revenue.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
  vi.setSystemTime(Date.parse('2026-01-01T00:00:00Z'))
})

afterEach(() => {
  vi.useRealTimers()
})

const withOverage = async (overage: Loose, limit = 10, more: Loose = {}) => {
  const api = await withFeature('2026-01-01T00:00:00Z')
  const planId = await api.plan({
    billingEntitlementRateCards: [entitlementCard(api.featureId, limit)],
    entitlementOverageRateCards: [overageCard(api.featureId, 1, overage)],
    ...more,
  })
  await api.account('acc', planId, '2026-01-01')
  const overageLines = async () =>
    (await api.invoices('acc')).flatMap(({ startDate, revenueInfo }: Loose) =>
      linesOf(revenueInfo, 'ENTITLEMENT_OVERAGE_RATE_CARD_AMOUNT').map(({ quantity, value }) => [startDate.slice(0, 7), quantity, value]),
    )
  return { ...api, planId, overageLines }
}

const cases = worked.filter(({ id }) => id.startsWith('overage-records'))

describe('overage', () => {
  it.each(cases.map((one) => [one.id, one] as const))('%s', async (_, one) => {
    const { given, expect: right } = one as Loose
    const { featureId: _id, ...card } = given.entitlementOverageRateCard
    const api = await withOverage(card, given.featureCreditLimit)
    expect((await api.entitle('acc', given.used, '2026-01-10T00:00:00Z')).status).toBe(200)
    expect(await api.overageLines()).toEqual([['2026-01', given.used - given.featureCreditLimit, right.revenue]])
    const [invoice] = (await api.invoices('acc')) as [Loose]
    expect(
      linesOf(invoice.revenueInfo, 'ENTITLEMENT_OVERAGE_RATE_CARD_SLAB_AMOUNT').map(({ quantity, value }) => [quantity, value]),
    ).toEqual(right.slabRevenueSummaries.flatMap(({ usage, revenue }: Loose) => (usage ? [[usage, revenue]] : [])))
  })

  it('is billed every so many cycles for all of them, and is free in the first ones', async () => {
    const api = await withOverage({ billingConfig: { interval: 3, startOffset: 2 } })
    const months = ['01', '02', '03', '04', '05', '06', '07', '08']
    for (const [index, month] of months.entries()) {
      await api.moveTo(`2026-${month}-01T12:00:00Z`)
      expect((await api.entitle('acc', 10 + index + 1, `2026-${month}-01T12:00:00Z`)).status).toBe(200)
    }
    await api.moveTo('2026-09-10T00:00:00Z')
    expect(await api.overageLines()).toEqual([
      ['2026-05', 3 + 4 + 5, 12],
      ['2026-08', 6 + 7 + 8, 21],
    ])
    const overage = (await api.entries('acc')).filter(({ source }: Loose) => source === 'OVERAGE')
    expect(
      overage.map(({ effectiveFrom, effectiveUntil, used }: Loose) => [effectiveFrom.slice(0, 7), effectiveUntil.slice(0, 7), used]),
    ).toEqual([
      ['2026-09', '2026-12', 0],
      ['2026-06', '2026-09', 21],
      ['2026-03', '2026-06', 12],
      ['2026-01', '2026-03', 3],
    ])
  })

  it('has a limit for each time in which it is counted', async () => {
    const api = await withOverage({ maxQuantity: 5 })
    expect((await api.entitle('acc', 15, '2026-01-10T00:00:00Z')).status).toBe(200)
    expect((await api.entitle('acc', 1, '2026-01-10T00:00:00Z')).status).toBe(400)
    await api.moveTo('2026-02-01T00:00:00Z')
    expect((await api.entitle('acc', 15, '2026-02-01T00:00:00Z')).status).toBe(200)
    expect(await api.credits('acc')).toMatchObject({ usedOverage: 5, overageLimit: 5, balance: 0 })
  })

  it('ends with the part of the cycle that has the plan', async () => {
    const api = await withOverage({})
    await api.moveTo('2026-01-10T12:00:00Z')
    await api.done(
      api.post('/accounts/acc/price_plans', { mode: 'DISASSOCIATE', effectiveFrom: '2026-01-15', effectiveUntil: '9999-01-01' }),
    )
    expect((await api.entitle('acc', 12, '2026-01-14T23:59:59Z')).status).toBe(200)
    expect((await api.entitle('acc', 1, '2026-01-15T00:00:00Z')).status).toBe(400)
    await api.moveTo('2026-01-20T00:00:00Z')
    expect(await api.overageLines()).toEqual([['2026-01', 2, 2]])
  })

  it('earns by the hour what its invoice comes to, which verifies and says how it came to that', async () => {
    const api = await withOverage({})
    for (const [units, time] of [
      [12, '2026-01-10T10:30:00Z'],
      [3, '2026-01-10T11:10:00Z'],
      [4, '2026-01-20T09:00:00Z'],
    ] as const)
      expect((await api.entitle('acc', units, time)).status).toBe(200)
    await api.moveTo('2026-02-10T00:00:00Z')
    const data = await dataOf(api, '2026-01-01T00:00:00Z', '2026-02-01T00:00:00Z', {
      name: 'REVENUE',
      aggregationPeriod: 'DAY',
      ...filtersOf({ ACCOUNT_ID: ['acc'] }),
    })
    expect(valuesOf(data).filter((value: number) => value)).toEqual([5, 4])
    const [invoice] = (await api.invoices('acc')) as [Loose]
    expect(invoice.totalAmount).toBe(9)
    expect((await api.get(`/invoices/${invoice.id}/explanation`)).body).toMatchObject({})
    const verified = await api.get(`/invoice_verifications?owner_id=acc`)
    expect(verified.body.data.map(({ differences }: Loose) => differences)).toEqual([[]])
  })

  it('is looked up by the calculator', async () => {
    const api = await withOverage({ billingConfig: { interval: 2 } })
    await api.entitle('acc', 13, '2026-01-10T00:00:00Z')
    await api.moveTo('2026-02-10T00:00:00Z')
    await api.entitle('acc', 14, '2026-02-10T00:00:00Z')
    const calculate = async (billingCycleEndDate: string, effectiveOn: string) => {
      const { body } = await api.post('/v2/revenue_calculator', {
        currencyConfig: { mode: 'ACCOUNT_INVOICE', accountId: 'acc' },
        pricePlanDetailsConfig: { mode: 'ACCOUNT', accountId: 'acc', effectiveOn },
        usageConfig: { mode: 'CUSTOM', usageMap: {} },
        licenseEntriesConfig: { mode: 'CUSTOM', custom: [] },
        entitlementOverageConfig: { mode: 'LOOKUP_CYCLE', lookupCycle: { accountId: 'acc', billingCycleEndDate } },
      })
      return body.revenueInfo?.flatMap(({ entitlementOverageRevenueSummary: its }: Loose) => (its ? [its.revenue] : [])) ?? body.message
    }
    expect(await calculate('2026-03-01T00:00:00Z', '2026-02-10T00:00:00Z')).toEqual([7])
    expect(await calculate('2026-02-01T00:00:00Z', '2026-02-10T00:00:00Z')).toEqual([3])
    expect(await calculate('2025-12-01T00:00:00Z', '2026-02-10T00:00:00Z')).toMatch(/billingCycleEndDate: no price plan is in force/)
  })
})

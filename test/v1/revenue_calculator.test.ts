import { describe, expect, it } from 'vitest'
import { organization } from '../helpers/api.ts'
import { LISTS, calculate, calculationOf, cardCases, familyOf, perUnit, requestOf, slabsOf } from '../helpers/calculator.ts'
import { organizationWithMeter, ride } from '../helpers/metering.ts'

const V1 = '/revenue_calculator'

/** A request that sends a whole plan. */
interface SentRequest {
  pricePlanDetailsConfig: { pricePlanDetails: object }
}

const withoutCard = ({ rateCard: _rateCard, ...rest }: Record<string, unknown>) => rest

describe('the deprecated calculator', () => {
  it('comes to the same as the other, with each card under the name of its family', async () => {
    const api = await organization()
    for (const one of cardCases) {
      const request = requestOf(one)
      const [first, second] = [await calculate(api, request, V1), await calculate(api, request)]
      const family = familyOf(one)
      const { [family]: card, ...rest } = first.revenueInfo[0]
      expect([one.id, slabsOf(rest)]).toEqual([one.id, one.expect.slabRevenueSummaries])
      expect([one.id, rest]).toEqual([one.id, withoutCard(second.revenueInfo[0])])
      expect([one.id, card]).toEqual([one.id, second.revenueInfo[0].rateCard.rateCardDetails[family]])
      expect(card).toMatchObject(one.given[family])
      expect(first.pricePlanDetails).toEqual({
        ...(request as unknown as SentRequest).pricePlanDetailsConfig.pricePlanDetails,
        activeCurrencies: [],
      })
      expect(first.pricePlanDetails[LISTS[family]]).toHaveLength(1)
    }
  })

  it('charges cards that are PREPAID as all others, in both', async () => {
    const api = await organization()
    const request = calculationOf({
      billingEntitlementRateCards: [
        {
          featureId: 'feature.E',
          featureConfigs: [{ effectiveUntil: 'P1M', featureCreditLimit: 30 }],
          invoiceTiming: 'PREPAID',
          ...perUnit(0.5),
        },
      ],
      creditGrantRateCards: [
        {
          id: 'addon.G',
          invoiceTiming: 'PREPAID',
          grantDetails: { priority: 1, expiryType: 'NO_EXPIRY' },
          rateDetails: {
            pricingModel: 'TIERED',
            currencySlabRateDetails: [
              { currency: 'USD', creditAmount: 100, slabDetails: [{ startAfter: 0, priceType: 'FLAT', rate: 90 }] },
            ],
          },
        },
      ],
    })
    for (const path of [V1, undefined]) {
      const { revenueInfo } = await calculate(api, request, path)
      const amounts = revenueInfo.map((one: Record<string, unknown>) =>
        JSON.stringify(one)
          .match(/"revenue":(?<amount>[\d.]+)/g)
          ?.at(-1),
      )
      expect(amounts).toEqual(['"revenue":15', '"revenue":90'])
    }
  })

  it('answers the plan as it was sent, and no commitment among its cards', async () => {
    const details = {
      pricingCycleConfig: { interval: 'WEEKLY', startOffset: { dayOffset: '1', monthOffset: 'NIL' }, gracePeriod: 1 },
      usageRateCards: [],
      fixedFeeRateCards: [{ id: 'addon.F', enableProration: false, rateValues: [{ currency: 'USD', rate: 0.1 }] }],
      minimumCommitment: { displayName: 'At least', rateValues: [{ currency: 'USD', rate: 10 }] },
      deferredRevenue: false,
      allow_ongoing_cycle_updates: true,
    }
    expect(await calculate(await organization(), calculationOf(details), V1)).toEqual({
      currency: 'USD',
      pricePlanDetails: { supportedCurrencies: ['USD'], ...details, activeCurrencies: [] },
      revenueInfo: [
        {
          fixedFeeRateCard: { ...details.fixedFeeRateCards[0], name: 'fixed_fee_addon.F', invoiceTiming: 'IN_ARREARS' },
          usages: {},
          fixedFeeRevenueSummary: { revenue: 0.1 },
        },
      ],
    })
  })

  it('answers a plan that there is by its families, and usage that was looked up', async () => {
    const api = await organizationWithMeter()
    await api.post('/ingest', { event: ride('one', '2.5') })
    const usageRateCard = { usageMeterId: api.meterId, ...perUnit(4) }
    const commitment = { displayName: 'At least', rateValues: [{ currency: 'USD', rate: 10 }] }
    const pricingCycleConfig = { interval: 'MONTHLY', startOffset: { dayOffset: '1', monthOffset: 'NIL' }, gracePeriod: 0 }
    const { body: plan } = await api.post('/v2/price_plans', {
      name: 'Rides',
      type: 'BILLING',
      pricingCycleConfig,
      supportedCurrencies: ['USD'],
    })
    const create = (rateCardName: string, billableId: string, type: string, rateCardDetails: object) => ({
      actionType: 'CREATE',
      rateCardName,
      rateCard: { billableId, type, invoiceTiming: 'IN_ARREARS', rateCardDetails },
    })
    const operations = [
      create('distance', api.meterId, 'USAGE', { usageRateCard }),
      create('least', 'MINIMUM_COMMITMENT', 'MINIMUM_COMMITMENT', { minimumCommitmentRateCard: commitment }),
    ]
    expect((await api.post(`/v2/price_plans/${plan.id}/rate_cards`, { operations })).status).toBe(200)
    expect((await api.post(`/v2/price_plans/${plan.id}/finalize`, {})).status).toBe(200)
    const request = calculationOf(
      {},
      {
        pricePlanDetailsConfig: { mode: 'PRICE_PLAN', pricePlanId: plan.id },
        usageConfig: {
          mode: 'LOOKUP_RANGE',
          lookupRange: { start: '2026-03-30T00:00:00Z', end: '2026-03-31T00:00:00Z', accountId: 'acme main' },
        },
      },
    )
    const card = { ...usageRateCard, name: 'distance' }
    expect(await calculate(api, request, V1)).toEqual({
      currency: 'USD',
      usageLookupRange: { start: '2026-03-30T00:00:00.000Z', end: '2026-03-31T00:00:00.000Z' },
      pricePlanDetails: {
        type: 'BILLING',
        pricingCycleConfig,
        supportedCurrencies: ['USD'],
        activeCurrencies: ['USD'],
        usageRateCards: [card],
        fixedFeeRateCards: [],
        licenseRateCards: [],
        billingEntitlementRateCards: [],
        entitlementOverageRateCards: [],
        creditGrantRateCards: [],
        minimumCommitment: { displayName: 'At least', rateValues: commitment.rateValues },
        deferredRevenue: false,
        allow_ongoing_cycle_updates: false,
      },
      revenueInfo: [{ usageRateCard: card, usages: { [api.meterId]: 2.5 }, slabRevenueSummaries: [{ order: 1, usage: 2.5, revenue: 10 }] }],
    })
    const stranger = await (await organization()).post(V1, request)
    expect([stranger.status, stranger.body.message]).toEqual([404, `The price plan "${plan.id}" does not exist.`])
  })

  it('refuses what the other refuses', async () => {
    const { status, body } = await (
      await organization()
    ).post(V1, calculationOf({}, { entitlementOverageConfig: { mode: 'LOOKUP_CYCLE' } }))
    expect([status, body.message]).toEqual([400, 'entitlementOverageConfig.lookupCycle: is required for LOOKUP_CYCLE'])
  })
})

import type { Send } from './send.ts'

/** The ids of what the offers price. */
interface OfferParts {
  platform: string
  exports: string
}

const flat = (usd: number, eur: number) => ({
  ratePlan: { pricingModel: 'TIERED', slabs: [{ order: 1, startAfter: 0, priceType: 'FLAT' }] },
  rateValues: [
    { currency: 'USD', slabRates: [{ order: 1, rate: usd }] },
    { currency: 'EUR', slabRates: [{ order: 1, rate: eur }] },
  ],
})

const each = (usd: number, eur: number) => {
  const { ratePlan, rateValues } = flat(usd, eur)
  return { ratePlan: { ...ratePlan, slabs: ratePlan.slabs.map((slab) => ({ ...slab, priceType: 'PER_UNIT' })) }, rateValues }
}

const holdsFor = (amount: number) => ({ creditAmount: amount, slabDetails: [{ startAfter: 0, priceType: 'FLAT', rate: 0 }] })

/** Makes a pack that is bought once, and the draft of a plan with credits and rules, and answers the id of the pack. */
export const makeOffers = async (send: Send, { platform, exports }: OfferParts): Promise<string> => {
  const supportedCurrencies = ['USD', 'EUR']
  const { id: credit } = await send('POST', '/addons', { name: 'Credit to begin with', type: 'CREDIT_GRANT' })
  const { id: pack } = await send('POST', '/price_plans', {
    name: 'Export pack',
    description: 'Documents in exports for a year, paid once.',
    type: 'PURCHASE',
    pricePlanDetails: {
      supportedCurrencies,
      billingEntitlementRateCards: [
        {
          featureId: exports,
          name: 'exports',
          invoiceTiming: 'PREPAID',
          featureConfigs: [{ effectiveUntil: 'P1Y', featureCreditLimit: 5000 }],
          ...flat(60, 56),
        },
      ],
    },
  })
  await send('POST', `/price_plans/${pack}/activate`, { currencies: supportedCurrencies })
  await send('POST', '/price_plans', {
    name: 'Partner',
    description: 'For those who sell on: exports beyond what is granted, a credit to begin with, and a tenth less.',
    pricePlanDetails: {
      supportedCurrencies,
      pricingCycleConfig: { interval: 'QUARTERLY', startOffset: { dayOffset: '1', monthOffset: 'FIRST' }, gracePeriod: 5 },
      fixedFeeRateCards: [
        {
          id: platform,
          name: 'platform',
          enableProration: true,
          invoiceTiming: 'IN_ARREARS',
          rateValues: [
            { currency: 'USD', rate: 890 },
            { currency: 'EUR', rate: 820 },
          ],
        },
      ],
      billingEntitlementRateCards: [
        {
          featureId: exports,
          name: 'exports',
          invoiceTiming: 'IN_ADVANCE',
          featureConfigs: [{ effectiveUntil: 'P3M', featureCreditLimit: 20_000 }],
          ...flat(150, 140),
        },
      ],
      entitlementOverageRateCards: [{ featureId: exports, name: 'more exports', ...each(0.012, 0.011) }],
      creditGrantRateCards: [
        {
          id: credit,
          name: 'credit',
          invoiceTiming: 'IN_ADVANCE',
          type: 'ONE_TIME',
          grantDetails: { priority: 1, expiryType: 'CUSTOM', expiryDuration: 'P6M' },
          rateDetails: {
            pricingModel: 'TIERED',
            currencySlabRateDetails: [
              { currency: 'USD', ...holdsFor(250) },
              { currency: 'EUR', ...holdsFor(230) },
            ],
          },
        },
      ],
    },
    pricingRules: [
      {
        name: 'A tenth less',
        order: 1,
        computation: '{"*": [{"var": "revenue.rate_card_total"}, -0.1]}',
        condition: '{">": [{"var": "revenue.rate_card_total"}, 500]}',
        action: { type: 'ADD', description: 'A tenth less, as a partner' },
      },
    ],
  })
  return pack
}

/** Proposes the pack to three accounts: one takes it, one does not, and one has not answered. */
export const proposePacks = async (send: Send, pack: string): Promise<void> => {
  const propose = async (accountId: string, quantity: number): Promise<string> =>
    (
      await send('POST', `/accounts/${accountId}/purchase_proposals`, {
        pricePlanId: pack,
        type: 'ENTITLEMENT_GRANT',
        paymentMode: 'POSTPAID',
        quantity,
        expiryDate: '2026-12-01T00:00:00Z',
      })
    ).id
  const taken = await propose('calder-motors', 2)
  await send('POST', `/purchase_proposals/${taken}/update_status`, { status: 'APPROVE' })
  const refused = await propose('copperline-bank', 1)
  await send('POST', `/purchase_proposals/${refused}/update_status`, { status: 'DECLINE' })
  await propose('calder-motors', 1)
  await send('POST', `/accounts/calder-motors/purchases`, {
    type: 'WALLET_TOPUP',
    walletTopupDetails: { topupAmount: 500, purchaseAmount: 450 },
  })
  await send('POST', '/aliases', { aliases: ['tidewater', 'ullswater-boats', 'zephyr'].map((name) => ({ value: `workspace-${name}` })) })
}

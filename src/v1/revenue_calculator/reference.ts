import { addOnId } from '../../lib/examples.ts'

const licenseRateCard = {
  id: addOnId,
  type: 'LICENSE',
  name: 'seats',
  displayName: 'Seats',
  invoiceTiming: 'IN_ARREARS',
  enableProration: false,
  ratePlan: {
    pricingModel: 'VOLUME',
    slabs: [
      { order: 1, startAfter: 0, priceType: 'PER_UNIT' },
      { order: 2, startAfter: 10, priceType: 'PER_UNIT' },
    ],
  },
  rateValues: [
    {
      currency: 'USD',
      slabRates: [
        { order: 1, rate: 12 },
        { order: 2, rate: 9.5 },
      ],
    },
  ],
}

const pricePlanDetails = {
  supportedCurrencies: ['USD'],
  pricingCycleConfig: { interval: 'MONTHLY', startOffset: { dayOffset: '1', monthOffset: 'NIL' }, gracePeriod: 3 },
  licenseRateCards: [licenseRateCard],
}

export const calculateRevenue = {
  summary: 'Calculate the revenue of a price plan (deprecated)',
  description:
    'Calculates as POST /v2/revenue_calculator does, and answers the whole plan, with each rate card under the name of its family. Use the other one in new programs.',
  refuses: {
    400: 'A mode lacks what it needs, or comes with a later version of this API; times are in no order, or the current day is not in the cycle; the plan does not support the currency; or the plan that is sent has faults, each of which is named.',
    404: 'No account or price plan of the organization has the id, the plan has no published version, or no plan is in force for the account at the time.',
    422: 'Usage is looked up from or to a time that is not a full hour, and the events of that hour are no longer stored.',
  },
  example: {
    request: {
      currencyConfig: { mode: 'CUSTOM', currency: 'USD' },
      pricePlanDetailsConfig: { mode: 'CUSTOM', pricePlanDetails },
      usageConfig: { mode: 'CUSTOM', usageMap: {} },
      licenseEntriesConfig: {
        mode: 'CUSTOM',
        custom: [{ licenseId: addOnId, quantity: 12, effectiveFrom: '2026-03-30T10:41:00Z' }],
      },
    },
    answer: {
      currency: 'USD',
      pricePlanDetails: { ...pricePlanDetails, activeCurrencies: [] },
      revenueInfo: [
        {
          licenseRateCard,
          usages: {},
          licenseRevenueSummary: [
            { order: 1, usage: 0, revenue: 0 },
            { order: 2, usage: 12, revenue: 114 },
          ],
        },
      ],
    },
  },
}

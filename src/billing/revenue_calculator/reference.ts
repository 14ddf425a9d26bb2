import { addOnId, usageMeterId } from '../../lib/examples.ts'

const ratePlan = {
  pricingModel: 'TIERED',
  slabs: [
    { order: 1, startAfter: 0, priceType: 'PER_UNIT' },
    { order: 2, startAfter: 1000, priceType: 'PACKAGE', slabConfig: { packageSize: '100' } },
  ],
}

const usageRateCard = {
  name: 'gigabytes',
  displayName: 'Delivered gigabytes',
  usageMeterId,
  ratePlan,
  rateValues: [
    {
      currency: 'USD',
      slabRates: [
        { order: 1, rate: 0.12 },
        { order: 2, rate: 9.5 },
      ],
    },
  ],
}

const fixedFeeRateCard = {
  id: addOnId,
  name: 'support',
  displayName: 'Support',
  invoiceTiming: 'IN_ARREARS',
  rateValues: [{ currency: 'USD', rate: 30 }],
  enableProration: true,
}

const calculation = {
  request: {
    currencyConfig: { mode: 'CUSTOM', currency: 'USD' },
    pricePlanDetailsConfig: {
      mode: 'CUSTOM',
      pricePlanDetails: {
        supportedCurrencies: ['USD'],
        pricingCycleConfig: { interval: 'MONTHLY', startOffset: { dayOffset: '1', monthOffset: 'NIL' }, gracePeriod: 3 },
        usageRateCards: [usageRateCard],
        fixedFeeRateCards: [fixedFeeRateCard],
      },
      pricingCycleOrdinal: 1,
    },
    usageConfig: { mode: 'CUSTOM', usageMap: { [usageMeterId]: 1250 } },
    licenseEntriesConfig: { mode: 'CUSTOM', custom: [] },
    prorationConfig: {
      mode: 'CUSTOM',
      customConfig: { cycleStartDate: '2026-04-01T00:00:00Z', cycleEndDate: '2026-05-01T00:00:00Z', currentDate: '2026-04-10T12:00:00Z' },
    },
  },
  usage: {
    usages: { [usageMeterId]: 1250 },
    slabRevenueSummaries: [
      { order: 1, usage: 1000, revenue: 120 },
      { order: 2, usage: 250, revenue: 28.5, metadata: { packageQuantity: 3 } },
    ],
  },
  fee: { usages: {}, fixedFeeRevenueSummary: { revenue: 10 } },
}

const custom = { invoiceTiming: 'IN_ARREARS', referenceId: '', referenceType: 'CUSTOM', currencies: ['USD'], pricePlanId: '' }

export const tags = { 'Price Experimentation': 'What a plan would come to, before it is made or changed.' }

const refuses = {
  400: 'A mode lacks what it needs, or comes with a later version of this API; times are in no order, or the current day is not in the cycle; the plan does not support the currency; or the plan that is sent has faults, each of which is named.',
  404: 'No account or price plan of the organization has the id, the plan has no published version, or no plan is in force for the account at the time.',
  422: 'Usage is looked up from or to a time that is not a full hour, and the events of that hour are no longer stored.',
}

export const calculateRevenueV2 = {
  summary: 'Calculate the revenue of a price plan',
  description: `Answers what each rate card of a plan comes to in a cycle, and stores nothing. The plan is sent as a whole, is the newest published version of one that there is, or is what is in force for an account on a day, with what the account has instead of parts of it. Usage and licences are sent, or looked up for an account in a time range or in one of its cycles; overage is sent, or is that of an account until the end of one of its cycles since it was billed last.

A plan that is sent may price what is not there yet. Fixed fees, entitlements and credits are charged in the cycles that their recurrence names, of which pricingCycleOrdinal says the number; for a plan in force it is the number of the cycle that the account is in. With prorationConfig, cards with enableProration are charged for the days until the current one, of all days of the cycle, and the others for all of it. The cycle is sent, or is one of an account: where that is cut short because a plan began or ended within it, its days are shared among all days of a whole cycle, as on an invoice. Without prorationConfig, nothing is shared: cards are charged for the cycle of the account whose plan it is, or else for a whole one, that in which the last of the licence entries begins, with the licences at its end. Licences that are looked up in a cycle are charged for that one, and those of a time range for the one in which the last of them begins. Licences that are billed in advance are charged as all invoices of the cycle together would.

Numbers are exact and not cut to the minor unit of the currency; a part of a cycle that is no decimal has 20 places. Every slab is listed, also those without units. The limits of a whole card change its revenue where that is shown, and no slab: usage and licence cards, which show slabs only, do not show what their limits add or take, as an invoice does. Ids of usage, licences and overage that no card of the plan has are ignored. Pricing rules, minimum commitments and credits have no part in it.`,
  refuses,
  example: {
    request: calculation.request,
    answer: {
      currency: 'USD',
      revenueInfo: [
        {
          rateCard: {
            name: 'gigabytes',
            billableId: usageMeterId,
            type: 'USAGE',
            displayName: 'Delivered gigabytes',
            rateCardDetails: { usageRateCard },
            ...custom,
          },
          ...calculation.usage,
        },
        {
          rateCard: {
            name: 'support',
            billableId: addOnId,
            type: 'FIXED_FEE',
            displayName: 'Support',
            rateCardDetails: { fixedFeeRateCard },
            ...custom,
          },
          ...calculation.fee,
        },
      ],
    },
  },
}

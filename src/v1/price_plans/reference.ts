import { done, fifth, pricePlanId, sixth, sourcePricePlanId, usageMeterId } from '../../lib/examples.ts'

const MISSING = 'No price plan of the organization has this id.'
const ARCHIVED = 'The price plan is archived.'
const NOT_RATABLE = 'The plan could not be rated: the message names each card or rule that is wrong, the field, and what would be right.'
const NOT_THERE = 'A card prices a usage meter, an add-on or a feature that does not exist.'
const TOO_MANY_CARDS = 'The plan would have more than 200 cards.'

const cycle = { interval: 'MONTHLY', startOffset: { dayOffset: '1', monthOffset: 'NIL' }, gracePeriod: 1 }

const usageRateCard = {
  name: 'gigabytes',
  usageMeterId,
  ratePlan: { pricingModel: 'TIERED', slabs: [{ order: 1, startAfter: 0, priceType: 'PER_UNIT' }] },
  rateValues: [
    { currency: 'USD', slabRates: [{ order: 1, rate: 0.15 }] },
    { currency: 'EUR', slabRates: [{ order: 1, rate: 0.14 }] },
  ],
}

const details = { pricingCycleConfig: cycle, supportedCurrencies: ['USD', 'EUR'], usageRateCards: [usageRateCard] }

const texts = { name: 'Hosting', description: 'Gigabytes at one price' }

const noCards = {
  fixedFeeRateCards: [],
  licenseRateCards: [],
  billingEntitlementRateCards: [],
  entitlementOverageRateCards: [],
  creditGrantRateCards: [],
}

const planWith = (status: string, activeCurrencies: string[], changes: Record<string, unknown> = {}) => ({
  id: sourcePricePlanId,
  ...texts,
  type: 'BILLING',
  status,
  pricingSchedule: [
    {
      id: 'sch.0VFLWOg4pLo.3xRtB',
      startDate: '1970-01-01T00:00:00.000Z',
      endDate: '9999-01-01T00:00:00.000Z',
      version: 1,
      isOverriden: false,
      pricePlanDetails: {
        type: 'BILLING',
        ...details,
        activeCurrencies,
        ...noCards,
        deferredRevenue: false,
        allow_ongoing_cycle_updates: false,
        ...changes,
      },
      pricingRules: [],
    },
  ],
})

const metered = ['createEventSchema', 'createUsageMeter', 'activateEventSchema', 'activateUsageMeter']
const made = [...metered, 'createPricePlan']
const published = [...made, 'activatePricePlan']
const path = { price_plan_id: sourcePricePlanId }

export const tags = {
  'Price Plans': 'The older operations on the plans of Price Plan V2, each plan with all of its rate cards and rules in one body.',
}

export const createPricePlan = {
  summary: 'Create a price plan with its cards',
  description:
    'Makes a plan with its rate cards and rules, as a draft of its first version. A card without invoiceTiming is billed IN_ARREARS, and one without a name gets one. Newer programs use createPricePlanV2.',
  refuses: {
    400: NOT_RATABLE,
    404: NOT_THERE,
    409: 'A plan that is not archived has the name.',
    422: `There are 100 price plans that are not archived already. Or ${TOO_MANY_CARDS.toLowerCase()}`,
  },
  example: {
    after: metered,
    request: { ...texts, pricePlanDetails: { ...details, fixedFeeRateCards: [] } },
    answer: planWith('DRAFT', []),
    other: { request: { name: 'Hosting by the year', pricePlanDetails: details } },
  },
}

export const getPricePlans = {
  summary: 'List published price plans',
  description:
    'Lists the plans, each in its newest published version, or in its draft if it was never published; last changed first unless asked otherwise, a page at a time. The filters can be combined. Newer programs use listPricePlansV2.',
  refuses: { 400: '_sort names another field, or one twice.' },
  example: {
    after: published,
    query: { status: 'ACTIVE', type: 'BILLING', _search: 'host', _sort: 'updated_at:DESC', pageSize: 20 },
    answer: {
      data: [
        {
          id: sourcePricePlanId,
          ...texts,
          type: 'BILLING',
          version: 1,
          status: 'ACTIVE',
          usageMeters: [usageMeterId],
          pricePlanDetails: { supportedCurrencies: ['USD', 'EUR'], activeCurrencies: ['USD'], pricingCycleConfig: cycle },
          createdAt: fifth,
          updatedAt: sixth,
        },
      ],
      context: { pageSize: 20, sortOrder: 'DESC' },
    },
  },
}

export const getPricePlan = {
  summary: 'Read a price plan with its cards',
  description:
    'Reads a plan with its rate cards and rules, in its newest published version, or in its draft if it was never published; with version, in that one. Newer programs use getPricePlanV2.',
  refuses: { 404: `${MISSING} Or it has no such version.` },
  example: { after: published, path, query: { version: 1 }, answer: planWith('ACTIVE', ['USD']) },
}

export const updatePricePlan = {
  summary: 'Change a price plan with its cards',
  description:
    'Replaces what is sent: a list of rate cards as a whole, and what is left out stays. A plan that was never published is changed in place. A published plan gets its next version, which is published at once in the currencies in which the plan is active, as far as it still supports them. With a migrationMode, a job moves the accounts on older versions to it: those on the version before it, or with ALL_VERSION those on any. Otherwise they stay. Newer programs use updatePricePlanV2.',
  refuses: {
    400: NOT_RATABLE,
    404: `${MISSING} Or ${NOT_THERE.toLowerCase()}`,
    409: `${ARCHIVED} Or it is published and has a draft, which must be finalized or discarded first.`,
    422: TOO_MANY_CARDS,
  },
  example: {
    after: made,
    path,
    request: { pricePlanDetails: { pricingCycleConfig: { ...cycle, gracePeriod: 5 } } },
    answer: planWith('DRAFT', [], { pricingCycleConfig: { ...cycle, gracePeriod: 5 } }),
    other: { request: { pricePlanDetails: { usageRateCards: [] } } },
  },
}

export const archivePricePlan = {
  summary: 'Archive a price plan',
  description:
    'Archives a plan: it can still be read, but not be changed. Another plan can have its name, and what it prices can be archived too.',
  refuses: { 404: MISSING, 409: `${ARCHIVED} Or an account has it, or will have it.` },
  example: { after: made, path, answer: done, other: { path: { price_plan_id: 'pp.0VFLWOg4pLn.00000' } } },
}

export const activatePricePlan = {
  summary: 'Activate a price plan in currencies',
  description:
    'Publishes a plan that was never published, so that accounts can be given it in these currencies. A published plan can be given in these currencies too from then on. Newer programs use finalizePricePlan.',
  refuses: {
    400: 'The plan does not support one of the currencies.',
    404: MISSING,
    409: `${ARCHIVED} Or its draft has errors, or prices a usage meter or an add-on that is not active any more.`,
  },
  example: {
    after: made,
    path,
    request: { currencies: ['USD'] },
    answer: planWith('ACTIVE', ['USD']),
    other: { request: { currencies: ['EUR'] } },
  },
}

const migration = {
  sourceId: sourcePricePlanId,
  sourceVersion: 1,
  targetId: pricePlanId,
  migrationMode: 'IMMEDIATE',
  requireConfirmation: true,
}

export const pricePlanMigration = {
  summary: 'Move accounts to another price plan',
  description: 'Does what pricePlanMigrationV2 does, with the same body. Newer programs use that one.',
  refuses: {
    400: 'The target is the version that accounts have, or of type PURCHASE; retainStartOffsets is true and the intervals differ; or there is no target for it or for targetVersion.',
    404: 'One of the price plans does not exist, or has no such published version.',
    409: 'The target is not ACTIVE.',
  },
  example: {
    after: [...published, 'createPricePlanV2', 'finalizePricePlan'],
    request: migration,
    answer: done,
    other: { request: { ...migration, migrationMode: 'NEXT_CYCLE' } },
  },
}

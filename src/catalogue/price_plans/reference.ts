import { done, eighth, ninth, pricePlanId, seventh, sourcePricePlanId, tenth, usageMeterId } from '../../lib/examples.ts'

const MISSING = 'No price plan of the organization has this id.'
const ARCHIVED = 'The price plan is archived.'
const NO_DRAFT = 'The newest version of the price plan is published, so that it has no draft; or the price plan is archived.'

const cycle = { interval: 'MONTHLY', startOffset: { dayOffset: '1', monthOffset: 'NIL' }, gracePeriod: 3 }

const sent = {
  name: 'Delivery',
  description: 'Delivered gigabytes, by the month',
  type: 'BILLING',
  pricingCycleConfig: cycle,
  supportedCurrencies: ['USD'],
}

const shown = {
  id: pricePlanId,
  referenceId: 'sch.0VFLWWM4t5d.Zq41B',
  ...sent,
  version: 1,
  status: 'DRAFT',
  deferredRevenue: false,
  allowOngoingCycleUpdates: false,
  createdAt: seventh,
  updatedAt: seventh,
}

const changes = {
  description: 'Delivered gigabytes, by the month, with a week of grace',
  pricingCycleConfig: { ...cycle, gracePeriod: 7 },
}

const changed = { ...shown, ...changes }

const ratePlan = {
  pricingModel: 'TIERED',
  slabs: [
    { order: 1, startAfter: 0, priceType: 'PER_UNIT' },
    { order: 2, startAfter: 1000, priceType: 'PACKAGE', slabConfig: { packageSize: '100' } },
  ],
}

const usageRateCard = {
  usageMeterId,
  ratePlan,
  rateValues: [
    {
      currency: 'USD',
      slabRates: [
        { order: 1, rate: 0.12 },
        { order: 2, rate: 9.5 },
      ],
      rateConfig: { minimumRate: '5' },
    },
  ],
}

const cardSent = {
  billableId: usageMeterId,
  type: 'USAGE',
  displayName: 'Delivered gigabytes',
  invoiceTiming: 'IN_ARREARS',
  tag: 'Traffic',
  rateCardDetails: { usageRateCard },
}

const card = {
  name: 'gigabytes',
  ...cardSent,
  rateCardDetails: { usageRateCard: { ...usageRateCard, name: 'gigabytes', displayName: 'Delivered gigabytes', tag: 'Traffic' } },
  referenceId: shown.referenceId,
  referenceType: 'PRICE_PLAN',
  currencies: ['USD'],
  pricePlanId,
}

const ruleSent = {
  name: 'Large customers',
  order: 1,
  invoiceTiming: 'IN_ARREARS',
  condition: `{">":[{"var":"usage.urc.${usageMeterId}"},100000]}`,
  computation: '{"*":[{"var":"revenue.rate_card_total"},-0.1]}',
  action: { type: 'ADD', description: 'A tenth less for large customers' },
}

const rule = { id: 'pp_rule.0VFLWeK5XWf.Uh2Kc', version: 1, ...ruleSent }

const path = { price_plan_id: pricePlanId }
const another = { path: { price_plan_id: 'pp.0VFLWWM4t5d.00000' } }

const metered = ['createEventSchema', 'createUsageMeter', 'activateEventSchema', 'activateUsageMeter']
const sourced = [...metered, 'createPricePlan', 'activatePricePlan']
const made = [...sourced, 'createPricePlanV2']
const priced = [...made, 'bulkPricePlanRateCardOperations']

export const tags = {
  'Price Plan V2':
    'What is charged, how and when: plans in versions, of which one that is published never changes, with their rate cards and rules.',
}

export const parameters = {
  price_plan_id: 'The id of the price plan, as it was answered when it was made.',
}

export const createPricePlanV2 = {
  summary: 'Create a price plan',
  description:
    'Makes a plan as a draft of its first version. Its rate cards and rules come after it, or from another plan, whose latest published version is copied.',
  refuses: {
    404: 'The plan to be copied does not exist, or has no published version.',
    409: 'A plan that is not archived has the name.',
    422: 'There are 100 price plans that are not archived already.',
  },
  example: {
    after: sourced,
    query: { source_price_plan_id: sourcePricePlanId },
    request: sent,
    answer: shown,
    other: { request: { ...sent, name: 'Delivery by the year' } },
  },
}

export const listPricePlansV2 = {
  summary: 'List price plans',
  description:
    'Lists the plans that are not archived, each in its newest version, last changed first unless asked otherwise, a page at a time. The filters can be combined.',
  refuses: { 400: '_sort names another field, or one twice.' },
  example: {
    after: made,
    query: { status: 'DRAFT', type: 'BILLING', _search: 'deliv', _sort: 'updated_at:DESC', pageSize: 20 },
    answer: { data: [shown] },
  },
}

export const getPricePlanV2 = {
  summary: 'Read a price plan',
  description: 'Reads a plan in its newest version, which may be a draft, in its newest published one, or in that of a number.',
  refuses: { 404: `${MISSING} Or it has no such version.` },
  example: { after: made, path, query: { version: 'LATEST' }, answer: shown },
}

export const updatePricePlanV2 = {
  summary: 'Change a price plan',
  description: 'Replaces the fields that are sent. Where the newest version is published, a draft of the next one is made.',
  refuses: { 404: MISSING, 409: ARCHIVED },
  example: {
    after: made,
    path,
    request: changes,
    answer: { ...changed, updatedAt: eighth },
    other: { request: { supportedCurrencies: ['USD', 'EUR'] } },
  },
}

export const listPricePlanVersions = {
  summary: 'List the versions of a price plan',
  description: 'Lists the draft of a plan, if it has one, and its published versions, the newest first, a page at a time.',
  refuses: { 404: MISSING },
  example: {
    after: [...priced, 'finalizePricePlan', 'updatePricePlanV2'],
    path,
    query: { pageSize: 20 },
    answer: {
      data: [
        { ...changed, version: 2, referenceId: 'sch.0VFLXv9mK2d.a8Tb3', updatedAt: tenth },
        { ...shown, status: 'ACTIVE', updatedAt: ninth },
      ],
    },
  },
}

export const listPricePlanRateCards = {
  summary: 'List the rate cards of a price plan',
  description: 'Lists the rate cards of the newest version of a plan, in the order in which they were made, a page at a time.',
  refuses: { 404: MISSING },
  example: { after: priced, path, query: { pageSize: 20 }, answer: { data: [card] } },
}

export const bulkPricePlanRateCardOperations = {
  summary: 'Change rate cards of a price plan',
  description:
    'Creates, replaces and deletes rate cards in the draft of a plan, in the order of the operations, all or none, and answers those that were made or changed. Where the newest version is published, a draft of the next one is made. What keeps the draft from being finalized is listed under its errors.',
  refuses: {
    400: 'The details are not those of the type, contradict what is said beside them, or are missing.',
    404: `${MISSING} Or no card has the name that is to be updated or deleted.`,
    409: `${ARCHIVED} Or a card has the name that is to be created.`,
    422: 'The plan would have more than 200 cards, or more than 1,000,000 characters of them.',
  },
  example: {
    after: made,
    path,
    request: { operations: [{ actionType: 'UPDATE', rateCardName: 'gigabytes', rateCard: cardSent }] },
    answer: { rateCards: [card] },
    other: { request: { operations: [{ actionType: 'UPSERT', rateCardName: 'traffic', rateCard: cardSent }] } },
  },
}

export const listPricePlanPricingRules = {
  summary: 'List the pricing rules of a price plan',
  description: 'Lists the pricing rules of a version of a plan.',
  refuses: { 404: `${MISSING} Or it has no such version.` },
  example: {
    after: [...priced, 'updatePricePlanPricingRules'],
    path,
    query: { version: 'LATEST' },
    answer: { data: [rule] },
  },
}

export const updatePricePlanPricingRules = {
  summary: 'Replace the pricing rules of a price plan',
  description:
    'Replaces the rules in the draft of a plan. Where the newest version is published, a draft of the next one is made. A rule of the same name keeps its id.',
  refuses: { 404: MISSING, 409: ARCHIVED },
  example: {
    after: priced,
    path,
    request: { pricingRules: [ruleSent] },
    answer: { data: [rule] },
    other: { request: { pricingRules: [] } },
  },
}

export const listPricePlanErrors = {
  summary: 'List the errors of a price plan',
  description:
    'Lists what keeps the draft of a plan from being finalized: for each error the card, the rule or the plan that has it, the field, and what would be right.',
  refuses: { 404: MISSING },
  example: { after: priced, path, answer: { data: [] } },
}

export const finalizePricePlan = {
  summary: 'Publish a price plan',
  description:
    'Publishes the draft of a plan in all of its currencies. That version never changes any more. With a migrationMode, a job moves the accounts on older versions to it: those on the version before it, or with ALL_VERSION those on any. Otherwise they stay.',
  refuses: {
    404: MISSING,
    409: `${NO_DRAFT} Or the draft has errors, or prices a usage meter or an add-on that is not active any more.`,
  },
  example: { after: priced, path, request: { migrationMode: 'NONE' }, answer: done, other: { request: {} } },
}

export const discardPricePlan = {
  summary: 'Discard the draft of a price plan',
  description:
    'Drops the draft of a plan, which is in its latest published version then. A plan that was never published is gone with its draft.',
  refuses: { 404: MISSING, 409: NO_DRAFT },
  example: { after: priced, path, answer: done, other: another },
}

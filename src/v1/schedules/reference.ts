import { accountId, scheduleId, sourcePricePlanId, usageMeterId } from '../../lib/examples.ts'

const MISSING = 'No account of the organization has this id.'
const NOT_RATABLE =
  'the price plan could not be rated with what the account has instead of parts of it: the message names each field, and what would be right'

const cycle = { interval: 'MONTHLY', startOffset: { dayOffset: '1', monthOffset: 'NIL' }, gracePeriod: 1 }

const usageRateCard = (rates: readonly [usd: number, eur: number]) => ({
  name: 'gigabytes',
  usageMeterId,
  ratePlan: { pricingModel: 'TIERED', slabs: [{ order: 1, startAfter: 0, priceType: 'PER_UNIT' }] },
  rateValues: [
    { currency: 'USD', slabRates: [{ order: 1, rate: rates[0] }] },
    { currency: 'EUR', slabRates: [{ order: 1, rate: rates[1] }] },
  ],
})

const edit = { mode: 'ASSOCIATE', pricePlanId: sourcePricePlanId, effectiveFrom: '2026-04-01', effectiveUntil: '2027-04-01' }
const override = { usageRateCards: [usageRateCard([0.1, 0.09])] }
const laterEdit = { ...edit, effectiveFrom: '2027-04-01', effectiveUntil: '9999-01-01', pricePlanDetailsOverride: override }

const laterId = 'sch.0VFLWn2pM9t.w8Qe2'
const dates = { startDate: '2026-04-01T00:00:00.000Z', endDate: '2027-04-01T00:00:00.000Z' }
const laterDates = { startDate: '2027-04-01T00:00:00.000Z', endDate: '9999-01-01T00:00:00.000Z' }

const first = { id: scheduleId, pricePlanId: sourcePricePlanId, pricePlanName: 'Hosting', ...dates }
const later = { id: laterId, pricePlanId: sourcePricePlanId, pricePlanName: 'Hosting', ...laterDates, pricePlanDetailsOverride: override }

const editedWith = (pricingSchedules: readonly object[]) => ({ accountId, accountName: 'Primary Account', pricingSchedules })

const detailsWith = (rates: readonly [usd: number, eur: number]) => ({
  type: 'BILLING',
  supportedCurrencies: ['USD', 'EUR'],
  activeCurrencies: ['USD'],
  pricingCycleConfig: cycle,
  usageRateCards: [usageRateCard(rates)],
  fixedFeeRateCards: [],
  licenseRateCards: [],
  billingEntitlementRateCards: [],
  entitlementOverageRateCards: [],
  creditGrantRateCards: [],
  deferredRevenue: false,
  allow_ongoing_cycle_updates: false,
})

const shown = [
  {
    id: scheduleId,
    pricePlanDetails: detailsWith([0.15, 0.14]),
    pricingRules: [],
    ...dates,
    version: 1,
    isOverriden: false,
    pricePlanId: sourcePricePlanId,
    pricePlanName: 'Hosting',
    pricePlanInfo: { name: 'Hosting', description: 'Gigabytes at one price' },
  },
  {
    id: laterId,
    pricePlanDetails: detailsWith([0.1, 0.09]),
    pricingRules: [],
    ...laterDates,
    version: 1,
    isOverriden: true,
    pricePlanId: sourcePricePlanId,
    pricePlanName: 'Hosting',
    pricePlanInfo: { name: 'Hosting', description: 'Gigabytes at one price' },
  },
]

const path = { account_id: accountId }

const ready = [
  'createCustomer',
  'createEventSchema',
  'createUsageMeter',
  'activateEventSchema',
  'activateUsageMeter',
  'createPricePlan',
  'activatePricePlan',
]

const refuses = {
  400: `An edit ends before it begins or names no price plan; the price plan is bought once; there are no cycles that could be retained, or they have another interval; or ${NOT_RATABLE}.`,
  404: `${MISSING} Or a price plan, or what a rate card prices, does not exist.`,
  409: 'An edit changes days that cannot be changed any more: the message says the first date that can. Or the account or a price plan is not ACTIVE, or the price plan is not active in the currency of the account.',
  422: 'The account would have more than 200 rate cards.',
}

export const tags = {
  'Pricing Rules': 'Rules that change what an invoice comes to.',
}

export const parameters = {
  pricing_schedule_id: 'The id of a schedule of an account, or of the schedule that a version of the price plan shows.',
}

export const updatePricingSchedule = {
  summary: 'Put a price plan in force for an account (deprecated)',
  description:
    'Puts a price plan in force in place of what is in force from effectiveFrom until before effectiveUntil, or ends that, at once. What is left of a schedule in front of the edit keeps its id; what is left behind it gets a new one. What preActions say is done in the same step, or nothing is. Newer programs use bulkEditSchedules, which says more of edits, and finalizeAccountSchedules.',
  refuses,
  example: {
    after: ready,
    path,
    request: edit,
    answer: editedWith([first]),
    other: { request: { ...edit, effectiveFrom: '2026-05-01' } },
  },
}

export const updatePricingScheduleBatch = {
  summary: 'Edit the schedules of an account (deprecated)',
  description:
    'Does edits of what is in force for an account one after another, all or none, at once. Each is as that of updatePricingSchedule. Newer programs use bulkEditSchedules and finalizeAccountSchedules.',
  refuses,
  example: {
    after: ready,
    path,
    request: { edits: [edit, laterEdit] },
    answer: editedWith([first, later]),
    other: { request: { edits: [{ ...edit, effectiveFrom: '2026-05-01' }] } },
  },
}

export const getPricingSchedules = {
  summary: 'List the schedules of an account (deprecated)',
  description:
    'Lists the schedules of an account by their first days, a page at a time, each with what is in force in it. The first page begins with the schedule that is in force now, or comes next; previousToken leads to earlier ones. A portal token can read those of its accounts. Newer programs use listaccountSchedules.',
  refuses: { 403: 'A portal token asks for an account that it cannot read.', 404: MISSING },
  example: {
    after: [...ready, 'updatePricingScheduleBatch'],
    path,
    query: {
      start_date: '2026-04-01T00:00:00Z',
      end_date: '2030-01-01T00:00:00Z',
      include_price_plan_info: true,
      compact: false,
      pageSize: 20,
    },
    answer: { data: shown },
  },
}

export const listPricingRulesByScheduleId = {
  summary: 'List the rules of a schedule (deprecated)',
  description:
    'Lists the rules by which accounts are charged in a schedule: that of an account, or the one that a version of the price plan shows. Newer programs use listPricingRules and listPricePlanPricingRules.',
  refuses: { 404: 'No price plan of the organization has this id, or it has no such schedule.' },
  example: {
    after: [...ready, 'updatePricingSchedule'],
    path: { price_plan_id: sourcePricePlanId, pricing_schedule_id: scheduleId },
    query: { invoice_timing: 'IN_ARREARS' },
    answer: { data: [] },
  },
}

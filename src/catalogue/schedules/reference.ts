import { accountId, done, scheduleId, sourcePricePlanId, usageMeterId } from '../../lib/examples.ts'

const MISSING = 'No account of the organization has this id.'
const NO_SCHEDULE = 'No schedule of the organization has this id, or none in this mode.'
const STALE_DRAFT =
  'What is in force has changed since the draft was made, so that finalizing it would undo that: discard it, and make the edits again.'

const cycle = { interval: 'MONTHLY', startOffset: { dayOffset: '1', monthOffset: 'NIL' }, gracePeriod: 1 }

const dates = { startDate: '2026-04-01T00:00:00.000Z', endDate: '2027-04-01T00:00:00.000Z' }

const quarterly = { interval: 'QUARTERLY', startOffset: { dayOffset: '1', monthOffset: '1' }, gracePeriod: 5 }
const laterDates = { startDate: '2027-04-01T00:00:00.000Z', endDate: '9999-01-01T00:00:00.000Z' }
const laterId = 'sch.0VFLWn2pM9t.w8Qe2'

const edited = {
  accountId,
  accountName: 'Primary Account',
  pricingSchedules: [
    { id: scheduleId, pricePlanId: sourcePricePlanId, pricePlanName: 'Hosting', ...dates },
    {
      id: laterId,
      pricePlanId: sourcePricePlanId,
      pricePlanName: 'Hosting',
      ...laterDates,
      pricePlanDetailsOverride: { pricingCycleConfig: quarterly },
    },
  ],
}

const edit = {
  mode: 'ASSOCIATE',
  effectiveFrom: '2026-04-01',
  effectiveUntil: '2027-04-01',
  associationConfig: { pricePlanId: sourcePricePlanId },
}

const laterEdit = {
  mode: 'ASSOCIATE',
  effectiveFrom: '2027-04-01',
  effectiveUntil: '9999-01-01',
  associationConfig: { pricePlanId: sourcePricePlanId, pricingCycleConfigOverride: quarterly },
}

const schedule = {
  id: scheduleId,
  accountId,
  pricePlanId: sourcePricePlanId,
  version: 1,
  deferredRevenue: false,
  pricePlanInfo: { name: 'Hosting', description: 'Gigabytes at one price' },
  accountScheduleInfo: { supportedCurrencies: ['USD', 'EUR'], pricingCycleConfig: cycle },
  isOverridden: false,
  ...dates,
  allowOngoingCycleUpdates: false,
}

const later = {
  ...schedule,
  id: laterId,
  accountScheduleInfo: { supportedCurrencies: ['USD', 'EUR'], pricingCycleConfig: quarterly },
  isOverridden: true,
  ...laterDates,
}

const usageRateCard = {
  usageMeterId,
  ratePlan: { pricingModel: 'TIERED', slabs: [{ order: 1, startAfter: 0, priceType: 'PER_UNIT' }] },
  rateValues: [
    { currency: 'USD', slabRates: [{ order: 1, rate: 0.1 }] },
    { currency: 'EUR', slabRates: [{ order: 1, rate: 0.09 }] },
  ],
}

const cardSent = {
  billableId: usageMeterId,
  type: 'USAGE',
  displayName: 'Gigabytes at a discount',
  invoiceTiming: 'IN_ARREARS',
  rateCardDetails: { usageRateCard },
}

const card = {
  name: 'gigabytes',
  ...cardSent,
  rateCardDetails: { usageRateCard: { ...usageRateCard, name: 'gigabytes', displayName: 'Gigabytes at a discount' } },
  referenceId: scheduleId,
  referenceType: 'SCHEDULE',
  currencies: ['USD', 'EUR'],
  pricePlanId: sourcePricePlanId,
  accountId,
}

const minimumCommitmentRateCard = { displayName: 'Minimum', rateValues: [{ currency: 'USD', rate: 50 }] }

const commitmentSent = {
  billableId: 'MINIMUM_COMMITMENT',
  type: 'MINIMUM_COMMITMENT',
  displayName: 'Minimum',
  invoiceTiming: 'IN_ARREARS',
  rateCardDetails: { minimumCommitmentRateCard },
}

const commitment = {
  name: 'commitment',
  ...commitmentSent,
  referenceId: scheduleId,
  referenceType: 'SCHEDULE',
  currencies: ['USD'],
  pricePlanId: sourcePricePlanId,
  accountId,
}

const ruleSent = {
  name: 'Loyal customers',
  order: 1,
  invoiceTiming: 'IN_ARREARS',
  computation: '{"*":[{"var":"revenue.rate_card_total"},-0.05]}',
  action: { type: 'ADD', description: 'A twentieth less for loyal customers' },
}

const rule = { id: 'pp_rule.0VFLWn2pQ8d.Lo4yA', version: 1, ...ruleSent }

const path = { account_id: accountId }
const schedulePath = { schedule_id: scheduleId }
const other = { path: { account_id: 'ACC00002' } }

const ready = [
  'createCustomer',
  'createEventSchema',
  'createUsageMeter',
  'activateEventSchema',
  'activateUsageMeter',
  'createPricePlan',
  'activatePricePlan',
]
const drafted = [...ready, 'bulkEditSchedules']

export const tags = {
  Schedules:
    'Which price plan an account has at what time, with which cycles and prices of its own. Changes are made in a draft, which is put in force as a whole.',
}

export const parameters = {
  schedule_id: 'The id of the schedule, as it was answered when it was made.',
}

export const bulkEditSchedules = {
  summary: 'Edit the schedules of an account in a draft',
  description: `Does edits one after another, all or none, in the draft of the account's schedules. If there is no draft, one is made of what is in force.

An edit cuts what is in force from effectiveFrom until before effectiveUntil, and ASSOCIATE puts a price plan there in its newest published version. What is left of a schedule in front of the edit keeps its id; what is left behind it gets a new one. Where mergeSchedules is true, schedules next to the new one become one with it if the same is in force in them.

Cycles begin as the price plan says, as those in force with retainStartOffsets, or as pricingCycleConfigOverride says, which goes before both. A schedule that scheduleId names gives its rate cards and rules to the new one.

An edit can begin tomorrow, or earlier on days on which the account has no price plan. Price plans that allow updates of the ongoing cycle, or whose revenue is deferred, can be edited from the start of the first cycle that is not billed yet.`,
  refuses: {
    400: 'An edit ends before it begins or names no price plan; the price plan is bought once; there are no cycles that could be retained, or they have another interval.',
    404: `${MISSING} Or a price plan or a schedule does not exist.`,
    409: `An edit changes days that cannot be changed any more: the message says the first date that can. Or the account or a price plan is not ACTIVE, or the price plan is not active in the currency of the account. ${STALE_DRAFT}`,
  },
  example: {
    after: ready,
    path,
    query: { discard: false },
    request: { edits: [edit, laterEdit] },
    answer: edited,
    other: { request: { edits: [{ ...edit, effectiveFrom: '2026-05-01' }] } },
  },
}

export const listaccountSchedules = {
  summary: 'List the schedules of an account',
  description:
    'Lists the schedules of an account by their first days, a page at a time. The first page begins with the schedule that is in force now, or comes next; previousToken leads to earlier ones. A portal token can read those of its accounts.',
  refuses: { 403: 'A portal token asks for an account that it cannot read.', 404: MISSING },
  example: { after: drafted, path, query: { mode: 'DRAFT', pageSize: 20 }, answer: { data: [schedule, later] } },
}

export const finalizeAccountSchedules = {
  summary: 'Put the draft of the schedules of an account in force',
  description:
    'Replaces what is in force by the draft, and answers the schedules from today on. With mergeSchedules, schedules that touch become one if the same is in force in them. A schedule that is running and whose rate cards or rules were changed in the draft is in force as it was until tomorrow: from then on the changes are, under a new id. What preActions say is done in the same step, or nothing is.',
  refuses: {
    404: MISSING,
    409: `There is no draft; or a schedule has errors; or the draft changes days that cannot be changed any more: the message says the first date that can. Or the account or a price plan is not ACTIVE. ${STALE_DRAFT}`,
  },
  example: { after: drafted, path, request: {}, answer: { data: [schedule, later] }, other: { request: { mergeSchedules: true } } },
}

export const discardAccountSchedules = {
  summary: 'Discard the draft of the schedules of an account',
  description: 'Drops the draft of the schedules of an account. What is in force stays. If there is no draft, nothing changes.',
  refuses: { 404: MISSING },
  example: { after: drafted, path, answer: done, other },
}

export const bulkRateCardOperationsOnSchedule = {
  summary: 'Change the rate cards of a schedule in a draft',
  description:
    'Does operations to the rate cards that an account has in a schedule, in their order, all or none, in the draft of its schedules. If there is no draft, one is made of what is in force. Only the shape of cards is checked at once; listScheduleErrors says what else is wrong.',
  refuses: {
    404: `${NO_SCHEDULE} Or an operation changes or deletes a card that the schedule does not have.`,
    409: `An operation creates a card that the schedule has already. ${STALE_DRAFT}`,
    422: 'The schedule would have more than 200 cards, or more than 1,000,000 characters of them.',
  },
  example: {
    after: drafted,
    path: schedulePath,
    request: {
      operations: [
        { actionType: 'UPDATE', rateCardName: 'gigabytes', rateCard: cardSent },
        { actionType: 'CREATE', rateCardName: 'commitment', rateCard: commitmentSent },
      ],
    },
    answer: { rateCards: [card, commitment] },
    other: { request: { operations: [{ actionType: 'UPSERT', rateCardName: 'commitment', rateCard: commitmentSent }] } },
  },
}

export const listScheduleRateCards = {
  summary: 'List the rate cards of a schedule',
  description:
    'Lists the rate cards by which an account is charged in a schedule: those of its price plan, or what it has instead, a page at a time.',
  refuses: { 404: NO_SCHEDULE },
  example: {
    after: [...drafted, 'bulkRateCardOperationsOnSchedule'],
    path: schedulePath,
    query: { mode: 'DRAFT', pageSize: 20 },
    answer: { data: [card, commitment] },
  },
}

export const updatePricingRules = {
  summary: 'Replace the rules of a schedule in a draft',
  description:
    'Replaces the rules that an account has in a schedule, in the draft of its schedules. If there is no draft, one is made of what is in force. A rule with the name of an earlier one keeps its id.',
  refuses: { 404: NO_SCHEDULE, 409: STALE_DRAFT },
  example: {
    after: drafted,
    path: schedulePath,
    request: { pricingRules: [ruleSent] },
    answer: { data: [rule] },
    other: { request: { pricingRules: [] } },
  },
}

export const listPricingRules = {
  summary: 'List the rules of a schedule',
  description: 'Lists the rules by which an account is charged in a schedule: those of its price plan, or what it has instead.',
  refuses: { 404: NO_SCHEDULE },
  example: { after: [...drafted, 'updatePricingRules'], path: schedulePath, query: { mode: 'DRAFT' }, answer: { data: [rule] } },
}

export const listScheduleErrors = {
  summary: 'List the errors of a schedule',
  description:
    'Lists what keeps a schedule of a draft from being put in force: for each error the card, the rule, the price plan or the schedule that has it, the field, and what would be right. What keeps the whole draft from it is listed for each of its schedules: that what is in force has changed since the draft was made, or that the draft changes days that cannot be changed any more.',
  refuses: { 404: NO_SCHEDULE },
  example: { after: drafted, path: schedulePath, answer: { data: [] } },
}

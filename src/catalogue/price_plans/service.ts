import { type Reply, combineDrafts, commit } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { ApiError } from '../../lib/errors.ts'
import { newId } from '../../lib/ids.ts'
import { closePage, openPage, pageOfWhole } from '../../lib/page.ts'
import type { KeptRule } from '../pricing_rules/schema.ts'
import { draftMoveToPublished } from '../migrations/draft.ts'
import { applyOperations } from '../rate_cards/operate.ts'
import { keepRules } from '../pricing_rules/keep.ts'
import {
  type PlanRow,
  changeDraft,
  changePlan,
  changeVersionedPlan,
  draftPlan,
  draftPlanChange,
  newPlan,
  openCards,
  openDraft,
  publishDraft,
} from './change.ts'
import { type PlanFault, findPlanFaults, explainFault } from './faults.ts'
import {
  type PlanWithItems,
  type ReadPlan,
  listPlans,
  readPlanVersion,
  readVersionsBefore,
  showCard,
  showPlan,
  tagOfPlan,
  withVersion,
} from './queries.ts'
import type {
  BulkRateCardOperationsRequest,
  BulkRateCardOperationsResponse,
  CreatePricePlanV2Query,
  CreatePricePlanV2Request,
  FinalizePricePlanRequest,
  ListPricePlansV2Query,
  PartsQuery,
  PricePlanV2,
  PricePlanV2PaginatedResponse,
  PricePlanVersionQuery,
  PricingRulesPaginatedResponse,
  RateCardPaginatedResponse,
  UpdatePricePlanV2Request,
  UpdatePricingRulesRequest,
  ValidatedEntityErrorsPaginatedResponse,
} from './schema.ts'

export { keepRules } from '../pricing_rules/keep.ts'
export { keepNestedCard } from '../rate_cards/keep.ts'
export { changePlan, changeVersionedPlan, draftActivation, draftPlan, draftPlanChange, newPlan, openDraft, publishDraft } from './change.ts'
export type { BillableItem, PlanDefinition } from './definition.ts'
export { type SentCards, findNameFaults, fromKept, keepSentCards, listBillableIds, locateFault, requireRatable, toKept } from './details.ts'
export { type PlanFault, findPlanFaults } from './faults.ts'
export {
  type PlanWithPublished,
  type ReadPlan,
  displayNameOf,
  listPlansAsPublished,
  publishedOf,
  readItems,
  readPlan,
  readPlanVersion,
  readRulesOfVersion,
  showCard,
  tagOfPlan,
} from './queries.ts'

const copyRules = (ctx: Ctx, rules: readonly KeptRule[]): KeptRule[] =>
  rules.map((rule) => ({ ...rule, id: newId('PRICING_RULE', ctx.now), version: 1 }))

/** Creates a plan as a draft, with the cards and rules of another one where that is named. */
export const createPricePlan = async (
  ctx: Ctx,
  input: CreatePricePlanV2Request,
  { source_price_plan_id: sourceId }: CreatePricePlanV2Query,
): Promise<Reply<PricePlanV2>> => {
  const {
    name,
    description = null,
    type,
    pricingCycleConfig = null,
    supportedCurrencies,
    deferredRevenue = false,
    allowOngoingCycleUpdates = false,
  } = input
  const source = sourceId === undefined ? undefined : (await readPlanVersion(ctx, sourceId, 'ACTIVE')).row
  const row = newPlan(ctx, name, {
    type,
    description,
    pricingCycleConfig,
    supportedCurrencies,
    deferredRevenue,
    allowOngoingCycleUpdates,
    cards: openCards(source?.cards ?? []),
    rules: copyRules(ctx, source?.rules ?? []),
  })
  return commit(ctx, draftPlan(row, showPlan(row)))
}

/** The plans that are not archived, each in its newest version, a page at a time. */
export const listPricePlans = async (ctx: Ctx, query: ListPricePlansV2Query): Promise<Reply<PricePlanV2PaginatedResponse>> => {
  const { rows, next } = await listPlans(ctx, query)
  return { answer: { data: rows.map(showPlan), ...next } }
}

export const getPricePlan = async (ctx: Ctx, id: string, { version = 'LATEST' }: PricePlanVersionQuery): Promise<Reply<PricePlanV2>> => {
  const { row } = await readPlanVersion(ctx, id, version)
  return { answer: showPlan(row), tag: tagOfPlan(row) }
}

/** Replaces the fields that are sent, in the draft of the plan. */
export const updatePricePlan = (ctx: Ctx, id: string, input: UpdatePricePlanV2Request): Promise<Reply<PricePlanV2>> =>
  changeVersionedPlan(ctx, id, ({ row }) => {
    const isOther = ([key, value]: [string, unknown]) => JSON.stringify(value) !== JSON.stringify(row[key as keyof ReadPlan])
    const changes = Object.fromEntries(Object.entries(input).filter(isOther)) as Partial<PlanRow>
    if (!Object.keys(changes).length) return { unchanged: showPlan(row) }
    const after = changePlan(ctx, openDraft(ctx, row), changes)
    return draftPlanChange(row, after, showPlan(after))
  })

/** The versions of a plan, the newest first, a page at a time. */
export const listPricePlanVersions = async (ctx: Ctx, id: string, query: PartsQuery): Promise<Reply<PricePlanV2PaginatedResponse>> => {
  const page = await openPage(ctx, { sortable: [], sort: [['version', 'DESC']] }, query, id)
  const before = Number(page.after?.[0] ?? Number.MAX_SAFE_INTEGER)
  const rows = await readVersionsBefore(ctx, id, before, page.size + 1)
  const { visible, ...next } = await closePage(ctx, page, rows, ({ planVersion }) => planVersion, { within: id })
  return { answer: { data: visible.map(showPlan), ...next } }
}

export const listPricePlanRateCards = async (ctx: Ctx, id: string, query: PartsQuery): Promise<Reply<RateCardPaginatedResponse>> => {
  const readCards = async () => {
    const { row, items } = await readPlanVersion(ctx, id, 'LATEST')
    return row.cards.map((card) => showCard(card, row, items))
  }
  return { answer: await pageOfWhole(ctx, query, id, readCards) }
}

/** Changes cards of the draft of a plan, all or none, and answers those that were made or changed. */
export const operateRateCards = (
  ctx: Ctx,
  id: string,
  { operations }: BulkRateCardOperationsRequest,
): Promise<Reply<BulkRateCardOperationsResponse>> =>
  changeDraft(
    ctx,
    id,
    (draft, items) => {
      const { cards, touched } = applyOperations('plan', draft.cards, operations)
      return { set: { cards }, answerOf: (after) => ({ rateCards: touched.map((card) => showCard(card, after, items)) }) }
    },
    operations.flatMap(({ rateCard }) => rateCard?.billableId ?? []),
  )

export const listPricePlanPricingRules = async (
  ctx: Ctx,
  id: string,
  { version = 'LATEST' }: PricePlanVersionQuery,
): Promise<Reply<PricingRulesPaginatedResponse>> => {
  const { row } = await readPlanVersion(ctx, id, version)
  return { answer: { data: [...row.rules] } }
}

/** Replaces the rules of the draft of a plan. */
export const updatePricePlanPricingRules = (
  ctx: Ctx,
  id: string,
  { pricingRules = [] }: UpdatePricingRulesRequest,
): Promise<Reply<PricingRulesPaginatedResponse>> =>
  changeDraft(ctx, id, (draft) => {
    const rules = keepRules(ctx, draft.rules, pricingRules)
    return { set: { rules }, answerOf: () => ({ data: rules }) }
  })

const showFault = ({ row }: Pick<PlanWithItems, 'row'>, fault: PlanFault) => ({
  referenceId: row.referenceId,
  entityId: fault.entityId || row.id,
  entityType: fault.entityType,
  errorMessage: explainFault(fault),
})

/** Why the newest version of a plan cannot be rated; nothing is wrong with one that was published. */
export const listPricePlanErrors = async (ctx: Ctx, id: string): Promise<Reply<ValidatedEntityErrorsPaginatedResponse>> => {
  const plan = await readPlanVersion(ctx, id, 'LATEST')
  const faults = plan.row.versionStatus === 'DRAFT' ? findPlanFaults(plan.row, plan.items) : []
  return { answer: { data: faults.map((fault) => showFault(plan, fault)) } }
}

const hasNoDraft = ({ name }: ReadPlan): ApiError => new ApiError('CONFLICT', `The price plan "${name}" has no draft.`)

/** Refuses to publish what cannot be rated. */
export const refusePlanFaults = (name: string, faults: readonly PlanFault[]): void => {
  if (!faults.length) return
  const all = faults.map((fault) => `${fault.entityId || 'the plan'}: ${explainFault(fault)}`)
  throw new ApiError('CONFLICT', `The draft of the price plan "${name}" has errors: ${all.join('; ')}`)
}

/** Publishes the draft of a plan: from then on that version never changes. Accounts on older versions are moved to it, if that is asked for. */
export const finalizePricePlan = (ctx: Ctx, id: string, input: FinalizePricePlanRequest): Promise<Reply<{ success: boolean }>> =>
  changeVersionedPlan(ctx, id, ({ row, items }) => {
    if (row.versionStatus !== 'DRAFT') throw hasNoDraft(row)
    refusePlanFaults(row.name, findPlanFaults(row, items))
    const after = changePlan(ctx, row, publishDraft(row, items, row.supportedCurrencies))
    return combineDrafts(draftPlanChange(row, after, { success: true }), ...draftMoveToPublished(ctx, row, after.planVersion, input))
  })

/** Drops the draft of a plan; a plan that was never published is gone with it. */
export const discardPricePlan = (ctx: Ctx, id: string): Promise<Reply<{ success: boolean }>> =>
  changeVersionedPlan(ctx, id, ({ row, published }) => {
    if (row.versionStatus !== 'DRAFT') throw hasNoDraft(row)
    const before = published && withVersion(row, published)
    const after = changePlan(ctx, before ?? { ...row, status: 'DISCARDED' }, {})
    return draftPlanChange(row, { ...after, updatedAt: Math.max(row.updatedAt, ctx.now), version: row.version + 1 }, { success: true })
  })

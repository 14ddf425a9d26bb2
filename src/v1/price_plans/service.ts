import { draftMoveToPublished } from '../../catalogue/migrations/service.ts'
import {
  type ReadPlan,
  changePlan,
  changeVersionedPlan,
  draftActivation,
  draftPlan,
  draftPlanChange,
  findPlanFaults,
  fromKept,
  listBillableIds,
  listPlansAsPublished,
  newPlan,
  openDraft,
  publishDraft,
  publishedOf,
  readItems,
  readPlan,
  readPlanVersion,
  refusePlanFaults,
  requireRatable,
  tagOfPlan,
  toKept,
} from '../../catalogue/price_plans/service.ts'
import { type Reply, combineDrafts, commit } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { ApiError, refuseFaults } from '../../lib/errors.ts'
import { iso } from '../../lib/time.ts'
import type {
  ActivatePricePlanRequest,
  CreatePricePlanRequest,
  GetPricePlanQuery,
  ListPricePlansQuery,
  PricePlan,
  PricePlanListData,
  PricePlanPaginatedResponse,
  UpdatePricePlanRequest,
} from './schema.ts'

/** The schedule of a plan that no account has changed for itself. */
const ALWAYS = { startDate: '1970-01-01T00:00:00.000Z', endDate: '9999-01-01T00:00:00.000Z' }

/** A plan that was discarded is not read. */
const statusOf = ({ status }: ReadPlan) => status as PricePlan['status']

/** The currencies in which accounts can be given a version of a plan. */
const activeCurrenciesOf = ({ versionStatus, supportedCurrencies, activeCurrencies }: ReadPlan): string[] =>
  versionStatus === 'DRAFT' ? [] : supportedCurrencies.filter((currency) => activeCurrencies.includes(currency))

const showPlan = (row: ReadPlan): PricePlan => ({
  id: row.id,
  name: row.name,
  ...(row.description !== null && { description: row.description }),
  type: row.type,
  status: statusOf(row),
  pricingSchedule: [
    {
      id: row.referenceId,
      ...ALWAYS,
      version: row.planVersion,
      isOverriden: false,
      pricePlanDetails: fromKept(row, activeCurrenciesOf(row)),
      pricingRules: [...row.rules],
    },
  ],
})

const showListed = (row: ReadPlan): PricePlanListData => ({
  id: row.id,
  name: row.name,
  ...(row.description !== null && { description: row.description }),
  type: row.type,
  version: row.planVersion,
  status: statusOf(row),
  usageMeters: [...new Set(row.cards.flatMap(({ type, billableId }) => (type === 'USAGE' ? [billableId] : [])))],
  pricePlanDetails: {
    supportedCurrencies: [...row.supportedCurrencies],
    activeCurrencies: activeCurrenciesOf(row),
    ...(row.pricingCycleConfig && { pricingCycleConfig: row.pricingCycleConfig }),
  },
  createdAt: iso(row.createdAt),
  updatedAt: iso(row.updatedAt),
})

/** Creates a plan with its cards and rules, as a draft of its first version. */
export const createPricePlan = async (ctx: Ctx, input: CreatePricePlanRequest): Promise<Reply<PricePlan>> => {
  const definition = toKept(ctx, input, {
    type: input.type ?? 'BILLING',
    description: null,
    pricingCycleConfig: null,
    supportedCurrencies: [],
    deferredRevenue: false,
    allowOngoingCycleUpdates: false,
    cards: [],
    rules: [],
  })
  requireRatable(definition, await readItems(ctx, listBillableIds(input)))
  const row = newPlan(ctx, input.name, definition)
  return commit(ctx, draftPlan(row, showPlan(row)))
}

/** The plans as they are published, a page at a time, without their cards. */
export const listPricePlans = async (ctx: Ctx, query: ListPricePlansQuery): Promise<Reply<PricePlanPaginatedResponse>> => {
  const { rows, next, context } = await listPlansAsPublished(ctx, query)
  return { answer: { data: rows.map(showListed), ...next, context } }
}

export const getPricePlan = async (ctx: Ctx, id: string, { version }: GetPricePlanQuery): Promise<Reply<PricePlan>> => {
  const row = version === undefined ? publishedOf(await readPlan(ctx, id)) : (await readPlanVersion(ctx, id, version)).row
  return { answer: showPlan(row), tag: tagOfPlan(row) }
}

/** Changes a plan that was never published in place; publishes the next version of one that was, and moves accounts to it if that is asked for. */
export const updatePricePlan = (ctx: Ctx, id: string, input: UpdatePricePlanRequest): Promise<Reply<PricePlan>> =>
  changeVersionedPlan(
    ctx,
    id,
    ({ row, items }) => {
      const isPublished = row.status === 'ACTIVE'
      if (isPublished && row.versionStatus === 'DRAFT')
        throw new ApiError('CONFLICT', `The price plan "${row.name}" has a draft, which must be finalized or discarded first.`)
      const draft = openDraft(ctx, row)
      const next = toKept(ctx, input, draft)
      if (JSON.stringify(next) === JSON.stringify(draft)) return { unchanged: showPlan(row) }
      if (isPublished || input.pricePlanDetails || input.pricingRules) requireRatable(next, items)
      const after = changePlan(
        ctx,
        next,
        isPublished ? publishDraft(next, items, activeCurrenciesOf({ ...next, versionStatus: 'ACTIVE' })) : {},
      )
      const moves = isPublished ? draftMoveToPublished(ctx, row, after.planVersion, input) : []
      return combineDrafts(draftPlanChange(row, after, showPlan(after)), ...moves)
    },
    listBillableIds(input),
  )

/** Publishes the draft of a plan that was never published, in some currencies, or adds these to those of one that was. */
export const activatePricePlan = (ctx: Ctx, id: string, { currencies }: ActivatePricePlanRequest): Promise<Reply<PricePlan>> =>
  changeVersionedPlan(ctx, id, (plan) => {
    const { row, items } = plan
    const shown = publishedOf(plan)
    const { supportedCurrencies } = shown
    refuseFaults(
      'INVALID',
      currencies.flatMap((currency, index) =>
        supportedCurrencies.includes(currency)
          ? []
          : [{ path: ['currencies', index], message: `must be one that the plan supports: ${supportedCurrencies.join(', ')}` }],
      ),
    )
    const isWanted = (currency: string) => currencies.includes(currency) || shown.activeCurrencies.includes(currency)
    const activeCurrencies = supportedCurrencies.filter(isWanted)
    if (row.status === 'DRAFT') {
      refusePlanFaults(row.name, findPlanFaults(row, items))
      const after = changePlan(ctx, row, publishDraft(row, items, activeCurrencies))
      return draftPlanChange(row, after, showPlan(after))
    }
    if (activeCurrencies.length === activeCurrenciesOf(shown).length) return { unchanged: showPlan(shown) }
    return draftActivation(row, changePlan(ctx, row, { activeCurrencies }), showPlan({ ...shown, activeCurrencies }))
  })

/** Archives a plan: it is read as before, its name is free, and what it prices can be archived. */
export const archivePricePlan = (ctx: Ctx, id: string): Promise<Reply<{ success: boolean }>> =>
  changeVersionedPlan(ctx, id, ({ row }) => draftPlanChange(row, changePlan(ctx, row, { status: 'ARCHIVED' }), { success: true }))

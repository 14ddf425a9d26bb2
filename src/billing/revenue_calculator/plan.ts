import { CARD_LISTS, type CreatePricePlanDetails, type ListedType, type RateCard } from '../../catalogue/price_plans/schema.ts'
import {
  type BillableItem,
  type PlanDefinition,
  findPlanFaults,
  readItems,
  readPlanVersion,
  showCard,
} from '../../catalogue/price_plans/service.ts'
import type { KeptCard } from '../../catalogue/rate_cards/schema.ts'
import { keepNestedCard } from '../../catalogue/rate_cards/service.ts'
import { definitionOf, showScheduleCard } from '../../catalogue/schedules/service.ts'
import type { Ctx } from '../../db/context.ts'
import { type Fault, refuseFaults } from '../../lib/errors.ts'
import type { Cycle } from '../../rating/cycle.ts'
import type { PlanInForce } from './accounts.ts'
import { MONTHLY } from './cycle.ts'
import type { CalculateRevenueRequest } from './schema.ts'

/** A plan whose revenue is calculated, and what its cards price. */
export interface CalculatedPlan {
  definition: PlanDefinition
  /** The currencies in which accounts can be given the plan. */
  activeCurrencies: readonly string[]
  items: readonly BillableItem[]
  /** The cycle of the account, of a plan that is in force for one. */
  cycle?: Cycle
  show: (card: KeptCard) => RateCard
}

type Nested = Parameters<typeof keepNestedCard>[1]

interface Placed {
  card: KeptCard
  path: Fault['path']
}

/** The cards of a plan that is sent as a whole, each with where it stands. Throws INVALID where two have one name. */
const keepCards = (details: CreatePricePlanDetails, root: Fault['path']): Placed[] => {
  const sent = [
    ...Object.entries(CARD_LISTS).flatMap(([type, family]) =>
      (details[family] ?? []).map((nested: Nested, index) => ({ type: type as ListedType, nested, path: [...root, family, index] })),
    ),
    ...(details.minimumCommitment
      ? [{ type: 'MINIMUM_COMMITMENT' as const, nested: details.minimumCommitment as Nested, path: [...root, 'minimumCommitment'] }]
      : []),
  ]
  const named = sent.map(({ nested }) => nested.name)
  refuseFaults(
    'INVALID',
    sent.flatMap(({ path }, index) => {
      const name = named[index]
      return name !== undefined && named.indexOf(name) < index
        ? [{ path: [...path, 'name'], message: 'must not be the name of two cards' }]
        : []
    }),
  )
  const taken = new Set(named.flatMap((name) => name ?? []))
  return sent.map(({ type, nested, path }) => {
    const card = keepNestedCard(type, nested, taken)
    taken.add(card.name)
    return { card, path }
  })
}

/** A plan that is sent as a whole. What its cards price need not be there: a plan can be calculated before anything of it is made. */
const takePlan = async (ctx: Ctx, details: CreatePricePlanDetails, root: Fault['path']): Promise<CalculatedPlan> => {
  const placed = keepCards(details, root)
  const cards = placed.map(({ card }) => card)
  const definition: PlanDefinition = {
    type: 'BILLING',
    description: null,
    pricingCycleConfig: details.pricingCycleConfig ?? MONTHLY,
    supportedCurrencies: details.supportedCurrencies,
    deferredRevenue: details.deferredRevenue ?? false,
    allowOngoingCycleUpdates: details.allow_ongoing_cycle_updates ?? false,
    cards,
    rules: [],
  }
  const places = new Map(placed.map(({ card, path }) => [card.name, path]))
  refuseFaults(
    'INVALID',
    findPlanFaults(definition).map(({ entityId, path, message }) => ({ path: [...(places.get(entityId) ?? root), ...path], message })),
  )
  const items = cards.length
    ? await readItems(
        ctx,
        cards.map(({ billableId }) => billableId),
      )
    : []
  return {
    definition,
    activeCurrencies: [],
    items,
    show: (card) => ({ ...showCard(card, { id: '', referenceId: '' }, items), referenceType: 'CUSTOM' }),
  }
}

/** The newest published version of a plan. */
const findPlan = async (ctx: Ctx, id: string): Promise<CalculatedPlan> => {
  const { row, items } = await readPlanVersion(ctx, id, 'ACTIVE')
  return { definition: row, activeCurrencies: row.activeCurrencies, items, show: (card) => showCard(card, row, items) }
}

/** The plan that a request sends or names; undefined where it names an account. */
export const choosePlan = async (
  ctx: Ctx,
  { mode, pricePlanDetails, pricePlanId = '' }: CalculateRevenueRequest['pricePlanDetailsConfig'],
): Promise<CalculatedPlan | undefined> => {
  if (mode === 'ACCOUNT') return undefined
  return mode === 'CUSTOM' && pricePlanDetails
    ? takePlan(ctx, pricePlanDetails, ['pricePlanDetailsConfig', 'pricePlanDetails'])
    : findPlan(ctx, pricePlanId)
}

/** The plan of an account in one of its cycles, with what the account has instead of parts of it. */
export const takePlanInForce = ({ piece, cycle, accountId, parts }: PlanInForce): CalculatedPlan => {
  const { activeCurrencies, ...definition } = definitionOf(piece, parts)
  return { definition, activeCurrencies, items: parts.items, cycle, show: (card) => showScheduleCard(card, { ...piece, accountId }, parts) }
}

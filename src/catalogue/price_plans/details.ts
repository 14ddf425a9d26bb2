import type { Ctx } from '../../db/context.ts'
import { ApiError, type Fault, refuseFaults } from '../../lib/errors.ts'
import { keepRules } from '../pricing_rules/keep.ts'
import type { CreatePricingRule } from '../pricing_rules/schema.ts'
import { groupCards } from '../rate_cards/group.ts'
import { keepNestedCard } from '../rate_cards/keep.ts'
import { type KeptCard, MOST_CARDS, type RateCardType } from '../rate_cards/schema.ts'
import type { BillableItem, PlanDefinition } from './definition.ts'
import type { CreatePricePlanDetailsOverride, PricePlanDetails } from './details_schema.ts'
import { type PlanFault, findPlanFaults } from './faults.ts'
import { CARD_LISTS, type CreatePricePlanDetails, type ListedType } from './schema.ts'

/** The cards in the details of a plan: a list for each family, and one commitment. */
export type SentCards = Pick<PricePlanDetails, (typeof CARD_LISTS)[ListedType] | 'minimumCommitment'>

type SentDetails = CreatePricePlanDetailsOverride & Pick<CreatePricePlanDetails, 'deferredRevenue' | 'allow_ongoing_cycle_updates'>

/** What is sent of a plan. What is left out stays as it is. */
export interface SentPlan {
  description?: string | undefined
  pricePlanDetails?: SentDetails | undefined
  pricingRules?: readonly CreatePricingRule[] | undefined
}

const familyOf = (type: RateCardType): keyof SentCards => (type === 'MINIMUM_COMMITMENT' ? 'minimumCommitment' : CARD_LISTS[type])

type Nested = Parameters<typeof keepNestedCard>[1]

/** The cards that are sent, each with its family. */
const listSentCards = (sent: SentCards): { type: RateCardType; nested: Nested }[] => [
  ...Object.entries(CARD_LISTS).flatMap(([type, list]) =>
    (sent[list] ?? []).map((nested: Nested) => ({ type: type as ListedType, nested })),
  ),
  ...(sent.minimumCommitment ? [{ type: 'MINIMUM_COMMITMENT' as const, nested: sent.minimumCommitment }] : []),
]

/** The cards of a plan, from its details: those of a list that is left out stay. */
export const keepSentCards = (sent: SentCards, before: readonly KeptCard[]): readonly KeptCard[] => {
  const own = listSentCards(sent)
  const stay = before.filter(({ type }) => sent[familyOf(type)] === undefined)
  const takenNames = new Set([...stay.map(({ name }) => name), ...own.flatMap(({ nested }) => nested.name ?? [])])
  const made = own.map(({ type, nested }) => {
    const card = keepNestedCard(type, nested, takenNames)
    takenNames.add(card.name)
    return card
  })
  const after = [...stay, ...made]
  return JSON.stringify(groupCards(after)) === JSON.stringify(groupCards(before)) ? before : after
}

/** A plan as the catalogue keeps it, from what is sent of it and what it was before. */
export const toKept = <Plan extends PlanDefinition>(ctx: Pick<Ctx, 'now'>, sent: SentPlan, before: Plan): Plan => {
  const { description, pricePlanDetails: details = {}, pricingRules } = sent
  const { pricingCycleConfig, supportedCurrencies, deferredRevenue, allow_ongoing_cycle_updates: allowOngoingCycleUpdates } = details
  return {
    ...before,
    ...(description !== undefined && { description }),
    ...(pricingCycleConfig && { pricingCycleConfig }),
    ...(supportedCurrencies && { supportedCurrencies }),
    ...(deferredRevenue !== undefined && { deferredRevenue }),
    ...(allowOngoingCycleUpdates !== undefined && { allowOngoingCycleUpdates }),
    cards: keepSentCards(details, before.cards),
    ...(pricingRules && { rules: keepRules(ctx, before.rules, pricingRules) }),
  }
}

/** The details of a plan, from what the catalogue keeps, with the currencies in which it can be given to accounts. */
export const fromKept = (plan: PlanDefinition, activeCurrencies: readonly string[]): PricePlanDetails => ({
  type: plan.type,
  supportedCurrencies: [...plan.supportedCurrencies],
  activeCurrencies: [...activeCurrencies],
  ...(plan.pricingCycleConfig && { pricingCycleConfig: plan.pricingCycleConfig }),
  ...groupCards(plan.cards),
  deferredRevenue: plan.deferredRevenue,
  allow_ongoing_cycle_updates: plan.allowOngoingCycleUpdates,
})

/** The ids of what is priced by the cards that are sent. */
export const listBillableIds = ({ pricePlanDetails = {} }: SentPlan): string[] =>
  keepSentCards(pricePlanDetails, []).map(({ billableId }) => billableId)

type Path = Fault['path']

/** Where a card of a plan is in a request that has all of it. */
const pathOfCard = (cards: readonly KeptCard[], at: number): Path => {
  const type = cards[at]?.type ?? 'MINIMUM_COMMITMENT'
  const index = cards.slice(0, at).filter((one) => one.type === type).length
  return ['pricePlanDetails', familyOf(type), ...(type === 'MINIMUM_COMMITMENT' ? [] : [index])]
}

/** The cards that have the name of another one. */
export const findNameFaults = ({ cards }: PlanDefinition): Fault[] => {
  const names = cards.map(({ name }) => name)
  return names.flatMap((name, at) =>
    names.indexOf(name) < at ? [{ path: [...pathOfCard(cards, at), 'name'], message: `must not repeat "${name}"` }] : [],
  )
}

/** A fault of a plan, with its path in a request that has all of the plan. */
export const locateFault = ({ cards, rules }: PlanDefinition, { entityType, entityId, path, message }: PlanFault): Fault => {
  const within = (): Path => {
    if (entityType === 'PRICE_PLAN') return ['pricePlanDetails']
    if (entityType === 'PRICING_RULE') return ['pricingRules', rules.findIndex(({ id }) => id === entityId)]
    return pathOfCard(
      cards,
      cards.findIndex(({ name }) => name === entityId),
    )
  }
  return { path: [...within(), ...path], message }
}

/** Refuses a plan that cannot be rated. What does not exist is named only where nothing else is wrong. `locate` gives the path of a fault in the request. */
export const requireRatable = (plan: PlanDefinition, items: readonly BillableItem[], locate = (fault: Fault): Fault => fault): void => {
  const { length } = plan.cards
  if (length > MOST_CARDS)
    throw new ApiError('UNPROCESSABLE', `pricePlanDetails: a plan has ${MOST_CARDS} cards at most, and would have ${length}`)
  refuseFaults('INVALID', findNameFaults(plan).map(locate))
  const faults = findPlanFaults(plan, items)
  refuseFaults(
    faults.every(({ isMissing }) => isMissing) ? 'NOT_FOUND' : 'INVALID',
    faults.map((fault) => locate(locateFault(plan, fault))),
  )
}

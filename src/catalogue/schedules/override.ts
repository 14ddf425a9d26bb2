import type { Ctx } from '../../db/context.ts'
import type { Fault } from '../../lib/errors.ts'
import type { BillableItem } from '../price_plans/definition.ts'
import { requireRatable, toKept } from '../price_plans/details.ts'
import { displayNameOf } from '../price_plans/queries.ts'
import { CARD_LISTS, type CreatePricePlanDetailsOverride } from '../price_plans/schema.ts'
import type { CreatePricingRule } from '../pricing_rules/schema.ts'
import type { RateCardType } from '../rate_cards/schema.ts'
import type { ReadPlan } from '../price_plans/queries.ts'
import type { ScheduleOverride } from './table.ts'

/** What is sent that an account is to have instead of parts of a plan. */
interface SentOverride {
  details: CreatePricePlanDetailsOverride | undefined
  rules?: readonly CreatePricingRule[] | undefined
}

/** The fields of a request that have it. */
interface OverrideFields {
  details: string
  rules: string
}

/** A fault of a plan as an account would have it, with its path in the request that says so. */
const locateInRequest =
  (fields: OverrideFields) =>
  ({ path: [first = '', ...rest], message }: Fault): Fault => {
    const names: Readonly<Record<string, string>> = { pricePlanDetails: fields.details, pricingRules: fields.rules }
    return { path: [names[String(first)] ?? String(first), ...rest], message }
  }

/** The families whose lists of cards are sent. */
const familiesIn = (sent: CreatePricePlanDetailsOverride = {}): RateCardType[] => [
  ...(Object.keys(CARD_LISTS) as (keyof typeof CARD_LISTS)[]).filter((type) => sent[CARD_LISTS[type]] !== undefined),
  ...(sent.minimumCommitment ? ['MINIMUM_COMMITMENT' as const] : []),
]

/** What an account has instead of parts of a plan. Throws INVALID or NOT_FOUND if the plan could not be rated so. */
export const overrideOf = (
  ctx: Pick<Ctx, 'now'>,
  { details, rules }: SentOverride,
  fields: OverrideFields,
  plan: ReadPlan,
  items: readonly BillableItem[],
): ScheduleOverride => {
  const next = toKept(ctx, { pricePlanDetails: details, pricingRules: rules }, plan)
  requireRatable(next, items, locateInRequest(fields))
  const families = familiesIn(details)
  return {
    ...(families.length && { cards: next.cards.map((card) => ({ ...card, publishedName: displayNameOf(card, items) })), families }),
    ...(rules && { rules: next.rules }),
    ...(details?.supportedCurrencies && { supportedCurrencies: details.supportedCurrencies }),
  }
}

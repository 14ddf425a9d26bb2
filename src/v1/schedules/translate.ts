import { CARD_LISTS } from '../../catalogue/price_plans/schema.ts'
import { type BillableItem, displayNameOf } from '../../catalogue/price_plans/service.ts'
import type { RateCardType } from '../../catalogue/rate_cards/schema.ts'
import {
  type PieceParts,
  type PublishedPlan,
  type ReadPiece,
  type ScheduleOverride,
  definitionOf,
  isOverridden,
  showDates,
  showPlanInfo,
} from '../../catalogue/schedules/service.ts'
import type { Ctx } from '../../db/context.ts'
import type { Fault } from '../../lib/errors.ts'
import { requireRatable } from '../price_plans/service.ts'
import { fromKept, toKept } from '../price_plans/translate.ts'
import type { PricingScheduleWithPricePlanId, UpdatePricingScheduleRequest } from './schema.ts'

const NAMES: Readonly<Record<string, string>> = { pricePlanDetails: 'pricePlanDetailsOverride', pricingRules: 'pricingRulesOverride' }

/** A fault of a plan as an account would have it, with its path in the edit that says so. */
const locateInEdit =
  (path: string) =>
  ({ path: [first = '', ...rest], message }: Fault): Fault => ({
    path: [`${path}${NAMES[String(first)] ?? String(first)}`, ...rest],
    message,
  })

/** The families whose lists of cards an edit sends. */
const familiesIn = ({ pricePlanDetailsOverride: sent = {} }: UpdatePricingScheduleRequest): RateCardType[] => [
  ...(Object.keys(CARD_LISTS) as (keyof typeof CARD_LISTS)[]).filter((type) => sent[CARD_LISTS[type]] !== undefined),
  ...(sent.minimumCommitment ? ['MINIMUM_COMMITMENT' as const] : []),
]

/** What an account has instead of parts of a plan by an edit. Throws INVALID or NOT_FOUND if the plan could not be rated so. */
export const overrideOf = (
  ctx: Pick<Ctx, 'now'>,
  edit: UpdatePricingScheduleRequest,
  path: string,
  plan: PublishedPlan,
  items: readonly BillableItem[],
): ScheduleOverride => {
  const { pricePlanDetailsOverride: details, pricingRulesOverride: rules } = edit
  const next = toKept(ctx, { pricePlanDetails: details, pricingRules: rules }, plan)
  requireRatable(next, items, locateInEdit(path))
  const families = familiesIn(edit)
  return {
    ...(families.length && { cards: next.cards.map((card) => ({ ...card, publishedName: displayNameOf(card, items) })), families }),
    ...(rules && { rules: next.rules }),
    ...(details?.supportedCurrencies && { supportedCurrencies: details.supportedCurrencies }),
  }
}

/** A schedule of an account, with what is in force in it. */
export const showPricingSchedule = (
  piece: ReadPiece,
  parts: PieceParts,
  { compact, include_price_plan_info: withInfo }: Readonly<Partial<Record<'compact' | 'include_price_plan_info', string>>>,
): PricingScheduleWithPricePlanId => {
  const { version, pricePlanId, planName, planDescription } = piece
  const definition = compact === 'true' ? undefined : definitionOf(piece, parts)
  return {
    id: piece.id,
    ...(definition && { pricePlanDetails: fromKept(definition, definition.activeCurrencies), pricingRules: [...definition.rules] }),
    ...showDates(piece),
    version,
    isOverriden: isOverridden(piece),
    pricePlanId,
    pricePlanName: planName,
    ...(withInfo === 'true' && { pricePlanInfo: showPlanInfo(planName, planDescription) }),
  }
}

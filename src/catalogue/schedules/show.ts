import { iso } from '../../lib/time.ts'
import { instantOf } from '../../rating/cycle.ts'
import type { PlanDefinition } from '../price_plans/definition.ts'
import { CARD_LISTS } from '../price_plans/schema.ts'
import { groupCards } from '../rate_cards/group.ts'
import type { AccountSchedule, PlanOverride } from './schema.ts'
import type { ScheduleOverride } from './table.ts'
import type { Piece } from './timeline.ts'

/** The dates of a part of a timeline, as they are shown. */
export const showDates = ({ from, until }: Pick<Piece, 'from' | 'until'>) => ({
  startDate: iso(instantOf(from)),
  endDate: iso(instantOf(until)),
})

/** Whether an account has something instead of a part of its plan. */
export const isOverridden = ({ overrideId, isCycleOverridden }: Pick<Piece, 'overrideId' | 'isCycleOverridden'>): boolean =>
  overrideId !== null || isCycleOverridden

/** What an account has instead of parts of a plan: the lists of cards that are not those of the plan, and the others. */
const showDetailsOverride = (piece: Piece, own: ScheduleOverride | undefined): PlanOverride['pricePlanDetailsOverride'] => {
  const { cards = [], families = [], supportedCurrencies } = own ?? {}
  const lists = groupCards(cards)
  const shown = {
    ...(piece.isCycleOverridden && { pricingCycleConfig: piece.cycle }),
    ...(supportedCurrencies && { supportedCurrencies: [...supportedCurrencies] }),
    ...Object.fromEntries(
      families.filter((type) => type !== 'MINIMUM_COMMITMENT').map((type) => [CARD_LISTS[type], lists[CARD_LISTS[type]]]),
    ),
    ...(families.includes('MINIMUM_COMMITMENT') && lists.minimumCommitment && { minimumCommitment: lists.minimumCommitment }),
  }
  return Object.keys(shown).length ? shown : undefined
}

/** A part of a timeline as an edit answers it. */
export const showPlanOverride = (piece: Piece, planName: string, own: ScheduleOverride | undefined): PlanOverride => {
  const details = showDetailsOverride(piece, own)
  return {
    id: piece.id,
    pricePlanId: piece.pricePlanId,
    pricePlanName: planName,
    ...showDates(piece),
    ...(details && { pricePlanDetailsOverride: details }),
    ...(own?.rules && { pricingRulesOverride: [...own.rules] }),
  }
}

export const showPlanInfo = (name: string, description: string | null) => ({ name, ...(description !== null && { description }) })

export const showSchedule = (
  piece: Piece & { accountId: string; planName: string },
  { description, supportedCurrencies, rules, deferredRevenue, allowOngoingCycleUpdates }: PlanDefinition,
): AccountSchedule => ({
  id: piece.id,
  accountId: piece.accountId,
  pricePlanId: piece.pricePlanId,
  version: piece.version,
  deferredRevenue,
  pricePlanInfo: showPlanInfo(piece.planName, description),
  accountScheduleInfo: {
    supportedCurrencies: [...supportedCurrencies],
    pricingCycleConfig: piece.cycle,
    ...(rules.length && { pricingRules: [...rules] }),
  },
  isOverridden: isOverridden(piece),
  ...showDates(piece),
  allowOngoingCycleUpdates,
})

import { fromKept } from '../../catalogue/price_plans/service.ts'
import { type PieceParts, type ReadPiece, definitionOf, isOverridden, showDates, showPlanInfo } from '../../catalogue/schedules/service.ts'
import type { PricingScheduleWithPricePlanId } from './schema.ts'

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

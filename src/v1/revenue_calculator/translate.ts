import type { CalculateRevenueRequest } from '../../billing/revenue_calculator/schema.ts'
import type { Calculation } from '../../billing/revenue_calculator/service.ts'
import type { PricePlanDetails } from '../../catalogue/price_plans/schema.ts'
import { fromKept } from '../../catalogue/price_plans/service.ts'
import type { RevenueInfo } from './schema.ts'

/** The plan of a calculation: as it was sent, or as it is kept. */
export const showDetails = (
  { mode, pricePlanDetails }: CalculateRevenueRequest['pricePlanDetailsConfig'],
  { definition, activeCurrencies }: Calculation['plan'],
): PricePlanDetails =>
  mode === 'CUSTOM' && pricePlanDetails
    ? { ...pricePlanDetails, activeCurrencies: [...activeCurrencies] }
    : fromKept(definition, activeCurrencies)

/** What a card comes to, beside the object of its family. */
export const showRevenue = ({ kept, summaries }: Calculation['cards'][number]): RevenueInfo => {
  const { minimumCommitmentRateCard: _commitment, ...family } = kept.rateCardDetails
  return { ...family, ...summaries }
}

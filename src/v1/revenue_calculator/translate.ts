import type { CalculateRevenueRequest } from '../../billing/revenue_calculator/schema.ts'
import type { Calculation } from '../../billing/revenue_calculator/service.ts'
import type { KeptCard, RateCardDetails } from '../../catalogue/rate_cards/schema.ts'
import type { PricePlanDetails, RevenueInfo } from './schema.ts'

type Plan = Calculation['plan']

/** The objects of a family in the cards of a plan. */
const cardsOf = <Family extends keyof RateCardDetails>(
  cards: readonly KeptCard[],
  family: Family,
): NonNullable<RateCardDetails[Family]>[] =>
  cards.flatMap(({ rateCardDetails }) => (rateCardDetails[family] as NonNullable<RateCardDetails[Family]> | undefined) ?? [])

/** A published plan with its cards by their families. */
const showPlan = ({ definition, activeCurrencies }: Plan): PricePlanDetails => {
  const { type, pricingCycleConfig, supportedCurrencies, deferredRevenue, allowOngoingCycleUpdates, cards } = definition
  const [minimumCommitment] = cardsOf(cards, 'minimumCommitmentRateCard')
  return {
    type,
    ...(pricingCycleConfig && { pricingCycleConfig }),
    supportedCurrencies: [...supportedCurrencies],
    activeCurrencies: [...activeCurrencies],
    usageRateCards: cardsOf(cards, 'usageRateCard'),
    fixedFeeRateCards: cardsOf(cards, 'fixedFeeRateCard'),
    licenseRateCards: cardsOf(cards, 'licenseRateCard'),
    billingEntitlementRateCards: cardsOf(cards, 'billingEntitlementRateCard'),
    entitlementOverageRateCards: cardsOf(cards, 'entitlementOverageRateCard'),
    creditGrantRateCards: cardsOf(cards, 'creditGrantRateCard'),
    ...(minimumCommitment && { minimumCommitment }),
    deferredRevenue,
    allow_ongoing_cycle_updates: allowOngoingCycleUpdates,
  }
}

/** The plan of a calculation: as it was sent, or as it is kept. */
export const showDetails = ({ mode, pricePlanDetails }: CalculateRevenueRequest['pricePlanDetailsConfig'], plan: Plan): PricePlanDetails =>
  mode === 'CUSTOM' && pricePlanDetails ? { ...pricePlanDetails, activeCurrencies: [...plan.activeCurrencies] } : showPlan(plan)

/** What a card comes to, beside the object of its family. */
export const showRevenue = ({ kept, summaries }: Calculation['cards'][number]): RevenueInfo => {
  const { minimumCommitmentRateCard: _commitment, ...family } = kept.rateCardDetails
  return { ...family, ...summaries }
}

import * as z from 'zod/mini'
import { UsageLookupRange, summaries } from '../../billing/revenue_calculator/schema.ts'
import { CreatePricePlanDetails, PricePlanV2 } from '../../catalogue/price_plans/schema.ts'
import {
  BillingEntitlementRateCard,
  CreditGrantRateCard,
  EntitlementOverageRateCard,
  FixedFeeRateCard,
  LicenseRateCard,
  UsageRateCard,
} from '../../catalogue/rate_cards/schema.ts'
import { described, named } from '../../lib/fields.ts'

const PricePlanDetails = named(
  'PricePlanDetails',
  z.strictObject({
    ...CreatePricePlanDetails.shape,
    supportedCurrencies: z.array(z.string()),
    activeCurrencies: described(
      'The currencies in which accounts can be given the plan; none of a plan that was sent.',
      z.array(z.string()),
    ),
    type: z.optional(PricePlanV2.shape.type),
  }),
)
export type PricePlanDetails = z.infer<typeof PricePlanDetails>

const RevenueInfo = named(
  'RevenueInfo',
  z.strictObject({
    usageRateCard: z.optional(UsageRateCard),
    fixedFeeRateCard: z.optional(FixedFeeRateCard),
    licenseRateCard: z.optional(LicenseRateCard),
    billingEntitlementRateCard: z.optional(BillingEntitlementRateCard),
    creditGrantRateCard: z.optional(CreditGrantRateCard),
    entitlementOverageRateCard: z.optional(EntitlementOverageRateCard),
    ...summaries,
  }),
)
export type RevenueInfo = z.infer<typeof RevenueInfo>

export const CalculateRevenueResponse = named(
  'CalculateRevenueResponse',
  z.strictObject({
    currency: z.string(),
    usageLookupRange: z.optional(UsageLookupRange),
    pricePlanDetails: PricePlanDetails,
    revenueInfo: described('One for each rate card, the minimum commitment aside.', z.array(RevenueInfo)),
  }),
)
export type CalculateRevenueResponse = z.infer<typeof CalculateRevenueResponse>

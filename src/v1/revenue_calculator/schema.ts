import * as z from 'zod/mini'
import { UsageLookupRange, summaries } from '../../billing/revenue_calculator/schema.ts'
import {
  BillingEntitlementRateCard,
  CreditGrantRateCard,
  EntitlementOverageRateCard,
  FixedFeeRateCard,
  LicenseRateCard,
  UsageRateCard,
} from '../../catalogue/rate_cards/schema.ts'
import { described, named } from '../../lib/fields.ts'
import { PricePlanDetails } from '../../catalogue/price_plans/schema.ts'

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

import * as z from 'zod/mini'
import { described, list, named } from '../../lib/fields.ts'
import {
  BillingEntitlementRateCard,
  CreditGrantRateCard,
  EntitlementOverageRateCard,
  FixedFeeRateCard,
  LicenseRateCard,
  MOST_CARDS,
  MinimumCommitment,
  UsageRateCard,
} from '../rate_cards/schema.ts'
import { PricePlanType, PricingCycleConfig, currencies } from './definition.ts'

const rateCards = {
  usageRateCards: z.optional(list(UsageRateCard, 0, MOST_CARDS)),
  fixedFeeRateCards: z.optional(list(FixedFeeRateCard, 0, MOST_CARDS)),
  licenseRateCards: z.optional(list(LicenseRateCard, 0, MOST_CARDS)),
  billingEntitlementRateCards: z.optional(list(BillingEntitlementRateCard, 0, MOST_CARDS)),
  entitlementOverageRateCards: z.optional(list(EntitlementOverageRateCard, 0, MOST_CARDS)),
  creditGrantRateCards: z.optional(list(CreditGrantRateCard, 0, MOST_CARDS)),
  minimumCommitment: z.optional(MinimumCommitment),
}

const flags = {
  deferredRevenue: z.optional(described('Whether revenue is recognized when its invoice falls due.', z.boolean())),
  allow_ongoing_cycle_updates: z.optional(
    described('Whether the plan of an account can be changed from the start of its open cycle on.', z.boolean()),
  ),
}

const pricingCycleConfig = z.optional(
  described('Required for a plan of type BILLING; a plan of type PURCHASE has none.', PricingCycleConfig),
)

export const CreatePricePlanDetailsOverride = named(
  'CreatePricePlanDetailsOverride',
  z.strictObject({ supportedCurrencies: z.optional(currencies(1)), pricingCycleConfig, ...rateCards }),
  'A list of rate cards that is sent replaces the whole list. What is left out stays.',
)
export type CreatePricePlanDetailsOverride = z.infer<typeof CreatePricePlanDetailsOverride>

export const PricePlanDetails = named(
  'PricePlanDetails',
  z.strictObject({
    type: z.optional(PricePlanType),
    supportedCurrencies: z.array(z.string()),
    activeCurrencies: described('The currencies in which accounts can be given the plan.', z.array(z.string())),
    pricingCycleConfig: z.optional(PricingCycleConfig),
    ...rateCards,
    ...flags,
  }),
)
export type PricePlanDetails = z.infer<typeof PricePlanDetails>

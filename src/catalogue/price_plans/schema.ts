import * as z from 'zod/mini'
import { described, distinct, identifier, label, list, named } from '../../lib/fields.ts'
import { pageQuery, paginatedPlainly, searchAndSort } from '../../lib/page.ts'
import { dateTime } from '../../lib/time.ts'
import { CreatePricingRule, MOST_RULES, PricingRule } from '../pricing_rules/schema.ts'
import {
  BillingEntitlementRateCard,
  CreditGrantRateCard,
  EntitlementOverageRateCard,
  FixedFeeRateCard,
  InvoiceTiming,
  LicenseRateCard,
  MOST_CARDS,
  MinimumCommitment,
  RateCardData,
  RateCardDetails,
  RateCardType,
  UsageRateCard,
} from '../rate_cards/schema.ts'
import { PLAN_TYPES, PricePlanType, PricingCycleConfig, currencies, description } from './definition.ts'
import { sortable } from './table.ts'

export { type PlanDefinition, PricePlanType, PricingCycleConfig, currencies, description } from './definition.ts'
export { CreatePricePlanDetailsOverride, PricePlanDetails } from './details_schema.ts'

const flags = {
  deferredRevenue: z.optional(described('Whether revenue is recognized when its invoice falls due.', z.boolean())),
  allowOngoingCycleUpdates: z.optional(
    described('Whether the plan of an account can be changed from the start of its open cycle on.', z.boolean()),
  ),
}

export const CreatePricePlanV2Request = named(
  'CreatePricePlanV2Request',
  z.strictObject({
    name: described('Must differ from those of all plans that are not archived.', label(1, 50)),
    description: description(),
    type: PricePlanType,
    pricingCycleConfig: z.optional(PricingCycleConfig),
    supportedCurrencies: currencies(1),
    ...flags,
  }),
)
export type CreatePricePlanV2Request = z.infer<typeof CreatePricePlanV2Request>

export const CreatePricePlanV2Query = z.strictObject({
  source_price_plan_id: z.optional(described('A plan whose cards and rules are copied, from its latest published version.', label(1, 50))),
})
export type CreatePricePlanV2Query = z.infer<typeof CreatePricePlanV2Query>

export const UpdatePricePlanV2Request = named(
  'UpdatePricePlanV2Request',
  z.strictObject({
    description: description(),
    pricingCycleConfig: z.optional(PricingCycleConfig),
    supportedCurrencies: z.optional(currencies(1)),
  }),
  'What is sent replaces what was there. A published plan gets a draft of its next version.',
)
export type UpdatePricePlanV2Request = z.infer<typeof UpdatePricePlanV2Request>

export const PricePlanV2 = named(
  'PricePlanV2',
  z.strictObject({
    id: z.string(),
    referenceId: described('What the cards and rules of this version hang on.', z.string()),
    name: z.string(),
    description: z.optional(z.string()),
    type: PricePlanType,
    version: described('Counts the versions, from 1 on.', z.int()),
    status: described('DRAFT until the version is finalized; it never changes from then on.', z.enum(['DRAFT', 'ACTIVE'])),
    pricingCycleConfig: z.optional(PricingCycleConfig),
    supportedCurrencies: z.array(z.string()),
    ...flags,
    createdAt: dateTime(),
    updatedAt: dateTime(),
  }),
)
export type PricePlanV2 = z.infer<typeof PricePlanV2>

export const PricePlanPath = z.strictObject({ price_plan_id: identifier() })

const versionQuery = () =>
  z.optional(
    z.pipe(
      z.string().register(z.globalRegistry, {
        description: 'LATEST, which may be a draft, ACTIVE, the newest that is published, or a number. LATEST when left out.',
      }),
      z.transform((value: string, { issues }) => {
        if (value === 'LATEST' || value === 'ACTIVE') return value
        const version = /^[1-9]\d{0,8}$/.test(value) ? Number(value) : 0
        if (!version) issues.push({ code: 'custom', input: value, message: 'must be LATEST, ACTIVE or a whole number from 1 on' })
        return version
      }),
    ),
  )

export const PricePlanVersionQuery = z.strictObject({ version: versionQuery() })
export type PricePlanVersionQuery = z.infer<typeof PricePlanVersionQuery>

/** What plans are filtered, searched and sorted by. */
export const planFilters = {
  type: z.optional(described('Shows plans that recur, or plans that are bought once.', z.enum(PLAN_TYPES))),
  ...searchAndSort('the id, the name and the description', Object.keys(sortable)),
}

export const ListPricePlansV2Query = pageQuery({
  status: z.optional(
    described(
      'ACTIVE shows plans that have been published. All that are not archived are shown when left out.',
      z.enum(['DRAFT', 'ACTIVE']),
    ),
  ),
  ...planFilters,
})
export type ListPricePlansV2Query = z.infer<typeof ListPricePlansV2Query>

export const PricePlanV2PaginatedResponse = named('PricePlanV2PaginatedResponse', paginatedPlainly(PricePlanV2))
export type PricePlanV2PaginatedResponse = z.infer<typeof PricePlanV2PaginatedResponse>

export const PartsQuery = pageQuery({})
export type PartsQuery = z.infer<typeof PartsQuery>

export const RateCard = named(
  'RateCard',
  z.strictObject({
    name: z.string(),
    billableId: described('The id of the usage meter, the add-on or the feature that the card prices.', z.string()),
    type: RateCardType,
    displayName: described('What invoices call it: the name of the card, or that of what it prices.', z.string()),
    invoiceTiming: InvoiceTiming,
    rateCardDetails: RateCardDetails,
    tag: z.optional(z.string()),
    referenceId: z.string(),
    referenceType: z.string(),
    currencies: z.optional(described('The currencies that the card has prices in.', z.array(z.string()))),
    pricePlanId: z.string(),
    accountId: z.optional(z.string()),
  }),
)
export type RateCard = z.infer<typeof RateCard>

export const RateCardPaginatedResponse = named('RateCardPaginatedResponse', paginatedPlainly(RateCard))
export type RateCardPaginatedResponse = z.infer<typeof RateCardPaginatedResponse>

const RateCardOperation = named(
  'RateCardOperation',
  z.strictObject({
    actionType: described('UPSERT creates the card or replaces it.', z.enum(['CREATE', 'UPDATE', 'DELETE', 'UPSERT'])),
    rateCardName: label(1, 50),
    rateCard: z.optional(described('The whole card, for all but DELETE.', RateCardData)),
  }),
)
export type RateCardOperation = z.infer<typeof RateCardOperation>

export const BulkRateCardOperationsRequest = named(
  'BulkRateCardOperationsRequest',
  z.strictObject({ operations: described('They are done in their order, all or none.', list(RateCardOperation, 1, MOST_CARDS)) }),
)
export type BulkRateCardOperationsRequest = z.infer<typeof BulkRateCardOperationsRequest>

export const BulkRateCardOperationsResponse = named('BulkRateCardOperationsResponse', z.strictObject({ rateCards: z.array(RateCard) }))
export type BulkRateCardOperationsResponse = z.infer<typeof BulkRateCardOperationsResponse>

export const UpdatePricingRulesRequest = named(
  'UpdatePricingRulesRequest',
  z.strictObject({
    pricingRules: z.optional(
      list(CreatePricingRule, 0, MOST_RULES).check(distinct((rule) => rule?.order?.toString(), 'rules run in their order')),
    ),
  }),
  'The rules replace those that were there. One of the same name keeps its id.',
)
export type UpdatePricingRulesRequest = z.infer<typeof UpdatePricingRulesRequest>

export const PricingRulesPaginatedResponse = named('PricingRulesPaginatedResponse', z.strictObject({ data: z.array(PricingRule) }))
export type PricingRulesPaginatedResponse = z.infer<typeof PricingRulesPaginatedResponse>

const ValidatedEntityError = named(
  'ValidatedEntityError',
  z.strictObject({
    referenceId: z.string(),
    entityId: described('The name of the card, or the id of the rule, the plan or the schedule.', z.string()),
    entityType: described('RATE_CARD, PRICING_RULE, PRICE_PLAN or SCHEDULE.', z.string()),
    errorMessage: described('The field and what would be right.', z.string()),
  }),
)

export const ValidatedEntityErrorsPaginatedResponse = named(
  'ValidatedEntityErrorsPaginatedResponse',
  paginatedPlainly(ValidatedEntityError),
)
export type ValidatedEntityErrorsPaginatedResponse = z.infer<typeof ValidatedEntityErrorsPaginatedResponse>

export const MigrationMode = named(
  'MigrationMode',
  z.enum(['IMMEDIATE', 'IMMEDIATE_IGNORE_OVERRIDE', 'NEXT_CYCLE', 'NEXT_CYCLE_IGNORE_OVERRIDE', 'NONE', 'START_OF_CURRENT_CYCLE']),
)
export const VersionsToMigrate = named('VersionsToMigrate', z.enum(['LATEST_VERSION', 'ALL_VERSION']))

export const FinalizePricePlanRequest = named(
  'FinalizePricePlanRequest',
  z.strictObject({
    migrationMode: z.optional(described('When accounts on older versions are moved to this one; NONE when left out.', MigrationMode)),
    versionsToMigrate: z.optional(VersionsToMigrate),
  }),
)
export type FinalizePricePlanRequest = z.infer<typeof FinalizePricePlanRequest>

const cardsOf = <Family extends z.ZodMiniType>(family: Family) => z.optional(list(family, 0, MOST_CARDS))

/** The cards of a plan by their families, as a request has them that sends a whole plan. */
export const CreatePricePlanDetails = named(
  'CreatePricePlanDetails',
  z.strictObject({
    pricingCycleConfig: z.optional(PricingCycleConfig),
    supportedCurrencies: currencies(1),
    usageRateCards: cardsOf(UsageRateCard),
    fixedFeeRateCards: cardsOf(FixedFeeRateCard),
    licenseRateCards: cardsOf(LicenseRateCard),
    billingEntitlementRateCards: cardsOf(BillingEntitlementRateCard),
    minimumCommitment: z.optional(MinimumCommitment),
    creditGrantRateCards: cardsOf(CreditGrantRateCard),
    entitlementOverageRateCards: cardsOf(EntitlementOverageRateCard),
    deferredRevenue: flags.deferredRevenue,
    allow_ongoing_cycle_updates: flags.allowOngoingCycleUpdates,
  }),
)
export type CreatePricePlanDetails = z.infer<typeof CreatePricePlanDetails>

/** The list of each family in the details of a plan. A plan has one commitment, and no list of them. */
export const CARD_LISTS = {
  USAGE: 'usageRateCards',
  FIXED_FEE: 'fixedFeeRateCards',
  LICENSE: 'licenseRateCards',
  BILLING_ENTITLEMENT: 'billingEntitlementRateCards',
  ENTITLEMENT_OVERAGE: 'entitlementOverageRateCards',
  CREDIT_GRANT: 'creditGrantRateCards',
} as const satisfies Partial<Record<RateCardData['type'], keyof CreatePricePlanDetails>>
/** A family of which a plan has a list. */
export type ListedType = keyof typeof CARD_LISTS

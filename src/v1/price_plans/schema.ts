import * as z from 'zod/mini'
import {
  CreatePricePlanDetails,
  CreatePricePlanDetailsOverride,
  MigrationMode,
  PricePlanDetails,
  PricePlanType,
  VersionsToMigrate,
  description,
  planFilters,
} from '../../catalogue/price_plans/schema.ts'
import { CreatePricingRule, MOST_RULES, PricingRule } from '../../catalogue/pricing_rules/schema.ts'
import { described, distinct, identifier, label, list, named, versionAsked } from '../../lib/fields.ts'
import { pageQuery, paginated } from '../../lib/page.ts'
import { dateTime } from '../../lib/time.ts'

export const CreatePricePlanRequest = named(
  'CreatePricePlanRequest',
  z.strictObject({
    name: described('Must differ from those of all plans that are not archived.', label(1, 50)),
    description: description(),
    type: z.optional(described('BILLING when left out.', PricePlanType)),
    pricePlanDetails: CreatePricePlanDetails,
    pricingRules: z.optional(list(CreatePricingRule, 0, MOST_RULES)),
  }),
)
export type CreatePricePlanRequest = z.infer<typeof CreatePricePlanRequest>

export const UpdatePricePlanRequest = named(
  'UpdatePricePlanRequest',
  z.strictObject({
    description: description(),
    pricePlanDetails: z.optional(CreatePricePlanDetailsOverride),
    pricingRules: z.optional(
      described('The rules replace those that were there. One of the same name keeps its id.', list(CreatePricingRule, 0, MOST_RULES)),
    ),
    migrationMode: z.optional(described('When accounts on older versions are moved to the new one; NONE when left out.', MigrationMode)),
    versionsToMigrate: z.optional(VersionsToMigrate),
  }),
)
export type UpdatePricePlanRequest = z.infer<typeof UpdatePricePlanRequest>

export const ActivatePricePlanRequest = named(
  'ActivatePricePlanRequest',
  z.strictObject({
    currencies: described(
      'Currencies that the plan supports.',
      list(label(1, 3), 1, 200).check(distinct((currency) => currency, 'a currency is activated once')),
    ),
  }),
)
export type ActivatePricePlanRequest = z.infer<typeof ActivatePricePlanRequest>

const PLAN_STATUSES = ['DRAFT', 'ACTIVE', 'ARCHIVED'] as const

const PricingSchedule = named(
  'PricingSchedule',
  z.strictObject({
    id: described('What the rate cards and rules of this version hang on.', z.string()),
    startDate: dateTime(),
    endDate: dateTime(),
    version: described('Counts the versions of the plan, from 1 on.', z.int()),
    isOverriden: described('Whether an account has cards of its own instead.', z.boolean()),
    pricePlanDetails: z.optional(PricePlanDetails),
    pricingRules: z.optional(z.array(PricingRule)),
  }),
)

export const PricePlan = named(
  'PricePlan',
  z.strictObject({
    id: z.string(),
    name: z.string(),
    description: z.optional(z.string()),
    type: PricePlanType,
    status: described('DRAFT until the plan is activated; ARCHIVED when it was deleted.', z.enum(PLAN_STATUSES)),
    pricingSchedule: described('One entry, which is the version that is shown.', z.array(PricingSchedule)),
  }),
)
export type PricePlan = z.infer<typeof PricePlan>

export const PricePlanPath = z.strictObject({ price_plan_id: identifier() })

export const GetPricePlanQuery = z.strictObject({
  version: z.optional(
    versionAsked('The version to show, by default the newest one that is published, or the draft of a plan that never was.'),
  ),
})
export type GetPricePlanQuery = z.infer<typeof GetPricePlanQuery>

export const ListPricePlansQuery = pageQuery({
  status: z.optional(described('All that are not archived are shown when left out.', z.enum(PLAN_STATUSES))),
  ...planFilters,
})
export type ListPricePlansQuery = z.infer<typeof ListPricePlansQuery>

const PricePlanListData = named(
  'PricePlanListData',
  z.strictObject({
    id: z.string(),
    name: z.string(),
    description: z.optional(z.string()),
    type: PricePlanType,
    version: z.int(),
    status: z.enum(PLAN_STATUSES),
    usageMeters: described('The ids of the usage meters that the plan prices.', z.array(z.string())),
    pricePlanDetails: described('The cycle and the currencies; the rate cards are shown with the single plan.', PricePlanDetails),
    createdAt: dateTime(),
    updatedAt: dateTime(),
  }),
)
export type PricePlanListData = z.infer<typeof PricePlanListData>

export const PricePlanPaginatedResponse = named('PricePlanPaginatedResponse', paginated(PricePlanListData))
export type PricePlanPaginatedResponse = z.infer<typeof PricePlanPaginatedResponse>

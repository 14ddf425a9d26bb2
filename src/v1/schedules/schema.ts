import * as z from 'zod/mini'
import { CreatePricePlanDetailsOverride, PricePlanDetails } from '../../catalogue/price_plans/schema.ts'
import { MOST_RULES, CreatePricingRule, PricingRule } from '../../catalogue/pricing_rules/schema.ts'
import { MOST_EDITS, PricePlanInfo, editFields, pageTokens, preActions, retainStartOffsets } from '../../catalogue/schedules/schema.ts'
import { described, flag, identifier, label, list, named } from '../../lib/fields.ts'
import { pageQuery } from '../../lib/page.ts'
import { dateTime, instant } from '../../lib/time.ts'

const edit = {
  ...editFields,
  pricePlanId: z.optional(described('Required for ASSOCIATE.', label(1, 50))),
  pricePlanDetailsOverride: z.optional(
    described(
      'What the account has instead of parts of the price plan. A list of rate cards replaces that of the price plan.',
      CreatePricePlanDetailsOverride,
    ),
  ),
  pricingRulesOverride: z.optional(
    described('What the account has instead of the rules of the price plan.', list(CreatePricingRule, 0, MOST_RULES)),
  ),
  retainStartOffsets,
}

const UpdatePricingScheduleRequest = named('UpdatePricingScheduleRequest', z.strictObject(edit))
export type UpdatePricingScheduleRequest = z.infer<typeof UpdatePricingScheduleRequest>

export const UpdatePricingScheduleRequestWithActions = named(
  'UpdatePricingScheduleRequestWithActions',
  z.strictObject({ ...edit, preActions }),
)
export type UpdatePricingScheduleRequestWithActions = z.infer<typeof UpdatePricingScheduleRequestWithActions>

export const EditPricingScheduleRequest = named(
  'EditPricingScheduleRequest',
  z.strictObject({ edits: described('They are done in their order, all or none.', list(UpdatePricingScheduleRequest, 1, MOST_EDITS)) }),
)
export type EditPricingScheduleRequest = z.infer<typeof EditPricingScheduleRequest>

export const PricingSchedulesQuery = pageQuery({
  start_date: z.optional(
    described('Shows the schedules that end after this. By default, the first page begins with the one in force now.', instant()),
  ),
  end_date: z.optional(described('Shows the schedules that begin before this.', instant())),
  include_price_plan_info: flag('Whether to show pricePlanInfo.'),
  compact: flag('Whether to leave out pricePlanDetails and pricingRules.'),
})
export type PricingSchedulesQuery = z.infer<typeof PricingSchedulesQuery>

const PricingScheduleWithPricePlanId = named(
  'PricingScheduleWithPricePlanId',
  z.strictObject({
    id: z.string(),
    pricePlanDetails: z.optional(
      described('What is in force: the price plan, with what the account has instead of parts of it.', PricePlanDetails),
    ),
    startDate: dateTime(),
    endDate: described('The first instant that does not belong to it.', dateTime()),
    version: described('The version of the price plan.', z.int()),
    pricingRules: z.optional(z.array(PricingRule)),
    isOverriden: described('Whether the account has something instead of a part of the price plan.', z.boolean()),
    pricePlanId: z.string(),
    pricePlanName: z.optional(z.string()),
    pricePlanInfo: z.optional(PricePlanInfo),
  }),
)
export type PricingScheduleWithPricePlanId = z.infer<typeof PricingScheduleWithPricePlanId>

export const PricingSchedulePaginatedResponse = named(
  'PricingSchedulePaginatedResponse',
  z.strictObject({ data: z.array(PricingScheduleWithPricePlanId), ...pageTokens }),
)
export type PricingSchedulePaginatedResponse = z.infer<typeof PricingSchedulePaginatedResponse>

export const PricingRulesPath = z.strictObject({ price_plan_id: identifier(), pricing_schedule_id: identifier() })

export const PricingRulesQuery = z.strictObject({
  invoice_timing: z.optional(described('Shows the rules of one timing.', z.enum(['IN_ADVANCE', 'IN_ARREARS']))),
})
export type PricingRulesQuery = z.infer<typeof PricingRulesQuery>

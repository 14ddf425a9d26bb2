import * as z from 'zod/mini'
import { described, flag, identifier, label, list, named, textMap } from '../../lib/fields.ts'
import { pageQuery } from '../../lib/page.ts'
import { dateTime } from '../../lib/time.ts'
import { readDay } from '../../rating/cycle.ts'
import { CreatePricePlanDetails, PricingCycleConfig } from '../price_plans/schema.ts'
import { PricingRule } from '../pricing_rules/schema.ts'
import { LAST_DAY } from './timeline.ts'

const DATE = /^\d{4}-\d\d-\d\d$/

/** A date, converted to days since 1970-01-01. */
export const day = (description: string) =>
  z.pipe(
    z.string().register(z.globalRegistry, { format: 'date', description }),
    z.transform((value: string, { issues }): number => {
      const written = DATE.test(value) && z.safeParse(z.iso.date(), value).success
      const days = written ? readDay(value) : Number.NaN
      if (days >= 0 && days <= LAST_DAY) return days
      issues.push({ code: 'custom', input: value, message: 'must be a date from 1970-01-01 to 9999-01-01, such as 2026-03-30' })
      return Number.NaN
    }),
  )

export const MODES = ['ASSOCIATE', 'DISASSOCIATE'] as const

/** The fields that every edit of a timeline has. */
export const editFields = {
  mode: z.optional(
    described(
      'ASSOCIATE puts a price plan in force in place of what was. DISASSOCIATE ends what was. ASSOCIATE if it is left out.',
      z.enum(MODES),
    ),
  ),
  effectiveFrom: day('The first day.'),
  effectiveUntil: day('The day on which it ends: the first one that does not belong to it. 9999-01-01 is for ever.'),
}

export const retainStartOffsets = z.optional(
  described(
    'Whether the cycles begin on the days on which those in force begin. Both price plans must have the same interval.',
    z.boolean(),
  ),
)

export const PreAction = named(
  'PreAction',
  z.strictObject({
    type: z.enum(['GRANT_LICENSE']),
    config: z.optional(
      described(
        'A license update: licenseId, updateType, which is RELATIVE or ABSOLUTE, quantity, and effectiveFrom if it is not now.',
        textMap(10),
      ),
    ),
  }),
)
export type PreAction = z.infer<typeof PreAction>

/** What is done before a timeline is changed. */
export const preActions = z.optional(described('They are done in their order, or nothing is.', list(PreAction, 0, 10)))

const AssociationConfig = named(
  'AssociationConfig',
  z.strictObject({
    pricePlanId: z.optional(described('By default the price plan of the schedule that scheduleId names.', label(1, 50))),
    scheduleId: z.optional(described('A schedule whose rate cards and rules take the place of those of the price plan.', label(1, 50))),
    pricingCycleConfigOverride: z.optional(described('Cycles that take the place of those of the price plan.', PricingCycleConfig)),
    retainStartOffsets,
  }),
)

const UpdateAccountScheduleV2Request = named(
  'UpdateAccountScheduleV2Request',
  z.strictObject({
    ...editFields,
    associationConfig: z.optional(described('Required for ASSOCIATE.', AssociationConfig)),
    mergeSchedules: z.optional(
      described('Whether schedules next to this one become one with it, if the same is in force in them.', z.boolean()),
    ),
  }),
)

export const MOST_EDITS = 10

export const EditAccountScheduleRequest = named(
  'EditAccountScheduleRequest',
  z.strictObject({ edits: described('They are done in their order, all or none.', list(UpdateAccountScheduleV2Request, 1, MOST_EDITS)) }),
)
export type EditAccountScheduleRequest = z.infer<typeof EditAccountScheduleRequest>

export const EditSchedulesQuery = z.strictObject({ discard: flag('Whether a draft that there is is dropped first.') })
export type EditSchedulesQuery = z.infer<typeof EditSchedulesQuery>

export const PricePlanDetailsOverride = named(
  'PricePlanDetailsOverride',
  z.partial(z.omit(CreatePricePlanDetails, { deferredRevenue: true, allow_ongoing_cycle_updates: true })),
)

const PlanOverride = named(
  'PlanOverride',
  z.strictObject({
    id: z.string(),
    pricePlanId: z.string(),
    pricePlanName: z.string(),
    startDate: dateTime(),
    endDate: described('The first instant that does not belong to it.', dateTime()),
    pricePlanDetailsOverride: z.optional(described('What the account has instead of parts of the price plan.', PricePlanDetailsOverride)),
    pricingRulesOverride: z.optional(described('What the account has instead of the rules of the price plan.', z.array(PricingRule))),
  }),
)
export type PlanOverride = z.infer<typeof PlanOverride>

export const UpdatePricingScheduleResponse = named(
  'UpdatePricingScheduleResponse',
  z.strictObject({
    accountId: z.string(),
    accountName: z.string(),
    pricingSchedules: described('The schedules that have days of the edits, after these, by their first day.', z.array(PlanOverride)),
  }),
)
export type UpdatePricingScheduleResponse = z.infer<typeof UpdatePricingScheduleResponse>

export const FinalizeAccountSchedules = named(
  'FinalizeAccountSchedules',
  z.strictObject({
    mergeSchedules: z.optional(described('Whether schedules become one if they touch and the same is in force in them.', z.boolean())),
    preActions,
  }),
)
export type FinalizeAccountSchedules = z.infer<typeof FinalizeAccountSchedules>

const ScheduleInfo = named(
  'ScheduleInfo',
  z.strictObject({
    supportedCurrencies: z.array(z.string()),
    pricingCycleConfig: PricingCycleConfig,
    pricingRules: z.optional(z.array(PricingRule)),
  }),
)

export const PricePlanInfo = named('PricePlanInfo', z.strictObject({ name: z.string(), description: z.optional(z.string()) }))

const AccountSchedule = named(
  'AccountSchedule',
  z.strictObject({
    id: z.string(),
    accountId: z.string(),
    pricePlanId: z.string(),
    version: described('The version of the price plan.', z.int()),
    deferredRevenue: z.boolean(),
    pricePlanInfo: PricePlanInfo,
    accountScheduleInfo: ScheduleInfo,
    isOverridden: z.optional(described('Whether the account has something instead of a part of the price plan.', z.boolean())),
    startDate: dateTime(),
    endDate: described('The first instant that does not belong to it.', dateTime()),
    allowOngoingCycleUpdates: z.boolean(),
  }),
)
export type AccountSchedule = z.infer<typeof AccountSchedule>

const token = (description: string) => z.optional(described(description, z.string()))

/** The tokens of a page of a timeline. */
export const pageTokens = {
  nextToken: token('The token of the page of later schedules, if there are any.'),
  previousToken: token('The token of the page of earlier schedules, if there are any. Send it as nextToken.'),
}

export const SchedulesPaginatedResponse = named(
  'SchedulesPaginatedResponse',
  z.strictObject({ data: z.array(AccountSchedule), ...pageTokens }),
)
export type SchedulesPaginatedResponse = z.infer<typeof SchedulesPaginatedResponse>

const MODE = 'ACTIVE shows what is in force. DRAFT shows the draft that is not finalized.'
const modeOf = (description: string) => described(description, z.enum(['ACTIVE', 'DRAFT']))

/** The contract requires the mode, also beside nextToken. */
const pagedMode = modeOf(`${MODE} It is sent with nextToken too, and is that of the first page.`)

export const SchedulesQuery = pageQuery({ mode: pagedMode })
export type SchedulesQuery = z.infer<typeof SchedulesQuery>

export const SchedulePath = z.strictObject({ schedule_id: identifier() })

export const ScheduleCardsQuery = pageQuery({ mode: pagedMode })
export type ScheduleCardsQuery = z.infer<typeof ScheduleCardsQuery>

export const ScheduleModeQuery = z.strictObject({ mode: modeOf(MODE) })
export type ScheduleModeQuery = z.infer<typeof ScheduleModeQuery>

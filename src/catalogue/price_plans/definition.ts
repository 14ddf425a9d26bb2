import * as z from 'zod/mini'
import { isCurrency } from '../../lib/codes.ts'
import { code, described, int32, label, list, named, text } from '../../lib/fields.ts'
import { PricingCycleInterval } from '../rate_cards/schema.ts'
import type { KeptCard } from '../rate_cards/schema.ts'
import type { KeptRule } from '../pricing_rules/schema.ts'

export const PLAN_TYPES = ['BILLING', 'PURCHASE'] as const
export const PricePlanType = named('PricePlanType', z.enum(PLAN_TYPES), 'BILLING: a plan that recurs. PURCHASE: one that is bought once.')
export type PricePlanType = z.infer<typeof PricePlanType>

const offset = (form: string) => label(1, 5).register(z.globalRegistry, { description: form })

const StartOffset = named(
  'PricingCycleConfigStartOffset',
  z.strictObject({
    dayOffset: offset('The day of the month from 1 to 31 or LAST; for WEEKLY the weekday from 1, Monday, to 7 or LAST.'),
    monthOffset: offset('The month of the quarter, half year or year: its number, FIRST or LAST. NIL for WEEKLY and MONTHLY.'),
  }),
)

export const PricingCycleConfig = named(
  'PricingCycleConfig',
  z.strictObject({
    interval: PricingCycleInterval,
    startOffset: z.optional(described('When cycles begin. It may be left out where anniversaryCycle is true.', StartOffset)),
    gracePeriod: described('For how many days after its cycle an invoice can still change.', int32(0)),
    anniversaryCycle: z.optional(
      described('Whether cycles begin on the anniversary of the day on which an account was given the plan.', z.boolean()),
    ),
  }),
)
export type PricingCycleConfig = z.infer<typeof PricingCycleConfig>

const currency = () => code(isCurrency, 'a code of ISO 4217 for money, such as USD', 3)

/** The currencies that a plan has prices in. */
export const currencies = (min: number) =>
  list(currency(), min, 200).check(({ value, issues }) => {
    for (const [index, one] of value.entries())
      if (value.indexOf(one) < index) issues.push({ code: 'custom', input: value, path: [index], message: `must not repeat ${one}` })
  })

export const description = () => z.optional(text(255))

/** What a version of a plan is, beside its name. */
export interface PlanDefinition {
  type: PricePlanType
  description: string | null
  pricingCycleConfig: PricingCycleConfig | null
  supportedCurrencies: readonly string[]
  deferredRevenue: boolean
  allowOngoingCycleUpdates: boolean
  cards: readonly KeptCard[]
  rules: readonly KeptRule[]
}

/** What a card can price: a usage meter, an add-on or a feature of the organization. */
export interface BillableItem {
  kind: 'USAGE_METER' | 'ADD_ON' | 'FEATURE'
  id: string
  displayName: string
  status: string
  /** The type of an add-on. */
  type: string | null
}

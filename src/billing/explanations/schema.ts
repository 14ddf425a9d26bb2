import * as z from 'zod/mini'
import { described, named } from '../../lib/fields.ts'
import { dateTime } from '../../lib/time.ts'
import { InvoicesStatus, InvoicesType } from '../invoices/schema.ts'

const ExplainedCard = named(
  'ExplainedRateCard',
  z.strictObject({
    name: z.string(),
    type: z.string(),
    invoiceTiming: z.string(),
    pricePlanId: z.string(),
    version: described('The version of the price plan.', z.int()),
  }),
)

const ExplainedRule = named(
  'ExplainedPricingRule',
  z.strictObject({
    id: z.string(),
    name: z.string(),
    condition: z.optional(z.string()),
    computation: z.string(),
    variables: described(
      'What the rule read: decimals and instants as text, or null where there is no such thing.',
      z.record(z.string(), z.nullable(z.string())),
    ),
  }),
)

const ExplainedProration = named(
  'ExplainedProration',
  z.strictObject({
    days: described('The days on which the plan is in force.', z.int()),
    ofDays: described('The days of the whole period.', z.int()),
  }),
)

const ExplainedEvents = named(
  'ExplainedEvents',
  z.strictObject({
    count: z.int(),
    firstEventAt: z.optional(dateTime()),
    lastEventAt: z.optional(dateTime()),
    units: described('What they add up to now, as a decimal.', z.string()),
    list: z.optional(described('The path that lists the events of the schema of the usage meter in the cycle.', z.string())),
  }),
)

/** A line of an invoice as it is explained. */
export interface ExplainedLineItem {
  id?: string | undefined
  type: string
  description: string
  value: string
  quantity?: string | undefined
  arithmetic: string
  rateCard?: z.infer<typeof ExplainedCard> | undefined
  proration?: z.infer<typeof ExplainedProration> | undefined
  pricingRule?: z.infer<typeof ExplainedRule> | undefined
  events?: z.infer<typeof ExplainedEvents> | undefined
  lineItems?: ExplainedLineItem[] | undefined
}

const ExplainedLineItem: z.ZodMiniType<ExplainedLineItem> = named(
  'ExplainedLineItem',
  z.strictObject({
    id: z.optional(z.string()),
    type: z.string(),
    description: z.string(),
    value: described('What the line comes to, as a decimal.', z.string()),
    quantity: z.optional(z.string()),
    arithmetic: described('How it came to that.', z.string()),
    rateCard: z.optional(ExplainedCard),
    proration: z.optional(ExplainedProration),
    pricingRule: z.optional(ExplainedRule),
    events: z.optional(described('The events behind the quantity.', ExplainedEvents)),
    get lineItems() {
      return z.optional(z.array(ExplainedLineItem))
    },
  }),
)

const ExplainedCycle = named(
  'ExplainedPricingCycle',
  z.strictObject({
    number: described('The number of the cycle since the account was given the plan.', z.int()),
    startDate: dateTime(),
    endDate: dateTime(),
    days: z.int(),
    ofDays: described('The days of the whole period, which is longer where the plan begins or ends within it.', z.int()),
  }),
)

export const InvoiceExplanation = named(
  'InvoiceExplanation',
  z.strictObject({
    invoiceId: z.string(),
    invoiceType: InvoicesType,
    status: InvoicesStatus,
    currency: z.string(),
    totalAmount: z.number(),
    reckonedAt: z.optional(described('Until when what it was reckoned with was known.', dateTime())),
    pricePlan: z.optional(
      named(
        'ExplainedPricePlan',
        z.strictObject({
          id: z.string(),
          name: z.string(),
          version: z.int(),
          isOverridden: described('Whether the account had prices of its own instead of parts of the plan.', z.boolean()),
        }),
      ),
    ),
    cycle: z.optional(ExplainedCycle),
    grandTotal: ExplainedLineItem,
  }),
)
export type InvoiceExplanation = z.infer<typeof InvoiceExplanation>

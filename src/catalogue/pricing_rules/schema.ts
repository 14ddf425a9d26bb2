import * as z from 'zod/mini'
import { described, label, named, text, textMap, whole } from '../../lib/fields.ts'

/** The most rules of a plan. */
export const MOST_RULES = 100
const LONGEST_RULE = 10_000

const PricingRuleTiming = named('PricingRuleTiming', z.enum(['IN_ADVANCE', 'IN_ARREARS']))

const PricingRuleAction = named(
  'PricingRuleAction',
  z.strictObject({
    type: z.enum(['ADD', 'UPDATE']),
    target: z.optional(
      described('What UPDATE sets, such as revenue.ff.<id of an add-on> or usage.urc.<id of a usage meter>.', label(1, 100)),
    ),
    id: z.optional(described('The id of the line that ADD makes; that of the rule when left out.', label(1, 50))),
    description: z.optional(label(0, 255)),
    metadata: z.optional(textMap(50)),
  }),
)

const rule = {
  name: label(1, 255),
  order: described('Rules run in this order, each on what those before it have made.', whole(1, 2 ** 31 - 1, 'int32')),
  invoiceTiming: z.optional(
    described('Whether it changes what is billed before a cycle, or after it: IN_ARREARS when left out.', PricingRuleTiming),
  ),
  condition: z.optional(described('JSON Logic: the rule runs where it holds, and always when it is left out.', text(LONGEST_RULE))),
  computation: described('JSON Logic that comes to a number.', text(LONGEST_RULE)),
  action: PricingRuleAction,
}

export const CreatePricingRule = named('CreatePricingRule', z.strictObject(rule))
export type CreatePricingRule = z.infer<typeof CreatePricingRule>

export const PricingRule = named(
  'PricingRule',
  z.strictObject({ id: z.string(), version: described('Counts the changes of the rule.', whole(1, 2 ** 31 - 1, 'int32')), ...rule }),
)

/** A rule as a plan keeps it. */
export type KeptRule = z.infer<typeof PricingRule>

import * as z from 'zod/mini'
import { described, label, list, named, text, whole } from '../../lib/fields.ts'
import { ruleText } from '../rules.ts'

const LONGEST_MATCHER = 1500
const LONGEST_COMPUTATION = 500
const LONGEST_FILTER = 1024
const MOST_FILTERS = 100

export const AGGREGATIONS = ['COUNT', 'SUM'] as const

export const UsageMeterAggregation = named('UsageMeterAggregation', z.enum(AGGREGATIONS))

export const UsageMeterFilterEntry = named(
  'UsageMeterFilterEntry',
  z.strictObject({
    field: described('One of the filterFields of the event schema.', label(1, 255)),
    value: text(LONGEST_FILTER),
  }),
  'A field of an event and the value that it must have. If several filters have the same field, one of their values is enough.',
)
export type UsageMeterFilterEntry = z.infer<typeof UsageMeterFilterEntry>

const ComputationRequest = named(
  'ComputationRequest',
  z.strictObject({
    id: z.optional(label(1, 50)),
    matcher: z.optional(
      described(
        'A JSON Logic rule. Only events for which it is true are counted. If left out or blank, all events are counted.',
        ruleText(LONGEST_MATCHER, { orBlank: true }),
      ),
    ),
    computation: described(
      'A JSON Logic rule whose value is added up. It must be 1 if aggregation is COUNT.',
      ruleText(LONGEST_COMPUTATION),
    ),
    order: z._default(whole(-(2 ** 31), 2 ** 31 - 1, 'int32'), 1),
  }),
)

export const Computation = named(
  'Computation',
  z.strictObject({ id: z.optional(z.string()), matcher: z.optional(z.string()), computation: z.string(), order: z.int32() }),
  'The rule that computes the units of an event.',
)
export type Computation = z.infer<typeof Computation>

/** The fields of a request that define what a meter counts. */
export const definition = {
  filters: z.optional(described('An event must match the filters of every field.', list(UsageMeterFilterEntry, 0, MOST_FILTERS))),
  computations: z.optional(described('At most one computation.', list(ComputationRequest, 0, 1))),
  eventSchemaName: z.optional(
    described(
      'The name of the event schema whose events are counted. A meter without a schema counts only the usage in events of togai-usage.',
      label(1, 50),
    ),
  ),
}

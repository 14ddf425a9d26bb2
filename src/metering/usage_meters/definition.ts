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
  'What a field of an event must be. A field that is named more than once may be any of its values.',
)
export type UsageMeterFilterEntry = z.infer<typeof UsageMeterFilterEntry>

const ComputationRequest = named(
  'ComputationRequest',
  z.strictObject({
    id: z.optional(label(1, 50)),
    matcher: z.optional(
      described(
        'A rule of JSON Logic: only events for which it is true are counted. All are when it is left out or blank.',
        ruleText(LONGEST_MATCHER, { orBlank: true }),
      ),
    ),
    computation: described('A rule of JSON Logic, whose value is added up; 1 where events are counted.', ruleText(LONGEST_COMPUTATION)),
    order: z._default(whole(-(2 ** 31), 2 ** 31 - 1, 'int32'), 1),
  }),
)

export const Computation = named(
  'Computation',
  z.strictObject({ id: z.optional(z.string()), matcher: z.optional(z.string()), computation: z.string(), order: z.int32() }),
  'What is counted of an event.',
)
export type Computation = z.infer<typeof Computation>

/** What a meter counts, as it is sent. */
export const definition = {
  filters: z.optional(described('All that are sent must hold.', list(UsageMeterFilterEntry, 0, MOST_FILTERS))),
  computations: z.optional(described('One at most.', list(ComputationRequest, 0, 1))),
  eventSchemaName: z.optional(
    described(
      'The name of the event schema whose events are counted. Without one the meter takes the usage that events of togai-usage hold.',
      label(1, 50),
    ),
  ),
}

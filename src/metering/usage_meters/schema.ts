import * as z from 'zod/mini'
import { described, identifier, label, named, plainName, text } from '../../lib/fields.ts'
import { pageQuery, paginated, searchAndSort } from '../../lib/page.ts'
import { dateTime } from '../../lib/time.ts'
import { EventSchema } from '../event_schemas/schema.ts'
import { STATUSES } from '../event_schemas/table.ts'
import { AGGREGATIONS, Computation, UsageMeterAggregation, UsageMeterFilterEntry, definition } from './definition.ts'

export type { Computation, UsageMeterFilterEntry } from './definition.ts'

const MeterType = z.enum(['COUNTER'])

const billableName = () => z.optional(described('The name of the meter on invoices. An empty text removes it.', label(0, 255)))

export const CreateUsageMeterRequest = named(
  'CreateUsageMeterRequest',
  z.strictObject({
    name: plainName(),
    billableName: billableName(),
    description: z.optional(text(255)),
    type: MeterType,
    aggregation: UsageMeterAggregation,
    ...definition,
  }),
)
export type CreateUsageMeterRequest = z.infer<typeof CreateUsageMeterRequest>

export const UpdateUsageMeterRequest = named(
  'UpdateUsageMeterRequest',
  z.strictObject({
    name: z.optional(plainName()),
    billableName: billableName(),
    description: z.optional(text(255)),
    type: z.optional(MeterType),
    aggregation: z.optional(UsageMeterAggregation),
    ...definition,
  }),
  'The fields that are sent replace the previous ones. A list is replaced as a whole.',
)
export type UpdateUsageMeterRequest = z.infer<typeof UpdateUsageMeterRequest>

export const UsageMeter = named(
  'UsageMeter',
  z.strictObject({
    id: z.string(),
    name: z.string(),
    billableName: z.optional(z.string()),
    displayName: described('The name on invoices: billableName if there is one, otherwise name.', z.string()),
    description: z.optional(z.string()),
    filters: z.optional(z.array(UsageMeterFilterEntry)),
    type: MeterType,
    status: z.enum(STATUSES),
    aggregation: UsageMeterAggregation,
    computations: z.optional(z.array(Computation).check(z.maxLength(1))),
    eventSchema: z.optional(EventSchema),
    createdAt: dateTime(),
    lastActivatedAt: z.optional(dateTime()),
    updatedAt: dateTime(),
  }),
)
export type UsageMeter = z.infer<typeof UsageMeter>

export const UsageMeterPath = z.strictObject({ usage_meter_id: identifier() })

export const GetUsageMeterQuery = z.strictObject({
  includeSchema: z.optional(
    described(
      'Whether to include the event schema of the meter, in its newest version.',
      z.pipe(
        z.enum(['true', 'false']).register(z.globalRegistry, { type: 'boolean' }),
        z.transform((value) => value === 'true'),
      ),
    ),
  ),
})
export type GetUsageMeterQuery = z.infer<typeof GetUsageMeterQuery>

export const ListUsageMetersQuery = pageQuery({
  id: z.optional(described('The id of the usage meter.', label(1, 50))),
  status: z.optional(described('INACTIVE includes drafts. If left out, all meters that are not ARCHIVED are listed.', z.enum(STATUSES))),
  aggregation: z.optional(
    described('COUNT: meters that count events. SUM: meters that add up a value of each event.', z.enum(AGGREGATIONS)),
  ),
  aggregations: z.optional(described('The same as aggregation.', z.enum(AGGREGATIONS))),
  event_schema_name: z.optional(label(1, 50)),
  ...searchAndSort('the id, the name and the billable name', ['updated_at']),
})
export type ListUsageMetersQuery = z.infer<typeof ListUsageMetersQuery>

export const UsageMeterPaginatedResponse = named('UsageMeterPaginatedResponse', paginated(UsageMeter))
export type UsageMeterPaginatedResponse = z.infer<typeof UsageMeterPaginatedResponse>

import * as z from 'zod/mini'
import { described, identifier, named, plainName, text, versionAsked } from '../../lib/fields.ts'
import { pageQuery, paginated, searchAndSort } from '../../lib/page.ts'
import { dateTime } from '../../lib/time.ts'
import { DimensionsSchema, Enrichments, EventAttributeSchema, definition } from './definition.ts'
import { STATUSES, sortable } from './table.ts'

export type { Dependency, DimensionsSchema, Enrichments, EventAttributeSchema, Field } from './definition.ts'

/** The names of event schemas that always exist. */
const RESERVED: ReadonlySet<string> = new Set(['togai-usage', 'togai-named-license'])

const description = () => z.optional(text(255))

export const CreateEventSchemaRequest = named(
  'CreateEventSchemaRequest',
  z.strictObject({
    name: described(
      'The name of the schema in events. It cannot be changed, and stays taken after the schema is deleted.',
      plainName().check(({ value, issues }) => {
        if (RESERVED.has(value)) issues.push({ code: 'custom', input: value, message: `must not be ${value}, which is there already` })
      }),
    ),
    description: description(),
    ...definition,
  }),
)
export type CreateEventSchemaRequest = z.infer<typeof CreateEventSchemaRequest>

export const UpdateEventSchemaRequest = named(
  'UpdateEventSchemaRequest',
  z.strictObject({
    description: description(),
    ...definition,
    attributes: z.optional(definition.attributes),
    dimensions: z.optional(definition.dimensions),
  }),
  'In a draft, a list that is sent replaces the previous list. In a schema that has been published, its new entries are added.',
)
export type UpdateEventSchemaRequest = z.infer<typeof UpdateEventSchemaRequest>

const FeatureDetails = named(
  'FeatureDetails',
  z.strictObject({ featureId: z.string(), attributeName: z.string() }),
  'The feature whose units the events of the schema consume, and the attribute with the number of units.',
)

const shown = {
  name: z.string(),
  description: z.optional(z.string()),
  version: described('The number of the version. The first version is 1.', z.int32()),
  status: described('ARCHIVED: the schema was deleted, or this is an older version.', z.enum(STATUSES)),
  attributes: z.array(EventAttributeSchema),
  dimensions: z.array(DimensionsSchema),
  filterFields: z.optional(z.array(z.string())),
  featureDetails: z.optional(FeatureDetails),
  enrichments: z.optional(Enrichments),
  eventIdTemplate: z.optional(z.string()),
  eventLevelRevenue: described(
    'Whether an event shows what it earned, as revenueDetails. The setting event_level_revenue of the schema in the namespace SYSTEM, with the value true, says so.',
    z.boolean(),
  ),
  createdAt: dateTime(),
  updatedAt: dateTime(),
}

export const EventSchema = named('EventSchema', z.strictObject(shown))
export type EventSchema = z.infer<typeof EventSchema>

export const EventSchemaListData = named(
  'EventSchemaListData',
  z.strictObject({ ...shown, usageMetersCount: described('The number of usage meters of the schema that are not archived.', z.int()) }),
)

export const EventSchemaPath = z.strictObject({ event_schema_name: identifier() })

export const GetEventSchemaQuery = z.strictObject({ version: z.optional(versionAsked('The version to show, by default the newest.')) })
export type GetEventSchemaQuery = z.infer<typeof GetEventSchemaQuery>

export const ListEventSchemasQuery = pageQuery({
  status: z.optional(described('INACTIVE includes drafts. If left out, all schemas that are not ARCHIVED are listed.', z.enum(STATUSES))),
  ...searchAndSort('the name and the description', Object.keys(sortable)),
})
export type ListEventSchemasQuery = z.infer<typeof ListEventSchemasQuery>

export const EventSchemaListPaginatedResponse = named('EventSchemaListPaginatedResponse', paginated(EventSchemaListData))
export type EventSchemaListPaginatedResponse = z.infer<typeof EventSchemaListPaginatedResponse>

export const EventSchemaVersionsResponse = named('EventSchemaVersionsResponse', z.strictObject({ data: z.array(EventSchema) }))
export type EventSchemaVersionsResponse = z.infer<typeof EventSchemaVersionsResponse>

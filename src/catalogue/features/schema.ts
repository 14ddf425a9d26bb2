import * as z from 'zod/mini'
import { described, displayName, distinct, identifier, isObject, label, list, named, plainName } from '../../lib/fields.ts'
import { pageQuery, paginated } from '../../lib/page.ts'
import { dateTime } from '../../lib/time.ts'

/** The most schemas that feed a feature. */
const MOST_SCHEMAS = 50

export const EventSchemasForFeature = named(
  'EventSchemasForFeature',
  z.strictObject({
    schemaName: described('The name of the event schema.', plainName()),
    attributeName: described('Which of its attributes, or of the fields that it adds to events as such, holds the units.', label(1, 255)),
  }),
  'A schema whose events use up units of the feature.',
)
export type EventSchemasForFeature = z.infer<typeof EventSchemasForFeature>

const name = () => displayName(1, 255)

const billableName = () =>
  z.optional(described('What invoices call it, rather than by its name. Empty text takes it away.', displayName(0, 255)))

const schemaAssociations = () =>
  described(
    'A schema is named once, and feeds one feature only.',
    list(EventSchemasForFeature, 0, MOST_SCHEMAS).check(
      distinct(
        (sent) => (isObject(sent) && typeof sent.schemaName === 'string' ? sent.schemaName : undefined),
        'a schema feeds a feature by one attribute',
      ),
    ),
  )

export const CreateFeatureRequest = named(
  'CreateFeatureRequest',
  z.strictObject({ name: name(), billableName: billableName(), schemaAssociations: schemaAssociations() }),
)
export type CreateFeatureRequest = z.infer<typeof CreateFeatureRequest>

export const UpdateFeatureRequest = named(
  'UpdateFeatureRequest',
  z.strictObject({ name: z.optional(name()), billableName: billableName(), schemaAssociations: z.optional(schemaAssociations()) }),
  'What is sent replaces what was there, the list as a whole.',
)
export type UpdateFeatureRequest = z.infer<typeof UpdateFeatureRequest>

const shown = {
  id: z.string(),
  name: z.string(),
  billableName: z.optional(z.string()),
  displayName: described('What invoices call it: its billable name if it has one, or else its name.', z.string()),
  createdAt: dateTime(),
  updatedAt: dateTime(),
}

export const Feature = named(
  'Feature',
  z.strictObject({
    ...shown,
    schemaAssociations: described('In the order of the names of the schemas.', z.array(EventSchemasForFeature)),
  }),
)
export type Feature = z.infer<typeof Feature>

export const FeatureListResponse = named(
  'FeatureListResponse',
  z.strictObject({ ...shown, schemaCount: described('How many schemas feed it.', z.int32()) }),
)

export const FeaturePath = z.strictObject({ feature_id: identifier() })

export const ListFeaturesQuery = pageQuery({})
export type ListFeaturesQuery = z.infer<typeof ListFeaturesQuery>

export const FeaturePaginatedListData = named('FeaturePaginatedListData', paginated(FeatureListResponse))
export type FeaturePaginatedListData = z.infer<typeof FeaturePaginatedListData>

import * as z from 'zod/mini'
import { described, distinct, label, list, named, plainName, text, whole } from '../../lib/fields.ts'

/** The most attributes of a schema, and the most dimensions. */
export const MOST_NAMES = 50

/** The most enriched fields of a schema, and the most dependencies. */
export const MOST_ENRICHMENTS = 50

const LONGEST_VALUE = 32_768
const LONGEST_TEMPLATE = 4096

export const EventAttributeSchema = named(
  'EventAttributeSchema',
  z.strictObject({ name: plainName(), defaultUnit: z.optional(label(0, 10)) }),
  'A number that events contain.',
)
export type EventAttributeSchema = z.infer<typeof EventAttributeSchema>

export const DimensionsSchema = named('DimensionsSchema', z.strictObject({ name: plainName() }), 'A text that events contain.')
export type DimensionsSchema = z.infer<typeof DimensionsSchema>

const KEY = /^setting\.[^.]+\..+$/

export const Dependency = named(
  'Dependency',
  z.strictObject({
    type: z.enum(['SETTING']),
    key: described(
      'Either setting.<namespace>.<id>, which takes the first setting that exists of the account, its invoice group, its customer, the event schema and the organization; or setting.<namespace>.<id>.<entityType>.<entityId>.',
      label(1, 1100).check(({ value, issues }) => {
        if (!KEY.test(value)) issues.push({ code: 'custom', input: value, message: 'must be as setting.<namespace>.<id>' })
      }),
    ),
    name: described('The name of the value in rules: dependencies.<name>.', label(1, 255)),
  }),
  'A setting that enrichments use.',
)
export type Dependency = z.infer<typeof Dependency>

export const Field = named(
  'Field',
  z.strictObject({
    name: label(1, 255),
    type: z.enum(['ATTRIBUTE', 'DIMENSION']),
    enrichmentType: z.enum(['VALUE', 'JSON_LOGIC', 'JSON_LOGIC_FROM_DEPENDENCY']),
    value: described('The value itself, a JSON Logic rule, or the name of a dependency whose value is such a rule.', text(LONGEST_VALUE)),
    order: described('Fields are computed in this order. A field can use the fields before it.', whole(-(2 ** 31), 2 ** 31 - 1, 'int32')),
  }),
  'An attribute or a dimension that is added to each event.',
)
export type Field = z.infer<typeof Field>

export const Enrichments = named(
  'Enrichments',
  z.strictObject({ dependencies: z.optional(list(Dependency, 0, MOST_ENRICHMENTS)), fields: list(Field, 0, MOST_ENRICHMENTS) }),
)
export type Enrichments = z.infer<typeof Enrichments>

/** The fields of a request that define the events of a schema. */
export const definition = {
  attributes: list(EventAttributeSchema, 0, MOST_NAMES),
  dimensions: list(DimensionsSchema, 0, MOST_NAMES),
  enrichments: z.optional(Enrichments),
  filterFields: z.optional(
    described(
      'The attributes, dimensions and enriched fields that usage meters can use in their filters.',
      list(label(1, 255), 0, 2 * MOST_NAMES + MOST_ENRICHMENTS).check(distinct((name) => name, 'a field is named once')),
    ),
  ),
  eventIdTemplate: z.optional(
    described(
      'Makes the id of an event that is sent without one. It is a text in which ${accountId}, ${timestamp}, ${attributes.<name>}, ${dimensions.<name>} and the like are replaced by the values of the event, or a JSON Logic rule.',
      text(LONGEST_TEMPLATE),
    ),
  ),
}

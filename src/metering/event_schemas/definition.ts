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
  'A number that events hold.',
)
export type EventAttributeSchema = z.infer<typeof EventAttributeSchema>

export const DimensionsSchema = named('DimensionsSchema', z.strictObject({ name: plainName() }), 'A text that events hold.')
export type DimensionsSchema = z.infer<typeof DimensionsSchema>

const KEY = /^setting\.[^.]+\..+$/

export const Dependency = named(
  'Dependency',
  z.strictObject({
    type: z.enum(['SETTING']),
    key: described(
      'As setting.<namespace>.<id>, whose value is that of the account, of its invoice group, of its customer, of the schema or of the organization; or with .<entityType>.<entityId> behind.',
      label(1, 1100).check(({ value, issues }) => {
        if (!KEY.test(value)) issues.push({ code: 'custom', input: value, message: 'must be as setting.<namespace>.<id>' })
      }),
    ),
    name: described('By which rules refer to its value, as dependencies.<name>.', label(1, 255)),
  }),
  'A setting that enrichments need.',
)
export type Dependency = z.infer<typeof Dependency>

export const Field = named(
  'Field',
  z.strictObject({
    name: label(1, 255),
    type: z.enum(['ATTRIBUTE', 'DIMENSION']),
    enrichmentType: z.enum(['VALUE', 'JSON_LOGIC', 'JSON_LOGIC_FROM_DEPENDENCY']),
    value: described(
      'The value itself, a rule of JSON Logic, or the name of the dependency whose value is such a rule.',
      text(LONGEST_VALUE),
    ),
    order: described('Fields are made in this order, and each sees those before it.', whole(-(2 ** 31), 2 ** 31 - 1, 'int32')),
  }),
  'An attribute or a dimension that is added to each event.',
)
export type Field = z.infer<typeof Field>

export const Enrichments = named(
  'Enrichments',
  z.strictObject({ dependencies: z.optional(list(Dependency, 0, MOST_ENRICHMENTS)), fields: list(Field, 0, MOST_ENRICHMENTS) }),
)
export type Enrichments = z.infer<typeof Enrichments>

/** What a schema says that its events hold, as it is sent. */
export const definition = {
  attributes: list(EventAttributeSchema, 0, MOST_NAMES),
  dimensions: list(DimensionsSchema, 0, MOST_NAMES),
  enrichments: z.optional(Enrichments),
  filterFields: z.optional(
    described(
      'The attributes, dimensions and enriched fields that the filters of a usage meter can name.',
      list(label(1, 255), 0, 2 * MOST_NAMES + MOST_ENRICHMENTS).check(distinct((name) => name, 'a field is named once')),
    ),
  ),
  eventIdTemplate: z.optional(
    described(
      'What the id is of an event that comes without one: text in which ${accountId}, ${timestamp}, ${attributes.<name>}, ${dimensions.<name>} and the like stand for what the event holds, or a rule of JSON Logic.',
      text(LONGEST_TEMPLATE),
    ),
  ),
}

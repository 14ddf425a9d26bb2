import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { DimensionsSchema, Enrichments, EventAttributeSchema } from './definition.ts'

/** The statuses of a schema or a usage meter. */
export const STATUSES = ['DRAFT', 'ACTIVE', 'INACTIVE', 'ARCHIVED'] as const

/** The columns of a definition, and its time. */
const definition = () => ({
  definitionVersion: integer('definition_version').notNull(),
  attributes: text({ mode: 'json' }).$type<readonly EventAttributeSchema[]>().notNull(),
  dimensions: text({ mode: 'json' }).$type<readonly DimensionsSchema[]>().notNull(),
  filterFields: text('filter_fields', { mode: 'json' }).$type<readonly string[]>(),
  enrichments: text({ mode: 'json' }).$type<Enrichments>(),
  eventIdTemplate: text('event_id_template'),
  createdAt: integer('created_at').notNull(),
  updatedAt: integer('updated_at').notNull(),
})

export const eventSchemas = sqliteTable('event_schemas', {
  id: text().primaryKey(),
  organizationId: text('organization_id').notNull(),
  name: text().notNull(),
  description: text(),
  status: text({ enum: STATUSES }).notNull(),
  ...definition(),
  version: integer().notNull(),
  nameFolded: text('name_folded').notNull(),
  descriptionFolded: text('description_folded'),
  featureId: text('feature_id'),
  featureAttribute: text('feature_attribute'),
  eventLevelRevenue: integer('event_level_revenue', { mode: 'boolean' }).notNull(),
})

/** The fields that the list of schemas can be sorted by. */
export const sortable = { name: eventSchemas.name, updated_at: eventSchemas.updatedAt }

/** Older versions of schemas. */
export const eventSchemaVersions = sqliteTable(
  'event_schema_versions',
  {
    organizationId: text('organization_id').notNull(),
    name: text().notNull(),
    description: text(),
    ...definition(),
  },
  (table) => [primaryKey({ columns: [table.organizationId, table.name, table.definitionVersion] })],
)

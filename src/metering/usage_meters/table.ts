import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { STATUSES } from '../event_schemas/table.ts'
import type { Computation, UsageMeterFilterEntry } from './definition.ts'

export const usageMeters = sqliteTable('usage_meters', {
  id: text().primaryKey(),
  organizationId: text('organization_id').notNull(),
  name: text().notNull(),
  billableName: text('billable_name'),
  description: text(),
  status: text({ enum: STATUSES }).notNull(),
  aggregation: text({ enum: ['COUNT', 'SUM'] }).notNull(),
  eventSchemaName: text('event_schema_name'),
  filters: text({ mode: 'json' }).$type<readonly UsageMeterFilterEntry[]>(),
  computations: text({ mode: 'json' }).$type<readonly Computation[]>(),
  definitionVersion: integer('definition_version').notNull(),
  createdAt: integer('created_at').notNull(),
  updatedAt: integer('updated_at').notNull(),
  lastActivatedAt: integer('last_activated_at'),
  version: integer().notNull(),
  idFolded: text('id_folded').notNull(),
  nameFolded: text('name_folded').notNull(),
  billableNameFolded: text('billable_name_folded'),
})

/** The fields that the list of meters is sorted by. */
export const order = { updated_at: usageMeters.updatedAt, id: usageMeters.id }

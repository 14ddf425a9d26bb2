import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const features = sqliteTable('features', {
  id: text().primaryKey(),
  organizationId: text('organization_id').notNull(),
  name: text().notNull(),
  billableName: text('billable_name'),
  createdAt: integer('created_at').notNull(),
  updatedAt: integer('updated_at').notNull(),
  version: integer().notNull(),
})

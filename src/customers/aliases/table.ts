import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const aliases = sqliteTable(
  'aliases',
  {
    organizationId: text('organization_id').notNull(),
    value: text().notNull(),
    status: text({ enum: ['ACTIVE', 'ARCHIVED'] }).notNull(),
    createdAt: integer('created_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
    version: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.organizationId, table.value] })],
)

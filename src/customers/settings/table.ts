import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const settings = sqliteTable(
  'settings',
  {
    organizationId: text('organization_id').notNull(),
    entityType: text('entity_type', {
      enum: ['ORGANIZATION', 'CUSTOMER', 'ACCOUNT', 'INVOICE_GROUP', 'EVENT_SCHEMA', 'USAGE_METER', 'ADD_ON', 'FEATURE', 'PRICE_PLAN'],
    }).notNull(),
    entityId: text('entity_id').notNull(),
    namespace: text().notNull(),
    id: text().notNull(),
    name: text().notNull(),
    value: text().notNull(),
    dataType: text('data_type', { enum: ['STRING', 'NUMERIC', 'JSON', 'JSON_LOGIC'] }).notNull(),
    position: integer().notNull(),
    createdAt: integer('created_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
    version: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.organizationId, table.entityType, table.entityId, table.namespace, table.id] })],
)

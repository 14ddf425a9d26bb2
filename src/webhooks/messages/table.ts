import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const webhookEvents = sqliteTable('webhook_events', {
  id: text().primaryKey(),
  organizationId: text('organization_id').notNull(),
  type: text().notNull(),
  resourceType: text('resource_type').notNull(),
  resourceId: text('resource_id').notNull(),
  /** The JSON that is sent, byte for byte. */
  body: text().notNull(),
  createdAt: integer('created_at').notNull(),
})

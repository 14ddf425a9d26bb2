import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const files = sqliteTable('files', {
  id: text().primaryKey(),
  organizationId: text('organization_id').notNull(),
  accountId: text('account_id'),
  customerId: text('customer_id'),
  key: text().notNull(),
  name: text().notNull(),
  contentType: text('content_type').notNull(),
  size: integer().notNull(),
  createdAt: integer('created_at').notNull(),
  deletedAt: integer('deleted_at'),
})

import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const idempotencyKeys = sqliteTable(
  'idempotency_keys',
  {
    organizationId: text('organization_id').notNull(),
    key: text().notNull(),
    role: text().notNull(),
    fingerprint: text().notNull(),
    status: integer().$type<200 | 201>().notNull(),
    location: text(),
    body: text().notNull(),
    createdAt: integer('created_at').notNull(),
    etag: text(),
  },
  (table) => [primaryKey({ columns: [table.organizationId, table.key] })],
)

export const auditLog = sqliteTable('audit_log', {
  organizationId: text('organization_id').notNull(),
  sequence: integer().notNull(),
  at: integer().notNull(),
  tokenId: text('token_id').notNull(),
  role: text().notNull(),
  operationId: text('operation_id').notNull(),
  resourceType: text('resource_type').notNull(),
  resourceId: text('resource_id').notNull(),
  requestId: text('request_id').notNull(),
  changes: text().notNull(),
  hash: text(),
})

export const auditSeals = sqliteTable('audit_seals', {
  organizationId: text('organization_id').primaryKey(),
  sequence: integer().notNull(),
  at: integer().notNull(),
  hash: text().notNull(),
})

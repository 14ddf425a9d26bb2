import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const idempotencyKeys = sqliteTable(
  'idempotency_keys',
  {
    organizationId: text('organization_id').notNull(),
    key: text().notNull(),
    role: text().notNull(),
    fingerprint: text().notNull(),
    status: integer().notNull(),
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
  salt: text(),
  digests: text(),
})

/** Changes that webhooks will report. */
export const outbox = sqliteTable('outbox', {
  sequence: integer().primaryKey({ autoIncrement: true }),
  organizationId: text('organization_id').notNull(),
  at: integer().notNull(),
  operationId: text('operation_id').notNull(),
  resourceType: text('resource_type').notNull(),
  resourceId: text('resource_id').notNull(),
  status: text(),
})

/** Up to which change of the outbox webhooks have been made, of the organizations that have somewhere to send them. */
export const outboxCursors = sqliteTable('outbox_cursors', {
  organizationId: text('organization_id').primaryKey(),
  sequence: integer().notNull(),
})

/** Scheduled work: one row for each kind and subject. */
export const due = sqliteTable(
  'due',
  {
    organizationId: text('organization_id').notNull(),
    kind: text().notNull(),
    subject: text().notNull(),
    dueAt: integer('due_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.organizationId, table.kind, table.subject] })],
)

export const auditSeals = sqliteTable('audit_seals', {
  organizationId: text('organization_id').primaryKey(),
  sequence: integer().notNull(),
  at: integer().notNull(),
  hash: text().notNull(),
})

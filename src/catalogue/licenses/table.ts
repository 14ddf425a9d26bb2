import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** How an update changes the number of licences: it adds to it, or sets it. */
export const UPDATE_TYPES = ['RELATIVE', 'ABSOLUTE'] as const

export const licenses = sqliteTable(
  'licenses',
  {
    organizationId: text('organization_id').notNull(),
    accountId: text('account_id').notNull(),
    licenseId: text('license_id').notNull(),
    version: integer().notNull(),
    entries: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.organizationId, table.accountId, table.licenseId] })],
)

export const licenseUpdates = sqliteTable('license_updates', {
  id: text().primaryKey(),
  organizationId: text('organization_id').notNull(),
  accountId: text('account_id').notNull(),
  licenseId: text('license_id').notNull(),
  updateType: text('update_type', { enum: UPDATE_TYPES }).notNull(),
  quantity: text().notNull(),
  value: text().notNull(),
  effectiveFrom: integer('effective_from').notNull(),
  position: integer().notNull(),
  metadata: text({ mode: 'json' }).$type<Record<string, string>>(),
  idempotencyKey: text('idempotency_key'),
  fingerprint: text(),
  createdAt: integer('created_at').notNull(),
})

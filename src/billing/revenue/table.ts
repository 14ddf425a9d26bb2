import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** Organizations whose ledgers keep what all accounts earn. */
export const keptRevenue = sqliteTable('kept_revenue', {
  organizationId: text('organization_id').primaryKey(),
  isReady: integer('is_ready', { mode: 'boolean' }).notNull(),
})

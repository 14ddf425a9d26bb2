import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const organizations = sqliteTable('organizations', {
  id: text().primaryKey(),
  name: text().notNull(),
  baseCurrency: text('base_currency').notNull(),
  createdAt: integer('created_at').notNull(),
})

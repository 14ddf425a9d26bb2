import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { PasswordHash } from '../../lib/password.ts'

export const contacts = sqliteTable('contacts', {
  username: text().primaryKey(),
  organizationId: text('organization_id').notNull(),
  customerId: text('customer_id').notNull(),
  name: text().notNull(),
  email: text().notNull(),
  emailFolded: text('email_folded').notNull(),
  preferredUsername: text('preferred_username'),
  phone: text(),
  password: text({ mode: 'json' }).$type<PasswordHash>(),
  verified: integer({ mode: 'boolean' }).notNull(),
  loginAccess: integer('login_access', { mode: 'boolean' }).notNull(),
  createdBy: text('created_by').notNull(),
  createdAt: integer('created_at').notNull(),
})

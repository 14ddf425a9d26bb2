import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { Address } from '../../lib/address.ts'

export const customers = sqliteTable('customers', {
  togaiCustomerId: text('togai_customer_id').primaryKey(),
  organizationId: text('organization_id').notNull(),
  id: text().notNull(),
  name: text().notNull(),
  primaryEmail: text('primary_email').notNull(),
  address: text({ mode: 'json' }).$type<Address>().notNull(),
  status: text({ enum: ['ACTIVE', 'ARCHIVED'] }).notNull(),
  createdAt: integer('created_at').notNull(),
  updatedAt: integer('updated_at').notNull(),
  version: integer().notNull(),
  idFolded: text('id_folded').notNull(),
  nameFolded: text('name_folded').notNull(),
  primaryEmailFolded: text('primary_email_folded').notNull(),
})

/** The fields that the list of customers can be sorted by. */
export const sortable = { id: customers.id, updated_at: customers.updatedAt }

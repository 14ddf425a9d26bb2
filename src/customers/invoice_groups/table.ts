import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { Address } from '../../lib/address.ts'

export const invoiceGroups = sqliteTable('invoice_groups', {
  id: text().primaryKey(),
  organizationId: text('organization_id').notNull(),
  name: text().notNull(),
  email: text().notNull(),
  dailyInvoiceConsolidation: integer('daily_invoice_consolidation', { mode: 'boolean' }).notNull(),
  netTermDays: integer('net_term_days'),
  invoiceCurrency: text('invoice_currency').notNull(),
  address: text({ mode: 'json' }).$type<Address>().notNull(),
  status: text({ enum: ['ACTIVE', 'ARCHIVED'] }).notNull(),
  version: integer().notNull(),
  createdAt: integer('created_at').notNull(),
  updatedAt: integer('updated_at').notNull(),
  endedByArchive: integer('ended_by_archive', { mode: 'boolean' }).notNull(),
})

export const invoiceGroupAccounts = sqliteTable(
  'invoice_group_accounts',
  {
    organizationId: text('organization_id').notNull(),
    accountId: text('account_id').notNull(),
    invoiceGroupId: text('invoice_group_id').notNull(),
    createdAt: integer('created_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.organizationId, table.accountId] })],
)

/** Which group an account was in, and when. Triggers write it. */
export const invoiceGroupMemberships = sqliteTable('invoice_group_memberships', {
  id: integer().primaryKey({ autoIncrement: true }),
  organizationId: text('organization_id').notNull(),
  accountId: text('account_id').notNull(),
  invoiceGroupId: text('invoice_group_id').notNull(),
  fromAt: integer('from_at').notNull(),
  untilAt: integer('until_at'),
})

import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { Address } from '../../lib/address.ts'
import type { AccountsBillingInformation } from './schema.ts'

/** The state of an account before it was archived, apart from its aliases. */
interface BeforeArchive {
  status: 'ACTIVE' | 'DRAFT'
  /** The id of its invoice group. */
  invoiceGroup?: string
  /** The ids of the price plans that ended with it. */
  pricePlans?: readonly string[]
}

export const accounts = sqliteTable('accounts', {
  togaiAccountId: text('togai_account_id').primaryKey(),
  organizationId: text('organization_id').notNull(),
  togaiCustomerId: text('togai_customer_id').notNull(),
  customerId: text('customer_id').notNull(),
  id: text().notNull(),
  name: text().notNull(),
  invoiceCurrency: text('invoice_currency').notNull(),
  netTermDays: integer('net_term_days'),
  address: text({ mode: 'json' }).$type<Address>(),
  primaryEmail: text('primary_email'),
  billingInformation: text('billing_information', { mode: 'json' }).$type<AccountsBillingInformation>(),
  metadata: text({ mode: 'json' }).$type<Record<string, string>>(),
  tags: text({ mode: 'json' }).$type<string[]>(),
  status: text({ enum: ['ACTIVE', 'DRAFT', 'ARCHIVED'] }).notNull(),
  createdAt: integer('created_at').notNull(),
  updatedAt: integer('updated_at').notNull(),
  invoiceCurrencyGiven: integer('invoice_currency_given', { mode: 'boolean' }).notNull(),
  version: integer().notNull(),
  idFolded: text('id_folded').notNull(),
  nameFolded: text('name_folded').notNull(),
  primaryEmailFolded: text('primary_email_folded'),
  beforeArchive: text('before_archive', { mode: 'json' }).$type<BeforeArchive>(),
})

export const accountAliases = sqliteTable('account_aliases', {
  id: text().primaryKey(),
  organizationId: text('organization_id').notNull(),
  togaiAccountId: text('togai_account_id').notNull(),
  value: text().notNull(),
  effectiveFrom: integer('effective_from').notNull(),
  effectiveUntil: integer('effective_until').notNull(),
  createdAt: integer('created_at').notNull(),
  updatedAt: integer('updated_at').notNull(),
  untilBeforeArchive: integer('until_before_archive'),
})

/** The fields that the list of accounts can be sorted by. */
export const sortable = { account_id: accounts.id, updated_at: accounts.updatedAt }

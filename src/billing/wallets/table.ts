import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const WALLET_STATUSES = ['ACTIVE', 'INACTIVE'] as const

/** The wallet of an account, from its first use on. */
export const wallets = sqliteTable('wallets', {
  id: text().primaryKey(),
  organizationId: text('organization_id').notNull(),
  accountId: text('account_id').notNull(),
  status: text({ enum: WALLET_STATUSES }).notNull(),
  /** Set by a person: invoices with an earlier date are not paid from it. */
  effectiveFrom: integer('effective_from'),
  balance: text().notNull(),
  updatedAt: integer('updated_at').notNull(),
  version: integer().notNull(),
})

/** What came into a wallet, or went out if the amount is below 0. Its number is the version of the wallet that it made. */
export const walletEntries = sqliteTable('wallet_entries', {
  id: text().primaryKey(),
  organizationId: text('organization_id').notNull(),
  walletId: text('wallet_id').notNull(),
  version: integer().notNull(),
  amount: text().notNull(),
  closingBalance: text('closing_balance').notNull(),
  description: text(),
  entityId: text('entity_id'),
  createdAt: integer('created_at').notNull(),
})

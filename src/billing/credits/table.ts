import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const CREDIT_STATUSES = ['ACTIVE', 'CONSUMED', 'EXPIRED', 'VOIDED'] as const
export type CreditStatus = (typeof CREDIT_STATUSES)[number]

export const TRANSACTION_TYPES = ['CREDITED', 'DEBITED', 'EXPIRED', 'VOIDED'] as const

export const credits = sqliteTable('credits', {
  id: text().primaryKey(),
  organizationId: text('organization_id').notNull(),
  accountId: text('account_id').notNull(),
  customerId: text('customer_id').notNull(),
  purpose: text().notNull(),
  priority: integer().notNull(),
  status: text({ enum: CREDIT_STATUSES }).notNull(),
  amount: text().notNull(),
  consumed: text().notNull(),
  unit: text().notNull(),
  effectiveFrom: integer('effective_from').notNull(),
  effectiveUntil: integer('effective_until'),
  applicable: text({ mode: 'json' }).$type<readonly string[]>().notNull(),
  grantorId: text('grantor_id'),
  source: text(),
  idempotencyKey: text('idempotency_key'),
  fingerprint: text(),
  createdAt: integer('created_at').notNull(),
  updatedAt: integer('updated_at').notNull(),
  version: integer().notNull(),
})

export type CreditRow = typeof credits.$inferSelect

export const creditTransactions = sqliteTable('credit_transactions', {
  id: text().primaryKey(),
  organizationId: text('organization_id').notNull(),
  creditId: text('credit_id').notNull(),
  transactionType: text('transaction_type', { enum: TRANSACTION_TYPES }).notNull(),
  amount: text().notNull(),
  invoiceId: text('invoice_id'),
  entityId: text('entity_id'),
  position: integer().notNull(),
  createdAt: integer('created_at').notNull(),
})

export type CreditTransactionRow = typeof creditTransactions.$inferSelect

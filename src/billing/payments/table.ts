import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const SOURCE_TYPES = ['GATEWAY', 'CASH', 'CHEQUE', 'BANK_TRANSFER', 'CARD'] as const
export const LINE_TYPES = ['INVOICE', 'CREDIT', 'WALLET_CREDIT'] as const

/** Payments as they were recorded. `ownerId` is the account or the invoice group. */
export const payments = sqliteTable('payments', {
  id: text().primaryKey(),
  organizationId: text('organization_id').notNull(),
  ownerId: text('owner_id').notNull(),
  customerId: text('customer_id'),
  sourceName: text('source_name').notNull(),
  sourceType: text('source_type', { enum: SOURCE_TYPES }).notNull(),
  transactionNumber: text('transaction_number').notNull(),
  sourceDescription: text('source_description'),
  metadata: text({ mode: 'json' }).$type<Record<string, unknown>>(),
  description: text(),
  notes: text(),
  currency: text().notNull(),
  total: text().notNull(),
  fingerprint: text(),
  createdBy: text('created_by').notNull(),
  createdAt: integer('created_at').notNull(),
})

/** What a payment was for, in the order in which it was spread. */
export const paymentLines = sqliteTable(
  'payment_lines',
  {
    paymentId: text('payment_id').notNull(),
    position: integer().notNull(),
    organizationId: text('organization_id').notNull(),
    type: text({ enum: LINE_TYPES }).notNull(),
    targetId: text('target_id').notNull(),
    amount: text().notNull(),
    /** Its `order`, as it was sent. */
    place: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.paymentId, table.position] })],
)

import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { FrozenDetails, KeptRating } from './rating.ts'

export const CLASSES = ['INVOICE', 'ORDER', 'BILLABLE'] as const
export const TYPES = ['STANDARD', 'AD_HOC', 'CUSTOM', 'COMPOSITE', 'STANDARD_ADVANCED', 'ADHOC_ADVANCED'] as const
export const STATUSES = [
  'DRAFT',
  'DUE',
  'PAID',
  'VOID',
  'UN_COLLECTIBLE',
  'REFUND_INITIATED',
  'REFUND_COMPLETED',
  'MERGED',
  'PARTIALLY_PAID',
] as const

export const invoices = sqliteTable('invoices', {
  id: text().primaryKey(),
  organizationId: text('organization_id').notNull(),
  ownerId: text('owner_id').notNull(),
  accountId: text('account_id'),
  customerId: text('customer_id'),
  invoiceClass: text('invoice_class', { enum: CLASSES }).notNull(),
  invoiceType: text('invoice_type', { enum: TYPES }).notNull(),
  status: text({ enum: [...STATUSES, 'GONE'] }).notNull(),
  pricePlanId: text('price_plan_id'),
  scheduleId: text('schedule_id'),
  currency: text().notNull(),
  startAt: integer('start_at').notNull(),
  endAt: integer('end_at').notNull(),
  invoiceAt: integer('invoice_at').notNull(),
  autoAdvance: integer('auto_advance', { mode: 'boolean' }).notNull(),
  netTermDays: integer('net_term_days').notNull(),
  total: text().notNull(),
  paid: text().notNull(),
  sequence: integer(),
  sequenceId: text('sequence_id'),
  rated: text({ mode: 'json' }).$type<KeptRating>().notNull(),
  details: text({ mode: 'json' }).$type<FrozenDetails>(),
  info: text({ mode: 'json' }).$type<readonly { type: string; value: string }[]>().notNull(),
  metadata: text({ mode: 'json' }).$type<Record<string, unknown>>(),
  generatedAt: integer('generated_at'),
  createdAt: integer('created_at').notNull(),
  updatedAt: integer('updated_at').notNull(),
  version: integer().notNull(),
})

export const invoiceCounters = sqliteTable('invoice_counters', {
  organizationId: text('organization_id').primaryKey(),
  last: integer().notNull(),
})

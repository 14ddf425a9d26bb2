import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { PlanDefinition } from '../../catalogue/price_plans/schema.ts'
import type { Cycle } from '../../rating/cycle.ts'
import type { Line } from '../../rating/line.ts'
import type { OpenedCharge } from '../invoices/table.ts'
import {
  type CreateProposalRequest,
  type CreatePurchaseRequest,
  PAYMENT_MODES,
  PROPOSAL_STATUSES,
  PURCHASE_STATUSES,
  PURCHASE_TYPES,
} from './schema.ts'

/** A plan as it was bought: its cards are those that were bought, and `prepaid` names those that grant something when they have been paid. */
export interface BoughtPlan {
  name: string
  definition: PlanDefinition
  activeCurrencies: readonly string[]
  prepaid: readonly string[]
}

/** What an order was made of. */
export interface Bought {
  lines: readonly Line[]
  plan?: BoughtPlan
  /** The cycle that is paid for, of a plan that is put in force, or that is in force already. */
  cycle?: Cycle
  /** What its cards cost in advance, which is kept when the cycle has been charged for them. */
  charges?: readonly OpenedCharge[]
}

export const purchases = sqliteTable('purchases', {
  id: text().primaryKey(),
  organizationId: text('organization_id').notNull(),
  accountId: text('account_id').notNull(),
  customerId: text('customer_id').notNull(),
  type: text({ enum: PURCHASE_TYPES }).notNull(),
  paymentMode: text('payment_mode', { enum: PAYMENT_MODES }),
  status: text({ enum: PURCHASE_STATUSES }),
  proposalStatus: text('proposal_status', { enum: PROPOSAL_STATUSES }),
  pricePlanId: text('price_plan_id'),
  planVersion: integer('plan_version'),
  price: text().notNull(),
  currency: text().notNull(),
  invoiceId: text('invoice_id'),
  scheduleId: text('schedule_id'),
  cycleAt: integer('cycle_at'),
  request: text({ mode: 'json' }).$type<CreatePurchaseRequest | CreateProposalRequest>().notNull(),
  bought: text({ mode: 'json' }).$type<Bought>().notNull(),
  comment: text(),
  ending: text(),
  expiresAt: integer('expires_at'),
  respondedAt: integer('responded_at'),
  appliedAt: integer('applied_at'),
  settledAt: integer('settled_at'),
  idempotencyKey: text('idempotency_key'),
  fingerprint: text(),
  createdAt: integer('created_at').notNull(),
  updatedAt: integer('updated_at').notNull(),
  version: integer().notNull(),
})

export type PurchaseRow = typeof purchases.$inferSelect

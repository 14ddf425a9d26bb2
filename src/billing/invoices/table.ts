import { customType, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { BusinessDetails } from '../../customers/settings/schema.ts'
import type { Address } from '../../lib/address.ts'
import type { CardType } from '../../rating/card.ts'
import type { Credit } from '../../rating/credits.ts'
import type { Cycle, Schedule } from '../../rating/cycle.ts'
import type { LicenseChange } from '../../rating/licenses.ts'
import type { Line } from '../../rating/line.ts'
import type { RuleLog } from '../../rating/rules.ts'
import { packRating, unpackRating } from './kept_rating.ts'

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
export type InvoiceStatus = (typeof STATUSES)[number]

/** A line that a person has written. Numbers are decimal texts. */
export interface WrittenLine {
  id?: string | undefined
  description?: string | undefined
  billableId?: string | undefined
  value?: string | undefined
  quantity?: string | undefined
  valuePerQuantity?: string | undefined
}

/** A charge that a person has put on an invoice: a rate and a quantity, or a number or JSON Logic as text. */
export interface WrittenCharge {
  name: string
  rate?: string | undefined
  quantity?: string | undefined
  value?: string | undefined
  considerForRevenue: boolean
}

/** What a rule did, and what it is named that it did that to. The texts of the rule are in the version of the plan that the invoice was reckoned with. */
export interface KeptRuleLog extends Pick<RuleLog, 'type' | 'changes' | 'variables'> {
  ruleId: string
  keyName?: string
}

/** What an invoice comes to: the tree of its lines, the usage in it, what rules did, the lines and charges that people have written, and the credits that it takes, as they were before that. */
export interface KeptRating {
  root: Line
  usage: readonly Line[]
  written?: readonly WrittenLine[]
  charges?: readonly WrittenCharge[]
  logs?: readonly KeptRuleLog[]
  credits?: readonly Credit[]
}

/**
 * The licences of an add-on that an invoice was reckoned with: their numbers, and how many entries had been made of them, which older invoices
 * do not say; or from when until when which names had one, each name as a number.
 */
export type LicenseBasis =
  | { changes: readonly LicenseChange[]; entries?: number }
  | { spans: readonly (readonly [name: number, from: number, until: number | null])[] }

/** What an invoice was reckoned with. Numbers are decimal texts, instants milliseconds and days since 1970-01-01. */
export interface Basis {
  plan: { id: string; version: number; overrideId: string | null }
  cycle: Cycle
  schedule: Schedule
  /** The units of usage meters, by their ids. */
  usage: Readonly<Record<string, string>>
  /** By the ids of add-ons. */
  licenses: Readonly<Record<string, LicenseBasis>>
  /** The units of features beyond their credits, by their ids, from an instant until the end of the cycle. */
  overage?: Readonly<Record<string, { units: string; from: number }>>
  /** Until when what it was reckoned with was known. */
  at: number
}

/** Whom an invoice is about. */
export interface InvoiceDetails {
  customer?: { name: string; primaryEmail: string; billingAddress?: string; address: Address }
  account?: { name: string; invoiceCurrency: string; address: Address; primaryEmail: string }
  pricePlanName?: string
  invoiceGroup?: { id: string; name: string; email: string; dailyInvoiceConsolidation: boolean; invoiceCurrency: string; address: Address }
  organization?: BusinessDetails
}

const keptRating = customType<{ data: KeptRating; driverData: string }>({
  dataType: () => 'text',
  toDriver: packRating,
  fromDriver: unpackRating,
})

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
  rated: keptRating().notNull(),
  details: text({ mode: 'json' }).$type<InvoiceDetails>(),
  info: text({ mode: 'json' }).$type<readonly { type: string; value: string }[]>().notNull(),
  metadata: text({ mode: 'json' }).$type<Record<string, unknown>>(),
  appliesCredits: integer('applies_credits', { mode: 'boolean' }).notNull(),
  appliesWallet: integer('applies_wallet', { mode: 'boolean' }).notNull(),
  idempotencyKey: text('idempotency_key'),
  fingerprint: text(),
  generatedAt: integer('generated_at'),
  createdAt: integer('created_at').notNull(),
  updatedAt: integer('updated_at').notNull(),
  version: integer().notNull(),
  basis: text({ mode: 'json' }).$type<Basis>(),
  /** The invoice group that pays for it, and the COMPOSITE invoice that it was merged into. */
  invoiceGroupId: text('invoice_group_id'),
  mergedInto: text('merged_into'),
})

/** Charges that wait for the next invoice of an account. */
export const accountCharges = sqliteTable(
  'account_charges',
  {
    organizationId: text('organization_id').notNull(),
    accountId: text('account_id').notNull(),
    items: text({ mode: 'json' }).$type<readonly WrittenCharge[]>().notNull(),
    updatedAt: integer('updated_at').notNull(),
    version: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.organizationId, table.accountId] })],
)

/** How many invoices of an organization have a number. */
export const invoiceCounters = sqliteTable('invoice_counters', {
  organizationId: text('organization_id').primaryKey(),
  last: integer().notNull(),
})

/** How often something changed that the bills of an account rest on. */
export const accountBilling = sqliteTable(
  'account_billing',
  { organizationId: text('organization_id').notNull(), accountId: text('account_id').notNull(), version: integer().notNull() },
  (table) => [primaryKey({ columns: [table.organizationId, table.accountId] })],
)

/** The card that something was charged for in advance. */
export interface ChargedCard {
  type: CardType
  name: string
  displayName: string
  /** How a part of it is given back. */
  refundMode: RefundMode
}

const REFUND_MODES = ['NONE', 'CREDITS', 'PAYMENT', 'WALLET'] as const
export type RefundMode = (typeof REFUND_MODES)[number]

/** What was charged in advance for a card in a cycle, and each change of it after that. */
export const advanceCharges = sqliteTable(
  'advance_charges',
  {
    organizationId: text('organization_id').notNull(),
    accountId: text('account_id').notNull(),
    cycleAt: integer('cycle_at').notNull(),
    billableId: text('billable_id').notNull(),
    position: integer().notNull(),
    card: text({ mode: 'json' }).$type<ChargedCard>().notNull(),
    total: text().notNull(),
    quantity: text(),
    amount: text().notNull(),
    refundMode: text('refund_mode', { enum: REFUND_MODES }),
    isRefundable: integer('is_refundable', { mode: 'boolean' }).notNull(),
    paidUntil: integer('paid_until').notNull(),
    invoiceId: text('invoice_id'),
    createdAt: integer('created_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.organizationId, table.accountId, table.cycleAt, table.billableId, table.position] })],
)

/** What a cycle is charged for a card when it begins: `amount` is what its line comes to, in which each slab is cut by itself. */
export type OpenedCharge = Pick<
  typeof advanceCharges.$inferSelect,
  'billableId' | 'card' | 'total' | 'quantity' | 'amount' | 'isRefundable' | 'paidUntil'
>

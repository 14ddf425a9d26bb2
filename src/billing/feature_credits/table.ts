import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

const ENTRY_SOURCES = ['ENTITLEMENT', 'PRICE_PLAN', 'OVERAGE', 'REFUND'] as const

/** What a person wants of an entry: another end (milliseconds), another number of units, or that it is void; and who and when. */
export interface AskedChange {
  granted?: string
  effectiveUntil?: number
  isVoided?: boolean
  actor: string
  role: string
  at: number
}

/** The credits of a feature that an account has for a time, as they were granted. */
export const featureEntries = sqliteTable(
  'feature_entries',
  {
    organizationId: text('organization_id').notNull(),
    accountId: text('account_id').notNull(),
    featureId: text('feature_id').notNull(),
    id: text().notNull(),
    source: text({ enum: ENTRY_SOURCES }).notNull(),
    status: text({ enum: ['ACTIVE', 'VOIDED'] }).notNull(),
    effectiveFrom: integer('effective_from').notNull(),
    effectiveUntil: integer('effective_until').notNull(),
    granted: text(),
    cycleAt: integer('cycle_at'),
    purchaseId: text('purchase_id'),
    asked: text({ mode: 'json' }).$type<AskedChange>(),
    carried: integer().notNull(),
    createdAt: integer('created_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
    version: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.organizationId, table.accountId, table.featureId, table.id] })],
)

export type FeatureEntryRow = typeof featureEntries.$inferSelect

import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { KeptRule } from '../pricing_rules/schema.ts'
import type { KeptCard } from '../rate_cards/schema.ts'
import { PLAN_TYPES, type PricingCycleConfig } from './definition.ts'

/** What a plan goes through. A plan whose only draft was discarded is shown no more. */
export const STATUSES = ['DRAFT', 'ACTIVE', 'ARCHIVED', 'DISCARDED'] as const

/** What a version of a plan is. */
const definition = () => ({
  planVersion: integer('plan_version').notNull(),
  referenceId: text('reference_id').notNull(),
  description: text(),
  pricingCycleConfig: text('pricing_cycle_config', { mode: 'json' }).$type<PricingCycleConfig>(),
  /** The currencies in which accounts can be given the version. */
  activeCurrencies: text('active_currencies', { mode: 'json' }).$type<readonly string[]>().notNull(),
  supportedCurrencies: text('supported_currencies', { mode: 'json' }).$type<readonly string[]>().notNull(),
  deferredRevenue: integer('deferred_revenue', { mode: 'boolean' }).notNull(),
  allowOngoingCycleUpdates: integer('allow_ongoing_cycle_updates', { mode: 'boolean' }).notNull(),
  cards: text({ mode: 'json' }).$type<readonly KeptCard[]>().notNull(),
  rules: text({ mode: 'json' }).$type<readonly KeptRule[]>().notNull(),
  createdAt: integer('created_at').notNull(),
  updatedAt: integer('updated_at').notNull(),
})

export const pricePlans = sqliteTable('price_plans', {
  id: text().primaryKey(),
  organizationId: text('organization_id').notNull(),
  name: text().notNull(),
  type: text({ enum: PLAN_TYPES }).notNull(),
  status: text({ enum: STATUSES }).notNull(),
  /** Of the version that the row holds. */
  versionStatus: text('version_status', { enum: ['DRAFT', 'ACTIVE'] }).notNull(),
  activeVersion: integer('active_version'),
  ...definition(),
  version: integer().notNull(),
  idFolded: text('id_folded').notNull(),
  nameFolded: text('name_folded').notNull(),
  descriptionFolded: text('description_folded'),
})

export const pricePlanVersions = sqliteTable(
  'price_plan_versions',
  {
    pricePlanId: text('price_plan_id').notNull(),
    organizationId: text('organization_id').notNull(),
    ...definition(),
  },
  (table) => [primaryKey({ columns: [table.pricePlanId, table.planVersion] })],
)

/** The fields that the list of plans can be sorted by. */
export const sortable = { id: pricePlans.id, updated_at: pricePlans.updatedAt }

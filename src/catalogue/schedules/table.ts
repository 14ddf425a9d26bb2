import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { KeptRule } from '../pricing_rules/schema.ts'
import type { KeptCard, RateCardType } from '../rate_cards/schema.ts'
import type { PlanCycle } from './timeline.ts'

export const timelines = sqliteTable(
  'timelines',
  {
    organizationId: text('organization_id').notNull(),
    accountId: text('account_id').notNull(),
    version: integer().notNull(),
    activeVersion: integer('active_version').notNull(),
    draftBase: integer('draft_base'),
  },
  (table) => [primaryKey({ columns: [table.organizationId, table.accountId] })],
)

/** What an account has instead of parts of its plan: all cards, and in which lists they differ; all rules; the currencies. */
export interface ScheduleOverride {
  cards?: readonly KeptCard[]
  families?: readonly RateCardType[]
  rules?: readonly KeptRule[]
  supportedCurrencies?: readonly string[]
}

export const scheduleOverrides = sqliteTable(
  'schedule_overrides',
  {
    organizationId: text('organization_id').notNull(),
    id: text().notNull(),
    content: text({ mode: 'json' }).$type<ScheduleOverride>().notNull(),
    createdAt: integer('created_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.organizationId, table.id] })],
)

export const schedules = sqliteTable('schedules', {
  sequence: integer().primaryKey({ autoIncrement: true }),
  id: text().notNull(),
  organizationId: text('organization_id').notNull(),
  accountId: text('account_id').notNull(),
  state: text({ enum: ['ACTIVE', 'DRAFT', 'GONE'] }).notNull(),
  pricePlanId: text('price_plan_id').notNull(),
  planVersion: integer('plan_version').notNull(),
  startAt: integer('start_at').notNull(),
  endAt: integer('end_at').notNull(),
  cycle: text({ mode: 'json' }).$type<PlanCycle>().notNull(),
  isCycleOverridden: integer('is_cycle_overridden', { mode: 'boolean' }).notNull(),
  overrideId: text('override_id'),
  createdAt: integer('created_at').notNull(),
  updatedAt: integer('updated_at').notNull(),
})

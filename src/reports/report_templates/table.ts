import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { QueryInput } from '../reports/schema.ts'

/** At the end of which periods a template makes a report. */
export const SCHEDULES = ['HOURLY', 'DAILY', 'MONTHLY'] as const

export const TEMPLATE_STATUSES = ['ACTIVE', 'INACTIVE'] as const

export const reportTemplates = sqliteTable('report_templates', {
  id: text().primaryKey(),
  organizationId: text('organization_id').notNull(),
  accountId: text('account_id'),
  customerId: text('customer_id'),
  name: text().notNull(),
  query: text({ mode: 'json' }).$type<QueryInput>().notNull(),
  schedule: text({ enum: SCHEDULES }).notNull(),
  status: text({ enum: TEMPLATE_STATUSES }).notNull(),
  createdAt: integer('created_at').notNull(),
  updatedAt: integer('updated_at').notNull(),
  version: integer().notNull(),
})

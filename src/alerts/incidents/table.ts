import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const INCIDENT_STATUSES = ['OPEN', 'CLOSED'] as const
export type IncidentStatus = (typeof INCIDENT_STATUSES)[number]

/** What a check saw: numbers as decimal texts, and instants in milliseconds. */
export interface Report {
  /** What the alert watches: the id of the account, unless it is all of them, and of the usage meter or the feature. */
  account?: string
  usageMeter?: string
  feature?: string
  observed: string
  threshold: string
  /** The currency of both, if they are money. */
  currency?: string
  from?: number
  until?: number
  /** The first of the invoices. */
  invoiceIds?: readonly string[]
  /** The currencies whose rates are not known, so that what is in them is not counted. */
  leftOut?: readonly string[]
}

export const incidents = sqliteTable('incidents', {
  id: text().primaryKey(),
  organizationId: text('organization_id').notNull(),
  alertId: text('alert_id').notNull(),
  alertVersion: integer('alert_version').notNull(),
  templateId: text('template_id').notNull(),
  status: text({ enum: INCIDENT_STATUSES }).notNull(),
  validUntil: integer('valid_until'),
  silentUntil: integer('silent_until'),
  report: text({ mode: 'json' }).$type<Report>().notNull(),
  lastCheckedAt: integer('last_checked_at').notNull(),
  createdAt: integer('created_at').notNull(),
  updatedAt: integer('updated_at').notNull(),
  version: integer().notNull(),
})

export type IncidentRow = typeof incidents.$inferSelect

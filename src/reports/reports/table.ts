import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { QueryInput } from './schema.ts'

export const REPORT_STATUSES = ['QUEUED', 'RUNNING', 'FAILED', 'UPLOAD_PENDING', 'COMPLETED'] as const
export const REPORT_TYPES = ['TEMPLATE', 'QUERY', 'CUSTOM'] as const

/** How far a report has been read. */
export interface Progress {
  /** From where the reading goes on. Null when everything was read. */
  cursor: unknown
  /** The keys of the objects in the bucket that hold what was read. */
  parts: readonly string[]
  /** The number of rows, or of groups, in them, and their bytes. */
  count: number
  bytes: number
  /** How often in a row the making failed for a reason that nobody expects. */
  failures: number
}

export const reports = sqliteTable('reports', {
  id: text().primaryKey(),
  organizationId: text('organization_id').notNull(),
  accountId: text('account_id'),
  customerId: text('customer_id'),
  name: text().notNull(),
  type: text({ enum: REPORT_TYPES }).notNull(),
  status: text({ enum: REPORT_STATUSES }).notNull(),
  query: text({ mode: 'json' }).$type<QueryInput>().notNull(),
  reportTemplateId: text('report_template_id'),
  periodFrom: integer('period_from'),
  periodUntil: integer('period_until'),
  begunAt: integer('begun_at'),
  progress: text({ mode: 'json' }).$type<Progress>(),
  failureReason: text('failure_reason'),
  fileId: text('file_id'),
  createdAt: integer('created_at').notNull(),
  updatedAt: integer('updated_at').notNull(),
  version: integer().notNull(),
})

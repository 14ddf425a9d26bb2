import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const JOB_TYPES = ['PRICE_PLAN', 'EVENT_CORRECTIONS', 'BILL_RUN'] as const

export const JOB_STATUSES = [
  'SCHEDULED',
  'PENDING',
  'INITIALIZED',
  'WAITING_FOR_CONFIRMATION',
  'IN_PROGRESS',
  'COMPLETED',
  'FAILED',
  'CANCELLED',
] as const

export const ENTRY_STATUSES = ['PENDING', 'IN_PROGRESS', 'COMPLETED', 'FAILED', 'CANCELLED'] as const

export const jobs = sqliteTable('jobs', {
  id: text().primaryKey(),
  organizationId: text('organization_id').notNull(),
  type: text({ enum: JOB_TYPES }).notNull(),
  status: text({ enum: JOB_STATUSES }).notNull(),
  request: text({ mode: 'json' }).$type<object>().notNull(),
  metadata: text({ mode: 'json' }).$type<Record<string, string>>(),
  createdAt: integer('created_at').notNull(),
  updatedAt: integer('updated_at').notNull(),
  settledAt: integer('settled_at'),
  version: integer().notNull(),
})

export const jobEntries = sqliteTable(
  'job_entries',
  {
    jobId: text('job_id').notNull(),
    position: integer().notNull(),
    organizationId: text('organization_id').notNull(),
    entityId: text('entity_id').notNull(),
    status: text({ enum: ENTRY_STATUSES }).notNull(),
    metadata: text({ mode: 'json' }).$type<Record<string, string>>(),
    createdAt: integer('created_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.jobId, table.position] })],
)

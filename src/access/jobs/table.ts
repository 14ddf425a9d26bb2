import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const jobs = sqliteTable('jobs', {
  id: text().primaryKey(),
  organizationId: text('organization_id').notNull(),
  type: text({ enum: ['PRICE_PLAN', 'EVENT_CORRECTIONS', 'BILL_RUN'] }).notNull(),
  status: text({
    enum: ['SCHEDULED', 'PENDING', 'INITIALIZED', 'WAITING_FOR_CONFIRMATION', 'IN_PROGRESS', 'COMPLETED', 'FAILED', 'CANCELLED'],
  }).notNull(),
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
    status: text({ enum: ['PENDING', 'IN_PROGRESS', 'COMPLETED', 'FAILED', 'CANCELLED'] }).notNull(),
    metadata: text({ mode: 'json' }).$type<Record<string, string>>(),
    createdAt: integer('created_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.jobId, table.position] })],
)

import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const ERASURE_STATUSES = ['IN_PROGRESS', 'COMPLETED'] as const

/** The places at which a customer is erased after the answer, in this order. */
export const PLACES = ['ACCOUNTS', 'ANSWERS', 'WEBHOOKS', 'AUDIT_LOG', 'JOBS', 'SETTINGS', 'EVENTS', 'FILES'] as const
export type Place = (typeof PLACES)[number]

export const erasures = sqliteTable(
  'erasures',
  {
    organizationId: text('organization_id').notNull(),
    customerId: text('customer_id').notNull(),
    number: integer().notNull(),
    status: text({ enum: ERASURE_STATUSES }).notNull(),
    place: text({ enum: PLACES }).notNull(),
    cursor: text({ mode: 'json' }).$type<unknown>(),
    found: text({ mode: 'json' }).$type<Record<string, number>>().notNull(),
    erased: text({ mode: 'json' }).$type<Record<string, number>>().notNull(),
    erasedBy: text('erased_by').notNull(),
    startedAt: integer('started_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
    endedAt: integer('ended_at'),
    version: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.organizationId, table.customerId] })],
)

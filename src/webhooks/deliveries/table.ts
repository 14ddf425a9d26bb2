import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const DELIVERY_STATUSES = ['PENDING', 'DELIVERED', 'FAILED', 'CANCELLED'] as const

export const webhookDeliveries = sqliteTable('webhook_deliveries', {
  id: text().primaryKey(),
  organizationId: text('organization_id').notNull(),
  endpointId: text('endpoint_id').notNull(),
  eventId: text('event_id').notNull(),
  /** Counts the deliveries of the endpoint, in the order of what happened. */
  number: integer().notNull(),
  eventType: text('event_type').notNull(),
  resourceType: text('resource_type').notNull(),
  resourceId: text('resource_id').notNull(),
  status: text({ enum: DELIVERY_STATUSES }).notNull(),
  /** Whether somebody asked for it again: then it waits for nothing, and nothing waits for it. */
  isResent: integer('is_resent', { mode: 'boolean' }).notNull(),
  attempts: integer().notNull(),
  /** When it is tried next, in milliseconds. */
  nextAt: integer('next_at').notNull(),
  /** Until when the run that tries it has it for itself, in milliseconds. */
  claimedUntil: integer('claimed_until').notNull(),
  firstAttemptAt: integer('first_attempt_at'),
  lastAttemptAt: integer('last_attempt_at'),
  lastStatus: integer('last_status'),
  lastError: text('last_error'),
  createdAt: integer('created_at').notNull(),
  endedAt: integer('ended_at'),
})

import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { WebhookEventType } from '../messages/schema.ts'

export const ENDPOINT_STATUSES = ['ENABLED', 'DISABLED', 'DELETED'] as const

export const webhookEndpoints = sqliteTable('webhook_endpoints', {
  id: text().primaryKey(),
  organizationId: text('organization_id').notNull(),
  url: text().notNull(),
  description: text(),
  /** Null if all events are sent. */
  eventTypes: text('event_types', { mode: 'json' }).$type<readonly WebhookEventType[]>(),
  status: text({ enum: ENDPOINT_STATUSES }).notNull(),
  /** Why it was disabled by itself. */
  statusReason: text('status_reason'),
  /** The scheme, host and port under which the Worker was called when it was made, for links. */
  origin: text().notNull(),
  /** Encrypted. */
  secret: text().notNull(),
  /** The encrypted secret before the last rotation, which also signs until `previousUntil`. */
  previousSecret: text('previous_secret'),
  previousUntil: integer('previous_until'),
  /** A mark of the signing secret with which both are encrypted. */
  keyMark: text('key_mark').notNull(),
  /** The last change of the outbox of which it is told nothing. */
  afterSequence: integer('after_sequence').notNull(),
  /** The first failure since something was delivered last, in milliseconds. */
  failingSince: integer('failing_since'),
  createdAt: integer('created_at').notNull(),
  updatedAt: integer('updated_at').notNull(),
  version: integer().notNull(),
})

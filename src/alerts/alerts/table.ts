import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const ALERT_STATUSES = ['ACTIVE', 'INACTIVE'] as const
export type AlertStatus = (typeof ALERT_STATUSES)[number]

/** Up to where the last check looked, where that is not a time: the last event of each ledger, and the number of the last invoice. */
export interface Seen {
  events?: Readonly<Record<string, number>>
  invoices?: number
}

/** What a check of many accounts has added up so far. Instants are milliseconds, and numbers decimal texts. */
export interface CheckProgress {
  /** The version of the alert that is checked, and the instant as of which it is. */
  version: number
  at: number
  /** Up to which account it has come, how often it went on, and what it has found. */
  after: string
  step: number
  sum: SumOfAccounts
}

/** What accounts come to together. */
export interface SumOfAccounts {
  value: string
  /** How many of the accounts could be observed. */
  observed: number
  from: number | null
  until: number | null
  changesAt: number | null
  /** The currencies whose rates are not known, so that what is in them is not counted. */
  leftOut: readonly string[]
}

export const alerts = sqliteTable('alerts', {
  id: text().primaryKey(),
  organizationId: text('organization_id').notNull(),
  templateId: text('template_id').notNull(),
  status: text({ enum: ALERT_STATUSES }).notNull(),
  interval: integer().notNull(),
  validity: integer(),
  description: text(),
  entityId: text('entity_id'),
  accountId: text('account_id'),
  threshold: text(),
  anchoredAt: integer('anchored_at').notNull(),
  checkedAt: integer('checked_at'),
  seen: text({ mode: 'json' }).$type<Seen>(),
  progress: text({ mode: 'json' }).$type<CheckProgress>(),
  createdAt: integer('created_at').notNull(),
  updatedAt: integer('updated_at').notNull(),
  version: integer().notNull(),
})

export type AlertRow = typeof alerts.$inferSelect

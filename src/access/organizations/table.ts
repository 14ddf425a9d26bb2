import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const organizations = sqliteTable('organizations', {
  id: text().primaryKey(),
  name: text().notNull(),
  baseCurrency: text('base_currency').notNull(),
  createdAt: integer('created_at').notNull(),
  version: integer().notNull(),
  /** The instant of its test clock. Null if it lives in real time. */
  clockAt: integer('clock_at'),
})

/** The generations of an organization's ledgers, of each kind. */
export const ledgerGenerations = sqliteTable(
  'ledger_generations',
  {
    organizationId: text('organization_id').notNull(),
    kind: text({ enum: ['EVENT', 'ACCOUNT'] }).notNull(),
    generation: integer().notNull(),
    ledgers: integer().notNull(),
    startedAt: integer('started_at').notNull(),
    endedAt: integer('ended_at'),
    firstHour: integer('first_hour'),
    lastHour: integer('last_hour'),
  },
  (table) => [primaryKey({ columns: [table.organizationId, table.kind, table.generation] })],
)

import { primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** The licences whose names are added and removed by events. */
export const namedLicenses = sqliteTable(
  'named_licenses',
  { organizationId: text('organization_id').notNull(), id: text().notNull() },
  (table) => [primaryKey({ columns: [table.organizationId, table.id] })],
)

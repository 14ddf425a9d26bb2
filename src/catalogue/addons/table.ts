import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** What an add-on goes through. */
export const STATUSES = ['ACTIVE', 'ARCHIVED'] as const

export const addOns = sqliteTable('add_ons', {
  id: text().primaryKey(),
  organizationId: text('organization_id').notNull(),
  name: text().notNull(),
  type: text({ enum: ['LICENSE', 'FIXED_FEE', 'CREDIT_GRANT', 'NAMED_LICENSE'] }).notNull(),
  billableName: text('billable_name'),
  status: text({ enum: STATUSES }).notNull(),
  createdAt: integer('created_at').notNull(),
  version: integer().notNull(),
  idFolded: text('id_folded').notNull(),
  nameFolded: text('name_folded').notNull(),
  billableNameFolded: text('billable_name_folded'),
})

/** The fields that the list of add-ons can be sorted by. */
export const sortable = { created_at: addOns.createdAt, name: addOns.name, id: addOns.id }

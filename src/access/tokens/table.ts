import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const tokens = sqliteTable('tokens', {
  id: text().primaryKey(),
  organizationId: text('organization_id').notNull(),
  name: text().notNull(),
  hash: text().notNull(),
  createdAt: integer('created_at').notNull(),
  expiresAt: integer('expires_at'),
  revokedAt: integer('revoked_at'),
  role: text({ enum: ['ADMINISTRATOR', 'DEVELOPER', 'ANALYST'] }).notNull(),
  version: integer().notNull(),
  lastUsedOn: text('last_used_on'),
  previousExpiresAt: integer('previous_expires_at'),
})

/** Previous secrets of tokens that are still valid. */
export const tokenSecrets = sqliteTable('token_secrets', {
  hash: text().primaryKey(),
  organizationId: text('organization_id').notNull(),
  tokenId: text('token_id').notNull(),
  expiresAt: integer('expires_at').notNull(),
})

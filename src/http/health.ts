import { sql } from 'drizzle-orm'
import type { Handler } from 'hono'
import type { AppEnv } from './env.ts'
import { MIGRATION } from './migration.ts'
import { about } from './root.ts'

const UNREACHABLE = 'The database cannot be reached.'
const BEHIND = `The database does not have the migration ${MIGRATION} yet.`

/** Answers whether D1 is reachable and has the tables that the code needs. */
export const health: Handler<AppEnv> = async (c) => {
  c.set('operationId', 'health')
  const applied = sql`select count(*) as n from d1_migrations where name = ${MIGRATION}`
  const found = await c
    .get('database')
    .primary()
    .db.all<{ n: number }>(applied)
    .catch((error: unknown) => (/no such table/.test(String((error as Error).cause)) ? [] : undefined))
  const message = found === undefined ? UNREACHABLE : found[0]?.n ? undefined : BEHIND
  if (message) return c.json({ message }, 503, { 'Retry-After': '5' })
  const { REVISION = 'development', RELEASE } = c.env
  return c.json({ status: 'OK', ...about, revision: REVISION, release: RELEASE?.id ?? 'development', migration: MIGRATION })
}

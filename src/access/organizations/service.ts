import { eq, sql } from 'drizzle-orm'
import type { Draft, Reply } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { builder } from '../../db/statements.ts'
import { iso } from '../../lib/time.ts'
import type { Organization } from './schema.ts'
import { organizations } from './table.ts'

/** Reads the organization of the caller. */
export const getOrganization = async ({
  session,
  organizationId,
  now,
  clockAt,
  hasTestClocks = false,
}: Ctx): Promise<Reply<Organization>> => {
  const { id, name, baseCurrency, createdAt } = organizations
  const [found] = await session.db.select({ id, name, baseCurrency, createdAt }).from(organizations).where(eq(id, organizationId))
  if (!found) throw new Error('The organization of the caller does not exist')
  const testClock = clockAt !== null ? 'SET' : hasTestClocks ? 'POSSIBLE' : 'NONE'
  return { answer: { ...found, createdAt: iso(found.createdAt), now: iso(now), testClock } }
}

/** Drafts what must accompany a change of data that Workers remember for ingestion: a higher version of the organization, of which the ledgers are told before the answer. */
export const draftOrganizationChange = (ctx: Ctx): Omit<Draft<object>, 'answer'> => ({
  statements: [
    builder
      .update(organizations)
      .set({ version: sql`${organizations.version} + 1` })
      .where(eq(organizations.id, ctx.organizationId)),
  ],
  changes: [],
  due: [{ kind: 'ORGANIZATION_CHANGED', subject: '', dueAt: ctx.now }],
})

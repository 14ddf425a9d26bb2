import { eq, sql } from 'drizzle-orm'
import type { Draft } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { builder } from '../../db/statements.ts'
import { organizations } from './table.ts'

/** What is combined with a change of anything that Workers remember of an organization to process events: its version is raised, and the ledgers are told before the answer. */
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

import { eq, sql } from 'drizzle-orm'
import type { Draft } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { builder } from '../../db/statements.ts'
import { organizations } from './table.ts'

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

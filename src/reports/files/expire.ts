import { and, eq } from 'drizzle-orm'
import { commit } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { type Due, settleDue } from '../../db/due.ts'
import { builder } from '../../db/statements.ts'
import { clearFolder } from './bucket.ts'
import { readFileRow } from './queries.ts'
import { files } from './table.ts'

/** Deletes a file that has been kept long enough, and what else is in its folder in the bucket. That there was one is still known. */
export const deleteFile = async (ctx: Ctx, row: Due): Promise<void> => {
  const { organizationId, now } = ctx
  const file = await readFileRow(ctx, row.subject, organizationId)
  if (file && ctx.files) await clearFolder(ctx.files, file.key.slice(0, file.key.lastIndexOf('/') + 1))
  await commit(ctx, {
    statements: [
      builder
        .update(files)
        .set({ deletedAt: now })
        .where(and(eq(files.organizationId, organizationId), eq(files.id, row.subject))),
      ...settleDue(ctx, row),
    ],
    changes: [{ type: 'FILE', id: row.subject, fields: { deletedAt: [null, new Date(now).toISOString()] } }],
    answer: {},
  })
}

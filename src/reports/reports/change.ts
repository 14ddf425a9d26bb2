import { and, eq } from 'drizzle-orm'
import { type Draft, commit } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { type Due, settleDue } from '../../db/due.ts'
import { builder } from '../../db/statements.ts'
import { brief } from '../../lib/errors.ts'
import { clearFolder } from '../files/bucket.ts'
import { folderOf } from './parts.ts'
import type { ReportRow } from './queries.ts'
import { reports } from './table.ts'

/** A change of a report. */
export type ReportChange = Partial<Pick<ReportRow, 'status' | 'begunAt' | 'progress' | 'failureReason' | 'fileId'>>

/** Drafts a change of a report, unless another run has changed it since. A change of its status is recorded. */
export const draftChange = (
  { organizationId, now }: Ctx,
  report: ReportRow,
  change: ReportChange,
): Pick<Draft<object>, 'statements' | 'changes'> => {
  const { status = report.status, fileId, failureReason } = change
  const isNew = status !== report.status
  const fields = {
    status: [report.status, status] as const,
    ...(fileId && { fileId: [null, fileId] as const }),
    ...(failureReason && { failureReason: [null, failureReason] as const }),
  }
  return {
    statements: [
      builder
        .update(reports)
        .set({ ...change, ...(isNew && { updatedAt: now }), version: report.version + 1 })
        .where(and(eq(reports.organizationId, organizationId), eq(reports.id, report.id))),
    ],
    changes: isNew ? [{ type: 'REPORT', id: report.id, fields }] : [],
  }
}

/** Stores a change of a report. The due row stays, or moves to `next` (milliseconds), since the report has not ended. */
export const storeChange = async (ctx: Ctx, row: Due, report: ReportRow, change: ReportChange, next = row.dueAt): Promise<ReportRow> => {
  const { statements, changes } = draftChange(ctx, report, change)
  await commit(ctx, { statements: [...statements, ...settleDue(ctx, row, next)], changes, answer: {} })
  return { ...report, ...change, version: report.version + 1 }
}

/** Ends a report that cannot be made, and says why. */
export const failReport = async (ctx: Ctx, row: Due, report: ReportRow, reason: string): Promise<void> => {
  const { statements, changes } = draftChange(ctx, report, { status: 'FAILED', failureReason: brief(reason), progress: null })
  await commit(ctx, { statements: [...statements, ...settleDue(ctx, row)], changes, answer: {} })
  if (ctx.files) await clearFolder(ctx.files, folderOf(ctx.organizationId, report.id))
}

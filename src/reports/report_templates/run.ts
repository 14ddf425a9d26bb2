import { commit } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { type Due, type StepResult, settleDue } from '../../db/due.ts'
import { draftReport } from '../reports/service.ts'
import { endOfPeriod, firstEnd, periodUntil, queryOfPeriod } from './period.ts'
import { findTemplate } from './queries.ts'

/** The kind of due work that makes a report of a template. Its subject is the id of the template, and its instant the end of a period. */
export const REPORT_TEMPLATE = 'REPORT_TEMPLATE'

/** Makes the report of a template for the period that has ended. The next one is due when the next period ends. */
export const runTemplate = async (ctx: Ctx, row: Due): Promise<StepResult> => {
  const template = await findTemplate(ctx, row.subject)
  if (template?.status !== 'ACTIVE') {
    await commit(ctx, { statements: settleDue(ctx, row), changes: [], answer: {} })
    return {}
  }
  const { id, name, query, schedule, accountId, customerId } = template
  const period = periodUntil(schedule, firstEnd(schedule, row.dueAt, ctx.now))
  const {
    row: _report,
    statements,
    ...report
  } = draftReport(
    { ...ctx, now: period.until },
    { name, query: queryOfPeriod(query, period), accountId, customerId, template: { id, ...period } },
  )
  const settled = settleDue(ctx, row, endOfPeriod(schedule, period.until))
  await commit(ctx, { ...report, statements: [...settled, ...statements], answer: {} })
  return { madeDue: report.due }
}

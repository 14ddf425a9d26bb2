import { and, eq } from 'drizzle-orm'
import { changeVersioned } from '../../db/change.ts'
import { type Reply, commit } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { dropDue } from '../../db/due.ts'
import { builder } from '../../db/statements.ts'
import { differences } from '../../lib/changes.ts'
import { newId } from '../../lib/ids.ts'
import { requireBucket } from '../files/bucket.ts'
import { readQuery } from '../reports/query.ts'
import { readOwner } from '../reports/service.ts'
import { SOME_PERIOD, endOfPeriod, queryOfPeriod } from './period.ts'
import { type TemplateRow, insertTemplates, listTemplateRows, readTemplate, showTemplate, tagOfTemplate } from './queries.ts'
import { REPORT_TEMPLATE } from './run.ts'
import type {
  CreateReportTemplateRequest,
  ListReportTemplatesQuery,
  ReportTemplate,
  ReportTemplatesPaginatedResponse,
  UpdateReportTemplateRequest,
} from './schema.ts'
import { reportTemplates } from './table.ts'

/** The due work of a template that is active: it makes a report when the present period ends. */
const dueOf = ({ now }: Ctx, { id, schedule, status }: TemplateRow) =>
  status === 'ACTIVE' ? [{ kind: REPORT_TEMPLATE, subject: id, dueAt: endOfPeriod(schedule, now) }] : []

/** Creates a template, which makes reports from the end of the present period on. */
export const createReportTemplate = async (ctx: Ctx, input: CreateReportTemplateRequest): Promise<Reply<ReportTemplate>> => {
  const { organizationId, now } = ctx
  const { name, queryInput: query, account_id, schedule } = input
  readQuery(queryOfPeriod(query, SOME_PERIOD))
  const owner = await readOwner(ctx, account_id)
  requireBucket(ctx.files)
  const row: TemplateRow = {
    id: newId('REPORT_TEMPLATE', now),
    organizationId,
    ...owner,
    name,
    query,
    schedule,
    status: 'ACTIVE',
    createdAt: now,
    updatedAt: now,
    version: 1,
  }
  const answer = showTemplate(row)
  return commit(ctx, {
    statements: [insertTemplates([row])],
    changes: [{ type: 'REPORT_TEMPLATE', id: row.id, fields: differences(undefined, answer) }],
    answer,
    tag: tagOfTemplate(row),
    due: dueOf(ctx, row),
  })
}

export const getReportTemplate = async (ctx: Ctx, id: string): Promise<Reply<ReportTemplate>> => {
  const row = await readTemplate(ctx, id)
  return { answer: showTemplate(row), tag: tagOfTemplate(row) }
}

/** Lists templates, the newest first, page by page. */
export const listReportTemplates = async (ctx: Ctx, query: ListReportTemplatesQuery): Promise<Reply<ReportTemplatesPaginatedResponse>> => {
  const { rows, next } = await listTemplateRows(ctx, query)
  return { answer: { data: rows.map(showTemplate), ...next } }
}

/** Replaces what is sent. With another schedule, or when it becomes active, the next report is made when the present period ends. */
export const updateReportTemplate = (ctx: Ctx, id: string, input: UpdateReportTemplateRequest): Promise<Reply<ReportTemplate>> =>
  changeVersioned(ctx, {
    read: () => readTemplate(ctx, id),
    tagOf: tagOfTemplate,
    change: (row) => {
      const { name = row.name, status = row.status, schedule = row.schedule } = input
      if (name === row.name && status === row.status && schedule === row.schedule) return { unchanged: showTemplate(row) }
      const set = { name, status, schedule, updatedAt: ctx.now, version: row.version + 1 }
      const changed = { ...row, ...set }
      const answer = showTemplate(changed)
      const isTimedAnew = schedule !== row.schedule || status !== row.status
      return {
        statements: [
          builder
            .update(reportTemplates)
            .set(set)
            .where(and(eq(reportTemplates.organizationId, ctx.organizationId), eq(reportTemplates.id, id))),
          ...(status === 'ACTIVE' ? [] : dropDue(ctx, [{ kind: REPORT_TEMPLATE, subject: id }])),
        ],
        changes: [{ type: 'REPORT_TEMPLATE', id, fields: differences(showTemplate(row), answer) }],
        answer,
        tag: tagOfTemplate(changed),
        due: isTimedAnew ? dueOf(ctx, changed) : [],
      }
    },
  })

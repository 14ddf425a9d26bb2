import { and, eq, getTableColumns } from 'drizzle-orm'
import type { Ctx } from '../../db/context.ts'
import { defineList } from '../../db/list.ts'
import { builder, insertInto, prepare, selection } from '../../db/statements.ts'
import { notFound } from '../../lib/errors.ts'
import { tagOf } from '../../lib/etag.ts'
import { iso } from '../../lib/time.ts'
import type { ReportTemplate } from './schema.ts'
import { reportTemplates } from './table.ts'

export type TemplateRow = typeof reportTemplates.$inferSelect

const columns = getTableColumns(reportTemplates)

const readTemplates = selection(columns)

export const insertTemplates = insertInto(reportTemplates)

const oneTemplate = prepare(['organizationId', 'id'], (at) =>
  builder
    .select(readTemplates.selected)
    .from(reportTemplates)
    .where(and(eq(reportTemplates.organizationId, at.organizationId), eq(reportTemplates.id, at.id))),
)

/** Reads a template. Undefined if there is none. */
export const findTemplate = async ({ session, organizationId }: Ctx, id: string): Promise<TemplateRow | undefined> =>
  readTemplates.read(await session.rows(oneTemplate({ organizationId, id })))[0]

/** Reads a template. Throws NOT_FOUND. */
export const readTemplate = async (ctx: Ctx, id: string): Promise<TemplateRow> => {
  const row = await findTemplate(ctx, id)
  if (!row) throw notFound('report template', id)
  return row
}

export const tagOfTemplate = ({ version }: Pick<TemplateRow, 'version'>): string => tagOf(version)

export const showTemplate = (row: TemplateRow): ReportTemplate => ({
  id: row.id,
  name: row.name,
  ...(row.accountId !== null && { account_id: row.accountId }),
  queryInput: row.query,
  schedule: row.schedule,
  status: row.status,
  createdAt: iso(row.createdAt),
  updatedAt: iso(row.updatedAt),
})

export const listTemplateRows = defineList({
  table: reportTemplates,
  key: reportTemplates.id,
  columns,
  order: { createdAt: reportTemplates.createdAt, id: reportTemplates.id },
  sort: [
    ['createdAt', 'DESC'],
    ['id', 'ASC'],
  ],
})

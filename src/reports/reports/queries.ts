import { type Placeholder, type SQL, and, eq, getTableColumns, sql } from 'drizzle-orm'
import type { Ctx } from '../../db/context.ts'
import { defineList } from '../../db/list.ts'
import { builder, insertInto, prepare, selection } from '../../db/statements.ts'
import { ApiError, notFound } from '../../lib/errors.ts'
import { USUAL_EXPIRY, signLink } from '../../lib/links.ts'
import { iso } from '../../lib/time.ts'
import type { Report } from './schema.ts'
import { reports } from './table.ts'

export type ReportRow = typeof reports.$inferSelect

const { progress: _progress, ...shownColumns } = getTableColumns(reports)

const readReports = selection(getTableColumns(reports))

export const insertReports = insertInto(reports)

const isReport = (at: Readonly<Record<'organizationId' | 'id', Placeholder>>) =>
  and(eq(reports.organizationId, at.organizationId), eq(reports.id, at.id))

const oneReport = prepare(['organizationId', 'id'], (at) => builder.select(readReports.selected).from(reports).where(isReport(at)))

/** Reads a report. Undefined if there is none. */
export const findReport = async ({ session, organizationId }: Ctx, id: string): Promise<ReportRow | undefined> =>
  readReports.read(await session.rows(oneReport({ organizationId, id })))[0]

/** Whether the caller may read what belongs to an account: with a portal token, only that of its own. */
export const isReadable = ({ portal }: Ctx, { accountId, customerId }: { accountId: string | null; customerId: string | null }): boolean =>
  !portal ||
  (accountId !== null && customerId === portal.customerId && (portal.accountIds === 'all' || portal.accountIds.includes(accountId)))

/** Reads a report for the caller. Throws NOT_FOUND or FORBIDDEN. */
export const readReport = async (ctx: Ctx, id: string): Promise<ReportRow> => {
  const row = await findReport(ctx, id)
  if (!isReadable(ctx, row ?? { accountId: null, customerId: null }))
    throw new ApiError('FORBIDDEN', 'This portal token does not read this report.')
  if (!row) throw notFound('report', id)
  return row
}

/** What of a report is shown. */
export type ShownReport = Omit<ReportRow, 'progress'>

/** Shows a report, with a link to its file if it has one. */
export const showReport = async ({ origin, secrets, wallClock }: Ctx, row: ShownReport): Promise<Report> => {
  const { fileId, accountId, reportTemplateId, failureReason } = row
  const until = Math.floor(wallClock / 1000) + USUAL_EXPIRY
  return {
    id: row.id,
    name: row.name,
    ...(accountId !== null && { account_id: accountId }),
    status: row.status,
    ...(fileId !== null && { fileId }),
    queryInput: row.query,
    ...(reportTemplateId !== null && { reportTemplateId }),
    createdAt: iso(row.createdAt),
    updatedAt: iso(row.updatedAt),
    ...(fileId !== null && origin !== undefined && { preSignedUrl: await signLink(origin, secrets[0] ?? '', fileId, until) }),
    type: row.type,
    ...(failureReason !== null && { failureReason }),
  }
}

type Values = Readonly<Record<string, Placeholder | undefined>>

/** The condition of the reports that are fetched, and for a portal token of those of its accounts. */
const isFetched = ({ ofNone, ofSome, portalCustomer, portalAccounts }: Values): SQL =>
  and(
    sql`true`,
    ofNone && sql`account_id is null and ${ofNone} = ${ofNone}`,
    ofSome && sql`account_id is not null and ${ofSome} = ${ofSome}`,
    portalCustomer && sql`account_id is not null and customer_id = ${portalCustomer}`,
    portalAccounts && sql`account_id in (select value from json_each(${portalAccounts}))`,
  ) as SQL

export const listReportRows = defineList({
  table: reports,
  key: reports.id,
  columns: shownColumns,
  order: { createdAt: reports.createdAt, id: reports.id },
  sort: [
    ['createdAt', 'DESC'],
    ['id', 'ASC'],
  ],
  filters: { account_id: reports.accountId },
  where: (values) => isFetched(values as Values),
})

/** The values of a list that shows a portal token the reports of its accounts only. */
export const portalValues = ({ portal }: Ctx): Record<string, string> =>
  portal
    ? { portalCustomer: portal.customerId, ...(portal.accountIds !== 'all' && { portalAccounts: JSON.stringify(portal.accountIds) }) }
    : {}

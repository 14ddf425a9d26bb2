import { sql } from 'drizzle-orm'
import { type Draft, type Reply, commit } from '../../db/commit.ts'
import { requireReadable } from '../../customers/accounts/service.ts'
import type { Ctx } from '../../db/context.ts'
import { selectRows } from '../../db/statements.ts'
import { ApiError } from '../../lib/errors.ts'
import { newId } from '../../lib/ids.ts'
import { requireBucket } from '../files/bucket.ts'
import { type ReportRow, insertReports, listReportRows, portalValues, readReport, showReport } from './queries.ts'
import { readQuery } from './query.ts'
import type { CreateReportRequest, ListReportsQuery, QueryInput, Report, ReportsPaginatedResponse } from './schema.ts'

/** The kind of due work that makes a report. Its subject is the id of the report. */
export const REPORT = 'REPORT'

/** The account that something is of, and its customer. */
export type Owner = Pick<ReportRow, 'accountId' | 'customerId'>

/** Reads of which customer an account is. Undefined if there is no such account. */
const findAccount = async ({ session, organizationId }: Ctx, id: string): Promise<{ id: string; customerId: string } | undefined> => {
  const [row] = await session.rows<{ id: string; customerId: string }>(
    selectRows(sql`select id, customer_id as customerId from accounts where organization_id = ${organizationId} and id = ${id}`),
  )
  return row
}

/** Reads the account that something is to be of. Throws NOT_FOUND. */
export const readOwner = async (ctx: Ctx, accountId: string | undefined): Promise<Owner> => {
  if (accountId === undefined) return { accountId: null, customerId: null }
  const row = await findAccount(ctx, accountId)
  if (!row) throw new ApiError('NOT_FOUND', `account_id: the account "${accountId}" does not exist`)
  return { accountId, customerId: row.customerId }
}

/** A report that is to be made: of a query, or of a template for a period. */
interface NewReport extends Owner {
  name: string
  query: QueryInput
  template?: { id: string; from: number; until: number }
}

/** Drafts a report, which is made at once or by `scheduled`. */
export const draftReport = (
  { organizationId, now }: Ctx,
  { name, query, accountId, customerId, template }: NewReport,
): Required<Pick<Draft<object>, 'statements' | 'changes' | 'due'>> & { row: ReportRow } => {
  const row: ReportRow = {
    id: newId('REPORT', now),
    organizationId,
    accountId,
    customerId,
    name,
    type: template ? 'TEMPLATE' : 'QUERY',
    status: 'QUEUED',
    query,
    reportTemplateId: template?.id ?? null,
    periodFrom: template?.from ?? null,
    periodUntil: template?.until ?? null,
    begunAt: null,
    progress: null,
    failureReason: null,
    fileId: null,
    createdAt: now,
    updatedAt: now,
    version: 1,
  }
  const fields = {
    name,
    type: row.type,
    status: row.status,
    queryInput: query,
    account_id: accountId,
    reportTemplateId: row.reportTemplateId,
  }
  return {
    row,
    statements: [insertReports([row])],
    changes: [
      {
        type: 'REPORT',
        id: row.id,
        fields: Object.fromEntries(
          Object.entries(fields)
            .filter(([, value]) => value !== null)
            .map(([field, value]) => [field, [null, value] as const]),
        ),
      },
    ],
    due: [{ kind: REPORT, subject: row.id, dueAt: now }],
  }
}

/** Creates a report of a query, and makes it after the answer. */
export const createReport = async (ctx: Ctx, { name, queryInput, account_id }: CreateReportRequest): Promise<Reply<Report>> => {
  readQuery(queryInput)
  const owner = await readOwner(ctx, account_id)
  requireBucket(ctx.files)
  const { row, ...draft } = draftReport(ctx, { name, query: queryInput, ...owner })
  return commit(ctx, { ...draft, answer: await showReport(ctx, row) })
}

export const getReport = async (ctx: Ctx, id: string): Promise<Reply<Report>> => ({
  answer: await showReport(ctx, await readReport(ctx, id)),
})

/** Which reports a query fetches. */
const fetched = (
  { portal }: Pick<Ctx, 'portal'>,
  { fetchFor, account_id: accountId, nextToken }: ListReportsQuery,
): { ofNone?: string; ofSome?: string } => {
  if (fetchFor === 'ACCOUNTS' && accountId === undefined && !nextToken)
    throw new ApiError('INVALID', 'account_id: is required to fetch for ACCOUNTS')
  if (fetchFor === 'ORGANIZATION' && accountId !== undefined)
    throw new ApiError('INVALID', 'fetchFor: must be ACCOUNTS or ALL with an account_id')
  if (fetchFor === 'ALL' || (fetchFor === undefined && (nextToken || portal))) return {}
  const isOfSome = fetchFor === 'ACCOUNTS' || accountId !== undefined
  return isOfSome ? { ofSome: '1' } : { ofNone: '1' }
}

/** Lists reports, the newest first, page by page. */
export const listReports = async (ctx: Ctx, query: ListReportsQuery): Promise<Reply<ReportsPaginatedResponse>> => {
  const { fetchFor: _fetchFor, account_id: accountId, ...page } = query
  if (ctx.portal && accountId !== undefined) requireReadable(ctx, await findAccount(ctx, accountId), accountId)
  const asked = { ...page, ...(accountId !== undefined && { account_id: accountId }), ...fetched(ctx, query) }
  const { rows, next } = await listReportRows(ctx, asked, portalValues(ctx))
  return { answer: { data: await Promise.all(rows.map((row) => showReport(ctx, row))), ...next } }
}

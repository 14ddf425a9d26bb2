import { and, eq, gte, lt, ne, sql } from 'drizzle-orm'
import type { Reply } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { auditLog } from '../../db/table.ts'
import type { Fields } from '../../lib/changes.ts'
import { ApiError } from '../../lib/errors.ts'
import { type ListRules, closePage, contextOf, openPage } from '../../lib/page.ts'
import { iso } from '../../lib/time.ts'
import type { AuditRow } from './chain.ts'
import type { AuditLogEntry, AuditLogPaginatedResponse, ListAuditLogQuery } from './schema.ts'

export { type AuditPlace, draftForgetting, sealBeforeForgetting, willHavePersonalValues } from './forget.ts'

interface ListedRow extends Omit<AuditRow, 'organizationId' | 'changes' | 'salt' | 'digests'> {
  /** Null if the rows before it fill the page. */
  changes: string | null
}

const show = ({ at, changes, hash, resourceType, ...row }: ListedRow): AuditLogEntry => ({
  ...row,
  resourceType: resourceType as AuditLogEntry['resourceType'],
  at: iso(at),
  changes: Object.fromEntries(
    Object.entries(JSON.parse(changes ?? '{}') as Fields).map(([field, change]) => [field, { old: change?.[0], new: change?.[1] }]),
  ),
  ...(hash !== null && { hash }),
})

const RULES: ListRules = {
  sortable: [],
  sort: [
    ['at', 'DESC'],
    ['sequence', 'DESC'],
  ],
}

/** The most characters of changes on a page. A page with one longer change is allowed, since a change may have half a million characters. */
const CHARACTERS = 1_000_000

/** Lists the audit log, the newest entry first, page by page. Token changes are shown only to administrators. */
export const listAuditLog = async (ctx: Ctx, query: ListAuditLogQuery): Promise<Reply<AuditLogPaginatedResponse>> => {
  const page = await openPage(ctx, RULES, query)
  const { resource_type: type, resource_id: id, token_id: token, from, until } = page.filters
  if ((id === undefined) !== (type === undefined)) throw new ApiError('INVALID', 'resource_type, resource_id: must come together')
  const wanted = and(
    eq(auditLog.organizationId, ctx.organizationId),
    ctx.role === 'ADMINISTRATOR' ? undefined : ne(auditLog.resourceType, 'TOKEN'),
    type === undefined ? undefined : eq(auditLog.resourceType, type),
    id === undefined ? undefined : eq(auditLog.resourceId, id),
    token === undefined ? undefined : eq(auditLog.tokenId, token),
    from === undefined ? undefined : gte(auditLog.at, Date.parse(from)),
    until === undefined ? undefined : lt(auditLog.at, Date.parse(until)),
    page.after && sql`(${auditLog.at}, ${auditLog.sequence}) < ${page.after}`,
  )
  const rows = await ctx.session.db.all<ListedRow>(sql`
    select sequence, at, tokenId, role, operationId, resourceType, resourceId, requestId, hash,
      iif(row_number() over rows = 1 or sum(length(changes)) over rows <= ${CHARACTERS}, changes, null) as changes
    from (
      select sequence, at, token_id as tokenId, role, operation_id as operationId, resource_type as resourceType, resource_id as resourceId,
        request_id as requestId, hash, changes
      from ${auditLog} where ${wanted} order by at desc, sequence desc limit ${page.size + 1}
    )
    window rows as (order by at desc, sequence desc) order by at desc, sequence desc
  `)
  const most = Math.min(page.size, rows.filter(({ changes }) => changes !== null).length)
  const { visible, ...next } = await closePage(ctx, page, rows, (row, field) => (field === 'at' ? row.at : row.sequence), { most })
  return { answer: { data: visible.map(show), ...next, context: contextOf(page) } }
}

import { and, desc, eq, gte, lt, sql } from 'drizzle-orm'
import type { Ctx } from '../context.ts'
import { auditLog } from '../db/table.ts'
import type { Fields } from '../lib/changes.ts'
import { ApiError } from '../lib/errors.ts'
import { type ListRules, closePage, contextOf, openPage } from '../lib/page.ts'
import { iso } from '../lib/time.ts'
import type { AuditLogEntry, AuditLogPaginatedResponse, ListAuditLogQuery } from './schema.ts'

const show = (row: typeof auditLog.$inferSelect): AuditLogEntry => ({
  sequence: row.sequence,
  at: iso(row.at),
  tokenId: row.tokenId,
  role: row.role,
  operationId: row.operationId,
  resourceType: row.resourceType as AuditLogEntry['resourceType'],
  resourceId: row.resourceId,
  requestId: row.requestId,
  changes: Object.fromEntries(Object.entries(JSON.parse(row.changes) as Fields).map(([field, [old, now]]) => [field, { old, new: now }])),
  ...(row.hash !== null && { hash: row.hash }),
})

const LIST: ListRules = {
  operationId: 'listAuditLog',
  id: 'sequence',
  sortFields: [],
  sort: [
    ['at', 'DESC'],
    ['sequence', 'DESC'],
  ],
  combinations: 'any',
}

/** What was changed in the organization, the last change first, a page at a time. */
export const listAuditLog = async (ctx: Ctx, query: ListAuditLogQuery): Promise<AuditLogPaginatedResponse> => {
  const page = await openPage(ctx, LIST, query)
  const { resource_type: type, resource_id: id, token_id: token, from, until } = page.filters
  if ((id === undefined) !== (type === undefined)) throw new ApiError(400, 'resource_type, resource_id: must come together')
  const rows = await ctx.db
    .select()
    .from(auditLog)
    .where(
      and(
        eq(auditLog.organizationId, ctx.organizationId),
        type === undefined ? undefined : eq(auditLog.resourceType, type),
        id === undefined ? undefined : eq(auditLog.resourceId, id),
        token === undefined ? undefined : eq(auditLog.tokenId, token),
        from === undefined ? undefined : gte(auditLog.at, Date.parse(from)),
        until === undefined ? undefined : lt(auditLog.at, Date.parse(until)),
        page.after && sql`(${auditLog.at}, ${auditLog.sequence}) < ${page.after}`,
      ),
    )
    .orderBy(desc(auditLog.at), desc(auditLog.sequence))
    .limit(page.size + 1)
  const { visible, ...next } = await closePage(ctx, LIST, page, rows, (row, field) => (field === 'at' ? row.at : row.sequence))
  return { data: visible.map(show), ...next, context: contextOf(page) }
}

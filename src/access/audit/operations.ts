import { feature, operation } from '../../http/operation.ts'
import { loadLater } from '../../lib/load.ts'
import { AuditLogPaginatedResponse, ListAuditLogQuery } from './schema.ts'

const service = loadLater(() => import('./service.ts'))

export const audit = feature('Extensions', {
  listAuditLog: operation({
    method: 'get',
    path: '/audit_log',
    query: ListAuditLogQuery,
    answers: { 200: AuditLogPaginatedResponse },
    handle: (ctx, { query }) => service.listAuditLog(ctx, query),
  }),
})

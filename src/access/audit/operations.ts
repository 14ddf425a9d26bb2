import { feature, operation } from '../../http/operation.ts'
import { AuditLogPaginatedResponse, ListAuditLogQuery } from './schema.ts'
import * as service from './service.ts'

export const audit = feature('Extensions', {
  listAuditLog: operation({
    method: 'get',
    path: '/audit_log',
    query: ListAuditLogQuery,
    answers: { 200: AuditLogPaginatedResponse },
    handle: (ctx, { query }) => service.listAuditLog(ctx, query),
  }),
})

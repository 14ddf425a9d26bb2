import { operation } from '../../http/operation.ts'
import { AuditLogPaginatedResponse, ListAuditLogQuery } from './schema.ts'
import * as audit from './service.ts'

export const listAuditLog = operation({
  method: 'get',
  path: '/audit_log',
  operationId: 'listAuditLog',
  tag: 'Extensions',
  query: ListAuditLogQuery,
  status: 200,
  returns: AuditLogPaginatedResponse,
  handle: (ctx, { query }) => audit.listAuditLog(ctx, query),
})

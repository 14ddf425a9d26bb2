import { feature, operation } from '../../http/operation.ts'
import { loadLater } from '../../lib/load.ts'
import { Alert, AlertPath, AlertsPaginatedResponse, CreateAlertRequest, ListAlertsQuery, UpdateAlertRequest } from './schema.ts'

const service = loadLater(() => import('./service.ts'))

export const alerts = feature('Alerts', {
  createAlert: operation({
    method: 'post',
    path: '/alerts',
    json: CreateAlertRequest,
    answers: { 200: Alert },
    tagged: true,
    handle: (ctx, { json }) => service.createAlert(ctx, json),
  }),
  listAlerts: operation({
    method: 'get',
    path: '/alerts',
    query: ListAlertsQuery,
    answers: { 200: AlertsPaginatedResponse },
    handle: (ctx, { query }) => service.listAlerts(ctx, query),
  }),
  updateAlert: operation({
    method: 'patch',
    path: '/alerts/{alert_id}',
    param: AlertPath,
    json: UpdateAlertRequest,
    answers: { 200: Alert },
    tagged: true,
    condition: 'version',
    handle: (ctx, { param, json }) => service.updateAlert(ctx, param.alert_id, json),
  }),
})

export const alertExtensions = feature('Extensions', {
  getAlert: operation({
    method: 'get',
    path: '/alerts/{alert_id}',
    param: AlertPath,
    answers: { 200: Alert },
    tagged: true,
    handle: (ctx, { param }) => service.getAlert(ctx, param.alert_id),
  }),
})

import { feature, operation } from '../../http/operation.ts'
import { loadLater } from '../../lib/load.ts'
import { AlertTemplate, AlertTemplatePath, AlertTemplatesPaginatedResponse, ListAlertTemplatesQuery } from './schema.ts'

const service = loadLater(() => import('./service.ts'))

export const alertTemplates = feature('Alerts', {
  getAlertTemplates: operation({
    method: 'get',
    path: '/alert_templates',
    query: ListAlertTemplatesQuery,
    answers: { 200: AlertTemplatesPaginatedResponse },
    handle: (ctx, { query }) => service.getAlertTemplates(ctx, query),
  }),
  getAlertTemplate: operation({
    method: 'get',
    path: '/alert_templates/{alert_template_id}',
    param: AlertTemplatePath,
    answers: { 200: AlertTemplate },
    handle: (ctx, { param }) => service.getAlertTemplate(ctx, param.alert_template_id),
  }),
})

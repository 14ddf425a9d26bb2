import { feature, operation } from '../../http/operation.ts'
import { loadLater } from '../../lib/load.ts'
import {
  CreateReportTemplateRequest,
  ListReportTemplatesQuery,
  ReportTemplate,
  ReportTemplatePath,
  ReportTemplatesPaginatedResponse,
  UpdateReportTemplateRequest,
} from './schema.ts'

const service = loadLater(() => import('./service.ts'))

export const reportTemplates = feature('Extensions', {
  createReportTemplate: operation({
    method: 'post',
    path: '/report_templates',
    json: CreateReportTemplateRequest,
    answers: { 201: ReportTemplate },
    tagged: true,
    location: ({ id }) => `/report_templates/${id}`,
    handle: (ctx, { json }) => service.createReportTemplate(ctx, json),
  }),
  listReportTemplates: operation({
    method: 'get',
    path: '/report_templates',
    query: ListReportTemplatesQuery,
    answers: { 200: ReportTemplatesPaginatedResponse },
    handle: (ctx, { query }) => service.listReportTemplates(ctx, query),
  }),
  getReportTemplate: operation({
    method: 'get',
    path: '/report_templates/{report_template_id}',
    param: ReportTemplatePath,
    answers: { 200: ReportTemplate },
    tagged: true,
    handle: (ctx, { param }) => service.getReportTemplate(ctx, param.report_template_id),
  }),
  updateReportTemplate: operation({
    method: 'patch',
    path: '/report_templates/{report_template_id}',
    param: ReportTemplatePath,
    json: UpdateReportTemplateRequest,
    answers: { 200: ReportTemplate },
    tagged: true,
    condition: 'version',
    handle: (ctx, { param, json }) => service.updateReportTemplate(ctx, param.report_template_id, json),
  }),
})

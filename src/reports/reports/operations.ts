import { feature, operation } from '../../http/operation.ts'
import { loadLater } from '../../lib/load.ts'
import { CreateReportRequest, ListReportsQuery, Report, ReportPath, ReportsPaginatedResponse } from './schema.ts'

const service = loadLater(() => import('./service.ts'))

export const reports = [
  ...feature('Reports', {
    listReports: operation({
      method: 'get',
      path: '/reports',
      query: ListReportsQuery,
      portal: true,
      answers: { 200: ReportsPaginatedResponse },
      handle: (ctx, { query }) => service.listReports(ctx, query),
    }),
  }),
  ...feature('Extensions', {
    createReport: operation({
      method: 'post',
      path: '/reports',
      json: CreateReportRequest,
      answers: { 201: Report },
      location: ({ id }) => `/reports/${id}`,
      handle: (ctx, { json }) => service.createReport(ctx, json),
    }),
    getReport: operation({
      method: 'get',
      path: '/reports/{report_id}',
      param: ReportPath,
      portal: true,
      answers: { 200: Report },
      handle: (ctx, { param }) => service.getReport(ctx, param.report_id),
    }),
  }),
]

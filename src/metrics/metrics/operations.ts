import { feature, operation } from '../../http/operation.ts'
import { GetMetricsRequest, GetMetricsResponse } from './schema.ts'
import * as service from './service.ts'

export const metrics = feature('Metrics', {
  getMetrics: operation({
    method: 'post',
    path: '/metrics',
    json: GetMetricsRequest,
    answers: { 200: GetMetricsResponse },
    writes: false,
    portal: true,
    handle: (ctx, { json }) => service.getMetrics(ctx, json),
  }),
})

import { feature, operation } from '../../http/operation.ts'
import { loadLater } from '../../lib/load.ts'
import { GetMetricsRequest, GetMetricsResponse } from './schema.ts'

const service = loadLater(() => import('./service.ts'))

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

import { feature, operation } from '../../http/operation.ts'
import { loadLater } from '../../lib/load.ts'
import { CalculateRevenueRequest, CalculateRevenueResponseV2 } from './schema.ts'

const service = loadLater(() => import('./service.ts'))

export const revenueCalculator = feature('Price Experimentation', {
  calculateRevenueV2: operation({
    method: 'post',
    path: '/v2/revenue_calculator',
    json: CalculateRevenueRequest,
    answers: { 200: CalculateRevenueResponseV2 },
    writes: false,
    handle: (ctx, { json }) => service.calculateRevenueV2(ctx, json),
  }),
})

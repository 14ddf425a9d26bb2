import { CalculateRevenueRequest } from '../../billing/revenue_calculator/schema.ts'
import { feature, operation } from '../../http/operation.ts'
import { loadLater } from '../../lib/load.ts'
import { CalculateRevenueResponse } from './schema.ts'

const service = loadLater(() => import('./service.ts'))

export const revenueCalculatorV1 = feature('Price Experimentation', {
  calculateRevenue: operation({
    method: 'post',
    path: '/revenue_calculator',
    json: CalculateRevenueRequest,
    answers: { 200: CalculateRevenueResponse },
    writes: false,
    deprecated: true,
    handle: (ctx, { json }) => service.calculateRevenue(ctx, json),
  }),
})

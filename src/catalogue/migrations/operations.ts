import { feature, operation } from '../../http/operation.ts'
import { loadLater } from '../../lib/load.ts'
import { BaseSuccessResponse } from '../../lib/page.ts'
import { CreatePricePlanMigrationRequest } from './schema.ts'

const service = loadLater(() => import('./service.ts'))

export const migrations = feature('Price Plan V2', {
  pricePlanMigrationV2: operation({
    method: 'post',
    path: '/v2/price_plans/migration',
    json: CreatePricePlanMigrationRequest,
    answers: { 201: BaseSuccessResponse },
    mayLocate: true,
    handle: (ctx, { json }) => service.migratePricePlan(ctx, json),
  }),
})

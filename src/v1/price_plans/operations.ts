import { CreatePricePlanMigrationRequest } from '../../catalogue/migrations/schema.ts'
import { feature, operation } from '../../http/operation.ts'
import { loadLater } from '../../lib/load.ts'
import { BaseSuccessResponse } from '../../lib/page.ts'
import {
  ActivatePricePlanRequest,
  CreatePricePlanRequest,
  GetPricePlanQuery,
  ListPricePlansQuery,
  PricePlan,
  PricePlanPaginatedResponse,
  PricePlanPath,
  UpdatePricePlanRequest,
} from './schema.ts'

const migrations = loadLater(() => import('../../catalogue/migrations/service.ts'))
const service = loadLater(() => import('./service.ts'))

export const pricePlansV1 = feature('Price Plans', {
  createPricePlan: operation({
    method: 'post',
    path: '/price_plans',
    json: CreatePricePlanRequest,
    answers: { 200: PricePlan },
    deprecated: true,
    tagged: true,
    condition: 'absence',
    location: ({ id }) => `/price_plans/${id}`,
    handle: (ctx, { json }) => service.createPricePlan(ctx, json),
  }),
  getPricePlans: operation({
    method: 'get',
    path: '/price_plans',
    query: ListPricePlansQuery,
    answers: { 200: PricePlanPaginatedResponse },
    deprecated: true,
    handle: (ctx, { query }) => service.listPricePlans(ctx, query),
  }),
  getPricePlan: operation({
    method: 'get',
    path: '/price_plans/{price_plan_id}',
    param: PricePlanPath,
    query: GetPricePlanQuery,
    answers: { 200: PricePlan },
    deprecated: true,
    tagged: true,
    handle: (ctx, { param, query }) => service.getPricePlan(ctx, param.price_plan_id, query),
  }),
  updatePricePlan: operation({
    method: 'patch',
    path: '/price_plans/{price_plan_id}',
    param: PricePlanPath,
    json: UpdatePricePlanRequest,
    answers: { 200: PricePlan },
    deprecated: true,
    tagged: true,
    condition: 'version',
    handle: (ctx, { param, json }) => service.updatePricePlan(ctx, param.price_plan_id, json),
  }),
  archivePricePlan: operation({
    method: 'delete',
    path: '/price_plans/{price_plan_id}',
    param: PricePlanPath,
    answers: { 200: BaseSuccessResponse },
    deprecated: true,
    tagged: true,
    condition: 'version',
    handle: (ctx, { param }) => service.archivePricePlan(ctx, param.price_plan_id),
  }),
  activatePricePlan: operation({
    method: 'post',
    path: '/price_plans/{price_plan_id}/activate',
    param: PricePlanPath,
    json: ActivatePricePlanRequest,
    answers: { 200: PricePlan },
    deprecated: true,
    tagged: true,
    condition: 'version',
    handle: (ctx, { param, json }) => service.activatePricePlan(ctx, param.price_plan_id, json),
  }),
  pricePlanMigration: operation({
    method: 'post',
    path: '/price_plans/migration',
    json: CreatePricePlanMigrationRequest,
    answers: { 201: BaseSuccessResponse },
    deprecated: true,
    mayLocate: true,
    handle: (ctx, { json }) => migrations.migratePricePlan(ctx, json),
  }),
})

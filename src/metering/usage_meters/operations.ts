import { feature, operation } from '../../http/operation.ts'
import { loadLater } from '../../lib/load.ts'
import { BaseSuccessResponse } from '../../lib/page.ts'
import {
  CreateUsageMeterRequest,
  GetUsageMeterQuery,
  ListUsageMetersQuery,
  UpdateUsageMeterRequest,
  UsageMeter,
  UsageMeterPaginatedResponse,
  UsageMeterPath,
} from './schema.ts'

const service = loadLater(() => import('./service.ts'))

export const usageMeters = feature('Usage Meters', {
  createUsageMeter: operation({
    method: 'post',
    path: '/usage_meters',
    json: CreateUsageMeterRequest,
    answers: { 201: UsageMeter },
    tagged: true,
    condition: 'absence',
    location: ({ id }) => `/usage_meters/${id}`,
    handle: (ctx, { json }) => service.createUsageMeter(ctx, json),
  }),
  getUsageMetersForEventSchema: operation({
    method: 'get',
    path: '/usage_meters',
    query: ListUsageMetersQuery,
    answers: { 200: UsageMeterPaginatedResponse },
    handle: (ctx, { query }) => service.listUsageMeters(ctx, query),
  }),
  getUsageMeter: operation({
    method: 'get',
    path: '/usage_meters/{usage_meter_id}',
    param: UsageMeterPath,
    query: GetUsageMeterQuery,
    answers: { 200: UsageMeter },
    tagged: true,
    handle: (ctx, { param, query }) => service.getUsageMeter(ctx, param.usage_meter_id, query),
  }),
  updateUsageMeter: operation({
    method: 'patch',
    path: '/usage_meters/{usage_meter_id}',
    param: UsageMeterPath,
    json: UpdateUsageMeterRequest,
    answers: { 200: UsageMeter },
    tagged: true,
    condition: 'version',
    handle: (ctx, { param, json }) => service.updateUsageMeter(ctx, param.usage_meter_id, json),
  }),
  deleteUsageMeter: operation({
    method: 'delete',
    path: '/usage_meters/{usage_meter_id}',
    param: UsageMeterPath,
    answers: { 200: BaseSuccessResponse },
    tagged: true,
    condition: 'version',
    handle: (ctx, { param }) => service.deleteUsageMeter(ctx, param.usage_meter_id),
  }),
  activateUsageMeter: operation({
    method: 'post',
    path: '/usage_meters/{usage_meter_id}/activate',
    param: UsageMeterPath,
    answers: { 200: UsageMeter },
    tagged: true,
    condition: 'version',
    handle: (ctx, { param }) => service.activateUsageMeter(ctx, param.usage_meter_id),
  }),
  deactivateUsageMeter: operation({
    method: 'post',
    path: '/usage_meters/{usage_meter_id}/deactivate',
    param: UsageMeterPath,
    answers: { 200: UsageMeter },
    tagged: true,
    condition: 'version',
    handle: (ctx, { param }) => service.deactivateUsageMeter(ctx, param.usage_meter_id),
  }),
})

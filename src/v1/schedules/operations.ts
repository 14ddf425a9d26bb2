import { PricingRulesPaginatedResponse } from '../../catalogue/price_plans/schema.ts'
import { UpdatePricingScheduleResponse } from '../../catalogue/schedules/schema.ts'
import { AccountPath } from '../../customers/accounts/schema.ts'
import { feature, operation } from '../../http/operation.ts'
import { loadLater } from '../../lib/load.ts'
import {
  EditPricingScheduleRequest,
  PricingRulesPath,
  PricingRulesQuery,
  PricingSchedulePaginatedResponse,
  PricingSchedulesQuery,
  UpdatePricingScheduleRequestWithActions,
} from './schema.ts'

const service = loadLater(() => import('./service.ts'))

export const pricingSchedules = feature('Accounts', {
  updatePricingSchedule: operation({
    method: 'post',
    path: '/accounts/{account_id}/price_plans',
    param: AccountPath,
    json: UpdatePricingScheduleRequestWithActions,
    largestBody: 1024 * 1024,
    answers: { 200: UpdatePricingScheduleResponse },
    deprecated: true,
    tagged: true,
    condition: 'version',
    versionOf: 'getPricingSchedules',
    handle: (ctx, { param, json }) => service.updatePricingSchedule(ctx, param.account_id, json),
  }),
  updatePricingScheduleBatch: operation({
    method: 'post',
    path: '/accounts/{account_id}/edit_schedules',
    param: AccountPath,
    json: EditPricingScheduleRequest,
    largestBody: 1024 * 1024,
    answers: { 200: UpdatePricingScheduleResponse },
    deprecated: true,
    tagged: true,
    condition: 'version',
    versionOf: 'getPricingSchedules',
    handle: (ctx, { param, json }) => service.updatePricingScheduleBatch(ctx, param.account_id, json),
  }),
  getPricingSchedules: operation({
    method: 'get',
    path: '/accounts/{account_id}/pricing_schedules',
    param: AccountPath,
    query: PricingSchedulesQuery,
    answers: { 200: PricingSchedulePaginatedResponse },
    deprecated: true,
    tagged: true,
    portal: true,
    handle: (ctx, { param, query }) => service.getPricingSchedules(ctx, param.account_id, query),
  }),
})

export const pricingRules = feature('Pricing Rules', {
  listPricingRulesByScheduleId: operation({
    method: 'get',
    path: '/price_plans/{price_plan_id}/pricing_schedules/{pricing_schedule_id}/pricing_rules',
    param: PricingRulesPath,
    query: PricingRulesQuery,
    answers: { 200: PricingRulesPaginatedResponse },
    deprecated: true,
    handle: (ctx, { param, query }) => service.listPricingRulesByScheduleId(ctx, param.price_plan_id, param.pricing_schedule_id, query),
  }),
})

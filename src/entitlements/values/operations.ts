import { AccountPath } from '../../customers/accounts/schema.ts'
import { feature, operation } from '../../http/operation.ts'
import { loadLater } from '../../lib/load.ts'
import { BaseSuccessResponse } from '../../lib/page.ts'
import { AccountFeaturePath } from '../feature_credits/schema.ts'
import { GetEntitlementValuesResponse, ValidateEntitlementValueRequest } from './schema.ts'

const service = loadLater(() => import('./service.ts'))

export const entitlementValues = feature('Entitlements', {
  getEntitlements: operation({
    method: 'get',
    path: '/accounts/{account_id}/entitlements',
    param: AccountPath,
    portal: true,
    answers: { 200: GetEntitlementValuesResponse },
    handle: (ctx, { param }) => service.getEntitlements(ctx, param.account_id),
  }),
  getEntitlementValue: operation({
    method: 'get',
    path: '/accounts/{account_id}/entitlements/{feature_id}',
    param: AccountFeaturePath,
    portal: true,
    answers: { 200: GetEntitlementValuesResponse },
    handle: (ctx, { param }) => service.getEntitlementValue(ctx, param.account_id, param.feature_id),
  }),
  validateEntitlementValue: operation({
    method: 'post',
    path: '/accounts/{account_id}/entitlements/{feature_id}',
    param: AccountFeaturePath,
    json: ValidateEntitlementValueRequest,
    writes: false,
    portal: true,
    answers: { 200: BaseSuccessResponse },
    handle: (ctx, { param, json }) => service.validateEntitlementValue(ctx, param.account_id, param.feature_id, json),
  }),
})

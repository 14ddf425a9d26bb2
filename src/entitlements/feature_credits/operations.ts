import { feature, operation } from '../../http/operation.ts'
import { loadLater } from '../../lib/load.ts'
import { BaseSuccessResponse } from '../../lib/page.ts'
import {
  AccountFeaturePath,
  FeatureCreditEntry,
  FeatureEntryPath,
  GetFeatureCreditEntriesPaginatedResponse,
  GetFeatureCreditsResponse,
  ListFeatureCreditEntriesQuery,
  UpdateFeatureCreditsRequest,
} from './schema.ts'

const service = loadLater(() => import('./service.ts'))

export const featureCredits = feature('Entitlements', {
  getFeatureCredits: operation({
    method: 'get',
    path: '/accounts/{account_id}/features/{feature_id}',
    param: AccountFeaturePath,
    portal: true,
    answers: { 200: GetFeatureCreditsResponse },
    handle: (ctx, { param }) => service.getFeatureCredits(ctx, param.account_id, param.feature_id),
  }),
  listFeatureCreditEntries: operation({
    method: 'get',
    path: '/accounts/{account_id}/features/{feature_id}/entries',
    param: AccountFeaturePath,
    query: ListFeatureCreditEntriesQuery,
    portal: true,
    answers: { 200: GetFeatureCreditEntriesPaginatedResponse },
    handle: (ctx, { param, query }) => service.listFeatureCreditEntries(ctx, param.account_id, param.feature_id, query),
  }),
  updateFeatureCreditEntry: operation({
    method: 'patch',
    path: '/accounts/{account_id}/features/{feature_id}/entries/{entry_id}',
    param: FeatureEntryPath,
    json: UpdateFeatureCreditsRequest,
    answers: { 200: FeatureCreditEntry },
    handle: (ctx, { param, json }) =>
      service.updateFeatureCreditEntry(ctx, { accountId: param.account_id, featureId: param.feature_id, id: param.entry_id }, json),
  }),
  voidFeatureCreditEntry: operation({
    method: 'post',
    path: '/accounts/{account_id}/features/{feature_id}/entries/{entry_id}/void',
    param: FeatureEntryPath,
    answers: { 200: BaseSuccessResponse },
    handle: (ctx, { param }) =>
      service.voidFeatureCreditEntry(ctx, { accountId: param.account_id, featureId: param.feature_id, id: param.entry_id }),
  }),
})

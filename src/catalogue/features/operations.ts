import { feature, operation } from '../../http/operation.ts'
import { loadLater } from '../../lib/load.ts'
import { CreateFeatureRequest, Feature, FeaturePaginatedListData, FeaturePath, ListFeaturesQuery, UpdateFeatureRequest } from './schema.ts'

const service = loadLater(() => import('./service.ts'))

export const features = feature('Feature', {
  createFeature: operation({
    method: 'post',
    path: '/features',
    json: CreateFeatureRequest,
    answers: { 200: Feature },
    tagged: true,
    handle: (ctx, { json }) => service.createFeature(ctx, json),
  }),
  getFeatures: operation({
    method: 'get',
    path: '/features',
    query: ListFeaturesQuery,
    answers: { 200: FeaturePaginatedListData },
    handle: (ctx, { query }) => service.getFeatures(ctx, query),
  }),
  getFeature: operation({
    method: 'get',
    path: '/features/{feature_id}',
    param: FeaturePath,
    answers: { 200: Feature },
    tagged: true,
    handle: (ctx, { param }) => service.getFeature(ctx, param.feature_id),
  }),
  updateFeature: operation({
    method: 'patch',
    path: '/features/{feature_id}',
    param: FeaturePath,
    json: UpdateFeatureRequest,
    answers: { 200: Feature },
    tagged: true,
    condition: 'version',
    handle: (ctx, { param, json }) => service.updateFeature(ctx, param.feature_id, json),
  }),
})

import { feature, operation } from '../../http/operation.ts'
import { loadLater } from '../../lib/load.ts'
import { ListSettingQuery, Setting, SettingPaginatedResponse, SettingPath, UpdateSettingRequest } from './schema.ts'

const service = loadLater(() => import('./service.ts'))

export const settings = feature('Settings', {
  insertSetting: operation({
    method: 'post',
    path: '/settings',
    json: Setting,
    answers: { 201: Setting },
    tagged: true,
    condition: 'absence',
    location: ({ namespace, id, entityType, entityId }) =>
      `/settings/${encodeURIComponent(`setting.${namespace}.${id}.${entityType}.${entityId}`)}`,
    handle: (ctx, { json }) => service.insertSetting(ctx, json),
  }),
  listSetting: operation({
    method: 'get',
    path: '/settings',
    query: ListSettingQuery,
    answers: { 200: SettingPaginatedResponse },
    handle: (ctx, { query }) => service.listSetting(ctx, query),
  }),
  getSetting: operation({
    method: 'get',
    path: '/settings/{setting_id_str}',
    param: SettingPath,
    answers: { 200: Setting },
    tagged: true,
    handle: (ctx, { param }) => service.getSetting(ctx, param.setting_id_str),
  }),
  updateSetting: operation({
    method: 'patch',
    path: '/settings/{setting_id_str}',
    param: SettingPath,
    json: UpdateSettingRequest,
    answers: { 201: Setting },
    tagged: true,
    condition: 'version',
    handle: (ctx, { param, json }) => service.updateSetting(ctx, param.setting_id_str, json),
  }),
})

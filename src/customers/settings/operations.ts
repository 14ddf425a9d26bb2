import { operation } from '../../http/operation.ts'
import { ListSettingQuery, Setting, SettingPaginatedResponse, SettingPath, UpdateSettingRequest } from './schema.ts'
import * as settings from './service.ts'

export const insertSetting = operation({
  method: 'post',
  path: '/settings',
  operationId: 'insertSetting',
  tag: 'Settings',
  json: Setting,
  status: 201,
  returns: Setting,
  tagged: true,
  condition: 'absence',
  location: ({ namespace, id, entityType, entityId }) =>
    `/settings/${encodeURIComponent(`setting.${namespace}.${id}.${entityType}.${entityId}`)}`,
  handle: (ctx, { json }) => settings.insertSetting(ctx, json),
})

export const listSetting = operation({
  method: 'get',
  path: '/settings',
  operationId: 'listSetting',
  tag: 'Settings',
  query: ListSettingQuery,
  status: 200,
  returns: SettingPaginatedResponse,
  handle: (ctx, { query }) => settings.listSetting(ctx, query),
})

export const getSetting = operation({
  method: 'get',
  path: '/settings/{setting_id_str}',
  operationId: 'getSetting',
  tag: 'Settings',
  param: SettingPath,
  status: 200,
  returns: Setting,
  tagged: true,
  handle: (ctx, { param }) => settings.getSetting(ctx, param.setting_id_str),
})

export const updateSetting = operation({
  method: 'patch',
  path: '/settings/{setting_id_str}',
  operationId: 'updateSetting',
  tag: 'Settings',
  param: SettingPath,
  json: UpdateSettingRequest,
  status: 201,
  returns: Setting,
  tagged: true,
  condition: 'version',
  handle: (ctx, { param, json }) => settings.updateSetting(ctx, param.setting_id_str, json),
})

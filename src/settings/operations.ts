import { operation } from '../http/operation.ts'
import { ListSettingQuery, Setting, SettingPaginatedResponse, SettingPath, UpdateSettingRequest } from './schema.ts'
import * as settings from './service.ts'

export const insertSetting = operation({
  method: 'post',
  path: '/settings',
  operationId: 'insertSetting',
  tag: 'Settings',
  summary: 'Keep a setting on an entity',
  description: 'Keeps a named value on the organization, a customer, an account or an invoice group.',
  json: Setting,
  status: 201,
  returns: Setting,
  refuses: {
    404: 'The entity does not exist.',
    409: 'The entity is archived, or has a setting with this namespace and id.',
  },
  location: ({ namespace, id, entityType, entityId }) =>
    `/settings/${encodeURIComponent(`setting.${namespace}.${id}.${entityType}.${entityId}`)}`,
  handle: (ctx, { json }) => settings.insertSetting(ctx, json),
})

export const listSetting = operation({
  method: 'get',
  path: '/settings',
  operationId: 'listSetting',
  tag: 'Settings',
  summary: 'List settings',
  description: 'Lists the settings of every entity, a page at a time. The filters can be combined.',
  query: ListSettingQuery,
  status: 200,
  returns: SettingPaginatedResponse,
  refuses: {},
  handle: (ctx, { query }) => settings.listSetting(ctx, query),
})

export const getSetting = operation({
  method: 'get',
  path: '/settings/{setting_id_str}',
  operationId: 'getSetting',
  tag: 'Settings',
  summary: 'Read a setting',
  description: 'Reads a setting by the string made of its namespace, its id and its entity.',
  param: SettingPath,
  status: 200,
  returns: Setting,
  refuses: { 404: 'No setting of the organization is named so.' },
  handle: (ctx, { param }) => settings.getSetting(ctx, param.setting_id_str),
})

export const updateSetting = operation({
  method: 'patch',
  path: '/settings/{setting_id_str}',
  operationId: 'updateSetting',
  tag: 'Settings',
  summary: 'Change a setting',
  description: 'Replaces the name, the value or the data type. The value must suit the data type afterwards.',
  param: SettingPath,
  json: UpdateSettingRequest,
  status: 201,
  returns: Setting,
  refuses: { 404: 'No setting of the organization is named so.', 409: 'The entity is archived.' },
  handle: (ctx, { param, json }) => settings.updateSetting(ctx, param.setting_id_str, json),
})

import { feature, operation } from '../../http/operation.ts'
import { loadLater } from '../../lib/load.ts'
import { BaseSuccessResponse } from '../../lib/page.ts'
import { Alias, AliasPaginatedResponse, AliasPath, CreateBulkAliasRequest, ListAliasesQuery } from './schema.ts'

const service = loadLater(() => import('./service.ts'))

export const aliases = feature('Aliases', {
  listAliases: operation({
    method: 'get',
    path: '/aliases',
    query: ListAliasesQuery,
    answers: { 200: AliasPaginatedResponse },
    handle: (ctx, { query }) => service.listAliases(ctx, query),
  }),
  createAlias: operation({
    method: 'post',
    path: '/aliases',
    json: CreateBulkAliasRequest,
    answers: { 201: AliasPaginatedResponse },
    condition: 'absence',
    handle: (ctx, { json }) => service.createAlias(ctx, json),
  }),
  getAlias: operation({
    method: 'get',
    path: '/aliases/{alias}',
    param: AliasPath,
    answers: { 200: Alias },
    tagged: true,
    handle: (ctx, { param }) => service.getAlias(ctx, param.alias),
  }),
  deleteAlias: operation({
    method: 'delete',
    path: '/aliases/{alias}',
    param: AliasPath,
    answers: { 200: BaseSuccessResponse },
    tagged: true,
    condition: 'version',
    handle: (ctx, { param }) => service.deleteAlias(ctx, param.alias),
  }),
})

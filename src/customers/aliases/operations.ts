import { operation } from '../../http/operation.ts'
import { BaseSuccessResponse } from '../../lib/page.ts'
import { Alias, AliasPaginatedResponse, AliasPath, CreateBulkAliasRequest, ListAliasesQuery } from './schema.ts'
import * as aliases from './service.ts'

export const listAliases = operation({
  method: 'get',
  path: '/aliases',
  operationId: 'listAliases',
  tag: 'Aliases',
  query: ListAliasesQuery,
  status: 200,
  returns: AliasPaginatedResponse,
  handle: (ctx, { query }) => aliases.listAliases(ctx, query),
})

export const createAlias = operation({
  method: 'post',
  path: '/aliases',
  operationId: 'createAlias',
  tag: 'Aliases',
  json: CreateBulkAliasRequest,
  status: 201,
  returns: AliasPaginatedResponse,
  condition: 'absence',
  handle: (ctx, { json }) => aliases.createAlias(ctx, json),
})

export const getAlias = operation({
  method: 'get',
  path: '/aliases/{alias}',
  operationId: 'getAlias',
  tag: 'Aliases',
  param: AliasPath,
  status: 200,
  returns: Alias,
  tagged: true,
  handle: (ctx, { param }) => aliases.getAlias(ctx, param.alias),
})

export const deleteAlias = operation({
  method: 'delete',
  path: '/aliases/{alias}',
  operationId: 'deleteAlias',
  tag: 'Aliases',
  param: AliasPath,
  status: 200,
  returns: BaseSuccessResponse,
  tagged: true,
  condition: 'version',
  handle: (ctx, { param }) => aliases.deleteAlias(ctx, param.alias),
})

import { operation } from '../http/operation.ts'
import { BaseSuccessResponse } from '../lib/page.ts'
import { Alias, AliasPaginatedResponse, AliasPath, CreateBulkAliasRequest, ListAliasesQuery } from './schema.ts'
import * as aliases from './service.ts'

const MISSING = 'The alias is not in the pool.'

export const listAliases = operation({
  method: 'get',
  path: '/aliases',
  operationId: 'listAliases',
  tag: 'Aliases',
  summary: 'List the pool of aliases',
  description:
    'Lists the alias values that the organization keeps, in their order, a page at a time. What an account is given is among them.',
  query: ListAliasesQuery,
  status: 200,
  returns: AliasPaginatedResponse,
  refuses: {},
  handle: (ctx, { query }) => aliases.listAliases(ctx, query),
})

export const createAlias = operation({
  method: 'post',
  path: '/aliases',
  operationId: 'createAlias',
  tag: 'Aliases',
  summary: 'Put aliases into the pool',
  description: 'Keeps 1 to 100 alias values, all of them or none.',
  json: CreateBulkAliasRequest,
  status: 201,
  returns: AliasPaginatedResponse,
  refuses: { 409: 'Some of them are in the pool already. The message names them.' },
  handle: (ctx, { json }) => aliases.createAlias(ctx, json),
})

export const getAlias = operation({
  method: 'get',
  path: '/aliases/{alias}',
  operationId: 'getAlias',
  tag: 'Aliases',
  summary: 'Read an alias of the pool',
  description: 'Reads an alias value, percent-encoded in the path.',
  param: AliasPath,
  status: 200,
  returns: Alias,
  refuses: { 404: MISSING },
  handle: (ctx, { param }) => aliases.getAlias(ctx, param.alias),
})

export const deleteAlias = operation({
  method: 'delete',
  path: '/aliases/{alias}',
  operationId: 'deleteAlias',
  tag: 'Aliases',
  summary: 'Take an alias out of the pool',
  description: 'Takes a value out of the pool, if no account holds it now. It can be put back.',
  param: AliasPath,
  status: 200,
  returns: BaseSuccessResponse,
  refuses: { 404: MISSING, 409: 'An account holds it now. The message names it.' },
  handle: (ctx, { param }) => aliases.deleteAlias(ctx, param.alias),
})

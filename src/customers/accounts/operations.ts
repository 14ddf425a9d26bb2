import { operation } from '../../http/operation.ts'
import { BaseSuccessResponse } from '../../lib/page.ts'
import * as aliases from './aliases.ts'
import * as archive from './archive.ts'
import * as create from './create.ts'
import {
  Account,
  AccountAliasesPaginatedResponse,
  AccountPaginatedResponse,
  AccountPath,
  AddAccountAliasesRequest,
  CreateAccountRequest,
  GetAccountQuery,
  GetAccountsQuery,
  ListAccountAliasesQuery,
  RemoveAccountAliasesRequest,
  RestoreAccountResponse,
  UpdateAccountRequest,
} from './schema.ts'
import * as accounts from './service.ts'

export const createAccount = operation({
  method: 'post',
  path: '/accounts',
  operationId: 'createAccount',
  tag: 'Accounts',
  json: CreateAccountRequest,
  status: 201,
  returns: Account,
  tagged: true,
  condition: 'absence',
  location: ({ id }) => `/accounts/${encodeURIComponent(id)}`,
  handle: (ctx, { json }) => create.createAccount(ctx, json),
})

export const getAccounts = operation({
  method: 'get',
  path: '/accounts',
  operationId: 'getAccounts',
  tag: 'Accounts',
  query: GetAccountsQuery,
  status: 200,
  returns: AccountPaginatedResponse,
  handle: (ctx, { query }) => accounts.getAccounts(ctx, query),
})

export const getAccount = operation({
  method: 'get',
  path: '/accounts/{account_id}',
  operationId: 'getAccount',
  tag: 'Accounts',
  param: AccountPath,
  query: GetAccountQuery,
  status: 200,
  returns: Account,
  tagged: true,
  portal: true,
  handle: (ctx, { param, query }) => accounts.getAccount(ctx, param.account_id, query),
})

export const updateAccount = operation({
  method: 'patch',
  path: '/accounts/{account_id}',
  operationId: 'updateAccount',
  tag: 'Accounts',
  param: AccountPath,
  json: UpdateAccountRequest,
  status: 200,
  returns: Account,
  tagged: true,
  condition: 'version',
  handle: (ctx, { param, json }) => accounts.updateAccount(ctx, param.account_id, json),
})

export const deleteAccount = operation({
  method: 'delete',
  path: '/accounts/{account_id}',
  operationId: 'deleteAccount',
  tag: 'Accounts',
  param: AccountPath,
  status: 200,
  returns: BaseSuccessResponse,
  tagged: true,
  condition: 'version',
  handle: (ctx, { param }) => archive.deleteAccount(ctx, param.account_id),
})

export const addAliases = operation({
  method: 'post',
  path: '/accounts/{account_id}/add_aliases',
  operationId: 'addAliases',
  tag: 'Accounts',
  param: AccountPath,
  json: AddAccountAliasesRequest,
  status: 200,
  returns: Account,
  tagged: true,
  condition: 'version',
  handle: (ctx, { param, json }) => aliases.addAliases(ctx, param.account_id, json),
})

export const listAccountAliases = operation({
  method: 'get',
  path: '/accounts/{account_id}/account_aliases',
  operationId: 'listAccountAliases',
  tag: 'Accounts',
  param: AccountPath,
  query: ListAccountAliasesQuery,
  status: 200,
  returns: AccountAliasesPaginatedResponse,
  handle: (ctx, { param, query }) => aliases.listAccountAliases(ctx, param.account_id, query),
})

export const removeAliases = operation({
  method: 'post',
  path: '/accounts/{account_id}/remove_aliases',
  operationId: 'removeAliases',
  tag: 'Accounts',
  param: AccountPath,
  json: RemoveAccountAliasesRequest,
  status: 200,
  returns: Account,
  tagged: true,
  condition: 'version',
  handle: (ctx, { param, json }) => aliases.removeAliases(ctx, param.account_id, json),
})

export const restoreAccount = operation({
  method: 'post',
  path: '/accounts/{account_id}/restore',
  operationId: 'restoreAccount',
  tag: 'Extensions',
  param: AccountPath,
  status: 200,
  returns: RestoreAccountResponse,
  tagged: true,
  condition: 'version',
  handle: (ctx, { param }) => archive.restoreAccount(ctx, param.account_id),
})

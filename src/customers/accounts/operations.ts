import { feature, operation } from '../../http/operation.ts'
import { loadLater } from '../../lib/load.ts'
import { BaseSuccessResponse } from '../../lib/page.ts'
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

const aliases = loadLater(() => import('./aliases.ts'))
const archive = loadLater(() => import('./archive.ts'))
const create = loadLater(() => import('./create.ts'))
const restore = loadLater(() => import('./restore.ts'))
const service = loadLater(() => import('./service.ts'))

export const accounts = [
  ...feature('Accounts', {
    createAccount: operation({
      method: 'post',
      path: '/accounts',
      json: CreateAccountRequest,
      answers: { 201: Account },
      tagged: true,
      condition: 'absence',
      location: ({ id }) => `/accounts/${encodeURIComponent(id)}`,
      handle: (ctx, { json }) => create.createAccount(ctx, json),
    }),
    getAccounts: operation({
      method: 'get',
      path: '/accounts',
      query: GetAccountsQuery,
      answers: { 200: AccountPaginatedResponse },
      handle: (ctx, { query }) => service.getAccounts(ctx, query),
    }),
    getAccount: operation({
      method: 'get',
      path: '/accounts/{account_id}',
      param: AccountPath,
      query: GetAccountQuery,
      answers: { 200: Account },
      tagged: true,
      portal: true,
      handle: (ctx, { param, query }) => service.getAccount(ctx, param.account_id, query),
    }),
    updateAccount: operation({
      method: 'patch',
      path: '/accounts/{account_id}',
      param: AccountPath,
      json: UpdateAccountRequest,
      answers: { 200: Account },
      tagged: true,
      condition: 'version',
      handle: (ctx, { param, json }) => service.updateAccount(ctx, param.account_id, json),
    }),
    deleteAccount: operation({
      method: 'delete',
      path: '/accounts/{account_id}',
      param: AccountPath,
      answers: { 200: BaseSuccessResponse },
      tagged: true,
      condition: 'version',
      handle: (ctx, { param }) => archive.deleteAccount(ctx, param.account_id),
    }),
    addAliases: operation({
      method: 'post',
      path: '/accounts/{account_id}/add_aliases',
      param: AccountPath,
      json: AddAccountAliasesRequest,
      answers: { 200: Account },
      tagged: true,
      condition: 'version',
      handle: (ctx, { param, json }) => aliases.addAliases(ctx, param.account_id, json),
    }),
    listAccountAliases: operation({
      method: 'get',
      path: '/accounts/{account_id}/account_aliases',
      param: AccountPath,
      query: ListAccountAliasesQuery,
      answers: { 200: AccountAliasesPaginatedResponse },
      handle: (ctx, { param, query }) => aliases.listAccountAliases(ctx, param.account_id, query),
    }),
    removeAliases: operation({
      method: 'post',
      path: '/accounts/{account_id}/remove_aliases',
      param: AccountPath,
      json: RemoveAccountAliasesRequest,
      answers: { 200: Account },
      tagged: true,
      condition: 'version',
      handle: (ctx, { param, json }) => aliases.removeAliases(ctx, param.account_id, json),
    }),
  }),
  ...feature('Extensions', {
    restoreAccount: operation({
      method: 'post',
      path: '/accounts/{account_id}/restore',
      param: AccountPath,
      answers: { 200: RestoreAccountResponse },
      tagged: true,
      condition: 'version',
      handle: (ctx, { param }) => restore.restoreAccount(ctx, param.account_id),
    }),
  }),
]

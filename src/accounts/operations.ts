import { operation } from '../http/operation.ts'
import { BaseSuccessResponse } from '../lib/page.ts'
import * as aliases from './aliases.ts'
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
  UpdateAccountRequest,
} from './schema.ts'
import * as accounts from './service.ts'

const MISSING = 'No account of the organization has this id.'
const ARCHIVED = 'The account is archived.'

export const createAccount = operation({
  method: 'post',
  path: '/accounts',
  operationId: 'createAccount',
  tag: 'Accounts',
  summary: 'Create an account of a customer',
  description: 'Writes the account, its aliases and its settings together: all of them or none.',
  json: CreateAccountRequest,
  status: 201,
  returns: Account,
  refuses: {
    404: 'The customer does not exist.',
    409: 'The customer is archived, or the id or an alias is taken. The message names it, and the account that has an alias.',
  },
  location: ({ id }) => `/accounts/${encodeURIComponent(id)}`,
  handle: (ctx, { json }) => accounts.createAccount(ctx, json),
})

export const getAccounts = operation({
  method: 'get',
  path: '/accounts',
  operationId: 'getAccounts',
  tag: 'Accounts',
  summary: 'List accounts',
  description:
    'Lists the accounts that are not archived, or those of a status, last changed first, a page at a time. One filter can be given, or customer_id with status.',
  query: GetAccountsQuery,
  status: 200,
  returns: AccountPaginatedResponse,
  refuses: {},
  handle: (ctx, { query }) => accounts.getAccounts(ctx, query),
})

export const getAccount = operation({
  method: 'get',
  path: '/accounts/{account_id}',
  operationId: 'getAccount',
  tag: 'Accounts',
  summary: 'Read an account',
  description:
    'Reads an account by your own id of it, percent-encoded in the path, with the aliases that hold at an instant and the first 10 of its settings.',
  param: AccountPath,
  query: GetAccountQuery,
  status: 200,
  returns: Account,
  refuses: { 403: 'A portal token reads another account.', 404: MISSING },
  portal: true,
  handle: (ctx, { param, query }) => accounts.getAccount(ctx, param.account_id, query),
})

export const updateAccount = operation({
  method: 'patch',
  path: '/accounts/{account_id}',
  operationId: 'updateAccount',
  tag: 'Accounts',
  summary: 'Change an account',
  description: 'Replaces the fields that are sent, objects and lists as a whole. An empty body changes nothing.',
  param: AccountPath,
  json: UpdateAccountRequest,
  status: 200,
  returns: Account,
  refuses: { 404: MISSING, 409: 'The account is archived, or its currency is another one.' },
  handle: (ctx, { param, json }) => accounts.updateAccount(ctx, param.account_id, json),
})

export const deleteAccount = operation({
  method: 'delete',
  path: '/accounts/{account_id}',
  operationId: 'deleteAccount',
  tag: 'Accounts',
  summary: 'Archive an account',
  description:
    'Archives an account. Its aliases end at this instant and can be given to another account, and it leaves its invoice group. It can still be read by its id, which stays taken. A second time changes nothing.',
  param: AccountPath,
  status: 200,
  returns: BaseSuccessResponse,
  refuses: { 404: MISSING },
  handle: (ctx, { param }) => accounts.deleteAccount(ctx, param.account_id),
})

export const addAliases = operation({
  method: 'post',
  path: '/accounts/{account_id}/add_aliases',
  operationId: 'addAliases',
  tag: 'Accounts',
  summary: 'Give aliases to an account',
  description:
    'Gives aliases to an account, all of them or none. One without effectiveFrom holds as far back as it can: until another account last held it.',
  param: AccountPath,
  json: AddAccountAliasesRequest,
  status: 200,
  returns: Account,
  refuses: {
    404: MISSING,
    409: 'The account is archived, an alias is taken, or more than 10 would hold at once. The message names the alias.',
  },
  handle: (ctx, { param, json }) => aliases.addAliases(ctx, param.account_id, json),
})

export const listAccountAliases = operation({
  method: 'get',
  path: '/accounts/{account_id}/account_aliases',
  operationId: 'listAccountAliases',
  tag: 'Accounts',
  summary: 'List the aliases of an account',
  description: 'Lists every alias that the account has had, has or will have, with its range.',
  param: AccountPath,
  query: ListAccountAliasesQuery,
  status: 200,
  returns: AccountAliasesPaginatedResponse,
  refuses: { 404: MISSING },
  handle: (ctx, { param, query }) => aliases.listAccountAliases(ctx, param.account_id, query),
})

export const removeAliases = operation({
  method: 'post',
  path: '/accounts/{account_id}/remove_aliases',
  operationId: 'removeAliases',
  tag: 'Accounts',
  summary: 'Take aliases from an account',
  description:
    'Ends aliases, all of them or none: by their names from now on, by their ids from an instant on. What they were stays on record.',
  param: AccountPath,
  json: RemoveAccountAliasesRequest,
  status: 200,
  returns: Account,
  refuses: { 404: `${MISSING} Or it has no such alias.`, 409: ARCHIVED },
  handle: (ctx, { param, json }) => aliases.removeAliases(ctx, param.account_id, json),
})

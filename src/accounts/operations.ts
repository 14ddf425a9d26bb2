import { operation } from '../http/operation.ts'
import { Account, AccountPath, GetAccountQuery } from './schema.ts'
import * as accounts from './service.ts'

export const getAccount = operation({
  method: 'get',
  path: '/accounts/{account_id}',
  operationId: 'getAccount',
  tag: 'Accounts',
  summary: 'Read an account',
  description:
    'Reads an account by your own id of it, percent-encoded in the path, with its settings and the aliases that hold at an instant.',
  param: AccountPath,
  query: GetAccountQuery,
  status: 200,
  returns: Account,
  refuses: { 404: 'No account of the organization has this id.' },
  handle: (ctx, { param, query }) => accounts.getAccount(ctx, param.account_id, query),
})

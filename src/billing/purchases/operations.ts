import { AccountPath } from '../../customers/accounts/schema.ts'
import { feature, operation } from '../../http/operation.ts'
import { loadLater } from '../../lib/load.ts'
import {
  CreatePurchaseRequest,
  GetPurchaseResponse,
  ListPurchasesOfAllQuery,
  ListPurchasesQuery,
  Purchase,
  PurchasePaginatedListData,
  PurchasePath,
  PurchasesOfAllAccounts,
} from './schema.ts'

const service = loadLater(() => import('./service.ts'))

export const purchases = [
  ...feature('Accounts', {
    initiateOneTimeEntitlementPlan: operation({
      method: 'post',
      path: '/accounts/{account_id}/purchases',
      param: AccountPath,
      json: CreatePurchaseRequest,
      largestBody: 1024 * 1024,
      answers: { 200: Purchase },
      deprecated: true,
      handle: (ctx, { param, json }) => service.createPurchase(ctx, param.account_id, json),
    }),
    listAccountPurchases: operation({
      method: 'get',
      path: '/accounts/{account_id}/purchases',
      param: AccountPath,
      query: ListPurchasesQuery,
      portal: true,
      answers: { 200: PurchasePaginatedListData },
      deprecated: true,
      handle: (ctx, { param, query }) => service.listPurchases(ctx, param.account_id, query),
    }),
    getPurchase: operation({
      method: 'get',
      path: '/purchases/{purchase_id}',
      param: PurchasePath,
      portal: true,
      answers: { 200: GetPurchaseResponse },
      deprecated: true,
      handle: (ctx, { param }) => service.getPurchase(ctx, param.purchase_id),
    }),
  }),
  ...feature('Extensions', {
    listPurchases: operation({
      method: 'get',
      path: '/purchases',
      query: ListPurchasesOfAllQuery,
      answers: { 200: PurchasesOfAllAccounts },
      handle: (ctx, { query }) => service.listAllPurchases(ctx, query),
    }),
  }),
]

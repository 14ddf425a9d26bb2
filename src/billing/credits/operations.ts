import { AccountPath } from '../../customers/accounts/schema.ts'
import { feature, operation } from '../../http/operation.ts'
import { loadLater } from '../../lib/load.ts'
import {
  CreateCreditRequest,
  CreateCreditResponse,
  Credit,
  CreditBalanceResponse,
  CreditDetailsResponse,
  CreditPath,
  ListCreditsQuery,
  ListCreditsResponse,
} from './schema.ts'

const service = loadLater(() => import('./service.ts'))

export const credits = feature('Credits', {
  listCredits: operation({
    method: 'get',
    path: '/credits',
    query: ListCreditsQuery,
    portal: true,
    answers: { 200: ListCreditsResponse },
    handle: (ctx, { query }) => service.listCredits(ctx, query),
  }),
  createCredit: operation({
    method: 'post',
    path: '/credits',
    json: CreateCreditRequest,
    answers: { 200: CreateCreditResponse },
    handle: (ctx, { json }) => service.createCredits(ctx, json),
  }),
  getCreditDetails: operation({
    method: 'get',
    path: '/credits/{credit_id}',
    param: CreditPath,
    portal: true,
    answers: { 200: CreditDetailsResponse },
    tagged: true,
    handle: (ctx, { param }) => service.getCredit(ctx, param.credit_id),
  }),
  voidCredit: operation({
    method: 'post',
    path: '/credits/{credit_id}/void',
    param: CreditPath,
    answers: { 200: Credit },
    tagged: true,
    condition: 'version',
    handle: (ctx, { param }) => service.voidCredit(ctx, param.credit_id),
  }),
  creditBalanceForAccount: operation({
    method: 'get',
    path: '/accounts/{account_id}/credit_balance',
    param: AccountPath,
    portal: true,
    answers: { 200: CreditBalanceResponse },
    handle: (ctx, { param }) => service.getCreditBalance(ctx, param.account_id),
  }),
})

import { AccountPath } from '../../customers/accounts/schema.ts'
import { feature, operation } from '../../http/operation.ts'
import { loadLater } from '../../lib/load.ts'
import {
  ListWalletEntriesQuery,
  TopupWalletRequest,
  UpdateWalletRequest,
  WalletBalanceResponse,
  WalletEntriesPaginatedResponse,
} from './schema.ts'

const service = loadLater(() => import('./service.ts'))

export const wallets = feature('Wallet', {
  walletBalanceForAccount: operation({
    method: 'get',
    path: '/accounts/{account_id}/wallet',
    param: AccountPath,
    portal: true,
    answers: { 200: WalletBalanceResponse },
    tagged: true,
    handle: (ctx, { param }) => service.getWallet(ctx, param.account_id),
  }),
  updateWalletForAccount: operation({
    method: 'patch',
    path: '/accounts/{account_id}/wallet',
    param: AccountPath,
    json: UpdateWalletRequest,
    answers: { 200: WalletBalanceResponse },
    tagged: true,
    condition: 'version',
    handle: (ctx, { param, json }) => service.updateWallet(ctx, param.account_id, json),
  }),
  topUpWalletForAccount: operation({
    method: 'post',
    path: '/accounts/{account_id}/wallet_topup',
    param: AccountPath,
    json: TopupWalletRequest,
    answers: { 200: WalletBalanceResponse },
    tagged: true,
    condition: 'version',
    versionOf: 'walletBalanceForAccount',
    handle: (ctx, { param, json }) => service.topUpWallet(ctx, param.account_id, json),
  }),
  walletEntriesForAccount: operation({
    method: 'get',
    path: '/accounts/{account_id}/wallet/entries',
    param: AccountPath,
    query: ListWalletEntriesQuery,
    portal: true,
    answers: { 200: WalletEntriesPaginatedResponse },
    handle: (ctx, { param, query }) => service.listWalletEntries(ctx, param.account_id, query),
  }),
})

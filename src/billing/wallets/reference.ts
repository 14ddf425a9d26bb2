import { account, accountId, customerId, first, second } from '../../lib/examples.ts'

const wallet = {
  id: `wallet${account.togaiAccountId.slice(account.togaiAccountId.indexOf('.'))}`,
  accountId,
  customerId,
  balance: 0,
  creditUnit: 'USD',
  status: 'ACTIVE',
  holdAmount: 0,
  effectiveFrom: first,
  createdAt: first,
  updatedAt: first,
}

const path = { account_id: accountId }

const MISSING = 'No account of the organization has this id.'
const NO_PORTAL = 'The token is a portal token that cannot read this account. The same answer is given if the account does not exist.'

export const tags = {
  Wallet:
    'Money that accounts have paid in. Each account has one wallet. An invoice that falls due is paid from it as far as its balance goes, in the same commit, and is then PAID or PARTIALLY_PAID; its lines and totalAmount stay as they are, and info says how much it was. Of several that fall due at once, the oldest comes first. Invoices that an invoice group pays for are not paid from wallets. An invoice that becomes VOID gives back what it took.',
}

export const walletBalanceForAccount = {
  summary: 'Read the wallet of an account',
  description: 'Reads the balance of the wallet of an account. A portal token can read those of its accounts.',
  refuses: { 403: NO_PORTAL, 404: MISSING },
  example: { after: ['createCustomer'], path, answer: wallet },
}

export const updateWalletForAccount = {
  summary: 'Set what a wallet pays',
  description:
    'Sets whether invoices that fall due are paid from a wallet, and from which invoiceDate on. An INACTIVE wallet can be topped up, and pays nothing.',
  refuses: { 404: MISSING },
  example: {
    after: ['createCustomer'],
    path,
    request: { status: 'INACTIVE', effectiveFrom: '2026-04-01T00:00:00Z' },
    answer: { ...wallet, status: 'INACTIVE', effectiveFrom: '2026-04-01T00:00:00.000Z', updatedAt: second },
    other: { request: { status: 'INACTIVE' } },
  },
}

export const topUpWalletForAccount = {
  summary: 'Put money into a wallet',
  description:
    'Puts an amount into the wallet of an account. Invoices that are due already stay as they are: a payment pays them. An Idempotency-Key keeps a top-up that is sent twice from being made twice.',
  refuses: {
    400: 'topupAmount is 0 or less, or has more decimals than the currency.',
    404: MISSING,
    409: 'The account is archived.',
    422: 'The wallet would hold more than 10000000000000.',
  },
  example: {
    after: ['createCustomer'],
    path,
    request: { topupAmount: 250 },
    answer: { ...wallet, balance: 250, updatedAt: second },
    other: { request: { topupAmount: 100.5 } },
  },
}

export const walletEntriesForAccount = {
  summary: 'List the entries of a wallet',
  description:
    'Lists what came into a wallet and went out of it, the newest first. The closingBalance of each entry is that of the one before and its amount. A portal token can read those of its accounts.',
  refuses: { 403: NO_PORTAL, 404: MISSING },
  example: {
    after: [
      'createCustomer',
      { operation: 'topUpWalletForAccount', path, request: { topupAmount: 250 }, other: { request: { topupAmount: 250 } } },
    ],
    path,
    query: { pageSize: 20 },
    answer: {
      data: [
        {
          id: 'wallet_entry.0VFLWOg4kTb.8mQzE',
          description: 'Top-up',
          walletId: wallet.id,
          transactionType: 'CREDITED',
          status: 'COMPLETED',
          amount: 250,
          createdAt: second,
          closingBalance: 250,
        },
      ],
    },
  },
}

import { accountId, orderId, purchaseId, second } from '../../lib/examples.ts'

const MISSING = 'No account of the organization has this id.'

const walletTopupDetails = { topupAmount: 120, purchaseAmount: 100 }

const request = {
  type: 'WALLET_TOPUP',
  walletTopupDetails,
  expiryDate: '2026-04-15T00:00:00Z',
  idempotencyKey: 'order-4711',
}

const purchase = {
  id: purchaseId,
  accountId,
  idempotencyKey: 'order-4711',
  walletTopupDetails,
  createdAt: second,
  updatedAt: second,
  expiryDate: '2026-04-15T00:00:00.000Z',
  price: 100,
  invoiceId: orderId,
  invoiceCurrency: 'USD',
  status: 'PENDING',
  type: 'WALLET_TOPUP',
}

const path = { account_id: accountId }

export const parameters = {
  purchase_id: 'The id of the purchase.',
  proposal_status: 'Lists only proposals, of this status.',
  purchase_status: 'Lists only what was bought, of this status.',
}

export const initiateOneTimeEntitlementPlan = {
  summary: 'Buy something for an account (deprecated)',
  description: `Buys something for an account. It is PENDING, and has an order, which is an invoice of the class ORDER that falls due at once: credits pay it first, then the wallet, and payments pay what is left. When it has been paid in full, it becomes an invoice with a number, and what was bought is done: the purchase is IN_PROGRESS, and then SUCCESS. An order of 0 is paid at once.

- ENTITLEMENT_GRANT buys each rate card of a price plan of the type PURCHASE once, times quantity or what rateCardQuantities says of it, and grants its credits and credits of features from the instant at which it is done.
- PREPAID buys those rate cards of a price plan of the type BILLING that are PREPAID. For accounts that have such a price plan, one is made by itself when a cycle begins.
- ASSOCIATION puts a price plan in force. It costs what is paid in advance, or before it is granted, in the first cycle, which is not billed again.
- WALLET_TOPUP puts topupAmount into the wallet. Neither credits nor the wallet pay its order.

A purchase that cannot be done any more when it has been paid is FAILURE, and comment says why. Its order stays paid, and can be given back. One whose order becomes VOID or UN_COLLECTIBLE, or is not paid until expiryDate, is FAILURE too; an order for which payments are recorded stays open.`,
  refuses: {
    400: 'A field is missing that the type requires, or does not belong to it; a quantity is 0 or less, or of what no rate card prices; the price plan is of another type; expiryDate is over; or the rate cards that are sent could not be rated.',
    404: `${MISSING} Or the price plan, or what a rate card prices, does not exist.`,
    409: 'The account is archived, the price plan is not ACTIVE, or not in the currency of the account, or ASSOCIATION would change days that cannot be changed any more.',
    422: 'idempotencyKey was used for another purchase of the account.',
  },
  example: {
    after: ['createCustomer'],
    path,
    request,
    answer: purchase,
    other: { request: { ...request, walletTopupDetails: { topupAmount: 50 }, idempotencyKey: 'order-4712' } },
  },
}

export const listPurchases = {
  summary: 'List the purchases and proposals of all accounts',
  description:
    'Lists what all accounts have bought and what was proposed to them, the newest first, page by page. A proposal that was approved has both statuses. Use proposal_status or purchase_status, each alone or with account_id.',
  refuses: { 400: 'proposal_status and purchase_status are sent together.' },
  example: {
    after: ['createCustomer', 'initiateOneTimeEntitlementPlan'],
    query: { account_id: accountId, purchase_status: 'PENDING', pageSize: 20 },
    otherwise: { proposal_status: 'PROPOSAL_ACTIVE' },
    answer: {
      data: [
        {
          id: purchaseId,
          accountId,
          type: 'WALLET_TOPUP',
          purchaseStatus: 'PENDING',
          walletTopupDetails,
          price: 100,
          invoiceCurrency: 'USD',
          invoiceId: orderId,
          expiryDate: '2026-04-15T00:00:00.000Z',
          createdAt: second,
          updatedAt: second,
        },
      ],
      context: { pageSize: 20, sortOrder: 'DESC' },
    },
  },
}

export const listAccountPurchases = {
  summary: 'List the purchases of an account (deprecated)',
  description:
    'Lists what an account has bought, the newest first, with the orders of cycles and the proposals that were approved. A portal token can read those of its accounts.',
  refuses: { 403: 'The token is a portal token that cannot read this account.', 404: MISSING },
  example: {
    after: ['createCustomer', 'initiateOneTimeEntitlementPlan'],
    path,
    query: { pageSize: 20 },
    answer: {
      data: [
        {
          id: purchaseId,
          status: 'PENDING',
          idempotencyKey: 'order-4711',
          walletTopupDetails,
          price: 100,
          invoiceCurrency: 'USD',
          createdAt: second,
          updatedAt: second,
          type: 'WALLET_TOPUP',
        },
      ],
      context: { pageSize: 20, sortOrder: 'DESC' },
    },
  },
}

export const getPurchase = {
  summary: 'Read a purchase (deprecated)',
  description:
    'Reads a purchase, the price plan as it was bought, and the credits of features that it has granted, each with its time and what is left of it. A proposal is a purchase from its approval on.',
  refuses: { 403: 'The token is a portal token that cannot read this purchase.', 404: 'No purchase of the organization has this id.' },
  example: {
    after: ['createCustomer', 'initiateOneTimeEntitlementPlan'],
    path: { purchase_id: purchaseId },
    answer: purchase,
  },
}

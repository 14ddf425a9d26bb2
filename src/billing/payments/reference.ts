import { account, accountId, invoiceId, paymentId, third, tokenId } from '../../lib/examples.ts'

const reference = { sourceName: 'gateway', sourceType: 'GATEWAY', transactionNumber: 'T-2026-0001' }

const sent = {
  accountId,
  externalPaymentReference: reference,
  lineItemRecords: [{ type: 'INVOICE', togaiId: invoiceId, amount: 300.5, order: 1 }],
  currency: 'USD',
  totalAmount: 400,
  description: 'Onboarding, and something in advance',
}

const paid = {
  id: paymentId,
  description: sent.description,
  accountId,
  externalPaymentReferences: reference,
  lineItemRecords: [
    { type: 'INVOICE', togaiId: invoiceId, amount: 300.5, order: 1 },
    {
      type: 'WALLET_CREDIT',
      togaiId: `wallet${account.togaiAccountId.slice(account.togaiAccountId.indexOf('.'))}`,
      amount: 99.5,
      order: 2,
    },
  ],
  totalAmount: 400,
  currency: 'USD',
  version: 1,
  createdBy: tokenId,
  createdAt: third,
}

/** A custom invoice of 300.50 that has fallen due. */
const due = {
  operation: 'createCustomInvoice',
  request: {
    accountId,
    startDate: '2026-03-01T00:00:00Z',
    endDate: '2026-03-30T00:00:00Z',
    status: 'DUE',
    lineItems: [{ id: 'onboarding', description: 'Onboarding', quantity: 2, valuePerQuantity: 150.25 }],
  },
}

const after = ['createCustomer', due]
const MISSING = 'No payment of the organization has this id.'
const NO_PORTAL = 'A portal token asks for a payment that it cannot read.'

export const tags = {
  Payments: 'What customers have paid, and what that was for: invoices, credits, or their wallets. A payment never changes.',
}

export const parameters = {
  payment_id: 'The id of the payment, from the answer to its creation.',
}

export const listPayments = {
  summary: 'List payments',
  description:
    'Lists the payments, the newest first, page by page. The filters can be combined. A portal token can read those of its accounts.',
  example: {
    after: [...after, 'createPayments'],
    query: {
      id: paymentId,
      account_id: accountId,
      invoice_id: invoiceId,
      created_at: '2026-03-30T00:00:00Z,2026-04-01T00:00:00Z',
      pageSize: 20,
    },
    answer: { data: [paid] },
  },
}

export const createPayments = {
  summary: 'Record a payment',
  description:
    'Records what an account or an invoice group has paid, and spreads it over lineItemRecords in their order. An INVOICE is one of it that is DUE, PARTIALLY_PAID or UN_COLLECTIBLE: it becomes PAID, or PARTIALLY_PAID if a part of it stays open. The order of a purchase is paid in the same way, unless it is UN_COLLECTIBLE, and what was bought is done when all of it has been paid. A CREDIT is a new credit of the account for everything, without an end, and WALLET_CREDIT puts money into its wallet; what is left of an account comes into its wallet too. A reference, which is sourceName and transactionNumber, is taken once in the organization: the same request again has the answer of the first one, and changes nothing. A totalAmount below 0 gives back what was paid for one invoice that is REFUND_INITIATED, which is REFUND_COMPLETED when all of it was given back.',
  refuses: {
    400: 'An amount is more than what is open of an invoice, than what was paid for it, or than what is left of totalAmount; the currency is another one; or an invoice group is to have a credit or a wallet.',
    404: 'No account or invoice group of the organization has this id, or it has no such invoice.',
    409: 'The reference was taken by another payment; the invoice cannot be paid now; or an invoice group pays for it.',
    422: 'The wallet would hold more than 10000000000000.',
  },
  example: {
    after,
    request: sent,
    answer: paid,
    other: {
      request: {
        ...sent,
        externalPaymentReference: { ...reference, transactionNumber: 'T-2026-0002' },
        lineItemRecords: [{ type: 'WALLET_CREDIT', order: 1 }],
      },
    },
  },
}

export const getPayment = {
  summary: 'Read a payment',
  description: 'Reads a payment. A portal token can read those of its accounts.',
  refuses: { 403: NO_PORTAL, 404: MISSING },
  example: { after: [...after, 'createPayments'], path: { payment_id: paymentId }, query: { version: 1 }, answer: paid },
}

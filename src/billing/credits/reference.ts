import { accountId, creditId, customerId, second, third } from '../../lib/examples.ts'

const NO_PORTAL = 'The token is a portal token, and does not read this credit.'

const request = {
  accountId,
  purpose: 'Welcome credit',
  effectiveFrom: '2026-03-01',
  effectiveUntil: '2027-03-01',
  creditAmount: 100,
  priority: 1,
  applicableEntityIds: ['ALL_USAGE_METER_RATE_CARDS'],
  grantorId: 'sales',
  idempotencyKey: 'welcome-1001',
}

const credit = {
  ...request,
  id: creditId,
  customerId,
  status: 'ACTIVE',
  creditUnit: 'USD',
  holdAmount: 0,
  consumedAmount: 0,
  createdAt: second,
  updatedAt: second,
}

export const tags = {
  Credits: 'Amounts that an account has for nothing, or has bought, and that its invoices take before they are paid.',
}

export const parameters = {
  credit_id: 'The id of the credit.',
}

export const listCredits = {
  summary: 'List credits',
  description:
    'Lists the credits, the newest first. holdAmount is what DRAFTs would take of a credit as they are now, and status is as of now: a credit that has ended is EXPIRED once no DRAFT is open that it may still pay. A portal token lists those of its accounts.',
  refuses: { 403: 'The token is a portal token, and does not read the account that the query names.' },
  example: {
    after: ['createCustomer', 'createCredit'],
    query: { account_id: accountId, status: 'ACTIVE', id: creditId, pageSize: 50 },
    answer: { data: [credit] },
  },
}

export const createCredit = {
  summary: 'Give credits',
  description:
    'Gives credits to accounts: all of them, or none if one is refused. A credit pays invoices whose period overlaps its days, before any payment: those of a lower priority first, then those that end first, then the oldest. It pays charges of cards and lines, and never other charges, taxes or, unless it names them, what credits cost. As long as an invoice is a DRAFT, it holds what it would take; DRAFTs of an account take in the order in which they fall due. A credit never changes, but can be made void.',
  refuses: {
    400: 'effectiveUntil is not after effectiveFrom, creditAmount is missing or has more decimals than the currency of the account, or two credits have the same idempotencyKey.',
    404: 'An account does not exist.',
    409: 'An account is archived. Or its money is being changed by many requests at this moment, and nothing was given: send it again after Retry-After.',
    422: 'An idempotencyKey was used for another credit.',
  },
  example: {
    after: ['createCustomer'],
    request: { creditRequests: [request] },
    answer: { credits: [credit] },
    other: { request: { creditRequests: [{ ...request, creditAmount: 50, idempotencyKey: 'welcome-1002' }] } },
  },
}

export const getCreditDetails = {
  summary: 'Read a credit',
  description:
    'Reads a credit, and what went into it and out of it: what was CREDITED when it was given, and again when an invoice was made void; what was DEBITED by invoices that fell due; and what EXPIRED or was VOIDED. These add up to what is left.',
  refuses: { 403: NO_PORTAL, 404: 'There is no such credit.' },
  example: {
    after: ['createCustomer', 'createCredit'],
    path: { credit_id: creditId },
    answer: {
      ...credit,
      transactions: [{ id: 'cred_txn.0VFLWOg4cTx.2mKpR', creditId, transactionType: 'CREDITED', amount: 100, createdAt: second }],
    },
  },
}

export const voidCredit = {
  summary: 'Make a credit void',
  description:
    'Takes away what is left of a credit, for good. DRAFTs take nothing of it any more. What invoices have taken of it that fell due stays as it is.',
  refuses: {
    404: 'There is no such credit.',
    409: 'The credit is CONSUMED, EXPIRED or VOIDED already. Or it is being changed by many requests at this moment: send it again after Retry-After.',
  },
  example: {
    after: ['createCustomer', 'createCredit'],
    path: { credit_id: creditId },
    answer: { ...credit, status: 'VOIDED', updatedAt: third },
    other: { path: { credit_id: 'cred.0VFLWOg4cRe.7pVtY' } },
  },
}

export const creditBalanceForAccount = {
  summary: 'Read the balance of credits of an account',
  description:
    'Answers what the credits of an account come to that are in force now, what is left of them after the invoices that fell due, and what would be left after its DRAFTs as they are now.',
  refuses: { 403: 'The token is a portal token, and does not read this account.', 404: 'There is no such account.' },
  example: {
    after: ['createCustomer', 'createCredit'],
    path: { account_id: accountId },
    answer: {
      activeCredits: 100,
      availableBalance: 100,
      runningBalance: 100,
      inapplicableCredits: 100,
      unit: 'USD',
      lastUpdatedAt: third,
    },
  },
}

import { accountId, orderId, proposalId, second, third } from '../../lib/examples.ts'

const MISSING = 'No account of the organization has this id.'

const walletTopupDetails = { topupAmount: 550, purchaseAmount: 500 }

const request = {
  type: 'WALLET_TOPUP',
  paymentMode: 'PREPAID',
  walletTopupDetails,
  expiryDate: '2026-04-15T00:00:00Z',
  idempotencyKey: 'offer-1',
}

const proposal = {
  id: proposalId,
  accountId,
  idempotencyKey: 'offer-1',
  walletTopupDetails,
  createdAt: second,
  updatedAt: second,
  expiryDate: '2026-04-15T00:00:00.000Z',
  price: 500,
  invoiceCurrency: 'USD',
  status: 'PROPOSAL_ACTIVE',
  type: 'WALLET_TOPUP',
  paymentMode: 'PREPAID',
}

const path = { account_id: accountId }

export const parameters = {
  purchase_proposal_id: 'The id of the proposal, which is that of its purchase too.',
}

export const createProposal = {
  summary: 'Propose a purchase to an account (deprecated)',
  description:
    'Proposes a purchase at the price of today. Nothing is billed or granted before it is approved. When expiryDate passes, it is PROPOSAL_EXPIRED. A price plan that ASSOCIATION puts in force begins on a day behind that of expiryDate.',
  refuses: {
    400: 'What initiateOneTimeEntitlementPlan refuses; a WALLET_TOPUP that is POSTPAID; or effectiveFrom is not after the day of expiryDate.',
    404: `${MISSING} Or the price plan, or what a rate card prices, does not exist.`,
    409: 'The account is archived, or the price plan is not ACTIVE, not in the currency of the account, or cannot be put in force on its days.',
    422: 'idempotencyKey was used for another proposal to the account.',
  },
  example: {
    after: ['createCustomer'],
    path,
    request,
    answer: proposal,
    other: { request: { ...request, walletTopupDetails: { topupAmount: 50 }, idempotencyKey: 'offer-2' } },
  },
}

export const listAccountProposals = {
  summary: 'List the proposals to an account (deprecated)',
  description: 'Lists what was proposed to an account, the newest first. A portal token can read those of its accounts.',
  refuses: { 403: 'The token is a portal token that cannot read this account.', 404: MISSING },
  example: {
    after: ['createCustomer', 'createProposal'],
    path,
    query: { pageSize: 20 },
    answer: {
      data: [
        {
          id: proposalId,
          status: 'PROPOSAL_ACTIVE',
          walletTopupDetails,
          idempotencyKey: 'offer-1',
          createdAt: second,
          updatedAt: second,
          expiryDate: '2026-04-15T00:00:00.000Z',
          paymentMode: 'PREPAID',
          type: 'WALLET_TOPUP',
        },
      ],
      context: { pageSize: 20, sortOrder: 'DESC' },
    },
  },
}

export const getProposal = {
  summary: 'Read a proposal (deprecated)',
  description:
    'Reads a proposal, and how it was answered. What becomes of it after its approval is shown by getPurchase, under the same id.',
  refuses: { 403: 'The token is a portal token that cannot read this proposal.', 404: 'No proposal of the organization has this id.' },
  example: {
    after: ['createCustomer', 'createProposal'],
    path: { purchase_proposal_id: proposalId },
    answer: proposal,
  },
}

export const updateProposalStatus = {
  summary: 'Approve or decline a proposal (deprecated)',
  description:
    'APPROVE makes a purchase of a proposal, under the same id. If it is PREPAID, its order falls due, and it is done when that has been paid. If it is POSTPAID, it is done at once: a price plan is billed as every other one that is in force, and all else by an invoice that falls due now. DECLINE ends the proposal. A proposal is answered once.',
  refuses: {
    400: 'What was proposed is not possible any more: the message names the field.',
    404: 'No proposal of the organization has this id.',
    409: 'The proposal was approved or declined already, or has expired; the account is archived, or invoiced in another currency now; or the price plan cannot be put in force on its days any more.',
  },
  example: {
    after: ['createCustomer', 'createProposal'],
    path: { purchase_proposal_id: proposalId },
    request: { status: 'APPROVE' },
    answer: { ...proposal, invoiceId: orderId, status: 'PROPOSAL_APPROVED', updatedAt: third, proposalResponseDate: third },
    other: { request: { status: 'DECLINE' } },
  },
}

import { getAccount } from '../../customers/accounts/service.ts'
import { changeVersioned, retryWhenStale } from '../../db/change.ts'
import { type Draft, type Reply, commit } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { ApiError } from '../../lib/errors.ts'
import { tagOf } from '../../lib/etag.ts'
import { dayOf, writeDay } from '../../rating/cycle.ts'
import { draftBoughtPlan } from '../purchases/associate.ts'
import { findMade, holdBuyer, keyOf, readBuyer, refusePast } from '../purchases/create.ts'
import { readOffer } from '../purchases/offer.ts'
import { type ProposalRow, listProposalRows, readProposal } from '../purchases/queries.ts'
import { showListedProposal, showProposal } from '../purchases/show.ts'
import type { PurchaseRow } from '../purchases/table.ts'
import { changePurchase, draftOrder, dueOfPurchase, insertPurchases, newPurchase, recordPurchase } from '../purchases/write.ts'
import { settleMoneyDue } from '../money_due.ts'
import type { PartialDraft } from '../wallets/service.ts'
import type { CreateProposalRequest, Proposal } from '../purchases/schema.ts'
import type { ListProposalsQuery, ProposalsPaginatedResponse, UpdateProposalStatus } from './schema.ts'

/** Refuses what cannot be proposed, whatever it is that would be bought. */
const refuseTerms = ({ type, paymentMode, effectiveFrom, expiryDate }: CreateProposalRequest): void => {
  if (type === 'WALLET_TOPUP' && paymentMode === 'POSTPAID')
    throw new ApiError('INVALID', 'paymentMode: must be PREPAID for WALLET_TOPUP, since the wallet holds what has been paid')
  if (effectiveFrom !== undefined && expiryDate !== undefined && effectiveFrom <= dayOf(expiryDate))
    throw new ApiError(
      'INVALID',
      `effectiveFrom: must be after ${writeDay(dayOf(expiryDate))}, the day of expiryDate, until which it can be approved`,
    )
}

/** Proposes to an account that it buys something. Nothing is billed before it is approved. */
export const createProposal = async (ctx: Ctx, accountId: string, input: CreateProposalRequest): Promise<Reply<Proposal>> => {
  const key = await keyOf(input)
  return retryWhenStale(async () => {
    const kept = await findMade(ctx, accountId, input, true)
    if (kept) return { answer: showProposal(kept as ProposalRow) }
    const owner = await readBuyer(ctx, accountId)
    refuseTerms(input)
    refusePast(ctx, input)
    const offer = await readOffer(ctx, owner, input)
    const { paymentMode, expiryDate: expiresAt = null } = input
    const proposed = { paymentMode, proposalStatus: 'PROPOSAL_ACTIVE' as const, expiresAt }
    const row = newPurchase(ctx, owner, offer, { request: input, ...proposed, ...key }) as ProposalRow
    return commit(ctx, {
      statements: [holdBuyer(ctx, owner), insertPurchases([row])],
      changes: [recordPurchase(undefined, row)],
      answer: showProposal(row),
      due: dueOfPurchase(ctx, row),
    })
  })
}

/** Lists what was proposed to an account, the newest first, page by page. */
export const listProposals = async (ctx: Ctx, accountId: string, query: ListProposalsQuery): Promise<Reply<ProposalsPaginatedResponse>> => {
  const { rows, next, context } = await listProposalRows(ctx, query, { account: accountId }, accountId)
  await getAccount(ctx, accountId)
  return { answer: { data: (rows as ProposalRow[]).map(showListedProposal), ...next, context } }
}

/** The state of a proposal that its ETag names. */
const tagOfProposal = ({ version }: Pick<PurchaseRow, 'version'>): string => tagOf(version)

export const getProposal = async (ctx: Ctx, id: string): Promise<Reply<Proposal>> => {
  const row = await readProposal(ctx, id)
  return { answer: showProposal(row), tag: tagOfProposal(row) }
}

const NOT_BILLED: PartialDraft & Pick<PurchaseRow, 'invoiceId'> = { statements: [], changes: [], invoiceId: null }

/**
 * Drafts that a proposal is approved. What is prepaid becomes a purchase with an order, and is done when that has been paid; what is postpaid is done at once,
 * and billed: a plan that is put in force as every other one, and all else by an invoice that falls due now.
 */
const draftApproval = async (ctx: Ctx, row: ProposalRow): Promise<Draft<Proposal>> => {
  const owner = await readBuyer(ctx, row.accountId)
  if (owner.currency !== row.currency)
    throw new ApiError(
      'CONFLICT',
      `status: the account "${owner.id}" is invoiced in ${owner.currency} now, and the proposal is in ${row.currency}`,
    )
  if (row.type === 'ASSOCIATION') await draftBoughtPlan(ctx, row)
  const isPostpaid = row.paymentMode === 'POSTPAID'
  const {
    statements,
    changes,
    invoiceId,
    status = 'IN_PROGRESS' as const,
  } = isPostpaid && row.type === 'ASSOCIATION'
    ? { ...NOT_BILLED, status: undefined }
    : await draftOrder(ctx, owner, row, isPostpaid ? 'INVOICE' : 'ORDER')
  const approved = changePurchase(ctx, row, {
    proposalStatus: 'PROPOSAL_APPROVED',
    respondedAt: ctx.now,
    invoiceId,
    status: isPostpaid ? 'IN_PROGRESS' : status,
  })
  return {
    statements: [holdBuyer(ctx, owner), ...statements, ...approved.statements],
    changes: [...approved.changes, ...changes],
    answer: showProposal(approved.after as ProposalRow),
    tag: tagOfProposal(approved.after),
    due: dueOfPurchase(ctx, approved.after),
  }
}

/** Approves or declines a proposal, once. */
export const updateProposalStatus = (ctx: Ctx, id: string, { status }: UpdateProposalStatus): Promise<Reply<Proposal>> =>
  changeVersioned(ctx, {
    read: async () => {
      const { accountId } = await readProposal(ctx, id)
      await settleMoneyDue(ctx, [accountId])
      return readProposal(ctx, id)
    },
    tagOf: tagOfProposal,
    change: (row): Draft<Proposal> | Promise<Draft<Proposal>> => {
      if (row.proposalStatus !== 'PROPOSAL_ACTIVE')
        throw new ApiError(
          'CONFLICT',
          `status: the proposal "${id}" is ${row.proposalStatus}, and can be neither approved nor declined any more`,
        )
      if (status === 'APPROVE') return draftApproval(ctx, row)
      const { after, ...declined } = changePurchase(ctx, row, {
        proposalStatus: 'PROPOSAL_DECLINED',
        respondedAt: ctx.now,
        settledAt: ctx.now,
      })
      return { ...declined, answer: showProposal(after as ProposalRow), tag: tagOfProposal(after) }
    },
  })

import { sql } from 'drizzle-orm'
import { retryWhenStale } from '../../db/change.ts'
import { commit } from '../../db/commit.ts'
import { STALE } from '../../db/conflicts.ts'
import type { Ctx } from '../../db/context.ts'
import { type Due, type StepResult, settleDue } from '../../db/due.ts'
import { selectRows } from '../../db/statements.ts'
import { requireDecimal } from '../../lib/decimal.ts'
import { ApiError, brief } from '../../lib/errors.ts'
import { readInvoicesById } from '../invoices/queries.ts'
import { holdInvoice } from '../invoices/settle.ts'
import { isTakenBack } from '../invoices/status.ts'
import { moveMoney, readPurse, refuseTooMuch } from '../wallets/service.ts'
import { draftBoughtPlan, draftPaidCycle } from './associate.ts'
import { draftEnd } from './ending.ts'
import { draftGrants } from './grants.ts'
import { readPurchaseRows, selectPurchase } from './queries.ts'
import type { PurchaseRow } from './table.ts'
import { type PurchaseStep, changePurchase } from './write.ts'

const SETTLED = { status: 'SUCCESS' } as const

/** Drafts that what was bought is granted, which has succeeded when its credits of features have been carried into the ledger of the account. */
const draftGranted = async (ctx: Ctx, row: PurchaseRow): Promise<PurchaseStep> => {
  const { hasEntries, statements, changes, due } = await draftGrants(ctx, row)
  const settled = changePurchase(ctx, row, { appliedAt: ctx.now, settledAt: ctx.now, ...(!hasEntries && SETTLED) })
  return { statements: [...settled.statements, ...statements], changes: [...settled.changes, ...changes], due }
}

/** Drafts that the wallet gets what was bought for it. */
const draftToppedUp = async (ctx: Ctx, row: PurchaseRow): Promise<PurchaseStep> => {
  const purse = await readPurse(ctx, row.accountId)
  if (purse?.currency !== row.currency) throw new ApiError('CONFLICT', `The wallet of the account does not hold ${row.currency} any more.`)
  const amount = requireDecimal(row.request.walletTopupDetails?.topupAmount ?? '0')
  const moved = moveMoney(ctx, purse, { amount, description: 'Purchase', entityId: row.id })
  refuseTooMuch(purse, 'topupAmount')
  const settled = changePurchase(ctx, row, { ...SETTLED, appliedAt: ctx.now, settledAt: ctx.now })
  return { statements: [...settled.statements, ...moved.statements], changes: [...settled.changes, ...moved.changes], due: [] }
}

/**
 * Drafts that a plan that was bought is put in force. What was paid in advance of its first cycle is not billed again, and what its PREPAID
 * cards grant is granted now, or when the cycle begins.
 */
const draftAssociated = async (ctx: Ctx, row: PurchaseRow): Promise<PurchaseStep> => {
  const drafted = await draftBoughtPlan(ctx, row)
  const { statements, changes, due = [] } = drafted.draft
  if (row.paymentMode === 'POSTPAID') {
    const settled = changePurchase(ctx, row, { ...SETTLED, appliedAt: ctx.now, settledAt: ctx.now })
    return { statements: [...settled.statements, ...statements], changes: [...settled.changes, ...changes], due: [...due] }
  }
  const { cycleAt, scheduleId, statements: charged } = await draftPaidCycle(ctx, row, drafted)
  const paid = { cycleAt, scheduleId, appliedAt: ctx.now }
  const grants = row.bought.plan?.prepaid.length ? cycleAt : undefined
  const waits = grants !== null && grants !== undefined && grants > ctx.now
  const granted = grants === undefined || waits ? undefined : await draftGrants(ctx, { ...row, ...paid })
  const settled = changePurchase(ctx, row, {
    ...paid,
    ...(!granted?.hasEntries && SETTLED),
    ...(!waits && { settledAt: ctx.now }),
  })
  return {
    statements: [...settled.statements, ...statements, ...charged, ...(granted?.statements ?? [])],
    changes: [...settled.changes, ...changes, ...(granted?.changes ?? [])],
    due: [...due, ...(granted?.due ?? [])],
    next: waits ? grants : undefined,
  }
}

/** Drafts what the PREPAID cards of a plan that was bought grant when its first cycle begins. */
const draftLateGrants = async (ctx: Ctx, row: PurchaseRow): Promise<PurchaseStep> => {
  const { statements, changes, due } = await draftGrants(ctx, row)
  const settled = changePurchase(ctx, row, { settledAt: ctx.now })
  return { statements: [...settled.statements, ...statements], changes: [...settled.changes, ...changes], due }
}

/** How what was bought is done. */
const DRAFT_OF: Readonly<Record<PurchaseRow['type'], (ctx: Ctx, row: PurchaseRow) => Promise<PurchaseStep>>> = {
  ENTITLEMENT_GRANT: draftGranted,
  PREPAID: draftGranted,
  ASSOCIATION: draftAssociated,
  WALLET_TOPUP: draftToppedUp,
}

/** What a purchase is of which nothing more is done, since its order has been given back before. */
const endTakenBack = ({ now }: Ctx, { appliedAt }: PurchaseRow): Partial<PurchaseRow> =>
  appliedAt === null
    ? { status: 'FAILURE', comment: 'Its order was given back before it was done.', appliedAt: now, settledAt: now }
    : { comment: 'Its order was given back before its first cycle began.', settledAt: now }

/** Drafts what is done next of a purchase that has been paid: nothing if its order has been given back. */
const draftDone = async (ctx: Ctx, row: PurchaseRow): Promise<PurchaseStep> => {
  const [order] = row.invoiceId === null ? [] : await readInvoicesById(ctx, [row.invoiceId])
  if (order && isTakenBack(order)) return { ...changePurchase(ctx, row, endTakenBack(ctx, row)), due: [] }
  const draft = row.appliedAt === null ? DRAFT_OF[row.type] : draftLateGrants
  const { statements, ...step } = await draft(ctx, row)
  return { ...step, statements: [...(order ? [holdInvoice(ctx, order)] : []), ...statements] }
}

const NOTHING: PurchaseStep = { statements: [], changes: [], due: [] }

/** Drafts what is to be done of a purchase or a proposal at `ctx.now`. */
const draftStep = async (ctx: Ctx, row: PurchaseRow): Promise<PurchaseStep> => {
  if (row.settledAt !== null) return NOTHING
  if (row.status === null) {
    if (row.expiresAt === null || row.expiresAt > ctx.now) return { ...NOTHING, next: row.expiresAt ?? undefined }
    return { ...changePurchase(ctx, row, { proposalStatus: 'PROPOSAL_EXPIRED', settledAt: ctx.now }), due: [] }
  }
  if (row.status === 'PENDING') return draftEnd(ctx, row)
  const isToCome = row.appliedAt !== null && row.cycleAt !== null && row.cycleAt > ctx.now
  return isToCome ? { ...NOTHING, next: row.cycleAt ?? undefined } : draftDone(ctx, row)
}

/** Whether something that was bought cannot be done, whenever it is tried again. */
const isRefusal = (error: unknown): error is ApiError => error instanceof ApiError && error !== STALE && error.code !== 'UNAVAILABLE'

/**
 * Does what was bought and has been paid, or ends what was not paid, or not answered, in time. What cannot be done ends as FAILURE, which
 * says why: its order stays paid.
 */
export const settlePurchase = (ctx: Ctx, due: Due): Promise<StepResult> => {
  const its: Ctx = { ...ctx, now: due.dueAt }
  const write = async ({ statements, changes, due: more, next }: PurchaseStep): Promise<StepResult> => {
    const { committed } = await commit(its, {
      statements: [...settleDue(its, due, next), ...statements],
      changes,
      answer: {},
      due: more,
    })
    return { madeDue: committed?.due ?? [] }
  }
  return retryWhenStale(async () => {
    const { organizationId } = its
    const [found, isDue] = await its.session.batch<object>([
      selectPurchase(its, due.subject),
      selectRows(sql`
        select 1 from due where organization_id = ${organizationId} and kind = ${due.kind} and subject = ${due.subject} and due_at = ${due.dueAt}`),
    ])
    if (!isDue?.results.length) return {}
    const [row] = readPurchaseRows(found?.results)
    if (!row) return write(NOTHING)
    try {
      return await write(await draftStep(its, row))
    } catch (error) {
      if (row.status !== 'IN_PROGRESS' || row.appliedAt !== null || !isRefusal(error)) throw error
      const failed = { status: 'FAILURE' as const, comment: brief(error.message), appliedAt: its.now, settledAt: its.now }
      return write({ ...changePurchase(its, row, failed), due: [] })
    }
  })
}

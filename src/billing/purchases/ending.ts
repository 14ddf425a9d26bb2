import { sql } from 'drizzle-orm'
import { retryWhenStale } from '../../db/change.ts'
import { commit } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { type Due, settleDue } from '../../db/due.ts'
import { selectRows } from '../../db/statements.ts'
import { draftVoidOrder } from '../invoices/orders.ts'
import { readInvoicesById } from '../invoices/queries.ts'
import { readOpenPurchases } from './queries.ts'
import type { PurchaseRow } from './table.ts'
import { type PurchaseStep, changePurchase } from './write.ts'

/** Whether payments are recorded for an invoice, which is not made VOID then. */
const hasPayments = async ({ organizationId, session }: Ctx, invoiceId: string): Promise<boolean> => {
  const rows = await session.rows<object>(
    selectRows(sql`
      select 1 from payment_lines where organization_id = ${organizationId} and target_id = ${invoiceId} and type = 'INVOICE' limit 1`),
  )
  return rows.length > 0
}

/** Drafts that an unpaid purchase ends with its order. One for which payments are recorded stays open, so that the rest can be paid. */
const draftFailure = async (ctx: Ctx, { invoiceId }: PurchaseRow, comment: string): Promise<PurchaseStep> => {
  const [order] = invoiceId === null ? [] : await readInvoicesById(ctx, [invoiceId])
  if (!order || (await hasPayments(ctx, order.id))) return { statements: [], changes: [], due: [] }
  return draftVoidOrder(ctx, order, comment)
}

/** Drafts that a purchase that has not been paid ends at `ctx.now`, if it is to end by then. */
export const draftEnd = async (ctx: Ctx, row: PurchaseRow): Promise<PurchaseStep> => {
  const { ending, expiresAt } = row
  if (ending !== null) return draftFailure(ctx, row, ending)
  if (expiresAt === null) return { statements: [], changes: [], due: [] }
  if (expiresAt > ctx.now) return { statements: [], changes: [], due: [], next: expiresAt }
  return draftFailure(ctx, row, 'It was not paid until its expiryDate.')
}

/** Ends what an account that is archived has not paid, and the proposals that it has not answered. */
export const endPurchases = (ctx: Ctx, due: Due): Promise<void> => {
  const its: Ctx = { ...ctx, now: due.dueAt }
  const { organizationId } = its
  const endOne = async (row: PurchaseRow): Promise<PurchaseStep | undefined> => {
    if (row.status === 'PENDING') return draftFailure(its, row, 'The account was archived before it was paid.')
    if (row.proposalStatus !== 'PROPOSAL_ACTIVE') return undefined
    return { ...changePurchase(its, row, { proposalStatus: 'PROPOSAL_EXPIRED', settledAt: its.now }), due: [] }
  }
  return retryWhenStale(async () => {
    const [account, open] = await Promise.all([
      its.session.rows<{ status: string; isDue: number }>(
        selectRows(sql`
          select status, exists (
            select 1 from due where organization_id = ${organizationId} and kind = ${due.kind} and subject = ${due.subject} and due_at = ${due.dueAt}
          ) as isDue from accounts where organization_id = ${organizationId} and id = ${due.subject}`),
      ),
      readOpenPurchases(its, due.subject),
    ])
    if (!account[0]?.isDue) return
    if (account[0].status === 'ARCHIVED')
      for (const row of open) {
        const { statements = [], changes = [], due: more = [] } = (await endOne(row)) ?? {}
        if (statements.length) await commit(its, { statements, changes, answer: {}, due: more })
      }
    await commit(its, { statements: settleDue(its, due), changes: [], answer: {} })
  })
}

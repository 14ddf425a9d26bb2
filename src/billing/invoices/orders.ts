import { and, eq } from 'drizzle-orm'
import type { Draft } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { minorDigitsOf } from '../../lib/codes.ts'
import { builder } from '../../db/statements.ts'
import type { Credit } from '../../rating/credits.ts'
import { buildInvoice } from '../../rating/invoice.ts'
import type { Line } from '../../rating/line.ts'
import { draftReleases } from '../credits/release.ts'
import { draftFailedPurchase, draftPaidPurchase, purchaseOf } from '../purchases/orders.ts'
import { keepCredits } from './kept_credits.ts'
import type { InvoicePeriod } from './lines.ts'
import { settleMoney } from './paying.ts'
import { type Reckoned, keepRating } from './reckoned.ts'
import { changeInvoice, isOrder, nextNumber, recordInvoice } from './settle.ts'
import type { InvoiceRow } from './show.ts'
import { type InvoiceStatus, invoices } from './table.ts'

type Write = Required<Pick<Draft<object>, 'statements' | 'changes' | 'due'>>

/** Rates an order of lines, with the credits that are left for it. */
export const rateOrder = (
  lines: readonly Line[],
  { currency, startAt, endAt }: InvoicePeriod,
  credits: readonly Credit[] = [],
): Omit<Reckoned, 'basis'> => {
  const built = buildInvoice(lines, { digits: minorDigitsOf(currency), from: startAt, until: endAt, credits })
  return keepRating({ root: built.root, usage: [], ...keepCredits(built.credits) })
}

/** The lines of an order, before credits. */
export const linesOfOrder = ({ type, lines = [] }: Line): readonly Line[] => (type === 'GROSS_AMOUNT' ? lines : lines.flatMap(linesOfOrder))

/** Why a purchase ends with its order. */
const ENDED: Partial<Record<InvoiceStatus, string>> = {
  VOID: 'Its order was made VOID before it was paid.',
  UN_COLLECTIBLE: 'Its order is UN_COLLECTIBLE.',
  REFUND_INITIATED: 'What was paid of its order is given back.',
}

/**
 * Drafts another status of an invoice that fell due. An order that has been paid becomes an invoice and gets its number, and what was bought
 * is done next; one that is not to be paid any more ends its purchase.
 */
export const draftSettled = (ctx: Ctx, row: InvoiceRow, set: Partial<InvoiceRow>): Write => {
  const after: InvoiceRow = { ...row, ...set }
  const written = (its: InvoiceRow) => recordInvoice(row, its)
  if (!isOrder(row) || after.status === row.status) return { statements: [changeInvoice(ctx, row, set)], changes: written(after), due: [] }
  if (after.status === 'PAID') {
    const paid = draftPaidPurchase(ctx, purchaseOf(row))
    const number = nextNumber(ctx, ctx.now)
    const update = builder
      .update(invoices)
      .set({ ...set, invoiceClass: 'INVOICE', ...number.set })
      .where(and(eq(invoices.organizationId, ctx.organizationId), eq(invoices.id, row.id)))
    return {
      statements: [number.count, update, ...paid.statements],
      changes: [...written({ ...after, invoiceClass: 'INVOICE' }), ...paid.changes],
      due: paid.due,
    }
  }
  const comment = row.status === 'UN_COLLECTIBLE' ? undefined : ENDED[after.status as InvoiceStatus]
  const failed = comment === undefined ? { statements: [], changes: [] } : draftFailedPurchase(ctx, purchaseOf(row), comment)
  return {
    statements: [changeInvoice(ctx, row, set), ...failed.statements],
    changes: [...written(after), ...failed.changes],
    due: [],
  }
}

/** What an invoice is when it has been made VOID: nothing is paid for it any more. */
export const voided = ({ info }: Pick<InvoiceRow, 'info'>): Pick<InvoiceRow, 'status' | 'paid' | 'info'> => ({
  status: 'VOID',
  paid: '0',
  info: info.filter(({ type }) => type !== 'WALLET'),
})

/** Drafts that an order is made VOID which is not to be paid any more: what it took of credits and of the wallet goes back. */
export const draftVoidOrder = async (ctx: Ctx, row: InvoiceRow, comment: string): Promise<Write> => {
  const [money, released] = await Promise.all([settleMoney(ctx, row, 'VOID'), draftReleases(ctx, row.id)])
  const set = { ...voided(row), updatedAt: ctx.now, version: row.version + 1 }
  const failed = draftFailedPurchase(ctx, purchaseOf(row), comment)
  return {
    statements: [...money.statements, changeInvoice(ctx, row, set), ...failed.statements, ...released.statements],
    changes: [...recordInvoice(row, { ...row, ...set }), ...failed.changes, ...money.changes, ...released.changes],
    due: released.due,
  }
}

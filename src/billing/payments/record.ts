import { insertInto } from '../../db/statements.ts'
import type { Ctx } from '../../db/context.ts'
import { differences } from '../../lib/changes.ts'
import { jsonNumber } from '../../lib/decimal.ts'
import { newId } from '../../lib/ids.ts'
import { iso } from '../../lib/time.ts'
import type { PartialDraft } from '../wallets/service.ts'
import type { Payment } from './schema.ts'
import { paymentLines, payments } from './table.ts'

export type PaymentRow = typeof payments.$inferSelect

/** What a payment was for. */
export type PaymentLine = Pick<typeof paymentLines.$inferSelect, 'type' | 'targetId' | 'amount' | 'place'>

const insertPayments = insertInto(payments)
const insertLines = insertInto(paymentLines)

export const showPayment = (row: PaymentRow, lines: readonly PaymentLine[]): Payment => ({
  id: row.id,
  ...(row.description !== null && { description: row.description }),
  ...(row.notes !== null && { notes: row.notes }),
  accountId: row.ownerId,
  externalPaymentReferences: {
    sourceName: row.sourceName,
    sourceType: row.sourceType,
    transactionNumber: row.transactionNumber,
    ...(row.sourceDescription !== null && { description: row.sourceDescription }),
    ...(row.metadata !== null && { metadata: row.metadata }),
  },
  lineItemRecords: lines.map(({ type, targetId, amount, place }) => ({
    type,
    togaiId: targetId,
    amount: jsonNumber(amount),
    order: place,
  })),
  totalAmount: jsonNumber(row.total),
  currency: row.currency,
  version: 1,
  createdBy: row.createdBy,
  createdAt: iso(row.createdAt),
})

/** Drafts that a payment is recorded with what it was for. What it paid is written after it. */
export const draftPayment = ({ organizationId }: Ctx, row: PaymentRow, lines: readonly PaymentLine[]): PartialDraft => {
  const { id: _id, lineItemRecords, ...shown } = showPayment(row, lines)
  const own = lines.map((line, position) => ({ paymentId: row.id, position, organizationId, ...line }))
  const fields = {
    ...shown,
    totalAmount: row.total,
    lineItemRecords: lineItemRecords.map((one, at) => ({ ...one, amount: lines[at]?.amount })),
  }
  return {
    statements: [insertPayments([row]), insertLines(own)],
    changes: [{ type: 'PAYMENT', id: row.id, fields: differences(undefined, fields), status: [null, 'RECORDED'] }],
  }
}

/** An invoice that is marked as paid. */
interface MarkedInvoice {
  id: string
  ownerId: string
  customerId: string | null
  currency: string
}

/** Drafts the payment that is recorded by itself of what is open of an invoice that a person marks as paid: its nth one. */
export const draftManualPayment = (
  ctx: Ctx,
  { id, ownerId, customerId, currency }: MarkedInvoice,
  amount: string,
  nth: number,
): PartialDraft =>
  draftPayment(
    ctx,
    {
      id: newId('PAYMENT', ctx.now),
      organizationId: ctx.organizationId,
      ownerId,
      customerId,
      sourceName: 'MANUAL',
      sourceType: 'CASH',
      transactionNumber: `${id}-${nth}`,
      sourceDescription: null,
      metadata: null,
      description: null,
      notes: null,
      currency,
      total: amount,
      fingerprint: null,
      createdBy: ctx.actor,
      createdAt: ctx.now,
    },
    [{ type: 'INVOICE', targetId: id, amount, place: 1 }],
  )

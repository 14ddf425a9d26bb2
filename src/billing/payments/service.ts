import { retryWhenStale } from '../../db/change.ts'
import { type Reply, commit } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { add, formatDecimal, requireDecimal } from '../../lib/decimal.ts'
import { ApiError, refuseFaults } from '../../lib/errors.ts'
import { fingerprintOf, hasFingerprint } from '../../lib/hash.ts'
import { newId } from '../../lib/ids.ts'
import { draftSettled } from '../invoices/orders.ts'
import type { InvoiceRow } from '../invoices/service.ts'
import { settleMoneyDue } from '../money_due.ts'
import { type PartialDraft, type Purse, holdPurse, moveMoney, refuseTooMuch } from '../wallets/service.ts'
import { draftCreditOfPayment } from './credit.ts'
import { findPaymentFaults, openOf, readPaidInvoices, readPayer, spreadRefund } from './payable.ts'
import { findPaymentOfReference, listPaymentRows, readPayment } from './queries.ts'
import { type PaymentLine, type PaymentRow, draftPayment, showPayment } from './record.ts'
import type { CreatePaymentRequest, ListPaymentResponse, ListPaymentsQuery, Payment } from './schema.ts'
import { type SpreadLine, spreadPayment } from './spread.ts'

/** Lists payments, the newest first, page by page. */
export const listPayments = async (ctx: Ctx, query: ListPaymentsQuery): Promise<Reply<ListPaymentResponse>> => {
  const { found, next } = await listPaymentRows(ctx, query)
  return { answer: { data: found.map(({ row, lines }) => showPayment(row, lines)), ...next } }
}

/** Reads a payment, which has one version. */
export const getPayment = async (ctx: Ctx, id: string, version = 1): Promise<Reply<Payment>> => {
  const { row, lines } = await readPayment(ctx, id)
  if (version !== 1) throw new ApiError('NOT_FOUND', `version: the payment "${id}" has version 1 only`)
  return { answer: showPayment(row, lines) }
}

/** What becomes of an invoice that a payment is for. */
const payInvoice = (ctx: Ctx, row: InvoiceRow, amounts: readonly string[]): ReturnType<typeof draftSettled> => {
  const paid = formatDecimal(amounts.reduce((sum, amount) => add(sum, requireDecimal(amount)), requireDecimal(row.paid)))
  const isRefund = row.status === 'REFUND_INITIATED'
  const refunded = paid === '0' ? ('REFUND_COMPLETED' as const) : row.status
  const settled = paid === row.total ? ('PAID' as const) : ('PARTIALLY_PAID' as const)
  return draftSettled(ctx, row, { paid, status: isRefund ? refunded : settled, updatedAt: ctx.now, version: row.version + 1 })
}

/** The row of a payment as it was sent. */
const rowOf = (ctx: Ctx, input: CreatePaymentRequest, customerId: string | null, fingerprint: string): PaymentRow => {
  const {
    sourceName,
    sourceType,
    transactionNumber,
    description: sourceDescription = null,
    metadata = null,
  } = input.externalPaymentReference
  return {
    id: newId('PAYMENT', ctx.now),
    organizationId: ctx.organizationId,
    ownerId: input.accountId,
    customerId,
    sourceName,
    sourceType,
    transactionNumber,
    sourceDescription,
    metadata,
    description: input.description ?? null,
    notes: input.notes ?? null,
    currency: input.currency,
    total: input.totalAmount,
    fingerprint,
    createdBy: ctx.actor,
    createdAt: ctx.now,
  }
}

/** Drafts what the parts of a payment lead to, and gives each with the id of what it has paid. */
const spendLines = (
  ctx: Ctx,
  row: PaymentRow,
  purse: Purse | undefined,
  spread: readonly SpreadLine[],
): { lines: PaymentLine[]; drafts: PartialDraft[] } => {
  const drafts: PartialDraft[] = []
  const lines = spread.map(({ type, togaiId = '', amount, place }): PaymentLine => {
    if (type === 'INVOICE') return { type, targetId: togaiId, amount, place }
    if (!purse) throw new Error('An invoice group has no wallet')
    if (type === 'CREDIT') {
      const { row: wallet, customerId } = purse
      const purpose = row.description === null || !row.description ? 'Payment' : row.description
      const credit = draftCreditOfPayment(ctx, { accountId: wallet.accountId, customerId, purpose, amount, unit: row.currency })
      drafts.push(credit)
      return { type, targetId: credit.id, amount, place }
    }
    drafts.push(moveMoney(ctx, purse, { amount: requireDecimal(amount), description: 'Payment', entityId: row.id }))
    return { type, targetId: purse.row.id, amount, place }
  })
  return { lines, drafts }
}

/**
 * Records a payment of an account or an invoice group, and spreads it over invoices, credits and the wallet. A payment with the same
 * reference is recorded once: the same request again is answered as the first.
 */
export const createPayment = (ctx: Ctx, input: CreatePaymentRequest): Promise<Reply<Payment>> => {
  const { accountId, externalPaymentReference: reference, lineItemRecords, totalAmount } = input
  const { sourceName, transactionNumber } = reference
  return retryWhenStale(async () => {
    const known = await findPaymentOfReference(ctx, sourceName, transactionNumber)
    if (known && !(await hasFingerprint(input, known.row.fingerprint)))
      throw new ApiError(
        'CONFLICT',
        `externalPaymentReference: the payment "${known.row.id}" has the same sourceName and transactionNumber, and other content`,
      )
    if (known) return { answer: showPayment(known.row, known.lines) }
    await settleMoneyDue(ctx, [accountId])
    const payer = await readPayer(ctx, accountId)
    refuseFaults('INVALID', findPaymentFaults(input, payer))
    const invoices = await readPaidInvoices(ctx, input)
    const openOfId = (id: string): string | undefined => {
      const row = invoices.get(id)
      return row && openOf(row)
    }
    const { lines: spread, faults } = totalAmount.startsWith('-')
      ? { lines: spreadRefund(input, invoices), faults: [] }
      : spreadPayment(totalAmount, lineItemRecords, openOfId)
    refuseFaults('INVALID', faults)
    if (!payer.purse && spread.some(({ type }) => type === 'WALLET_CREDIT'))
      throw new ApiError('INVALID', 'totalAmount: must be what lineItemRecords pay, since an invoice group has no wallet for the rest')
    const row = rowOf(ctx, input, payer.customerId, await fingerprintOf(input))
    const { lines, drafts } = spendLines(ctx, row, payer.purse, spread)
    if (payer.purse) refuseTooMuch(payer.purse, 'totalAmount')
    const paid = Map.groupBy(
      lines.filter(({ type }) => type === 'INVOICE'),
      ({ targetId }) => targetId,
    )
    const settled = [...paid].flatMap(([id, its]) => {
      const invoice = invoices.get(id)
      return invoice
        ? [
            payInvoice(
              ctx,
              invoice,
              its.map(({ amount }) => amount),
            ),
          ]
        : []
    })
    const all = [draftPayment(ctx, row, lines), ...drafts, ...settled]
    return commit(ctx, {
      statements: [...holdPurse(ctx, payer.purse), ...all.flatMap(({ statements }) => statements)],
      changes: all.flatMap(({ changes }) => changes),
      answer: showPayment(row, lines),
      due: settled.flatMap(({ due }) => due),
    })
  })
}

import { readGroupOwner } from '../invoices/owner.ts'
import { changeInvoice, recordInvoice } from '../invoices/settle.ts'
import { readInvoicesById } from '../invoices/queries.ts'
import type { InvoiceRow } from '../invoices/service.ts'
import { type PartialDraft, type Purse, doDueOfOwner, moveMoney, readPurse, refuseTooMuch } from '../wallets/service.ts'
import { retryWhenStale } from '../../db/change.ts'
import { type Reply, commit } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { add, formatDecimal, requireDecimal, subtract } from '../../lib/decimal.ts'
import { ApiError, type Fault, notFound, refuseFaults } from '../../lib/errors.ts'
import { sha256 } from '../../lib/hash.ts'
import { newId, randomBase62 } from '../../lib/ids.ts'
import { findMinorFault } from '../../lib/money.ts'
import { draftCreditOfPayment } from './credit.ts'
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

const inOrder = (value: object) => Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1))

/** The fingerprint of a payment. It begins with its salt, since its texts can be personal. */
const fingerprintOf = async (input: CreatePaymentRequest, salt: string): Promise<string> => {
  const { externalPaymentReference: reference, lineItemRecords, ...rest } = input
  return `${salt}.${await sha256(JSON.stringify([salt, inOrder(rest), inOrder(reference), lineItemRecords.map(inOrder)]))}`
}

const isSameRequest = async ({ fingerprint }: PaymentRow, input: CreatePaymentRequest): Promise<boolean> =>
  fingerprint !== null && fingerprint === (await fingerprintOf(input, fingerprint.slice(0, fingerprint.indexOf('.'))))

/** Who pays: an account, which has a wallet, or an invoice group, which has none. */
interface Payer {
  customerId: string | null
  currency: string
  purse: Purse | undefined
}

const readPayer = async (ctx: Ctx, id: string): Promise<Payer> => {
  const purse = await readPurse(ctx, id)
  if (purse) return { customerId: purse.customerId, currency: purse.currency, purse }
  const group = await readGroupOwner(ctx, id).catch((error: unknown) => {
    throw error instanceof ApiError && error.code === 'NOT_FOUND' ? notFound('account or invoice group', id) : error
  })
  return { customerId: null, currency: group.currency, purse: undefined }
}

/** What is wrong with the amounts of a payment, and whether what it is for can be. */
const findFaults = (input: CreatePaymentRequest, { currency, purse }: Payer): Fault[] => {
  const { lineItemRecords: sent, totalAmount } = input
  const refunds = totalAmount.startsWith('-')
  const minor = (amount: string | undefined, path: Fault['path']): Fault[] => {
    const message = amount === undefined ? undefined : findMinorFault(amount, currency)
    return message === undefined ? [] : [{ path, message }]
  }
  return [
    ...(input.currency === currency ? [] : [{ path: ['currency'], message: `must be ${currency}, in which it is invoiced` }]),
    ...minor(totalAmount, ['totalAmount']),
    ...(refunds && (sent.length !== 1 || sent[0]?.type !== 'INVOICE')
      ? [{ path: ['lineItemRecords'], message: 'must be one INVOICE if totalAmount is below 0' }]
      : []),
    ...sent.flatMap(({ type, togaiId, amount }, at): Fault[] => [
      ...minor(amount, ['lineItemRecords', at, 'amount']),
      ...(amount !== undefined && amount.startsWith('-') !== refunds
        ? [{ path: ['lineItemRecords', at, 'amount'], message: `must be ${refunds ? 'below' : 'above'} 0, as totalAmount is` }]
        : []),
      ...(type === 'INVOICE' && togaiId === undefined
        ? [{ path: ['lineItemRecords', at, 'togaiId'], message: 'is required: the id of the invoice' }]
        : []),
      ...(type !== 'INVOICE' && !purse
        ? [{ path: ['lineItemRecords', at, 'type'], message: 'must be INVOICE: an invoice group has no wallet and no credits' }]
        : []),
    ]),
  ]
}

/** The statuses of invoices that a payment can be for. */
const PAYABLE: ReadonlySet<string> = new Set(['DUE', 'PARTIALLY_PAID', 'UN_COLLECTIBLE'])

/** Refuses a payment for an invoice that is not to be paid now, or that an invoice group pays for. */
const refuseUnpayable = (row: InvoiceRow, at: number, refunds: boolean): void => {
  const { id, status, mergedInto, invoiceGroupId } = row
  const wrong = (message: string) => new ApiError('CONFLICT', `lineItemRecords[${at}].togaiId: the invoice "${id}" ${message}`)
  if (mergedInto !== null)
    throw wrong(`is MERGED into "${mergedInto}" of the invoice group "${invoiceGroupId}", which is paid in its place`)
  if (refunds && status !== 'REFUND_INITIATED') throw wrong(`is ${status}. Only what is REFUND_INITIATED can be given back`)
  if (!refunds && !PAYABLE.has(status)) throw wrong(`is ${status}. Only what is DUE, PARTIALLY_PAID or UN_COLLECTIBLE can be paid`)
  if (!refunds && status === 'DUE' && invoiceGroupId !== null)
    throw wrong(`is paid by the invoice group "${invoiceGroupId}", in one invoice a day`)
}

/** Reads the invoices that a payment is for, by their ids. Throws NOT_FOUND or CONFLICT. */
const readPaidInvoices = async (
  ctx: Ctx,
  { accountId, lineItemRecords, totalAmount }: CreatePaymentRequest,
): Promise<Map<string, InvoiceRow>> => {
  const ids = lineItemRecords.flatMap(({ type, togaiId }) => (type === 'INVOICE' && togaiId !== undefined ? [togaiId] : []))
  if (!ids.length) return new Map()
  const rows = new Map((await readInvoicesById(ctx, [...new Set(ids)])).map((row) => [row.id, row]))
  for (const [at, { type, togaiId = '' }] of lineItemRecords.entries()) {
    if (type !== 'INVOICE') continue
    const row = rows.get(togaiId)
    if (row?.ownerId !== accountId)
      throw new ApiError('NOT_FOUND', `lineItemRecords[${at}].togaiId: "${accountId}" has no invoice "${togaiId}"`)
    refuseUnpayable(row, at, totalAmount.startsWith('-'))
  }
  return rows
}

const openOf = ({ total, paid }: InvoiceRow): string => formatDecimal(subtract(requireDecimal(total), requireDecimal(paid)))

/** What is given back for an invoice: all of the payment, which is what was paid for it at most. */
const spreadRefund = (
  { lineItemRecords: [line], totalAmount }: CreatePaymentRequest,
  rows: ReadonlyMap<string, InvoiceRow>,
): SpreadLine[] => {
  const row = rows.get(line?.togaiId ?? '')
  if (!line || !row) throw new Error('A refund is for no invoice')
  if (line.amount !== undefined && line.amount !== totalAmount)
    throw new ApiError('INVALID', `lineItemRecords[0].amount: must be ${totalAmount}, as totalAmount is, or be left out`)
  if (add(requireDecimal(row.paid), requireDecimal(totalAmount)).coefficient < 0n)
    throw new ApiError('INVALID', `totalAmount: must be -${row.paid} or more, since ${row.paid} was paid for the invoice "${row.id}"`)
  return [{ type: 'INVOICE', togaiId: row.id, amount: totalAmount, place: line.order, at: 0 }]
}

/** What becomes of an invoice that a payment is for. */
const payInvoice = (ctx: Ctx, row: InvoiceRow, amounts: readonly string[]): PartialDraft => {
  const paid = formatDecimal(amounts.reduce((sum, amount) => add(sum, requireDecimal(amount)), requireDecimal(row.paid)))
  const isRefund = row.status === 'REFUND_INITIATED'
  const refunded = paid === '0' ? ('REFUND_COMPLETED' as const) : row.status
  const settled = paid === row.total ? ('PAID' as const) : ('PARTIALLY_PAID' as const)
  const set = { paid, status: isRefund ? refunded : settled, updatedAt: ctx.now, version: row.version + 1 }
  return { statements: [changeInvoice(ctx, row, set)], changes: recordInvoice(row, { ...row, ...set }) }
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
    if (known && !(await isSameRequest(known.row, input)))
      throw new ApiError(
        'CONFLICT',
        `externalPaymentReference: the payment "${known.row.id}" has the same sourceName and transactionNumber, and other content`,
      )
    if (known) return { answer: showPayment(known.row, known.lines) }
    await doDueOfOwner(ctx, accountId)
    const payer = await readPayer(ctx, accountId)
    refuseFaults('INVALID', findFaults(input, payer))
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
    const row = rowOf(ctx, input, payer.customerId, await fingerprintOf(input, randomBase62(2)))
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
      statements: all.flatMap(({ statements }) => statements),
      changes: all.flatMap(({ changes }) => changes),
      answer: showPayment(row, lines),
    })
  })
}

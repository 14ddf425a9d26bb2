import type { Ctx } from '../../db/context.ts'
import { add, formatDecimal, requireDecimal, subtract } from '../../lib/decimal.ts'
import { ApiError, type Fault, notFound } from '../../lib/errors.ts'
import { findMinorFault } from '../../lib/money.ts'
import { readGroupOwner } from '../invoices/owner.ts'
import { readInvoicesById } from '../invoices/queries.ts'
import type { InvoiceRow } from '../invoices/service.ts'
import { type Purse, readPurse } from '../wallets/service.ts'
import type { CreatePaymentRequest } from './schema.ts'
import type { SpreadLine } from './spread.ts'

/** Who pays: an account, which has a wallet, or an invoice group, which has none. */
export interface Payer {
  customerId: string | null
  currency: string
  purse: Purse | undefined
}

export const readPayer = async (ctx: Ctx, id: string): Promise<Payer> => {
  const purse = await readPurse(ctx, id)
  if (purse) return { customerId: purse.customerId, currency: purse.currency, purse }
  const group = await readGroupOwner(ctx, id).catch((error: unknown) => {
    throw error instanceof ApiError && error.code === 'NOT_FOUND' ? notFound('account or invoice group', id) : error
  })
  return { customerId: null, currency: group.currency, purse: undefined }
}

/** What is wrong with the amounts of a payment, and whether what it is for can be. */
export const findPaymentFaults = (input: CreatePaymentRequest, { currency, purse }: Payer): Fault[] => {
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
const refuseUnpayable = (row: InvoiceRow, at: number, { currency, refunds }: { currency: string; refunds: boolean }): void => {
  const { id, status, mergedInto, invoiceGroupId, invoiceClass } = row
  const wrong = (message: string) => new ApiError('CONFLICT', `lineItemRecords[${at}].togaiId: the invoice "${id}" ${message}`)
  if (mergedInto !== null)
    throw wrong(`is MERGED into "${mergedInto}" of the invoice group "${invoiceGroupId}", which is paid in its place`)
  if (row.currency !== currency) throw wrong(`is in ${row.currency}, and cannot be paid in ${currency}`)
  if (refunds && status !== 'REFUND_INITIATED') throw wrong(`is ${status}. Only what is REFUND_INITIATED can be given back`)
  if (!refunds && invoiceClass === 'ORDER' && status === 'UN_COLLECTIBLE')
    throw wrong('is an order that is UN_COLLECTIBLE, and is not paid any more. Make the purchase again')
  if (!refunds && !PAYABLE.has(status)) throw wrong(`is ${status}. Only what is DUE, PARTIALLY_PAID or UN_COLLECTIBLE can be paid`)
  if (!refunds && status === 'DUE' && invoiceGroupId !== null)
    throw wrong(`is paid by the invoice group "${invoiceGroupId}", in one invoice a day`)
}

/** Reads the invoices that a payment is for, by their ids. Throws NOT_FOUND or CONFLICT. */
export const readPaidInvoices = async (
  ctx: Ctx,
  { accountId, currency, lineItemRecords, totalAmount }: CreatePaymentRequest,
): Promise<Map<string, InvoiceRow>> => {
  const ids = lineItemRecords.flatMap(({ type, togaiId }) => (type === 'INVOICE' && togaiId !== undefined ? [togaiId] : []))
  if (!ids.length) return new Map()
  const rows = new Map((await readInvoicesById(ctx, [...new Set(ids)])).map((row) => [row.id, row]))
  for (const [at, { type, togaiId = '' }] of lineItemRecords.entries()) {
    if (type !== 'INVOICE') continue
    const row = rows.get(togaiId)
    if (row?.ownerId !== accountId)
      throw new ApiError('NOT_FOUND', `lineItemRecords[${at}].togaiId: "${accountId}" has no invoice "${togaiId}"`)
    refuseUnpayable(row, at, { currency, refunds: totalAmount.startsWith('-') })
  }
  return rows
}

export const openOf = ({ total, paid }: InvoiceRow): string => formatDecimal(subtract(requireDecimal(total), requireDecimal(paid)))

/** What is given back for an invoice: all of the payment, which is what was paid for it at most. */
export const spreadRefund = (
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

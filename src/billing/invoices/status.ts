import { ApiError } from '../../lib/errors.ts'
import { iso } from '../../lib/time.ts'
import type { InvoiceRow } from './show.ts'
import type { InvoiceStatus } from './table.ts'

/** What the API can make of an invoice, by its status (pricing.md, 12.3). A trigger refuses that one becomes VOID for which a payment is recorded. */
const NEXT: Readonly<Record<InvoiceStatus, readonly InvoiceStatus[]>> = {
  DRAFT: ['DUE', 'VOID'],
  DUE: ['PAID', 'VOID', 'UN_COLLECTIBLE'],
  PARTIALLY_PAID: ['PAID', 'UN_COLLECTIBLE', 'REFUND_INITIATED', 'VOID'],
  UN_COLLECTIBLE: ['PAID', 'VOID'],
  PAID: ['REFUND_INITIATED', 'VOID'],
  REFUND_INITIATED: [],
  REFUND_COMPLETED: [],
  VOID: [],
  MERGED: [],
}

/** Whether nobody pays for an invoice that fell due: it is void, or is given back. One below 0 is given back from the first. */
export const isTakenBack = ({ status, total }: Pick<InvoiceRow, 'status' | 'total'>): boolean =>
  status === 'VOID' || ((status === 'REFUND_INITIATED' || status === 'REFUND_COMPLETED') && !total.startsWith('-'))

type Settled = Pick<InvoiceRow, 'status' | 'paid' | 'invoiceClass'>

/** Whether an invoice is the order of a purchase that has ended, since it was not to be collected. */
const hasEnded = ({ status, invoiceClass }: Settled): boolean => invoiceClass === 'ORDER' && status === 'UN_COLLECTIBLE'

/** What an invoice can become. Nothing can be given back of one for which nothing was paid, and what has ended is given back instead of paid. */
const nextOf = (row: Settled): readonly InvoiceStatus[] => {
  const all: readonly InvoiceStatus[] = hasEnded(row) ? ['VOID', 'REFUND_INITIATED'] : NEXT[row.status as InvoiceStatus]
  return all.filter((next) => next !== 'REFUND_INITIATED' || row.paid !== '0')
}

const sayNext = (row: Settled & Pick<InvoiceRow, 'mergedInto'>): string => {
  if (row.mergedInto !== null) return `the invoice "${row.mergedInto}" of its invoice group is paid in its place`
  if (row.status === 'REFUND_INITIATED') return 'can become REFUND_COMPLETED only by payments below 0 that come to what was paid'
  const next = nextOf(row)
  if (hasEnded(row)) return `can become ${next.join(' or ')} only, since it is an order whose purchase has ended: make the purchase again`
  return next.length ? `can become ${next.join(' or ')}` : 'cannot become anything else'
}

/** Refuses a status that an invoice cannot become, and says which it can. */
export const refuseTransition = (row: InvoiceRow, next: InvoiceStatus): void => {
  if (!nextOf(row).includes(next))
    throw new ApiError('CONFLICT', `status: the invoice "${row.id}" is ${row.status}, and ${sayNext(row)}, not ${next}`)
}

/** Refuses to change an invoice that is no DRAFT. */
export const refuseFrozen = (row: InvoiceRow): void => {
  const { id, status } = row
  if (status !== 'DRAFT')
    throw new ApiError('CONFLICT', `The invoice "${id}" is ${status}, and ${sayNext(row)}. Only a DRAFT can be changed.`)
}

/** Refuses to change the lines of an invoice that no person has written, or that is no DRAFT. */
export const refuseFixedLines = (row: InvoiceRow): void => {
  const { id, invoiceType } = row
  if (invoiceType !== 'CUSTOM')
    throw new ApiError('CONFLICT', `The invoice "${id}" is ${invoiceType}. Only the lines of CUSTOM invoices can be changed.`)
  refuseFrozen(row)
}

/** Refuses that an invoice falls due before it has ended. */
export const refuseFuture = ({ endAt }: Pick<InvoiceRow, 'endAt'>, status: string, now: number): void => {
  if (endAt > now) throw new ApiError('INVALID', `status: cannot be ${status} before endDate, which is ${iso(endAt)}`)
}

/** Refuses a period that ends before it starts. */
export const refusePeriod = ({ startAt, endAt }: Pick<InvoiceRow, 'startAt' | 'endAt'>): void => {
  if (endAt < startAt) throw new ApiError('INVALID', 'endDate: must not be before startDate')
}

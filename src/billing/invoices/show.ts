import { jsonNumber } from '../../lib/decimal.ts'
import { FOREVER, iso } from '../../lib/time.ts'
import type { Line } from '../../rating/line.ts'
import type { Invoice, InvoiceLineItem, InvoiceSummary } from './schema.ts'
import type { InvoiceDetails, InvoiceStatus, invoices } from './table.ts'

const DAY = 86_400_000

/** Until when an invoice is to be paid, in milliseconds. */
export const dueDateOf = (invoiceAt: number, netTermDays: number): number => Math.min(invoiceAt + netTermDays * DAY, FOREVER.until)

/** What is a number in what is said of a line; a size of packages is a text, as it is in the price plan. */
const COUNTS: ReadonlySet<string> = new Set(['startAfter', 'packageQuantity'])

const showMetadata = (metadata: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(metadata).map(([name, value]) => [name, COUNTS.has(name) && typeof value === 'string' ? jsonNumber(value) : value]),
  )

/** A line of an invoice as it is shown. `units` is the currency of its value, or USAGE_UNITS. */
export const showLine = (
  { id, type, description, value, quantity, valuePerQuantity, metadata, lines }: Line,
  units: string,
): InvoiceLineItem => ({
  ...(id !== undefined && { id }),
  description,
  type: type as InvoiceLineItem['type'],
  units,
  ...(quantity !== undefined && { quantity: jsonNumber(quantity) }),
  ...(valuePerQuantity !== undefined && { valuePerQuantity: jsonNumber(valuePerQuantity) }),
  value: jsonNumber(value),
  ...(metadata && { metadata: showMetadata(metadata) }),
  ...(lines?.length && { lineItems: lines.map((line) => showLine(line, units)) }),
})

export type InvoiceRow = typeof invoices.$inferSelect

/** An invoice as a list shows it. `live` is what a DRAFT takes from its owner as long as it is one. */
export const showSummary = (
  row: Omit<InvoiceRow, 'rated' | 'basis'>,
  live?: { details: InvoiceDetails; netTermDays: number },
): InvoiceSummary => {
  const { details = row.details, netTermDays = row.netTermDays } = live ?? {}
  return {
    id: row.id,
    ...(row.customerId !== null && { customerId: row.customerId }),
    ownerId: row.ownerId,
    ...(row.pricePlanId !== null && { pricePlanId: row.pricePlanId }),
    status: row.status as InvoiceStatus,
    ...(row.sequenceId !== null && { finalizingStatus: 'FINALIZED', sequenceId: row.sequenceId }),
    invoiceClass: row.invoiceClass,
    invoiceType: row.invoiceType,
    startDate: iso(row.startAt),
    endDate: iso(row.endAt),
    endDateInclusive: iso(Math.max(row.startAt, row.endAt - 1)),
    invoiceDate: iso(Math.min(row.invoiceAt, FOREVER.until)),
    dueDate: iso(dueDateOf(row.invoiceAt, netTermDays)),
    ...(row.generatedAt !== null && { generatedAt: iso(row.generatedAt) }),
    updatedAt: iso(row.updatedAt),
    totalAmount: jsonNumber(row.total),
    paidAmount: jsonNumber(row.paid),
    ...(details && { invoiceDetails: details }),
    netTermDays,
  }
}

/** An invoice as it is shown by itself. */
export const showInvoice = (row: InvoiceRow, live?: { details: InvoiceDetails; netTermDays: number }): Invoice => ({
  ...showSummary(row, live),
  usageInfo: row.rated.usage.map((line) => showLine(line, 'USAGE_UNITS')),
  revenueInfo: showLine(row.rated.root, row.currency),
  autoAdvance: row.autoAdvance,
  ...(row.metadata && { metadata: row.metadata }),
  info: [...row.info, ...(row.mergedInto === null ? [] : [{ type: 'COMPOSITE_INVOICE_ID', value: row.mergedInto }])],
})

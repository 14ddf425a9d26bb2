import { jsonNumber } from '../../lib/decimal.ts'
import { type Line, parentOf } from '../../rating/line.ts'
import { type InvoiceLineItem, MOST_LINES } from './schema.ts'

/** Lines as they can stand under one: those that are too many stand together under the last. */
const groupLines = (lines: readonly Line[]): readonly Line[] => {
  if (lines.length <= MOST_LINES) return lines
  return [...lines.slice(0, MOST_LINES - 1), parentOf({ type: 'CUSTOM_TAG', description: 'Others' }, lines.slice(MOST_LINES - 1))]
}

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
  ...(lines?.length && { lineItems: groupLines(lines).map((line) => showLine(line, units)) }),
})

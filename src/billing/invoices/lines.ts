import { minorDigitsOf } from '../../lib/codes.ts'
import { type Decimal, compare, formatDecimal, multiply, negate, requireDecimal } from '../../lib/decimal.ts'
import type { Fault } from '../../lib/errors.ts'
import { buildInvoice } from '../../rating/invoice.ts'
import { type Line, cutDecimal } from '../../rating/line.ts'
import type { WrittenLine } from './table.ts'

/** No line comes to more, or to less below 0. */
const LARGEST: Decimal = requireDecimal('10000000000000')

/** The period of an invoice, in milliseconds, and its currency. */
export interface InvoicePeriod {
  startAt: number
  endAt: number
  currency: string
}

/** What a written line comes to, cut to the minor unit, or what is wrong with it. */
const valueOf = (line: WrittenLine, digits: number): { value: string } | { field: string; message: string } => {
  const { value, quantity, valuePerQuantity } = line
  const cut = (decimal: Decimal): string => cutDecimal(decimal, digits)
  if (quantity === undefined && valuePerQuantity === undefined)
    return value === undefined
      ? { field: 'value', message: 'is required unless quantity and valuePerQuantity are sent' }
      : { value: cut(requireDecimal(value)) }
  if (quantity === undefined) return { field: 'quantity', message: 'is required with valuePerQuantity' }
  if (valuePerQuantity === undefined) return { field: 'valuePerQuantity', message: 'is required with quantity' }
  const product = multiply(requireDecimal(quantity), requireDecimal(valuePerQuantity))
  if (compare(product, LARGEST) > 0 || compare(product, negate(LARGEST)) < 0)
    return { field: 'quantity', message: `must come to ${formatDecimal(LARGEST)} at most, times valuePerQuantity` }
  const rated = cut(product)
  if (value !== undefined && compare(requireDecimal(value), product) !== 0 && compare(requireDecimal(value), requireDecimal(rated)) !== 0)
    return { field: 'value', message: `must be left out, or be ${rated}, which is quantity times valuePerQuantity` }
  return { value: rated }
}

/** Makes the tree of an invoice of lines that a person has written (pricing.md, 12.4). */
export const buildCustomTree = (
  written: readonly WrittenLine[],
  { currency, startAt, endAt }: InvoicePeriod,
): { root: Line; faults?: undefined } | { faults: Fault[] } => {
  const digits = minorDigitsOf(currency)
  const faults: Fault[] = []
  const lines = written.map((line, index): Line => {
    const found = valueOf(line, digits)
    if ('message' in found) faults.push({ path: ['lineItems', index, found.field], message: found.message })
    const { id = line.billableId, description = line.billableId ?? `Line ${index + 1}`, quantity, valuePerQuantity } = line
    return {
      ...(id !== undefined && { id }),
      type: 'CUSTOM_AMOUNT',
      description,
      ...(quantity !== undefined && { quantity }),
      ...(valuePerQuantity !== undefined && { valuePerQuantity }),
      value: 'value' in found ? found.value : '0',
    }
  })
  return faults.length ? { faults } : { root: buildInvoice(lines, { digits, from: startAt, until: endAt }).root }
}

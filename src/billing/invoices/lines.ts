import { minorDigitsOf } from '../../lib/codes.ts'
import { type Decimal, compare, formatDecimal, multiply, negate, parseDecimal, requireDecimal } from '../../lib/decimal.ts'
import { type Fault, refuseFaults } from '../../lib/errors.ts'
import { explainRuleError } from '../../logic/place.ts'
import { compileRule } from '../../logic/rule.ts'
import type { Credit } from '../../rating/credits.ts'
import { type InvoiceTree, buildInvoice } from '../../rating/invoice.ts'
import type { MiscellaneousCharge } from '../../rating/miscellaneous_charges.ts'
import { type Line, cutDecimal } from '../../rating/line.ts'
import { keepCredits } from './kept_credits.ts'
import type { InvoiceRow } from './show.ts'
import type { KeptRating, WrittenCharge, WrittenLine } from './table.ts'

/** No line comes to more, or to less below 0. */
const LARGEST: Decimal = requireDecimal('10000000000000')

const isTooLarge = (amount: Decimal): boolean => compare(amount, LARGEST) > 0 || compare(amount, negate(LARGEST)) < 0

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
  if (isTooLarge(product)) return { field: 'quantity', message: `must come to ${formatDecimal(LARGEST)} at most, times valuePerQuantity` }
  const rated = cut(product)
  if (value !== undefined && compare(requireDecimal(value), product) !== 0 && compare(requireDecimal(value), requireDecimal(rated)) !== 0)
    return { field: 'value', message: `must be left out, or be ${rated}, which is quantity times valuePerQuantity` }
  return { value: rated }
}

/** Whether JSON is neither a number nor a rule. */
const hasNoAmount = (text: string): boolean => {
  const parsed = JSON.parse(text) as unknown
  return typeof parsed === 'string'
    ? !parseDecimal(parsed)
    : typeof parsed !== 'number' && (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
}

/** What is wrong with charges, each at its place in `items` (pricing.md, 12.5). */
export const findChargeFaults = (charges: readonly WrittenCharge[]): Fault[] => {
  const names = charges.map(({ name }) => name)
  return charges.flatMap(({ name, rate, quantity, value }, index): Fault[] => {
    const fault = (field: string, message: string): Fault[] => [{ path: ['items', index, field], message }]
    if (names.indexOf(name) < index) return fault('name', 'must not be the name of two charges')
    const isRated = rate !== undefined || quantity !== undefined
    if (value === undefined) {
      if (!isRated) return fault('value', 'is required unless rate and quantity are sent')
      if (rate === undefined) return fault('rate', 'is required with quantity')
      if (quantity === undefined) return fault('quantity', 'is required with rate')
      return isTooLarge(multiply(requireDecimal(rate), requireDecimal(quantity)))
        ? fault('quantity', `must come to ${formatDecimal(LARGEST)} at most, times rate`)
        : []
    }
    if (isRated) return fault('value', 'must be left out if rate or quantity is sent')
    const { error } = compileRule(value)
    if (error) return fault('value', `must be a number or JSON Logic: ${explainRuleError(error)}`)
    return hasNoAmount(value) ? fault('value', 'must be a number or JSON Logic, such as "10" or {"*":[{"var":"NET_AMOUNT"},0.1]}') : []
  })
}

/** Why charges of an invoice come to no number, and are 0 on it. */
export const listFailedCharges = (line: Line): { type: string; value: string }[] => {
  const error = line.type === 'MISCELLANEOUS_CHARGE' ? line.metadata?.['error'] : undefined
  const own = typeof error === 'string' ? [{ type: 'MISCELLANEOUS_CHARGE_FAILED', value: `${line.description}: ${error}` }] : []
  return [...own, ...(line.lines ?? []).flatMap(listFailedCharges)]
}

/** The charges as the rating knows them. */
export const ratedCharges = (charges: readonly WrittenCharge[]): MiscellaneousCharge[] =>
  charges.map(({ name, rate, quantity, value }) => ({
    name,
    ...(rate !== undefined && { rate }),
    ...(quantity !== undefined && { quantity }),
    ...(value !== undefined && { value }),
  }))

/** Makes the tree of an invoice of lines and charges that people have written, with the credits that are left for it (pricing.md, 12.4, 14). */
export const buildCustomTree = (
  written: readonly WrittenLine[],
  charges: readonly WrittenCharge[],
  { currency, startAt, endAt }: InvoicePeriod,
  credits: readonly Credit[] = [],
): (InvoiceTree & { faults?: undefined }) | { faults: Fault[] } => {
  const digits = minorDigitsOf(currency)
  const faults: Fault[] = []
  const lines = written.map((line, index): Line => {
    const found = valueOf(line, digits)
    if ('message' in found) faults.push({ path: ['lineItems', index, found.field], message: found.message })
    const { billableId, id = billableId, description = line.billableId ?? `Line ${index + 1}`, quantity, valuePerQuantity } = line
    return {
      ...(id !== undefined && { id }),
      type: 'CUSTOM_AMOUNT',
      description,
      ...(quantity !== undefined && { quantity }),
      ...(valuePerQuantity !== undefined && { valuePerQuantity }),
      value: 'value' in found ? found.value : '0',
      ...(billableId !== undefined && billableId !== id && { metadata: { billableId } }),
    }
  })
  return faults.length
    ? { faults }
    : buildInvoice(lines, { digits, from: startAt, until: endAt, credits, miscellaneous: ratedCharges(charges) })
}

/** What an invoice of lines and charges that people have written comes to, and why some of those charges are 0. Throws INVALID. */
export const rateLines = (
  { written = [], charges = [] }: Pick<KeptRating, 'written' | 'charges'>,
  period: InvoicePeriod,
  credits: readonly Credit[] = [],
): Pick<InvoiceRow, 'rated' | 'total' | 'info'> => {
  const built = buildCustomTree(written, charges, period, credits)
  if (built.faults) {
    refuseFaults('INVALID', built.faults)
    throw new Error('The lines of an invoice are wrong')
  }
  const rated = { root: built.root, usage: [], written, ...(charges.length && { charges }), ...keepCredits(built.credits) }
  return { rated, total: built.root.value, info: listFailedCharges(built.root) }
}

import { Big } from 'big.js'
import { minorDigitsOf } from '../../src/lib/codes.ts'

/** A number of an answer by its own text, since a double does not keep every amount. */
type Exact = Big

interface Line {
  type?: string
  description?: string
  units?: string
  value: Exact
  lineItems?: Line[]
}

/** What is wrong with a line of an invoice in a currency, and with those below it. */
const findLineFaults = (line: Line, currency: string, path: string): string[] => {
  const { value, units, lineItems } = line
  const at = `${path}${line.type} "${line.description}"`
  const faults: string[] = []
  if (units !== currency) faults.push(`${at} is in ${units}, and its invoice in ${currency}`)
  if (!value.eq(value.round(minorDigitsOf(currency), Big.roundDown)))
    faults.push(`${at} has the value ${value.toFixed()}, which is no amount in ${currency}`)
  if (!lineItems) return faults
  if (!lineItems.length) faults.push(`${at} has an empty list of lines`)
  const sum = lineItems.reduce((all, one) => all.plus(one.value), new Big(0))
  if (!sum.eq(value)) faults.push(`${at} has the value ${value.toFixed()}, and its lines come to ${sum.toFixed()}`)
  return [...faults, ...lineItems.flatMap((one) => findLineFaults(one, currency, `${at} > `))]
}

const isLine = (value: unknown): value is Line =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && 'value' in value && value.value instanceof Big

interface Invoiced {
  id?: string
  revenueInfo?: unknown
  totalAmount?: Exact
  paidAmount?: Exact
  invoiceDetails?: { account?: { invoiceCurrency?: string } }
}

/** What is wrong with an invoice or a preview, or with an invoice of a list, which has no lines. */
const findInvoiceFaults = ({
  id = 'an invoice',
  revenueInfo: root,
  totalAmount: total,
  paidAmount: paid,
  invoiceDetails,
}: Invoiced): string[] => {
  const faults: string[] = []
  const fault = (message: string): unknown => faults.push(`${id}: ${message}`)
  const currency = isLine(root) ? root.units : invoiceDetails?.account?.invoiceCurrency
  for (const [name, amount] of Object.entries({ totalAmount: total, paidAmount: paid }))
    if (amount && currency !== undefined && !amount.eq(amount.round(minorDigitsOf(currency), Big.roundDown)))
      fault(`${name} is ${amount.toFixed()}, which is no amount in ${currency}`)
  if (total?.gt(0) && paid && (paid.gt(total) || paid.lt(0))) fault(`paidAmount is ${paid.toFixed()}, of ${total.toFixed()}`)
  if (!isLine(root)) return faults
  if (root.type !== 'GRAND_TOTAL_AMOUNT') fault(`revenueInfo is ${root.type}`)
  if (total && !total.eq(root.value)) fault(`totalAmount is ${total.toFixed()}, and revenueInfo comes to ${root.value.toFixed()}`)
  return [...faults, ...findLineFaults(root, root.units ?? '', `${id}: `)]
}

/** Every invoice and preview in an answer, wherever it stands in it. In the audit log stand changes of amounts, which are none. */
const invoicesIn = (value: unknown): Invoiced[] => {
  if (typeof value !== 'object' || value === null || value instanceof Big) return []
  const own = 'totalAmount' in value && value.totalAmount instanceof Big && 'invoiceType' in value ? [value as Invoiced] : []
  return [...own, ...Object.values(value).flatMap(invoicesIn)]
}

/** Parses JSON with each number as it is written. */
const parseExactly = (text: string): unknown =>
  JSON.parse(text, ((_key: string, value: unknown, { source }: { source?: string } = {}) =>
    typeof value === 'number' ? new Big(source ?? value) : value) as (key: string, value: unknown) => unknown)

/**
 * What is wrong with the invoices of an answer, by its text: a line with lines is exactly their sum, the first one is the total, no amount
 * has more decimals than its currency, and no more is paid than there is to pay.
 */
export const findTreeFaults = (text: string): string[] =>
  text.includes('"totalAmount":') && text.includes('"invoiceType":') ? invoicesIn(parseExactly(text)).flatMap(findInvoiceFaults) : []

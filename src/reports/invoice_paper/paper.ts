import type { InvoiceRow } from '../../billing/invoices/service.ts'
import type { Address } from '../../lib/address.ts'
import { minorDigitsOf } from '../../lib/codes.ts'
import { ZERO, compare, formatDecimal, negate, requireDecimal, subtract, sumDecimals } from '../../lib/decimal.ts'
import { FOREVER } from '../../lib/time.ts'
import { type MergedInvoice, rowsOfMerged } from './merged.ts'
import { type Row, findLines, rowsOf } from './rows.ts'
import { writeDate, writeNumber, writePeriod, writeTerm } from './write.ts'

/** Who sends or gets an invoice: a name, and the lines below it. */
export interface Party {
  name: string
  lines: readonly string[]
  /** By it, Chinese characters are written as in that country. */
  country: string | undefined
}

/** A fact about an invoice. */
export interface Fact {
  name: string
  value: string
}

/** A sum below the lines. */
export interface Sum {
  text: string
  amount: string
  weight: 'PLAIN' | 'STRONG' | 'LAST'
}

/** All that stands on an invoice on paper, in the order in which it is read. */
export interface Paper {
  title: string
  number: string
  seller: Party
  customer: Party
  status: { text: string; tone: 'OPEN' | 'SETTLED' | 'ENDED' }
  /** What stands across the first page. */
  stamp?: string
  facts: readonly Fact[]
  currency: string
  rows: readonly Row[]
  sums: readonly Sum[]
  notes: readonly string[]
  /** When the invoice was frozen, in milliseconds. */
  madeAt: number
}

/** What the paper of an invoice is made of. */
export interface PaperSource {
  row: InvoiceRow
  organizationName: string
  merged: readonly MergedInvoice[]
}

const STATUSES: Readonly<Record<string, Paper['status']>> = {
  DUE: { text: 'Due', tone: 'OPEN' },
  PARTIALLY_PAID: { text: 'Partly paid', tone: 'OPEN' },
  PAID: { text: 'Paid', tone: 'SETTLED' },
  REFUND_INITIATED: { text: 'Refund under way', tone: 'ENDED' },
  REFUND_COMPLETED: { text: 'Refunded', tone: 'SETTLED' },
  UN_COLLECTIBLE: { text: 'Uncollectible', tone: 'ENDED' },
  MERGED: { text: 'Merged', tone: 'ENDED' },
  VOID: { text: 'Void', tone: 'ENDED' },
}

/** In which statuses what has not been paid is asked for. */
const OPEN: ReadonlySet<string> = new Set(['DUE', 'PARTIALLY_PAID', 'UN_COLLECTIBLE'])

const DAY = 86_400_000

const isSome = (text: string | undefined): text is string => Boolean(text?.trim())

/** The most characters of a line of an address or of what an organization says of itself. Nobody writes longer ones to be read. */
const LONGEST_LINE = 1000

const shorten = (line: string): string => {
  const characters = line.length > LONGEST_LINE ? Array.from(line) : []
  return characters.length > LONGEST_LINE ? `${characters.slice(0, LONGEST_LINE - 1).join('')}\u2026` : line
}

const countryNames = new Intl.DisplayNames('en', { type: 'region' })

const addressLines = ({ line1, line2, postalCode, city, state, country }: Address): string[] =>
  [line1, line2, [postalCode, city].filter(isSome).join(' '), state, country && countryNames.of(country)].filter(isSome)

const sellerOf = ({ row: { details }, organizationName }: PaperSource): Party => {
  const organization = details?.organization
  if (!organization) return { name: organizationName, lines: [], country: undefined }
  const { businessName, address, primaryEmail, metadata = {} } = organization
  return {
    name: businessName,
    lines: [...addressLines(address), primaryEmail, ...Object.entries(metadata).map(([name, value]) => `${name}: ${value}`)].map(shorten),
    country: address.country,
  }
}

const customerOf = ({ details, ownerId, info }: InvoiceRow): Party => {
  const { customer, account, invoiceGroup } = details ?? {}
  const payer = invoiceGroup
    ? { name: invoiceGroup.name, address: invoiceGroup.address, email: invoiceGroup.email }
    : { name: customer?.name ?? ownerId, address: account?.address ?? customer?.address ?? {}, email: account?.primaryEmail }
  return {
    name: payer.name,
    lines: [
      ...(account && account.name !== payer.name ? [account.name] : []),
      ...addressLines(payer.address),
      ...(isSome(payer.email) ? [payer.email] : []),
      ...info.filter(({ type }) => type === 'TAX_ID').map(({ value }) => `Tax ID: ${value}`),
    ].map(shorten),
    country: payer.address.country,
  }
}

const isCredit = ({ total }: InvoiceRow): boolean => compare(requireDecimal(total), ZERO) < 0

const titleOf = (row: InvoiceRow): string => {
  if (row.invoiceClass === 'ORDER') return 'Order'
  return isCredit(row) ? 'Credit note' : 'Invoice'
}

/** The rows of the table, the sums between them and the total, and what is to be said of them. */
const linesOf = (source: PaperSource, digits: number): { rows: Row[]; sums: Sum[]; notes: string[] } => {
  const { row } = source
  const { root } = row.rated
  const plain = (text: string, value: string): Sum => ({ text, amount: writeNumber(value, digits), weight: 'PLAIN' })
  if (row.invoiceType === 'COMPOSITE') return { ...rowsOfMerged(root.lines ?? [], source.merged, digits), sums: [] }
  const listed = [...findLines(root, 'GROSS_AMOUNT'), ...findLines(root, 'TOTAL_MISCELLANEOUS_CHARGES')]
  const credits = findLines(root, 'SUB_CREDITS').map((line) => plain(`Credit: ${line.description}`, line.value))
  const taxes = findLines(root, 'TAX_AMOUNT').map((line) => plain(line.description, line.value))
  return {
    rows: listed.flatMap((line) => rowsOf(line, 0, digits)),
    sums: [plain('Subtotal', sumDecimals(listed.map(({ value }) => value))), ...credits, ...taxes],
    notes: [],
  }
}

/** How much of what was paid came from the wallet of the account. */
const fromWallet = ({ info }: InvoiceRow): string =>
  sumDecimals(info.filter(({ type }) => type === 'WALLET').map(({ value }) => /^-?\d+(?:\.\d+)?/.exec(value)?.[0] ?? '0'))

const minus = (one: string, other: string): string => formatDecimal(subtract(requireDecimal(one), requireDecimal(other)))

/** Why what has not been paid of an invoice is not asked for. */
const NOT_ASKED: Readonly<Record<string, string>> = { VOID: 'Void', MERGED: 'Paid with the invoice of the group' }

const isNothing = (text: string): boolean => compare(requireDecimal(text), ZERO) === 0

/** The total, what is paid of it, and what is left to pay. */
const paymentOf = (row: InvoiceRow, digits: number): Sum[] => {
  const { currency, total, paid, status } = row
  const write = (value: string): string => writeNumber(value, digits)
  const [wallet, isOpen] = [fromWallet(row), OPEN.has(status)]
  const taken = (text: string, value: string): Sum[] =>
    isNothing(value) ? [] : [{ text, amount: write(formatDecimal(negate(requireDecimal(value)))), weight: 'PLAIN' }]
  const [rest, otherwise] = [minus(total, paid), minus(paid, wallet)]
  return [
    { text: 'Total', amount: `${currency} ${write(total)}`, weight: 'STRONG' },
    ...taken('Paid from wallet', wallet),
    ...taken(compare(requireDecimal(otherwise), ZERO) < 0 ? 'Given back' : 'Paid', otherwise),
    ...(isOpen ? [] : taken(NOT_ASKED[status] ?? 'Not asked for any more', rest)),
    { text: 'Amount due', amount: `${currency} ${write(isOpen ? rest : '0')}`, weight: 'LAST' },
  ]
}

const NOTES: Readonly<Record<string, string>> = {
  VOID: 'This invoice is void. Nothing is to be paid for it.',
  REFUND_INITIATED: 'What was paid is being given back.',
}

const notesOf = ({ row: { status, mergedInto, invoiceClass }, merged }: PaperSource): string[] => [
  ...(mergedInto === null
    ? []
    : [`This invoice is paid with that of its group, ${merged.find(({ id }) => id === mergedInto)?.sequenceId ?? mergedInto}.`]),
  ...(NOTES[status] === undefined ? [] : [NOTES[status]]),
  ...(invoiceClass === 'ORDER' ? ['This is an order and no invoice. It becomes an invoice, with a number, when it has been paid.'] : []),
]

const factsOf = (row: InvoiceRow, number: string): Fact[] => {
  const { currency, startAt, endAt, invoiceAt, netTermDays, details, invoiceClass, sequenceId, id } = row
  const dueAt = Math.min(invoiceAt + netTermDays * DAY, FOREVER.until)
  return [
    { name: invoiceClass === 'ORDER' ? 'Order number' : 'Invoice number', value: number },
    ...(sequenceId === null ? [] : [{ name: 'Reference', value: id }]),
    { name: invoiceClass === 'ORDER' ? 'Order date' : 'Invoice date', value: writeDate(invoiceAt) },
    ...(isCredit(row)
      ? []
      : [
          { name: 'Due date', value: writeDate(dueAt) },
          { name: 'Payment term', value: writeTerm(netTermDays) },
        ]),
    { name: 'Period', value: writePeriod(startAt, endAt) },
    ...(isSome(details?.pricePlanName) ? [{ name: 'Price plan', value: details.pricePlanName }] : []),
    { name: 'Currency', value: currency },
  ]
}

/** Writes what stands on the paper of an invoice that fell due. */
export const writePaper = (source: PaperSource): Paper => {
  const { row } = source
  const digits = minorDigitsOf(row.currency)
  const number = row.sequenceId ?? row.id
  const { rows, sums, notes } = linesOf(source, digits)
  return {
    title: titleOf(row),
    number,
    seller: sellerOf(source),
    customer: customerOf(row),
    status: STATUSES[row.status] ?? { text: row.status, tone: 'ENDED' },
    ...(row.status === 'VOID' && { stamp: 'VOID' }),
    facts: factsOf(row, number),
    currency: row.currency,
    rows,
    sums: [...sums, ...paymentOf(row, digits)],
    notes: [...notesOf(source), ...notes],
    madeAt: row.generatedAt ?? row.updatedAt,
  }
}

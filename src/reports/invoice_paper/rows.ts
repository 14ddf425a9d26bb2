import type { Line } from '../../rating/line.ts'
import { writeNumber } from './write.ts'

/** A row of the table of an invoice. The amounts of LINE rows add up to the subtotal; those of DETAIL rows add up to that of the line above. */
export interface Row {
  kind: 'HEADING' | 'LINE' | 'DETAIL' | 'TOTAL'
  depth: number
  text: string
  note?: string
  quantity?: string
  price?: string
  amount?: string
}

/** What is only a sum of what stands in it, and has no row. */
const BOXES: ReadonlySet<string> = new Set(['GRAND_TOTAL_AMOUNT', 'TOTAL_AMOUNT', 'NET_AMOUNT', 'GROSS_AMOUNT', 'SUB_TOTAL_AMOUNT'])

/** What has a heading, below which its lines stand. */
const HEADED: ReadonlySet<string> = new Set([
  'PRICE_PLAN_AMOUNT',
  'TOTAL_ADVANCED_FEES',
  'TOTAL_PURCHASE_AMOUNT',
  'TOTAL_PRICING_RULE_ADDITION_AMOUNT',
  'TOTAL_MISCELLANEOUS_CHARGES',
  'TOTAL_CREDITS',
  'TOTAL_TAX_AMOUNT',
  'CUSTOM_TAG',
])

const textOf = (value: unknown): string | undefined => (typeof value === 'string' || typeof value === 'number' ? String(value) : undefined)

/** What a unit costs: of packages, a package and how many there are. */
const priceOf = ({ valuePerQuantity, metadata }: Line, digits: number): string | undefined => {
  if (valuePerQuantity === undefined) return metadata?.['priceType'] === 'FLAT' ? 'flat' : undefined
  const price = writeNumber(valuePerQuantity, digits)
  const packages = textOf(metadata?.['packageQuantity'])
  return packages === undefined ? price : `${price} \u00d7 ${writeNumber(packages)}`
}

const nameOf = ({ description, metadata }: Line): string => {
  const [startAfter = '0', size] = [textOf(metadata?.['startAfter']), textOf(metadata?.['packageSize'])]
  const from = startAfter === '0' ? '' : `, above ${writeNumber(startAfter)}`
  return `${description}${from}${size === undefined ? '' : `, packages of ${writeNumber(size)}`}`
}

/** The row of one line. */
const rowOf = (line: Line, kind: Row['kind'], depth: number, digits: number): Row => {
  const price = priceOf(line, digits)
  return {
    kind,
    depth,
    text: kind === 'DETAIL' ? nameOf(line) : line.description,
    ...(line.quantity !== undefined && { quantity: writeNumber(line.quantity) }),
    ...(price !== undefined && { price }),
    amount: writeNumber(line.value, digits),
  }
}

const detailsOf = ({ lines = [] }: Line, depth: number, digits: number): Row[] =>
  lines.flatMap((line) => [rowOf(line, 'DETAIL', depth, digits), ...detailsOf(line, depth + 1, digits)])

/** Whether the only detail of a line says what the line says: so many units at so much. */
const isSaidByItself = ({ valuePerQuantity, lines = [] }: Line): boolean => valuePerQuantity !== undefined && lines.length === 1

/** The rows of a line of an invoice, and of what stands in it. `digits` are those of the currency's minor unit. */
export const rowsOf = (line: Line, depth: number, digits: number): Row[] => {
  const { type, description, lines = [] } = line
  if (BOXES.has(type)) return lines.flatMap((inner) => rowsOf(inner, depth, digits))
  if (HEADED.has(type))
    return [{ kind: 'HEADING', depth, text: description }, ...lines.flatMap((inner) => rowsOf(inner, depth + 1, digits))]
  return [rowOf(line, 'LINE', depth, digits), ...(isSaidByItself(line) ? [] : detailsOf(line, depth + 1, digits))]
}

/** The lines of a type in the tree of an invoice, from the root down. */
export const findLines = (line: Line, type: string): Line[] =>
  line.type === type ? [line] : (line.lines ?? []).flatMap((inner) => findLines(inner, type))

import type { Line } from '../../rating/line.ts'
import { sumOf } from '../../rating/line.ts'
import type { KeptRating } from './table.ts'

/**
 * The types of lines, and what each is described by where nothing else is said. An invoice keeps their places, so new ones are added at the
 * end, and none is changed.
 */
const TYPES: readonly (readonly [type: string, description?: string])[] = [
  ['GRAND_TOTAL_AMOUNT', 'Grand Total Amount'],
  ['TOTAL_AMOUNT', 'Total Amount'],
  ['NET_AMOUNT', 'Net Amount'],
  ['GROSS_AMOUNT', 'Gross Amount'],
  ['PRICE_PLAN_AMOUNT'],
  ['SUB_TOTAL_AMOUNT', 'Sub Total'],
  ['USAGE_RATE_CARD_AMOUNT'],
  ['USAGE_RATE_CARD_SLAB_AMOUNT'],
  ['LICENSE_RATE_CARD_AMOUNT'],
  ['LICENSE_RATE_CARD_SLAB_AMOUNT'],
  ['FIXED_FEE_RATE_CARD_AMOUNT'],
  ['ENTITLEMENT_OVERAGE_RATE_CARD_AMOUNT'],
  ['ENTITLEMENT_OVERAGE_RATE_CARD_SLAB_AMOUNT'],
  ['BILLING_ENTITLEMENT_RATE_CARD_AMOUNT'],
  ['CREDIT_GRANT_RATE_CARD_AMOUNT'],
  ['USAGE_CYCLE_AMOUNT'],
  ['RATE_CONFIG_ADJUSTMENT_AMOUNT'],
  ['CUSTOM_TAG'],
  ['TRUE_UP_AMOUNT'],
  ['TOTAL_PRICING_RULE_ADDITION_AMOUNT', 'Adjustments'],
  ['PRICING_RULE_ADDITION_AMOUNT'],
  ['PRICING_RULE_REVENUE_UPDATE_AMOUNT'],
  ['PRICING_RULE_USAGE_UPDATE_AMOUNT'],
  ['TOTAL_ADVANCED_FEES', 'Advanced fees'],
  ['ADVANCED_FIXED_FEE'],
  ['ADVANCED_LICENSE_RATE_CARD_AMOUNT'],
  ['ADVANCED_BILLING_ENTITLEMENT_RATE_CARD_AMOUNT'],
  ['ADVANCED_CREDIT_GRANT_RATE_CARD_AMOUNT'],
  ['TOTAL_CREDITS', 'Credits'],
  ['SUB_CREDITS'],
  ['TOTAL_MISCELLANEOUS_CHARGES', 'Other charges'],
  ['MISCELLANEOUS_CHARGE'],
  ['TOTAL_TAX_AMOUNT', 'Tax'],
  ['TAX_AMOUNT'],
  ['TOTAL_PURCHASE_AMOUNT'],
  ['CUSTOM_AMOUNT'],
  ['USAGE_METER_USAGE'],
]
const PLACES: ReadonlyMap<string, number> = new Map(TYPES.map(([type], place) => [type, place]))

/** The fields of what is said of a slab, in their order. */
const SLAB = ['order', 'priceType', 'startAfter', 'packageSize', 'packageQuantity', 'minimumRateApplied', 'maximumRateApplied']

type Metadata = Readonly<Record<string, unknown>>

/** What is said of a line: a slab as a list, a card by its name only, and anything else as it is. */
const packMetadata = (metadata: Metadata | undefined): unknown => {
  if (!metadata) return null
  const keys = Object.keys(metadata)
  if (keys.length === 1 && typeof metadata['rateCardName'] === 'string') return metadata['rateCardName']
  if (!keys.includes('order') || !keys.every((key) => SLAB.includes(key))) return metadata
  const values = SLAB.map((key) => metadata[key] ?? null)
  return values.slice(0, values.findLastIndex((value) => value !== null) + 1)
}

const unpackMetadata = (kept: unknown): Metadata | undefined => {
  if (kept === null || kept === undefined) return undefined
  if (typeof kept === 'string') return { rateCardName: kept }
  if (!Array.isArray(kept)) return kept as Metadata
  return Object.fromEntries(SLAB.flatMap((key, place) => ((kept[place] ?? null) === null ? [] : [[key, kept[place] as unknown]])))
}

/** The description of a line that follows from the rest of it. */
const describe = (type: string, metadata: Metadata | undefined): string | undefined =>
  TYPES[PLACES.get(type) ?? -1]?.[1] ?? (type.endsWith('_SLAB_AMOUNT') ? `Slab ${String(metadata?.['order'])}` : undefined)

/** A line as a list: its type, id, description, value, quantity, value of one, what is said of it, and its lines. 0 is what follows from the others. */
type PackedLine = readonly unknown[]

const packLine = ({ type, id, description, value, quantity, valuePerQuantity, metadata, lines }: Line): PackedLine => {
  const packed = [
    PLACES.get(type) ?? type,
    id === type ? 0 : (id ?? null),
    description === describe(type, metadata) ? 0 : description,
    lines && value === sumOf(lines) ? 0 : value,
    quantity ?? null,
    valuePerQuantity ?? null,
    packMetadata(metadata),
    lines?.map(packLine) ?? null,
  ]
  return packed.slice(0, packed.findLastIndex((one) => one !== null) + 1)
}

const unpackLine = ([kind, ownId, text, amount, quantity, valuePerQuantity, about, its]: PackedLine): Line => {
  const type = typeof kind === 'number' ? (TYPES[kind]?.[0] ?? '') : String(kind)
  const id = ownId === 0 ? type : (ownId as string | null | undefined)
  const metadata = unpackMetadata(about)
  const lines = (its as readonly PackedLine[] | null | undefined)?.map(unpackLine)
  return {
    ...(typeof id === 'string' && { id }),
    type,
    description: text === 0 ? (describe(type, metadata) ?? '') : String(text),
    ...(typeof quantity === 'string' && { quantity }),
    ...(typeof valuePerQuantity === 'string' && { valuePerQuantity }),
    value: amount === 0 ? sumOf(lines ?? []) : String(amount),
    ...(metadata && { metadata }),
    ...(lines && { lines }),
  }
}

/** What an invoice comes to, as it is kept: shorter, since what follows from something else is left out. */
export const packRating = ({ root, usage, ...rest }: KeptRating): string =>
  JSON.stringify({ tree: packLine(root), used: usage.map(packLine), ...rest })

/** Reads what `packRating` wrote, or a tree that was kept whole, as it was before. */
export const unpackRating = (text: string): KeptRating => {
  const { tree, used, ...rest } = JSON.parse(text) as Omit<KeptRating, 'root' | 'usage'> &
    Partial<KeptRating> & { tree?: PackedLine; used?: readonly PackedLine[] }
  return tree ? { ...rest, root: unpackLine(tree), usage: (used ?? []).map(unpackLine) } : (rest as KeptRating)
}

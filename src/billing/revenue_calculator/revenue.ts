import { formatDecimal, jsonNumber } from '../../lib/decimal.ts'
import type { Card, CommitmentCard } from '../../rating/card.ts'
import { type Quotient, decimalOf, sumQuotients } from '../../rating/quotient.ts'
import { type CardSlab, type CardWindow, type RatedCard, limitCard } from '../../rating/rate.ts'
import type { SlabRevenueSummary, Summaries } from './schema.ts'

const textOf = (quotient: Quotient): string => formatDecimal(decimalOf(quotient))

const metadataOf = ({ packages, isRaised, isLowered }: CardSlab): SlabRevenueSummary['metadata'] => {
  const count = packages && textOf(packages)
  const isWhole = count !== undefined && !count.includes('.')
  if (!isWhole && !isRaised && !isLowered) return undefined
  return {
    ...(isRaised && { minimumRateApplied: true }),
    ...(isLowered && { maximumRateApplied: true }),
    ...(isWhole && { packageQuantity: jsonNumber(count) }),
  }
}

const showSlab = (slab: CardSlab): SlabRevenueSummary => {
  const metadata = metadataOf(slab)
  return {
    order: slab.slab.order,
    usage: jsonNumber(textOf(slab.quantity)),
    revenue: jsonNumber(textOf(slab.amount)),
    ...(metadata && { metadata }),
  }
}

/** The slabs of windows that are billed each by itself, added up. */
const addWindows = (windows: readonly CardWindow[]): CardSlab[] =>
  (windows[0]?.slabs ?? []).map((first, index) => {
    const its = windows.flatMap(({ slabs }) => slabs[index] ?? [])
    return {
      slab: first.slab,
      rate: first.rate,
      quantity: sumQuotients(its.map(({ quantity }) => quantity)),
      amount: sumQuotients(its.map(({ amount }) => amount)),
      ...(first.packages && { packages: sumQuotients(its.flatMap(({ packages }) => packages ?? [])) }),
      ...(its.some(({ isRaised }) => isRaised) && { isRaised: true }),
      ...(its.some(({ isLowered }) => isLowered) && { isLowered: true }),
    }
  })

/** Every slab of a card, also where the card is not charged in the cycle. */
const showSlabs = (card: Card, rated: RatedCard | undefined): SlabRevenueSummary[] => {
  if (rated) return (rated.windows ? addWindows(rated.windows) : (rated.slabs ?? [])).map(showSlab)
  const slabs = 'slabs' in card ? card.slabs : []
  return slabs.toSorted((one, other) => one.order - other.order).map(({ order }) => ({ order, usage: 0, revenue: 0 }))
}

/** The revenue of a card within its limits; 0 where it is not charged in the cycle. */
const showRevenue = (rated: RatedCard | undefined): { revenue: number } => ({
  revenue: rated ? jsonNumber(textOf(limitCard(rated).amount)) : 0,
})

/** What a card comes to, exactly and not cut to a minor unit. Its limits are in no slab (pricing.md, 9.1). */
export const summarize = (card: Exclude<Card, CommitmentCard>, rated: RatedCard | undefined): Summaries => {
  const { type, billableId } = card
  switch (type) {
    case 'USAGE':
      return {
        usages: { [billableId]: jsonNumber(rated?.quantity ? textOf(rated.quantity) : '0') },
        slabRevenueSummaries: showSlabs(card, rated),
      }
    case 'LICENSE':
      return { usages: {}, licenseRevenueSummary: showSlabs(card, rated) }
    case 'FIXED_FEE':
      return { usages: {}, fixedFeeRevenueSummary: showRevenue(rated) }
    case 'BILLING_ENTITLEMENT':
      return { usages: {}, billingEntitlementRevenueSummary: showRevenue(rated) }
    case 'CREDIT_GRANT':
      return { usages: {}, creditGrantRevenueSummary: showRevenue(rated) }
    case 'ENTITLEMENT_OVERAGE':
    default:
      return { usages: {}, entitlementOverageRevenueSummary: showRevenue(rated), slabRevenueSummaries: showSlabs(card, rated) }
  }
}

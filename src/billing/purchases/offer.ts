import {
  type PlanDefinition,
  displayNameOf,
  listBillableIds,
  readPlan,
  requireRatable,
  toKept,
} from '../../catalogue/price_plans/service.ts'
import type { KeptCard } from '../../catalogue/rate_cards/schema.ts'
import { readCard } from '../../catalogue/rate_cards/service.ts'
import { draftAssociation, refuseCurrency } from '../../catalogue/schedules/service.ts'
import type { Ctx } from '../../db/context.ts'
import { minorDigitsOf } from '../../lib/codes.ts'
import { compare, decimalFromNumber, formatDecimal, negate, requireDecimal } from '../../lib/decimal.ts'
import { ApiError, type Fault, refuseFaults } from '../../lib/errors.ts'
import { LARGEST_AMOUNT, findMinorFault } from '../../lib/money.ts'
import { dayOf } from '../../rating/cycle.ts'
import { type RatedPlan, chargeOrder, chargePurchase } from '../../rating/invoice.ts'
import { type Line, sumOf } from '../../rating/line.ts'
import { type RatingInput, rateCard } from '../../rating/rate.ts'
import { listOpenedCharges } from '../invoices/advances.ts'
import type { InvoiceOwner } from '../invoices/owner.ts'
import { inputOf, ratedPlanOf } from '../invoices/rating.ts'
import { readBilledCycle } from '../invoices/usage.ts'
import { readGenerations } from '../revenue_calculator/lookup.ts'
import type { CreateProposalRequest, CreatePurchaseRequest } from './schema.ts'
import type { Bought, PurchaseRow } from './table.ts'

export type Asked = CreatePurchaseRequest | CreateProposalRequest

/** What is bought, and what it costs. */
export type Offer = Pick<PurchaseRow, 'type' | 'pricePlanId' | 'planVersion' | 'price' | 'bought'>

const quantityText = (quantity: number): string => formatDecimal(decimalFromNumber(quantity) ?? requireDecimal('0'))

/** How often a card is bought, as a decimal text, by what it prices. */
export const quantityOf =
  ({ quantity = 1, rateCardQuantities = {} }: Pick<Asked, 'quantity' | 'rateCardQuantities'>) =>
  (billableId: string): string =>
    quantityText(rateCardQuantities[billableId] ?? quantity)

/** Nothing is bought less or more often. */
const [LEAST_TIMES, MOST_TIMES] = [1e-9, 1e12]

const findQuantityFaults = ({ rateCardQuantities = {} }: Asked, cards: readonly KeptCard[]): Fault[] => {
  const known = new Set(cards.map(({ billableId }) => billableId))
  return Object.entries(rateCardQuantities).flatMap(([id, quantity]): Fault[] => {
    const path = ['rateCardQuantities', id]
    if (!known.has(id)) return [{ path, message: `must be the id of what a rate card prices that is bought: ${[...known].join(', ')}` }]
    return quantity >= LEAST_TIMES && quantity <= MOST_TIMES
      ? []
      : [{ path, message: `must be 0.000000001 at least, and ${MOST_TIMES} at most` }]
  })
}

/** A plan of the rating that has some cards of a plan, and no rules. */
export const ratedCardsOf = (name: string, cards: readonly KeptCard[], isPurchase: boolean): RatedPlan => ({
  name,
  cards: cards.flatMap((kept) => readCard(kept, { displayName: displayNameOf(kept, []), isPurchase }) ?? []),
  rules: [],
})

const NOTHING_USED = { usage: {}, licenses: {}, overage: {} }

/** The cards of a plan that are paid before they are granted, as far as they are charged in a cycle. */
export const listPrepaid = (cards: readonly KeptCard[], input: Pick<RatingInput, 'currency' | 'cycle'>): KeptCard[] =>
  cards.filter((kept) => {
    const [card] = kept.invoiceTiming === 'PREPAID' ? ratedCardsOf('', [kept], false).cards : []
    return card && rateCard(card, { ...input, ...NOTHING_USED })
  })

const offerOf = (type: Offer['type'], bought: Bought, plan?: { id: string; planVersion: number }): Offer => ({
  type,
  pricePlanId: plan?.id ?? null,
  planVersion: plan?.planVersion ?? null,
  price: sumOf(bought.lines),
  bought,
})

/** Cards that keep what they are called now. */
const withNames = (definition: PlanDefinition, items: Parameters<typeof displayNameOf>[1]): PlanDefinition => ({
  ...definition,
  cards: definition.cards.map((card) => ({ ...card, publishedName: displayNameOf(card, items) })),
})

/** Offers cards of a plan that are bought once, without being put in force. */
const offerCards = async (ctx: Ctx, owner: InvoiceOwner, type: 'ENTITLEMENT_GRANT' | 'PREPAID', asked: Asked): Promise<Offer> => {
  const { pricePlanId = '', purchasePlanOverride: override } = asked
  const plan = await readPlan(ctx, pricePlanId, listBillableIds({ pricePlanDetails: override }))
  const { row, items, published } = plan
  const wanted = type === 'PREPAID' ? 'BILLING' : 'PURCHASE'
  if (!published || row.status !== 'ACTIVE')
    throw new ApiError('CONFLICT', `pricePlanId: the price plan "${row.name}" is ${row.status}, and must be ACTIVE`)
  if (row.type !== wanted)
    throw new ApiError('INVALID', `pricePlanId: the price plan "${row.name}" is of type ${row.type}, and must be of type ${wanted}`)
  refuseCurrency(published.activeCurrencies, { id: owner.id, invoiceCurrency: owner.currency }, row, 'pricePlanId')
  const whole: PlanDefinition = { ...published, type: row.type }
  const changed = override ? toKept(ctx, { pricePlanDetails: override }, whole) : whole
  if (override) requireRatable(changed, items, ({ path: [, ...rest], message }) => ({ path: ['purchasePlanOverride', ...rest], message }))
  const { cards, ...rest } = withNames(changed, items)
  const chosen = type === 'PREPAID' ? cards.filter(({ invoiceTiming }) => invoiceTiming === 'PREPAID') : cards
  if (!chosen.length)
    throw new ApiError(
      'INVALID',
      `pricePlanId: the price plan "${row.name}" has no rate card ${type === 'PREPAID' ? 'that is PREPAID' : 'to buy'}`,
    )
  refuseFaults('INVALID', findQuantityFaults(asked, chosen))
  const today = dayOf(ctx.now)
  const cycle = { ordinal: 1, start: today, end: today + 1, nominalStart: today, nominalEnd: today + 1 }
  const { lines } = chargePurchase(
    ratedCardsOf(row.name, chosen, type === 'ENTITLEMENT_GRANT'),
    { currency: owner.currency, cycle, ...NOTHING_USED },
    minorDigitsOf(owner.currency),
    quantityOf(asked),
  )
  const definition: PlanDefinition = { ...rest, cards: chosen, rules: [] }
  const { activeCurrencies } = published
  const kept = { name: row.name, definition, activeCurrencies, prepaid: chosen.map(({ name }) => name) }
  return offerOf(type, { lines, plan: kept }, { id: row.id, planVersion: published.planVersion })
}

/** Offers a plan that is put in force: what is paid in advance for its first cycle. */
const offerAssociation = async (ctx: Ctx, owner: InvoiceOwner, asked: Asked): Promise<Offer> => {
  const { pricePlanId = '', effectiveFrom: from = 0, effectiveUntil: until = 0, associationOverride: details } = asked
  const drafted = await draftAssociation(ctx, owner.id, { pricePlanId, from, until, details, field: 'associationOverride' })
  const { inForce, parts, isUnchanged } = drafted
  if (isUnchanged)
    throw new ApiError(
      'CONFLICT',
      `effectiveFrom: the account "${owner.id}" has the price plan from then on already, as it would be bought`,
    )
  const generations = await readGenerations(ctx)
  const billed = await readBilledCycle(ctx, generations, { inForce, parts, owner }, () => Promise.resolve(new Map<string, string>()))
  const { lines } = chargeOrder(ratedPlanOf(billed), inputOf(billed), minorDigitsOf(owner.currency), ['IN_ADVANCE', 'PREPAID'])
  const charges = listOpenedCharges(billed, lines)
  const { definition: effective, cycle, currency } = billed
  const definition = withNames(effective, billed.items)
  const plan = {
    name: billed.planName,
    definition,
    activeCurrencies: [...parts.versions.values()][0]?.activeCurrencies ?? [],
    prepaid: listPrepaid(definition.cards, { currency, cycle }).map(({ name }) => name),
  }
  return offerOf('ASSOCIATION', { lines, plan, cycle, charges }, { id: inForce.piece.pricePlanId, planVersion: inForce.piece.version })
}

/** Offers money for the wallet. */
const offerTopup = ({ currency }: InvoiceOwner, { walletTopupDetails }: Asked): Offer => {
  const { topupAmount = '0', purchaseAmount = topupAmount } = walletTopupDetails ?? {}
  const minor = (field: string, amount: string): Fault[] => {
    const message = findMinorFault(amount, currency)
    return message === undefined ? [] : [{ path: ['walletTopupDetails', field], message }]
  }
  refuseFaults('INVALID', [...minor('topupAmount', topupAmount), ...minor('purchaseAmount', purchaseAmount)])
  const line: Line = { id: 'WALLET_TOPUP', type: 'CUSTOM_AMOUNT', description: 'Wallet top-up', value: purchaseAmount }
  const total: Line = {
    id: 'TOTAL_PURCHASE_AMOUNT',
    type: 'TOTAL_PURCHASE_AMOUNT',
    description: 'Wallet top-up',
    value: purchaseAmount,
    lines: [line],
  }
  return offerOf('WALLET_TOPUP', { lines: [total] })
}

/** The fields that each type of purchase requires, and those that it takes beside them. */
const FIELDS = {
  ENTITLEMENT_GRANT: { requires: ['pricePlanId'], takes: ['quantity', 'rateCardQuantities', 'purchasePlanOverride'] },
  PREPAID: { requires: ['pricePlanId'], takes: ['quantity', 'rateCardQuantities'] },
  ASSOCIATION: { requires: ['pricePlanId', 'effectiveFrom', 'effectiveUntil'], takes: ['associationOverride'] },
  WALLET_TOPUP: { requires: ['walletTopupDetails'], takes: [] },
} as const satisfies Record<Offer['type'], { requires: readonly (keyof Asked)[]; takes: readonly (keyof Asked)[] }>

const OF_SOME: readonly (keyof Asked)[] = [
  ...new Set(Object.values(FIELDS).flatMap(({ requires, takes }): readonly (keyof Asked)[] => [...requires, ...takes])),
]

/** Refuses what a purchase of a type cannot be made of. */
const refuseFields = (type: Offer['type'], asked: Asked): void => {
  const { requires, takes }: { requires: readonly (keyof Asked)[]; takes: readonly (keyof Asked)[] } = FIELDS[type]
  refuseFaults('INVALID', [
    ...requires.filter((field) => asked[field] === undefined).map((field) => ({ path: [field], message: `is required for ${type}` })),
    ...OF_SOME.filter((field) => asked[field] !== undefined && !requires.includes(field) && !takes.includes(field)).map((field) => ({
      path: [field],
      message: `must be left out for ${type}`,
    })),
  ])
}

/** Reads what is bought, and what it costs. Throws what is wrong with it, with the path of its field. */
export const readOffer = async (ctx: Ctx, owner: InvoiceOwner, asked: Asked): Promise<Offer> => {
  const { type = 'ENTITLEMENT_GRANT' } = asked
  refuseFields(type, asked)
  const offer =
    type === 'WALLET_TOPUP'
      ? offerTopup(owner, asked)
      : await (type === 'ASSOCIATION' ? offerAssociation(ctx, owner, asked) : offerCards(ctx, owner, type, asked))
  const [price, largest] = [requireDecimal(offer.price), requireDecimal(String(LARGEST_AMOUNT))]
  if (compare(price, largest) > 0)
    throw new ApiError('INVALID', `quantity: the purchase would cost ${offer.price}, and can cost ${LARGEST_AMOUNT} at most`)
  if (compare(price, negate(largest)) < 0)
    throw new ApiError('INVALID', `quantity: the purchase would cost ${offer.price}, and can cost -${LARGEST_AMOUNT} at least`)
  return offer
}

import type { Ctx } from '../../db/context.ts'
import { insertInto } from '../../db/statements.ts'
import { minorDigitsOf } from '../../lib/codes.ts'
import { type Decimal, ZERO, compare, formatDecimal, negate, requireDecimal, subtract } from '../../lib/decimal.ts'
import { type AdvanceCost, rateAdvancesAt } from '../../rating/advance.ts'
import { type Card, timingOf } from '../../rating/card.ts'
import { dayOf, instantOf } from '../../rating/cycle.ts'
import type { Credit } from '../../rating/credits.ts'
import { advanceTree } from '../../rating/invoice.ts'
import { type Line, typeOfCardLine } from '../../rating/line.ts'
import { NOTHING, type Quotient, addQuotients, cutQuotient, negateQuotient } from '../../rating/quotient.ts'
import type { LastCharge } from './charged.ts'
import type { InvoiceOwner } from './owner.ts'
import { keepCredits } from './kept_credits.ts'
import type { InvoicePeriod } from './lines.ts'
import { type BilledCycle, type RatedInvoice, inputOf, ratedPlanOf } from './rating.ts'
import type { InvoiceRow } from './show.ts'
import { type ChargedCard, type OpenedCharge, type RefundMode, advanceCharges } from './table.ts'

type ChargeRow = typeof advanceCharges.$inferSelect

export const insertAdvanceCharges = insertInto(advanceCharges)

/** A quotient as text: a decimal, or one divided by a whole number, as 100/30. */
export const writeQuotient = ({ dividend, divisor }: Quotient): string =>
  divisor === 1n ? formatDecimal(dividend) : `${formatDecimal(dividend)}/${divisor}`

export const readQuotient = (text: string): Quotient => {
  const [dividend = '0', divisor = '1'] = text.split('/')
  return { dividend: requireDecimal(dividend), divisor: BigInt(divisor) }
}

/** What a card of a plan costs in advance in a cycle by what is known at an instant. */
interface CardCost extends AdvanceCost {
  billableId: string
  card: ChargedCard
}

/** How a part of what was paid for a card is given back: the fees of a plan that ends early as credits, and licences as their card says (pricing.md, 10.3, 10.6). */
const refundModeOf = ({ definition }: BilledCycle, { type, billableId }: Card): RefundMode => {
  const kept = definition.cards.find((one) => one.type === type && one.billableId === billableId)
  return kept?.rateCardDetails.licenseRateCard?.proratedRefundMode ?? 'CREDITS'
}

/** What all cards that are paid in advance cost in a cycle by what is known at an instant (milliseconds). */
const listCosts = (billed: BilledCycle, at: number): CardCost[] =>
  rateAdvancesAt(ratedPlanOf(billed), inputOf(billed), at, minorDigitsOf(billed.currency)).map(({ card, cost }) => {
    const { type, name, displayName, billableId } = card
    return { ...cost, billableId, card: { type, name, displayName, refundMode: refundModeOf(billed, card) } }
  })

/** What lines come to of one type and id, wherever they stand. */
const valueIn = (lines: readonly Line[], type: string, id: string): string | undefined => {
  for (const line of lines) {
    const value = line.type === type && line.id === id ? line.value : valueIn(line.lines ?? [], type, id)
    if (value !== undefined) return value
  }
  return undefined
}

/** What cards are charged in advance when a cycle begins, by the lines in which they are. */
export const listOpenedCharges = (billed: BilledCycle, lines: readonly Line[]): OpenedCharge[] =>
  listCosts(billed, instantOf(billed.cycle.start)).map(({ billableId, card, total, quantity = null, isRefundable, until }) => {
    const amount = valueIn(lines, typeOfCardLine(card.type, 'IN_ADVANCE'), billableId)
    if (amount === undefined) throw new Error('A card that is paid in advance has no line')
    return { billableId, card, total: writeQuotient(total), quantity, amount, isRefundable, paidUntil: instantOf(until) }
  })

/** The rows of what cards were charged in advance by an invoice when a cycle began. */
export const openCharges = (
  ctx: Ctx,
  owner: InvoiceOwner,
  billed: BilledCycle,
  { id: invoiceId, rated: { root } }: Pick<InvoiceRow, 'id' | 'rated'>,
): ChargeRow[] =>
  listOpenedCharges(billed, [root]).map((opened) => ({
    ...opened,
    organizationId: ctx.organizationId,
    accountId: owner.id,
    cycleAt: instantOf(billed.cycle.start),
    position: 0,
    refundMode: null,
    invoiceId,
    createdAt: ctx.now,
  }))

/** A change of what a card costs in a cycle that has begun: `amount` is charged, or given back if it is below 0. */
export interface AdvanceChange {
  row: Omit<ChargeRow, 'invoiceId'>
  line: Line
}

const minus = (one: string | undefined, other: string | null | undefined): string =>
  formatDecimal(subtract(requireDecimal(one ?? '0'), requireDecimal(other ?? '0')))

/** An amount below 0 that gives back no more than was charged, as a decimal text. */
const atMost = (less: Decimal, charged: string): Decimal => {
  const most = requireDecimal(charged)
  if (most.coefficient <= 0n) return ZERO
  return compare(negate(less), most) > 0 ? negate(most) : less
}

/**
 * Lists what has become more or less in a cycle since it was charged in advance. `billed` is left out where the account does not have the
 * cycle any more, of which nothing is owed then. What is not refundable is never less, and no more is given back of a card than was charged for it. Of a cycle whose invoice has fallen due, only fees
 * change that were paid for more cycles than that.
 */
export const listAdvanceChanges = (
  ctx: Ctx,
  owner: InvoiceOwner,
  cycleAt: number,
  charges: readonly LastCharge[],
  { billed, isOpen }: { billed: BilledCycle | undefined; isOpen: boolean },
): AdvanceChange[] => {
  const { now: at } = ctx
  const digits = minorDigitsOf(owner.currency)
  const costs = new Map((billed ? listCosts(billed, at) : []).map((cost) => [cost.billableId, cost]))
  const known = new Map(charges.map((charge) => [charge.billableId, charge]))
  const listed = isOpen
    ? [...known.keys(), ...costs.keys()]
    : charges.filter(({ card }) => card.type === 'FIXED_FEE').map((one) => one.billableId)
  return [...new Set(listed)].flatMap((billableId): AdvanceChange[] => {
    const [last, cost] = [known.get(billableId), costs.get(billableId)]
    const difference = addQuotients(cost?.total ?? NOTHING, negateQuotient(last ? readQuotient(last.total) : NOTHING))
    const change = cutQuotient(difference, digits)
    const isLess = change.coefficient < 0n
    const amount = isLess ? atMost(change, last?.charged ?? '0') : change
    if (amount.coefficient === 0n || (isLess && last && !last.isRefundable)) return []
    const card = cost?.card ?? last?.card
    if (!card) return []
    const counted = cost?.quantity ?? last?.quantity ?? undefined
    const refundMode = isLess ? (last?.card.refundMode ?? card.refundMode) : null
    return [
      {
        row: {
          organizationId: ctx.organizationId,
          accountId: owner.id,
          cycleAt,
          billableId,
          position: (last?.position ?? -1) + 1,
          card,
          total: writeQuotient(cost?.total ?? NOTHING),
          quantity: cost?.quantity ?? null,
          amount: formatDecimal(amount),
          refundMode,
          isRefundable: cost?.isRefundable ?? last?.isRefundable ?? false,
          paidUntil: Math.max(cost ? instantOf(cost.until) : cycleAt, cycleAt),
          createdAt: at,
        },
        line: {
          id: billableId,
          type: typeOfCardLine(card.type, 'IN_ADVANCE'),
          description: card.displayName,
          ...(counted !== undefined && { quantity: minus(cost?.quantity, last?.quantity) }),
          value: formatDecimal(amount),
          metadata: { rateCardName: card.name },
        },
      },
    ]
  })
}

/** Rates an invoice of changes of what is paid in advance, with the credits that are left for it. */
export const rateChanges = (
  changes: readonly AdvanceChange[],
  { currency, startAt, endAt }: InvoicePeriod,
  credits: readonly Credit[],
): RatedInvoice => {
  const lines = changes.map(({ line }) => line)
  const built = advanceTree(lines, { digits: minorDigitsOf(currency), from: startAt, until: endAt, credits })
  return { root: built.root, usage: [], ...keepCredits(built.credits) }
}

/** Whether a change is charged, or given back by an invoice below 0: what is given back otherwise has none. */
export const isInvoiced = ({ row: { refundMode } }: AdvanceChange): boolean => refundMode === null || refundMode === 'PAYMENT'

/** When the licences that a cycle is charged for in advance change next, in milliseconds: names are looked at once a day, at its end. */
export const findNextChange = (billed: BilledCycle, now: number): number | undefined => {
  const until = instantOf(billed.cycle.end)
  const times = ratedPlanOf(billed)
    .cards.filter((card) => card.type === 'LICENSE' && timingOf(card) === 'IN_ADVANCE')
    .flatMap(({ billableId }) => {
      const use = billed.licenses[billableId]
      if (!use) return []
      return 'changes' in use ? use.changes.map(({ at }) => at) : [instantOf(dayOf(now) + 1)]
    })
    .filter((at) => at > now && at < until)
  return times.length ? Math.min(...times) : undefined
}

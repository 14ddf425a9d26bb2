import { sql } from 'drizzle-orm'
import { displayNameOf } from '../../catalogue/price_plans/service.ts'
import { type Piece, cycleOn, definitionOf } from '../../catalogue/schedules/service.ts'
import type { Ctx } from '../../db/context.ts'
import { BILLING, type Due } from '../../db/due.ts'
import { selectRows } from '../../db/statements.ts'
import { minorDigitsOf } from '../../lib/codes.ts'
import { dayOf, instantOf } from '../../rating/cycle.ts'
import { chargeOrder } from '../../rating/invoice.ts'
import { sumOf } from '../../rating/line.ts'
import { type CreditPool, creditsLeft, drawFromPool } from '../credits/pool.ts'
import type { InvoiceOwner } from '../invoices/owner.ts'
import { linesOfOrder, rateOrder } from '../invoices/orders.ts'
import { draftDue, insertInvoices, recordInvoice } from '../invoices/settle.ts'
import type { CycleToRate } from '../invoices/usage.ts'
import type { PartialDraft, Purse } from '../wallets/service.ts'
import { listPrepaid, ratedCardsOf } from './offer.ts'
import type { CycleOrder } from './cycle_orders.ts'
import { PURCHASE_DUE } from './orders.ts'
import type { PurchaseRow } from './table.ts'
import { dueOfPurchase, insertPurchases, isPaidOrder, newOrder, newPurchase, recordPurchase } from './write.ts'

/** A cycle of an account that begins, or whose plan is another one from its first day on, or that is gone. */
interface OrderedCycle {
  cycleAt: number
  /** Left out where the account does not have the cycle any more. */
  cycle: CycleToRate | undefined
}

const ANOTHER_PLAN = 'The price plan of its cycle was changed before it was paid.'
const CYCLE_OVER = 'It was not paid before its cycle ended.'

type Bills = PartialDraft & { due: Due[] }

/** Drafts that unpaid orders of cycles end, if no payments are recorded for them. */
const endAll = ({ organizationId, now }: Ctx, ended: readonly CycleOrder[], ending: string, { statements, due }: Bills): void => {
  if (!ended.length) return
  const ids = JSON.stringify(ended.map(({ id }) => id))
  statements.push(
    selectRows(sql`
      update purchases set ending = ${ending}, updated_at = ${now}, version = version + 1
      where +organization_id = ${organizationId} and id in (select value from json_each(${ids})) and status = 'PENDING'`),
  )
  due.push(...ended.map(({ id }) => ({ kind: PURCHASE_DUE, subject: id, dueAt: now })))
}

const isOpen = ({ type, status, ending }: CycleOrder): boolean => type === 'PREPAID' && status === 'PENDING' && ending === null

/** Drafts that the unpaid orders of cycles end that are over. */
export const endPassedOrders = (ctx: Ctx, orders: readonly CycleOrder[], active: readonly Piece[], bills: Bills): void => {
  const isOver = (day: number): boolean => {
    const inForce = cycleOn(active, day)
    return inForce !== undefined && instantOf(inForce.cycle.end) <= ctx.now
  }
  const ended = orders.filter((one) => isOpen(one) && isOver(dayOf(one.cycleAt)))
  endAll(ctx, ended, CYCLE_OVER, bills)
}

/** Drafts that the unpaid orders of a cycle end that are of a plan which the account does not have in it any more. Returns whether there are any. */
const endOrders = (ctx: Ctx, { cycleAt, cycle }: OrderedCycle, orders: readonly CycleOrder[], bills: Bills): boolean => {
  const ended = orders.filter((one) => isOpen(one) && one.cycleAt === cycleAt && one.scheduleId !== cycle?.inForce.piece.id)
  endAll(ctx, ended, ANOTHER_PLAN, bills)
  return ended.length > 0
}

/** What the order of a cycle rests on, beside the cycle. */
interface OrderInput {
  owner: InvoiceOwner
  purse: Purse
  orders: readonly CycleOrder[]
  pool: CreditPool
}

/**
 * Drafts the order of what is to be paid before it is granted in a cycle that is not over, once for each plan that the cycle has, and ends
 * those of others: it is drafted when these have given back what they took of credits and the wallet.
 */
export const orderCycle = (ctx: Ctx, ordered: OrderedCycle, { owner, purse, orders, pool }: OrderInput, bills: Bills): void => {
  const own = orders.filter(({ cycleAt }) => cycleAt === ordered.cycleAt)
  const isEnding = endOrders(ctx, ordered, own, bills)
  if (isEnding && ordered.cycle) bills.due.push({ kind: BILLING, subject: owner.id, dueAt: ctx.now })
  if (isEnding || !ordered.cycle) return
  const { inForce, parts } = ordered.cycle
  const { piece, cycle } = inForce
  if (instantOf(cycle.end) <= ctx.now || own.some((one) => one.scheduleId === piece.id)) return
  const paid = new Set(own.flatMap(({ status, billableIds }) => (status === 'IN_PROGRESS' || status === 'SUCCESS' ? billableIds : [])))
  const { currency } = owner
  const effective = definitionOf(piece, parts)
  const cards = listPrepaid(effective.cards, { currency, cycle })
    .filter(({ billableId }) => !paid.has(billableId))
    .map((card) => ({ ...card, publishedName: displayNameOf(card, parts.items) }))
  if (!cards.length) return
  const name = owner.details.pricePlanName ?? ''
  const input = { currency, cycle, usage: {}, licenses: {}, overage: {} }
  const { lines } = chargeOrder(ratedCardsOf(name, cards, false), input, minorDigitsOf(currency), ['PREPAID'])
  const { activeCurrencies, ...definition } = { ...effective, cards, rules: [] }
  const plan = { name, definition, activeCurrencies, prepaid: cards.map((card) => card.name) }
  const draft = newPurchase(
    ctx,
    owner,
    { type: 'PREPAID', pricePlanId: piece.pricePlanId, planVersion: piece.version, price: sumOf(lines), bought: { lines, plan, cycle } },
    { request: { pricePlanId: piece.pricePlanId, type: 'PREPAID' }, scheduleId: piece.id, cycleAt: instantOf(cycle.start) },
  )
  const open = newOrder(ctx, owner, draft)
  const order = { ...open, ...rateOrder(linesOfOrder(open.rated.root), open, creditsLeft(pool, currency)) }
  drawFromPool(pool, order.id, order.rated.root)
  const fallen = draftDue(ctx, order, owner, { purse })
  const row: PurchaseRow = { ...draft, invoiceId: order.id, status: isPaidOrder(fallen.row) ? 'IN_PROGRESS' : 'PENDING' }
  bills.statements.push(insertInvoices([order]), ...fallen.statements, insertPurchases([row]))
  bills.changes.push(...recordInvoice(undefined, fallen.row), ...fallen.changes, recordPurchase(undefined, row))
  bills.due.push(...dueOfPurchase(ctx, row))
}

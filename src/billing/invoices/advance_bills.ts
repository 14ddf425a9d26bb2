import { definitionOf } from '../../catalogue/schedules/service.ts'
import type { Ctx } from '../../db/context.ts'
import { formatDecimal, negate, requireDecimal } from '../../lib/decimal.ts'
import { useUntil } from '../../rating/advance.ts'
import { dayOf, instantOf } from '../../rating/cycle.ts'
import { type GivenBack, refundOf } from '../credits/grants.ts'
import { type CreditPool, addToPool, creditsLeft, drawFromPool } from '../credits/pool.ts'
import type { CreditRow } from '../credits/table.ts'
import { draftNewCredits, setDueOfCredits } from '../credits/write.ts'
import type { PartialDraft, Purse } from '../wallets/service.ts'
import { type AdvanceChange, insertAdvanceCharges, isInvoiced, listAdvanceChanges, openCharges, rateChanges } from './advances.ts'
import type { LastCharge } from './charged.ts'
import type { InvoiceOwner } from './owner.ts'
import { refundToWallet } from './paying.ts'
import { type Plan, placeOf } from './plans.ts'
import { type BilledCycle, basisOf, rateAdvance } from './rating.ts'
import { keepRating, keepReckoning, withPlan } from './reckoned.ts'
import { draftDue, insertInvoices, newDraft, recordInvoice } from './settle.ts'
import type { InvoiceRow } from './show.ts'
import type { CycleToRate } from './usage.ts'

/** What a commit of bills is made of. */
export type Bills = PartialDraft

/** Whether a plan has cards that are paid in advance. */
export const hasAdvance = ({ inForce: { piece }, parts }: CycleToRate): boolean =>
  definitionOf(piece, parts).cards.some(({ invoiceTiming }) => invoiceTiming === 'IN_ADVANCE')

/** Makes an invoice that falls due at once. */
const addDueInvoice = (ctx: Ctx, row: InvoiceRow, owner: InvoiceOwner, purse: Purse, { statements, changes }: Bills): void => {
  const fallen = draftDue(ctx, row, owner, { purse })
  statements.push(insertInvoices([row]), ...fallen.statements)
  changes.push(...recordInvoice(undefined, fallen.row), ...fallen.changes)
}

/** A cycle whose advance part is billed, by its first instant: what it is rated with is left out where the account has it no more. */
interface AdvancedCycle {
  cycleAt: number
  cycle: CycleToRate | undefined
  billed: BilledCycle | undefined
  /** The wallet of the account. */
  purse: Purse
}

/** A cycle with the licences that are known at an instant, of which the changes to come are not charged yet. */
const knownAt = (billed: BilledCycle, at: number): BilledCycle => ({
  ...billed,
  licenses: Object.fromEntries(Object.entries(billed.licenses).map(([id, use]) => [id, useUntil(use, at)])),
})

/** Bills all that is paid in advance in a cycle, and gives what was charged for each card. */
const openAdvance = (
  ctx: Ctx,
  owner: InvoiceOwner,
  { cycleAt, cycle, billed, purse }: AdvancedCycle,
  pool: CreditPool,
  bills: Bills,
): readonly LastCharge[] => {
  const advance = billed && rateAdvance(billed, creditsLeft(pool, owner.currency))
  if (!cycle || !advance) return []
  const place = { ...placeOf(cycle.inForce), invoiceAt: cycleAt }
  const row = newDraft(ctx, owner, {
    invoiceType: 'STANDARD_ADVANCED',
    autoAdvance: true,
    ...place,
    ...keepReckoning(advance, knownAt(billed, ctx.now), ctx.now),
  })
  drawFromPool(pool, row.id, row.rated.root)
  addDueInvoice(ctx, row, owner, purse, bills)
  const opened = openCharges(ctx, owner, billed, row)
  if (opened.length) bills.statements.push(insertAdvanceCharges(opened))
  return opened.map((charge) => ({ ...charge, charged: charge.amount }))
}

/** Gives credits. */
export const addGiven = (ctx: Ctx, given: readonly CreditRow[], { statements, changes }: Bills): void => {
  const draft = draftNewCredits(ctx, given)
  statements.push(...draft.statements, ...setDueOfCredits(ctx, given))
  changes.push(...draft.changes)
}

const givenBack = ({ card, amount, cycleAt, billableId, position }: AdvanceChange['row']): GivenBack => ({
  displayName: card.displayName,
  amount: formatDecimal(negate(requireDecimal(amount))),
  cycleAt,
  billableId,
  place: position,
})

/** Bills changes of what is paid in advance in a cycle. What is given back by an invoice has one of its own. */
const billChanges = (
  ctx: Ctx,
  owner: InvoiceOwner,
  { cycleAt, cycle, billed, purse }: AdvancedCycle,
  listed: readonly AdvanceChange[],
  pool: CreditPool,
  bills: Bills,
): void => {
  const [more, less] = [listed.filter(({ row }) => row.refundMode === null), listed.filter(({ row }) => row.refundMode !== null)]
  for (const its of [...(more.length ? [more] : []), ...less.map((one) => [one])]) {
    let invoiceId: string | null = null
    if (its.every(isInvoiced)) {
      const endsAt = cycle ? instantOf(cycle.inForce.piece.until) : cycleAt
      const endAt = Math.min(endsAt, Math.max(cycleAt, ...its.map(({ row }) => row.paidUntil)))
      const startAt = Math.min(Math.max(cycleAt, instantOf(dayOf(ctx.now))), endAt)
      const rated = rateChanges(its, { currency: owner.currency, startAt, endAt }, creditsLeft(pool, owner.currency))
      const row = newDraft(ctx, owner, {
        ...(cycle && placeOf(cycle.inForce)),
        invoiceType: 'ADHOC_ADVANCED',
        autoAdvance: true,
        startAt,
        endAt,
        invoiceAt: ctx.now,
        ...keepRating(rated),
        ...(billed && { basis: basisOf(knownAt(billed, ctx.now), ctx.now) }),
      })
      invoiceId = row.id
      drawFromPool(pool, row.id, row.rated.root)
      addDueInvoice(ctx, row, owner, purse, bills)
    }
    const back = refundToWallet(ctx, purse, its)
    bills.changes.push(...back.changes)
    bills.statements.push(...back.statements, insertAdvanceCharges(its.map(({ row }) => ({ ...row, invoiceId }))))
  }
  const refunds = less.flatMap(({ row }) => (row.refundMode === 'CREDITS' ? [refundOf(ctx, owner, givenBack(row))] : []))
  addGiven(ctx, refunds, bills)
  addToPool(pool, refunds)
}

/** Bills what is paid in advance in a cycle: all of it, if that has not been done, and then what has become more or less since. */
export const billAdvance = (ctx: Ctx, { billing, open, hasDraft }: Plan, advanced: AdvancedCycle, pool: CreditPool, bills: Bills): void => {
  const { cycleAt, cycle, billed } = advanced
  const owner = cycle ? withPlan(billing.owner, cycle.inForce) : billing.owner
  const known = billing.charges.filter((charge) => charge.cycleAt === cycleAt)
  const isAdvanced = billing.advanced.has(cycleAt)
  /** Invoices from before changes were billed have no charges that these could be compared with. */
  if (isAdvanced && !known.length) return
  const charges = isAdvanced || known.length ? known : openAdvance(ctx, owner, advanced, pool, bills)
  const isOpen = !open.has(cycleAt) || hasDraft.has(cycleAt)
  billChanges(ctx, owner, advanced, listAdvanceChanges(ctx, owner, cycleAt, charges, { billed, isOpen }), pool, bills)
}

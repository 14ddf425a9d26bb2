import { readPieceParts, selectPartsOfList } from '../../catalogue/schedules/service.ts'
import { commit } from '../../db/commit.ts'
import { STALE } from '../../db/conflicts.ts'
import type { Ctx } from '../../db/context.ts'
import { type Due, type StepResult, settleAllDue } from '../../db/due.ts'
import type { KindedGeneration } from '../../ledger/client.ts'
import { instantOf } from '../../rating/cycle.ts'
import { planGrants } from '../credits/grants.ts'
import { compareTurns, creditsLeft, drawFromPool } from '../credits/pool.ts'
import type { CreditRow } from '../credits/table.ts'
import { draftChangedCredits, draftDraws } from '../credits/write.ts'
import { endPassedOrders } from '../purchases/cycles.ts'
import type { Purse } from '../wallets/service.ts'
import { type Bills, addGiven, billAdvance, hasAdvance } from './advance_bills.ts'
import { addEntries, listCyclesOfGrants, listOrdered, orderBegun } from './begun.ts'
import { type Billing, type Billings, holdVersions, readBillings } from './billings.ts'
import { closeDrafts } from './drafts.ts'
import { keepHeldCharges, recordHeldCharges } from './held_charges.ts'
import { LEAST_CYCLES, MOST_CYCLES, findNext, listCharged, listVoidTimes, planBills } from './plans.ts'
import { type BilledCycle, rateArrears } from './rating.ts'
import { keepReckoning, withPlan } from './reckoned.ts'
import { changeInvoice, draftDue, insertInvoices, recordInvoice } from './settle.ts'
import type { InvoiceRow } from './show.ts'
import { type Turns, holdWaiting, openTurns, waitsWithCredits } from './turns.ts'
import { type CycleToRate, closeUsage, readBilledCycles, readUnitsOf } from './usage.ts'

/** The statement that refuses the commit if what the bills rest on has changed since it was read. */
export const holdBillings = (ctx: Ctx, billings: readonly Billing[]) =>
  holdVersions(
    ctx,
    billings.map(({ timeline, version }) => [timeline.account.id, version]),
  )

/** What the bills of an account rest on, with the credits that are given to it now, and without those that are taken from it. */
const withCredits = (
  { owner, credits, written }: Billing,
  given: ReadonlyMap<string, readonly CreditRow[]>,
  revoked: ReadonlySet<string>,
): Pick<Billing, 'credits' | 'written'> => ({
  credits: [...credits.filter(({ id }) => !revoked.has(id)), ...(given.get(owner.id) ?? [])],
  written,
})

/** A DRAFT that falls due, and the cycle that it is of. */
export interface FallingDraft extends CycleToRate {
  row: InvoiceRow
  /** The wallet of its account. */
  purse: Purse
}

/** Drafts that a DRAFT falls due at `ctx.now`, with what its closed cycle is rated with. */
const freezeDraft = (
  ctx: Ctx,
  { row, inForce, owner, purse }: FallingDraft,
  billed: BilledCycle,
  turns: Turns,
  { statements, changes }: Bills,
): void => {
  holdWaiting(turns, (waiting) => compareTurns(waiting, row, ctx.now, (turn) => turn === row) < 0)
  const credits = row.appliesCredits ? creditsLeft(turns.pool, row.currency) : []
  const kept = keepReckoning(rateArrears(billed, row.rated.charges, credits), billed, ctx.now)
  drawFromPool(turns.pool, row.id, kept.rated.root)
  const fallen = draftDue(ctx, { ...row, ...kept }, withPlan(owner, inForce), { purse })
  statements.push(changeInvoice(ctx, row, kept), ...fallen.statements)
  changes.push(...recordInvoice(row, fallen.row), ...fallen.changes)
}

/** Reads what cycles are rated with. Those of DRAFTs that fall due are closed. */
const readCyclesOfDrafts = async <Rated extends CycleToRate & { row: InvoiceRow | undefined; isWaiting: boolean }>(
  ctx: Ctx,
  generations: readonly KindedGeneration[],
  cycles: readonly Rated[],
): Promise<Map<Rated, BilledCycle>> => {
  const [closed, open] = await Promise.all([
    closeDrafts(
      ctx,
      generations,
      cycles.flatMap(({ row, isWaiting }) => (row && !isWaiting ? [row] : [])),
    ),
    readUnitsOf(
      ctx,
      generations,
      cycles.filter(({ isWaiting }) => isWaiting),
    ),
  ])
  return readBilledCycles(ctx, generations, cycles, (one) => (one.row && closed.get(one.row)) ?? open.get(one) ?? new Map<string, string>())
}

/**
 * Drafts that DRAFTs fall due at `ctx.now`, in this order: their cycles are closed, and what was used in them is rated and frozen. `waiting`
 * are those that wait, as far as they take from the same credits.
 */
export const freezeDrafts = async (
  ctx: Ctx,
  { accounts, generations }: Billings,
  falling: readonly FallingDraft[],
  waiting: readonly FallingDraft[],
): Promise<Bills> => {
  const billed = await readCyclesOfDrafts(ctx, generations, [
    ...falling.map((one) => ({ ...one, isWaiting: false })),
    ...waiting.map((one) => ({ ...one, isWaiting: true })),
  ])
  const billedOf = new Map([...billed].map(([{ row }, used]) => [row, used]))
  const turns = new Map(
    [...accounts].map(([id, billing]) => {
      const its = waiting.flatMap(({ row }) => (row.ownerId === id ? [row] : []))
      return [id, openTurns(ctx, billing, its, (row) => billedOf.get(row))]
    }),
  )
  const bills: Bills = { statements: [], changes: [] }
  for (const [{ isWaiting, ...one }, used] of billed) {
    const its = turns.get(one.row.ownerId)
    if (its && !isWaiting) freezeDraft(ctx, one, used, its, bills)
  }
  addDraws(ctx, turns.values(), bills)
  return bills
}

/** Adds what invoices that fall due take from credits. */
const addDraws = (ctx: Ctx, turns: Iterable<Turns>, { statements, changes }: Bills): void => {
  const drawn = draftDraws(
    ctx,
    [...turns].map(({ pool }) => pool),
  )
  statements.push(...drawn.statements)
  changes.push(...drawn.changes)
}

/**
 * The last instant at which an account was billed. A write that began before that and is made after it, such as beside the beginning of a
 * cycle, makes the account due at an instant that has passed: what was charged since then would not be known, and would be given back.
 */
const findLastBilling = ({ known, charges }: Billing): number =>
  [...known, ...charges.map(({ createdAt }) => createdAt)].reduce((last, at) => Math.max(last, at), 0)

/**
 * Bills accounts at the instant of due rows, all in one commit: a DRAFT whose cycle has changed follows it, or is GONE with it; each cycle
 * that has begun gets its DRAFT, and its credits are given; each DRAFT whose instant has come falls due, the oldest first; and then what is
 * paid in advance is billed. Charges that wait go to the first new DRAFT, and those of one that is GONE wait for the next. An account that
 * was billed later than it is due is billed as of then, by itself: with others it throws STALE.
 */
export const billAccounts = async (ctx: Ctx, rows: readonly Due[], now = rows[0]?.dueAt ?? ctx.now): Promise<StepResult> => {
  const its: Ctx = { ...ctx, now }
  const billings = await readBillings(
    its,
    rows.map(({ subject }) => subject),
  )
  const { accounts, generations, advances } = billings
  const last = Math.max(now, ...[...accounts.values()].map(findLastBilling))
  if (last > now) {
    if (rows.length > 1) throw STALE
    return billAccounts(ctx, rows, last)
  }
  const most = Math.max(LEAST_CYCLES, Math.floor(MOST_CYCLES / Math.max(1, accounts.size)))
  const plans = new Map([...accounts].map(([id, billing]) => [id, planBills(its, billing, { advances, most })]))
  const all = [...plans.values()]
  const pieces = all.flatMap(({ open }) => [...open.values()].map(({ piece }) => piece))
  const parts = pieces.length ? readPieceParts(await its.session.batch(selectPartsOfList(its, pieces))) : undefined
  const grants = await planGrants(
    its,
    all.flatMap((plan) => listCyclesOfGrants(plan, parts)),
  )
  const given = Map.groupBy(grants.given, ({ accountId }) => accountId)
  const revoked = new Set(grants.revoked.map(({ before }) => before.id))
  const waiting = new Map(
    all.map((plan) => {
      const hasCredits = plan.billing.credits.length + (given.get(plan.billing.owner.id)?.length ?? 0) > 0
      return [plan, hasCredits ? plan.left.filter((row) => waitsWithCredits(row, its.now)) : []]
    }),
  )
  const cycles = all.flatMap((plan) =>
    [...plan.open].flatMap(([start, inForce]) => {
      if (!parts) return []
      const falling = plan.falling.find(({ startAt }) => startAt === start)
      const row = falling ?? waiting.get(plan)?.find(({ startAt }) => startAt === start)
      const cycle = {
        inForce,
        parts,
        owner: plan.billing.owner,
        purse: plan.billing.purse,
        plan,
        row,
        isWaiting: !falling && row !== undefined,
      }
      return row || hasAdvance(cycle) ? [cycle] : []
    }),
  )
  await closeUsage(its, generations, all.flatMap(listVoidTimes))
  const billed = await readCyclesOfDrafts(its, generations, cycles)
  const cyclesOf = Map.groupBy(cycles, ({ plan }) => plan)
  const bills: Bills & { due: Due[] } = { statements: [], changes: [], due: [] }
  for (const { moved, made } of all) {
    for (const { row, after } of moved) {
      const { status, pricePlanId, scheduleId, endAt, invoiceAt, updatedAt, version } = after
      bills.statements.push(changeInvoice(its, row, { status, pricePlanId, scheduleId, endAt, invoiceAt, updatedAt, version }))
      bills.changes.push(...recordInvoice(row, after))
    }
    if (made.length) bills.statements.push(insertInvoices(made))
    bills.changes.push(...made.flatMap((row) => recordInvoice(undefined, row)))
  }
  bills.statements.push(...keepHeldCharges(its, all))
  bills.changes.push(...recordHeldCharges(all))
  addGiven(its, grants.given, bills)
  await addEntries(its, all, parts, bills)
  const taken = draftChangedCredits(its, grants.revoked)
  bills.statements.push(...taken.statements)
  bills.changes.push(...taken.changes)
  const billedOf = new Map([...billed].flatMap(([{ row }, used]) => (row ? [[row, used] as const] : [])))
  const turns: Turns[] = []
  /** Of each account what falls due comes before what begins, and accounts in the order of their rows, so that numbers are as if each was billed alone. */
  for (const plan of rows.flatMap(({ subject }) => plans.get(subject) ?? [])) {
    const own = openTurns(its, withCredits(plan.billing, given, revoked), waiting.get(plan) ?? [], (row) => billedOf.get(row))
    turns.push(own)
    const found = cyclesOf.get(plan) ?? []
    for (const cycle of found) {
      const used = billed.get(cycle)
      if (cycle.row && !cycle.isWaiting && used) freezeDraft(its, { ...cycle, row: cycle.row }, used, own, bills)
    }
    holdWaiting(own)
    endPassedOrders(its, plan.billing.orders, plan.billing.timeline.active, bills)
    const ownCycles = new Map(found.map((cycle) => [instantOf(cycle.inForce.cycle.start), cycle]))
    const starts = new Set([...ownCycles.keys(), ...listCharged(plan, its.now), ...listOrdered(plan)])
    for (const start of [...starts].toSorted((one, other) => one - other)) {
      const cycle = ownCycles.get(start)
      billAdvance(its, plan, { cycleAt: start, cycle, billed: cycle && billed.get(cycle), purse: plan.billing.purse }, own.pool, bills)
      orderBegun(its, plan, parts, start, own.pool, bills)
    }
  }
  addDraws(its, turns, bills)
  const settled = rows.map((row) => {
    const plan = plans.get(row.subject)
    if (!plan) return { row, next: undefined }
    const used = (cyclesOf.get(plan) ?? []).flatMap((cycle) => billed.get(cycle) ?? [])
    return { row, next: plan.isUnfinished ? its.now : findNext(plan.billing.timeline, plan.left, used, its.now) }
  })
  const held = holdBillings(
    its,
    all.map(({ billing }) => billing),
  )
  const { committed } = await commit(its, {
    statements: [held, ...settleAllDue(its, settled), ...bills.statements],
    changes: bills.changes,
    answer: {},
    due: bills.due,
  })
  return { isUnfinished: all.some(({ isUnfinished }) => isUnfinished), madeDue: committed?.due ?? [] }
}

/** Bills an account at the instant of a due row. */
export const billAccount = (ctx: Ctx, row: Due): Promise<StepResult> => billAccounts(ctx, [row])

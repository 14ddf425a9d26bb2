import {
  type CycleInForce,
  LAST_DAY,
  type PieceParts,
  type ReadTimeline,
  boundariesOf,
  definitionOf,
  cycleOn,
  keysOfList,
  listCycles,
  readPieceParts,
  selectPieceParts,
} from '../../catalogue/schedules/service.ts'
import { commit } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { type Due, type StepResult, settleAllDue } from '../../db/due.ts'
import type { KindedGeneration } from '../../ledger/client.ts'
import { formatDecimal, negate, requireDecimal } from '../../lib/decimal.ts'
import { useUntil } from '../../rating/advance.ts'
import type { Credit } from '../../rating/credits.ts'
import { dayOf, instantOf } from '../../rating/cycle.ts'
import { buildInvoice } from '../../rating/invoice.ts'
import type { Line } from '../../rating/line.ts'
import { type CycleOfGrants, type GivenBack, planGrants, refundOf } from '../credits/grants.ts'
import { type CreditPool, addToPool, compareTurns, creditsLeft, drawFromPool, holdFromPool, openPool } from '../credits/pool.ts'
import type { CreditRow } from '../credits/table.ts'
import { draftChangedCredits, draftDraws, draftNewCredits, setDueOfCredits } from '../credits/write.ts'
import type { PartialDraft, Purse } from '../wallets/service.ts'
import {
  type AdvanceChange,
  type LastCharge,
  findNextChange,
  insertAdvanceCharges,
  isInvoiced,
  listAdvanceChanges,
  openCharges,
  rateChanges,
} from './advances.ts'
import { type Billing, type Billings, holdVersions, readBillings } from './billings.ts'
import { closeDrafts } from './drafts.ts'
import { type HeldCharges, keepHeldCharges, recordHeldCharges } from './held_charges.ts'
import { rateLines } from './lines.ts'
import type { InvoiceOwner } from './owner.ts'
import { refundToWallet } from './paying.ts'
import { type BilledCycle, type RatedInvoice, basisOf, rateAdvance, rateArrears } from './rating.ts'
import { keepRating, keepReckoning, withPlan } from './reckoned.ts'
import { changeInvoice, draftDue, insertInvoices, newDraft, recordInvoice } from './settle.ts'
import type { InvoiceRow } from './show.ts'
import { type AccountTime, type CycleToRate, closeUsage, readBilledCycles, readUnitsOf } from './usage.ts'

/** The most cycles of an account that are begun or ended in one commit, which it shares with other accounts; and the least. */
const MOST_CYCLES = 60
const LEAST_CYCLES = 2

const NOTHING: RatedInvoice = { root: buildInvoice([], { digits: 0, from: 0, until: 0 }).root, usage: [] }

/** What an invoice of a cycle takes from that. */
const placeOf = ({ piece, cycle, dueAt }: CycleInForce) => ({
  pricePlanId: piece.pricePlanId,
  scheduleId: piece.id,
  startAt: instantOf(cycle.start),
  endAt: instantOf(cycle.end),
  invoiceAt: dueAt,
})

/** Whether an invoice is of its cycle as that is in force now. */
export const isPlaced = (row: InvoiceRow, inForce: CycleInForce): boolean => {
  const place = placeOf(inForce)
  return row.endAt === place.endAt && row.invoiceAt === place.invoiceAt && row.scheduleId === place.scheduleId
}

/** When something of the bills of an account is due next: a cycle begins or ends, a DRAFT falls due, or licences change that are paid in advance. */
const findNext = (
  { active }: ReadTimeline,
  drafts: readonly InvoiceRow[],
  billed: readonly BilledCycle[],
  now: number,
): number | undefined => {
  const day = dayOf(now)
  const [boundary] = boundariesOf(active, day, day)
  const times = [
    ...(boundary !== undefined && boundary < LAST_DAY ? [instantOf(boundary)] : []),
    ...drafts.filter(({ autoAdvance, invoiceAt }) => autoAdvance && invoiceAt > now).map(({ invoiceAt }) => invoiceAt),
    ...billed.flatMap((its) => findNextChange(its, now) ?? []),
  ]
  return times.length ? Math.min(...times) : undefined
}

/** What is to be done for an account at an instant. */
interface Plan {
  billing: Billing
  /** DRAFTs whose cycle has changed or is gone, and what becomes of them. */
  moved: { row: InvoiceRow; after: InvoiceRow }[]
  /** The DRAFTs of the cycles that have begun. */
  made: InvoiceRow[]
  /** The charges that wait for the next DRAFT when this is done. */
  held: HeldCharges
  falling: InvoiceRow[]
  /** The cycles that are billed, or may have changed since they were charged in advance, by their first instants. */
  open: ReadonlyMap<number, CycleInForce>
  /** The first instants of those that had a DRAFT before this. */
  hasDraft: ReadonlySet<number>
  /** The DRAFTs that are left when all of this is done. */
  left: InvoiceRow[]
  isUnfinished: boolean
}

/** What is to be done for an account at `ctx.now`, of `most` cycles. `advances` says whether its new DRAFTs fall due by themselves. */
const planBills = (ctx: Ctx, billing: Billing, { advances, most }: { advances: boolean; most: number }): Plan => {
  const { timeline, owner, known } = billing
  const { now } = ctx
  const cycles = listCycles(timeline.active, dayOf(now))
  const cycleOf = new Map(cycles.map((one) => [instantOf(one.cycle.start), one]))
  const moved = billing.drafts.flatMap((row) => {
    const inForce = cycleOf.get(row.startAt)
    if (inForce && isPlaced(row, inForce)) return []
    const set = { ...(inForce ? placeOf(inForce) : { status: 'GONE' as const }), updatedAt: now, version: row.version + 1 }
    return [{ row, after: { ...row, ...set } }]
  })
  const movedTo = new Map(moved.map(({ row, after }) => [row, after]))
  const kept = billing.drafts.map((row) => movedTo.get(row) ?? row).filter(({ status }) => status === 'DRAFT')
  const missing = cycles.filter(({ cycle }) => !known.has(instantOf(cycle.start)))
  const freed = moved.flatMap(({ row, after }) => (after.status === 'GONE' ? (row.rated.charges ?? []) : []))
  const waiting = freed.length ? [...freed, ...billing.held] : billing.held
  const made = missing.slice(0, most).map((inForce, index) => {
    const rated = { ...NOTHING, ...(index === 0 && waiting.length && { charges: waiting }) }
    return newDraft(ctx, owner, { invoiceType: 'STANDARD', autoAdvance: advances, ...placeOf(inForce), ...keepRating(rated) })
  })
  const drafts = [...kept, ...made]
  const due = drafts
    .filter(({ autoAdvance, invoiceAt }) => autoAdvance && invoiceAt <= now)
    .toSorted((one, other) => one.startAt - other.startAt)
  const falling = due.slice(0, most)
  const fallen = new Set(falling)
  const hasDraft = new Set(drafts.map(({ startAt }) => startAt))
  const starts = new Set([...hasDraft, ...billing.charges.map(({ cycleAt }) => cycleAt)])
  return {
    billing,
    moved,
    made,
    held: made.length ? [] : waiting,
    falling,
    hasDraft,
    open: new Map([...cycleOf].filter(([start]) => starts.has(start))),
    left: drafts.filter((row) => !fallen.has(row)),
    isUnfinished: missing.length > most || due.length > most,
  }
}

/** The statement that refuses the commit if what the bills rest on has changed since it was read. */
export const holdBillings = (ctx: Ctx, billings: readonly Billing[]) =>
  holdVersions(
    ctx,
    billings.map(({ timeline, version }) => [timeline.account.id, version]),
  )

/** What a commit of bills is made of. */
type Bills = PartialDraft

/** The credits of an account, and its DRAFTs that wait though they could have fallen due, the first of them in front. */
interface Turns {
  pool: CreditPool
  waiting: { row: InvoiceRow; rate: (credits: readonly Credit[]) => Line | undefined }[]
}

/** Takes from the credits of an account what its waiting DRAFTs take, of those whose turn it is. */
const holdWaiting = ({ pool, waiting }: Turns, isTurn: (row: InvoiceRow) => boolean = () => true): void => {
  for (let [first] = waiting; first && isTurn(first.row); [first] = waiting) {
    waiting.shift()
    const root = first.rate(creditsLeft(pool, first.row.currency))
    if (root) holdFromPool(pool, root)
  }
}

/** Whether a DRAFT waits that takes from credits, though it could have fallen due. */
export const waitsWithCredits = ({ appliesCredits, invoiceAt }: InvoiceRow, now: number): boolean => appliesCredits && invoiceAt <= now

/** Opens the credits of an account. `billedOf` gives what the cycles of its waiting DRAFTs are rated with. */
const openTurns = (
  { now }: Ctx,
  { credits, written }: Pick<Billing, 'credits' | 'written'>,
  waiting: readonly InvoiceRow[],
  billedOf: (row: InvoiceRow) => BilledCycle | undefined,
): Turns => ({
  pool: openPool(credits),
  waiting: [
    ...waiting.map((row) => ({
      row,
      rate: (its: readonly Credit[]) => {
        const billed = billedOf(row)
        return billed && rateArrears(billed, row.rated.charges, its).root
      },
    })),
    ...written.map((row) => ({ row, rate: (its: readonly Credit[]) => rateLines(row.rated, row, its).rated.root })),
  ].toSorted((one, other) => compareTurns(one.row, other.row, now)),
})

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

/** The cycles that begin, that have another plan now, or that are gone, of which cards give credits or do not any more. */
const listCyclesOfGrants = ({ billing, made, moved, open }: Plan, parts: PieceParts | undefined): CycleOfGrants[] => {
  const changed = moved.filter(({ row, after }) => after.status === 'GONE' || after.scheduleId !== row.scheduleId)
  const its = [...made.map((row) => ({ row, isChanged: false })), ...changed.map(({ after }) => ({ row: after, isChanged: true }))]
  return its.map(({ row: { startAt, status }, isChanged }) => {
    const inForce = status === 'GONE' ? undefined : open.get(startAt)
    return {
      holder: billing.owner,
      cycleAt: startAt,
      cycle: inForce && parts && { inForce, parts, isChanged },
      paid: new Set(billing.charges.flatMap(({ cycleAt, billableId }) => (cycleAt === startAt ? [billableId] : []))),
    }
  })
}

const hasAdvance = ({ inForce: { piece }, parts }: CycleToRate): boolean =>
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
  const opened = openCharges(ctx, owner, billed, row.id)
  if (opened.length) bills.statements.push(insertAdvanceCharges(opened))
  return opened.map((charge) => ({ ...charge, charged: charge.amount }))
}

/** Gives credits. */
const addGiven = (ctx: Ctx, given: readonly CreditRow[], { statements, changes }: Bills): void => {
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
      const endAt = Math.max(cycleAt, ...its.map(({ row }) => row.paidUntil))
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

/** The times of an account in which nothing is counted, since their invoices were made void: as long as their cycles are now, so that what follows a cycle that ends early is counted. */
const listVoidTimes = ({ billing: { owner, timeline, voided } }: Plan): AccountTime[] =>
  voided.map(([start, end]) => {
    const inForce = cycleOn(timeline.active, dayOf(start))
    const isKept = inForce?.cycle.start === dayOf(start)
    return { accountId: owner.id, start, end: isKept ? Math.min(end, instantOf(inForce.cycle.end)) : start }
  })

/** Bills what is paid in advance in a cycle: all of it, if that has not been done, and then what has become more or less since. */
const billAdvance = (ctx: Ctx, { billing, open, hasDraft }: Plan, advanced: AdvancedCycle, pool: CreditPool, bills: Bills): void => {
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

/**
 * Bills accounts at the instant of due rows, all in one commit: a DRAFT whose cycle has changed follows it, or is GONE with it; each cycle
 * that has begun gets its DRAFT, and its credits are given; each DRAFT whose instant has come falls due, the oldest first; and then what is
 * paid in advance is billed. Charges that wait go to the first new DRAFT, and those of one that is GONE wait for the next.
 */
export const billAccounts = async (ctx: Ctx, rows: readonly Due[]): Promise<StepResult> => {
  const its: Ctx = { ...ctx, now: rows[0]?.dueAt ?? ctx.now }
  const billings = await readBillings(
    its,
    rows.map(({ subject }) => subject),
  )
  const { accounts, generations, advances } = billings
  const most = Math.max(LEAST_CYCLES, Math.floor(MOST_CYCLES / Math.max(1, accounts.size)))
  const plans = new Map([...accounts].map(([id, billing]) => [id, planBills(its, billing, { advances, most })]))
  const all = [...plans.values()]
  const pieces = all.flatMap(({ open }) => [...open.values()].map(({ piece }) => piece))
  const parts = pieces.length ? readPieceParts(await its.session.batch(selectPieceParts(its, keysOfList(pieces)))) : undefined
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
  const bills: Bills = { statements: [], changes: [] }
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
    const ownCycles = new Map(found.map((cycle) => [instantOf(cycle.inForce.cycle.start), cycle]))
    const starts = new Set([...ownCycles.keys(), ...plan.billing.charges.map(({ cycleAt }) => cycleAt)])
    for (const start of [...starts].toSorted((one, other) => one - other)) {
      const cycle = ownCycles.get(start)
      billAdvance(its, plan, { cycleAt: start, cycle, billed: cycle && billed.get(cycle), purse: plan.billing.purse }, own.pool, bills)
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
  await commit(its, {
    statements: [held, ...settleAllDue(its, settled), ...bills.statements],
    changes: bills.changes,
    answer: {},
  })
  return { isUnfinished: all.some(({ isUnfinished }) => isUnfinished) }
}

/** Bills an account at the instant of a due row. */
export const billAccount = (ctx: Ctx, row: Due): Promise<StepResult> => billAccounts(ctx, [row])

import { sql } from 'drizzle-orm'
import {
  type CycleInForce,
  LAST_DAY,
  type ReadPiece,
  type ReadTimeline,
  boundariesOf,
  cycleOn,
  definitionOf,
  keysOfList,
  listCycles,
  readPieceParts,
  readTimelineRowsOfMany,
  selectPieceParts,
  selectTimelines,
} from '../../catalogue/schedules/service.ts'
import type { Statement } from '../../db/client.ts'
import { commit } from '../../db/commit.ts'
import { STALE, refuseWhen } from '../../db/conflicts.ts'
import type { Ctx } from '../../db/context.ts'
import { type Due, type StepResult, settleAllDue } from '../../db/due.ts'
import { type KindedGeneration, selectGenerations } from '../../ledger/client.ts'
import { negate, requireDecimal } from '../../lib/decimal.ts'
import { notFound } from '../../lib/errors.ts'
import { useUntil } from '../../rating/advance.ts'
import { dayOf, instantOf } from '../../rating/cycle.ts'
import { buildInvoice } from '../../rating/invoice.ts'
import { openGenerations } from '../revenue_calculator/lookup.ts'
import { type Billing, type BillingVersion, readBillingVersions, readBillings, selectBillingVersions } from './billings.ts'
import { type HeldCharges, keepHeldCharges, recordHeldCharges } from './held_charges.ts'
import { listFailedCharges } from './lines.ts'
import { type InvoiceOwner, readAccountOwners, selectAccountOwners } from './owner.ts'
import {
  type AdvanceChange,
  type LastCharge,
  findNextChange,
  insertAdvanceCharges,
  isInvoiced,
  listAdvanceChanges,
  openCharges,
  treeOfChanges,
} from './advances.ts'
import { type PartialDraft, type Purse, moveMoney } from '../wallets/service.ts'
import { type BilledCycle, type RatedInvoice, basisOf, rateAdvance, rateArrears } from './rating.ts'
import { changeInvoice, draftDue, insertInvoices, newDraft, recordInvoice } from './settle.ts'
import type { InvoiceRow } from './show.ts'
import { type AccountTime, type CycleToRate, type Units, closeUsage, readBilledCycle, readBilledCycles, readUnitsOf } from './usage.ts'

/** The most cycles of an account that are begun or ended in one commit, which it shares with other accounts; and the least. */
const MOST_CYCLES = 60
const LEAST_CYCLES = 2

const NOTHING: RatedInvoice = { root: buildInvoice([], { digits: 0, from: 0, until: 0 }).root, usage: [] }

export const keepRating = (rated: RatedInvoice): Pick<InvoiceRow, 'rated' | 'total' | 'info'> => ({
  rated,
  total: rated.root.value,
  info: listFailedCharges(rated.root),
})

/** What an invoice keeps of a reckoning. */
type Reckoned = Pick<InvoiceRow, 'rated' | 'total' | 'info' | 'basis'>

/** What an invoice keeps of a rating by what was known at an instant, and what it was reckoned with. */
const keepReckoning = (rated: RatedInvoice, billed: BilledCycle, at: number): Reckoned => ({
  ...keepRating(rated),
  basis: basisOf(billed, at),
})

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

/** The owner of an invoice of a plan, whose details name the plan. */
export const withPlan = (owner: InvoiceOwner, { piece }: CycleInForce): InvoiceOwner => ({
  ...owner,
  details: { ...owner.details, pricePlanName: (piece as ReadPiece).planName },
})

/** The cycles of DRAFTs, with what it takes to rate them. A DRAFT whose account has another cycle now has none. */
interface CyclesOfDrafts {
  cycles: ReadonlyMap<InvoiceRow, CycleToRate>
  owners: ReadonlyMap<string, InvoiceOwner>
  generations: readonly KindedGeneration[]
  versions: readonly BillingVersion[]
}

/** Reads the cycles of DRAFTs in two round trips, however many there are. */
const readCyclesOf = async (ctx: Ctx, rows: readonly InvoiceRow[]): Promise<CyclesOfDrafts> => {
  const accountIds = [...new Set(rows.map(({ ownerId }) => ownerId))]
  const results = await ctx.session.batch<object>([
    ...selectTimelines(ctx.organizationId, accountIds),
    selectAccountOwners(ctx, accountIds),
    selectGenerations(ctx.organizationId),
    selectBillingVersions(ctx, accountIds),
  ])
  const timelines = readTimelineRowsOfMany(results)
  const owners = readAccountOwners(results[2]?.results)
  const inForce = rows.flatMap((row): [InvoiceRow, CycleInForce, InvoiceOwner][] => {
    const [found, owner] = [cycleOn(timelines.get(row.ownerId)?.active ?? [], dayOf(row.startAt)), owners.get(row.ownerId)]
    return found?.cycle.start === dayOf(row.startAt) && owner ? [[row, found, withPlan(owner, found)]] : []
  })
  const pieces = inForce.map(([, { piece }]) => piece)
  const parts = pieces.length ? readPieceParts(await ctx.session.batch(selectPieceParts(ctx, keysOfList(pieces)))) : undefined
  return {
    cycles: new Map(parts ? inForce.map(([row, found, owner]) => [row, { inForce: found, parts, owner }]) : []),
    owners,
    generations: (results[3]?.results ?? []) as KindedGeneration[],
    versions: readBillingVersions(results[4]?.results, accountIds),
  }
}

/** DRAFTs of cycles as they would be now, each with whom it is about. Each ledger is asked once. */
export const rateDrafts = async (
  ctx: Ctx,
  rows: readonly InvoiceRow[],
): Promise<Map<InvoiceRow, { row: InvoiceRow; owner: InvoiceOwner }>> => {
  const { cycles, owners, generations } = await readCyclesOf(ctx, rows)
  const its = [...cycles].map(([row, cycle]) => ({ ...cycle, row }))
  const units = await readUnitsOf(ctx, generations, its)
  const billed = await readBilledCycles(ctx, generations, its, (cycle) => units.get(cycle) ?? new Map<string, string>())
  const rated = new Map([...billed].map(([{ row }, used]) => [row, keepReckoning(rateArrears(used, row.rated.charges), used, ctx.now)]))
  return new Map(
    rows.flatMap((row) => {
      const owner = cycles.get(row)?.owner ?? owners.get(row.ownerId)
      return owner ? [[row, { row: { ...row, ...rated.get(row) }, owner }] as const] : []
    }),
  )
}

/** A DRAFT of a cycle as it would be now. */
export const rateDraft = async (ctx: Ctx, row: InvoiceRow): Promise<{ row: InvoiceRow; owner: InvoiceOwner }> => {
  const found = (await rateDrafts(ctx, [row])).get(row)
  if (!found) throw notFound('account', row.ownerId)
  return found
}

/**
 * A DRAFT of a cycle as it is when it is closed before its instant, and the statement that refuses the commit if what it rests on has changed
 * since it was read. Throws STALE if the account has another cycle now.
 */
export const closeDraft = async (ctx: Ctx, row: InvoiceRow): Promise<{ reckoned: Reckoned; held: Statement }> => {
  const { cycles, versions } = await readCyclesOf(ctx, [row])
  const cycle = cycles.get(row)
  if (!cycle) throw STALE
  const generations = await openGenerations(ctx)
  const units = await closeDrafts(ctx, generations, [row])
  const billed = await readBilledCycle(ctx, generations, cycle, () => Promise.resolve(units.get(row) ?? new Map<string, string>()))
  return { reckoned: keepReckoning(rateArrears(billed, row.rated.charges), billed, ctx.now), held: holdVersions(ctx, versions) }
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

/** The statement that refuses the commit if what the bills of accounts rest on is not what it was. */
const holdVersions = ({ organizationId }: Ctx, versions: readonly BillingVersion[]) => {
  const sent = JSON.stringify(versions)
  return refuseWhen(
    'STALE',
    sql`
      select '[]' from json_each(${sent}) as sent
      where coalesce((
        select version from account_billing where organization_id = ${organizationId} and account_id = sent.value ->> 0
      ), 0) <> sent.value ->> 1`,
  )
}

/** The statement that refuses the commit if what the bills rest on has changed since it was read. */
export const holdBillings = (ctx: Ctx, billings: readonly Billing[]) =>
  holdVersions(
    ctx,
    billings.map(({ timeline, version }) => [timeline.account.id, version]),
  )

/** What a commit of bills is made of. */
type Bills = PartialDraft

/** A DRAFT that falls due, and the cycle that it is of. */
export interface FallingDraft extends CycleToRate {
  row: InvoiceRow
  /** The wallet of its account. */
  purse: Purse
}

/** Drafts that a DRAFT falls due at `ctx.now`, with what its closed cycle is rated with. */
const freezeDraft = (ctx: Ctx, { row, inForce, owner, purse }: FallingDraft, billed: BilledCycle, { statements, changes }: Bills): void => {
  const kept = keepReckoning(rateArrears(billed, row.rated.charges), billed, ctx.now)
  const fallen = draftDue(ctx, { ...row, ...kept }, withPlan(owner, inForce), { purse })
  statements.push(changeInvoice(ctx, row, kept), ...fallen.statements)
  changes.push(...recordInvoice(row, fallen.row), ...fallen.changes)
}

/** Closes the cycles of DRAFTs that fall due, and gives the units of meters in each. */
const closeDrafts = async (
  ctx: Ctx,
  generations: readonly KindedGeneration[],
  rows: readonly InvoiceRow[],
): Promise<Map<InvoiceRow, Units>> => {
  const times = rows.map(({ ownerId, startAt, endAt }) => ({ accountId: ownerId, start: startAt, end: endAt }))
  const closed = await closeUsage(ctx, generations, times)
  return new Map(rows.map((row, index) => [row, closed[index] ?? new Map<string, string>()]))
}

/** Drafts that DRAFTs fall due at `ctx.now`, in this order: their cycles are closed, and what was used in them is rated and frozen. */
export const freezeDrafts = async (
  ctx: Ctx,
  generations: readonly KindedGeneration[],
  falling: readonly FallingDraft[],
): Promise<Bills> => {
  const units = await closeDrafts(
    ctx,
    generations,
    falling.map(({ row }) => row),
  )
  const billed = await readBilledCycles(ctx, generations, falling, ({ row }) => units.get(row) ?? new Map<string, string>())
  const bills: Bills = { statements: [], changes: [] }
  for (const [one, its] of billed) freezeDraft(ctx, one, its, bills)
  return bills
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
  bills: Bills,
): readonly LastCharge[] => {
  const advance = billed && rateAdvance(billed)
  if (!cycle || !advance) return []
  const place = { ...placeOf(cycle.inForce), invoiceAt: cycleAt }
  const row = newDraft(ctx, owner, {
    invoiceType: 'STANDARD_ADVANCED',
    autoAdvance: true,
    ...place,
    ...keepReckoning(advance, knownAt(billed, ctx.now), ctx.now),
  })
  addDueInvoice(ctx, row, owner, purse, bills)
  const opened = openCharges(ctx, owner, billed, row.id)
  if (opened.length) bills.statements.push(insertAdvanceCharges(opened))
  return opened.map((charge) => ({ ...charge, charged: charge.amount }))
}

/** Gives back to the wallet of an account what has become less of what was paid in advance, where the card says so. */
const refundToWallet = (ctx: Ctx, purse: Purse, its: readonly AdvanceChange[], bills: Bills): void => {
  for (const { row } of its.filter((one) => one.row.refundMode === 'WALLET')) {
    const description = `Refund ${row.card.displayName}`
    const amount = negate(requireDecimal(row.amount))
    const moved = moveMoney(ctx, purse, { amount, description: Array.from(description).slice(0, 50).join(''), entityId: null })
    bills.statements.push(...moved.statements)
    bills.changes.push(...moved.changes)
  }
}

/** Bills changes of what is paid in advance in a cycle. What is given back by an invoice has one of its own. */
const billChanges = (
  ctx: Ctx,
  owner: InvoiceOwner,
  { cycleAt, cycle, billed, purse }: AdvancedCycle,
  listed: readonly AdvanceChange[],
  bills: Bills,
): void => {
  const [more, less] = [listed.filter(({ row }) => row.refundMode === null), listed.filter(({ row }) => row.refundMode !== null)]
  for (const its of [...(more.length ? [more] : []), ...less.map((one) => [one])]) {
    let invoiceId: string | null = null
    if (its.every(isInvoiced)) {
      const endAt = Math.max(cycleAt, ...its.map(({ row }) => row.paidUntil))
      const row = newDraft(ctx, owner, {
        ...(cycle && placeOf(cycle.inForce)),
        invoiceType: 'ADHOC_ADVANCED',
        autoAdvance: true,
        startAt: Math.min(Math.max(cycleAt, instantOf(dayOf(ctx.now))), endAt),
        endAt,
        invoiceAt: ctx.now,
        ...keepRating({ root: treeOfChanges(its), usage: [] }),
        ...(billed && { basis: basisOf(knownAt(billed, ctx.now), ctx.now) }),
      })
      invoiceId = row.id
      addDueInvoice(ctx, row, owner, purse, bills)
    }
    refundToWallet(ctx, purse, its, bills)
    bills.statements.push(insertAdvanceCharges(its.map(({ row }) => ({ ...row, invoiceId }))))
  }
}

/** The times of an account in which nothing is counted, since their invoices were made void: as long as their cycles are now, so that what follows a cycle that ends early is counted. */
const listVoidTimes = ({ billing: { owner, timeline, voided } }: Plan): AccountTime[] =>
  voided.map(([start, end]) => {
    const inForce = cycleOn(timeline.active, dayOf(start))
    const isKept = inForce?.cycle.start === dayOf(start)
    return { accountId: owner.id, start, end: isKept ? Math.min(end, instantOf(inForce.cycle.end)) : start }
  })

/** Bills what is paid in advance in a cycle: all of it, if that has not been done, and then what has become more or less since. */
const billAdvance = (ctx: Ctx, { billing, open, hasDraft }: Plan, advanced: AdvancedCycle, bills: Bills): void => {
  const { cycleAt, cycle, billed } = advanced
  const owner = cycle ? withPlan(billing.owner, cycle.inForce) : billing.owner
  const known = billing.charges.filter((charge) => charge.cycleAt === cycleAt)
  const isAdvanced = billing.advanced.has(cycleAt)
  /** Invoices from before changes were billed have no charges that these could be compared with. */
  if (isAdvanced && !known.length) return
  const charges = isAdvanced || known.length ? known : openAdvance(ctx, owner, advanced, bills)
  const isOpen = !open.has(cycleAt) || hasDraft.has(cycleAt)
  billChanges(ctx, owner, advanced, listAdvanceChanges(ctx, owner, cycleAt, charges, { billed, isOpen }), bills)
}

/**
 * Bills accounts at the instant of due rows, all in one commit: a DRAFT whose cycle has changed follows it, or is GONE with it; each cycle
 * that has begun gets its DRAFT; each DRAFT whose instant has come falls due, the oldest first; and then what is paid in advance is billed.
 * Charges that wait go to the first new DRAFT, and those of one that is GONE wait for the next.
 */
export const billAccounts = async (ctx: Ctx, rows: readonly Due[]): Promise<StepResult> => {
  const its: Ctx = { ...ctx, now: rows[0]?.dueAt ?? ctx.now }
  const { accounts, generations, advances } = await readBillings(
    its,
    rows.map(({ subject }) => subject),
  )
  const most = Math.max(LEAST_CYCLES, Math.floor(MOST_CYCLES / Math.max(1, accounts.size)))
  const plans = new Map([...accounts].map(([id, billing]) => [id, planBills(its, billing, { advances, most })]))
  const all = [...plans.values()]
  const pieces = all.flatMap(({ open }) => [...open.values()].map(({ piece }) => piece))
  const parts = pieces.length ? readPieceParts(await its.session.batch(selectPieceParts(its, keysOfList(pieces)))) : undefined
  await closeUsage(its, generations, all.flatMap(listVoidTimes))
  const units = await closeDrafts(
    its,
    generations,
    all.flatMap(({ falling }) => falling),
  )
  const cycles = all.flatMap((plan) =>
    [...plan.open].flatMap(([start, inForce]) => {
      if (!parts) return []
      const row = plan.falling.find(({ startAt }) => startAt === start)
      const cycle = { inForce, parts, owner: plan.billing.owner, purse: plan.billing.purse, plan, row }
      return row || hasAdvance(cycle) ? [cycle] : []
    }),
  )
  const billed = await readBilledCycles(its, generations, cycles, ({ row }) => (row && units.get(row)) ?? new Map<string, string>())
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
  /** Of each account what falls due comes before what begins, and accounts in the order of their rows, so that numbers are as if each was billed alone. */
  for (const plan of rows.flatMap(({ subject }) => plans.get(subject) ?? [])) {
    const found = cyclesOf.get(plan) ?? []
    for (const cycle of found) {
      const used = billed.get(cycle)
      if (cycle.row && used) freezeDraft(its, { ...cycle, row: cycle.row }, used, bills)
    }
    const own = new Map(found.map((cycle) => [instantOf(cycle.inForce.cycle.start), cycle]))
    const starts = new Set([...own.keys(), ...plan.billing.charges.map(({ cycleAt }) => cycleAt)])
    for (const start of [...starts].toSorted((one, other) => one - other)) {
      const cycle = own.get(start)
      billAdvance(its, plan, { cycleAt: start, cycle, billed: cycle && billed.get(cycle), purse: plan.billing.purse }, bills)
    }
  }
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

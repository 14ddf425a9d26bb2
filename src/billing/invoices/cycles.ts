import { sql } from 'drizzle-orm'
import {
  type CycleInForce,
  LAST_DAY,
  type ReadPiece,
  type ReadTimeline,
  boundariesOf,
  cycleOn,
  keysOfList,
  listCycles,
  readPieceParts,
  readTimelinesInForce,
  selectPieceParts,
} from '../../catalogue/schedules/service.ts'
import type { Statement } from '../../db/client.ts'
import { type Change, commit } from '../../db/commit.ts'
import { STALE, refuseWhen } from '../../db/conflicts.ts'
import type { Ctx } from '../../db/context.ts'
import { type Due, type StepResult, settleAllDue } from '../../db/due.ts'
import { dayOf, instantOf } from '../../rating/cycle.ts'
import { buildInvoice } from '../../rating/invoice.ts'
import { readGenerations, readUsage } from '../revenue_calculator/lookup.ts'
import { type Billing, readBillings } from './billings.ts'
import { type InvoiceOwner, readAccountOwner } from './owner.ts'
import { type RatedInvoice, rateAdvance, rateArrears } from './rating.ts'
import { changeInvoice, draftDue, insertInvoices, newDraft, recordInvoice } from './settle.ts'
import type { InvoiceRow } from './show.ts'
import { type CycleToRate, closeUsage, readBilledCycle, readBilledCycles } from './usage.ts'

/** The most cycles of an account that are begun or ended in one commit. */
const MOST_CYCLES = 10

const NOTHING: RatedInvoice = { root: buildInvoice([], { digits: 0, from: 0, until: 0 }).root, usage: [] }

export const keepRating = ({ root, usage }: RatedInvoice): Pick<InvoiceRow, 'rated' | 'total'> => ({
  rated: { root, usage },
  total: root.value,
})

/** What an invoice of a cycle takes from that. */
const placeOf = ({ piece, cycle, dueAt }: CycleInForce) => ({
  pricePlanId: piece.pricePlanId,
  scheduleId: piece.id,
  startAt: instantOf(cycle.start),
  endAt: instantOf(cycle.end),
  invoiceAt: dueAt,
})

const isPlaced = (row: InvoiceRow, inForce: CycleInForce): boolean => {
  const place = placeOf(inForce)
  return row.endAt === place.endAt && row.invoiceAt === place.invoiceAt && row.scheduleId === place.scheduleId
}

/** The owner of an invoice of a plan, whose details name the plan. */
export const withPlan = (owner: InvoiceOwner, { piece }: CycleInForce): InvoiceOwner => ({
  ...owner,
  details: { ...owner.details, pricePlanName: (piece as ReadPiece).planName },
})

/** The cycle of a DRAFT, with what it takes to rate it. Undefined if the account has another one now. */
const readCycleOf = async (ctx: Ctx, { ownerId, startAt }: Pick<InvoiceRow, 'ownerId' | 'startAt'>): Promise<CycleToRate | undefined> => {
  const [{ timelines, parts }, owner, generations] = await Promise.all([
    readTimelinesInForce(ctx, [ownerId], { accountId: ownerId, at: startAt }),
    readAccountOwner(ctx, ownerId),
    readGenerations(ctx),
  ])
  const inForce = cycleOn(timelines.get(ownerId)?.active ?? [], dayOf(startAt))
  return inForce?.cycle.start === dayOf(startAt) ? { inForce, parts, owner: withPlan(owner, inForce), generations } : undefined
}

/** A DRAFT of a cycle as it would be now. */
export const rateDraft = async (ctx: Ctx, row: InvoiceRow): Promise<{ row: InvoiceRow; owner: InvoiceOwner }> => {
  const found = await readCycleOf(ctx, row)
  if (!found) return { row, owner: await readAccountOwner(ctx, row.ownerId) }
  const { inForce, owner, generations } = found
  const time = { accountId: row.ownerId, start: instantOf(inForce.cycle.start), end: instantOf(inForce.cycle.end) }
  const billed = await readBilledCycle(ctx, found, (meterIds) => readUsage(ctx, generations, time, meterIds))
  return { row: { ...row, ...keepRating(rateArrears(billed)) }, owner }
}

/** A DRAFT of a cycle as it is when it is closed before its instant. Throws STALE if the account has another cycle now. */
export const closeDraft = async (ctx: Ctx, row: InvoiceRow): Promise<Pick<InvoiceRow, 'rated' | 'total'>> => {
  const found = await readCycleOf(ctx, row)
  if (!found) throw STALE
  const time = { accountId: row.ownerId, start: row.startAt, end: row.endAt }
  const [units = new Map<string, string>()] = await closeUsage(ctx, found.generations, [time])
  return keepRating(rateArrears(await readBilledCycle(ctx, found, () => Promise.resolve(units))))
}

/** When something of the bills of an account is due next: a cycle begins or ends, or a DRAFT falls due. */
const findNext = ({ active }: ReadTimeline, drafts: readonly InvoiceRow[], now: number): number | undefined => {
  const day = dayOf(now)
  const [boundary] = boundariesOf(active, day, day)
  const times = [
    ...(boundary !== undefined && boundary < LAST_DAY ? [instantOf(boundary)] : []),
    ...drafts.filter(({ autoAdvance, invoiceAt }) => autoAdvance && invoiceAt > now).map(({ invoiceAt }) => invoiceAt),
  ]
  return times.length ? Math.min(...times) : undefined
}

/** What is to be done for an account at an instant. */
interface Plan {
  billing: Billing
  /** DRAFTs whose cycle has changed or is gone, and what becomes of them. */
  moved: { row: InvoiceRow; after: InvoiceRow }[]
  /** The cycles that have begun, and their DRAFTs. */
  begun: CycleInForce[]
  made: InvoiceRow[]
  falling: { row: InvoiceRow; inForce: CycleInForce }[]
  /** The DRAFTs that are left when all of this is done. */
  left: InvoiceRow[]
  isUnfinished: boolean
}

/** What is to be done for an account at `ctx.now`. `advances` says whether its new DRAFTs fall due by themselves. */
const planBills = (ctx: Ctx, billing: Billing, advances: boolean): Plan => {
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
  const begun = missing.slice(0, MOST_CYCLES)
  const made = begun.map((inForce) =>
    newDraft(ctx, owner, { invoiceType: 'STANDARD', autoAdvance: advances, ...placeOf(inForce), ...keepRating(NOTHING) }),
  )
  const due = [...kept, ...made]
    .filter(({ autoAdvance, invoiceAt }) => autoAdvance && invoiceAt <= now)
    .toSorted((one, other) => one.startAt - other.startAt)
  const falling = due.slice(0, MOST_CYCLES).flatMap((row) => {
    const inForce = cycleOf.get(row.startAt)
    return inForce ? [{ row, inForce }] : []
  })
  const fallen = new Set(falling.map(({ row }) => row))
  return {
    billing,
    moved,
    begun,
    made,
    falling,
    left: [...kept, ...made].filter((row) => !fallen.has(row)),
    isUnfinished: missing.length > MOST_CYCLES || due.length > MOST_CYCLES,
  }
}

/** The statement that refuses the commit if what the bills rest on has changed since it was read: plans in force, or licences. */
const holdBillings = ({ organizationId }: Ctx, plans: readonly Plan[]) => {
  const sent = JSON.stringify(
    plans.map(({ billing: { timeline, licenseVersion } }) => [timeline.account.id, timeline.activeVersion, licenseVersion]),
  )
  const accountId = sql`sent.value ->> 0`
  return refuseWhen(
    'STALE',
    sql`
      select '[]' from json_each(${sent}) as sent
      where coalesce((
          select active_version from timelines where organization_id = ${organizationId} and account_id = ${accountId}
        ), 0) <> sent.value ->> 1
        or coalesce((select sum(version) from licenses where organization_id = ${organizationId} and account_id = ${accountId}), 0) <> sent.value ->> 2`,
  )
}

/**
 * Bills accounts at the instant of due rows, all in one commit: each cycle that has begun gets its DRAFT, and is billed for what is paid in
 * advance; a DRAFT whose cycle has changed follows it, or is GONE with it; and each DRAFT whose instant has come falls due, the oldest first.
 */
export const billAccounts = async (ctx: Ctx, rows: readonly Due[]): Promise<StepResult> => {
  const its: Ctx = { ...ctx, now: rows[0]?.dueAt ?? ctx.now }
  const { accounts, generations, advances } = await readBillings(
    its,
    rows.map(({ subject }) => subject),
  )
  const plans = new Map([...accounts].map(([id, billing]) => [id, planBills(its, billing, advances)]))
  const all = [...plans.values()]
  const rated = all.flatMap(({ begun, falling }) => [...begun, ...falling.map(({ inForce }) => inForce)])
  const parts = rated.length
    ? readPieceParts(await its.session.batch(selectPieceParts(its, keysOfList(rated.map(({ piece }) => piece)))))
    : undefined
  const falling = all.flatMap((plan) => plan.falling.map((one) => ({ ...one, plan })))
  const units = await closeUsage(
    its,
    generations,
    falling.map(({ row }) => ({ accountId: row.ownerId, start: row.startAt, end: row.endAt })),
  )
  const advanced = all.flatMap(({ billing, begun }) =>
    begun.filter(({ cycle }) => !billing.advanced.has(instantOf(cycle.start))).map((inForce) => ({ billing, inForce, units: new Map() })),
  )
  const used = falling.map(({ inForce, plan: { billing } }, index) => ({ billing, inForce, units: units[index] ?? new Map() }))
  const toRate = parts ? [...advanced, ...used].map(({ billing, ...one }) => ({ ...one, parts, owner: billing.owner, generations })) : []
  const billed = await readBilledCycles(its, toRate)
  const billedInAdvance = new Map(advanced.map(({ inForce }, index) => [inForce, billed[index]]))
  const statements: Statement[] = []
  const changes: Change[] = []
  for (const { billing, moved, begun, made } of all) {
    const { owner } = billing
    for (const { row, after } of moved) {
      const { status, pricePlanId, scheduleId, endAt, invoiceAt, updatedAt, version } = after
      statements.push(changeInvoice(its, row, { status, pricePlanId, scheduleId, endAt, invoiceAt, updatedAt, version }))
      changes.push(...recordInvoice(row, after))
    }
    if (made.length) statements.push(insertInvoices(made))
    changes.push(...made.flatMap((row) => recordInvoice(undefined, row)))
    for (const inForce of begun) {
      const cycle = billedInAdvance.get(inForce)
      const advance = cycle && rateAdvance(cycle)
      if (!advance) continue
      const place = placeOf(inForce)
      const row = newDraft(its, owner, {
        invoiceType: 'STANDARD_ADVANCED',
        autoAdvance: true,
        ...place,
        invoiceAt: place.startAt,
        ...keepRating(advance),
      })
      const fallen = draftDue(its, row, withPlan(owner, inForce))
      statements.push(insertInvoices([row]), ...fallen.statements)
      changes.push(...recordInvoice(undefined, fallen.row))
    }
  }
  for (const [index, { row, inForce, plan }] of falling.entries()) {
    const { owner } = plan.billing
    const cycle = billed[advanced.length + index]
    if (!cycle) throw new Error('A cycle that falls due was not read')
    const kept = keepRating(rateArrears(cycle))
    const fallen = draftDue(its, { ...row, ...kept }, withPlan(owner, inForce))
    statements.push(changeInvoice(its, row, kept), ...fallen.statements)
    changes.push(...recordInvoice(row, fallen.row))
  }
  const settled = rows.map((row) => {
    const plan = plans.get(row.subject)
    return { row, next: plan && (plan.isUnfinished ? its.now : findNext(plan.billing.timeline, plan.left, its.now)) }
  })
  await commit(its, { statements: [holdBillings(its, all), ...statements, ...settleAllDue(its, settled)], changes, answer: {} })
  return { isUnfinished: all.some(({ isUnfinished }) => isUnfinished) }
}

/** Bills an account at the instant of a due row. */
export const billAccount = (ctx: Ctx, row: Due): Promise<StepResult> => billAccounts(ctx, [row])

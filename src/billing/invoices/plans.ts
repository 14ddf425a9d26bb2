import { type CycleInForce, LAST_DAY, type ReadTimeline, boundariesOf, cycleOn, listCycles } from '../../catalogue/schedules/service.ts'
import type { Ctx } from '../../db/context.ts'
import { dayOf, instantOf } from '../../rating/cycle.ts'
import { buildInvoice } from '../../rating/invoice.ts'
import { findNextChange } from './advances.ts'
import { type Billing } from './billings.ts'
import { type HeldCharges } from './held_charges.ts'
import { type BilledCycle, type RatedInvoice } from './rating.ts'
import { keepRating } from './reckoned.ts'
import { newDraft } from './settle.ts'
import type { InvoiceRow } from './show.ts'
import { type AccountTime } from './usage.ts'

/** The most cycles of an account that are begun or ended in one commit, which it shares with other accounts; and the least. */
export const MOST_CYCLES = 60
export const LEAST_CYCLES = 2

const NOTHING: RatedInvoice = { root: buildInvoice([], { digits: 0, from: 0, until: 0 }).root, usage: [] }

/** What an invoice of a cycle takes from that. */
export const placeOf = ({ piece, cycle, dueAt }: CycleInForce) => ({
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
export const findNext = (
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
export interface Plan {
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
export const planBills = (ctx: Ctx, billing: Billing, { advances, most }: { advances: boolean; most: number }): Plan => {
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

/** Whether a cycle that has been paid for is still to come, and in force: what it costs is looked at when it begins. */
const isToCome = ({ timeline: { active } }: Billing, cycleAt: number, now: number): boolean =>
  cycleAt > now && cycleOn(active, dayOf(cycleAt))?.cycle.start === dayOf(cycleAt)

/** The first instants of the cycles of an account that were charged in advance, and of which changes can be billed now. */
export const listCharged = ({ billing }: Plan, now: number): number[] =>
  billing.charges.map(({ cycleAt }) => cycleAt).filter((cycleAt) => !isToCome(billing, cycleAt, now))

/** The times of an account in which nothing is counted, since their invoices were made void: as long as their cycles are now, so that what follows a cycle that ends early is counted. */
export const listVoidTimes = ({ billing: { owner, timeline, voided } }: Plan): AccountTime[] =>
  voided.map(([start, end]) => {
    const inForce = cycleOn(timeline.active, dayOf(start))
    const isKept = inForce?.cycle.start === dayOf(start)
    return { accountId: owner.id, start, end: isKept ? Math.min(end, instantOf(inForce.cycle.end)) : start }
  })

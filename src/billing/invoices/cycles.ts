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
  readTimelines,
  readTimelinesInForce,
  selectPieceParts,
} from '../../catalogue/schedules/service.ts'
import type { Statement } from '../../db/client.ts'
import { type Change, commit } from '../../db/commit.ts'
import { STALE, refuseWhen } from '../../db/conflicts.ts'
import type { Ctx } from '../../db/context.ts'
import { type Due, type StepResult, settleDue } from '../../db/due.ts'
import { insertInto, selectRows } from '../../db/statements.ts'
import { newId } from '../../lib/ids.ts'
import { type KindedGeneration, selectGenerations } from '../../ledger/client.ts'
import { dayOf, instantOf } from '../../rating/cycle.ts'
import { buildInvoice } from '../../rating/invoice.ts'
import { readGenerations, readUsage } from '../revenue_calculator/lookup.ts'
import { type InvoiceOwner, readAccountOwner } from './owner.ts'
import { readInvoiceRows, selectDraftsOf } from './queries.ts'
import { type RatedInvoice, rateAdvance, rateArrears } from './rating.ts'
import { changeInvoice, draftDue, recordInvoice } from './settle.ts'
import type { InvoiceRow } from './show.ts'
import { invoices } from './table.ts'
import { type CycleToRate, closeUsage, readBilledCycle } from './usage.ts'

/** The most cycles of an account that are begun or ended in one commit. */
const MOST_CYCLES = 10

const insertInvoices = insertInto(invoices)

/** What the bills of an account rest on. */
interface Billing {
  timeline: ReadTimeline
  drafts: readonly InvoiceRow[]
  /** The first instants of the cycles that have an invoice. */
  known: ReadonlySet<number>
  generations: readonly KindedGeneration[]
  /** How often licences of the account have changed. */
  licenseVersion: number
  /** Whether invoices fall due by themselves. */
  advances: boolean
}

const licenseVersionOf = (organizationId: string, accountId: string) =>
  sql`(select coalesce(sum(version), 0) from licenses where organization_id = ${organizationId} and account_id = ${accountId})`

/** Reads what the bills of an account rest on, as of `ctx.now`. */
const readBilling = async (ctx: Ctx, accountId: string): Promise<Billing | undefined> => {
  const { organizationId } = ctx
  const { timelines, results } = await readTimelines(
    ctx,
    [accountId],
    [
      selectDraftsOf({ organizationId, accountId }),
      selectRows(sql`
        select start_at as startAt from invoices
        where organization_id = ${organizationId} and account_id = ${accountId} and invoice_type = 'STANDARD' and status <> 'GONE'`),
      selectGenerations(organizationId),
      selectRows(sql`
        select ${licenseVersionOf(organizationId, accountId)} as licenseVersion, not exists (
          select 1 from settings
          where organization_id = ${organizationId} and entity_type = 'ORGANIZATION' and id = 'auto_advance_invoice' and value = 'false'
        ) as advances`),
    ],
  )
  const timeline = timelines.get(accountId)
  const [last] = (results[3]?.results ?? []) as { licenseVersion: number; advances: number }[]
  return (
    timeline && {
      timeline,
      drafts: readInvoiceRows((results[0]?.results ?? []) as Record<string, unknown>[]),
      known: new Set(((results[1]?.results ?? []) as { startAt: number }[]).map(({ startAt }) => startAt)),
      generations: (results[2]?.results ?? []) as KindedGeneration[],
      licenseVersion: last?.licenseVersion ?? 0,
      advances: last?.advances === 1,
    }
  )
}

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

const draftOf = (
  { organizationId, now }: Ctx,
  inForce: CycleInForce,
  owner: InvoiceOwner,
  rest: Pick<InvoiceRow, 'invoiceType' | 'autoAdvance'>,
  rated: RatedInvoice,
): InvoiceRow => ({
  id: newId('INVOICE', now),
  organizationId,
  ownerId: owner.id,
  accountId: owner.accountId,
  customerId: owner.customerId,
  invoiceClass: 'INVOICE',
  status: 'DRAFT',
  currency: owner.currency,
  ...placeOf(inForce),
  ...rest,
  netTermDays: owner.netTermDays,
  ...keepRating(rated),
  paid: '0',
  sequence: null,
  sequenceId: null,
  details: null,
  info: [],
  metadata: null,
  appliesCredits: true,
  appliesWallet: true,
  idempotencyKey: null,
  fingerprint: null,
  generatedAt: null,
  createdAt: now,
  updatedAt: now,
  version: 1,
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

/** Rates the cycle of a DRAFT for good: what comes later to its time counts in no invoice (rulings, 1). */
export const rateForGood = async (
  ctx: Ctx,
  inForce: CycleInForce,
  owner: InvoiceOwner,
  generations: readonly KindedGeneration[],
): Promise<RatedInvoice> => {
  const { cycle, piece } = inForce
  const parts = readPieceParts(await ctx.session.batch(selectPieceParts(ctx, keysOfList([piece]))))
  const time = { start: instantOf(cycle.start), end: instantOf(cycle.end) }
  const units = await closeUsage(ctx, generations, owner.id, time)
  return rateArrears(await readBilledCycle(ctx, { inForce, parts, owner, generations }, () => Promise.resolve(units)))
}

const rateStart = async (
  ctx: Ctx,
  inForce: CycleInForce,
  owner: InvoiceOwner,
  generations: readonly KindedGeneration[],
): Promise<RatedInvoice | undefined> => {
  const parts = readPieceParts(await ctx.session.batch(selectPieceParts(ctx, keysOfList([inForce.piece]))))
  return rateAdvance(await readBilledCycle(ctx, { inForce, parts, owner, generations }, () => Promise.resolve(new Map())))
}

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

/** A DRAFT of a cycle as it is when it is closed, before or at its instant. */
export const closeDraft = async (ctx: Ctx, row: InvoiceRow): Promise<Pick<InvoiceRow, 'rated' | 'total'>> => {
  const found = await readCycleOf(ctx, row)
  if (!found) throw STALE
  return keepRating(await rateForGood(ctx, found.inForce, found.owner, found.generations))
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

/**
 * Bills an account at the instant of a due row: each cycle that has begun gets its DRAFT, and is billed for what is paid in advance; a DRAFT
 * whose cycle has changed follows it, or is GONE with it; and each DRAFT whose instant has come falls due, the oldest first.
 */
export const billAccount = async (ctx: Ctx, due: Due): Promise<StepResult> => {
  const { organizationId } = ctx
  const its: Ctx = { ...ctx, now: due.dueAt }
  const { now } = its
  const billing = await readBilling(its, due.subject)
  if (!billing) {
    await commit(its, { statements: settleDue(its, due), changes: [], answer: {} })
    return {}
  }
  const { timeline, known, generations } = billing
  const owner = await readAccountOwner(its, due.subject)
  const cycles = listCycles(timeline.active, dayOf(now))
  const cycleOf = new Map(cycles.map((one) => [instantOf(one.cycle.start), one]))
  const statements: Statement[] = []
  const changes: Change[] = []
  const drafts: InvoiceRow[] = []
  let count = 0

  for (const row of billing.drafts) {
    const inForce = cycleOf.get(row.startAt)
    if (inForce && isPlaced(row, inForce)) drafts.push(row)
    else {
      const set = { ...(inForce ? placeOf(inForce) : { status: 'GONE' as const }), updatedAt: now, version: row.version + 1 }
      const after: InvoiceRow = { ...row, ...set }
      statements.push(changeInvoice(its, row, set))
      changes.push(...recordInvoice(row, after))
      if (inForce) drafts.push(after)
    }
  }

  const begun = cycles.filter(({ cycle }) => !known.has(instantOf(cycle.start)))
  for (const inForce of begun.slice(0, MOST_CYCLES)) {
    const row = draftOf(its, inForce, owner, { invoiceType: 'STANDARD', autoAdvance: billing.advances }, NOTHING)
    statements.push(insertInvoices([row]))
    changes.push(...recordInvoice(undefined, row))
    drafts.push(row)
    count++
    const advance = await rateStart(its, inForce, owner, generations)
    if (advance) {
      const paid = {
        ...draftOf(its, inForce, owner, { invoiceType: 'STANDARD_ADVANCED', autoAdvance: true }, advance),
        invoiceAt: row.startAt,
      }
      const fallen = draftDue(its, paid, withPlan(owner, inForce))
      statements.push(insertInvoices([paid]), ...fallen.statements)
      changes.push(...recordInvoice(undefined, fallen.row))
    }
  }

  const falling = drafts
    .filter(({ autoAdvance, invoiceAt }) => autoAdvance && invoiceAt <= now)
    .toSorted((one, other) => one.startAt - other.startAt)
  const fallen = new Set<InvoiceRow>()
  for (const row of falling.slice(0, MOST_CYCLES)) {
    const inForce = cycleOf.get(row.startAt)
    if (!inForce) continue
    const rated = await rateForGood(its, inForce, owner, generations)
    const { rated: kept, total } = keepRating(rated)
    const made = draftDue(its, { ...row, rated: kept, total }, withPlan(owner, inForce))
    statements.push(changeInvoice(its, row, { rated: kept, total }), ...made.statements)
    changes.push(...recordInvoice(row, made.row))
    fallen.add(row)
    count++
  }

  const isUnfinished = begun.length > MOST_CYCLES || falling.length > MOST_CYCLES
  const left = drafts.filter((row) => !fallen.has(row))
  await commit(its, {
    statements: [
      refuseWhen(
        'STALE',
        sql`
          select '[]' where coalesce((
              select active_version from timelines where organization_id = ${organizationId} and account_id = ${due.subject}
            ), 0) <> ${timeline.activeVersion}
            or ${licenseVersionOf(organizationId, due.subject)} <> ${billing.licenseVersion}`,
      ),
      ...statements,
      ...settleDue(its, due, isUnfinished ? now : findNext(timeline, left, now)),
    ],
    changes,
    answer: {},
  })
  return { isUnfinished: isUnfinished && count > 0 }
}

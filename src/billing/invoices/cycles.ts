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
  readTimelineRowsOfMany,
  readTimelinesInForce,
  selectPieceParts,
  selectTimelines,
} from '../../catalogue/schedules/service.ts'
import type { Statement } from '../../db/client.ts'
import { type Change, commit } from '../../db/commit.ts'
import { STALE, refuseWhen } from '../../db/conflicts.ts'
import type { Ctx } from '../../db/context.ts'
import { type Due, type StepResult, settleAllDue } from '../../db/due.ts'
import { insertInto, selectRows } from '../../db/statements.ts'
import { newId } from '../../lib/ids.ts'
import { type KindedGeneration, selectGenerations } from '../../ledger/client.ts'
import { dayOf, instantOf } from '../../rating/cycle.ts'
import { buildInvoice } from '../../rating/invoice.ts'
import { readGenerations, readUsage } from '../revenue_calculator/lookup.ts'
import { type InvoiceOwner, readAccountOwner, readAccountOwners, selectAccountOwners } from './owner.ts'
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
  owner: InvoiceOwner
  drafts: readonly InvoiceRow[]
  /** The first instants of the cycles that have an invoice. */
  known: ReadonlySet<number>
  /** Those of the cycles that were billed when they began. */
  advanced: ReadonlySet<number>
  /** How often licences of the account have changed. */
  licenseVersion: number
}

/** What the bills of all accounts rest on. */
interface Billings {
  accounts: ReadonlyMap<string, Billing>
  generations: readonly KindedGeneration[]
  /** Whether invoices fall due by themselves. */
  advances: boolean
}

/** The query for how often licences of some accounts have changed, by the ids of the accounts. */
const licenseVersions = (organizationId: string, listed: string) => sql`
  select account_id as accountId, sum(version) as version from licenses
  where organization_id = ${organizationId} and account_id in (select value from json_each(${listed})) group by account_id`

/** Reads what the bills of accounts rest on, as of `ctx.now`. Accounts that do not exist are left out. */
const readBillings = async (ctx: Ctx, accountIds: readonly string[]): Promise<Billings> => {
  const { organizationId } = ctx
  const listed = JSON.stringify(accountIds)
  const all = await ctx.session.batch([
    ...selectTimelines(organizationId, accountIds),
    selectDraftsOf({ organizationId, listed }),
    selectRows(sql`
      select account_id as accountId, invoice_type as invoiceType, start_at as startAt from invoices
      where organization_id = ${organizationId} and account_id in (select value from json_each(${listed}))
        and invoice_type in ('STANDARD', 'STANDARD_ADVANCED') and status <> 'GONE'`),
    selectRows(licenseVersions(organizationId, listed)),
    selectGenerations(organizationId),
    selectRows(sql`
      select 1 from settings
      where organization_id = ${organizationId} and entity_type = 'ORGANIZATION' and id = 'auto_advance_invoice' and value = 'false'`),
    selectAccountOwners(ctx, accountIds),
  ])
  const [timelines, results] = [readTimelineRowsOfMany(all), all.slice(2)]
  const owners = readAccountOwners(results[5]?.results)
  const drafts = Map.groupBy(readInvoiceRows((results[0]?.results ?? []) as Record<string, unknown>[]), ({ ownerId }) => ownerId)
  const known = Map.groupBy(
    (results[1]?.results ?? []) as { accountId: string; invoiceType: string; startAt: number }[],
    ({ accountId }) => accountId,
  )
  const versions = new Map(
    ((results[2]?.results ?? []) as { accountId: string; version: number }[]).map(({ accountId, version }) => [accountId, version]),
  )
  const accounts = [...timelines].flatMap(([id, timeline]): [string, Billing][] => {
    const owner = owners.get(id)
    if (!owner) return []
    const startsOf = (type: string) =>
      new Set((known.get(id) ?? []).flatMap(({ invoiceType, startAt }) => (invoiceType === type ? [startAt] : [])))
    const its = { timeline, owner, drafts: drafts.get(id) ?? [], licenseVersion: versions.get(id) ?? 0 }
    return [[id, { ...its, known: startsOf('STANDARD'), advanced: startsOf('STANDARD_ADVANCED') }]]
  })
  return {
    accounts: new Map(accounts),
    generations: (results[3]?.results ?? []) as KindedGeneration[],
    advances: !results[4]?.results.length,
  }
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
  begun: CycleInForce[]
  falling: { row: InvoiceRow; inForce: CycleInForce }[]
  /** The DRAFTs that are left when all of this is done. */
  left: InvoiceRow[]
  isUnfinished: boolean
}

const planOf = (ctx: Ctx, billing: Billing, advances: boolean): Plan & { made: InvoiceRow[] } => {
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
  const made = begun.map((inForce) => draftOf(ctx, inForce, owner, { invoiceType: 'STANDARD', autoAdvance: advances }, NOTHING))
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
  const plans = new Map([...accounts].map(([id, billing]) => [id, planOf(its, billing, advances)]))
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
      if (!parts || billing.advanced.has(instantOf(inForce.cycle.start))) continue
      const cycle = { inForce, parts, owner, generations }
      const advance = rateAdvance(await readBilledCycle(its, cycle, () => Promise.resolve(new Map())))
      if (!advance) continue
      const drafted = draftOf(its, inForce, owner, { invoiceType: 'STANDARD_ADVANCED', autoAdvance: true }, advance)
      const row = { ...drafted, invoiceAt: drafted.startAt }
      const fallen = draftDue(its, row, withPlan(owner, inForce))
      statements.push(insertInvoices([row]), ...fallen.statements)
      changes.push(...recordInvoice(undefined, fallen.row))
    }
  }
  for (const [index, { row, inForce, plan }] of falling.entries()) {
    if (!parts) break
    const { owner } = plan.billing
    const used = units[index] ?? new Map<string, string>()
    const kept = keepRating(rateArrears(await readBilledCycle(its, { inForce, parts, owner, generations }, () => Promise.resolve(used))))
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

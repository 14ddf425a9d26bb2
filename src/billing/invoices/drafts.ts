import { cycleOn, readPieceParts, readTimelineRowsOfMany, selectPartsOfList, selectTimelines } from '../../catalogue/schedules/service.ts'
import type { Statement } from '../../db/client.ts'
import { STALE } from '../../db/conflicts.ts'
import type { Ctx } from '../../db/context.ts'
import { type KindedGeneration, selectGenerations } from '../../ledger/client.ts'
import { notFound } from '../../lib/errors.ts'
import { dayOf } from '../../rating/cycle.ts'
import { type CreditPool, compareTurns, creditsLeft, drawFromPool, holdFromPool, openPool } from '../credits/pool.ts'
import { readCreditsInUse, selectCreditsInUse } from '../credits/queries.ts'
import { openGenerations } from '../revenue_calculator/lookup.ts'
import type { CreditRow } from '../credits/table.ts'
import { type BillingVersion, holdVersions, readBillingVersions, selectBillingVersions } from './billings.ts'
import { rateLines } from './lines.ts'
import { linesOfOrder, rateOrder } from './orders.ts'
import { type InvoiceOwner, readAccountOwners, readGroupOwner, selectAccountOwners } from './owner.ts'
import { readInvoiceRows, selectDraftsWithCredits } from './queries.ts'
import { isPlaced } from './plans.ts'
import { type BilledCycle, rateArrears } from './rating.ts'
import { type Reckoned, keepReckoning, withPlan } from './reckoned.ts'
import type { InvoiceRow } from './show.ts'
import { type CycleToRate, type Units, closeUsage, readBilledCycles, readUnitsOf } from './usage.ts'

/** Closes the cycles of DRAFTs that fall due, and gives the units of meters in each. */
export const closeDrafts = async (
  ctx: Ctx,
  generations: readonly KindedGeneration[],
  rows: readonly InvoiceRow[],
): Promise<Map<InvoiceRow, Units>> => {
  const times = rows.map(({ ownerId, startAt, endAt }) => ({ accountId: ownerId, start: startAt, end: endAt }))
  const closed = await closeUsage(ctx, generations, times)
  return new Map(rows.map((row, index) => [row, closed[index] ?? new Map<string, string>()]))
}

/** DRAFTs of accounts, with what it takes to reckon them. A DRAFT of a cycle has none if its account has another cycle now. */
interface DraftsToRate {
  rows: readonly InvoiceRow[]
  cycles: ReadonlyMap<InvoiceRow, CycleToRate>
  owners: ReadonlyMap<string, InvoiceOwner>
  pools: ReadonlyMap<string, CreditPool>
  generations: readonly KindedGeneration[]
  versions: readonly BillingVersion[]
}

type Chosen = (others: readonly InvoiceRow[]) => readonly InvoiceRow[]

/** Reads what DRAFTs are reckoned with in two round trips, however many there are. `chosen` are those of the others of their accounts that are reckoned too. */
const readDraftsToRate = async (
  ctx: Ctx,
  accountIds: readonly string[],
  asked: readonly InvoiceRow[],
  chosen: Chosen,
): Promise<DraftsToRate> => {
  const { organizationId } = ctx
  const results = await ctx.session.batch<object>([
    ...selectTimelines(organizationId, accountIds),
    selectAccountOwners(ctx, accountIds),
    selectGenerations(organizationId),
    selectCreditsInUse(ctx, accountIds),
    selectDraftsWithCredits({ organizationId, listed: JSON.stringify(accountIds) }),
    selectBillingVersions(ctx, accountIds),
  ])
  const timelines = readTimelineRowsOfMany(results)
  const [account, generation, credit, draft, version] = results.slice(2).map((one) => one.results)
  const owners = readAccountOwners(account)
  const ids = new Set(asked.map(({ id }) => id))
  const others = readInvoiceRows((draft ?? []) as Record<string, unknown>[]).filter(({ id }) => !ids.has(id))
  const rows = [...asked, ...chosen(others)]
  const inForce = rows.flatMap((row) => {
    if (row.invoiceType !== 'STANDARD') return []
    const [found, owner] = [cycleOn(timelines.get(row.ownerId)?.active ?? [], dayOf(row.startAt)), owners.get(row.ownerId)]
    return found?.cycle.start === dayOf(row.startAt) && owner ? [{ row, found, owner: withPlan(owner, found) }] : []
  })
  const pieces = inForce.map(({ found: { piece } }) => piece)
  const parts = pieces.length ? readPieceParts(await ctx.session.batch(selectPartsOfList(ctx, pieces))) : undefined
  return {
    rows,
    cycles: new Map(parts ? inForce.map(({ row, found, owner }) => [row, { inForce: found, parts, owner }]) : []),
    owners,
    pools: new Map([...readCreditsInUse(credit)].map(([id, credits]) => [id, openPool(credits)])),
    generations: (generation ?? []) as KindedGeneration[],
    versions: readBillingVersions(version, accountIds),
  }
}

/** A DRAFT as it is now, and whom it is about. */
export interface ReckonedDraft {
  row: InvoiceRow
  owner: InvoiceOwner
}

/** DRAFTs as they are now, and the credits of their accounts, by their ids, from which all DRAFTs of these have taken. */
interface ReckonedDrafts {
  drafts: Map<InvoiceRow, ReckonedDraft>
  pools: ReadonlyMap<string, CreditPool>
  versions: readonly BillingVersion[]
}

const accountsOf = (rows: readonly InvoiceRow[]): string[] => [...new Set(rows.flatMap(({ accountId }) => accountId ?? []))]

/** How DRAFTs are reckoned that fall due: `closes` says that no events are added to their cycles from now on. */
interface Falling {
  closes: boolean
}

/** What a DRAFT comes to with what is left of the credits of its account. Undefined if its account has another cycle now. */
const rateDraftWith = (
  row: InvoiceRow,
  used: BilledCycle | undefined,
  pool: CreditPool | undefined,
  at: number,
): Partial<Reckoned> | undefined => {
  const credits = pool ? creditsLeft(pool, row.currency) : []
  if (row.invoiceType === 'AD_HOC') return rateOrder(linesOfOrder(row.rated.root), row, credits)
  if (row.invoiceType !== 'STANDARD') return rateLines(row.rated, row, credits)
  return used && keepReckoning(rateArrears(used, row.rated.charges, credits), used, at)
}

/**
 * Reckons DRAFTs of accounts as they are now, or as they are when they fall due now. DRAFTs of an account take from its credits in the order
 * in which they fall due, so the others that come before these are reckoned with them; without `falling`, all others are that `isAsked`
 * selects. Each ledger is asked once. Throws STALE if the cycle of one that falls due has changed.
 */
const reckonDrafts = async (
  ctx: Ctx,
  asked: readonly InvoiceRow[],
  {
    falling,
    accountIds = accountsOf(asked),
    isAsked = () => true,
  }: { falling?: Falling; accountIds?: readonly string[]; isAsked?: (other: InvoiceRow) => boolean } = {},
): Promise<ReckonedDrafts> => {
  const fall = new Set<unknown>(falling && asked)
  const compare = (one: InvoiceRow, other: InvoiceRow): number => compareTurns(one, other, ctx.now, (turn) => fall.has(turn))
  const { rows, cycles, owners, pools, generations, versions } = await readDraftsToRate(ctx, accountIds, asked, (others) =>
    others.filter((other) =>
      falling ? asked.some((one) => one.accountId === other.accountId && compare(other, one) < 0) : isAsked(other),
    ),
  )
  const rated = [...cycles].map(([row, cycle]) => ({ ...cycle, row }))
  const closes = falling?.closes === true
  const [open, closed] = await Promise.all([
    readUnitsOf(
      ctx,
      generations,
      rated.filter(({ row }) => !closes || !fall.has(row)),
    ),
    closes
      ? openGenerations(ctx).then((opened) =>
          closeDrafts(
            ctx,
            opened,
            rated.flatMap(({ row }) => (fall.has(row) ? [row] : [])),
          ),
        )
      : new Map<InvoiceRow, Units>(),
  ])
  const billed = await readBilledCycles(ctx, generations, rated, (one) => closed.get(one.row) ?? open.get(one) ?? new Map<string, string>())
  const used = new Map([...billed].map(([{ row }, its]) => [row, its]))
  const drafts = new Map<InvoiceRow, ReckonedDraft>()
  for (const row of rows.toSorted(compare)) {
    const pool = row.accountId !== null && row.appliesCredits ? pools.get(row.accountId) : undefined
    const reckoned = rateDraftWith(row, used.get(row), pool, ctx.now)
    const cycle = cycles.get(row)
    if (fall.has(row) && (!reckoned || (cycle && !isPlaced(row, cycle.inForce)))) throw STALE
    const after: InvoiceRow = { ...row, ...reckoned }
    if (pool && fall.has(row)) drawFromPool(pool, row.id, after.rated.root)
    else if (pool) holdFromPool(pool, after.rated.root)
    const owner = cycle?.owner ?? owners.get(row.ownerId)
    if (owner) drafts.set(row, { row: after, owner })
  }
  return { drafts, pools, versions }
}

/** DRAFTs of accounts as they would be now, each with whom it is about. */
export const rateDrafts = async (ctx: Ctx, rows: readonly InvoiceRow[]): Promise<Map<InvoiceRow, ReckonedDraft>> =>
  (await reckonDrafts(ctx, rows)).drafts

const requireDraft = (drafts: ReadonlyMap<InvoiceRow, ReckonedDraft>, row: InvoiceRow): ReckonedDraft => {
  const found = drafts.get(row)
  if (!found) throw notFound('account', row.ownerId)
  return found
}

/** A DRAFT as it would be now. */
export const rateDraft = async (ctx: Ctx, row: InvoiceRow): Promise<ReckonedDraft> =>
  row.accountId === null
    ? { row: { ...row, ...rateLines(row.rated, row) }, owner: await readGroupOwner(ctx, row.ownerId) }
    : requireDraft(await rateDrafts(ctx, [row]), row)

/** The credits of an account, and those of its DRAFTs that take from them and that `isAsked` selects, as they are now and in their turns. */
export const readDraftsWithCredits = async (
  ctx: Ctx,
  accountId: string,
  isAsked: (draft: InvoiceRow) => boolean,
): Promise<{ credits: readonly CreditRow[]; drafts: InvoiceRow[] }> => {
  const { drafts, pools } = await reckonDrafts(ctx, [], { accountIds: [accountId], isAsked })
  return { credits: [...(pools.get(accountId)?.rows.values() ?? [])], drafts: [...drafts.values()].map(({ row }) => row) }
}

/** The credits of accounts, from which all of their DRAFTs have taken what they would take now. */
export const readHeldCredits = async (ctx: Ctx, accountIds: readonly string[]): Promise<Iterable<CreditPool>> =>
  (await reckonDrafts(ctx, [], { accountIds })).pools.values()

/** A DRAFT as it is when it falls due now, the credits from which it takes, and the statement that refuses the commit if what it rests on has changed. */
interface FallingDraft extends ReckonedDraft {
  pools: Iterable<CreditPool>
  held: readonly Statement[]
}

/** Reckons a DRAFT as it is when it falls due now. Throws STALE if its account has another cycle now. */
export const rateFalling = async (ctx: Ctx, row: InvoiceRow, falling: Falling): Promise<FallingDraft> => {
  if (row.accountId === null) return { ...(await rateDraft(ctx, row)), pools: [], held: [] }
  const { drafts, pools, versions } = await reckonDrafts(ctx, [row], { falling })
  return { ...requireDraft(drafts, row), pools: pools.values(), held: [holdVersions(ctx, versions)] }
}

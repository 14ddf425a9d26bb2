import type { Ctx } from '../../db/context.ts'
import type { KindedGeneration } from '../../ledger/client.ts'
import { sumDecimals } from '../../lib/decimal.ts'
import { lastHourOf } from '../../rating/revenue.ts'
import { type BegunCycle, type FoundCycles, readBegunCycles } from './cycles.ts'
import type { Earning } from './earning.ts'
import { type EarnedCycle, reckonCycles } from './reckon.ts'
import { readUsageOfCycles } from './usage.ts'

export type { Earning } from './earning.ts'
export { rankKept, readKept, readLargestKept, refreshKept } from './kept.ts'
export { reckonAccount, reckonAccounts, reckonChangedAccounts } from './steps.ts'
export { readUsageOfCycles } from './usage.ts'
export { readWritten } from './written.ts'

/** The most parts of cycles for which usage is read for one query. */
const MOST_PARTS = 100_000

/** The accounts and the time (milliseconds) of a query. */
export interface EarningsQuery {
  accountIds: readonly string[]
  from: number
  until: number
}

const ownerOf = ({ accountId, customerId, currency }: BegunCycle): Pick<Earning, 'accountId' | 'customerId' | 'currency'> => ({
  accountId,
  customerId,
  currency,
})

/** The instants between which the usage of a cycle is told apart: its ends, those of the query, and the starts of buckets. */
const cutsIn = ({ start, end }: BegunCycle, instants: readonly number[]): number[] =>
  [...new Set([start, end, ...instants.filter((instant) => instant > start && instant < end)])].toSorted((one, other) => one - other)

/**
 * Reckons what accounts earned from `from` until before `until`, exactly: what they owe for their cycles at the end of each part less what
 * they owe at its beginning. `starts` are those of the buckets. Undefined if there is too much of it.
 */
export const reckonEarnings = async (
  ctx: Ctx,
  generations: readonly KindedGeneration[],
  { accountIds, from, until }: EarningsQuery,
  starts: readonly number[],
): Promise<Earning[] | undefined> => {
  const found = await readBegunCycles(ctx, accountIds, { until, isWanted: (_, end) => end > from })
  const instants = [...starts, from, until]
  const cuts = new Map(found.cycles.map((cycle) => [cycle, cutsIn(cycle, instants)]))
  if ([...cuts.values()].reduce((count, its) => count + its.length, 0) > MOST_PARTS) return undefined
  const earned = await reckonCycles(ctx, generations, found, (cycle) => cuts.get(cycle) ?? [])
  return earned.flatMap(({ cycle, entries }) => {
    const last = lastHourOf(cycle.cycle, ctx.now)
    return entries.flatMap(({ billableId, at = last, amount }) =>
      at >= from && at < until ? [{ ...ownerOf(cycle), billableId, at, amount }] : [],
    )
  })
}

/** What a cycle as a whole comes to for each billable item, at its first instant, and 0 for none of them, so that each cycle is in it. */
const readCycles = async (
  ctx: Ctx,
  { accountIds, from, until }: EarningsQuery,
  reckon: (found: FoundCycles) => Promise<{ cycle: BegunCycle; amounts: ReadonlyMap<string, readonly string[]> }[]>,
): Promise<Earning[] | undefined> => {
  const found = await readBegunCycles(ctx, accountIds, { until, isWanted: (start) => start >= from })
  if (found.cycles.length > MOST_PARTS) return undefined
  const all = await reckon(found)
  return all.flatMap(({ cycle, amounts }) =>
    [...amounts, ['', []] as const].map(([billableId, texts]) => ({
      ...ownerOf(cycle),
      billableId,
      at: cycle.start,
      amount: sumDecimals(texts),
    })),
  )
}

const amountsOf = ({ entries, billableIds }: EarnedCycle): Map<string, string[]> => {
  const amounts = new Map<string, string[]>(billableIds.map((id) => [id, []]))
  for (const { billableId, amount } of entries) amounts.set(billableId, [...(amounts.get(billableId) ?? []), amount])
  return amounts
}

/** Reckons what the cycles earned that began from `from` until before `until`. Undefined if there are too many. */
export const reckonRevenueOfCycles = (
  ctx: Ctx,
  generations: readonly KindedGeneration[],
  query: EarningsQuery,
): Promise<Earning[] | undefined> =>
  readCycles(ctx, query, async (found) => {
    const earned = await reckonCycles(ctx, generations, found, ({ start, end }) => [start, end])
    return earned.map((one) => ({ cycle: one.cycle, amounts: amountsOf(one) }))
  })

/** Reads what was used in the cycles that began from `from` until before `until`, of each usage meter. Undefined if there are too many. */
export const readUsageByCycle = (
  ctx: Ctx,
  generations: readonly KindedGeneration[],
  query: EarningsQuery,
): Promise<Earning[] | undefined> =>
  readCycles(ctx, query, async ({ cycles }) => {
    const used = await readUsageOfCycles(
      ctx,
      generations,
      cycles.map((cycle) => ({ cycle, cuts: [cycle.start, cycle.end] })),
    )
    return cycles.map((cycle, index) => ({
      cycle,
      amounts: new Map([...(used[index] ?? [])].map(([meterId, parts]) => [meterId, parts.map(({ units }) => units)])),
    }))
  })

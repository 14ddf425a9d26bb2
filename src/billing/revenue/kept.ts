import type { Ctx } from '../../db/context.ts'
import {
  type KindedGeneration,
  type LargestRevenue,
  type LargestRevenueQuery,
  type RankQuery,
  type RevenueQuery,
  type RevenueRanking,
  type RevenueSum,
  accountLedgersOf,
  askAccounts,
  askAll,
} from '../../ledger/client.ts'
import { keepChanged } from './changed.ts'

/**
 * Reckons accounts that have changed, at most `most` of those that are named, or of all. Only then is what is kept of them read: what has
 * changed beyond that is reckoned within 15 minutes.
 */
export const refreshKept = (
  ctx: Ctx,
  generations: readonly KindedGeneration[],
  most: number,
  accountIds: readonly string[] | undefined,
): Promise<boolean> => keepChanged(ctx, generations, { most, accountIds, withDue: true })

/** Reads what is kept of the revenue of all accounts, or of those that are named, as each ledger adds it up. */
export const readKept = async (ctx: Ctx, generations: readonly KindedGeneration[], query: RevenueQuery): Promise<RevenueSum[]> => {
  const all = await askAll(accountLedgersOf(ctx, generations), (name) => askAccounts(ctx, name, (ledger) => ledger.readRevenue(query)))
  return all.flat()
}

/** Ranks accounts or customers by what is kept of their revenue, as each ledger does. */
export const rankKept = (
  ctx: Ctx,
  generations: readonly KindedGeneration[],
  query: LargestRevenueQuery,
  asked: RankQuery,
): Promise<RevenueRanking[]> =>
  askAll(accountLedgersOf(ctx, generations), (name) => askAccounts(ctx, name, (ledger) => ledger.rankRevenue(query, asked)))

/** Reads what is kept of the revenue of some accounts or customers, and of all, as each ledger adds it up. */
export const readLargestKept = (
  ctx: Ctx,
  generations: readonly KindedGeneration[],
  query: LargestRevenueQuery,
  groups: readonly string[],
): Promise<LargestRevenue[]> =>
  askAll(accountLedgersOf(ctx, generations), (name) => askAccounts(ctx, name, (ledger) => ledger.readLargestRevenue(query, groups)))

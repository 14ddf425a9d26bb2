import { type Earning, readUsageByCycle, readWritten, reckonEarnings, reckonRevenueOfCycles } from '../../billing/revenue/service.ts'
import { type EarningsContext, listAccounts, partsOf, tooMuch } from './earnings.ts'
import { readKept } from './kept.ts'
import { MOST_RECKONED } from './names.ts'
import type { Plan } from './plan.ts'
import type { MetricQuery } from './schema.ts'
import { type Split, splitLargest } from './series.ts'

const reckon = async (
  { ctx, names: { generations }, from, until }: EarningsContext,
  name: MetricQuery['name'],
  accountIds: readonly string[],
  isOfAll: boolean,
  starts: readonly number[],
): Promise<Earning[] | undefined> => {
  const query = { accountIds, from, until }
  if (name === 'USAGE_FOR_CYCLE') return readUsageByCycle(ctx, generations, query)
  if (name === 'REVENUE_FOR_CYCLE') return reckonRevenueOfCycles(ctx, generations, query)
  const [reckoned, written] = await Promise.all([
    reckonEarnings(ctx, generations, query, starts),
    readWritten(ctx, { accounts: isOfAll ? undefined : accountIds, from, until }),
  ])
  return reckoned && written && [...reckoned, ...written]
}

/** Reads the parts of a query about cycles: reckoned for it, or of what is kept if it is about too many accounts. */
export const readEarnings = async (
  reading: EarningsContext,
  query: MetricQuery,
  path: string,
  plan: Plan,
  starts: readonly number[],
  most: number,
): Promise<Split> => {
  const { names, earnings } = reading
  const { name, aggregationPeriod, largestGroups } = query
  const accountIds = listAccounts(plan, names)
  if (accountIds.length > MOST_RECKONED) return readKept(reading, query, path, plan, most)
  const question = JSON.stringify([name, name === 'REVENUE' && aggregationPeriod, plan.accounts ? accountIds : null])
  const answer = earnings.get(question) ?? reckon(reading, name, accountIds, !plan.accounts, starts)
  earnings.set(question, answer)
  const found = await answer
  if (!found) throw tooMuch(path)
  const parts = partsOf(reading, query, path, plan, found)
  return largestGroups === undefined ? { parts, others: [] } : splitLargest(parts, largestGroups)
}

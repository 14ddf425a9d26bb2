import { rankKept, readKept as readKeptSums, readLargestKept, readWritten, refreshKept } from '../../billing/revenue/service.ts'
import type { LargestRevenueQuery, RevenueSum } from '../../ledger/client.ts'
import { formatDecimal } from '../../lib/decimal.ts'
import { ApiError } from '../../lib/errors.ts'
import { type EarningsContext, convert, isConverted, listAccounts, partsOf, tooMuch } from './earnings.ts'
import { MOST_RECKONED } from './names.ts'
import type { Plan } from './plan.ts'
import { findLargest } from './ranking.ts'
import type { MetricQuery } from './schema.ts'
import { type Part, type Split, negateParts } from './series.ts'
import { splitAll } from './sums.ts'

const KEPT_BY = { ACCOUNT_ID: 'ACCOUNT', CUSTOMER_ID: 'CUSTOMER', USAGE_METER_ID: 'BILLABLE', BILLABLE_ID: 'BILLABLE' } as const

/** Reckons some of the accounts that have changed, once for a request. */
const refresh = async ({ ctx, names, earnings }: EarningsContext, accountIds: readonly string[] | undefined): Promise<void> => {
  if (!names.isKept)
    throw new ApiError(
      'UNAVAILABLE',
      'The revenue of all accounts is being reckoned for the first time. Send it again, or filter it by fewer.',
      60,
    )
  const question = JSON.stringify(['kept', accountIds ?? null])
  const refreshed = earnings.get(question) ?? refreshKept(ctx, names.generations, MOST_RECKONED, accountIds).then(() => [])
  earnings.set(question, refreshed)
  await refreshed
}

/** The parts of the accounts or customers that earn the most by what is kept and `written`, and of the others. */
const readLargest = async (
  { ctx, names }: EarningsContext,
  asked: LargestRevenueQuery,
  written: readonly Part[],
  most: number,
  { partsOfSums, path }: { partsOfSums: (sums: readonly RevenueSum[]) => Part[]; path: string },
): Promise<Split> => {
  const groups = await findLargest(most, {
    rank: async (wanted) => {
      const all = await rankKept(ctx, names.generations, asked, wanted)
      return all.map((ranking) => {
        if ('unknownCurrency' in ranking) {
          convert(ctx, names, { amount: '1', currency: ranking.unknownCurrency }, path)
          return { groups: [] }
        }
        return ranking
      })
    },
    beside: new Map([...Map.groupBy(written, ({ group }) => group)].map(([group, its]) => [group, its.map(({ value }) => value)])),
    isApart: asked.by === 'ACCOUNT',
  })
  if (!groups) throw tooMuch(path)
  const found = await readLargestKept(ctx, names.generations, asked, groups)
  const parts = partsOfSums(found.flatMap(({ rows }) => rows))
  const whole = partsOfSums(found.flatMap(({ all }) => all))
  const shown = new Set(groups)
  const { mine = [], others = [] } = Object.groupBy(written, ({ group }) => (shown.has(group) ? 'mine' : 'others'))
  return { parts: [...parts, ...mine], others: [...whole, ...negateParts(parts), ...others] }
}

/** Reads the parts of a query about more accounts than are reckoned for it, of what is kept of them. */
export const readKept = async (reading: EarningsContext, query: MetricQuery, path: string, plan: Plan, most: number): Promise<Split> => {
  const { ctx, names, from, until } = reading
  const { name, groupBy, aggregationPeriod: period, largestGroups } = query
  const accountIds = plan.accounts && listAccounts(plan, names)
  await refresh(reading, accountIds)
  const by = groupBy === undefined ? undefined : KEPT_BY[groupBy as keyof typeof KEPT_BY]
  const asked = {
    kind: name as 'REVENUE',
    from,
    until,
    now: ctx.now,
    period,
    ...(accountIds && { accounts: accountIds }),
    ...(plan.series && { billables: plan.series }),
  }
  const partsOfSums = (sums: readonly RevenueSum[]): Part[] =>
    sums.map(([start, group, currency, amount]) => ({
      start,
      group,
      value: isConverted(query) ? convert(ctx, names, { amount, currency }, path) : amount,
      records: 1,
    }))
  const readEarned = async (): Promise<Part[]> => {
    const earned = name === 'REVENUE' ? await readWritten(ctx, { accounts: accountIds, from, until }) : []
    if (!earned) throw tooMuch(path)
    return partsOf(reading, query, path, plan, earned)
  }
  if (largestGroups !== undefined && (by === 'ACCOUNT' || by === 'CUSTOMER')) {
    const rates = isConverted(query) && {
      rates: Object.fromEntries([...[...names.rates].map(([currency, rate]) => [currency, formatDecimal(rate)]), [ctx.baseCurrency, '1']]),
    }
    return readLargest(reading, { ...asked, by, ...rates }, await readEarned(), largestGroups, { partsOfSums, path })
  }
  const [sums, written] = await Promise.all([readKeptSums(ctx, names.generations, { ...asked, most, ...(by && { by }) }), readEarned()])
  const parts = [...partsOfSums(sums), ...written]
  return largestGroups === undefined ? { parts, others: [] } : splitAll(parts, largestGroups, most, path)
}

import { type LargestQuery, askAll, askEvents, eventLedgersIn } from '../../ledger/client.ts'
import type { Plan } from './plan.ts'
import { findLargest } from './ranking.ts'
import type { MetricQuery } from './schema.ts'
import { type Split, negateParts } from './series.ts'
import { type MetricsContext, partsOfRows, questionOf, refuseForgotten, tooManyPoints } from './sums.ts'

/** Reads the parts of the accounts or customers with the most events or units, and of the others. */
export const readLargestSums = async (
  reading: MetricsContext,
  query: MetricQuery,
  path: string,
  plan: Plan,
  most: number,
): Promise<Split> => {
  const { ctx, names, from, until } = reading
  const asked: LargestQuery = {
    ...questionOf(reading, query, plan, most),
    by: query.groupBy === 'CUSTOMER_ID' ? 'CUSTOMER' : 'ACCOUNT',
  }
  const ledgers = eventLedgersIn(ctx, names.generations, from, until)
  const groups = await findLargest(most, {
    rank: async (wanted) => {
      const all = await askAll(ledgers, (name) => askEvents(ctx, name, (ledger) => ledger.readRanking(asked, wanted)))
      return all.map((ranking) => refuseForgotten(reading, ranking))
    },
    isApart: false,
  })
  if (!groups) throw tooManyPoints(path)
  const all = await askAll(ledgers, (name) => askEvents(ctx, name, (ledger) => ledger.readLargest(asked, groups)))
  const found = all.map((largest) => refuseForgotten(reading, largest))
  const parts = partsOfRows(
    query,
    found.flatMap(({ rows }) => rows),
  )
  const whole = partsOfRows(
    query,
    found.flatMap((largest) => largest.all),
  )
  return { parts, others: [...whole, ...negateParts(parts)] }
}

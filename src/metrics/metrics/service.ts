import type { Reply } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { type NamedLicense, accountLedgersOf, askAccounts, askAll } from '../../ledger/client.ts'
import { bucketsOf } from './buckets.ts'
import { readLargestSums } from './largest.ts'
import { countLicenses, rankLicenses } from './licenses.ts'
import { readCustomers, readNames } from './names.ts'
import { type Plan, planQuery, refuseForeign } from './plan.ts'
import { readEarnings } from './revenue.ts'
import type { GetMetricsRequest, GetMetricsResponse, MetricQuery } from './schema.ts'
import { type Split, addParts, orderBySize, showRest, showSeries } from './series.ts'
import { MOST_POINTS, type MetricsContext, readSums, splitAll, tooManyPoints } from './sums.ts'

/** The most accounts that a call to an account ledger names. With more accounts, the ledger is asked for all of its accounts. */
const MOST_NAMED = 5000

const groupLicenses = async (ctx: Ctx, spans: readonly NamedLicense[], groupBy: string | undefined) => {
  if (groupBy === 'ACCOUNT_ID') return ({ account }: NamedLicense) => account
  if (groupBy === 'BILLABLE_ID') return ({ license }: NamedLicense) => license
  if (groupBy !== 'CUSTOMER_ID') return () => ''
  const customers = await readCustomers(ctx, [...new Set(spans.map(({ account }) => account))])
  return ({ account }: NamedLicense) => customers.get(account) ?? ''
}

const readLicenses = async (
  { ctx, names, from, until }: MetricsContext,
  { groupBy, largestGroups }: MetricQuery,
  plan: Plan,
  starts: readonly number[],
): Promise<Split> => {
  const accounts = plan.accounts?.flatMap((key) => (key.startsWith('=') ? [key.slice(1)] : []))
  const named = accounts && accounts.length <= MOST_NAMED ? [accounts] : []
  const ledgers = accountLedgersOf(ctx, names.generations)
  const all = await askAll(ledgers, (name) => askAccounts(ctx, name, (ledger) => ledger.readLicenses(from, until, ...named)))
  const [wanted, licenses] = [accounts && new Set(accounts), plan.series && new Set(plan.series)]
  const spans = all.flat().filter(({ account, license }) => (wanted?.has(account) ?? true) && (licenses?.has(license) ?? true))
  const groupOf = await groupLicenses(ctx, spans, groupBy)
  const count = (its: readonly NamedLicense[], grouped = groupOf) => countLicenses(starts, [from, until], its, grouped)
  if (largestGroups === undefined) return { parts: count(spans), others: [] }
  const shown = new Set(rankLicenses(starts, [from, until], spans, groupOf, largestGroups))
  const { mine = [], others = [] } = Object.groupBy(spans, (span) => (shown.has(groupOf(span)) ? 'mine' : 'others'))
  return { parts: count(mine), others: count(others, () => '') }
}

/** Reads the parts of a query: of all groups, or of its largest groups and of the others. */
const readParts = async (
  reading: MetricsContext,
  query: MetricQuery,
  path: string,
  plan: Plan,
  starts: readonly number[],
  most: number,
): Promise<Split> => {
  const { name, groupBy, largestGroups } = query
  switch (name) {
    case 'NAMED_LICENSE_USAGE':
      return readLicenses(reading, query, plan, starts)
    case 'REVENUE':
    case 'USAGE_FOR_CYCLE':
    case 'REVENUE_FOR_CYCLE':
      return readEarnings(reading, query, path, plan, starts, most)
    case 'EVENTS':
    case 'USAGE':
    case 'METER_USAGE':
    default:
      if (largestGroups === undefined) return { parts: await readSums(reading, query, plan, most), others: [] }
      if (groupBy === 'ACCOUNT_ID' || groupBy === 'CUSTOMER_ID') return readLargestSums(reading, query, path, plan, largestGroups)
      return splitAll(await readSums(reading, query, plan, most), largestGroups, most, path)
  }
}

/** Answers the queries: sums of events, usage and revenue by bucket and group. */
export const getMetrics = async (ctx: Ctx, input: GetMetricsRequest): Promise<Reply<GetMetricsResponse>> => {
  const { startTime: from, endTime: until, metricQueries } = input
  const names = await readNames(ctx, metricQueries)
  for (const [index, query] of metricQueries.entries()) refuseForeign(ctx, query, `metricQueries[${index}]`, names)
  const reading: MetricsContext = { ctx, names, from, until, asked: new Map(), earnings: new Map() }
  let points = 0
  const results = await Promise.all(
    metricQueries.map(async (query, index) => {
      const { id, name, aggregationPeriod, groupBy, largestGroups } = query
      const path = `metricQueries[${index}]`
      const starts = bucketsOf(from, until, aggregationPeriod)
      const most = Math.floor(MOST_POINTS / starts.length)
      const plan = planQuery(query, names)
      const { parts, others } = plan ? await readParts(reading, query, path, plan, starts, most) : { parts: [], others: [] }
      const groups = addParts(starts, parts)
      points += (groups.size + (largestGroups === undefined ? 0 : 1)) * starts.length
      if (points > MOST_POINTS) throw tooManyPoints(path)
      const data = showSeries(starts, groups, groupBy, !name.endsWith('_FOR_CYCLE'))
      return { id, name, ...(largestGroups === undefined ? { data } : { data: orderBySize(data, groups), rest: showRest(starts, others) }) }
    }),
  )
  return { answer: { results } }
}

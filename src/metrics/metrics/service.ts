import type { Reply } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { ApiError } from '../../lib/errors.ts'
import {
  type GroupQuery,
  type GroupRow,
  type NamedLicense,
  accountLedgersOf,
  askAccounts,
  askAll,
  askEvents,
  eventLedgersIn,
} from '../../ledger/client.ts'
import { bucketsOf } from './buckets.ts'
import { isOfCycles } from './fields.ts'
import { countLicenses } from './licenses.ts'
import { type Names, readCustomers, readNames } from './names.ts'
import { GROUPINGS, type Plan, planQuery, refuseForeign, showGroup } from './plan.ts'
import { type EarningsAsked, readEarnings } from './revenue.ts'
import type { GetMetricsRequest, GetMetricsResponse, MetricQuery } from './schema.ts'
import { type Part, addParts, showSeries } from './series.ts'

/** The most points of an answer. */
const MOST_POINTS = 100_000

/** The most accounts that a call to an account ledger names. With more accounts, the ledger is asked for all of its accounts. */
const MOST_NAMED = 5000

/** What is wrong with a query whose answer, or what it takes to reckon it, is too large. */
const tooMany = (path: string): ApiError =>
  new ApiError(
    'UNPROCESSABLE',
    `${path}: with it the answer would hold more than ${MOST_POINTS} points. Filter it by fewer accounts, bring startTime and endTime closer together, or take a longer aggregationPeriod.`,
  )

/** The data that a request is answered from. */
interface MetricsContext {
  ctx: Ctx
  names: Names
  from: number
  until: number
  /** The sums that were read from ledgers, by their question, so that queries with the same question share them. */
  asked: Map<string, Promise<GroupRow[]>>
  earnings: EarningsAsked
}

const readRows = async ({ ctx, names, from, until }: MetricsContext, query: GroupQuery): Promise<GroupRow[]> => {
  const ledgers = eventLedgersIn(ctx, names.generations, from, until)
  const all = await askAll(ledgers, (name) => askEvents(ctx, name, (ledger) => ledger.readGroups(query)))
  return all.flatMap((grouped) => {
    if ('rows' in grouped) return grouped.rows
    const ends = [...(grouped.forgotten.includes(from) ? ['startTime'] : []), ...(grouped.forgotten.includes(until) ? ['endTime'] : [])]
    throw new ApiError(
      'UNPROCESSABLE',
      ends
        .map((end) => `${end}: must be at the full hour, since the events of then are not kept any more, only what they add up to by hour`)
        .join('; '),
    )
  })
}

const readSums = async (
  reading: MetricsContext,
  { name, aggregationPeriod, groupBy }: MetricQuery,
  plan: Plan,
  most: number,
): Promise<Part[]> => {
  const { from, until, ctx, asked } = reading
  const by = groupBy === undefined ? undefined : GROUPINGS[groupBy]
  const isEvents = name === 'EVENTS'
  const query: GroupQuery = {
    from,
    until,
    period: aggregationPeriod,
    kind: isEvents ? 'e' : 'm',
    ...plan,
    ...(by && { by }),
    most,
    now: ctx.now,
  }
  const question = JSON.stringify(query)
  const answer = asked.get(question) ?? readRows(reading, query)
  asked.set(question, answer)
  const rows = await answer
  return rows.map(([start, group, units, count]) => ({
    start,
    group: showGroup(groupBy, group),
    value: isEvents ? String(count) : units,
    records: count,
  }))
}

const groupLicenses = async (ctx: Ctx, spans: readonly NamedLicense[], groupBy: string | undefined) => {
  if (groupBy === 'ACCOUNT_ID') return ({ account }: NamedLicense) => account
  if (groupBy === 'BILLABLE_ID') return ({ license }: NamedLicense) => license
  if (groupBy !== 'CUSTOMER_ID') return () => ''
  const customers = await readCustomers(ctx, [...new Set(spans.map(({ account }) => account))])
  return ({ account }: NamedLicense) => customers.get(account) ?? ''
}

const readLicenses = async (
  { ctx, names, from, until }: MetricsContext,
  { groupBy }: MetricQuery,
  plan: Plan,
  starts: readonly number[],
): Promise<Part[]> => {
  const accounts = plan.accounts?.flatMap((key) => (key.startsWith('=') ? [key.slice(1)] : []))
  const named = accounts && accounts.length <= MOST_NAMED ? [accounts] : []
  const ledgers = accountLedgersOf(ctx, names.generations)
  const all = await askAll(ledgers, (name) => askAccounts(ctx, name, (ledger) => ledger.readLicenses(from, until, ...named)))
  const [wanted, licenses] = [accounts && new Set(accounts), plan.series && new Set(plan.series)]
  const spans = all.flat().filter(({ account, license }) => (wanted?.has(account) ?? true) && (licenses?.has(license) ?? true))
  return countLicenses(starts, [from, until], spans, await groupLicenses(ctx, spans, groupBy))
}

const readParts = (
  reading: MetricsContext,
  query: MetricQuery,
  path: string,
  plan: Plan,
  starts: readonly number[],
  most: number,
): Promise<Part[]> => {
  if (isOfCycles(query.name)) return readEarnings(reading, query, path, plan, starts, most)
  return query.name === 'NAMED_LICENSE_USAGE' ? readLicenses(reading, query, plan, starts) : readSums(reading, query, plan, most)
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
      const { id, name, aggregationPeriod, groupBy } = query
      const path = `metricQueries[${index}]`
      const starts = bucketsOf(from, until, aggregationPeriod)
      const most = Math.floor(MOST_POINTS / starts.length)
      const plan = planQuery(query, names)
      const groups = addParts(starts, plan ? await readParts(reading, query, path, plan, starts, most) : [])
      points += groups.size * starts.length
      if (points > MOST_POINTS) throw tooMany(path)
      return { id, name, data: showSeries(starts, groups, groupBy, !name.endsWith('_FOR_CYCLE')) }
    }),
  )
  return { answer: { results } }
}

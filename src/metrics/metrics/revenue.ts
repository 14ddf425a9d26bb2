import {
  type Earning,
  readKept,
  readUsageByCycle,
  readWritten,
  reckonEarnings,
  reckonRevenueOfCycles,
  refreshKept,
} from '../../billing/revenue/service.ts'
import type { Ctx } from '../../db/context.ts'
import { formatDecimal, isZero, multiply, requireDecimal } from '../../lib/decimal.ts'
import { ApiError } from '../../lib/errors.ts'
import { MOST_RECKONED, type Names } from './names.ts'
import type { Plan } from './plan.ts'
import type { MetricQuery } from './schema.ts'
import type { Part } from './series.ts'

/** What was reckoned for a request, by its question, so that queries with the same question share it. */
export type EarningsAsked = Map<string, Promise<Earning[] | undefined>>

interface EarningsContext {
  ctx: Ctx
  names: Names
  from: number
  until: number
  earnings: EarningsAsked
}

const tooMuch = (path: string): ApiError =>
  new ApiError(
    'UNPROCESSABLE',
    `${path}: asks for more than can be reckoned at once. Bring startTime and endTime closer together, take a longer aggregationPeriod, or filter it by fewer accounts.`,
  )

/** The accounts of a query that can have cycles: those that it names, or all with a price plan. */
const listAccounts = ({ accounts }: Plan, { planned }: Names): readonly string[] => {
  const named = accounts?.flatMap((key) => (key.startsWith('=') ? [key.slice(1)] : []))
  if (!named || named.length <= MOST_RECKONED || planned.length > MOST_RECKONED) return named ?? planned
  return [...new Set(named).intersection(new Set(planned))]
}

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

/** An amount in the base currency of the organization. Throws UNPROCESSABLE if the rate is not known. */
const convert = (
  { organizationId, baseCurrency }: Ctx,
  { rates }: Names,
  { amount, currency }: Pick<Earning, 'amount' | 'currency'>,
  path: string,
): string => {
  const decimal = requireDecimal(amount)
  if (currency === baseCurrency || isZero(decimal)) return amount
  const rate = rates.get(currency)
  if (!rate)
    throw new ApiError(
      'UNPROCESSABLE',
      `${path}: has revenue in ${currency}, whose rate is not known. Put it into the setting setting.SYSTEM.exchange_rates.ORGANIZATION.${organizationId}, such as {"${currency}": "1.1"} where 1 ${currency} is worth 1.1 ${baseCurrency}; or send configs.CURRENCY INVOICE.`,
    )
  return formatDecimal(multiply(decimal, rate))
}

const GROUPS: Readonly<Record<string, (earning: Earning) => string>> = {
  ACCOUNT_ID: ({ accountId }) => accountId,
  CUSTOMER_ID: ({ customerId }) => customerId,
  USAGE_METER_ID: ({ billableId }) => billableId,
  BILLABLE_ID: ({ billableId }) => billableId,
}

const groupOf = (groupBy: string | undefined): ((earning: Earning) => string) =>
  groupBy === undefined ? () => '' : (GROUPS[groupBy] ?? (() => ''))

const isConverted = ({ name, configs = {} }: MetricQuery): boolean => name !== 'USAGE_FOR_CYCLE' && configs['CURRENCY'] !== 'INVOICE'

/** The parts of earnings that a query is about. */
const partsOf = (
  { ctx, names }: EarningsContext,
  query: MetricQuery,
  path: string,
  { series }: Plan,
  earnings: readonly Earning[],
): Part[] => {
  const { groupBy } = query
  const billables = series && new Set(series)
  const isByBillable = groupBy === 'USAGE_METER_ID' || groupBy === 'BILLABLE_ID'
  const group = groupOf(groupBy)
  return earnings
    .filter(({ billableId }) => (billables ? billables.has(billableId) : !isByBillable || billableId !== ''))
    .map((earning) => ({
      start: earning.at,
      group: group(earning),
      value: isConverted(query) ? convert(ctx, names, earning, path) : earning.amount,
      records: 1,
    }))
}

const KEPT_BY = { ACCOUNT_ID: 'ACCOUNT', CUSTOMER_ID: 'CUSTOMER', USAGE_METER_ID: 'BILLABLE', BILLABLE_ID: 'BILLABLE' } as const

/** Reads the parts of a query about more accounts than are reckoned for it, of what is kept of them. */
const readKeptParts = async (reading: EarningsContext, query: MetricQuery, path: string, plan: Plan, most: number): Promise<Part[]> => {
  const { ctx, names, from, until, earnings } = reading
  const { generations, isKept } = names
  const { name, groupBy, aggregationPeriod: period } = query
  if (!isKept)
    throw new ApiError(
      'UNAVAILABLE',
      'The revenue of all accounts is being reckoned for the first time. Send it again, or filter it by fewer.',
      60,
    )
  const accountIds = plan.accounts && listAccounts(plan, names)
  const question = JSON.stringify(['kept', accountIds ?? null])
  const refreshed = earnings.get(question) ?? refreshKept(ctx, generations, MOST_RECKONED, accountIds).then(() => [])
  earnings.set(question, refreshed)
  await refreshed
  const by = groupBy === undefined ? undefined : KEPT_BY[groupBy as keyof typeof KEPT_BY]
  const [kept, written] = await Promise.all([
    readKept(ctx, generations, {
      kind: name as 'REVENUE',
      from,
      until,
      now: ctx.now,
      period,
      most,
      ...(by && { by }),
      ...(accountIds && { accounts: accountIds }),
      ...(plan.series && { billables: plan.series }),
    }),
    name === 'REVENUE' ? readWritten(ctx, { accounts: accountIds, from, until }) : [],
  ])
  if (!written) throw tooMuch(path)
  return [
    ...kept.map(([start, group, currency, amount]) => ({
      start,
      group,
      value: isConverted(query) ? convert(ctx, names, { amount, currency }, path) : amount,
      records: 1,
    })),
    ...partsOf(reading, query, path, plan, written),
  ]
}

/** Reads the parts of a query about cycles: reckoned for it, or of what is kept if it is about too many accounts. */
export const readEarnings = async (
  reading: EarningsContext,
  query: MetricQuery,
  path: string,
  plan: Plan,
  starts: readonly number[],
  most: number,
): Promise<Part[]> => {
  const { names, earnings } = reading
  const { name, aggregationPeriod } = query
  const accountIds = listAccounts(plan, names)
  if (accountIds.length > MOST_RECKONED) return readKeptParts(reading, query, path, plan, most)
  const question = JSON.stringify([name, name === 'REVENUE' && aggregationPeriod, plan.accounts ? accountIds : null])
  const answer = earnings.get(question) ?? reckon(reading, name, accountIds, !plan.accounts, starts)
  earnings.set(question, answer)
  const found = await answer
  if (!found) throw tooMuch(path)
  return partsOf(reading, query, path, plan, found)
}

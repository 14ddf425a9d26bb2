import { type Earning, readUsageByCycle, readWritten, reckonEarnings, reckonRevenueOfCycles } from '../../billing/revenue/service.ts'
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

/** The accounts of a query that can have cycles. Throws UNPROCESSABLE if there are too many. */
const listAccounts = ({ accounts }: Plan, { planned }: Names, path: string): readonly string[] => {
  const ids = accounts?.flatMap((key) => (key.startsWith('=') ? [key.slice(1)] : [])) ?? planned
  if (ids.length > MOST_RECKONED)
    throw new ApiError(
      'UNPROCESSABLE',
      `${path}: is about more than ${MOST_RECKONED} accounts. Filter it by ACCOUNT_ID or CUSTOMER_ID, so that it is about fewer.`,
    )
  return ids
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
const convert = ({ organizationId, baseCurrency }: Ctx, { rates }: Names, { amount, currency }: Earning, path: string): string => {
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

/** Reckons the parts of a query about cycles. */
export const readEarnings = async (
  reading: EarningsContext,
  { name, aggregationPeriod, groupBy, configs = {} }: MetricQuery,
  path: string,
  plan: Plan,
  starts: readonly number[],
): Promise<Part[]> => {
  const { ctx, names, earnings } = reading
  const accountIds = listAccounts(plan, names, path)
  const question = JSON.stringify([name, name === 'REVENUE' && aggregationPeriod, plan.accounts ? accountIds : null])
  const answer = earnings.get(question) ?? reckon(reading, name, accountIds, !plan.accounts, starts)
  earnings.set(question, answer)
  const found = await answer
  if (!found) throw tooMuch(path)
  const isConverted = name !== 'USAGE_FOR_CYCLE' && configs['CURRENCY'] !== 'INVOICE'
  const billables = plan.series && new Set(plan.series)
  const isByBillable = groupBy === 'USAGE_METER_ID' || groupBy === 'BILLABLE_ID'
  const groupOf = groupBy === undefined ? () => '' : (GROUPS[groupBy] ?? (() => ''))
  return found
    .filter(({ billableId }) => (billables ? billables.has(billableId) : !isByBillable || billableId !== ''))
    .map((earning) => ({
      start: earning.at,
      group: groupOf(earning),
      value: isConverted ? convert(ctx, names, earning, path) : earning.amount,
      records: 1,
    }))
}

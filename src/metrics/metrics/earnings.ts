import type { Earning } from '../../billing/revenue/service.ts'
import type { Ctx } from '../../db/context.ts'
import { formatDecimal, isZero, multiply, requireDecimal } from '../../lib/decimal.ts'
import { ApiError } from '../../lib/errors.ts'
import { MOST_RECKONED, type Names } from './names.ts'
import type { Plan } from './plan.ts'
import type { MetricQuery } from './schema.ts'
import type { Part } from './series.ts'

/** What was reckoned for a request, by its question, so that queries with the same question share it. */
export type EarningsAsked = Map<string, Promise<Earning[] | undefined>>

export interface EarningsContext {
  ctx: Ctx
  names: Names
  from: number
  until: number
  earnings: EarningsAsked
}

export const tooMuch = (path: string): ApiError =>
  new ApiError(
    'UNPROCESSABLE',
    `${path}: asks for more than can be reckoned at once. Bring startTime and endTime closer together, take a longer aggregationPeriod, or filter it by fewer accounts.`,
  )

/** The accounts of a query that can have cycles: those that it names, or all with a price plan. */
export const listAccounts = ({ accounts }: Plan, { planned }: Names): readonly string[] => {
  const named = accounts?.flatMap((key) => (key.startsWith('=') ? [key.slice(1)] : []))
  if (!named || named.length <= MOST_RECKONED || planned.length > MOST_RECKONED) return named ?? planned
  return [...new Set(named).intersection(new Set(planned))]
}

/** An amount in the base currency of the organization. Throws UNPROCESSABLE if the rate is not known. */
export const convert = (
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

export const isConverted = ({ name, configs = {} }: MetricQuery): boolean => name !== 'USAGE_FOR_CYCLE' && configs['CURRENCY'] !== 'INVOICE'

/** The parts of earnings that a query is about. */
export const partsOf = (
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

import { type Decimal, formatDecimal, isZero, multiply, requireDecimal, sumDecimals } from '../lib/decimal.ts'
import { type RankQuery, type Ranking, rankGroups } from './ranking.ts'
import { type RevenueQuery, type RevenueSum, readRevenue } from './read_revenue.ts'
import { chunked } from './store.ts'

/** The question for what some of the accounts or customers earn, and all. */
export interface LargestRevenueQuery extends Omit<RevenueQuery, 'most'> {
  by: 'ACCOUNT' | 'CUSTOMER'
  /** What 1 of each currency is worth, a decimal. If left out, amounts are compared as they are. */
  rates?: Readonly<Record<string, string>>
}

/** What the groups that were named earn, and what all of them earn together. */
export interface LargestRevenue {
  rows: RevenueSum[]
  all: RevenueSum[]
}

/** A ranking, or a currency in which something is earned and whose rate is not known. */
export type RevenueRanking = Ranking | { unknownCurrency: string }

const accountsOf = (sql: SqlStorage, { by, accounts }: LargestRevenueQuery, groups: readonly string[]): readonly string[] => {
  const own =
    by === 'ACCOUNT'
      ? groups
      : chunked(groups).flatMap((sent) =>
          sql
            .exec<{ account: string }>('SELECT account FROM revenue_account WHERE customer IN (SELECT value FROM json_each(?))', sent)
            .toArray()
            .map(({ account }) => account),
        )
  if (!accounts) return own
  const asked = new Set(accounts)
  return own.filter((account) => asked.has(account))
}

/** Ranks accounts or customers by what they earn in a time range, by whole hours. */
export const rankRevenue = (sql: SqlStorage, query: LargestRevenueQuery, asked: RankQuery): RevenueRanking => {
  const rates = query.rates && new Map(Object.entries(query.rates).map(([currency, rate]) => [currency, requireDecimal(rate)]))
  const accounts = asked.of ? accountsOf(sql, query, asked.of) : query.accounts
  const sums = new Map<string, string[]>()
  for (const [, group, currency, amount] of readRevenue(sql, {
    ...query,
    ...(accounts && { accounts }),
    period: 'ALL',
    most: Number.POSITIVE_INFINITY,
  })) {
    const decimal = requireDecimal(amount)
    const rate: Decimal | undefined = rates?.get(currency)
    if (rates && !rate && !isZero(decimal)) return { unknownCurrency: currency }
    sums.set(group, [...(sums.get(group) ?? []), rate ? formatDecimal(multiply(decimal, rate)) : amount])
  }
  return rankGroups(
    [...sums].map(([group, amounts]) => [group, sumDecimals(amounts)] as const),
    asked,
  )
}

/** Adds up a time range by bucket and currency: for each of the groups that are named, and for all. */
export const readLargestRevenue = (sql: SqlStorage, query: LargestRevenueQuery, groups: readonly string[]): LargestRevenue => {
  const most = groups.length
  const { by: _by, ...whole } = query
  return {
    rows: readRevenue(sql, { ...query, accounts: accountsOf(sql, query, groups), most }),
    all: readRevenue(sql, { ...whole, most }),
  }
}

import { ZERO, add, formatDecimal } from '../lib/decimal.ts'
import { type EntryRow, isOverage, leftOf } from './feature_rows.ts'

/** An account, and the feature of which its credits are asked for. */
export type AskedBalance = readonly [account: string, feature: string]

/** What is left of the credits of a feature at an instant, as a decimal text, and when that changes though nothing is taken (milliseconds). */
export interface BalanceAt {
  balance: string
  changesAt: number | null
}

const hasBegun = (sql: SqlStorage, account: string, feature: string, at: number): boolean =>
  sql
    .exec<{ found: number }>(
      "SELECT EXISTS (SELECT 1 FROM feature_entry WHERE account = ? AND feature = ? AND since <= ? AND source <> 'OVERAGE') AS found",
      account,
      feature,
      at,
    )
    .one().found > 0

/** The credits at an instant (milliseconds), for each question: null where the account has never had any of the feature. Overage is none. */
export const readBalancesOf = (sql: SqlStorage, asked: readonly AskedBalance[], at: number): (BalanceAt | null)[] =>
  asked.map(([account, feature]) => {
    const rows = sql
      .exec<EntryRow>('SELECT * FROM feature_entry WHERE account = ? AND feature = ? AND until > ? AND is_void = 0', account, feature, at)
      .toArray()
      .filter((row) => !isOverage(row))
    const current = rows.filter(({ since }) => since <= at)
    if (!current.length && !hasBegun(sql, account, feature, at)) return null
    const changes = rows.map(({ since, until }) => (since <= at ? until : since))
    return {
      balance: formatDecimal(current.reduce((sum, row) => add(sum, leftOf(row) ?? ZERO), ZERO)),
      changesAt: changes.length ? Math.min(...changes) : null,
    }
  })

/** The question for the overage of an account in the hours from one instant until another, in milliseconds, which are at full hours. */
export interface OverageQuery {
  account: string
  features: readonly string[]
  from: number
  until: number
}

/** The overage of a feature in the hour that begins at an instant. */
export type OverageRow = [feature: string, start: number, units: string]

/** Reads the overage of accounts by the hour, for each question. */
export const readOverage = (sql: SqlStorage, queries: readonly OverageQuery[]): OverageRow[][] =>
  queries.map(({ account, features, from, until }) =>
    features.flatMap((feature) =>
      sql
        .exec<{ start: number; units: string }>(
          'SELECT start, units FROM overage_hour WHERE account = ? AND feature = ? AND start >= ? AND start < ? ORDER BY start',
          account,
          feature,
          from,
          until,
        )
        .toArray()
        .flatMap(({ start, units }): OverageRow[] => (units === '0' ? [] : [[feature, start, units]])),
    ),
  )

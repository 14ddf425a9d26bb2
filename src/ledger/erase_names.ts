/** The most names that are erased in one call. */
const MOST = 500

/** What stands before the digits that take the place of a name. */
const ERASED = 'erased.'

/** The number of those digits. */
const DIGITS = 32

/** Whether a name is what takes the place of one: others may begin like it. */
const IS_ERASED = `(its.name GLOB '${ERASED}*' AND length(its.name) = ${ERASED.length + DIGITS} AND substr(its.name, ${ERASED.length + 1}) NOT GLOB '*[^0-9a-f]*')`

/** Erases names that licences of accounts were given to, each once. Which of them were the same, and when each had one, stays. */
export const eraseNames = (sql: SqlStorage, accounts: readonly string[]): { erased: number; isMore: boolean } => {
  const names = sql
    .exec<{ account: string; license: string; name: string }>(
      `SELECT DISTINCT its.account, its.license, its.name FROM json_each(?) AS sent CROSS JOIN license_action AS its ON its.account = sent.value
       WHERE NOT ${IS_ERASED} LIMIT ${MOST}`,
      JSON.stringify(accounts),
    )
    .toArray()
  for (const { account, license, name } of names)
    sql.exec(
      `UPDATE license_action SET name = '${ERASED}' || ? WHERE account = ? AND license = ? AND name = ?`,
      crypto.randomUUID().replaceAll('-', ''),
      account,
      license,
      name,
    )
  return { erased: names.length, isMore: names.length === MOST }
}

/** How many names `eraseNames` would erase. */
export const countNames = (sql: SqlStorage, accounts: readonly string[]): number =>
  sql
    .exec<{ n: number }>(
      `SELECT count(*) AS n FROM (
         SELECT DISTINCT its.account, its.license, its.name FROM json_each(?) AS sent CROSS JOIN license_action AS its ON its.account = sent.value
         WHERE NOT ${IS_ERASED}
       )`,
      JSON.stringify(accounts),
    )
    .one().n

const [HOUR, DAY] = [3_600_000, 86_400_000]

/** What is planted into a ledger of an organization. */
export interface PlantLedgers {
  kind: 'EVENT' | 'ACCOUNT'
  ledgers: number
  index: number
  /** The ids of the accounts, and how many events each has. */
  accounts: readonly string[]
  each: number
  /** The start of the month, and how many of its hours have events. */
  month: number
  hours: number
  license: string
}

/** In how many of the hours an account has events. */
const HOURS_OF_ACCOUNT = 100

const numbersOf = (from: number, until: number): string =>
  `numbers (n) AS (SELECT ${from} UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < ${until})`

/** Plants a ledger's part of the events: copies of one that it has, in the lists too, and what they add up to. */
const plantEvents = (sql: SqlStorage, { ledgers, index, accounts, each, month, hours }: PlantLedgers): void => {
  const count = Math.floor((accounts.length * each) / ledgers)
  const step = Math.floor(hours / HOURS_OF_ACCOUNT)
  const turn = `n / ${accounts.length}`
  sql.exec(
    `INSERT INTO event WITH RECURSIVE ${numbersOf(0, count)}, timed AS (
       SELECT n, ${month} + (${turn} % ${HOURS_OF_ACCOUNT} * ${step} + n % ${step}) * ${HOUR} + n * 7919 % ${HOUR} AS time FROM numbers
     )
     SELECT format('planted-%08d', timed.n), format('event.%011d.%05d', timed.n, ${index}), time, time, '=' || place.account, 'rides',
       iif(timed.n % 100 = 1, 7, 1), its.source, its.rules, its.units, its.payload, NULL, NULL
     FROM timed CROSS JOIN planting AS place ON place.n = timed.n % ${accounts.length}
     CROSS JOIN (SELECT source, rules, units, payload FROM event WHERE schema = 'rides' LIMIT 1) AS its`,
  )
  const sums = 'cast(cast(total(units) AS INTEGER) AS TEXT), sum(count), min(first), max(last)'
  const planted = "FROM event WHERE id >= 'planted' AND id < 'plantee'"
  for (const statement of [
    `INSERT INTO timeline SELECT -time, id, reference, account, schema, status ${planted} ORDER BY 1, 2`,
    `INSERT INTO listing SELECT account, -time, id, reference, schema, status ${planted} ORDER BY 1, 2`,
    "INSERT OR IGNORE INTO account SELECT '=' || account, replace(account, 'ACC', 'CUS') FROM planting",
    `INSERT INTO unprocessed (reference, id, account) SELECT reference, id, account ${planted} AND status = 7`,
    `INSERT INTO sum_hour
     SELECT account, series, start, iif(series LIKE 'm|%', cast(2 * count AS TEXT), '0'), count, first, last FROM (
       SELECT account, time / ${HOUR} * ${HOUR} AS start, count(*) AS count, min(time) AS first, max(time) AS last ${planted} GROUP BY 1, 2
     ) CROSS JOIN series WHERE series IN (SELECT series FROM sum_hour WHERE account = '=account-0' AND series NOT LIKE '%exports%')`,
    `INSERT OR REPLACE INTO sum_hour SELECT '*', series, start, ${sums} FROM sum_hour WHERE account <> '*' GROUP BY series, start`,
    `INSERT OR REPLACE INTO sum_day SELECT account, series, start / ${DAY} * ${DAY}, ${sums} FROM sum_hour GROUP BY 1, 2, 3`,
  ])
    sql.exec(statement)
}

/** Plants a ledger's part of what accounts have: credits of a feature, a name that has a licence, and what they earned on each day. */
const plantAccounts = (sql: SqlStorage, { index, month, hours, license }: PlantLedgers): void => {
  const days = Math.ceil(hours / 24)
  for (const statement of [
    `INSERT INTO license_action (account, license, name, time, reference, action, arrived_at, opens)
     SELECT account, '${license}', 'user-' || n, ${month} + n, format('event.%011d.%05d', n, ${index}), 1, ${month} + n, 1 FROM planting`,
    `INSERT INTO feature_account (account, begun_at, turn) SELECT account, ${month}, 0 FROM planting`,
    `INSERT INTO revenue_account SELECT account, replace(account, 'ACC', 'CUS'), 1, 1, 0 FROM planting`,
    `INSERT INTO revenue WITH RECURSIVE ${numbersOf(0, days)}
     SELECT account, ${month} + numbers.n * ${DAY}, json_array(json_array(0, ${month} + numbers.n * ${DAY}, 0, '${license}', 'USD', '1.5')) FROM planting CROSS JOIN numbers WHERE planting.n % 10 = 0`,
  ])
    sql.exec(statement)
  for (const table of ['revenue_hour', 'revenue_day'])
    sql.exec(
      `INSERT OR REPLACE INTO ${table} SELECT 0, day, 0, '${license}', 'USD', cast(1.5 * count(*) AS TEXT), count(*) FROM revenue GROUP BY day`,
    )
}

/** Plants rows into a ledger, by SQL. The accounts are not where their ids would put them: what is asked of one by its id is of another account. */
export const plantLedger = (storage: DurableObjectStorage, asked: PlantLedgers): void =>
  storage.transactionSync(() => {
    const { sql } = storage
    sql.exec('CREATE TABLE planting (n INTEGER PRIMARY KEY, account TEXT NOT NULL) STRICT')
    sql.exec('INSERT INTO planting SELECT key, value FROM json_each(?)', JSON.stringify(asked.accounts))
    if (asked.kind === 'EVENT') plantEvents(sql, asked)
    else plantAccounts(sql, asked)
    sql.exec('DROP TABLE planting')
  })

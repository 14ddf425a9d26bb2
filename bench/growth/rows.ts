import type { Names } from './organization.ts'

/** The number of rows that one statement inserts. */
const CHUNK = 10_000

/** A plantation of rows: an organization of a database with so many customers that are not archived, made over the year before `started`. */
export interface Planted {
  d1: D1Database
  index: number
  live: number
  started: number
}

export const organizationOf = ({ index }: Planted): string => `org.${index}`
/** Customers that are archived come after the others. */
export const totalOf = (live: number): number => live + live / 50

/** The id of the account, or with CUS of the customer, of a number in SQL. */
const nameOf = (prefix: string, n: string, live: number): string => `format('${prefix}-%06d', ${n} % ${live} * 7919 % ${totalOf(live)})`

/** The id of the account with a number. */
export const accountIdOf = (n: number, live: number): string => `ACC-${String((n * 7919) % totalOf(live)).padStart(6, '0')}`

/** Copies of a row of the organization that has one of everything. */
interface Copies {
  table: string
  /** How many for each customer. */
  each: number
  /** Which row is copied. */
  of?: string
  /** What is not copied, in SQL of the number n, besides the organization. */
  set: Record<string, string>
}

/** The indexes of the organizations that have nothing but planted rows. */
export const NEIGHBOURS_FROM = 3

const YEAR = 365 * 86_400_000

/** Few have a rare status, by the rest of their number divided by 50. */
const status = (rare: Record<number, string>, other: string): string =>
  `CASE n % 50 ${Object.entries(rare)
    .map(([rest, one]) => `WHEN ${rest} THEN '${one}'`)
    .join(' ')} ELSE '${other}' END`

const copiesOf = ({ index, live, started }: Planted): Copies[] => {
  const key = (prefix: string): string => `format('${prefix}.%08d.%05d', n, ${index})`
  const [account, customer] = [nameOf('ACC', 'n', live), nameOf('CUS', 'n', live)]
  /** One after another within the year, and each at a millisecond of its own. */
  const at = (each: number): string => `CAST(${started - YEAR} + n * ${YEAR / (live * each)} AS INTEGER)`
  const times = (each: number) => ({ created_at: at(each), updated_at: at(each) })
  const owner = { account_id: account }
  const both = { ...owner, customer_id: customer }
  const keyless = { idempotency_key: 'NULL', fingerprint: 'NULL' }
  const invoice = { ...both, ...keyless, owner_id: account }
  return [
    {
      table: 'aliases',
      each: 0.25,
      set: { value: "format('spare-%07d', n)", status: `iif(n % 50, 'ACTIVE', 'ARCHIVED')`, ...times(0.25) },
    },
    { table: 'invoice_groups', each: 0.1, set: { id: key('ig'), ...times(0.1) } },
    { table: 'invoice_group_accounts', each: 0.2, set: { ...owner, invoice_group_id: `format('ig.%08d.%05d', n / 2, ${index})` } },
    {
      table: 'invoice_group_memberships',
      each: 0.2,
      set: { id: 'NULL', ...owner, invoice_group_id: `format('ig.%08d.%05d', n / 2, ${index})` },
    },
    { table: 'timelines', each: 1, set: owner },
    { table: 'account_billing', each: 1, set: owner },
    { table: 'schedules', each: 1, set: { sequence: 'NULL', id: key('sch'), ...owner } },
    { table: 'due', each: 1, of: "kind = 'BILLING'", set: { subject: account } },
    { table: 'licenses', each: 1, set: owner },
    {
      table: 'license_updates',
      each: 2,
      set: { id: key('lue'), ...owner, ...keyless, effective_from: at(2), position: `n / ${live}`, created_at: at(2) },
    },
    {
      table: 'invoices',
      each: 1,
      of: "invoice_type = 'STANDARD'",
      set: {
        id: key('draft'),
        ...invoice,
        auto_advance: 'iif(n % 10, its.auto_advance, 0)',
        invoice_at: `iif(n % 10, its.invoice_at, ${at(1)})`,
        ...times(1),
      },
    },
    {
      table: 'invoices',
      each: 1.5,
      of: "status <> 'DRAFT' AND invoice_type = 'CUSTOM'",
      set: {
        id: key('inv'),
        ...invoice,
        invoice_type: "iif(n % 1000, 'STANDARD', 'CUSTOM')",
        status: status({ 0: 'DUE', 1: 'VOID', 2: 'PARTIALLY_PAID', 3: 'UN_COLLECTIBLE' }, 'PAID'),
        paid: 'its.total',
        start_at: at(1.5),
        end_at: `${at(1.5)} + 86400000`,
        invoice_at: `${at(1.5)} + 86400000`,
        generated_at: at(1.5),
        sequence: 'n + 1000',
        sequence_id: "'INV-' || n",
        ...times(1.5),
      },
    },
    {
      table: 'payments',
      each: 1.2,
      set: {
        id: key('payment'),
        owner_id: account,
        customer_id: customer,
        transaction_number: "'planted-' || n",
        fingerprint: 'NULL',
        created_at: at(1.2),
      },
    },
    { table: 'payment_lines', each: 1.2, set: { payment_id: key('payment'), target_id: `format('inv.%08d.%05d', n, ${index})` } },
    {
      table: 'credits',
      each: 1,
      of: 'source IS NULL',
      set: { id: key('cred'), ...both, ...keyless, status: status({ 0: 'CONSUMED', 1: 'EXPIRED', 2: 'VOIDED' }, 'ACTIVE'), ...times(1) },
    },
    { table: 'credit_transactions', each: 1, set: { id: key('ct'), credit_id: key('cred'), created_at: at(1) } },
    { table: 'wallets', each: 1, of: "account_id = 'account-0'", set: { id: key('wallet'), ...owner } },
    {
      table: 'wallet_entries',
      each: 2,
      set: {
        id: key('we'),
        wallet_id: `format('wallet.%08d.%05d', n % ${live}, ${index})`,
        version: `n / ${live} + 2`,
        entity_id: 'NULL',
        created_at: at(2),
      },
    },
    {
      table: 'purchases',
      each: 0.5,
      of: "payment_mode IS NOT NULL AND type = 'WALLET_TOPUP'",
      set: { id: key('purchase'), ...both, ...keyless, ...times(0.5) },
    },
    { table: 'purchases', each: 0.5, of: 'payment_mode IS NULL', set: { id: key('proposal'), ...both, ...keyless, ...times(0.5) } },
    { table: 'feature_entries', each: 1, set: { ...owner, carried: 'its.version', asked: 'NULL' } },
    {
      table: 'jobs',
      each: 0.1,
      set: {
        id: key('job'),
        type: "iif(n % 3, 'BILL_RUN', 'PRICE_PLAN')",
        status: status({ 0: 'FAILED', 1: 'CANCELLED' }, 'COMPLETED'),
        ...times(0.1),
      },
    },
    {
      table: 'alerts',
      each: 0.1,
      set: { id: key('alert'), ...owner, validity: 'NULL', status: "iif(n % 5, 'ACTIVE', 'INACTIVE')", ...times(0.1) },
    },
    { table: 'webhook_endpoints', each: 0.01, set: { id: key('webhook'), ...times(0.01) } },
    { table: 'report_templates', each: 0.1, set: { id: key('rt'), ...both, ...times(0.1) } },
    {
      table: 'reports',
      each: 0.2,
      of: 'report_template_id IS NULL',
      set: { id: key('report'), account_id: `iif(n % 2, ${account}, NULL)`, customer_id: `iif(n % 2, ${customer}, NULL)`, ...times(0.2) },
    },
    { table: 'tokens', each: 0.1, set: { id: key('token'), hash: `format('%064x', n * 1000 + ${index})`, created_at: at(0.1) } },
    {
      table: 'audit_log',
      each: 3,
      of: "resource_type = 'CUSTOMER'",
      set: { sequence: 'n + 100000', at: at(3), resource_id: customer, hash: 'NULL' },
    },
    { table: 'outbox', each: 2, set: { sequence: 'NULL', at: at(2), resource_id: account } },
  ]
}

/** What no request makes at once: an incident, what a webhook tells, a file, and where a job has come to. */
const othersOf = ({ index, live, started }: Planted, names: Names): readonly [each: number, into: string, select: string][] => {
  const organization = `'org.${index}'`
  const at = (each: number): string => `CAST(${started - YEAR} + n * ${YEAR / (live * each)} AS INTEGER)`
  const key = (prefix: string): string => `format('${prefix}.%08d.%05d', n, ${index})`
  /** One that the organization made itself, or, of neighbours, which made nothing, one that was planted. */
  const of = (name: string, planted: string): string => (index < NEIGHBOURS_FROM ? `'${names[name] ?? ''}'` : planted)
  const alert = `format('alert.%08d.%05d', n % ${live / 10}, ${index})`
  return [
    [
      0.2,
      `INSERT INTO incidents (id, organization_id, alert_id, alert_version, template_id, status, report, last_checked_at, created_at, updated_at, version)`,
      `SELECT ${key('incident')}, ${organization}, iif(n < 20, ${of('alert_id', alert)}, ${alert}), 1,
         'usage-threshold-account', iif(n BETWEEN 20 AND 39, 'OPEN', 'CLOSED'), '{"account":"account-0","observed":"100","threshold":"50"}', ${at(0.2)}, ${at(0.2)}, ${at(0.2)}, 1 FROM numbers`,
    ],
    [
      1,
      `INSERT INTO webhook_events (id, organization_id, type, resource_type, resource_id, body, created_at)`,
      `SELECT ${key('whe')}, ${organization}, 'incident.generated', 'REPORT', ${key('report')}, '{"type":"incident.generated","data":{}}', ${at(1)} FROM numbers`,
    ],
    [
      1,
      `INSERT INTO webhook_deliveries (id, organization_id, endpoint_id, event_id, number, event_type, resource_type, resource_id, status, is_resent, attempts, next_at, claimed_until, created_at, ended_at)`,
      `SELECT ${key('whd')}, ${organization}, ${of('webhook_endpoint_id', `format('webhook.%08d.%05d', n % ${live / 100}, ${index})`)}, ${key('whe')}, n + 100, 'incident.generated', 'REPORT', ${key('report')},
         CASE n % 50 WHEN 0 THEN 'FAILED' WHEN 1 THEN 'CANCELLED' ELSE 'DELIVERED' END, 0, 1, ${at(1)}, 0, ${at(1)}, ${at(1)} FROM numbers`,
    ],
    [
      0.1,
      `INSERT INTO files (id, organization_id, account_id, customer_id, key, name, content_type, size, created_at)`,
      `SELECT ${key('file')}, ${organization}, ${nameOf('ACC', 'n', live)}, ${nameOf('CUS', 'n', live)}, ${key('key')}, 'report.csv', 'text/csv', 100, ${at(0.1)} FROM numbers`,
    ],
    [
      0.1,
      `INSERT INTO job_entries (job_id, position, organization_id, entity_id, status, created_at, updated_at)`,
      `SELECT ${of('job_id', key('job'))}, n + 1000, ${organization}, ${nameOf('ACC', 'n', live)}, 'COMPLETED', ${at(0.1)}, ${at(0.1)} FROM numbers`,
    ],
  ]
}

const numbersOf = (from: number, until: number): string =>
  `WITH RECURSIVE numbers (n) AS (SELECT ${from} UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < ${until})`

/** Inserts what is selected for each number, some at a time. */
const insertEach = async (d1: D1Database, count: number, into: string, select: string): Promise<void> => {
  for (let from = 0; from < count; from += CHUNK)
    await d1
      .prepare(`${into} ${numbersOf(from, Math.min(from + CHUNK, count))} ${select}`)
      .run()
      .catch((error: unknown) => {
        throw new Error(`${String(error)}: ${into}`)
      })
}

/** Plants what belongs to the customers of an organization: copies of the rows of `source`, which has one of everything. */
export const plantRows = async (planted: Planted, source: string, names: Names): Promise<void> => {
  const { d1, live } = planted
  const organization = organizationOf(planted)
  for (const { table, each, of = 'true', set } of copiesOf(planted)) {
    const { results } = await d1.prepare('SELECT name FROM pragma_table_info(?)').bind(table).all<{ name: string }>()
    const columns = results.map(({ name }) => name)
    const values = columns.map((column) => (column === 'organization_id' ? `'${organization}'` : (set[column] ?? `its.${column}`)))
    const found = `(SELECT * FROM ${table} WHERE organization_id = '${source}' AND ${of} LIMIT 1)`
    if (!(await d1.prepare(`SELECT 1 FROM ${found}`).first())) throw new Error(`There is no row of ${table} to copy where ${of}`)
    const select = `SELECT ${values.join(', ')} FROM ${found} AS its CROSS JOIN numbers`
    await insertEach(d1, Math.round(live * each), `INSERT INTO ${table} (${columns.join(', ')})`, select)
  }
  for (const [each, into, select] of othersOf(planted, names)) await insertEach(d1, Math.round(live * each), into, select)
  await d1.prepare('INSERT OR REPLACE INTO kept_revenue VALUES (?, 1)').bind(organization).run()
}

/** Takes triggers and indexes away while rows are planted, and gives what puts them back. */
export const takeAside = async (d1: D1Database): Promise<() => Promise<void>> => {
  const { results } = await d1
    .prepare("SELECT type, name, sql FROM sqlite_schema WHERE type IN ('trigger', 'index') AND sql IS NOT NULL ORDER BY type")
    .all<{ type: string; name: string; sql: string }>()
  for (const { type, name } of results) await d1.prepare(`DROP ${type} ${name}`).run()
  return async () => {
    for (const { sql } of results) await d1.prepare(sql).run()
  }
}

import { quoted } from '../../scripts/wrangler.ts'
import { type Planted, organizationOf, totalOf } from './rows.ts'

const NAME_COUNT = 40
const NAMES = JSON.stringify(
  'Acme Globex Initech Umbrella Stark Wayne Wonka Hooli Vandelay Soylent Tyrell Cyberdyne Aperture Oscorp Duff Gringotts Monarch Nakatomi Oceanic Pied Quantum Rekall Sirius Tessier Vehement Weyland Yoyodyne Zorg Bluth Dunder Prestige Sterling Strickland Virtucon Wernham Axiom Gekko Krusty Lumon Massive'.split(
    ' ',
  ),
)
const KINDS = JSON.stringify('Foods Logistics Media Energy Textiles Robotics Travel Health Mobility Insurance'.split(' '))

/** The number of rows that one statement inserts. */
const CHUNK = 10_000

/**
 * Plants customers, made over a year, and an account each; those that are archived have none.
 * The last quarter was changed an hour ago at one instant, as by an import; of the others half 500 at a time, half at any time.
 */
export const plantCustomers = async (planted: Planted): Promise<void> => {
  const { d1, index, live, started } = planted
  const organization = organizationOf(planted)
  const total = totalOf(live)
  const year = 365 * 86_400_000
  const key = (prefix: string): string => `format('${prefix}.%08d.%05d', n, ${index})`
  const at = (n: string): string => `CAST(${started - year} + ${n} * ${year / total} AS INTEGER)`
  const old = `n BETWEEN 100 AND ${100 + live / 20}`
  for (let from = 0; from < total; from += CHUNK) {
    const numbers = `WITH RECURSIVE numbers (n) AS (SELECT ${from} UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < ${Math.min(from + CHUNK, total)})`
    const statements = [
      `INSERT INTO customers (togai_customer_id, organization_id, id, name, primary_email, address, status, created_at, updated_at, id_folded, name_folded, primary_email_folded)
        ${numbers}, named AS (
          SELECT n, format('CUS-%06d', n * 7919 % ${total}) AS id,
            CASE WHEN n % ${live / 10} = 7 THEN 'Zanzibar' WHEN ${old} THEN 'Migrated' ELSE ${quoted(NAMES)} ->> (n % ${NAME_COUNT}) END
              || ' ' || (${quoted(KINDS)} ->> (n / ${NAME_COUNT} % 10)) || ' Ltd ' || n AS name,
            'Billing+' || n || '@' || (${quoted(NAMES)} ->> (n * 31 % ${NAME_COUNT})) || '.example' AS email
          FROM numbers
        )
        SELECT ${key('customer')}, '${organization}', id, name, email,
          json_object('line1', n || ' Broadway Street', 'postalCode', format('%05d', n % 99999), 'city', 'Florence', 'country', 'US'),
          iif(n < ${live}, 'ACTIVE', 'ARCHIVED'), ${at('n')},
          CASE
            WHEN ${old} THEN ${started - year}
            WHEN n >= ${(live * 3) / 4} THEN ${started - 3_600_000}
            WHEN n % 2 THEN ${at('n / 500 * 500')}
            ELSE ${at(`(n * 7919 % ${live})`)}
          END,
          lower(id), lower(name), lower(email)
        FROM named`,
      `INSERT INTO accounts (togai_account_id, organization_id, togai_customer_id, customer_id, id, name, invoice_currency, address, primary_email, status, created_at, updated_at, id_folded, name_folded, primary_email_folded)
        ${numbers}
        SELECT ${key('account')}, organization_id, togai_customer_id, id, replace(id, 'CUS', 'ACC'), name, iif(n % 3, 'USD', 'EUR'), address, primary_email,
          iif(n % 20 = 3, 'DRAFT', 'ACTIVE'), created_at, updated_at, replace(id_folded, 'cus', 'acc'), name_folded, primary_email_folded
        FROM numbers CROSS JOIN customers WHERE n < ${live} AND togai_customer_id = ${key('customer')}`,
      `INSERT INTO account_aliases (id, organization_id, togai_account_id, value, effective_from, effective_until, created_at, updated_at)
        ${numbers}
        SELECT ${key('alias')}, organization_id, togai_account_id, 'meter-' || n, 0, ${Date.UTC(9999, 0, 1)}, created_at, created_at
        FROM numbers CROSS JOIN accounts WHERE n % 4 = 0 AND togai_account_id = ${key('account')}`,
      `INSERT INTO settings (organization_id, entity_type, entity_id, namespace, id, name, value, data_type, position, created_at, updated_at)
        ${numbers}
        SELECT organization_id, 'ACCOUNT', id, 'USER', 'GRACE_PERIOD', 'Grace period', '7', 'NUMERIC', 0, created_at, created_at
        FROM numbers CROSS JOIN accounts WHERE n % 10 = 0 AND togai_account_id = ${key('account')}`,
      `INSERT INTO aliases (organization_id, value, status, created_at, updated_at)
        ${numbers}
        SELECT organization_id, 'meter-' || n, 'ACTIVE', created_at, created_at
        FROM numbers CROSS JOIN accounts WHERE n % 4 = 0 AND togai_account_id = ${key('account')}`,
    ]
    await d1.batch(statements.map((statement) => d1.prepare(statement)))
  }
}

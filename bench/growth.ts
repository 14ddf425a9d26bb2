import { createHash, randomBytes } from 'node:crypto'
import { fail, findMedian, quoted } from '../scripts/wrangler.ts'
import { buildWorker, serveWorker, startBenchmark } from './benchmark.ts'
import type { MeasureRequest, Measurement } from './worker.ts'

const SMALL = 1000
const BIG = 200_000
const NEIGHBOURS = 50

const MOST = 1.5
/** Milliseconds: a smaller difference cannot be told from noise. */
const FLOOR = 1
const ROUNDS = 21
/** Of what is shown without being judged. */
const FEWER_ROUNDS = 5
const REQUESTS = 10
/** In milliseconds: no round begins later than the first, and nothing takes longer than the second. */
const [TIME, LONGEST] = [220_000, 600_000]
const DATABASES = ['DB', 'ALONE'] as const

const started = Date.now()
const directory = startBenchmark('Growth', LONGEST)
const server = serveWorker(directory, 'worker.js', DATABASES)

interface Organization {
  database: MeasureRequest['database']
  token: string
}

const NAME_COUNT = 40
const NAMES = JSON.stringify(
  'Acme Globex Initech Umbrella Stark Wayne Wonka Hooli Vandelay Soylent Tyrell Cyberdyne Aperture Oscorp Duff Gringotts Monarch Nakatomi Oceanic Pied Quantum Rekall Sirius Tessier Vehement Weyland Yoyodyne Zorg Bluth Dunder Prestige Sterling Strickland Virtucon Wernham Axiom Gekko Krusty Lumon Massive'.split(
    ' ',
  ),
)
const KINDS = JSON.stringify('Foods Logistics Media Energy Textiles Robotics Travel Health Mobility Insurance'.split(' '))

const insert = (d1: D1Database, statements: readonly string[]) => d1.batch(statements.map((statement) => d1.prepare(statement)))

/** The number of rows that one statement inserts. */
const CHUNK = 10_000

/**
 * An organization with `live` customers that are not archived, made over a year, and an account each.
 * The last quarter was changed an hour ago at one instant, as by an import; of the others half 500 at a time, half at any time.
 */
const seed = async (
  databases: Record<MeasureRequest['database'], D1Database>,
  index: number,
  live: number,
  database: MeasureRequest['database'],
): Promise<Organization> => {
  const d1 = databases[database]
  const token = randomBytes(32).toString('base64url')
  const organization = `org.${index}`
  const total = live + live / 50
  const year = 365 * 86_400_000
  const key = (prefix: string): string => `format('${prefix}.%08d.%05d', n, ${index})`
  const at = (n: string): string => `CAST(${started - year} + ${n} * ${year / total} AS INTEGER)`
  const old = `n BETWEEN 100 AND ${100 + live / 20}`
  await insert(d1, [
    `INSERT INTO organizations (id, name, created_at) VALUES ('${organization}', '${organization}', ${started})`,
    `INSERT INTO tokens (id, organization_id, name, hash, created_at)
      VALUES ('token.${index}', '${organization}', 'Growth', '${createHash('sha256').update(token).digest('hex')}', ${started})`,
  ])
  for (let from = 0; from < total; from += CHUNK) {
    const numbers = `WITH RECURSIVE numbers (n) AS (SELECT ${from} UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < ${Math.min(from + CHUNK, total)})`
    await insert(d1, [
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
    ])
  }
  return { database, token }
}

const measure = async (url: URL, asked: MeasureRequest): Promise<Measurement> => {
  const response = await fetch(new URL('/measure', url), { method: 'POST', body: JSON.stringify(asked) })
  if (!response.ok) throw new Error(await response.text())
  return (await response.json()) as Measurement
}

interface Case {
  what: string
  /** The path in each of the organizations. */
  paths: string[]
  judged: boolean
}

const casesOf = async (url: URL, organizations: readonly Organization[], path: string, prefix: string): Promise<Case[]> => {
  const same = (query: string, about = '', judged = true): Case => ({
    what: `GET ${path}${query} ${about}`.trim(),
    paths: organizations.map(() => path + query),
    judged,
  })
  const far = async (size: number, pages: readonly [alone: number, beside: number, big: number]): Promise<Case> => {
    const walks = organizations.map(async (organization, at) => {
      const times = (pages[at] ?? 0) - 1
      const { nextToken, shown } = await measure(url, { ...organization, path: `${path}?pageSize=${size}`, times, walk: true })
      if (shown !== times * size || nextToken === undefined) throw new Error(`${times} pages of ${size} of ${path} showed ${shown} rows`)
      return `${path}?nextToken=${nextToken}`
    })
    const [first, , last] = pages
    const what = `GET ${path} page ${last.toLocaleString('en')} of ${size}${first === last ? '' : ` (page ${first} of the small ones)`}`
    return { what, paths: await Promise.all(walks), judged: true }
  }
  return [
    same(''),
    await far(1, [1000, 1000, 1000]),
    await far(20, [40, 40, 1000]),
    same('?_search=zanzibar', '(10 match)'),
    same(`?_search=${prefix}-`, '(all match)'),
    same('?_search=acme', '(1 in 40)', false),
    same('?_search=migrated', '(1 in 20, the oldest)', false),
    same(`/${prefix}-000500`),
  ]
}

const seconds = (): string => `${((Date.now() - started) / 1000).toFixed(0)} s`

const line = (what: string, ...columns: string[]): void => console.log(what.padEnd(62), ...columns.map((column) => column.padStart(8)))

const bench = async (): Promise<string | undefined> => {
  await buildWorker('bench/worker.ts', directory)
  const { url } = await server.listen()
  for (const binding of DATABASES) await server.getWorker().applyD1Migrations(binding)
  const databases = await server.getWorker<Record<MeasureRequest['database'], D1Database>>().getEnv()
  const alone = await seed(databases, 0, SMALL, 'ALONE')
  let beside = alone
  for (let index = 1; index <= NEIGHBOURS; index++) beside = await seed(databases, index, SMALL, 'DB')
  const big = await seed(databases, NEIGHBOURS + 1, BIG, 'DB')
  console.log(`The databases are filled after ${seconds()}`)

  const organizations = [alone, beside, big]
  const cases = [...(await casesOf(url, organizations, '/customers', 'CUS')), ...(await casesOf(url, organizations, '/accounts', 'ACC'))]
  console.log(`The pages 1,000 are reached after ${seconds()}\n`)
  const taken = cases.map((one) => ({ ...one, ms: organizations.map((): number[] => []), rowsRead: organizations.map(() => 0) }))
  let rounds = 0
  for (let round = 0; round <= ROUNDS && (round < 2 || Date.now() - started < TIME); round++) {
    rounds = round
    for (const { paths, judged, ms, rowsRead } of taken)
      for (const [at, organization] of organizations.entries()) {
        if (!judged && round > FEWER_ROUNDS) continue
        const measured = await measure(url, { ...organization, path: paths[at] ?? '', times: judged ? REQUESTS : 1 })
        rowsRead[at] = measured.rowsRead
        if (round > 0) ms[at]?.push(measured.ms)
      }
  }

  line('', 'ms', '', '', '', 'rows_read')
  line('', 'alone', 'beside', 'big', 'ratio', 'alone', 'beside', 'big')
  const over: string[] = []
  for (const { what, judged, ms, rowsRead } of taken) {
    const [least = 0, ...others] = ms.map(findMedian)
    const most = Math.max(...others)
    const tooSlow = judged && most > MOST * least && most - least > FLOOR
    if (tooSlow) over.push(what)
    const ratio = `${tooSlow ? '! ' : ''}${(most / least).toFixed(2)}${judged ? ' ' : '*'}`
    line(what, ...[least, ...others].map((one) => one.toFixed(1)), ratio, ...rowsRead.map((one) => one.toLocaleString('en')))
  }
  console.log(`
alone   an organization with ${SMALL.toLocaleString('en')} customers, the only one in its database
beside  such a one, among ${NEIGHBOURS} of them and the big one
big     the organization with ${BIG.toLocaleString('en')} customers
ratio   the slower of beside and big to alone: ${MOST} at most, where they differ by more than ${FLOOR} ms
*       not judged: what matches grows with the organization, and is rare among the rows in the order of the list
Medians of ${rounds} rounds of ${REQUESTS} requests (of ${Math.min(rounds, FEWER_ROUNDS)} requests where not judged), timed inside workerd; it took ${seconds()}`)
  if (rounds < ROUNDS) {
    console.log(
      `! The machine was busy: there was time for ${rounds} of ${ROUNDS} rounds. Take the numbers for a hint, and run it again when nothing else runs.`,
    )
    return undefined
  }
  return over.length ? `more than ${MOST} times as slow: ${over.join('; ')}` : undefined
}

let wrong: string | undefined
try {
  wrong = await bench()
} catch (error) {
  wrong = (error instanceof Error ? error.message : String(error)).split('\n')[0]
}
await server.close()
if (wrong) fail(`Growth: ${wrong}`)

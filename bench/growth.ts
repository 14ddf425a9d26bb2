import { createHash, randomBytes } from 'node:crypto'
import { findMedian } from '../scripts/median.ts'
import { fail } from '../scripts/wrangler.ts'
import { buildWorker, serveWorker, startBenchmark } from './benchmark.ts'
import { type Case, fillIn, listCases } from './growth/cases.ts'
import { plantCustomers } from './growth/customers.ts'
import type { PlantLedgers } from './growth/ledgers.ts'
import { MONTH, type Names, makeOne } from './growth/organization.ts'
import { NEIGHBOURS_FROM, accountIdOf, plantRows, takeAside } from './growth/rows.ts'
import type { MeasureRequest, Measurement } from './worker.ts'

const FULL = 200_000
/** Fewer customers try the benchmark out: lists that have too few rows are left out. */
const BIG = Number(process.env['GROWTH'] ?? FULL)
const SMALL = BIG / 100
const NEIGHBOURS = 20
/** How many events each account has that has any, of which there are a hundredth. */
const EVENTS = 1000
const LEDGERS = 4

const MOST = 1.5
/** Milliseconds: a smaller difference cannot be told from noise. */
const FLOOR = 1
const ROUNDS = 21
/** Of what is shown without being judged. */
const FEWER_ROUNDS = 5
const REQUESTS = 3
/** In milliseconds: no round begins later than the first, and nothing takes longer than the second. */
const [TIME, LONGEST] = [480_000, 1_500_000]
const DATABASES = ['DB', 'ALONE'] as const

const started = Date.now()
const directory = startBenchmark('Growth', LONGEST)
const server = serveWorker(directory, 'worker.js', DATABASES)
const seconds = (): string => `${((Date.now() - started) / 1000).toFixed(0)} s`
const say = (done: string): void => console.log(`${done} after ${seconds()}`)

interface Organization {
  id: string
  database: MeasureRequest['database']
  token: string
  names: Names
}
type Databases = Record<MeasureRequest['database'], D1Database>

const post = async (url: URL, path: string, body: unknown): Promise<unknown> => {
  const response = await fetch(new URL(path, url), { method: 'POST', body: JSON.stringify(body) })
  if (!response.ok) throw new Error(await response.text())
  return response.json()
}
const measure = async (url: URL, asked: MeasureRequest): Promise<Measurement> => (await post(url, '/measure', asked)) as Measurement

/** Makes an organization that has one of everything. Ledgers look for it in the database of the Worker, also where its rows are in another one. */
const makeOrganization = async (
  url: URL,
  databases: Databases,
  index: number,
  database: MeasureRequest['database'],
): Promise<Organization> => {
  const id = `org.${index}`
  const token = randomBytes(32).toString('base64url')
  for (const d1 of new Set([databases[database], databases.DB]))
    await d1.prepare('INSERT INTO organizations (id, name, created_at) VALUES (?1, ?1, ?2)').bind(id, started).run()
  await databases[database]
    .prepare("INSERT INTO tokens (id, organization_id, name, hash, created_at) VALUES (?, ?, 'Growth', ?, ?)")
    .bind(`token.${index}`, id, createHash('sha256').update(token).digest('hex'), started)
    .run()
  const headers = {
    Authorization: `Bearer ${token}`,
    'Content-Type': 'application/json',
    ...(database === 'ALONE' && { 'X-Alone': 'yes' }),
  }
  const names = await makeOne(async (path, body, method = body === undefined && !path.endsWith('activate') ? 'GET' : 'POST') => {
    const response = await fetch(new URL(path, url), { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) })
    const answer = (await response.json()) as Record<string, unknown>
    if (!response.ok) throw new Error(`${method} ${path} was answered ${response.status} ${JSON.stringify(answer)}`)
    return answer
  }, id)
  return { id, database, token, names: { ...names, first_token: `token.${index}` } }
}

/** Plants the events of an organization, and what its accounts have in their ledgers. */
const plantLedgers = async (url: URL, { id, names }: Organization, live: number): Promise<void> => {
  const accounts = Array.from({ length: live }, (_, n) => accountIdOf(n, live))
  const hours = Math.floor((started - MONTH) / 3_600_000)
  for (let index = 0; index < LEDGERS; index++)
    for (const kind of ['EVENT', 'ACCOUNT'] as const) {
      const asked: PlantLedgers = {
        kind,
        ledgers: LEDGERS,
        index,
        accounts: kind === 'EVENT' ? accounts.slice(0, live / 100) : accounts.filter((_, n) => n % LEDGERS === index),
        each: EVENTS,
        month: MONTH,
        hours,
        license: names['named_id'] ?? '',
      }
      await post(url, '/plant', { ...asked, name: `${id}/${kind.toLowerCase()}/1/${index}` })
    }
}

const fillDatabases = async (url: URL, databases: Databases): Promise<Organization[]> => {
  const sizes = [SMALL, SMALL, BIG]
  const organizations: Organization[] = []
  for (const index of sizes.keys()) organizations.push(await makeOrganization(url, databases, index, index ? 'DB' : 'ALONE'))
  say('The organizations have one of everything')
  const putBack = await Promise.all(DATABASES.map((database) => takeAside(databases[database])))
  const plant = async (database: MeasureRequest['database'], index: number, live: number, source: string, names: Names): Promise<void> => {
    const planted = { d1: databases[database], index, live, started }
    await plantCustomers(planted)
    await plantRows(planted, source, names)
  }
  for (const [index, { id, database, names }] of organizations.entries()) await plant(database, index, sizes[index] ?? 0, id, names)
  const [, beside] = organizations
  if (!beside) throw new Error('there is no organization beside the others')
  for (let index = NEIGHBOURS_FROM; index < NEIGHBOURS_FROM - 1 + NEIGHBOURS; index++) {
    await databases.DB.prepare('INSERT INTO organizations (id, name, created_at) VALUES (?1, ?1, ?2)').bind(`org.${index}`, started).run()
    await plant('DB', index, SMALL, beside.id, beside.names)
  }
  say('Their rows are planted')
  for (const put of putBack) await put()
  say('The indexes are made')
  for (const [index, organization] of organizations.entries()) await plantLedgers(url, organization, sizes[index] ?? 0)
  say('The ledgers are filled')
  return organizations.map((organization, index) => {
    const busy = accountIdOf(3, sizes[index] ?? 0)
    const set = accountIdOf(30, sizes[index] ?? 0)
    return {
      ...organization,
      names: {
        ...organization.names,
        busy,
        busy_customer: busy.replace('ACC', 'CUS'),
        set_account: set,
        incident_id: `incident.${String(7).padStart(8, '0')}.${String(index).padStart(5, '0')}`,
        webhook_delivery_id: `whd.${String(7).padStart(8, '0')}.${String(index).padStart(5, '0')}`,
        planted_id: `inv.${String(7).padStart(8, '0')}.${String(index).padStart(5, '0')}`,
      },
    }
  })
}

interface Timed extends Case {
  paths: string[]
  bodies: unknown[]
  ms: number[][]
  rowsRead: number[]
}

/** Asks each case once of each organization, goes to its page, and says what was refused. */
const prepareCases = async (url: URL, organizations: readonly Organization[]): Promise<Timed[]> => {
  const prepared: Timed[] = []
  const faults: string[] = []
  for (const one of listCases()) {
    const timed: Timed = { ...one, paths: [], bodies: [], ms: organizations.map(() => []), rowsRead: [] }
    try {
      const counts: number[] = []
      for (const { names, ...organization } of organizations) {
        const body = one.body === undefined ? undefined : (JSON.parse(fillIn(JSON.stringify(one.body), names)) as unknown)
        let path = fillIn(one.path, names)
        if (one.page !== undefined) {
          const times = one.page - 1
          const { nextToken, shown } = await measure(url, { ...organization, path, times, walk: true })
          if (nextToken === undefined) throw new Error(`ends before page ${one.page}, with ${shown} rows`)
          path = `${path.split('?')[0]}?nextToken=${nextToken}`
        }
        counts.push((await measure(url, { ...organization, path, body, times: 1 })).shown)
        timed.paths.push(path)
        timed.bodies.push(body)
      }
      if (one.grows === undefined && new Set(counts).size > 1) throw new Error(`shows ${counts.join(', ')} rows, which cannot be compared`)
      prepared.push(timed)
    } catch (error) {
      faults.push(`${one.what}: ${error instanceof Error ? error.message.slice(0, 300) : String(error)}`)
    }
  }
  if (faults.length && BIG === FULL) throw new Error(`These are not answered:\n${faults.join('\n')}`)
  for (const fault of faults) console.log(`Left out: ${fault}`)
  return prepared
}

const line = (what: string, ...columns: string[]): void => console.log(what.padEnd(90), ...columns.map((column) => column.padStart(9)))

const describeSize = (size: number): string =>
  `${size.toLocaleString('en')} customers, ${(size * 2.5).toLocaleString('en')} invoices and ${(size * 10).toLocaleString('en')} events`

const bench = async (): Promise<string | undefined> => {
  await buildWorker('bench/worker.ts', directory)
  const { url } = await server.listen()
  for (const binding of DATABASES) await server.getWorker().applyD1Migrations(binding)
  const organizations = await fillDatabases(url, await server.getWorker<Databases>().getEnv())
  const taken = await prepareCases(url, organizations)
  say(`${taken.length} reads are answered`)
  let rounds = 0
  for (let round = 0; round <= ROUNDS && (round < 4 || Date.now() - started < TIME); round++) {
    rounds = round
    for (const { paths, bodies, grows, ms, rowsRead } of taken)
      for (const [at, { names: _, ...organization }] of organizations.entries()) {
        if (grows !== undefined && round > FEWER_ROUNDS) continue
        const times = grows === undefined ? REQUESTS : 1
        const measured = await measure(url, { ...organization, path: paths[at] ?? '', body: bodies[at], times })
        rowsRead[at] = measured.rowsRead
        if (round > 0) ms[at]?.push(measured.ms)
      }
  }

  line('', 'ms', '', '', '', 'rows_read')
  line('', 'alone', 'beside', 'big', 'ratio', 'alone', 'beside', 'big')
  const over: string[] = []
  for (const { what, grows, ms, rowsRead } of taken) {
    const [least = 0, ...others] = ms.map(findMedian)
    const most = Math.max(...others)
    const tooSlow = grows === undefined && most > MOST * least && most - least > FLOOR
    if (tooSlow) over.push(what)
    const ratio = `${tooSlow ? '! ' : ''}${(most / least).toFixed(2)}${grows === undefined ? ' ' : '*'}`
    line(what, ...[least, ...others].map((one) => one.toFixed(1)), ratio, ...rowsRead.map((one) => one.toLocaleString('en')))
  }
  console.log(`
alone   an organization with ${describeSize(SMALL)}, the only one in its database
beside  such a one, among ${NEIGHBOURS} of them and the big one
big     the organization with ${describeSize(BIG)}
ratio   the slower of beside and big to alone: ${MOST} at most, where they differ by more than ${FLOOR} ms
*       not judged: docs/operating.md says why it grows
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
  wrong = error instanceof Error ? error.message : String(error)
}
await server.close()
if (wrong) fail(`Growth: ${wrong}`)

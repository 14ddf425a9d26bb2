import { createHash, randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { findMedian } from '../scripts/wrangler.ts'
import { buildWorker, serveWorker, startBenchmark } from './benchmark.ts'

const ROUNDS = 5
/** Requests at a time, and in a round of each kind. */
const AT_ONCE = 8
const REQUESTS = { create: 1000, read: 1500, list: 500 }
const CUSTOMERS = 1000
const LONGEST = 180_000
const GOAL = 0.9
const DATABASES = ['DB', 'BARE']

const started = Date.now()
const directory = startBenchmark('Bench', LONGEST)

const token = randomBytes(32).toString('base64url')
const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }

let made = 0
const customer = () => {
  const n = ++made
  return {
    id: `customer-${n}`,
    name: `ACME Enterprise ${n}`,
    primaryEmail: `billing-${n}@example.com`,
    address: { city: 'Florence', country: 'US' },
    account: { id: `account-${n}`, name: `Primary Account ${n}`, invoiceCurrency: 'USD', aliases: [`alias-${n}`] },
  }
}

type Kind = keyof typeof REQUESTS
const WHAT: Record<Kind, string> = { create: 'POST /customers', read: 'GET /customers/{id}', list: 'GET /customers?pageSize=100' }

const requestOf = (base: string, kind: Kind): Request => {
  if (kind === 'create')
    return new Request(`${base}/customers`, {
      method: 'POST',
      headers: { ...headers, 'Idempotency-Key': `key-${++made}` },
      body: JSON.stringify(customer()),
    })
  if (kind === 'list') return new Request(`${base}/customers?pageSize=100`, { headers })
  return new Request(`${base}/customers/customer-${1 + ((made++ * 7919) % CUSTOMERS)}`, { headers })
}

interface Taken {
  perSecond: number
  p50: number
  p99: number
}

const at = (sorted: readonly number[], part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN
/** Sends `count` requests, some at a time, and gives how fast they were answered, in milliseconds. */
const load = async (base: string, kind: Kind, count: number): Promise<Taken> => {
  const requests = Array.from({ length: count }, () => requestOf(base, kind))
  const times: number[] = []
  const start = performance.now()
  const client = async (): Promise<void> => {
    for (let request = requests.pop(); request; request = requests.pop()) {
      const sent = performance.now()
      const response = await fetch(request)
      const text = await response.text()
      if (!response.ok) throw new Error(`${WHAT[kind]} was answered ${response.status} ${text}`)
      times.push(performance.now() - sent)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, client))
  const perSecond = count / ((performance.now() - start) / 1000)
  const sorted = times.toSorted((a, b) => a - b)
  return { perSecond, p50: at(sorted, 0.5), p99: at(sorted, 0.99) }
}

/** Milliseconds from starting a Worker to its first answer, with all of workerd in it. */
const startUp = async (main: string, path: string): Promise<number> => {
  const start = performance.now()
  const server = serveWorker(directory, main, DATABASES, true)
  const { url } = await server.listen()
  await (await fetch(new URL(path, url))).text()
  const took = performance.now() - start
  await server.close()
  return took
}

const line = (...columns: string[]): void =>
  console.log(columns.map((column, index) => (index ? column.padStart(9) : column.padEnd(30))).join(' '))

await buildWorker('bench/worker.ts', directory)
await buildWorker('src/index.ts', join(directory, 'ours'))
writeFileSync(join(directory, 'empty.js'), 'export default { fetch: () => new Response() }')

const server = serveWorker(directory, 'worker.js', DATABASES, true)
const { url } = await server.listen()
const [ours, bare] = [url.origin, `${url.origin}/bare`]
const { DB, BARE } = await server.getWorker<{ DB: D1Database; BARE: D1Database }>().getEnv()
for (const [binding, d1] of Object.entries({ DB, BARE })) {
  await server.getWorker().applyD1Migrations(binding)
  await d1.batch([
    d1.prepare("INSERT INTO organizations (id, name, created_at) VALUES ('org.bench', 'Bench', 0)"),
    d1
      .prepare("INSERT INTO tokens (id, organization_id, name, hash, created_at) VALUES ('token.bench', 'org.bench', 'Bench', ?, 0)")
      .bind(createHash('sha256').update(token).digest('hex')),
  ])
}
for (const base of [ours, bare]) {
  made = 0
  await Promise.all(
    Array.from({ length: AT_ONCE }, async (_, lane) => {
      for (let n = lane; n < CUSTOMERS; n += AT_ONCE) {
        const sent = { method: 'POST', headers: { ...headers, 'Idempotency-Key': `fill-${n}` }, body: JSON.stringify(customer()) }
        const response = await fetch(`${base}/customers`, sent)
        if (!response.ok) throw new Error(`filling was answered ${response.status} ${await response.text()}`)
        await response.text()
      }
    }),
  )
}
made = 10 * CUSTOMERS

const BASES = { ours, bare }
type Base = keyof typeof BASES
const turns: Base[] = ['ours', 'bare']

const ratios: Record<Kind, number> = { create: 0, read: 0, list: 0 }
console.log(
  `${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.version}; medians of ${ROUNDS} rounds, ${AT_ONCE} requests at a time\n`,
)
line('', 'req/s', 'p50 ms', 'p99 ms', 'bare/s', 'p50 ms', 'p99 ms', 'ratio')
for (const kind of Object.keys(REQUESTS) as Kind[]) {
  const rounds: Record<Base, Taken>[] = []
  for (let round = 0; round <= ROUNDS; round++) {
    const taken = {} as Record<Base, Taken>
    for (const base of turns) taken[base] = await load(BASES[base], kind, REQUESTS[kind])
    turns.reverse()
    if (round > 0) rounds.push(taken)
  }
  const of = (base: Base, what: keyof Taken): string =>
    findMedian(rounds.map((taken) => taken[base][what])).toFixed(what === 'perSecond' ? 0 : 2)
  ratios[kind] = findMedian(rounds.map((taken) => taken.ours.perSecond / taken.bare.perSecond))
  const mine = [of('ours', 'perSecond'), of('ours', 'p50'), of('ours', 'p99')]
  line(WHAT[kind], ...mine, of('bare', 'perSecond'), of('bare', 'p50'), of('bare', 'p99'), ratios[kind].toFixed(2))
}
console.log('\nratio: ours to bare in requests a second, of each round; the median of these')

const calls = async (kind: Kind): Promise<string> => {
  const response = await fetch(requestOf(ours, kind))
  await response.text()
  return /desc="(\d+)"/.exec(response.headers.get('Server-Timing') ?? '')?.[1] ?? '?'
}
console.log(
  `\nD1 calls a request: ${(await Promise.all((Object.keys(REQUESTS) as Kind[]).map(async (kind) => `${WHAT[kind]} ${await calls(kind)}`))).join(', ')}`,
)
await server.close()
const bundle = readFileSync(join(directory, 'ours/index.js'))
console.log(`Bundle: ${(bundle.length / 1000).toFixed(1)} KB, ${(gzipSync(bundle, { level: 9 }).length / 1000).toFixed(1)} KB compressed`)
const starts = { ours: [] as number[], empty: [] as number[] }
for (let round = 0; round < ROUNDS; round++) {
  starts.ours.push(await startUp('ours/index.js', '/'))
  starts.empty.push(await startUp('empty.js', '/'))
}
console.log(
  `First answer after a start of workerd: ${findMedian(starts.ours).toFixed(0)} ms, of an empty Worker ${findMedian(starts.empty).toFixed(0)} ms`,
)
const missed = (Object.keys(ratios) as Kind[]).filter((kind) => ratios[kind] < GOAL)
console.log(
  `\n${missed.length ? `Under the goal of ${GOAL}: ${missed.map((kind) => WHAT[kind]).join(', ')}` : `Each at ${GOAL} of the bare Worker or more`}; it took ${((Date.now() - started) / 1000).toFixed(0)} s`,
)
process.exit(0)

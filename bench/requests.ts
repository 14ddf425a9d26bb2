import { createHash, randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findMedian } from '../scripts/median.ts'
import { fail } from '../scripts/wrangler.ts'
import { buildWorker, describeMachine, serveWorker, startBenchmark } from './benchmark.ts'
import { makeOne } from './growth/organization.ts'
import { CUSTOMERS, KIND_NAMES, type KindName, kindOf } from './kinds.ts'

const ROUNDS = 10
/** Requests at a time. */
const AT_ONCE = 8
/** Parts of a round, in each of which both Workers are asked, so that what ledgers do in between slows both of them. */
const PARTS = 5
const STARTS = 9
/** How many times as long as of an empty Worker the first answer after a start may take. */
const LONGEST_START = 2.5
/** In milliseconds: no round begins later than the first, and nothing takes longer than the second. */
const [TIME, LONGEST] = [240_000, 500_000]
/** On a quiet machine the middle half of the ratios of a kind lies closer together. */
const WIDEST = 0.15
const DATABASES = ['DB', 'BARE']

const started = Date.now()
const directory = startBenchmark('Bench', LONGEST)

/** The organization of customers, and that of plans, whose requests the bare Worker makes again as they were recorded. */
const tokens = { bench: randomBytes(32).toString('base64url'), priced: randomBytes(32).toString('base64url') }
const headersOf = (organization: keyof typeof tokens) => ({
  Authorization: `Bearer ${tokens[organization]}`,
  'Content-Type': 'application/json',
})

let made = 0

const requestOf = (base: string, name: KindName): Request => {
  const { isReplayed, send } = kindOf(name)
  const { path, body, key } = send(++made)
  const headers = { ...headersOf(isReplayed ? 'priced' : 'bench'), ...(key !== undefined && { 'Idempotency-Key': key }) }
  const at = isReplayed && base.endsWith('/bare') ? `${base}/replay/${name}` : base + path
  return new Request(at, body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) })
}

interface LoadResult {
  perSecond: number
  p50: number
  p99: number
}

const at = (sorted: readonly number[], part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN

/** How long requests took, in milliseconds: all of them together, and each. */
interface Times {
  all: number
  each: number[]
}

/** Sends `count` requests, some at a time. */
const load = async (base: string, kind: KindName, count: number): Promise<Times> => {
  const requests = Array.from({ length: count }, () => requestOf(base, kind))
  const each: number[] = []
  const start = performance.now()
  const client = async (): Promise<void> => {
    for (let request = requests.pop(); request; request = requests.pop()) {
      const sent = performance.now()
      const response = await fetch(request)
      const text = await response.text()
      if (!response.ok) throw new Error(`${kindOf(kind).what} was answered ${response.status} ${text}`)
      each.push(performance.now() - sent)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, client))
  return { all: performance.now() - start, each }
}

const summarize = (parts: readonly Times[]): LoadResult => {
  const sorted = parts.flatMap(({ each }) => each).toSorted((a, b) => a - b)
  const seconds = parts.reduce((sum, { all }) => sum + all, 0) / 1000
  return { perSecond: sorted.length / seconds, p50: at(sorted, 0.5), p99: at(sorted, 0.99) }
}

/** Measures the milliseconds from starting workerd to the first answer of a Worker. */
const timeStart = async (main: string, path: string): Promise<number> => {
  const start = performance.now()
  const starting = serveWorker(directory, main, DATABASES, true)
  const { url } = await starting.listen()
  await (await fetch(new URL(path, url))).text()
  const took = performance.now() - start
  await starting.close()
  return took
}

await buildWorker('bench/worker.ts', directory)
await buildWorker('src/index.ts', join(directory, 'ours'))
writeFileSync(
  join(directory, 'empty.js'),
  `import { DurableObject } from 'cloudflare:workers'
  export class AccountLedger extends DurableObject {}
  export class EventLedger extends DurableObject {}
  export class WebhookSender extends DurableObject {}
  export default { fetch: () => new Response() }`,
)

const server = serveWorker(directory, 'worker.js', DATABASES, true)
const { url } = await server.listen()
const BASES = { ours: url.origin, bare: `${url.origin}/bare` }
type Base = keyof typeof BASES

const { DB, BARE } = await server.getWorker<{ DB: D1Database; BARE: D1Database }>().getEnv()
for (const [binding, d1] of Object.entries({ DB, BARE })) {
  await server.getWorker().applyD1Migrations(binding)
  for (const [name, token] of Object.entries(tokens))
    await d1.batch([
      d1.prepare('INSERT INTO organizations (id, name, created_at) VALUES (?1, ?1, 0)').bind(`org.${name}`),
      d1
        .prepare("INSERT INTO tokens (id, organization_id, name, hash, created_at) VALUES (?, ?, 'Bench', ?, 0)")
        .bind(`token.${name}`, `org.${name}`, createHash('sha256').update(token).digest('hex')),
    ])
}

await makeOne(async (path, body, method = body === undefined && !path.endsWith('activate') ? 'GET' : 'POST') => {
  const sent = { method, headers: headersOf('priced'), ...(body !== undefined && { body: JSON.stringify(body) }) }
  const response = await fetch(url.origin + path, sent)
  const answer = (await response.json()) as Record<string, unknown>
  if (!response.ok) fail(`Bench: ${method} ${path} was answered ${response.status} ${JSON.stringify(answer)}`)
  return answer
}, 'org.priced')

/** Lets the Worker record a request of each kind that the bare one makes again, when what it remembers of the organization has been read. */
for (const kind of KIND_NAMES)
  if (kindOf(kind).isReplayed) {
    await (await fetch(requestOf(BASES.ours, kind))).text()
    const recorded = requestOf(`${url.origin}/bare/record/${kind}`, kind)
    const response = await fetch(recorded)
    if (!response.ok) fail(`Bench: ${kindOf(kind).what} was not recorded: ${await response.text()}`)
    await response.text()
  }

const turns: Base[] = ['ours', 'bare']
type Round = Record<KindName, Record<Base, LoadResult>>

/** Sends requests of each kind to both Workers in turn. */
const measureRound = async (): Promise<Round> => {
  const round = Object.fromEntries(KIND_NAMES.map((kind) => [kind, {}])) as Round
  for (const kind of KIND_NAMES) {
    const parts: Record<Base, Times[]> = { ours: [], bare: [] }
    for (let part = 0; part < PARTS; part++) {
      for (const base of turns) parts[base].push(await load(BASES[base], kind, kindOf(kind).count / PARTS))
      turns.reverse()
    }
    for (const base of turns) round[kind][base] = summarize(parts[base])
  }
  return round
}

const rounds: Round[] = []
/** Fills both databases with the same customers and measures, after a first round that is not counted, until there are enough rounds or the time is up. */
const measure = async (): Promise<void> => {
  for (const base of turns) {
    made = 0
    await load(BASES[base], 'create', CUSTOMERS)
  }
  await measureRound()
  while (rounds.length < ROUNDS && (!rounds.length || Date.now() - started < TIME)) rounds.push(await measureRound())
}

const printLine = (...columns: string[]): void =>
  console.log(columns.map((column, index) => (index ? column.padStart(9) : column.padEnd(35))).join(' '))

interface Ratio {
  median: number
  /** The quartiles of the ratios. */
  middle: [number, number]
}

const findRatio = (kind: KindName): Ratio => {
  const ratios = rounds.map((round) => round[kind].ours.perSecond / round[kind].bare.perSecond).toSorted((a, b) => a - b)
  return { median: at(ratios, 0.5), middle: [at(ratios, 0.25), at(ratios, 0.75)] }
}

const countCalls = async (kind: KindName): Promise<string> => {
  const response = await fetch(requestOf(BASES.ours, kind))
  await response.text()
  return `${kindOf(kind).what} ${/desc="(\d+)"/.exec(response.headers.get('Server-Timing') ?? '')?.[1] ?? '?'}`
}

let wrong: string | undefined
try {
  await measure()
} catch (error) {
  wrong = error instanceof Error ? error.message : String(error)
}
if (!rounds.length) fail(`Bench: ${wrong}`)

const ratios = new Map(KIND_NAMES.map((kind) => [kind, findRatio(kind)]))
console.log(`${describeMachine()}; medians of ${rounds.length} rounds, ${AT_ONCE} requests at a time\n`)
printLine('', 'req/s', 'p50 ms', 'p99 ms', 'bare/s', 'p50 ms', 'p99 ms', 'ratio', 'from', 'to', 'goal')
for (const [kind, { median, middle }] of ratios) {
  const show = (base: Base, what: keyof LoadResult): string =>
    findMedian(rounds.map((round) => round[kind][base][what])).toFixed(what === 'perSecond' ? 0 : 2)
  const speeds = (['ours', 'bare'] as const).flatMap((base) => [show(base, 'perSecond'), show(base, 'p50'), show(base, 'p99')])
  printLine(kindOf(kind).what, ...speeds, ...[median, ...middle, kindOf(kind).goal].map((ratio) => ratio.toFixed(2)))
}
console.log(
  '\nratio: ours to bare in requests a second, of each round; the median of these, and from where to where the middle half of them lies',
)
if (wrong) fail(`Bench: ${wrong}`)

console.log(`\nD1 calls a request: ${(await Promise.all(KIND_NAMES.map(countCalls))).join(', ')}`)
await server.close()
const starts = { ours: [] as number[], empty: [] as number[] }
for (let start = 0; start < STARTS; start++) {
  starts.ours.push(await timeStart('ours/index.js', '/'))
  starts.empty.push(await timeStart('empty.js', '/'))
}
const [first, firstOfEmpty] = [findMedian(starts.ours), findMedian(starts.empty)]
const timesAsLong = first / firstOfEmpty
console.log(
  `First answer after a start of workerd: ${first.toFixed(0)} ms, of an empty Worker ${firstOfEmpty.toFixed(0)} ms, ${timesAsLong.toFixed(2)} times as long (goal ${LONGEST_START})\n`,
)

const isUnsure = (kind: KindName): boolean => {
  const [from = 0, to = 0] = ratios.get(kind)?.middle ?? []
  return to - from > WIDEST
}
const listKinds = (kinds: readonly KindName[]): string => kinds.map((kind) => kindOf(kind).what).join(', ')

const unsure = KIND_NAMES.filter(isUnsure)
const signs = [
  ...(rounds.length < ROUNDS ? [`there was time for ${rounds.length} of ${ROUNDS} rounds`] : []),
  ...(unsure.length ? [`the ratios of ${listKinds(unsure)} lie far apart`] : []),
]
if (signs.length)
  console.log(`! The machine was busy: ${signs.join('; ')}. Take the numbers for a hint, and run it again when nothing else runs.`)
const missed = [
  ...KIND_NAMES.filter((kind) => (ratios.get(kind)?.median ?? 0) < kindOf(kind).goal).map((kind) => kindOf(kind).what),
  ...(timesAsLong > LONGEST_START ? ['the first answer after a start'] : []),
]
const verdict = missed.length ? `A goal is missed: ${missed.join(', ')}` : 'Each goal is met'
console.log(`${verdict}; it took ${((Date.now() - started) / 1000).toFixed(0)} s`)
process.exit(missed.length && !signs.length ? 1 : 0)

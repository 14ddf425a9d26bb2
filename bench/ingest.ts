import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { findMedian } from '../scripts/median.ts'
import { fail } from '../scripts/wrangler.ts'
import { buildWorker, describeMachine, serveWorker, startBenchmark } from './benchmark.ts'

const ROUNDS = 6
const LONGEST = 400_000
/** In milliseconds: no round begins later. */
const TIME = 240_000
const BATCH = 1000
const GOALS = { batches: 0.6, single: 0.85, entitled: 0.5 }

/** The two sides that are compared: ours beside the bare one, or where events take credits, those beside events that take none. */
type Base = 'ours' | 'bare'

interface Kind {
  name: string
  accounts: number
  events: number
  requests: number
  atOnce: number
  goal: number
  /** Whether events of /entitled, which take credits of a feature, are compared with those of /ingest, which take none. */
  isEntitled?: boolean
}

const KINDS: readonly Kind[] = [
  { name: '1,000 events, 1 account', accounts: 1, events: BATCH, requests: 12, atOnce: 4, goal: GOALS.batches },
  { name: '1,000 events, 100 accounts', accounts: 100, events: BATCH, requests: 12, atOnce: 4, goal: GOALS.batches },
  { name: '1,000 events, 1,000 accounts', accounts: 1000, events: BATCH, requests: 12, atOnce: 4, goal: GOALS.batches },
  { name: '1 event, 16 at a time', accounts: 100, events: 1, requests: 1000, atOnce: 16, goal: GOALS.single },
  { name: '/entitled, 16 at a time', accounts: 100, events: 1, requests: 1000, atOnce: 16, goal: GOALS.entitled, isEntitled: true },
]

const started = Date.now()
const directory = startBenchmark('Bench of ingestion', LONGEST)
const token = randomBytes(32).toString('base64url')
const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }

await buildWorker('src/index.ts', join(directory, 'ours'))
await buildWorker('bench/bare-ingest.ts', join(directory, 'bare'))
const servers = {
  ours: serveWorker(directory, 'ours/index.js', ['DB'], true),
  bare: serveWorker(directory, 'bare/bare-ingest.js', ['DB']),
}
const urls = { ours: (await servers.ours.listen()).url.origin, bare: (await servers.bare.listen()).url.origin }

const { DB } = await servers.ours.getWorker<{ DB: D1Database }>().getEnv()
await servers.ours.getWorker().applyD1Migrations('DB')
await DB.batch([
  DB.prepare("INSERT INTO organizations (id, name, created_at) VALUES ('org.bench', 'Bench', 0)"),
  DB.prepare("INSERT INTO tokens (id, organization_id, name, hash, created_at) VALUES ('token.bench', 'org.bench', 'Bench', ?, 0)").bind(
    createHash('sha256').update(token).digest('hex'),
  ),
])

const ask = async (path: string, body?: unknown): Promise<Record<string, unknown>> => {
  const response = await fetch(`${urls.ours}${path}`, {
    method: 'POST',
    headers,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const answer = (await response.json()) as Record<string, unknown>
  if (!response.ok) fail(`Bench of ingestion: ${path} was answered ${response.status} ${JSON.stringify(answer)}`)
  return answer
}

await ask('/customers', {
  id: 'acme',
  name: 'ACME Enterprise',
  primaryEmail: 'a@example.com',
  address: {},
  account: { id: 'account-0', name: 'Account' },
})
for (let n = 1; n < 1000; n++) await ask('/accounts', { id: `account-${n}`, name: 'Account', customerId: 'acme' })
const meters = [
  { aggregation: 'SUM', computations: [{ computation: '{"var":"attributes.distance"}', order: 1 }] },
  { aggregation: 'COUNT', filters: [{ field: 'city', value: 'florence' }] },
  {
    aggregation: 'SUM',
    computations: [
      {
        matcher: '{">":[{"var":"attributes.minutes"},1]}',
        computation: '{"*":[{"var":"attributes.distance"},{"var":"attributes.minutes"}]}',
        order: 1,
      },
    ],
  },
]
for (const schema of ['rides', 'exports']) {
  await ask('/event_schema', {
    name: schema,
    attributes: [{ name: 'distance' }, { name: 'minutes' }],
    dimensions: [{ name: 'city' }],
    filterFields: ['city'],
  })
  await ask(`/event_schema/${schema}/activate`)
  for (const [n, meter] of meters.entries()) {
    const { id } = await ask('/usage_meters', { name: `${schema} ${n}`, type: 'COUNTER', eventSchemaName: schema, ...meter })
    await ask(`/usage_meters/${String(id)}/activate`)
  }
}

/** Accounts have credits for all that is sent. Plans are in force from today on. */
const now = Date.now()
const { id: featureId } = await ask('/features', {
  name: 'Exports',
  schemaAssociations: [{ schemaName: 'exports', attributeName: 'distance' }],
})
const { id: planId } = await ask('/price_plans', {
  name: 'Exports',
  pricePlanDetails: {
    supportedCurrencies: ['USD'],
    pricingCycleConfig: { interval: 'MONTHLY', gracePeriod: 2, startOffset: { dayOffset: '1', monthOffset: 'NIL' } },
    billingEntitlementRateCards: [
      {
        featureId,
        featureConfigs: [{ effectiveUntil: 'P1M', featureCreditLimit: 1e12 }],
        invoiceTiming: 'IN_ARREARS',
        ratePlan: { pricingModel: 'TIERED', slabs: [{ order: 1, startAfter: 0, priceType: 'FLAT' }] },
        rateValues: [{ currency: 'USD', slabRates: [{ order: 1, rate: 20 }] }],
      },
    ],
  },
})
await ask(`/price_plans/${String(planId)}/activate`, { currencies: ['USD'] })
for (let n = 0; n < 100; n++)
  await ask(`/accounts/account-${n}/price_plans`, {
    pricePlanId: planId,
    effectiveFrom: new Date(now).toISOString().slice(0, 10),
    effectiveUntil: '9999-01-01',
  })

const eventOf = (accounts: number, at: number, takesCredits = false) => ({
  id: randomUUID(),
  schemaName: takesCredits ? 'exports' : 'rides',
  timestamp: new Date(takesCredits ? now : Date.UTC(2026, 2, 30, 10) + at).toISOString(),
  accountId: `account-${Math.floor(Math.random() * accounts)}`,
  attributes: [
    { name: 'distance', value: (Math.random() * 100).toFixed(2) },
    { name: 'minutes', value: String(Math.ceil(Math.random() * 60)) },
  ],
  dimensions: { city: 'florence' },
})

interface LoadResult {
  perSecond: number
}

const load = async (base: Base, { accounts, events, requests, atOnce, isEntitled = false }: Kind): Promise<LoadResult> => {
  const takesCredits = isEntitled && base === 'ours'
  const bodies = Array.from({ length: requests }, (_, at) =>
    JSON.stringify(
      events === 1
        ? { event: eventOf(accounts, at, takesCredits) }
        : { events: Array.from({ length: events }, (__, n) => eventOf(accounts, at * 1000 + n)) },
    ),
  )
  const path = events === 1 ? (takesCredits ? '/entitled' : '/ingest') : '/ingestBatch'
  const start = performance.now()
  const client = async (): Promise<void> => {
    for (let body = bodies.pop(); body !== undefined; body = bodies.pop()) {
      const response = await fetch(urls[isEntitled ? 'ours' : base] + path, { method: 'POST', headers, body })
      const text = await response.text()
      if (response.status !== (takesCredits ? 200 : 202)) throw new Error(`${path} of ${base} was answered ${response.status} ${text}`)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, client))
  return { perSecond: (requests * events) / ((performance.now() - start) / 1000) }
}

/** A ledger folds its journal 5 seconds after it began, or at once when it is long: single events are not measured beside that. */
const BETWEEN_LOADS = 1500
const UNTIL_FOLDED = 6500

const rounds: Record<string, Record<Base, LoadResult>>[] = []
for (let round = 0; round <= ROUNDS && (rounds.length === 0 || Date.now() - started < TIME); round++) {
  const taken: Record<string, Record<Base, LoadResult>> = {}
  for (const [place, kind] of KINDS.entries()) {
    const its = {} as Record<Base, LoadResult>
    if (kind.events === 1) await wait(UNTIL_FOLDED)
    for (const base of (round + place) % 2 ? (['bare', 'ours'] as const) : (['ours', 'bare'] as const)) {
      its[base] = await load(base, kind)
      await wait(BETWEEN_LOADS)
    }
    taken[kind.name] = its
  }
  if (round > 0) rounds.push(taken)
}

console.log(`${describeMachine()}; medians of ${rounds.length} rounds, 4 ledgers, 3 meters\n`)
let isUnder = false
for (const { name, goal, isEntitled = false } of KINDS) {
  const of = (base: Base): number => findMedian(rounds.map((round) => round[name]?.[base].perSecond ?? 0))
  const ratio = findMedian(rounds.map((round) => (round[name]?.ours.perSecond ?? 0) / (round[name]?.bare.perSecond ?? 1)))
  isUnder ||= ratio < goal
  console.log(
    `${name.padEnd(30)} ${of('ours').toFixed(0).padStart(8)} events/s  ${isEntitled ? '/ingest' : 'bare'.padEnd(7)} ${of('bare').toFixed(0).padStart(8)}  ratio ${ratio.toFixed(2)} (goal ${goal})`,
  )
}
console.log(`\n${isUnder ? 'Under a goal' : 'Each goal is met'}; it took ${((Date.now() - started) / 1000).toFixed(0)} s`)
await Promise.all([servers.ours.close(), servers.bare.close()])
process.exit(isUnder ? 1 : 0)

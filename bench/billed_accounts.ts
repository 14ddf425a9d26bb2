import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { buildWorker, serveWorker } from './benchmark.ts'

/** How many requests are sent at a time, and how many events with one. */
export const [AT_ONCE, BATCH] = [8, 1000]

const now = Date.now()
/** The cycle in which it is now, in UTC. Its invoices fall due after the grace of the plan. */
const [year, month] = [new Date(now).getUTCFullYear(), new Date(now).getUTCMonth()]
export const [START, END] = [Date.UTC(year, month), Date.UTC(year, month + 1)]
const GRACE = 3
export const DUE = END + GRACE * 86_400_000

export interface Organization {
  id: string
  token: string
  meters: string[]
}

/** Does some work for each of `count` numbers, some at a time. */
export const forEach = async (count: number, work: (n: number) => Promise<unknown>, atOnce = AT_ONCE): Promise<void> => {
  let next = 0
  const client = async (): Promise<void> => {
    for (let n = next++; n < count; n = next++) await work(n)
  }
  await Promise.all(Array.from({ length: atOnce }, client))
}

const fee = (id: unknown, invoiceTiming: string, rate: number) => ({
  id,
  name: `fee ${String(id)}`,
  enableProration: true,
  invoiceTiming,
  rateValues: [{ currency: 'USD', rate }],
})

export const customerOf = (n: number | string) => ({
  id: `customer-${n}`,
  name: `ACME Enterprise ${n}`,
  primaryEmail: `billing-${n}@example.com`,
  address: { city: 'Florence', country: 'US' },
  account: { id: `account-${n}`, name: `Primary Account ${n}`, invoiceCurrency: 'USD', aliases: [`alias-${n}`] },
})

/** Prepares organizations through the API of a Worker. Their tokens are put into its database. */
const prepareAccounts = (origin: string, DB: D1Database) => {
  let organizations = 0
  const ask = async (token: string, path: string, body?: unknown, method = 'POST'): Promise<Record<string, unknown>> => {
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }
    const response = await fetch(origin + path, { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) })
    const answer = (await response.json()) as Record<string, unknown>
    if (!response.ok) throw new Error(`${method} ${path} was answered ${response.status} ${JSON.stringify(answer)}`)
    return answer
  }

  const makeOrganization = async (): Promise<Organization> => {
    const id = `org.${++organizations}`
    const token = randomBytes(32).toString('base64url')
    await DB.batch([
      DB.prepare('INSERT INTO organizations (id, name, created_at) VALUES (?1, ?1, 0)').bind(id),
      DB.prepare("INSERT INTO tokens (id, organization_id, name, hash, created_at) VALUES (?, ?, 'Bench', ?, 0)").bind(
        `token.${organizations}`,
        id,
        createHash('sha256').update(token).digest('hex'),
      ),
    ])
    return { id, token, meters: [] }
  }

  /** Makes the meters, the add-ons and a plan of 5 cards: two of usage, two fees, one of them in advance, and licences. Gives its id. */
  const makePlan = async ({ token, meters }: Organization): Promise<string> => {
    await ask(token, '/event_schema', { name: 'rides', attributes: [{ name: 'distance' }, { name: 'minutes' }], dimensions: [] })
    await ask(token, '/event_schema/rides/activate')
    for (const attribute of ['distance', 'minutes']) {
      const { id } = await ask(token, '/usage_meters', {
        name: attribute,
        type: 'COUNTER',
        aggregation: 'SUM',
        eventSchemaName: 'rides',
        computations: [{ computation: `{"var":"attributes.${attribute}"}`, order: 1 }],
      })
      await ask(token, `/usage_meters/${String(id)}/activate`)
      meters.push(String(id))
    }
    const addOn = async (name: string, type: string) => (await ask(token, '/addons', { name, type }))['id']
    const [support, platform, seats] = [
      await addOn('Support', 'FIXED_FEE'),
      await addOn('Platform', 'FIXED_FEE'),
      await addOn('Seats', 'LICENSE'),
    ]
    const slabs = [0, 100, 1000].map((startAfter, index) => ({ order: index + 1, startAfter, priceType: 'PER_UNIT' }))
    const ratePlan = { pricingModel: 'TIERED', slabs }
    const rateValues = [{ currency: 'USD', slabRates: [0.25, 0.125, 0.0625].map((rate, index) => ({ order: index + 1, rate })) }]
    const { id } = await ask(token, '/price_plans', {
      name: 'Standard',
      pricePlanDetails: {
        supportedCurrencies: ['USD'],
        pricingCycleConfig: { interval: 'MONTHLY', startOffset: { dayOffset: '1', monthOffset: 'NIL' }, gracePeriod: GRACE },
        usageRateCards: meters.map((usageMeterId) => ({ usageMeterId, name: `usage ${usageMeterId}`, ratePlan, rateValues })),
        fixedFeeRateCards: [fee(support, 'IN_ARREARS', 30), fee(platform, 'IN_ADVANCE', 9)],
        licenseRateCards: [{ id: seats, name: 'seats', enableProration: true, invoiceTiming: 'IN_ARREARS', ratePlan, rateValues }],
      },
    })
    await ask(token, `/price_plans/${String(id)}/activate`, { currencies: ['USD'] })
    return String(id)
  }

  /** Sends events of accounts, as many of each, at times all over what has passed of the cycle, with distances of two decimals. */
  const sendEvents = async ({ token }: Organization, accounts: readonly string[], count: number): Promise<void> => {
    const eventOf = (at: number) => {
      const n = at % count
      return {
        id: randomUUID(),
        schemaName: 'rides',
        timestamp: new Date(START + Math.floor(((n + 0.5) / count) * (now - START))).toISOString(),
        accountId: accounts[Math.floor(at / count)],
        attributes: [
          { name: 'distance', value: `${n % 100}.${10 + (n % 90)}` },
          { name: 'minutes', value: String(1 + (n % 60)) },
        ],
        dimensions: {},
      }
    }
    const total = accounts.length * count
    const send = (batch: number) => {
      const first = batch * BATCH
      return ask(token, '/ingestBatch', { events: Array.from({ length: Math.min(BATCH, total - first) }, (_, n) => eventOf(first + n)) })
    }
    await forEach(Math.ceil(total / BATCH), send, 4)
  }

  /** Makes accounts that have the plan since the cycle began, with their events. */
  const makeAccounts = async (organization: Organization, accounts: number, events: number): Promise<void> => {
    const { token } = organization
    const pricePlanId = await makePlan(organization)
    const effectiveFrom = new Date(START).toISOString().slice(0, 10)
    await forEach(accounts, async (n) => {
      await ask(token, '/customers', customerOf(n))
      await ask(token, `/accounts/account-${n}/price_plans`, { pricePlanId, effectiveFrom, effectiveUntil: '9999-01-01' })
    })
    const names = Array.from({ length: accounts }, (_, n) => `account-${n}`)
    await sendEvents(organization, names, events)
  }

  return { ask, makeOrganization, makeAccounts, sendEvents }
}

/** Builds and serves the Worker in a directory, with what prepares organizations in it and runs its cron. */
export const serveAccounts = async (directory: string, vars: Record<string, string> = {}) => {
  await buildWorker('src/index.ts', directory)
  const server = serveWorker(directory, 'index.js', ['DB'], true, vars)
  const { url } = await server.listen()
  const worker = server.getWorker<{ DB: D1Database }>()
  const { DB } = await worker.getEnv()
  await worker.applyD1Migrations('DB')

  /** Does what the cron does at an instant, minute by minute, until nothing is due for an organization. Gives the seconds of each run. */
  const runCron = async (at: number, organization = ''): Promise<number[]> => {
    const runs: number[] = []
    const due = DB.prepare('SELECT 1 FROM due WHERE organization_id = ? AND due_at <= ? LIMIT 1').bind(organization, at)
    for (;;) {
      const start = performance.now()
      const { outcome } = await worker.scheduled({ scheduledTime: new Date(at + runs.length * 60_000), cron: '* * * * *' })
      if (outcome !== 'ok') throw new Error(`The cron ended ${outcome}`)
      runs.push((performance.now() - start) / 1000)
      if (!(await due.first())) return runs
    }
  }
  return { server, url, worker, DB, runCron, ...prepareAccounts(url.origin, DB) }
}

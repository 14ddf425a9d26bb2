import { randomUUID } from 'node:crypto'

export const CUSTOMERS = 1000

/** A kind of request that is asked of both Workers. */
export interface Kind {
  what: string
  /** How many in a round. */
  count: number
  /** What ours does in a second, of what the bare Worker does. */
  goal: number
  /** Whether the bare Worker makes the calls of a recorded request again. */
  isReplayed?: boolean
  /** What is sent, of which there are `made` already. */
  send: (made: number) => { path: string; body?: unknown; key?: string }
}

const customerOf = (n: number) => ({
  id: `customer-${n}`,
  name: `ACME Enterprise ${n}`,
  primaryEmail: `billing-${n}@example.com`,
  address: { city: 'Florence', country: 'US' },
  account: { id: `account-${n}`, name: `Primary Account ${n}`, invoiceCurrency: 'USD', aliases: [`alias-${n}`] },
})

const now = new Date()
const MONTH = Date.UTC(now.getUTCFullYear(), now.getUTCMonth())
const eventOf = (schemaName: string) => ({
  event: {
    id: randomUUID(),
    schemaName,
    timestamp: now.toISOString(),
    accountId: 'account-0',
    attributes: [
      { name: 'distance', value: '12.5' },
      { name: 'minutes', value: '30' },
    ],
    dimensions: {},
  },
})

const usage = {
  startTime: new Date(MONTH).toISOString(),
  endTime: new Date(MONTH + 28 * 86_400_000).toISOString(),
  metricQueries: [
    { id: 'usage', name: 'METER_USAGE', aggregationPeriod: 'DAY', filters: [{ fieldName: 'ACCOUNT_ID', fieldValues: ['account-0'] }] },
  ],
}

export const KINDS = {
  create: {
    what: 'POST /customers',
    count: 500,
    goal: 0.9,
    send: (made) => ({ path: '/customers', body: customerOf(made), key: `key-${made}` }),
  },
  read: {
    what: 'GET /customers/{id}',
    count: 750,
    goal: 0.9,
    send: (made) => ({ path: `/customers/customer-${1 + ((made * 7919) % CUSTOMERS)}` }),
  },
  list: { what: 'GET /customers?pageSize=100', count: 250, goal: 0.9, send: () => ({ path: '/customers?pageSize=100' }) },
  ingest: { what: 'POST /ingest', count: 500, goal: 0.9, isReplayed: true, send: () => ({ path: '/ingest', body: eventOf('rides') }) },
  entitled: {
    what: 'POST /entitled',
    count: 300,
    goal: 0.9,
    isReplayed: true,
    send: () => ({ path: '/entitled', body: eventOf('exports') }),
  },
  preview: {
    what: 'GET /accounts/{id}/invoice_preview',
    count: 250,
    goal: 0.9,
    isReplayed: true,
    send: () => ({ path: '/accounts/account-0/invoice_preview' }),
  },
  metric: { what: 'POST /metrics', count: 400, goal: 0.9, isReplayed: true, send: () => ({ path: '/metrics', body: usage }) },
} as const satisfies Record<string, Kind>

export type KindName = keyof typeof KINDS
export const KIND_NAMES = Object.keys(KINDS) as KindName[]
export const kindOf = (name: KindName): Kind => KINDS[name]

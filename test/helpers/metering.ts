import { createExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect } from 'vitest'
import { app } from '../../src/app.ts'
import type { Ctx } from '../../src/db/context.ts'
import { type EventShown, askEvents, ledgerName, meterSeries } from '../../src/ledger/client.ts'
import { sumDecimals } from '../../src/lib/decimal.ts'
import { ledgers, organization } from './api.ts'
import { customer } from './customer.ts'

export const TIME = '2026-03-30T10:41:00.000Z'

/** An event of the schema of `organizationWithMeter`. */
export const ride = (id: string | undefined, distance: string, more: Record<string, unknown> = {}) => ({
  ...(id !== undefined && { id }),
  schemaName: 'rides',
  timestamp: TIME,
  accountId: 'acme main',
  attributes: [{ name: 'distance', value: distance }],
  dimensions: { city: 'florence' },
  ...more,
})

/** An organization with an account, an active schema and an active meter that sums its distances. */
export const organizationWithMeter = async () => {
  const api = await organization()
  await api.post('/customers', customer('acme'))
  await api.post('/event_schema', {
    name: 'rides',
    attributes: [{ name: 'distance' }],
    dimensions: [{ name: 'city' }],
    filterFields: ['city'],
  })
  expect((await api.post('/event_schema/rides/activate')).status).toBe(200)
  const { body: meter } = await api.post('/usage_meters', {
    name: 'distance',
    type: 'COUNTER',
    aggregation: 'SUM',
    eventSchemaName: 'rides',
    computations: [{ computation: '{"var":"attributes.distance"}', order: 1 }],
  })
  expect((await api.post(`/usage_meters/${meter.id}/activate`)).status).toBe(200)
  return { ...api, meterId: String(meter.id) }
}

type Metered = Awaited<ReturnType<typeof organizationWithMeter>>

const ctx = { ledgers } as Pick<Ctx, 'ledgers'>

const namesOf = (id: string, count = 4, generation = 1): string[] =>
  Array.from({ length: count }, (_, index) => ledgerName(id, 'event', generation, index))

/** What the meter of an organization adds up to, over all times, accounts and ledgers. */
export const usageOf = async ({ id, meterId }: Pick<Metered, 'id' | 'meterId'>, names = namesOf(id)): Promise<string> => {
  const query = { from: 0, until: 253_370_764_800_000, period: 'ALL', kind: 'm', series: [meterSeries(meterId)], byAccount: false } as const
  const sums = await Promise.all(names.map((name) => askEvents(ctx, name, (ledger) => ledger.readSums(query))))
  return sumDecimals(sums.flat().map(([, , , units]) => units))
}

/** Every event of an organization, as its ledgers have them. */
export const eventsOf = async ({ id }: Pick<Metered, 'id'>, names = namesOf(id)): Promise<EventShown[]> =>
  (await Promise.all(names.map((name) => askEvents(ctx, name, (ledger) => ledger.listEvents({ limit: 1000 }))))).flat()

/** What waits until it is opened. */
export const gate = (): { open: () => void; opened: Promise<void> } => {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { open: resolve, opened: promise }
}

type Namespaces = typeof ledgers
type Asked = { name: string; method: string; args: unknown[] }

/** The ledgers of the Worker, where `around` is told each call and makes it, or not. */
export const watchedLedgers = (
  around: (asked: Asked, call: () => Promise<unknown>) => Promise<unknown>,
): Pick<Namespaces, 'EventLedger' | 'AccountLedger'> => {
  const watch = (namespace: DurableObjectNamespace): DurableObjectNamespace =>
    new Proxy(namespace, {
      get: (of, key) =>
        key === 'getByName'
          ? (name: string) =>
              new Proxy(
                {},
                {
                  get:
                    (_, method) =>
                    (...args: unknown[]) =>
                      around({ name, method: String(method), args }, () => {
                        const stub = of.getByName(name) as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>
                        return Promise.resolve(stub[String(method)]?.(...args))
                      }),
                },
              )
          : Reflect.get(of, key),
    })
  return { EventLedger: watch(ledgers.EventLedger), AccountLedger: watch(ledgers.AccountLedger) }
}

/** The API as a token sees it through other ledgers. */
export const throughLedgers =
  (token: string, exports: Pick<Namespaces, 'EventLedger' | 'AccountLedger'>) =>
  async (
    path: string,
    body: unknown,
    headers: Record<string, string> = {},
    method: 'POST' | 'PATCH' = 'POST',
  ): Promise<{ status: number; body: Record<string, unknown> }> => {
    const context = Object.assign(Object.create(createExecutionContext()) as ExecutionContext, { exports, waitUntil: () => {} })
    const request = new Request(`http://localhost${path}`, {
      method: method === 'POST' ? 'POST' : 'PATCH',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })
    const response = await app.fetch(request, { DB: env.DB, SIGNING_SECRET: env.SIGNING_SECRET }, context)
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }

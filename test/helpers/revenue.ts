import { expect, vi } from 'vitest'
import { sumDecimals } from '../../src/lib/decimal.ts'
import { organization } from './api.ts'
import { perUnit } from './calculator.ts'
import { customer } from './customer.ts'
import { doDue } from './ledgers.ts'
import { type Point, dataOf, valuesOf } from './metrics.ts'
import { monthly } from './schedules.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

/** An organization whose clock stands at an instant, with the meters `calls` and `bytes` and the customers of some accounts, C<id> each. */
export const withRevenue = async (now: string, currencies: Readonly<Record<string, string>> = { A: 'USD' }) => {
  vi.setSystemTime(Date.parse(now))
  const api = await organization()
  for (const [id, invoiceCurrency] of Object.entries(currencies))
    expect(await api.post('/customers', { ...customer(`C${id}`), account: { id, name: `Account ${id}`, invoiceCurrency } })).toMatchObject({
      status: 201,
    })
  await api.post('/event_schema', { name: 'api', attributes: [{ name: 'calls' }, { name: 'bytes' }], dimensions: [] })
  expect((await api.post('/event_schema/api/activate')).status).toBe(200)
  const meterOf = async (name: string): Promise<string> => {
    const { body } = await api.post('/usage_meters', {
      name,
      type: 'COUNTER',
      aggregation: 'SUM',
      eventSchemaName: 'api',
      computations: [{ computation: `{"var":"attributes.${name}"}`, order: 1 }],
    })
    expect((await api.post(`/usage_meters/${body.id}/activate`)).status).toBe(200)
    return String(body.id)
  }
  const [calls, bytes] = [await meterOf('calls'), await meterOf('bytes')]
  const addOn = async (name: string, type = 'FIXED_FEE'): Promise<string> => (await api.post('/addons', { name, type })).body.id
  const send = async (id: string, timestamp: string, accountId: string, count: string, more = '0') => {
    const attributes = [
      { name: 'calls', value: count },
      { name: 'bytes', value: more },
    ]
    expect((await api.post('/ingest', { event: { id, schemaName: 'api', timestamp, accountId, attributes, dimensions: {} } })).status).toBe(
      202,
    )
  }
  /** Publishes a plan. Gives its id. */
  const publish = async (name: string, details: Loose, currency = 'USD'): Promise<string> => {
    const { body } = await api.post('/price_plans', {
      name,
      pricePlanDetails: { supportedCurrencies: [currency], pricingCycleConfig: monthly, ...details },
    })
    const { status, body: activated } = await api.post(`/price_plans/${body.id}/activate`, { currencies: [currency] })
    expect([status, activated.message ?? body.message]).toEqual([200, undefined])
    return String(body.id)
  }
  const associate = async (account: string, pricePlanId: string, effectiveFrom: string, effectiveUntil = '9999-01-01') =>
    expect((await api.post(`/accounts/${account}/price_plans`, { pricePlanId, effectiveFrom, effectiveUntil })).status).toBe(200)
  const moveTo = async (time: string) => {
    vi.setSystemTime(Date.parse(time))
    await doDue(api.id)
  }
  const read = (startTime: string, endTime: string, query: Point) => dataOf(api, startTime, endTime, { name: 'REVENUE', ...query })
  /** What a query without groups comes to, over all of its buckets. */
  const sum = async (startTime: string, endTime: string, query: Point = {}): Promise<number> =>
    Number(sumDecimals(valuesOf(await read(startTime, endTime, query)).map(String)))
  return { ...api, calls, bytes, addOn, send, publish, associate, moveTo, read, sum }
}

export type RevenueWorld = Awaited<ReturnType<typeof withRevenue>>

/** A card that prices each unit of a meter. */
export const usageCard = (usageMeterId: string, rate: number, currency = 'USD') => ({
  usageMeterId,
  name: `card of ${usageMeterId}`,
  ...perUnit(rate),
  rateValues: [{ currency, slabRates: [{ order: 1, rate }] }],
})

/** A fee in USD. */
export const feeCard = (id: string, rate: number, more: Loose = {}) => ({
  id,
  name: `fee ${id}`,
  enableProration: false,
  rateValues: [{ currency: 'USD', rate }],
  ...more,
})

export const filtersOf = (filter: Record<string, string[]>) => ({
  filters: Object.entries(filter).map(([fieldName, fieldValues]) => ({ fieldName, fieldValues })),
})

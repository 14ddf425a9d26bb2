import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type RevenueWorld, withRevenue } from '../helpers/revenue.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
})

afterEach(() => {
  vi.useRealTimers()
})

const NOW = '2024-04-10T10:30:00Z'

/** Two slabs: 1 a unit, and 0.5 behind 10. */
const slabCard = (usageMeterId: string, currency: string) => ({
  usageMeterId,
  name: `card of ${usageMeterId}`,
  ratePlan: {
    pricingModel: 'TIERED',
    slabs: [
      { order: 1, startAfter: 0, priceType: 'PER_UNIT' },
      { order: 2, startAfter: 10, priceType: 'PER_UNIT' },
    ],
  },
  rateValues: [
    {
      currency,
      slabRates: [
        { order: 1, rate: 1 },
        { order: 2, rate: 0.5 },
      ],
    },
  ],
})

const withSlabs = async (currency = 'USD') => {
  const api = await withRevenue(NOW, { A: currency })
  const plan = await api.publish('Slabs', { usageRateCards: [slabCard(api.calls, currency)] }, currency)
  await api.associate('A', plan, '2024-04-01')
  return api
}

const setting = ({ id }: Pick<RevenueWorld, 'id'>, name: string, value: string) => ({
  entityType: name === 'exchange_rates' ? 'ORGANIZATION' : 'EVENT_SCHEMA',
  entityId: name === 'exchange_rates' ? id : 'api',
  id: name,
  value,
  namespace: 'SYSTEM',
  name: 'A setting',
  dataType: name === 'exchange_rates' ? 'JSON' : 'STRING',
})

const showRevenue = async (api: RevenueWorld) =>
  expect((await api.post('/settings', setting(api, 'event_level_revenue', 'true'))).status).toBe(201)

const detailsOf = async (api: RevenueWorld, id: string) => (await api.get(`/events/${id}`)).body.events[0].eventPipelineInfo.revenueDetails

describe('revenueDetails', () => {
  it('are by how much an event raises the price of its cycle, also of events at one instant, and add up to the whole', async () => {
    const api = await withSlabs()
    await showRevenue(api)
    await api.send('march', '2024-03-31T23:59:59.999Z', 'A', '1000')
    await api.send('one', '2024-04-10T10:15:00.000Z', 'A', '8', '3')
    const same = '2024-04-10T10:15:00.001Z'
    for (const id of ['x', 'y', 'z']) await api.send(id, same, 'A', '2')
    await api.send('last', '2024-04-10T10:29:00Z', 'A', '6')
    expect(await detailsOf(api, 'one')).toEqual([{ usageMeterId: api.calls, revenueBaseCurrency: 8, revenueInvoiceCurrency: 8 }])
    expect(await detailsOf(api, 'last')).toEqual([{ usageMeterId: api.calls, revenueBaseCurrency: 3, revenueInvoiceCurrency: 3 }])
    const tied = await Promise.all(['x', 'y', 'z'].map(async (id) => (await detailsOf(api, id))[0].revenueInvoiceCurrency))
    expect(tied.toSorted()).toEqual([1, 1, 2])
    expect(await detailsOf(api, 'march')).toBeUndefined()
    expect(await api.sum('2024-04-01T00:00:00Z', '2024-05-01T00:00:00Z')).toBe(15)
  })

  it('are there where the schema says so, and follow the setting', async () => {
    const api = await withSlabs()
    await api.send('one', '2024-04-10T10:15:00Z', 'A', '8')
    expect(await detailsOf(api, 'one')).toBeUndefined()
    const before = await api.get('/event_schema/api')
    expect(before.body.eventLevelRevenue).toBe(false)
    await showRevenue(api)
    const after = await api.get('/event_schema/api')
    expect(after.body.eventLevelRevenue).toBe(true)
    expect(after.headers.get('ETag')).not.toBe(before.headers.get('ETag'))
    expect((await api.get('/event_schema')).body.data.map((one: { eventLevelRevenue: boolean }) => one.eventLevelRevenue)).toEqual([true])
    expect(await detailsOf(api, 'one')).toHaveLength(1)
    expect((await api.patch('/event_schema/api', { attributes: [{ name: 'more' }] })).status).toBe(200)
    const versions = (await api.get('/event_schema/api/versions')).body.data
    expect(versions.map((one: { eventLevelRevenue: boolean }) => one.eventLevelRevenue)).toEqual([true, true])
    const path = '/settings/setting.SYSTEM.event_level_revenue.EVENT_SCHEMA.api'
    expect((await api.patch(path, { value: 'false' })).status).toBe(201)
    expect((await api.get('/event_schema/api')).body.eventLevelRevenue).toBe(false)
    expect(await detailsOf(api, 'one')).toBeUndefined()
  })

  it('are in both currencies, as soon as the rate is known', async () => {
    const api = await withSlabs('EUR')
    await showRevenue(api)
    await api.send('one', '2024-04-10T10:15:00Z', 'A', '8')
    expect(await detailsOf(api, 'one')).toBeUndefined()
    expect((await api.post('/settings', setting(api, 'exchange_rates', '{"EUR": "1.1"}'))).status).toBe(201)
    expect(await detailsOf(api, 'one')).toEqual([{ usageMeterId: api.calls, revenueBaseCurrency: 8.8, revenueInvoiceCurrency: 8 }])
  })

  it('are not those of an event that counts nothing', async () => {
    const api = await withSlabs()
    await showRevenue(api)
    await api.send('one', '2024-04-10T10:15:00Z', 'A', '8')
    await api.send('one', '2024-04-10T10:15:00Z', 'A', '8')
    const { body } = await api.get('/events/one')
    expect(body.events.map((one: { eventPipelineInfo: object }) => 'revenueDetails' in one.eventPipelineInfo).toSorted()).toEqual([
      false,
      true,
    ])
  })
})

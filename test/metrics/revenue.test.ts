import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { changed, client } from '../helpers/api.ts'
import { ask, groupsOf, homeIn, revertEvent, valuesOf } from '../helpers/metrics.ts'
import { type RevenueWorld, feeCard, filtersOf, usageCard, withRevenue } from '../helpers/revenue.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
})

afterEach(() => {
  vi.useRealTimers()
})

const on = (day: string): string => `2024-${day}T00:00:00Z`

const INVOICE = { configs: { CURRENCY: 'INVOICE' } }
const BASE = { configs: { CURRENCY: 'BASE' } }

const rates = (api: RevenueWorld, value: string) =>
  api.post('/settings', {
    entityType: 'ORGANIZATION',
    entityId: api.id,
    id: 'exchange_rates',
    value,
    namespace: 'SYSTEM',
    name: 'Exchange rates',
    dataType: 'JSON',
  })

/** P10 of the contract: A bills EUR 0.10 a unit, B USD 0.20. */
const twoCurrencies = async (): Promise<RevenueWorld> => {
  const api = await withRevenue('2024-03-05T12:00:00Z', { A: 'EUR', B: 'USD' })
  await api.associate('A', await api.publish('Euro', { usageRateCards: [usageCard(api.calls, 0.1, 'EUR')] }, 'EUR'), '2024-03-01')
  await api.associate('B', await api.publish('Dollar', { usageRateCards: [usageCard(api.calls, 0.2)] }), '2024-03-01')
  await api.send('a1', '2024-03-01T00:00:00Z', 'A', '10')
  await api.send('a2', '2024-03-01T13:30:00Z', 'A', '5')
  await api.send('b1', '2024-03-01T23:59:59.999Z', 'B', '7')
  await api.send('b2', '2024-03-02T01:00:00Z', 'B', '1')
  return api
}

describe('the currencies of revenue', () => {
  it('P10: are those of the accounts, or the base currency', async () => {
    const api = await twoCurrencies()
    const day = (query: object) => api.read(on('03-01'), on('03-02'), query as Record<string, unknown>)
    expect(groupsOf(await day({ groupBy: 'ACCOUNT_ID', ...INVOICE }))).toEqual({ A: [1.5], B: [1.4] })
    expect(valuesOf(await day(INVOICE))).toEqual([2.9])
    const missing = await ask(api, on('03-01'), on('03-02'), { name: 'REVENUE' })
    expect([missing.status, missing.body.message]).toEqual([
      422,
      `metricQueries[0]: has revenue in EUR, whose rate is not known. Put it into the setting setting.SYSTEM.exchange_rates.ORGANIZATION.${api.id}, such as {"EUR": "1.1"} where 1 EUR is worth 1.1 USD; or send configs.CURRENCY INVOICE.`,
    ])
    expect((await rates(api, '{"EUR": 1.10}')).status).toBe(201)
    expect(valuesOf(await day(BASE))).toEqual([3.05])
    expect(groupsOf(await day({ groupBy: 'CUSTOMER_ID' }))).toEqual({ CA: [1.65], CB: [1.4] })
    expect(groupsOf(await api.read(on('03-01'), on('04-01'), { name: 'REVENUE_FOR_CYCLE', groupBy: 'ACCOUNT_ID' }))).toEqual({
      A: [1.65],
      B: [1.6],
    })
  })

  it('are converted by rates that are said once', async () => {
    const api = await withRevenue('2024-03-05T12:00:00Z')
    const refused: [string, string][] = [
      ['[]', 'value: must be a JSON object of rates by currency, such as {"EUR": "1.1"} where 1 EUR is worth 1.1 of the base currency'],
      ['{"XXX": 1}', 'value: XXX must be a currency code of ISO 4217'],
      ['{"EUR": "free"}', 'value: the rate of EUR must be a decimal number above 0'],
      ['{"EUR": -1}', 'value: the rate of EUR must be a decimal number above 0'],
      ['{"EUR": {"source": "1"}}', 'value: the rate of EUR must be a decimal number above 0'],
    ]
    for (const [value, message] of refused) {
      const { status, body } = await rates(api, value)
      expect([value, status, body.message]).toEqual([value, 400, message])
    }
    expect((await rates(api, '{"EUR": 1.1, "INR": "0.012"}')).status).toBe(201)
    const path = `/settings/setting.SYSTEM.exchange_rates.ORGANIZATION.${api.id}`
    const moved = await api.patch(path, { value: '{"EUR": 1.2, "INR": "0.012"}' })
    expect([moved.status, moved.body.message]).toEqual([409, 'value: the rate of EUR must stay 1.1; only other currencies can be added'])
    expect((await api.patch(path, { value: '{"EUR": 1.1}' })).status).toBe(409)
    expect((await api.patch(path, { dataType: 'STRING' })).status).toBe(400)
    expect((await api.patch(path, { value: '{"INR": 0.0120, "EUR": "1.10", "GBP": 1.3}' })).status).toBe(201)
  })
})

/** A plan with all that a cycle can earn, in April 2024. */
const fullPlan = async (now: string) => {
  const api = await withRevenue(now, { A: 'USD', B: 'USD' })
  const [support, platform, setup, seats] = [
    await api.addOn('Support'),
    await api.addOn('Platform'),
    await api.addOn('Setup'),
    await api.addOn('Seats', 'LICENSE'),
  ]
  const plan = await api.publish('Full', {
    usageRateCards: [usageCard(api.calls, 2), { ...usageCard(api.bytes, 0.001) }],
    fixedFeeRateCards: [
      feeCard(support, 10, { enableProration: true }),
      feeCard(platform, 9, { enableProration: true, invoiceTiming: 'IN_ADVANCE' }),
      feeCard(setup, 5, { invoiceTiming: 'IN_ADVANCE' }),
    ],
    licenseRateCards: [
      {
        id: seats,
        name: 'seats',
        enableProration: true,
        ratePlan: { pricingModel: 'TIERED', slabs: [{ order: 1, startAfter: 0, priceType: 'PER_UNIT' }] },
        rateValues: [{ currency: 'USD', slabRates: [{ order: 1, rate: 3 }] }],
      },
    ],
    minimumCommitment: { displayName: 'Minimum', rateValues: [{ currency: 'USD', rate: 100 }] },
  })
  return { ...api, support, platform, setup, seats, plan }
}

describe('the revenue of a cycle', () => {
  it('is the sum of its hours, days and weeks, and what its invoices would be without cuts', async () => {
    const api = await fullPlan('2024-04-10T10:30:00Z')
    await api.associate('A', api.plan, '2024-04-01')
    await api.send('one', '2024-04-02T03:04:05Z', 'A', '7', '1.5')
    await api.send('two', '2024-04-10T10:29:59.999Z', 'A', '1')
    const { status } = await api.post('/license_updates', {
      accountId: 'A',
      licenseId: api.seats,
      updateType: 'ABSOLUTE',
      quantity: 5,
      effectiveFrom: '2024-04-05T12:00:00Z',
    })
    expect(status).toBe(200)
    const items = groupsOf(await api.read(on('04-01'), on('05-01'), { groupBy: 'BILLABLE_ID', aggregationPeriod: 'MONTH' }))
    expect(items).toEqual({
      [api.calls]: [16],
      [api.bytes]: [0.0015],
      [api.support]: [10],
      [api.platform]: [9],
      [api.setup]: [5],
      [api.seats]: [13],
      MINIMUM_COMMITMENT: [60.9985],
    })
    expect(await api.sum(on('04-01'), on('05-01'))).toBe(114)
    expect(await api.sum(on('04-01'), on('05-01'), { aggregationPeriod: 'WEEK' })).toBe(114)
    const halves = [
      ['04-01', '04-11'],
      ['04-11', '04-21'],
      ['04-21', '05-01'],
    ]
    const hours = await Promise.all(halves.map(([from = '', until = '']) => api.sum(on(from), on(until), { aggregationPeriod: 'HOUR' })))
    expect(hours.reduce((one, other) => one + other)).toBeCloseTo(114, 10)
    expect(valuesOf(await api.read(on('04-01'), on('05-01'), { name: 'REVENUE_FOR_CYCLE' }))).toEqual([114])
    const { body } = await api.get('/accounts/A/invoice_preview?at=2024-04-10T00:00:00Z')
    expect(body.data.map((one: { totalAmount: number }) => one.totalAmount)).toEqual([100, 14])
    const only = (item: string) =>
      api.read(on('04-10'), '2024-04-10T12:00:00Z', { aggregationPeriod: 'HOUR', ...filtersOf({ BILLABLE_ID: [item] }) })
    expect(valuesOf(await only('calls'))).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0])
    expect(valuesOf(await only('Seats'))).toEqual([0.5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    expect(valuesOf(await only('MINIMUM_COMMITMENT'))).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 60.9985, 0])
    vi.setSystemTime(Date.parse('2024-06-01T00:00:00Z'))
    expect(
      valuesOf(
        await api.read('2024-04-30T22:00:00Z', on('05-01'), {
          aggregationPeriod: 'HOUR',
          ...filtersOf({ BILLABLE_ID: ['MINIMUM_COMMITMENT'] }),
        }),
      ),
    ).toEqual([0, 60.9985])
  })

  it('follows events that arrive and that are taken back, to the millisecond', async () => {
    const api = await withRevenue('2024-04-10T10:30:00Z')
    const slabs = {
      usageMeterId: api.calls,
      name: 'calls',
      ratePlan: {
        pricingModel: 'TIERED',
        slabs: [
          { order: 1, startAfter: 0, priceType: 'PER_UNIT' },
          { order: 2, startAfter: 10, priceType: 'PER_UNIT' },
        ],
      },
      rateValues: [
        {
          currency: 'USD',
          slabRates: [
            { order: 1, rate: 1 },
            { order: 2, rate: 0.5 },
          ],
        },
      ],
    }
    await api.associate('A', await api.publish('Slabs', { usageRateCards: [slabs] }), '2024-04-01')
    await api.send('one', '2024-04-10T10:15:00.000Z', 'A', '8')
    await api.send('two', '2024-04-10T10:15:00.001Z', 'A', '8')
    const between = (from: string, until: string) => api.sum(`2024-04-10T${from}Z`, `2024-04-10T${until}Z`)
    expect(await between('10:15:00.000', '10:15:00.001')).toBe(8)
    expect(await between('10:15:00.001', '10:30:00.000')).toBe(5)
    expect(await between('10:00:00.000', '10:15:00.000')).toBe(0)
    expect(await between('09:15:00.000', '10:15:00.002')).toBe(13)
    expect(valuesOf(await api.read('2024-04-10T10:15:00.001Z', '2024-04-10T12:00:00Z', { aggregationPeriod: 'HOUR' }))).toEqual([5, 0])
    await revertEvent(homeIn(api.id), 'one')
    expect(await between('10:15:00.001', '10:30:00.000')).toBe(8)
    await revertEvent(homeIn(api.id), 'two')
    expect(valuesOf(await api.read(on('04-01'), on('04-11'), {}))).toEqual(Array.from({ length: 10 }, () => 0))
    expect(await api.read(on('04-01'), on('04-11'), { groupBy: 'ACCOUNT_ID' })).toEqual([])
  })

  it('begins with the cycle, ends with the plan, and is not that of cycles to come', async () => {
    const api = await withRevenue('2024-04-10T10:30:00Z')
    const support = await api.addOn('Support')
    const plan = await api.publish('Fee', { fixedFeeRateCards: [feeCard(support, 30, { enableProration: true })] })
    await api.associate('A', plan, '2024-04-01', '2024-05-16')
    const months = () => api.read(on('03-01'), on('07-01'), { aggregationPeriod: 'MONTH' })
    expect(valuesOf(await months())).toEqual([0, 30, 0, 0])
    vi.setSystemTime(Date.parse('2024-05-01T00:00:00Z'))
    expect(valuesOf(await months())).toEqual([0, 30, 14.516129032258064, 0])
    expect(await api.read(on('04-01'), on('07-01'), { name: 'REVENUE_FOR_CYCLE' })).toEqual([
      { timestamps: [on('04-01'), on('05-01')], metricValues: [30, 14.516129032258064] },
    ])
  })

  it('of a plan that defers it is there when its invoice has fallen due, and that of a void invoice never', async () => {
    const api = await withRevenue('2024-04-10T10:30:00Z')
    const plan = await api.publish('Later', { deferredRevenue: true, usageRateCards: [usageCard(api.calls, 2)] })
    await api.associate('A', plan, '2024-04-01')
    await api.send('one', '2024-04-10T10:15:00Z', 'A', '8')
    const april = () => api.sum(on('04-01'), on('05-01'))
    expect(['first', await april()]).toEqual(['first', 0])
    await api.moveTo('2024-05-03T12:00:00Z')
    expect(await april()).toBe(0)
    await api.moveTo('2024-05-04T00:00:00Z')
    expect(await april()).toBe(16)
    const now = await withRevenue('2024-04-10T10:30:00Z')
    await now.associate('A', await now.publish('Now', { usageRateCards: [usageCard(now.calls, 2)] }), '2024-04-01')
    await now.send('one', '2024-04-10T10:15:00Z', 'A', '8')
    expect(await now.sum(on('04-01'), on('05-01'))).toBe(16)
    const [{ id }] = (await now.get('/invoices')).body.data
    expect((await now.patch(`/invoices/${id}`, { status: 'VOID' })).status).toBe(200)
    expect(await now.sum(on('04-01'), on('05-01'))).toBe(0)
  })
})

describe('filters and groups', () => {
  it('are those of accounts, customers and what is priced, and groups add up to the whole', async () => {
    const api = await fullPlan('2024-04-10T10:30:00Z')
    await api.associate('A', api.plan, '2024-04-01')
    await api.associate('B', api.plan, '2024-04-06')
    await api.send('a', '2024-04-09T00:00:00Z', 'A', '10')
    await api.send('b', '2024-04-09T00:00:00Z', 'B', '100')
    await api.post('/accounts/A/add_aliases', { aliases: ['first'] })
    const sum = (filter: Record<string, string[]>) => api.sum(on('04-01'), on('05-01'), filtersOf(filter))
    const all = await api.sum(on('04-01'), on('05-01'))
    expect(await sum({ ACCOUNT_ID: ['first'] })).toBe(114)
    expect(await sum({ CUSTOMER_ID: ['CB'] })).toBeCloseTo(all - 114, 10)
    expect(await sum({ CUSTOMER_ID: ['CB'], ACCOUNT_ID: ['A'] })).toBe(0)
    expect(await sum({ ACCOUNT_ID: ['nobody'] })).toBe(0)
    expect(await sum({ BILLABLE_ID: ['calls'] })).toBe(220)
    expect(await sum({ USAGE_METER_ID: [api.calls], ACCOUNT_ID: ['B'] })).toBe(200)
    expect(await sum({ BILLABLE_ID: ['calls', 'Setup'], ACCOUNT_ID: ['A'] })).toBe(25)
    expect(await sum({ ORGANIZATION_ID: [api.id] })).toBe(all)
    for (const groupBy of ['ACCOUNT_ID', 'CUSTOMER_ID', 'USAGE_METER_ID', 'BILLABLE_ID'])
      for (const name of ['REVENUE', 'REVENUE_FOR_CYCLE']) {
        const groups = groupsOf(await api.read(on('04-01'), on('05-01'), { name, groupBy, aggregationPeriod: 'MONTH' }))
        const total = Object.values(groups).reduce((count, [value = 0]) => count + value, 0)
        expect(total, `${name} by ${groupBy}`).toBeCloseTo(all, 10)
      }
    const portal = client(String((await api.post('/portal/token', { customerId: 'CA', allAccountsAccess: true })).body.token))
    const asked = await ask(portal, on('04-01'), on('05-01'), { name: 'REVENUE', aggregationPeriod: 'MONTH', groupBy: 'ACCOUNT_ID' })
    expect(groupsOf(asked.body.results[0].data)).toEqual({ A: [114] })
    expect((await ask(portal, on('04-01'), on('05-01'), { name: 'REVENUE', ...filtersOf({ ACCOUNT_ID: ['B'] }) })).status).toBe(403)
  })
})

describe('the metrics of whole cycles', () => {
  it('P11: stand on the day on which each begins, and days on which none begins are left out', async () => {
    const api = await withRevenue('2020-06-01T00:00:00Z')
    const card = [usageCard(api.calls, 2)]
    const fifth = { interval: 'MONTHLY', startOffset: { dayOffset: '5', monthOffset: 'NIL' }, gracePeriod: 90 }
    const first = { ...fifth, startOffset: { dayOffset: '15', monthOffset: 'NIL' } }
    const calendar = { ...fifth, startOffset: { dayOffset: '1', monthOffset: 'NIL' } }
    await api.associate('A', await api.publish('Fifth', { usageRateCards: card, pricingCycleConfig: fifth }), '2020-02-05', '2020-03-15')
    await api.associate(
      'A',
      await api.publish('Fifteenth', { usageRateCards: card, pricingCycleConfig: first }),
      '2020-03-15',
      '2020-04-01',
    )
    await api.associate('A', await api.publish('First', { usageRateCards: card, pricingCycleConfig: calendar }), '2020-04-01')
    const events: [string, string][] = [
      ['2020-02-05', '1200'],
      ['2020-03-06', '1000'],
      ['2020-03-14', '250'],
      ['2020-03-20', '600'],
      ['2020-04-30', '1300'],
    ]
    for (const [day, count] of events) await api.send(day, `${day}T10:00:00Z`, 'A', count)
    const asked = (query: Record<string, unknown>) => api.read('2020-02-15T00:00:00Z', '2020-04-01T00:00:00Z', query)
    const timestamps = ['2020-03-05T00:00:00Z', '2020-03-15T00:00:00Z']
    expect(await asked({ name: 'USAGE_FOR_CYCLE' })).toEqual([{ timestamps, metricValues: [1250, 600] }])
    expect(await asked({ name: 'USAGE_FOR_CYCLE', aggregationPeriod: 'MONTH' })).toEqual([
      { timestamps: ['2020-03-01T00:00:00Z'], metricValues: [1850] },
    ])
    expect(await asked({ name: 'REVENUE_FOR_CYCLE' })).toEqual([{ timestamps, metricValues: [2500, 1200] }])
    expect(groupsOf(await asked({ name: 'USAGE_FOR_CYCLE', groupBy: 'BILLABLE_ID' }))).toEqual({
      [api.calls]: [1250, 600],
      [api.bytes]: [0, 0],
    })
    expect(await asked({ name: 'USAGE_FOR_CYCLE', ...filtersOf({ BILLABLE_ID: ['nothing'] }) })).toEqual([
      { timestamps: [], metricValues: [] },
    ])
    expect(await api.read('2020-05-02T00:00:00Z', '2020-05-20T00:00:00Z', { name: 'USAGE_FOR_CYCLE', groupBy: 'ACCOUNT_ID' })).toEqual([])
    expect(await api.read('2020-05-01T00:00:00Z', '2020-05-20T00:00:00Z', { name: 'USAGE_FOR_CYCLE' })).toEqual([
      { timestamps: ['2020-05-01T00:00:00Z'], metricValues: [0] },
    ])
  })
})

describe('invoices of written lines', () => {
  it('count at the end of their period when they have fallen due, with the charges that count as revenue', async () => {
    const api = await withRevenue('2024-04-10T10:30:00Z', { A: 'USD', B: 'USD' })
    const { body } = await api.post('/invoices', {
      accountId: 'A',
      startDate: '2024-03-01T00:00:00Z',
      endDate: '2024-04-01T00:00:00Z',
      status: 'DRAFT',
      lineItems: [
        { id: 'x', billableId: api.calls, value: 12.5 },
        { id: 'y', quantity: 2, valuePerQuantity: 4 },
      ],
    })
    const charges = [
      { name: 'Courier', rate: 2, quantity: 3, considerForRevenue: true },
      { name: 'Tax', value: '5' },
    ]
    expect((await api.call('PUT', `/invoices/${body.id}/miscellaneous_charges`, { items: charges })).status).toBe(200)
    const march = (more: Record<string, unknown> = {}) => api.read(on('03-01'), on('04-02'), { aggregationPeriod: 'MONTH', ...more })
    expect(valuesOf(await march())).toEqual([0, 0])
    expect((await api.patch(`/invoices/${body.id}`, { status: 'DUE' })).status).toBe(200)
    expect(valuesOf(await march())).toEqual([26.5, 0])
    expect(groupsOf(await march({ groupBy: 'BILLABLE_ID' }))).toEqual({ [api.calls]: [12.5, 0], y: [8, 0], Courier: [6, 0] })
    expect(valuesOf(await march(filtersOf({ CUSTOMER_ID: ['CA'] })))).toEqual([26.5, 0])
    expect(valuesOf(await march(filtersOf({ ACCOUNT_ID: ['B'] })))).toEqual([0, 0])
    expect((await api.patch(`/invoices/${body.id}`, { status: 'VOID' })).status).toBe(200)
    expect(valuesOf(await march())).toEqual([0, 0])
  })
})

it('invoices of written lines are found by their periods, and not by a look at all invoices', async () => {
  const api = await withRevenue('2024-04-10T10:30:00Z')
  const queries: string[] = []
  const d1 = changed((session) => ({
    prepare: (query) => {
      queries.push(query)
      return session.prepare(query)
    },
  }))
  for (const filter of [{}, filtersOf({ ACCOUNT_ID: ['A'] })])
    expect(await ask(client(api.token, d1), on('03-01'), on('04-02'), { name: 'REVENUE', ...filter })).toMatchObject({ status: 200 })
  const ofWritten = queries.filter((query) => query.includes('considerForRevenue'))
  expect(ofWritten).toHaveLength(2)
  for (const query of ofWritten) {
    const bound = Array.from({ length: query.split('?').length - 1 }, () => null)
    const { results } = await env.DB.prepare(`EXPLAIN QUERY PLAN ${query}`)
      .bind(...bound)
      .all<{ detail: string }>()
    expect(results[0]?.detail).toMatch(
      /^SEARCH its USING INDEX (?:invoices_written \(organization_id=\? AND end_at|invoices_by_account \(organization_id=\? AND account_id)/,
    )
  }
})

describe('the example of the official client', () => {
  it('reads what it has sent a minute before as usage and as revenue', async () => {
    const api = await withRevenue('2024-04-10T10:29:00Z')
    const { body: plan } = await api.post('/price_plans', {
      name: 'sms',
      pricePlanDetails: {
        supportedCurrencies: ['USD'],
        pricingCycleConfig: { interval: 'MONTHLY', startOffset: { dayOffset: 'LAST', monthOffset: 'NIL' }, gracePeriod: 1 },
        usageRateCards: [usageCard(api.calls, 0.5)],
        fixedFeeRateCards: [],
      },
    })
    await api.post(`/price_plans/${plan.id}/activate`, { currencies: ['USD'] })
    expect((await api.post('/customers', { id: 'sms customer', name: 'Sms', primaryEmail: 'a@example.com', address: {} })).status).toBe(201)
    const association = await api.post('/accounts/sms customer/price_plans', {
      mode: 'ASSOCIATE',
      pricePlanId: plan.id,
      effectiveFrom: '2024-04-10',
      effectiveUntil: '9999-01-01',
    })
    expect(association.status).toBe(200)
    await api.send('sms', '2024-04-10T10:29:00.123Z', 'sms customer', '10')
    vi.setSystemTime(Date.parse('2024-04-10T10:30:02.456Z'))
    const answer = await ask(
      api,
      '2024-04-09T10:30:02.456Z',
      '2024-04-10T10:30:02.456Z',
      { name: 'USAGE', ...filtersOf({ ACCOUNT_ID: ['sms customer'] }) },
      { name: 'REVENUE', ...filtersOf({ ACCOUNT_ID: ['sms customer'] }) },
    )
    expect(answer.body.results.map((one: { data: { metricValues: number[] }[] }) => one.data[0]?.metricValues)).toEqual([
      [0, 10],
      [0, 5],
    ])
  })
})

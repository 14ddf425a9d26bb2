import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { doDueOf } from '../../src/access/due/service.ts'
import { steps } from '../../src/steps.ts'
import { client } from '../helpers/api.ts'
import { doDue, system } from '../helpers/ledgers.ts'
import { ask, holdLargest, homeIn, revertEvent } from '../helpers/metrics.ts'
import { type RevenueWorld, feeCard, filtersOf, usageCard, withRevenue } from '../helpers/revenue.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
})

afterEach(() => {
  vi.useRealTimers()
})

const on = (day: string): string => `2024-${day}T00:00:00Z`

/** Lets the organization have 200 accounts more with a price plan, of which nothing is known. */
const growLarge = ({ id }: Pick<RevenueWorld, 'id'>) =>
  env.DB.prepare("INSERT INTO timelines SELECT ?1, 'account ' || value, 1, 1, null FROM json_each(?2)")
    .bind(id, JSON.stringify(Array.from({ length: 200 }, (_, index) => index)))
    .run()

const world = async () => {
  const api = await withRevenue('2024-04-10T10:30:00Z', { A: 'USD', B: 'EUR', C: 'USD' })
  const [support, setup, seats] = [await api.addOn('Support'), await api.addOn('Setup'), await api.addOn('Seats', 'LICENSE')]
  const licenses = [
    {
      id: seats,
      name: 'seats',
      enableProration: true,
      ratePlan: { pricingModel: 'TIERED', slabs: [{ order: 1, startAfter: 0, priceType: 'PER_UNIT' }] },
      rateValues: [{ currency: 'USD', slabRates: [{ order: 1, rate: 3 }] }],
    },
  ]
  const dollars = await api.publish('Dollars', {
    usageRateCards: [usageCard(api.calls, 2), usageCard(api.bytes, 0.001)],
    fixedFeeRateCards: [feeCard(support, 10, { enableProration: true }), feeCard(setup, 5, { invoiceTiming: 'IN_ADVANCE' })],
    licenseRateCards: licenses,
    minimumCommitment: { displayName: 'Minimum', rateValues: [{ currency: 'USD', rate: 100 }] },
  })
  const euros = await api.publish('Euros', { usageRateCards: [usageCard(api.calls, 0.1, 'EUR')] }, 'EUR')
  await api.associate('A', dollars, '2024-02-01')
  await api.associate('B', euros, '2024-04-05')
  await api.associate('C', dollars, '2024-04-08')
  const rates = { entityType: 'ORGANIZATION', entityId: api.id, id: 'exchange_rates', namespace: 'SYSTEM', name: 'Rates', dataType: 'JSON' }
  expect((await api.post('/settings', { ...rates, value: '{"EUR": 1.1}' })).status).toBe(201)
  /** Holds what is kept of all accounts against what is reckoned of those that have plans, for all kinds of queries. */
  const compare = async (why: string) => {
    const windows: [string, string, string][] = [
      [on('02-01'), on('07-01'), 'MONTH'],
      [on('02-01'), on('07-01'), 'DAY'],
      [on('04-01'), on('04-11'), 'HOUR'],
      ['2024-04-08T13:00:00Z', '2024-04-12T07:00:00Z', 'WEEK'],
      ['2024-04-10T03:00:00Z', '2024-04-10T11:00:00Z', 'DAY'],
    ]
    const queries = [
      { name: 'REVENUE' },
      { name: 'REVENUE', configs: { CURRENCY: 'INVOICE' }, groupBy: 'BILLABLE_ID' },
      { name: 'REVENUE_FOR_CYCLE', groupBy: 'CUSTOMER_ID' },
      { name: 'USAGE_FOR_CYCLE' },
      { name: 'REVENUE', groupBy: 'ACCOUNT_ID', ...filtersOf({ BILLABLE_ID: ['calls', 'MINIMUM_COMMITMENT', 'Seats'] }) },
    ]
    const largest = [
      { name: 'REVENUE', groupBy: 'ACCOUNT_ID', largestGroups: 1 },
      {
        name: 'REVENUE',
        groupBy: 'CUSTOMER_ID',
        largestGroups: 2,
        ...filtersOf({ BILLABLE_ID: ['calls', 'MINIMUM_COMMITMENT', 'Seats'] }),
      },
      { name: 'REVENUE', groupBy: 'BILLABLE_ID', largestGroups: 2 },
      { name: 'REVENUE_FOR_CYCLE', groupBy: 'ACCOUNT_ID', largestGroups: 2 },
      { name: 'USAGE_FOR_CYCLE', groupBy: 'CUSTOMER_ID', largestGroups: 1 },
    ]
    const named = (query: { name: string; filters?: object[] }) => ({
      ...query,
      filters: [...(query.filters ?? []), { fieldName: 'ACCOUNT_ID', fieldValues: ['A', 'B', 'C'] }],
    })
    for (const [from, until, aggregationPeriod] of windows) {
      const kept = await ask(api, from, until, ...queries.map((query) => ({ ...query, aggregationPeriod })))
      const reckoned = await ask(api, from, until, ...queries.map((query) => ({ ...named(query), aggregationPeriod })))
      expect([why, kept.status, reckoned.status, kept.body.message]).toEqual([why, 200, 200, undefined])
      expect([why, from, until, aggregationPeriod, kept.body]).toEqual([why, from, until, aggregationPeriod, reckoned.body])
      if (aggregationPeriod !== 'MONTH' && aggregationPeriod !== 'WEEK') continue
      const largestKept = await ask(api, from, until, ...largest.map((query) => ({ ...query, aggregationPeriod })))
      const largestReckoned = await ask(api, from, until, ...largest.map((query) => ({ ...named(query), aggregationPeriod })))
      expect([why, from, aggregationPeriod, largestKept.body]).toEqual([why, from, aggregationPeriod, largestReckoned.body])
      const all = await ask(api, from, until, ...largest.map(({ largestGroups: _most, ...query }) => ({ ...query, aggregationPeriod })))
      for (const [index, { largestGroups }] of largest.entries())
        holdLargest(all.body.results[index].data, largestKept.body.results[index], largestGroups)
    }
  }
  return { ...api, dollars, seats, compare }
}

describe('the revenue of more accounts than are reckoned for a query', () => {
  it('is kept, and is what is reckoned of each of them, whatever changes', async () => {
    const api = await world()
    await api.send('one', '2024-04-02T03:04:05Z', 'A', '7', '1.5')
    await api.send('two', '2024-04-10T10:29:59.999Z', 'B', '15')
    await growLarge(api)
    const early = await ask(api, on('04-01'), on('05-01'), { name: 'REVENUE' })
    expect([early.status, early.headers.get('Retry-After')]).toEqual([503, '60'])
    await doDue(api.id)
    await api.compare('at first')
    await api.send('three', '2024-04-09T23:59:59.999Z', 'A', '0.25')
    await api.send('four', '2024-04-10T09:00:00Z', 'C', '100')
    await api.compare('with events')
    const written = {
      accountId: 'C',
      startDate: on('04-01'),
      endDate: on('04-05'),
      status: 'DRAFT',
      lineItems: [{ id: 'x', value: 1000.5 }],
    }
    const { body: draft } = await api.post('/invoices', written)
    expect((await api.patch(`/invoices/${draft.id}`, { status: 'DUE' })).status).toBe(200)
    await api.compare('with an invoice of written lines')
    await revertEvent(homeIn(api.id), 'four')
    await api.compare('when one is taken back')
    const update = { accountId: 'A', licenseId: api.seats, updateType: 'ABSOLUTE', quantity: 5, effectiveFrom: '2024-04-05T12:00:00Z' }
    expect((await api.post('/license_updates', update)).status).toBe(200)
    await api.compare('with licences')
    await api.associate('C', await api.publish('Other', { usageRateCards: [usageCard(api.calls, 3)] }), '2024-04-11', '2024-04-20')
    await api.compare('with another plan')
    vi.setSystemTime(Date.parse('2024-04-20T15:00:00Z'))
    await api.compare('some days later')
    await api.moveTo('2024-05-06T10:00:00Z')
    await api.compare('in the next cycle')
    const { body } = await api.get('/invoices?owner_id=A&pageSize=50')
    const { id } = body.data.find(
      (one: { invoiceType: string; startDate: string }) => one.invoiceType === 'STANDARD' && one.startDate === '2024-04-01T00:00:00.000Z',
    )
    expect((await api.patch(`/invoices/${id}`, { status: 'VOID' })).status).toBe(200)
    await api.compare('when an invoice is void')
    await doDue(api.id)
    await api.compare('when all is done')
    const left = await env.DB.prepare(
      "SELECT count(*) AS count FROM due WHERE organization_id = ? AND kind IN ('REVENUE', 'REVENUE_AGAIN')",
    )
      .bind(api.id)
      .first('count')
    expect(left).toBe(0)
  })

  it('takes at most 200 changed accounts for a query, and the others are reckoned in 15 minutes', async () => {
    const api = await world()
    await growLarge(api)
    await doDue(api.id)
    const portal = client(String((await api.post('/portal/token', { customerId: 'CA', allAccountsAccess: true })).body.token))
    await api.send('one', '2024-04-02T03:04:05Z', 'A', '7')
    expect(
      (await ask(portal, on('04-02'), on('04-03'), { name: 'REVENUE', ...filtersOf({ BILLABLE_ID: ['calls'] }) })).body.results[0].data[0]
        .metricValues,
    ).toEqual([14])
    vi.setSystemTime(Date.parse('2024-04-10T10:44:00Z'))
    await doDue(api.id)
    const dueAt = () =>
      env.DB.prepare("SELECT due_at FROM due WHERE organization_id = ? AND kind = 'REVENUE_OF_EVENTS'").bind(api.id).first('due_at')
    expect(await dueAt()).toBe(Date.parse('2024-04-10T10:45:01Z'))
    vi.setSystemTime(Date.parse('2024-04-10T10:45:01Z'))
    await doDue(api.id)
    expect(await dueAt()).toBe(Date.parse('2024-04-10T11:00:02Z'))
    await api.compare('after that')
  })

  it('is reckoned for the accounts that a query names, however many others have changed', async () => {
    const api = await world()
    await growLarge(api)
    const others = Array.from({ length: 200 }, (_, index) => `account ${index}`)
    for (const id of others) expect((await api.post('/accounts', { id, name: id, customerId: 'CA' })).status).toBe(201)
    await doDue(api.id)
    await env.DB.prepare("INSERT INTO due SELECT ?1, 'REVENUE', '!' || value, 0 FROM json_each(?2)")
      .bind(api.id, JSON.stringify(Array.from({ length: 300 }, (_, index) => index)))
      .run()
    const named = filtersOf({ ACCOUNT_ID: ['C', ...others] })
    const earned = async () => {
      const { status, body } = await ask(api, on('04-01'), on('05-01'), { name: 'REVENUE', aggregationPeriod: 'MONTH', ...named })
      expect([status, body.message]).toEqual([200, undefined])
      return body.results[0].data[0].metricValues[0]
    }
    const before = await earned()
    const update = { accountId: 'C', licenseId: api.seats, updateType: 'ABSOLUTE', quantity: 100, effectiveFrom: '2024-04-09T00:00:00Z' }
    expect((await api.post('/license_updates', update)).status).toBe(200)
    expect(await earned()).toBeGreaterThan(before)
  })

  it('is reckoned again for one cycle where an old invoice is made void, however many cycles came after it', async () => {
    const api = await withRevenue('2024-04-10T10:30:00Z')
    await api.associate('A', await api.publish('Fee', { fixedFeeRateCards: [feeCard(await api.addOn('Support'), 10)] }), '2018-01-01')
    await api.moveTo('2024-04-10T10:31:00Z')
    await growLarge(api)
    await doDue(api.id)
    const first = (await api.get('/invoices?owner_id=A&pageSize=50')).body
    const last = (await api.get(`/invoices?nextToken=${encodeURIComponent(first.nextToken)}`)).body
    const { id } = [...first.data, ...last.data].find(({ startDate }: { startDate: string }) => startDate === '2018-01-01T00:00:00.000Z')
    expect([first.data.length, (await api.patch(`/invoices/${id}`, { status: 'VOID' })).status]).toEqual([50, 200])
    const ctx = system(api.id)
    await doDueOf(ctx, steps, () => ctx.session.calls() > 100)
    const left = env.DB.prepare("SELECT count(*) AS count FROM due WHERE organization_id = ? AND kind = 'REVENUE_AGAIN'").bind(api.id)
    expect(await left.first('count')).toBe(0)
    const year = { name: 'REVENUE', aggregationPeriod: 'MONTH' }
    const months = (await ask(api, '2018-01-01T00:00:00Z', '2018-07-01T00:00:00Z', year)).body.results[0].data[0].metricValues
    expect(months).toEqual([0, 10, 10, 10, 10, 10])
    const late = (await ask(api, '2024-01-01T00:00:00Z', '2024-05-01T00:00:00Z', year)).body.results[0].data[0].metricValues
    expect(late).toEqual([10, 10, 10, 10])
  })
})

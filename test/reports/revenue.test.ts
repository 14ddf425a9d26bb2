import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type KindedGeneration, selectGenerations } from '../../src/ledger/client.ts'
import { sumDecimals } from '../../src/lib/decimal.ts'
import { readQuery } from '../../src/reports/reports/query.ts'
import { readRevenue } from '../../src/reports/reports/read_revenue.ts'
import type { Reading } from '../../src/reports/reports/reading.ts'
import { doDue, system } from '../helpers/ledgers.ts'
import { ask } from '../helpers/metrics.ts'
import { make, query, rowsOf } from '../helpers/reports.ts'
import { type RevenueWorld, feeCard, usageCard, withRevenue } from '../helpers/revenue.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
})
afterEach(() => {
  vi.useRealTimers()
})

const growLarge = ({ id }: Pick<RevenueWorld, 'id'>) =>
  env.DB.prepare("INSERT INTO timelines SELECT ?1, 'account ' || value, 1, 1, null FROM json_each(?2)")
    .bind(id, JSON.stringify(Array.from({ length: 200 }, (_, index) => index)))
    .run()

const world = async () => {
  const api = await withRevenue('2024-04-10T10:30:00Z', { A: 'USD', B: 'EUR', C: 'USD' })
  const [support, setup] = [await api.addOn('Support'), await api.addOn('Setup')]
  const dollars = await api.publish('Dollars', {
    usageRateCards: [usageCard(api.calls, 2), usageCard(api.bytes, 0.001)],
    fixedFeeRateCards: [feeCard(support, 10, { enableProration: true }), feeCard(setup, 5, { invoiceTiming: 'IN_ADVANCE' })],
    minimumCommitment: { displayName: 'Minimum', rateValues: [{ currency: 'USD', rate: 100 }] },
  })
  const euros = await api.publish('Euros', { usageRateCards: [usageCard(api.calls, 0.1, 'EUR')] }, 'EUR')
  await api.associate('A', dollars, '2024-02-01')
  await api.associate('B', euros, '2024-04-05')
  await api.associate('C', dollars, '2024-04-08')
  const rates = { entityType: 'ORGANIZATION', entityId: api.id, id: 'exchange_rates', namespace: 'SYSTEM', name: 'Rates', dataType: 'JSON' }
  expect((await api.post('/settings', { ...rates, value: '{"EUR": 1.1}' })).status).toBe(201)
  await api.send('one', '2024-04-09T10:00:00Z', 'A', '3', '700')
  await api.send('two', '2024-04-09T10:59:59.999Z', 'A', '1.5')
  await api.send('three', '2024-04-10T09:00:00Z', 'B', '40')
  const written = {
    accountId: 'C',
    startDate: '2024-04-01T00:00:00Z',
    endDate: '2024-04-03T00:00:00Z',
    status: 'DUE',
    lineItems: [{ description: 'Help', value: 12.5 }],
  }
  expect((await api.post('/invoices', written)).body.message).toBeUndefined()
  return api
}

const SELECTS = ['account_id', 'billable_id', 'revenue_time', 'revenue_invoice_currency', 'revenue_base_currency', 'customer_id']

const during = (from: string, until: string) => ({
  queryFilters: [
    { column: { columnName: 'revenue_time' }, operator: 'gte', args: [from] },
    { column: { columnName: 'revenue_time' }, operator: 'lt', args: [until] },
  ],
})

/** Holds what reports of revenue add up to, by account and by hour, against the metrics. */
const compare = async (api: RevenueWorld, from: string, until: string) => {
  const rows = await rowsOf(api, query('revenue', SELECTS, during(from, until)))
  const totals = (key: (row: string[]) => string) =>
    Object.fromEntries(
      [...Map.groupBy(rows, key)].map(([name, its]) => [name, Number(sumDecimals(its.map((row) => row[4] ?? '')))]).toSorted(),
    )
  const metric = async (more: object) => (await ask(api, from, until, { name: 'REVENUE', ...more })).body.results[0].data
  const byAccount = await metric({ groupBy: 'ACCOUNT_ID', aggregationPeriod: 'MONTH' })
  const sum = (values: number[]) => Number(sumDecimals(values.map(String)))
  const expected = byAccount.map(({ groupedBy, metricValues }: { groupedBy: { fieldValue: string }; metricValues: number[] }) => [
    groupedBy.fieldValue,
    sum(metricValues),
  ])
  expect(totals(([account = '']) => account)).toEqual(Object.fromEntries(expected.filter(([, value]: [string, number]) => value !== 0)))
  const [days] = await metric({ aggregationPeriod: 'DAY' })
  const byDay = Object.fromEntries(
    days.timestamps
      .map((at: string, index: number) => [at.slice(0, 10), days.metricValues[index]])
      .filter(([, value]: [string, number]) => value),
  )
  expect(totals(([, , at = '']) => at.slice(0, 10))).toEqual(byDay)
  return rows
}

describe('a report of revenue', () => {
  it('adds up to the metric, of few accounts that are reckoned and of many of which it is kept', async () => {
    const api = await world()
    const few = await compare(api, '2024-02-01T00:00:00Z', '2024-05-01T00:00:00Z')
    expect(
      few
        .filter(([account, , at]) => account === 'A' && at === '2024-04-09T10:00:00.000Z')
        .map(([, billable, , amount]) => [billable, amount])
        .toSorted(),
    ).toEqual(
      expect.arrayContaining([
        [api.calls, '9'],
        [api.bytes, '0.7'],
      ]),
    )
    const euros = few.filter(([account]) => account === 'B')
    expect(euros).toEqual([['B', api.calls, '2024-04-10T09:00:00.000Z', '4', '4.4', 'CB']])
    await compare(api, '2024-04-09T00:00:00Z', '2024-04-10T00:00:00Z')
    const all = await rowsOf(api, query('revenue', SELECTS))

    await growLarge(api)
    await doDue(api.id)
    const many = await compare(api, '2024-02-01T00:00:00Z', '2024-05-01T00:00:00Z')
    expect(many.map((row) => JSON.stringify(row)).toSorted()).toEqual(few.map((row) => JSON.stringify(row)).toSorted())
    expect((await rowsOf(api, query('revenue', SELECTS))).map((row) => JSON.stringify(row)).toSorted()).toEqual(
      all.map((row) => JSON.stringify(row)).toSorted(),
    )
    const own = await rowsOf(api, query('revenue', ['account_id', { columnName: 'revenue_invoice_currency', aggregator: 'sum' }]), {
      account_id: 'B',
    })
    expect(own).toEqual([['B', '4']])
  }, 120_000)

  it('has each account once, though others get their first price plans while it is read', async () => {
    const api = await world()
    const plan = (ids: readonly string[]) =>
      env.DB.prepare('INSERT INTO timelines SELECT ?1, value, 1, 1, null FROM json_each(?2)').bind(api.id, JSON.stringify(ids)).run()
    await plan(Array.from({ length: 49 }, (_, index) => `0 ${index}`))
    const ctx = system(api.id, Date.now() + 1000)
    const generations = ctx.session.rows<KindedGeneration>(selectGenerations(api.id))
    const reading: Reading = {
      ctx,
      query: readQuery(query('revenue', ['account_id', 'revenue_invoice_currency'])),
      begunAt: ctx.now,
      owner: undefined,
      generations: () => generations,
    }
    const rows: unknown[] = []
    let [cursor, pages]: [unknown, number] = [null, 0]
    do {
      const { rows: some, next } = await readRevenue(reading, cursor)
      rows.push(...some)
      cursor = next
      if (pages++ === 0) await plan(['0 new'])
    } while (cursor !== null)
    expect(pages).toBeGreaterThan(4)
    const all = await rowsOf(api, query('revenue', ['account_id']))
    expect(rows.length).toBe(all.length)
  }, 120_000)

  it('waits until the revenue of all accounts has been reckoned once', async () => {
    const api = await world()
    await growLarge(api)
    const asked = await api.post('/reports', { name: 'Revenue', queryInput: query('revenue', ['account_id']) })
    const { doReports } = await import('../helpers/reports.ts')
    await doReports(api.id)
    await doReports(api.id)
    expect((await api.get(`/reports/${asked.body.id}`)).body.status).toBe('RUNNING')
    await doDue(api.id)
    await doReports(api.id, Date.now() + 600_000)
    expect((await api.get(`/reports/${asked.body.id}`)).body.status).toBe('COMPLETED')
  }, 120_000)

  it('fails where a rate is not known that it needs', async () => {
    const api = await world()
    const [{ id } = { id: '' }] = (await api.get('/settings?entity_type=ORGANIZATION')).body.data ?? []
    expect(id).toBeTypeOf('string')
    await env.DB.prepare("UPDATE settings SET value = '{}' WHERE organization_id = ? AND id = 'exchange_rates'").bind(api.id).run()
    const report = await make(api, query('revenue', ['revenue_base_currency']))
    expect([report.status, report.failureReason]).toEqual(['FAILED', expect.stringContaining('revenue in EUR, whose rate is not known')])
    expect((await make(api, query('revenue', ['revenue_invoice_currency']))).status).toBe('COMPLETED')
  })
})

import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { ACCOUNT, under, withCycles } from '../helpers/billing.ts'
import { dataOf, groupsOf } from '../helpers/metrics.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
})

afterEach(() => {
  vi.useRealTimers()
})

/** Names that every object has. */
const NAMES = ['constructor', '__proto__', 'toString']

const withCredit = async (credits: readonly object[]) => {
  const api = await withCycles('2026-04-01T10:00:00Z')
  const creditRequests = credits.map((credit) => ({ accountId: ACCOUNT, purpose: 'Gift', effectiveFrom: '2026-04-01', ...credit }))
  const { status, body } = await api.post('/credits', { creditRequests })
  expect([status, body.message]).toEqual([200, undefined])
  return api
}

it('a credit for items of any name pays their lines only, and lets all invoices fall due', async () => {
  const api = await withCredit([{ creditAmount: 10, priority: 1, applicableEntityIds: NAMES }])
  await api.associate('2026-04-01')
  expect((await api.list()).map(({ totalAmount }) => totalAmount)).toEqual([30])
  await api.moveTo('2026-05-04T00:00:00Z')
  expect((await api.list()).map(({ status, totalAmount }) => [status, totalAmount])).toEqual([
    ['DUE', 30],
    ['DRAFT', 30],
  ])
})

it('lines of any name are paid by credits, and are read by charges', async () => {
  const api = await withCredit([
    { creditAmount: 2, priority: 1, applicableEntityIds: NAMES.slice(0, 1) },
    { creditAmount: 15, priority: 2 },
  ])
  const made = await api.post('/invoices', {
    accountId: ACCOUNT,
    startDate: '2026-03-01T00:00:00Z',
    endDate: '2026-04-02T00:00:00Z',
    status: 'DRAFT',
    lineItems: NAMES.map((id, index) => ({ id, value: 10 + index })),
  })
  expect([made.status, made.body.totalAmount]).toEqual([201, 33 - 2 - 15])
  const { id } = made.body
  const value = JSON.stringify({ '+': NAMES.map((name) => ({ var: name })) })
  expect((await api.putCharges([{ name: 'Fee', value }], `/invoices/${id}`)).status).toBe(200)
  await api.moveTo('2026-04-03T00:00:00Z')
  const { status, body } = await api.patch(`/invoices/${id}`, { status: 'DUE' })
  expect([status, body.status, body.totalAmount]).toEqual([200, 'DUE', 33 - 2 - 15 + 33])
  expect(under(body.revenueInfo, 'SUB_CREDITS').map((line) => line.metadata ?? null)).toEqual([{ constructor: '-2' }, null])
})

it('of two charges of one name, those of a plan that is gone and those that waited, each earns and is explained as it says', async () => {
  const api = await withCycles('2026-04-01T10:00:00Z', () => ({ allow_ongoing_cycle_updates: true }))
  const put = async (value: string, considerForRevenue: boolean) =>
    expect((await api.putCharges([{ name: 'Courier', value, considerForRevenue }])).status).toBe(200)
  await put('40', true)
  await api.associate('2026-04-01')
  await put('5', false)
  const ended = { mode: 'DISASSOCIATE', effectiveFrom: '2026-04-01', effectiveUntil: '9999-01-01' }
  expect((await api.post(`/accounts/${encodeURIComponent(ACCOUNT)}/price_plans`, ended)).status).toBe(200)
  await api.associate('2026-04-01')
  await api.moveTo('2026-05-04T00:00:00Z')
  const [{ id, status, totalAmount, revenueInfo }] = await api.list()
  expect([status, totalAmount, under(revenueInfo, 'MISCELLANEOUS_CHARGE').map(({ value }) => value)]).toEqual(['DUE', 75, [40, 5]])
  const query = { name: 'REVENUE', aggregationPeriod: 'MONTH', groupBy: 'BILLABLE_ID' }
  const earned = groupsOf(await dataOf(api, '2026-04-01T00:00:00Z', '2026-05-01T00:00:00Z', query))
  expect(earned['Courier']).toEqual([40])
  const { grandTotal } = (await api.get(`/invoices/${id}/explanation`)).body
  expect(under(grandTotal, 'MISCELLANEOUS_CHARGE').map(({ arithmetic }) => arithmetic)).toEqual(['40 = 40', '5 = 5'])
})

import { describe, expect, it } from 'vitest'
import { linesOf, withTestClock } from '../helpers/billed.ts'
import { perUnit } from '../helpers/calculator.ts'
import { monthly } from '../helpers/schedules.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

const noGrace = { ...monthly, gracePeriod: 0 }
const usageCard = (usageMeterId: string, rate: number) => ({
  usageMeterId,
  ...perUnit(rate),
  rateValues: [{ currency: 'USD', slabRates: [{ order: 1, rate }] }],
})
const fee = (id: string, rate: number, more: Loose = {}) => ({
  id,
  enableProration: false,
  rateValues: [{ currency: 'USD', rate }],
  ...more,
})

/** An organization at an instant, in which credits are given. */
const withCredits = async (now: string) => {
  const api = await withTestClock(now)
  const { get, post, patch } = api
  const give = async (accountId: string, creditAmount: number, more: Loose = {}): Promise<Loose> => {
    const creditRequest = { accountId, purpose: 'Welcome', effectiveFrom: '2020-01-01', priority: 1, creditAmount, ...more }
    const { status, body } = await post('/credits', { creditRequests: [creditRequest] })
    expect([status, body.message]).toEqual([200, undefined])
    return body.credits[0]
  }
  const credit = async (id: string): Promise<Loose> => (await get(`/credits/${id}`)).body
  /** Of a credit its status, what DRAFTs hold of it, what has been consumed, and its transactions. */
  const stateOf = async (id: string) => {
    const { status, holdAmount, consumedAmount, transactions } = await credit(id)
    return [status, holdAmount, consumedAmount, transactions.map((one: Loose) => `${one.transactionType} ${one.amount}`).join(', ')]
  }
  const balance = async (accountId: string): Promise<Loose> => (await get(`/accounts/${accountId}/credit_balance`)).body
  const custom = async (accountId: string, lines: Loose[], more: Loose = {}): Promise<Loose> => {
    const { status, body } = await post('/invoices', {
      accountId,
      startDate: '2026-04-01T00:00:00Z',
      endDate: '2026-04-30T00:00:00Z',
      status: 'DRAFT',
      lineItems: lines,
      ...more,
    })
    expect([status, body.message]).toEqual([201, undefined])
    return body
  }
  const holder = async (id: string) => {
    const body = { id, name: id, primaryEmail: 'a@example.com', address: {}, account: { id, name: id, invoiceCurrency: 'USD' } }
    expect((await post('/customers', body)).status).toBe(201)
  }
  const set = async (id: string, status: string) => {
    const answer = await patch(`/invoices/${id}`, { status })
    expect([answer.status, answer.body.message]).toEqual([200, undefined])
    return answer.body
  }
  const invoice = async (id: string): Promise<Loose> => (await get(`/invoices/${id}`)).body
  return { ...api, grant: give, credit, stateOf, balance, custom, holder, set, invoice }
}

const creditsOf = (invoice: Loose): [string, number][] => linesOf(invoice.revenueInfo, 'SUB_CREDITS').map(({ id, value }) => [id, value])

describe('a credit on an invoice', () => {
  it('P2-19: pays for the time in which it was in force, though that is closed later, and then expires', async () => {
    const api = await withCredits('2026-04-01T00:00:00Z')
    const planId = await api.plan({ pricingCycleConfig: { ...monthly, gracePeriod: 5 }, usageRateCards: [usageCard(api.meterId, 1)] })
    await api.account('acc', planId, '2026-04-01')
    const { id } = await api.grant('acc', 100, { effectiveFrom: '2026-04-01', effectiveUntil: '2026-05-01' })
    await api.use('acc', '30', '2026-04-10T00:00:00Z')
    expect(await api.stateOf(id)).toEqual(['ACTIVE', 30, 0, 'CREDITED 100'])
    await api.moveTo('2026-05-03T00:00:00Z')
    await api.use('acc', '10', '2026-04-28T00:00:00Z')
    await api.use('acc', '20', '2026-05-02T00:00:00Z')
    expect(await api.stateOf(id)).toEqual(['ACTIVE', 40, 0, 'CREDITED 100'])
    await api.moveTo('2026-05-06T00:00:00Z')
    expect(await api.stateOf(id)).toEqual(['EXPIRED', 0, 40, 'CREDITED 100, DEBITED 40, EXPIRED 60'])
    const [april, may] = await api.invoices('acc')
    expect([april.status, april.totalAmount, creditsOf(april), may.totalAmount]).toEqual(['PAID', 0, [[id, -40]], 20])
  })

  it('P2-25: has again what an invoice took that is made void', async () => {
    const api = await withCredits('2026-05-01T00:00:00Z')
    await api.holder('acc')
    const { id } = await api.grant('acc', 30)
    const first = await api.custom('acc', [{ value: 100 }], { status: 'DUE' })
    expect([first.totalAmount, await api.stateOf(id)]).toEqual([70, ['CONSUMED', 0, 30, 'CREDITED 30, DEBITED 30']])
    await api.set(first.id, 'VOID')
    expect(await api.stateOf(id)).toEqual(['ACTIVE', 0, 0, 'CREDITED 30, DEBITED 30, CREDITED 30'])
    const second = await api.custom('acc', [{ value: 100 }], { status: 'DUE' })
    expect([second.totalAmount, await api.stateOf(id)]).toEqual([
      70,
      ['CONSUMED', 0, 30, 'CREDITED 30, DEBITED 30, CREDITED 30, DEBITED 30'],
    ])
  })

  it('is shared by DRAFTs in the order in which they fall due', async () => {
    const api = await withCredits('2026-04-01T00:00:00Z')
    const support = await api.addOn('FIXED_FEE')
    await api.account('acc', await api.plan({ pricingCycleConfig: noGrace, fixedFeeRateCards: [fee(support, 60)] }), '2026-04-01')
    const { id } = await api.grant('acc', 100)
    const written = await api.custom('acc', [{ value: 70 }])
    const [cycle] = (await api.invoices('acc')).filter(({ invoiceType }) => invoiceType === 'STANDARD')
    expect([creditsOf(await api.invoice(written.id)), creditsOf(cycle)]).toEqual([[[id, -70]], [[id, -30]]])
    expect(await api.stateOf(id)).toEqual(['ACTIVE', 100, 0, 'CREDITED 100'])
    expect(await api.balance('acc')).toMatchObject({ activeCredits: 100, availableBalance: 100, runningBalance: 0, inapplicableCredits: 0 })
    await api.moveTo('2026-05-01T00:00:00Z')
    const [april] = (await api.invoices('acc')).filter(({ invoiceType }) => invoiceType === 'STANDARD')
    expect([april.status, april.totalAmount, creditsOf(april)]).toEqual(['DUE', 30, [[id, -30]]])
    expect(await api.stateOf(id)).toEqual(['ACTIVE', 70, 30, 'CREDITED 100, DEBITED 30'])
    await api.set(written.id, 'DUE')
    expect(await api.stateOf(id)).toEqual(['CONSUMED', 0, 100, 'CREDITED 100, DEBITED 30, DEBITED 70'])
  })
})

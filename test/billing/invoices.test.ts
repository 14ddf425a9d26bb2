import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ACCOUNT, feeOf, under } from '../helpers/billing.ts'
import { perUnit } from '../helpers/calculator.ts'
import { customer } from '../helpers/customer.ts'
import { organizationWithMeter, ride } from '../helpers/metering.ts'
import { compareRows, readRows } from '../helpers/rows.ts'
import { monthly, publishPlan } from '../helpers/schedules.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
})

afterEach(() => {
  vi.useRealTimers()
})

/** An organization in which an account has a plan from a day on, and is metered. */
const withPlan = async (now: string, from: string, details: (ids: Record<string, string>) => object) => {
  vi.setSystemTime(Date.parse(now))
  const api = await organizationWithMeter()
  const addOn = async (name: string, type: string): Promise<string> => (await api.post('/addons', { name, type })).body.id
  const ids = {
    meter: api.meterId,
    support: await addOn('Support', 'FIXED_FEE'),
    platform: await addOn('Platform', 'FIXED_FEE'),
    seats: await addOn('Seats', 'LICENSE'),
    names: await addOn('Names', 'NAMED_LICENSE'),
  }
  const planId = await publishPlan(api, 'Standard', ids.support, details(ids))
  const { status, body } = await api.post(`/accounts/${ACCOUNT}/price_plans`, {
    pricePlanId: planId,
    effectiveFrom: from,
    effectiveUntil: '9999-01-01',
  })
  expect([status, body.message]).toEqual([200, undefined])
  const preview = async (at?: string): Promise<Loose[]> => {
    const answer = await api.get(`/accounts/${ACCOUNT}/invoice_preview${at === undefined ? '' : `?at=${at}`}`)
    expect([answer.status, answer.body.message]).toEqual([200, undefined])
    return answer.body.data
  }
  return { ...api, ids, planId, preview }
}

describe('the preview of an invoice', () => {
  it('is what usage, fees and licences of the cycle come to, each by its own line', async () => {
    const api = await withPlan('2026-04-20T10:00:00Z', '2026-04-11', ({ meter, support, seats }) => ({
      pricingCycleConfig: { ...monthly, gracePeriod: 30 },
      usageRateCards: [{ usageMeterId: meter, name: 'distance', tag: 'Rides', ...perUnit(0.015) }],
      fixedFeeRateCards: [feeOf(support ?? '', 30)],
      licenseRateCards: [{ id: seats, name: 'seats', enableProration: true, ...perUnit(6) }],
    }))
    const events = [
      ride('before', '1000', { timestamp: '2026-04-10T23:59:59.999Z' }),
      ride('first', '100', { timestamp: '2026-04-11T00:00:00Z' }),
      ride('second', '1.9', { timestamp: '2026-04-19T12:00:00Z' }),
    ]
    expect((await api.post('/ingestBatch', { events })).status).toBe(202)
    const update = { licenseId: api.ids.seats, accountId: ACCOUNT, updateType: 'ABSOLUTE', quantity: 10 }
    expect((await api.post('/license_updates', { ...update, effectiveFrom: '2026-04-21T00:00:00Z' })).status).toBe(200)
    const [invoice, ...others] = await api.preview()
    expect(others).toEqual([])
    expect(invoice).toMatchObject({
      ownerId: ACCOUNT,
      pricePlanId: api.planId,
      invoiceType: 'STANDARD',
      startDate: '2026-04-11T00:00:00.000Z',
      endDate: '2026-05-01T00:00:00.000Z',
      endDateInclusive: '2026-04-30T23:59:59.999Z',
      invoiceDate: '2026-05-31T00:00:00.000Z',
      dueDate: '2026-05-31T00:00:00.000Z',
      netTermDays: 0,
      totalAmount: 41.52,
      usageInfo: [{ id: api.ids.meter, type: 'USAGE_METER_USAGE', units: 'USAGE_UNITS', value: 101.9 }],
    })
    const [subTotal] = under(invoice.revenueInfo, 'SUB_TOTAL_AMOUNT')
    expect(subTotal.lineItems.map(({ type, description, value, quantity }: Loose) => [type, description, value, quantity])).toEqual([
      ['CUSTOM_TAG', 'Rides', 1.52, undefined],
      ['FIXED_FEE_RATE_CARD_AMOUNT', 'Support', 20, undefined],
      ['LICENSE_RATE_CARD_AMOUNT', 'Seats', 20, expect.closeTo(10 / 3, 9)],
    ])
    const [slab] = under(subTotal, 'USAGE_RATE_CARD_SLAB_AMOUNT')
    expect(slab).toMatchObject({ quantity: 101.9, valuePerQuantity: 0.015, value: 1.52, metadata: { order: 1, startAfter: 0 } })
  })

  it('of what is paid in advance is one of its own, which falls due when the cycle begins', async () => {
    const api = await withPlan('2026-04-20T10:00:00Z', '2026-04-11', ({ support, platform, seats }) => ({
      fixedFeeRateCards: [feeOf(support ?? '', 30, { invoiceTiming: 'IN_ADVANCE' }), feeOf(platform ?? '', 9)],
      licenseRateCards: [{ id: seats, name: 'seats', enableProration: false, invoiceTiming: 'IN_ADVANCE', ...perUnit(6) }],
    }))
    await api.patch(`/accounts/${ACCOUNT}`, { netTermDays: 14 })
    const update = { licenseId: api.ids.seats, accountId: ACCOUNT, updateType: 'ABSOLUTE' }
    await api.post('/license_updates', { ...update, quantity: 2, effectiveFrom: '2026-04-01T00:00:00Z' })
    await api.post('/license_updates', { ...update, quantity: 5, effectiveFrom: '2026-05-01T00:00:00Z' })
    const shown = async (at: string) =>
      (await api.preview(at)).map(({ invoiceType, invoiceDate, dueDate, totalAmount }) => [
        invoiceType,
        invoiceDate.slice(0, 10),
        dueDate.slice(0, 10),
        totalAmount,
      ])
    expect(await shown('2026-04-30T23:59:59.999Z')).toEqual([
      ['STANDARD', '2026-05-04', '2026-05-18', 6],
      ['STANDARD_ADVANCED', '2026-04-11', '2026-04-25', 32],
    ])
    expect(await shown('2026-05-01T00:00:00Z')).toEqual([
      ['STANDARD', '2026-06-04', '2026-06-18', 9],
      ['STANDARD_ADVANCED', '2026-05-01', '2026-05-15', 60],
    ])
    await api.patch(`/accounts/${ACCOUNT}`, { netTermDays: 2_147_483_647 })
    expect((await shown('2026-05-01T00:00:00Z'))[0]?.[2]).toBe('9999-01-01')
  })

  it('names whom it is about as they are now, and the group says when it is to be paid', async () => {
    const api = await withPlan('2026-04-20T10:00:00Z', '2026-04-11', () => ({}))
    const address = { line1: '4 Quay Road', city: 'Bristol', country: 'GB' }
    await api.patch(`/accounts/${ACCOUNT}`, { name: 'Acme EU', address, primaryEmail: 'eu@example.com' })
    const group = { name: 'G', email: 'g@example.com', dailyInvoiceConsolidation: true, accountIds: [ACCOUNT], netTermDays: 7, address: {} }
    expect((await api.post('/invoice_groups', group)).status).toBe(200)
    const [invoice] = await api.preview()
    expect(invoice).toMatchObject({
      netTermDays: 7,
      dueDate: '2026-05-11T00:00:00.000Z',
      invoiceDetails: {
        account: { name: 'Acme EU', invoiceCurrency: 'USD', address, primaryEmail: 'eu@example.com' },
        pricePlanName: 'Standard',
      },
    })
  })

  it('has as many lines as the plan has cards', async () => {
    vi.setSystemTime(Date.parse('2026-04-01T10:00:00Z'))
    const api = await organizationWithMeter()
    const ids: string[] = []
    for (let n = 0; n < 60; n++) ids.push((await api.post('/addons', { name: `Fee ${n}`, type: 'FIXED_FEE' })).body.id)
    const planId = await publishPlan(api, 'Long', '', { fixedFeeRateCards: ids.map((id, n) => feeOf(id, n + 0.5, { name: `fee ${n}` })) })
    const dates = { effectiveFrom: '2026-04-01', effectiveUntil: '9999-01-01' }
    expect((await api.post(`/accounts/${ACCOUNT}/price_plans`, { pricePlanId: planId, ...dates })).status).toBe(200)
    const { body } = await api.get(`/accounts/${ACCOUNT}/invoice_preview`)
    expect(body.data[0].totalAmount).toBe(60 * 29.5 + 30)
    const [subTotal] = under(body.data[0].revenueInfo, 'SUB_TOTAL_AMOUNT')
    expect(subTotal.lineItems).toHaveLength(60)
  })

  it('is refused without an account or a plan, and stores nothing', async () => {
    const api = await withPlan('2026-04-20T10:00:00Z', '2026-05-01', () => ({}))
    await api.post('/customers', customer('other', { id: 'other' }))
    const said = async (path: string) => {
      const { status, body } = await api.get(path)
      return [status, body.message]
    }
    const before = await readRows(api.id)
    expect(await said('/accounts/nobody/invoice_preview')).toEqual([404, 'The account "nobody" does not exist.'])
    expect(await said('/accounts/other/invoice_preview')).toEqual([
      404,
      'at: no price plan is in force for the account "other" on 2026-04-20',
    ])
    expect((await said(`/accounts/${ACCOUNT}/invoice_preview`))[0]).toBe(404)
    expect((await api.preview('2030-01-31T23:59:59.999Z'))[0]?.totalAmount).toBe(10)
    expect(compareRows(before, await readRows(api.id))).toEqual([])
  })
})

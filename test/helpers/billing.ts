import { expect, vi } from 'vitest'
import { perUnit } from './calculator.ts'
import { doDue } from './ledgers.ts'
import { organizationWithMeter, ride } from './metering.ts'
import { monthly, publishPlan } from './schedules.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

/** The account that is billed. */
export const ACCOUNT = 'acme main'
const path = `/accounts/${encodeURIComponent(ACCOUNT)}`

/** A fixed fee in USD, prorated. */
export const feeOf = (id: string, rate: number, more: Loose = {}) => ({
  id,
  name: `fee ${id}`,
  enableProration: true,
  rateValues: [{ currency: 'USD', rate }],
  ...more,
})

/** A line of an invoice, and those below it, of one type. */
export const under = (line: Loose, type: string): Loose[] =>
  line.type === type ? [line] : (line.lineItems ?? []).flatMap((one: Loose) => under(one, type))

/** An organization whose clock stands at an instant, with a meter, which costs 2 a unit, and a monthly fee of 30. */
export const withCycles = async (
  now: string,
  detailsOf: (ids: { meter: string; support: string; platform: string }) => object = () => ({}),
) => {
  vi.setSystemTime(Date.parse(now))
  const api = await organizationWithMeter()
  const addOn = async (name: string): Promise<string> => (await api.post('/addons', { name, type: 'FIXED_FEE' })).body.id
  const ids = { meter: api.meterId, support: await addOn('Support'), platform: await addOn('Platform') }
  const publish = (name: string, details: object = {}) =>
    publishPlan(api, name, ids.support, {
      pricingCycleConfig: monthly,
      usageRateCards: [{ usageMeterId: ids.meter, name: 'distance', ...perUnit(2) }],
      fixedFeeRateCards: [feeOf(ids.support, 30)],
      ...detailsOf(ids),
      ...details,
    })
  const planId = await publish('Standard')
  const associate = async (effectiveFrom: string, more: Loose = {}) => {
    const { account = ACCOUNT, ...edit } = more
    const sent = { pricePlanId: planId, effectiveFrom, effectiveUntil: '9999-01-01', ...edit }
    const { status, body } = await api.post(`/accounts/${encodeURIComponent(account)}/price_plans`, sent)
    expect([status, body.message]).toEqual([200, undefined])
  }
  const send = async (id: string, distance: string, timestamp: string) =>
    expect((await api.post('/ingest', { event: ride(id, distance, { timestamp }) })).status).toBe(202)
  const moveTo = async (time: string) => {
    vi.setSystemTime(Date.parse(time))
    await doDue(api.id)
  }
  /** The invoices of cycles, by their first days. */
  const list = async (): Promise<Loose[]> => {
    const { body } = await api.get('/invoices?pageSize=50')
    const all = await Promise.all(body.data.map(async ({ id }: Loose) => (await api.get(`/invoices/${id}`)).body))
    return all.toSorted((one, other) => (one.startDate + one.invoiceType < other.startDate + other.invoiceType ? -1 : 1))
  }
  const read = async (id: string): Promise<Loose> => (await api.get(`/invoices/${id}`)).body
  /** Lets invoices wait for a bill run instead of falling due by themselves. */
  const waitForRuns = async () => {
    const { status } = await api.post('/settings', {
      entityType: 'ORGANIZATION',
      entityId: api.id,
      id: 'auto_advance_invoice',
      value: 'false',
      namespace: 'SYSTEM',
      name: 'Auto',
      dataType: 'STRING',
    })
    expect(status).toBe(201)
  }
  const putCharges = (items: readonly object[], of = path, query = '') => api.call('PUT', `${of}/miscellaneous_charges${query}`, { items })
  return { ...api, ids, planId, publish, associate, send, moveTo, list, read, waitForRuns, putCharges }
}

import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { accountKey, askEvents, ledgerName, meterSeries, slotOf } from '../../src/ledger/client.ts'
import { ledgers } from '../helpers/api.ts'
import { feeOf } from '../helpers/billing.ts'
import { perUnit } from '../helpers/calculator.ts'
import { doDue } from '../helpers/ledgers.ts'
import { organizationWithMeter, ride } from '../helpers/metering.ts'
import { monthly, publishPlan } from '../helpers/schedules.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
})

afterEach(() => {
  vi.useRealTimers()
})

const PATH = '/accounts/acme%20main'

/** An account whose June is billed: usage, a fee, licences after the cycle and in advance with a change, and an invoice that a person wrote. */
const withJune = async () => {
  vi.setSystemTime(Date.parse('2024-06-01T00:00:00Z'))
  const api = await organizationWithMeter()
  const addOn = async (name: string, type: string): Promise<string> => (await api.post('/addons', { name, type })).body.id
  const [support, seats, desks] = [await addOn('Support', 'FIXED_FEE'), await addOn('Seats', 'LICENSE'), await addOn('Desks', 'LICENSE')]
  const fee = feeOf(support, 31)
  const planId = await publishPlan(api, 'Scale', support, {
    pricingCycleConfig: monthly,
    usageRateCards: [{ usageMeterId: api.meterId, name: 'distance', ...perUnit(2) }],
    fixedFeeRateCards: [fee],
    licenseRateCards: [
      { id: seats, name: 'seats', enableProration: true, ...perUnit(12) },
      { id: desks, name: 'desks', enableProration: true, invoiceTiming: 'IN_ADVANCE', ...perUnit(30) },
    ],
  })
  const license = (licenseId: string, quantity: number, effectiveFrom: string) =>
    api.post('/license_updates', { accountId: 'acme main', licenseId, quantity, updateType: 'ABSOLUTE', effectiveFrom })
  await license(desks, 2, '2024-06-01T00:00:00Z')
  await api.post(`${PATH}/price_plans`, { pricePlanId: planId, effectiveFrom: '2024-06-01', effectiveUntil: '9999-01-01' })
  await license(seats, 10, '2024-06-11T00:00:00Z')
  vi.setSystemTime(Date.parse('2024-06-21T00:00:00Z'))
  await license(desks, 5, '2024-06-21T00:00:00Z')
  await api.post('/ingest', { event: ride('one', '7.5', { timestamp: '2024-06-12T10:00:00Z' }) })
  await api.call('PUT', `/invoices/${(await api.get('/invoices?status=DRAFT')).body.data[0].id}/miscellaneous_charges`, {
    items: [{ name: 'Courier', rate: 20, quantity: 2 }],
  })
  vi.setSystemTime(Date.parse('2024-07-04T00:00:00Z'))
  await doDue(api.id)
  await api.post('/invoices', {
    accountId: 'acme main',
    startDate: '2024-06-01T00:00:00Z',
    endDate: '2024-06-30T00:00:00Z',
    status: 'DUE',
    lineItems: [{ id: 'a', quantity: 3, valuePerQuantity: 1.115 }],
  })
  const verify = async (): Promise<Loose[]> => {
    const { status, body } = await api.get('/invoice_verifications?pageSize=20')
    expect([status, body.message]).toEqual([200, undefined])
    return body.data
  }
  /** The differences of invoices that have some, by the type of the invoice. */
  const differing = async () =>
    (await verify()).flatMap(({ invoiceType, differences }) => (differences.length ? [[invoiceType, ...differences]] : []))
  const plant = async (set: string, type: string) => {
    await env.DB.prepare('drop trigger if exists invoices_frozen').run()
    await env.DB.prepare(`update invoices set ${set} where organization_id = ? and invoice_type = ? and sequence is not null`)
      .bind(api.id, type)
      .run()
  }
  return { ...api, planId, fee, support, seats, desks, license, verify, differing, plant }
}

describe('the verification of invoices', () => {
  it('finds nothing where everything is as it was, also when plans, licences and names have changed since', async () => {
    const api = await withJune()
    const verified = await api.verify()
    expect(verified.map(({ invoiceType, isReckoned, differences }) => [invoiceType, isReckoned, differences]).toSorted()).toEqual([
      ['ADHOC_ADVANCED', true, []],
      ['CUSTOM', true, []],
      ['STANDARD', true, []],
      ['STANDARD_ADVANCED', true, []],
      ['STANDARD_ADVANCED', true, []],
    ])
    vi.setSystemTime(Date.parse('2024-07-04T12:00:00Z'))
    await api.license(api.seats, 99, '2024-06-15T00:00:00Z')
    await api.license(api.desks, 99, '2024-06-15T00:00:00Z')
    await api.post('/ingest', { event: ride('late', '7.5', { timestamp: '2024-06-13T10:00:00Z' }) })
    await api.patch(`/addons/${api.support}`, { name: 'Help' })
    const dearer = { fixedFeeRateCards: [{ ...api.fee, rateValues: [{ currency: 'USD', rate: 62 }] }] }
    expect((await api.patch(`/price_plans/${api.planId}`, { pricePlanDetails: dearer })).status).toBe(200)
    expect((await api.get(`/v2/price_plans/${api.planId}`)).body.version).toBe(2)
    await api.patch(PATH, { name: 'Other' })
    expect(await api.differing()).toEqual([])
    const first = await api.get('/invoice_verifications?pageSize=2')
    const rest = await api.get(`/invoice_verifications?nextToken=${encodeURIComponent(first.body.nextToken)}`)
    expect([first.body.data.length, rest.body.data.length]).toEqual([2, 2])
    expect((await api.get('/invoice_verifications?owner_id=nobody')).body.data).toEqual([])
  })

  it('finds nothing where licences change at the very instant at which an invoice fell due, before or after that', async () => {
    const api = await withJune()
    await api.license(api.seats, 99, '2024-06-15T00:00:00Z')
    await api.license(api.desks, 7, '2024-07-04T00:00:00Z')
    await api.license(api.desks, 8, '2024-07-04T00:00:00Z')
    await doDue(api.id)
    expect((await api.verify()).filter(({ invoiceType }) => invoiceType === 'ADHOC_ADVANCED')).toHaveLength(3)
    expect(await api.differing()).toEqual([])
  })

  it('names each invoice whose events, licences, lines or total are not what they were', async () => {
    const api = await withJune()
    await api.plant(`basis = json_set(basis, '$.usage."${api.meterId}"', '9')`, 'STANDARD')
    expect(await api.differing()).toEqual([
      [
        'STANDARD',
        `the events of the usage meter "${api.meterId}" add up to 7.5, and it was reckoned with 9`,
        expect.stringMatching(/comes to 18, and it came to 15$/),
      ],
    ])
    await api.plant(`basis = json_set(basis, '$.usage."${api.meterId}"', '7.5')`, 'STANDARD')
    await api.plant(`basis = json_set(basis, '$.licenses."${api.desks}".changes[0].quantity', '3')`, 'STANDARD_ADVANCED')
    expect((await api.differing()).flat().filter((one: string) => one.includes('licences'))).toHaveLength(2)
    await env.DB.prepare('update license_updates set quantity = ? where organization_id = ? and license_id = ?')
      .bind('11', api.id, api.seats)
      .run()
    expect((await api.differing()).flat()).toContain(
      `the licences of the add-on "${api.seats}" had other numbers than those that it was reckoned with`,
    )
    await api.plant("total = '1.5'", 'CUSTOM')
    expect((await api.differing()).find(([type]) => type === 'CUSTOM')).toEqual(['CUSTOM', 'its total is 1.5, and its lines come to 3.34'])
    await api.plant("rated = json_set(rated, '$.tree[7][0][7][0][7][0][7][0][3]', '9')", 'CUSTOM')
    expect((await api.differing()).find(([type]) => type === 'CUSTOM')).toEqual([
      'CUSTOM',
      'its total is 1.5, and its lines come to 9',
      'the line a comes to 3.34, and it came to 9',
    ])
    await api.plant("rated = json_set(rated, '$.tree[7][0][7][0][7][0][3]', '9.5')", 'CUSTOM')
    expect((await api.differing()).find(([type]) => type === 'CUSTOM')).toContain('the line GROSS_AMOUNT is not the sum of its lines')
  })

  it('learns from a ledger how many events of an account there are in a time, what they add up to, and when the first and the last were', async () => {
    const api = await withJune()
    const placeOf = (id: string) => slotOf(id) % 4
    const beside = Array.from({ length: 100 }, (_, n) => `two ${n}`).find((id) => placeOf(id) === placeOf('one')) ?? ''
    await api.post('/ingest', { event: ride(beside, '1.5', { timestamp: '2024-07-02T11:30:00Z' }) })
    const names = Array.from({ length: 4 }, (_, index) => ledgerName(api.id, 'event', 1, index))
    const series = meterSeries(api.meterId)
    const query = { account: accountKey('acme main'), series: [series], from: Date.parse('2024-06-01'), until: Date.parse('2024-08-01') }
    const queries = [query, { ...query, until: Date.parse('2024-07-01') }, { ...query, account: accountKey('nobody') }]
    const all = await Promise.all(names.map((name) => askEvents({ ledgers }, name, (ledger) => ledger.readEvidence(queries))))
    const [one, two] = [Date.parse('2024-06-12T10:00:00Z'), Date.parse('2024-07-02T11:30:00Z')]
    expect(all.filter((found) => found.flat().length)).toEqual([[[[series, '9', 2, one, two]], [[series, '7.5', 1, one, one]], []]])
  })
})

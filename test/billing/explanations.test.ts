import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { doDue } from '../helpers/ledgers.ts'
import { perUnit } from '../helpers/calculator.ts'
import { organizationWithMeter, ride } from '../helpers/metering.ts'
import { monthly } from '../helpers/schedules.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
})

afterEach(() => {
  vi.useRealTimers()
})

const withInvoices = async () => {
  vi.setSystemTime(Date.parse('2024-06-11T00:00:00Z'))
  const api = await organizationWithMeter()
  const addOn = async (name: string, type: string): Promise<string> => (await api.post('/addons', { name, type })).body.id
  const [support, seats, desks, commit] = [
    await addOn('Support', 'FIXED_FEE'),
    await addOn('Seats', 'LICENSE'),
    await addOn('Desks', 'LICENSE'),
    await addOn('Commitment', 'FIXED_FEE'),
  ]
  const details = {
    supportedCurrencies: ['USD'],
    pricingCycleConfig: monthly,
    usageRateCards: [
      {
        usageMeterId: api.meterId,
        name: 'distance',
        ratePlan: {
          pricingModel: 'TIERED',
          slabs: [
            { order: 1, startAfter: 0, priceType: 'PER_UNIT' },
            { order: 2, startAfter: 10, priceType: 'PACKAGE', slabConfig: { packageSize: '5' } },
          ],
        },
        rateValues: [
          {
            currency: 'USD',
            slabRates: [
              { order: 1, rate: 0.333 },
              { order: 2, rate: 2 },
            ],
            rateConfig: { minimumRate: '0', maximumRate: '6' },
          },
        ],
      },
    ],
    fixedFeeRateCards: [{ id: support, name: 'support', enableProration: true, rateValues: [{ currency: 'USD', rate: 31 }] }],
    licenseRateCards: [
      { id: seats, name: 'seats', enableProration: true, ...perUnit(12) },
      { id: desks, name: 'desks', enableProration: true, invoiceTiming: 'IN_ADVANCE', ...perUnit(30) },
    ],
  }
  const planId = (await api.post('/price_plans', { name: 'Scale', pricePlanDetails: details })).body.id
  const ruled = await api.call('PUT', `/v2/price_plans/${planId}/pricing_rules`, {
    pricingRules: [
      {
        name: 'Rebate',
        order: 1,
        condition: `{">":[{"var":"usage.urc.${api.meterId}"},10]}`,
        computation: `{"*":[{"var":"revenue.ff.${support}"},0.5]}`,
        action: { type: 'UPDATE', target: `revenue.ff.${support}` },
        invoiceTiming: 'IN_ARREARS',
      },
    ],
  })
  expect([ruled.status, ruled.body.message]).toEqual([200, undefined])
  expect((await api.post(`/price_plans/${planId}/activate`, { currencies: ['USD'] })).status).toBe(200)
  await api.post('/accounts/acme%20main/price_plans', { pricePlanId: planId, effectiveFrom: '2024-06-11', effectiveUntil: '9999-01-01' })
  const license = (licenseId: string, quantity: number, effectiveFrom: string) =>
    api.post('/license_updates', { accountId: 'acme main', licenseId, quantity, updateType: 'ABSOLUTE', effectiveFrom })
  const explain = async (type: string): Promise<Loose> => {
    const { body } = await api.get('/invoices?pageSize=50')
    const { id } = body.data.find((one: Loose) => one.invoiceType === type)
    const { status, body: explained } = await api.get(`/invoices/${id}/explanation`)
    expect(status).toBe(200)
    return explained
  }
  return { ...api, planId, support, seats, desks, commit, license, explain }
}

/** All lines of an explanation, each with its type, its value and its arithmetic. */
const linesOf = (line: Loose): string[] => [`${line.type} ${line.value}: ${line.arithmetic}`, ...(line.lineItems ?? []).flatMap(linesOf)]
const find = (line: Loose, type: string): Loose =>
  line.type === type ? line : (line.lineItems ?? []).map((one: Loose) => find(one, type)).find(Boolean)

describe('the explanation of an invoice', () => {
  it('says how each line came to its value, of a DRAFT and once it is frozen', async () => {
    const api = await withInvoices()
    await api.license(api.seats, 10, '2024-06-11T00:00:00Z')
    await api.license(api.seats, 13, '2024-06-21T00:00:00Z')
    await api.post('/ingest', { event: ride('one', '10', { timestamp: '2024-06-11T10:00:00.001Z' }) })
    await api.post('/ingest', { event: ride('two', '7.5', { timestamp: '2024-06-12T10:00:00Z' }) })
    const right = [
      'GRAND_TOTAL_AMOUNT 108.33: 108.33 = 108.33',
      'TOTAL_AMOUNT 108.33: 108.33 = 108.33',
      'NET_AMOUNT 108.33: 108.33 = 108.33',
      'GROSS_AMOUNT 108.33: 108.33 = 108.33',
      'PRICE_PLAN_AMOUNT 108.33: 108.33 = 108.33',
      'SUB_TOTAL_AMOUNT 108.33: 6 + 10.33 + 92 = 108.33',
      'USAGE_RATE_CARD_AMOUNT 6: 17.5 units of the usage meter from 2024-06-11 to 2024-06-30: 3.33 + 4 - 1.33 = 6',
      'USAGE_RATE_CARD_SLAB_AMOUNT 3.33: 10 × 0.333 = 3.33',
      'USAGE_RATE_CARD_SLAB_AMOUNT 4: 2 packages of 5 × 2 = 4',
      'RATE_CONFIG_ADJUSTMENT_AMOUNT -1.33: the card costs at most 6, which is 6 in all: -1.33',
      'FIXED_FEE_RATE_CARD_AMOUNT 10.33: 31 × 20 of 30 days = 20.66666666666666666667, cut to 20.66: 20.66 - 10.33 = 10.33',
      'FIXED_FEE_RATE_CARD_AMOUNT 20.66: before what changes it: 20.66',
      'PRICING_RULE_REVENUE_UPDATE_AMOUNT -10.33: the rule set the amount from 20.66 to 10.33: -10.33',
      'LICENSE_RATE_CARD_AMOUNT 92: 10 days with 10, 10 days with 13, of 30 days: 7.66666666666666666667: 92 = 92',
      'LICENSE_RATE_CARD_SLAB_AMOUNT 92: 7.66666666666666666667 × 12 = 2760 / 30 = 92',
    ]
    const draft = await api.explain('STANDARD')
    expect(linesOf(draft.grandTotal)).toEqual(right)
    expect(draft).toMatchObject({
      status: 'DRAFT',
      currency: 'USD',
      pricePlan: { id: api.planId, name: 'Scale', version: 1, isOverridden: false },
      cycle: { number: 1, startDate: '2024-06-11T00:00:00.000Z', endDate: '2024-07-01T00:00:00.000Z', days: 20, ofDays: 30 },
    })
    const usage = find(draft.grandTotal, 'USAGE_RATE_CARD_AMOUNT')
    expect(usage.rateCard).toEqual({ name: 'distance', type: 'USAGE', invoiceTiming: 'IN_ARREARS', pricePlanId: api.planId, version: 1 })
    expect(usage.events).toMatchObject({
      count: 2,
      firstEventAt: '2024-06-11T10:00:00.001Z',
      lastEventAt: '2024-06-12T10:00:00.000Z',
      units: '17.5',
    })
    const listed = await api.get(usage.events.list)
    expect([listed.status, listed.body.events.length]).toEqual([200, 2])
    expect(find(draft.grandTotal, 'PRICING_RULE_REVENUE_UPDATE_AMOUNT').pricingRule).toMatchObject({
      name: 'Rebate',
      variables: { [`usage.urc.${api.meterId}`]: '17.5', [`revenue.ff.${api.support}`]: '20.66' },
    })
    expect(find(draft.grandTotal, 'FIXED_FEE_RATE_CARD_AMOUNT').proration).toEqual({ days: 20, ofDays: 30 })
    vi.setSystemTime(Date.parse('2024-07-04T00:00:00Z'))
    await doDue(api.id)
    const { body } = await api.get('/invoices?status=DUE')
    const { id } = body.data.find((one: Loose) => one.invoiceType === 'STANDARD')
    const frozen = (await api.get(`/invoices/${id}/explanation`)).body
    expect([frozen.status, frozen.reckonedAt, linesOf(frozen.grandTotal)]).toEqual(['DUE', '2024-07-04T00:00:00.000Z', right])
  })

  it('says what a change within a cycle had cost before, and what was there when the cycle began', async () => {
    const api = await withInvoices()
    await api.license(api.desks, 3, '2024-06-21T00:00:00Z')
    vi.setSystemTime(Date.parse('2024-06-22T00:00:00Z'))
    await doDue(api.id)
    const advanced = await api.explain('STANDARD_ADVANCED')
    expect(linesOf(advanced.grandTotal).slice(5)).toEqual([
      'ADVANCED_LICENSE_RATE_CARD_AMOUNT 0: 0 when the cycle began, for 20 of 30 days: 0 = 0',
      'LICENSE_RATE_CARD_SLAB_AMOUNT 0: no units behind 0: 0',
    ])
    const adhoc = await api.explain('ADHOC_ADVANCED')
    expect(linesOf(adhoc.grandTotal).slice(5)).toEqual([
      'ADVANCED_LICENSE_RATE_CARD_AMOUNT 30: the cycle costs 30 by what was known then, with 1 after 0, and 0 before that: 30',
    ])
  })
})

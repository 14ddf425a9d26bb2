import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { done } from '../helpers/api.ts'
import { linesOf, withTestClock } from '../helpers/billed.ts'
import { perUnit } from '../helpers/calculator.ts'
import { ride } from '../helpers/metering.ts'
import { monthly } from '../helpers/schedules.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

const ACCOUNT = 'orbit'

const fee = (id: string, rate: number, more: Loose = {}) => ({
  id,
  name: `fee ${id}`,
  enableProration: true,
  rateValues: [{ currency: 'USD', rate }],
  ...more,
})

/** A plan with cards of each family that is billed by now, with tags, limits, rules and a commitment. */
const planOf = async (api: Awaited<ReturnType<typeof withTestClock>>) => {
  const ids = {
    support: await api.addOn('FIXED_FEE', 'Support'),
    platform: await api.addOn('FIXED_FEE', 'Platform'),
    seats: await api.addOn('LICENSE', 'Seats'),
    users: await api.addOn('NAMED_LICENSE', 'Users'),
  }
  const limited = {
    ratePlan: perUnit(1).ratePlan,
    rateValues: [{ currency: 'USD', slabRates: [{ order: 1, rate: 2.005 }], rateConfig: { maximumRate: '40' } }],
  }
  const details = {
    pricingCycleConfig: monthly,
    usageRateCards: [{ usageMeterId: api.meterId, name: 'distance', tag: 'Rides', ...limited }],
    fixedFeeRateCards: [fee(ids.support, 30, { tag: 'Rides' }), fee(ids.platform, 9, { invoiceTiming: 'IN_ADVANCE' })],
    licenseRateCards: [
      { id: ids.seats, name: 'seats', enableProration: true, ...perUnit(6) },
      { id: ids.users, name: 'users', type: 'NAMED_LICENSE', enableProration: false, usageCycle: 'WEEKLY', ...perUnit(1) },
    ],
    minimumCommitment: { displayName: 'At least', rateValues: [{ currency: 'USD', rate: 500 }] },
  }
  const rules = [
    { name: 'loyalty', order: 1, computation: '{"*":[{"var":"revenue.rate_card_total"},-0.1]}', action: { type: 'ADD', id: 'loyalty' } },
    {
      name: 'half',
      order: 2,
      computation: `{"/":[{"var":"revenue.ff.${ids.support}"},2]}`,
      action: { type: 'UPDATE', target: `revenue.ff.${ids.support}` },
    },
  ]
  return { ids, details, planId: await api.plan(details, { rules }) }
}

const line = { id: 'onboarding', description: 'Onboarding', quantity: 2.25, valuePerQuantity: 64.22 }

/** An account with invoices of all kinds that have fallen due, in each status that they can have. */
const withInvoices = async () => {
  const api = await withTestClock('2026-04-01T00:00:00Z')
  const plan = await planOf(api)
  await api.account(ACCOUNT, plan.planId, '2026-04-01')
  await api.use(ACCOUNT, '7', '2026-04-10T10:00:00Z', 'one')
  await api.use(ACCOUNT, '30.5', '2026-04-30T23:59:59.999Z', 'two')
  await api.hold(ACCOUNT, plan.ids.seats, 4, '2026-04-16T12:00:00Z')
  await api.name(ACCOUNT, plan.ids.users, 'ann', '2026-04-03T00:00:00Z')
  const custom = async (status: string, more: Loose = {}): Promise<string> => {
    const period = { startDate: '2026-03-01T00:00:00Z', endDate: '2026-04-01T00:00:00Z' }
    const { status: code, body } = await api.post('/invoices', { accountId: ACCOUNT, ...period, status, lineItems: [line], ...more })
    expect([code, body.message]).toEqual([201, undefined])
    return body.id
  }
  await custom('DUE')
  await custom('PAID')
  await custom('DUE', { lineItems: [{ value: -5 }] })
  await custom('DUE', { lineItems: [{ value: 0 }] })
  const charged = await custom('DRAFT')
  const items = [
    { name: 'Compliance', value: '{"*":[{"var":"onboarding"},0.05]}' },
    { name: 'Call', rate: 5, quantity: 2 },
  ]
  expect((await api.call('PUT', `/invoices/${charged}/miscellaneous_charges`, { items })).status).toBe(200)
  expect((await api.patch(`/invoices/${charged}`, { status: 'DUE' })).status).toBe(200)
  for (const status of ['VOID', 'UN_COLLECTIBLE'])
    expect((await api.patch(`/invoices/${await custom('DUE')}`, { status })).status).toBe(200)
  await api.moveTo('2026-05-04T00:00:00Z')
  return { ...api, ...plan }
}

/** What is shown of each invoice that has fallen due, by itself and in lists, as text. */
const readFrozen = async ({ get }: Pick<Loose, 'get'>) => {
  const { body } = await get(`/invoices?owner_id=${ACCOUNT}&pageSize=50`)
  const shown: Record<string, string> = {}
  for (const summary of body.data.filter(({ status }: Loose) => status !== 'DRAFT')) {
    const { body: invoice, headers } = await get(`/invoices/${summary.id}`)
    shown[summary.id] = [JSON.stringify(summary), JSON.stringify(invoice), headers.get('ETag')].join('\n')
  }
  return shown
}

/** Changes everything that can be changed of what invoices are made of. */
const changeAll = async ({ ids, details, planId, ...api }: Awaited<ReturnType<typeof withInvoices>>) => {
  const { post, patch } = api
  const address = { line1: '4 Quay Road', city: 'Bristol', country: 'GB' }
  await done(patch(`/customers/${ACCOUNT}`, { name: 'Renamed customer', primaryEmail: 'new@example.com', address }))
  const terms = { name: 'Renamed account', primaryEmail: 'eu@example.com', address, netTermDays: 45, invoiceCurrency: 'USD' }
  await done(patch(`/accounts/${ACCOUNT}`, terms))
  for (const [name, id] of Object.entries(ids))
    await done(patch(`/addons/${id}`, { name: `New ${name}`, billableName: `Billable ${name}` }))
  const setting = { id: 'auto_advance_invoice', value: 'false', namespace: 'SYSTEM', name: 'Auto', dataType: 'STRING' }
  await done(post('/settings', { ...setting, entityType: 'ORGANIZATION', entityId: api.id }))
  const group = { name: 'Group', email: 'g@example.com', dailyInvoiceConsolidation: false, netTermDays: 7, address }
  await done(post('/invoice_groups', { ...group, accountIds: [ACCOUNT] }))

  const late = [ride('late', '100', { timestamp: '2026-04-20T00:00:00Z', accountId: ACCOUNT })]
  await done(post('/ingestBatch', { events: late }))
  await api.name(ACCOUNT, ids.users, 'bob', '2026-04-03T00:00:00Z')
  await api.hold(ACCOUNT, ids.seats, 90, '2026-04-02T00:00:00Z')
  const correct = (action: string, body?: Loose) =>
    api.call('POST', `/events/correction?action=${action}&account_id=${ACCOUNT}&event_id=one`, body)
  const refused = [
    await correct('UNDO'),
    await correct('REDO'),
    await correct('REDO_EVENT', { event: ride('one', '900', { timestamp: '2026-04-10T10:00:00Z', accountId: ACCOUNT }) }),
  ]
  expect(refused.map(({ body }) => body.data[0].status)).toEqual(['FAILED', 'FAILED', 'FAILED'])

  await done(post(`/usage_meters/${api.meterId}/deactivate`))
  await done(
    patch(`/usage_meters/${api.meterId}`, {
      billableName: 'Miles',
      computations: [{ computation: '{"*":[{"var":"attributes.distance"},1000]}', order: 1 }],
    }),
  )
  await done(post(`/usage_meters/${api.meterId}/activate`))
  const dearer = details.fixedFeeRateCards.map((card) => ({ ...card, rateValues: [{ currency: 'USD', rate: 999 }] }))
  const version = { description: 'Dearer', pricePlanDetails: { fixedFeeRateCards: dearer, usageRateCards: [] }, pricingRules: [] }
  await done(patch(`/price_plans/${planId}`, { ...version, migrationMode: 'IMMEDIATE' }))
  await api.moveTo('2026-05-10T00:00:00Z')
  const other = await api.plan({ pricingCycleConfig: { ...monthly, gracePeriod: 9 }, fixedFeeRateCards: [fee(ids.support, 1)] })
  await api.give(ACCOUNT, other, '2026-05-20')
  await api.moveTo('2026-06-25T00:00:00Z')
  await done(api.delete(`/accounts/${ACCOUNT}`))
  await api.moveTo('2027-06-25T00:00:00Z')
  const { body: kept } = await api.get(`/accounts/${ACCOUNT}`)
  expect([kept.status, kept.name]).toEqual(['ARCHIVED', 'Renamed account'])
}

describe('an invoice that has fallen due', () => {
  it('is shown as it was then, byte for byte, whatever is changed afterwards of what it was made of', async () => {
    const api = await withInvoices()
    const before = await readFrozen(api)
    const kinds = Object.values(before).map((text) => JSON.parse(text.split('\n')[1] ?? ''))
    expect(kinds.map(({ invoiceType, status, totalAmount }) => `${invoiceType} ${status} ${totalAmount}`).toSorted()).toEqual([
      'CUSTOM DUE 144.49',
      'CUSTOM DUE 161.71',
      'CUSTOM PAID 0',
      'CUSTOM PAID 144.49',
      'CUSTOM REFUND_COMPLETED -5',
      'CUSTOM UN_COLLECTIBLE 144.49',
      'CUSTOM VOID 144.49',
      'STANDARD DUE 500',
      'STANDARD_ADVANCED DUE 9',
      'STANDARD_ADVANCED DUE 9',
    ])
    const standard = kinds.find(({ invoiceType }) => invoiceType === 'STANDARD')
    const shown = [
      'CUSTOM_TAG',
      'USAGE_CYCLE_AMOUNT',
      'RATE_CONFIG_ADJUSTMENT_AMOUNT',
      'PRICING_RULE_ADDITION_AMOUNT',
      'PRICING_RULE_REVENUE_UPDATE_AMOUNT',
      'TRUE_UP_AMOUNT',
    ]
    expect(shown.filter((type) => !linesOf(standard.revenueInfo, type).length)).toEqual([])
    await changeAll(api)
    const after = await readFrozen(api)
    expect(Object.fromEntries(Object.keys(before).map((id) => [id, after[id]]))).toEqual(before)
    expect(Object.keys(after).length).toBeGreaterThan(Object.keys(before).length)
  })

  it('cannot be changed by a request, but for its status, nor in the database', async () => {
    const api = await withInvoices()
    const before = await readFrozen(api)
    for (const id of Object.keys(before)) {
      const answers = [
        await api.patch(`/invoices/${id}`, { lineItems: [{ value: 1 }] }),
        await api.patch(`/invoices/${id}`, { startDate: '2026-01-01T00:00:00Z' }),
        await api.patch(`/invoices/${id}`, { endDate: '2026-03-31T00:00:00Z' }),
        await api.patch(`/invoices/${id}`, { autoAdvance: true }),
        await api.call('PUT', `/invoices/${id}/miscellaneous_charges`, { items: [{ name: 'Late', value: '5' }] }),
        await api.delete(`/invoices/${id}`),
      ]
      expect(answers.map(({ status }) => status)).toEqual([409, 409, 409, 409, 409, 409])
      for (const set of [`total = '1'`, `rated = '{}'`, `details = '{}'`, 'net_term_days = 99', 'invoice_at = 0', `sequence_id = 'x'`])
        await expect(env.DB.prepare(`UPDATE invoices SET ${set}, version = version + 1 WHERE id = ?`).bind(id).run()).rejects.toThrow(
          /never change/,
        )
      await expect(env.DB.prepare('DELETE FROM invoices WHERE id = ?').bind(id).run()).rejects.toThrow(/never deleted/)
    }
    expect(await readFrozen(api)).toEqual(before)
  })
})

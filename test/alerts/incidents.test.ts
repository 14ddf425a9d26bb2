import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { alertsOf } from '../helpers/alerts.ts'
import { client, organization } from '../helpers/api.ts'
import { withTestClock } from '../helpers/billed.ts'
import { perUnit } from '../helpers/calculator.ts'
import { entitlementCard, withFeature } from '../helpers/entitled.ts'
import { ride } from '../helpers/metering.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
  vi.setSystemTime(Date.parse('2026-03-01T00:00:00Z'))
})

afterEach(() => {
  vi.useRealTimers()
})

const START = '2026-03-01T00:00:00Z'

/** An organization whose clock stands at the start of March, with a monthly plan for what its meter counts. */
const withPlan = async () => {
  const api = await withTestClock(START)
  const planId = await api.plan({ usageRateCards: [{ usageMeterId: api.meterId, name: 'distance', ...perUnit(2) }] })
  return { ...api, planId, ...alertsOf(api) }
}

describe('a usage threshold', () => {
  it('of an account is crossed at exactly its value, renewed while it lasts, and over with the cycle', async () => {
    const api = await withPlan()
    await api.account('acc', api.planId, '2026-03-01')
    const alert = await api.watch('usage-threshold-account', { account: 'acc', meter: api.meterId, threshold: 100 })
    await api.use('acc', '99.999999999999999999', '2026-03-01T10:00:00Z')
    await api.moveTo('2026-03-01T10:30:00Z')
    expect(await api.short(alert)).toEqual([])
    await api.use('acc', '0.000000000000000001', '2026-03-02T10:00:00Z')
    await api.moveTo('2026-03-01T11:00:00Z')
    const [opened] = await api.incidents(alert)
    expect(opened).toEqual({
      id: expect.stringMatching(/^incident\./),
      alertId: alert,
      alertVersion: 1,
      alertTemplateId: 'usage-threshold-account',
      validUntil: '2026-04-01T00:00:00.000Z',
      reportData: {
        account: { id: 'acc' },
        usageMeter: { id: api.meterId },
        observed: { value: 100 },
        threshold: { value: 100 },
        window: { from: '2026-03-01T00:00:00.000Z', until: '2026-04-01T00:00:00.000Z' },
      },
      status: 'OPEN',
      lastCheckedAt: '2026-03-01T11:00:00.000Z',
      createdAt: '2026-03-01T11:00:00.000Z',
      updatedAt: '2026-03-01T11:00:00.000Z',
    })
    await api.use('acc', '7.25', '2026-03-03T10:00:00Z')
    await api.moveTo('2026-03-01T12:00:00Z')
    const [renewed] = await api.incidents(alert)
    expect(renewed).toMatchObject({
      id: opened.id,
      status: 'OPEN',
      lastCheckedAt: '2026-03-01T12:00:00.000Z',
      createdAt: opened.createdAt,
      reportData: { observed: { value: 107.25 } },
    })
    await api.moveTo('2026-04-01T00:30:00Z')
    expect(await api.incidents(alert)).toEqual([
      { ...renewed, status: 'CLOSED', lastCheckedAt: '2026-03-01T12:30:00.000Z', updatedAt: '2026-04-01T00:00:00.000Z' },
    ])
    const { body } = await api.get(`/audit_log?resource_type=INCIDENT&resource_id=${opened.id}`)
    expect(body.data.map(({ changes }: Loose) => changes.status)).toEqual([
      { old: 'OPEN', new: 'CLOSED' },
      { old: null, new: 'OPEN' },
    ])
  })

  it('is closed by the check that finds it no longer met, and opened again by the next crossing', async () => {
    const api = await withPlan()
    await api.account('acc', api.planId, '2026-03-01')
    const alert = await api.watch('usage-threshold-account', { account: 'acc', meter: api.meterId, threshold: 10 })
    await api.use('acc', '12', START, 'big')
    await api.moveTo('2026-03-01T00:30:00Z')
    await api.use('acc', '-3', START)
    await api.moveTo('2026-03-01T01:00:00Z')
    expect(await api.short(alert)).toEqual([['03-01 00:30', 'CLOSED', 12]])
    await api.use('acc', '1', START)
    await api.moveTo('2026-03-01T01:30:00Z')
    expect(await api.short(alert)).toEqual([
      ['03-01 00:30', 'CLOSED', 12],
      ['03-01 01:30', 'OPEN', 10],
    ])
  })

  it('that a person has closed does not come again before the next cycle, unless the threshold changes', async () => {
    const api = await withPlan()
    await api.account('acc', api.planId, '2026-03-01')
    const alert = await api.watch('usage-threshold-account', { account: 'acc', meter: api.meterId, threshold: 10 })
    await api.use('acc', '12', START)
    await api.moveTo('2026-03-01T00:30:00Z')
    const [first] = await api.incidents(alert)
    expect((await api.close(first.id)).status).toBe('CLOSED')
    await api.moveTo('2026-03-20T00:00:00Z')
    expect(await api.short(alert)).toEqual([['03-01 00:30', 'CLOSED', 12]])
    await api.change(alert, { description: 'the same' })
    await api.moveTo('2026-03-20T01:00:00Z')
    expect(await api.short(alert)).toHaveLength(1)
    await api.change(alert, { parameters: { threshold: { value: 11 } } })
    await api.moveTo('2026-03-20T01:30:00Z')
    expect((await api.short(alert)).at(-1)).toEqual(['03-20 01:30', 'OPEN', 12])
    await api.close((await api.incidents(alert)).at(-1).id)
    await api.use('acc', '20', '2026-04-02T00:00:00Z')
    await api.moveTo('2026-03-31T23:59:00Z')
    expect(await api.short(alert)).toHaveLength(2)
    await api.moveTo('2026-04-01T00:30:00Z')
    expect((await api.short(alert)).at(-1)).toEqual(['04-01 00:00', 'OPEN', 20])
  })

  it('that a person has closed comes again in the cycle of another plan, though the one in which it was closed would not be over', async () => {
    const api = await withPlan()
    await api.account('acc', api.planId, '2026-03-01')
    const alert = await api.watch('usage-threshold-account', { account: 'acc', meter: api.meterId, threshold: 10 })
    await api.use('acc', '12', START)
    await api.moveTo('2026-03-01T00:30:00Z')
    await api.close((await api.incidents(alert))[0].id)
    const other = await api.plan({ usageRateCards: [{ usageMeterId: api.meterId, name: 'distance', ...perUnit(3) }] })
    await api.give('acc', other, '2026-03-10')
    await api.moveTo('2026-03-10T12:00:00Z')
    await api.use('acc', '9', '2026-03-10T10:00:00Z')
    await api.moveTo('2026-03-11T00:00:00Z')
    expect(await api.short(alert)).toHaveLength(1)
    await api.use('acc', '2', '2026-03-10T11:00:00Z')
    await api.moveTo('2026-03-11T01:00:00Z')
    expect((await api.short(alert)).at(-1)).toEqual(['03-11 00:30', 'OPEN', 11])
    await api.close((await api.incidents(alert)).at(-1).id)
    await api.moveTo('2026-03-31T00:00:00Z')
    expect(await api.short(alert)).toHaveLength(2)
  })

  it('is of nothing used without a plan', async () => {
    const api = await withPlan()
    await api.account('acc', api.planId, '2026-03-10')
    const alert = await api.watch('usage-threshold-account', { account: 'acc', meter: api.meterId, threshold: 1 })
    await api.use('acc', '5', '2026-03-09T00:00:00Z')
    await api.moveTo('2026-03-09T12:00:00Z')
    expect(await api.short(alert)).toEqual([])
    await api.use('acc', '2', '2026-03-10T00:00:00Z')
    await api.moveTo('2026-03-10T12:00:00Z')
    expect(await api.short(alert)).toEqual([['03-10 00:00', 'OPEN', 2]])
  })

  it('of the organization is of all accounts with a plan, each in its own cycle, and ends with the last of these', async () => {
    const api = await withPlan()
    const weekly = await api.plan({
      pricingCycleConfig: { interval: 'WEEKLY', startOffset: { dayOffset: '1', monthOffset: 'NIL' }, gracePeriod: 1 },
      usageRateCards: [{ usageMeterId: api.meterId, name: 'distance', ...perUnit(2) }],
    })
    await api.account('one', api.planId, '2026-03-01')
    await api.account('two', weekly, '2026-03-02')
    await api.post('/accounts', { id: 'none', name: 'none', customerId: 'acme' })
    const alert = await api.watch('usage-threshold-organization', { meter: api.meterId, threshold: 100 })
    await api.use('none', '1000', '2026-03-03T00:00:00Z')
    await api.use('one', '60.5', '2026-03-03T00:00:00Z')
    await api.use('two', '39.5', '2026-03-04T00:00:00Z')
    await api.moveTo('2026-03-05T00:00:00Z')
    const [incident] = await api.incidents(alert)
    expect(incident).toMatchObject({
      status: 'OPEN',
      createdAt: '2026-03-02T00:00:00.000Z',
      validUntil: '2026-04-01T00:00:00.000Z',
      reportData: { observed: { value: 100 } },
    })
    await api.moveTo('2026-03-09T00:30:00Z')
    expect(await api.short(alert)).toEqual([['03-02 00:00', 'CLOSED', 100]])
    await api.use('two', '50', '2026-03-10T00:00:00Z')
    await api.moveTo('2026-03-10T00:00:00Z')
    await api.close((await api.incidents(alert)).at(-1).id)
    await api.moveTo('2026-03-15T00:00:00Z')
    expect(await api.short(alert)).toHaveLength(2)
    await api.moveTo('2026-03-16T00:00:00Z')
    await api.use('two', '40', '2026-03-16T00:00:00Z')
    await api.moveTo('2026-03-16T00:30:00Z')
    expect((await api.short(alert)).map(([at, status]) => [at, status])).toEqual([
      ['03-02 00:00', 'CLOSED'],
      ['03-09 01:00', 'CLOSED'],
      ['03-16 00:30', 'OPEN'],
    ])
  })
})

describe('the balance of a feature', () => {
  const withGrants = async () => {
    const api = await withFeature(START)
    const planId = await api.plan({ billingEntitlementRateCards: [entitlementCard(api.featureId, 10)] })
    await api.account('acc', planId, '2026-03-01')
    return { ...api, planId, ...alertsOf(api) }
  }

  it('of an account drops below its threshold, and is granted again with the next cycle', async () => {
    const api = await withGrants()
    const alert = await api.watch('entitlement-balance-account', { account: 'acc', feature: api.featureId, threshold: 4.5 })
    await api.entitle('acc', '5.5', '2026-03-01T00:00:00Z')
    await api.moveTo('2026-03-01T00:30:00Z')
    expect(await api.short(alert)).toEqual([])
    await api.entitle('acc', '0.25', '2026-03-01T00:30:00Z')
    await api.moveTo('2026-03-01T02:00:00Z')
    expect(await api.short(alert)).toEqual([['03-01 01:00', 'OPEN', 4.25]])
    await api.moveTo('2026-04-01T00:00:00Z')
    expect(await api.short(alert)).toEqual([['03-01 01:00', 'CLOSED', 4.25]])
  })

  it('is not watched of an account that has never had the feature, and is 0 of one whose credits have ended', async () => {
    const api = await withGrants()
    await api.post('/accounts', { id: 'none', name: 'none', customerId: 'acme' })
    const never = await api.watch('entitlement-balance-account', { account: 'none', feature: api.featureId, threshold: 5 })
    const ended = await api.watch('entitlement-balance-account', { account: 'acc', feature: api.featureId, threshold: 5 })
    await api.done(
      api.post('/accounts/acc/edit_schedules', {
        edits: [{ mode: 'DISASSOCIATE', effectiveFrom: '2026-04-01', effectiveUntil: '9999-01-01' }],
      }),
    )
    await api.moveTo('2026-03-31T23:59:00Z')
    expect([await api.short(never), await api.short(ended)]).toEqual([[], []])
    await api.moveTo('2026-04-01T01:00:00Z')
    expect([await api.short(never), await api.short(ended)]).toEqual([[], [['04-01 00:00', 'OPEN', 0]]])
  })

  it('of the organization is that of all accounts', async () => {
    const api = await withGrants()
    await api.account('other', api.planId, '2026-03-01')
    const alert = await api.watch('entitlement-balance-organization', { feature: api.featureId, threshold: 13 })
    await api.entitle('acc', '6', '2026-03-01T00:00:00Z')
    await api.moveTo('2026-03-01T00:30:00Z')
    expect(await api.short(alert)).toEqual([])
    await api.entitle('other', '1.5', '2026-03-01T00:30:00Z')
    await api.moveTo('2026-03-01T01:00:00Z')
    expect(await api.short(alert)).toEqual([['03-01 01:00', 'OPEN', 12.5]])
  })
})

describe('the balance of credits', () => {
  const give = (api: Pick<Loose, 'post'>, accountId: string, creditAmount: number, more: Loose = {}) =>
    api.post('/credits', {
      creditRequests: [{ accountId, purpose: 'test', effectiveFrom: '2026-03-01', creditAmount, priority: 1, ...more }],
    })

  it('of an account is what is left of those in force, in the currency of its invoices', async () => {
    const api = await withPlan()
    await api.account('acc', api.planId, '2026-03-01')
    const alert = await api.watch('credit-balance-account', { account: 'acc', threshold: 100 })
    await api.moveTo('2026-03-01T01:00:00Z')
    expect(await api.short(alert)).toEqual([])
    expect((await give(api, 'acc', 60, { effectiveUntil: '2026-03-05' })).status).toBe(200)
    expect((await give(api, 'acc', 40.5)).status).toBe(200)
    await api.moveTo('2026-03-04T23:59:00Z')
    expect(await api.short(alert)).toEqual([])
    await api.moveTo('2026-03-06T00:00:00Z')
    const [incident] = await api.incidents(alert)
    expect(incident).toMatchObject({
      createdAt: '2026-03-05T00:00:00.000Z',
      status: 'OPEN',
      reportData: { observed: { value: 40.5, currency: 'USD' }, threshold: { value: 100, currency: 'USD' } },
    })
    expect(incident.validUntil).toBeUndefined()
  })

  it('of the organization is in its base currency, without those whose rate is not known', async () => {
    const api = await withPlan()
    for (const [id, currency, amount] of [
      ['usd', 'USD', 50],
      ['eur', 'EUR', 100],
      ['jpy', 'JPY', 9000],
    ] as const) {
      await api.post('/customers', {
        id,
        name: 'Customer',
        primaryEmail: 'a@example.com',
        address: {},
        account: { id, name: 'Account', invoiceCurrency: currency },
      })
      expect((await give(api, id, amount)).status).toBe(200)
    }
    const setting = {
      entityType: 'ORGANIZATION',
      entityId: api.id,
      id: 'exchange_rates',
      namespace: 'SYSTEM',
      name: 'Rates',
      dataType: 'JSON',
      value: '{"EUR": "1.25"}',
    }
    expect((await api.post('/settings', setting)).status).toBe(201)
    const enough = await api.watch('credit-balance-organization', { threshold: 175 })
    const alert = await api.watch('credit-balance-organization', { threshold: 175.01 })
    await api.moveTo('2026-03-01T01:00:00Z')
    expect(await api.short(enough)).toEqual([])
    expect((await api.incidents(alert))[0].reportData).toEqual({
      observed: { value: 175, currency: 'USD' },
      threshold: { value: 175.01, currency: 'USD' },
      leftOut: { currencies: ['JPY'] },
    })
  })
})

describe('unprocessed events', () => {
  const fail = async (api: Loose, id: string, accountId: string) =>
    expect((await api.post('/ingest', { event: ride(id, '1', { schemaName: 'unknown', accountId, timestamp: START }) })).status).toBe(202)

  it('are those since the last check, each once, and of an account its own', async () => {
    const api = await withPlan()
    await api.account('acc', api.planId, '2026-03-01')
    await fail(api, 'before', 'acc')
    const ofAccount = await api.watch('unprocessed-events-account', { account: 'acc' })
    const ofAll = await api.watch('unprocessed-events-organization', { threshold: 3 })
    await api.moveTo('2026-03-01T00:30:00Z')
    expect([await api.short(ofAccount), await api.short(ofAll)]).toEqual([[], []])
    await fail(api, 'one', 'acc')
    await fail(api, 'two', 'acme main')
    await fail(api, 'three', 'nobody')
    await api.use('acc', '1', START)
    await api.moveTo('2026-03-01T01:00:00Z')
    expect([await api.short(ofAccount), await api.short(ofAll)]).toEqual([[['03-01 01:00', 'OPEN', 1]], [['03-01 01:00', 'OPEN', 3]]])
    expect((await api.incidents(ofAll))[0].reportData.window).toEqual({
      from: '2026-03-01T00:30:00.000Z',
      until: '2026-03-01T01:00:00.000Z',
    })
    await fail(api, 'four', 'acc')
    await api.moveTo('2026-03-01T01:30:00Z')
    expect([await api.short(ofAccount), await api.short(ofAll)]).toEqual([[['03-01 01:00', 'OPEN', 1]], [['03-01 01:00', 'CLOSED', 3]]])
    await api.moveTo('2026-03-01T02:00:00Z')
    expect(await api.short(ofAccount)).toEqual([['03-01 01:00', 'CLOSED', 1]])
  })

  it('that were undone before the check are none', async () => {
    const api = await withPlan()
    await api.account('acc', api.planId, '2026-03-01')
    const alert = await api.watch('unprocessed-events-organization')
    await fail(api, 'one', 'acc')
    expect((await api.post('/events/correction?action=UNDO&account_id=acc')).status).toBe(200)
    await api.moveTo('2026-03-01T01:00:00Z')
    expect(await api.short(alert)).toEqual([])
  })

  it('are looked for from when the alert becomes active again', async () => {
    const api = await withPlan()
    await api.account('acc', api.planId, '2026-03-01')
    const alert = await api.watch('unprocessed-events-organization', {}, { status: 'INACTIVE' })
    await fail(api, 'one', 'acc')
    await api.change(alert, { status: 'ACTIVE' })
    await api.moveTo('2026-03-01T01:00:00Z')
    expect(await api.short(alert)).toEqual([])
    await fail(api, 'two', 'acc')
    await api.change(alert, { status: 'INACTIVE' })
    await api.change(alert, { status: 'ACTIVE' })
    await api.moveTo('2026-03-01T02:00:00Z')
    expect(await api.short(alert)).toEqual([])
  })
})

describe('an invoice', () => {
  it('that falls due is told of once, as is one that is unpaid behind its due date', async () => {
    const api = await withPlan()
    await api.account('acc', api.planId, '2026-03-01')
    await api.account('other', api.planId, '2026-03-01')
    await api.patch('/accounts/acc', { netTermDays: 2 })
    const due = await api.watch('invoice-due-account', { account: 'acc' })
    const dueOfAll = await api.watch('invoice-due-organization')
    const overdue = await api.watch('invoice-overdue-account', { account: 'acc' })
    const overdueOfAll = await api.watch('invoice-overdue-organization')
    await api.use('acc', '10', START)
    await api.moveTo('2026-04-04T01:00:00Z')
    const [invoice] = await api.invoices('acc')
    expect([invoice.status, invoice.invoiceDate, invoice.dueDate]).toEqual(['DUE', '2026-04-04T00:00:00.000Z', '2026-04-06T00:00:00.000Z'])
    expect([await api.short(due), await api.short(dueOfAll)]).toEqual([[['04-04 00:00', 'CLOSED', 1]], [['04-04 00:00', 'CLOSED', 1]]])
    expect((await api.incidents(due))[0].reportData.invoices).toEqual({ ids: [invoice.id] })
    await api.moveTo('2026-04-05T23:59:00Z')
    expect([await api.short(overdue), await api.short(overdueOfAll)]).toEqual([[], []])
    await api.moveTo('2026-04-06T00:30:00Z')
    expect([await api.short(overdue), await api.short(overdueOfAll)]).toEqual([[['04-06 00:00', 'OPEN', 1]], [['04-06 00:00', 'OPEN', 1]]])
    expect((await api.patch(`/invoices/${invoice.id}`, { status: 'PAID' })).status).toBe(200)
    await api.moveTo('2026-04-06T01:00:00Z')
    expect([await api.short(overdue), await api.short(overdueOfAll)]).toEqual([
      [['04-06 00:00', 'CLOSED', 1]],
      [['04-06 00:00', 'CLOSED', 1]],
    ])
    expect(await api.short(due)).toHaveLength(1)
  })

  it('of a member of a group that consolidates is overdue with that of its group', async () => {
    const api = await withPlan()
    await api.account('acc', api.planId, '2026-03-01')
    await api.account('other', api.planId, '2026-03-01')
    const group = await api.post('/invoice_groups', {
      name: 'Group',
      email: 'group@example.com',
      dailyInvoiceConsolidation: true,
      accountIds: ['acc', 'other'],
      address: {},
      netTermDays: 1,
    })
    expect(group.status).toBe(200)
    await api.use('acc', '10', START)
    await api.use('other', '20', START)
    const dueOfAll = await api.watch('invoice-due-organization')
    const overdue = await api.watch('invoice-overdue-account', { account: 'acc' })
    const overdueOfAll = await api.watch('invoice-overdue-organization')
    await api.moveTo('2026-04-07T00:00:00Z')
    expect(await api.short(dueOfAll)).toEqual([
      ['04-04 00:00', 'CLOSED', 2],
      ['04-05 00:00', 'CLOSED', 1],
    ])
    expect([await api.short(overdue), await api.short(overdueOfAll)].map((all) => all.map(([, ...its]) => its))).toEqual([
      [['OPEN', 1]],
      [['OPEN', 1]],
    ])
    const [[ofAccount], [ofAll]] = [await api.incidents(overdue), await api.incidents(overdueOfAll)]
    expect(ofAccount.reportData.invoices).toEqual(ofAll.reportData.invoices)
  })
})

describe('incidents', () => {
  it('are listed the newest first, by status and by alert, a page at a time, and of nobody else', async () => {
    const api = await withPlan()
    await api.account('acc', api.planId, '2026-03-01')
    await api.use('acc', '10', START)
    const first = await api.watch('usage-threshold-account', { account: 'acc', meter: api.meterId, threshold: 5 })
    const second = await api.watch('usage-threshold-organization', { meter: api.meterId, threshold: 5 }, { interval: 60 })
    await api.moveTo('2026-03-01T01:00:00Z')
    const all = await api.get('/incidents')
    expect(all.body.data.map(({ alertId }: Loose) => alertId)).toEqual([second, first])
    const [newest, oldest] = all.body.data
    await api.close(oldest.id)
    const listed = async (query: string) => (await api.get(`/incidents?${query}`)).body.data.map(({ alertId }: Loose) => alertId)
    expect(await listed('status=OPEN')).toEqual([second])
    expect(await listed('status=CLOSED')).toEqual([first])
    expect(await listed(`alert_id=${first}`)).toEqual([first])
    expect(await listed(`alert_id=${first}&status=OPEN`)).toEqual([])
    expect(await listed('alert_id=unknown')).toEqual([])
    const page = await api.get('/incidents?pageSize=1')
    const next = await api.get(`/incidents?nextToken=${encodeURIComponent(page.body.nextToken)}`)
    expect([page.body.data, next.body.data.map(({ id }: Loose) => id), next.body.nextToken]).toEqual([[newest], [oldest.id], undefined])
    expect((await api.get('/incidents?status=open')).status).toBe(400)
    const stranger = await organization()
    expect((await stranger.get('/incidents')).body.data).toEqual([])
    for (const answer of [
      await stranger.get(`/incidents/${newest.id}`),
      await stranger.call('PUT', `/incidents/${newest.id}/status`, { status: 'CLOSED' }),
    ])
      expect([answer.status, answer.body.message]).toEqual([404, `The incident "${newest.id}" does not exist.`])
  })

  it('are closed once, and nothing else', async () => {
    const api = await withPlan()
    await api.account('acc', api.planId, '2026-03-01')
    await api.use('acc', '10', START)
    await api.watch('usage-threshold-account', { account: 'acc', meter: api.meterId, threshold: 5 })
    await api.moveTo('2026-03-01T00:30:00Z')
    const [{ id }] = (await api.incidents()) as [Loose]
    expect((await api.call('PUT', `/incidents/${id}/status`, { status: 'OPEN' })).body.message).toBe('status: must be CLOSED')
    const answers = await Promise.all(Array.from({ length: 10 }, () => api.call('PUT', `/incidents/${id}/status`, { status: 'CLOSED' })))
    expect(new Set(answers.map(({ status, body }) => `${status} ${body.status} ${body.updatedAt}`))).toEqual(
      new Set(['200 CLOSED 2026-03-01T00:30:00.000Z']),
    )
    expect((await api.get(`/audit_log?resource_type=INCIDENT&resource_id=${id}`)).body.data).toHaveLength(2)
  })

  it('read as closed from when they end, though that is not written yet', async () => {
    const api = await withPlan()
    await api.account('acc', api.planId, '2026-03-01')
    await api.use('acc', '10', START)
    const alert = await api.watch('credit-balance-account', { account: 'acc', threshold: 5 }, { validity: 45 })
    await api.post('/credits', {
      creditRequests: [{ accountId: 'acc', purpose: 'test', effectiveFrom: '2026-03-01', creditAmount: 1, priority: 1 }],
    })
    await api.moveTo('2026-03-01T00:40:00Z')
    const [open] = await api.incidents(alert)
    expect([open.status, open.validUntil]).toEqual(['OPEN', '2026-03-01T00:45:00.000Z'])
    await api.moveTo('2026-03-05T00:00:00Z')
    const [closed] = await api.incidents(alert)
    expect([closed.status, closed.updatedAt, closed.lastCheckedAt]).toEqual([
      'CLOSED',
      '2026-03-01T00:45:00.000Z',
      '2026-03-01T00:30:00.000Z',
    ])
  })

  it('end with the validity of their alert, also when that is changed', async () => {
    const api = await withPlan()
    await api.account('acc', api.planId, '2026-03-01')
    await api.post('/credits', {
      creditRequests: [{ accountId: 'acc', purpose: 'test', effectiveFrom: '2026-03-01', creditAmount: 1, priority: 1 }],
    })
    const alert = await api.watch('credit-balance-account', { account: 'acc', threshold: 5 })
    const usage = await api.watch('usage-threshold-account', { account: 'acc', meter: api.meterId, threshold: 1 })
    await api.use('acc', '1', START)
    await api.moveTo('2026-03-01T01:10:00Z')
    const read = async (id = alert) => {
      const [{ status, validUntil, updatedAt }] = await api.incidents(id)
      return [status, validUntil, updatedAt]
    }
    const checked = '2026-03-01T01:00:00.000Z'
    expect(await read()).toEqual(['OPEN', undefined, checked])
    await api.change(alert, { validity: 80 })
    expect(await read()).toEqual(['OPEN', '2026-03-01T01:20:00.000Z', checked])
    await api.change(alert, { validity: null })
    expect(await read()).toEqual(['OPEN', undefined, checked])
    await api.change(usage, { validity: 60 })
    expect(await read(usage)).toEqual(['OPEN', '2026-04-01T00:00:00.000Z', checked])
    await api.change(alert, { validity: 60 })
    const ended = ['CLOSED', '2026-03-01T01:10:00.000Z', '2026-03-01T01:10:00.000Z']
    expect(await read()).toEqual(ended)
    await api.moveTo('2026-03-01T03:00:00Z')
    expect(await read()).toEqual(ended)
  })

  it('are not for portal tokens', async () => {
    const api = await withPlan()
    const { body } = await api.post('/portal/token', { customerId: 'acme', allAccountsAccess: true })
    const portal = client(body.token)
    for (const [method, path] of [
      ['GET', '/incidents'],
      ['GET', '/incidents/incident.x'],
      ['GET', '/alerts'],
      ['GET', '/alerts/alert.x'],
      ['GET', '/alert_templates'],
      ['GET', '/alert_templates/usage-threshold-account'],
    ] as const)
      expect((await portal.call(method, path)).status).toBe(403)
    expect((await portal.post('/alerts', {})).status).toBe(403)
    expect((await portal.call('PUT', '/incidents/incident.x/status', { status: 'CLOSED' })).status).toBe(403)
    expect((await portal.patch('/alerts/alert.x', {})).status).toBe(403)
  })
})

import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { alertsOf } from '../helpers/alerts.ts'
import { perUnit } from '../helpers/calculator.ts'
import { entitlementCard, withFeature } from '../helpers/entitled.ts'
import { ride } from '../helpers/metering.ts'
import { query } from '../helpers/reports.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

const START = Date.parse('2026-03-01T00:10:00Z')
const HOUR = 3_600_000
const DAY = 24 * HOUR

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
  vi.setSystemTime(START)
})

afterEach(() => {
  vi.useRealTimers()
})

/** An organization with accounts of monthly and weekly cycles, and alerts of every template, to which much happens within a month. */
const withMonth = async () => {
  const api = await withFeature(new Date(START).toISOString())
  const alerts = alertsOf(api)
  const usage = [{ usageMeterId: api.meterId, name: 'distance', ...perUnit(2) }]
  const windows = [
    { effectiveUntil: 'P10D', featureCreditLimit: 8 },
    { effectiveFrom: 'P5DT7H', effectiveUntil: 'P20DT5H', featureCreditLimit: 6 },
  ]
  const monthly = await api.plan({
    usageRateCards: usage,
    billingEntitlementRateCards: [entitlementCard(api.featureId, 8, { featureConfigs: windows })],
  })
  const weekly = await api.plan({
    pricingCycleConfig: { interval: 'WEEKLY', startOffset: { dayOffset: '3', monthOffset: 'NIL' }, gracePeriod: 1 },
    usageRateCards: usage,
  })
  await api.account('month', monthly, '2026-03-01')
  await api.account('week', weekly, '2026-03-02')
  await api.patch('/accounts/week', { netTermDays: 3 })
  const used = [
    ['month', '3', '02'],
    ['week', '12', '04'],
    ['week', '4', '12'],
    ['week', '30', '20'],
    ['month', '200', '25'],
  ] as const
  for (const [account, distance, day] of used) await api.use(account, distance, `2026-03-${day}T10:00:00Z`)
  await api.entitle('month', '4', '2026-03-01T01:00:00Z')
  const credit = (effectiveFrom: string, effectiveUntil: string, creditAmount: number, accountId = 'month') => ({
    accountId,
    purpose: 'test',
    effectiveFrom,
    effectiveUntil,
    creditAmount,
    priority: 1,
  })
  const creditRequests = [
    credit('2026-03-01', '2026-03-07', 60),
    credit('2026-03-06', '2026-03-20', 40),
    credit('2026-03-15', '2026-04-20', 80.5),
    credit('2026-03-01', '2026-03-18', 10, 'week'),
  ]
  expect((await api.post('/credits', { creditRequests })).status).toBe(200)
  const ids: [string, string][] = []
  const watch = async (template: string, its: Loose, interval = 30, more: Loose = {}) => {
    ids.push([`${template} ${interval}`, await alerts.watch(template, its, { interval, ...more })])
  }
  await watch('usage-threshold-account', { account: 'week', meter: api.meterId, threshold: 10 })
  await watch('usage-threshold-organization', { meter: api.meterId, threshold: 25 }, 90)
  await watch('entitlement-balance-account', { account: 'month', feature: api.featureId, threshold: 5 }, 90)
  await watch('entitlement-balance-organization', { feature: api.featureId, threshold: 6 }, 150)
  await watch('credit-balance-account', { account: 'month', threshold: 50 }, 150)
  await watch('credit-balance-organization', { threshold: 60 }, 90)
  await watch('invoice-due-account', { account: 'week' })
  await watch('invoice-due-organization', {}, 1440)
  await watch('invoice-overdue-account', { account: 'week' }, 90)
  await watch('invoice-overdue-organization', {}, 150, { validity: 20 * 1440 })
  await watch('unprocessed-events-account', { account: 'week' }, 90)
  await watch('unprocessed-events-organization', {}, 150)
  await api.post('/ingest', { event: ride('wrong', '1', { schemaName: 'unknown', accountId: 'week', timestamp: '2026-03-01T00:00:00Z' }) })
  let done = 0
  const move = async (to: number): Promise<void> => {
    const target = new Date(to).toISOString()
    for (let now = ''; now !== target;) {
      const { status, body } = await api.post('/test_clock', { now: target })
      expect([status, body.message]).toEqual([200, undefined])
      now = body.now
      done += body.due
    }
  }
  /** All that is to be said of the incidents of each alert, but for the ids. */
  const found = async () =>
    Promise.all(
      ids.map(async ([name, id]) => [
        name,
        (await alerts.incidents(id)).map(({ createdAt, status, updatedAt, validUntil, reportData }: Loose) => [
          createdAt,
          status,
          status === 'CLOSED' ? updatedAt : '',
          validUntil,
          reportData.observed.value,
        ]),
      ]),
    )
  return { move, found, count: () => done, alerts: ids.length }
}

/** With an hour for each step of the month it holds as well, and takes minutes. */
it('a clock that is moved by a month at once ends in the same incidents as one that is moved by hours and days, with few checks', async () => {
  const [once, hourly] = [await withMonth(), await withMonth()]
  const end = START + 31 * DAY + 7 * HOUR
  await once.move(end)
  const found = await once.found()
  expect(found.filter(([, its]) => its?.length === 0)).toEqual([])
  const checks = once.count()
  expect(checks).toBeLessThan(20 * once.alerts)
  for (let now = START; now < end;) {
    now = Math.min(now + (now < START + 30 * HOUR ? HOUR : DAY), end)
    await hourly.move(now)
  }
  expect(await hourly.found()).toEqual(found)
  expect(hourly.count()).toBeGreaterThan(2 * checks)
}, 180_000)

it('a clock that is moved over the hours at which reports are made does not stop at each to check alerts', async () => {
  const move = async (hasAlert: boolean): Promise<number> => {
    const api = await withFeature(new Date(START).toISOString())
    const queryInput = query('accounts', ['account_id'])
    expect((await api.post('/report_templates', { name: 'Accounts', queryInput, schedule: 'HOURLY' })).status).toBe(201)
    if (hasAlert) await alertsOf(api).watch('invoice-due-organization', {})
    const target = new Date(START + DAY).toISOString()
    let done = 0
    for (let now = ''; now !== target;) {
      const { status, body } = await api.post('/test_clock', { now: target })
      expect([status, body.message]).toEqual([200, undefined])
      now = body.now
      done += body.due
    }
    return done
  }
  const without = await move(false)
  expect(without).toBeGreaterThanOrEqual(24)
  expect((await move(true)) - without).toBeLessThan(5)
})

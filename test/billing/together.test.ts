import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { type DueStep, doDueOf } from '../../src/access/due/service.ts'
import { steps } from '../../src/steps.ts'
import { perUnit } from '../helpers/calculator.ts'
import { feeOf, withCycles } from '../helpers/billing.ts'
import { doDue, system } from '../helpers/ledgers.ts'
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

const START = '2026-04-01T00:00:00.000Z'

/** Accounts with a plan of usage, seats and names, where the nth has a usage of n, n seats, from the middle of the month one more, and n names. */
const withAccounts = async (count: number) => {
  vi.setSystemTime(Date.parse(START))
  const api = await organizationWithMeter()
  const addOn = async (name: string, type: string): Promise<string> => (await api.post('/addons', { name, type })).body.id
  const [fee, seats, names] = [await addOn('Fee', 'FIXED_FEE'), await addOn('Seats', 'LICENSE'), await addOn('Names', 'NAMED_LICENSE')]
  const pricePlanId = await publishPlan(api, 'Standard', fee, {
    pricingCycleConfig: monthly,
    usageRateCards: [{ usageMeterId: api.meterId, name: 'distance', ...perUnit(2) }],
    licenseRateCards: [
      { id: seats, name: 'seats', enableProration: true, ...perUnit(6) },
      { id: names, name: 'names', enableProration: true, ...perUnit(100) },
    ],
  })
  for (let n = 1; n <= count; n++) {
    const accountId = `account ${n}`
    await api.post('/accounts', { id: accountId, name: accountId, customerId: 'acme' })
    const schedule = { pricePlanId, effectiveFrom: '2026-04-01', effectiveUntil: '9999-01-01' }
    expect((await api.post(`/accounts/${encodeURIComponent(accountId)}/price_plans`, schedule)).status).toBe(200)
    const named = Array.from({ length: n }, (_, at) => ({
      id: `name ${n} ${at}`,
      schemaName: 'togai-named-license',
      timestamp: START,
      accountId,
      attributes: [{ name: 'action', value: '1' }],
      dimensions: { license_id: names, name: `name ${at}` },
    }))
    const events = [ride(`ride ${n}`, String(n), { accountId, timestamp: START }), ...named]
    expect((await api.post('/ingestBatch', { events })).status).toBe(202)
    const update = { licenseId: seats, accountId, updateType: 'RELATIVE' }
    await api.post('/license_updates', { ...update, quantity: n, effectiveFrom: START })
    await api.post('/license_updates', { ...update, quantity: 1, effectiveFrom: '2026-04-16T00:00:00Z' })
  }
  return api
}

/** Does what is due at an instant, and counts the calls to the database and to ledgers. */
const runAt = async (id: string, time: string): Promise<number> => {
  vi.setSystemTime(Date.parse(time))
  const ctx = system(id)
  const before = ctx.ledgers.usage.calls
  expect((await doDueOf(ctx, steps)).errors).toEqual([])
  return ctx.session.calls() + ctx.ledgers.usage.calls - before
}

it('accounts that fall due together have each their own usage, seats and names on their invoices, in as many calls as one of them takes', async () => {
  const [few, many] = [await withAccounts(1), await withAccounts(7)]
  const calls: number[][] = []
  for (const { id } of [few, many]) calls.push([await runAt(id, '2026-05-01T00:00:00Z'), await runAt(id, '2026-05-04T00:00:00Z')])
  expect(calls[1]).toEqual(calls[0])
  const { body } = await many.get('/invoices?status=DUE&pageSize=50')
  const totals = body.data.map(({ ownerId, totalAmount }: Loose) => [ownerId, totalAmount])
  /** The fee is 10, and half of the month has one seat more. */
  expect(totals.toSorted()).toEqual(Array.from({ length: 7 }, (_, at) => [`account ${at + 1}`, 10 + (at + 1) * (2 + 6 + 100) + 3]))
})

it('accounts that fall due together have the numbers that they have one by one: of each account what falls due comes before what begins', async () => {
  const numbersOf = async (its: readonly DueStep[]) => {
    const api = await withCycles('2026-04-01T00:00:00Z', ({ support, platform }) => ({
      fixedFeeRateCards: [feeOf(support, 30), feeOf(platform, 9, { invoiceTiming: 'IN_ADVANCE' })],
      pricingCycleConfig: { ...monthly, gracePeriod: 0 },
    }))
    for (const account of ['acc1', 'acc2']) {
      await api.post('/accounts', { id: account, name: account, customerId: 'acme' })
      await api.associate('2026-04-01', { account })
    }
    vi.setSystemTime(Date.parse('2026-05-01T00:00:00Z'))
    await doDue(api.id, its)
    const all = await api.list()
    return all.flatMap(({ sequenceId, ownerId, invoiceType }) =>
      sequenceId?.startsWith('2026-05') ? [`${sequenceId} ${ownerId} ${invoiceType}`] : [],
    )
  }
  const together = (await numbersOf(steps)).toSorted()
  expect(together).toEqual([
    '2026-05-0003 acc1 STANDARD',
    '2026-05-0004 acc1 STANDARD_ADVANCED',
    '2026-05-0005 acc2 STANDARD',
    '2026-05-0006 acc2 STANDARD_ADVANCED',
  ])
  expect((await numbersOf(steps.map(({ kind, run }) => ({ kind, run })))).toSorted()).toEqual(together)
})

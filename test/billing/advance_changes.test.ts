import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { organization } from '../helpers/api.ts'
import { perUnit } from '../helpers/calculator.ts'
import { customer } from '../helpers/customer.ts'
import { doDue } from '../helpers/ledgers.ts'
import { monthly, publishPlan } from '../helpers/schedules.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
})

afterEach(() => {
  vi.useRealTimers()
})

/** An account with a plan from 1 June 2024 on that charges licences in advance: 30 a month each. */
const withLicenses = async ({ type = 'LICENSE', fees = [] as number[], plan: planDetails = {}, ...card }: Loose = {}) => {
  vi.setSystemTime(Date.parse('2024-06-01T00:00:00Z'))
  const api = await organization()
  await api.post('/customers', customer('cus1', { id: 'acc1' }))
  const { body: seat } = await api.post('/addons', { name: 'Seats', type })
  const { body: fee } = await api.post('/addons', { name: 'Support', type: 'FIXED_FEE' })
  const ownFee = (rate: number) => ({
    id: fee.id,
    name: 'fee',
    enableProration: true,
    invoiceTiming: 'IN_ADVANCE',
    rateValues: [{ currency: 'USD', rate }],
  })
  const plan = (name: string, more: Loose = {}) =>
    publishPlan(api, name, fee.id, {
      pricingCycleConfig: { ...monthly, gracePeriod: 1 },
      fixedFeeRateCards: fees.map(ownFee),
      licenseRateCards: [{ id: seat.id, name: 'seats', invoiceTiming: 'IN_ADVANCE', enableProration: true, ...perUnit(30), ...card }],
      ...more,
    })
  const planId = await plan('Seats', planDetails)
  const associate = (pricePlanId = planId, effectiveFrom = '2024-06-01') =>
    api.post('/accounts/acc1/price_plans', { pricePlanId, effectiveFrom, effectiveUntil: '9999-01-01' })
  const setTo = async (quantity: number, effectiveFrom: string) => {
    const { status, body } = await api.post('/license_updates', {
      accountId: 'acc1',
      licenseId: seat.id,
      quantity,
      updateType: 'ABSOLUTE',
      effectiveFrom,
    })
    expect([status, body.message]).toEqual([200, undefined])
  }
  const moveTo = async (time: string) => {
    vi.setSystemTime(Date.parse(time))
    await doDue(api.id)
  }
  /** Sets licences at an instant, as of that. */
  const setAt = async (quantity: number, time: string) => {
    await moveTo(time)
    await setTo(quantity, time)
  }
  const name = async (id: string, action: number, time: string) => {
    await moveTo(time)
    const event = {
      id: `${id} ${time}`,
      schemaName: 'togai-named-license',
      timestamp: time,
      accountId: 'acc1',
      attributes: [{ name: 'action', value: String(action) }],
      dimensions: { license_id: seat.id, name: id },
    }
    expect((await api.post('/ingest', { event })).status).toBe(202)
  }
  /** The invoices in the order of their numbers, and then the DRAFTs. */
  const list = async (): Promise<Loose[]> =>
    (await api.get('/invoices?pageSize=50')).body.data.toSorted((one: Loose, other: Loose) =>
      (one.sequenceId ?? 'z') < (other.sequenceId ?? 'z') ? -1 : 1,
    )
  /** The invoices of what is paid in advance, in the order of their numbers. */
  const advanced = async () =>
    (await list())
      .filter(({ invoiceType }) => invoiceType.endsWith('_ADVANCED'))
      .map(({ invoiceType, status, startDate, endDate, totalAmount }) => [
        invoiceType.slice(0, 5),
        status,
        startDate.slice(5, 10),
        endDate.slice(5, 10),
        totalAmount,
      ])
  const charges = async () => {
    const { results } = await env.DB.prepare(
      'select amount, refund_mode as mode, invoice_id is not null as invoiced from advance_charges where organization_id = ? order by cycle_at, billable_id, position',
    )
      .bind(api.id)
      .all<{ amount: string; mode: string | null; invoiced: number }>()
    return results.map(({ amount, mode, invoiced }) => [amount, mode, invoiced])
  }
  return { ...api, seat: seat.id as string, plan, fee: ownFee, planId, associate, setTo, setAt, name, moveTo, list, advanced, charges }
}

describe('licences that are paid in advance', () => {
  it('are charged once for updates that are made in another order than that of their instants', async () => {
    const api = await withLicenses({ proratedRefundMode: 'NONE' })
    const addLate = async (quantity: number, time: string) => {
      vi.setSystemTime(Date.parse(time))
      const body = { accountId: 'acc1', licenseId: api.seat, quantity, updateType: 'RELATIVE', effectiveFrom: time }
      expect((await api.post('/license_updates', body)).status).toBe(200)
    }
    const findDifferences = async (): Promise<string[]> =>
      (await api.get('/invoice_verifications')).body.data.flatMap((one: Loose) => one.differences)
    await api.setTo(10, '2024-06-01T00:00:00Z')
    await api.associate()
    await addLate(2, '2024-06-21T00:00:00.500Z')
    await addLate(1, '2024-06-21T00:00:00.000Z')
    const june = [
      ['STAND', 'DUE', '06-01', '07-01', 300],
      ['ADHOC', 'DUE', '06-21', '07-01', 20],
      ['ADHOC', 'DUE', '06-21', '07-01', 10],
    ]
    expect(await api.advanced()).toEqual(june)
    await api.moveTo('2024-07-01T00:00:00.100Z')
    await addLate(4, '2024-06-30T23:59:59.900Z')
    expect(await api.advanced()).toEqual([
      ...june,
      ['STAND', 'DUE', '07-01', '08-01', 390],
      ['ADHOC', 'DUE', '07-01', '07-01', 4],
      ['ADHOC', 'DUE', '07-01', '08-01', 120],
    ])
    expect(await findDifferences()).toEqual([])
  })

  it('license-advance-increase: more of them are invoiced at once, for the days that are left', async () => {
    const api = await withLicenses()
    await api.setTo(10, '2024-06-01T00:00:00Z')
    await api.associate()
    expect(await api.advanced()).toEqual([['STAND', 'DUE', '06-01', '07-01', 300]])
    await api.setAt(12, '2024-06-21T00:00:00Z')
    expect(await api.advanced()).toEqual([
      ['STAND', 'DUE', '06-01', '07-01', 300],
      ['ADHOC', 'DUE', '06-21', '07-01', 20],
    ])
    const adhoc = (await api.list()).find(({ invoiceType }) => invoiceType === 'ADHOC_ADVANCED')
    const { revenueInfo, sequenceId } = (await api.get(`/invoices/${adhoc.id}`)).body
    const [line] = revenueInfo.lineItems[0].lineItems[0].lineItems[0].lineItems[0].lineItems
    expect([sequenceId, line]).toEqual([
      '2024-06-0002',
      expect.objectContaining({ id: api.seat, type: 'ADVANCED_LICENSE_RATE_CARD_AMOUNT', value: 20, units: 'USD' }),
    ])
  })

  it('license-advance-decrease: fewer of them are given back from the next day on, as the card says', async () => {
    for (const [mode, shown] of [
      ['PAYMENT', [['ADHOC', 'REFUND_COMPLETED', '06-21', '07-01', -27]]],
      ['WALLET', []],
      ['CREDITS', []],
      ['NONE', []],
    ] as const) {
      const api = await withLicenses({ proratedRefundMode: mode })
      await api.setTo(10, '2024-06-01T00:00:00Z')
      await api.associate()
      await api.setAt(7, '2024-06-21T00:00:00Z')
      expect(await api.advanced()).toEqual([['STAND', 'DUE', '06-01', '07-01', 300], ...shown])
      expect(await api.charges()).toEqual([
        ['300', null, 1],
        ['-27', mode, mode === 'PAYMENT' ? 1 : 0],
      ])
    }
  })

  it('P2-49: a day counts once, however often it goes up and down', async () => {
    const api = await withLicenses()
    await api.associate()
    await api.setAt(1, '2024-06-27T10:00:00Z')
    await api.setAt(0, '2024-06-27T11:00:00Z')
    await api.setAt(1, '2024-06-27T12:00:00Z')
    await api.setAt(0, '2024-06-27T13:00:00Z')
    expect((await api.charges()).map(([amount]) => amount)).toEqual(['0', '4', '-3', '3', '-3'])
    await api.setAt(1, '2024-06-28T10:00:00Z')
    await api.setAt(0, '2024-06-28T10:30:00Z')
    await api.setAt(1, '2024-06-28T11:00:00Z')
    const amounts = (await api.charges()).map(([amount]) => Number(amount))
    expect(amounts.reduce((sum, one) => sum + one, 0)).toBe(4)
  })

  it('without proration cost their whole price for each new maximum, and nothing is given back', async () => {
    const api = await withLicenses({ enableProration: false })
    await api.setTo(10, '2024-06-01T00:00:00Z')
    await api.associate()
    await api.setAt(12, '2024-06-10T00:00:00Z')
    await api.setAt(5, '2024-06-11T00:00:00Z')
    await api.setAt(11, '2024-06-20T00:00:00Z')
    await api.setAt(13, '2024-06-30T23:00:00Z')
    expect(await api.advanced()).toEqual([
      ['STAND', 'DUE', '06-01', '07-01', 300],
      ['ADHOC', 'DUE', '06-10', '07-01', 60],
      ['ADHOC', 'DUE', '06-30', '07-01', 30],
    ])
    await api.moveTo('2024-07-01T00:00:00Z')
    expect((await api.advanced()).at(-1)).toEqual(['STAND', 'DUE', '07-01', '08-01', 390])
  })

  it('are invoiced at the instant at which a change takes effect, also if nobody is there, and one made back in time at once', async () => {
    const api = await withLicenses()
    await api.associate()
    await api.setTo(3, '2024-06-11T00:00:00Z')
    expect(await api.advanced()).toEqual([['STAND', 'PAID', '06-01', '07-01', 0]])
    await api.moveTo('2024-06-20T00:00:00Z')
    expect((await api.advanced()).at(-1)).toEqual(['ADHOC', 'DUE', '06-11', '07-01', 60])
    await api.setTo(4, '2024-06-16T00:00:00Z')
    expect((await api.advanced()).at(-1)).toEqual(['ADHOC', 'DUE', '06-20', '07-01', 15])
    await api.moveTo('2024-07-01T12:00:00Z')
    await api.setTo(5, '2024-06-30T00:00:00Z')
    expect((await api.advanced()).slice(-3)).toEqual([
      ['STAND', 'DUE', '07-01', '08-01', 120],
      ['ADHOC', 'DUE', '07-01', '07-01', 1],
      ['ADHOC', 'DUE', '07-01', '08-01', 30],
    ])
    await api.moveTo('2024-07-03T00:00:00Z')
    await api.setTo(9, '2024-06-30T12:00:00Z')
    const { length } = (await api.advanced()).filter(([, , , end]) => end === '07-01')
    expect(length).toBe(4)
  })

  it('of names are looked at once a day', async () => {
    const api = await withLicenses({ type: 'NAMED_LICENSE' })
    await api.associate()
    await api.name('ann', 1, '2024-06-11T10:00:00Z')
    await api.name('bob', 1, '2024-06-11T11:00:00Z')
    await api.moveTo('2024-06-13T00:00:00Z')
    await api.name('bob', -1, '2024-06-16T00:00:00Z')
    await api.moveTo('2024-06-20T00:00:00Z')
    expect(await api.advanced()).toEqual([
      ['STAND', 'PAID', '06-01', '07-01', 0],
      ['ADHOC', 'DUE', '06-12', '07-01', 40],
    ])
    expect((await api.charges()).map(([amount, mode]) => [amount, mode])).toEqual([
      ['0', null],
      ['40', null],
      ['-14', 'CREDITS'],
    ])
  })

  it('are charged once, however many changes and runs there are at the same moment', async () => {
    const api = await withLicenses()
    await api.associate()
    await api.moveTo('2024-06-11T00:00:00Z')
    const add = () =>
      api.post('/license_updates', {
        accountId: 'acc1',
        licenseId: api.seat,
        quantity: 1,
        updateType: 'RELATIVE',
        effectiveFrom: '2024-06-11T00:00:00Z',
      })
    await Promise.all([...Array.from({ length: 12 }, add), ...Array.from({ length: 4 }, () => doDue(api.id))])
    await doDue(api.id)
    const amounts = (await api.charges()).map(([amount]) => Number(amount))
    expect(amounts.reduce((sum, one) => sum + one, 0)).toBe(12 * 20)
    const totals = (await api.list()).filter(({ invoiceType }) => invoiceType === 'ADHOC_ADVANCED').map(({ totalAmount }) => totalAmount)
    expect(totals.reduce((sum: number, one: number) => sum + one, 0)).toBe(12 * 20)
  })
})

describe('a fee that is paid in advance', () => {
  it('is given back as a credit for the days that are left when its plan ends early, which pays for that of the next plan', async () => {
    const api = await withLicenses({ fees: [60] })
    const dearer = await api.plan('Dear', {
      fixedFeeRateCards: [api.fee(90)],
    })
    await api.associate()
    await api.moveTo('2024-06-10T00:00:00Z')
    expect((await api.associate(dearer, '2024-06-21')).status).toBe(200)
    await api.moveTo('2024-06-21T00:00:00Z')
    expect(await api.advanced()).toEqual([
      ['STAND', 'DUE', '06-01', '07-01', 60],
      ['STAND', 'DUE', '06-21', '07-01', 10],
    ])
    const [refund] = (await api.get('/credits?account_id=acc1')).body.data
    expect([refund.purpose, refund.creditAmount, refund.consumedAmount, refund.status, refund.priority]).toEqual([
      'Refund Support',
      20,
      20,
      'CONSUMED',
      1,
    ])
    expect((await api.charges()).filter(([amount]) => amount !== '0')).toEqual([
      ['60', null, 1],
      ['-20', 'CREDITS', 0],
      ['30', null, 1],
    ])
  })

  it('is charged by what is more where another plan takes the place of its own from the same day on', async () => {
    const api = await withLicenses({ fees: [60], plan: { allow_ongoing_cycle_updates: true } })
    await api.associate()
    const dearer = await api.plan('Dear', { fixedFeeRateCards: [api.fee(90)], allow_ongoing_cycle_updates: true })
    expect((await api.associate(dearer)).status).toBe(200)
    expect(await api.advanced()).toEqual([
      ['STAND', 'DUE', '06-01', '07-01', 60],
      ['ADHOC', 'DUE', '06-01', '07-01', 30],
    ])
  })
})

describe('what was not charged', () => {
  it('is not given back: an invoice that was made void has charged nothing', async () => {
    const api = await withLicenses({ proratedRefundMode: 'PAYMENT', fees: [60] })
    await api.setTo(10, '2024-06-01T00:00:00Z')
    await api.associate()
    const first = (await api.list()).find(({ invoiceType }) => invoiceType === 'STANDARD_ADVANCED')
    expect((await api.patch(`/invoices/${first.id}`, { status: 'VOID' })).status).toBe(200)
    await api.setAt(11, '2024-06-11T00:00:00Z')
    expect((await api.advanced()).at(-1)).toEqual(['ADHOC', 'DUE', '06-11', '07-01', 20])
    await api.setAt(2, '2024-06-16T00:00:00Z')
    expect((await api.advanced()).at(-1)).toEqual(['ADHOC', 'REFUND_COMPLETED', '06-16', '07-01', -20])
    await api.setAt(1, '2024-06-17T00:00:00Z')
    expect((await api.charges()).map(([amount]) => Number(amount)).toSorted((one, other) => one - other)).toEqual([-20, 20, 60, 300])
  })

  it('is not given back: a fraction of the smallest unit that was cut off each time', async () => {
    const api = await withLicenses({ proratedRefundMode: 'PAYMENT', ...perUnit(0.0199) })
    await api.associate()
    for (let count = 1; count <= 10; count++) await api.setAt(count, `2024-06-01T0${count - 1}:00:00Z`)
    await api.setAt(0, '2024-06-01T12:00:00Z')
    const amounts = (await api.charges()).map(([amount]) => Math.round(Number(amount) * 100))
    expect(amounts).toEqual([0, ...Array.from({ length: 10 }, () => 1), -10])
  })
})

describe('what a rule has changed in a card that is paid in advance', () => {
  const half = (target: string) => ({
    name: 'half',
    order: 1,
    invoiceTiming: 'IN_ADVANCE',
    computation: `{"*":[{"var":"${target}"},0.5]}`,
    action: { type: 'UPDATE', target },
  })

  it('counts when a part of it is given back, so that no more is than was paid', async () => {
    const api = await withLicenses({ fees: [60] })
    const target = `revenue.ff.${api.fee(60).id}`
    const cheap = await api.plan('Cheap', { pricingRules: [half(target)] })
    await api.associate(cheap)
    await api.moveTo('2024-06-10T00:00:00Z')
    expect((await api.associate(await api.plan('None', { fixedFeeRateCards: [api.fee(0)] }), '2024-06-21')).status).toBe(200)
    await api.moveTo('2024-06-21T00:00:00Z')
    expect((await api.advanced())[0]).toEqual(['STAND', 'DUE', '06-01', '07-01', 30])
    expect((await api.charges()).filter(([amount]) => amount !== '0')).toEqual([
      ['30', null, 1],
      ['-10', 'CREDITS', 0],
    ])
  })

  it('counts when more licences are charged, and when the invoice is verified', async () => {
    const api = await withLicenses({ plan: {} })
    const cheap = await api.plan('Cheap', { pricingRules: [half(`revenue.lic.${api.seat}`)] })
    await api.setTo(10, '2024-06-01T00:00:00Z')
    await api.associate(cheap)
    await api.setAt(12, '2024-06-21T00:00:00Z')
    expect(await api.advanced()).toEqual([
      ['STAND', 'DUE', '06-01', '07-01', 150],
      ['ADHOC', 'DUE', '06-21', '07-01', 10],
    ])
    const { body } = await api.get('/invoice_verifications')
    expect(body.data.map(({ differences }: Loose) => differences)).toEqual([[], []])
  })
})

describe('bills that are late', () => {
  it('are made before licences or plans change, as if they had been on time', async () => {
    const api = await withLicenses({ invoiceTiming: 'IN_ARREARS', enableProration: false })
    await api.setTo(2, '2024-06-01T00:00:00Z')
    await api.associate()
    vi.setSystemTime(Date.parse('2024-07-02T00:00:01Z'))
    await api.setTo(9, '2024-06-30T00:00:00Z')
    const [june] = await api.list()
    expect([june.status, june.totalAmount, june.invoiceDate]).toEqual(['DUE', 60, '2024-07-02T00:00:00.000Z'])
    vi.setSystemTime(Date.parse('2024-08-02T00:00:01Z'))
    expect((await api.delete('/accounts/acc1')).status).toBe(200)
    expect((await api.list()).map(({ status, totalAmount, endDate }) => [status, totalAmount, endDate.slice(5, 10)])).toEqual([
      ['DUE', 60, '07-01'],
      ['DUE', 270, '08-01'],
      ['DRAFT', 270, '08-03'],
    ])
  })
})

describe('a fee below 0 that is paid in advance', () => {
  it('is charged again for the days that are left when its plan ends early, until the day on which that ends', async () => {
    const api = await withLicenses({ fees: [-30], plan: { licenseRateCards: [] } })
    await api.associate()
    await api.moveTo('2024-06-02T00:00:00Z')
    const ended = { mode: 'DISASSOCIATE', effectiveFrom: '2024-06-11', effectiveUntil: '9999-01-01' }
    expect((await api.post('/accounts/acc1/price_plans', ended)).status).toBe(200)
    await doDue(api.id)
    expect(await api.advanced()).toEqual([
      ['STAND', 'REFUND_COMPLETED', '06-01', '07-01', -30],
      ['ADHOC', 'DUE', '06-02', '06-11', 20],
    ])
  })
})

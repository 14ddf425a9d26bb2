import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { settleMoneyDue } from '../../src/billing/money_due.ts'
import { connect } from '../../src/db/client.ts'
import { changed, client } from '../helpers/api.ts'
import { withTestClock } from '../helpers/billed.ts'
import { doDue, system } from '../helpers/ledgers.ts'
import { holdMoney, withWallet } from '../helpers/money.ts'
import { monthly, publishPlan } from '../helpers/schedules.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
  vi.setSystemTime(Date.parse('2026-04-20T10:00:00Z'))
})

afterEach(() => {
  vi.useRealTimers()
})

const until = (endDate: string) => ({ status: 'DRAFT', autoAdvance: true, endDate })

describe('a write that comes before the run of what is due', () => {
  /** A wallet of 100, and a DRAFT of 80 that was due a day ago. */
  const withOverdue = async () => {
    const api = await withWallet()
    await api.topUp(100)
    const { id: overdue } = await api.invoice(80, until('2026-04-25T00:00:00Z'))
    vi.setSystemTime(Date.parse('2026-04-26T00:00:00Z'))
    return { ...api, overdue }
  }
  const paidOf = ({ status, paidAmount, totalAmount }: Loose) => [status, paidAmount, totalAmount]

  it.each(['that is created due', 'that is given the status', 'that is created with an end that has passed'])(
    'of another invoice %s leaves the wallet to the one that was due first',
    async (how) => {
      const { overdue, invoice, patch, read, id } = await withOverdue()
      const sent = how.endsWith('passed') ? until('2026-04-25T12:00:00Z') : { status: how.endsWith('status') ? 'DRAFT' : 'DUE' }
      const other = await invoice(70, sent)
      if (how.endsWith('status')) expect((await patch(other.id, 'DUE')).status).toBe(200)
      expect([paidOf(await read(overdue)), paidOf(await read(other.id))]).toEqual([
        ['PAID', 80, 80],
        ['PARTIALLY_PAID', 20, 70],
      ])
      await holdMoney(id)
    },
  )

  it.each<[string, (api: Awaited<ReturnType<typeof withOverdue>>) => Promise<{ status: number }>]>([
    ['is not deleted', (api) => api.delete(`/invoices/${api.overdue}`)],
    ['has no other lines', ({ overdue, ...api }) => api.call('PATCH', `/invoices/${overdue}`, { lineItems: [{ value: 1 }] })],
    ['falls due', ({ overdue, ...api }) => api.call('PATCH', `/invoices/${overdue}`, { autoAdvance: false })],
  ])('finds that what is overdue %s any more', async (_, change) => {
    const api = await withOverdue()
    expect((await change(api)).status).toBe(409)
    expect(paidOf(await api.read(api.overdue))).toEqual(['PAID', 80, 80])
  })

  it('ends what was not paid in time before a cycle that begins at that instant is billed', async () => {
    const api = await withWallet()
    const { id } = (await api.post('/addons', { name: 'Support', type: 'FIXED_FEE' })).body
    const feeOf = (rate: number) => ({ id, name: 'fee', enableProration: false, rateValues: [{ currency: 'USD', rate }] })
    const pricePlanId = await publishPlan(api, 'Support', id, {
      pricingCycleConfig: monthly,
      fixedFeeRateCards: [{ ...feeOf(30), invoiceTiming: 'IN_ADVANCE' }],
    })
    const { id: pack } = (
      await api.post('/price_plans', {
        name: 'Pack',
        type: 'PURCHASE',
        pricePlanDetails: { supportedCurrencies: ['USD'], fixedFeeRateCards: [feeOf(100)] },
      })
    ).body
    await api.post(`/price_plans/${pack}/activate`, { currencies: ['USD'] })
    const dates = { effectiveFrom: '2026-05-01', effectiveUntil: '9999-01-01' }
    expect((await api.post('/accounts/acc1/price_plans', { pricePlanId, ...dates })).status).toBe(200)
    await api.topUp(50)
    const bought = await api.post('/accounts/acc1/purchases', { pricePlanId: pack, expiryDate: '2026-05-01T00:00:00Z' })
    expect([bought.body.status, await api.balance()]).toEqual(['PENDING', 0])
    vi.setSystemTime(Date.parse('2026-05-01T00:00:01Z'))
    await api.topUp(1)
    expect((await api.entries()).map(({ amount }) => amount)).toEqual([50, -50, 50, -30, 1])
    await holdMoney(api.id)
  })

  it('reads what is due of its own accounts only', async () => {
    const { id } = await withWallet()
    await env.DB.prepare(
      `INSERT INTO due SELECT ?, kinds.value, 'other ' || numbers.value, 1 FROM json_each('["BILLING", "CREDIT", "INVOICE"]') AS kinds
       CROSS JOIN json_each(?) AS numbers`,
    )
      .bind(id, JSON.stringify(Array.from({ length: 500 }, (_, index) => index)))
      .run()
    const database = connect(env.DB)
    await settleMoneyDue({ ...system(id), session: database.primary() }, ['acc1'])
    expect([database.usage.calls, database.usage.rowsRead < 20]).toEqual([1, true])
  })
})

describe('a wallet', () => {
  it('that is to be used from an instant on is used for what is asked for from then on', async () => {
    const api = await withTestClock('2026-04-01T00:00:00Z')
    const plan = await api.plan({
      fixedFeeRateCards: [{ id: await api.addOn('FIXED_FEE'), enableProration: false, rateValues: [{ currency: 'USD', rate: 30 }] }],
    })
    await api.account('acc1', plan, '2026-04-01')
    expect((await api.post('/accounts/acc1/wallet_topup', { topupAmount: 100 })).status).toBe(200)
    const effectiveFrom = '2026-05-03T12:00:00Z'
    expect((await api.patch('/accounts/acc1/wallet', { effectiveFrom })).status).toBe(200)
    await api.moveTo('2026-05-02T00:00:00Z')
    const [april] = await api.invoices('acc1')
    const early = (await api.patch(`/invoices/${april.id}`, { status: 'DUE' })).body
    expect([early.invoiceDate, early.status, early.paidAmount]).toEqual(['2026-05-02T00:00:00.000Z', 'DUE', 0])
    await holdMoney(api.id)
  })

  it.each([
    ['a top-up', (api: Loose) => api.post('/accounts/acc2/wallet_topup', { topupAmount: 50.25 })],
    [
      'a payment',
      (api: Loose) =>
        api.post('/payments', {
          accountId: 'acc2',
          externalPaymentReference: { sourceName: 'gw', sourceType: 'GATEWAY', transactionNumber: 'T' },
          currency: 'USD',
          totalAmount: 50.25,
          lineItemRecords: [],
        }),
    ],
  ])('gets nothing by %s in another currency, if its account gets one meanwhile', async (_, send) => {
    const api = await withWallet()
    await api.post('/accounts', { id: 'acc2', name: 'Second', customerId: 'acme' })
    let isHeld = true
    const meanwhile = changed((session) => ({
      batch: async (statements) => {
        if (isHeld && statements.length > 4) {
          isHeld = false
          expect((await api.call('PATCH', '/accounts/acc2', { invoiceCurrency: 'JPY' })).status).toBe(200)
        }
        return session.batch(statements)
      },
    }))
    const { status } = await send(client(api.token, meanwhile))
    expect([isHeld, status, await api.balance('acc2')]).toEqual([false, 400, 0])
  })

  it('gets nothing by a top-up of an account that is archived meanwhile', async () => {
    const api = await withWallet()
    await api.post('/accounts', { id: 'acc2', name: 'Second', customerId: 'acme' })
    let isHeld = true
    const meanwhile = changed((session) => ({
      batch: async (statements) => {
        if (isHeld && statements.length > 4) {
          isHeld = false
          expect((await api.delete('/accounts/acc2')).status).toBe(200)
        }
        return session.batch(statements)
      },
    }))
    const { status } = await client(api.token, meanwhile).post('/accounts/acc2/wallet_topup', { topupAmount: 5 })
    expect([isHeld, status, await api.balance('acc2')]).toEqual([false, 409, 0])
  })

  it('that never held anything binds no currency', async () => {
    const api = await withWallet()
    await api.post('/accounts', { id: 'acc2', name: 'Second', customerId: 'acme' })
    for (const status of ['INACTIVE', 'ACTIVE']) expect((await api.call('PATCH', '/accounts/acc2/wallet', { status })).status).toBe(200)
    expect((await api.call('PATCH', '/accounts/acc2', { invoiceCurrency: 'JPY' })).status).toBe(200)
  })
})

describe('what was sent before', () => {
  it('is the same payment, whatever the order of its names', async () => {
    const { pay } = await withWallet()
    const reference = { sourceName: 'gw', sourceType: 'GATEWAY', transactionNumber: 'once' }
    const [first, again, other] = [
      await pay(5, [], { externalPaymentReference: { ...reference, metadata: { a: '1', b: '2' } } }),
      await pay(5, [], { externalPaymentReference: { ...reference, metadata: { b: '2', a: '1' } } }),
      await pay(5, [], { externalPaymentReference: { ...reference, metadata: { a: '2', b: '1' } } }),
    ]
    expect([first.status, again.status, again.body.id === first.body.id, other.status]).toEqual([201, 201, true, 409])
  })

  it('is the same credit with its key, also when the account has been archived', async () => {
    const api = await withWallet()
    const request = { accountId: 'acc1', purpose: 'gift', effectiveFrom: '2026-01-01', priority: 1, creditAmount: 5, idempotencyKey: 'key' }
    const first = await api.post('/credits', { creditRequests: [request] })
    expect((await api.delete('/accounts/acc1')).status).toBe(200)
    const again = await api.post('/credits', { creditRequests: [request] })
    expect([again.status, again.body.credits[0].id]).toEqual([200, first.body.credits[0].id])
    const { status } = await api.post('/credits', { creditRequests: [request, { ...request, idempotencyKey: 'other' }] })
    expect(status).toBe(409)
  })
})

describe('an invoice that credits have paid', () => {
  it('has nothing to be given back, and gives the credit back as VOID', async () => {
    const api = await withWallet()
    const request = { accountId: 'acc1', purpose: 'gift', effectiveFrom: '2026-01-01', priority: 1, creditAmount: 50 }
    const [credit] = (await api.post('/credits', { creditRequests: [request] })).body.credits
    const { id, status } = await api.invoice(30)
    const refused = await api.patch(id, 'REFUND_INITIATED')
    expect([status, refused.status, refused.body.message]).toEqual(['PAID', 409, expect.stringContaining('can become VOID, not')])
    expect((await api.patch(id, 'VOID')).status).toBe(200)
    expect((await api.get(`/credits/${credit.id}`)).body).toMatchObject({ status: 'ACTIVE', consumedAmount: 0 })
  })

  it('lets a credit expire that has ended before it falls due, however late that is', async () => {
    const api = await withWallet()
    const request = {
      accountId: 'acc1',
      purpose: 'gift',
      effectiveFrom: '2026-01-01',
      effectiveUntil: '2026-04-26',
      priority: 1,
      creditAmount: 50,
    }
    const [credit] = (await api.post('/credits', { creditRequests: [request] })).body.credits
    const { id } = await api.invoice(20, until('2026-04-25T00:00:00Z'))
    const move = (change: string) => env.DB.prepare(`UPDATE due SET due_at = ${change} WHERE subject = ?`).bind(id).run()
    const planned = Date.parse('2026-04-25T00:00:00Z')
    await move(String(Number.MAX_SAFE_INTEGER))
    vi.setSystemTime(Date.parse('2026-04-26T01:00:00Z'))
    await doDue(api.id)
    await move(String(planned))
    await doDue(api.id)
    const { status, transactions } = (await api.get(`/credits/${credit.id}`)).body
    expect([status, transactions.map((one: Loose) => `${one.transactionType} ${one.amount}`)]).toEqual([
      'EXPIRED',
      ['CREDITED 50', 'DEBITED 20', 'EXPIRED 30'],
    ])
  })
})

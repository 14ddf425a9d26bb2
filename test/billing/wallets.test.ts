import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { client, organization } from '../helpers/api.ts'
import { linesOf, withTestClock } from '../helpers/billed.ts'
import { customer } from '../helpers/customer.ts'
import { perUnit } from '../helpers/calculator.ts'
import { doDue } from '../helpers/ledgers.ts'
import { holdMoney, withWallet } from '../helpers/money.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
  vi.setSystemTime(Date.parse('2026-04-20T10:00:00Z'))
})

afterEach(() => {
  vi.useRealTimers()
})

const paidOf = ({ status, paidAmount, totalAmount, info }: Loose) => [status, paidAmount, totalAmount, info]
const netted = (amount: string) => [{ type: 'WALLET', value: `${amount} netted off at DUE` }]

describe('the wallet of an account', () => {
  it('is there before its first use, with nothing in it, and stays the same wallet', async () => {
    const { get, topUp, entries, id } = await withWallet()
    const { body, headers } = await get('/accounts/acc1/wallet')
    expect(body).toEqual({
      id: expect.stringMatching(/^wallet\.\w{11}\.\w{5}$/),
      accountId: 'acc1',
      customerId: 'acme',
      balance: 0,
      creditUnit: 'USD',
      status: 'ACTIVE',
      holdAmount: 0,
      effectiveFrom: '2026-04-20T10:00:00.000Z',
      createdAt: '2026-04-20T10:00:00.000Z',
      updatedAt: '2026-04-20T10:00:00.000Z',
    })
    expect(await entries()).toEqual([])
    vi.setSystemTime(Date.parse('2026-04-21T10:00:00Z'))
    const toppedUp = await topUp(12.5)
    expect(toppedUp).toEqual({ ...body, balance: 12.5, updatedAt: '2026-04-21T10:00:00.000Z' })
    const again = await get('/accounts/acc1/wallet')
    expect([again.body, again.headers.get('ETag') === headers.get('ETag')]).toEqual([toppedUp, false])
    await topUp(0.01)
    expect((await get('/accounts/acc1/wallet/entries')).body.data).toEqual(
      [
        [0.01, 12.51],
        [12.5, 12.5],
      ].map(([amount, closingBalance]) => ({
        id: expect.stringMatching(/^wallet_entry\./),
        walletId: body.id,
        description: 'Top-up',
        transactionType: 'CREDITED',
        status: 'COMPLETED',
        amount,
        closingBalance,
        createdAt: '2026-04-21T10:00:00.000Z',
      })),
    )
    await holdMoney(id)
  })

  it('is topped up by amounts of its currency only', async () => {
    const { post } = await withWallet()
    const said = async (topupAmount: unknown, account = 'acc1') => {
      const { status, body } = await post(`/accounts/${account}/wallet_topup`, { topupAmount })
      return [status, body.message ?? body.balance]
    }
    expect(await said(0)).toEqual([400, 'topupAmount: must be an amount above 0, up to 10000000000000'])
    expect(await said(-5)).toEqual([400, 'topupAmount: must be an amount above 0, up to 10000000000000'])
    expect(await said(1e14)).toEqual([400, 'topupAmount: must be an amount above 0, up to 10000000000000'])
    expect(await said(0.001)).toEqual([400, 'topupAmount: must have 2 decimals at most in USD'])
    expect(await said(1, 'nobody')).toEqual([404, 'The account "nobody" does not exist.'])
    expect(await said(1e13)).toEqual([200, 1e13])
    expect(await said(0.01)).toEqual([422, 'topupAmount: the wallet would hold 10000000000000.01, and can hold 10000000000000 at most'])
    const yen = await withWallet({ currency: 'JPY' })
    expect((await yen.post('/accounts/acc1/wallet_topup', { topupAmount: 0.5 })).body.message).toBe(
      'topupAmount: must be a whole number in JPY',
    )
  })

  it('of an archived account is not topped up, and its currency is that of the account', async () => {
    const api = await organization()
    await api.post('/customers', customer('acme', { id: 'one' }))
    await api.post('/accounts', { id: 'acc1', name: 'First', customerId: 'acme' })
    await api.post('/accounts/acc1/wallet_topup', { topupAmount: 5 })
    const changed = await api.patch('/accounts/acc1', { invoiceCurrency: 'EUR' })
    expect([changed.status, changed.body.message]).toEqual([
      409,
      'invoiceCurrency: the wallet of the account "acc1" holds USD, and its currency cannot be changed',
    ])
    expect((await api.delete('/accounts/acc1')).status).toBe(200)
    const { status, body } = await api.post('/accounts/acc1/wallet_topup', { topupAmount: 5 })
    expect([status, body.message]).toEqual([409, 'The account "acc1" is archived, and cannot be changed.'])
  })

  it('is topped up once for a key, and each time without one', async () => {
    const { call, balance, entries } = await withWallet()
    const key = { 'Idempotency-Key': 'top-up 1' }
    const answers = await Promise.all([1, 2, 3].map(() => call('POST', '/accounts/acc1/wallet_topup', { topupAmount: 10 }, key)))
    expect(answers.map(({ status, body }) => [status, body.balance])).toEqual([
      [200, 10],
      [200, 10],
      [200, 10],
    ])
    await call('POST', '/accounts/acc1/wallet_topup', { topupAmount: 10 })
    await call('POST', '/accounts/acc1/wallet_topup?dry_run=true', { topupAmount: 10 })
    expect([await balance(), (await entries()).length]).toEqual([20, 2])
  })

  it('33 top-ups at once are a chain of 33 entries', async () => {
    const { topUp, entries, id } = await withWallet()
    await Promise.all(Array.from({ length: 33 }, () => topUp(0.1)))
    const all = await entries()
    expect(all.map(({ closingBalance }) => closingBalance)).toEqual(Array.from({ length: 33 }, (_, n) => (n + 1) / 10))
    await holdMoney(id)
  })

  it('has its entries listed page by page, by what a portal token may read too', async () => {
    const api = await withWallet()
    await api.post('/accounts', { id: 'other', name: 'Other', customerId: 'acme' })
    for (const amount of [1, 2, 3]) await api.topUp(amount)
    const first = (await api.get('/accounts/acc1/wallet/entries?pageSize=2')).body
    const second = (await api.get(`/accounts/acc1/wallet/entries?nextToken=${first.nextToken}`)).body
    expect([...first.data, ...second.data].map(({ amount }) => amount)).toEqual([3, 2, 1])
    expect((await api.get(`/accounts/other/wallet/entries?nextToken=${first.nextToken}`)).status).toBe(400)
    const portal = client((await api.post('/portal/token', { customerId: 'acme', accountIds: ['acc1'] })).body.token)
    const paths = ['/accounts/acc1/wallet', '/accounts/acc1/wallet/entries', '/accounts/other/wallet', '/accounts/other/wallet/entries']
    expect(await Promise.all(paths.map(async (path) => (await portal.get(path)).status))).toEqual([200, 200, 403, 403])
    expect((await portal.post('/accounts/acc1/wallet_topup', { topupAmount: 1 })).status).toBe(403)
  })

  it('is changed in its version only', async () => {
    const { call, get, topUp } = await withWallet()
    const etag = (await get('/accounts/acc1/wallet')).headers.get('ETag') ?? ''
    await topUp(5)
    const patch = (tag: string) => call('PATCH', '/accounts/acc1/wallet', { status: 'INACTIVE' }, { 'If-Match': tag })
    expect((await patch(etag)).status).toBe(412)
    const changed = await patch((await get('/accounts/acc1/wallet')).headers.get('ETag') ?? '')
    expect([changed.status, changed.body.status, changed.body.balance]).toEqual([200, 'INACTIVE', 5])
  })
})

describe('an invoice that falls due', () => {
  it('wallet-less-than-invoice: is PARTIALLY_PAID by what the wallet has', async () => {
    const { topUp, invoice, read, entries, id } = await withWallet()
    await topUp(60)
    const made = await invoice(100)
    expect(paidOf(made)).toEqual(['PARTIALLY_PAID', 60, 100, netted('60')])
    expect(await read(made.id)).toEqual(made)
    expect(await entries()).toEqual([
      { amount: 60, closingBalance: 60 },
      { amount: -60, closingBalance: 0, entityId: made.id },
    ])
    await holdMoney(id)
  })

  it('wallet-more-than-invoice: is PAID, and the rest stays in the wallet', async () => {
    const { topUp, invoice, balance, get } = await withWallet()
    const { id: wallet } = await topUp(250)
    const made = await invoice(100)
    expect([paidOf(made), await balance()]).toEqual([['PAID', 100, 100, netted('100')], 150])
    const { data } = (await get(`/audit_log?resource_type=WALLET&resource_id=${wallet}`)).body
    expect(data.map(({ changes }: Loose) => [changes.balance.old, changes.balance.new])).toEqual([
      ['250', '150'],
      ['0', '250'],
      [null, '0'],
    ])
  })

  it('is paid by no wallet that is empty, INACTIVE, effective later, or not to be used for it; nor is one of 0 or less', async () => {
    const { topUp, invoice, patch, done, balance, call, id } = await withWallet()
    const set = (body: Loose) => done(call('PATCH', '/accounts/acc1/wallet', body))
    expect(paidOf(await invoice(5))).toEqual(['DUE', 0, 5, []])
    await topUp(100)
    expect(paidOf(await invoice(5, { applyWalletBalance: false }))).toEqual(['DUE', 0, 5, []])
    expect(paidOf(await invoice(0))).toEqual(['PAID', 0, 0, []])
    expect(paidOf(await invoice(-5))).toEqual(['REFUND_COMPLETED', -5, -5, []])
    await set({ status: 'INACTIVE' })
    expect(paidOf(await invoice(5))).toEqual(['DUE', 0, 5, []])
    await set({ status: 'ACTIVE', effectiveFrom: '2026-04-01T00:00:00.001Z' })
    expect(paidOf(await invoice(5))).toEqual(['DUE', 0, 5, []])
    await set({ effectiveFrom: '2026-04-01T00:00:00Z' })
    const draft = await invoice(5, { status: 'DRAFT' })
    expect([paidOf(draft), await balance()]).toEqual([['DRAFT', 0, 5, []], 100])
    expect(paidOf((await patch(draft.id, 'DUE')).body)).toEqual(['PAID', 5, 5, netted('5')])
    expect(await balance()).toBe(95)
    await holdMoney(id)
  })

  it('at its end is paid too', async () => {
    const { topUp, invoice, read, id } = await withWallet()
    await topUp(10)
    const { id: made } = await invoice(4, { status: 'DRAFT', autoAdvance: true, endDate: '2026-05-01T00:00:00Z' })
    vi.setSystemTime(Date.parse('2026-05-01T00:00:00Z'))
    await doDue(id)
    expect(paidOf(await read(made))).toEqual(['PAID', 4, 4, netted('4')])
  })

  it('P2-22: takes what another one has left, however many fall due at once', async () => {
    const { topUp, invoice, entries, balance, id } = await withWallet()
    await topUp(100)
    const made = await Promise.all([80, 70].map((value) => invoice(value)))
    const taken = made.map(({ paidAmount }) => paidAmount).toSorted((one, other) => one - other)
    expect([taken, await balance()]).toEqual([[expect.any(Number), expect.any(Number)], 0])
    expect([
      [20, 80],
      [30, 70],
    ]).toContainEqual(taken)
    expect((await entries()).map(({ closingBalance }) => closingBalance).at(-1)).toBe(0)
    await holdMoney(id)
  })

  it('33 invoices at once on one balance spend it once', async () => {
    const { topUp, invoice, balance, id } = await withWallet()
    await topUp(100)
    const made = await Promise.all(Array.from({ length: 33 }, () => invoice(7)))
    expect(made.reduce((sum, { paidAmount }) => sum + paidAmount, 0)).toBe(100)
    expect(made.map(({ status }) => status).toSorted()).toEqual([
      ...Array.from({ length: 18 }, () => 'DUE'),
      ...Array.from({ length: 14 }, () => 'PAID'),
      'PARTIALLY_PAID',
    ])
    expect(await balance()).toBe(0)
    await holdMoney(id)
  })

  it('gives back what the wallet paid when it is made void, and no more', async () => {
    const { topUp, invoice, patch, balance, entries, id } = await withWallet()
    await topUp(60)
    const made = await invoice(100)
    const { status, body } = await patch(made.id, 'VOID')
    expect([status, paidOf(body), await balance()]).toEqual([200, ['VOID', 0, 100, []], 60])
    expect((await entries()).at(-1)).toEqual({ amount: 60, closingBalance: 60, entityId: made.id })
    expect((await patch(made.id, 'VOID')).status).toBe(200)
    expect(await balance()).toBe(60)
    await holdMoney(id)
  })
})

describe('the invoices of cycles', () => {
  it('are paid as they fall due, the oldest first, those in advance too', async () => {
    const api = await withTestClock('2026-01-01T00:00:00Z')
    const [fee, ahead] = [await api.addOn('FIXED_FEE'), await api.addOn('FIXED_FEE')]
    const card = (id: string, rate: number, more: Loose = {}) => ({
      id,
      name: id,
      enableProration: false,
      rateValues: [{ currency: 'USD', rate }],
      ...more,
    })
    const plan = await api.plan({ fixedFeeRateCards: [card(fee, 40), card(ahead, 10, { invoiceTiming: 'IN_ADVANCE' })] })
    await api.post('/customers', { ...customer('acc1'), account: { id: 'acc1', name: 'First', invoiceCurrency: 'USD' } })
    await api.post('/accounts/acc1/wallet_topup', { topupAmount: 75 })
    expect(
      (await api.post('/accounts/acc1/price_plans', { pricePlanId: plan, effectiveFrom: '2026-01-01', effectiveUntil: '9999-01-01' }))
        .status,
    ).toBe(200)
    await api.moveTo('2026-03-10T00:00:00Z')
    const paid = (await api.invoices('acc1')).map(({ invoiceType, startDate, status, paidAmount }) => [
      invoiceType,
      startDate.slice(0, 7),
      status,
      paidAmount,
    ])
    expect(paid).toEqual([
      ['STANDARD', '2026-01', 'PAID', 40],
      ['STANDARD_ADVANCED', '2026-01', 'PAID', 10],
      ['STANDARD', '2026-02', 'PARTIALLY_PAID', 5],
      ['STANDARD_ADVANCED', '2026-02', 'PAID', 10],
      ['STANDARD', '2026-03', 'DRAFT', 0],
      ['STANDARD_ADVANCED', '2026-03', 'PAID', 10],
    ])
    await holdMoney(api.id)
  })

  it('that fall due in one commit are paid the oldest first', async () => {
    const api = await withTestClock('2026-01-01T00:00:00Z')
    const fee = await api.addOn('FIXED_FEE')
    const plan = await api.plan({
      fixedFeeRateCards: [{ id: fee, name: 'fee', enableProration: false, rateValues: [{ currency: 'USD', rate: 40 }] }],
    })
    await api.moveTo('2026-04-20T00:00:00Z')
    await api.post('/customers', { ...customer('acc1'), account: { id: 'acc1', name: 'First', invoiceCurrency: 'USD' } })
    await api.post('/accounts/acc1/wallet_topup', { topupAmount: 70 })
    const { status } = await api.post('/accounts/acc1/price_plans', {
      pricePlanId: plan,
      effectiveFrom: '2026-01-01',
      effectiveUntil: '9999-01-01',
    })
    expect(status).toBe(200)
    const paid = (await api.invoices('acc1')).map(({ startDate, paidAmount }) => [startDate.slice(0, 7), paidAmount])
    expect(paid).toEqual([
      ['2026-01', 40],
      ['2026-02', 30],
      ['2026-03', 0],
      ['2026-04', 0],
    ])
    await holdMoney(api.id)
  })

  it('of a member of a group that consolidates are not paid by its wallet', async () => {
    const api = await withTestClock('2026-04-20T00:00:00Z')
    for (const id of ['acc1', 'acc2']) {
      await api.post('/customers', { ...customer(id), account: { id, name: `Account ${id}`, invoiceCurrency: 'USD' } })
      await api.post(`/accounts/${id}/wallet_topup`, { topupAmount: 70 })
    }
    const { body: group } = await api.post('/invoice_groups', {
      name: 'Group',
      email: 'group@example.com',
      dailyInvoiceConsolidation: true,
      accountIds: ['acc1'],
      address: {},
    })
    const write = async (accountId: string) =>
      (
        await api.post('/invoices', {
          accountId,
          startDate: '2026-03-01T00:00:00Z',
          endDate: '2026-04-01T00:00:00Z',
          status: 'DUE',
          lineItems: [{ value: 50 }],
        })
      ).body
    expect([(await write('acc1')).paidAmount, (await write('acc2')).paidAmount]).toEqual([0, 50])
    await api.moveTo('2026-04-21T00:00:00Z')
    const [composite] = (await api.get(`/invoices?owner_id=${group.id}`)).body.data
    expect([composite.status, composite.totalAmount, composite.paidAmount]).toEqual(['DUE', 50, 0])
    await holdMoney(api.id)
  })

  it('of a plan that another one of years replaces give back what was paid for the days that are left, once and by the old price (P2-50)', async () => {
    const api = await withTestClock('2026-04-01T00:00:00Z')
    const seat = await api.addOn('LICENSE', 'Seats')
    const seats = (rate: number) => ({
      licenseRateCards: [
        { id: seat, name: 'seats', invoiceTiming: 'IN_ADVANCE', enableProration: true, proratedRefundMode: 'CREDITS', ...perUnit(rate) },
      ],
    })
    const months = await api.plan(seats(30))
    const years = await api.plan({
      ...seats(365),
      pricingCycleConfig: { interval: 'ANNUALLY', gracePeriod: 0, anniversaryCycle: true },
    })
    await api.hold('acc1', seat, 1, '2026-04-01T00:00:00Z')
    await api.account('acc1', months, '2026-04-01')
    await api.moveTo('2026-04-10T00:00:00Z')
    await api.give('acc1', years, '2026-04-16')
    await api.moveTo('2026-05-20T00:00:00Z')
    const { data } = (await api.get('/credits?account_id=acc1')).body
    expect(data.map(({ creditAmount, consumedAmount, status }: Loose) => [creditAmount, consumedAmount, status])).toEqual([
      [15, 15, 'CONSUMED'],
    ])
    const year = (await api.invoices('acc1')).find(({ startDate, invoiceType }) =>
      `${invoiceType} ${startDate}`.startsWith('STANDARD_ADVANCED 2026-04-16'),
    )
    const valueOf = (type: string) => linesOf(year.revenueInfo, type)[0]?.value
    expect(['GROSS_AMOUNT', 'SUB_CREDITS', 'TOTAL_AMOUNT'].map(valueOf)).toEqual([365, -15, 350])
    expect((await api.invoices('acc1')).map(({ totalAmount }) => totalAmount)).toEqual([0, 30, 0, 350])
  })

  it('of what is paid in advance give back to the wallet what has become less, where the card says so', async () => {
    const api = await withTestClock('2024-06-01T00:00:00Z')
    const seat = await api.addOn('LICENSE', 'Seats')
    const plan = await api.plan({
      licenseRateCards: [
        { id: seat, name: 'seats', invoiceTiming: 'IN_ADVANCE', enableProration: true, proratedRefundMode: 'WALLET', ...perUnit(30) },
      ],
    })
    await api.hold('acc1', seat, 3, '2024-06-01T00:00:00Z')
    await api.account('acc1', plan, '2024-06-01')
    await api.moveTo('2024-06-15T00:00:00Z')
    await api.hold('acc1', seat, 1, '2024-06-15T00:00:00Z')
    const { data } = (await api.get('/accounts/acc1/wallet/entries')).body
    expect(
      data.map(({ description, transactionType, amount, closingBalance }: Loose) => [description, transactionType, amount, closingBalance]),
    ).toEqual([['Refund Seats', 'CREDITED', 30, 30]])
    await api.moveTo('2024-07-01T00:00:00Z')
    const july = (await api.invoices('acc1')).find(
      ({ invoiceType, startDate }) => invoiceType === 'STANDARD_ADVANCED' && startDate.startsWith('2024-07'),
    )
    expect(paidOf(july)).toEqual(['PAID', 30, 30, netted('30')])
    await holdMoney(api.id)
  })
})

describe('the database', () => {
  it('refuses an entry that does not close with the balance before it and its amount, and a balance without an entry', async () => {
    const { topUp, id } = await withWallet()
    await topUp(10.5)
    const wallet: Loose = await env.DB.prepare('SELECT * FROM wallets WHERE organization_id = ?').bind(id).first()
    const add = (version: number, amount: string, closing: string) =>
      env.DB.prepare('INSERT INTO wallet_entries VALUES (?, ?, ?, ?, ?, ?, NULL, NULL, 0)')
        .bind(`planted ${version} ${closing}`, id, wallet.id, version, amount, closing)
        .run()
    await expect(add(3, '1', '12')).rejects.toThrow('closes with the balance before it')
    await expect(add(3, '-0.25', '10.2')).rejects.toThrow('closes with the balance before it')
    await expect(add(3, '-11', '-0.5')).rejects.toThrow('wallet_entries_closing_balance')
    await expect(add(4, '1', '11.5')).rejects.toThrow('STALE')
    await expect(
      env.DB.prepare("UPDATE wallets SET balance = '99', version = version + 1 WHERE id = ?").bind(wallet.id).run(),
    ).rejects.toThrow('that of its last entry')
    await add(3, '-10.25', '0.25')
    await expect(env.DB.prepare('DELETE FROM wallet_entries WHERE wallet_id = ?').bind(wallet.id).run()).rejects.toThrow('never deleted')
    await holdMoney(id)
  })
})

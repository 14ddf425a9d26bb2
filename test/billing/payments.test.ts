import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { client } from '../helpers/api.ts'
import { customer } from '../helpers/customer.ts'
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

const said = ({ status, body }: Loose) => [status, body.message]
const linesOf = ({ body }: Loose) => body.lineItemRecords.map(({ type, amount, togaiId }: Loose) => [type, amount, togaiId])
const paidOf = ({ status, paidAmount }: Loose) => [status, paidAmount]

describe('a payment', () => {
  it('P2-26: pays a part, is refused above what is open, and puts what is too much into the wallet', async () => {
    const { pay, invoice, read, balance, tokenId, get, id } = await withWallet()
    const { id: inv } = await invoice(100)
    const first = await pay(40, [{ type: 'INVOICE', togaiId: inv, amount: 40 }], { description: 'One', notes: 'Two' })
    expect([first.status, first.body]).toEqual([
      201,
      {
        id: expect.stringMatching(/^payment\.\w{11}\.\w{5}$/),
        description: 'One',
        notes: 'Two',
        accountId: 'acc1',
        externalPaymentReferences: { sourceName: 'gw', sourceType: 'GATEWAY', transactionNumber: 'T0' },
        lineItemRecords: [{ type: 'INVOICE', togaiId: inv, amount: 40, order: 0 }],
        totalAmount: 40,
        currency: 'USD',
        version: 1,
        createdBy: tokenId,
        createdAt: '2026-04-20T10:00:00.000Z',
      },
    ])
    expect((await get(first.headers.get('Location') ?? '')).body).toEqual(first.body)
    expect(paidOf(await read(inv))).toEqual(['PARTIALLY_PAID', 40])
    expect(said(await pay(60.01, [{ type: 'INVOICE', togaiId: inv, amount: 60.01 }]))).toEqual([
      400,
      'lineItemRecords[0].amount: must be 60 at most, which is open of the invoice',
    ])
    const last = await pay(60.01, [
      { type: 'INVOICE', togaiId: inv, amount: 60 },
      { type: 'WALLET_CREDIT', amount: 0.01 },
    ])
    expect([last.status, paidOf(await read(inv)), await balance()]).toEqual([201, ['PAID', 100], 0.01])
    expect(said(await pay(1, [{ type: 'INVOICE', togaiId: inv }]))).toEqual([
      409,
      `lineItemRecords[0].togaiId: the invoice "${inv}" is PAID. Only what is DUE, PARTIALLY_PAID or UN_COLLECTIBLE can be paid`,
    ])
    await holdMoney(id)
  })

  it('payment-request-sample: is spread in its order, and what is left comes into the wallet', async () => {
    const { pay, invoice, read, balance, entries, id } = await withWallet()
    const [one, two] = [await invoice(1000), await invoice(500)]
    const answer = await pay(10000, [
      { type: 'WALLET_CREDIT', amount: 200, order: 30 },
      { type: 'INVOICE', togaiId: two.id, order: 20 },
      { type: 'INVOICE', togaiId: one.id, order: 10 },
    ])
    const wallet = answer.body.lineItemRecords.at(-1).togaiId
    expect(answer.body.lineItemRecords).toEqual([
      { type: 'INVOICE', togaiId: one.id, amount: 1000, order: 10 },
      { type: 'INVOICE', togaiId: two.id, amount: 500, order: 20 },
      { type: 'WALLET_CREDIT', togaiId: wallet, amount: 200, order: 30 },
      { type: 'WALLET_CREDIT', togaiId: wallet, amount: 8300, order: 31 },
    ])
    expect([paidOf(await read(one.id)), paidOf(await read(two.id)), await balance()]).toEqual([['PAID', 1000], ['PAID', 500], 8500])
    expect((await entries()).map(({ entityId }) => entityId)).toEqual([answer.body.id, answer.body.id])
    await holdMoney(id)
  })

  it('without amounts pays what is open, or as much as there is', async () => {
    const { pay, invoice, read, id } = await withWallet()
    const [one, two, three] = [await invoice(10), await invoice(10), await invoice(10)]
    const lines = [one, two, three].map(({ id: togaiId }) => ({ type: 'INVOICE', togaiId }))
    expect(said(await pay(15, lines))).toEqual([400, 'lineItemRecords[2]: has nothing left of totalAmount for it'])
    const answer = await pay(15, lines.slice(0, 2))
    expect(linesOf(answer)).toEqual([
      ['INVOICE', 10, one.id],
      ['INVOICE', 5, two.id],
    ])
    expect([paidOf(await read(one.id)), paidOf(await read(two.id))]).toEqual([
      ['PAID', 10],
      ['PARTIALLY_PAID', 5],
    ])
    const twice = await pay(10, [
      { type: 'INVOICE', togaiId: three.id, amount: 6 },
      { type: 'INVOICE', togaiId: three.id },
    ])
    expect([linesOf(twice), paidOf(await read(three.id))]).toEqual([
      [
        ['INVOICE', 6, three.id],
        ['INVOICE', 4, three.id],
      ],
      ['PAID', 10],
    ])
    await holdMoney(id)
  })

  it('pays no invoice in another currency than its own, when that of its account has changed', async () => {
    const { pay, invoice, post, call, read } = await withWallet()
    await post('/accounts', { id: 'acc2', name: 'Second', customerId: 'acme' })
    const { id: inv } = await invoice(100, { accountId: 'acc2' })
    expect((await call('PATCH', '/accounts/acc2', { invoiceCurrency: 'JPY' })).status).toBe(200)
    const sent = { accountId: 'acc2', currency: 'JPY' }
    expect(said(await pay(100, [{ type: 'INVOICE', togaiId: inv, amount: 100 }], sent))).toEqual([
      409,
      `lineItemRecords[0].togaiId: the invoice "${inv}" is in USD, and cannot be paid in JPY`,
    ])
    expect(paidOf(await read(inv))).toEqual(['DUE', 0])
  })

  it('is refused with all that is wrong with it', async () => {
    const { pay, invoice, post, read, id } = await withWallet()
    const { id: inv } = await invoice(100)
    const draft = await invoice(100, { status: 'DRAFT' })
    await post('/accounts', { id: 'acc2', name: 'Second', customerId: 'acme' })
    const other = await invoice(100, { accountId: 'acc2' })
    expect(said(await pay(10, [{ type: 'INVOICE', togaiId: inv, amount: 10.001 }, { type: 'INVOICE' }], { currency: 'EUR' }))).toEqual([
      400,
      'currency: must be USD, in which it is invoiced; lineItemRecords[0].amount: must have 2 decimals at most in USD; lineItemRecords[1].togaiId: is required: the id of the invoice',
    ])
    expect(
      said(
        await pay(10, [
          { type: 'INVOICE', togaiId: inv, amount: 6 },
          { type: 'WALLET_CREDIT', amount: 5 },
        ]),
      ),
    ).toEqual([400, 'lineItemRecords[1].amount: must be 4 at most, which is left of totalAmount'])
    expect(said(await pay(10, [{ type: 'INVOICE', togaiId: inv, amount: -6 }]))).toEqual([
      400,
      'lineItemRecords[0].amount: must be above 0, as totalAmount is',
    ])
    expect((await pay(0, [])).status).toBe(400)
    expect(said(await pay(10, [], { accountId: 'nobody' }))).toEqual([404, 'The account or invoice group "nobody" does not exist.'])
    expect(said(await pay(10, [{ type: 'INVOICE', togaiId: other.id }]))).toEqual([
      404,
      `lineItemRecords[0].togaiId: "acc1" has no invoice "${other.id}"`,
    ])
    expect(said(await pay(10, [{ type: 'INVOICE', togaiId: draft.id }]))).toEqual([
      409,
      `lineItemRecords[0].togaiId: the invoice "${draft.id}" is DRAFT. Only what is DUE, PARTIALLY_PAID or UN_COLLECTIBLE can be paid`,
    ])
    expect(paidOf(await read(inv))).toEqual(['DUE', 0])
    await holdMoney(id)
  })

  it('buys a credit, which the next invoices take from before they are paid', async () => {
    const { pay, invoice, get, patch, balance, topUp, id } = await withWallet()
    const answer = await pay(50, [{ type: 'CREDIT', amount: 30, togaiId: 'ignored' }], { description: 'Prepaid' })
    const [, wallet] = answer.body.lineItemRecords
    const credit = (await get('/credits')).body.data[0]
    expect(answer.body.lineItemRecords).toEqual([
      { type: 'CREDIT', togaiId: credit.id, amount: 30, order: 0 },
      { type: 'WALLET_CREDIT', togaiId: wallet.togaiId, amount: 20, order: 1 },
    ])
    expect(credit).toMatchObject({
      accountId: 'acc1',
      purpose: 'Prepaid',
      creditAmount: 30,
      priority: 1,
      status: 'ACTIVE',
      creditUnit: 'USD',
    })
    expect(credit.effectiveUntil).toBeUndefined()
    const made = await invoice(100, { startDate: '2026-03-01T00:00:00Z', endDate: '2026-04-20T10:00:00Z' })
    expect([made.totalAmount, paidOf(made), await balance()]).toEqual([70, ['PARTIALLY_PAID', 20], 0])
    expect(paidOf((await patch(made.id, 'VOID')).body)).toEqual(['VOID', 0])
    expect([(await get(`/credits/${credit.id}`)).body.status, await balance()]).toEqual(['ACTIVE', 20])
    await topUp(1)
    const paid = await invoice(40, { endDate: '2026-04-20T10:00:00Z', status: 'PAID' })
    expect([paid.totalAmount, paidOf(paid), await balance()]).toEqual([10, ['PAID', 10], 21])
    await holdMoney(id)
  })

  it('settles what was UN_COLLECTIBLE', async () => {
    const { pay, invoice, patch, read } = await withWallet()
    const { id } = await invoice(100)
    await patch(id, 'UN_COLLECTIBLE')
    await pay(30, [{ type: 'INVOICE', togaiId: id }])
    expect(paidOf(await read(id))).toEqual(['PARTIALLY_PAID', 30])
    await patch(id, 'UN_COLLECTIBLE')
    await pay(70, [{ type: 'INVOICE', togaiId: id }])
    expect(paidOf(await read(id))).toEqual(['PAID', 100])
  })

  it('comes after what was due before it', async () => {
    const { pay, invoice, read, balance, topUp, id } = await withWallet()
    await topUp(5)
    const { id: inv } = await invoice(4, { status: 'DRAFT', autoAdvance: true, endDate: '2026-05-01T00:00:00Z' })
    vi.setSystemTime(Date.parse('2026-05-02T00:00:00Z'))
    await pay(100, [])
    expect([paidOf(await read(inv)), await balance()]).toEqual([['PAID', 4], 101])
    await doDue(id)
    await holdMoney(id)
  })
})

describe('the reference of a payment', () => {
  const reference = { sourceName: 'gw', sourceType: 'GATEWAY', transactionNumber: 'T1' }

  it('P2-23: is taken once, however often and at once the payment is told', async () => {
    const { pay, balance, get, id } = await withWallet()
    const tell = () => pay(100, [{ type: 'WALLET_CREDIT', amount: 100 }], { externalPaymentReference: reference })
    const answers = await Promise.all(Array.from({ length: 33 }, tell))
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201))
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1)
    expect([await balance(), (await get('/payments')).body.data.length]).toEqual([100, 1])
    await holdMoney(id)
  })

  it('with other content is refused, and with another number it is another payment', async () => {
    const { pay, balance } = await withWallet()
    const tell = (amount: number, more: Loose = {}) => pay(amount, [], { externalPaymentReference: { ...reference, ...more } })
    const first = await tell(100)
    expect(said(await tell(101))).toEqual([
      409,
      `externalPaymentReference: the payment "${first.body.id}" has the same sourceName and transactionNumber, and other content`,
    ])
    expect((await tell(100, { description: 'other' })).status).toBe(409)
    expect((await tell(100, { transactionNumber: 'T2' })).status).toBe(201)
    expect((await tell(100, { sourceName: 'bank' })).status).toBe(201)
    expect(await balance()).toBe(300)
  })

  it('of 33 payments of one invoice at once, as many are taken as it has open', async () => {
    const { pay, invoice, read, id } = await withWallet()
    const { id: inv } = await invoice(100)
    const answers = await Promise.all(Array.from({ length: 33 }, () => pay(10, [{ type: 'INVOICE', togaiId: inv, amount: 10 }])))
    expect(answers.filter(({ status }) => status === 201).length).toBe(10)
    expect(answers.filter(({ status }) => status === 409).length).toBe(23)
    expect(paidOf(await read(inv))).toEqual(['PAID', 100])
    await holdMoney(id)
  })
})

describe('a refund', () => {
  it('gives back what was paid, in parts, and is then completed', async () => {
    const { pay, invoice, patch, read, topUp, id } = await withWallet()
    await topUp(30)
    const { id: inv } = await invoice(100)
    await pay(70, [{ type: 'INVOICE', togaiId: inv }])
    const back = (amount: number, more: Loose = {}) => pay(amount, [{ type: 'INVOICE', togaiId: inv, ...more }])
    expect(said(await back(-10))).toEqual([
      409,
      `lineItemRecords[0].togaiId: the invoice "${inv}" is PAID. Only what is REFUND_INITIATED can be given back`,
    ])
    expect(said(await patch(inv, 'VOID'))[0]).toBe(409)
    expect((await patch(inv, 'REFUND_INITIATED')).body.status).toBe('REFUND_INITIATED')
    expect(said(await back(-100.01))).toEqual([400, `totalAmount: must be -100 or more, since 100 was paid for the invoice "${inv}"`])
    expect(said(await pay(-5, []))).toEqual([400, 'lineItemRecords: must be one INVOICE if totalAmount is below 0'])
    expect(said(await back(-5, { amount: -4 }))).toEqual([400, 'lineItemRecords[0].amount: must be -5, as totalAmount is, or be left out'])
    const part = await back(-40)
    expect([part.status, linesOf(part), paidOf(await read(inv))]).toEqual([201, [['INVOICE', -40, inv]], ['REFUND_INITIATED', 60]])
    await back(-60, { amount: -60 })
    expect(paidOf(await read(inv))).toEqual(['REFUND_COMPLETED', 0])
    expect((await back(-1)).status).toBe(409)
    await holdMoney(id)
  })
})

describe('an invoice that is marked as paid', () => {
  it('has a payment of what was open, which is recorded by itself', async () => {
    const { invoice, patch, get, topUp, id } = await withWallet()
    await topUp(30)
    const { id: inv } = await invoice(100)
    expect(paidOf((await patch(inv, 'PAID')).body)).toEqual(['PAID', 100])
    expect((await patch(inv, 'PAID')).status).toBe(200)
    const made = await invoice(20, { status: 'PAID', applyWalletBalance: true })
    expect(paidOf(made)).toEqual(['PAID', 20])
    await invoice(0, { status: 'PAID' })
    const { data } = (await get('/payments')).body
    expect(
      data.map(({ externalPaymentReferences, lineItemRecords, totalAmount }: Loose) => [
        externalPaymentReferences,
        lineItemRecords,
        totalAmount,
      ]),
    ).toEqual(
      expect.arrayContaining([
        [
          { sourceName: 'MANUAL', sourceType: 'CASH', transactionNumber: `${inv}-1` },
          [{ type: 'INVOICE', togaiId: inv, amount: 70, order: 1 }],
          70,
        ],
        [
          { sourceName: 'MANUAL', sourceType: 'CASH', transactionNumber: `${made.id}-1` },
          [{ type: 'INVOICE', togaiId: made.id, amount: 20, order: 1 }],
          20,
        ],
      ]),
    )
    expect(data.length).toBe(2)
    await holdMoney(id)
  })

  it('has a reference of its own, whatever references were sent', async () => {
    const { invoice, patch, get, pay } = await withWallet()
    const { id: inv } = await invoice(100)
    await pay(10, [], { externalPaymentReference: { sourceName: 'MANUAL', sourceType: 'CASH', transactionNumber: `${inv}-1` } })
    expect((await patch(inv, 'PAID')).status).toBe(200)
    const numbers = (await get('/payments')).body.data.map((one: Loose) => one.externalPaymentReferences.transactionNumber)
    expect(numbers.toSorted()).toEqual([`${inv}-1`, `${inv}-2`])
  })

  it('is not made void, and one that only the wallet paid is', async () => {
    const { invoice, patch, pay, topUp, balance, read, id } = await withWallet()
    await topUp(30)
    const byWallet = await invoice(30)
    const { id: inv } = await invoice(100)
    const payment = await pay(1, [{ type: 'INVOICE', togaiId: inv }])
    expect(said(await patch(inv, 'VOID'))).toEqual([
      409,
      `status: the payment "${payment.body.id}" is recorded on the invoice "${inv}", which cannot become VOID. What was paid is given back by REFUND_INITIATED and a payment below 0`,
    ])
    const marked = await invoice(5, { status: 'PAID' })
    expect((await patch(marked.id, 'VOID')).status).toBe(409)
    expect(paidOf((await patch(byWallet.id, 'VOID')).body)).toEqual(['VOID', 0])
    expect([await balance(), paidOf(await read(inv))]).toEqual([30, ['PARTIALLY_PAID', 1]])
    expect((await pay(1, [{ type: 'INVOICE', togaiId: byWallet.id }])).status).toBe(409)
    await holdMoney(id)
  })
})

describe('the payments of an invoice group', () => {
  it('pay its COMPOSITE invoices, and never those of its members', async () => {
    const { pay, post, get, invoice, read, patch, id } = await withWallet()
    const { body: group } = await post('/invoice_groups', {
      name: 'Group',
      email: 'group@example.com',
      dailyInvoiceConsolidation: true,
      accountIds: ['acc1'],
      address: {},
    })
    const { id: member } = await invoice(100)
    expect(said(await pay(100, [{ type: 'INVOICE', togaiId: member }]))).toEqual([
      409,
      `lineItemRecords[0].togaiId: the invoice "${member}" is paid by the invoice group "${group.id}", in one invoice a day`,
    ])
    expect(said(await patch(member, 'PAID'))).toEqual([
      409,
      `status: the account "acc1" is in the invoice group "${group.id}", which pays for it in one invoice a day`,
    ])
    vi.setSystemTime(Date.parse('2026-04-21T10:00:00Z'))
    await doDue(id)
    const [composite] = (await get(`/invoices?owner_id=${group.id}`)).body.data
    expect(said(await pay(100, [{ type: 'INVOICE', togaiId: member }]))).toEqual([
      409,
      `lineItemRecords[0].togaiId: the invoice "${member}" is MERGED into "${composite.id}" of the invoice group "${group.id}", which is paid in its place`,
    ])
    const byGroup = (amount: number, lines: Loose[]) => pay(amount, lines, { accountId: group.id })
    expect(said(await byGroup(120, [{ type: 'INVOICE', togaiId: composite.id }]))).toEqual([
      400,
      'totalAmount: must be what lineItemRecords pay, since an invoice group has no wallet for the rest',
    ])
    expect(said(await byGroup(100, [{ type: 'CREDIT' }]))).toEqual([
      400,
      'lineItemRecords[0].type: must be INVOICE: an invoice group has no wallet and no credits',
    ])
    expect((await byGroup(40, [{ type: 'INVOICE', togaiId: composite.id }])).status).toBe(201)
    expect(paidOf(await read(composite.id))).toEqual(['PARTIALLY_PAID', 40])
    expect((await patch(composite.id, 'PAID')).status).toBe(200)
    expect([paidOf(await read(composite.id)), paidOf(await read(member))]).toEqual([
      ['PAID', 100],
      ['MERGED', 0],
    ])
    expect((await get(`/payments?account_id=${group.id}`)).body.data.length).toBe(2)
    await holdMoney(id)
  })
})

describe('the list of payments', () => {
  it('is the newest first, filtered and page by page', async () => {
    const { pay, get, post } = await withWallet()
    await post('/accounts', { id: 'acc2', name: 'Second', customerId: 'acme' })
    const ids: string[] = []
    for (const hour of [11, 12, 13]) {
      vi.setSystemTime(Date.parse(`2026-04-20T${hour}:00:00Z`))
      ids.push((await pay(hour, [], { accountId: hour === 12 ? 'acc2' : 'acc1' })).body.id)
    }
    const list = async (query: string) => (await get(`/payments?${query}`)).body.data.map(({ id }: Loose) => ids.indexOf(id))
    expect(await list('')).toEqual([2, 1, 0])
    expect(await list('account_id=acc1')).toEqual([2, 0])
    expect(await list(`id=${ids[1]}`)).toEqual([1])
    expect(await list('account_id=acc1&created_at=2026-04-20T11:00:00Z')).toEqual([0])
    expect(await list('created_at=2026-04-20T11:00:00Z,2026-04-20T13:00:00Z')).toEqual([1, 0])
    expect((await get('/payments?created_at=yesterday')).status).toBe(400)
    const { nextToken, data } = (await get('/payments?pageSize=2')).body
    expect([data.length, await list(`nextToken=${nextToken}`)]).toEqual([2, [0]])
    expect((await get(`/payments/${ids[0]}?version=1`)).status).toBe(200)
    expect((await get(`/payments/${ids[0]}?version=2`)).status).toBe(404)
    expect((await get('/payments/payment.none')).status).toBe(404)
  })

  it('shows a portal token the payments of its accounts', async () => {
    const { pay, post } = await withWallet()
    await post('/accounts', { id: 'acc2', name: 'Second', customerId: 'acme' })
    await post('/customers', customer('other', { id: 'acc3' }))
    const ids = await Promise.all(['acc1', 'acc2', 'acc3'].map(async (accountId) => (await pay(5, [], { accountId })).body.id))
    const seen = async (body: Loose) => {
      const portal = client((await post('/portal/token', body)).body.token)
      const listed = (await portal.get('/payments')).body.data.map(({ id }: Loose) => ids.indexOf(id)).toSorted()
      const read = await Promise.all(ids.map(async (id) => (await portal.get(`/payments/${id}`)).status))
      return [listed, read, (await portal.post('/payments', {})).status]
    }
    expect(await seen({ customerId: 'acme', allAccountsAccess: true })).toEqual([[0, 1], [200, 200, 403], 403])
    expect(await seen({ customerId: 'acme', accountIds: ['acc2'] })).toEqual([[1], [403, 200, 403], 403])
  })
})

describe('the database', () => {
  it('refuses that an invoice says something else than what was paid for it', async () => {
    const { invoice, id, pay } = await withWallet()
    const { id: inv } = await invoice(100)
    await pay(40, [{ type: 'INVOICE', togaiId: inv }])
    const set = (paid: string) => env.DB.prepare('UPDATE invoices SET paid = ?, version = version + 1 WHERE id = ?').bind(paid, inv).run()
    await expect(set('50')).rejects.toThrow('the sum of what payments and wallets paid for it')
    await env.DB.prepare(
      "INSERT INTO payment_lines SELECT payment_id, 99, organization_id, type, target_id, '60.01', 1 FROM payment_lines WHERE target_id = ?",
    )
      .bind(inv)
      .run()
    await expect(set('100.01')).rejects.toThrow('never paid more than it comes to')
    await expect(env.DB.prepare('UPDATE payments SET total = ? WHERE organization_id = ?').bind('1', id).run()).rejects.toThrow(
      'payments never change',
    )
  })
})

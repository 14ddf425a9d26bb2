import { describe, expect, it } from 'vitest'
import { linesOf } from '../helpers/billed.ts'
import { dataOf, groupsOf } from '../helpers/metrics.ts'
import { doDue } from '../helpers/ledgers.ts'
import { holdMoney } from '../helpers/money.ts'
import { type Shop, creditPack, entitlement, fee, orderOf, withShop } from '../helpers/purchases.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

/** A wallet top-up of 100 that is bought, with its order. */
const topUpOrder = async (api: Shop, more: Loose = {}) => {
  const purchase = await api.buy('acc', { type: 'WALLET_TOPUP', walletTopupDetails: { topupAmount: 100 }, ...more })
  return { ...purchase, order: purchase.invoiceId as string }
}

/** A pack with a fee of 100 that is bought, with its order. */
const feeOrder = async (api: Shop, rate = 100, more: Loose = {}) => {
  const pricePlanId = await api.pack({ fixedFeeRateCards: [fee(await api.addOn('FIXED_FEE'), rate)] })
  const purchase = await api.buy('acc', { pricePlanId, ...more })
  return { ...purchase, order: purchase.invoiceId as string }
}

const statusOf = async (api: Shop, id: string) => (await api.purchase(id)).status

const withAccount = async () => {
  const api = await withShop('2026-04-10T09:30:00.000Z')
  await api.buyer('acc', { netTermDays: 7 })
  return api
}

describe('an order', () => {
  it('is DUE at once without a number, and an invoice with the next number when it has been paid in full, in parts too', async () => {
    const api = await withAccount()
    const { id, order, ...purchase } = await feeOrder(api)
    const now = '2026-04-10T09:30:00.000Z'
    expect(purchase).toMatchObject({ status: 'PENDING', price: 100, invoiceCurrency: 'USD', type: 'ENTITLEMENT_GRANT' })
    expect(await api.invoice(order)).toMatchObject({
      invoiceClass: 'ORDER',
      invoiceType: 'AD_HOC',
      status: 'DUE',
      startDate: now,
      endDate: now,
      invoiceDate: now,
      dueDate: '2026-04-17T09:30:00.000Z',
      netTermDays: 7,
      totalAmount: 100,
      paidAmount: 0,
      metadata: { purchaseId: id },
    })
    const other = await api.post('/invoices', {
      accountId: 'acc',
      startDate: '2026-04-01T00:00:00Z',
      endDate: '2026-04-02T00:00:00Z',
      status: 'DUE',
      lineItems: [{ value: 5 }],
    })
    expect(other.body.sequenceId).toBe('2026-04-0001')
    expect((await api.pay('acc', order, 60)).status).toBe(201)
    expect([orderOf(await api.invoice(order)), await statusOf(api, id)]).toEqual([
      ['ORDER', 'PARTIALLY_PAID', 100, 60, undefined],
      'PENDING',
    ])
    await api.moveTo('2026-05-02T00:00:00Z')
    expect((await api.pay('acc', order, 40.01)).status).toBe(400)
    expect((await api.pay('acc', order, 40)).status).toBe(201)
    expect([orderOf(await api.invoice(order)), await statusOf(api, id)]).toEqual([['INVOICE', 'PAID', 100, 100, '2026-05-0002'], 'SUCCESS'])
    await holdMoney(api.id)
  })

  it('is paid at once if nothing is left to pay of it: of 0, by credits, or by the wallet', async () => {
    const api = await withAccount()
    const free = await feeOrder(api, 0)
    expect([free.status, orderOf(await api.invoice(free.order)), await statusOf(api, free.id)]).toEqual([
      'IN_PROGRESS',
      ['INVOICE', 'PAID', 0, 0, '2026-04-0001'],
      'SUCCESS',
    ])
    await api.giveCredit('acc', 30)
    await api.topUp('acc', 80)
    const paid = await feeOrder(api)
    expect([orderOf(await api.invoice(paid.order)), await statusOf(api, paid.id), await api.balance('acc')]).toEqual([
      ['INVOICE', 'PAID', 70, 70, '2026-04-0002'],
      'SUCCESS',
      10,
    ])
    const partly = await feeOrder(api)
    expect([orderOf(await api.invoice(partly.order)), await statusOf(api, partly.id), await api.balance('acc')]).toEqual([
      ['ORDER', 'PARTIALLY_PAID', 100, 10, undefined],
      'PENDING',
      0,
    ])
    await holdMoney(api.id)
  })

  it('of money for the wallet takes neither credits nor the wallet', async () => {
    const api = await withAccount()
    await api.giveCredit('acc', 30)
    await api.topUp('acc', 80)
    const { order } = await topUpOrder(api)
    expect([orderOf(await api.invoice(order)), await api.balance('acc')]).toEqual([['ORDER', 'DUE', 100, 0, undefined], 80])
    expect((await api.pay('acc', order, 100)).status).toBe(201)
    expect(await api.balance('acc')).toBe(180)
    await holdMoney(api.id)
  })

  it('is marked as paid by a person, which does what was bought', async () => {
    const api = await withAccount()
    const { id, order } = await topUpOrder(api)
    const { status, body } = await api.patchInvoice(order, 'PAID')
    expect([status, ...orderOf(body)]).toEqual([200, 'INVOICE', 'PAID', 100, 100, '2026-04-0001'])
    expect(orderOf(await api.invoice(order))).toEqual(orderOf(body))
    expect([await statusOf(api, id), await api.balance('acc')]).toEqual(['SUCCESS', 100])
  })

  it.each(['VOID', 'UN_COLLECTIBLE'])('that becomes %s ends its purchase, gives back what it took, and cannot be paid', async (ended) => {
    const api = await withAccount()
    await api.giveCredit('acc', 10)
    await api.topUp('acc', 50)
    const { id, order } = await feeOrder(api)
    expect(orderOf(await api.invoice(order))).toEqual(['ORDER', 'PARTIALLY_PAID', 90, 50, undefined])
    expect((await api.patchInvoice(order, ended)).status).toBe(200)
    const said = { VOID: 'Its order was made VOID before it was paid.', UN_COLLECTIBLE: 'Its order is UN_COLLECTIBLE.' }[ended]
    expect(await api.purchase(id)).toMatchObject({ status: 'FAILURE', comment: said })
    expect(await api.balance('acc')).toBe(ended === 'VOID' ? 50 : 0)
    const [gift] = (await api.get('/credits?account_id=acc')).body.data
    expect([gift.status, gift.consumedAmount]).toEqual(ended === 'VOID' ? ['ACTIVE', 0] : ['CONSUMED', 10])
    const { status, body } = await api.pay('acc', order, 40)
    expect([status, body.message]).toEqual([
      409,
      ended === 'VOID'
        ? `lineItemRecords[0].togaiId: the invoice "${order}" is VOID. Only what is DUE, PARTIALLY_PAID or UN_COLLECTIBLE can be paid`
        : `lineItemRecords[0].togaiId: the invoice "${order}" is an order that is UN_COLLECTIBLE, and is not paid any more. Make the purchase again`,
    ])
    expect((await api.patchInvoice(order, 'PAID')).status).toBe(409)
    if (ended === 'UN_COLLECTIBLE') {
      expect((await api.patchInvoice(order, 'VOID')).status).toBe(200)
      expect(await api.purchase(id)).toMatchObject({ status: 'FAILURE', comment: said })
      expect(await api.balance('acc')).toBe(50)
    }
    await holdMoney(api.id)
  })

  it('for which payments are recorded cannot become VOID, and ends its purchase when they are given back', async () => {
    const api = await withAccount()
    const { id, order } = await topUpOrder(api)
    await api.pay('acc', order, 40)
    expect((await api.patchInvoice(order, 'VOID')).status).toBe(409)
    expect(await statusOf(api, id)).toBe('PENDING')
    expect((await api.patchInvoice(order, 'REFUND_INITIATED')).status).toBe(200)
    expect(await api.purchase(id)).toMatchObject({ status: 'FAILURE', comment: 'What was paid of its order is given back.' })
    expect((await api.pay('acc', order, -40)).status).toBe(201)
    expect(orderOf(await api.invoice(order))).toEqual(['ORDER', 'REFUND_COMPLETED', 100, 0, undefined])
  })

  it('for which payments are recorded, and that is UN_COLLECTIBLE, is not paid any more, and what was paid is given back', async () => {
    const api = await withAccount()
    const { id, order } = await topUpOrder(api)
    await api.pay('acc', order, 40)
    expect((await api.patchInvoice(order, 'UN_COLLECTIBLE')).status).toBe(200)
    const refused = await api.patchInvoice(order, 'PAID')
    expect([refused.status, refused.body.message]).toEqual([
      409,
      `status: the invoice "${order}" is UN_COLLECTIBLE, and can become VOID or REFUND_INITIATED only, since it is an order whose purchase has ended: make the purchase again, not PAID`,
    ])
    expect([(await api.patchInvoice(order, 'VOID')).status, (await api.patchInvoice(order, 'REFUND_INITIATED')).status]).toEqual([409, 200])
    expect((await api.pay('acc', order, -40)).status).toBe(201)
    expect(orderOf(await api.invoice(order))).toEqual(['ORDER', 'REFUND_COMPLETED', 100, 0, undefined])
    expect(await api.purchase(id)).toMatchObject({ status: 'FAILURE', comment: 'Its order is UN_COLLECTIBLE.' })
    const unpaid = await topUpOrder(api)
    expect((await api.patchInvoice(unpaid.order, 'UN_COLLECTIBLE')).status).toBe(200)
    expect((await api.patchInvoice(unpaid.order, 'REFUND_INITIATED')).status).toBe(409)
    await holdMoney(api.id)
  })

  it.each(['PARTIALLY_PAID', 'UN_COLLECTIBLE'])(
    'that is %s gives back what it took of credits too when its payments are given back',
    async (status) => {
      const api = await withAccount()
      await api.giveCredit('acc', 10)
      const { id, order } = await feeOrder(api)
      await api.pay('acc', order, 40)
      if (status === 'UN_COLLECTIBLE') expect((await api.patchInvoice(order, status)).status).toBe(200)
      const credit = async () => {
        const { status: its, consumedAmount } = (await api.get('/credits?account_id=acc')).body.data[0]
        return [its, consumedAmount]
      }
      expect([orderOf(await api.invoice(order)), await credit()]).toEqual([
        ['ORDER', status, 90, 40, undefined],
        ['CONSUMED', 10],
      ])
      expect((await api.patchInvoice(order, 'REFUND_INITIATED')).status).toBe(200)
      expect((await api.pay('acc', order, -40)).status).toBe(201)
      expect([(await api.purchase(id)).status, await credit()]).toEqual(['FAILURE', ['ACTIVE', 0]])
      const next = await feeOrder(api, 10)
      expect([orderOf(await api.invoice(next.order)), await credit()]).toEqual([
        ['INVOICE', 'PAID', 0, 0, '2026-04-0001'],
        ['CONSUMED', 10],
      ])
      await holdMoney(api.id)
    },
  )

  it('that was paid stays paid when it is given back, and its purchase stays done', async () => {
    const api = await withAccount()
    const { id, order } = await topUpOrder(api)
    await api.pay('acc', order, 100)
    expect((await api.patchInvoice(order, 'REFUND_INITIATED')).status).toBe(200)
    expect([await statusOf(api, id), await api.balance('acc')]).toEqual(['SUCCESS', 100])
  })

  it('is paid once, by eight payments at once', async () => {
    const api = await withAccount()
    const { id, order } = await topUpOrder(api)
    const answers = await Promise.all(Array.from({ length: 8 }, () => api.pay('acc', order, 100)))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, ...Array.from({ length: 7 }, () => 409)])
    expect([await statusOf(api, id), await api.balance('acc'), orderOf(await api.invoice(order))]).toEqual([
      'SUCCESS',
      100,
      ['INVOICE', 'PAID', 100, 100, '2026-04-0001'],
    ])
    await holdMoney(api.id)
  })

  it('is paid or made VOID, and not both, by requests at once', async () => {
    const api = await withAccount()
    const { id, order } = await topUpOrder(api)
    const answers = await Promise.all([
      api.patchInvoice(order, 'VOID'),
      api.pay('acc', order, 100),
      api.patchInvoice(order, 'UN_COLLECTIBLE'),
      api.pay('acc', order, 100),
    ])
    const { status, comment } = await api.purchase(id)
    const isPaid = [answers[1], answers[3]].some((one) => one?.status === 201)
    expect([status, await api.balance('acc'), comment === undefined]).toEqual([isPaid ? 'SUCCESS' : 'FAILURE', isPaid ? 100 : 0, isPaid])
    await holdMoney(api.id)
  })

  it('of an account of a group that merges invoices is paid by the account, and never merged', async () => {
    const api = await withShop('2026-04-10T09:30:00.000Z')
    await api.buyer('acc')
    const group = await api.post('/invoice_groups', {
      name: 'Group',
      email: 'group@example.com',
      dailyInvoiceConsolidation: true,
      netTermDays: 15,
      address: {},
      accountIds: ['acc'],
    })
    expect([group.status < 300, group.body.message]).toEqual([true, undefined])
    const paid = await topUpOrder(api)
    const unpaid = await topUpOrder(api)
    expect((await api.pay('acc', paid.order, 100)).status).toBe(201)
    const bought = await feeOrder(api)
    expect(orderOf(await api.invoice(bought.order))).toEqual(['INVOICE', 'PAID', 100, 100, '2026-04-0002'])
    await api.moveTo('2026-04-12T00:00:00Z')
    expect(orderOf(await api.invoice(unpaid.order))).toEqual(['ORDER', 'DUE', 100, 0, undefined])
    expect((await api.patchInvoice(unpaid.order, 'PAID')).status).toBe(200)
    expect(await api.balance('acc')).toBe(100)
    await holdMoney(api.id)
  })

  it('is explained, and verified, as other invoices are', async () => {
    const api = await withAccount()
    const { order } = await topUpOrder(api)
    await api.pay('acc', order, 100)
    const { status, body } = await api.get(`/invoices/${order}/explanation`)
    expect([status, body.grandTotal.value]).toEqual([200, '100'])
    const { data } = (await api.get('/invoice_verifications')).body
    expect(data.map(({ invoiceType, differences }: Loose) => [invoiceType, differences])).toEqual([['AD_HOC', []]])
  })
})

describe('the PREPAID cards of a plan', () => {
  const withPlan = async (now: string, more: Loose = {}) => {
    const api = await withShop(now)
    const [feature, pack] = [await api.feature(), await api.addOn('CREDIT_GRANT')]
    const details = {
      billingEntitlementRateCards: [entitlement(feature, 100, 0.5)],
      creditGrantRateCards: [creditPack(pack, 40, 25, { grantDetails: { priority: 1, expiryType: 'PRICING_CYCLE' } })],
      ...more,
    }
    return { ...api, feature, packId: pack, details, planId: await api.plan(details) }
  }

  it('are ordered when a cycle begins, once, and grant when the order is paid', async () => {
    const api = await withPlan('2026-04-10T09:30:00.000Z')
    await api.account('acc', api.planId, '2026-04-10')
    const [first] = await api.purchasesOf('acc')
    expect(first).toMatchObject({ type: 'PREPAID', status: 'PENDING', price: 75, pricePlanId: api.planId })
    const [order, standard] = await api.invoices('acc').then((all) => all.toReversed())
    expect([order.invoiceType, orderOf(standard)]).toEqual(['AD_HOC', ['INVOICE', 'DRAFT', 0, 0, undefined]])
    expect(linesOf(order.revenueInfo, 'TOTAL_PURCHASE_AMOUNT')[0].lineItems.map(({ type, value }: Loose) => [type, value])).toEqual([
      ['BILLING_ENTITLEMENT_RATE_CARD_AMOUNT', 50],
      ['CREDIT_GRANT_RATE_CARD_AMOUNT', 25],
    ])
    expect(await api.creditsOf('acc')).toEqual([])
    await api.moveTo('2026-04-12T08:00:00.000Z')
    expect((await api.pay('acc', order.id, 75)).status).toBe(201)
    const { status, features, purchasePlan } = await api.purchase(first.id)
    expect(status).toBe('SUCCESS')
    expect(features).toEqual([
      {
        id: api.feature,
        name: expect.stringMatching(/^Feature/),
        creditsGranted: 100,
        creditsAvailable: 100,
        updatedAt: '2026-04-12T08:00:00.000Z',
        effectiveFrom: '2026-04-12T08:00:00.000Z',
        effectiveUntil: '2026-05-02T08:00:00.000Z',
      },
    ])
    expect(purchasePlan.billingEntitlementRateCards).toHaveLength(1)
    expect(await api.creditsOf('acc')).toEqual([['Pack', 40, '2026-04-10', '2026-05-01']])
    await api.moveTo('2026-06-15T00:00:00.000Z')
    const all = await api.purchasesOf('acc')
    expect(all.map(({ status: its, price, createdAt }: Loose) => [its, price, createdAt])).toEqual([
      ['SUCCESS', 75, '2026-04-10T09:30:00.000Z'],
      ['FAILURE', 75, '2026-05-01T00:00:00.000Z'],
      ['PENDING', 75, '2026-06-01T00:00:00.000Z'],
    ])
    await holdMoney(api.id)
  })

  it('are charged in the cycles of their recurrence only, and at once if they cost nothing', async () => {
    const api = await withShop('2026-04-01T00:00:00.000Z')
    const pack = await api.addOn('CREDIT_GRANT')
    const plan = await api.plan({ creditGrantRateCards: [creditPack(pack, 40, 0, { recurrenceConfig: { interval: 2, offset: 1 } })] })
    await api.account('acc', plan, '2026-04-01')
    await api.moveTo('2026-07-02T00:00:00.000Z')
    expect((await api.purchasesOf('acc')).map(({ status, createdAt }: Loose) => [status, createdAt])).toEqual([
      ['SUCCESS', '2026-05-01T00:00:00.000Z'],
      ['SUCCESS', '2026-07-01T00:00:00.000Z'],
    ])
    expect(await api.creditsOf('acc')).toEqual([
      ['Pack', 40, '2026-07-01', undefined],
      ['Pack', 40, '2026-05-01', undefined],
    ])
  })

  it('are ordered of a plan that is given in the past for the cycle that is not over', async () => {
    const api = await withPlan('2026-04-10T09:30:00.000Z')
    await api.account('acc', api.planId, '2026-02-15')
    expect((await api.purchasesOf('acc')).map(({ status, price }: Loose) => [status, price])).toEqual([['PENDING', 75]])
  })

  it('are not paid any more when their cycle is over, also one that ended early, and give back what was taken for them', async () => {
    const api = await withPlan('2026-04-01T00:00:00.000Z')
    await api.buyer('acc')
    await api.topUp('acc', 30)
    await api.give('acc', api.planId, '2026-04-01')
    expect(await api.balance('acc')).toBe(0)
    const next = await api.plan({})
    await api.moveTo('2026-05-05T00:00:00.000Z')
    expect((await api.purchasesOf('acc')).map(({ status }: Loose) => status)).toEqual(['FAILURE', 'PENDING'])
    await api.give('acc', next, '2026-05-06')
    await api.moveTo('2026-05-06T00:00:00.000Z')
    const [first, second] = await api.purchasesOf('acc')
    for (const { id } of [first, second]) {
      const { comment, invoiceId } = await api.purchase(id)
      expect([comment, (await api.invoice(invoiceId)).status]).toEqual(['It was not paid before its cycle ended.', 'VOID'])
      expect((await api.pay('acc', invoiceId, 75)).status).toBe(409)
    }
    expect(await api.balance('acc')).toBe(30)
    await holdMoney(api.id)
  })

  it('end with the plan that ends without another', async () => {
    const api = await withPlan('2026-04-01T00:00:00.000Z')
    await api.account('acc', api.planId, '2026-04-01')
    await api.moveTo('2026-04-05T00:00:00.000Z')
    const ended = await api.post('/accounts/acc/price_plans', {
      mode: 'DISASSOCIATE',
      effectiveFrom: '2026-04-06',
      effectiveUntil: '9999-01-01',
    })
    expect(ended.status).toBe(200)
    await api.moveTo('2026-04-06T00:00:00.000Z')
    expect((await api.purchasesOf('acc')).map(({ status }: Loose) => status)).toEqual(['FAILURE'])
  })

  it('are paid by the credits and the wallet of the account behind its advance invoice', async () => {
    const api = await withShop('2026-04-01T00:00:00.000Z')
    const [pack, support] = [await api.addOn('CREDIT_GRANT'), await api.addOn('FIXED_FEE')]
    const plan = await api.plan({
      fixedFeeRateCards: [fee(support, 30, { invoiceTiming: 'IN_ADVANCE' })],
      creditGrantRateCards: [creditPack(pack, 100, 60)],
    })
    await api.buyer('acc')
    await api.topUp('acc', 70)
    await api.give('acc', plan, '2026-04-01')
    const shown = (await api.invoices('acc')).map(({ invoiceType, ...its }: Loose) => [invoiceType, ...orderOf(its).slice(0, 4)])
    expect(shown).toEqual([
      ['AD_HOC', 'ORDER', 'PARTIALLY_PAID', 60, 40],
      ['STANDARD', 'INVOICE', 'DRAFT', 0, 0],
      ['STANDARD_ADVANCED', 'INVOICE', 'PAID', 30, 30],
    ])
    await holdMoney(api.id)
  })

  it('are not ordered twice however often the account is billed, and end when the plan of their cycle is another one', async () => {
    const api = await withPlan('2026-04-01T00:00:00.000Z', { allow_ongoing_cycle_updates: true })
    await api.account('acc', api.planId, '2026-04-01')
    await api.hold('acc', await api.addOn('LICENSE'), 1, '2026-04-01T00:00:00Z')
    const [first, ...more] = await api.purchasesOf('acc')
    expect(more).toEqual([])
    await api.moveTo('2026-04-03T00:00:00.000Z')
    const other = await api.plan({ ...api.details, creditGrantRateCards: [], allow_ongoing_cycle_updates: true })
    await api.give('acc', other, '2026-04-01')
    const all = await api.purchasesOf('acc')
    expect(all.map(({ status, price, pricePlanId }: Loose) => [status, price, pricePlanId])).toEqual([
      ['FAILURE', 75, api.planId],
      ['PENDING', 50, other],
    ])
    const ended = await api.purchase(first.id)
    expect([ended.comment, (await api.invoice(ended.invoiceId)).status]).toEqual([
      'The price plan of its cycle was changed before it was paid.',
      'VOID',
    ])
  })

  it('of which payments are recorded stay open when the plan of their cycle is another one, and grant when the rest is paid', async () => {
    const api = await withPlan('2026-04-01T00:00:00.000Z', { allow_ongoing_cycle_updates: true })
    await api.account('acc', api.planId, '2026-04-01')
    const [{ id }] = await api.purchasesOf('acc')
    const { invoiceId } = await api.purchase(id)
    await api.pay('acc', invoiceId, 5)
    await api.moveTo('2026-04-03T00:00:00.000Z')
    await api.give('acc', await api.plan({ fixedFeeRateCards: [fee(await api.addOn('FIXED_FEE'), 1)] }), '2026-04-04')
    await api.give('acc', await api.plan({ allow_ongoing_cycle_updates: true }), '2026-04-01')
    expect([(await api.purchase(id)).status, orderOf(await api.invoice(invoiceId))]).toEqual([
      'PENDING',
      ['ORDER', 'PARTIALLY_PAID', 75, 5, undefined],
    ])
    await api.pay('acc', invoiceId, 70)
    expect(await api.creditsOf('acc')).toEqual([['Pack', 40, '2026-04-01', '2026-05-01']])
  })

  it('of which a part was paid in their cycle grant a credit for the cycle in which the rest is paid', async () => {
    const api = await withShop('2026-04-01T00:00:00.000Z')
    const pack = await api.addOn('CREDIT_GRANT')
    const grantDetails = { priority: 1, expiryType: 'PRICING_CYCLE' }
    await api.account('acc', await api.plan({ creditGrantRateCards: [creditPack(pack, 40, 25, { grantDetails })] }), '2026-04-01')
    const [{ id }] = (await api.purchasesOf('acc')) as [Loose]
    const { invoiceId } = await api.purchase(id)
    await api.pay('acc', invoiceId, 1)
    await api.moveTo('2026-06-15T08:00:00.000Z')
    const { status } = await api.pay('acc', invoiceId, 24)
    expect([status, await api.creditsOf('acc')]).toEqual([201, [['Pack', 40, '2026-06-15', '2026-07-01']]])
  })

  it('of a plan that takes the place of another are paid by what the order of that gives back', async () => {
    const api = await withShop('2026-04-01T00:00:00.000Z')
    const details = { billingEntitlementRateCards: [entitlement(await api.feature(), 100, 0.5)], allow_ongoing_cycle_updates: true }
    const [one, other] = [await api.plan(details), await api.plan(details)]
    await api.buyer('acc')
    await api.giveCredit('acc', 10)
    await api.topUp('acc', 30)
    await api.give('acc', one, '2026-04-01')
    await api.give('acc', other, '2026-04-01')
    const orders = (await api.invoices('acc')).filter(({ invoiceClass }: Loose) => invoiceClass === 'ORDER')
    expect(orders.map(orderOf).toSorted()).toEqual([
      ['ORDER', 'PARTIALLY_PAID', 40, 30, undefined],
      ['ORDER', 'VOID', 40, 0, undefined],
    ])
    expect(await api.balance('acc')).toBe(0)
    await holdMoney(api.id)
    await doDue(api.id, undefined, Date.parse('2026-04-01T00:00:01Z'))
    expect(await api.purchasesOf('acc')).toHaveLength(2)
  })

  it('of an account that is archived end if they are not paid', async () => {
    const api = await withPlan('2026-04-10T09:30:00.000Z')
    await api.account('acc', api.planId, '2026-04-10')
    const [{ id }] = await api.purchasesOf('acc')
    expect((await api.delete('/accounts/acc')).status).toBe(200)
    const { status, invoiceId } = await api.purchase(id)
    expect([status, (await api.invoice(invoiceId)).status]).toEqual(['FAILURE', 'VOID'])
    await api.moveTo('2026-07-01T00:00:00.000Z')
    expect((await api.purchasesOf('acc')).length).toBe(1)
  })

  it('that were paid stay paid when the plan of their cycle is another one, which orders what was not paid', async () => {
    const api = await withPlan('2026-04-01T00:00:00.000Z', { allow_ongoing_cycle_updates: true })
    await api.account('acc', api.planId, '2026-04-01')
    const [first] = await api.purchasesOf('acc')
    await api.pay('acc', (await api.purchase(first.id)).invoiceId, 75)
    await api.moveTo('2026-04-03T00:00:00.000Z')
    const more = await api.addOn('CREDIT_GRANT')
    const other = await api.plan({
      ...api.details,
      creditGrantRateCards: [...api.details.creditGrantRateCards, creditPack(more, 10, 8)],
      allow_ongoing_cycle_updates: true,
    })
    await api.give('acc', other, '2026-04-01')
    expect((await api.purchasesOf('acc')).map(({ status, price }: Loose) => [status, price])).toEqual([
      ['SUCCESS', 75],
      ['PENDING', 8],
    ])
    expect(await api.creditsOf('acc')).toEqual([['Pack', 40, '2026-04-01', '2026-05-01']])
  })

  it('are previewed, and earn when their order is paid, and nowhere else', async () => {
    const api = await withPlan('2026-04-01T00:00:00.000Z')
    await api.account('acc', api.planId, '2026-04-01')
    const { data } = (await api.get('/accounts/acc/invoice_preview?at=2026-05-10T00:00:00Z')).body
    expect(data.map(({ invoiceType, totalAmount, endDate }: Loose) => [invoiceType, totalAmount, endDate])).toEqual([
      ['STANDARD', 0, '2026-06-01T00:00:00.000Z'],
      ['AD_HOC', 75, '2026-05-01T00:00:00.000Z'],
    ])
    const revenue = async () => {
      const query = { name: 'REVENUE', aggregationPeriod: 'MONTH', groupBy: 'BILLABLE_ID' }
      return groupsOf(await dataOf(api, '2026-04-01T00:00:00Z', '2026-05-01T00:00:00Z', query))
    }
    await api.moveTo('2026-04-20T00:00:00.000Z')
    expect(
      Object.values(await revenue())
        .flat()
        .filter(Boolean),
    ).toEqual([])
    const [first] = await api.purchasesOf('acc')
    await api.pay('acc', (await api.purchase(first.id)).invoiceId, 75)
    expect(await revenue()).toMatchObject({ [api.feature]: [50], [api.packId]: [25] })
  })
})

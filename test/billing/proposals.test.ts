import { describe, expect, it } from 'vitest'
import { client } from '../helpers/api.ts'
import { holdMoney } from '../helpers/money.ts'
import { type Shop, creditPack, entitlement, fee, orderOf, withShop } from '../helpers/purchases.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

const NOW = '2026-04-10T09:30:00.000Z'

const withBuyer = async () => {
  const api = await withShop(NOW)
  await api.buyer('acc')
  return api
}

const topup = (more: Loose = {}) => ({ type: 'WALLET_TOPUP', paymentMode: 'PREPAID', walletTopupDetails: { topupAmount: 100 }, ...more })

/** Proposes a pack of a fee and a credit. */
const packOf = async (api: Shop, more: Loose = {}) => {
  const [setup, pack] = [await api.addOn('FIXED_FEE'), await api.addOn('CREDIT_GRANT')]
  const pricePlanId = await api.pack({ fixedFeeRateCards: [fee(setup, 10)], creditGrantRateCards: [creditPack(pack, 40, 25)] })
  return { setup, pack, proposed: { type: 'ENTITLEMENT_GRANT', pricePlanId, ...more } }
}

describe('a proposal', () => {
  it('bills and grants nothing before it is approved, and is no purchase until then', async () => {
    const api = await withBuyer()
    const proposal = await api.propose('acc', topup({ idempotencyKey: 'offer' }))
    expect(proposal).toEqual({
      id: expect.stringMatching(/^purchase\.\w{11}\.\w{5}$/),
      accountId: 'acc',
      type: 'WALLET_TOPUP',
      paymentMode: 'PREPAID',
      idempotencyKey: 'offer',
      walletTopupDetails: { topupAmount: 100 },
      price: 100,
      invoiceCurrency: 'USD',
      status: 'PROPOSAL_ACTIVE',
      createdAt: NOW,
      updatedAt: NOW,
    })
    expect(await api.proposal(proposal.id)).toEqual(proposal)
    expect([(await api.get(`/purchases/${proposal.id}`)).status, await api.purchasesOf('acc'), await api.invoices('acc')]).toEqual([
      404,
      [],
      [],
    ])
    expect((await api.get('/accounts/acc/purchase_proposals')).body).toEqual({
      data: [
        {
          id: proposal.id,
          status: 'PROPOSAL_ACTIVE',
          type: 'WALLET_TOPUP',
          paymentMode: 'PREPAID',
          idempotencyKey: 'offer',
          walletTopupDetails: { topupAmount: 100 },
          createdAt: NOW,
          updatedAt: NOW,
        },
      ],
      context: { pageSize: 20, sortOrder: 'DESC' },
    })
    const { id } = await api.buy('acc', { type: 'WALLET_TOPUP', walletTopupDetails: { topupAmount: 1 } })
    expect((await api.get(`/purchase_proposals/${id}`)).status).toBe(404)
  })

  it('that is PREPAID becomes a purchase with an order at the price that was proposed, under the same id', async () => {
    const api = await withBuyer()
    const { proposed, pack } = await packOf(api, { paymentMode: 'PREPAID', quantity: 2 })
    const { id, price } = await api.propose('acc', proposed)
    expect(price).toBe(70)
    await api.patch(`/price_plans/${proposed.pricePlanId}`, { pricePlanDetails: { creditGrantRateCards: [creditPack(pack, 1, 1)] } })
    await api.moveTo('2026-04-11T00:00:00.000Z')
    const { status, body } = await api.answer(id, 'APPROVE')
    expect([status, body]).toEqual([
      200,
      expect.objectContaining({ id, status: 'PROPOSAL_APPROVED', price: 70, proposalResponseDate: '2026-04-11T00:00:00.000Z' }),
    ])
    expect(await api.purchase(id)).toMatchObject({ status: 'PENDING', invoiceId: body.invoiceId, price: 70, pricePlanVersion: 1 })
    expect(orderOf(await api.invoice(body.invoiceId))).toEqual(['ORDER', 'DUE', 70, 0, undefined])
    await api.pay('acc', body.invoiceId, 70)
    expect([(await api.purchase(id)).status, await api.creditsOf('acc')]).toEqual(['SUCCESS', [['Pack', 80, '2026-04-11', undefined]]])
    expect((await api.proposal(id)).status).toBe('PROPOSAL_APPROVED')
    expect((await api.purchasesOf('acc')).map((one: Loose) => one.id)).toEqual([id])
    await holdMoney(api.id)
  })

  it('that is POSTPAID is done at once, and billed by an invoice that falls due then', async () => {
    const api = await withBuyer()
    const { proposed } = await packOf(api, { paymentMode: 'POSTPAID' })
    const { id } = await api.propose('acc', proposed)
    const { body } = await api.answer(id, 'APPROVE')
    expect([(await api.purchase(id)).status, await api.creditsOf('acc')]).toEqual(['SUCCESS', [['Pack', 40, '2026-04-10', undefined]]])
    const bill = await api.invoice(body.invoiceId)
    expect([bill.invoiceType, bill.startDate, ...orderOf(bill)]).toEqual(['AD_HOC', NOW, 'INVOICE', 'DUE', 35, 0, '2026-04-0001'])
    expect((await api.patchInvoice(bill.id, 'UN_COLLECTIBLE')).status).toBe(200)
    expect((await api.purchase(id)).status).toBe('SUCCESS')
    expect((await api.pay('acc', bill.id, 35)).status).toBe(201)
    await holdMoney(api.id)
  })

  it('of a plan that is POSTPAID puts it in force, and its cycles are billed as all are', async () => {
    const api = await withBuyer()
    const [advance, pack] = [await api.addOn('FIXED_FEE'), await api.addOn('CREDIT_GRANT')]
    const pricePlanId = await api.plan({
      fixedFeeRateCards: [fee(advance, 30, { invoiceTiming: 'IN_ADVANCE' })],
      creditGrantRateCards: [creditPack(pack, 40, 25)],
    })
    const sent = { type: 'ASSOCIATION', pricePlanId, effectiveFrom: '2026-05-01', effectiveUntil: '9999-01-01', paymentMode: 'POSTPAID' }
    const { id } = await api.propose('acc', { ...sent, expiryDate: '2026-04-20T00:00:00.000Z' })
    const { body } = await api.answer(id, 'APPROVE')
    expect([body.status, body.invoiceId, (await api.purchase(id)).status]).toEqual(['PROPOSAL_APPROVED', undefined, 'SUCCESS'])
    await api.moveTo('2026-05-02T00:00:00.000Z')
    expect((await api.invoices('acc')).map(({ invoiceType, totalAmount }: Loose) => [invoiceType, totalAmount])).toEqual([
      ['AD_HOC', 25],
      ['STANDARD', 0],
      ['STANDARD_ADVANCED', 30],
    ])
    expect((await api.purchasesOf('acc')).map(({ type, status }: Loose) => [type, status])).toEqual([
      ['ASSOCIATION', 'SUCCESS'],
      ['PREPAID', 'PENDING'],
    ])
  })

  it('of a plan that is PREPAID puts it in force when its order has been paid, and is refused when that is not possible any more', async () => {
    const api = await withBuyer()
    const pricePlanId = await api.plan({ fixedFeeRateCards: [fee(await api.addOn('FIXED_FEE'), 30, { invoiceTiming: 'IN_ADVANCE' })] })
    const sent = { type: 'ASSOCIATION', pricePlanId, effectiveFrom: '2026-05-01', effectiveUntil: '9999-01-01', paymentMode: 'PREPAID' }
    const [first, second] = [await api.propose('acc', sent), await api.propose('acc', sent)]
    const { body } = await api.answer(first.id, 'APPROVE')
    await api.pay('acc', body.invoiceId, 30)
    expect((await api.purchase(first.id)).status).toBe('SUCCESS')
    const refused = await api.answer(second.id, 'APPROVE')
    expect([refused.status, refused.body.message, (await api.proposal(second.id)).status]).toEqual([
      409,
      'effectiveFrom: the account "acc" has the price plan from then on already, as it is bought',
      'PROPOSAL_ACTIVE',
    ])
  })

  it('proposal-dates: begins a contract behind the day until which it can be approved', async () => {
    const api = await withBuyer()
    const pricePlanId = await api.plan({ fixedFeeRateCards: [fee(await api.addOn('FIXED_FEE'), 30)] })
    const said = async (effectiveFrom: string, expiryDate: string) => {
      const sent = { type: 'ASSOCIATION', paymentMode: 'POSTPAID', pricePlanId, effectiveFrom, effectiveUntil: '9999-01-01', expiryDate }
      const { status, body } = await api.post('/accounts/acc/purchase_proposals', sent)
      return [status, body.message]
    }
    const refused = 'effectiveFrom: must be after 2026-04-30, the day of expiryDate, until which it can be approved'
    expect(await said('2026-04-30', '2026-04-30T00:00:00Z')).toEqual([400, refused])
    expect(await said('2026-04-30', '2026-04-30T23:59:59Z')).toEqual([400, refused])
    expect(await said('2026-05-01', '2026-04-30T23:59:59Z')).toEqual([200, undefined])
  })

  it('is refused as its purchase would be, and a wallet is not topped up before it is paid', async () => {
    const api = await withBuyer()
    const said = async (body: Loose, account = 'acc') => {
      const { status, body: answer } = await api.post(`/accounts/${account}/purchase_proposals`, body)
      return [status, answer.message]
    }
    expect(await said(topup({ paymentMode: 'POSTPAID' }))).toEqual([
      400,
      'paymentMode: must be PREPAID for WALLET_TOPUP, since the wallet holds what has been paid',
    ])
    expect(await said({ paymentMode: 'PREPAID', type: 'ENTITLEMENT_GRANT' })).toEqual([
      400,
      'pricePlanId: is required for ENTITLEMENT_GRANT',
    ])
    expect(await said({ paymentMode: 'PREPAID' })).toEqual([400, expect.stringMatching(/^type: /)])
    expect(await said({ type: 'WALLET_TOPUP' })).toEqual([400, expect.stringMatching(/^paymentMode: /)])
    expect(await said(topup({ expiryDate: NOW }))).toEqual([400, `expiryDate: must be after now, which is ${NOW}`])
    expect(await said(topup(), 'nobody')).toEqual([404, 'The account "nobody" does not exist.'])
  })

  it.each(['APPROVE', 'DECLINE'])('that was answered by %s is not answered again', async (first) => {
    const api = await withBuyer()
    const { id } = await api.propose('acc', topup())
    await api.moveTo('2026-04-11T00:00:00.000Z')
    const answered = (await api.answer(id, first)).body
    const status = first === 'APPROVE' ? 'PROPOSAL_APPROVED' : 'PROPOSAL_DECLINED'
    expect([answered.status, answered.proposalResponseDate]).toEqual([status, '2026-04-11T00:00:00.000Z'])
    for (const again of ['APPROVE', 'DECLINE']) {
      const refused = await api.answer(id, again)
      expect([refused.status, refused.body.message]).toEqual([
        409,
        `status: the proposal "${id}" is ${status}, and can be neither approved nor declined any more`,
      ])
    }
    expect((await api.get(`/purchases/${id}`)).status).toBe(first === 'APPROVE' ? 200 : 404)
  })

  it('expires when expiryDate passes, and cannot be approved from then on', async () => {
    const api = await withBuyer()
    const expiryDate = '2026-04-12T12:00:00.000Z'
    const [late, declined, timely, lasting] = [
      await api.propose('acc', topup({ expiryDate })),
      await api.propose('acc', topup({ expiryDate })),
      await api.propose('acc', topup({ expiryDate })),
      await api.propose('acc', topup()),
    ]
    await api.answer(declined.id, 'DECLINE')
    await api.moveTo('2026-04-12T11:59:59.999Z')
    expect((await api.answer(timely.id, 'APPROVE')).status).toBe(200)
    await api.moveTo(expiryDate)
    expect(await api.proposal(late.id)).toMatchObject({ status: 'PROPOSAL_EXPIRED', updatedAt: expiryDate })
    expect((await api.answer(late.id, 'APPROVE')).status).toBe(409)
    expect((await api.proposal(declined.id)).status).toBe('PROPOSAL_DECLINED')
    expect((await api.purchase(timely.id)).status).toBe('FAILURE')
    await api.moveTo('2027-04-12T12:00:00.000Z')
    expect((await api.answer(lasting.id, 'APPROVE')).status).toBe(200)
  })

  it('is approved once, by many at once', async () => {
    const api = await withBuyer()
    const { proposed } = await packOf(api, { paymentMode: 'POSTPAID' })
    const { id } = await api.propose('acc', proposed)
    const answers = await Promise.all(Array.from({ length: 6 }, () => api.answer(id, 'APPROVE')))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409, 409, 409, 409, 409])
    expect([(await api.invoices('acc')).length, await api.creditsOf('acc')]).toEqual([1, [['Pack', 40, '2026-04-10', undefined]]])
  })

  it('is made once for a key, apart from purchases', async () => {
    const api = await withBuyer()
    const body = topup({ idempotencyKey: 'one' })
    const answers = await Promise.all(Array.from({ length: 10 }, () => api.post('/accounts/acc/purchase_proposals', body)))
    expect(new Set(answers.map(({ status, body: { id } }) => `${status} ${id}`)).size).toBe(1)
    const id = answers[0]?.body.id
    await api.answer(id, 'DECLINE')
    expect(await api.propose('acc', body)).toMatchObject({ id, status: 'PROPOSAL_DECLINED' })
    const { status, body: refused } = await api.post(
      '/accounts/acc/purchase_proposals',
      topup({ idempotencyKey: 'one', walletTopupDetails: { topupAmount: 5 } }),
    )
    expect([status, refused.message]).toEqual([422, 'idempotencyKey: was used for another proposal. Take a new key.'])
    const { paymentMode: _mode, ...purchase } = body
    expect((await api.buy('acc', purchase)).id).not.toBe(id)
  })

  it('of an archived account is not approved', async () => {
    const api = await withBuyer()
    const { id } = await api.propose('acc', topup())
    await api.delete('/accounts/acc')
    expect((await api.proposal(id)).status).toBe('PROPOSAL_EXPIRED')
    expect((await api.answer(id, 'APPROVE')).status).toBe(409)
    expect((await api.post('/accounts/acc/purchase_proposals', topup())).status).toBe(409)
  })

  it('is read by a portal token of its account, and answered by none', async () => {
    const api = await withBuyer()
    await api.buyer('other')
    const [own, others] = [await api.propose('acc', topup()), await api.propose('other', topup())]
    const portal = client((await api.post('/portal/token', { customerId: 'acc', allAccountsAccess: true })).body.token)
    const paths = [
      '/accounts/acc/purchase_proposals',
      `/purchase_proposals/${own.id}`,
      '/accounts/other/purchase_proposals',
      `/purchase_proposals/${others.id}`,
    ]
    expect(await Promise.all(paths.map(async (path) => (await portal.get(path)).status))).toEqual([200, 200, 403, 403])
    expect((await portal.post(`/purchase_proposals/${own.id}/update_status`, { status: 'APPROVE' })).status).toBe(403)
    expect((await portal.post('/accounts/acc/purchase_proposals', topup())).status).toBe(403)
  })

  it('grants features by the price plan as it was proposed', async () => {
    const api = await withBuyer()
    const feature = await api.feature()
    const pricePlanId = await api.pack({ billingEntitlementRateCards: [entitlement(feature, 100, 1)] })
    const { id } = await api.propose('acc', {
      type: 'ENTITLEMENT_GRANT',
      pricePlanId,
      paymentMode: 'POSTPAID',
      rateCardQuantities: { [feature]: 0.25 },
    })
    await api.answer(id, 'APPROVE')
    expect((await api.purchase(id)).features).toMatchObject([{ id: feature, creditsGranted: 25, effectiveFrom: NOW }])
  })
})

describe('the list of all accounts', () => {
  it('has what was bought and proposed, the newest first, by account and by status', async () => {
    const api = await withBuyer()
    await api.buyer('other')
    const { proposed } = await packOf(api, { paymentMode: 'POSTPAID' })
    const approved = await api.propose('acc', proposed)
    await api.answer(approved.id, 'APPROVE')
    await api.moveTo('2026-04-10T10:00:00.000Z')
    const open = await api.propose('other', topup({ expiryDate: '2026-05-01T00:00:00.000Z' }))
    await api.moveTo('2026-04-10T11:00:00.000Z')
    const bought = await api.buy('other', { type: 'WALLET_TOPUP', walletTopupDetails: { topupAmount: 1 } })
    const listed = async (query = ''): Promise<string[]> => {
      const { status, body } = await api.get(`/purchases${query}`)
      expect([query, status, body.message]).toEqual([query, 200, undefined])
      return body.data.map(({ id }: Loose) => id)
    }
    expect(await listed()).toEqual([bought.id, open.id, approved.id])
    expect(await listed('?account_id=other')).toEqual([bought.id, open.id])
    expect(await listed('?proposal_status=PROPOSAL_ACTIVE')).toEqual([open.id])
    expect(await listed('?account_id=acc&proposal_status=PROPOSAL_ACTIVE')).toEqual([])
    expect(await listed('?purchase_status=SUCCESS')).toEqual([approved.id])
    expect(await listed('?account_id=other&purchase_status=PENDING')).toEqual([bought.id])
    const { body } = await api.get('/purchases')
    expect(body.data[1]).toEqual({
      id: open.id,
      accountId: 'other',
      type: 'WALLET_TOPUP',
      proposalStatus: 'PROPOSAL_ACTIVE',
      paymentMode: 'PREPAID',
      walletTopupDetails: { topupAmount: 100 },
      price: 100,
      invoiceCurrency: 'USD',
      expiryDate: '2026-05-01T00:00:00.000Z',
      createdAt: '2026-04-10T10:00:00.000Z',
      updatedAt: '2026-04-10T10:00:00.000Z',
    })
    expect(body.data[2]).toMatchObject({
      proposalStatus: 'PROPOSAL_APPROVED',
      purchaseStatus: 'SUCCESS',
      pricePlanName: expect.any(String),
    })
    const first = await api.get('/purchases?pageSize=2')
    expect(
      (await api.get(`/purchases?nextToken=${encodeURIComponent(first.body.nextToken)}`)).body.data.map(({ id }: Loose) => id),
    ).toEqual([approved.id])
    const both = await api.get('/purchases?proposal_status=PROPOSAL_APPROVED&purchase_status=SUCCESS')
    expect([both.status, both.body.message]).toEqual([400, expect.stringContaining('cannot be combined')])
    const stranger = await withBuyer()
    for (const query of ['', '?account_id=other', '?proposal_status=PROPOSAL_ACTIVE', '?purchase_status=SUCCESS'])
      expect((await stranger.get(`/purchases${query}`)).body.data).toEqual([])
  })
})

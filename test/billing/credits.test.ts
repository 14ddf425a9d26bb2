import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { client } from '../helpers/api.ts'
import { linesOf, withTestClock } from '../helpers/billed.ts'
import { perUnit } from '../helpers/calculator.ts'
import { monthly } from '../helpers/schedules.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

const noGrace = { ...monthly, gracePeriod: 0 }
const usageCard = (usageMeterId: string, rate: number) => ({
  usageMeterId,
  ...perUnit(rate),
  rateValues: [{ currency: 'USD', slabRates: [{ order: 1, rate }] }],
})
const fee = (id: string, rate: number, more: Loose = {}) => ({
  id,
  enableProration: false,
  rateValues: [{ currency: 'USD', rate }],
  ...more,
})

/** An organization at an instant, in which credits are given. */
const withCredits = async (now: string) => {
  const api = await withTestClock(now)
  const { get, post, patch } = api
  const give = async (accountId: string, creditAmount: number, more: Loose = {}): Promise<Loose> => {
    const creditRequest = { accountId, purpose: 'Welcome', effectiveFrom: '2020-01-01', priority: 1, creditAmount, ...more }
    const { status, body } = await post('/credits', { creditRequests: [creditRequest] })
    expect([status, body.message]).toEqual([200, undefined])
    return body.credits[0]
  }
  const credit = async (id: string): Promise<Loose> => (await get(`/credits/${id}`)).body
  /** Of a credit its status, what DRAFTs hold of it, what has been consumed, and its transactions. */
  const stateOf = async (id: string) => {
    const { status, holdAmount, consumedAmount, transactions } = await credit(id)
    return [status, holdAmount, consumedAmount, transactions.map((one: Loose) => `${one.transactionType} ${one.amount}`).join(', ')]
  }
  const balance = async (accountId: string): Promise<Loose> => (await get(`/accounts/${accountId}/credit_balance`)).body
  const custom = async (accountId: string, lines: Loose[], more: Loose = {}): Promise<Loose> => {
    const { status, body } = await post('/invoices', {
      accountId,
      startDate: '2026-04-01T00:00:00Z',
      endDate: '2026-04-30T00:00:00Z',
      status: 'DRAFT',
      lineItems: lines,
      ...more,
    })
    expect([status, body.message]).toEqual([201, undefined])
    return body
  }
  const holder = async (id: string) => {
    const body = { id, name: id, primaryEmail: 'a@example.com', address: {}, account: { id, name: id, invoiceCurrency: 'USD' } }
    expect((await post('/customers', body)).status).toBe(201)
  }
  const set = async (id: string, status: string) => {
    const answer = await patch(`/invoices/${id}`, { status })
    expect([answer.status, answer.body.message]).toEqual([200, undefined])
    return answer.body
  }
  const invoice = async (id: string): Promise<Loose> => (await get(`/invoices/${id}`)).body
  const creditsOfAccount = async (accountId: string): Promise<Loose[]> =>
    (await get(`/credits?account_id=${accountId}`)).body.data.toReversed()
  /** What is wrong with invoices that fell due, by the verification. */
  const differences = async (): Promise<string[]> =>
    (await get('/invoice_verifications?pageSize=50')).body.data.flatMap((one: Loose) => one.differences)
  return { ...api, grant: give, credit, stateOf, balance, custom, holder, set, invoice, creditsOfAccount, differences }
}

const grantCard = (id: string, creditAmount: number, price: number, { grantDetails = {}, ...more }: Loose = {}) => ({
  id,
  grantDetails: { priority: 1, expiryType: 'PRICING_CYCLE', ...grantDetails },
  rateDetails: {
    pricingModel: 'TIERED',
    currencySlabRateDetails: [{ currency: 'USD', creditAmount, slabDetails: [{ startAfter: 0, priceType: 'FLAT', rate: price }] }],
  },
  invoiceTiming: 'IN_ARREARS',
  ...more,
})

const creditsOf = (invoice: Loose): [string, number][] => linesOf(invoice.revenueInfo, 'SUB_CREDITS').map(({ id, value }) => [id, value])

describe('a credit on an invoice', () => {
  it('P2-19: pays for the time in which it was in force, though that is closed later, and then expires', async () => {
    const api = await withCredits('2026-04-01T00:00:00Z')
    const planId = await api.plan({ pricingCycleConfig: { ...monthly, gracePeriod: 5 }, usageRateCards: [usageCard(api.meterId, 1)] })
    await api.account('acc', planId, '2026-04-01')
    const { id } = await api.grant('acc', 100, { effectiveFrom: '2026-04-01', effectiveUntil: '2026-05-01' })
    await api.use('acc', '30', '2026-04-10T00:00:00Z')
    expect(await api.stateOf(id)).toEqual(['ACTIVE', 30, 0, 'CREDITED 100'])
    await api.moveTo('2026-05-03T00:00:00Z')
    await api.use('acc', '10', '2026-04-28T00:00:00Z')
    await api.use('acc', '20', '2026-05-02T00:00:00Z')
    expect(await api.stateOf(id)).toEqual(['ACTIVE', 40, 0, 'CREDITED 100'])
    await api.moveTo('2026-05-06T00:00:00Z')
    expect(await api.stateOf(id)).toEqual(['EXPIRED', 0, 40, 'CREDITED 100, DEBITED 40, EXPIRED 60'])
    const [april, may] = await api.invoices('acc')
    expect([april.status, april.totalAmount, creditsOf(april), may.totalAmount]).toEqual(['PAID', 0, [[id, -40]], 20])
  })

  it('P2-25: has again what an invoice took that is made void', async () => {
    const api = await withCredits('2026-05-01T00:00:00Z')
    await api.holder('acc')
    const { id } = await api.grant('acc', 30)
    const first = await api.custom('acc', [{ value: 100 }], { status: 'DUE' })
    expect([first.totalAmount, await api.stateOf(id)]).toEqual([70, ['CONSUMED', 0, 30, 'CREDITED 30, DEBITED 30']])
    await api.set(first.id, 'VOID')
    expect(await api.stateOf(id)).toEqual(['ACTIVE', 0, 0, 'CREDITED 30, DEBITED 30, CREDITED 30'])
    const second = await api.custom('acc', [{ value: 100 }], { status: 'DUE' })
    expect([second.totalAmount, await api.stateOf(id)]).toEqual([
      70,
      ['CONSUMED', 0, 30, 'CREDITED 30, DEBITED 30, CREDITED 30, DEBITED 30'],
    ])
  })

  it('is shared by DRAFTs in the order in which they fall due', async () => {
    const api = await withCredits('2026-04-01T00:00:00Z')
    const support = await api.addOn('FIXED_FEE')
    await api.account('acc', await api.plan({ pricingCycleConfig: noGrace, fixedFeeRateCards: [fee(support, 60)] }), '2026-04-01')
    const { id } = await api.grant('acc', 100)
    const written = await api.custom('acc', [{ value: 70 }])
    const cycle = (await api.invoices('acc')).find(({ invoiceType }) => invoiceType === 'STANDARD')
    expect([creditsOf(await api.invoice(written.id)), creditsOf(cycle)]).toEqual([[[id, -70]], [[id, -30]]])
    expect(await api.stateOf(id)).toEqual(['ACTIVE', 100, 0, 'CREDITED 100'])
    expect(await api.balance('acc')).toMatchObject({ activeCredits: 100, availableBalance: 100, runningBalance: 0, inapplicableCredits: 0 })
    await api.moveTo('2026-05-01T00:00:00Z')
    const april = (await api.invoices('acc')).find(({ invoiceType }) => invoiceType === 'STANDARD')
    expect([april.status, april.totalAmount, creditsOf(april)]).toEqual(['DUE', 30, [[id, -30]]])
    expect(await api.stateOf(id)).toEqual(['ACTIVE', 70, 30, 'CREDITED 100, DEBITED 30'])
    await api.set(written.id, 'DUE')
    expect(await api.stateOf(id)).toEqual(['CONSUMED', 0, 100, 'CREDITED 100, DEBITED 30, DEBITED 70'])
  })
})

describe('what a credit pays', () => {
  it('P2-16: is capped by the lines as they are shown, and never makes an invoice negative', async () => {
    const api = await withCredits('2026-05-01T00:00:00Z')
    await api.holder('acc')
    const { id } = await api.grant('acc', 1)
    const lines = [...Array.from({ length: 6 }, () => ({ value: 0.004 })), { value: 0.01 }, { value: 0.01 }]
    const invoice = await api.custom('acc', lines, { status: 'DUE' })
    expect([invoice.status, invoice.totalAmount, creditsOf(invoice)]).toEqual(['PAID', 0, [[id, -0.02]]])
    expect(await api.balance('acc')).toMatchObject({ activeCredits: 1, availableBalance: 0.98, runningBalance: 0.98 })
  })

  it.each([[['A', 'B']], [['B', 'A']]])('P2-17: is capped by the lines that it applies to, in the order %s', async (order) => {
    const api = await withCredits('2026-05-01T00:00:00Z')
    await api.holder('acc')
    const { id } = await api.grant('acc', 10, { applicableEntityIds: ['B'] })
    const values: Record<string, number> = { A: 80, B: 6 }
    const lines = order.map((billableId) => ({ id: `line ${billableId}`, billableId, value: values[billableId] }))
    const invoice = await api.custom('acc', lines, { status: 'DUE' })
    expect([invoice.totalAmount, creditsOf(invoice)]).toEqual([80, [[id, -6]]])
    const { transactions } = await api.credit(id)
    expect(transactions.at(-1)).toMatchObject({ transactionType: 'DEBITED', amount: 6, invoiceId: invoice.id, entityId: 'line B' })
    expect(await api.differences()).toEqual([])
  })

  it('P2-67, credit-never-below-zero: is the line as it was cut', async () => {
    const api = await withCredits('2026-05-01T00:00:00Z')
    await api.holder('acc')
    const { id } = await api.grant('acc', 144.49)
    const invoice = await api.custom('acc', [{ quantity: 2.25, valuePerQuantity: 64.22 }], { status: 'DUE', applyCredits: true })
    expect([invoice.totalAmount, await api.stateOf(id)]).toEqual([0, ['CONSUMED', 0, 144.49, 'CREDITED 144.49, DEBITED 144.49']])
    await api.grant('acc', 100)
    const other = await api.custom('acc', [{ value: 40 }], { status: 'DUE' })
    expect([other.status, other.totalAmount]).toEqual(['PAID', 0])
    expect((await api.balance('acc')).availableBalance).toBe(60)
    const without = await api.custom('acc', [{ value: 40 }], { status: 'DUE', applyCredits: false })
    expect([without.status, without.totalAmount]).toEqual(['DUE', 40])
  })

  it('credit-john-wick: is an invoice whose period overlaps its days', async () => {
    const api = await withCredits('2023-08-01T00:00:00Z')
    const addOn = await api.addOn('FIXED_FEE')
    await api.account('wick', await api.plan({ pricingCycleConfig: noGrace, fixedFeeRateCards: [fee(addOn, 100)] }), '2023-08-01')
    const its = { priority: 2, effectiveFrom: '2023-08-19', effectiveUntil: '2023-09-02', applicableEntityIds: [addOn] }
    const { id } = await api.grant('wick', 50, its)
    expect(await api.balance('wick')).toMatchObject({ activeCredits: 0, inapplicableCredits: 0 })
    await api.moveTo('2023-09-01T00:00:00Z')
    const [august, september] = await api.invoices('wick')
    expect([august.totalAmount, creditsOf(august), september.totalAmount]).toEqual([50, [[id, -50]], 100])
    const [line] = linesOf(august.revenueInfo, 'SUB_CREDITS')
    expect(line).toMatchObject({ description: 'Welcome', metadata: { [addOn]: '-50' } })
  })

  it('credit-priority-order: is taken by priority, for the families that a credit names', async () => {
    const api = await withCredits('2026-04-01T00:00:00Z')
    const support = await api.addOn('FIXED_FEE')
    const cards = { usageRateCards: [usageCard(api.meterId, 1)], fixedFeeRateCards: [fee(support, 50)] }
    await api.account('acc', await api.plan({ pricingCycleConfig: noGrace, ...cards }), '2026-04-01')
    await api.use('acc', '60', '2026-04-10T00:00:00Z')
    const { id: c1 } = await api.grant('acc', 100, { priority: 5 })
    const { id: c2 } = await api.grant('acc', 80, { priority: 1, applicableEntityIds: ['ALL_USAGE_METER_RATE_CARDS'] })
    await api.moveTo('2026-05-01T00:00:00Z')
    const [april] = await api.invoices('acc')
    expect([april.totalAmount, creditsOf(april)]).toEqual([
      0,
      [
        [c2, -60],
        [c1, -50],
      ],
    ])
    expect([(await api.stateOf(c1))[2], (await api.stateOf(c2))[2]]).toEqual([50, 60])
    const { grandTotal } = (await api.get(`/invoices/${april.id}/explanation`)).body
    expect(linesOf(grandTotal, 'SUB_CREDITS').map(({ arithmetic }) => arithmetic)).toEqual([
      `80 was left of the credit of priority 1, which pays 60 for ${api.meterId}: -60`,
      '100 was left of the credit of priority 5: -50',
    ])
    expect(await api.differences()).toEqual([])
  })

  it('is what DRAFTs that fall due before leave of it, in the preview of a cycle', async () => {
    const api = await withCredits('2026-04-01T00:00:00Z')
    const planId = await api.plan({ pricingCycleConfig: { ...monthly, gracePeriod: 5 }, usageRateCards: [usageCard(api.meterId, 1)] })
    await api.account('acc', planId, '2026-04-01')
    const { id } = await api.grant('acc', 100)
    await api.use('acc', '30', '2026-04-10T00:00:00Z')
    await api.custom('acc', [{ value: 25 }])
    await api.moveTo('2026-05-03T00:00:00Z')
    await api.use('acc', '80', '2026-05-02T00:00:00Z')
    const previewAt = async (at: string): Promise<unknown[]> =>
      (await api.get(`/accounts/acc/invoice_preview?at=${at}`)).body.data.map((one: Loose) => [one.totalAmount, creditsOf(one)])
    expect(await previewAt('2026-04-03T00:00:00Z')).toEqual([[0, [[id, -30]]]])
    expect(await previewAt('2026-05-03T00:00:00Z')).toEqual([[35, [[id, -45]]]])
    expect((await api.invoices('acc')).map((one) => [one.totalAmount, creditsOf(one)])).toEqual([
      [0, [[id, -25]]],
      [0, [[id, -30]]],
      [35, [[id, -45]]],
    ])
  })

  it('P2-52: comes off after what is missing to a commitment', async () => {
    const api = await withCredits('2026-04-01T00:00:00Z')
    const support = await api.addOn('FIXED_FEE')
    const planId = await api.plan({
      pricingCycleConfig: noGrace,
      usageRateCards: [usageCard(api.meterId, 1)],
      fixedFeeRateCards: [fee(support, 50)],
      minimumCommitment: { displayName: 'Commitment', rateValues: [{ currency: 'USD', rate: 100 }] },
    })
    await api.account('acc', planId, '2026-04-01')
    await api.use('acc', '30', '2026-04-10T00:00:00Z')
    await api.grant('acc', 40)
    const [draft] = await api.invoices('acc')
    const valueOf = (type: string) => linesOf(draft.revenueInfo, type)[0]?.value
    expect(['SUB_TOTAL_AMOUNT', 'TRUE_UP_AMOUNT', 'PRICE_PLAN_AMOUNT', 'TOTAL_CREDITS', 'NET_AMOUNT'].map(valueOf)).toEqual([
      80, 20, 100, -40, 60,
    ])
  })

  it('is what is paid in advance, when the cycle begins', async () => {
    const api = await withCredits('2026-04-01T00:00:00Z')
    const support = await api.addOn('FIXED_FEE')
    const planId = await api.plan({ pricingCycleConfig: noGrace, fixedFeeRateCards: [fee(support, 60, { invoiceTiming: 'IN_ADVANCE' })] })
    await api.account('acc', planId, '2026-04-01')
    const { id } = await api.grant('acc', 100)
    const { data } = (await api.get('/accounts/acc/invoice_preview?at=2026-05-01T00:00:00Z')).body
    expect(data.map((one: Loose) => [one.invoiceType, one.totalAmount, creditsOf(one)])).toEqual([
      ['STANDARD', 0, []],
      ['STANDARD_ADVANCED', 0, [[id, -60]]],
    ])
    await api.moveTo('2026-06-01T00:00:00Z')
    const advanced = (await api.invoices('acc')).filter(({ invoiceType }) => invoiceType === 'STANDARD_ADVANCED')
    expect(advanced.map(({ totalAmount, status }) => [totalAmount, status])).toEqual([
      [60, 'DUE'],
      [0, 'PAID'],
      [20, 'DUE'],
    ])
    expect(await api.stateOf(id)).toEqual(['CONSUMED', 0, 100, 'CREDITED 100, DEBITED 60, DEBITED 40'])
    expect(await api.differences()).toEqual([])
  })
})

describe('a credit that ends', () => {
  it('P2-20: is EXPIRED in every answer, whether or not anything has been done about it', async () => {
    const api = await withCredits('2026-04-01T00:00:00Z')
    await api.holder('acc')
    const { id } = await api.grant('acc', 1000, { effectiveFrom: '2026-04-01', effectiveUntil: '2026-05-01' })
    await env.DB.prepare(`DELETE FROM due WHERE organization_id = ? AND kind = 'CREDIT'`).bind(api.id).run()
    await api.moveTo('2026-05-01T00:00:00Z')
    expect(await api.balance('acc')).toMatchObject({ activeCredits: 0, availableBalance: 0, runningBalance: 0, inapplicableCredits: 0 })
    expect((await api.credit(id)).status).toBe('EXPIRED')
    const listed = async (query: string) => (await api.get(`/credits?${query}`)).body.data.map((one: Loose) => [one.id, one.status])
    expect([await listed(''), await listed('status=EXPIRED'), await listed('status=ACTIVE'), await listed(`id=${id}`)]).toEqual([
      [[id, 'EXPIRED']],
      [[id, 'EXPIRED']],
      [],
      [[id, 'EXPIRED']],
    ])
    await api.moveTo('2026-05-31T00:00:00Z')
    const invoice = await api.custom('acc', [{ value: 500 }], { status: 'DUE' })
    expect([invoice.totalAmount, (await api.stateOf(id))[2]]).toEqual([500, 0])
    expect((await api.post(`/credits/${id}/void`)).body.message).toBe(
      `The credit "${id}" is EXPIRED. Only a credit that is ACTIVE can be made void.`,
    )
  })

  it('expires at its end, or when the last DRAFT is none any more that it may pay', async () => {
    const api = await withCredits('2026-04-01T00:00:00Z')
    await api.holder('acc')
    const ends = { effectiveFrom: '2026-04-01', effectiveUntil: '2026-05-01' }
    const { id: first } = await api.grant('acc', 10, ends)
    await api.moveTo('2026-05-01T00:00:00Z')
    expect(await api.stateOf(first)).toEqual(['EXPIRED', 0, 0, 'CREDITED 10, EXPIRED 10'])
    expect((await api.credit(first)).updatedAt).toBe('2026-05-01T00:00:00.000Z')
    const { id: other } = await api
      .post('/credits', {
        creditRequests: [{ accountId: 'acc', purpose: 'Late', priority: 1, creditAmount: 5, ...ends }],
      })
      .then(({ body }: Loose) => body.credits[0])
    expect(await api.stateOf(other)).toEqual(['EXPIRED', 0, 0, 'CREDITED 5, EXPIRED 5'])
    const draft = await api.custom('acc', [{ value: 3 }])
    const { id: held } = await api.grant('acc', 5, ends)
    expect(await api.stateOf(held)).toEqual(['ACTIVE', 3, 0, 'CREDITED 5'])
    await api.patch(`/invoices/${draft.id}`, { startDate: '2026-05-01T00:00:00Z', endDate: '2026-05-02T00:00:00Z' })
    await api.moveTo('2026-05-01T00:00:01Z')
    expect(await api.stateOf(held)).toEqual(['EXPIRED', 0, 0, 'CREDITED 5, EXPIRED 5'])
  })

  it('gives nothing back where an invoice is made void after that', async () => {
    const api = await withCredits('2026-04-30T00:00:00Z')
    await api.holder('acc')
    const { id } = await api.grant('acc', 50, { effectiveUntil: '2026-05-02' })
    const { id: used } = await api.grant('acc', 20, { effectiveUntil: '2026-05-02', priority: 0 })
    const invoice = await api.custom('acc', [{ value: 40 }], { status: 'DUE' })
    await api.moveTo('2026-05-02T00:00:00Z')
    await api.set(invoice.id, 'VOID')
    await api.moveTo('2026-05-02T00:00:01Z')
    expect(await api.stateOf(id)).toEqual(['EXPIRED', 0, 0, 'CREDITED 50, DEBITED 20, EXPIRED 30, CREDITED 20, EXPIRED 20'])
    expect(await api.stateOf(used)).toEqual(['EXPIRED', 0, 0, 'CREDITED 20, DEBITED 20, CREDITED 20, EXPIRED 20'])
  })
})

describe('a credit that is made void', () => {
  it('is held by no DRAFT any more, and what was taken of it stays', async () => {
    const api = await withCredits('2026-05-01T00:00:00Z')
    await api.holder('acc')
    const { id } = await api.grant('acc', 100)
    await api.custom('acc', [{ value: 30 }], { status: 'DUE' })
    const draft = await api.custom('acc', [{ value: 20 }])
    expect(draft.totalAmount).toBe(0)
    const { status, body } = await api.post(`/credits/${id}/void`)
    expect([status, body.status, body.consumedAmount, body.holdAmount]).toEqual([200, 'VOIDED', 30, 0])
    expect(await api.stateOf(id)).toEqual(['VOIDED', 0, 30, 'CREDITED 100, DEBITED 30, VOIDED 70'])
    expect((await api.invoice(draft.id)).totalAmount).toBe(20)
    expect((await api.post(`/credits/${id}/void`)).status).toBe(409)
    expect((await api.post('/credits/nobody/void')).status).toBe(404)
  })
})

describe('credits that cards grant', () => {
  it('commitment-via-credit-grant-over, -under: pay the usage of their cycle, and not what they cost', async () => {
    const api = await withCredits('2026-04-01T00:00:00Z')
    const pack = await api.addOn('CREDIT_GRANT')
    const planId = await api.plan({
      pricingCycleConfig: { ...monthly, gracePeriod: 2 },
      usageRateCards: [usageCard(api.meterId, 1)],
      creditGrantRateCards: [{ ...grantCard(pack, 1000, 1000), displayName: 'API commitment' }],
    })
    for (const [account, used] of [
      ['over', '1400'],
      ['under', '600'],
    ] as const) {
      await api.account(account, planId, '2026-04-01')
      await api.use(account, used, '2026-04-10T00:00:00Z')
    }
    const [granted] = await api.creditsOfAccount('under')
    expect(granted).toMatchObject({
      purpose: 'API commitment',
      grantorId: pack,
      priority: 1,
      creditAmount: 1000,
      effectiveFrom: '2026-04-01',
      effectiveUntil: '2026-05-01',
      holdAmount: 600,
      status: 'ACTIVE',
    })
    await api.moveTo('2026-05-03T00:00:00Z')
    const amounts = async (account: string) => {
      const [april] = await api.invoices(account)
      return [...['GROSS_AMOUNT', 'TOTAL_CREDITS', 'NET_AMOUNT'].map((type) => linesOf(april.revenueInfo, type)[0]?.value), april.status]
    }
    expect([await amounts('over'), await amounts('under')]).toEqual([
      [2400, -1000, 1400, 'DUE'],
      [1600, -600, 1000, 'DUE'],
    ])
    expect((await api.creditsOfAccount('under')).map((one) => [one.status, one.consumedAmount, one.effectiveFrom])).toEqual([
      ['EXPIRED', 600, '2026-04-01'],
      ['ACTIVE', 0, '2026-05-01'],
    ])
    expect(await api.differences()).toEqual([])
  })

  it('are given once for a cycle, as often as the card says, and end as it says', async () => {
    const api = await withCredits('2026-04-01T00:00:00Z')
    const packs = await Promise.all(Array.from({ length: 4 }, () => api.addOn('CREDIT_GRANT')))
    const [never, custom, once, later] = packs as [string, string, string, string]
    const planId = await api.plan({
      pricingCycleConfig: noGrace,
      creditGrantRateCards: [
        grantCard(never, 10, 1, { grantDetails: { expiryType: 'NO_EXPIRY', priority: 7, applicableEntityIds: ['x'] } }),
        grantCard(custom, 20, 1, { grantDetails: { expiryType: 'CUSTOM', expiryDuration: 'P10D' } }),
        grantCard(once, 30, 1, { type: 'ONE_TIME' }),
        grantCard(later, 40, 1, { recurrenceConfig: { interval: 2, offset: 1 } }),
      ],
    })
    await api.account('acc', planId, '2026-04-01')
    await api.moveTo('2026-07-01T00:00:00Z')
    const all = await api.creditsOfAccount('acc')
    const of = (pack: string) =>
      all
        .filter(({ grantorId }) => grantorId === pack)
        .map((one) => [one.effectiveFrom.slice(5), one.effectiveUntil?.slice(5), one.priority, one.applicableEntityIds])
        .toSorted()
    expect(of(never)).toEqual(['04-01', '05-01', '06-01', '07-01'].map((day) => [day, undefined, 7, ['x']]))
    expect(of(custom).map(([from, until]) => [from, until])).toEqual([
      ['04-01', '04-11'],
      ['05-01', '05-11'],
      ['06-01', '06-11'],
      ['07-01', '07-11'],
    ])
    expect(of(once).map(([from, until]) => [from, until])).toEqual([['04-01', '05-01']])
    expect(of(later).map(([from, until]) => [from, until])).toEqual([
      ['05-01', '06-01'],
      ['07-01', '08-01'],
    ])
  })

  it('go with the cycle that they were given for, unless they were paid for', async () => {
    const api = await withCredits('2026-04-01T00:00:00Z')
    const [pack, bought] = [await api.addOn('CREDIT_GRANT'), await api.addOn('CREDIT_GRANT')]
    const support = await api.addOn('FIXED_FEE')
    const updates = { pricingCycleConfig: noGrace, allow_ongoing_cycle_updates: true }
    const first = await api.plan({
      ...updates,
      creditGrantRateCards: [grantCard(pack, 100, 10), grantCard(bought, 50, 5, { invoiceTiming: 'IN_ADVANCE' })],
    })
    const second = await api.plan({ ...updates, fixedFeeRateCards: [fee(support, 1)] })
    await api.account('acc', first, '2026-04-01')
    const states = async () =>
      (await api.creditsOfAccount('acc')).map(({ grantorId, status }) => `${grantorId === pack ? 'pack' : 'bought'} ${status}`).toSorted()
    expect(await states()).toEqual(['bought ACTIVE', 'pack ACTIVE'])
    await api.give('acc', second, '2026-04-01')
    expect(await states()).toEqual(['bought ACTIVE', 'pack VOIDED'])
    await api.give('acc', first, '2026-04-01')
    expect(await states()).toEqual(['bought ACTIVE', 'pack ACTIVE', 'pack VOIDED'])
  })
})

describe('the operations of credits', () => {
  it('give all credits or none, and refuse what is wrong', async () => {
    const api = await withCredits('2026-05-01T00:00:00Z')
    await api.holder('acc')
    await api.holder('gone')
    expect((await api.delete('/accounts/gone')).status).toBe(200)
    const right = { accountId: 'acc', purpose: 'P', effectiveFrom: '2026-05-01', priority: 1, creditAmount: 5 }
    const send = async (...more: Loose[]) => {
      const { status, body } = await api.post('/credits', { creditRequests: more.map((one) => ({ ...right, ...one })) })
      return [status, body.message]
    }
    expect(await send({}, { accountId: 'nobody' })).toEqual([404, 'creditRequests[1].accountId: the account "nobody" does not exist'])
    expect(await send({ accountId: 'gone' })).toEqual([409, 'creditRequests[0].accountId: the account "gone" is archived'])
    expect(await send({ effectiveUntil: '2026-05-01' })).toEqual([400, 'creditRequests[0].effectiveUntil: must be after effectiveFrom'])
    expect(await send({ creditAmount: undefined })).toEqual([400, 'creditRequests[0].creditAmount: is required'])
    expect(await send({ creditAmount: 0.001 })).toEqual([400, 'creditRequests[0].creditAmount: must have 2 decimals at most, as USD has'])
    expect((await send({ creditAmount: 0 }))[0]).toBe(400)
    expect((await send({ priority: 101 }))[0]).toBe(400)
    expect((await send({ idempotencyKey: 'k' }, { idempotencyKey: 'k' }))[0]).toBe(400)
    expect(await api.creditsOfAccount('acc')).toEqual([])
    expect(await send({}, {})).toEqual([200, undefined])
    expect((await api.creditsOfAccount('acc')).length).toBe(2)
  })

  it('make a credit once for its idempotencyKey, however often it is sent at once', async () => {
    const api = await withCredits('2026-05-01T00:00:00Z')
    await api.holder('acc')
    const creditRequest = { accountId: 'acc', purpose: 'P', effectiveFrom: '2026-05-01', priority: 1, creditAmount: 5, idempotencyKey: 'k' }
    const send = (more = {}) => api.post('/credits', { creditRequests: [{ ...creditRequest, ...more }] })
    const answers = await Promise.all(Array.from({ length: 12 }, () => send()))
    expect(new Set(answers.map(({ status, body }) => `${status} ${body.credits?.[0]?.id}`)).size).toBe(1)
    expect((await api.creditsOfAccount('acc')).length).toBe(1)
    const { status, body } = await send({ creditAmount: 6 })
    expect([status, body.message]).toEqual([422, 'creditRequests[0].idempotencyKey: was used for another credit. Take a new key.'])
    expect((await api.post('/credits', { creditRequests: [creditRequest, { ...creditRequest, idempotencyKey: 'l' }] })).status).toBe(200)
    expect((await api.creditsOfAccount('acc')).length).toBe(2)
  })

  it('list credits page by page, the newest first', async () => {
    const api = await withCredits('2026-05-01T00:00:00Z')
    await api.holder('acc')
    await api.holder('other')
    for (const [index, account] of ['acc', 'other', 'acc', 'acc'].entries()) {
      await api.moveTo(`2026-05-01T00:00:0${index}Z`)
      await api.grant(account, index + 1)
    }
    const first = (await api.get('/credits?account_id=acc&status=ACTIVE&pageSize=2')).body
    const next = (await api.get(`/credits?nextToken=${encodeURIComponent(first.nextToken)}`)).body
    const amounts = ({ data }: Loose): number[] => data.map(({ creditAmount }: Loose) => creditAmount)
    expect([amounts(first), amounts(next), next.nextToken]).toEqual([[4, 3], [1], undefined])
  })

  it('show a portal token the credits of its accounts only', async () => {
    const api = await withCredits('2026-05-01T00:00:00Z')
    for (const id of ['first', 'other']) await api.holder(id)
    const ids = [(await api.grant('first', 1)).id, (await api.grant('other', 2)).id]
    const { get, post } = client((await api.post('/portal/token', { customerId: 'first', allAccountsAccess: true })).body.token)
    expect((await get('/credits')).body.data.map(({ id }: Loose) => id)).toEqual([ids[0]])
    expect((await get('/credits?account_id=other')).status).toBe(403)
    expect(await Promise.all(ids.map(async (id) => (await get(`/credits/${id}`)).status))).toEqual([200, 403])
    const balances = ['first', 'other', 'nobody'].map(async (id) => (await get(`/accounts/${id}/credit_balance`)).status)
    expect(await Promise.all(balances)).toEqual([200, 403, 403])
    expect((await post(`/credits/${ids[0]}/void`)).status).toBe(403)
  })
})

describe('credits of many invoices at once', () => {
  it('are taken once, by 33 invoices that fall due at the same time', async () => {
    const api = await withCredits('2026-05-01T00:00:00Z')
    await api.holder('acc')
    const { id } = await api.grant('acc', 100)
    const send = () =>
      api.post('/invoices', {
        accountId: 'acc',
        startDate: '2026-04-01T00:00:00Z',
        endDate: '2026-04-30T00:00:00Z',
        status: 'DUE',
        lineItems: [{ value: 7 }],
      })
    const answers = await Promise.all(Array.from({ length: 33 }, send))
    const made = answers.filter(({ status }) => status === 201).map(({ body }) => body)
    expect(answers.every(({ status }) => status === 201 || status === 409)).toBe(true)
    expect(made.length).toBeGreaterThan(14)
    const taken = made.flatMap(creditsOf).reduce((sum, [, value]) => sum - value, 0)
    const { consumedAmount, status, transactions } = await api.credit(id)
    expect([taken, consumedAmount, status]).toEqual([100, 100, 'CONSUMED'])
    expect(transactions.slice(1).reduce((sum: number, { amount }: Loose) => sum + amount, 0)).toBe(100)
    expect(await api.differences()).toEqual([])
  })
})

import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import worked from '../data/pricing.json'
import { client } from '../helpers/api.ts'
import { doDue } from '../helpers/ledgers.ts'
import { holdMoney } from '../helpers/money.ts'
import { type Shop, creditPack, entitlement, fee, holdPurchases, orderOf, withShop } from '../helpers/purchases.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

const NOW = '2026-04-10T09:30:00.000Z'

const withBuyer = async (now = NOW) => {
  const api = await withShop(now)
  await api.buyer('acc')
  return api
}

/** Buys something, and pays its order. */
const buyAndPay = async (api: Shop, body: Loose, account = 'acc'): Promise<Loose> => {
  const { id, price, invoiceId } = await api.buy(account, body)
  if (price) expect((await api.pay(account, invoiceId, price)).status).toBe(201)
  return api.purchase(id)
}

describe('ENTITLEMENT_GRANT', () => {
  it('purchase-1.2: grants fractions of a pack, from the instant of the grant on', async () => {
    const { given, expect: right } = (worked as Loose[]).find(({ id }) => id === 'purchase-1.2')
    const at = new Date(given.grantedAt).toISOString()
    const api = await withBuyer('2023-07-31T15:40:00.000Z')
    const feature = await api.feature()
    const { featureCreditLimit, effectiveUntil, rate } = given
    const pricePlanId = await api.pack({
      billingEntitlementRateCards: [
        entitlement(feature, featureCreditLimit, rate, { featureConfigs: [{ featureCreditLimit, effectiveUntil }] }),
      ],
    })
    const bought = await api.buy('acc', { pricePlanId, rateCardQuantities: { [feature]: given.rateCardQuantities['feature.X'] } })
    expect(bought).toMatchObject({ price: right.price, status: 'PENDING', pricePlanVersion: 1, rateCardQuantities: { [feature]: 1.2 } })
    await api.moveTo(at)
    await api.pay('acc', bought.invoiceId, right.price)
    const { features, status, purchasePlan } = await api.purchase(bought.id)
    expect([status, features]).toEqual([
      'SUCCESS',
      [
        {
          id: feature,
          name: expect.any(String),
          creditsGranted: right.creditsGranted,
          creditsAvailable: right.creditsGranted,
          updatedAt: at,
          effectiveFrom: at,
          effectiveUntil: new Date(right.effectiveUntil).toISOString(),
        },
      ],
    ])
    expect(purchasePlan).toMatchObject({
      type: 'PURCHASE',
      supportedCurrencies: ['USD'],
      billingEntitlementRateCards: [{ featureId: feature }],
    })
    const { results } = await env.DB.prepare('SELECT id, source, granted FROM feature_entries WHERE organization_id = ?').bind(api.id).all()
    expect(results).toEqual([{ id: `${bought.id}#1$PURCHASE`, source: 'ENTITLEMENT', granted: '120' }])
  })

  it('multiplies every card by quantity, or by its own number, and grants the credits of credit cards', async () => {
    const api = await withBuyer()
    const [feature, setup, pack] = [await api.feature(), await api.addOn('FIXED_FEE'), await api.addOn('CREDIT_GRANT')]
    const pricePlanId = await api.pack({
      fixedFeeRateCards: [fee(setup, 10)],
      billingEntitlementRateCards: [
        entitlement(feature, 100, 0.1, {
          featureConfigs: [
            { featureCreditLimit: 100, effectiveUntil: 'P10D' },
            { featureCreditLimit: 50, effectiveFrom: 'P10D', effectiveUntil: 'P20D' },
          ],
        }),
      ],
      creditGrantRateCards: [creditPack(pack, 40, 25, { grantDetails: { priority: 2, expiryType: 'CUSTOM', expiryDuration: 'P1M' } })],
    })
    const bought = await buyAndPay(api, { pricePlanId, quantity: 3, rateCardQuantities: { [pack]: 0.5 } })
    /** 3 x 10, 3 x 150 x 0.1 and 0.5 x 25. */
    expect([bought.price, bought.quantity]).toEqual([30 + 45 + 12.5, 3])
    expect(
      bought.features.map(({ creditsGranted, effectiveFrom, effectiveUntil }: Loose) => [creditsGranted, effectiveFrom, effectiveUntil]),
    ).toEqual([
      [300, NOW, '2026-04-20T09:30:00.000Z'],
      [150, '2026-04-20T09:30:00.000Z', '2026-04-30T09:30:00.000Z'],
    ])
    expect(await api.creditsOf('acc')).toEqual([['Pack', 20, '2026-04-10', '2026-05-10']])
    const order = await api.invoice(bought.invoiceId)
    expect(orderOf(order).slice(0, 4)).toEqual(['INVOICE', 'PAID', 87.5, 87.5])
  })

  it('sells the newest published version with what is sent instead of its cards, and grants what was bought whatever comes after it', async () => {
    const api = await withBuyer()
    const [setup, pack] = [await api.addOn('FIXED_FEE'), await api.addOn('CREDIT_GRANT')]
    const pricePlanId = await api.pack({ fixedFeeRateCards: [fee(setup, 10)], creditGrantRateCards: [creditPack(pack, 40, 25)] })
    const bought = await api.buy('acc', { pricePlanId, purchasePlanOverride: { creditGrantRateCards: [creditPack(pack, 60, 30)] } })
    expect([bought.price, bought.pricePlanVersion]).toEqual([40, 1])
    const changed = await api.patch(`/price_plans/${pricePlanId}`, { pricePlanDetails: { creditGrantRateCards: [creditPack(pack, 1, 1)] } })
    expect([changed.status, changed.body.message]).toEqual([200, undefined])
    await api.pay('acc', bought.invoiceId, 40)
    const after = await api.purchase(bought.id)
    expect(after.purchasePlan.creditGrantRateCards[0].rateDetails.currencySlabRateDetails[0].creditAmount).toBe(60)
    expect(after.purchasePlanOverride.creditGrantRateCards).toHaveLength(1)
    expect(await api.creditsOf('acc')).toEqual([['Pack', 60, '2026-04-10', undefined]])
    expect((await api.buy('acc', { pricePlanId })).pricePlanVersion).toBe(2)
  })

  it('is refused with the field that is wrong', async () => {
    const api = await withBuyer()
    const [setup, pack] = [await api.addOn('FIXED_FEE'), await api.addOn('CREDIT_GRANT')]
    const pricePlanId = await api.pack({ fixedFeeRateCards: [fee(setup, 10)] })
    const billing = await api.plan({ fixedFeeRateCards: [fee(setup, 10)] })
    const { body: draft } = await api.post('/price_plans', {
      name: 'Draft',
      type: 'PURCHASE',
      pricePlanDetails: { supportedCurrencies: ['USD'], fixedFeeRateCards: [fee(setup, 10)] },
    })
    await api.buyer('euro', { invoiceCurrency: 'EUR' })
    const said = async (body: Loose, account = 'acc') => {
      const { status, body: answer } = await api.post(`/accounts/${account}/purchases`, body)
      return [status, answer.message]
    }
    const dates = { effectiveFrom: '2026-05-01', effectiveUntil: '2027-05-01' }
    expect(
      await Promise.all([
        said({}),
        said({ pricePlanId, ...dates }),
        said({ pricePlanId: 'nothing' }),
        said({ pricePlanId: billing }),
        said({ pricePlanId: draft.id }),
        said({ pricePlanId }, 'euro'),
        said({ pricePlanId }, 'nobody'),
        said({ pricePlanId, quantity: 0 }),
        said({ pricePlanId, rateCardQuantities: { [setup]: 0 } }),
        said({ pricePlanId, rateCardQuantities: { other: 1 } }),
        said({ pricePlanId, expiryDate: NOW }),
        said({ pricePlanId, purchasePlanOverride: { creditGrantRateCards: [creditPack(setup, 1, 1)] } }),
        said({ pricePlanId, purchasePlanOverride: { fixedFeeRateCards: [fee('missing', 1)] } }),
        said({ type: 'WALLET_TOPUP', walletTopupDetails: { topupAmount: 0 } }),
        said({ type: 'WALLET_TOPUP', walletTopupDetails: { topupAmount: 1.001 } }),
        said({ type: 'WALLET_TOPUP' }),
        said({ type: 'ASSOCIATION', pricePlanId: billing }),
        said({ type: 'ASSOCIATION', pricePlanId, ...dates }),
        said({ type: 'ASSOCIATION', pricePlanId: billing, ...dates, effectiveUntil: '2026-05-01' }),
        said({ type: 'ASSOCIATION', pricePlanId: billing, ...dates, associationOverride: { fixedFeeRateCards: [fee(pack, 1)] } }),
        said({ type: 'PREPAID', pricePlanId: billing }),
        said({ type: 'PREPAID', pricePlanId }),
      ]),
    ).toEqual([
      [400, 'pricePlanId: is required for ENTITLEMENT_GRANT'],
      [400, 'effectiveFrom: must be left out for ENTITLEMENT_GRANT; effectiveUntil: must be left out for ENTITLEMENT_GRANT'],
      [404, 'The price plan "nothing" does not exist.'],
      [400, expect.stringMatching(/^pricePlanId: the price plan ".*" is of type BILLING, and must be of type PURCHASE$/)],
      [409, 'pricePlanId: the price plan "Draft" is DRAFT, and must be ACTIVE'],
      [409, expect.stringMatching(/^pricePlanId: the account "euro" is invoiced in EUR/)],
      [404, 'The account "nobody" does not exist.'],
      [400, 'quantity: must be a whole number from 1 to 2147483647'],
      [400, `rateCardQuantities.${setup}: must be 0.000000001 at least, and 1000000000000 at most`],
      [400, `rateCardQuantities.other: must be the id of what a rate card prices that is bought: ${setup}`],
      [400, `expiryDate: must be after now, which is ${NOW}`],
      [400, expect.stringMatching(/^purchasePlanOverride\.creditGrantRateCards\[0\]\.id: /)],
      [404, expect.stringMatching(/^purchasePlanOverride\.fixedFeeRateCards\[0\]\.id: /)],
      [400, 'walletTopupDetails.topupAmount: must be an amount above 0, up to 10000000000000'],
      [400, expect.stringMatching(/^walletTopupDetails\.topupAmount: must have 2 decimals at most in USD/)],
      [400, 'walletTopupDetails: is required for WALLET_TOPUP'],
      [400, 'effectiveFrom: is required for ASSOCIATION; effectiveUntil: is required for ASSOCIATION'],
      [400, expect.stringMatching(/^pricePlanId: .* must be of type BILLING$/)],
      [400, 'effectiveUntil: must be after effectiveFrom'],
      [400, expect.stringMatching(/^associationOverride\.fixedFeeRateCards\[0\]\.id: /)],
      [400, expect.stringMatching(/^pricePlanId: .* has no rate card that is PREPAID$/)],
      [400, expect.stringMatching(/^pricePlanId: .* must be of type BILLING$/)],
    ])
    const back = await api.pack({ fixedFeeRateCards: [fee(setup, -1e12)] })
    expect(await said({ pricePlanId: back, quantity: 11 })).toEqual([
      400,
      'quantity: the purchase would cost -11000000000000, and can cost -10000000000000 at least',
    ])
    expect(await api.purchasesOf('acc')).toEqual([])
  })
})

describe('ASSOCIATION', () => {
  /** A plan whose fee of 30 and licences of 10 are paid in advance, with a fee in arrears and a PREPAID pack. */
  const withPlan = async (now = NOW, more: Loose = {}) => {
    const api = await withBuyer(now)
    const [advance, arrears, pack, seats] = [
      await api.addOn('FIXED_FEE'),
      await api.addOn('FIXED_FEE'),
      await api.addOn('CREDIT_GRANT'),
      await api.addOn('LICENSE'),
    ]
    const seat = {
      id: seats,
      name: 'seats',
      invoiceTiming: 'IN_ADVANCE',
      enableProration: true,
      ratePlan: { pricingModel: 'TIERED', slabs: [{ order: 1, startAfter: 0, priceType: 'PER_UNIT' }] },
      rateValues: [{ currency: 'USD', slabRates: [{ order: 1, rate: 10 }] }],
    }
    const planId = await api.plan({
      fixedFeeRateCards: [fee(advance, 30, { invoiceTiming: 'IN_ADVANCE' }), fee(arrears, 7)],
      licenseRateCards: [seat],
      creditGrantRateCards: [creditPack(pack, 40, 25, { grantDetails: { priority: 1, expiryType: 'PRICING_CYCLE' } })],
      ...more,
    })
    const sent = { type: 'ASSOCIATION', pricePlanId: planId, effectiveFrom: '2026-04-16', effectiveUntil: '2027-01-01' }
    return { ...api, planId, seats, advance, sent }
  }
  const schedulesOf = async (api: Shop) => (await api.get('/v2/accounts/acc/schedules?mode=ACTIVE')).body.data
  const billedOf = async (api: Shop) =>
    (await api.invoices('acc')).map(({ invoiceType, status, startDate, totalAmount }: Loose) => [
      invoiceType,
      status,
      startDate.slice(0, 10),
      totalAmount,
    ])

  it('costs what is paid in advance in its first cycle, which is not billed again, and puts the plan in force when it has been paid', async () => {
    const api = await withPlan()
    await api.hold('acc', api.seats, 2, '2026-04-01T00:00:00Z')
    const bought = await api.buy('acc', api.sent)
    /** 15 of 30 days of 30 and of 2 x 10, and 25. */
    expect([bought.price, bought.effectiveFrom, bought.effectiveUntil]).toEqual([15 + 10 + 25, '2026-04-16', '2027-01-01'])
    expect(await schedulesOf(api)).toEqual([])
    await api.moveTo('2026-04-12T00:00:00.000Z')
    await api.pay('acc', bought.invoiceId, 50)
    expect(await api.purchase(bought.id)).toMatchObject({ status: 'SUCCESS', pricePlanVersion: 1 })
    expect((await schedulesOf(api)).map(({ pricePlanId, startDate }: Loose) => [pricePlanId, startDate.slice(0, 10)])).toEqual([
      [api.planId, '2026-04-16'],
    ])
    expect(await api.creditsOf('acc')).toEqual([])
    await api.moveTo('2026-04-16T00:00:00.000Z')
    expect(await api.creditsOf('acc')).toEqual([['Pack', 40, '2026-04-16', '2026-05-01']])
    expect(await billedOf(api)).toEqual([
      ['AD_HOC', 'PAID', '2026-04-10', 50],
      ['STANDARD', 'DRAFT', '2026-04-16', 0],
    ])
    await api.moveTo('2026-04-21T00:00:00.000Z')
    await api.hold('acc', api.seats, 3, '2026-04-21T00:00:00Z')
    await api.moveTo('2026-05-02T00:00:00.000Z')
    expect(await billedOf(api)).toEqual([
      ['AD_HOC', 'PAID', '2026-04-10', 50],
      ['STANDARD', 'DRAFT', '2026-04-16', 0],
      ['ADHOC_ADVANCED', 'PAID', '2026-04-21', 0],
      ['AD_HOC', 'DUE', '2026-05-01', 25],
      ['STANDARD', 'DRAFT', '2026-05-01', 7],
      ['STANDARD_ADVANCED', 'DUE', '2026-05-01', 60],
    ])
    expect((await api.purchasesOf('acc')).map(({ type, status }: Loose) => [type, status])).toEqual([
      ['ASSOCIATION', 'SUCCESS'],
      ['PREPAID', 'PENDING'],
    ])
    await holdMoney(api.id)
  })

  it('that begins on the day on which it is paid grants at once, and is not billed again', async () => {
    const api = await withPlan()
    const bought = await buyAndPay(api, { ...api.sent, effectiveFrom: '2026-04-10' })
    expect([bought.status, bought.price]).toEqual(['SUCCESS', 21 + 25])
    expect(await api.creditsOf('acc')).toEqual([['Pack', 40, '2026-04-10', '2026-05-01']])
    expect(await billedOf(api)).toEqual([
      ['STANDARD', 'DRAFT', '2026-04-10', 0],
      ['AD_HOC', 'PAID', '2026-04-10', 46],
    ])
    await api.hold('acc', api.seats, 1, '2026-04-10T09:30:00Z')
    expect((await billedOf(api)).map(([type]) => type)).toEqual(['ADHOC_ADVANCED', 'STANDARD', 'AD_HOC'])
    expect((await api.purchasesOf('acc')).length).toBe(1)
  })

  it('takes what the account has instead of parts of the plan, and the version that was bought', async () => {
    const api = await withPlan()
    const associationOverride = { fixedFeeRateCards: [fee(api.advance, 60, { invoiceTiming: 'IN_ADVANCE' })], creditGrantRateCards: [] }
    const bought = await api.buy('acc', { ...api.sent, associationOverride })
    expect(bought.price).toBe(30)
    await api.patch(`/price_plans/${api.planId}`, { pricePlanDetails: { licenseRateCards: [] } })
    await api.pay('acc', bought.invoiceId, 30)
    const { status, purchasePlan } = await api.purchase(bought.id)
    expect([status, purchasePlan.fixedFeeRateCards.length, purchasePlan.licenseRateCards.length]).toEqual(['SUCCESS', 1, 1])
    expect((await schedulesOf(api)).map(({ version, isOverridden }: Loose) => [version, isOverridden])).toEqual([[1, true]])
  })

  it('that cannot be done any more when it is paid is FAILURE, which says why, and its order stays PAID', async () => {
    const api = await withPlan()
    const bought = await api.buy('acc', api.sent)
    const other = await api.plan({ fixedFeeRateCards: [fee(await api.addOn('FIXED_FEE'), 1)] })
    await api.give('acc', other, '2026-04-10')
    await api.moveTo('2026-04-17T00:00:00.000Z')
    expect((await api.pay('acc', bought.invoiceId, bought.price)).status).toBe(201)
    expect(await api.purchase(bought.id)).toMatchObject({
      status: 'FAILURE',
      comment: expect.stringMatching(/^effectiveFrom: the plan that is in force until then cannot be changed any more; 2026-04-18/),
    })
    expect(orderOf(await api.invoice(bought.invoiceId)).slice(0, 4)).toEqual(['INVOICE', 'PAID', 40, 40])
    expect((await schedulesOf(api)).map(({ pricePlanId }: Loose) => pricePlanId)).toEqual([other])
    expect((await api.patchInvoice(bought.invoiceId, 'REFUND_INITIATED')).status).toBe(200)
  })

  it('is refused if it could not be done now', async () => {
    const api = await withPlan()
    await api.give('acc', api.planId, '2026-04-10')
    const said = async (more: Loose) => {
      const { status, body } = await api.post('/accounts/acc/purchases', { ...api.sent, ...more })
      return [status, body.message]
    }
    expect(await said({ effectiveFrom: '2026-04-10' })).toEqual([409, expect.stringMatching(/^effectiveFrom: /)])
    expect(await said({ effectiveFrom: '2026-04-10', effectiveUntil: '9999-01-01' })).toEqual([
      409,
      'effectiveFrom: the account "acc" has the price plan from then on already, as it would be bought',
    ])
    expect(await said({ associationOverride: { pricingCycleConfig: { interval: 'MONTHLY', gracePeriod: 1 } } })).toEqual([
      400,
      expect.stringMatching(/^associationOverride\.pricingCycleConfig\.startOffset: /),
    ])
    expect((await api.purchasesOf('acc')).map(({ type }: Loose) => type)).toEqual(['PREPAID'])
  })

  it('of a plan of which nothing is paid in advance puts it in force at once', async () => {
    const api = await withBuyer()
    const pricePlanId = await api.plan({ fixedFeeRateCards: [fee(await api.addOn('FIXED_FEE'), 30)] })
    const dates = { effectiveFrom: '2026-04-16', effectiveUntil: '2027-01-01' }
    const bought = await buyAndPay(api, { type: 'ASSOCIATION', pricePlanId, ...dates })
    expect([bought.status, bought.price, (await schedulesOf(api)).length]).toEqual(['SUCCESS', 0, 1])
    const tried = await api.call('POST', '/accounts/acc/purchases?dry_run=true', {
      type: 'ASSOCIATION',
      pricePlanId,
      ...dates,
      effectiveFrom: '2026-05-01',
    })
    expect([tried.status, tried.body.status, (await api.purchasesOf('acc')).length]).toEqual([200, 'IN_PROGRESS', 1])
  })

  it('of a plan that began in the past has paid for the first of its cycles, and the others are billed', async () => {
    const api = await withPlan()
    const bought = await buyAndPay(api, { ...api.sent, effectiveFrom: '2026-02-15' })
    expect([bought.status, bought.price]).toEqual(['SUCCESS', 15 + 25])
    const billed = (await billedOf(api)).filter(([type]) => type !== 'STANDARD')
    expect(billed.map(([type, , startDate, total]) => `${type} ${startDate} ${total}`).toSorted()).toEqual([
      'AD_HOC 2026-04-10 25',
      'AD_HOC 2026-04-10 40',
      'STANDARD_ADVANCED 2026-03-01 30',
      /** The credit of the first cycle is paid after that, and can be used in the one in which it is paid. */
      'STANDARD_ADVANCED 2026-04-01 0',
    ])
    expect((await api.purchasesOf('acc')).map(({ type, price }: Loose) => `${type} ${price}`).toSorted()).toEqual([
      'ASSOCIATION 40',
      'PREPAID 25',
    ])
  })

  it('that is ended before its plan begins is given back what was paid in advance, and grants what was paid for', async () => {
    const api = await withPlan()
    const bought = await buyAndPay(api, api.sent)
    expect([bought.status, await api.creditsOf('acc')]).toEqual(['SUCCESS', []])
    await api.moveTo('2026-04-12T00:00:00.000Z')
    const ended = await api.post('/accounts/acc/price_plans', {
      mode: 'DISASSOCIATE',
      effectiveFrom: '2026-04-13',
      effectiveUntil: '9999-01-01',
    })
    expect([ended.status, ended.body.message]).toEqual([200, undefined])
    expect(await api.creditsOf('acc')).toEqual([[expect.stringMatching(/^Refund/), 15, '2026-04-12', undefined]])
    await api.moveTo('2026-06-01T00:00:00.000Z')
    expect((await api.creditsOf('acc')).map(([purpose, amount]) => [purpose.slice(0, 6), amount])).toEqual([
      ['Pack', 40],
      ['Refund', 15],
    ])
    expect((await billedOf(api)).map(([type]) => type)).toEqual(['AD_HOC'])
    await holdMoney(api.id)
  })

  it('of which nothing is paid in advance leaves its first cycle to be charged for by another plan that takes that over', async () => {
    const api = await withBuyer()
    const [arrears, advance] = [await api.addOn('FIXED_FEE'), await api.addOn('FIXED_FEE')]
    const sent = { type: 'ASSOCIATION', effectiveFrom: '2026-05-01', effectiveUntil: '9999-01-01' }
    const bought = await buyAndPay(api, { ...sent, pricePlanId: await api.plan({ fixedFeeRateCards: [fee(arrears, 5)] }) })
    expect([bought.status, bought.price]).toEqual(['SUCCESS', 0])
    await api.give('acc', await api.plan({ fixedFeeRateCards: [fee(advance, 30, { invoiceTiming: 'IN_ADVANCE' })] }), '2026-05-01')
    await api.moveTo('2026-05-02T00:00:00.000Z')
    expect(await billedOf(api)).toEqual([
      ['AD_HOC', 'PAID', '2026-04-10', 0],
      ['STANDARD', 'DRAFT', '2026-05-01', 0],
      ['STANDARD_ADVANCED', 'DUE', '2026-05-01', 30],
    ])
  })

  it('has not paid for the PREPAID cards that its first cycle is not charged for, which are ordered of a plan that takes that over', async () => {
    const api = await withBuyer()
    const pack = await api.addOn('CREDIT_GRANT')
    const planOf = (more: Loose) => api.plan({ creditGrantRateCards: [creditPack(pack, 40, 25, more)], allow_ongoing_cycle_updates: true })
    const [later, now] = [await planOf({ recurrenceConfig: { interval: 2, offset: 1 } }), await planOf({})]
    const sent = { type: 'ASSOCIATION', pricePlanId: later, effectiveFrom: '2026-04-10', effectiveUntil: '9999-01-01' }
    expect(await buyAndPay(api, sent)).toMatchObject({ status: 'SUCCESS', price: 0 })
    await api.moveTo('2026-04-11T00:00:00.000Z')
    await api.give('acc', now, '2026-04-10')
    expect((await api.purchasesOf('acc')).map(({ type, status, price }: Loose) => [type, status, price])).toEqual([
      ['ASSOCIATION', 'SUCCESS', 0],
      ['PREPAID', 'PENDING', 25],
    ])
  })

  it('charges what it has paid on top of what a cycle was charged that it takes over, which is given back', async () => {
    const api = await withPlan(NOW, { allow_ongoing_cycle_updates: true, licenseRateCards: [], creditGrantRateCards: [] })
    await api.give('acc', api.planId, '2026-04-10')
    expect((await billedOf(api))[1]).toEqual(['STANDARD_ADVANCED', 'DUE', '2026-04-10', 21])
    const other = await api.plan({
      fixedFeeRateCards: [fee(api.advance, 60, { invoiceTiming: 'IN_ADVANCE' })],
      allow_ongoing_cycle_updates: true,
    })
    const bought = await buyAndPay(api, { ...api.sent, pricePlanId: other, effectiveFrom: '2026-04-10' })
    expect([bought.status, bought.price]).toEqual(['SUCCESS', 42])
    expect(await api.creditsOf('acc')).toEqual([[expect.stringMatching(/^Refund/), 21, '2026-04-10', undefined]])
  })
})

describe('WALLET_TOPUP', () => {
  it('puts topupAmount into the wallet when purchaseAmount has been paid', async () => {
    const api = await withBuyer()
    const bought = await buyAndPay(api, { type: 'WALLET_TOPUP', walletTopupDetails: { topupAmount: 120, purchaseAmount: 100 } })
    expect(bought).toMatchObject({ status: 'SUCCESS', price: 100, walletTopupDetails: { topupAmount: 120, purchaseAmount: 100 } })
    const { data } = (await api.get('/accounts/acc/wallet/entries')).body
    expect(data.map(({ amount, entityId, description }: Loose) => [amount, entityId, description])).toEqual([[120, bought.id, 'Purchase']])
    await holdMoney(api.id)
  })

  it('of more than a wallet can hold is FAILURE when it has been paid', async () => {
    const api = await withBuyer()
    await api.topUp('acc', 1e13)
    const bought = await buyAndPay(api, { type: 'WALLET_TOPUP', walletTopupDetails: { topupAmount: 120 } })
    expect(bought).toMatchObject({ status: 'FAILURE', comment: expect.stringMatching(/^topupAmount: the wallet would hold/) })
    expect(await api.balance('acc')).toBe(1e13)
  })
})

describe('PREPAID', () => {
  it('buys the PREPAID cards of a plan, whether or not the account has it', async () => {
    const api = await withBuyer()
    const [feature, pack, setup] = [await api.feature(), await api.addOn('CREDIT_GRANT'), await api.addOn('FIXED_FEE')]
    const pricePlanId = await api.plan({
      fixedFeeRateCards: [fee(setup, 10)],
      billingEntitlementRateCards: [entitlement(feature, 100, 0.5)],
      creditGrantRateCards: [creditPack(pack, 40, 25)],
    })
    const bought = await buyAndPay(api, { type: 'PREPAID', pricePlanId, rateCardQuantities: { [feature]: 2 } })
    expect([bought.status, bought.price]).toEqual(['SUCCESS', 125])
    expect(bought.features.map(({ creditsGranted }: Loose) => creditsGranted)).toEqual([200])
    expect(bought.purchasePlan.fixedFeeRateCards).toEqual([])
    expect(await api.creditsOf('acc')).toEqual([['Pack', 40, '2026-04-10', undefined]])
    const { body } = await api.post('/accounts/acc/purchases', { type: 'PREPAID', pricePlanId, rateCardQuantities: { [setup]: 1 } })
    expect(body.message).toMatch(/^rateCardQuantities\.addon\..*: must be the id/)
  })
})

describe('a purchase', () => {
  const topup = (more: Loose = {}) => ({ type: 'WALLET_TOPUP', walletTopupDetails: { topupAmount: 100 }, ...more })

  it('that is not paid until its expiryDate ends with its order, unless payments are recorded for that', async () => {
    const api = await withBuyer()
    const expiryDate = '2026-04-12T12:00:00.000Z'
    const [lost, kept, paid] = [
      await api.buy('acc', topup({ expiryDate })),
      await api.buy('acc', topup({ expiryDate })),
      await api.buy('acc', topup({ expiryDate })),
    ]
    await api.pay('acc', kept.invoiceId, 40)
    await api.pay('acc', paid.invoiceId, 100)
    await api.moveTo('2026-04-12T11:59:59.999Z')
    expect((await api.purchase(lost.id)).status).toBe('PENDING')
    await api.moveTo(expiryDate)
    expect(await api.purchase(lost.id)).toMatchObject({
      status: 'FAILURE',
      comment: 'It was not paid until its expiryDate.',
      expiryDate,
      updatedAt: expiryDate,
    })
    expect((await api.invoice(lost.invoiceId)).status).toBe('VOID')
    expect((await api.pay('acc', lost.invoiceId, 100)).status).toBe(409)
    expect([(await api.purchase(kept.id)).status, (await api.purchase(paid.id)).status]).toEqual(['PENDING', 'SUCCESS'])
    await api.moveTo('2026-05-12T12:00:00.000Z')
    await api.pay('acc', kept.invoiceId, 60)
    expect([(await api.purchase(kept.id)).status, await api.balance('acc')]).toEqual(['SUCCESS', 200])
    await holdMoney(api.id)
  })

  it('is made once for a key, however often and at once it is sent', async () => {
    const api = await withBuyer()
    await api.buyer('other')
    const body = topup({ idempotencyKey: 'one' })
    const answers = await Promise.all(Array.from({ length: 10 }, () => api.post('/accounts/acc/purchases', body)))
    expect(new Set(answers.map(({ status, body: { id, invoiceId } }) => `${status} ${id} ${invoiceId}`)).size).toBe(1)
    const [{ id, invoiceId }] = [answers[0]?.body]
    await api.pay('acc', invoiceId, 100)
    expect(await api.buy('acc', body)).toMatchObject({ id, status: 'SUCCESS', idempotencyKey: 'one' })
    const { status, body: refused } = await api.post(
      '/accounts/acc/purchases',
      topup({ idempotencyKey: 'one', expiryDate: '2027-01-01T00:00:00Z' }),
    )
    expect([status, refused.message]).toEqual([422, 'idempotencyKey: was used for another purchase. Take a new key.'])
    expect((await api.buy('other', body)).id).not.toBe(id)
    expect((await api.purchasesOf('acc')).length).toBe(1)
    const keyed = await Promise.all([1, 2, 3].map(() => api.call('POST', '/accounts/acc/purchases', topup(), { 'Idempotency-Key': 'two' })))
    expect(new Set(keyed.map(({ body: { id: its } }) => its)).size).toBe(1)
    expect((await api.purchasesOf('acc')).length).toBe(2)
  })

  it('is done once, whatever crashed between its payment and that, and however many do it at once', async () => {
    const api = await withBuyer()
    const pack = await api.addOn('CREDIT_GRANT')
    const pricePlanId = await api.pack({ creditGrantRateCards: [creditPack(pack, 40, 25)] })
    const plan = await api.plan({ fixedFeeRateCards: [fee(await api.addOn('FIXED_FEE'), 30, { invoiceTiming: 'IN_ADVANCE' })] })
    const release = await holdPurchases(api.id)
    const all = [
      await buyAndPay(api, { pricePlanId }),
      await buyAndPay(api, topup()),
      await buyAndPay(api, { type: 'ASSOCIATION', pricePlanId: plan, effectiveFrom: '2026-04-16', effectiveUntil: '2027-01-01' }),
    ]
    expect(all.map(({ status }) => status)).toEqual(['IN_PROGRESS', 'IN_PROGRESS', 'IN_PROGRESS'])
    expect([await api.creditsOf('acc'), await api.balance('acc')]).toEqual([[], 0])
    await release()
    const due = await env.DB.prepare(`SELECT * FROM due WHERE organization_id = ? AND kind = 'PURCHASE'`).bind(api.id).all()
    expect(due.results).toHaveLength(3)
    await Promise.all([1, 2, 3, 4].map(() => doDue(api.id, undefined, Date.parse(NOW))))
    const shown = async () => [
      (await Promise.all(all.map(({ id }) => api.purchase(id)))).map(({ status }) => status),
      await api.creditsOf('acc'),
      await api.balance('acc'),
      await env.DB.prepare('SELECT count(*) AS purchases, sum(version) AS versions FROM purchases WHERE organization_id = ?')
        .bind(api.id)
        .first(),
    ]
    const right = [['SUCCESS', 'SUCCESS', 'SUCCESS'], [['Pack', 40, '2026-04-10', undefined]], 100, { purchases: 3, versions: 9 }]
    expect(await shown()).toEqual(right)
    for (const { kind, subject, due_at: at } of due.results)
      await env.DB.prepare('INSERT OR REPLACE INTO due (organization_id, kind, subject, due_at) VALUES (?, ?, ?, ?)')
        .bind(api.id, kind, subject, at)
        .run()
    await doDue(api.id, undefined, Date.parse(NOW))
    expect(await shown()).toEqual(right)
    await holdMoney(api.id)
  })

  it('is paid and granted in its currency, which its account keeps until then', async () => {
    const api = await withShop(NOW)
    const account = { id: 'acc', name: 'acc' }
    await api.post('/customers', { ...account, primaryEmail: 'a@example.com', address: {}, account })
    const pricePlanId = await api.pack({ creditGrantRateCards: [creditPack(await api.addOn('CREDIT_GRANT'), 40, 25)] })
    const bought = await api.buy('acc', { pricePlanId })
    const change = async () => {
      const { status, body } = await api.patch('/accounts/acc', { invoiceCurrency: 'JPY' })
      return [status, body.message]
    }
    expect(await change()).toEqual([
      409,
      `invoiceCurrency: the account "acc" buys something in USD, "${bought.id}", which has to be paid or end before its currency can be changed`,
    ])
    await api.patchInvoice(bought.invoiceId, 'VOID')
    expect(await change()).toEqual([200, undefined])
  })

  it('that is paid and not done yet is done before the next write of the money of its account', async () => {
    const api = await withBuyer()
    const release = await holdPurchases(api.id)
    const { id } = await buyAndPay(api, topup())
    await release()
    await api.topUp('acc', 1)
    expect([(await api.purchase(id)).status, await api.balance('acc')]).toEqual(['SUCCESS', 101])
  })

  it('of an account that is archived ends if it is not paid, and an archived account buys nothing', async () => {
    const api = await withBuyer()
    const [open, partly, paid] = [await api.buy('acc', topup()), await api.buy('acc', topup()), await buyAndPay(api, topup())]
    await api.pay('acc', partly.invoiceId, 1)
    const proposal = await api.propose('acc', topup({ paymentMode: 'PREPAID' }))
    expect((await api.delete('/accounts/acc')).status).toBe(200)
    expect(await api.purchase(open.id)).toMatchObject({ status: 'FAILURE', comment: 'The account was archived before it was paid.' })
    expect((await api.invoice(open.invoiceId)).status).toBe('VOID')
    expect([(await api.purchase(partly.id)).status, (await api.purchase(paid.id)).status]).toEqual(['PENDING', 'SUCCESS'])
    expect((await api.proposal(proposal.id)).status).toBe('PROPOSAL_EXPIRED')
    const { status, body } = await api.post('/accounts/acc/purchases', topup())
    expect([status, body.message]).toEqual([409, 'The account "acc" is archived, and cannot be changed.'])
  })

  it('is listed, the newest first and page by page, and read by what a portal token may read', async () => {
    const api = await withBuyer()
    await api.buyer('other')
    const ids: string[] = []
    for (const minute of ['31', '32', '33']) {
      await api.moveTo(`2026-04-10T09:${minute}:00.000Z`)
      ids.unshift((await api.buy('acc', topup())).id)
    }
    const first = (await api.get('/accounts/acc/purchases?pageSize=2')).body
    const second = (await api.get(`/accounts/acc/purchases?nextToken=${first.nextToken}`)).body
    expect([...first.data, ...second.data].map(({ id }: Loose) => id)).toEqual(ids)
    expect([first.context, second.nextToken]).toEqual([{ pageSize: 2, sortOrder: 'DESC' }, undefined])
    expect((await api.get(`/accounts/other/purchases?nextToken=${first.nextToken}`)).status).toBe(400)
    const statuses = (paths: readonly string[], own = api) => Promise.all(paths.map(async (path) => (await own.get(path)).status))
    expect(await statuses(['/accounts/acc/purchases?pageSize=101', '/accounts/nobody/purchases', '/purchases/nothing'])).toEqual([
      400, 404, 404,
    ])
    const portal = client((await api.post('/portal/token', { customerId: 'acc', allAccountsAccess: true })).body.token)
    const others = await api.buy('other', topup())
    const paths = [
      '/accounts/acc/purchases',
      `/purchases/${ids[0]}`,
      '/accounts/other/purchases',
      `/purchases/${others.id}`,
      '/purchases/nothing',
    ]
    expect(await Promise.all(paths.map(async (path) => (await portal.get(path)).status))).toEqual([200, 200, 403, 403, 403])
    expect((await portal.post('/accounts/acc/purchases', topup())).status).toBe(403)
  })
})

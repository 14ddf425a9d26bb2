import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { changed, client, writesIn } from '../helpers/api.ts'
import { ACCOUNT, feeOf, withCycles } from '../helpers/billing.ts'
import { doDue } from '../helpers/ledgers.ts'
import { holdMoney } from '../helpers/money.ts'
import { creditPack, fee, holdPurchases, withShop } from '../helpers/purchases.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

/** An account that has paid 9 in advance for April, of which 6 are for the days from 11 April on. */
const withAdvance = async (more: (ids: Loose) => object = () => ({})) => {
  const api = await withCycles('2026-04-01T10:00:00Z', (ids) => ({
    fixedFeeRateCards: [feeOf(ids.platform, 9, { invoiceTiming: 'IN_ADVANCE' })],
    ...more(ids),
  }))
  const other = await api.publish('Other', { fixedFeeRateCards: [] })
  const advance = async (): Promise<Loose> => (await api.list()).find(({ invoiceType }) => invoiceType === 'STANDARD_ADVANCED')
  const pay = async (togaiId: string, totalAmount: number, accountId = ACCOUNT) => {
    const { status, body } = await api.post('/payments', {
      accountId,
      externalPaymentReference: { sourceName: 'gw', sourceType: 'CASH', transactionNumber: `${togaiId} ${totalAmount}` },
      currency: 'USD',
      totalAmount,
      lineItemRecords: [{ type: 'INVOICE', order: 1, togaiId }],
    })
    expect([status, body.message]).toEqual([201, undefined])
  }
  const set = async (id: string, status: string) => {
    const answer = await api.patch(`/invoices/${id}`, { status })
    expect([answer.status, answer.body.status]).toEqual([200, status])
  }
  const credits = async (): Promise<number[]> =>
    (await api.get(`/credits?account_id=${encodeURIComponent(ACCOUNT)}`)).body.data.map(({ creditAmount }: Loose) => creditAmount)
  const change = () => api.associate('2026-04-11', { pricePlanId: other })
  return { ...api, other, advance, pay, set, credits, change }
}

describe('what was paid in advance', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'] })
  })

  afterEach(() => {
    vi.useRealTimers()
  })

  it('is given back for the days on which the plan is gone', async () => {
    const api = await withAdvance()
    await api.associate('2026-04-01')
    await api.change()
    expect(await api.credits()).toEqual([6])
  })

  it.each(['VOID', 'REFUND_INITIATED', 'REFUND_COMPLETED'])('is not given back once more if its invoice is %s', async (status) => {
    const api = await withAdvance()
    await api.associate('2026-04-01')
    const { id } = await api.advance()
    if (status === 'VOID') await api.set(id, status)
    else {
      await api.pay(id, 9)
      await api.set(id, 'REFUND_INITIATED')
      if (status === 'REFUND_COMPLETED') await api.pay(id, -9)
    }
    expect((await api.read(id)).status).toBe(status)
    await api.change()
    expect(await api.credits()).toEqual([])
  })

  it('is not given back if the invoice of the group is void that it was merged into', async () => {
    const api = await withAdvance()
    const made = await api.post('/invoice_groups', {
      name: 'Group',
      email: 'group@example.com',
      dailyInvoiceConsolidation: true,
      accountIds: [ACCOUNT],
      address: {},
    })
    expect(made.status).toBe(200)
    await api.associate('2026-04-01')
    await api.moveTo('2026-04-02T10:00:00Z')
    const { status, info } = await api.advance()
    expect(status).toBe('MERGED')
    await api.set(info[0].value, 'VOID')
    await api.change()
    expect(await api.credits()).toEqual([])
  })

  it('is not given back if its invoice becomes void while that is reckoned', async () => {
    const api = await withAdvance()
    await api.associate('2026-04-01')
    const { id } = await api.advance()
    const [isToVoid, isReckoned] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()]
    const waiting = changed((session) => ({
      batch: async (statements) => {
        if (writesIn(statements)) {
          isToVoid.resolve(undefined)
          await isReckoned.promise
        }
        return session.batch(statements) as never
      },
    }))
    const voiding = client(api.token, waiting).patch(`/invoices/${id}`, { status: 'VOID' })
    await isToVoid.promise
    let commits = 0
    const billing = changed((session) => ({
      batch: async (statements) => {
        /** The first commit changes the plan, and the second one bills that. */
        if (writesIn(statements) && ++commits === 2) {
          isReckoned.resolve(undefined)
          expect((await voiding).status).toBe(200)
        }
        return session.batch(statements) as never
      },
    }))
    const edit = { pricePlanId: api.other, effectiveFrom: '2026-04-11', effectiveUntil: '9999-01-01' }
    const { status } = await client(api.token, billing).post(`/accounts/${encodeURIComponent(ACCOUNT)}/price_plans`, edit)
    expect([status, commits]).toEqual([200, 2])
    await doDue(api.id)
    expect([(await api.read(id)).status, await api.credits()]).toEqual(['VOID', []])
  })

  it('is given back as it was charged, slab by slab, and not a cent more', async () => {
    const api = await withAdvance(() => ({ allow_ongoing_cycle_updates: true }))
    const { id: seat } = (await api.post('/addons', { name: 'Seats', type: 'LICENSE' })).body
    const slabs = [0, 1].map((startAfter, index) => ({ order: index + 1, startAfter, priceType: 'PER_UNIT' }))
    const card = {
      id: seat,
      name: 'seats',
      enableProration: true,
      invoiceTiming: 'IN_ADVANCE',
      ratePlan: { pricingModel: 'TIERED', slabs },
      rateValues: [{ currency: 'USD', slabRates: slabs.map(({ order }) => ({ order, rate: 10.01 })) }],
    }
    const pricePlanId = await api.publish('Seats', { fixedFeeRateCards: [], licenseRateCards: [card] })
    const sent = { licenseId: seat, accountId: ACCOUNT, updateType: 'ABSOLUTE', quantity: 2, effectiveFrom: '2026-04-01T00:00:00Z' }
    expect((await api.post('/license_updates', sent)).status).toBe(200)
    await api.moveTo('2026-04-21T10:00:00Z')
    await api.associate('2026-04-21', { pricePlanId })
    /** Each of two slabs costs 10.01 for 10 of 30 days, which is cut to 3.33. */
    expect((await api.advance()).totalAmount).toBe(6.66)
    const path = `/accounts/${encodeURIComponent(ACCOUNT)}/price_plans`
    const ended = await api.post(path, { mode: 'DISASSOCIATE', effectiveFrom: '2026-04-21', effectiveUntil: '9999-01-01' })
    expect([ended.status, await api.credits()]).toEqual([200, [6.66]])
  })
})

describe('a purchase whose order has been given back', () => {
  it('grants nothing any more when its first cycle begins', async () => {
    const api = await withShop('2026-04-10T09:30:00.000Z')
    await api.buyer('acc')
    await api.topUp('acc', 100)
    const pricePlanId = await api.plan({ creditGrantRateCards: [creditPack(await api.addOn('CREDIT_GRANT'), 40, 25)] })
    const buy = (account: string) =>
      api.buy(account, { type: 'ASSOCIATION', pricePlanId, effectiveFrom: '2026-05-01', effectiveUntil: '9999-01-01' })
    const { id, invoiceId } = await buy('acc')
    expect([(await api.purchase(id)).status, await api.balance('acc')]).toEqual(['SUCCESS', 75])
    expect((await api.patchInvoice(invoiceId, 'VOID')).status).toBe(200)
    await api.buyer('other')
    const paid = await buy('other')
    await api.pay('other', paid.invoiceId, 25)
    expect((await api.patchInvoice(paid.invoiceId, 'REFUND_INITIATED')).status).toBe(200)
    await api.pay('other', paid.invoiceId, -25)
    await api.buyer('third')
    await api.pay('third', (await buy('third')).invoiceId, 25)
    await api.moveTo('2026-05-02T00:00:00.000Z')
    expect([await api.balance('acc'), await api.creditsOf('acc'), await api.creditsOf('other')]).toEqual([100, [], []])
    expect((await api.creditsOf('third')).map(([purpose, amount]: Loose) => [purpose, amount])).toEqual([['Pack', 40]])
    const comment = 'Its order was given back before its first cycle began.'
    expect([await api.purchase(id), await api.purchase(paid.id)]).toMatchObject([
      { status: 'SUCCESS', comment },
      { status: 'SUCCESS', comment },
    ])
    await holdMoney(api.id)
  })

  it('is not done, if it had been paid and was not done yet', async () => {
    const api = await withShop('2026-04-10T09:30:00.000Z')
    await api.buyer('acc')
    await api.topUp('acc', 100)
    const pricePlanId = await api.pack({
      fixedFeeRateCards: [fee(await api.addOn('FIXED_FEE'), 10)],
      creditGrantRateCards: [creditPack(await api.addOn('CREDIT_GRANT'), 40, 25)],
    })
    const release = await holdPurchases(api.id)
    const { id, invoiceId } = await api.buy('acc', { pricePlanId })
    expect([(await api.purchase(id)).status, await api.balance('acc')]).toEqual(['IN_PROGRESS', 65])
    expect((await api.patchInvoice(invoiceId, 'VOID')).status).toBe(200)
    await release()
    await api.moveTo('2026-04-11T00:00:00.000Z')
    expect(await api.purchase(id)).toMatchObject({ status: 'FAILURE', comment: 'Its order was given back before it was done.' })
    expect([await api.balance('acc'), await api.creditsOf('acc')]).toEqual([100, []])
    await holdMoney(api.id)
  })
})

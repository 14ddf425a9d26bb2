import { describe, expect, it } from 'vitest'
import { creditPack, entitlement, withShop } from '../helpers/purchases.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

describe('the order of a cycle', () => {
  it('whose credit ends with the cycle grants what can be used, or is not paid, when the cycle has been billed', async () => {
    const api = await withShop('2026-04-01T00:00:00.000Z')
    const pack = await api.addOn('CREDIT_GRANT')
    const grantDetails = { priority: 1, expiryType: 'PRICING_CYCLE' }
    await api.account('acc', await api.plan({ creditGrantRateCards: [creditPack(pack, 40, 25, { grantDetails })] }), '2026-04-01')
    const [first] = await api.purchasesOf('acc')
    await api.moveTo('2026-06-15T08:00:00.000Z')
    const { status } = await api.pay('acc', (await api.purchase(first.id)).invoiceId, 25)
    const credits = (await api.get('/credits?account_id=acc')).body.data.map((one: Loose) => one.status)
    expect([[409], [201, 'ACTIVE']]).toContainEqual([status, ...credits])
  })

  it('of a plan that takes the place of another is paid by what the order of that gives back', async () => {
    const api = await withShop('2026-04-01T00:00:00.000Z')
    const details = { billingEntitlementRateCards: [entitlement(await api.feature(), 100, 0.5)], allow_ongoing_cycle_updates: true }
    const [one, other] = [await api.plan(details), await api.plan(details)]
    await api.buyer('acc')
    await api.giveCredit('acc', 10)
    await api.topUp('acc', 30)
    await api.give('acc', one, '2026-04-01')
    await api.give('acc', other, '2026-04-01')
    const open = (await api.invoices('acc')).find(({ invoiceClass, status }: Loose) => invoiceClass === 'ORDER' && status !== 'VOID')
    expect([open.totalAmount, open.paidAmount, await api.balance('acc')]).toEqual([40, 30, 0])
  })
})

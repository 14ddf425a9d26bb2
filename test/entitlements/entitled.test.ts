import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { entitlementCard, overageCard, withFeature } from '../helpers/entitled.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
  vi.setSystemTime(Date.parse('2026-04-10T10:00:00Z'))
})

afterEach(() => {
  vi.useRealTimers()
})

const NOON = '2026-04-10T09:00:00Z'

/** An account with so many units a month, and overage if it is said how much. */
const withCredits = async (limit: number, overage?: Loose) => {
  const api = await withFeature('2026-04-10T10:00:00Z')
  const { featureId } = api
  const planId = await api.plan({
    billingEntitlementRateCards: [entitlementCard(featureId, limit)],
    ...(overage && { entitlementOverageRateCards: [overageCard(featureId, 1, overage)] }),
  })
  await api.account('acc', planId, '2026-04-10')
  return api
}

describe('/entitled', () => {
  it('takes units until none is left, and keeps nothing of what it refuses', async () => {
    const api = await withCredits(10)
    expect(await api.entries('acc')).toMatchObject([
      { source: 'PRICE_PLAN', status: 'ACTIVE', effectiveFrom: '2026-04-10T00:00:00.000Z', granted: 10, balance: 10, used: 0 },
    ])
    const { status, body } = await api.entitle('acc', 7, NOON, 'seven')
    expect([status, body]).toEqual([200, { success: true }])
    expect(await api.credits('acc')).toMatchObject({ granted: 10, balance: 3, usedOverage: 0 })
    const short = await api.entitle('acc', 4, NOON, 'four')
    expect([short.status, short.body.message]).toEqual([
      400,
      expect.stringMatching(/^event: needs 4 of the feature "API calls" .* has 3 left/),
    ])
    expect(await api.statuses('four')).toEqual([])
    expect((await api.entitle('acc', 3, NOON, 'four')).status).toBe(200)
    expect(await api.statuses('four')).toEqual(['INGESTION_COMPLETED_EVENT_METERED'])
    expect(await api.used()).toBe('10')
  })

  it('lets 10 of 30 pass that come at once for 10 units, then 5 more with overage of 5, and refuses 6 with 5 left whole (P2-56)', async () => {
    const api = await withCredits(10)
    const all = await Promise.all(Array.from({ length: 30 }, (_, index) => api.entitle('acc', 1, NOON, `one ${index}`)))
    const passed = all.filter(({ status }) => status === 200)
    expect([passed.length, all.filter(({ status }) => status === 400).length]).toEqual([10, 20])
    expect(await api.used()).toBe('10')
    const kept = await Promise.all(Array.from({ length: 30 }, (_, index) => api.statuses(`one ${index}`)))
    expect(kept.filter((its) => its.length)).toHaveLength(10)
    const planId = await api.plan({
      billingEntitlementRateCards: [entitlementCard(api.featureId, 10)],
      entitlementOverageRateCards: [overageCard(api.featureId, 1, { maxQuantity: 5 })],
    })
    await api.account('other', planId, '2026-04-10')
    for (let unit = 0; unit < 10; unit++) expect((await api.entitle('other', 1, NOON)).status).toBe(200)
    expect((await api.entitle('other', 6, NOON, 'six')).status).toBe(400)
    expect(await api.statuses('six')).toEqual([])
    const more = await Promise.all(Array.from({ length: 30 }, (_, index) => api.entitle('other', 1, NOON, `more ${index}`)))
    expect(more.filter(({ status }) => status === 200)).toHaveLength(5)
    expect(await api.credits('other')).toMatchObject({ balance: 0, usedOverage: 5, overageLimit: 5 })
    await api.moveTo('2026-05-04T00:00:00Z')
    expect(await api.billed('other')).toContainEqual(['STANDARD', '2026-04-10', '2026-05-01', '2026-05-04', 5])
  })
})

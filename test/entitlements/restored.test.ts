import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { findLedger } from '../../src/billing/feature_credits/service.ts'
import { accountLedger } from '../helpers/ledger.ts'
import { entitlementCard, withFeature } from '../helpers/entitled.ts'
import { doDue, system } from '../helpers/ledgers.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

const NOW = '2026-04-10T00:00:00Z'
const APRIL = '2026-04-01T00:00:00.000Z'
const MAY = '2026-05-01T00:00:00.000Z'

const withLedger = async () => {
  const api = await withFeature(NOW)
  const planId = await api.plan({ billingEntitlementRateCards: [entitlementCard(api.featureId, 10, {})] })
  await api.account('acc', planId, '2026-04-01')
  const [{ id: entryId }] = (await api.entries('acc')) as [Loose]
  const ledger = accountLedger((await findLedger(system(api.id), 'acc')) ?? '')
  /** What `npm run reconcile` makes due. */
  const reconcile = async () => {
    await env.DB.prepare(
      "INSERT INTO due SELECT organization_id, 'FEATURE_CREDITS_RESTORED', id, ? FROM accounts WHERE organization_id = ?",
    )
      .bind(Date.parse(NOW), api.id)
      .run()
    await doDue(api.id, undefined, Date.parse(NOW) + 1000)
  }
  const rows = async (): Promise<Loose[]> => {
    const { results } = await env.DB.prepare(
      `SELECT id, source, status, granted, cycle_at AS cycleAt, purchase_id AS purchaseId, version, carried FROM feature_entries
       WHERE organization_id = ? ORDER BY id`,
    )
      .bind(api.id)
      .all<Loose>()
    return results
  }
  const grant = (id: string, source: string, feature = api.featureId) => ({
    feature,
    id,
    source,
    from: Date.parse(APRIL),
    until: Date.parse(MAY),
    granted: '3.5',
    isVoid: false,
    version: 2,
  })
  return { ...api, entryId, ledger, reconcile, rows, grant }
}

describe('after the database was restored', () => {
  it('what only a ledger knows comes back, and what was granted since is not granted again', async () => {
    const api = await withLedger()
    const { ledger, entryId } = api
    const [first] = await api.rows()
    const lost = [api.grant('sch.lost#2026-04-01$PRICE_PLAN', 'PRICE_PLAN'), api.grant('purchase.lost#1$PURCHASE', 'ENTITLEMENT')]
    const others = [api.grant('event.x$REFUND', 'REFUND'), api.grant('sch.lost#2026-04-01$PRICE_PLAN', 'PRICE_PLAN', 'feature.lost')]
    await ledger.putGrants([{ account: 'acc', grants: [...lost, ...others], begunAt: null, settledUntil: 0 }], Date.parse(NOW))
    const change = { account: 'acc', feature: api.featureId, id: entryId, until: Date.parse(MAY), granted: '40', isVoid: false, version: 3 }
    await ledger.changeGrant(change, Date.parse(NOW))
    await api.reconcile()
    expect(await api.rows()).toEqual(
      [
        {
          id: lost[1]?.id,
          source: 'ENTITLEMENT',
          status: 'ACTIVE',
          granted: '3.5',
          cycleAt: null,
          purchaseId: 'purchase.lost',
          version: 2,
          carried: 2,
        },
        { ...first, granted: '40', version: 3, carried: 3 },
        {
          id: lost[0]?.id,
          source: 'PRICE_PLAN',
          status: 'ACTIVE',
          granted: '3.5',
          cycleAt: Date.parse(APRIL),
          purchaseId: null,
          version: 2,
          carried: 2,
        },
      ].toSorted((one, other) => (one.id < other.id ? -1 : 1)),
    )
    expect((await api.change('acc', entryId, { granted: 50 })).body).toMatchObject({ granted: 50, balance: 50 })
    const { results } = await env.DB.prepare('SELECT token_id AS actor FROM audit_log WHERE organization_id = ? AND resource_id = ?')
      .bind(api.id, `${api.featureId} ${lost[1]?.id}`)
      .all()
    expect(results).toEqual([{ actor: 'system' }])
    await api.reconcile()
    expect(await api.rows()).toHaveLength(3)
  })

  it('what a restored ledger lacks is carried into it again', async () => {
    const api = await withLedger()
    await api.entitle('acc', 4, '2026-04-10T00:00:00Z', 'E')
    await runInDurableObject(api.ledger, (_, { storage: { sql } }) => {
      sql.exec('DELETE FROM feature_entry')
    })
    expect(await api.entries('acc')).toEqual([])
    await api.reconcile()
    expect(await api.credits('acc')).toMatchObject({ granted: 10, balance: 10 })
    expect(await api.rows()).toMatchObject([{ version: 1, carried: 1 }])
  })
})

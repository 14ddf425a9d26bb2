import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { client } from '../helpers/api.ts'
import { entitlementCard, overageCard, withFeature } from '../helpers/entitled.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
  vi.setSystemTime(Date.parse('2026-04-01T00:00:00Z'))
})

afterEach(() => {
  vi.useRealTimers()
})

const START = '2026-04-01T00:00:00Z'

/** An account with 10 calls and 5 beyond them, and with support by phone, which no event uses up. */
const withEntitlements = async () => {
  const api = await withFeature(START)
  const { featureId, done, post } = api
  const { id: phoneId } = await done(post('/features', { name: 'Support by phone', schemaAssociations: [] }))
  const { id: faxId } = await done(post('/features', { name: 'Support by fax', schemaAssociations: [] }))
  const planId = await api.plan({
    billingEntitlementRateCards: [entitlementCard(featureId, 10), entitlementCard(phoneId, 1, { name: 'phone' })],
    entitlementOverageRateCards: [overageCard(featureId, 1, { maxQuantity: 5 })],
  })
  await api.account('acc', planId, '2026-04-01')
  const values = async (feature = ''): Promise<Loose> =>
    (await done(api.get(`/accounts/acc/entitlements${feature && `/${feature}`}`))).data.map(({ featureId: id, value }: Loose) => [
      id,
      value,
    ])
  const validate = async (feature: string, value: string) => (await done(post(`/accounts/acc/entitlements/${feature}`, { value }))).success
  return { ...api, phoneId, faxId, values, validate }
}

describe('the value of an entitlement', () => {
  it('is none for an account that is archived, which can use nothing either', async () => {
    const api = await withEntitlements()
    expect((await api.delete('/accounts/acc')).status).toBe(200)
    expect([await api.values(), await api.values(api.phoneId), await api.validate(api.featureId, '1')]).toEqual([[], [], false])
    expect((await api.entitle('acc', 1, '2026-04-01T00:00:01Z', 'late')).status).toBe(400)
  })

  it('is what is left of a feature that events use up, and what a setting says of another one', async () => {
    const api = await withEntitlements()
    const { featureId, phoneId, faxId, values } = api
    expect(await values()).toEqual(
      [
        [featureId, '10'],
        [phoneId, 'true'],
      ].toSorted(),
    )
    await api.entitle('acc', '2.5', START)
    await api.done(
      api.post('/settings', {
        id: phoneId,
        value: 'custom',
        dataType: 'STRING',
        namespace: 'USER',
        entityType: 'ACCOUNT',
        entityId: 'acc',
        name: 'How support answers',
      }),
    )
    expect(await values()).toEqual(
      [
        [featureId, '7.5'],
        [phoneId, 'custom'],
      ].toSorted(),
    )
    expect([await values(featureId), await values(phoneId), await values(faxId)]).toEqual([[[featureId, '7.5']], [[phoneId, 'custom']], []])
  })

  it('is enough for so many units with the overage that is left, and takes none', async () => {
    const { featureId, phoneId, faxId, validate, entitle, credits } = await withEntitlements()
    await entitle('acc', 12, START)
    expect(await Promise.all(['3', '3.01', '0', '-1', 'x', ''].map((value) => validate(featureId, value)))).toEqual([
      true,
      false,
      true,
      false,
      false,
      false,
    ])
    expect(await Promise.all(['true', 'True', '1'].map((value) => validate(phoneId, value)))).toEqual([true, false, false])
    expect(await validate(faxId, 'true')).toBe(false)
    expect(await credits('acc')).toMatchObject({ balance: 0, usedOverage: 2 })
  })

  it('is held as long as the plan has its card, or as there are credits', async () => {
    const api = await withEntitlements()
    await api.moveTo('2026-04-10T00:00:00Z')
    await api.done(
      api.post('/accounts/acc/price_plans', { mode: 'DISASSOCIATE', effectiveFrom: '2026-04-15', effectiveUntil: '9999-01-01' }),
    )
    await api.moveTo('2026-04-20T00:00:00Z')
    expect(await api.values()).toHaveLength(2)
    await api.moveTo('2026-05-01T00:00:00Z')
    expect(await api.values()).toEqual([])
    expect(await api.validate(api.featureId, '0')).toBe(false)
  })

  it('of what is not there is 404', async () => {
    const { get, post, featureId } = await withEntitlements()
    expect((await get('/accounts/nobody/entitlements')).status).toBe(404)
    expect((await get('/accounts/acc/entitlements/feature.none')).status).toBe(404)
    expect((await post(`/accounts/nobody/entitlements/${featureId}`, { value: '1' })).status).toBe(404)
  })
})

it('a portal token reads the credits and entitlements of its accounts, and nothing else', async () => {
  const api = await withEntitlements()
  const { featureId } = api
  const { body } = await api.post('/portal/token', { customerId: 'acc', allAccountsAccess: true })
  const { get, post, patch } = client(body.token)
  const reads = (account: string) => [
    `/accounts/${account}/features/${featureId}`,
    `/accounts/${account}/features/${featureId}/entries`,
    `/accounts/${account}/entitlements`,
    `/accounts/${account}/entitlements/${featureId}`,
  ]
  for (const path of reads('acc')) expect([path, (await get(path)).status]).toEqual([path, 200])
  for (const account of ['acme main', 'nobody'])
    for (const path of reads(account)) expect([path, (await get(path)).status]).toEqual([path, 403])
  expect((await post(`/accounts/acc/entitlements/${featureId}`, { value: '1' })).body).toEqual({ success: true })
  expect((await post(`/accounts/acme main/entitlements/${featureId}`, { value: '1' })).status).toBe(403)
  const [{ id }] = (await api.entries('acc')) as [Loose]
  const entry = `/accounts/acc/features/${featureId}/entries/${encodeURIComponent(id)}`
  expect((await patch(entry, { granted: 5 })).status).toBe(403)
  expect((await post(`${entry}/void`)).status).toBe(403)
  expect((await post('/entitled', { event: api.event('acc', 1, START) })).status).toBe(403)
})

import { env } from 'cloudflare:workers'
import * as fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { CreatePricingRule } from '../../src/catalogue/pricing_rules/schema.ts'
import { type PlanDefinition, keepRules } from '../../src/catalogue/price_plans/service.ts'
import { type SentCards, fromKept, keepSentCards, toKept } from '../../src/catalogue/price_plans/service.ts'
import { type Answer, organization } from '../helpers/api.ts'
import { fee, finish, linesOf, newestJob, withVersions } from '../helpers/migrations.ts'
import { organizationWithMeter } from '../helpers/metering.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

afterEach(() => {
  vi.useRealTimers()
})

const monthly = { interval: 'MONTHLY', startOffset: { dayOffset: '1', monthOffset: 'NIL' }, gracePeriod: 1 }

const said = ({ status, body }: Answer): [number, unknown] => [status, body.message ?? body]

const perUnit = (...currencies: string[]) => ({
  ratePlan: { pricingModel: 'TIERED', slabs: [{ order: 1, startAfter: 0, priceType: 'PER_UNIT' }] },
  rateValues: currencies.map((currency) => ({ currency, slabRates: [{ order: 1, rate: 0.5 }] })),
})

const fees = (...currencies: string[]) => currencies.map((currency) => ({ currency, rate: 10 }))

const noCards = {
  usageRateCards: [],
  fixedFeeRateCards: [],
  licenseRateCards: [],
  billingEntitlementRateCards: [],
  entitlementOverageRateCards: [],
  creditGrantRateCards: [],
}

const rule = (name: string, changes: Loose = {}) => ({ name, order: 1, computation: '1', action: { type: 'ADD' }, ...changes })

const detailsOf = ({ body }: Answer) => body.pricingSchedule[0].pricePlanDetails

const versionOf = ({ body }: Answer): [string, number, string[]] => {
  const [{ version, pricePlanDetails }] = body.pricingSchedule
  return [body.status, version, pricePlanDetails.activeCurrencies]
}

/** An organization with something of each kind that can be priced. */
const withItems = async () => {
  const api = await organizationWithMeter()
  const idOf = async (path: string, body: Loose): Promise<string> => (await api.post(path, body)).body.id
  return {
    ...api,
    feeId: await idOf('/addons', { name: 'Support', type: 'FIXED_FEE' }),
    licenseId: await idOf('/addons', { name: 'Seats', type: 'LICENSE' }),
    grantId: await idOf('/addons', { name: 'Credits', type: 'CREDIT_GRANT' }),
    featureId: await idOf('/features', { name: 'Exports', schemaAssociations: [] }),
  }
}

type World = Awaited<ReturnType<typeof withItems>>

const usageCard = ({ meterId }: World, ...currencies: string[]) => ({ usageMeterId: meterId, ...perUnit(...currencies) })

const feeCard = ({ feeId }: World, ...currencies: string[]) => ({ id: feeId, enableProration: true, rateValues: fees(...currencies) })

const planOf = (api: World, changes: Loose = {}, details: Loose = {}) => ({
  name: 'Standard',
  pricePlanDetails: {
    pricingCycleConfig: monthly,
    supportedCurrencies: ['USD', 'EUR'],
    usageRateCards: [usageCard(api, 'USD', 'EUR')],
    ...details,
  },
  ...changes,
})

/** An organization with a plan that was made here, and where it is read in both ways. */
const withPlan = async (changes: Loose = {}, details: Loose = {}) => {
  const api = await withItems()
  const made = await api.post('/price_plans', planOf(api, changes, details))
  expect(said(made)).toMatchObject([200, { status: 'DRAFT' }])
  const path = `/price_plans/${made.body.id}`
  const activate = (...currencies: string[]) => api.post(`${path}/activate`, { currencies })
  return { ...api, made, path, newPath: `/v2${path}`, activate }
}

const publishedVersionsOf = async (id: string): Promise<unknown[]> =>
  (await env.DB.prepare('SELECT * FROM price_plan_versions WHERE price_plan_id = ? ORDER BY plan_version').bind(id).all()).results

describe('createPricePlan', () => {
  it('makes a draft of a first version, which is read in both ways', async () => {
    const { made, get, path, newPath, meterId } = await withPlan({ description: 'For most', pricingRules: [rule('r')] })
    const { body } = made
    const [{ id: referenceId, pricingRules }] = body.pricingSchedule
    const name = `usage_${meterId}`
    expect(body).toEqual({
      id: expect.stringMatching(/^pp\.\w{11}\.\w{5}$/),
      name: 'Standard',
      description: 'For most',
      type: 'BILLING',
      status: 'DRAFT',
      pricingSchedule: [
        {
          id: expect.stringMatching(/^sch\.\w{11}\.\w{5}$/),
          startDate: '1970-01-01T00:00:00.000Z',
          endDate: '9999-01-01T00:00:00.000Z',
          version: 1,
          isOverriden: false,
          pricePlanDetails: {
            type: 'BILLING',
            supportedCurrencies: ['USD', 'EUR'],
            activeCurrencies: [],
            pricingCycleConfig: monthly,
            ...noCards,
            usageRateCards: [{ usageMeterId: meterId, name, ...perUnit('USD', 'EUR') }],
            deferredRevenue: false,
            allow_ongoing_cycle_updates: false,
          },
          pricingRules: [{ id: expect.stringMatching(/^pp_rule\./), version: 1, ...rule('r') }],
        },
      ],
    })
    expect([made.headers.get('Location'), (await get(path)).body]).toEqual([path, body])
    expect((await get(newPath)).body).toMatchObject({ name: 'Standard', referenceId, version: 1, status: 'DRAFT', type: 'BILLING' })
    expect((await get(`${newPath}/rate_cards`)).body.data).toMatchObject([{ name, billableId: meterId, invoiceTiming: 'IN_ARREARS' }])
    expect((await get(`${newPath}/pricing_rules`)).body.data).toEqual(pricingRules)
    expect((await get(`${newPath}/errors`)).body.data).toEqual([])
  })

  it('takes a card of each family, and gives it a timing and a name where it has none', async () => {
    const api = await withItems()
    const { feeId, licenseId, grantId, featureId } = api
    const grant = { priority: 1, expiryType: 'NO_EXPIRY' }
    const rates = [{ currency: 'USD', creditAmount: 100, slabDetails: [{ startAfter: 0, priceType: 'FLAT', rate: 90 }] }]
    const cards = {
      usageRateCards: [usageCard(api, 'USD')],
      fixedFeeRateCards: [feeCard(api, 'USD')],
      licenseRateCards: [{ id: licenseId, enableProration: false, name: 'seats', invoiceTiming: 'IN_ADVANCE', ...perUnit('USD') }],
      billingEntitlementRateCards: [
        {
          featureId,
          featureConfigs: [{ effectiveUntil: 'P1M', featureCreditLimit: 5 }],
          invoiceTiming: 'PREPAID',
          ...perUnit('USD'),
        },
      ],
      entitlementOverageRateCards: [{ featureId, ...perUnit('USD') }],
      creditGrantRateCards: [{ id: grantId, grantDetails: grant, rateDetails: { pricingModel: 'TIERED', currencySlabRateDetails: rates } }],
      minimumCommitment: { displayName: 'At least', rateValues: fees('USD') },
    }
    const answer = await api.post('/price_plans', planOf(api, {}, { supportedCurrencies: ['USD'], ...cards }))
    expect(said(answer)).toMatchObject([200, {}])
    expect(detailsOf(answer)).toMatchObject({
      ...cards,
      fixedFeeRateCards: [{ ...cards.fixedFeeRateCards[0], name: `fixed_fee_${feeId}`, invoiceTiming: 'IN_ARREARS' }],
      creditGrantRateCards: [{ ...cards.creditGrantRateCards[0], name: `credit_grant_${grantId}`, invoiceTiming: 'IN_ARREARS' }],
    })
    const listed = (await api.get(`/v2/price_plans/${answer.body.id}/rate_cards`)).body.data
    expect(listed.map(({ type, invoiceTiming }: Loose) => `${type} ${invoiceTiming}`)).toEqual([
      'USAGE IN_ARREARS',
      'FIXED_FEE IN_ARREARS',
      'LICENSE IN_ADVANCE',
      'BILLING_ENTITLEMENT PREPAID',
      'ENTITLEMENT_OVERAGE IN_ARREARS',
      'CREDIT_GRANT IN_ARREARS',
      'MINIMUM_COMMITMENT IN_ARREARS',
    ])
  })

  it('serves a program that makes a plan with an empty list of fees and without a type, and activates it', async () => {
    const api = await withItems()
    const made = await api.post('/price_plans', {
      name: 'sms-example-plan',
      pricePlanDetails: {
        pricingCycleConfig: monthly,
        supportedCurrencies: ['USD'],
        usageRateCards: [{ ...usageCard(api, 'USD'), displayName: 'sms' }],
        fixedFeeRateCards: [],
      },
    })
    expect(versionOf(made)).toEqual(['DRAFT', 1, []])
    const activated = await api.post(`/price_plans/${made.body.id}/activate`, { currencies: ['USD'] })
    expect(versionOf(activated)).toEqual(['ACTIVE', 1, ['USD']])
    expect(activated.body.type).toBe('BILLING')
  })

  const wrong: [string, (api: World) => Loose, number, Loose][] = [
    ['no details', () => ({ pricePlanDetails: undefined }), 400, 'pricePlanDetails: is required'],
    [
      'what is unknown',
      (api) => planOf(api, { pricePlanDetails: { supportedCurrencies: ['USD'], more: 1 } }),
      400,
      'pricePlanDetails.more: is not a known name',
    ],
    [
      'a missing price',
      (api) => planOf(api, {}, { usageRateCards: [usageCard(api, 'USD')] }),
      400,
      'pricePlanDetails.usageRateCards[0].rateValues: must have a price in EUR, which the plan supports',
    ],
    [
      'no cycle, in a plan that recurs',
      (api) => planOf(api, {}, { pricingCycleConfig: undefined }),
      400,
      'pricePlanDetails.pricingCycleConfig: is required for a plan of type BILLING',
    ],
    [
      'usage, in a plan that is bought once',
      (api) => planOf(api, { type: 'PURCHASE' }, { pricingCycleConfig: undefined }),
      400,
      'pricePlanDetails.usageRateCards[0]: a plan of type PURCHASE has no card of type USAGE',
    ],
    [
      'a second card of a meter',
      (api) => planOf(api, {}, { usageRateCards: [usageCard(api, 'USD', 'EUR'), usageCard(api, 'USD', 'EUR')] }),
      400,
      expect.stringMatching(/^pricePlanDetails\.usageRateCards\[1\]: the card "usage_um\.\S+" prices "um\.\S+" already$/),
    ],
    [
      'a name that another card has',
      (api) =>
        planOf(
          api,
          {},
          {
            usageRateCards: [{ ...usageCard(api, 'USD', 'EUR'), name: 'it' }],
            fixedFeeRateCards: [{ ...feeCard(api, 'USD', 'EUR'), name: 'it' }],
          },
        ),
      400,
      'pricePlanDetails.fixedFeeRateCards[0].name: must not repeat "it"',
    ],
    [
      'a commitment in a currency twice',
      (api) => planOf(api, {}, { minimumCommitment: { displayName: 'At least', rateValues: fees('USD', 'USD') } }),
      400,
      'pricePlanDetails.minimumCommitment.rateValues[1].currency: must not repeat USD',
    ],
    [
      'a rule that cannot run',
      (api) => planOf(api, { pricingRules: [rule('a'), rule('b', { order: 2, computation: '{"nothing":1}' })] }),
      400,
      expect.stringMatching(/^pricingRules\[1\]\.computation: /),
    ],
    [
      'a rule about what is no card',
      (api) => planOf(api, { pricingRules: [rule('a', { action: { type: 'UPDATE', target: 'revenue.ff.none' } })] }),
      400,
      'pricingRules[0].action.target: no card of the plan is ff.none',
    ],
    [
      'a meter that does not exist',
      (api) => planOf(api, {}, { usageRateCards: [{ ...usageCard(api, 'USD', 'EUR'), usageMeterId: 'um.none' }] }),
      404,
      'pricePlanDetails.usageRateCards[0].usageMeterId: the usage meter "um.none" does not exist',
    ],
    [
      'a meter that does not exist, at a price that is missing',
      (api) => planOf(api, {}, { usageRateCards: [{ ...usageCard(api, 'USD'), usageMeterId: 'um.none' }] }),
      400,
      'pricePlanDetails.usageRateCards[0].usageMeterId: the usage meter "um.none" does not exist; pricePlanDetails.usageRateCards[0].rateValues: must have a price in EUR, which the plan supports',
    ],
    [
      'more than 200 cards',
      (api) =>
        planOf(
          api,
          {},
          {
            usageRateCards: Array.from({ length: 101 }, () => ({ usageMeterId: 'um.none', ...perUnit() })),
            fixedFeeRateCards: Array.from({ length: 100 }, () => feeCard(api)),
          },
        ),
      422,
      'pricePlanDetails: a plan has 200 cards at most, and would have 201',
    ],
  ]

  it.each(wrong)('refuses %s, and makes nothing', async (_, bodyOf, status, message) => {
    const api = await withItems()
    expect(said(await api.post('/price_plans', { name: 'Standard', ...bodyOf(api) }))).toEqual([status, message])
    expect((await api.get('/price_plans')).body.data).toEqual([])
  })

  it('refuses a name that a plan of either kind has, until that is archived', async () => {
    const api = await withPlan()
    const { id } = api.made.body
    const taken = [409, `name: the price plan "Standard" exists already, as ${id}`]
    const newer = { name: 'Standard', type: 'BILLING', pricingCycleConfig: monthly, supportedCurrencies: ['USD'] }
    expect(said(await api.post('/price_plans', planOf(api)))).toEqual(taken)
    expect(said(await api.post('/v2/price_plans', newer))).toEqual(taken)
    expect(said(await api.delete(api.path))).toEqual([200, { success: true }])
    expect((await api.post('/v2/price_plans', newer)).status).toBe(200)
    expect((await api.post('/price_plans', planOf(api))).status).toBe(409)
  })

  it('says in a dry run what would be, and what is wrong, and keeps nothing', async () => {
    const api = await withItems()
    const dry = await api.post('/price_plans?dry_run=true', planOf(api))
    expect(said(dry)).toMatchObject([200, { name: 'Standard', status: 'DRAFT' }])
    expect((await api.post('/price_plans?dry_run=true', planOf(api, {}, { usageRateCards: [usageCard(api)] }))).status).toBe(400)
    expect((await api.get('/price_plans')).body.data).toEqual([])
    expect((await api.get(`/price_plans/${dry.body.id}`)).status).toBe(404)
  })
})

describe('getPricePlan', () => {
  it('shows a plan that was made by the newer operations, in its newest published version or in another one', async () => {
    const api = await withItems()
    const { body: newer } = await api.post('/v2/price_plans', {
      name: 'Newer',
      type: 'BILLING',
      pricingCycleConfig: monthly,
      supportedCurrencies: ['USD'],
      allowOngoingCycleUpdates: true,
    })
    const [path, newPath] = [`/price_plans/${newer.id}`, `/v2/price_plans/${newer.id}`]
    const { name: _name, ...card } = { ...feeCard(api, 'USD'), name: '' }
    const rateCard = {
      billableId: api.feeId,
      type: 'FIXED_FEE',
      invoiceTiming: 'IN_ADVANCE',
      displayName: 'Help',
      rateCardDetails: { fixedFeeRateCard: card },
    }
    await api.post(`${newPath}/rate_cards`, { operations: [{ actionType: 'CREATE', rateCardName: 'fee', rateCard }] })
    const draft = await api.get(path)
    expect(versionOf(draft)).toEqual(['DRAFT', 1, []])
    expect(detailsOf(draft)).toMatchObject({
      fixedFeeRateCards: [{ ...card, name: 'fee', displayName: 'Help', invoiceTiming: 'IN_ADVANCE' }],
      allow_ongoing_cycle_updates: true,
    })
    expect(draft.body.pricingSchedule[0].id).toBe(newer.referenceId)
    await api.post(`${newPath}/finalize`, {})
    const published = await api.get(path)
    expect(versionOf(published)).toEqual(['ACTIVE', 1, ['USD']])

    const { updatedAt } = (await api.patch(newPath, { supportedCurrencies: ['USD', 'EUR'] })).body
    expect((await api.get(path)).body).toEqual(published.body)
    expect(versionOf(await api.get(`${path}?version=2`))).toEqual(['ACTIVE', 2, []])
    expect((await api.get('/price_plans')).body.data).toMatchObject([
      { version: 1, pricePlanDetails: { supportedCurrencies: ['USD'], activeCurrencies: ['USD'] }, updatedAt },
    ])
    expect((await api.get(`${path}?version=1`)).body).toEqual(published.body)
    expect(said(await api.get(`${path}?version=3`))).toEqual([404, `The price plan "${newer.id}" has no version 3.`])
    expect(said(await api.get(`${path}?version=0`))).toEqual([400, 'version: must be a whole number from 1 on'])
    await api.post(`${newPath}/rate_cards`, { operations: [{ actionType: 'DELETE', rateCardName: 'fee' }] })
    await api.post(`${newPath}/finalize`, {})
    const second = await api.get(path)
    expect(versionOf(second)).toEqual(['ACTIVE', 2, ['USD', 'EUR']])
    expect(detailsOf(second).fixedFeeRateCards).toEqual([])
    expect((await api.get(`${path}?version=1`)).body).toEqual(published.body)
  })

  it('shows no plan of another organization', async () => {
    const [{ path }, theirs] = [await withPlan(), await organization()]
    expect((await theirs.get(path)).status).toBe(404)
    expect((await theirs.get('/price_plans')).body.data).toEqual([])
  })
})

describe('pricePlanMigration', () => {
  it('does what pricePlanMigrationV2 does', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const api = await withVersions('2026-04-20T10:00:00Z')
    await api.addAccount('first', '2026-04-01')
    await api.publishSecond()
    const body = { sourceId: api.planId, sourceVersion: 1, targetId: api.planId, migrationMode: 'NEXT_CYCLE' }
    expect(said(await api.post('/price_plans/migration', { ...body, targetVersion: 1 }))).toEqual([
      400,
      'targetVersion: must be another version than 1, from which accounts are moved',
    ])
    const answer = await api.post('/price_plans/migration', body)
    expect(said(answer)).toEqual([201, { success: true }])
    const { entries } = await finish(api, answer.headers.get('Location'))
    expect(entries).toEqual({ first: 'COMPLETED' })
    expect(await linesOf(api, 'first')).toEqual(['Basic 1 2026-04-01 2026-05-01', 'Basic 2 2026-05-01 9999-01-01'])
  })
})

describe('updatePricePlan', () => {
  it('moves the accounts of older versions to the one that it publishes, if it is asked to', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const api = await withVersions('2026-04-20T10:00:00Z')
    await api.addAccount('first', '2026-04-01')
    await api.publishSecond()
    await api.addAccount('second', '2026-04-01')
    const next = (rate: number, more: Loose) => api.publish({ fixedFeeRateCards: fee(api.feeId, rate) }, more)
    await next(30, { migrationMode: 'NONE', versionsToMigrate: 'ALL_VERSION' })
    await next(30, { migrationMode: 'IMMEDIATE' })
    expect(await newestJob(api)).toBeNull()
    await next(40, { migrationMode: 'IMMEDIATE' })
    const none = await finish(api, await newestJob(api))
    expect([none.job.status, none.job.metadata.sourceVersion, none.entries]).toEqual(['COMPLETED', '3', {}])
    vi.setSystemTime(Date.parse('2026-04-22T10:00:00Z'))
    const answer = await next(50, { migrationMode: 'NEXT_CYCLE', versionsToMigrate: 'ALL_VERSION' })
    expect([detailsOf(answer).fixedFeeRateCards[0].rateValues[0].rate, answer.headers.get('Location')]).toEqual([50, null])
    const all = await finish(api, await newestJob(api))
    expect([all.job.metadata.sourceVersion, all.job.metadata.targetVersion, all.entries]).toEqual([
      '1-4',
      '5',
      { first: 'COMPLETED', second: 'COMPLETED' },
    ])
    expect(await linesOf(api, 'first')).toEqual(['Basic 1 2026-04-01 2026-05-01', 'Basic 5 2026-05-01 9999-01-01'])
    expect(await linesOf(api, 'second')).toEqual(['Basic 2 2026-04-01 2026-05-01', 'Basic 5 2026-05-01 9999-01-01'])
  })

  it('changes a plan that was never published in place, each member as a whole', async () => {
    const api = await withPlan({ pricingRules: [rule('one'), rule('two', { order: 2 })] })
    const before = (await api.get(api.path)).body
    const [{ pricingRules: rules }] = before.pricingSchedule
    const changed = await api.patch(api.path, {
      description: 'Now',
      migrationMode: 'IMMEDIATE',
      pricePlanDetails: { fixedFeeRateCards: [{ ...feeCard(api, 'USD', 'EUR'), name: 'fee' }] },
    })
    expect(versionOf(changed)).toEqual(['DRAFT', 1, []])
    expect(changed.body).toMatchObject({ description: 'Now', pricingSchedule: [{ pricingRules: rules }] })
    expect(detailsOf(changed)).toEqual({
      ...before.pricingSchedule[0].pricePlanDetails,
      fixedFeeRateCards: [{ ...feeCard(api, 'USD', 'EUR'), name: 'fee', invoiceTiming: 'IN_ARREARS' }],
    })
    const replaced = await api.patch(api.path, { pricePlanDetails: { usageRateCards: [] }, pricingRules: [rule('two', { order: 3 })] })
    expect(detailsOf(replaced)).toMatchObject({ usageRateCards: [], fixedFeeRateCards: [{ name: 'fee' }] })
    expect(replaced.body.pricingSchedule[0].pricingRules).toEqual([{ ...rules[1], order: 3, version: 2 }])
    expect((await api.get(`${api.newPath}/rate_cards`)).body.data.map(({ name }: Loose) => name)).toEqual(['fee'])
    expect(await publishedVersionsOf(before.id)).toEqual([])
  })

  it('publishes the next version of a published plan at once, and never changes the one before', async () => {
    const api = await withPlan()
    const { id } = api.made.body
    const first = await api.activate('USD')
    const versions = await publishedVersionsOf(id)
    const second = await api.patch(api.path, { pricePlanDetails: { fixedFeeRateCards: [feeCard(api, 'USD', 'EUR')] } })
    expect(versionOf(second)).toEqual(['ACTIVE', 2, ['USD']])
    expect(second.body.pricingSchedule[0].id).not.toBe(first.body.pricingSchedule[0].id)
    expect((await api.get(api.path)).body).toEqual(second.body)
    expect((await api.get(api.newPath)).body).toMatchObject({ version: 2, status: 'ACTIVE' })
    const third = await api.patch(api.path, { pricePlanDetails: { supportedCurrencies: ['EUR'] } })
    expect(versionOf(third)).toEqual(['ACTIVE', 3, []])
    expect(versionOf(await api.activate('EUR'))).toEqual(['ACTIVE', 3, ['EUR']])
    expect((await publishedVersionsOf(id)).slice(0, 1)).toEqual(versions)
    const again = await api.get(`${api.path}?version=1`)
    expect([versionOf(again), detailsOf(again).fixedFeeRateCards]).toEqual([['ACTIVE', 1, ['USD']], []])
  })

  it('makes no version where nothing changes, whatever is sent of what was read', async () => {
    const api = await withPlan(
      { description: 'D', pricingRules: [rule('one')] },
      { minimumCommitment: { displayName: 'M', rateValues: fees('USD') } },
    )
    const published = await api.activate('USD', 'EUR')
    const {
      activeCurrencies: _active,
      type: _type,
      deferredRevenue: _deferred,
      allow_ongoing_cycle_updates: _updates,
      ...pricePlanDetails
    } = detailsOf(published)
    const { usageRateCards } = pricePlanDetails
    for (const body of [
      {},
      { description: 'D' },
      { pricePlanDetails, pricingRules: [rule('one')] },
      { pricePlanDetails: { usageRateCards } },
    ])
      expect(said(await api.patch(api.path, body))).toEqual([200, published.body])
    expect(await publishedVersionsOf(published.body.id)).toHaveLength(1)
  })

  it.each([
    ['a draft', false],
    ['a published plan', true],
  ])('refuses what makes %s impossible to rate', async (_, isPublished) => {
    const api = await withPlan()
    if (isPublished) await api.activate('USD')
    const before = (await api.get(api.path)).body
    const patch = async (pricePlanDetails: Loose, more: Loose = {}) => said(await api.patch(api.path, { pricePlanDetails, ...more }))
    expect(await patch({ supportedCurrencies: ['USD', 'INR'] })).toEqual([
      400,
      'pricePlanDetails.usageRateCards[0].rateValues: must have a price in INR, which the plan supports',
    ])
    expect(await patch({ licenseRateCards: [{ id: 'addon.none', enableProration: true, ...perUnit('USD', 'EUR') }] })).toEqual([
      404,
      'pricePlanDetails.licenseRateCards[0].id: the add-on "addon.none" does not exist',
    ])
    expect(await patch({ fixedFeeRateCards: [{ ...feeCard(api, 'USD', 'EUR'), name: `usage_${api.meterId}` }] })).toEqual([
      400,
      `pricePlanDetails.fixedFeeRateCards[0].name: must not repeat "usage_${api.meterId}"`,
    ])
    expect(await patch(undefined, { pricingRules: [rule('a'), rule('b')] })).toEqual([400, 'pricingRules[1].order: must not repeat 1'])
    expect(await patch({ deferredRevenue: true })).toEqual([400, 'pricePlanDetails.deferredRevenue: is not a known name'])
    expect((await api.get(api.path)).body).toEqual(before)
  })

  it('refuses a published plan that has a draft, until that is gone', async () => {
    const api = await withPlan()
    await api.activate('USD')
    await api.patch(api.newPath, { description: 'Draft' })
    expect(said(await api.patch(api.path, { description: 'Other' }))).toEqual([
      409,
      'The price plan "Standard" has a draft, which must be finalized or discarded first.',
    ])
    await api.delete(`${api.newPath}/discard`)
    expect(versionOf(await api.patch(api.path, { description: 'Other' }))).toEqual(['ACTIVE', 2, ['USD']])
  })

  it('makes one version after the other of changes that come at once', async () => {
    const api = await withPlan()
    await api.activate('USD')
    const answers = await Promise.all(Array.from({ length: 5 }, (_, n) => api.patch(api.path, { description: `D${n}` })))
    expect(answers.map((answer) => versionOf(answer)[1]).toSorted()).toEqual([2, 3, 4, 5, 6])
  })
})

describe('activatePricePlan', () => {
  it('publishes a draft in some currencies, and adds others later', async () => {
    const api = await withPlan()
    const first = await api.activate('EUR')
    expect(versionOf(first)).toEqual(['ACTIVE', 1, ['EUR']])
    const versions = await publishedVersionsOf(api.made.body.id)
    const again = await api.activate('EUR')
    expect([again.body, again.headers.get('ETag')]).toEqual([first.body, first.headers.get('ETag')])
    await api.patch(api.newPath, { description: 'Draft' })
    expect(versionOf(await api.activate('USD'))).toEqual(['ACTIVE', 1, ['USD', 'EUR']])
    expect((await api.get(api.newPath)).body).toMatchObject({ version: 2, status: 'DRAFT', description: 'Draft' })
    expect(await publishedVersionsOf(api.made.body.id)).toEqual(
      versions.map((one: Loose) => ({ ...one, active_currencies: '["USD","EUR"]' })),
    )
    expect((await api.delete(`${api.newPath}/discard`)).status).toBe(200)
    expect(versionOf(await api.get(api.path))).toEqual(['ACTIVE', 1, ['USD', 'EUR']])
    const dropCurrencies = env.DB.prepare('UPDATE price_plan_versions SET active_currencies = ? WHERE price_plan_id = ?')
    await expect(dropCurrencies.bind('["EUR"]', api.made.body.id).run()).rejects.toThrow(/stay active/)
  })

  it('leaves the currencies of a version as they were when another one is published', async () => {
    const api = await withPlan()
    await api.activate('USD')
    const first = (await api.get(api.path)).body
    await api.patch(api.newPath, { description: 'Next' })
    await api.post(`${api.newPath}/finalize`, {})
    expect(versionOf(await api.get(api.path))).toEqual(['ACTIVE', 2, ['USD', 'EUR']])
    expect((await api.get(`${api.path}?version=1`)).body).toEqual(first)
  })

  it.each([
    ['a currency that the plan does not support', ['USD', 'INR'], 'currencies[1]: must be one that the plan supports: USD, EUR'],
    ['no currency', [], 'currencies: must hold 1 to 200'],
    ['a currency twice', ['USD', 'USD'], 'currencies[1]: must not repeat [0]: a currency is activated once'],
  ])('refuses %s', async (_, currencies, message) => {
    const api = await withPlan()
    expect(said(await api.activate(...currencies))).toEqual([400, message])
    expect((await api.get(api.path)).body.status).toBe('DRAFT')
  })

  it('refuses a draft that has errors', async () => {
    const api = await withPlan()
    await api.patch(api.newPath, { supportedCurrencies: ['USD', 'INR'] })
    expect(said(await api.activate('USD'))).toEqual([
      409,
      `The draft of the price plan "Standard" has errors: usage_${api.meterId}: rateValues: must have a price in INR, which the plan supports`,
    ])
  })
})

describe('archivePricePlan', () => {
  it.each([
    ['a draft', false],
    ['a published plan', true],
  ])('archives %s, which is read from then on and never changed', async (_, isPublished) => {
    const api = await withPlan()
    if (isPublished) await api.activate('USD')
    const before = (await api.get(api.path)).body
    expect(said(await api.delete(api.path))).toEqual([200, { success: true }])
    expect((await api.get(api.path)).body).toEqual({ ...before, status: 'ARCHIVED' })
    expect((await api.get(api.newPath)).body).toMatchObject({ version: 1, status: isPublished ? 'ACTIVE' : 'DRAFT' })
    const refused = [409, 'The price plan "Standard" is archived, and cannot be changed.']
    expect(said(await api.delete(api.path))).toEqual(refused)
    expect(said(await api.activate('EUR'))).toEqual(refused)
    expect(said(await api.patch(api.path, { description: 'Other' }))).toEqual(refused)
    expect(said(await api.patch(api.newPath, { description: 'Other' }))).toEqual(refused)
    expect((await api.get('/v2/price_plans')).body.data).toEqual([])
    await api.post(`/usage_meters/${api.meterId}/deactivate`)
    expect((await api.delete(`/usage_meters/${api.meterId}`)).status).toBe(200)
  })
})

describe('getPricePlans', () => {
  it('lists plans by what is asked for, without their cards', async () => {
    const api = await withPlan({ description: 'For most' })
    await api.activate('USD')
    const purchase = { fixedFeeRateCards: [feeCard(api, 'USD', 'EUR')], usageRateCards: [], pricingCycleConfig: undefined }
    await api.post('/price_plans', planOf(api, { name: 'Bought', type: 'PURCHASE' }, purchase))
    const gone = await api.post('/price_plans', planOf(api, { name: 'Gone' }))
    await api.delete(`/price_plans/${gone.body.id}`)
    const { data, context } = (await api.get('/price_plans?type=BILLING')).body
    expect(data).toEqual([
      {
        id: api.made.body.id,
        name: 'Standard',
        description: 'For most',
        type: 'BILLING',
        version: 1,
        status: 'ACTIVE',
        usageMeters: [api.meterId],
        pricePlanDetails: { supportedCurrencies: ['USD', 'EUR'], activeCurrencies: ['USD'], pricingCycleConfig: monthly },
        createdAt: expect.any(String),
        updatedAt: expect.any(String),
      },
    ])
    expect(context).toEqual({ pageSize: 20, sortOrder: 'DESC' })
    const names = async (query: string) => (await api.get(`/price_plans${query}`)).body.data.map(({ name }: Loose) => name)
    expect(await names('?_sort=id:ASC')).toEqual(['Standard', 'Bought'])
    expect(await names('?_sort=updated_at:ASC')).toEqual(['Standard', 'Bought'])
    expect(await names('?status=DRAFT')).toEqual(['Bought'])
    expect(await names('?status=ACTIVE&type=PURCHASE')).toEqual([])
    expect(await names('?status=ARCHIVED')).toEqual(['Gone'])
    expect(await names('?_search=for%20m')).toEqual(['Standard'])
    const first = (await api.get('/price_plans?pageSize=1&_sort=id:ASC')).body
    expect((await api.get(`/price_plans?nextToken=${first.nextToken}`)).body.data).toMatchObject([{ name: 'Bought' }])
  })
})

describe('a plan', () => {
  const CURRENCIES = ['USD', 'EUR', 'JPY']
  const rate = fc.double({ min: 0, max: 1e6, noNaN: true, noDefaultInfinity: true })
  const maybe = <Value>(field: string, value: fc.Arbitrary<Value>): fc.Arbitrary<Record<string, Value>> =>
    fc.option(value, { nil: undefined }).map((one) => (one === undefined ? {} : { [field]: one }))
  const joined = (...parts: fc.Arbitrary<object>[]): fc.Arbitrary<object> =>
    fc.tuple(...parts).map((all) => Object.assign({}, ...all) as object)
  const text = fc.string({ minLength: 1, maxLength: 8 })
  const config = fc.constantFrom({ minimumRate: '1' }, { maximumRate: '9.5' }, { minimumRate: '0', maximumRate: '2' })
  const timing = fc.constantFrom('IN_ADVANCE', 'IN_ARREARS', 'PREPAID')
  const recurrence = maybe('recurrenceConfig', fc.record({ interval: fc.integer({ min: 1, max: 12 }), offset: fc.nat(3) }))
  const once = maybe('type', fc.constantFrom('ONE_TIME', 'RECURRING'))
  const priced = fc.integer({ min: 1, max: 3 }).chain((count) =>
    fc.record({
      ratePlan: fc.record({
        pricingModel: fc.constantFrom('TIERED', 'VOLUME'),
        slabs: fc.constant(
          Array.from({ length: count }, (_, at) => ({
            order: at + 1,
            startAfter: at * 10,
            ...(at ? { priceType: 'PACKAGE', slabConfig: { packageSize: '5' } } : { priceType: 'PER_UNIT' }),
          })),
        ),
      }),
      rateValues: fc.subarray(CURRENCIES).chain((some) =>
        fc.tuple(
          ...some.map((currency) =>
            joined(
              fc.record({
                slabRates: fc.tuple(
                  ...Array.from({ length: count }, (_, at) =>
                    joined(fc.record({ order: fc.constant(at + 1), rate }), maybe('slabRateConfig', config)),
                  ),
                ),
              }),
              fc.constant({ currency }),
              maybe('rateConfig', config),
            ),
          ),
        ),
      ),
    }),
  )
  const feeRates = fc
    .subarray(CURRENCIES, { minLength: 1 })
    .chain((some) => fc.tuple(...some.map((currency) => fc.record({ currency: fc.constant(currency), rate }))))
  const texts = [maybe('displayName', fc.string({ maxLength: 8 })), maybe('tag', text)]

  /** Cards of a family: what each has beside its texts, which it may be without; its name is its own, or none, where that of a meter is the one that the card before would get. */
  const cardsOf = (family: string, idField: string, ...parts: fc.Arbitrary<object>[]) =>
    fc.array(fc.tuple(joined(...texts, ...parts), fc.boolean()), { maxLength: 3 }).map((cards) =>
      cards.map(([card, isNamed], at) => ({
        ...card,
        [idField]: `${family}.${at}`,
        ...(isNamed && { name: `usage_${family}.${at - 1}` }),
      })),
    )

  const sentCards = joined(
    maybe('usageRateCards', cardsOf('um', 'usageMeterId', priced)),
    maybe(
      'fixedFeeRateCards',
      cardsOf(
        'fee',
        'id',
        fc.record({ rateValues: feeRates, enableProration: fc.boolean() }),
        maybe('invoiceTiming', timing),
        once,
        recurrence,
      ),
    ),
    maybe(
      'licenseRateCards',
      cardsOf(
        'seat',
        'id',
        priced,
        fc.record({ enableProration: fc.boolean() }),
        maybe('invoiceTiming', timing),
        maybe('usageCycle', fc.constantFrom('WEEKLY', 'MONTHLY')),
        maybe('config', fc.record({ maxQuantity: fc.nat(9) })),
      ),
    ),
    maybe(
      'billingEntitlementRateCards',
      cardsOf(
        'feature',
        'featureId',
        priced,
        fc.record({ featureConfigs: fc.constant([{ effectiveUntil: 'P1M', featureCreditLimit: 5 }]), invoiceTiming: timing }),
        recurrence,
      ),
    ),
    maybe('entitlementOverageRateCards', cardsOf('over', 'featureId', priced, maybe('maxQuantity', rate))),
    maybe(
      'creditGrantRateCards',
      cardsOf(
        'grant',
        'id',
        fc.record({
          grantDetails: fc.constant({ priority: 1, expiryType: 'NO_EXPIRY' }),
          rateDetails: fc.record({
            pricingModel: fc.constant('TIERED'),
            currencySlabRateDetails: fc.tuple(
              fc.record({
                currency: fc.constant('USD'),
                creditAmount: rate,
                slabDetails: fc.tuple(fc.record({ startAfter: fc.constant(0), priceType: fc.constant('FLAT'), rate })),
              }),
            ),
          }),
        }),
        maybe('invoiceTiming', timing),
        once,
        recurrence,
      ),
    ),
    maybe('minimumCommitment', fc.record({ displayName: text, rateValues: feeRates })),
  ) as fc.Arbitrary<SentCards>

  const sentRules = fc
    .array(
      joined(
        fc.record({ computation: text, action: fc.constant({ type: 'ADD' }) }),
        maybe('condition', text),
        maybe('invoiceTiming', fc.constantFrom('IN_ADVANCE', 'IN_ARREARS')),
      ) as fc.Arbitrary<Omit<CreatePricingRule, 'name' | 'order'>>,
      { maxLength: 3 },
    )
    .map((rules) => rules.map((one, at) => ({ ...one, name: `r${at}`, order: at + 1 })))

  const sentPlan = fc.record({
    description: text,
    pricePlanDetails: fc
      .tuple(sentCards, fc.subarray(CURRENCIES, { minLength: 1 }), fc.boolean(), fc.boolean())
      .map(([cards, supportedCurrencies, deferredRevenue, updates]) => ({
        ...cards,
        supportedCurrencies,
        pricingCycleConfig: monthly as NonNullable<PlanDefinition['pricingCycleConfig']>,
        deferredRevenue,
        allow_ongoing_cycle_updates: updates,
      })),
    pricingRules: sentRules,
  })

  const ctx = { now: 0 }
  const none: PlanDefinition = {
    type: 'BILLING',
    description: null,
    pricingCycleConfig: null,
    supportedCurrencies: [],
    deferredRevenue: false,
    allowOngoingCycleUpdates: false,
    cards: [],
    rules: [],
  }
  const stored = <Value>(value: Value): Value => JSON.parse(JSON.stringify(value)) as Value

  it('is the same after it was kept as it was read, and sent as it was read it changes nothing', () => {
    fc.assert(
      fc.property(sentPlan, (sent) => {
        const kept = stored(toKept(ctx, sent, none))
        const read = fromKept(kept, [])
        const { type: _type, activeCurrencies: _active, ...pricePlanDetails } = read
        const rules = kept.rules.map(({ id: _id, version: _version, ...one }) => one)
        const again = { description: sent.description, pricePlanDetails, pricingRules: rules }
        expect(fromKept(toKept(ctx, again, none), [])).toEqual(read)
        expect(toKept(ctx, again, none).cards).toEqual(kept.cards)
        expect(JSON.stringify(toKept(ctx, again, kept))).toBe(JSON.stringify(kept))
        expect(keepRules(ctx, kept.rules, rules)).toEqual(kept.rules)
        expect(read).toMatchObject(sent.pricePlanDetails)
      }),
      { numRuns: 10_000 },
    )
  })

  it('keeps the cards of a list that is left out, and has cards of different names', () => {
    fc.assert(
      fc.property(sentCards, sentCards, (first, second) => {
        const before = keepSentCards(first, [])
        const after = fromKept({ ...none, cards: keepSentCards(second, before) }, [])
        expect(after).toMatchObject({ ...fromKept({ ...none, cards: before }, []), ...second, supportedCurrencies: [] })
        expect(new Set(before.map(({ name }) => name)).size).toBe(before.length)
      }),
      { numRuns: 2000 },
    )
  })
})

import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import type { Operation } from '../../src/http/operation.ts'
import * as examples from '../../src/lib/examples.ts'
import { operations as everyOperation } from '../../src/operations.ts'
import { type Answer, type Api, organization, watched, client } from '../helpers/api.ts'
import { exampleOf } from '../helpers/example.ts'
import { organizationWithMeter } from '../helpers/metering.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

const monthly = { interval: 'MONTHLY', startOffset: { dayOffset: '1', monthOffset: 'NIL' }, gracePeriod: 3 }
const plan = { name: 'Standard', type: 'BILLING', pricingCycleConfig: monthly, supportedCurrencies: ['USD'] }

const said = ({ status, body }: Answer): [number, unknown] => [status, body.message ?? body]

const perUnit = (rate: number, more: Loose = {}) => ({
  ratePlan: { pricingModel: 'TIERED', slabs: [{ order: 1, startAfter: 0, priceType: 'PER_UNIT' }] },
  rateValues: [{ currency: 'USD', slabRates: [{ order: 1, rate }], ...more }],
})

const usageCard = (usageMeterId: string, changes: Loose = {}, nested: Loose = {}) => ({
  billableId: usageMeterId,
  type: 'USAGE',
  invoiceTiming: 'IN_ARREARS',
  rateCardDetails: { usageRateCard: { usageMeterId, ...perUnit(0.5), ...nested } },
  ...changes,
})

const feeCard = (id: string, changes: Loose = {}, nested: Loose = {}) => ({
  billableId: id,
  type: 'FIXED_FEE',
  invoiceTiming: 'IN_ARREARS',
  rateCardDetails: { fixedFeeRateCard: { id, enableProration: true, rateValues: [{ currency: 'USD', rate: 10 }], ...nested } },
  ...changes,
})

const create = (rateCardName: string, rateCard: Loose) => ({ actionType: 'CREATE', rateCardName, rateCard })

/** An organization with a meter, a fee, and a plan that is a draft. */
const withPlan = async (changes: Loose = {}) => {
  const api = await organizationWithMeter()
  const { body: fee } = await api.post('/addons', { name: 'Support', type: 'FIXED_FEE', billableName: 'Support by phone' })
  const { body: license } = await api.post('/addons', { name: 'Seats', type: 'LICENSE' })
  const { body: feature } = await api.post('/features', { name: 'Exports', schemaAssociations: [] })
  const answer = await api.post('/v2/price_plans', { ...plan, ...changes })
  expect(said(answer)).toMatchObject([200, { version: 1, status: 'DRAFT' }])
  const path = `/v2/price_plans/${answer.body.id}`
  const operate = (...operations: Loose[]) => api.post(`${path}/rate_cards`, { operations })
  const errorsOf = async () =>
    (await api.get(`${path}/errors`)).body.data.map(
      ({ entityId, entityType, errorMessage }: Loose) => `${entityType} ${entityId}: ${errorMessage}`,
    )
  return {
    ...api,
    plan: answer.body,
    path,
    operate,
    errorsOf,
    feeId: String(fee.id),
    licenseId: String(license.id),
    featureId: String(feature.id),
  }
}

const finalize = (api: Pick<Api, 'post'>, path: string) => api.post(`${path}/finalize`, {})

describe('createPricePlanV2', () => {
  it('makes a draft of a first version', async () => {
    const { plan: made, get, path } = await withPlan({ description: 'For most' })
    expect(made).toMatchObject({ ...plan, description: 'For most', version: 1, status: 'DRAFT', deferredRevenue: false })
    expect([made.id, made.referenceId]).toEqual([
      expect.stringMatching(/^pp\.\w{11}\.\w{5}$/),
      expect.stringMatching(/^sch\.\w{11}\.\w{5}$/),
    ])
    expect((await get(path)).body).toEqual(made)
  })

  it.each([
    [
      'a currency that is none',
      { supportedCurrencies: ['XXX'] },
      'supportedCurrencies[0]: must be a code of ISO 4217 for money, such as USD',
    ],
    ['a currency twice', { supportedCurrencies: ['USD', 'USD'] }, 'supportedCurrencies[1]: must not repeat USD'],
    ['no currency', { supportedCurrencies: [] }, 'supportedCurrencies: must hold 1 to 200'],
    ['a blank name', { name: ' ' }, expect.stringContaining('name: ')],
    [
      'another interval',
      { pricingCycleConfig: { ...monthly, interval: 'DAILY' } },
      expect.stringContaining('pricingCycleConfig.interval: must be'),
    ],
    [
      'a negative grace period',
      { pricingCycleConfig: { ...monthly, gracePeriod: -1 } },
      expect.stringContaining('pricingCycleConfig.gracePeriod: '),
    ],
  ])('refuses %s', async (_, changes, message) => {
    const { post } = await organization()
    expect(said(await post('/v2/price_plans', { ...plan, ...changes }))).toEqual([400, message])
  })

  it('refuses a name that another plan has, until that is gone', async () => {
    const { post, delete: remove, path, plan: made } = await withPlan()
    expect(said(await post('/v2/price_plans', plan))).toEqual([409, `name: the price plan "Standard" exists already, as ${made.id}`])
    expect((await remove(`${path}/discard`)).status).toBe(200)
    expect((await post('/v2/price_plans', plan)).status).toBe(200)
  })

  it('copies the cards and rules of the latest published version of another plan', async () => {
    const api = await withPlan()
    const copy = () => api.post(`/v2/price_plans?source_price_plan_id=${api.plan.id}`, { ...plan, name: 'Copy' })
    expect(said(await copy())).toEqual([404, `The price plan "${api.plan.id}" has no published version.`])
    await api.operate(create('fee', feeCard(api.feeId)))
    await api.call('PUT', `${api.path}/pricing_rules`, {
      pricingRules: [{ name: 'r', order: 1, computation: '1', action: { type: 'ADD' } }],
    })
    expect((await finalize(api, api.path)).status).toBe(200)
    await api.operate({ actionType: 'DELETE', rateCardName: 'fee' })
    const { body } = await copy()
    const [cards, rules] = [
      await api.get(`/v2/price_plans/${body.id}/rate_cards`),
      await api.get(`/v2/price_plans/${body.id}/pricing_rules`),
    ]
    expect(cards.body.data).toMatchObject([{ name: 'fee', billableId: api.feeId, pricePlanId: body.id, referenceId: body.referenceId }])
    expect(rules.body.data).toMatchObject([{ name: 'r', version: 1 }])
    expect(said(await api.post('/v2/price_plans?source_price_plan_id=none', { ...plan, name: 'No' }))).toEqual([
      404,
      'The price plan "none" does not exist.',
    ])
  })

  it('refuses a plan beyond 100', async () => {
    const api = await organization()
    const insert = (n: number) =>
      env.DB.prepare(
        `INSERT INTO price_plans SELECT 'pp.' || ?2 || ?1, organization_id, 'p' || ?2, type, status, version_status, active_version,
           plan_version, reference_id, description, pricing_cycle_config, active_currencies, supported_currencies, deferred_revenue, allow_ongoing_cycle_updates,
           cards, rules, created_at, updated_at, version, id_folded, name_folded, description_folded FROM price_plans WHERE organization_id = ?1 LIMIT 1`,
      ).bind(api.id, n)
    await api.post('/v2/price_plans', plan)
    await env.DB.batch(Array.from({ length: 99 }, (_, n) => insert(n)))
    expect(said(await api.post('/v2/price_plans', { ...plan, name: 'More' }))).toEqual([
      422,
      'There are 100 price plans that are not archived, and there can be no more',
    ])
  })
})

describe('bulkPricePlanRateCardOperations', () => {
  it('creates, replaces and deletes cards in their order, and answers those that were made or changed', async () => {
    const api = await withPlan()
    const { body } = await api.operate(
      create('usage', usageCard(api.meterId, { tag: 'T' })),
      create('fee', feeCard(api.feeId)),
      { actionType: 'UPDATE', rateCardName: 'fee', rateCard: feeCard(api.feeId, { displayName: 'Help' }) },
      { actionType: 'UPSERT', rateCardName: 'more', rateCard: feeCard(api.feeId) },
      { actionType: 'DELETE', rateCardName: 'more' },
    )
    expect(body.rateCards).toEqual([
      {
        name: 'usage',
        billableId: api.meterId,
        type: 'USAGE',
        displayName: 'distance',
        invoiceTiming: 'IN_ARREARS',
        rateCardDetails: { usageRateCard: { usageMeterId: api.meterId, ...perUnit(0.5), name: 'usage', tag: 'T' } },
        tag: 'T',
        referenceId: api.plan.referenceId,
        referenceType: 'PRICE_PLAN',
        currencies: ['USD'],
        pricePlanId: api.plan.id,
      },
      expect.objectContaining({ name: 'fee', displayName: 'Help' }),
    ])
    expect((await api.get(`${api.path}/rate_cards`)).body.data).toEqual(body.rateCards)
    const first = (await api.get(`${api.path}/rate_cards?pageSize=1`)).body
    expect(first.data).toHaveLength(1)
    expect((await api.get(`${api.path}/rate_cards?nextToken=${first.nextToken}`)).body).toEqual({ data: [body.rateCards[1]] })
  })

  it.each([
    [
      'a card that is there',
      (_: Loose, fee: Loose) => [create('fee', fee)],
      409,
      'operations[0].rateCardName: the plan has a card "fee" already',
    ],
    [
      'an update of none',
      (_: Loose, fee: Loose) => [{ actionType: 'UPDATE', rateCardName: 'x', rateCard: fee }],
      404,
      'operations[0].rateCardName: the plan has no card "x"',
    ],
    [
      'a deletion of none',
      () => [{ actionType: 'DELETE', rateCardName: 'x' }],
      404,
      'operations[0].rateCardName: the plan has no card "x"',
    ],
    ['no card', () => [{ actionType: 'CREATE', rateCardName: 'x' }], 400, 'operations[0].rateCard: is required for CREATE'],
    [
      'details of another type',
      (usage: Loose) => [create('x', { ...usage, type: 'FIXED_FEE' })],
      400,
      'operations[0].rateCard.rateCardDetails.fixedFeeRateCard: is required for a card of type FIXED_FEE',
    ],
    [
      'two details',
      (usage: Loose, fee: Loose) => [create('x', { ...usage, rateCardDetails: { ...usage.rateCardDetails, ...fee.rateCardDetails } })],
      400,
      'operations[0].rateCard.rateCardDetails.fixedFeeRateCard: must be left out of a card of type USAGE',
    ],
    [
      'another id inside',
      (usage: Loose) => [create('x', { ...usage, billableId: 'um.other' })],
      400,
      expect.stringMatching(
        /^operations\[0\]\.rateCard\.rateCardDetails\.usageRateCard\.usageMeterId: must be "um\.other", as billableId$/,
      ),
    ],
    [
      'another name inside',
      (usage: Loose) => [
        create('x', {
          ...usage,
          displayName: 'A',
          rateCardDetails: { usageRateCard: { ...usage.rateCardDetails.usageRateCard, displayName: 'B' } },
        }),
      ],
      400,
      'operations[0].rateCard.rateCardDetails.usageRateCard.displayName: must be "A", as displayName',
    ],
  ])('refuses %s, and does nothing', async (_, operations, status, message) => {
    const api = await withPlan()
    await api.operate(create('fee', feeCard(api.feeId)))
    const before = (await api.get(`${api.path}/rate_cards`)).body
    expect(said(await api.operate(...operations(usageCard(api.meterId), feeCard(api.feeId))))).toEqual([status, message])
    expect((await api.get(`${api.path}/rate_cards`)).body).toEqual(before)
  })

  it('keeps a number as its decimal text, however small it is, and takes it again as it is read', async () => {
    const api = await withPlan()
    const limits = { rateConfig: { minimumRate: 1e-7, maximumRate: 1e21 } }
    const sent = feeCard(api.feeId, {}, { rateValues: [{ currency: 'USD', rate: 0.0000001 }] })
    const usage = usageCard(api.meterId, {}, { rateValues: [{ currency: 'USD', slabRates: [{ order: 1, rate: 1e-7 }], ...limits }] })
    const kept = (await api.operate(create('fee', sent), create('usage', usage))).body.rateCards
    expect(kept[0].rateCardDetails.fixedFeeRateCard.rateValues).toEqual([{ currency: 'USD', rate: 1e-7 }])
    expect(kept[1].rateCardDetails.usageRateCard.rateValues[0].rateConfig).toEqual({
      minimumRate: '0.0000001',
      maximumRate: '1000000000000000000000',
    })
    expect(await api.errorsOf()).toEqual([])
    const { rateCardDetails } = kept[1]
    const again = { ...usage, rateCardDetails }
    expect((await api.operate({ actionType: 'UPDATE', rateCardName: 'usage', rateCard: again })).body.rateCards).toEqual([kept[1]])
  })

  it('reads and writes in two calls to D1, however many cards there are, and reads 200 cards in one', async () => {
    const api = await withPlan()
    const { d1, seen } = watched()
    const seeing = client(api.token, d1)
    const cards = Array.from({ length: 200 }, (_, n) => create(`card ${n}`, feeCard(`addon.${n}`)))
    await seeing.get(api.path)
    let before = seen.calls
    expect((await seeing.post(`${api.path}/rate_cards`, { operations: cards })).status).toBe(200)
    expect(seen.calls - before).toBe(2)
    before = seen.calls
    expect((await seeing.get(`${api.path}/rate_cards?pageSize=100`)).body.data).toHaveLength(100)
    expect(seen.calls - before).toBe(1)
    before = seen.calls
    const { pricingSchedule } = (await seeing.get(`/price_plans/${api.plan.id}`)).body
    expect(pricingSchedule[0].pricePlanDetails.fixedFeeRateCards).toHaveLength(200)
    expect(seen.calls - before).toBe(1)
    expect(said(await api.operate(create('one more', feeCard('addon.x'))))).toEqual([
      422,
      'operations: a plan has 200 cards at most, and would have 201',
    ])
  })
})

describe('the errors of a draft', () => {
  it('name the card, the field and what would be right, and keep it from being published', async () => {
    const api = await withPlan({
      supportedCurrencies: ['USD', 'EUR'],
      pricingCycleConfig: { ...monthly, startOffset: { dayOffset: '32', monthOffset: 'NIL' } },
    })
    const slabs = (list: Loose[]) => ({ ratePlan: { pricingModel: 'TIERED', slabs: list }, rateValues: [] })
    await api.operate(
      create('none', usageCard('um.none')),
      create('type', feeCard(api.licenseId)),
      create('timing', feeCard(api.feeId, { invoiceTiming: 'PREPAID' })),
      create(
        'again',
        feeCard(
          api.feeId,
          {},
          {
            rateValues: [
              { currency: 'USD', rate: 1 },
              { currency: 'EUR', rate: 1 },
              { currency: 'EUR', rate: 2 },
            ],
          },
        ),
      ),
      create(
        'slabs',
        usageCard(
          api.meterId,
          { invoiceTiming: 'IN_ADVANCE' },
          slabs([
            { order: 1, startAfter: 5, priceType: 'FLAT' },
            { order: 2, startAfter: 5, priceType: 'PACKAGE' },
          ]),
        ),
      ),
    )
    await api.call('PUT', `${api.path}/pricing_rules`, {
      pricingRules: [
        { name: 'target', order: 1, computation: '1', action: { type: 'UPDATE', target: 'revenue.ff.none' } },
        { name: 'rule', order: 2, condition: '{"nothing":1}', computation: '{"+":', action: { type: 'ADD' } },
        {
          name: 'reads',
          order: 3,
          condition: `{"and":[{"var":"usage.urc.${api.meterId}"},{">":[{"var":"usage.ff.${api.feeId}"},1]}]}`,
          computation: '{"*":[{"var":"revenue.rate_card_totl"},{"var":"revenue.rate_card_total"},{"var":"invoice.end_date"}]}',
          action: { type: 'ADD' },
        },
      ],
    })
    const rules = (await api.get(`${api.path}/pricing_rules`)).body.data
    const errors = await api.errorsOf()
    expect(errors).toEqual([
      `PRICE_PLAN ${api.plan.id}: pricingCycleConfig.startOffset.dayOffset: must be 1 to 31 or LAST for MONTHLY`,
      'RATE_CARD none: usageMeterId: the usage meter "um.none" does not exist',
      'RATE_CARD none: rateValues: must have a price in EUR, which the plan supports',
      `RATE_CARD type: id: the add-on "${api.licenseId}" is of type LICENSE, and must be of type FIXED_FEE`,
      'RATE_CARD type: rateValues: must have a price in EUR, which the plan supports',
      'RATE_CARD timing: invoiceTiming: must be IN_ADVANCE or IN_ARREARS for a card of type FIXED_FEE',
      'RATE_CARD timing: rateValues: must have a price in EUR, which the plan supports',
      `RATE_CARD again: the card "timing" prices "${api.feeId}" already`,
      'RATE_CARD again: rateValues[2].currency: must not repeat EUR',
      'RATE_CARD slabs: invoiceTiming: must be IN_ARREARS for a card of type USAGE',
      'RATE_CARD slabs: ratePlan.slabs[1].startAfter: must be above that of the slab before',
      'RATE_CARD slabs: ratePlan.slabs[1].slabConfig.packageSize: must be a decimal number above 0 as text, such as "1000"',
      'RATE_CARD slabs: rateValues: must have a price in USD, which the plan supports',
      'RATE_CARD slabs: rateValues: must have a price in EUR, which the plan supports',
      `PRICING_RULE ${rules[0].id}: action.target: no card of the plan is ff.none`,
      expect.stringMatching(/^PRICING_RULE \S+: condition: must have an operator such as .*"nothing" is none$/),
      expect.stringMatching(/^PRICING_RULE \S+: computation: /),
      `PRICING_RULE ${rules[2].id}: condition: reads usage.ff.${api.feeId}, and must read what an invoice of the plan has, such as usage.urc.${api.meterId}`,
      `PRICING_RULE ${rules[2].id}: computation: reads revenue.rate_card_totl, and must read what an invoice of the plan has, such as usage.urc.${api.meterId}`,
    ])
    const refused = await finalize(api, api.path)
    expect([refused.status, refused.body.message]).toEqual([
      409,
      expect.stringContaining('The draft of the price plan "Standard" has errors: the plan: pricingCycleConfig'),
    ])
    expect((await api.get(api.path)).body.status).toBe('DRAFT')
  })

  it.each([
    ['a license card', 'LICENSE', 'a plan of type PURCHASE has no card of type LICENSE'],
    ['a usage card', 'USAGE', 'a plan of type PURCHASE has no card of type USAGE'],
  ])('of a plan that is bought once are %s', async (_, type, message) => {
    const api = await withPlan({ type: 'PURCHASE', pricingCycleConfig: undefined })
    const license = {
      billableId: api.licenseId,
      type,
      invoiceTiming: 'IN_ARREARS',
      rateCardDetails: { licenseRateCard: { id: api.licenseId, enableProration: false, ...perUnit(1) } },
    }
    await api.operate(create('card', type === 'USAGE' ? usageCard(api.meterId) : license))
    expect(await api.errorsOf()).toEqual([`RATE_CARD card: ${message}`])
  })
})

describe('a version', () => {
  it('is published, and never changes from then on, whatever is done to the plan', async () => {
    const api = await withPlan()
    await api.operate(create('fee', feeCard(api.feeId)))
    await api.call('PUT', `${api.path}/pricing_rules`, {
      pricingRules: [{ name: 'r', order: 1, computation: '1', action: { type: 'ADD' } }],
    })
    expect((await finalize(api, api.path)).status).toBe(200)
    const stateOf = async (version: string) => [
      (await api.get(`${api.path}?version=${version}`)).body,
      (await api.get(`${api.path}/pricing_rules?version=${version}`)).body,
      await env.DB.prepare('SELECT * FROM price_plan_versions WHERE price_plan_id = ? AND plan_version = 1').bind(api.plan.id).first(),
    ]
    const first = await stateOf('1')
    expect(first[0]).toMatchObject({ status: 'ACTIVE', version: 1, referenceId: api.plan.referenceId })
    expect(said(await finalize(api, api.path))).toEqual([409, 'The price plan "Standard" has no draft.'])
    expect(said(await api.delete(`${api.path}/discard`))).toEqual([409, 'The price plan "Standard" has no draft.'])

    const changes: (() => Promise<Answer>)[] = [
      () => api.patch(api.path, { description: 'Other' }),
      () => api.operate({ actionType: 'DELETE', rateCardName: 'fee' }),
      () => api.call('PUT', `${api.path}/pricing_rules`, { pricingRules: [] }),
    ]
    for (const change of changes) {
      expect((await change()).status).toBe(200)
      expect((await api.get(api.path)).body).toMatchObject({ status: 'DRAFT', version: 2 })
      expect(await stateOf('1')).toEqual(first)
      expect(await stateOf('ACTIVE')).toEqual(first)
      expect((await api.delete(`${api.path}/discard`)).status).toBe(200)
      expect((await api.get(api.path)).body).toMatchObject({ status: 'ACTIVE', version: 1, referenceId: api.plan.referenceId })
      expect((await api.get(`${api.path}/rate_cards`)).body.data).toHaveLength(1)
    }
    for (const change of changes) await change()
    expect((await finalize(api, api.path)).status).toBe(200)
    expect(await stateOf('1')).toEqual(first)
    expect((await api.get(`${api.path}/versions`)).body.data.map(({ version, status }: Loose) => [version, status])).toEqual([
      [2, 'ACTIVE'],
      [1, 'ACTIVE'],
    ])
    expect(said(await api.get(`${api.path}?version=3`))).toEqual([404, `The price plan "${api.plan.id}" has no version 3.`])
    await expect(
      env.DB.prepare('UPDATE price_plan_versions SET cards = ? WHERE price_plan_id = ?').bind('[]', api.plan.id).run(),
    ).rejects.toThrow(/never change/)
    await expect(env.DB.prepare('DELETE FROM price_plan_versions WHERE price_plan_id = ?').bind(api.plan.id).run()).rejects.toThrow(
      /never deleted/,
    )
  })

  it('is changed by no operation of the API', async () => {
    const api = await withPlan()
    await api.operate(create('fee', feeCard(api.feeId)), create('gigabytes', usageCard(api.meterId)))
    expect((await finalize(api, api.path)).status).toBe(200)
    const ids: Record<string, string> = {
      price_plan_id: String(api.plan.id),
      usage_meter_id: api.meterId,
      addon_id: api.feeId,
      feature_id: api.featureId,
      event_schema_name: 'rides',
    }
    const known = { [examples.usageMeterId]: api.meterId, [examples.addOnId]: api.feeId, [examples.featureId]: api.featureId }
    const inTheirPlace = (sent: unknown): Loose =>
      JSON.parse(Object.entries(known).reduce((text, [shown, made]) => text.replaceAll(shown, made), JSON.stringify(sent ?? {})))
    const rowOf = async () => [
      await env.DB.prepare('SELECT * FROM price_plan_versions WHERE price_plan_id = ? AND plan_version = 1').bind(api.plan.id).first(),
      (await api.get(`${api.path}?version=1`)).body,
      (await api.get(`${api.path}/pricing_rules?version=1`)).body,
      { ...(await api.get(`/price_plans/${api.plan.id}?version=1`)).body, status: 'of the plan' },
    ]
    const first = await rowOf()
    ids.pricing_schedule_id = String(first[0].reference_id)
    expect((await api.get(`${api.path}?version=1`)).body).toMatchObject({ status: 'ACTIVE' })

    const rank = ({ operationId, method, path }: Operation) => {
      if (operationId === 'archivePricePlan') return 3
      return path.includes('price_plans') ? 0 : Number(method === 'delete') + 1
    }
    const refused: string[] = []
    for (const operation of everyOperation.toSorted((one, other) => rank(one) - rank(other))) {
      const { operationId, method, path, json } = operation
      const { path: shown = {}, query = {}, request } = exampleOf(operationId)
      const url = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(ids[name] ?? String(shown[name])))
      const sent = json && inTheirPlace(request)
      const asked = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]))
      if (path.startsWith('/v2/price_plans/{')) await api.patch(api.path, { description: `Before ${operationId}` })
      const { status, body } = await api.call(method.toUpperCase(), `${url}?${String(asked)}`, sent)
      if (status >= 400 && path.includes('{price_plan_id}')) refused.push(`${operationId}: ${body.message}`)
      expect([operationId, await rowOf()]).toEqual([operationId, first])
    }
    expect(refused).toEqual([])
  })

  it('does not count a change that changes nothing', async () => {
    const api = await withPlan()
    await api.operate(create('fee', feeCard(api.feeId)))
    await finalize(api, api.path)
    expect((await api.patch(api.path, { supportedCurrencies: ['USD'], pricingCycleConfig: monthly })).body).toMatchObject({
      version: 1,
      status: 'ACTIVE',
    })
  })

  it('keeps what it prices from being archived, and cannot be published when that is gone', async () => {
    const api = await withPlan()
    await api.operate(create('fee', feeCard(api.feeId)), create('usage', usageCard(api.meterId)))
    expect((await api.delete(`/addons/${api.feeId}`)).status).toBe(200)
    expect(await api.errorsOf()).toEqual([`RATE_CARD fee: id: the add-on "${api.feeId}" is ARCHIVED, and must be ACTIVE`])
    await api.operate({ actionType: 'DELETE', rateCardName: 'fee' })
    expect((await finalize(api, api.path)).status).toBe(200)
    await api.post(`/usage_meters/${api.meterId}/deactivate`)
    expect(said(await api.delete(`/usage_meters/${api.meterId}`))).toEqual([
      409,
      'The usage meter "distance" is priced by the price plan "Standard", which is not archived',
    ])
  })

  it('keeps the names of what it prices, and a draft has those of today', async () => {
    const api = await withPlan()
    await api.operate(create('fee', feeCard(api.feeId)), create('own', usageCard(api.meterId, { displayName: 'Kilometres' })))
    await finalize(api, api.path)
    const namesOf = async () => (await api.get(`${api.path}/rate_cards`)).body.data.map(({ displayName }: Loose) => displayName)
    expect((await api.patch(`/addons/${api.feeId}`, { billableName: 'Support by mail' })).status).toBe(200)
    expect(await namesOf()).toEqual(['Support by phone', 'Kilometres'])
    await api.patch(api.path, { description: 'Next' })
    expect(await namesOf()).toEqual(['Support by mail', 'Kilometres'])
    await api.delete(`${api.path}/discard`)
    expect(await namesOf()).toEqual(['Support by phone', 'Kilometres'])
  })

  it('leaves the plan its settings, until it is archived', async () => {
    const { post, patch, get, ...api } = await withPlan()
    await api.operate(create('fee', feeCard(api.feeId)))
    await finalize({ post }, api.path)
    const planId = String(api.plan.id)
    const entity = { entityType: 'PRICE_PLAN', entityId: planId }
    const setting = { id: 'tier', value: 'gold', namespace: 'USER', name: 'Tier', dataType: 'STRING', ...entity }
    expect(said(await post('/settings', setting))).toEqual([201, setting])
    expect((await get('/settings?entity_type=PRICE_PLAN')).body.data).toEqual([setting])
    expect(said(await post('/settings', { ...setting, entityId: 'pp.x' }))).toEqual([404, 'entityId: there is no PRICE_PLAN "pp.x"'])
    expect((await api.delete(`/price_plans/${planId}`)).status).toBe(200)
    expect(said(await patch(`/settings/setting.USER.tier.PRICE_PLAN.${planId}`, { value: 'tin' }))).toEqual([
      409,
      `entityId: the PRICE_PLAN "${planId}" is archived`,
    ])
  })

  it('is changed by one of two at once, and the other is done to what that made', async () => {
    const api = await withPlan()
    const answers = await Promise.all(Array.from({ length: 8 }, (_, n) => api.operate(create(`card ${n}`, feeCard(`addon.${n}`)))))
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 200))
    expect((await api.get(`${api.path}/rate_cards`)).body.data).toHaveLength(8)
  })
})

describe('updatePricePlanPricingRules', () => {
  it('replaces the rules; one of the same name keeps its id, and counts its changes', async () => {
    const api = await withPlan()
    const rule = (name: string, computation: string, order: number) => ({ name, order, computation, action: { type: 'ADD' } })
    const put = async (...pricingRules: Loose[]) => (await api.call('PUT', `${api.path}/pricing_rules`, { pricingRules })).body.data
    const [one, two] = await put(rule('one', '1', 1), rule('two', '2', 2))
    expect(await put(rule('two', '3', 2), rule('one', '1', 1))).toEqual([{ ...two, version: 2, computation: '3' }, one])
    expect(said(await api.call('PUT', `${api.path}/pricing_rules`, { pricingRules: [rule('one', '1', 1), rule('two', '2', 1)] }))).toEqual([
      400,
      'pricingRules[1]: must not repeat [0]: rules run in their order',
    ])
    expect(await put()).toEqual([])
  })
})

describe('listPricePlansV2', () => {
  it('lists plans that are not gone, in their newest version, by what is asked for', async () => {
    const api = await withPlan()
    await api.post('/v2/price_plans', { ...plan, name: 'Bought', type: 'PURCHASE', pricingCycleConfig: undefined })
    await api.operate(create('fee', feeCard(api.feeId)))
    await finalize(api, api.path)
    await api.patch(api.path, { description: 'Draft of two' })
    const names = async (query: string) =>
      (await api.get(`/v2/price_plans${query}`)).body.data.map(({ name, version }: Loose) => `${name} ${version}`)
    expect(await names('')).toEqual(['Standard 2', 'Bought 1'])
    expect(await names('?status=ACTIVE')).toEqual(['Standard 2'])
    expect(await names('?type=PURCHASE')).toEqual(['Bought 1'])
    expect(await names('?_search=stand')).toEqual(['Standard 2'])
    expect(await names('?_sort=id:ASC')).toEqual(['Standard 2', 'Bought 1'])
  })
})

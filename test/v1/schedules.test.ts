import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Answer } from '../helpers/api.ts'
import { monthly, publishPlan, withAccount } from '../helpers/schedules.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
})

afterEach(() => {
  vi.useRealTimers()
})

const TODAY = '2026-04-20T10:00:00Z'

const said = ({ status, body }: Answer): [number, unknown] => [status, body.message ?? body]

describe('edits', () => {
  it('are all done in their order, or none', async () => {
    const api = await withAccount(TODAY)
    const pro = await publishPlan(api, 'Pro', api.feeId)
    const basic = { pricePlanId: api.planId, effectiveFrom: '2026-05-01', effectiveUntil: '9999-01-01' }
    const edits = [basic, { ...basic, pricePlanId: pro, effectiveFrom: '2026-07-01' }]
    const refused = await api.post('/accounts/acc1/edit_schedules', { edits: [...edits, { ...basic, pricePlanId: 'pp.none' }] })
    expect([said(refused), await api.timelineOf()]).toEqual([[404, 'The price plan "pp.none" does not exist.'], []])
    const ended = [...edits, { mode: 'DISASSOCIATE', effectiveFrom: '2026-09-01', effectiveUntil: '9999-01-01' }]
    expect((await api.post('/accounts/acc1/edit_schedules', { edits: ended })).status).toBe(200)
    expect(await api.timelineOf()).toEqual([
      ['Basic', '2026-05-01', '2026-07-01'],
      ['Pro', '2026-07-01', '2026-09-01'],
    ])
  })

  it('name the edit and the field that is wrong', async () => {
    const api = await withAccount(TODAY)
    await api.associate('2026-04-20')
    const edit = { pricePlanId: api.planId, effectiveFrom: '2026-05-01', effectiveUntil: '2026-06-01' }
    const refused = async (second: Loose) =>
      said(await api.post('/accounts/acc1/edit_schedules', { edits: [edit, { ...edit, ...second }] }))
    expect(await refused({ effectiveFrom: '2026-04-01' })).toEqual([
      409,
      'edits[1].effectiveFrom: the plan that is in force until then cannot be changed any more; 2026-04-21 is the first date that can',
    ])
    const rule = { name: 'r', order: 1, computation: '{"var":"revenue.ff.addon.none"}', action: { type: 'ADD' } }
    expect(await refused({ pricingRulesOverride: [rule] })).toEqual([
      400,
      expect.stringContaining('edits[1].pricingRulesOverride[0].computation: reads revenue.ff.addon.none'),
    ])
    expect(await refused({ effectiveFrom: '2026-02-30' })).toEqual([
      400,
      'edits[1].effectiveFrom: must be a date from 1970-01-01 to 9999-01-01, such as 2026-03-30',
    ])
  })

  it('can keep the days on which cycles begin, of plans of one interval', async () => {
    const api = await withAccount(TODAY)
    const fifteenth = { ...monthly, startOffset: { dayOffset: '15', monthOffset: 'NIL' } }
    const pro = await publishPlan(api, 'Pro', api.feeId, { pricingCycleConfig: fifteenth })
    const yearly = { interval: 'ANNUALLY', startOffset: { dayOffset: '1', monthOffset: '1' }, gracePeriod: 0 }
    const year = await publishPlan(api, 'Year', api.feeId, { pricingCycleConfig: yearly })
    await api.associate('2026-04-20')
    const retain = (pricePlanId: string) => api.associate('2026-06-10', '9999-01-01', { pricePlanId, retainStartOffsets: true })
    expect(said(await retain(year))).toEqual([
      400,
      'retainStartOffsets: the cycles in force on 2026-06-10 are MONTHLY, and those of the price plan ANNUALLY',
    ])
    expect((await retain(pro)).status).toBe(200)
    const { body } = await api.get('/accounts/acc1/pricing_schedules')
    const [, kept] = body.data
    expect([kept.pricePlanName, kept.isOverriden, kept.pricePlanDetails.pricingCycleConfig.startOffset.dayOffset]).toEqual([
      'Pro',
      false,
      '1',
    ])
  })

  it('store where cycles begin of a plan with anniversaries', async () => {
    const api = await withAccount(TODAY, { pricingCycleConfig: { interval: 'MONTHLY', gracePeriod: 0, anniversaryCycle: true } })
    await api.associate('2026-05-31')
    const { body } = await api.get('/accounts/acc1/pricing_schedules')
    expect(body.data[0].pricePlanDetails.pricingCycleConfig).toEqual({
      interval: 'MONTHLY',
      gracePeriod: 0,
      anniversaryCycle: true,
      startOffset: { dayOffset: 'LAST', monthOffset: 'NIL' },
    })
    expect(body.data[0].isOverriden).toBe(false)
  })
})

describe('licences', () => {
  /** An account, an add-on of type LICENSE, and a plan that allows some of it. */
  const withSeats = async (maxQuantity = 5) => {
    const api = await withAccount(TODAY)
    const { body: seats } = await api.post('/addons', { name: 'Seats', type: 'LICENSE' })
    const planId = await publishPlan(api, 'Seats', api.feeId, {
      licenseRateCards: [
        {
          id: seats.id,
          enableProration: false,
          config: { maxQuantity },
          ratePlan: { pricingModel: 'TIERED', slabs: [{ order: 1, startAfter: 0, priceType: 'PER_UNIT' }] },
          rateValues: [{ currency: 'USD', slabRates: [{ order: 1, rate: 10 }] }],
        },
      ],
    })
    const update = (quantity: number, more: Loose = {}) =>
      api.post('/license_updates', { licenseId: seats.id, accountId: 'acc1', updateType: 'ABSOLUTE', quantity, ...more })
    const grant = (config: Loose) => [{ type: 'GRANT_LICENSE', config: { licenseId: seats.id, updateType: 'ABSOLUTE', ...config } }]
    const countOf = async () => (await api.get('/license_updates?account_id=acc1')).body.data.map(({ quantity }: Loose) => quantity)
    return { ...api, seatsId: seats.id as string, planId, update, grant, countOf }
  }

  it('are limited by the plan in force at their time, by its cards or those of the account', async () => {
    const api = await withSeats()
    await api.associate('2026-05-01', '9999-01-01', { pricePlanId: api.planId })
    expect(said(await api.update(8))).toMatchObject([200, { quantity: 8 }])
    const may = { effectiveFrom: '2026-05-01T00:00:00Z' }
    expect(said(await api.update(9, may))).toEqual([400, expect.stringMatching(/^quantity: /)])
    expect(said(await api.update(5, may))).toMatchObject([200, { quantity: 5 }])
    expect(said(await api.update(9, { effectiveFrom: '2026-04-30T23:59:59.999Z' }))).toMatchObject([200, { quantity: 9 }])
    const { body } = await api.get(`/price_plans/${api.planId}`)
    const [card] = body.pricingSchedule[0].pricePlanDetails.licenseRateCards
    const licenseRateCards = [{ ...card, config: { maxQuantity: 20 } }]
    await api.associate('2026-07-01', '9999-01-01', { pricePlanId: api.planId, pricePlanDetailsOverride: { licenseRateCards } })
    expect(said(await api.update(20, { effectiveFrom: '2026-07-01T00:00:00Z' }))).toMatchObject([200, { quantity: 20 }])
    expect(said(await api.update(21, { effectiveFrom: '2026-07-01T00:00:00Z' }))).toEqual([400, expect.stringMatching(/^quantity: /)])
  })

  it('are granted in the step that puts the plan in force, or neither is', async () => {
    const api = await withSeats()
    const associate = (preActions: Loose[], effectiveFrom = '2026-05-01') =>
      api.associate(effectiveFrom, '9999-01-01', { pricePlanId: api.planId, preActions })
    expect(said(await associate(api.grant({ quantity: 'many', effectiveFrom: 'soon', more: 'x' })))).toEqual([
      400,
      'preActions[0].config: must have no other names than licenseId, updateType, quantity, effectiveFrom; preActions[0].config.quantity: must be a number from -1000000000000000 to 1000000000000000; preActions[0].config.effectiveFrom: must be a date-time such as 2026-03-30T10:41:10Z',
    ])
    expect(said(await associate(api.grant({ quantity: '-1' })))).toEqual([
      400,
      expect.stringMatching(/^preActions\[0\]\.config\.quantity: /),
    ])
    expect([await api.countOf(), await api.timelineOf()]).toEqual([[], []])
    expect((await associate([...api.grant({ quantity: '3' }), ...api.grant({ quantity: '1.5', updateType: 'RELATIVE' })])).status).toBe(200)
    expect([await api.countOf(), await api.timelineOf()]).toEqual([[4.5, 3], [['Seats', '2026-05-01', '9999-01-01']]])
    const earlier = await associate(api.grant({ quantity: '1' }), '2026-04-20')
    expect([earlier.status, await api.countOf()]).toEqual([200, [1, 4.5, 3]])
    const locked = await api.associate('2026-04-20', '2026-04-21', { preActions: api.grant({ quantity: '2' }) })
    expect([locked.status, await api.countOf()]).toEqual([409, [1, 4.5, 3]])
  })

  it('are granted when a draft is finalized', async () => {
    const api = await withSeats()
    const edits = [{ effectiveFrom: '2026-05-01', effectiveUntil: '9999-01-01', associationConfig: { pricePlanId: api.planId } }]
    await api.post('/v2/accounts/acc1/edit_schedules', { edits })
    const finalize = (preActions: Loose[]) => api.post('/v2/accounts/acc1/finalize_schedules', { preActions })
    expect((await finalize(api.grant({ quantity: '1', licenseId: 'addon.none' }))).status).toBe(400)
    expect((await finalize(api.grant({ quantity: '2' }))).status).toBe(200)
    expect([await api.countOf(), await api.timelineOf()]).toEqual([[2], [['Seats', '2026-05-01', '9999-01-01']]])
  })

  it('are limited by the plans that the same request puts in force', async () => {
    const api = await withSeats(10)
    const { body } = await api.get(`/price_plans/${api.planId}`)
    const [card] = body.pricingSchedule[0].pricePlanDetails.licenseRateCards
    const allowing = (maxQuantity: number) => ({
      pricePlanId: api.planId,
      pricePlanDetailsOverride: { licenseRateCards: [{ ...card, config: { maxQuantity } }] },
    })
    const may = '2026-05-01T00:00:00Z'
    const refused = [400, expect.stringContaining('must leave 10 at most by the price plan')]
    const first = { pricePlanId: api.planId, preActions: api.grant({ quantity: '11', effectiveFrom: may }) }
    expect(said(await api.associate('2026-04-21', '9999-01-01', first))).toEqual(refused)
    const edits = [{ effectiveFrom: '2026-04-21', effectiveUntil: '9999-01-01', associationConfig: { pricePlanId: api.planId } }]
    await api.post('/v2/accounts/acc1/edit_schedules', { edits })
    const finalized = await api.post('/v2/accounts/acc1/finalize_schedules', { preActions: first.preActions })
    expect(said(finalized)).toEqual(refused)
    expect((await api.associate('2026-04-21', '9999-01-01', { pricePlanId: api.planId })).status).toBe(200)
    const more = api.grant({ quantity: '50', effectiveFrom: may })
    expect((await api.associate('2026-05-01', '9999-01-01', { ...allowing(50), preActions: more })).status).toBe(200)
    const less = api.grant({ quantity: '1', updateType: 'RELATIVE', effectiveFrom: '2026-06-01T00:00:00Z' })
    expect(said(await api.associate('2026-06-01', '9999-01-01', { ...allowing(40), preActions: less }))).toEqual([
      400,
      expect.stringContaining('must leave 40 at most'),
    ])
    expect(await api.countOf()).toEqual([50])
  })

  it('and plans that change at the same moment rest on each other', async () => {
    const api = await withSeats()
    await api.associate('2026-04-21', '9999-01-01')
    const late = { effectiveFrom: '2026-05-01T00:00:00Z' }
    for (let round = 1; round <= 5; round++) {
      const [edited, updated] = await Promise.all([
        api.associate('2026-05-01', `2026-05-0${round + 1}`, { pricePlanId: api.planId }),
        api.update(round, late),
      ])
      expect([edited.status, updated.status]).toEqual([200, 200])
    }
    expect((await api.update(6, late)).status).toBe(400)
  })
})

describe('the worked cases', () => {
  it('schedule-forever: a date is the start of its day, and 9999-01-01 has no end', async () => {
    const api = await withAccount('2022-12-02T00:00:00Z')
    const { body } = await api.associate('2022-12-02', '9999-01-01')
    expect(body.pricingSchedules).toMatchObject([{ startDate: '2022-12-02T00:00:00.000Z', endDate: '9999-01-01T00:00:00.000Z' }])
  })

  it('schedule-timeline-ramp: a trial, the plan, the plan with prices of the account, and another plan', async () => {
    const api = await withAccount('2026-01-01T00:00:00Z')
    const b = await publishPlan(api, 'B', api.feeId)
    const card = (rate: number) => [{ id: api.feeId, name: 'fee', enableProration: true, rateValues: [{ currency: 'USD', rate }] }]
    const edit = (effectiveFrom: string, effectiveUntil: string, rate?: number, pricePlanId = api.planId) => ({
      pricePlanId,
      effectiveFrom,
      effectiveUntil,
      ...(rate !== undefined && { pricePlanDetailsOverride: { fixedFeeRateCards: card(rate) } }),
    })
    const edits = [
      edit('2026-01-01', '2027-03-01'),
      edit('2026-01-01', '2026-03-01', 0),
      edit('2026-09-01', '2027-03-01', 8),
      edit('2027-03-01', '2027-07-01', undefined, b),
    ]
    expect((await api.post('/accounts/acc1/edit_schedules', { edits })).status).toBe(200)
    expect(await api.timelineOf()).toEqual([
      ['Basic', '2026-01-01', '2026-03-01'],
      ['Basic', '2026-03-01', '2026-09-01'],
      ['Basic', '2026-09-01', '2027-03-01'],
      ['B', '2027-03-01', '2027-07-01'],
    ])
  })
})

describe('the list of schedules', () => {
  it('has its whole query in its tokens', async () => {
    const api = await withAccount(TODAY)
    for (const month of ['05', '06', '07', '08', '09']) await api.associate(`2026-${month}-01`, `2026-${month}-20`)
    const query = 'start_date=2026-06-10T00:00:00Z&end_date=2026-08-10T00:00:00Z&compact=true&include_price_plan_info=true&pageSize=1'
    const read = async (asked: string) => {
      const { body } = await api.get(`/accounts/acc1/pricing_schedules?${asked}`)
      const shown = body.data.map((one: Loose) => [one.startDate.slice(0, 10), 'pricePlanDetails' in one, one.pricePlanInfo?.name])
      return { shown, next: encodeURIComponent(body.nextToken ?? ''), previous: encodeURIComponent(body.previousToken ?? '') }
    }
    const pages = [await read(query)]
    for (let next = pages[0]?.next; next; next = pages.at(-1)?.next) pages.push(await read(`nextToken=${next}`))
    const expected = ['06', '07', '08'].map((month) => [[`2026-${month}-01`, false, 'Basic']])
    expect(pages.map(({ shown }) => shown)).toEqual(expected)
    const back = await read(`nextToken=${pages[2]?.previous}`)
    expect([back.shown, (await read(`nextToken=${back.previous}`)).shown]).toEqual([expected[1], expected[0]])
    const other = await api.get(`/accounts/acc1/pricing_schedules?nextToken=${pages[0]?.next}&compact=false`)
    expect(said(other)).toEqual([400, 'nextToken: must come alone, or with what the page before was asked for'])
  })

  it('has another ETag when a plan of it is activated in another currency, and edits hold to it', async () => {
    const api = await withAccount(TODAY, { supportedCurrencies: ['USD', 'EUR'], fixedFeeRateCards: [] })
    await api.associate('2026-05-01')
    const path = '/accounts/acc1/pricing_schedules'
    const first = await api.get(path)
    const conditional = (name: string, tag: string | null) => ({ [name]: tag ?? '' })
    const tag = first.headers.get('ETag')
    expect((await api.call('GET', path, undefined, conditional('If-None-Match', tag))).status).toBe(304)
    expect((await api.post(`/price_plans/${api.planId}/activate`, { currencies: ['USD', 'EUR'] })).status).toBe(200)
    const again = await api.call('GET', path, undefined, conditional('If-None-Match', tag))
    expect([again.status, again.body?.data[0].pricePlanDetails.activeCurrencies]).toEqual([200, ['USD', 'EUR']])
    const list = await api.get('/v2/accounts/acc1/schedules?mode=ACTIVE')
    expect(list.headers.get('ETag')).toBe(again.headers.get('ETag'))
    const edit = { pricePlanId: api.planId, effectiveFrom: '2026-07-01', effectiveUntil: '2026-08-01' }
    const change = (name: string | null) => api.call('POST', '/accounts/acc1/price_plans', edit, conditional('If-Match', name))
    expect((await change(tag)).status).toBe(412)
    const changed = await change(list.headers.get('ETag'))
    expect([changed.status, changed.headers.get('ETag')]).toEqual([200, (await api.get(path)).headers.get('ETag')])
  })
})

describe('the rules of a schedule', () => {
  const rule = (name: string, order: number, invoiceTiming: string) => ({
    name,
    order,
    invoiceTiming,
    computation: '1',
    action: { type: 'ADD' },
  })

  it('are those of the account, or of a version of the plan, by their timing', async () => {
    const api = await withAccount(TODAY)
    const { body: plan } = await api.patch(`/price_plans/${api.planId}`, { pricingRules: [rule('of the plan', 1, 'IN_ARREARS')] })
    const own = [rule('arrears', 1, 'IN_ARREARS'), rule('advance', 2, 'IN_ADVANCE')]
    const { body } = await api.associate('2026-05-01', '9999-01-01', { pricingRulesOverride: own })
    const namesOf = async (scheduleId: string, query = '') =>
      (await api.get(`/price_plans/${api.planId}/pricing_schedules/${scheduleId}/pricing_rules${query}`)).body.data?.map(
        ({ name }: Loose) => name,
      )
    const { id } = body.pricingSchedules[0]
    expect(await namesOf(id)).toEqual(['arrears', 'advance'])
    expect(await namesOf(id, '?invoice_timing=IN_ADVANCE')).toEqual(['advance'])
    expect(await namesOf(plan.pricingSchedule[0].id)).toEqual(['of the plan'])
    expect(await namesOf('sch.none')).toBeUndefined()
  })
})

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

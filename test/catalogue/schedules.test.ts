import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { doDueOf } from '../../src/access/due/service.ts'
import { draftActiveTimelines } from '../../src/catalogue/schedules/keep.ts'
import { readTimelines } from '../../src/catalogue/schedules/read_many.ts'
import { type Piece, type PlanCycle, cycleOn, firstChangeableDay } from '../../src/catalogue/schedules/timeline.ts'
import { connect } from '../../src/db/client.ts'
import { commit } from '../../src/db/commit.ts'
import { STALE } from '../../src/db/conflicts.ts'
import { iso } from '../../src/lib/time.ts'
import { readDay, writeDay } from '../../src/rating/cycle.ts'
import { steps as allSteps } from '../../src/steps.ts'
import { type Answer, changed, client, failed, organization, rowsRead, watched, writesIn } from '../helpers/api.ts'
import { doDue, system } from '../helpers/ledgers.ts'
import { announcedOf, monthly, publishPlan, withAccount } from '../helpers/schedules.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

/** Bills are held in test/billing. */
const steps = allSteps.filter(({ kind }) => kind !== 'BILLING')

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
})

afterEach(() => {
  vi.useRealTimers()
})

const TODAY = '2026-04-20T10:00:00Z'

const said = ({ status, body }: Answer): [number, unknown] => [status, body.message ?? body]

describe('an edit', () => {
  it('today, of an account that never had a plan, is in force at once', async () => {
    const api = await withAccount(TODAY)
    const { status, body } = await api.associate('2026-04-20')
    expect([status, body]).toEqual([
      200,
      {
        accountId: 'acc1',
        accountName: expect.any(String),
        pricingSchedules: [
          {
            id: expect.stringMatching(/^sch\./),
            pricePlanId: api.planId,
            pricePlanName: 'Basic',
            startDate: '2026-04-20T00:00:00.000Z',
            endDate: '9999-01-01T00:00:00.000Z',
          },
        ],
      },
    ])
    expect(await api.timelineOf()).toEqual([['Basic', '2026-04-20', '9999-01-01']])
  })

  it('cuts what is in force: the front keeps its id, and what is left behind gets a new one', async () => {
    const api = await withAccount(TODAY)
    const other = await publishPlan(api, 'Pro', api.feeId)
    const { body: first } = await api.associate('2026-04-20')
    const { body } = await api.associate('2026-06-01', '2026-08-01', { pricePlanId: other })
    expect(await api.timelineOf()).toEqual([
      ['Basic', '2026-04-20', '2026-06-01'],
      ['Pro', '2026-06-01', '2026-08-01'],
      ['Basic', '2026-08-01', '9999-01-01'],
    ])
    const { body: list } = await api.get('/accounts/acc1/pricing_schedules')
    const ids = list.data.map(({ id }: Loose) => id)
    expect(ids[0]).toBe(first.pricingSchedules[0].id)
    expect(new Set(ids).size).toBe(3)
    expect(body.pricingSchedules.map(({ id }: Loose) => id)).toEqual([ids[1]])
    await api.associate('2026-05-01', '2026-09-01', { mode: 'DISASSOCIATE' })
    expect(await api.timelineOf()).toEqual([
      ['Basic', '2026-04-20', '2026-05-01'],
      ['Basic', '2026-09-01', '9999-01-01'],
    ])
  })

  it('of what cannot be changed any more is 409 with the first date that can', async () => {
    const api = await withAccount(TODAY)
    await api.associate('2026-04-01')
    for (const from of ['2026-04-20', '2026-03-31', '2026-01-01'])
      expect(said(await api.associate(from))).toEqual([
        409,
        'effectiveFrom: the plan that is in force until then cannot be changed any more; 2026-04-21 is the first date that can',
      ])
    expect(said(await api.associate('2026-01-01', '2026-03-01'))).toMatchObject([200, {}])
    expect(said(await api.associate('2026-04-21'))).toMatchObject([200, {}])
  })

  it('does not come before the first cycle of what is in force, whose ordinals would be others', async () => {
    const api = await withAccount('2026-04-10T08:00:00Z')
    const pro = await publishPlan(api, 'Pro', api.feeId)
    await api.associate('2026-04-10')
    vi.setSystemTime(Date.parse('2026-04-15T08:00:00Z'))
    expect(said(await api.associate('2026-03-20', '2026-04-10'))).toEqual([
      409,
      expect.stringContaining('2026-04-16 is the first date that can'),
    ])
    expect((await api.associate('2026-03-20', '2026-04-09')).status).toBe(200)
    expect((await api.associate('2026-04-09', '2026-04-10', { pricePlanId: pro })).status).toBe(200)
    expect(said(await api.associate('2026-04-09', '2026-04-10'))[0]).toBe(409)
  })

  it('waits for a version of its plan that is published at the same moment', async () => {
    const api = await withAccount(TODAY)
    const path = `/v2/price_plans/${api.planId}`
    await api.patch(path, { description: 'Second' })
    let isPublished = false
    const overtaken = changed((session) => ({
      batch: async (statements) => {
        if (!isPublished && writesIn(statements)) {
          isPublished = true
          expect((await api.post(`${path}/finalize`, {})).status).toBe(200)
        }
        return session.batch(statements) as never
      },
    }))
    const edit = { pricePlanId: api.planId, effectiveFrom: '2026-04-20', effectiveUntil: '9999-01-01' }
    const { status } = await client(api.token, overtaken).post('/accounts/acc1/price_plans', edit)
    expect([status, isPublished]).toEqual([200, true])
    const { results } = await env.DB.prepare('SELECT plan_version FROM schedules WHERE organization_id = ?').bind(api.id).all()
    expect(results).toEqual([{ plan_version: 2 }])
  })

  it('of a plan that allows updates of the ongoing cycle can begin with the first cycle that is not billed', async () => {
    const api = await withAccount(TODAY, { allow_ongoing_cycle_updates: true })
    await api.associate('2026-01-01')
    expect(said(await api.associate('2026-03-31'))).toEqual([409, expect.stringContaining('2026-04-01 is the first date that can')])
    expect(said(await api.associate('2026-04-01'))).toMatchObject([200, {}])
    vi.setSystemTime(Date.parse('2026-05-03T23:59:59Z'))
    expect(said(await api.associate('2026-04-15', '2026-04-20', { mode: 'DISASSOCIATE' }))).toMatchObject([200, {}])
    vi.setSystemTime(Date.parse('2026-05-04T00:00:00Z'))
    expect(said(await api.associate('2026-04-20', '2026-04-21', { mode: 'DISASSOCIATE' }))).toEqual([
      409,
      expect.stringContaining('2026-05-01 is the first date that can'),
    ])
  })

  it('that is sent again changes nothing', async () => {
    const api = await withAccount(TODAY)
    const first = await api.associate('2026-04-20')
    vi.setSystemTime(Date.parse('2026-05-10T00:00:00Z'))
    const again = await api.associate('2026-04-20')
    expect([again.status, again.body, again.headers.get('ETag')]).toEqual([200, first.body, expect.stringMatching(/^"1\./)])
  })

  it('refuses what an account cannot have, by the field', async () => {
    const api = await withAccount(TODAY)
    const { body: draft } = await api.post('/v2/price_plans', {
      name: 'Draft',
      type: 'BILLING',
      pricingCycleConfig: monthly,
      supportedCurrencies: ['USD'],
    })
    const { body: once } = await api.post('/price_plans', {
      name: 'Once',
      type: 'PURCHASE',
      pricePlanDetails: {
        supportedCurrencies: ['USD'],
        fixedFeeRateCards: [{ id: api.feeId, enableProration: false, rateValues: [{ currency: 'USD', rate: 1 }] }],
      },
    })
    await api.post(`/price_plans/${once.id}/activate`, { currencies: ['USD'] })
    await api.post('/accounts', { id: 'euros', name: 'Euros', customerId: 'cus1', invoiceCurrency: 'EUR' })
    await api.post('/accounts', { id: 'draft', name: 'Draft', customerId: 'cus1', status: 'DRAFT' })
    const refused = async (more: Loose, account = 'acc1') => said(await api.associate('2026-05-01', '9999-01-01', more, account))
    expect(await refused({ pricePlanId: 'pp.none' })).toEqual([404, 'The price plan "pp.none" does not exist.'])
    expect(await refused({ pricePlanId: draft.id })).toEqual([409, 'pricePlanId: the price plan "Draft" is DRAFT, and must be ACTIVE'])
    expect(await refused({ pricePlanId: once.id })).toEqual([
      400,
      'pricePlanId: the price plan "Once" is of type PURCHASE, and must be of type BILLING',
    ])
    expect(await refused({}, 'euros')).toEqual([
      409,
      'pricePlanId: the account "euros" is invoiced in EUR, and the price plan "Basic" is active in USD',
    ])
    expect(await refused({}, 'draft')).toEqual([409, 'The account "draft" is DRAFT, and must be ACTIVE to have a price plan.'])
    expect(await refused({}, 'nobody')).toEqual([404, 'The account "nobody" does not exist.'])
    expect(await refused({ effectiveUntil: '2026-05-01' })).toEqual([400, 'effectiveUntil: must be after effectiveFrom'])
    expect(await refused({ pricePlanId: undefined })).toEqual([400, 'pricePlanId: is required for ASSOCIATE'])
    expect(await refused({ retainStartOffsets: true })).toEqual([
      400,
      'retainStartOffsets: no plan is in force on 2026-05-01, whose cycles could be kept',
    ])
    expect(
      await refused({ pricePlanDetailsOverride: { fixedFeeRateCards: [{ id: 'addon.none', enableProration: true, rateValues: [] }] } }),
    ).toEqual([400, expect.stringContaining('pricePlanDetailsOverride.fixedFeeRateCards[0].rateValues: must have a price in USD')])
    const weekly = { interval: 'WEEKLY', startOffset: { dayOffset: '9', monthOffset: 'NIL' }, gracePeriod: 0 }
    expect(await refused({ pricePlanDetailsOverride: { pricingCycleConfig: weekly } })).toEqual([
      400,
      'pricePlanDetailsOverride.pricingCycleConfig.startOffset.dayOffset: must be 1 to 7 or LAST for WEEKLY',
    ])
    expect(await api.timelineOf()).toEqual([])
  })

  it('keeps what an account has instead of parts of the plan, and frozen, as the plan is', async () => {
    const api = await withAccount(TODAY)
    const cards = [{ id: api.feeId, name: 'fee', enableProration: false, rateValues: [{ currency: 'USD', rate: 7 }] }]
    const { body } = await api.associate('2026-05-01', '9999-01-01', { pricePlanDetailsOverride: { fixedFeeRateCards: cards } })
    expect(body.pricingSchedules[0].pricePlanDetailsOverride).toEqual({ fixedFeeRateCards: [{ ...cards[0], invoiceTiming: 'IN_ARREARS' }] })
    const [shown] = (await api.get('/accounts/acc1/pricing_schedules')).body.data
    expect([shown.isOverriden, shown.pricePlanDetails.fixedFeeRateCards[0].rateValues[0].rate]).toEqual([true, 7])
    expect(said(await api.delete(`/price_plans/${api.planId}`))).toEqual([
      409,
      'The account "acc1" has the price plan "Basic", or will have it',
    ])
  })
})

describe('what an account is charged for instead of what its plan has', () => {
  it('is in the audit log, where it is put in and where it is changed', async () => {
    const api = await withAccount(TODAY)
    const priced = (rate: number) => ({
      pricePlanDetailsOverride: {
        fixedFeeRateCards: [{ id: api.feeId, name: 'fee', enableProration: true, rateValues: [{ currency: 'USD', rate }] }],
      },
    })
    await api.associate('2026-05-01', '9999-01-01', priced(7))
    await api.associate('2026-05-01', '9999-01-01', priced(8))
    await api.associate('2026-05-01')
    const { body: log } = await api.get('/audit_log?pageSize=100')
    const contents = log.data.flatMap(({ changes }: Loose) => changes.overrideDetails?.new ?? [])
    expect(contents.map(({ cards }: Loose) => cards[0].rateCardDetails.fixedFeeRateCard.rateValues[0].rate)).toEqual([8, 7])
  })

  it('cannot be archived until its schedule has ended', async () => {
    const api = await withAccount(TODAY)
    await api.post('/event_schema', { name: 'calls', attributes: [], dimensions: [] })
    await api.post('/event_schema/calls/activate')
    const meter = { name: 'Calls made', type: 'COUNTER', aggregation: 'COUNT', eventSchemaName: 'calls' }
    const meterId = (await api.post('/usage_meters', meter)).body.id
    await api.post(`/usage_meters/${meterId}/activate`)
    const { body: fee } = await api.post('/addons', { name: 'Extra', type: 'FIXED_FEE' })
    const card = { id: fee.id, enableProration: true, rateValues: [{ currency: 'USD', rate: 1 }] }
    const usage = {
      usageMeterId: meterId,
      ratePlan: { pricingModel: 'TIERED', slabs: [{ order: 1, startAfter: 0, priceType: 'PER_UNIT' }] },
      rateValues: [{ currency: 'USD', slabRates: [{ order: 1, rate: 1 }] }],
    }
    const override = { pricePlanDetailsOverride: { fixedFeeRateCards: [card], usageRateCards: [usage] } }
    expect(said(await api.associate('2026-04-20', '2026-05-01', override))).toMatchObject([200, {}])
    expect(said(await api.delete(`/addons/${fee.id}`))).toEqual([409, 'The add-on "Extra" is priced by a schedule of the account "acc1"'])
    await api.post(`/usage_meters/${meterId}/deactivate`)
    expect(said(await api.delete(`/usage_meters/${meterId}`))).toEqual([
      409,
      'The usage meter "Calls made" is priced by a schedule of the account "acc1"',
    ])
    vi.setSystemTime(Date.parse('2026-05-01T00:00:00Z'))
    expect((await api.delete(`/addons/${fee.id}`)).status).toBe(200)
    expect((await api.delete(`/usage_meters/${meterId}`)).status).toBe(200)
    expect(said(await api.associate('2026-06-01', '2026-07-01', override))).toEqual([400, expect.stringContaining('and must be ACTIVE')])
  })
})

describe('a draft', () => {
  const edit = (effectiveFrom: string, effectiveUntil: string, pricePlanId: string, more: Loose = {}) => ({
    effectiveFrom,
    effectiveUntil,
    associationConfig: { pricePlanId },
    ...more,
  })

  it('is made of what is in force, changes nothing of that, and takes its place when it is finalized', async () => {
    const api = await withAccount(TODAY)
    await api.associate('2026-04-20')
    const other = await publishPlan(api, 'Pro', api.feeId)
    const edits = [edit('2026-07-01', '9999-01-01', other)]
    expect((await api.post('/v2/accounts/acc1/edit_schedules', { edits })).status).toBe(200)
    const before = [['Basic', '2026-04-20', '9999-01-01']]
    const after = [
      ['Basic', '2026-04-20', '2026-07-01'],
      ['Pro', '2026-07-01', '9999-01-01'],
    ]
    expect([await api.timelineOf(), await api.timelineOf('acc1', 'DRAFT')]).toEqual([before, after])
    expect((await api.post('/v2/accounts/acc1/finalize_schedules', {})).status).toBe(200)
    expect([await api.timelineOf(), await api.timelineOf('acc1', 'DRAFT')]).toEqual([after, []])
    expect(said(await api.post('/v2/accounts/acc1/finalize_schedules', {}))).toEqual([
      409,
      'The account "acc1" has no draft of its schedules.',
    ])
  })

  it('is not changed by an edit that is sent again', async () => {
    const api = await withAccount(TODAY)
    const edits = [edit('2026-07-01', '9999-01-01', api.planId)]
    const send = async () => {
      const { status, headers } = await api.post('/v2/accounts/acc1/edit_schedules', { edits })
      return [status, headers.get('ETag') ?? (await api.get('/v2/accounts/acc1/schedules?mode=DRAFT')).headers.get('ETag')]
    }
    expect(await send()).toEqual(await send())
  })

  it('whose base has changed is refused, and can be made anew', async () => {
    const api = await withAccount(TODAY)
    const edits = [edit('2026-07-01', '9999-01-01', api.planId)]
    await api.post('/v2/accounts/acc1/edit_schedules', { edits })
    await api.associate('2026-05-01', '2026-06-01')
    const stale = [409, expect.stringContaining('have changed since their draft was made')]
    expect(said(await api.post('/v2/accounts/acc1/finalize_schedules', {}))).toEqual(stale)
    expect(said(await api.post('/v2/accounts/acc1/edit_schedules', { edits }))).toEqual(stale)
    const [{ id }] = (await api.get('/v2/accounts/acc1/schedules?mode=DRAFT')).body.data
    const error = { referenceId: id, entityId: id, entityType: 'SCHEDULE', errorMessage: stale[1] }
    expect((await api.get(`/v2/schedules/${id}/errors`)).body.data).toEqual([error])
    expect((await api.post('/v2/accounts/acc1/edit_schedules?discard=true', { edits })).status).toBe(200)
    expect((await api.post('/v2/accounts/acc1/finalize_schedules', {})).status).toBe(200)
    expect(await api.timelineOf()).toEqual([
      ['Basic', '2026-05-01', '2026-06-01'],
      ['Basic', '2026-07-01', '9999-01-01'],
    ])
  })

  it('whose days cannot be changed any more is refused, and its errors name the schedule in force and the day', async () => {
    const api = await withAccount(TODAY)
    const { body } = await api.associate('2026-04-01')
    const inForce = body.pricingSchedules[0].id
    const other = await publishPlan(api, 'Pro', api.feeId)
    const drafted = await api.post('/v2/accounts/acc1/edit_schedules', { edits: [edit('2026-04-21', '9999-01-01', other)] })
    const { id } = drafted.body.pricingSchedules[0]
    const errorsOf = async (schedule: string) => (await api.get(`/v2/schedules/${schedule}/errors`)).body.data
    expect([await errorsOf(id), await errorsOf(inForce)]).toEqual([[], []])
    vi.setSystemTime(Date.parse('2026-04-21T00:00:00Z'))
    const message = `The schedule "${inForce}": the plan that is in force until then cannot be changed any more; 2026-04-22 is the first date that can`
    expect(said(await api.post('/v2/accounts/acc1/finalize_schedules', {}))).toEqual([409, message])
    const error = { entityId: inForce, entityType: 'SCHEDULE', errorMessage: message }
    expect(await errorsOf(id)).toEqual([{ referenceId: id, ...error }])
    expect(await errorsOf(inForce)).toEqual([{ referenceId: inForce, ...error }])
  })

  it('of a plan that is archived by then is refused, and its errors say so', async () => {
    const api = await withAccount(TODAY)
    const drafted = await api.post('/v2/accounts/acc1/edit_schedules', { edits: [edit('2026-05-01', '9999-01-01', api.planId)] })
    const { id } = drafted.body.pricingSchedules[0]
    expect((await api.delete(`/price_plans/${api.planId}`)).status).toBe(200)
    const message = 'The price plan "Basic" is ARCHIVED, and must be ACTIVE.'
    expect(said(await api.post('/v2/accounts/acc1/finalize_schedules', {}))).toEqual([409, message])
    const error = { referenceId: id, entityId: api.planId, entityType: 'PRICE_PLAN', errorMessage: message }
    expect((await api.get(`/v2/schedules/${id}/errors`)).body.data).toEqual([error])
  })

  it('merges schedules that touch, and the one that was there keeps its id', async () => {
    const api = await withAccount(TODAY)
    const { body } = await api.associate('2026-05-01', '2026-06-01')
    const id = body.pricingSchedules[0].id
    await api.post('/v2/accounts/acc1/edit_schedules', { edits: [edit('2026-06-01', '2026-07-01', api.planId, { mergeSchedules: true })] })
    const { body: merged } = await api.post('/v2/accounts/acc1/finalize_schedules', {})
    expect(merged.data.map((one: Loose) => [one.id, one.endDate])).toEqual([[id, '2026-07-01T00:00:00.000Z']])
    await api.post('/v2/accounts/acc1/edit_schedules', { edits: [edit('2026-04-21', '2026-05-01', api.planId)] })
    expect(await api.timelineOf('acc1', 'DRAFT')).toHaveLength(2)
    const { body: finalized } = await api.post('/v2/accounts/acc1/finalize_schedules', { mergeSchedules: true })
    expect(finalized.data.map((one: Loose) => [one.id, one.startDate])).toEqual([[id, '2026-04-21T00:00:00.000Z']])
  })

  it('is not put in force where it makes a plan longer that was archived since', async () => {
    const api = await withAccount('2026-04-20T08:00:00Z')
    await api.associate('2026-04-20', '2026-05-01')
    const later = edit('2026-05-01', '9999-01-01', api.planId, { mergeSchedules: true })
    expect((await api.post('/v2/accounts/acc1/edit_schedules', { edits: [later] })).status).toBe(200)
    vi.setSystemTime(Date.parse('2026-05-10T08:00:00Z'))
    expect((await api.delete(`/price_plans/${api.planId}`)).status).toBe(200)
    expect(said(await api.post('/v2/accounts/acc1/finalize_schedules', {}))).toEqual([
      409,
      'The price plan "Basic" is ARCHIVED, and must be ACTIVE.',
    ])
    expect(await api.timelineOf()).toEqual([['Basic', '2026-04-20', '2026-05-01']])
    const longer = env.DB.prepare("UPDATE schedules SET end_at = end_at + 86400000 WHERE organization_id = ? AND state = 'ACTIVE'").bind(
      api.id,
    )
    await expect(longer.run()).rejects.toThrow('SCHEDULE_PLAN_GONE')
  })

  it('whose own days have passed is refused as the draft, and not as the edit of other days', async () => {
    const api = await withAccount(TODAY)
    await api.associate('2026-04-20')
    const pro = await publishPlan(api, 'Pro', api.feeId)
    await api.post('/v2/accounts/acc1/edit_schedules', { edits: [edit('2026-04-25', '9999-01-01', pro)] })
    vi.setSystemTime(Date.parse('2026-04-28T08:00:00Z'))
    const more = await api.post('/v2/accounts/acc1/edit_schedules', { edits: [edit('2026-09-01', '2026-10-01', api.planId)] })
    expect(said(more)).toEqual([409, expect.stringMatching(/^The draft: .*2026-04-29 is the first date that can/)])
    const own = await api.post('/v2/accounts/acc1/edit_schedules?discard=true', { edits: [edit('2026-04-20', '2026-10-01', pro)] })
    expect(said(own)).toEqual([409, expect.stringMatching(/^edits\[0\]\.effectiveFrom: /)])
  })

  it('that changes the cards of a running schedule is in force from tomorrow on', async () => {
    const api = await withAccount(TODAY)
    const { body } = await api.associate('2026-04-01')
    const { id } = body.pricingSchedules[0]
    const rateCard = {
      billableId: api.feeId,
      type: 'FIXED_FEE',
      invoiceTiming: 'IN_ARREARS',
      rateCardDetails: { fixedFeeRateCard: { id: api.feeId, enableProration: true, rateValues: [{ currency: 'EUR', rate: 5 }] } },
    }
    const operate = (card: Loose) =>
      api.post(`/v2/schedules/${id}/rate_cards`, { operations: [{ actionType: 'UPDATE', rateCardName: 'fee', rateCard: card }] })
    const create = { actionType: 'CREATE', rateCardName: 'fee', rateCard }
    expect(said(await api.post(`/v2/schedules/${id}/rate_cards`, { operations: [create] }))).toEqual([
      409,
      'operations[0].rateCardName: the schedule has a card "fee" already',
    ])
    expect((await operate(rateCard)).status).toBe(200)
    const { body: errors } = await api.get(`/v2/schedules/${id}/errors`)
    expect(errors.data).toEqual([
      {
        referenceId: id,
        entityId: 'fee',
        entityType: 'RATE_CARD',
        errorMessage: 'rateValues: must have a price in USD, which the plan supports',
      },
    ])
    expect(said(await api.post('/v2/accounts/acc1/finalize_schedules', {}))).toEqual([
      409,
      `The schedule "${id}" has errors: fee: rateValues: must have a price in USD, which the plan supports`,
    ])
    rateCard.rateCardDetails.fixedFeeRateCard.rateValues = [{ currency: 'USD', rate: 5 }]
    await operate(rateCard)
    expect((await api.post('/v2/accounts/acc1/finalize_schedules', {})).status).toBe(200)
    const { body: list } = await api.get('/accounts/acc1/pricing_schedules')
    expect(
      list.data.map((one: Loose) => [
        one.startDate.slice(0, 10),
        one.isOverriden,
        one.pricePlanDetails.fixedFeeRateCards[0].rateValues[0].rate,
      ]),
    ).toEqual([
      ['2026-04-01', false, 10],
      ['2026-04-21', true, 5],
    ])
    expect(list.data[0].id).toBe(id)
  })
})

describe('an account', () => {
  it('that is archived has its plan until the end of the day, and no draft any more; restored, it has none', async () => {
    const api = await withAccount(TODAY)
    await api.associate('2026-04-01')
    const edits = [{ effectiveFrom: '2026-07-01', effectiveUntil: '2026-08-01', associationConfig: { pricePlanId: api.planId } }]
    await api.post('/v2/accounts/acc1/edit_schedules', { edits })
    expect((await api.delete('/accounts/acc1')).status).toBe(200)
    expect([await api.timelineOf(), await api.timelineOf('acc1', 'DRAFT')]).toEqual([[['Basic', '2026-04-01', '2026-04-21']], []])
    expect(said(await api.delete('/customers/cus1'))).toEqual([
      409,
      'The account "acc1" of the customer "cus1" has a price plan until the end of its day',
    ])
    const restored = await api.post('/accounts/acc1/restore')
    expect([restored.status, restored.body.pricePlansLeftOut]).toEqual([200, [api.planId]])
    expect(await api.timelineOf()).toEqual([['Basic', '2026-04-01', '2026-04-21']])
    await api.delete('/accounts/acc1')
    vi.setSystemTime(Date.parse('2026-04-21T00:00:00Z'))
    expect(said(await api.delete('/customers/cus1'))).toEqual([409, expect.stringContaining(' has an invoice that is a DRAFT, ')])
    vi.setSystemTime(Date.parse('2026-04-24T00:00:00Z'))
    await doDue(api.id)
    expect((await api.delete('/customers/cus1')).status).toBe(200)
  })

  it('with a plan keeps its currency', async () => {
    const api = await withAccount(TODAY)
    await api.associate('2026-05-01')
    expect(said(await api.patch('/accounts/acc1', { invoiceCurrency: 'EUR' }))).toEqual([409, expect.stringMatching(/^invoiceCurrency: /)])
  })

  it('is seen by no other organization', async () => {
    const api = await withAccount(TODAY)
    const { body } = await api.associate('2026-05-01')
    const stranger = await organization()
    const { id } = body.pricingSchedules[0]
    for (const path of [
      '/v2/accounts/acc1/schedules?mode=ACTIVE',
      `/v2/schedules/${id}/rate_cards?mode=ACTIVE`,
      `/v2/schedules/${id}/errors`,
    ])
      expect((await stranger.get(path)).status).toBe(404)
    const operations = [{ actionType: 'DELETE', rateCardName: 'fee' }]
    expect((await stranger.post(`/v2/schedules/${id}/rate_cards`, { operations })).status).toBe(404)
    expect((await stranger.call('PUT', `/v2/schedules/${id}/pricing_rules`, { pricingRules: [] })).status).toBe(404)
  })

  it('has its timeline and its cycle read in one call, with 500 schedules of the past too', async () => {
    const api = await withAccount(TODAY)
    const start = Date.UTC(2020, 0, 1)
    const { body } = await api.associate('2026-04-20')
    await env.DB.prepare(
      `INSERT INTO schedules (id, organization_id, account_id, state, price_plan_id, plan_version, start_at, end_at, cycle, is_cycle_overridden, created_at, updated_at)
       SELECT 'sch.' || n.value, organization_id, account_id, 'ACTIVE', price_plan_id, 1, ?1 + n.value * 172800000, ?1 + n.value * 172800000 + 86400000, cycle, 0, 0, 0
       FROM schedules, json_each(?3) AS n WHERE schedules.id = ?2`,
    )
      .bind(start, body.pricingSchedules[0].id, JSON.stringify(Array.from({ length: 500 }, (_, index) => index)))
      .run()
    const { d1, seen } = watched()
    const { get } = client(api.token, d1)
    const first = await get('/v2/accounts/acc1/schedules?mode=ACTIVE&pageSize=20')
    const calls = seen.calls
    const again = await get('/v2/accounts/acc1/schedules?mode=ACTIVE&pageSize=20')
    expect([first.body.data.length, seen.calls - calls]).toEqual([1, 1])
    const past = await get(`/v2/accounts/acc1/schedules?mode=ACTIVE&nextToken=${encodeURIComponent(again.body.previousToken)}`)
    expect([past.body.data.length, past.body.data.at(-1).startDate < again.body.data[0].startDate]).toEqual([20, true])
    const back = await get(`/v2/accounts/acc1/schedules?mode=ACTIVE&nextToken=${encodeURIComponent(past.body.nextToken)}`)
    expect(back.body.data.map(({ id }: Loose) => id)).toEqual(again.body.data.map(({ id }: Loose) => id))
  })
})

describe('a schedule', () => {
  it('is found by its id among those of 3,000 other accounts without reading these', async () => {
    const api = await withAccount(TODAY)
    const [{ id }] = (await api.associate('2026-04-20')).body.pricingSchedules
    const paths = ['rate_cards?mode=ACTIVE', 'pricing_rules?mode=ACTIVE', 'errors'].map((path) => `/v2/schedules/${id}/${path}`)
    const edits = Array.from({ length: 10 }, (_, index) => ({
      effectiveFrom: `20${30 + index}-01-01`,
      effectiveUntil: `20${31 + index}-01-01`,
      associationConfig: { scheduleId: index ? `${id}.${index}` : id },
    }))
    const costs = async () => [
      ...(await Promise.all(paths.map((path) => rowsRead(api, path)))),
      await rowsRead(api, `/price_plans/${api.planId}/pricing_schedules/${id}/pricing_rules`),
      await rowsRead(api, `/v2/schedules/${id}/rate_cards?dry_run=true`, { operations: [{ actionType: 'DELETE', rateCardName: 'fee' }] }),
    ]
    const before = await costs()
    await env.DB.prepare(
      `INSERT INTO schedules (id, organization_id, account_id, state, price_plan_id, plan_version, start_at, end_at, cycle, is_cycle_overridden, created_at, updated_at)
       SELECT ?1 || '.' || n.value, organization_id, 'acc.' || n.value, 'ACTIVE', price_plan_id, 1, start_at, end_at, cycle, 0, 0, 0
       FROM schedules, json_each(?2) AS n WHERE schedules.id = ?1`,
    )
      .bind(id, JSON.stringify(Array.from({ length: 3000 }, (_, index) => index)))
      .run()
    expect(await costs()).toEqual(before)
    expect(await rowsRead(api, '/v2/accounts/acc1/edit_schedules?dry_run=true', { edits })).toBeLessThan(1000)
  })
})

describe('the database', () => {
  it('holds that an account has one plan at most at every instant', async () => {
    const api = await withAccount(TODAY)
    await api.associate('2026-05-01', '2026-06-01')
    await api.associate('2026-06-01', '2026-07-01', { pricePlanId: await publishPlan(api, 'Pro', api.feeId) })
    const { meta } = await env.DB.prepare("UPDATE schedules SET updated_at = 1 WHERE organization_id = ? AND state = 'ACTIVE'")
      .bind(api.id)
      .run()
    expect(meta.changes).toBe(2)
    const longer = env.DB.prepare('UPDATE schedules SET end_at = end_at + 86400000 WHERE organization_id = ?').bind(api.id)
    await expect(longer.run()).rejects.toThrow('STALE')
    const another = env.DB.prepare(
      `INSERT INTO schedules (id, organization_id, account_id, state, price_plan_id, plan_version, start_at, end_at, cycle, is_cycle_overridden, created_at, updated_at)
       SELECT 'sch.another', organization_id, account_id, state, price_plan_id, plan_version, start_at + 86400000, end_at, cycle, 0, 0, 0 FROM schedules WHERE organization_id = ? LIMIT 1`,
    ).bind(api.id)
    await expect(another.run()).rejects.toThrow('STALE')
  })

  it('lets of twelve edits at the same moment one come after the other', async () => {
    const api = await withAccount(TODAY)
    const pro = await publishPlan(api, 'Pro', api.feeId)
    const answers = await Promise.all([
      ...Array.from({ length: 6 }, (_, n) => api.associate(`2026-05-0${n + 1}`, '2026-07-01')),
      ...Array.from({ length: 6 }, (_, n) => api.associate(`2026-05-1${n}`, '2026-08-01', { pricePlanId: pro })),
    ])
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 12 }, () => 200))
    const timeline = await api.timelineOf()
    const [first, last] = [timeline[0], timeline.at(-1)]
    expect([first?.slice(0, 2), last?.[0], last?.[2]]).toEqual([['Basic', '2026-05-01'], 'Pro', '2026-08-01'])
    expect(timeline.slice(1).map(([, from]) => from)).toEqual(timeline.slice(0, -1).map(([, , until]) => until))
  })
})

describe('the cycle on a day', () => {
  const cycle: PlanCycle = { interval: 'MONTHLY', startOffset: { dayOffset: '1', monthOffset: 'NIL' }, gracePeriod: 2 }
  const pieceOf = (id: string, from: string, until: string, more: Partial<Piece> = {}): Piece => ({
    id,
    pricePlanId: 'pp.one',
    version: 1,
    from: readDay(from),
    until: readDay(until),
    cycle,
    isCycleOverridden: false,
    overrideId: null,
    isOpen: false,
    currencies: 1,
    ...more,
  })

  it('that is not billed yet can be changed in plans that say so, also after the plan has ended', () => {
    const [open, closed] = [pieceOf('a', '2026-01-10', '2026-04-18', { isOpen: true }), pieceOf('a', '2026-01-10', '2026-04-18')]
    const first = (piece: Piece, date: string) => writeDay(firstChangeableDay(piece, readDay(date)))
    expect(['2026-01-10', '2026-02-02', '2026-02-03', '2026-04-18', '2026-04-19'].map((date) => first(open, date))).toEqual([
      '2026-01-10',
      '2026-01-10',
      '2026-02-01',
      '2026-04-01',
      '2026-04-01',
    ])
    expect(first(open, '2026-04-20')).toBe('2026-04-18')
    expect(first(closed, '2026-04-20')).toBe('2026-04-21')
  })

  it('is counted from when the account was given the plan, also after changes of it, and not after another plan or a gap', () => {
    const timeline = [
      pieceOf('a', '2026-01-10', '2026-03-16'),
      pieceOf('b', '2026-03-16', '2026-05-01', { version: 2 }),
      pieceOf('c', '2026-05-01', '2026-06-01', { pricePlanId: 'pp.two' }),
      pieceOf('d', '2026-06-01', '2026-07-01'),
      pieceOf('e', '2026-08-10', '9999-01-01'),
    ]
    const on = (date: string) => {
      const found = cycleOn(timeline, readDay(date))
      return found && [found.piece.id, found.cycle.ordinal, writeDay(found.cycle.start), writeDay(found.cycle.end), iso(found.dueAt)]
    }
    expect(on('2026-01-31')).toEqual(['a', 1, '2026-01-10', '2026-02-01', '2026-02-03T00:00:00.000Z'])
    expect(on('2026-03-15')).toEqual(['a', 3, '2026-03-01', '2026-03-16', '2026-03-18T00:00:00.000Z'])
    expect(on('2026-03-16')).toEqual(['b', 4, '2026-03-16', '2026-04-01', '2026-04-03T00:00:00.000Z'])
    expect(on('2026-05-20')?.slice(0, 2)).toEqual(['c', 1])
    expect(on('2026-06-20')?.slice(0, 2)).toEqual(['d', 1])
    expect(on('2026-07-20')).toBeUndefined()
    expect(on('2026-09-01')?.slice(0, 2)).toEqual(['e', 2])
  })
})

describe('cycles', () => {
  it('are announced when they begin and end, once each, on time or late', async () => {
    const api = await withAccount('2026-04-20T10:00:00Z')
    await api.associate('2026-04-10', '2026-06-15')
    const log = async () => {
      const { results } = await env.DB.prepare(
        "SELECT resource_id, changes ->> '$.status[1]' AS status FROM audit_log WHERE organization_id = ? AND resource_type = 'PRICING_CYCLE' ORDER BY sequence",
      )
        .bind(api.id)
        .all<{ resource_id: string; status: string }>()
      return results.map(({ resource_id: id, status }) => `${id.split('#')[1]} ${status}`)
    }
    await doDue(api.id, undefined, Date.now())
    expect(await log()).toEqual(['2026-04-10 IN_FORCE'])
    await doDue(api.id, undefined, Date.parse('2026-07-01T00:00:00Z'))
    expect(await log()).toEqual([
      '2026-04-10 IN_FORCE',
      '2026-04-10 ENDED',
      '2026-05-01 IN_FORCE',
      '2026-05-01 ENDED',
      '2026-06-01 IN_FORCE',
      '2026-06-01 ENDED',
    ])
  })

  it('that a change drops or makes after they have begun are announced with it, each once', async () => {
    const api = await withAccount('2026-04-20T10:00:00Z', { allow_ongoing_cycle_updates: true })
    const other = await publishPlan(api, 'Other', api.feeId, { allow_ongoing_cycle_updates: true })
    await api.associate('2026-04-10')
    await doDue(api.id, undefined, Date.now())
    expect((await api.associate('2026-04-10', '9999-01-01', { pricePlanId: other })).status).toBe(200)
    const replaced = ['a 2026-04-10 IN_FORCE', 'a 2026-04-10 ENDED', 'b 2026-04-10 IN_FORCE']
    expect(await announcedOf(api)).toEqual(replaced)
    expect((await api.associate('2026-02-10', '2026-03-15')).status).toBe(200)
    const filled = ['c 2026-02-10 IN_FORCE', 'c 2026-02-10 ENDED', 'c 2026-03-01 IN_FORCE', 'c 2026-03-01 ENDED']
    expect(await announcedOf(api)).toEqual([...replaced, ...filled])
    await doDue(api.id, undefined, Date.parse('2026-05-01T00:00:00Z'))
    expect(await announcedOf(api)).toEqual([...replaced, ...filled, 'b 2026-04-10 ENDED', 'b 2026-05-01 IN_FORCE'])
  })

  it('that are announced after a timeline was read make its change stale', async () => {
    const api = await withAccount('2026-04-20T10:00:00Z')
    await api.associate('2026-04-10')
    await doDue(api.id, undefined, Date.now())
    const ctx = system(api.id, Date.parse('2026-04-30T23:59:59Z'))
    const read = (await readTimelines(ctx, ['acc1'], [])).timelines.get('acc1')
    if (!read) throw new Error('The account does not exist')
    await doDue(api.id, undefined, Date.parse('2026-05-01T00:00:00Z'))
    const draft = draftActiveTimelines(ctx, [{ read, edited: { pieces: read.active, overrides: new Map() } }], ctx.now)
    await expect(commit(ctx, { ...draft, answer: {} })).rejects.toBe(STALE)
    await doDue(api.id, undefined, Date.parse('2026-05-02T00:00:00Z'))
    expect(await announcedOf(api)).toEqual(['a 2026-04-10 IN_FORCE', 'a 2026-04-10 ENDED', 'a 2026-05-01 IN_FORCE'])
  })

  const weekly = { interval: 'WEEKLY', startOffset: { dayOffset: '1', monthOffset: 'NIL' }, gracePeriod: 0 }

  /** What was announced, in the order of the audit log and of the outbox, which must be the same. */
  const announced = async (api: { id: string }): Promise<string[]> => {
    const { results } = await env.DB.prepare(
      "SELECT resource_id AS id, changes ->> '$.status[1]' AS status FROM audit_log WHERE organization_id = ? AND resource_type = 'PRICING_CYCLE' ORDER BY sequence",
    )
      .bind(api.id)
      .all<{ id: string; status: string }>()
    const sent = await env.DB.prepare(
      "SELECT resource_id AS id FROM outbox WHERE organization_id = ? AND resource_type = 'PRICING_CYCLE' ORDER BY sequence",
    )
      .bind(api.id)
      .all<{ id: string }>()
    expect(sent.results.map(({ id }) => id)).toEqual(results.map(({ id }) => id))
    return results.map(({ id, status }) => `${id.split('#')[1]} ${status}`)
  }

  /** What is announced of cycles that begin each week, until one that has begun. */
  const weeks = (first: string, last: string): string[] => {
    const lines = [`${first} IN_FORCE`]
    for (let day = readDay(first); day < readDay(last); day += 7) lines.push(`${writeDay(day)} ENDED`, `${writeDay(day + 7)} IN_FORCE`)
    return lines
  }

  it('of many years that are late are announced in few commits before the next edit, in their order', async () => {
    const api = await withAccount('2026-04-20T10:00:00Z', { pricingCycleConfig: weekly })
    await api.associate('2016-01-04')
    /** Its bills are held in test/billing. */
    await env.DB.prepare("DELETE FROM due WHERE organization_id = ? AND kind = 'BILLING'").bind(api.id).run()
    const { seen, d1 } = watched()
    const edit = { pricePlanId: api.planId, effectiveFrom: '2027-01-01', effectiveUntil: '2027-02-01', mode: 'DISASSOCIATE' }
    const { status } = await client(api.token, d1).post('/accounts/acc1/price_plans', edit)
    expect([status, await announced(api)]).toEqual([200, weeks('2016-01-04', '2026-04-20')])
    expect(seen.calls).toBeLessThan(12)
  })

  it('of many years are announced by a run in few calls, a bounded number in each commit', async () => {
    const api = await withAccount('2026-04-20T10:00:00Z', { pricingCycleConfig: weekly })
    await api.associate('1996-01-01')
    let most = 0
    const measured = changed((session) => ({
      batch: async <Row>(statements: D1PreparedStatement[]) => {
        const results = await session.batch<Row>(statements)
        most = Math.max(most, ...results.map(({ meta }) => meta.changes))
        return results
      },
    }))
    const { usage, primary } = connect(measured)
    await doDueOf({ ...system(api.id), session: primary() }, steps)
    expect(await announced(api)).toEqual(weeks('1996-01-01', '2026-04-20'))
    expect([usage.calls < 20, most]).toEqual([true, 1000])
  })

  it('of many accounts that are read together are announced before, the earliest first', async () => {
    const api = await withAccount('2026-04-20T10:00:00Z', { pricingCycleConfig: weekly })
    const ids = Array.from({ length: 20 }, (_, index) => `read ${String(index).padStart(2, '0')}`)
    for (const id of ids) {
      await api.post('/accounts', { id, name: id, customerId: 'cus1' })
      await api.associate('2026-04-20', '9999-01-01', {}, id)
    }
    await doDue(api.id, undefined, Date.now())
    const { usage, primary } = connect(env.DB)
    const ctx = { ...system(api.id, Date.parse('2026-05-12T10:00:00Z')), session: primary() }
    const { timelines } = await readTimelines(ctx, ids, [])
    expect([timelines.size, usage.calls]).toEqual([20, 4])
    expect((await announced(api)).slice(20)).toEqual(
      ['2026-04-20', '2026-04-27', '2026-05-04'].flatMap((day) =>
        ids.flatMap(() => [`${day} ENDED`, `${writeDay(readDay(day) + 7)} IN_FORCE`]),
      ),
    )
  })

  it('of many accounts that turn at the same instant are announced together, and one by one where another change comes between', async () => {
    const api = await withAccount('2026-04-20T10:00:00Z')
    const ids = Array.from({ length: 60 }, (_, index) => `many ${String(index).padStart(2, '0')}`)
    for (const id of ids) {
      await api.post('/accounts', { id, name: id, customerId: 'cus1' })
      await api.associate('2026-04-20', '9999-01-01', {}, id)
    }
    await doDue(api.id)
    const before = (await announced(api)).length
    const next = Date.parse('2026-05-01T00:00:30Z')
    const { usage, primary } = connect(env.DB)
    expect(await doDueOf({ ...system(api.id, next), session: primary() }, steps)).toEqual({ done: 60, errors: [] })
    expect(usage.calls).toBeLessThan(10)
    expect(usage.rowsRead / 60).toBeLessThan(40)
    expect((await announced(api)).slice(before)).toEqual(ids.flatMap(() => ['2026-04-20 ENDED', '2026-05-01 IN_FORCE']))
    const { results } = await env.DB.prepare(
      'SELECT due_at AS dueAt, count(*) AS count FROM due WHERE organization_id = ? AND kind = ? GROUP BY 1',
    )
      .bind(api.id, 'PRICING_CYCLE')
      .all()
    expect(results).toEqual([{ dueAt: Date.parse('2026-06-01'), count: 60 }])
    /** The timeline of one of them changes between the read and the commit. */
    let isChanged = false
    const touching = changed((session) => ({
      batch: async (statements) => {
        const read = await session.batch<never>(statements)
        if (!isChanged && statements.length === 3) {
          isChanged = true
          await env.DB.prepare("UPDATE timelines SET version = version + 1 WHERE organization_id = ? AND account_id = 'many 07'")
            .bind(api.id)
            .run()
        }
        return read
      },
    }))
    const late = { ...system(api.id, Date.parse('2026-06-01T00:00:30Z')), session: connect(touching).primary() }
    expect([await doDueOf(late, steps), isChanged]).toEqual([{ done: 60, errors: [] }, true])
    expect((await announced(api)).slice(before + 120)).toEqual(ids.flatMap(() => ['2026-05-01 ENDED', '2026-06-01 IN_FORCE']))
  }, 60_000)

  it.each([
    [
      'at the start of a cycle',
      '2026-05-01T00:00:20Z',
      ['2026-04-01 IN_FORCE', '2026-04-01 ENDED', '2026-05-01 IN_FORCE', '2026-05-01 ENDED'],
    ],
    ['on the last day of a cycle', '2026-04-30T12:00:00Z', ['2026-04-01 IN_FORCE', '2026-04-01 ENDED']],
  ])('of an account that is archived %s are all announced, and none behind its end, on time or late', async (_, at, lines) => {
    for (const isLate of [false, true]) {
      const api = await withAccount('2026-04-20T10:00:00Z')
      await api.associate('2026-04-01')
      await doDue(api.id, undefined, Date.now())
      vi.setSystemTime(Date.parse(at))
      /** Keeps the timeline from being ended before the answer, so that a run two months later does it. */
      const failing = changed((session) => ({
        batch: (statements) => (statements.length === 4 ? Promise.reject(failed('Network connection lost.')) : session.batch(statements)),
      }))
      expect((await client(api.token, isLate ? failing : env.DB).delete('/accounts/acc1')).status).toBe(200)
      const { results } = await env.DB.prepare("SELECT 1 FROM due WHERE organization_id = ? AND kind = 'ACCOUNT_ARCHIVED'")
        .bind(api.id)
        .all()
      expect(results).toHaveLength(isLate ? 1 : 0)
      await doDue(api.id, undefined, Date.parse('2026-07-01T00:00:00Z'))
      expect(await announced(api)).toEqual(lines)
      expect((await env.DB.prepare('SELECT 1 FROM due WHERE organization_id = ?').bind(api.id).all()).results).toEqual([])
    }
  })
})

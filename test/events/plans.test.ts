import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { forgetOrganization } from '../../src/events/ingestion/memory.ts'
import { accountKey, askAccounts, askEvents, ledgerName } from '../../src/ledger/client.ts'
import { changed, client, ledgers, rowsRead, watched } from '../helpers/api.ts'
import { doDue } from '../helpers/ledgers.ts'
import { ride, throughLedgers, usageOf, watchedLedgers } from '../helpers/metering.ts'
import { DAY, METERED, PAST, WAITS, type World, setClock, withPlans } from '../helpers/plans.ts'
import { monthly } from '../helpers/schedules.ts'
import { dataOf, valuesOf } from '../helpers/metrics.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
})

afterEach(() => {
  vi.useRealTimers()
})

/** The instant at which the cycle of April falls due, with three days of grace. */
const DUE = Date.parse('2026-05-04T00:00:00Z')
const APRIL = '2026-04-15T12:00:00Z'

/** An organization whose account has had a plan of monthly cycles since 1 April. */
const withApril = async (details: Loose = {}) => {
  const api = await withPlans('2026-04-01T10:00:00Z')
  const planId = await api.publish('Basic', details)
  expect((await api.edit({ pricePlanId: planId, effectiveFrom: '2026-04-01' })).status).toBe(200)
  return { ...api, planId }
}

const callsIn = (headers: Headers, name: 'd1' | 'ledger'): number =>
  Number(new RegExp(`${name};dur=[\\d.]+;desc="(\\d+)"`).exec(headers.get('Server-Timing') ?? '')?.[1] ?? 0)

/** An event that adds a name to the licence `seats`. */
const license = (name: string) => ({
  schemaName: 'togai-named-license',
  attributes: [{ name: 'action', value: '1' }],
  dimensions: { license_id: 'seats', name },
})

/** The names of licences of an organization, as the ledgers of its accounts have them. */
const namesOf = async ({ id }: World): Promise<string[]> => {
  const all = await Promise.all(
    [0, 1, 2, 3].map((index) =>
      askAccounts({ ledgers }, ledgerName(id, 'account', 1, index), (ledger) => ledger.readLicenses(0, DUE + DAY)),
    ),
  )
  return all.flat().map(({ name }) => name)
}

const addLicense = ({ id }: World): Promise<unknown> => env.DB.prepare('INSERT INTO named_licenses VALUES (?, ?)').bind(id, 'seats').run()

describe('grace', () => {
  it('ends when the invoice falls due, and the status says the dates of the cycle', async () => {
    const api = await withApril()
    setClock(DUE - 1)
    expect(await api.arrive('in time', APRIL)).toBe(METERED)
    setClock(DUE)
    expect(await api.arrive('late', APRIL)).toBe(PAST)
    const [{ ingestionStatus, eventPipelineInfo }] = await api.eventsOfId('late')
    expect(ingestionStatus.statusDescription).toBe(
      'The event arrived too late: its pricing cycle from 2026-04-01 to 2026-04-30 took events that arrived before 2026-05-04, 00:00 UTC.',
    )
    expect(eventPipelineInfo).toMatchObject({ eventSchema: { name: 'rides' }, usageMeters: [], pricePlans: [] })
    expect(await usageOf(api)).toBe('1')
    expect(await api.arrive('in May', '2026-05-01T00:00:00Z')).toBe(METERED)
  })

  it('does not judge an event twice: what was taken in time stays so when its request is sent again later', async () => {
    const api = await withApril()
    const request = { event: ride('E', '1', { timestamp: APRIL }) }
    const headers = { 'Idempotency-Key': 'once' }
    setClock(DUE - 1)
    expect((await api.call('POST', '/ingest', request, headers)).status).toBe(202)
    setClock(DUE + 1000)
    expect((await api.call('POST', '/ingest', request, headers)).status).toBe(202)
    expect((await api.eventsOfId('E')).map(({ ingestionStatus }) => ingestionStatus.status)).toEqual([METERED])
    expect(await api.arrive('E', APRIL)).toBe('INGESTION_FAILED_DUPLICATE_EVENT')
    expect(await usageOf(api)).toBe('1')
  })

  it('is only tried by a dry run, with the same end', async () => {
    const api = await withApril()
    const tried = async () => (await api.post('/ingest?dry_run=true', { event: ride('A', '1', { timestamp: APRIL }) })).body.details.events
    setClock(DUE - 1)
    expect(await tried()).toMatchObject([{ status: METERED, usageMeters: [{ units: 1 }] }])
    setClock(DUE)
    expect(await tried()).toMatchObject([
      { status: PAST, statusDescription: expect.stringContaining('from 2026-04-01 to 2026-04-30'), usageMeters: [] },
    ])
    expect((await api.get('/events/A')).status).toBe(404)
  })

  it('is asked for after what is wrong with an event itself, and before features, meters and units', async () => {
    const api = await withApril()
    const { body: broken } = await api.post('/usage_meters', {
      name: 'broken',
      type: 'COUNTER',
      aggregation: 'SUM',
      eventSchemaName: 'rides',
      computations: [{ computation: '{"/":[1,0]}', order: 1 }],
    })
    expect((await api.post(`/usage_meters/${broken.id}/activate`)).status).toBe(200)
    await api.post('/event_schema', { name: 'none', attributes: [], dimensions: [] })
    await api.post('/event_schema/none/activate')
    const none = { schemaName: 'none', attributes: [], dimensions: {} }
    await api.arrive('taken', APRIL, none)
    setClock(DUE)
    const late: [string, Loose, string][] = [
      ['schema', { schemaName: 'unknown' }, 'INGESTION_FAILED_SCHEMA_NOT_DEFINED'],
      ['account', { accountId: 'nobody' }, WAITS],
      ['attribute', { attributes: [] }, 'INGESTION_FAILED'],
      ['units', {}, PAST],
      ['no meters', none, PAST],
      ['taken', none, 'INGESTION_FAILED_DUPLICATE_EVENT'],
    ]
    for (const [id, more, status] of late) expect([id, await api.arrive(id, APRIL, more)]).toEqual([id, status])
    expect(await api.arrive('units in May', '2026-05-02T00:00:00Z')).toBe('INGESTION_FAILED_UNITS_INVALID')
  })

  it('holds for usage that is sent for a meter, and for names of licences, which are not added', async () => {
    const api = await withApril()
    await addLicense(api)
    const usage = {
      schemaName: 'togai-usage',
      attributes: [{ name: 'usage', value: '7' }],
      dimensions: { usage_meter_id: api.meterId },
    }
    setClock(DUE - 1)
    expect([await api.arrive('u1', APRIL, usage), await api.arrive('l1', APRIL, license('ann'))]).toEqual([METERED, METERED])
    expect(await api.plansOf('u1')).toMatchObject([{ id: api.planId, usageMeters: [api.meterId] }])
    expect(await api.plansOf('l1')).toMatchObject([{ id: api.planId, usageMeters: [] }])
    setClock(DUE)
    const tried = await api.post('/ingest?dry_run=true', { event: ride('l2', '1', { timestamp: APRIL, ...license('bob') }) })
    expect(tried.body.details.events).toMatchObject([{ status: PAST }])
    expect([await api.arrive('u2', APRIL, usage), await api.arrive('l2', APRIL, license('bob'))]).toEqual([PAST, PAST])
    expect(await api.arrive('wrong', APRIL, { ...license('bob'), dimensions: {} })).toBe('INGESTION_FAILED_INVALID_NAMED_LICENSE_EVENT')
    const wrongMeter = { ...usage, dimensions: { usage_meter_id: 'um.none' } }
    expect(await api.arrive('no meter', APRIL, wrongMeter)).toBe(PAST)
    expect(await usageOf(api)).toBe('7')
    expect(await namesOf(api)).toEqual(['ann'])
  })

  it('is no limit where no plan is in force, before, between and after plans, and for another account', async () => {
    const [api, other] = [await withApril(), await withPlans('2026-04-01T10:00:00Z')]
    expect((await api.edit({ mode: 'DISASSOCIATE', effectiveFrom: '2026-04-10', effectiveUntil: '2026-04-12' })).status).toBe(200)
    setClock('2026-12-01T00:00:00Z')
    const statusAt = (id: string, time: string) => api.arrive(id, time)
    expect(await statusAt('before', '2026-03-31T23:59:59.999Z')).toBe(METERED)
    expect(await statusAt('first', '2026-04-01T00:00:00Z')).toBe(PAST)
    expect(await statusAt('last', '2026-04-09T23:59:59.999Z')).toBe(PAST)
    expect(await statusAt('gap', '2026-04-10T00:00:00Z')).toBe(METERED)
    expect(await statusAt('gap end', '2026-04-11T23:59:59.999Z')).toBe(METERED)
    expect(await statusAt('again', '2026-04-12T00:00:00Z')).toBe(PAST)
    for (const id of ['before', 'gap']) expect(await api.plansOf(id)).toEqual([])
    expect([await other.arrive('A', APRIL), await other.plansOf('A')]).toEqual([METERED, []])
    await api.post('/accounts', { id: 'bare', name: 'Bare account', customerId: 'acme' })
    expect([await api.arrive('B', APRIL, { accountId: 'bare' }), await api.plansOf('B')]).toEqual([METERED, []])
  })

  it('is decided by what is in force: not by a draft, and not by a plan that was taken away', async () => {
    const api = await withApril({ allow_ongoing_cycle_updates: true })
    setClock('2026-05-02T10:00:00Z')
    await api.arrive('E', APRIL)
    expect((await api.edit({ mode: 'DISASSOCIATE', effectiveFrom: '2026-04-01' })).status).toBe(200)
    const association = { pricePlanId: api.planId }
    const edits = [{ effectiveFrom: '2026-04-01', effectiveUntil: '9999-01-01', associationConfig: association }]
    expect((await api.post('/v2/accounts/acme%20main/edit_schedules', { edits })).status).toBe(200)
    setClock(DUE)
    expect([await api.arrive('F', APRIL), await api.plansOf('E'), await api.plansOf('F')]).toEqual([METERED, [], []])
    expect((await api.post('/v2/accounts/acme%20main/finalize_schedules', {})).status).toBe(200)
    expect(await api.arrive('G', APRIL)).toBe(PAST)
  })

  it('follows an alias, and an archived account, whose last cycle ends with its day', async () => {
    const api = await withApril()
    await api.post('/accounts/acme%20main/add_aliases', { aliases: ['main'] })
    setClock('2026-04-20T10:00:00Z')
    expect((await api.delete('/accounts/acme%20main')).status).toBe(200)
    setClock('2026-04-23T23:59:59.999Z')
    expect(await api.arrive('in time', APRIL, { accountId: 'main' })).toBe(METERED)
    expect(await api.plansOf('in time')).toMatchObject([{ cycleStart: '2026-04-01', cycleEnd: '2026-04-20' }])
    setClock('2026-04-24T00:00:00Z')
    expect(await api.arrive('late', APRIL, { accountId: 'main' })).toBe(PAST)
    expect(await api.arrive('late, by id', APRIL)).toBe(PAST)
    expect(await api.arrive('after', '2026-04-20T12:00:00Z')).toBe(WAITS)
  })
})

describe('events at the end of a cycle', () => {
  it('are in one cycle each, and metrics agree (P2-32)', async () => {
    const api = await withApril()
    setClock('2026-05-01T12:00:00Z')
    const times = ['2026-04-30T23:59:59.999Z', '2026-05-01T00:00:00.000Z', '2026-05-01T01:30:00+02:00', '2026-05-01T00:00:00']
    const events = times.map((timestamp, index) => ride(`e${index}`, '1', { timestamp }))
    expect((await api.post('/ingestBatch', { events })).status).toBe(202)
    const cycles = await Promise.all(events.map(async ({ id = '' }) => (await api.plansOf(id)).map(({ cycleStart }) => cycleStart)))
    expect(cycles).toEqual([['2026-04-01'], ['2026-05-01'], ['2026-04-01'], ['2026-05-01']])
    const usage = { name: 'USAGE', filters: [{ fieldName: 'USAGE_METER_ID', fieldValues: [api.meterId] }] }
    const sums = await dataOf(api, '2026-04-01T00:00:00Z', '2026-06-01T00:00:00Z', { ...usage, aggregationPeriod: 'MONTH' })
    expect(valuesOf(sums)).toEqual([2, 2])
    const { body } = await api.get('/events?start_time=2026-04-01T00:00:00Z&end_time=2026-05-01T00:00:00Z')
    expect(body.events.map(({ eventPayload }: Loose) => eventPayload.id)).toEqual(['e0', 'e2'])
  })

  it('or from the future are metered in their own cycle (P2-35)', async () => {
    const api = await withApril()
    setClock('2026-05-10T12:00:00Z')
    const times = { soon: '2026-05-10T12:00:25Z', later: '2026-05-31T23:00:00Z', typo: '2027-05-10T12:00:00Z' }
    for (const [id, time] of Object.entries(times)) expect(await api.arrive(id, time)).toBe(METERED)
    const cycleOf = async (id: string) => (await api.plansOf(id)).map(({ cycleStart, cycleEnd }) => [cycleStart, cycleEnd])
    expect([await cycleOf('soon'), await cycleOf('later'), await cycleOf('typo')]).toEqual([
      [['2026-05-01', '2026-05-31']],
      [['2026-05-01', '2026-05-31']],
      [['2027-05-01', '2027-05-31']],
    ])
  })
})

describe('an event that waits for its account', () => {
  it('is metered once, in the cycle of the plan that the account is given (P2-37)', async () => {
    const api = await withPlans('2026-04-20T10:00:00Z')
    const pricePlanId = await api.publish('Basic')
    expect(await api.arrive('E', '2026-04-20T10:00:00Z', { accountId: 'x1', attributes: [{ name: 'distance', value: '5' }] })).toBe(WAITS)
    setClock('2026-04-20T10:05:00Z')
    await api.post('/accounts', { id: 'x1', name: 'Later account', customerId: 'acme' })
    expect((await api.edit({ pricePlanId, effectiveFrom: '2026-04-20' }, 'x1')).status).toBe(200)
    await doDue(api.id)
    setClock('2026-04-20T10:06:00Z')
    expect(await api.arrive('E', '2026-04-20T10:00:00Z', { accountId: 'x1', attributes: [{ name: 'distance', value: '5' }] })).toBe(
      'INGESTION_FAILED_DUPLICATE_EVENT',
    )
    const events = await api.eventsOfId('E')
    expect(events.map(({ ingestionStatus }) => ingestionStatus.status)).toEqual(['INGESTION_FAILED_DUPLICATE_EVENT', METERED])
    expect(events.map(({ eventPipelineInfo }) => eventPipelineInfo.pricePlans)).toMatchObject([
      [],
      [{ id: pricePlanId, cycleStart: '2026-04-20', cycleEnd: '2026-04-30', usageMeters: [api.meterId] }],
    ])
    expect(await usageOf(api)).toBe('5')
  })

  it('is judged by when it first arrived, unless its cycle was closed since', async () => {
    const api = await withApril()
    const more = { accountId: 'later' }
    await addLicense(api)
    setClock(DUE - 1)
    expect(await api.arrive('ann', APRIL, { ...license('ann'), ...more })).toBe(WAITS)
    expect(await api.arrive('in time', APRIL, more)).toBe(WAITS)
    expect(await api.arrive('closed', '2026-04-16T00:00:00Z', more)).toBe(WAITS)
    setClock(DUE)
    expect(await api.arrive('late', APRIL, more)).toBe(WAITS)
    expect(await api.arrive('bob', APRIL, { ...license('bob'), ...more })).toBe(WAITS)
    const [from, until] = [Date.parse('2026-04-16T00:00:00Z'), Date.parse('2026-04-17T00:00:00Z')]
    for (const index of [0, 1, 2, 3])
      await askEvents({ ledgers }, ledgerName(api.id, 'event', 1, index), (ledger) =>
        ledger.closeAndSum(accountKey('acme main'), from, until),
      )
    setClock(DUE + 5 * DAY)
    expect((await api.post('/accounts/acme%20main/add_aliases', { aliases: ['later'] })).status).toBe(200)
    await doDue(api.id)
    expect([await api.statusOf('in time'), await api.statusOf('late'), await api.statusOf('closed')]).toEqual([METERED, PAST, PAST])
    expect([await api.statusOf('ann'), await api.statusOf('bob'), await namesOf(api)]).toEqual([METERED, PAST, ['ann']])
    const [{ ingestionStatus }] = await api.eventsOfId('late')
    expect(ingestionStatus.statusDescription).toContain('its pricing cycle from 2026-04-01 to 2026-04-30')
    expect(await usageOf(api)).toBe('1')
  })
})

describe('a Worker that remembers an account from before', () => {
  /** Sends an event whose recording is held until the timeline has been edited by another request. */
  const sendWhile = async (api: World, id: string, more: Loose, edit: () => Promise<{ status: number }>): Promise<string> => {
    let isHeld = true
    const ask = throughLedgers(
      api.token,
      watchedLedgers(async ({ method }, call) => {
        if (method === 'record' && isHeld) {
          isHeld = false
          expect((await edit()).status).toBe(200)
        }
        return call()
      }),
    )
    expect((await ask('/ingest', { event: ride(id, '1', more) })).status).toBe(202)
    expect(isHeld).toBe(false)
    return api.statusOf(id)
  }

  it('never takes an event by it: a plan that the account is given meanwhile closes the cycle', async () => {
    const api = await withPlans('2026-05-10T10:00:00Z')
    const pricePlanId = await api.publish('Basic')
    expect(await api.arrive('warm', APRIL)).toBe(METERED)
    const status = await sendWhile(api, 'E', { timestamp: APRIL }, () => api.edit({ pricePlanId, effectiveFrom: '2026-04-01' }))
    expect([status, await usageOf(api)]).toEqual([PAST, '1'])
  })

  it('never takes or refuses an event by it: the grace of a cycle changes meanwhile', async () => {
    const api = await withApril({ allow_ongoing_cycle_updates: true })
    setClock('2026-05-02T10:00:00Z')
    await api.post('/accounts/acme%20main/add_aliases', { aliases: ['main'] })
    const shorten = () =>
      api.edit({
        pricePlanId: api.planId,
        effectiveFrom: '2026-04-01',
        pricePlanDetailsOverride: { pricingCycleConfig: { ...monthly, gracePeriod: 1 } },
      })
    expect(await api.arrive('warm', APRIL, { accountId: 'main' })).toBe(METERED)
    expect(await sendWhile(api, 'E', { timestamp: APRIL, accountId: 'main' }, shorten)).toBe(PAST)
    const lengthen = () => api.edit({ mode: 'DISASSOCIATE', effectiveFrom: '2026-05-03', effectiveUntil: '2026-05-04' })
    const inMay = { timestamp: '2026-05-03T10:00:00Z', accountId: 'main' }
    expect(await api.arrive('warm in May', inMay.timestamp, inMay)).toBe(METERED)
    expect(await sendWhile(api, 'F', inMay, lengthen)).toBe(METERED)
    expect(await api.plansOf('F')).toEqual([])
  })

  it('counts of many events at once only those that came before the change', async () => {
    const api = await withPlans('2026-05-10T10:00:00Z')
    const pricePlanId = await api.publish('Basic')
    await api.arrive('warm', APRIL)
    const ids = Array.from({ length: 30 }, (_, index) => `e${index}`)
    const [{ status }, ...sent] = await Promise.all([
      api.edit({ pricePlanId, effectiveFrom: '2026-04-01' }),
      ...ids.map((id) => api.sendEvent(id, APRIL)),
    ])
    expect([status, ...new Set(sent.map((answer) => answer.status))]).toEqual([200, 202])
    const statuses = await Promise.all(ids.map((id) => api.statusOf(id)))
    expect(statuses.filter((its) => its !== METERED && its !== PAST)).toEqual([])
    expect(await usageOf(api)).toBe(String(1 + statuses.filter((its) => its === METERED).length))
    expect(await api.arrive('after', APRIL)).toBe(PAST)
  })

  it('is refused by the ledger, and reads the account again', async () => {
    const api = await withPlans('2026-05-10T10:00:00Z')
    const pricePlanId = await api.publish('Basic')
    const read: Loose[] = []
    const isOfAccounts = ([first]: Loose[]): boolean => first?.results?.[0]?.plans !== undefined
    /** A database whose first answer about accounts is the one that another Worker remembers. */
    const remembering = (kept?: Loose) =>
      changed((session) => ({
        batch: async (statements) => {
          const results = await session.batch<Loose>(statements)
          if (!isOfAccounts(results)) return results
          read.push(results)
          const isFirst = kept !== undefined && read.length === 1
          return isFirst ? kept : results
        },
      }))
    const send = (id: string, kept?: Loose) =>
      client(api.token, remembering(kept)).post('/ingest', { event: ride(id, '1', { timestamp: APRIL }) })
    expect((await send('first')).status).toBe(202)
    const [before] = read.splice(0)
    expect((await api.edit({ pricePlanId, effectiveFrom: '2026-04-01' })).status).toBe(200)
    expect([(await send('E', before)).status, read.length]).toEqual([202, 2])
    expect([await api.statusOf('first'), await api.statusOf('E'), await usageOf(api)]).toEqual([METERED, PAST, '1'])
  })

  it('reads it with its plans in the one call that reads accounts, and needs none when it knows them', async () => {
    const api = await withApril()
    await api.arrive('warm', APRIL)
    const warm = await api.sendEvent('second', APRIL)
    expect([callsIn(warm.headers, 'd1'), callsIn(warm.headers, 'ledger')]).toEqual([0, 1])
    forgetOrganization(api.id)
    await env.DB.prepare('UPDATE organizations SET version = version + 1 WHERE id = ?').bind(api.id).run()
    expect(callsIn((await api.sendEvent('third', APRIL)).headers, 'd1')).toBe(2)
  })
})

/** Gives an account 500 plans of the past, of two days with a gap of one. */
const plantPast = (organizationId: string, account: string, scheduleId: string): Promise<unknown> =>
  env.DB.prepare(
    `INSERT INTO schedules (id, organization_id, account_id, state, price_plan_id, plan_version, start_at, end_at, cycle, is_cycle_overridden, created_at, updated_at)
     SELECT ?2 || n.value, organization_id, ?4, 'ACTIVE', price_plan_id, 1, ?1 + n.value * 259200000, ?1 + n.value * 259200000 + 172800000, cycle, 0, 0, 0
     FROM schedules, json_each(?3) AS n WHERE schedules.id = ?2 AND schedules.organization_id = ?5`,
  )
    .bind(Date.UTC(2020, 0, 1), scheduleId, JSON.stringify(Array.from({ length: 500 }, (_, index) => index)), account, organizationId)
    .run()

describe('the pipeline of an event', () => {
  it('has the plan of its time as the timeline is now, with the meters that count it and have a card', async () => {
    const api = await withApril()
    const { body: second } = await api.post('/usage_meters', {
      name: 'second',
      type: 'COUNTER',
      aggregation: 'COUNT',
      eventSchemaName: 'rides',
    })
    await api.post(`/usage_meters/${second.id}/activate`)
    const { body: third } = await api.post('/usage_meters', {
      name: 'third',
      type: 'COUNTER',
      aggregation: 'COUNT',
      eventSchemaName: 'rides',
      filters: [{ field: 'city', value: 'rome' }],
    })
    await api.post(`/usage_meters/${third.id}/activate`)
    await api.arrive('E', '2026-05-20T00:00:00Z')
    const [{ id: scheduleId }] = (await api.get('/v2/accounts/acme%20main/schedules?mode=ACTIVE')).body.data
    const shown = { name: 'Basic', id: api.planId, scheduleId, cycleStart: '2026-05-01', cycleEnd: '2026-05-31' }
    expect(await api.plansOf('E')).toEqual([{ ...shown, usageMeters: [api.meterId] }])
    const override = { usageRateCards: [api.cardOf(second.id), api.cardOf(third.id)] }
    const edited = await api.edit({ pricePlanId: api.planId, effectiveFrom: '2026-05-10', pricePlanDetailsOverride: override })
    const [{ id: overridden }] = edited.body.pricingSchedules
    expect(await api.plansOf('E')).toEqual([{ ...shown, scheduleId: overridden, cycleStart: '2026-05-10', usageMeters: [second.id] }])
    const fees = { pricePlanDetailsOverride: { usageRateCards: [] } }
    await api.edit({ pricePlanId: api.planId, effectiveFrom: '2026-05-10', ...fees })
    expect(await api.plansOf('E')).toMatchObject([{ cycleStart: '2026-05-10', usageMeters: [] }])
    await api.edit({ mode: 'DISASSOCIATE', effectiveFrom: '2026-05-20', effectiveUntil: '2026-05-21' })
    expect(await api.plansOf('E')).toEqual([])
  })

  it('has no plan for an event that counts nothing', async () => {
    const api = await withApril()
    await api.arrive('failed', APRIL, { attributes: [] })
    await api.arrive('reverted', APRIL)
    await api.post('/events/correction?action=UNDO&account_id=acme%20main&event_id=reverted')
    expect([await api.statusOf('failed'), await api.statusOf('reverted')]).toEqual(['INGESTION_FAILED', 'REVERTED'])
    expect([await api.plansOf('failed'), await api.plansOf('reverted')]).toEqual([[], []])
  })

  it('is read in as many calls as without a plan, and looks at one schedule of many', async () => {
    const [api, bare] = [await withApril(), await withPlans('2026-04-01T10:00:00Z')]
    for (const one of [api, bare]) await one.arrive('E', APRIL)
    const callsOf = async ({ token }: World) => {
      const { d1, seen } = watched()
      await client(token, d1).get('/events/E')
      return seen.calls
    }
    expect(await callsOf(api)).toBe(await callsOf(bare))
    const few = await rowsRead(api, '/events/E')
    const [{ id }] = (await api.get('/v2/accounts/acme%20main/schedules?mode=ACTIVE')).body.data
    await plantPast(api.id, 'acme main', id)
    expect(await rowsRead(api, '/events/E')).toBeLessThan(few + 5)
  })

  it('costs an account without plans nothing, however many the others have', async () => {
    const api = await withApril()
    await api.post('/accounts', { id: 'bare', name: 'Bare', customerId: 'acme' })
    const event = ride('A', '1', { accountId: 'bare' })
    const readCold = async () => {
      forgetOrganization(api.id)
      await env.DB.prepare('UPDATE organizations SET version = version + 1 WHERE id = ?').bind(api.id).run()
      return rowsRead(api, '/ingest', { event })
    }
    await readCold()
    const before = await readCold()
    const [{ id }] = (await api.get('/v2/accounts/acme%20main/schedules?mode=ACTIVE')).body.data
    await plantPast(api.id, 'acme main', id)
    expect(await readCold()).toBe(before)
  })
})

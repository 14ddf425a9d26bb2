import { createExecutionContext, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env, exports } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { app } from '../../src/app.ts'
import { type EventStatus, accountKey, askAccounts, askEvents, codeOf, ledgerName, slotOf } from '../../src/ledger/client.ts'
import { type Answer, client, ledgers, organization } from '../helpers/api.ts'
import { beginGeneration, doDue } from '../helpers/ledgers.ts'
import { TIME, eventsOf, organizationWithMeter, ride, usageOf } from '../helpers/metering.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any
type Api = Awaited<ReturnType<typeof organization>>
type Metered = Awaited<ReturnType<typeof organizationWithMeter>>

const ctx = { ledgers }

const queryOf = (query: Record<string, string>): string =>
  Object.entries({ account_id: 'acme main', ...query })
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&')

const correct = (
  api: Pick<Api, 'call'>,
  action: string,
  query: Record<string, string> = {},
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> => api.call('POST', `/events/correction?${queryOf({ action, ...query })}`, body, headers)

const outcomesOf = ({ body }: Answer) => body.data.map(({ eventPayload, status, reason }: Loose) => [eventPayload.id, status, reason])

const ingest = async (api: Pick<Api, 'post'>, ...events: object[]) =>
  expect(await api.post('/ingestBatch', { events })).toMatchObject({ status: 202 })

const statusesOf = async (api: Pick<Api, 'get'>, id: string): Promise<string[]> =>
  (await api.get(`/events/${encodeURIComponent(id)}`)).body.events.map(({ ingestionStatus }: Loose) => ingestionStatus.status)

const done = (id: string, status = 'REVERTED') => [id, status, 'Event Reverted']

/** The ledger of generation 1 that an id falls to. */
const ledgerOf = (organizationId: string, id: string): string => ledgerName(organizationId, 'event', 1, slotOf(id) % 4)
const stubOf = (organizationId: string, id: string) => (exports as Loose).EventLedger.getByName(ledgerOf(organizationId, id))

const METERED = 'INGESTION_COMPLETED_EVENT_METERED'

describe('UNDO', () => {
  it('takes back what an event counts, once: a second time it fails', async () => {
    const api = await organizationWithMeter()
    await ingest(api, ride('a', '10'), ride('b', '5'), ride('c', '7'))
    const answer = await correct(api, 'UNDO', { event_id: 'b' })
    expect([answer.status, ...outcomesOf(answer)]).toEqual([200, done('b')])
    expect(answer.body.data[0]).toMatchObject({
      ingestionStatus: { status: 'REVERTED' },
      customerId: 'acme',
      source: { id: 'INGEST_BATCH' },
      eventPayload: ride('b', '5'),
    })
    expect(await usageOf(api)).toBe('17')
    expect(outcomesOf(await correct(api, 'UNDO', { event_id: 'b' }))).toEqual([['b', 'FAILED', 'Event was reverted before']])
    expect(await usageOf(api)).toBe('17')
    const { body } = await api.get('/events/b')
    expect(body.events).toMatchObject([
      { ingestionStatus: { status: 'REVERTED' }, eventPipelineInfo: { statusBeforeReverting: METERED, usageMeters: [{ units: 5 }] } },
    ])
  })

  it('is done once of 20 at the same moment, whatever they are asked with', async () => {
    const api = await organizationWithMeter()
    await ingest(api, ride('a', '5'))
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        correct(api, 'UNDO', { event_id: 'a' }, undefined, n % 2 ? { 'Idempotency-Key': `key ${n}` } : {}),
      ),
    )
    const outcomes = answers.flatMap(outcomesOf).map(([, status]: [string, string]) => status)
    expect(outcomes.filter((status: string) => status === 'REVERTED')).toHaveLength(1)
    expect(outcomes.filter((status: string) => status === 'FAILED')).toHaveLength(19)
    expect(await usageOf(api)).toBe('0')
  })

  it('of all events of an account brings its usage to nothing, and frees their ids', async () => {
    const api = await organizationWithMeter()
    const events = Array.from({ length: 12 }, (_, n) =>
      ride(`e${n}`, `${n}.25`, { timestamp: new Date(Date.parse(TIME) + n).toISOString() }),
    )
    await ingest(api, ...events)
    expect(await usageOf(api)).toBe('69')
    const { body } = await correct(api, 'UNDO')
    expect(body.data.map(({ eventPayload }: Loose) => eventPayload.id)).toEqual(events.map(({ id }) => id).toReversed())
    expect(await usageOf(api)).toBe('0')
    await ingest(api, ...events)
    expect(await usageOf(api)).toBe('69')
    expect(await statusesOf(api, 'e3')).toEqual([METERED, 'REVERTED'])
  })

  it('corrects the 30 newest of an account', async () => {
    const api = await organizationWithMeter()
    await ingest(api, ...Array.from({ length: 35 }, (_, n) => ride(`e${String(n).padStart(2, '0')}`, '1')))
    const { body } = await correct(api, 'UNDO')
    expect(body.data).toHaveLength(30)
    expect(body.data.at(-1).eventPayload.id).toBe('e29')
    expect(await usageOf(api)).toBe('5')
  })

  it('is refused where the cycle is closed', async () => {
    const api = await organizationWithMeter()
    await ingest(api, ride('a', '5'))
    const day = Date.parse(TIME) - (Date.parse(TIME) % 86_400_000)
    await askEvents(ctx, ledgerOf(api.id, 'a'), (ledger) => ledger.closeAndSum(accountKey('acme main'), day, day + 86_400_000))
    const closed = [['a', 'FAILED', 'Event was ingested in past pricing cycle']]
    for (const action of ['UNDO', 'REDO']) expect(outcomesOf(await correct(api, action, { event_id: 'a' }))).toEqual(closed)
    expect(outcomesOf(await correct(api, 'REDO_EVENT', { event_id: 'a' }, { event: ride('a', '6') }))).toEqual(closed)
    expect(await usageOf(api)).toBe('5')
    expect(await statusesOf(api, 'a')).toEqual([METERED])
  })
})

describe('what is selected', () => {
  it('is what fits the parameters, of which only some come together', async () => {
    const api = await organizationWithMeter()
    const second = '2026-03-30T10:41:01.000Z'
    await ingest(api, ride('a', '1'), ride('b', '1', { timestamp: second }), ride('c', '1', { accountId: 'stranger' }))
    const { body } = await api.get('/events?event_id=a')
    const [{ referenceId, createdAt }] = body.events
    const tried = async (query: Record<string, string>) => {
      const answer = await correct(api, 'UNDO', { dry_run: 'true', ...query })
      return answer.status === 200 ? outcomesOf(answer).map(([id]: string[]) => id) : [answer.status, answer.body.message]
    }
    const later = new Date(Date.parse(createdAt) + 1).toISOString()
    expect(await tried({})).toEqual(['b', 'a'])
    expect(await tried({ id: referenceId })).toEqual(['a'])
    expect(await tried({ event_id: 'b' })).toEqual(['b'])
    expect(await tried({ event_source_time: TIME })).toEqual(['a'])
    expect(await tried({ event_source_time: `${TIME},${second}` })).toEqual(['a'])
    expect(await tried({ event_source_time: `${TIME},2027-01-01T00:00` })).toEqual(['b', 'a'])
    expect(await tried({ event_id: 'a', created_at: createdAt })).toEqual(['a'])
    expect(await tried({ event_id: 'b', event_source_time: second })).toEqual(['b'])
    expect(await tried({ account_id: 'stranger' })).toEqual(['c'])
    const none = [400, 'No events match the given filters']
    expect(await tried({ account_id: 'nobody' })).toEqual(none)
    expect(await tried({ event_id: 'a', created_at: later })).toEqual(none)
    expect(await tried({ event_id: 'c' })).toEqual(none)
    expect(await tried({ id: 'none' })).toEqual(none)
    expect(await correct(await organization(), 'UNDO')).toMatchObject({ status: 400, body: { message: none[1] } })
    for (const [query, message] of [
      [{ id: referenceId, event_id: 'a' }, 'cannot be combined'],
      [{ created_at: createdAt }, 'cannot be combined'],
      [{ event_id: 'a', created_at: createdAt, event_source_time: TIME }, 'cannot be combined'],
      [{ event_source_time: `${second},${TIME}` }, 'event_source_time: must be'],
      [{ event_source_time: 'today' }, 'event_source_time: must be'],
      [{ account_id: '' }, 'account_id: must be'],
      [{ action: 'DELETE' }, 'action: must be'],
      [{ async: 'yes' }, 'async: must be'],
    ] as const)
      expect(await tried(query)).toEqual([400, expect.stringContaining(message)])
    expect((await api.post('/events/correction?action=UNDO')).body.message).toContain('account_id: is required')
    expect(await usageOf(api)).toBe('2')
  })
})

/** Plants an event with a status that nothing here can lead to yet. */
const plant = async (api: Metered, id: string, status: EventStatus): Promise<void> => {
  await ingest(api, ride(id, '1', { schemaName: 'unknown' }))
  await askEvents(ctx, ledgerOf(api.id, id), (ledger) => ledger.listEvents({ limit: 1 }))
  await runInDurableObject(stubOf(api.id, id), (_, state) => {
    const code = codeOf(status)
    state.storage.sql.exec('UPDATE event SET status = ? WHERE id = ?', code, id)
    for (const table of ['timeline', 'listing']) state.storage.sql.exec(`UPDATE ${table} SET status = ? WHERE id = ?`, code, id)
  })
}

const STATUSES: EventStatus[] = [
  'INGESTION_IN_PROGRESS',
  'INGESTION_COMPLETED_EVENT_METERED',
  'INGESTION_COMPLETED_EVENT_NOT_METERED',
  'INGESTION_COMPLETED_NO_MATCHING_METERS',
  'INGESTION_FAILED',
  'INGESTION_FAILED_SCHEMA_NOT_DEFINED',
  'INGESTION_FAILED_ENRICHMENT_FAILED',
  'INGESTION_FAILED_UNITS_INVALID',
  'INGESTION_FAILED_PAST_GRACE_PERIOD',
  'INGESTION_FAILED_ACCOUNT_NOT_FOUND',
  'INGESTION_FAILED_NO_EVENT_ID',
  'INGESTION_FAILED_INVALID_NAMED_LICENSE_EVENT',
  'INGESTION_FAILED_INSUFFICIENT_CREDITS',
  'UNKNOWN',
]

describe.each([
  ['UNDO', ['INGESTION_IN_PROGRESS', 'INGESTION_FAILED_INSUFFICIENT_CREDITS'], []],
  ['REDO', ['INGESTION_IN_PROGRESS', 'INGESTION_FAILED_PAST_GRACE_PERIOD'], ['INGESTION_FAILED_UNITS_INVALID']],
  [
    'REDO_EVENT',
    ['INGESTION_IN_PROGRESS', 'INGESTION_FAILED_PAST_GRACE_PERIOD', 'INGESTION_FAILED_ACCOUNT_NOT_FOUND'],
    ['INGESTION_FAILED_UNITS_INVALID'],
  ],
] as const)('%s', (action, refused: readonly string[], kept: readonly string[]) => {
  it('takes back events of the statuses that it may, and leaves the others', async () => {
    const api = await organizationWithMeter()
    for (const status of STATUSES) {
      await plant(api, status, status)
      const body = action === 'REDO_EVENT' ? { event: ride(undefined, '3') } : undefined
      const tried = await correct(api, action, { event_id: status, dry_run: 'true' }, body)
      const { body: answered } = await correct(api, action, { event_id: status }, body)
      const [event] = answered.data
      const isRefused = refused.includes(status)
      const success = action === 'UNDO' ? 'REVERTED' : 'REVERTED_AND_REINGESTED'
      expect([status, event.status]).toEqual([status, isRefused ? 'FAILED' : success])
      expect(event.ingestionStatus.status).toBe(isRefused || kept.includes(status) ? status : 'REVERTED')
      expect(event.reason.length).toBeGreaterThan(10)
      expect(tried.body).toEqual(answered)
      const again = action === 'REDO_EVENT' ? METERED : 'INGESTION_FAILED_SCHEMA_NOT_DEFINED'
      expect(await statusesOf(api, status)).toEqual(
        isRefused ? [status] : [...(action === 'UNDO' ? [] : [again]), kept.includes(status) ? status : 'REVERTED'],
      )
    }
  })

  it('leaves repeats and what is reverted', async () => {
    const api = await organizationWithMeter()
    await ingest(api, ride('a', '1'), ride('a', '1', { timestamp: '2026-04-01T00:00:00Z' }))
    const body = action === 'REDO_EVENT' ? { event: ride('a', '3') } : undefined
    const repeat = await correct(api, action, { event_id: 'a', event_source_time: '2026-04-01T00:00:00Z' }, body)
    expect(outcomesOf(repeat)).toEqual([['a', 'FAILED', 'Event is a repeat, which counts nothing']])
    const { body: undone } = await correct(api, 'UNDO', { event_id: 'a', event_source_time: TIME })
    expect(outcomesOf(await correct(api, action, { id: undone.data[0].referenceId }, body))).toEqual([
      ['a', 'FAILED', 'Event was reverted before'],
    ])
    expect(await usageOf(api)).toBe('0')
  })
})

describe('REDO', () => {
  it('ingests the same event again, by what holds today', async () => {
    const api = await organizationWithMeter()
    await ingest(api, ride('a', '5'))
    await api.post(`/usage_meters/${api.meterId}/deactivate`)
    await api.patch(`/usage_meters/${api.meterId}`, {
      computations: [{ computation: '{"*":[{"var":"attributes.distance"},3]}', order: 1 }],
    })
    await api.post(`/usage_meters/${api.meterId}/activate`)
    expect(await usageOf(api)).toBe('5')
    const answer = await correct(api, 'REDO', { event_id: 'a' })
    expect(outcomesOf(answer)).toEqual([done('a', 'REVERTED_AND_REINGESTED')])
    expect(await usageOf(api)).toBe('15')
    const { body } = await api.get('/events/a')
    expect(body.events).toMatchObject([
      { ingestionStatus: { status: METERED }, source: { id: 'CORRECTION', type: 'CORRECTION' }, eventPayload: ride('a', '5') },
      { ingestionStatus: { status: 'REVERTED' }, referenceId: answer.body.data[0].referenceId },
    ])
    expect(body.events[0].referenceId).not.toBe(body.events[1].referenceId)
  })

  it('counts a very small value again as it was sent (P2-11)', async () => {
    const api = await organizationWithMeter()
    await ingest(api, ride('a', '0.0000001'))
    const { body } = await correct(api, 'REDO', { event_id: 'a' })
    expect(body.data[0].eventPayload.attributes).toEqual([{ name: 'distance', value: '0.0000001' }])
    expect([await usageOf(api), await statusesOf(api, 'a')]).toEqual(['0.0000001', [METERED, 'REVERTED']])
  })

  it('after two UNDO at once and one more, is refused, and what is sent again is counted once (P2-40)', async () => {
    const api = await organizationWithMeter()
    await ingest(api, ride('E', '5'))
    await Promise.all([correct(api, 'UNDO', { event_id: 'E' }), correct(api, 'UNDO', { event_id: 'E' })])
    expect(await usageOf(api)).toBe('0')
    await correct(api, 'UNDO', { event_id: 'E' })
    expect([await usageOf(api), await statusesOf(api, 'E')]).toEqual(['0', ['REVERTED']])
    await ingest(api, ride('E', '5'))
    expect(outcomesOf(await correct(api, 'REDO', { event_id: 'E' })).toSorted()).toEqual([
      ['E', 'FAILED', 'Event was reverted before'],
      done('E', 'REVERTED_AND_REINGESTED'),
    ])
    expect(await usageOf(api)).toBe('5')
  })

  it('20 at the same moment leave the event counted once', async () => {
    const api = await organizationWithMeter()
    await ingest(api, ride('a', '5'))
    await Promise.all(Array.from({ length: 20 }, () => correct(api, 'REDO', { event_id: 'a' })))
    expect(await usageOf(api)).toBe('5')
    const statuses = await statusesOf(api, 'a')
    expect(statuses.filter((status) => status !== 'REVERTED')).toEqual([METERED])
  })

  it('moves an event from a generation of ledgers that has ended to the current one', async () => {
    const api = await organizationWithMeter()
    await ingest(api, ride('a', '5'), ride('b', '6'))
    await beginGeneration(api.id, 2)
    expect(outcomesOf(await correct(api, 'REDO')).toSorted()).toEqual([
      done('a', 'REVERTED_AND_REINGESTED'),
      done('b', 'REVERTED_AND_REINGESTED'),
    ])
    const second = [0, 1].map((index) => ledgerName(api.id, 'event', 2, index))
    expect([await usageOf(api), await usageOf(api, second)]).toEqual(['0', '11'])
    expect(await statusesOf(api, 'a')).toEqual([METERED, 'REVERTED'])
  })

  it('processes an event again whose id could not be made', async () => {
    const api = await organizationWithMeter()
    await ingest(api, ride(undefined, '5'))
    const [event] = await eventsOf(api)
    const answer = await correct(api, 'REDO', { id: event?.reference ?? '' })
    expect(answer.body.data).toMatchObject([{ status: 'REVERTED_AND_REINGESTED' }])
    const rows = await eventsOf(api)
    expect(rows.map(({ status }) => status).toSorted()).toEqual([codeOf('INGESTION_FAILED_NO_EVENT_ID'), codeOf('REVERTED')])
    for (const { reference } of rows) expect((await api.get(`/events/${reference}`)).body.events).toHaveLength(1)
  })
})

describe('REDO_EVENT', () => {
  it('puts the event of the body in the place of one, under its id unless it names another', async () => {
    const api = await organizationWithMeter()
    await ingest(api, ride('a', '5'))
    await correct(api, 'REDO_EVENT', { event_id: 'a' }, { event: ride(undefined, '6') })
    expect(await usageOf(api)).toBe('6')
    expect((await api.get('/events/a')).body.events[0].eventPayload).toEqual(ride('a', '6'))
    await correct(api, 'REDO_EVENT', { event_id: 'a' }, { event: ride('b', '7', { timestamp: '2026-05-01T00:00:00Z' }) })
    expect([await usageOf(api), await statusesOf(api, 'a'), await statusesOf(api, 'b')]).toEqual(['7', ['REVERTED', 'REVERTED'], [METERED]])
  })

  it('needs one valid event, and one that it takes the place of; other actions do not look at the event of a body, and refuse other names', async () => {
    const api = await organizationWithMeter()
    await ingest(api, ride('a', '5'), ride('b', '5'))
    const refused = async (query: Record<string, string>, body?: unknown) => {
      const answer = await correct(api, 'REDO_EVENT', query, body)
      expect(answer.status).toBe(400)
      return answer.body.message
    }
    expect(await refused({ event_id: 'a' })).toContain('event: is required')
    expect(await refused({ event_id: 'a' }, {})).toContain('event: is required')
    expect(await refused({ event_id: 'a' }, { event: { ...ride('a', 'x') } })).toContain('attributes[0].value')
    expect(await refused({ event_id: 'a' }, { event: ride('a', '1'), more: 1 })).toContain('more: is not a known name')
    expect(await refused({}, { event: ride('a', '1') })).toContain('More than one event matches')
    expect(await usageOf(api)).toBe('10')
    for (const action of ['UNDO', 'REDO']) {
      const { status, body } = await correct(api, action, {}, { eventIds: ['a'], more: 1 })
      expect([status, body.message]).toEqual([
        400,
        'eventIds: is not a known name; the query says which events are corrected; more: is not a known name; the query says which events are corrected',
      ])
      expect((await correct(api, action, {}, ['a'])).status).toBe(400)
    }
    expect(await usageOf(api)).toBe('10')
    expect(outcomesOf(await correct(api, 'UNDO', { event_id: 'a' }, { event: 'not an event' }))).toEqual([done('a')])
  })
})

const spansOf = async (api: Metered) => {
  const names = Array.from({ length: 4 }, (_, index) => ledgerName(api.id, 'account', 1, index))
  const all = await Promise.all(names.map((name) => askAccounts(ctx, name, (ledger) => ledger.readLicenses(0, 9e15))))
  return all
    .flat()
    .map(({ name, from, until }) => [name, new Date(from).toISOString().slice(0, 10), until && new Date(until).toISOString().slice(0, 10)])
}

const license = (id: string, action: string, day: string) =>
  ride(id, '1', {
    schemaName: 'togai-named-license',
    timestamp: `2026-03-${day}T00:00:00Z`,
    attributes: [{ name: 'action', value: action }],
    dimensions: { license_id: 'seats', name: 'Ann' },
  })

/** An organization with a named licence, whose id is not that of an add-on. */
const withLicense = async () => {
  const api = await organizationWithMeter()
  await env.DB.prepare('INSERT INTO named_licenses VALUES (?, ?)').bind(api.id, 'seats').run()
  return api
}

describe('an event of a named licence', () => {
  it('is taken back by the opposite, and done again with REDO', async () => {
    const api = await withLicense()
    await ingest(api, license('on', '1', '01'))
    await ingest(api, license('off', '-1', '10'))
    expect(await spansOf(api)).toEqual([['Ann', '2026-03-01', '2026-03-10']])
    expect(outcomesOf(await correct(api, 'REDO'))).toEqual([done('off', 'REVERTED_AND_REINGESTED'), done('on', 'REVERTED_AND_REINGESTED')])
    expect(await spansOf(api)).toEqual([['Ann', '2026-03-01', '2026-03-10']])
    await correct(api, 'UNDO', { event_id: 'off' })
    expect(await spansOf(api)).toEqual([['Ann', '2026-03-01', null]])
    await correct(api, 'UNDO', { event_id: 'on' })
    expect(await spansOf(api)).toEqual([])
  })

  it('is taken back by the ledger when the request dies before', async () => {
    const api = await withLicense()
    await ingest(api, license('on', '1', '01'))
    expect(await dying(api, 'UNDO', 'on', 'AccountLedger')).toBe(500)
    expect(await spansOf(api)).toEqual([['Ann', '2026-03-01', null]])
    await wake(api, 'on')
    expect([await spansOf(api), await statusesOf(api, 'on')]).toEqual([[], ['REVERTED']])
  })
})

/** Corrects an event with ledgers of a kind that fail at their second call that writes. */
const dying = async (
  api: Metered,
  action: string,
  id: string,
  kind: 'EventLedger' | 'AccountLedger',
  method = 'record',
  headers = {},
  body?: object,
) => {
  const failing = (namespace: Loose) =>
    new Proxy(namespace, {
      get: (of, key) =>
        key === 'getByName'
          ? (name: string) => {
              const stub = of.getByName(name)
              return new Proxy(stub, {
                get: (its, called) =>
                  called === (kind === 'EventLedger' ? method : 'revertActs')
                    ? () => Promise.reject(new Error('planted'))
                    : (...args: Loose[]) => its[called](...args),
              })
            }
          : Reflect.get(of, key),
    })
  const real = exports as Loose
  const context = Object.assign(Object.create(createExecutionContext()), {
    exports: { EventLedger: real.EventLedger, AccountLedger: real.AccountLedger, [kind]: failing(real[kind]) },
  })
  const request = new Request(`http://localhost/events/correction?${queryOf({ action, event_id: id })}`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${api.token}`, ...(body && { 'Content-Type': 'application/json' }), ...headers },
    ...(body && { body: JSON.stringify(body) }),
  })
  return (await app.fetch(request, { DB: env.DB, SIGNING_SECRET: env.SIGNING_SECRET }, context)).status
}

/** Lets it be later for what a ledger still has to do, and wakes it. */
const wake = async (api: Metered, id: string): Promise<void> => {
  const stub = stubOf(api.id, id)
  await runInDurableObject(stub, (_, state) => void state.storage.sql.exec('UPDATE carry SET due_at = 0'))
  expect(await runDurableObjectAlarm(stub)).toBe(true)
  expect(await runInDurableObject(stub, (_, state) => state.storage.sql.exec('SELECT * FROM carry').toArray())).toEqual([])
}

describe('a correction that dies on its way', () => {
  it('is ended by the ledger: the event is ingested once', async () => {
    const api = await organizationWithMeter()
    await ingest(api, ride('a', '5'))
    expect(await dying(api, 'REDO', 'a', 'EventLedger')).toBe(500)
    expect([await usageOf(api), await statusesOf(api, 'a')]).toEqual(['0', ['REVERTED']])
    await wake(api, 'a')
    expect([await usageOf(api), await statusesOf(api, 'a')]).toEqual(['5', [METERED, 'REVERTED']])
  })

  it('after it has ingested the event, leaves nothing to be ingested twice', async () => {
    const api = await organizationWithMeter()
    await ingest(api, ride('a', '5'))
    expect(await dying(api, 'REDO', 'a', 'EventLedger', 'dropCarry')).toBe(500)
    expect(await usageOf(api)).toBe('5')
    await wake(api, 'a')
    expect([await usageOf(api), await statusesOf(api, 'a')]).toEqual(['5', [METERED, 'REVERTED']])
  })

  it.each(['record', 'dropCarry'])('at %s, goes on when it is sent again under its key', async (method) => {
    const api = await organizationWithMeter()
    await ingest(api, ride('a', '5'))
    const key = { 'Idempotency-Key': 'one' }
    expect(await dying(api, 'REDO', 'a', 'EventLedger', method, key)).toBe(500)
    const answer = await correct(api, 'REDO', { event_id: 'a' }, undefined, key)
    expect(outcomesOf(answer)).toEqual([done('a', 'REVERTED_AND_REINGESTED')])
    expect([await usageOf(api), await statusesOf(api, 'a')]).toEqual(['5', [METERED, 'REVERTED']])
    const again = await correct(api, 'REDO', { event_id: 'a' }, undefined, key)
    expect([again.body, again.headers.get('Idempotency-Replayed')]).toEqual([answer.body, 'true'])
    expect(await statusesOf(api, 'a')).toHaveLength(2)
  })
})

describe('REDO_EVENT that dies after it has ingested an event of another time', () => {
  it('does not take that back when it is sent again under its key', async () => {
    const api = await organizationWithMeter()
    await ingest(api, ride('a', '5'))
    const key = { 'Idempotency-Key': 'one' }
    const body = { event: ride(undefined, '6', { timestamp: '2026-05-01T00:00:00Z' }) }
    expect(await dying(api, 'REDO_EVENT', 'a', 'EventLedger', 'dropCarry', key, body)).toBe(500)
    expect(outcomesOf(await correct(api, 'REDO_EVENT', { event_id: 'a' }, body, key))).toEqual([done('a', 'REVERTED_AND_REINGESTED')])
    expect([await usageOf(api), await statusesOf(api, 'a')]).toEqual(['6', [METERED, 'REVERTED']])
  })
})

describe('an Idempotency-Key', () => {
  it('gives the first answer again, and is refused for anything else before that is done', async () => {
    const api = await organizationWithMeter()
    await ingest(api, ride('a', '5'), ride('b', '7'))
    const key = { 'Idempotency-Key': 'one' }
    const answers = await Promise.all(Array.from({ length: 8 }, () => correct(api, 'UNDO', { event_id: 'a' }, undefined, key)))
    for (const answer of answers) expect([answer.status, outcomesOf(answer)]).toEqual([200, [done('a')]])
    expect((await correct(api, 'UNDO', { event_id: 'b' }, undefined, key)).status).toBe(422)
    expect((await correct(api, 'REDO', { event_id: 'a' }, undefined, key)).status).toBe(422)
    expect((await api.call('POST', '/ingest', { event: ride('c', '1') }, key)).status).toBe(422)
    expect(await usageOf(api)).toBe('7')
  })

  it('is not used up by a request that was refused', async () => {
    const api = await organizationWithMeter()
    await ingest(api, ride('a', '5'), ride('b', '7'))
    const key = { 'Idempotency-Key': 'one' }
    for (const query of [{}, { async: 'true' }] as Record<string, string>[]) {
      const refused = await correct(api, 'UNDO', { event_id: 'none', ...query }, undefined, key)
      expect([refused.status, refused.body.message]).toEqual([400, 'No events match the given filters'])
    }
    expect(outcomesOf(await correct(api, 'UNDO', { event_id: 'a' }, undefined, key))).toEqual([done('a')])
    expect((await correct(api, 'UNDO', { event_id: 'b' }, undefined, key)).status).toBe(422)
    expect(outcomesOf(await correct(api, 'UNDO', { event_id: 'a' }, undefined, key))).toEqual([done('a')])
    expect(await usageOf(api)).toBe('7')
  })
})

/** A job with all of its entries, as they are read. */
const jobOf = async (api: Metered, id: string): Promise<Loose> => {
  const { body } = await api.get(`/jobs/${id}`)
  const entries: Loose[] = []
  for (let path = `/jobs/${id}/entries?pageSize=100`; path;) {
    const page = (await api.get(path)).body
    entries.push(...page.data)
    path = page.nextToken ? `/jobs/${id}/entries?nextToken=${encodeURIComponent(page.nextToken)}` : ''
  }
  return { ...body, entries }
}

const idIn = ({ headers }: Answer): string => /^\/jobs\/(job\.\w{11}\.\w{5})$/.exec(headers.get('Location') ?? '')?.[1] ?? ''

/** Runs what is due until a job has settled. */
const settled = async (api: Metered, id: string): Promise<Loose> => {
  for (let run = 0; run < 50; run++) {
    const { errors } = await doDue(api.id)
    expect(errors).toEqual([])
    const job = await jobOf(api, id)
    if (job.settledAt !== undefined) return job
    await scheduler.wait(20)
  }
  throw new Error('The job does not end')
}

describe('a job', () => {
  it('corrects all events that match, each once', async () => {
    const api = await organizationWithMeter()
    await ingest(api, ...Array.from({ length: 240 }, (_, n) => ride(`e${n}`, '0.5')), ride('e0', '1'))
    const answer = await correct(api, 'REDO', { async: 'true' })
    expect([answer.status, answer.body]).toEqual([200, { data: [] }])
    const id = idIn(answer)
    await Promise.all([doDue(api.id), doDue(api.id)])
    const job = await settled(api, id)
    expect(job).toMatchObject({ type: 'EVENT_CORRECTIONS', status: 'COMPLETED' })
    expect(job).toMatchObject({ totalJobEntries: 241, pendingJobEntries: 0, failedJobEntries: 1, completedJobEntries: 240 })
    expect(job.entries).toHaveLength(241)
    const failed = job.entries.filter(({ status }: Loose) => status === 'FAILED')
    expect(failed.map(({ metadata }: Loose) => metadata)).toEqual([{ reason: 'Event is a repeat, which counts nothing' }])
    expect(job.entries.filter(({ status }: Loose) => status === 'COMPLETED')).toHaveLength(240)
    expect(await usageOf(api)).toBe('120')
    const events = await eventsOf(api)
    expect(events.filter(({ status }) => status === codeOf(METERED))).toHaveLength(240)
    expect(events.filter(({ status }) => status === codeOf('REVERTED'))).toHaveLength(240)
    const { body: log } = await api.get(`/audit_log?resource_type=JOB&resource_id=${id}`)
    expect(log.data.map(({ changes }: Loose) => changes.status.new).toSorted()).toEqual(['COMPLETED', 'IN_PROGRESS', 'PENDING'])
  })

  it('waits for its confirmation, and corrects what matched when it was made', async () => {
    const api = await organizationWithMeter()
    await ingest(api, ride('a', '5'))
    const id = idIn(await correct(api, 'UNDO', { require_confirmation: 'true' }))
    await ingest(api, ride('b', '7'))
    await doDue(api.id)
    expect(await jobOf(api, id)).toMatchObject({ status: 'WAITING_FOR_CONFIRMATION', entries: [{ status: 'PENDING' }] })
    expect(await usageOf(api)).toBe('12')
    expect((await api.post(`/jobs/${id}/confirm`)).status).toBe(200)
    expect(await settled(api, id)).toMatchObject({ status: 'COMPLETED', entries: [{ status: 'COMPLETED' }] })
    expect(await usageOf(api)).toBe('7')
  })

  it('that is rejected corrects nothing', async () => {
    const api = await organizationWithMeter()
    await ingest(api, ride('a', '5'))
    const id = idIn(await correct(api, 'UNDO', { require_confirmation: 'true' }))
    expect((await api.post(`/jobs/${id}/reject`)).status).toBe(200)
    await doDue(api.id)
    expect(await jobOf(api, id)).toMatchObject({ status: 'CANCELLED', completedJobEntries: 1, entries: [{ status: 'CANCELLED' }] })
    expect(await usageOf(api)).toBe('5')
  })

  it('that was cut off between the ledgers and its commit is taken up, and does nothing twice', async () => {
    const api = await organizationWithMeter()
    await ingest(api, ride('a', '5'), ride('b', '7'))
    const id = idIn(await correct(api, 'REDO', { require_confirmation: 'true' }))
    const start = async () => {
      await env.DB.batch([
        env.DB.prepare("UPDATE jobs SET status = 'PENDING', settled_at = NULL, version = version + 1 WHERE id = ?").bind(id),
        env.DB.prepare("UPDATE job_entries SET status = 'PENDING', metadata = NULL WHERE job_id = ?").bind(id),
        env.DB.prepare("INSERT INTO due VALUES (?, 'JOB', ?, 0)").bind(api.id, id),
      ])
      return settled(api, id)
    }
    const first = await start()
    const again = await start()
    expect(again.entries.map(({ status, metadata }: Loose) => [status, metadata])).toEqual(
      first.entries.map(({ status, metadata }: Loose) => [status, metadata]),
    )
    expect([await usageOf(api), (await eventsOf(api)).length]).toEqual(['12', 4])
  })

  it('fails when each of its entries does, and is made once under a key', async () => {
    const api = await organizationWithMeter()
    await ingest(api, ride('a', '5'))
    await correct(api, 'UNDO')
    const key = { 'Idempotency-Key': 'one' }
    const [one, other] = await Promise.all([1, 2].map(() => correct(api, 'UNDO', { async: 'true' }, undefined, key)))
    expect(idIn(one as Answer)).toBe(idIn(other as Answer))
    expect(await settled(api, idIn(one as Answer))).toMatchObject({ status: 'FAILED', entries: [{ status: 'FAILED' }] })
    expect(await env.DB.prepare('SELECT count(*) AS n FROM jobs WHERE organization_id = ?').bind(api.id).first('n')).toBe(1)
    expect((await correct(api, 'UNDO', { async: 'true', event_id: 'none' })).status).toBe(400)
  })

  it('takes 10,000 events at most', async () => {
    const api = await organizationWithMeter()
    for (let batch = 0; batch < 10; batch++)
      await ingest(api, ...Array.from({ length: 1000 }, (_, n) => ride(`${batch} ${n}`, '1', { accountId: 'nobody' })))
    const ask = () => correct(api, 'UNDO', { account_id: 'nobody', async: 'true', dry_run: 'true' })
    expect((await ask()).status).toBe(200)
    await ingest(api, ride('one more', '1', { accountId: 'nobody' }))
    expect(await ask()).toMatchObject({ status: 422, body: { message: expect.stringContaining('10000 events') } })
  }, 60_000)

  it('is not made by a dry run', async () => {
    const api = await organizationWithMeter()
    await ingest(api, ride('a', '5'))
    expect((await correct(api, 'UNDO', { async: 'true', dry_run: 'true' })).body).toEqual({ data: [] })
    expect(await env.DB.prepare('SELECT count(*) AS n FROM jobs WHERE organization_id = ?').bind(api.id).first('n')).toBe(0)
    expect(await usageOf(api)).toBe('5')
  })
})

describe('who corrects events', () => {
  it('is whoever writes, in the own organization', async () => {
    const [api, other] = [await organizationWithMeter(), await organizationWithMeter()]
    await ingest(api, ride('a', '5'))
    await ingest(other, ride('a', '5'))
    const { body: token } = await api.post('/tokens', { name: 'Reader', role: 'ANALYST' })
    expect((await correct(client(token.token), 'UNDO')).status).toBe(403)
    expect((await correct(client(undefined), 'UNDO')).status).toBe(401)
    const { body } = await api.get('/events/a')
    expect((await correct(other, 'UNDO', { id: body.events[0].referenceId })).status).toBe(400)
    expect((await correct(other, 'UNDO')).status).toBe(200)
    expect([await usageOf(api), await usageOf(other)]).toEqual(['5', '0'])
    expect((await correct(api, 'UNDO', {}, undefined, { 'If-Match': '*' })).status).toBe(412)
    expect(await usageOf(api)).toBe('5')
  })
})

import { createExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import * as fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { app } from '../../src/app.ts'
import { forgetOrganization } from '../../src/events/ingestion/memory.ts'
import { STATUSES, askEvents, ledgerName } from '../../src/ledger/client.ts'
import { sumDecimals } from '../../src/lib/decimal.ts'
import { ledgers as allLedgers } from '../helpers/api.ts'
import { doDue } from '../helpers/ledgers.ts'
import { TIME, eventsOf, organizationWithMeter, ride, throughLedgers, usageOf, watchedLedgers } from '../helpers/metering.ts'

type Api = Awaited<ReturnType<typeof organizationWithMeter>>

afterEach(() => {
  vi.useRealTimers()
})

const statusesOf = async (api: Api): Promise<[string, string][]> =>
  (await eventsOf(api)).map(({ id, status }): [string, string] => [id, STATUSES[status] ?? '']).toSorted()

const callsIn = (headers: Headers, name: 'd1' | 'ledger'): number =>
  Number(new RegExp(`${name};dur=[\\d.]+;desc="(\\d+)"`).exec(headers.get('Server-Timing') ?? '')?.[1] ?? 0)

describe('an event', () => {
  it('is metered and visible to the next read, with no D1 call when the Worker is warm and two when it is cold', async () => {
    const api = await organizationWithMeter()
    expect(await api.post('/ingest', { event: ride('first', '0.1') })).toMatchObject({ status: 202, body: { success: true } })
    const warm = await api.post('/ingest', { event: ride('second', '0.2') })
    expect([callsIn(warm.headers, 'd1'), callsIn(warm.headers, 'ledger')]).toEqual([0, 1])
    forgetOrganization(api.id)
    await env.DB.prepare('UPDATE organizations SET version = version + 1 WHERE id = ?').bind(api.id).run()
    const cold = await api.post('/ingest', { event: ride('third', '0.3') })
    expect(callsIn(cold.headers, 'd1')).toBe(2)
    expect(await usageOf(api)).toBe('0.6')
  })

  it('that is sent again is kept as a duplicate and counted once, in its batch and in another', async () => {
    const api = await organizationWithMeter()
    const [a, b, c] = [ride('A', '5'), ride('B', '7'), ride('C', '4')]
    expect((await api.post('/ingestBatch', { events: [a, b, a] })).status).toBe(202)
    expect((await api.post('/ingestBatch', { events: [a, b, c] })).status).toBe(202)
    expect(await usageOf(api)).toBe('16')
    expect(await statusesOf(api)).toEqual([
      ['A', 'INGESTION_COMPLETED_EVENT_METERED'],
      ['A', 'INGESTION_FAILED_DUPLICATE_EVENT'],
      ['A', 'INGESTION_FAILED_DUPLICATE_EVENT'],
      ['B', 'INGESTION_COMPLETED_EVENT_METERED'],
      ['B', 'INGESTION_FAILED_DUPLICATE_EVENT'],
      ['C', 'INGESTION_COMPLETED_EVENT_METERED'],
    ])
  })

  it('that is sent 20 times at once over both routes, and then with another value, is metered once', async () => {
    const api = await organizationWithMeter()
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        n % 2 ? api.post('/ingest', { event: ride('E', '5') }) : api.post('/ingestBatch', { events: [ride('E', '5')] }),
      ),
    )
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]))
    await api.post('/ingest', { event: ride('E', '9') })
    expect(await usageOf(api)).toBe('5')
    expect((await statusesOf(api)).filter(([, status]) => status === 'INGESTION_COMPLETED_EVENT_METERED')).toHaveLength(1)
    expect(await statusesOf(api)).toHaveLength(21)
  })

  it('that is of the wrong shape is named by its index, each time, and keeps no other from being counted', async () => {
    const api = await organizationWithMeter()
    for (let times = 0; times < 3; times++) {
      const { status, body } = await api.post('/ingestBatch', { events: [ride('1', '1'), ride('2', 'abc'), 'no event', ride('3', '2')] })
      expect([status, body]).toEqual([
        207,
        {
          success: false,
          statusCode: 207,
          name: 'PARTIAL_FAILURE',
          message: '2 of 4 events were not accepted',
          details: {
            errors: [
              {
                index: 1,
                id: '2',
                message: 'attributes[0].value: must be a decimal number such as 12.5',
                eventPayload: ride('2', 'abc'),
              },
              { index: 2, message: expect.any(String), eventPayload: 'no event' },
            ],
          },
        },
      ])
    }
    expect(await usageOf(api)).toBe('3')
    expect((await api.post('/ingest', { event: ride('2', 'abc') })).status).toBe(400)
    expect((await api.post('/ingestBatch', { events: [ride('2', 'abc')] })).status).toBe(400)
    expect((await api.post('/ingestBatch', { events: [] })).status).toBe(400)
    expect((await api.post('/ingestBatch', { events: Array.from({ length: 1001 }, (_, n) => ride(`${n}`, '1')) })).status).toBe(422)
  })

  it('that is larger than a ledger can keep is refused by the name of what is too large, and one that is not is kept', async () => {
    const api = await organizationWithMeter()
    const dimensions = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, n) => [`${n}`.padStart(5, 'n'), '"'.repeat(200)]))
    const refused = await api.post('/ingestBatch', {
      events: [
        ride('large', '1', { dimensions: { city: 'x', ...dimensions(620) } }),
        ride('long', '1', { dimensions: { city: 'x', ['n'.repeat(250_000)]: 'x' } }),
      ],
    })
    const its = 'dimensions: must take 250000 bytes at most as JSON'
    expect([refused.status, refused.body]).toEqual([400, { message: `events[0]: ${its}; events[1]: ${its}` }])
    const events = Array.from({ length: 9 }, (_, n) => ride(`${n}`, '1', { dimensions: { city: 'x', ...dimensions(600) } }))
    expect((await api.post('/ingestBatch', { events })).status).toBe(202)
    expect(await usageOf(api)).toBe('9')
  })

  it('leaves nothing when its request is sent again under its key; other events under the key are refused', async () => {
    const api = await organizationWithMeter()
    const key = { 'Idempotency-Key': 'a key' }
    const body = { events: [ride('A', '5'), ride('B', '7'), ride('A', '5')] }
    const first = await api.call('POST', '/ingestBatch', body, key)
    const before = await statusesOf(api)
    for (let times = 0; times < 3; times++) expect((await api.call('POST', '/ingestBatch', body, key)).body).toEqual(first.body)
    expect(await statusesOf(api)).toEqual(before)
    expect((await api.call('POST', '/ingestBatch', { events: [ride('C', '1')] }, key)).status).toBe(422)
    expect(await usageOf(api)).toBe('12')
  })

  it('that is only tried says what would become of it, and keeps nothing', async () => {
    const api = await organizationWithMeter()
    await api.post('/ingest', { event: ride('A', '5') })
    const { status, body } = await api.post('/ingestBatch?dry_run=true', {
      events: [ride('A', '5'), ride('B', '2.5'), ride('C', '1', { accountId: 'nobody' }), ride(undefined, '1')],
    })
    expect(status).toBe(202)
    expect(body.details.events).toMatchObject([
      { id: 'A', status: 'INGESTION_FAILED_DUPLICATE_EVENT', usageMeters: [] },
      { id: 'B', status: 'INGESTION_COMPLETED_EVENT_METERED', usageMeters: [{ id: api.meterId, name: 'distance', units: 2.5 }] },
      { id: 'C', status: 'INGESTION_FAILED_ACCOUNT_NOT_FOUND' },
      { status: 'INGESTION_FAILED_NO_EVENT_ID' },
    ])
    expect(await statusesOf(api)).toHaveLength(1)
  })

  it('that is only tried has what it would really get: each with its place, exact units, and the names of licenses one after another', async () => {
    const api = await organizationWithMeter()
    await env.DB.prepare('INSERT INTO named_licenses VALUES (?, ?)').bind(api.id, 'seats').run()
    const license = (id: string, name: string, action: string) => ({
      ...ride(id, '1'),
      schemaName: 'togai-named-license',
      attributes: [{ name: 'action', value: action }],
      dimensions: { license_id: 'seats', name },
    })
    const events = [
      ride('exact', '12345678901234567890.123456789'),
      ride('wrong', 'abc'),
      ride('small', '0.0000001'),
      ride('small', '1'),
      license('add', 'ann', '1'),
      license('remove', 'ann', '-1'),
      license('absent', 'bob', '-1'),
    ]
    const tried = await api.post('/ingestBatch?dry_run=true', { events })
    expect(tried.status).toBe(207)
    const raw = await app.fetch(
      new Request('http://localhost/ingestBatch?dry_run=true', {
        method: 'POST',
        headers: { Authorization: `Bearer ${api.token}`, 'Content-Type': 'application/json' },
        body: JSON.stringify({ events }),
      }),
      { DB: env.DB, SIGNING_SECRET: env.SIGNING_SECRET },
      createExecutionContext(),
    )
    const text = await raw.text()
    expect(text).toContain('"units":12345678901234567890.123456789')
    expect(text).toContain('"units":0.0000001')
    const details = tried.body.details as { errors: unknown[]; events: { index: number; id: string; status: string }[] }
    expect(details.errors).toMatchObject([{ index: 1, id: 'wrong' }])
    expect(details.events.map(({ index, id }) => [index, id])).toEqual([
      [0, 'exact'],
      [2, 'small'],
      [3, 'small'],
      [4, 'add'],
      [5, 'remove'],
      [6, 'absent'],
    ])
    expect(await statusesOf(api)).toEqual([])
    await api.post('/ingestBatch', { events })
    expect(details.events.map(({ id, status }): [string, string] => [id, status]).toSorted()).toEqual(await statusesOf(api))
  })

  it('that is only tried says that its time is closed, and so does a correction', async () => {
    const api = await organizationWithMeter()
    await api.post('/ingest', { event: ride('A', '5') })
    const [from, until] = [Date.parse(TIME) - 1, Date.parse(TIME) + 1]
    for (const index of [0, 1, 2, 3])
      await askEvents({ ledgers: allLedgers }, ledgerName(api.id, 'event', 1, index), (ledger) =>
        ledger.closeAndSum('=acme main', from, until),
      )
    const { body } = await api.post('/ingest?dry_run=true', { event: ride('B', '5') })
    expect(body.details.events).toMatchObject([{ status: 'INGESTION_FAILED_PAST_GRACE_PERIOD', usageMeters: [] }])
    const correct = (dryRun: boolean) =>
      api.post(
        `/events/correction?${new URLSearchParams({ action: 'UNDO', account_id: 'acme main', event_id: 'A', dry_run: String(dryRun) }).toString()}`,
      )
    const [tried, done] = [await correct(true), await correct(false)]
    expect(tried.body).toEqual(done.body)
    expect(tried.body.data).toMatchObject([{ status: 'FAILED' }])
    expect(await usageOf(api)).toBe('5')
  })

  it('of an account that is known is counted too when more names come than are remembered', async () => {
    const api = await organizationWithMeter()
    const known = ride('known', '1')
    for (let batch = 0; batch < 51; batch++) {
      const events = Array.from({ length: 999 }, (_, n) => ride(`${n}`, '1', { accountId: `nobody ${batch} ${n}` }))
      const { body } = await api.post('/ingestBatch?dry_run=true', { events: [known, ...events] })
      expect(body.details.events[0], `batch ${batch}`).toMatchObject({ status: 'INGESTION_COMPLETED_EVENT_METERED' })
    }
  }, 60_000)

  it('of another organization with the same ids is counted there', async () => {
    const [one, other] = [await organizationWithMeter(), await organizationWithMeter()]
    await one.post('/ingest', { event: ride('A', '5') })
    expect([await usageOf(other), await eventsOf(other)]).toEqual(['0', []])
    await other.post('/ingest', { event: ride('A', '7') })
    expect([await usageOf(one), await usageOf(other)]).toEqual(['5', '7'])
  })

  it('of a portal token or an analyst is refused', async () => {
    const api = await organizationWithMeter()
    const { body: portal } = await api.post('/portal/token', { customerId: 'acme', allAccountsAccess: true })
    const { body: analyst } = await api.post('/tokens', { name: 'Reader', role: 'ANALYST' })
    for (const { token } of [portal, analyst]) {
      const ask = throughLedgers(
        String(token),
        watchedLedgers((_, call) => call()),
      )
      expect((await ask('/ingest', { event: ride('A', '5') })).status).toBe(403)
      expect((await ask('/ingestBatch', { events: [ride('B', '5')] })).status).toBe(403)
    }
    expect(await eventsOf(api)).toEqual([])
  })
})

describe('the account of an event', () => {
  it('is that which has its alias at the time of the event', async () => {
    const api = await organizationWithMeter()
    const until = '2026-05-10T00:00:00.000Z'
    await api.post('/accounts', {
      id: 'B',
      name: 'Account B',
      customerId: 'acme',
      accountAliases: [{ value: 'key1', effectiveFrom: until }],
    })
    await api.post('/accounts/acme%20main/add_aliases', { accountAliases: [{ value: 'key1', effectiveUntil: until }] })
    const at = (id: string, timestamp: string) => ride(id, '1', { accountId: 'key1', timestamp })
    await api.post('/ingestBatch', {
      events: [at('1', '2026-05-09T23:59:59Z'), at('2', '2026-05-10T00:00:00Z'), at('3', '2026-05-08T10:00Z')],
    })
    const owners = (await eventsOf(api)).map(({ id, account, more }) => [id, account, more?.alias]).toSorted()
    expect(owners).toEqual([
      ['1', '=acme main', 'key1'],
      ['2', '=B', 'key1'],
      ['3', '=acme main', 'key1'],
    ])
  })

  it('that is made later takes the event without anybody sending it again', async () => {
    const api = await organizationWithMeter()
    await api.post('/ingest', { event: ride('E', '5', { accountId: 'later' }) })
    expect(await statusesOf(api)).toEqual([['E', 'INGESTION_FAILED_ACCOUNT_NOT_FOUND']])
    await api.post('/accounts', { id: 'later', name: 'Later account', customerId: 'acme' })
    await doDue(api.id)
    expect(await statusesOf(api)).toEqual([['E', 'INGESTION_COMPLETED_EVENT_METERED']])
    await api.post('/ingest', { event: ride('E', '5', { accountId: 'later' }) })
    expect(await usageOf(api)).toBe('5')
    await api.post('/ingest', { event: ride('F', '7', { accountId: 'other name' }) })
    await api.post('/accounts/later/add_aliases', { aliases: ['other name'] })
    await doDue(api.id)
    expect(await usageOf(api)).toBe('12')
  })

  it('takes the event behind many that came for a time before it had their name', async () => {
    const api = await organizationWithMeter()
    const at = (id: string, time: string) => ride(id, '1', { accountId: 'many', timestamp: time })
    await api.post('/ingestBatch', {
      events: [...Array.from({ length: 990 }, (_, index) => at(`a${index}`, '2026-05-01T00:00:00Z')), at('z', '2026-05-12T00:00:00Z')],
    })
    const alias = { value: 'many', effectiveFrom: '2026-05-10T00:00:00.000Z' }
    expect((await api.post('/accounts/acme%20main/add_aliases', { accountAliases: [alias] })).status).toBe(200)
    await doDue(api.id)
    expect(await usageOf(api)).toBe('1')
  })

  it('is not there while it is a draft, and takes what came before it was archived', async () => {
    const api = await organizationWithMeter()
    await api.post('/accounts', { id: 'draft', name: 'Draft account', customerId: 'acme', status: 'DRAFT' })
    await api.post('/ingest', { event: ride('E', '5', { accountId: 'draft' }) })
    expect(await statusesOf(api)).toEqual([['E', 'INGESTION_FAILED_ACCOUNT_NOT_FOUND']])
    await api.patch('/accounts/draft', { status: 'ACTIVE' })
    await doDue(api.id)
    expect(await usageOf(api)).toBe('5')
    await api.delete('/accounts/draft')
    await api.post('/ingestBatch', {
      events: [
        ride('F', '1', { accountId: 'draft' }),
        ride('G', '2', { accountId: 'draft', timestamp: new Date(Date.now() + 60_000).toISOString() }),
      ],
    })
    expect(await usageOf(api)).toBe('6')
    expect(await statusesOf(api)).toContainEqual(['G', 'INGESTION_FAILED_ACCOUNT_NOT_FOUND'])
  })
})

describe('a Worker with old definitions', () => {
  /** Ingests an event whose recording is held until `change` has been made by another request. */
  const ingestWhile = async (api: Api, event: unknown, change: () => Promise<unknown>) => {
    let isHeld = true
    const ask = throughLedgers(
      api.token,
      watchedLedgers(async ({ method }, call) => {
        if (method === 'record' && isHeld) {
          isHeld = false
          await change()
        }
        return call()
      }),
    )
    expect((await ask('/ingest', { event })).status).toBe(202)
    expect(isHeld).toBe(false)
  }

  it('never meters with them: a meter that is activated meanwhile counts the event', async () => {
    const api = await organizationWithMeter()
    await api.post('/ingest', { event: ride('warm', '0') })
    const { body: meter } = await api.post('/usage_meters', {
      name: 'second',
      type: 'COUNTER',
      aggregation: 'COUNT',
      eventSchemaName: 'rides',
    })
    await ingestWhile(api, ride('E', '5'), () => api.post(`/usage_meters/${meter.id}/activate`))
    expect(await usageOf({ ...api, meterId: String(meter.id) })).toBe('1')
    expect(await usageOf(api)).toBe('5')
  })

  it('never meters with them: a meter that is deactivated meanwhile does not count it', async () => {
    const api = await organizationWithMeter()
    await api.post('/ingest', { event: ride('warm', '1') })
    await ingestWhile(api, ride('E', '5'), () => api.post(`/usage_meters/${api.meterId}/deactivate`))
    expect(await usageOf(api)).toBe('1')
  })

  it('never meters with them: an alias that moves meanwhile takes the event to its new account', async () => {
    const api = await organizationWithMeter()
    await api.post('/accounts', { id: 'B', name: 'Account B', customerId: 'acme' })
    await api.post('/accounts/acme%20main/add_aliases', { aliases: ['moving'] })
    await api.post('/ingest', { event: ride('warm', '1', { accountId: 'moving', timestamp: new Date(Date.now() + 1000).toISOString() }) })
    const later = new Date(Date.now() + 600_000).toISOString()
    await ingestWhile(api, ride('E', '5', { accountId: 'moving', timestamp: later }), async () => {
      expect((await api.post('/accounts/acme%20main/remove_aliases', { aliases: ['moving'] })).status).toBe(200)
      expect((await api.post('/accounts/B/add_aliases', { aliases: ['moving'] })).status).toBe(200)
    })
    expect((await eventsOf(api)).find(({ id }) => id === 'E')?.account).toBe('=B')
  })

  it('never meters with them: a schema that is patched meanwhile asks for its new attribute', async () => {
    const api = await organizationWithMeter()
    await api.post('/ingest', { event: ride('warm', '1') })
    await ingestWhile(api, ride('E', '5'), async () => {
      expect((await api.patch('/event_schema/rides', { attributes: [{ name: 'minutes' }] })).status).toBe(200)
    })
    expect(await statusesOf(api)).toContainEqual(['E', 'INGESTION_FAILED'])
    expect(await usageOf(api)).toBe('1')
  })

  it('never leaves an event waiting for an account that came meanwhile', async () => {
    const api = await organizationWithMeter()
    await api.post('/ingest', { event: ride('warm', '1') })
    await ingestWhile(api, ride('E', '5', { accountId: 'new' }), async () => {
      await api.post('/accounts', { id: 'new', name: 'New account', customerId: 'acme' })
      await doDue(api.id)
    })
    expect(await statusesOf(api)).toContainEqual(['E', 'INGESTION_COMPLETED_EVENT_METERED'])
  })

  it('takes the setting that holds now, of the account before that of the organization', async () => {
    const api = await organizationWithMeter()
    const setting = (entityType: string, entityId: string, value: string) => ({
      id: 'factor',
      namespace: 'USER',
      name: 'Factor',
      dataType: 'NUMERIC',
      entityType,
      entityId,
      value,
    })
    await api.post('/settings', setting('ORGANIZATION', api.id, '2'))
    await api.post('/event_schema', {
      name: 'weighted',
      attributes: [{ name: 'n' }],
      dimensions: [],
      enrichments: {
        dependencies: [{ type: 'SETTING', key: 'setting.user.factor', name: 'factor' }],
        fields: [
          {
            name: 'weighted',
            type: 'ATTRIBUTE',
            enrichmentType: 'JSON_LOGIC',
            value: '{"*":[{"var":"attributes.n"},{"var":"dependencies.factor"}]}',
            order: 1,
          },
        ],
      },
    })
    await api.post('/event_schema/weighted/activate')
    const { body: meter } = await api.post('/usage_meters', {
      name: 'weighted',
      type: 'COUNTER',
      aggregation: 'SUM',
      eventSchemaName: 'weighted',
      computations: [{ computation: '{"var":"attributes.weighted"}', order: 1 }],
    })
    await api.post(`/usage_meters/${meter.id}/activate`)
    const send = (id: string) =>
      api.post('/ingest', { event: { ...ride(id, '1'), schemaName: 'weighted', attributes: [{ name: 'n', value: '10' }], dimensions: {} } })
    const usage = () => usageOf({ ...api, meterId: String(meter.id) })
    await send('1')
    expect(await usage()).toBe('20')
    await api.post('/settings', setting('ACCOUNT', 'acme main', '0.5'))
    await send('2')
    expect(await usage()).toBe('25')
    await api.patch('/settings/setting.USER.factor.ACCOUNT.acme%20main', { value: '3' })
    await send('3')
    expect(await usage()).toBe('55')
    expect((await eventsOf(api)).find(({ id }) => id === '3')?.more).toMatchObject({
      enriched: [['weighted', 'ATTRIBUTE', '30']],
      settings: [['setting.user.factor', 'factor', '3']],
    })
  })
})

describe('a setting that a schema names in full', () => {
  /** An organization, two of its accounts, and a schema that multiplies by the setting of a key; `weigh` gives what an event of 10 is worth. */
  const weighing = async (key: string) => {
    const api = await organizationWithMeter()
    await api.post('/accounts', { id: 'B', name: 'Account B', customerId: 'acme' })
    const value = '{"*":[{"var":"attributes.n"},{"var":"dependencies.factor"}]}'
    await api.post('/event_schema', {
      name: 'weighted',
      attributes: [{ name: 'n' }],
      dimensions: [],
      enrichments: {
        dependencies: [{ type: 'SETTING', key, name: 'factor' }],
        fields: [{ name: 'weighted', type: 'ATTRIBUTE', enrichmentType: 'JSON_LOGIC', value, order: 1 }],
      },
    })
    expect((await api.post('/event_schema/weighted/activate')).status).toBe(200)
    const keep = (entityType: string, entityId: string, factor: string) =>
      api.post('/settings', { id: 'factor', namespace: 'USER', name: 'Factor', dataType: 'NUMERIC', entityType, entityId, value: factor })
    const weigh = async (id: string): Promise<unknown> => {
      const attributes = [{ name: 'n', value: '10' }]
      await api.post('/ingest', { event: ride(id, '1', { schemaName: 'weighted', attributes, dimensions: {} }) })
      return (await eventsOf(api)).find((event) => event.id === id)?.more?.enriched?.[0]?.[2]
    }
    return { ...api, keep, weigh }
  }

  it.each([
    ['setting.USER.factor.ACCOUNT.B', 'ACCOUNT', 'B'],
    ['setting.user.factor.ACCOUNT.B', 'ACCOUNT', 'B'],
    ['setting.user.factor.CUSTOMER.acme', 'CUSTOMER', 'acme'],
  ])('as %s is that which holds now, from when it is made and changed', async (key, entityType, entityId) => {
    const api = await weighing(key)
    expect(await api.weigh('before')).toBeUndefined()
    expect((await api.keep(entityType, entityId, '2')).status).toBe(201)
    expect(await api.weigh('made')).toBe('20')
    expect((await api.patch(`/settings/setting.USER.factor.${entityType}.${entityId}`, { value: '3' })).status).toBe(201)
    expect(await api.weigh('changed')).toBe('30')
  })
})

describe('a ledger call', () => {
  it.each(['before', 'after'] as const)('that fails %s its transaction leads, when it is sent again, to each event once', async (when) => {
    const api = await organizationWithMeter()
    await api.post('/ingest', { event: ride('warm', '0') })
    const events = Array.from({ length: 20 }, (_, n) => ride(`e${n}`, '1'))
    let failures = 0
    const failing = throughLedgers(
      api.token,
      watchedLedgers(async ({ name, method }, call) => {
        if (method !== 'record' || !/\/[01]$/.test(name)) return call()
        if (when === 'after') await call()
        failures++
        throw Object.assign(new Error('planted'), { retryable: true })
      }),
    )
    expect((await failing('/ingestBatch', { events })).status).toBe(503)
    expect(failures).toBe(6)
    expect((await api.post('/ingestBatch', { events })).status).toBe(202)
    expect(await usageOf(api)).toBe('20')
  })

  it('whose answer is lost is made again, and leaves no repeat', async () => {
    const api = await organizationWithMeter()
    await api.post('/ingest', { event: ride('warm', '0') })
    const lost = new Set<string>()
    const losing = throughLedgers(
      api.token,
      watchedLedgers(async ({ name, method }, call) => {
        const answer = await call()
        if (method !== 'record' || lost.has(name)) return answer
        lost.add(name)
        throw Object.assign(new Error('Network connection lost.'), { retryable: true })
      }),
    )
    const events = Array.from({ length: 20 }, (_, n) => ride(`e${n}`, '1'))
    expect((await losing('/ingestBatch', { events })).status).toBe(202)
    expect(await usageOf(api)).toBe('20')
    expect(await statusesOf(api)).toHaveLength(21)
  })
})

describe('generations', () => {
  const begin = async (api: Api, ledgers: number) => {
    const now = Date.now()
    await env.DB.batch([
      env.DB.prepare("UPDATE ledger_generations SET ended_at = ? WHERE organization_id = ? AND kind = 'EVENT' AND ended_at IS NULL").bind(
        now,
        api.id,
      ),
      env.DB.prepare(
        "INSERT INTO ledger_generations SELECT organization_id, kind, max(generation) + 1, ?, ?, NULL, NULL, NULL FROM ledger_generations WHERE organization_id = ? AND kind = 'EVENT'",
      ).bind(ledgers, now, api.id),
      env.DB.prepare('UPDATE organizations SET version = version + 1 WHERE id = ?').bind(api.id),
      env.DB.prepare("INSERT INTO due VALUES (?, 'ORGANIZATION_CHANGED', '', 0)").bind(api.id),
    ])
  }
  const names = (api: Api, counts: readonly number[]) =>
    counts.flatMap((count, at) => Array.from({ length: count }, (_, index) => ledgerName(api.id, 'event', at + 1, index)))

  it('that begin while load runs change no number and let no repeat through', async () => {
    const api = await organizationWithMeter()
    const batches = Array.from({ length: 12 }, (_, batch) => Array.from({ length: 10 }, (__, n) => ride(`e${(batch * 5 + n) % 60}`, '1')))
    await api.post('/ingestBatch', { events: batches[0] })
    const sending = batches.slice(1).map((events) => api.post('/ingestBatch', { events }))
    await begin(api, 7)
    await doDue(api.id)
    expect(new Set((await Promise.all(sending)).map(({ status }) => status))).toEqual(new Set([202]))
    for (const events of batches) await api.post('/ingestBatch', { events })
    expect(await usageOf(api, names(api, [4, 7]))).toBe('60')
  })

  it('keep the ids of the one before for 45 days', async () => {
    const api = await organizationWithMeter()
    await api.post('/ingest', { event: ride('A', '5') })
    await begin(api, 1)
    forgetOrganization(api.id)
    await api.post('/ingest', { event: ride('A', '7') })
    expect(await usageOf(api, names(api, [4, 1]))).toBe('5')
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 46 * 86_400_000 })
    await api.post('/ingest', { event: ride('A', '7') })
    expect(await usageOf(api, names(api, [4, 1]))).toBe('12')
  })
})

describe('reserved schemas', () => {
  const license = (id: string, name: string, action: string, timestamp = TIME) => ({
    id,
    schemaName: 'togai-named-license',
    timestamp,
    accountId: 'acme main',
    attributes: [{ name: 'action', value: action }],
    dimensions: { license_id: 'addon.seats', name },
  })

  it('togai-usage adds to the meter that it names', async () => {
    const api = await organizationWithMeter()
    const usage = (id: string, meter: string) => ({
      ...ride(id, '1'),
      schemaName: 'togai-usage',
      attributes: [{ name: 'usage', value: '10' }],
      dimensions: { usage_meter_id: meter },
    })
    await api.post('/ingestBatch', { events: [usage('1', api.meterId), usage('2', 'um.none')] })
    expect(await usageOf(api)).toBe('10')
    expect(await statusesOf(api)).toEqual([
      ['1', 'INGESTION_COMPLETED_EVENT_METERED'],
      ['2', 'INGESTION_COMPLETED_NO_MATCHING_METERS'],
    ])
  })

  it('togai-named-license adds and removes names, in the ledger of the account', async () => {
    const api = await organizationWithMeter()
    await env.DB.prepare("INSERT INTO named_licenses VALUES (?, 'addon.seats')").bind(api.id).run()
    await api.post('/ingestBatch', {
      events: [
        license('1', 'ada', '1'),
        license('2', 'ada', '-1', '2026-03-31T10:41:00Z'),
        license('3', 'bob', '-1'),
        license('4', 'eve', '2'),
      ],
    })
    expect(await statusesOf(api)).toEqual([
      ['1', 'INGESTION_COMPLETED_EVENT_METERED'],
      ['2', 'INGESTION_COMPLETED_EVENT_METERED'],
      ['3', 'INGESTION_FAILED_INVALID_NAMED_LICENSE_EVENT'],
      ['4', 'INGESTION_FAILED_INVALID_NAMED_LICENSE_EVENT'],
    ])
    const { body } = await api.post('/metrics', {
      startTime: '2026-03-30T00:00:00Z',
      endTime: '2026-04-02T00:00:00Z',
      metricQueries: [{ id: 'q', name: 'NAMED_LICENSE_USAGE' }],
    })
    expect(body.results[0].data[0].metricValues).toEqual([1, 1, 0])
  })

  it('togai-named-license that waited for its account adds names before it removes any, wherever its events are', async () => {
    const api = await organizationWithMeter()
    await env.DB.prepare("INSERT INTO named_licenses VALUES (?, 'addon.seats')").bind(api.id).run()
    const late = (...its: Parameters<typeof license>) => ({ ...license(...its), accountId: 'late' })
    const names = Array.from({ length: 20 }, (_, n) => `name ${n}`)
    await api.post('/ingestBatch', {
      events: names.flatMap((name, n) => [late(`${n} off`, name, '-1', '2026-03-31T10:41:00Z'), late(`${n} on`, name, '1')]),
    })
    await api.post('/accounts', { id: 'late', name: 'Late account', customerId: 'acme' })
    await doDue(api.id)
    expect(new Set((await statusesOf(api)).map(([, status]) => status))).toEqual(new Set(['INGESTION_COMPLETED_EVENT_METERED']))
    const { body } = await api.post('/metrics', {
      startTime: '2026-03-30T00:00:00Z',
      endTime: '2026-04-02T00:00:00Z',
      metricQueries: [{ id: 'q', name: 'NAMED_LICENSE_USAGE' }],
    })
    expect(body.results[0].data[0].metricValues).toEqual([20, 20, 0])
  })

  it('togai-named-license that waited adds the name to the account that it is given to, and to none that lost it meanwhile', async () => {
    const api = await organizationWithMeter()
    await env.DB.prepare("INSERT INTO named_licenses VALUES (?, 'addon.seats')").bind(api.id).run()
    await api.post('/accounts', { id: 'B', name: 'Account B', customerId: 'acme' })
    const later = new Date(Date.now() + 600_000).toISOString()
    await api.post('/ingest', { event: { ...license('on', 'ada', '1', later), accountId: 'moving' } })
    let isMoved = false
    const ask = throughLedgers(
      api.token,
      watchedLedgers(async ({ method }, call) => {
        if (method === 'settle' && !isMoved) {
          isMoved = true
          await api.post('/accounts/acme%20main/remove_aliases', { aliases: ['moving'] })
          await api.post('/accounts/B/add_aliases', { aliases: ['moving'] })
        }
        return call()
      }),
    )
    expect((await ask('/accounts/acme%20main/add_aliases', { aliases: ['moving'] })).status).toBe(200)
    await vi.waitFor(async () => {
      expect([isMoved, await statusesOf(api)]).toEqual([true, [['on', 'INGESTION_COMPLETED_EVENT_METERED']]])
    }, 10_000)
    const { body } = await api.post('/metrics', {
      startTime: new Date().toISOString(),
      endTime: new Date(Date.now() + 700_000).toISOString(),
      metricQueries: [{ id: 'q', name: 'NAMED_LICENSE_USAGE', groupBy: 'ACCOUNT_ID', aggregationPeriod: 'MONTH' }],
    })
    expect(body.results[0].data.map(({ groupedBy }: { groupedBy: { fieldValue: string } }) => groupedBy.fieldValue)).toEqual(['B'])
  })
})

describe('any stream of events', () => {
  it('cut into batches in any way, in any order, in part twice, at once, over 1, 4 and 7 ledgers, gives the same', async () => {
    const distance = fc.integer({ min: -1_000_000, max: 1_000_000 }).map((n) => (n / 1000).toFixed(3))
    const stream = fc.array(fc.record({ id: fc.integer({ min: 0, max: 40 }), distance }), { minLength: 1, maxLength: 60 })
    await fc.assert(
      fc.asyncProperty(
        stream,
        fc.constantFrom(1, 4, 7),
        fc.integer({ min: 1, max: 20 }),
        fc.boolean(),
        async (sent, ledgers, size, twice) => {
          const values = new Map(sent.map(({ id, distance: value }) => [id, value]))
          const events = sent.map(({ id }) => ride(`e${id}`, values.get(id) ?? '0'))
          const api = await organizationWithMeter()
          for (const kind of ['EVENT', 'ACCOUNT'])
            await env.DB.prepare('INSERT INTO ledger_generations VALUES (?, ?, 1, ?, 0, NULL, NULL, NULL)')
              .bind(api.id, kind, ledgers)
              .run()
          const batches = Array.from({ length: Math.ceil(events.length / size) }, (_, at) => events.slice(at * size, (at + 1) * size))
          const all = twice ? [...batches, ...batches] : batches
          await Promise.all(
            all.map((batch) =>
              batch.length === 1 ? api.post('/ingest', { event: batch[0] }) : api.post('/ingestBatch', { events: batch }),
            ),
          )
          const names = Array.from({ length: ledgers }, (_, index) => ledgerName(api.id, 'event', 1, index))
          expect(await usageOf(api, names)).toBe(sumDecimals([...values.values()]))
          const kept = await eventsOf(api, names)
          expect(kept.filter(({ status }) => status === 1)).toHaveLength(values.size)
          expect(kept).toHaveLength(all.flat().length)
        },
      ),
      { numRuns: 12 },
    )
  })
})

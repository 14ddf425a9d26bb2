import { createExecutionContext } from 'cloudflare:test'
import { env, exports } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { app } from '../../src/app.ts'
import { type Answer, client, organization } from '../helpers/api.ts'
import { beginGeneration, doDue } from '../helpers/ledgers.ts'
import { eventsOf, organizationWithMeter, ride } from '../helpers/metering.ts'
import { customer } from '../helpers/customer.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any
type Api = Awaited<ReturnType<typeof organization>>

const at = (hour: number): string => `2026-03-01T${String(hour).padStart(2, '0')}:00:00.000Z`
const hours = (hour: number): number => Date.parse(at(hour))

const queryOf = (query: Record<string, string | number>): string =>
  Object.entries(query)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&')

const list = (api: Pick<Api, 'get'>, query: Record<string, string | number> = {}): Promise<Answer> => api.get(`/events?${queryOf(query)}`)

const idsOf = ({ body }: Answer): string[] => body.events.map(({ eventPayload, referenceId }: Loose) => eventPayload.id ?? referenceId)

const ids = async (api: Pick<Api, 'get'>, query: Record<string, string | number> = {}): Promise<string[]> => idsOf(await list(api, query))

/** Walks a list to its end. */
const walk = async (api: Pick<Api, 'get'>, query: Record<string, string | number>): Promise<{ ids: string[]; tokens: string[] }> => {
  const [found, tokens]: [string[], string[]] = [[], []]
  for (let answer = await list(api, query); ; answer = await list(api, { nextToken: tokens.at(-1) ?? '' })) {
    expect(answer.status, JSON.stringify(answer.body)).toBe(200)
    found.push(...idsOf(answer))
    const { nextToken } = answer.body
    if (nextToken === undefined) return { ids: found, tokens }
    expect(nextToken.length).toBeLessThanOrEqual(500)
    tokens.push(nextToken)
  }
}

const ingest = async (api: Pick<Api, 'post'>, events: readonly object[]) =>
  expect(await api.post('/ingestBatch', { events })).toMatchObject({ status: 202 })

/** An organization with two customers and events of several kinds, of which a second generation of ledgers has the later half. */
const withEvents = async () => {
  const api = await organizationWithMeter()
  await api.post('/customers', customer('globex'))
  await api.post('/accounts/acme%20main/add_aliases', { aliases: ['held'] })
  await ingest(api, [
    ride('m1', '1', { timestamp: at(1) }),
    ride('m2', '2', { timestamp: at(2), accountId: 'held' }),
    ride('m3', '3', { timestamp: at(3), accountId: 'globex main' }),
    ride('s4', '4', { timestamp: at(4), schemaName: 'unknown' }),
    ride('w5', '5', { timestamp: at(5), accountId: 'stranger' }),
    ride('m1', '6', { timestamp: at(6) }),
  ])
  await beginGeneration(api.id, 3)
  await ingest(api, [
    ride('m7', '7', { timestamp: at(7) }),
    ride('f8', '8', { timestamp: at(8), attributes: [] }),
    ride('m9', '9', { timestamp: at(9), accountId: 'globex main' }),
    ride('w10', '10', { timestamp: at(10), accountId: 'stranger' }),
  ])
  return api
}

const ALL = ['w10', 'm9', 'f8', 'm7', 'm1', 'w5', 's4', 'm3', 'm2', 'm1']

describe('getEvents', () => {
  it('finds events by each filter, and by several at once, over two generations of ledgers', async () => {
    const api = await withEvents()
    const cases: [Record<string, string | number>, string[]][] = [
      [{}, ALL],
      [{ status: 'PROCESSED' }, ['m9', 'm7', 'm3', 'm2', 'm1']],
      [{ status: 'UNPROCESSED' }, ['w10', 'f8', 'm1', 'w5', 's4']],
      [{ status: 'IN_PROGRESS' }, []],
      [{ status: 'PROCESSED,UNPROCESSED,IN_PROGRESS' }, ALL],
      [{ status: 'INGESTION_FAILED_DUPLICATE_EVENT' }, ['m1']],
      [{ status: 'INGESTION_FAILED,INGESTION_FAILED_SCHEMA_NOT_DEFINED' }, ['f8', 's4']],
      [{ status: 'REVERTED,UNKNOWN' }, []],
      [{ account_id: 'acme main' }, ['f8', 'm7', 'm1', 's4', 'm2', 'm1']],
      [{ account_id: 'held' }, ['f8', 'm7', 'm1', 's4', 'm2', 'm1']],
      [{ account_id: 'stranger' }, ['w10', 'w5']],
      [{ account_id: 'nobody' }, []],
      [{ account_id: 'held', status: 'PROCESSED' }, ['m7', 'm2', 'm1']],
      [{ schema_name: 'unknown' }, ['s4']],
      [{ schema_name: 'nowhere' }, []],
      [{ customer_id: 'globex' }, ['m9', 'm3']],
      [{ customer_id: 'globex', account_id: 'held' }, []],
      [{ customer_id: 'acme', account_id: 'held', status: 'UNPROCESSED' }, ['f8', 'm1', 's4']],
      [{ customer_id: 'nobody' }, []],
      [{ start_time: at(7) }, ['w10', 'm9', 'f8', 'm7']],
      [{ end_time: at(7) }, ALL.slice(4)],
      [{ start_time: hours(3), end_time: hours(8) }, ['m7', 'm1', 'w5', 's4', 'm3']],
      [{ start_time: '2026-03-01T06:00:00+02:00', end_time: at(5) }, ['s4']],
      [{ event_id: 'm1' }, ['m1', 'm1']],
      [{ event_id: 'm1', status: 'PROCESSED' }, ['m1']],
      [{ event_id: 'm1', schema_name: 'unknown' }, []],
      [{ event_id: 'm7', account_id: 'held', start_time: at(7), end_time: at(8) }, ['m7']],
      [{ event_id: 'M7' }, []],
    ]
    for (const [query, expected] of cases) expect([query, await ids(api, query)]).toEqual([query, expected])
    const { body } = await list(api, { event_id: 'm7' })
    const { referenceId } = body.events[0]
    expect(await ids(api, { id: referenceId })).toEqual(['m7'])
    expect(await ids(api, { id: referenceId, event_id: 'm7', status: 'PROCESSED' })).toEqual(['m7'])
    expect(await ids(api, { id: referenceId, event_id: 'm1' })).toEqual([])
    expect(await ids(api, { id: referenceId, account_id: 'globex main' })).toEqual([])
    expect(await ids(api, { id: 'event.00000000000.00000' })).toEqual([])
    expect(await ids(api, { id: 'no reference' })).toEqual([])
  })

  it('says of each event what became of it', async () => {
    const api = await withEvents()
    const { body } = await list(api)
    for (const { referenceId, ingestionStatus, createdAt, source } of body.events) {
      expect(referenceId).toMatch(/^event\.\w{11}\.\w{5}$/)
      expect(ingestionStatus.statusDescription.length).toBeGreaterThan(20)
      expect(Date.parse(createdAt)).toBeGreaterThan(0)
      expect(source).toEqual({ id: 'INGEST_BATCH', type: 'INGEST_BATCH' })
    }
    expect(body.events.map(({ customerId }: Loose) => customerId ?? null)).toEqual([
      null,
      'globex',
      ...Array.from({ length: 3 }, () => 'acme'),
      null,
      'acme',
      'globex',
      'acme',
      'acme',
    ])
    expect(body.events[8].eventPayload).toEqual(ride('m2', '2', { timestamp: at(2), accountId: 'held' }))
  })

  it('is walked in pages of any size, in one order and without a gap', async () => {
    const api = await withEvents()
    for (const pageSize of [1, 3, 10, 50]) {
      const { ids: found, tokens } = await walk(api, { pageSize })
      expect(found).toEqual(ALL)
      expect(tokens).toHaveLength(Math.ceil(10 / pageSize) - 1)
    }
    for (const query of [
      { account_id: 'held' },
      { status: 'UNPROCESSED' },
      { customer_id: 'globex' },
      { start_time: at(3), end_time: at(8) },
    ])
      expect((await walk(api, { ...query, pageSize: 1 })).ids).toEqual(await ids(api, query))
  })

  it('orders events of one time by their ids, in the order of code points, then by reference', async () => {
    const api = await organization()
    const names = ['b', 'a', 'z', '\u{1F600}', '\uFF5E', 'B', 'aa', 'é']
    await ingest(api, [
      ...names.map((name) => ride(name, '1', { timestamp: name === 'z' ? at(2) : at(1) })),
      ride('a', '2', { timestamp: at(1) }),
    ])
    const order = ['z', 'B', 'a', 'a', 'aa', 'b', 'é', '\uFF5E', '\u{1F600}']
    for (const pageSize of [1, 2, 50]) expect((await walk(api, { pageSize })).ids).toEqual(order)
    const { body } = await list(api, { event_id: 'a' })
    const references = body.events.map(({ referenceId }: Loose) => referenceId)
    expect(references).toEqual(references.toSorted())
  })

  it('fits the longest ids, names and filters into a token', async () => {
    const api = await organization()
    const [id, accountId] = ['\u{1F600}'.repeat(512), '"é'.repeat(256)]
    const schemaName = '\u{10FFFF}'.repeat(50)
    const sent = (time: number, more: object = {}) => ride(id, '1', { accountId, schemaName, timestamp: at(time), ...more })
    await ingest(api, [sent(1), sent(2), sent(3), sent(2, { accountId: 'other' }), sent(4, { id: `${'x'.repeat(511)}é` })])
    const query = { status: 'UNPROCESSED', schema_name: schemaName, start_time: at(0), end_time: at(9), pageSize: 1 }
    expect((await walk(api, { ...query, event_id: id, account_id: accountId })).ids).toEqual([id, id, id])
    expect((await walk(api, { ...query, event_id: id })).ids).toEqual([id, id, id, id])
    expect((await walk(api, { ...query, account_id: accountId })).ids).toHaveLength(4)
    expect((await walk(api, query)).ids).toHaveLength(5)
  })

  it('looks ids up in NFC, and shows them as they were sent', async () => {
    const api = await organization()
    const [composed, decomposed] = ['caf\u00e9/ä %2F?#', 'cafe\u0301/a\u0308 %2F?#']
    await ingest(api, [ride(decomposed, '1')])
    await ingest(api, [ride(composed, '1')])
    for (const id of [composed, decomposed]) {
      expect((await ids(api, { event_id: id })).toSorted()).toEqual([decomposed, composed].toSorted())
      const { body } = await api.get(`/events/${encodeURIComponent(id)}`)
      expect(body.events).toHaveLength(2)
    }
    await ingest(api, [ride('n', '1', { accountId: composed })])
    expect(await ids(api, { account_id: decomposed })).toEqual(['n'])
  })

  it('refuses what is not right', async () => {
    const api = await withEvents()
    const { body } = await list(api, { pageSize: 1 })
    const cases: [Record<string, string | number>, number, string][] = [
      [{ pageSize: 51 }, 422, 'pageSize: must be 50 at most'],
      [{ pageSize: 0 }, 400, 'pageSize: must be a whole number'],
      [{ pageSize: -1 }, 400, 'pageSize: must be a whole number'],
      [{ pageSize: 'x' }, 400, 'pageSize: must be a whole number'],
      [{ status: 'DONE' }, 400, 'status: must be made of'],
      [{ status: 'PROCESSED,' }, 400, 'status: must be made of'],
      [{ status: '' }, 400, 'status: must be made of'],
      [{ status: 'constructor' }, 400, 'status: must be made of'],
      [{ start_time: 'yesterday' }, 400, 'start_time: must be a date-time'],
      [{ start_time: at(2), end_time: at(2) }, 400, 'start_time: must be before end_time'],
      [{ account_id: '' }, 400, 'account_id: must be'],
      [{ event_id: 'x'.repeat(513) }, 400, 'event_id: must be'],
      [{ event_id: 'a\u0000b' }, 400, 'event_id: must be'],
      [{ nextToken: 'none' }, 400, 'nextToken: must be'],
      [{ nextToken: `${body.nextToken}x` }, 400, 'nextToken: must be'],
      [{ color: 'red' }, 400, 'color: is not a known name'],
    ]
    for (const [query, status, message] of cases) {
      const answer = await list(api, query)
      expect([query, answer.status, answer.body.message]).toEqual([query, status, expect.stringContaining(message)])
    }
  })

  it('does with a token what the token says, whatever stands beside it', async () => {
    const api = await withEvents()
    const { body } = await list(api, { pageSize: 2, status: 'PROCESSED' })
    expect(await ids(api, { nextToken: body.nextToken, status: 'REVERTED', pageSize: 50 })).toEqual(['m3', 'm2'])
  })

  it('is empty where nothing was ingested, and shows nothing of another organization', async () => {
    const [one, other] = [await withEvents(), await organization()]
    expect(await list(other)).toMatchObject({ status: 200, body: { events: [] } })
    await ingest(other, [ride('m1', '1')])
    expect(await ids(other)).toEqual(['m1'])
    const { body } = await list(one, { pageSize: 1 })
    expect((await list(other, { nextToken: body.nextToken })).status).toBe(400)
    expect(await ids(other, { id: body.events[0].referenceId })).toEqual([])
    expect((await other.get(`/events/${body.events[0].referenceId}`)).status).toBe(404)
    expect((await other.get('/events/m7')).status).toBe(404)
  })

  it('is not answered in part when a ledger cannot be reached', async () => {
    const api = await withEvents()
    const names: string[] = []
    const real = (exports as Loose).EventLedger
    const lost = (broken: string) =>
      new Proxy(real, {
        get: (of, key) =>
          key === 'getByName'
            ? (name: string) => {
                names.push(name)
                if (name.endsWith(broken)) throw Object.assign(new Error('lost'), { overloaded: true })
                return of.getByName(name)
              }
            : Reflect.get(of, key),
      })
    const ask = async (broken: string, path: string) => {
      names.length = 0
      const context = Object.assign(Object.create(createExecutionContext()), { exports: { EventLedger: lost(broken) } })
      const request = new Request(`http://localhost${path}`, { headers: { Authorization: `Bearer ${api.token}` } })
      return (await app.fetch(request, { DB: env.DB, SIGNING_SECRET: env.SIGNING_SECRET }, context)).status
    }
    expect(await ask('none', '/events')).toBe(200)
    expect(names).toHaveLength(7)
    for (const broken of ['event/1/0', 'event/1/3', 'event/2/0', 'event/2/2']) expect(await ask(broken, '/events')).toBe(503)
    /** A generation that has just ended may still take an event from a correction whose request has died. */
    expect(await ask('event/1/0', `/events?start_time=${at(20)}`)).toBe(503)
    await doDue(api.id, undefined, Date.now() + 2 * 86_400_000 + 1000)
    expect(await ask('event/1/0', `/events?start_time=${at(20)}`)).toBe(200)
    expect(names).toHaveLength(3)
    expect(await ask('none', `/events?end_time=${at(0)}`)).toBe(200)
    expect(await ask('none', '/events?event_id=m1')).toBe(200)
    expect(names).toHaveLength(2)
  })

  it('is read by an analyst, and with a portal token for its accounts only', async () => {
    const api = await withEvents()
    const { body: token } = await api.post('/tokens', { name: 'Reader', role: 'ANALYST' })

    expect((await client(token.token).get('/events')).status).toBe(200)
    expect((await client(token.token).get('/events/m7')).status).toBe(200)
    await api.post('/accounts', { id: 'second', name: 'Second account', customerId: 'acme' })
    await ingest(api, [ride('m11', '11', { timestamp: at(11), accountId: 'second' })])
    const portal = async (accounts: object) => client((await api.post('/portal/token', { customerId: 'acme', ...accounts })).body.token)
    const [whole, part] = [await portal({ allAccountsAccess: true }), await portal({ accountIds: ['second'] })]
    expect((await walk(whole, { pageSize: 3 })).ids).toEqual(['m11', 'f8', 'm7', 'm1', 's4', 'm2', 'm1'])
    expect((await walk(part, { pageSize: 3 })).ids).toEqual(['m11'])
    const { events } = (await list(api, { pageSize: 50 })).body
    const shownTo = async ({ get }: Pick<Api, 'get'>): Promise<string[]> => {
      const answers = await Promise.all(events.map(({ referenceId }: Loose) => get(`/events/${referenceId}`)))
      expect(answers.map(({ status }) => [200, 404].includes(status))).toEqual(answers.map(() => true))
      return answers.filter(({ status }) => status === 200).flatMap(idsOf)
    }
    expect(await shownTo(whole)).toEqual(['m11', 'f8', 'm7', 'm1', 's4', 'm2', 'm1'])
    expect(await shownTo(part)).toEqual(['m11'])
    expect([await ids(whole, { account_id: 'globex main' }), await ids(part, { account_id: 'acme main' })]).toEqual([[], []])
  })
})

describe('getSingleEvent', () => {
  it('answers every event of an id, the last that arrived first, and one by its reference', async () => {
    const api = await withEvents()
    const { status, body } = await api.get('/events/m1')
    expect(status).toBe(200)
    expect(body.events.map(({ ingestionStatus }: Loose) => ingestionStatus.status)).toEqual([
      'INGESTION_COMPLETED_EVENT_METERED',
      'INGESTION_FAILED_DUPLICATE_EVENT',
    ])
    for (const { referenceId } of body.events) {
      const one = await api.get(`/events/${referenceId}`)
      expect(one.body.events.map((event: Loose) => event.referenceId)).toEqual([referenceId])
    }
    expect((await api.get('/events/none')).status).toBe(404)
    expect((await api.get(`/events/${'x'.repeat(513)}`)).status).toBe(400)
  })

  it('says by what an event was processed, and what each meter counted of it', async () => {
    const api = await withEvents()
    const digits = '12345678901234567890.123456789'
    await api.post('/usage_meters', {
      name: 'in rome',
      type: 'COUNTER',
      aggregation: 'COUNT',
      eventSchemaName: 'rides',
      filters: [{ field: 'city', value: 'rome' }],
    })
    const { body: meters } = await api.get('/usage_meters?status=DRAFT')
    expect((await api.post(`/usage_meters/${meters.data[0].id}/activate`)).status).toBe(200)
    await ingest(api, [ride('p', digits, { accountId: 'held', timestamp: at(12) })])
    const { body } = await api.get('/events/p')
    const [{ eventPipelineInfo }] = body.events
    expect(eventPipelineInfo).toEqual({
      eventSchema: { name: 'rides', version: 1 },
      usageMeters: expect.arrayContaining([
        { id: api.meterId, name: 'distance', version: 1, status: 'PROCESSED_UNITS_COMPUTED', units: Number(digits) },
        { id: meters.data[0].id, name: 'in rome', version: 1, status: 'PROCESSED_FILTERED_OUT' },
      ]),
      pricePlans: [],
      account: { id: 'acme main', name: 'Main account', alias: 'held' },
      customer: { id: 'acme', name: 'ACME Enterprise' },
      baseCurrency: 'USD',
      invoiceCurrency: 'USD',
    })
    const request = new Request('http://localhost/events/p', { headers: { Authorization: `Bearer ${api.token}` } })
    const response = await app.fetch(request, { DB: env.DB, SIGNING_SECRET: env.SIGNING_SECRET }, createExecutionContext())
    expect(await response.text()).toContain(`"units":${digits}`)
    const { body: unknown } = await api.get('/events/w5')
    expect(unknown.events[0].eventPipelineInfo).toEqual({ usageMeters: [], pricePlans: [], baseCurrency: 'USD' })
  })

  it('finds an event without an id by the reference that the list shows', async () => {
    const api = await organization()
    await ingest(api, [ride(undefined, '1')])
    const [event] = await eventsOf(api)
    const { body } = await api.get(`/events/${event?.reference}`)
    expect(body.events).toMatchObject([{ referenceId: event?.reference, ingestionStatus: { status: 'INGESTION_FAILED_NO_EVENT_ID' } }])
    expect(body.events[0].eventPayload.id).toBeUndefined()
  })
})

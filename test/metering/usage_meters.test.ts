import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import worked from '../data/metering.json'
import { client, organization, watched } from '../helpers/api.ts'
import { type Api, distance, makeMeter, makeSchema, publishSchema, rides, said, startMeter, versionOf } from './metering.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

afterEach(() => {
  vi.useRealTimers()
})

const computing = (computation: unknown, more: Record<string, unknown> = {}) => ({
  computations: [{ computation, ...more }],
})

const matching = (matcher: string) => computing('1', { matcher })

/** A meter of a published schema, in a state. */
const withMeter = async (status: string): Promise<Api & { path: string; meterId: string }> => {
  const api = await organization()
  await publishSchema(api)
  const meterId = await makeMeter(api)
  const path = `/usage_meters/${meterId}`
  if (status === 'ACTIVE' || status === 'INACTIVE') await api.post(`${path}/activate`)
  if (status === 'INACTIVE') await api.post(`${path}/deactivate`)
  if (status === 'ARCHIVED') await api.delete(path)
  return { ...api, path, meterId }
}

type Held = Awaited<ReturnType<typeof withMeter>>

const CHANGES: Record<string, (api: Held) => ReturnType<Api['get']>> = {
  patch: ({ patch, path }) => patch(path, { aggregation: 'COUNT', computations: [] }),
  describe: ({ patch, path }) => patch(path, { billableName: 'Kilometres', description: 'Changed' }),
  activate: ({ post, path }) => post(`${path}/activate`),
  deactivate: ({ post, path }) => post(`${path}/deactivate`),
  delete: (api) => api.delete(api.path),
}

const change = (name: string, api: Held) => (CHANGES[name] as Loose)(api)

describe('createUsageMeter', () => {
  it('makes a draft, which shows what was sent and what it is called', async () => {
    const api = await organization()
    await makeSchema(api)
    const sent = {
      name: 'Distance_1-a',
      billableName: 'Kilometres',
      description: 'Driven in town',
      type: 'COUNTER',
      aggregation: 'SUM',
      filters: [
        { field: 'city', value: 'Rome' },
        { field: 'city', value: 'Bonn' },
      ],
      computations: [
        { id: 'own', matcher: '{">":[{"var":"attributes.distance"},1]}', computation: '{"var":"attributes.distance"}', order: 3 },
      ],
    }
    const { status, body, headers } = await api.post('/usage_meters', { ...sent, eventSchemaName: 'rides' })
    const { id, createdAt, updatedAt, ...rest } = body
    expect([status, rest]).toEqual([201, { ...sent, displayName: 'Kilometres', status: 'DRAFT' }])
    expect(id).toMatch(/^um\.\w{11}\.\w{5}$/)
    expect([id.length, updatedAt]).toEqual([20, createdAt])
    expect([headers.get('Location'), headers.get('ETag')]).toEqual([`/usage_meters/${id}`, '"1"'])
    expect((await api.get(`/usage_meters/${id}`)).body).toEqual(body)
    const bare = await api.post('/usage_meters', { name: 'bare', billableName: '', type: 'COUNTER', aggregation: 'COUNT' })
    expect(Object.keys(bare.body).toSorted()).toEqual(
      ['aggregation', 'createdAt', 'displayName', 'id', 'name', 'status', 'type', 'updatedAt'].toSorted(),
    )
    expect(bare.body.displayName).toBe('bare')
  })

  it.each(worked.validation)('$id: $note', async ({ given, expect: expected }) => {
    const { post } = await organization()
    const computations = [{ ...given.computation, matcher: '{"==":[{"var":"dimensions.country"},"US"]}' }]
    const { status, body } = await post('/usage_meters', { name: 'sms', type: 'COUNTER', aggregation: 'COUNT', computations })
    expect([status, body.computations]).toEqual([201, [{ ...computations[0], order: expected.order }]])
  })

  it.each(worked.meters)('takes and activates the meter of $id', async ({ meter }) => {
    const api = await organization()
    await publishSchema(api, { dimensions: [{ name: 'city' }, { name: 'Payment Mode' }], filterFields: ['Payment Mode'] })
    const id = await startMeter(api, { ...meter })
    expect((await api.get(`/usage_meters/${id}`)).body).toMatchObject({ ...meter, status: 'ACTIVE' })
  })

  it.each([
    ['no name', { name: '' }, 'name: must be 1 to 50 characters'],
    ['a long name', { name: 'x'.repeat(51) }, 'name: must be 1 to 50 characters'],
    ['another type', { type: 'GAUGE' }, 'type: must be COUNTER'],
    ['another aggregation', { aggregation: 'MAX' }, 'aggregation: must be COUNT or SUM'],
    ['a long billable name', { billableName: 'x'.repeat(256) }, 'billableName: must be 255 characters at most'],
    ['what is not known', { status: 'ACTIVE' }, 'status: is not a known name'],
    ['two computations', { computations: [distance.computations[0], distance.computations[0]] }, 'computations: must hold 1 at most'],
    ['a computation that is no text', computing({ var: 'attributes.distance' }), 'computations[0].computation: must be a string'],
    ['no computation', computing(undefined), 'computations[0].computation: is required'],
    ['a blank computation', computing(' '), 'computations[0].computation: must not be blank'],
    ['a long computation', computing(`"${'x'.repeat(499)}"`), 'computations[0].computation: must be 500 characters at most'],
    ['a long matcher', matching(`"${'x'.repeat(1499)}"`), 'computations[0].matcher: must be 1500 characters at most'],
    [
      'a fault deep in a matcher',
      matching('{"if":[true,{"+":[1,{"==":[1]}]}]}'),
      'computations[0].matcher: at /if/1/+/1/==: "==": must have exactly 2 arguments, and has 1',
    ],
    [
      'an operator that there is not',
      matching('{"if":[true,{"+":[1,{"contains":[1]}]}]}'),
      'computations[0].matcher: at /if/1/+/1: must have an operator such as var, if, == or +, and "contains" is none',
    ],
    ['two operators', computing('{"+":[1],"-":[1]}'), 'computations[0].computation: must have one operator, and has 2'],
    [
      'a matcher of 1500 characters that is nested as deep as they go',
      matching(`${'{"!":['.repeat(187)}1${']}'.repeat(187)}`),
      `computations[0].matcher: at …${'/!/0'.repeat(30)}: must not be nested more than 50 deep`,
    ],
    [
      'a COUNT of something else',
      { aggregation: 'COUNT' },
      'computations[0].computation: must be 1 or be left out, since aggregation is COUNT',
    ],
    [
      'a filter by what is not one of the filterFields',
      {
        filters: [
          { field: 'city', value: 'Rome' },
          { field: 'distance', value: '1' },
        ],
      },
      'filters[1].field: "distance" is not one of the filterFields of the event schema "rides"',
    ],
    [
      'a filter and no schema',
      { filters: [{ field: 'city', value: 'Rome' }], eventSchemaName: undefined },
      'filters: must be empty, since the usage meter has no event schema',
    ],
    ['a value that is no text', { filters: [{ field: 'distance', value: 1 }] }, 'filters[0].value: must be a string'],
  ])('refuses %s', async (_, changes, message) => {
    const api = await organization()
    await makeSchema(api)
    const { status, body } = await api.post('/usage_meters', { ...distance, ...changes })
    expect([status, body.message]).toEqual([400, message])
    expect((await api.get('/usage_meters')).body.data).toEqual([])
  })

  it.each([
    ['doubles a text 20 times', `{"reduce":[[${'1,'.repeat(19)}1],{"cat":[{"var":"accumulator"},{"var":"accumulator"}]},"xx"]}`],
    ['maps a list of a list of a list', '{"map":[{"var":"l"},{"map":[{"var":"l"},{"map":[{"var":"l"},1]}]}]}'],
  ])('takes at once a rule that %s, which is stopped when it is evaluated', async (_, computation) => {
    await makeMeter(await organization(), { ...computing(computation), eventSchemaName: undefined })
  })

  it.each(['DRAFT', 'ACTIVE', 'INACTIVE'])('takes a schema that is %s', async (status) => {
    const api = await organization()
    await (status === 'DRAFT' ? makeSchema(api) : publishSchema(api))
    if (status === 'INACTIVE') await api.post('/event_schema/rides/deactivate')
    await makeMeter(api)
  })

  it('refuses a schema that is not there, or is archived', async () => {
    const api = await organization()
    expect(said(await api.post('/usage_meters', distance))).toEqual([404, 'eventSchemaName: the event schema "rides" does not exist'])
    await makeSchema(api)
    await api.delete('/event_schema/rides')
    expect(said(await api.post('/usage_meters', distance))).toEqual([409, 'eventSchemaName: the event schema "rides" is archived'])
  })

  it('refuses a name that is taken, by an archived meter too, and names the meter', async () => {
    const { post, path, meterId, ...api } = await withMeter('DRAFT')
    const message = `name: the usage meter "distance driven" exists already, as ${meterId}`
    expect(said(await post('/usage_meters', distance))).toEqual([409, message])
    expect((await api.call('POST', '/usage_meters', distance, { 'If-None-Match': '*' })).status).toBe(412)
    await api.delete(path)
    expect(said(await post('/usage_meters', distance))).toEqual([409, `${message}, and is archived`])
  })

  it('keeps 100 that are not archived', async () => {
    const api = await withMeter('ARCHIVED')
    const names = JSON.stringify(Array.from({ length: 99 }, (_, n) => `m${n}`))
    await env.DB.prepare(
      `INSERT INTO usage_meters SELECT ?1 || value, ?1, value, null, null, 'DRAFT', 'COUNT', null, null, null, 1, 0, 0, null, 1, value, value, null FROM json_each(?2)`,
    )
      .bind(api.id, names)
      .run()
    const answers = await Promise.all(['a', 'b', 'c'].map((name) => api.post('/usage_meters', { ...distance, name })))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 422, 422])
    expect(answers.find(({ status }) => status === 422)?.body.message).toBe(
      'There are 100 usage meters that are not archived, and there can be no more',
    )
  })
})

describe('the states of a meter', () => {
  it.each([
    ['DRAFT', 'patch', 'DRAFT'],
    ['DRAFT', 'activate', 'ACTIVE'],
    ['DRAFT', 'delete', 'ARCHIVED'],
    ['ACTIVE', 'describe', 'ACTIVE'],
    ['ACTIVE', 'activate', 'ACTIVE'],
    ['ACTIVE', 'deactivate', 'INACTIVE'],
    ['INACTIVE', 'patch', 'INACTIVE'],
    ['INACTIVE', 'activate', 'ACTIVE'],
    ['INACTIVE', 'deactivate', 'INACTIVE'],
    ['INACTIVE', 'delete', 'ARCHIVED'],
  ])('%s: %s makes it %s', async (from, name, to) => {
    const api = await withMeter(from)
    const before = await api.get(api.path)
    const { status, body, headers } = await change(name, api)
    const after = await api.get(api.path)
    expect([status, after.body.status]).toEqual([200, to])
    expect(body).toEqual(name === 'delete' ? { success: true } : after.body)
    const isUnchanged = from === to && name !== 'patch' && name !== 'describe'
    if (isUnchanged) expect(after.body).toEqual(before.body)
    expect(headers.get('ETag') === before.headers.get('ETag')).toBe(isUnchanged)
    expect(after.headers.get('ETag')).toBe(headers.get('ETag'))
  })

  it.each([
    ['DRAFT', 'deactivate', 'The usage meter "distance driven" is DRAFT, and only one that is ACTIVE can be deactivated.'],
    ['ACTIVE', 'delete', 'The usage meter "distance driven" is ACTIVE, and must be deactivated first.'],
    [
      'ACTIVE',
      'patch',
      'The usage meter "distance driven" is ACTIVE, and must be deactivated before aggregation, computations can be changed.',
    ],
    ...Object.keys(CHANGES).map((name) => ['ARCHIVED', name, 'The usage meter "distance driven" is archived, and cannot be changed.']),
  ])('%s: %s is refused', async (from = '', name = '', message = '') => {
    const api = await withMeter(from)
    const before = (await api.get(api.path)).body
    expect(said(await change(name, api))).toEqual([409, message])
    expect((await api.get(api.path)).body).toEqual(before)
  })

  it.each(Object.keys(CHANGES))('%s of one that is not there is 404', async (name) => {
    const api = { ...(await organization()), path: '/usage_meters/um.no.meter', meterId: '' }
    expect(said(await change(name, api))).toEqual([404, 'The usage meter "um.no.meter" does not exist.'])
  })
})

describe('activateUsageMeter', () => {
  it.each([
    ['DRAFT', () => Promise.resolve()],
    [
      'INACTIVE',
      async ({ post }: Api) => {
        await post('/event_schema/rides/activate')
        await post('/event_schema/rides/deactivate')
      },
    ],
  ] as [string, (api: Api) => Promise<void>][])('is refused while its schema is %s', async (status, prepare) => {
    const api = await organization()
    await makeSchema(api)
    await prepare(api)
    const id = await makeMeter(api)
    const message = `The usage meter "distance driven" cannot be activated while its event schema "rides" is ${status}`
    expect(said(await api.post(`/usage_meters/${id}/activate`))).toEqual([409, message])
    await api.post('/event_schema/rides/activate')
    expect((await api.post(`/usage_meters/${id}/activate`)).status).toBe(200)
  })

  it('is refused to a SUM of nothing, but where usage is sent as such', async () => {
    const api = await organization()
    await publishSchema(api)
    const id = await makeMeter(api, { computations: [] })
    const message = 'The usage meter "distance driven" has no computation, and needs one, since its aggregation is SUM.'
    expect(said(await api.post(`/usage_meters/${id}/activate`))).toEqual([409, message])
    await startMeter(api, { name: 'sent', eventSchemaName: undefined, computations: undefined })
    await startMeter(api, { name: 'counted', aggregation: 'COUNT', computations: undefined })
  })

  it('is refused when a filter is by what the schema, then a draft, no longer has', async () => {
    const api = await organization()
    await makeSchema(api)
    const id = await makeMeter(api, { filters: [{ field: 'city', value: 'Rome' }] })
    await api.patch('/event_schema/rides', { filterFields: ['distance'] })
    await api.post('/event_schema/rides/activate')
    const message =
      'The usage meter "distance driven" filters by "city", which is no longer one of the filterFields of the event schema "rides"'
    expect(said(await api.post(`/usage_meters/${id}/activate`))).toEqual([409, message])
    await api.patch('/event_schema/rides', { filterFields: ['city'] })
    expect((await api.post(`/usage_meters/${id}/activate`)).status).toBe(200)
  })

  it('says when it was last', async () => {
    const { post, get, path } = await withMeter('DRAFT')
    expect((await get(path)).body).not.toHaveProperty('lastActivatedAt')
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2060, 0, 1) })
    expect((await post(`${path}/activate`)).body.lastActivatedAt).toBe('2060-01-01T00:00:00.000Z')
    vi.setSystemTime(Date.UTC(2060, 0, 2))
    expect((await post(`${path}/activate`)).body.lastActivatedAt).toBe('2060-01-01T00:00:00.000Z')
    await post(`${path}/deactivate`)
    const { body } = await post(`${path}/activate`)
    expect([body.lastActivatedAt, body.updatedAt]).toEqual(['2060-01-02T00:00:00.000Z', '2060-01-02T00:00:00.000Z'])
  })

  it('8 at once: one activates it, and all say so', async () => {
    const api = await withMeter('DRAFT')
    const answers = await Promise.all(Array.from({ length: 8 }, () => api.post(`${api.path}/activate`)))
    expect(new Set(answers.map(({ status, body, headers }) => JSON.stringify([status, body, headers.get('ETag')]))).size).toBe(1)
    expect(answers[0]?.headers.get('ETag')).toBe('"2"')
    expect(await versionOf(api)).toBe(3)
  })
})

describe('updateUsageMeter', () => {
  const versions = (id: string) =>
    env.DB.prepare('SELECT definition_version, version FROM usage_meters WHERE id = ?').bind(id).first<Record<string, number>>()

  it.each(['DRAFT', 'INACTIVE'])('of one that is %s replaces what is sent, and counts what it counts by', async (status) => {
    const { patch, get, path, meterId, ...api } = await withMeter(status)
    await publishSchema(api as Api, { name: 'flights', filterFields: [] })
    const first = (await versions(meterId)) as Loose
    const steps: [Record<string, unknown>, number][] = [
      [{ name: 'new name', billableName: 'Billed', description: 'New' }, 0],
      [{ filters: [{ field: 'city', value: 'Rome' }] }, 1],
      [{ filters: [{ value: 'Rome', field: 'city' }], name: 'newer name' }, 1],
      [{ computations: [{ computation: '2' }] }, 2],
      [{ aggregation: 'COUNT', computations: [] }, 3],
      [{ filters: [], eventSchemaName: 'flights' }, 4],
      [{ billableName: '' }, 4],
    ]
    for (const [index, [sent, raised]] of steps.entries()) {
      const answer = await patch(path, sent)
      expect([answer.status, answer.body.message]).toEqual([200, undefined])
      expect(await versions(meterId)).toEqual({ definition_version: first.definition_version + raised, version: first.version + index + 1 })
      expect((await get(path)).body).toEqual(answer.body)
    }
    expect((await get(`${path}?includeSchema=true`)).body).toMatchObject({
      name: 'newer name',
      displayName: 'newer name',
      description: 'New',
      filters: [],
      computations: [],
      aggregation: 'COUNT',
      status,
      eventSchema: { name: 'flights' },
    })
  })

  it.each(['DRAFT', 'ACTIVE', 'INACTIVE'])('of one that is %s to what it is already changes nothing', async (status) => {
    const { patch, get, path } = await withMeter(status)
    const before = await get(path)
    for (const changes of [{}, { type: 'COUNTER' }, distance]) {
      const { body, headers } = await patch(path, changes)
      expect([body, headers.get('ETag')]).toEqual([before.body, before.headers.get('ETag')])
    }
  })

  it('of one that is active changes how it is called and described', async () => {
    const { patch, path } = await withMeter('ACTIVE')
    const { body } = await patch(path, { billableName: 'Kilometres', description: 'Driven', name: distance.name })
    expect(body).toMatchObject({ billableName: 'Kilometres', displayName: 'Kilometres', description: 'Driven', status: 'ACTIVE' })
    const message = 'The usage meter "distance driven" is ACTIVE, and must be deactivated before name can be changed.'
    expect(said(await patch(path, { description: 'Not kept', name: 'other' }))).toEqual([409, message])
    expect((await patch(path, {})).body.description).toBe('Driven')
  })

  it.each([
    ['a long name', { name: 'x'.repeat(51) }, 400, 'name: must be 1 to 50 characters'],
    [
      'a name that a schema could not show',
      { name: 'a.b' },
      400,
      'name: must hold letters of the alphabet, digits, "_", "-" and blanks only',
    ],
    [
      'a COUNT of what it adds up',
      { aggregation: 'COUNT' },
      400,
      'computations[0].computation: must be 1 or be left out, since aggregation is COUNT',
    ],
    ['two computations', { computations: [{ computation: '1' }, { computation: '1' }] }, 400, 'computations: must hold 1 at most'],
    ['no rule', { computations: [{ computation: 'x' }] }, 400, /^computations\[0\]\.computation: must be JSON: /],
    [
      'another filter',
      { filters: [{ field: 'a', value: '' }] },
      400,
      'filters[0].field: "a" is not one of the filterFields of the event schema "rides"',
    ],
    ['another schema', { eventSchemaName: 'none' }, 404, 'eventSchemaName: the event schema "none" does not exist'],
    ['an archived schema', { eventSchemaName: 'gone' }, 409, 'eventSchemaName: the event schema "gone" is archived'],
    ['a name that is taken', { name: 'other' }, 409, /^name: the usage meter "other" exists already, as um\./],
    ['its id', { id: 'um.x' }, 400, 'id: is not a known name'],
  ] as [string, Record<string, unknown>, number, string | RegExp][])('refuses %s', async (_, changes, status, message) => {
    const { patch, get, path, ...api } = await withMeter('DRAFT')
    await makeMeter(api as unknown as Api, { name: 'other' })
    await makeSchema(api as unknown as Api, { name: 'gone' })
    await api.delete('/event_schema/gone')
    const before = (await get(path)).body
    const answer = await patch(path, changes)
    expect([answer.status, answer.body.message]).toEqual([status, typeof message === 'string' ? message : expect.stringMatching(message)])
    expect((await get(path)).body).toEqual(before)
  })

  it('moves a meter to another schema only with filters that fit', async () => {
    const { patch, path, ...api } = await withMeter('DRAFT')
    await patch(path, { filters: [{ field: 'city', value: 'Rome' }] })
    await makeSchema(api as unknown as Api, { name: 'flights', filterFields: ['distance'] })
    const message = 'eventSchemaName: "city" is not one of the filterFields of the event schema "flights"'
    expect(said(await patch(path, { eventSchemaName: 'flights' }))).toEqual([400, message])
    const filters = [{ field: 'distance', value: '1' }]
    expect((await patch(path, { eventSchemaName: 'flights', filters })).body.filters).toEqual(filters)
  })

  it('8 at once are all made, each to what the others left', async () => {
    const { patch, path, meterId } = await withMeter('DRAFT')
    const cities = Array.from({ length: 8 }, (_, n) => `city ${n}`)
    const answers = await Promise.all(cities.map((value) => patch(path, { filters: [{ field: 'city', value }] })))
    expect(answers.map(({ status }) => status)).toEqual(cities.map(() => 200))
    expect(await versions(meterId)).toEqual({ definition_version: 9, version: 9 })
  })

  it('is made to the version that If-Match names', async () => {
    const { call, get, path } = await withMeter('DRAFT')
    const whole = await get(`${path}?includeSchema=true`)
    const ask = (match: string | null) => call('PATCH', path, { description: 'x' }, { 'If-Match': match ?? '' })
    expect((await ask('"2"')).status).toBe(412)
    expect((await ask(whole.headers.get('ETag'))).headers.get('ETag')).toBe('"2"')
    expect((await ask('"1"')).status).toBe(412)
  })
})

describe('getUsageMeter', () => {
  it('shows the newest version of its schema when that is asked for', async () => {
    const { get, patch, post, path, ...api } = await withMeter('ACTIVE')
    const { body: plain } = await get(path)
    const first = await get(`${path}?includeSchema=true`)
    expect(first.body).toEqual({ ...plain, eventSchema: (await get('/event_schema/rides')).body })
    expect((await get(`${path}?includeSchema=false`)).body).toEqual(plain)
    await patch('/event_schema/rides', { attributes: [{ name: 'time' }] })
    const second = await get(`${path}?includeSchema=true`)
    expect(second.body.eventSchema).toMatchObject({ version: 2, attributes: [...rides.attributes, { name: 'time' }] })
    expect(second.headers.get('ETag')).not.toBe(first.headers.get('ETag'))
    const match = { 'If-None-Match': second.headers.get('ETag') ?? '' }
    expect((await api.call('GET', `${path}?includeSchema=true`, undefined, match)).status).toBe(304)
    const { body: sent } = await post('/usage_meters', { name: 'sent', type: 'COUNTER', aggregation: 'SUM' })
    expect((await get(`/usage_meters/${sent.id}?includeSchema=true`)).body).toEqual(sent)
    expect(said(await get(`${path}?includeSchema=yes`))).toEqual([400, 'includeSchema: must be true or false'])
  })
})

describe('getUsageMetersForEventSchema', () => {
  const withAll = async () => {
    const api = await organization()
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2060, 0, 1) })
    await publishSchema(api)
    await publishSchema(api, { name: 'flights' })
    const made: Record<string, string> = {}
    for (const [name, status, changes] of [
      ['draft', 'DRAFT', {}],
      ['active', 'ACTIVE', { aggregation: 'COUNT', computations: [{ computation: ' 1 ' }], billableName: 'Rides' }],
      ['inactive', 'INACTIVE', { eventSchemaName: 'flights' }],
      ['gone', 'ARCHIVED', {}],
    ] as [string, string, Record<string, unknown>][]) {
      vi.setSystemTime(Date.now() + 1000)
      const id = await makeMeter(api, { name, ...changes })
      made[name] = id
      if (status === 'ACTIVE' || status === 'INACTIVE') await api.post(`/usage_meters/${id}/activate`)
      if (status === 'INACTIVE') await api.post(`/usage_meters/${id}/deactivate`)
      if (status === 'ARCHIVED') await api.delete(`/usage_meters/${id}`)
    }
    return { ...api, made }
  }
  const names = ({ data }: Loose) => data.map(({ name }: Loose) => name)

  it.each([
    ['', ['inactive', 'active', 'draft']],
    ['status=DRAFT', ['draft']],
    ['status=ACTIVE', ['active']],
    ['status=INACTIVE', ['inactive', 'draft']],
    ['status=ARCHIVED', ['gone']],
    ['aggregation=COUNT', ['active']],
    ['aggregations=SUM', ['inactive', 'draft']],
    ['aggregations=SUM&aggregation=SUM&status=DRAFT', ['draft']],
    ['event_schema_name=flights', ['inactive']],
    ['event_schema_name=flights&status=ACTIVE', []],
    ['event_schema_name=none', []],
    ['_search=RIDES', ['active']],
    ['_search=d', ['draft']],
    ['_search=um.', ['inactive', 'active', 'draft']],
    ['_sort=updated_at:ASC', ['draft', 'active', 'inactive']],
    ['_sort=updated_at:DESC', ['inactive', 'active', 'draft']],
  ])('with %s shows %j', async (query, expected) => {
    const { get } = await withAll()
    expect(names((await get(`/usage_meters?${query}`)).body)).toEqual(expected)
  })

  it('finds a meter by its id', async () => {
    const { get, made } = await withAll()
    expect(names((await get(`/usage_meters?id=${made['active']}`)).body)).toEqual(['active'])
    expect(names((await get(`/usage_meters?_search=${made['draft']?.toUpperCase()}`)).body)).toEqual(['draft'])
    expect(names((await get('/usage_meters?id=um.none')).body)).toEqual([])
  })

  it.each(['', '&aggregations=SUM', '&_search=um.', '&status=INACTIVE', '&event_schema_name=rides', '&_sort=updated_at:ASC'])(
    'pages through all of them with %s',
    async (query) => {
      const api = await organization()
      vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2060, 0, 1) })
      await publishSchema(api)
      for (let n = 0; n < 7; n++) {
        if (n % 2) vi.setSystemTime(Date.now() + 1000)
        await makeMeter(api, { name: `m${n}` })
      }
      const whole = (await api.get(`/usage_meters?${query.slice(1)}`)).body
      const walk = async (path: string): Promise<string[]> => {
        const { body } = await api.get(path)
        return [...names(body), ...(body.nextToken ? await walk(`/usage_meters?nextToken=${body.nextToken}`) : [])]
      }
      expect(whole.data).toHaveLength(7)
      for (const size of [1, 2, 6]) expect(await walk(`/usage_meters?pageSize=${size}${query}`)).toEqual(names(whole))
    },
  )

  it.each([
    ['aggregations=SUM&aggregation=COUNT', 'aggregation, aggregations: must be the same'],
    ['aggregations=MAX', 'aggregations: must be COUNT or SUM'],
    ['_sort=name:ASC', '_sort: must be made of updated_at:ASC or updated_at:DESC'],
    ['status=OTHER', 'status: must be DRAFT or ACTIVE or INACTIVE or ARCHIVED'],
  ])('refuses %s', async (query, message) => {
    expect(said(await (await organization()).get(`/usage_meters?${query}`))).toEqual([400, message])
  })
})

describe('what events are counted by', () => {
  it('changes with what was active, and with no draft', async () => {
    const api = await withMeter('DRAFT')
    const seen: unknown[] = []
    for (const name of ['patch', 'describe', 'activate', 'activate', 'deactivate', 'delete']) {
      expect((await change(name, api)).status).toBe(200)
      seen.push(await versionOf(api))
    }
    await makeMeter(api, { name: 'other' })
    expect([...seen, await versionOf(api)]).toEqual([2, 2, 3, 3, 4, 5, 5])
  })

  it('has settings, which can be kept on a meter until it is archived', async () => {
    const { post, path, meterId, ...api } = await withMeter('DRAFT')
    const setting = { id: 'unit', value: 'km', namespace: 'USER', name: 'Unit', dataType: 'STRING', entityType: 'USAGE_METER' }
    expect((await post('/settings', { ...setting, entityId: meterId })).status).toBe(201)
    expect(said(await post('/settings', { ...setting, entityId: 'um.x' }))).toEqual([404, 'entityId: there is no USAGE_METER "um.x"'])
    await api.delete(path)
    expect((await post('/settings', { ...setting, id: 'more', entityId: meterId })).status).toBe(409)
  })
})

describe('two organizations', () => {
  it('have meters of the same names, and see nothing of each other', async () => {
    const [one, other] = [await withMeter('ACTIVE'), await organization()]
    expect(said(await other.post('/usage_meters', distance))).toEqual([404, 'eventSchemaName: the event schema "rides" does not exist'])
    expect((await other.get('/usage_meters')).body.data).toEqual([])
    for (const name of Object.keys(CHANGES))
      expect((await change(name, { ...other, path: one.path, meterId: one.meterId })).status).toBe(404)
    expect((await other.get(`${one.path}?includeSchema=true`)).status).toBe(404)
    await publishSchema(other)
    await startMeter(other)
    expect((await one.get(one.path)).body.status).toBe('ACTIVE')
  })
})

describe('the audit log', () => {
  it('has what a meter counts by, beside what it shows', async () => {
    const { get, patch, path, meterId } = await withMeter('DRAFT')
    await patch(path, { filters: [{ field: 'city', value: 'Rome' }] })
    const { data } = (await get(`/audit_log?resource_type=USAGE_METER&resource_id=${meterId}`)).body
    expect(data.map(({ operationId }: Loose) => operationId)).toEqual(['updateUsageMeter', 'createUsageMeter'])
    expect(data[0].changes).toEqual({ filters: { old: null, new: [{ field: 'city', value: 'Rome' }] }, version: { old: 1, new: 2 } })
    expect(data[1].changes).toMatchObject({ eventSchemaName: { old: null, new: 'rides' }, version: { old: null, new: 1 } })
  })
})

describe('round trips to D1', () => {
  it.each([
    [1, 'createUsageMeter', (api: Held) => api.post('/usage_meters', { ...distance, name: 'new' })],
    [1, 'getUsageMetersForEventSchema', (api: Held) => api.get('/usage_meters')],
    [1, 'getUsageMeter', (api: Held) => api.get(`${api.path}?includeSchema=true`)],
    [2, 'updateUsageMeter', (api: Held) => api.patch(api.path, { aggregation: 'COUNT', computations: [] })],
    [2, 'activateUsageMeter', (api: Held) => api.post(`${api.path}/activate`)],
  ] as [number, string, (api: Held) => ReturnType<Api['get']>][])('%i for a warm %s', async (most, _, ask) => {
    const api = await withMeter('DRAFT')
    const { d1, seen } = watched()
    expect([200, 201]).toContain((await ask({ ...api, ...client(api.token, d1) })).status)
    expect(seen.calls).toBe(most)
  })
})

import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import worked from '../data/metering.json'
import { client, organization, watched } from '../helpers/api.ts'
import { type Api, makeMeter, makeSchema, publishSchema, rides, said, startMeter, versionOf } from './metering.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

afterEach(() => {
  vi.useRealTimers()
})

const dependency = (name: string) => ({ type: 'SETTING', key: `setting.user.${name}`, name })

const field = (changes: Record<string, unknown> = {}) => ({
  name: 'miles',
  type: 'ATTRIBUTE',
  enrichmentType: 'JSON_LOGIC',
  value: '{"/":[{"var":"attributes.distance"},{"var":"dependencies.kmPerMile"}]}',
  order: 1,
  ...changes,
})

const enriched = (...fields: Record<string, unknown>[]) => ({ dependencies: [dependency('kmPerMile')], fields: fields.map(field) })

/** The states of a schema, each with the way to reach it. */
const STATES: Record<string, (api: Api) => Promise<unknown>> = {
  DRAFT: makeSchema,
  ACTIVE: publishSchema,
  INACTIVE: async (api) => {
    await publishSchema(api)
    await api.post('/event_schema/rides/deactivate')
  },
  ARCHIVED: async (api) => {
    await makeSchema(api)
    await api.delete('/event_schema/rides')
  },
}

const withSchema = async (status: string): Promise<Api> => {
  const api = await organization()
  await STATES[status]?.(api)
  return api
}

const PATHS: Record<string, (api: Api) => ReturnType<Api['get']>> = {
  patch: ({ patch }) => patch('/event_schema/rides', { description: 'Changed' }),
  activate: ({ post }) => post('/event_schema/rides/activate'),
  deactivate: ({ post }) => post('/event_schema/rides/deactivate'),
  delete: (api) => api.delete('/event_schema/rides'),
}

describe('createEventSchema', () => {
  it('makes a draft of version 1, which shows what was sent and nothing else', async () => {
    const { post, get } = await organization()
    const sent = {
      ...rides,
      name: 'City rides_1-a',
      description: 'A ride ended',
      enrichments: enriched({}),
      eventIdTemplate: '${accountId}-${timestamp}-${dimensions.city}',
    }
    const { status, body, headers } = await post('/event_schema', sent)
    const { createdAt, updatedAt, ...rest } = body
    expect([status, rest]).toEqual([201, { ...sent, version: 1, status: 'DRAFT', eventLevelRevenue: false }])
    expect(updatedAt).toBe(createdAt)
    expect([headers.get('Location'), headers.get('ETag')]).toEqual(['/event_schema/City%20rides_1-a', '"1"'])
    expect((await get('/event_schema/City%20rides_1-a')).body).toEqual(body)
    const bare = await post('/event_schema', { name: 'bare', attributes: [], dimensions: [] })
    expect(Object.keys(bare.body).toSorted()).toEqual(
      ['attributes', 'createdAt', 'dimensions', 'eventLevelRevenue', 'name', 'status', 'updatedAt', 'version'].toSorted(),
    )
  })

  it.each(worked.enrichments)('takes and publishes the enrichments of $id', async ({ attributes, dimensions, enrichments }) => {
    const named = (names: string[]) => names.map((name) => ({ name }))
    const api = await organization()
    await publishSchema(api, { attributes: named(attributes), dimensions: named(dimensions), filterFields: [], enrichments })
    expect((await api.get('/event_schema/rides')).body.enrichments).toEqual(enrichments)
  })

  it.each([
    ['a name of blanks', { name: '   ' }, 'name: must hold something that can be seen'],
    ['no name', { name: '' }, 'name: must be 1 to 50 characters'],
    ['a long name', { name: 'x'.repeat(51) }, 'name: must be 1 to 50 characters'],
    ['blanks around it', { name: ' a' }, 'name: must not begin or end with a blank'],
    ['another letter', { name: 'é' }, 'name: must hold letters of the alphabet, digits, "_", "-" and blanks only'],
    ['a reserved name', { name: 'togai-usage' }, 'name: must not be togai-usage, which is there already'],
    ['another one', { name: 'togai-named-license' }, 'name: must not be togai-named-license, which is there already'],
    ['no attributes', { attributes: undefined }, 'attributes: is required'],
    ['no dimensions', { dimensions: undefined }, 'dimensions: is required'],
    ['51 attributes', { attributes: Array.from({ length: 51 }, (_, n) => ({ name: `a${n}` })) }, 'attributes: must hold 50 at most'],
    [
      'a long unit',
      { attributes: [{ name: 'a', defaultUnit: 'x'.repeat(11) }] },
      'attributes[0].defaultUnit: must be 10 characters at most',
    ],
    ['a long description', { description: 'x'.repeat(256) }, 'description: must be 255 characters at most'],
    ['a status', { status: 'ACTIVE' }, 'status: is not a known name'],
    [
      'a name twice',
      { dimensions: [{ name: 'city' }, { name: 'distance' }] },
      'dimensions[1].name: must not be "distance" again: attributes, dimensions and enriched fields have each a name of their own',
    ],
    [
      'an enriched field with a name that is there',
      { enrichments: enriched({ name: 'city' }) },
      'enrichments.fields[0].name: must not be "city" again: attributes, dimensions and enriched fields have each a name of their own',
    ],
    [
      'a dependency twice',
      { enrichments: { dependencies: [dependency('a'), dependency('a')], fields: [] } },
      'enrichments.dependencies[1].name: must not be "a" again: dependencies have each a name of their own',
    ],
    [
      'a key of no setting',
      { enrichments: { dependencies: [{ type: 'SETTING', key: 'user.a', name: 'a' }], fields: [] } },
      'enrichments.dependencies[0].key: must be as setting.<namespace>.<id>',
    ],
    [
      'a key that no setting is found by',
      { enrichments: { dependencies: [{ type: 'SETTING', key: 'Setting.user.a', name: 'a' }], fields: [] } },
      'enrichments.dependencies[0].key: must be as setting.<namespace>.<id>',
    ],
    [
      'a filter field that is not declared',
      { filterFields: ['city', 'country'] },
      'filterFields[1]: must be an attribute, a dimension or an enriched field, and "country" is none',
    ],
    ['a filter field twice', { filterFields: ['city', 'city'] }, 'filterFields[1]: must not repeat [0]: a field is named once'],
    [
      'too long enrichments',
      { enrichments: enriched(...Array.from({ length: 4 }, (_, n) => ({ name: `f${n}`, type: 'DIMENSION', value: 'x'.repeat(32_000) }))) },
      'enrichments: must be 100000 characters at most, as JSON',
    ],
  ])('refuses %s', async (_, changes, message) => {
    const { post } = await organization()
    expect(said(await post('/event_schema', { ...rides, ...changes }))).toEqual([400, message])
  })

  it.each([
    ['no placeholder', 'plain', 'must read something of the event, such as ${accountId}'],
    ['nothing', '', 'must read something of the event, such as ${accountId}'],
    ['no end', '${accountId', 'must close each ${ with a }, with a path such as accountId between them'],
    ['no path', '${ }', 'must close each ${ with a }, with a path such as accountId between them'],
    ['an undeclared attribute', '${attributes.time}', 'reads "attributes.time", which no event of the schema has'],
    ['an undeclared dimension', '${dimension.distance}', 'reads "dimension.distance", which no event of the schema has'],
    ['an undeclared dependency', '${dependencies.a}', 'reads "dependencies.a", which no event of the schema has'],
    ['what events do not have', '${accountID}', 'reads "accountID", which no event of the schema has'],
    ['a rule that is none', '{"concat":[{"var":"accountId"}]}', expect.stringMatching(/^must have an operator such as var/)],
    ['a rule that reads nothing', '{"cat":["a","b"]}', 'must read something of the event'],
    ['a rule that reads what events do not have', '{"cat":[{"var":"city"}]}', 'reads "city", which no event of the schema has'],
  ] as [string, string, Loose][])('refuses an eventIdTemplate with %s', async (_, eventIdTemplate, message) => {
    const { post } = await organization()
    const { status, body } = await post('/event_schema', { ...rides, eventIdTemplate })
    expect([status, body.message.replace(/^eventIdTemplate: /, '')]).toEqual([400, message])
  })

  it.each([
    '${accountId}',
    'a-${ timestamp }-${attribute.distance}/${attributes.distance}${dimension.city}${schemaName}${customerId}',
    '{${accountId}',
    ' {"cat":[{"var":"accountId"},"-",{"var":"dimensions.city"}]}',
    '{"var":{"cat":["attributes.","distance"]}}',
  ])('takes the eventIdTemplate %s', async (eventIdTemplate) => {
    await makeSchema(await organization(), { eventIdTemplate })
  })

  it('names every fault at once', async () => {
    const { post } = await organization()
    const { body } = await post('/event_schema', {
      ...rides,
      filterFields: ['a'],
      eventIdTemplate: 'x',
      dimensions: [{ name: 'distance' }],
    })
    for (const path of ['dimensions[0].name: ', 'filterFields[0]: ', 'eventIdTemplate: ']) expect(body.message).toContain(path)
  })

  it('keeps, records and shows the largest enrichments there can be', async () => {
    const { call, patch, post, get } = await organization()
    const largest = (letter: string) =>
      enriched(...[1, 2, 3].map((n) => ({ name: `f${n}`, type: 'DIMENSION', enrichmentType: 'VALUE', value: letter.repeat(32_768) })))
    const keyed = await call('POST', '/event_schema', { ...rides, enrichments: largest('é') }, { 'Idempotency-Key': 'a' })
    expect(keyed.status).toBe(201)
    const changed = await patch('/event_schema/rides', { enrichments: largest('ü') })
    expect([changed.status, changed.body.enrichments]).toEqual([200, largest('ü')])
    expect((await post('/event_schema/rides/activate')).status).toBe(200)
    expect((await patch('/event_schema/rides', { attributes: [{ name: 'time' }] })).body.version).toBe(2)
    expect((await get('/event_schema/rides/versions')).body.data).toHaveLength(2)
    expect((await get(`/audit_log?resource_type=EVENT_SCHEMA&resource_id=rides`)).body.data.length).toBeGreaterThan(0)
    const added = enriched({ name: 'f4', type: 'DIMENSION', enrichmentType: 'VALUE', value: 'x'.repeat(2000) })
    const message = 'enrichments: must be 100000 characters at most, as JSON'
    expect(said(await patch('/event_schema/rides', { enrichments: added }))).toEqual([400, message])
  })

  it.each([
    ['taken', 'DRAFT', 'name: the event schema "rides" exists already'],
    ['taken by an archived schema', 'ARCHIVED', 'name: the event schema "rides" exists already, and is archived'],
  ])('refuses a name that is %s', async (_, status, message) => {
    const api = await withSchema(status)
    expect(said(await api.post('/event_schema', rides))).toEqual([409, message])
    expect((await api.call('POST', '/event_schema', rides, { 'If-None-Match': '*' })).status).toBe(412)
    expect((await api.post('/event_schema', { ...rides, name: 'Rides' })).status).toBe(201)
  })

  it('keeps 100 that are not archived', async () => {
    const api = await organization()
    const names = JSON.stringify(Array.from({ length: 99 }, (_, n) => `s${n}`))
    await env.DB.prepare(
      `INSERT INTO event_schemas SELECT ?1 || value, ?1, value, null, 'DRAFT', 1, '[]', '[]', null, null, null, 0, 0, 1, value, null, null, null, 0 FROM json_each(?2)`,
    )
      .bind(api.id, names)
      .run()
    const answers = await Promise.all(['a', 'b', 'c'].map((name) => api.post('/event_schema', { ...rides, name })))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 422, 422])
    expect(answers.find(({ status }) => status === 422)?.body.message).toBe(
      'There are 100 event schemas that are not archived, and there can be no more',
    )
    await api.delete('/event_schema/s0')
    expect((await api.post('/event_schema', { ...rides, name: 'd' })).status).toBe(201)
    expect((await (await organization()).post('/event_schema', rides)).status).toBe(201)
  })

  it('50 at the same moment: one is taken', async () => {
    const { post } = await organization()
    const answers = await Promise.all(Array.from({ length: 50 }, () => post('/event_schema', rides)))
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(49)
  })
})

describe('the states of a schema', () => {
  it.each([
    ['DRAFT', 'patch', 'DRAFT'],
    ['DRAFT', 'activate', 'ACTIVE'],
    ['DRAFT', 'delete', 'ARCHIVED'],
    ['ACTIVE', 'patch', 'ACTIVE'],
    ['ACTIVE', 'activate', 'ACTIVE'],
    ['ACTIVE', 'deactivate', 'INACTIVE'],
    ['INACTIVE', 'patch', 'INACTIVE'],
    ['INACTIVE', 'activate', 'ACTIVE'],
    ['INACTIVE', 'deactivate', 'INACTIVE'],
    ['INACTIVE', 'delete', 'ARCHIVED'],
  ])('%s: %s makes it %s', async (from, change, to) => {
    const api = await withSchema(from)
    const before = await api.get('/event_schema/rides')
    const { status, body, headers } = await (PATHS[change] as Loose)(api)
    const after = await api.get('/event_schema/rides')
    expect([status, after.body.status, after.body.version]).toEqual([200, to, 1])
    expect(body).toEqual(change === 'delete' ? { success: true } : after.body)
    expect(headers.get('ETag')).toBe(after.headers.get('ETag'))
    if (from === to && change !== 'patch') expect(after).toEqual({ ...before, headers: expect.anything() })
    expect(after.headers.get('ETag') === before.headers.get('ETag')).toBe(from === to && change !== 'patch')
  })

  it.each([
    ['DRAFT', 'deactivate', 'The event schema "rides" is DRAFT, and only one that is ACTIVE can be deactivated.'],
    ['ACTIVE', 'delete', 'The event schema "rides" is ACTIVE, and must be deactivated first.'],
    ...Object.keys(PATHS).map((change) => ['ARCHIVED', change, 'The event schema "rides" is archived, and cannot be changed.']),
  ])('%s: %s is refused', async (from = '', change = '', message = '') => {
    const api = await withSchema(from)
    const before = await api.get('/event_schema/rides')
    expect(said(await (PATHS[change] as Loose)(api))).toEqual([409, message])
    expect((await api.get('/event_schema/rides')).body).toEqual(before.body)
  })

  it.each(Object.keys(PATHS))('%s of one that is not there is 404', async (change) => {
    const message = 'The event schema "rides" does not exist.'
    expect(said(await (PATHS[change] as Loose)(await organization()))).toEqual([404, message])
  })

  it('it stays active while a meter of it is, and is named the meters', async () => {
    const api = await withSchema('ACTIVE')
    const message = (names: string) => `The event schema "rides" has usage meters that are active: ${names}`
    const ids = [await startMeter(api, { name: 'b' }), await startMeter(api, { name: 'a' })]
    await makeMeter(api, { name: 'draft' })
    expect(said(await api.post('/event_schema/rides/deactivate'))).toEqual([409, message('"a", "b"')])
    for (let n = 0; n < 10; n++) await startMeter(api, { name: `c${n}` })
    expect((await api.post('/event_schema/rides/deactivate')).body.message).toBe(
      message(`"a", "b", ${Array.from({ length: 8 }, (_, n) => `"c${n}"`).join(', ')} and more`),
    )
    expect((await api.get('/event_schema/rides')).body.status).toBe('ACTIVE')
    for (const id of ids) expect((await api.post(`/usage_meters/${id}/deactivate`)).status).toBe(200)
  })

  it('it is archived only when its meters are', async () => {
    const api = await withSchema('DRAFT')
    const id = await makeMeter(api)
    const message = 'The event schema "rides" has usage meters that are not archived: "distance driven"'
    expect(said(await api.delete('/event_schema/rides'))).toEqual([409, message])
    await api.delete(`/usage_meters/${id}`)
    expect(said(await api.delete('/event_schema/rides'))).toEqual([200, { success: true }])
  })

  it('a meter is activated or its schema deactivated, never both', async () => {
    const seen = new Set<string>()
    for (let round = 0; round < 12; round++) {
      const api = await withSchema('ACTIVE')
      const id = await makeMeter(api)
      const asked = [() => api.post(`/usage_meters/${id}/activate`), () => api.post('/event_schema/rides/deactivate')]
      const answers = await Promise.all((round % 2 ? asked : asked.toReversed()).map((ask) => ask()))
      expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409])
      const { body } = await api.get(`/usage_meters/${id}?includeSchema=true`)
      seen.add(`${body.status} ${body.eventSchema.status}`)
    }
    for (const one of seen) expect(['ACTIVE ACTIVE', 'DRAFT INACTIVE']).toContain(one)
  })

  it('a meter is made or its schema archived, never both', async () => {
    for (let round = 0; round < 6; round++) {
      const api = await withSchema('DRAFT')
      const asked = [() => makeMeter(api).catch(() => ''), () => api.delete('/event_schema/rides')]
      await Promise.all((round % 2 ? asked : asked.toReversed()).map((ask) => ask()))
      const { body } = await api.get('/usage_meters')
      expect((await api.get('/event_schema/rides')).body.status).toBe(body.data.length ? 'DRAFT' : 'ARCHIVED')
    }
  })
})

describe('activateEventSchema', () => {
  it.each([
    ['no rule', { value: '{"plus":[1]}' }, expect.stringContaining('must have an operator such as var')],
    ['no JSON', { value: 'attributes.distance' }, expect.stringContaining('must be JSON')],
    [
      'a rule with a fault deep in it',
      { value: '{"if":[true,{"==":[1]}]}' },
      'at /if/1/==: "==": must have exactly 2 arguments, and has 1',
    ],
    ['a dependency that is not declared', { value: '{"var":"dependencies.a"}' }, 'needs the dependency "a", which is not declared'],
    [
      'a dependency that begins like another',
      { value: '{"var":"dependencies.kmPerMiles"}' },
      'needs the dependency "kmPerMiles", which is not declared',
    ],
    [
      'no dependency to take the rule from',
      { enrichmentType: 'JSON_LOGIC_FROM_DEPENDENCY', value: 'dependencies.a' },
      'needs the dependency "a", which is not declared',
    ],
    ['a value that is no number', { enrichmentType: 'VALUE', value: 'far' }, 'must be a decimal number, since type is ATTRIBUTE'],
  ])('refuses to publish a field with %s, which a draft may have', async (_, changes, message) => {
    const api = await organization()
    const good = { name: 'good', enrichmentType: 'VALUE', value: '1.5' }
    await makeSchema(api, { enrichments: enriched(good, changes) })
    const { status, body } = await api.post('/event_schema/rides/activate')
    expect([status, body.message.replace(/^enrichments\.fields\[1\]\.value: /, '')]).toEqual([409, message])
    expect((await api.patch('/event_schema/rides', { enrichments: enriched({}) })).status).toBe(200)
    expect((await api.post('/event_schema/rides/activate')).status).toBe(200)
    const added = await api.patch('/event_schema/rides', { enrichments: enriched({ ...changes, name: 'more' }) })
    expect([added.status, added.body.message.replace(/^enrichments\.fields\[0\]\.value: /, '')]).toEqual([400, message])
  })

  it('publishes what is taken from a dependency, by its name or its path, and what a list holds by itself', async () => {
    const api = await organization()
    const fields = [
      { name: 'a', enrichmentType: 'JSON_LOGIC_FROM_DEPENDENCY', value: 'kmPerMile' },
      { name: 'b', enrichmentType: 'JSON_LOGIC_FROM_DEPENDENCY', value: 'dependencies.kmPerMile' },
      { name: 'c', value: '{"map":[{"var":"dependencies.kmPerMile.list"},{"var":"dependencies.own"}]}' },
      { name: 'd', type: 'DIMENSION', enrichmentType: 'VALUE', value: 'far' },
    ]
    await publishSchema(api, { enrichments: enriched(...fields) })
  })
})

describe('a change of a draft', () => {
  it('replaces what is sent, and stays of version 1', async () => {
    const api = await withSchema('DRAFT')
    const changes = { attributes: [{ name: 'time' }], dimensions: [], filterFields: ['time'], eventIdTemplate: '${attributes.time}' }
    const { status, body } = await api.patch('/event_schema/rides', changes)
    expect([status, body]).toMatchObject([200, { ...changes, version: 1, status: 'DRAFT' }])
    expect((await api.get('/event_schema/rides/versions')).body.data).toEqual([body])
  })

  it('is held to what stays as it was', async () => {
    const api = await withSchema('DRAFT')
    const message = 'filterFields[0]: must be an attribute, a dimension or an enriched field, and "city" is none'
    expect(said(await api.patch('/event_schema/rides', { dimensions: [] }))).toEqual([400, message])
  })

  it.each([{}, { attributes: rides.attributes }, { filterFields: ['city'] }])(
    'to what it is already changes nothing: %j',
    async (changes) => {
      const api = await withSchema('DRAFT')
      const before = await api.get('/event_schema/rides')
      const { status, body, headers } = await api.patch('/event_schema/rides', changes)
      expect([status, body, headers.get('ETag')]).toEqual([200, before.body, before.headers.get('ETag')])
    },
  )

  it.each([[{ name: 'new' }], [{ status: 'ACTIVE' }], [{ version: 2 }]])('cannot be of %j', async (changes) => {
    const api = await withSchema('DRAFT')
    expect((await api.patch('/event_schema/rides', changes)).status).toBe(400)
  })
})

describe.each(['ACTIVE', 'INACTIVE'])('a change of a schema that was published and is %s', (status) => {
  it('adds to each list what is new, in a new version, and keeps the old one', async () => {
    const api = await withSchema(status)
    const before = (await api.get('/event_schema/rides')).body
    const changes = {
      attributes: [{ name: 'time' }],
      dimensions: [{ name: 'driver' }, { name: 'city' }],
      filterFields: ['driver'],
      enrichments: enriched({}),
      eventIdTemplate: '${attributes.time}',
    }
    const { body } = await api.patch('/event_schema/rides', changes)
    expect(body).toEqual({
      ...before,
      version: 2,
      attributes: [...rides.attributes, { name: 'time' }],
      dimensions: [...rides.dimensions, { name: 'driver' }],
      filterFields: ['city', 'driver'],
      enrichments: changes.enrichments,
      eventIdTemplate: changes.eventIdTemplate,
      updatedAt: body.updatedAt,
    })
    const old = { ...before, status: 'ARCHIVED' }
    expect((await api.get('/event_schema/rides/versions')).body.data).toEqual([body, old])
    expect((await api.get('/event_schema/rides?version=1')).body).toEqual(old)
    expect((await api.get('/event_schema/rides?version=2')).body).toEqual(body)
    const next = await api.patch('/event_schema/rides', {
      enrichments: { dependencies: [dependency('a')], fields: [field({ name: 'more', order: 2 })] },
    })
    expect(next.body).toMatchObject({
      version: 3,
      enrichments: { dependencies: [dependency('kmPerMile'), dependency('a')], fields: [field(), field({ name: 'more', order: 2 })] },
    })
    expect((await api.get('/event_schema/rides/versions')).body.data.map(({ version }: Loose) => version)).toEqual([3, 2, 1])
  })

  it('takes the whole again, whatever the order of its names', async () => {
    const api = await withSchema(status)
    const before = await api.get('/event_schema/rides')
    const whole = { attributes: [{ defaultUnit: 'km', name: 'distance' }], dimensions: rides.dimensions, filterFields: ['city'] }
    const { body, headers } = await api.patch('/event_schema/rides', whole)
    expect([body, headers.get('ETag')]).toEqual([before.body, before.headers.get('ETag')])
    const same = { attributes: [], dimensions: [], filterFields: [], enrichments: { fields: [] } }
    expect((await api.patch('/event_schema/rides', same)).body).toEqual(before.body)
  })

  it('changes the description and the filter fields in place', async () => {
    const api = await withSchema(status)
    const changes = { description: 'A ride', filterFields: ['distance'] }
    const { body } = await api.patch('/event_schema/rides', changes)
    expect(body).toMatchObject({ version: 1, description: 'A ride', filterFields: ['city', 'distance'], status })
    expect((await api.get('/event_schema/rides/versions')).body.data).toEqual([body])
  })

  it.each([
    ['attribute', { attributes: [{ name: 'time' }, { name: 'distance', defaultUnit: 'mi' }] }, 'attributes[1]: "distance" '],
    ['attribute without its unit', { attributes: [{ name: 'distance' }] }, 'attributes[0]: "distance" '],
    ['enriched field', { enrichments: enriched({ order: 2 }) }, 'enrichments.fields[0]: "miles" '],
    [
      'dependency',
      { enrichments: { dependencies: [{ ...dependency('kmPerMile'), key: 'setting.user.other' }], fields: [] } },
      'enrichments.dependencies[0]: "kmPerMile" ',
    ],
  ])('changes no %s', async (_, changes, path) => {
    const api = await withSchema(status)
    await api.patch('/event_schema/rides', { enrichments: enriched({}) })
    const message = `${path}has been published, and cannot be changed: what is new must have a new name`
    expect(said(await api.patch('/event_schema/rides', changes))).toEqual([409, message])
    expect((await api.get('/event_schema/rides')).body.version).toBe(2)
  })

  it('gives it an eventIdTemplate once', async () => {
    const api = await withSchema(status)
    const change = (eventIdTemplate: string) => api.patch('/event_schema/rides', { eventIdTemplate })
    expect((await change('${accountId}')).body.version).toBe(2)
    expect((await change('${accountId}')).body.version).toBe(2)
    expect(said(await change('${timestamp}'))).toEqual([409, 'eventIdTemplate: has been published, and cannot be changed'])
  })

  it.each([
    [
      'a name twice, where it was sent',
      { dimensions: [{ name: 'city' }, { name: 'distance' }] },
      'dimensions[1].name: must not be "distance" again: attributes, dimensions and enriched fields have each a name of their own',
    ],
    [
      'a filter field that is not declared, where it was sent',
      { filterFields: ['distance', 'country'] },
      'filterFields[1]: must be an attribute, a dimension or an enriched field, and "country" is none',
    ],
    [
      'more than 50 in all',
      { attributes: Array.from({ length: 50 }, (_, n) => ({ name: `a${n}` })) },
      'attributes: must hold 50 at most, and would hold 51',
    ],
  ])('refuses %s', async (_, changes, message) => {
    const api = await withSchema(status)
    expect(said(await api.patch('/event_schema/rides', changes))).toEqual([400, message])
  })

  it('8 at once are all made, each to what the others left', async () => {
    const api = await withSchema(status)
    const names = Array.from({ length: 8 }, (_, n) => `time ${n}`)
    const answers = await Promise.all(names.map((name) => api.patch('/event_schema/rides', { attributes: [{ name }] })))
    expect(answers.map((answer) => answer.status)).toEqual(names.map(() => 200))
    expect(new Set(answers.map(({ body }) => body.version)).size).toBe(8)
    const { body } = await api.get('/event_schema/rides')
    expect([body.version, body.attributes.map(({ name }: Loose) => name).toSorted()]).toEqual([9, ['distance', ...names]])
    const { data } = (await api.get('/event_schema/rides/versions')).body
    expect(data.map((one: Loose) => one.attributes.length)).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1])
  })
})

describe('getEventSchema', () => {
  it.each(['0', '-1', '1.5', 'x', '', '12345678901'])('refuses the version "%s"', async (version) => {
    const { get } = await withSchema('ACTIVE')
    expect(said(await get(`/event_schema/rides?version=${version}`))).toEqual([400, 'version: must be a whole number from 1 on'])
  })

  it('knows no other version, and no other name', async () => {
    const { get } = await withSchema('ACTIVE')
    expect(said(await get('/event_schema/rides?version=2'))).toEqual([404, 'The event schema "rides" has no version 2.'])
    for (const path of ['/event_schema/Rides', '/event_schema/Rides?version=1', '/event_schema/Rides/versions'])
      expect(said(await get(path))).toEqual([404, 'The event schema "Rides" does not exist.'])
    expect((await get('/event_schema/no.such%20name')).status).toBe(404)
  })

  it('of an older version has an ETag by which nothing is changed', async () => {
    const api = await withSchema('ACTIVE')
    const first = await api.get('/event_schema/rides?version=1')
    await api.patch('/event_schema/rides', { attributes: [{ name: 'time' }] })
    const old = await api.get('/event_schema/rides?version=1')
    expect(old.headers.get('ETag')).toBe('"0.1"')
    for (const answer of [first, old]) {
      const match = { 'If-Match': answer.headers.get('ETag') ?? '' }
      expect((await api.call('PATCH', '/event_schema/rides', { description: 'x' }, match)).status).toBe(412)
    }
    const again = await api.call('GET', '/event_schema/rides?version=1', undefined, { 'If-None-Match': '"0.1"' })
    expect(again.status).toBe(304)
  })
})

describe('listEventSchemas', () => {
  const withAll = async () => {
    const api = await organization()
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2060, 0, 1) })
    const later = () => vi.setSystemTime(Date.now() + 1000)
    for (const [name, status] of [
      ['draft', 'DRAFT'],
      ['active', 'ACTIVE'],
      ['inactive', 'INACTIVE'],
      ['gone', 'ARCHIVED'],
    ]) {
      later()
      await makeSchema(api, { name, description: `The ${status} one` })
      if (status === 'ACTIVE' || status === 'INACTIVE') await api.post(`/event_schema/${name}/activate`)
      if (status === 'INACTIVE') await api.post(`/event_schema/${name}/deactivate`)
      if (status === 'ARCHIVED') await api.delete(`/event_schema/${name}`)
    }
    return api
  }
  const names = ({ data }: Loose) => data.map(({ name }: Loose) => name)

  it.each([
    ['', ['inactive', 'active', 'draft']],
    ['status=DRAFT', ['draft']],
    ['status=ACTIVE', ['active']],
    ['status=INACTIVE', ['inactive', 'draft']],
    ['status=ARCHIVED', ['gone']],
    ['_search=THE%20a', ['active']],
    ['_search=in', ['inactive']],
    ['_search=the', ['inactive', 'active', 'draft']],
    ['_search=the&status=INACTIVE', ['inactive', 'draft']],
    ['_sort=name:ASC', ['active', 'draft', 'inactive']],
    ['_sort=name:DESC', ['inactive', 'draft', 'active']],
    ['_sort=updated_at:ASC', ['draft', 'active', 'inactive']],
    ['_sort=updated_at:DESC,name:DESC', ['inactive', 'active', 'draft']],
  ])('with %s shows %j', async (query, expected) => {
    const { get } = await withAll()
    expect(names((await get(`/event_schema?${query}`)).body)).toEqual(expected)
  })

  it('pages through all of them, by time and by name among equals', async () => {
    const api = await organization()
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2060, 0, 1) })
    const made = ['c', 'a', 'b', 'f', 'e', 'd', 'g']
    for (const [index, name] of made.entries()) {
      if (index === 3) vi.setSystemTime(Date.now() + 1000)
      await makeSchema(api, { name, description: 'A ride ended' })
      if (index % 3) await api.post(`/event_schema/${name}/activate`)
      if (index % 3 === 2) await api.post(`/event_schema/${name}/deactivate`)
    }
    const walk = async (path: string): Promise<string[]> => {
      const { status, body } = await api.get(path)
      expect([status, body.context.sortOrder]).toEqual([200, 'DESC'])
      return [...names(body), ...(body.nextToken ? await walk(`/event_schema?nextToken=${body.nextToken}`) : [])]
    }
    for (const size of [1, 2, 3])
      for (const query of ['', '&_search=a%20RIDE', '&_sort=updated_at:DESC'])
        expect(await walk(`/event_schema?pageSize=${size}${query}`)).toEqual(['d', 'e', 'f', 'g', 'a', 'b', 'c'])
  })

  it('counts the meters that are not archived', async () => {
    const api = await withSchema('ACTIVE')
    await makeSchema(api, { name: 'other' })
    await makeMeter(api, { name: 'draft' })
    await startMeter(api, { name: 'active' })
    await api.delete(`/usage_meters/${await makeMeter(api, { name: 'gone' })}`)
    await makeMeter(api, { name: 'of none', eventSchemaName: undefined })
    const { data } = (await api.get('/event_schema?_sort=name:DESC')).body
    expect(data.map(({ name, usageMetersCount }: Loose) => [name, usageMetersCount])).toEqual([
      ['rides', 2],
      ['other', 0],
    ])
  })

  it.each([
    ['status=OTHER', 'status: must be DRAFT or ACTIVE or INACTIVE or ARCHIVED'],
    ['_sort=description:ASC', '_sort: must be made of name:ASC or name:DESC, updated_at:ASC or updated_at:DESC'],
    ['pageSize=101', 'pageSize: must be a whole number from 1 to 100'],
  ])('refuses %s', async (query, message) => {
    expect(said(await (await organization()).get(`/event_schema?${query}`))).toEqual([400, message])
  })
})

describe('what events are processed by', () => {
  it('changes with what was published, and with no draft', async () => {
    const api = await organization()
    const versions: unknown[] = []
    for (const ask of [
      () => makeSchema(api),
      () => PATHS['patch']?.(api),
      () => PATHS['activate']?.(api),
      () => PATHS['activate']?.(api),
      () => api.patch('/event_schema/rides', { attributes: [{ name: 'time' }] }),
      () => PATHS['deactivate']?.(api),
      () => PATHS['delete']?.(api),
      () => makeSchema(api, { name: 'other' }),
      () => api.delete('/event_schema/other'),
    ]) {
      await ask()
      versions.push(await versionOf(api))
    }
    expect(versions).toEqual([1, 1, 2, 2, 3, 4, 5, 5, 5])
  })

  it('includes the settings of a schema, which can be kept on it until it is archived', async () => {
    const api = await withSchema('ACTIVE')
    const setting = { id: 'kmPerMile', value: '1.6', namespace: 'USER', name: 'Rate', dataType: 'NUMERIC', entityType: 'EVENT_SCHEMA' }
    const before = (await versionOf(api)) ?? 0
    expect(said(await api.post('/settings', { ...setting, entityId: 'rides' }))).toEqual([201, { ...setting, entityId: 'rides' }])
    expect(await versionOf(api)).toBe(before + 1)
    expect(said(await api.post('/settings', { ...setting, entityId: 'other' }))).toEqual([
      404,
      'entityId: there is no EVENT_SCHEMA "other"',
    ])
    await api.post('/event_schema/rides/deactivate')
    await api.delete('/event_schema/rides')
    const path = '/settings/setting.USER.kmPerMile.EVENT_SCHEMA.rides'
    expect(said(await api.patch(path, { value: '2' }))).toEqual([409, 'entityId: the EVENT_SCHEMA "rides" is archived'])
    expect((await api.post('/settings', { ...setting, id: 'more', entityId: 'rides' })).status).toBe(409)
  })
})

describe('two organizations', () => {
  it('have schemas of the same names, and see nothing of each other', async () => {
    const [one, other] = [await withSchema('ACTIVE'), await withSchema('DRAFT')]
    await startMeter(one)
    await one.patch('/event_schema/rides', { attributes: [{ name: 'time' }] })
    expect((await other.get('/event_schema/rides')).body).toMatchObject({ version: 1, status: 'DRAFT', attributes: rides.attributes })
    expect((await other.get('/event_schema/rides?version=2')).status).toBe(404)
    expect((await other.get('/event_schema')).body.data).toMatchObject([{ name: 'rides', usageMetersCount: 0 }])
    expect((await other.delete('/event_schema/rides')).status).toBe(200)
    expect((await one.get('/event_schema/rides/versions')).body.data).toHaveLength(2)
    expect((await one.get('/event_schema/rides')).body.status).toBe('ACTIVE')
  })
})

describe('the audit log', () => {
  it('has each field of a schema that changed', async () => {
    const api = await withSchema('ACTIVE')
    await api.patch('/event_schema/rides', { dimensions: [{ name: 'driver' }] })
    const { data } = (await api.get('/audit_log?resource_type=EVENT_SCHEMA&resource_id=rides')).body
    expect(data.map(({ operationId }: Loose) => operationId)).toEqual([
      'eventSchemaEventSchemaNamePatch',
      'activateEventSchema',
      'createEventSchema',
    ])
    expect(data[0].changes).toEqual({
      version: { old: 1, new: 2 },
      dimensions: { old: rides.dimensions, new: [...rides.dimensions, { name: 'driver' }] },
    })
    expect(data[1].changes).toEqual({ status: { old: 'DRAFT', new: 'ACTIVE' } })
  })
})

describe('round trips to D1', () => {
  it.each([
    [1, 'createEventSchema', (api: Api) => api.post('/event_schema', { ...rides, name: 'new' })],
    [1, 'listEventSchemas', (api: Api) => api.get('/event_schema')],
    [1, 'getEventSchema', (api: Api) => api.get('/event_schema/rides?version=1')],
    [1, 'listEventSchemaVersions', (api: Api) => api.get('/event_schema/rides/versions')],
    [2, 'eventSchemaEventSchemaNamePatch', (api: Api) => api.patch('/event_schema/rides', { attributes: [{ name: 'time' }] })],
    [2, 'deactivateEventSchema', (api: Api) => api.post('/event_schema/rides/deactivate')],
  ] as [number, string, (api: Api) => ReturnType<Api['get']>][])('%i for a warm %s', async (most, _, ask) => {
    const api = await withSchema('ACTIVE')
    const { d1, seen } = watched()
    expect([200, 201]).toContain((await ask({ ...api, ...client(api.token, d1) })).status)
    expect(seen.calls).toBe(most)
  })
})

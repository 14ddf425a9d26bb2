import { afterEach, describe, expect, it, vi } from 'vitest'
import { type Answer, type Api, client, organization, watched } from '../helpers/api.ts'
import { versionOf } from '../metering/metering.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

afterEach(() => {
  vi.useRealTimers()
})

/** The status of an answer, and its message if it has one, or else its body. */
const said = ({ status, body }: Answer): [number, unknown] => [status, body.message ?? body]

const etagOf = ({ headers }: Answer) => headers.get('ETag')

const enrichments = {
  fields: [
    { name: 'miles', type: 'ATTRIBUTE', enrichmentType: 'JSON_LOGIC', value: '{"/":[{"var":"attributes.distance"},1.6]}', order: 1 },
    { name: 'zone', type: 'DIMENSION', enrichmentType: 'VALUE', value: 'inner', order: 2 },
  ],
}

const makeSchema = async (api: Api, name = 'rides') => {
  const sent = { name, attributes: [{ name: 'distance' }, { name: 'time' }], dimensions: [{ name: 'city' }], enrichments }
  expect((await api.post('/event_schema', sent)).status).toBe(201)
}

const publishSchema = async (api: Api, name = 'rides') => {
  await makeSchema(api, name)
  expect((await api.post(`/event_schema/${name}/activate`)).status).toBe(200)
}

const by = (schemaName: string, attributeName = 'distance') => ({ schemaName, attributeName })

const make = async (api: Api, changes: Record<string, unknown> = {}): Promise<string> => {
  const { status, body } = await api.post('/features', { name: 'Driving', schemaAssociations: [], ...changes })
  expect([status, body.message]).toEqual([200, undefined])
  return body.id
}

/** An organization with the schemas `rides`, `walks` and `swims`, and a feature that the first of them feeds. */
const withFeature = async () => {
  const api = await organization()
  for (const name of ['rides', 'walks', 'swims']) await publishSchema(api, name)
  const featureId = await make(api, { schemaAssociations: [by('rides')] })
  return { ...api, featureId, path: `/features/${featureId}` }
}

const detailsOf = async (api: Api, name: string): Promise<unknown> => (await api.get(`/event_schema/${name}`)).body.featureDetails

describe('createFeature', () => {
  it('makes a feature that no schema feeds', async () => {
    const { post, get } = await organization()
    const { status, body, headers } = await post('/features', { name: 'Support', billableName: 'Support by phone', schemaAssociations: [] })
    const { id, createdAt, updatedAt, ...rest } = body
    expect([status, rest]).toEqual([
      200,
      { name: 'Support', billableName: 'Support by phone', displayName: 'Support by phone', schemaAssociations: [] },
    ])
    expect(id).toMatch(/^feature\.\w{11}\.\w{5}$/)
    expect([updatedAt, headers.get('ETag')]).toEqual([createdAt, '"1"'])
    expect((await get(`/features/${id}`)).body).toEqual(body)
    const bare = await post('/features', { name: 'Support', billableName: '', schemaAssociations: [] })
    expect([bare.status, bare.body.displayName, 'billableName' in bare.body]).toEqual([200, 'Support', false])
  })

  it('shows the schemas that feed it in the order of their names, and each of them shows the feature', async () => {
    const api = await organization()
    for (const name of ['rides', 'walks']) await makeSchema(api, name)
    const sent = { name: 'Moving', schemaAssociations: [by('walks', 'time'), by('rides', 'miles')] }
    const { body } = await api.post('/features', sent)
    expect(body.schemaAssociations).toEqual([by('rides', 'miles'), by('walks', 'time')])
    expect((await api.get(`/features/${body.id}`)).body).toEqual(body)
    expect(await detailsOf(api, 'rides')).toEqual({ featureId: body.id, attributeName: 'miles' })
    expect(await detailsOf(api, 'walks')).toEqual({ featureId: body.id, attributeName: 'time' })
  })

  it.each([
    ['no name', { name: undefined }, 400, 'name: is required'],
    ['a long name', { name: 'x'.repeat(256) }, 400, 'name: must be 1 to 255 characters'],
    ['no list', { schemaAssociations: undefined }, 400, 'schemaAssociations: is required'],
    ['texts', { schemaAssociations: ['rides'] }, 400, 'schemaAssociations[0]: must be an object'],
    [
      '51 schemas',
      { schemaAssociations: Array.from({ length: 51 }, (_, n) => by(`s${n}`)) },
      400,
      'schemaAssociations: must hold 50 at most',
    ],
    ['no attribute', { schemaAssociations: [{ schemaName: 'rides' }] }, 400, 'schemaAssociations[0].attributeName: is required'],
    [
      'a name that no schema can have',
      { schemaAssociations: [by('é')] },
      400,
      'schemaAssociations[0].schemaName: must hold letters of the alphabet, digits, "_", "-" and blanks only',
    ],
    [
      'a schema twice',
      { schemaAssociations: [by('rides'), by('rides')] },
      400,
      'schemaAssociations[1]: must not repeat [0]: a schema feeds a feature by one attribute',
    ],
    [
      'a schema by two attributes',
      { schemaAssociations: [by('rides'), by('rides', 'time')] },
      400,
      'schemaAssociations[1]: must not repeat [0]: a schema feeds a feature by one attribute',
    ],
    [
      'a schema that is not there',
      { schemaAssociations: [by('rides'), by('swims')] },
      404,
      'schemaAssociations[1].schemaName: the event schema "swims" does not exist',
    ],
    [
      'a reserved schema',
      { schemaAssociations: [by('togai-usage', 'usage')] },
      404,
      'schemaAssociations[0].schemaName: the event schema "togai-usage" does not exist',
    ],
    [
      'a schema that is archived',
      { schemaAssociations: [by('gone')] },
      409,
      'schemaAssociations[0].schemaName: the event schema "gone" is archived',
    ],
    ...['city', 'zone', 'Distance', 'speed'].map(
      (name) =>
        [
          `the attribute ${name}`,
          { schemaAssociations: [by('rides', name)] },
          400,
          `schemaAssociations[0].attributeName: "${name}" is no attribute of the event schema "rides", and no field that it adds to events as one`,
        ] as [string, Record<string, unknown>, number, string],
    ),
  ] as [string, Record<string, unknown>, number, string][])('refuses %s', async (_, changes, status, message) => {
    const api = await organization()
    for (const name of ['rides', 'gone']) await makeSchema(api, name)
    await api.delete('/event_schema/gone')
    expect(said(await api.post('/features', { name: 'Driving', schemaAssociations: [], ...changes }))).toEqual([status, message])
    expect((await api.get('/features')).body.data).toEqual([])
    expect(await detailsOf(api, 'rides')).toBeUndefined()
  })

  it('refuses a schema that feeds another feature, and names that', async () => {
    const { post, featureId } = await withFeature()
    const message = `schemaAssociations[1].schemaName: the event schema "rides" feeds the feature "Driving" already, which is ${featureId}`
    const sent = { name: 'Other', schemaAssociations: [by('walks'), by('rides', 'time')] }
    expect(said(await post('/features', sent))).toEqual([409, message])
  })

  it('10 of one schema at the same moment: one is fed', async () => {
    const api = await organization()
    await makeSchema(api)
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) => api.post('/features', { name: `f${n}`, schemaAssociations: [by('rides')] })),
    )
    const made = answers.filter(({ status }) => status === 200)
    expect([made.length, answers.filter(({ status }) => status === 409).length]).toEqual([1, 9])
    expect(await detailsOf(api, 'rides')).toEqual({ featureId: made[0]?.body.id, attributeName: 'distance' })
    expect((await api.get('/features')).body.data).toHaveLength(1)
  })

  it('takes 50 schemas', async () => {
    const api = await organization()
    const names = Array.from({ length: 50 }, (_, n) => `s${String(n).padStart(2, '0')}`)
    await Promise.all(names.map((name) => makeSchema(api, name)))
    const id = await make(api, { schemaAssociations: names.toReversed().map((name) => by(name)) })
    expect((await api.get(`/features/${id}`)).body.schemaAssociations).toEqual(names.map((name) => by(name)))
    expect((await api.get('/features')).body.data).toMatchObject([{ schemaCount: 50 }])
    expect((await api.patch(`/features/${id}`, { schemaAssociations: [] })).status).toBe(200)
    expect((await api.get('/features')).body.data).toMatchObject([{ schemaCount: 0 }])
  })
})

describe('updateFeature', () => {
  it('replaces what is sent: schemas that are left out no longer feed it, and can feed another', async () => {
    const { patch, get, path, featureId, ...api } = await withFeature()
    const all = { ...api, patch, get }
    const before = (await get(path)).body
    const { status, body } = await patch(path, { schemaAssociations: [by('walks', 'miles'), by('swims')] })
    expect([status, body]).toEqual([
      200,
      { ...before, schemaAssociations: [by('swims'), by('walks', 'miles')], updatedAt: expect.any(String) },
    ])
    expect((await get(path)).body).toEqual(body)
    expect(await detailsOf(all, 'rides')).toBeUndefined()
    expect(await detailsOf(all, 'walks')).toEqual({ featureId, attributeName: 'miles' })
    const other = await make(all, { name: 'Other', schemaAssociations: [by('rides')] })
    expect(await detailsOf(all, 'rides')).toEqual({ featureId: other, attributeName: 'distance' })
    expect((await patch(path, { schemaAssociations: [by('walks', 'time')] })).status).toBe(200)
    expect(await detailsOf(all, 'walks')).toEqual({ featureId, attributeName: 'time' })
    expect(await detailsOf(all, 'swims')).toBeUndefined()
  })

  it('leaves the schemas as they are when it is sent names only', async () => {
    const { patch, get, path } = await withFeature()
    const before = await get('/event_schema/rides')
    expect((await patch(path, { name: 'Riding', billableName: 'Rides' })).body).toMatchObject({
      name: 'Riding',
      displayName: 'Rides',
      schemaAssociations: [by('rides')],
    })
    expect((await patch(path, { billableName: '' })).body.displayName).toBe('Riding')
    expect(etagOf(await get('/event_schema/rides'))).toBe(etagOf(before))
  })

  it.each([{}, { name: 'Driving' }, { billableName: '' }, { schemaAssociations: [by('rides')] }])(
    'to what it is already changes nothing: %j',
    async (changes) => {
      const { patch, get, path } = await withFeature()
      const [before, schema] = [await get(path), await get('/event_schema/rides')]
      const { status, body, headers } = await patch(path, changes)
      expect([status, body, headers.get('ETag')]).toEqual([200, before.body, '"1"'])
      expect(etagOf(await get('/event_schema/rides'))).toBe(etagOf(schema))
    },
  )

  it.each([
    ['that is not there', by('runs'), 404, 'schemaAssociations[1].schemaName: the event schema "runs" does not exist'],
    [
      'by what is no attribute',
      by('walks', 'city'),
      400,
      'schemaAssociations[1].attributeName: "city" is no attribute of the event schema "walks", and no field that it adds to events as one',
    ],
  ] as [string, object, number, string][])('refuses a schema %s, and changes nothing', async (_, wrong, status, message) => {
    const { patch, get, path, featureId, ...api } = await withFeature()
    const before = await get(path)
    expect(said(await patch(path, { name: 'Other', schemaAssociations: [by('swims'), wrong] }))).toEqual([status, message])
    expect((await get(path)).body).toEqual(before.body)
    expect(await detailsOf({ ...api, patch, get }, 'rides')).toEqual({ featureId, attributeName: 'distance' })
    expect(await detailsOf({ ...api, patch, get }, 'swims')).toBeUndefined()
  })

  it('refuses a schema of another feature', async () => {
    const { patch, path, featureId, ...api } = await withFeature()
    const other = await make({ ...api, patch }, { name: 'Other', schemaAssociations: [by('walks')] })
    const message = (feature: string, id: string, schema: string) =>
      `schemaAssociations[0].schemaName: the event schema "${schema}" feeds the feature "${feature}" already, which is ${id}`
    expect(said(await patch(path, { schemaAssociations: [by('walks')] }))).toEqual([409, message('Other', other, 'walks')])
    expect(said(await patch(`/features/${other}`, { schemaAssociations: [by('rides')] }))).toEqual([
      409,
      message('Driving', featureId, 'rides'),
    ])
  })

  it('of many at the same moment leaves the schemas and the feature of one mind', async () => {
    const { patch, get, path, featureId, ...api } = await withFeature()
    const all = { ...api, patch, get }
    const lists = [[by('rides')], [by('walks')], [by('swims', 'time'), by('walks', 'miles')], [], [by('rides', 'time'), by('swims')]]
    const answers = await Promise.all([...lists, ...lists].map((schemaAssociations) => patch(path, { schemaAssociations })))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    const { schemaAssociations } = (await get(path)).body
    expect(lists).toContainEqual(expect.toSatisfy((list: object[]) => JSON.stringify(list) === JSON.stringify(schemaAssociations)))
    for (const name of ['rides', 'walks', 'swims']) {
      const its = schemaAssociations.find(({ schemaName }: Loose) => schemaName === name)
      expect(await detailsOf(all, name)).toEqual(its && { featureId, attributeName: its.attributeName })
    }
  })

  it.each(['get', 'patch'])('and %s of one that is not there are 404', async (method) => {
    const { call } = await organization()
    const answer = await call(method.toUpperCase(), '/features/feature.x', method === 'patch' ? {} : undefined)
    expect(said(answer)).toEqual([404, 'The feature "feature.x" does not exist.'])
  })
})

describe('getFeatures', () => {
  it('shows how many schemas feed each, by their names, page by page', async () => {
    const { get, featureId, ...api } = await withFeature()
    const all = { ...api, get }
    const ids = [
      await make(all, { name: 'B', billableName: 'Second' }),
      await make(all, { name: 'A', schemaAssociations: [by('walks'), by('swims')] }),
    ]
    const { data, context } = (await get('/features')).body
    expect(data.map(({ createdAt: _createdAt, updatedAt: _updatedAt, ...rest }: Loose) => rest)).toEqual([
      { id: ids[1], name: 'A', displayName: 'A', schemaCount: 2 },
      { id: ids[0], name: 'B', billableName: 'Second', displayName: 'Second', schemaCount: 0 },
      { id: featureId, name: 'Driving', displayName: 'Driving', schemaCount: 1 },
    ])
    expect(context).toEqual({ pageSize: 20, sortOrder: 'ASC' })
    await make(all, { name: 'B' })
    const whole = (await get('/features')).body.data
    const walk = async (path: string): Promise<Loose[]> => {
      const { body } = await get(path)
      return [...body.data, ...(body.nextToken ? await walk(`/features?nextToken=${body.nextToken}`) : [])]
    }
    for (const size of [1, 3]) expect(await walk(`/features?pageSize=${size}`)).toEqual(whole)
    expect(whole).toHaveLength(4)
  })

  it.each(['_search=a', '_sort=name:ASC', 'status=ACTIVE'])('takes no %s', async (query) => {
    expect((await (await organization()).get(`/features?${query}`)).status).toBe(400)
  })
})

describe('a schema that feeds a feature', () => {
  it('shows it wherever its newest version is shown, and its older versions never', async () => {
    const { featureId, ...api } = await withFeature()
    const featureDetails = { featureId, attributeName: 'distance' }
    await api.post('/event_schema/rides/deactivate')
    const { body } = await api.patch('/event_schema/rides', { attributes: [{ name: 'wait' }] })
    expect(body).toMatchObject({ version: 2, featureDetails })
    expect((await api.post('/event_schema/rides/activate')).body).toMatchObject({ status: 'ACTIVE', featureDetails })
    expect((await api.get('/event_schema/rides?version=2')).body.featureDetails).toEqual(featureDetails)
    expect((await api.get('/event_schema/rides?version=1')).body).not.toHaveProperty('featureDetails')
    const { data } = (await api.get('/event_schema/rides/versions')).body
    expect(data.map(({ version, featureDetails: its }: Loose) => [version, its])).toEqual([
      [2, featureDetails],
      [1, undefined],
    ])
    const listed = (await api.get('/event_schema?_sort=name:ASC')).body.data
    expect(listed.map(({ name, featureDetails: its }: Loose) => [name, its])).toEqual([
      ['rides', featureDetails],
      ['swims', undefined],
      ['walks', undefined],
    ])
    const meter = { name: 'rides', type: 'COUNTER', aggregation: 'COUNT', eventSchemaName: 'rides' }
    const { id } = (await api.post('/usage_meters', meter)).body
    expect((await api.get(`/usage_meters/${id}?includeSchema=true`)).body.eventSchema.featureDetails).toEqual(featureDetails)
  })

  it('has another ETag when it comes to feed a feature, by another attribute, and when it leaves', async () => {
    const { patch, get, call, path, ...api } = await withFeature()
    const meter = { name: 'walks', type: 'COUNTER', aggregation: 'COUNT', eventSchemaName: 'walks' }
    const meterPath = `/usage_meters/${(await api.post('/usage_meters', meter)).body.id}?includeSchema=true`
    const tags: unknown[] = []
    const lists = [undefined, [by('walks')], [by('walks', 'time')], [by('walks', 'time'), by('swims')], []]
    for (const schemaAssociations of lists) {
      const before = etagOf(await get('/event_schema/walks')) ?? ''
      if (schemaAssociations) expect((await patch(path, { schemaAssociations })).status).toBe(200)
      const [after, withMeter] = [await get('/event_schema/walks'), await get(meterPath)]
      tags.push([etagOf(after), etagOf(withMeter)])
      const isSame = etagOf(after) === before
      expect((await call('GET', '/event_schema/walks', undefined, { 'If-None-Match': before })).status).toBe(isSame ? 304 : 200)
      if (!isSame) expect((await call('PATCH', '/event_schema/walks', { description: 'Late' }, { 'If-Match': before })).status).toBe(412)
    }
    expect(tags).toEqual([
      ['"2"', '"1.2"'],
      ['"3"', '"1.3"'],
      ['"4"', '"1.4"'],
      ['"4"', '"1.4"'],
      ['"5"', '"1.5"'],
    ])
    expect((await get('/event_schema/walks')).body.description).toBeUndefined()
  })

  it('is as a change of the schema in the audit log, and nothing that events are processed by', async () => {
    const { patch, get, path, featureId, ...api } = await withFeature()
    const before = await versionOf(api as Loose)
    await patch(path, { schemaAssociations: [by('rides', 'time'), by('walks')] })
    await patch(path, { schemaAssociations: [by('walks')] })
    expect(await versionOf(api as Loose)).toBe(before)
    const logOf = async (type: string, id: string) =>
      (await get(`/audit_log?resource_type=${type}&resource_id=${id}`)).body.data.map(({ changes }: Loose) => changes)
    const to = (attributeName: string) => ({ featureId, attributeName })
    expect((await logOf('EVENT_SCHEMA', 'rides')).slice(0, 3)).toEqual([
      { featureDetails: { old: to('time'), new: null } },
      { featureDetails: { old: to('distance'), new: to('time') } },
      { featureDetails: { old: null, new: to('distance') } },
    ])
    expect((await logOf('EVENT_SCHEMA', 'walks'))[0]).toEqual({ featureDetails: { old: null, new: to('distance') } })
    expect(await logOf('FEATURE', featureId)).toEqual([
      { schemaAssociations: { old: [by('rides', 'time'), by('walks')], new: [by('walks')] } },
      { schemaAssociations: { old: [by('rides')], new: [by('rides', 'time'), by('walks')] } },
      expect.objectContaining({ name: { old: null, new: 'Driving' } }),
    ])
  })

  it('keeps, as a draft, the attribute by which it does', async () => {
    const api = await organization()
    for (const name of ['rides', 'walks']) await makeSchema(api, name)
    const id = await make(api, { schemaAssociations: [by('rides'), by('walks', 'miles')] })
    const message = (schema: string, attribute: string) =>
      `The event schema "${schema}" must keep the attribute "${attribute}", by which it feeds the feature "Driving", which is ${id}`
    const change = (name: string, changes: object) => api.patch(`/event_schema/${name}`, changes)
    const without = { enrichments: { fields: [] } }
    expect(said(await change('rides', { ...without, attributes: [{ name: 'time' }] }))).toEqual([409, message('rides', 'distance')])
    expect(said(await change('walks', without))).toEqual([409, message('walks', 'miles')])
    expect(said(await change('walks', { enrichments: { fields: [{ ...enrichments.fields[0], type: 'DIMENSION' }] } }))).toEqual([
      409,
      message('walks', 'miles'),
    ])
    expect((await change('rides', { ...without, attributes: [{ name: 'distance', defaultUnit: 'km' }] })).status).toBe(200)
    expect((await change('walks', { ...without, attributes: [{ name: 'miles' }] })).status).toBe(200)
    expect((await api.patch(`/features/${id}`, { schemaAssociations: [by('walks', 'miles')] })).status).toBe(200)
    expect((await change('rides', { attributes: [] })).status).toBe(200)
  })

  it('is not archived while it does', async () => {
    const api = await organization()
    await makeSchema(api)
    const id = await make(api, { schemaAssociations: [by('rides')] })
    const message = `The event schema "rides" feeds the feature "Driving", which is ${id}`
    expect(said(await api.delete('/event_schema/rides'))).toEqual([409, message])
    await api.patch(`/features/${id}`, { schemaAssociations: [] })
    expect(said(await api.delete('/event_schema/rides'))).toEqual([200, { success: true }])
  })

  it('is fed or archived, never both', async () => {
    for (let round = 0; round < 6; round++) {
      const api = await organization()
      await makeSchema(api)
      const asked = [() => api.post('/features', { name: 'F', schemaAssociations: [by('rides')] }), () => api.delete('/event_schema/rides')]
      const answers = await Promise.all((round % 2 ? asked : asked.toReversed()).map((ask) => ask()))
      expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409])
      const { status, featureDetails } = (await api.get('/event_schema/rides')).body
      expect(status).toBe(featureDetails ? 'DRAFT' : 'ARCHIVED')
    }
  })
})

describe('a feature', () => {
  it('has settings', async () => {
    const { post, get, featureId } = await withFeature()
    const setting = {
      id: 'unit',
      value: 'km',
      namespace: 'USER',
      name: 'Unit',
      dataType: 'STRING',
      entityType: 'FEATURE',
      entityId: featureId,
    }
    expect(said(await post('/settings', setting))).toEqual([201, setting])
    expect((await get('/settings?entity_type=FEATURE')).body.data).toEqual([setting])
    expect(said(await post('/settings', { ...setting, entityId: 'feature.x' }))).toEqual([404, 'entityId: there is no FEATURE "feature.x"'])
  })

  it('of another organization is not there, nor are its schemas', async () => {
    const [one, other] = [await withFeature(), await organization()]
    for (const method of ['GET', 'PATCH'])
      expect((await other.call(method, one.path, method === 'PATCH' ? { schemaAssociations: [] } : undefined)).status).toBe(404)
    expect((await other.get('/features')).body.data).toEqual([])
    expect((await other.post('/features', { name: 'Mine', schemaAssociations: [by('rides')] })).status).toBe(404)
    await makeSchema(other)
    await make(other, { schemaAssociations: [by('rides', 'time')] })
    expect(await detailsOf(one, 'rides')).toEqual({ featureId: one.featureId, attributeName: 'distance' })
  })
})

describe('round trips to D1', () => {
  it.each([
    [1, 'createFeature', (api: Api) => api.post('/features', { name: 'New', schemaAssociations: [by('walks')] })],
    [1, 'getFeatures', (api: Api) => api.get('/features')],
    [1, 'getFeature', (api: Api, path: string) => api.get(path)],
    [2, 'updateFeature', (api: Api, path: string) => api.patch(path, { schemaAssociations: [by('walks'), by('swims')] })],
    [1, 'getEventSchema', (api: Api) => api.get('/event_schema/rides')],
  ] as [number, string, (api: Api, path: string) => ReturnType<Api['get']>][])('%i for a warm %s', async (most, _, ask) => {
    const { path, ...api } = await withFeature()
    const { d1, seen } = watched()
    expect((await ask({ ...api, ...client(api.token, d1) }, path)).status).toBe(200)
    expect(seen.calls).toBe(most)
  })
})

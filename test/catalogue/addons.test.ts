import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { STATUSES } from '../../src/ledger/client.ts'
import { type Answer, type Api, client, organization, watched } from '../helpers/api.ts'
import { eventsOf, organizationWithMeter, ride } from '../helpers/metering.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

afterEach(() => {
  vi.useRealTimers()
})

const seats = { name: 'Editor seats', type: 'LICENSE', billableName: 'Seats for editors' }

/** The status of an answer, and its message if it has one, or else its body. */
const said = ({ status, body }: Answer): [number, unknown] => [status, body.message ?? body]

const make = async (api: Api, changes: Record<string, unknown> = {}): Promise<string> => {
  const { status, body } = await api.post('/addons', { ...seats, ...changes })
  expect([status, body.message]).toEqual([200, undefined])
  return body.id
}

const withAddOn = async (changes: Record<string, unknown> = {}) => {
  const api = await organization()
  const id = await make(api, changes)
  return { ...api, addOnId: id, path: `/addons/${id}` }
}

describe('createAddOn', () => {
  it.each(['LICENSE', 'NAMED_LICENSE', 'FIXED_FEE', 'CREDIT_GRANT'])('makes a %s, which is active at once', async (type) => {
    const { post, get } = await organization()
    const { status, body, headers } = await post('/addons', { ...seats, type })
    const { id, createdAt, ...rest } = body
    expect([status, rest]).toEqual([200, { ...seats, type, displayName: 'Seats for editors', status: 'ACTIVE' }])
    expect(id).toMatch(/^addon\.\w{11}\.\w{5}$/)
    expect(createdAt).toMatch(/Z$/)
    expect(headers.get('ETag')).toBe('"1"')
    expect((await get(`/addons/${id}`)).body).toEqual(body)
  })

  it.each([undefined, ''])('is called by its name when its billable name is %j', async (billableName) => {
    const { post } = await organization()
    const { body } = await post('/addons', { ...seats, billableName })
    expect(body.displayName).toBe('Editor seats')
    expect(body).not.toHaveProperty('billableName')
  })

  it.each([
    ['no name', { name: undefined }, 'name: is required'],
    ['an empty name', { name: '' }, 'name: must be 1 to 255 characters'],
    ['a long name', { name: 'x'.repeat(256) }, 'name: must be 1 to 255 characters'],
    ['a long billable name', { billableName: 'x'.repeat(256) }, 'billableName: must be 255 characters at most'],
    ['no type', { type: undefined }, 'type: is required'],
    ['another type', { type: 'USAGE' }, 'type: must be LICENSE or FIXED_FEE or CREDIT_GRANT or NAMED_LICENSE'],
    ['a status', { status: 'ACTIVE' }, 'status: is not a known name'],
  ])('refuses %s', async (_, changes, message) => {
    const { post, get } = await organization()
    expect(said(await post('/addons', { ...seats, ...changes }))).toEqual([400, message])
    expect((await get('/addons')).body.data).toEqual([])
  })

  it('refuses a billable name that an active add-on has, also spelled otherwise, and takes a name twice', async () => {
    const { post, path, addOnId, ...api } = await withAddOn({ billableName: 'Caf\u00e9' })
    const message = `billableName: the add-on "${addOnId}" is called "Caf\u00e9" already`
    for (const billableName of ['Caf\u00e9', 'Cafe\u0301'])
      expect(said(await post('/addons', { ...seats, type: 'FIXED_FEE', billableName }))).toEqual([409, message])
    expect((await post('/addons', { ...seats, billableName: 'caf\u00e9' })).status).toBe(200)
    expect((await post('/addons', { ...seats, billableName: '' })).status).toBe(200)
    await api.delete(path)
    expect((await post('/addons', { ...seats, billableName: 'Caf\u00e9' })).status).toBe(200)
  })

  it('20 of one billable name at the same moment: one is taken', async () => {
    const { post } = await organization()
    const answers = await Promise.all(Array.from({ length: 20 }, () => post('/addons', seats)))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, ...Array.from({ length: 19 }, () => 409)])
  })
})

describe('updateAddOn', () => {
  it('replaces the names that are sent, and nothing else', async () => {
    const { patch, get, path } = await withAddOn()
    const before = (await get(path)).body
    const named = await patch(path, { name: 'Seats' })
    expect([named.status, named.body, named.headers.get('ETag')]).toEqual([200, { ...before, name: 'Seats' }, '"2"'])
    const bare = await patch(path, { billableName: '' })
    const { billableName: _billableName, ...rest } = before
    expect(bare.body).toEqual({ ...rest, name: 'Seats', displayName: 'Seats' })
    expect((await get(path)).body).toEqual(bare.body)
    expect((await get('/addons?_search=seats')).body.data).toEqual([bare.body])
    expect((await get('/addons?_search=editor')).body.data).toEqual([])
  })

  it.each([{}, { name: 'Editor seats' }, { ...seats, type: undefined }])('to what it is already changes nothing: %j', async (changes) => {
    const { patch, get, path, addOnId } = await withAddOn()
    const before = await get(path)
    const { status, body, headers } = await patch(path, changes)
    expect([status, body, headers.get('ETag')]).toEqual([200, before.body, '"1"'])
    expect((await get(`/audit_log?resource_type=ADD_ON&resource_id=${addOnId}`)).body.data).toHaveLength(1)
  })

  it('changes no type', async () => {
    const { patch, path } = await withAddOn()
    expect(said(await patch(path, { type: 'FIXED_FEE' }))).toEqual([400, 'type: is not a known name'])
  })

  it('refuses a billable name that another active add-on has, and keeps its own', async () => {
    const { path, addOnId, ...api } = await withAddOn()
    const other = await make(api, { billableName: 'Other' })
    const message = `billableName: the add-on "${addOnId}" is called "Seats for editors" already`
    expect(said(await api.patch(`/addons/${other}`, { billableName: 'Seats for editors' }))).toEqual([409, message])
    expect((await api.patch(path, { name: 'Seats', billableName: 'Seats for editors' })).status).toBe(200)
    await api.delete(path)
    expect((await api.patch(`/addons/${other}`, { billableName: 'Seats for editors' })).status).toBe(200)
  })
})

describe('deleteAddOn', () => {
  it('archives for good: it is read, and neither changed nor archived again', async () => {
    const { get, patch, path, addOnId, ...api } = await withAddOn()
    const before = (await get(path)).body
    const done = await api.delete(path)
    expect([...said(done), done.headers.get('ETag')]).toEqual([200, { success: true }, '"2"'])
    expect((await get(path)).body).toEqual({ ...before, status: 'ARCHIVED' })
    expect(said(await api.delete(path))).toEqual([404, `The add-on "${addOnId}" is archived already.`])
    const message = `The add-on "${addOnId}" is archived, and cannot be changed.`
    expect(said(await patch(path, { name: 'Seats' }))).toEqual([409, message])
    expect((await get(path)).headers.get('ETag')).toBe('"2"')
  })

  it.each(['get', 'patch', 'delete'])('and %s of one that is not there are 404', async (method) => {
    const { call } = await organization()
    const answer = await call(method.toUpperCase(), '/addons/addon.x', method === 'patch' ? {} : undefined)
    expect(said(answer)).toEqual([404, 'The add-on "addon.x" does not exist.'])
  })
})

describe('getAddOns', () => {
  const names = ({ data }: Loose): string[] => data.map(({ name }: Loose) => name)

  it('shows those that are active by their names, or those that are archived', async () => {
    const api = await organization()
    for (const name of ['b', 'a', 'C']) await make(api, { name, billableName: '' })
    await api.delete(`/addons/${await make(api, { name: 'gone' })}`)
    const { body } = await api.get('/addons')
    expect([names(body), body.context]).toEqual([['C', 'a', 'b'], { pageSize: 20, sortOrder: 'ASC' }])
    expect(names((await api.get('/addons?status=ACTIVE')).body)).toEqual(['C', 'a', 'b'])
    expect(names((await api.get('/addons?status=ARCHIVED')).body)).toEqual(['gone'])
  })

  it('filters by the type, also with the status, and searches the id, the name and the billable name', async () => {
    const api = await organization()
    const fee = await make(api, { name: 'Onboarding', type: 'FIXED_FEE', billableName: '' })
    await make(api)
    const old = await make(api, { name: 'Support', type: 'FIXED_FEE', billableName: 'Help' })
    await api.delete(`/addons/${old}`)
    const list = async (query: string) => names((await api.get(`/addons?${query}`)).body)
    expect(await list('type=FIXED_FEE')).toEqual(['Onboarding'])
    expect(await list('type=FIXED_FEE&status=ARCHIVED')).toEqual(['Support'])
    expect(await list('type=CREDIT_GRANT')).toEqual([])
    expect(await list('_search=ONB')).toEqual(['Onboarding'])
    expect(await list('_search=seats%20for')).toEqual(['Editor seats'])
    expect(await list(`_search=${fee.toUpperCase()}`)).toEqual(['Onboarding'])
    expect(await list('_search=addon.')).toEqual(['Editor seats', 'Onboarding'])
    expect(await list('_search=help')).toEqual([])
  })

  const START = Date.UTC(2060, 0, 1)
  const secondOf = ({ createdAt }: Loose): number => (Date.parse(createdAt) - START) / 1000
  it.each([
    ['', ({ name }) => name, ['a0', 'a0', 'a0', 'a1', 'a1', 'a2', 'a2']],
    ['&_sort=name:DESC', ({ name }) => name, ['a2', 'a2', 'a1', 'a1', 'a0', 'a0', 'a0']],
    ['&_sort=created_at:DESC', secondOf, [3, 3, 2, 2, 1, 1, 0]],
    ['&_sort=created_at:ASC', secondOf, [0, 1, 1, 2, 2, 3, 3]],
    ['&_sort=created_at:DESC,name:ASC', (one) => `${secondOf(one)} ${one.name}`, ['3 a0', '3 a2', '2 a0', '2 a1', '1 a1', '1 a2', '0 a0']],
    ['&_sort=id:DESC', ({ id }) => id, undefined],
  ] as [query: string, shownOf: (addOn: Loose) => unknown, shown: unknown[] | undefined][])(
    'shows them in the order that is asked for, as a whole and page by page: %j',
    async (query, shownOf, shown) => {
      const api = await organization()
      vi.useFakeTimers({ toFake: ['Date'], now: START })
      const made: string[] = []
      for (let n = 0; n < 7; n++) {
        if (n % 2) vi.setSystemTime(Date.now() + 1000)
        made.push(await make(api, { name: `a${n % 3}`, billableName: `b${n}` }))
      }
      const ids = ({ data }: Loose): string[] => data.map(({ id }: Loose) => id)
      const whole = (await api.get(`/addons?${query.slice(1)}`)).body
      const walk = async (path: string): Promise<string[]> => {
        const { body } = await api.get(path)
        return [...ids(body), ...(body.nextToken ? await walk(`/addons?nextToken=${body.nextToken}`) : [])]
      }
      expect(whole.data.map(shownOf)).toEqual(shown ?? made.toSorted().toReversed())
      for (const size of [1, 2, 6]) expect(await walk(`/addons?pageSize=${size}${query}`)).toEqual(ids(whole))
    },
  )

  it.each([
    ['status=DRAFT', 'status: must be ACTIVE or ARCHIVED'],
    ['type=USAGE', 'type: must be LICENSE or FIXED_FEE or CREDIT_GRANT or NAMED_LICENSE'],
    ['_sort=type:ASC', '_sort: must be made of created_at:ASC or created_at:DESC, name:ASC or name:DESC, id:ASC or id:DESC'],
    ['pageSize=101', 'pageSize: must be a whole number from 1 to 100'],
  ])('refuses %s', async (query, message) => {
    expect(said(await (await organization()).get(`/addons?${query}`))).toEqual([400, message])
  })
})

describe('a named licence', () => {
  const license = (id: string, addOnId: string) =>
    ride(id, '1', {
      schemaName: 'togai-named-license',
      attributes: [{ name: 'action', value: '1' }],
      dimensions: { license_id: addOnId, name: id },
    })

  it('takes names from events from when it is made until it is archived', async () => {
    const api = await organizationWithMeter()
    expect((await api.post('/ingest', { event: license('before', 'addon.x') })).status).toBe(202)
    const [named, plain] = [await make(api, { type: 'NAMED_LICENSE' }), await make(api, { billableName: '' })]
    for (const event of [license('ada', named), license('of another type', plain)]) await api.post('/ingest', { event })
    await api.delete(`/addons/${named}`)
    await api.post('/ingest', { event: license('after', named) })
    const statuses = (await eventsOf(api)).map(({ id, status }) => [id, STATUSES[status]]).toSorted()
    expect(statuses).toEqual([
      ['ada', 'INGESTION_COMPLETED_EVENT_METERED'],
      ['after', 'INGESTION_FAILED_INVALID_NAMED_LICENSE_EVENT'],
      ['before', 'INGESTION_FAILED_INVALID_NAMED_LICENSE_EVENT'],
      ['of another type', 'INGESTION_FAILED_INVALID_NAMED_LICENSE_EVENT'],
    ])
  })

  it('is all of the add-ons that Workers remember', async () => {
    const api = await organization()
    const version = () => env.DB.prepare('SELECT version FROM organizations WHERE id = ?').bind(api.id).first<number>('version')
    const seen = [await version()]
    for (const type of ['LICENSE', 'NAMED_LICENSE']) {
      const path = `/addons/${await make(api, { type, billableName: '' })}`
      seen.push(await version())
      await api.patch(path, { name: 'Other' })
      seen.push(await version())
      await api.delete(path)
      seen.push(await version())
    }
    expect(seen).toEqual([1, 1, 1, 1, 2, 2, 3])
  })
})

describe('an add-on', () => {
  it('has settings until it is archived', async () => {
    const { post, patch, get, path, addOnId, ...api } = await withAddOn()
    const setting = {
      id: 'unit',
      value: 'seat',
      namespace: 'USER',
      name: 'Unit',
      dataType: 'STRING',
      entityType: 'ADD_ON',
      entityId: addOnId,
    }
    expect(said(await post('/settings', setting))).toEqual([201, setting])
    expect((await get('/settings?entity_type=ADD_ON')).body.data).toEqual([setting])
    expect(said(await post('/settings', { ...setting, entityId: 'addon.x' }))).toEqual([404, 'entityId: there is no ADD_ON "addon.x"'])
    await api.delete(path)
    const message = `entityId: the ADD_ON "${addOnId}" is archived`
    expect(said(await patch(`/settings/setting.USER.unit.ADD_ON.${addOnId}`, { value: 'desk' }))).toEqual([409, message])
  })

  it('of another organization is not there, and its billable name is free', async () => {
    const [one, other] = [await withAddOn(), await organization()]
    for (const method of ['GET', 'PATCH', 'DELETE'])
      expect((await other.call(method, one.path, method === 'PATCH' ? { name: 'Mine' } : undefined)).status).toBe(404)
    expect((await other.get('/addons')).body.data).toEqual([])
    await make(other)
    expect((await one.get(one.path)).body).toMatchObject({ name: 'Editor seats', status: 'ACTIVE' })
  })

  it('has each change in the audit log', async () => {
    const { patch, get, path, addOnId, ...api } = await withAddOn()
    await patch(path, { billableName: '' })
    await api.delete(path)
    const { data } = (await get(`/audit_log?resource_type=ADD_ON&resource_id=${addOnId}`)).body
    expect(data.map(({ operationId, changes }: Loose) => [operationId, changes])).toEqual([
      ['deleteAddOn', { status: { old: 'ACTIVE', new: 'ARCHIVED' } }],
      [
        'updateAddOn',
        { billableName: { old: 'Seats for editors', new: null }, displayName: { old: 'Seats for editors', new: 'Editor seats' } },
      ],
      ['createAddOn', expect.objectContaining({ type: { old: null, new: 'LICENSE' } })],
    ])
  })
})

describe('round trips to D1', () => {
  it.each([
    [1, 'createAddOn', (api: Api) => api.post('/addons', { ...seats, billableName: 'New' })],
    [1, 'getAddOns', (api: Api) => api.get('/addons')],
    [1, 'getAddOn', (api: Api, path: string) => api.get(path)],
    [2, 'updateAddOn', (api: Api, path: string) => api.patch(path, { name: 'New' })],
    [2, 'deleteAddOn', (api: Api, path: string) => api.delete(path)],
  ] as [number, string, (api: Api, path: string) => ReturnType<Api['get']>][])('%i for a warm %s', async (most, _, ask) => {
    const { path, ...api } = await withAddOn()
    const { d1, seen } = watched()
    expect((await ask({ ...api, ...client(api.token, d1) }, path)).status).toBe(200)
    expect(seen.calls).toBe(most)
  })
})

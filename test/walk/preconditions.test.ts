import { afterEach, describe, expect, it, vi } from 'vitest'
import { operations } from '../../src/operations.ts'
import { type Answer, changed, client, organization } from '../helpers/api.ts'
import { ask, asked, customer, everything, furnished, writing } from '../helpers/requests.ts'

afterEach(() => {
  vi.useRealTimers()
})

const etag = ({ headers }: Answer): string => headers.get('ETag') ?? 'none'
const byId = new Map(operations.map((operation) => [operation.operationId, operation]))
const with_ = (condition: string) => writing.filter(({ operationId }) => byId.get(operationId)?.condition === condition)

/** The path of the resource that a path is about. */
const resourceOf = (path: string): string => /^\/[^/]+\/[^/]+/.exec(path)?.[0] ?? path

describe.each(with_('version'))('$operationId', ({ operationId, method }) => {
  it('is made to the version that If-Match names, and refused with 412 to any other', async () => {
    const api = await furnished()
    const [request] = asked(operationId, api)
    const before = await everything(api.id)
    for (const stale of ['"999"', '"0", "998.1"']) {
      const refused = await ask(api, method, request, { 'If-Match': stale })
      expect([refused.status, refused.body.message]).toEqual([412, expect.stringContaining('If-Match')])
    }
    const read = await api.get(resourceOf(request[0]))
    expect(read.status).toBe(200)
    expect((await ask(api, method, request, { 'If-None-Match': etag(read) })).status).toBe(412)
    expect((await ask(api, method, request, { 'If-None-Match': '*' })).status).toBe(412)
    expect(await everything(api.id)).toEqual(before)
    const made = await ask(api, method, request, { 'If-Match': `"999", ${etag(read)}` })
    expect([made.status, made.body.message]).toEqual([byId.get(operationId)?.status, undefined])
    expect(etag(made)).not.toBe(etag(read))
    const again = await api.get(resourceOf(request[0]))
    if (again.status === 200) expect(etag(again)).toBe(etag(made))
  })

  it('is made once of two that name one version at the same moment', async () => {
    const api = await furnished()
    const [request] = asked(operationId, api)
    const match = { 'If-Match': etag(await api.get(resourceOf(request[0]))) }
    const answers = await Promise.all(Array.from({ length: 8 }, () => ask(api, method, request, match)))
    const statuses = answers.map(({ status }) => status).toSorted()
    expect(statuses[0]).toBeLessThan(300)
    const gone = operationId === 'deleteAlias' || operationId === 'removeInvoiceGroupAccounts'
    for (const status of statuses.slice(1)) expect(gone ? [404, 412] : [412]).toContain(status)
  })

  it('under a key is answered again though its version has passed', async () => {
    const api = await furnished()
    const [request] = asked(operationId, api)
    const headers = { 'If-Match': etag(await api.get(resourceOf(request[0]))), 'Idempotency-Key': 'a key' }
    const first = await ask(api, method, request, headers)
    const again = await ask(api, method, request, headers)
    expect([again.status, again.body, etag(again)]).toEqual([byId.get(operationId)?.status, first.body, etag(first)])
    expect(again.headers.get('Idempotency-Replayed')).toBe('true')
  })

  it('holds a dry run to the version too', async () => {
    const api = await furnished()
    const [[path, body]] = asked(operationId, api)
    const before = await everything(api.id)
    expect((await ask(api, method, [`${path}?dry_run=true`, body], { 'If-Match': '"999"' })).status).toBe(412)
    expect((await ask(api, method, [`${path}?dry_run=true`, body], { 'If-Match': '*' })).status).toBe(byId.get(operationId)?.status)
    expect(await everything(api.id)).toEqual(before)
  })

  it.each(['1', 'W', '"1', '1"', '"a" "b"', ',', '*,'])('refuses If-Match: %s, which is no ETag', async (value) => {
    const api = await furnished()
    const { status, body } = await ask(api, method, asked(operationId, api)[0], { 'If-Match': value })
    expect([status, body.message]).toEqual([400, 'If-Match: must be the ETag of an answer, in its quotes, or *'])
  })
})

describe.each(with_('absence'))('$operationId', ({ operationId, method }) => {
  it('with If-None-Match: * is refused with 412 where it exists, and made where not', async () => {
    const api = await furnished()
    const [request] = asked(operationId, api)
    const made = await ask(api, method, request, { 'If-None-Match': '*' })
    expect([made.status, made.body.message]).toEqual([201, undefined])
    const before = await everything(api.id)
    const refused = await ask(api, method, request, { 'If-None-Match': '*' })
    expect([refused.status, refused.body.message]).toEqual([412, expect.stringContaining('If-None-Match: it exists')])
    expect((await ask(api, method, request)).status).toBe(409)
    expect(await everything(api.id)).toEqual(before)
  })

  it('with If-Match is refused, since there is nothing to match', async () => {
    const api = await furnished()
    const before = await everything(api.id)
    for (const value of ['*', '"1"']) expect((await ask(api, method, asked(operationId, api)[0], { 'If-Match': value })).status).toBe(412)
    expect(await everything(api.id)).toEqual(before)
  })
})

it.each(['TAG,', ', TAG', 'TAG,, "999"', ' , TAG , ,'])('an empty element of the list %s counts for nothing', async (list) => {
  const api = await furnished()
  const tag = etag(await api.get('/customers/acme')) ?? ''
  const change = (named: string) =>
    api.call('PATCH', '/customers/acme', { name: `Named with ${list}` }, { 'If-Match': list.replace('TAG', named) })
  expect((await change('"998"')).status).toBe(412)
  expect((await change(tag)).status).toBe(200)
})

it('every operation that changes one resource takes a version', () => {
  const changing = operations.filter(({ writes, path }) => writes && path.includes('{') && !path.endsWith('/contacts'))
  expect(changing.filter(({ condition, tagged }) => condition !== 'version' || !tagged)).toEqual([])
})

const READS: Record<string, (ids: { group: string; other: string }) => string> = {
  getCustomer: () => '/customers/acme',
  getAccount: () => '/accounts/acme%20main?includeGroupDetails=true',
  getAlias: () => '/aliases/pooled',
  getSetting: () => '/settings/setting.USER.kept.CUSTOMER.acme',
  getInvoiceGroup: ({ group }) => `/invoice_groups/${group}`,
  getToken: ({ other }) => `/tokens/${other}`,
}

describe.each(operations.filter(({ method, tagged }) => method === 'get' && tagged))('$operationId', ({ operationId }) => {
  const read = async () => {
    const api = await furnished()
    const path = READS[operationId]?.(api) ?? ''
    return { api, path, first: await api.get(path) }
  }

  it('answers 304 to the current ETag, whole to another, and 412 to another If-Match', async () => {
    const { api, path, first } = await read()
    expect(etag(first)).toMatch(/^"\d+(\.[\w.-]+)?"$/)
    for (const value of [etag(first), `"x", ${etag(first)}`, `W/${etag(first)}`, '*']) {
      const answer = await api.call('GET', path, undefined, { 'If-None-Match': value })
      expect([answer.status, etag(answer), answer.body]).toEqual([304, etag(first), undefined])
    }
    const other = await api.call('GET', path, undefined, { 'If-None-Match': '"999"' })
    expect([other.status, other.body]).toEqual([200, first.body])
    expect((await api.call('GET', path, undefined, { 'If-Match': '"999"' })).status).toBe(412)
    expect((await api.call('GET', path, undefined, { 'If-Match': etag(first) })).status).toBe(200)
    expect((await api.call('GET', path, undefined, { 'If-None-Match': 'nonsense' })).status).toBe(400)
  })
})

describe('an ETag of a setting', () => {
  it('is not that of another setting of the same string', async () => {
    const api = await organization()
    await api.post('/customers', customer('acme'))
    const setting = (namespace: string, id: string, value: string) =>
      api.post('/settings', { namespace, id, value, name: 'S', dataType: 'STRING', entityType: 'CUSTOMER', entityId: 'acme' })
    await setting('USER.a', 'b', 'first')
    const path = '/settings/setting.USER.a.b.CUSTOMER.acme'
    const first = etag(await api.get(path))
    await setting('USER', 'a.b', 'second')
    expect((await api.call('GET', path, undefined, { 'If-None-Match': first })).body).toMatchObject({ value: 'second' })
    expect((await api.call('PATCH', path, { value: 'third' }, { 'If-Match': first })).status).toBe(412)
  })
})

describe('If-None-Match: *', () => {
  it('asks for the customer only: an account that has its id is a conflict', async () => {
    const api = await organization()
    await api.post('/customers', customer('acme'))
    await api.post('/accounts', { id: 'foo', name: 'Account', customerId: 'acme' })
    const { status, body } = await api.call('POST', '/customers', { ...customer('foo'), account: undefined }, { 'If-None-Match': '*' })
    expect([status, body.message]).toEqual([409, 'id: the account "foo" exists already'])
  })
})

describe('an ETag of an account', () => {
  const accounts = async () => {
    const api = await organization()
    await api.post('/customers', customer('acme'))
    const tag = async (query = '') => etag(await api.get(`/accounts/acme%20main${query}`))
    return { ...api, tag }
  }

  it('changes when an alias begins or ends, though nothing is written', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const start = Date.now()
    const { call, post, tag } = await accounts()
    const at = (milliseconds: number) => new Date(start + milliseconds).toISOString()
    const range = { value: 'later', effectiveFrom: at(10_000), effectiveUntil: at(20_000) }
    const given = await post('/accounts/acme%20main/add_aliases', { accountAliases: [range] })
    const before = await tag()
    expect(before).toBe(etag(given))
    vi.setSystemTime(start + 10_000)
    const during = await tag()
    vi.setSystemTime(start + 20_000)
    expect(new Set([before, during, await tag()]).size).toBe(3)
    expect((await call('PATCH', '/accounts/acme%20main', { name: 'New name' }, { 'If-Match': during })).status).toBe(412)
    expect((await call('PATCH', '/accounts/acme%20main', { name: 'New name' }, { 'If-Match': '"2.0.x"' })).status).toBe(412)
    vi.setSystemTime(start + 20_001)
    expect(await tag()).toBe(await tag())
  })

  it('changes with its settings and with the invoice group that it shows', async () => {
    const { post, patch, tag } = await accounts()
    const first = await tag()
    const setting = { id: 's', value: '1', entityType: 'ACCOUNT', entityId: 'acme main', namespace: 'USER', name: 'S', dataType: 'NUMERIC' }
    await post('/settings', setting)
    const second = await tag()
    await patch('/settings/setting.USER.s.ACCOUNT.acme%20main', { value: '2' })
    expect(new Set([first, second, await tag()]).size).toBe(3)
    const alone = await tag('?includeGroupDetails=true')
    const group = { name: 'G', email: 'g@example.com', dailyInvoiceConsolidation: true, accountIds: ['acme main'], address: {} }
    const { body } = await post('/invoice_groups', group)
    const joined = await tag('?includeGroupDetails=true')
    await post(`/invoice_groups/${body.id}/remove_accounts`, { accountIds: ['acme main'] })
    expect([joined === alone, (await tag('?includeGroupDetails=true')) === alone]).toEqual([false, true])
    await post('/invoice_groups', group)
    expect(await tag('?includeGroupDetails=true')).not.toBe(joined)
  })
})

describe('writers without preconditions', () => {
  it('are applied to what the one before left, field by field', async () => {
    const api = await organization()
    await api.post('/customers', customer('acme'))
    const fields = [{ name: 'New name' }, { primaryEmail: 'new@example.com' }, { address: { city: 'Rome' } }]
    const answers = await Promise.all(fields.map((body) => api.patch('/customers/acme', body)))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    expect((await api.get('/customers/acme')).body).toMatchObject(Object.assign({}, ...fields) as object)
    expect(new Set(answers.map(etag)).size).toBe(3)
  })
})

describe('X-D1-Bookmark', () => {
  it('comes with every write, and leads a read of it to where that write is seen', async () => {
    const { token, post } = await organization()
    const places: string[] = []
    const d1 = changed((_, place) => (places.push(place), {}))
    const api = client(token, d1)
    const made = await post('/customers', customer('acme'))
    const bookmark = made.headers.get('X-D1-Bookmark') ?? ''
    expect(bookmark).toMatch(/^[\da-f]{8}-/)
    const read = await api.call('GET', '/customers/acme', undefined, { 'X-D1-Bookmark': bookmark })
    expect([read.status, places]).toEqual([200, [bookmark]])
    places.length = 0
    await api.get('/customers/acme')
    await api.patch('/customers/acme', { name: 'New name' })
    expect([places[0], new Set(places.slice(1))]).toEqual(['first-unconstrained', new Set(['first-primary'])])
    expect(read.headers.get('X-D1-Bookmark')).toMatch(/^[\da-f]{8}-/)
  })

  it.each(['', 'nonsense', 'first-primary', 'first-unconstrained', '0-0-0-0', `${'0'.repeat(8)}-${'0'.repeat(8)}-${'0'.repeat(8)}-x`])(
    'is refused when it is none: %s',
    async (value) => {
      const { call, get } = await organization()
      for (const [method, body] of [['GET'], ['POST', customer('acme')]] as const) {
        const { status, body: answer } = await call(method, '/customers', body, { 'X-D1-Bookmark': value })
        expect([status, answer.message]).toEqual([400, 'X-D1-Bookmark: must be the X-D1-Bookmark of an answer, as it was given'])
      }
      expect((await get('/customers')).body.data).toEqual([])
    },
  )
})

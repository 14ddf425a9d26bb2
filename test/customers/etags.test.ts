import { afterEach, describe, expect, it, vi } from 'vitest'
import { type Answer, organization } from '../helpers/api.ts'
import { customer } from '../helpers/customer.ts'

afterEach(() => {
  vi.useRealTimers()
})

const etag = ({ headers }: Answer): string => headers.get('ETag') ?? 'none'

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
    const after = await tag()
    expect(new Set([before, during, after]).size).toBe(3)
    expect((await call('PATCH', '/accounts/acme%20main', { name: 'New name' }, { 'If-Match': during })).status).toBe(412)
    expect((await call('PATCH', '/accounts/acme%20main', { name: 'New name' }, { 'If-Match': '"2.0.x"' })).status).toBe(412)
    vi.setSystemTime(start + 20_001)
    expect(await tag()).toBe(after)
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

describe('If-None-Match: *', () => {
  it('asks for the customer only: an account that has its id is a conflict', async () => {
    const api = await organization()
    await api.post('/customers', customer('acme'))
    await api.post('/accounts', { id: 'foo', name: 'Account', customerId: 'acme' })
    const { status, body } = await api.call('POST', '/customers', { ...customer('foo'), account: undefined }, { 'If-None-Match': '*' })
    expect([status, body.message]).toEqual([409, 'id: the account "foo" exists already'])
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

it('If-Match says of a creation that it has no version before it, and of a change that there is another one', async () => {
  const { call, post } = await organization()
  const asked = async (method: string, path: string, body: unknown) => {
    const { status, body: answer } = await call(method, path, body, { 'If-Match': '"999"' })
    return [status, answer.message]
  }
  const without = 'If-Match: what this request makes has no version before it. Send it without.'
  expect(await asked('POST', '/customers', customer('acme'))).toEqual([412, without])
  expect(await asked('POST', '/test_clock', { now: '2026-02-01T00:00:00Z' })).toEqual([412, without])
  await post('/customers', customer('acme'))
  expect(await asked('PATCH', '/customers/acme', { name: 'New name' })).toEqual([
    412,
    'If-Match: it has changed since this ETag was given. Read it again.',
  ])
})

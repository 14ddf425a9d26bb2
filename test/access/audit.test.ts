import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { client, organization } from '../helpers/api.ts'
import { customer } from '../helpers/customer.ts'
import { readRows } from '../helpers/rows.ts'

interface Entry {
  sequence: number
  at: string
  tokenId: string
  role: string
  operationId: string
  resourceType: string
  resourceId: string
  requestId: string
  changes: Record<string, { old: unknown; new: unknown }>
  hash?: string
}

type Get = ReturnType<typeof client>['get']

/** The whole log, the first entry first. */
const entries = async (get: Get, query = ''): Promise<Entry[]> => {
  const found: Entry[] = []
  let next: string | undefined
  do {
    const { body } = await get(`/audit_log?pageSize=100${query}${next ? `&nextToken=${encodeURIComponent(next)}` : ''}`)
    found.push(...(body.data as Entry[]))
    next = body.nextToken
  } while (next)
  return found.toReversed()
}

describe('the audit log', () => {
  it('says which fields changed, what they held and what they hold', async () => {
    const { get, post, patch, delete: archive } = await organization()
    await post('/customers', customer('acme', { aliases: ['one'] }))
    await patch('/customers/acme', { name: 'New name', address: { city: 'Rome' } })
    await patch('/accounts/acme%20main', { tags: ['Gold'], netTermDays: 30 })
    await archive('/accounts/acme%20main')
    const log = await entries(get)
    expect(log.map(({ operationId, resourceType, resourceId }) => [operationId, resourceType, resourceId])).toEqual([
      ['createCustomer', 'CUSTOMER', 'acme'],
      ['createCustomer', 'ACCOUNT', 'acme main'],
      ['updateCustomer', 'CUSTOMER', 'acme'],
      ['updateAccount', 'ACCOUNT', 'acme main'],
      ['deleteAccount', 'ACCOUNT', 'acme main'],
    ])
    expect(log[2]?.changes).toEqual({
      name: { old: 'ACME Enterprise', new: 'New name' },
      address: { old: {}, new: { city: 'Rome' } },
      billingAddress: { old: '', new: 'Rome' },
    })
    expect(log[3]?.changes).toEqual({ tags: { old: null, new: ['gold'] }, netTermDays: { old: null, new: 30 } })
    expect(log[4]?.changes).toMatchObject({ status: { old: 'ACTIVE', new: 'ARCHIVED' }, accountAliases: { old: [{ value: 'one' }] } })
    expect(log[1]?.changes).toMatchObject({ accountAliases: { old: null, new: [{ value: 'one' }] } })
  })

  it('shows what only the database knew of an account and a group that were made', async () => {
    const api = await organization()
    await api.post('/customers', customer('acme'))
    const account = await api.post('/accounts', { id: 'new', name: 'New account', customerId: 'acme' })
    const { body: group } = await api.post('/invoice_groups', {
      name: 'Group',
      email: 'g@example.com',
      dailyInvoiceConsolidation: true,
      address: {},
      accountIds: ['new'],
    })
    const [made, grouped] = (await entries(api.get)).slice(-2)
    expect(made?.changes['togaiCustomerId']).toEqual({ old: null, new: account.body.togaiCustomerId })
    expect(grouped?.changes).toMatchObject({
      invoiceCurrency: { old: null, new: group.invoiceCurrency },
      accounts: { old: [], new: ['new'] },
    })
  })

  it('holds no password and no secret', async () => {
    const api = await organization()
    await api.post('/customers', customer('acme'))
    await api.post('/customers/acme/contacts', { name: 'N', email: 'n@example.com', password: 'a secret password' })
    await api.post('/tokens', { name: 'Other', role: 'DEVELOPER' })
    const { body: made } = await api.post('/tokens', { name: 'New', role: 'ANALYST' })
    const { body: rotated } = await api.post(`/tokens/${made.id}/rotate`, { gracePeriod: 0 })
    const rows = await readRows(api.id, ['audit_log'])
    const { results } = await env.DB.prepare(
      'SELECT hash FROM tokens WHERE organization_id = ?1 UNION SELECT hash FROM token_secrets WHERE organization_id = ?1',
    )
      .bind(api.id)
      .all()
    const hashes = results.flatMap((row) => Object.values(row)).filter((hash) => hash !== null)
    expect(hashes.length).toBeGreaterThan(2)
    for (const secret of ['a secret password', made.token, rotated.token, 'PBKDF2', api.token, ...hashes])
      expect(JSON.stringify(rows)).not.toContain(secret)
  })

  it('has no row of what was refused, tried, or changed nothing', async () => {
    const { get, post, patch, delete: archive } = await organization()
    await post('/customers', customer('acme'))
    await archive('/accounts/acme%20main')
    const before = await entries(get)
    await post('/customers', customer('acme'))
    await post('/customers?dry_run=true', customer('other'))
    await patch('/customers/acme', {})
    await archive('/accounts/acme%20main')
    await post('/customers/acme/restore')
    expect(await entries(get)).toEqual(before)
  })

  it('numbers what is written at the same moment without a gap, and never sets its time back', async () => {
    const { id, get, post } = await organization()
    vi.useFakeTimers({ toFake: ['Date'] })
    await post('/aliases', { aliases: [{ value: 'first' }] })
    vi.setSystemTime(Date.now() - 5000)
    await Promise.all(Array.from({ length: 40 }, (_, n) => post('/customers', customer(`c${n}`))))
    vi.useRealTimers()
    const log = await entries(get)
    expect(log.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 81 }, (_, n) => n + 1))
    expect(log.map(({ at }) => at)).toEqual(log.map(({ at }) => at).toSorted())
    for (let n = 1; n < 81; n += 2) expect(log[n]?.requestId).toBe(log[n + 1]?.requestId)
    expect((await readRows(id, ['audit_log']))['audit_log']).toHaveLength(81)
  })
})

describe('listAuditLog', () => {
  it('shows the last change first, and is found by resource, token and time, a page at a time', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const start = Date.now()
    const api = await organization()
    for (let n = 0; n < 5; n++) {
      vi.setSystemTime(start + n * 1000)
      await api.post('/customers', customer(`c${n}`))
    }
    const { body: other } = await api.post('/tokens', { name: 'Other', role: 'DEVELOPER' })
    await client(other.token).patch('/customers/c1', { name: 'New name' })
    const sequences = async (query: string) => {
      const { status, body } = await api.get(`/audit_log${query}`)
      return status === 200 ? (body.data as Entry[]).map(({ sequence }) => sequence) : body.message
    }
    const at = (seconds: number) => new Date(start + seconds * 1000).toISOString()
    expect(await sequences('')).toEqual([12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1])
    expect(await sequences('?resource_type=CUSTOMER&resource_id=c1')).toEqual([12, 3])
    expect(await sequences(`?token_id=${other.id}`)).toEqual([12])
    expect(await sequences(`?token_id=${api.tokenId}&resource_type=CUSTOMER&resource_id=c1`)).toEqual([3])
    expect(await sequences(`?from=${at(1)}&until=${at(3)}`)).toEqual([6, 5, 4, 3])
    expect(await sequences(`?resource_type=CUSTOMER&resource_id=c1&from=${at(2)}`)).toEqual([12])
    expect(await sequences('?resource_type=CUSTOMER')).toBe('resource_type, resource_id: must come together')
    expect(await sequences('?resource_id=c1')).toBe('resource_type, resource_id: must come together')
    expect(await sequences('?from=yesterday')).toMatch(/^from: must be a date-time/)
    const pages: Entry[] = []
    let path = `/audit_log?pageSize=5&from=${at(0)}`
    for (let page = 0; page < 3; page++) {
      const { body } = await api.get(path)
      pages.push(...(body.data as Entry[]))
      path = `/audit_log?nextToken=${body.nextToken}`
    }
    expect(pages.map(({ sequence }) => sequence)).toEqual([12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1])
    vi.useRealTimers()
  })

  it('ends a page before it grows too long, and shows every entry', async () => {
    const { get, post, patch } = await organization()
    await post('/customers', customer('acme'))
    const long = (n: number) => ({
      metadata: Object.fromEntries(Array.from({ length: 4 }, (_, key) => [`${n} ${key}`, 'x'.repeat(50_000)])),
    })
    for (let n = 0; n < 6; n++) expect((await patch('/accounts/acme%20main', long(n))).status).toBe(200)
    const { body } = await get('/audit_log')
    expect([body.data.length, typeof body.nextToken]).toEqual([2, 'string'])
    expect((await entries(get)).map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  })

  it('shows what became of tokens to administrators only', async () => {
    const api = await organization()
    const { body: analyst } = await api.post('/tokens', { name: 'Reader', role: 'ANALYST' })
    await api.post('/customers', customer('acme'))
    const reader = client(analyst.token)
    expect((await entries(reader.get)).map(({ resourceType }) => resourceType)).toEqual(['CUSTOMER', 'ACCOUNT'])
    expect(await entries(reader.get, `&resource_type=TOKEN&resource_id=${analyst.id}`)).toEqual([])
    expect(await entries(api.get, `&resource_type=TOKEN&resource_id=${analyst.id}`)).toHaveLength(1)
  })

  it('is of one organization', async () => {
    const [one, other] = [await organization(), await organization()]
    await one.post('/customers', customer('acme'))
    expect(await entries(other.get)).toEqual([])
  })
})

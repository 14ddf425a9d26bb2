import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { client, organization, watched } from '../helpers/api.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any
type Api = Awaited<ReturnType<typeof organization>>

const HOUR = Date.UTC(2060, 0, 1)

afterEach(() => {
  vi.useRealTimers()
})

const customer = (id: string, changes: Record<string, unknown> = {}) => ({
  id,
  name: `Name of ${id}`,
  primaryEmail: `${id}@example.com`,
  address: {},
  ...changes,
})

/** Both lists are tried with the same words: what a row's id is filtered and sorted by differs. */
const LISTS = [
  { path: '/customers', id: 'id' },
  { path: '/accounts', id: 'account_id' },
]

/** Customers made one after the other, each a millisecond later, and their accounts of the same ids. */
const withCustomers = async (ids: string[], step = 1): Promise<Api> => {
  const api = await organization()
  vi.useFakeTimers({ toFake: ['Date'], now: HOUR })
  for (const id of ids) {
    vi.setSystemTime(Date.now() + step)
    expect((await api.post('/customers', customer(id))).status).toBe(201)
  }
  return api
}

const idsOf = (body: Loose): string[] => body.data.map(({ id }: Loose) => id)

/** Every page from `path` on, each read while `meanwhile` goes on. */
const walk = async ({ get }: Pick<Api, 'get'>, path: string, meanwhile?: () => Promise<void>): Promise<string[]> => {
  const seen: string[] = []
  let next = path
  for (;;) {
    const [{ status, body }] = await Promise.all([get(next), meanwhile?.()])
    expect([status, body.message]).toEqual([200, undefined])
    seen.push(...idsOf(body))
    if (body.nextToken === undefined) return seen
    next = `${path.split('?')[0]}?nextToken=${encodeURIComponent(body.nextToken)}`
  }
}

const IDS = Array.from({ length: 45 }, (_, n) => `c${String(n).padStart(2, '0')}`)

describe.each(LISTS)('GET $path', ({ path, id }) => {
  it('shows 20 to a page, last changed first, until the last page, which has no token', async () => {
    const { get } = await withCustomers(IDS)
    const newest = IDS.toReversed()
    const first = (await get(path)).body
    expect([idsOf(first), first.context]).toEqual([newest.slice(0, 20), { pageSize: 20, sortOrder: 'DESC' }])
    const second = (await get(`${path}?nextToken=${first.nextToken}`)).body
    expect(idsOf(second)).toEqual(newest.slice(20, 40))
    const third = (await get(`${path}?nextToken=${second.nextToken}`)).body
    expect(idsOf(third)).toEqual(newest.slice(40))
    expect(third).not.toHaveProperty('nextToken')
    expect(idsOf((await get(`${path}?pageSize=3.0`)).body)).toHaveLength(3)
    expect((await get(`${path}?pageSize=45`)).body).not.toHaveProperty('nextToken')
    expect((await get(`${path}?pageSize=44`)).body).toHaveProperty('nextToken')
  })

  it.each(['0', '101', '-1', '1.5', 'ten', '', '1e1', '00x'])('refuses a pageSize of %s', async (size) => {
    const { get } = await organization()
    const { status, body } = await get(`${path}?pageSize=${size}`)
    expect([status, body.message]).toEqual([400, 'pageSize: must be a whole number from 1 to 100'])
  })

  it.each([
    [`${id}:ASC`, (ids: string[]) => ids],
    [`${id}:DESC`, (ids: string[]) => ids.toReversed()],
    ['updated_at:ASC', (ids: string[]) => ids],
    ['updated_at:DESC', (ids: string[]) => ids.toReversed()],
    [`updated_at:DESC,${id}:DESC`, (ids: string[]) => ids.toReversed()],
    [`${id}:DESC,updated_at:ASC`, (ids: string[]) => ids.toReversed()],
  ] as [string, (ids: string[]) => string[]][])('walks in the order %s', async (sort, expected) => {
    const api = await withCustomers(IDS.slice(0, 12))
    for (const size of [1, 5, 12]) expect(await walk(api, `${path}?pageSize=${size}&_sort=${sort}`)).toEqual(expected(IDS.slice(0, 12)))
    const direction = sort.split(',')[0]?.split(':')[1]
    const first = (await api.get(`${path}?_sort=${sort}&pageSize=5`)).body
    const second = (await api.get(`${path}?nextToken=${first.nextToken}`)).body
    expect([first.context, second.context]).toEqual(Array.from({ length: 2 }, () => ({ pageSize: 5, sortOrder: direction })))
  })

  it.each([
    ['updated_at:DESC', false],
    ['updated_at:ASC', false],
    [`${id}:ASC`, true],
    [`${id}:DESC`, true],
  ] as const)('sorted by %s shows a row that is changed before the walk comes to it: %s', async (sort, isShown) => {
    const api = await withCustomers(IDS.slice(0, 6))
    const last = sort.endsWith('ASC') ? 'c05' : 'c00'
    let pages = 0
    const seen = await walk(api, `${path}?pageSize=2&_sort=${sort}`, async () => {
      if (pages++ !== 1) return
      vi.setSystemTime(Date.now() + 1)
      await Promise.all([api.patch(`/customers/${last}`, { name: 'Changed' }), api.patch(`/accounts/${last}`, { name: 'Changed' })])
    })
    expect([seen.length, seen.includes(last)]).toEqual(isShown ? [6, true] : [5, false])
  })

  it.each([
    [`updated_at:DESC,${id}:ASC`, (ids: string[]) => ids],
    ['updated_at:DESC', (ids: string[]) => ids],
    ['updated_at:ASC', (ids: string[]) => ids.toReversed()],
    [`updated_at:ASC,${id}:ASC`, (ids: string[]) => ids],
    [`updated_at:DESC,${id}:DESC`, (ids: string[]) => ids.toReversed()],
  ] as [string, (ids: string[]) => string[]][])('walks among equals in the order %s', async (sort, expected) => {
    const api = await withCustomers(IDS.slice(0, 12), 0)
    for (const size of [1, 5]) expect(await walk(api, `${path}?pageSize=${size}&_sort=${sort}`)).toEqual(expected(IDS.slice(0, 12)))
  })

  it.each(['name:ASC', id, `${id}:asc`, `${id}:ASC:DESC`, 'updated_at', 'updated_at:ASC,', `${id}:ASC,${id}:DESC`, ':'])(
    'refuses the order %s',
    async (sort) => {
      const { get } = await organization()
      const { status, body } = await get(`${path}?_sort=${sort}`)
      expect([status, body.message]).toEqual([400, expect.stringMatching(/^_sort: must /)])
    },
  )

  it('shows what is not archived, or what a status asks for', async () => {
    const api = await withCustomers(IDS.slice(0, 6))
    for (const gone of ['c01', 'c03']) {
      await api.delete(`/accounts/${gone}`)
      await api.delete(`/customers/${gone}`)
    }
    expect(await walk(api, `${path}?pageSize=1&_sort=${id}:ASC`)).toEqual(['c00', 'c02', 'c04', 'c05'])
    expect(await walk(api, `${path}?pageSize=1&_sort=${id}:ASC&status=ARCHIVED`)).toEqual(['c01', 'c03'])
    expect(await walk(api, `${path}?status=ACTIVE&_sort=${id}:ASC`)).toEqual(['c00', 'c02', 'c04', 'c05'])
    expect(idsOf((await api.get(`${path}?${id}=c02`)).body)).toEqual(['c02'])
    expect(idsOf((await api.get(`${path}?${id}=c01`)).body)).toEqual([])
    expect((await api.get(`${path}?status=GONE`)).status).toBe(400)
    expect((await api.get(`${path}?${id}=c02&status=ACTIVE`)).body.message).toMatch(/cannot be combined/)
  })

  it('finds what begins with the words searched, in each field, whatever their case', async () => {
    const api = await organization()
    const named = [
      ['alpha', 'Zürich Versicherung', 'one@example.com'],
      ['beta', 'Alphabet', 'two@example.com'],
      ['gamma', 'Third', 'ALPHA@example.com'],
      ['delta', 'ZÜRICH Bank', 'four@example.com'],
      ['epsilon', '100% Club', 'under_score@example.com'],
    ] as const
    for (const [customerId, name, primaryEmail] of named) await api.post('/customers', customer(customerId, { name, primaryEmail }))
    const find = async (words: string) =>
      (await walk(api, `${path}?pageSize=1&_search=${encodeURIComponent(words)}&_sort=${id}:ASC`)).join()
    expect(await find('alpha')).toBe('alpha,beta,gamma')
    expect(await find('ALPHA')).toBe('alpha,beta,gamma')
    expect(await find('zürich')).toBe('alpha,delta')
    expect(await find('ZÜRICH B')).toBe('delta')
    expect(await find('bank')).toBe('')
    expect(await find('%')).toBe('')
    expect(await find('_')).toBe('')
    expect(await find('100% c')).toBe('epsilon')
    expect(await find('under_')).toBe('epsilon')
    expect(await find('x'.repeat(100))).toBe('')
    await api.post('/customers', customer('zeta', { name: 'ΟΔΟΣ ΑΘΗΝΑΣ' }))
    await api.post('/customers', customer('eta', { name: 'Straße 5' }))
    for (const words of ['ΟΔΟΣ', 'οδος', 'οδοσ', 'ΟΔΟΣ Α', 'οδοσ αθηνας']) expect(await find(words)).toBe('zeta')
    for (const words of ['straße', 'STRASSE', 'strasse 5']) expect(await find(words)).toBe('eta')
    await api.post('/customers', customer('theta', { name: 'Café de la Gare' }))
    for (const words of ['Café', 'Cafe\u0301', 'CAFE\u0301 DE', 'ｃａｆé']) expect(await find(words)).toBe('theta')
    await api.post('/customers', customer('iota', { name: 'İstanbul Ltd' }))
    await api.post('/customers', customer('kappa', { name: 'ISPARTA' }))
    for (const words of ['istanbul', 'İstanbul', 'I\u0307STANBUL', 'i\u0307stanbul', 'ıstanbul', 'ISTANBUL L'])
      expect(await find(words)).toBe('iota')
    for (const words of ['isparta', 'ısparta', 'İSPARTA']) expect(await find(words)).toBe('kappa')
    for (const words of ['STRAẞE', 'straẞe 5']) expect(await find(words)).toBe('eta')
    expect((await api.get(`${path}?_search=`)).status).toBe(400)
    await api.patch(`${path}/beta`, { name: 'Renamed' })
    expect(await find('alpha')).toBe('alpha,gamma')
    expect(await find('renamed')).toBe('beta')
  })

  it('finds the same when there are more than can be sorted', async () => {
    const api = await organization()
    const statements = [
      `INSERT INTO customers (togai_customer_id, organization_id, id, name, primary_email, address, status, created_at, updated_at, id_folded, name_folded, primary_email_folded)
       WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 4000)
       SELECT ?1 || n, ?1, printf('many%05d', n), 'Many', 'm@example.com', '{}', 'ACTIVE', 0, n / 200, printf('many%05d', n), 'many', 'm@example.com' FROM c`,
      `INSERT INTO accounts (togai_account_id, organization_id, togai_customer_id, customer_id, id, name, invoice_currency, status, created_at, updated_at, id_folded, name_folded)
       SELECT 'a' || togai_customer_id, organization_id, togai_customer_id, id, id, name, 'USD', iif(updated_at % 2, 'DRAFT', 'ACTIVE'), 0, updated_at, id_folded, name_folded
       FROM customers WHERE organization_id = ?1`,
      "UPDATE accounts SET status = 'ARCHIVED' WHERE organization_id = ?1 AND id GLOB '*0'",
      "UPDATE customers SET status = 'ARCHIVED' WHERE organization_id = ?1 AND id GLOB '*0'",
    ]
    await env.DB.batch(statements.map((statement) => env.DB.prepare(statement).bind(api.id)))
    const live = Array.from({ length: 4000 }, (_, n) => n + 1).filter((n) => n % 10)
    const names = live.map((n) => `many${String(n).padStart(5, '0')}`)
    expect(await walk(api, `${path}?pageSize=100&_search=MANY&_sort=${id}:ASC`)).toEqual(names)
    expect(await walk(api, `${path}?pageSize=100&_search=MANY&_sort=${id}:DESC`)).toEqual(names.toReversed())
    const byTime = live
      .toSorted((a, b) => Math.floor(b / 200) - Math.floor(a / 200) || a - b)
      .map((n) => `many${String(n).padStart(5, '0')}`)
    expect(await walk(api, `${path}?pageSize=100&_search=MANY`)).toEqual(byTime)
    expect(await walk(api, `${path}?pageSize=100`)).toEqual(byTime)
    const oldest = byTime.filter((name) => name.startsWith('many00'))
    expect(oldest.length).toBeGreaterThan(500)
    expect(await walk(api, `${path}?pageSize=100&_search=MANY00`)).toEqual(oldest)
    expect(await walk(api, `${path}?pageSize=7&_search=MANY0123&_sort=${id}:ASC`)).toEqual(
      names.filter((name) => name.startsWith('many0123')),
    )
  })

  it('refuses a token that was tampered with, is of another list, or of another organization', async () => {
    const api = await withCustomers(IDS.slice(0, 6))
    const other = await withCustomers(IDS.slice(0, 6))
    const { nextToken } = (await api.get(`${path}?pageSize=2`)).body
    const [payload, mac] = nextToken.split('.')
    const opened = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/'))) as Record<string, unknown>
    const forged = btoa(JSON.stringify({ ...opened, filters: { status: 'ARCHIVED' } }))
      .replaceAll('+', '-')
      .replaceAll('/', '_')
      .replaceAll('=', '')
    const elsewhere = LISTS.find((list) => list.path !== path)?.path
    const tries = [`${forged}.${mac}`, `${payload}.`, payload, `x${nextToken}`, `${nextToken.slice(0, -2)}`, ' ', 'null', btoa('{}')]
    for (const [ask, where, token] of [
      ...tries.map((wrong) => [api, path, wrong] as const),
      [api, elsewhere ?? '', nextToken],
      [other, path, nextToken],
    ] as [Api, string, string][]) {
      const { status, body } = await ask.get(`${where}?nextToken=${encodeURIComponent(token)}`)
      expect([status, body.message]).toEqual([400, 'nextToken: must be the nextToken of a page of this list, as it was given'])
    }
    expect((await api.get(`${path}?nextToken=${nextToken}`)).status).toBe(200)
  })

  it('carries the size, the filters, the search and the order in its token, and takes them again but not others', async () => {
    const api = await withCustomers(IDS.slice(0, 9))
    const query = `pageSize=2&status=ACTIVE&_search=c0&_sort=${id}:ASC`
    const { nextToken } = (await api.get(`${path}?${query}`)).body
    expect(idsOf((await api.get(`${path}?nextToken=${nextToken}`)).body)).toEqual(['c02', 'c03'])
    expect(idsOf((await api.get(`${path}?${query}&nextToken=${nextToken}`)).body)).toEqual(['c02', 'c03'])
    expect(idsOf((await api.get(`${path}?pageSize=3&nextToken=${nextToken}`)).body)).toEqual(['c02', 'c03', 'c04'])
    for (const other of ['status=ARCHIVED', '_search=c1', `_sort=${id}:DESC`, `${id}=c02`])
      expect((await api.get(`${path}?${other}&nextToken=${nextToken}`)).body.message).toBe(
        'nextToken: must come alone, or with what the page before was asked for',
      )
  })

  it('begins at the first page when the token is empty', async () => {
    const api = await withCustomers(IDS.slice(0, 6))
    const first = (await api.get(`${path}?pageSize=2&_sort=${id}:ASC`)).body
    const { body } = await api.get(`${path}?pageSize=2&_sort=${id}:ASC&nextToken=`)
    expect([idsOf(body), body.context]).toEqual([['c00', 'c01'], first.context])
    expect(idsOf((await api.get(`${path}?nextToken=${body.nextToken}`)).body)).toEqual(['c02', 'c03'])
  })

  it('takes the token after the secret was rotated, while the old one is kept', async () => {
    const api = await withCustomers(IDS.slice(0, 4))
    const { nextToken } = (await api.get(`${path}?pageSize=2`)).body
    const ask = (secrets: Record<string, string>) => client(api.token, env.DB, secrets).get(`${path}?nextToken=${nextToken}`)
    expect((await ask({ SIGNING_SECRET: 'new', SIGNING_SECRET_PREVIOUS: env.SIGNING_SECRET })).status).toBe(200)
    expect((await ask({ SIGNING_SECRET: 'new' })).status).toBe(400)
  })

  it.each([`_sort=updated_at:DESC`, `_sort=updated_at:ASC`, `_sort=${id}:ASC`, `_sort=${id}:DESC`, `_search=c`])(
    'shows each untouched row once while 80 others come, change and go: ?%s',
    async (query) => {
      const untouched = Array.from({ length: 24 }, (_, n) => `c-keep-${String(n).padStart(2, '0')}`)
      const touched = Array.from({ length: 24 }, (_, n) => `c-move-${String(n).padStart(2, '0')}`)
      const api = await withCustomers(untouched.flatMap((keep, n) => [keep, touched[n] ?? '']))
      let changes = 0
      const change = async (): Promise<void> => {
        const n = changes++
        const target = touched[(n * 7) % touched.length] ?? ''
        if (n % 3 === 0) expect((await api.post('/customers', customer(`c-${n % 2 ? 'a' : 'z'}new-${n}`))).status).toBe(201)
        else if (n % 3 === 1) {
          await api.patch(`/customers/${target}`, { name: `Changed ${n}` })
          await api.patch(`/accounts/${target}`, { name: `Changed ${n}` })
        } else {
          await api.delete(`/accounts/${target}`)
          await api.delete(`/customers/${target}`)
        }
      }
      const seen = await walk(api, `${path}?pageSize=3&${query}`, async () => {
        vi.setSystemTime(Date.now() + 1)
        await Promise.all(Array.from({ length: Math.min(8, 80 - changes) }, change))
      })
      expect(changes).toBe(80)
      expect(new Set(seen).size).toBe(seen.length)
      expect(seen.filter((one) => one.startsWith('c-keep-')).toSorted()).toEqual(untouched)
    },
    120_000,
  )

  it('asks D1 once', async () => {
    const api = await withCustomers(IDS.slice(0, 3))
    const { d1, seen } = watched()
    const warm = client(api.token, d1)
    for (const query of ['', '?_search=c', `?${id}=c01`, '?status=ARCHIVED']) {
      const before = seen.calls
      expect((await warm.get(`${path}${query}`)).status).toBe(200)
      expect(seen.calls - before).toBe(1)
    }
  })
})

describe('GET /accounts', () => {
  it('filters by customer, by customer and status, and by currency', async () => {
    const api = await withCustomers(['acme', 'other'])
    for (const [id, customerId, invoiceCurrency, status] of [
      ['a1', 'acme', 'EUR', 'ACTIVE'],
      ['a2', 'acme', 'EUR', 'DRAFT'],
      ['a3', 'other', 'EUR', 'ACTIVE'],
      ['a4', 'acme', 'INR', 'ACTIVE'],
    ])
      await api.post('/accounts', { id, name: 'Account', customerId, invoiceCurrency, status })
    await api.delete('/accounts/a4')
    const list = async (query: string) => (await walk(api, `/accounts?pageSize=1&_sort=account_id:ASC&${query}`)).join()
    expect(await list('customer_id=acme')).toBe('a1,a2,acme')
    expect(await list('customer_id=acme&status=DRAFT')).toBe('a2')
    expect(await list('customer_id=acme&status=ARCHIVED')).toBe('a4')
    expect(await list('invoice_currency=EUR')).toBe('a1,a2,a3')
    expect(await list('invoice_currency=INR')).toBe('')
    expect(await list('customer_id=nobody')).toBe('')
    expect(await list('status=DRAFT')).toBe('a2')
    expect(await list('customer_id=acme&_search=a')).toBe('a1,a2,acme')
    for (const query of ['customer_id=acme&invoice_currency=EUR', 'account_id=a1&customer_id=acme', 'invoice_currency=EUR&status=DRAFT'])
      expect((await api.get(`/accounts?${query}`)).body.message).toMatch(/cannot be combined; a list takes account_id, or customer_id/)
    expect((await api.get('/accounts?invoice_currency=eur')).status).toBe(400)
  })

  it('shows each account as it is read', async () => {
    const api = await withCustomers(['acme'])
    await api.post('/accounts', {
      id: 'full',
      name: 'Full account',
      customerId: 'acme',
      aliases: ['one alias', 'two alias'],
      settings: [{ id: 's', value: 'v', namespace: 'USER', name: 'S', dataType: 'STRING' }],
      metadata: { k: 'v' },
      tags: ['t'],
    })
    const { data } = (await api.get('/accounts')).body
    for (const account of data) expect((await api.get(`/accounts/${account.id}`)).body).toEqual(account)
    expect(data).toHaveLength(2)
  })
})

it('accounts of one instant that no index has in order are sorted by their keys alone', async () => {
  const many = 60
  const { post, get } = await withCustomers(['acme'])
  for (let n = 0; n < many; n++)
    expect((await post('/accounts', { id: `account ${n}`, name: 'Name', customerId: 'acme', aliases: [`alias ${n}`] })).status).toBe(201)
  const log = vi.spyOn(console, 'log').mockReturnValue()
  const { body } = await get('/accounts?status=ACTIVE&_sort=updated_at:ASC,account_id:ASC&pageSize=2')
  expect(idsOf(body)).toEqual(['account 0', 'account 1'])
  const { rowsRead } = JSON.parse(String(log.mock.lastCall?.[0]))
  expect(rowsRead).toBeLessThan(3 * many)
})

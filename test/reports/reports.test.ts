import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { doDueOf, systemContext } from '../../src/access/due/service.ts'
import { connect } from '../../src/db/client.ts'
import { steps } from '../../src/steps.ts'
import { type Api, changed, client, failed, organization, writesIn } from '../helpers/api.ts'
import { customer } from '../helpers/customer.ts'
import { system } from '../helpers/ledgers.ts'
import { multiplyRows } from '../helpers/rows.ts'
import { ask, csvOf, doReports, fetchLink, finish, make, parseCsv, query, rowsOf } from '../helpers/reports.ts'

/** Puts accounts of one customer into an organization. */
const plantAccounts = async (api: Api, count: number, nameOf = "'Account ' || value"): Promise<void> => {
  await env.DB.prepare(
    "INSERT INTO customers VALUES (?1 || 'C', ?1, 'C', 'Customer', 'a@example.com', '{}', 'ACTIVE', 0, 0, 1, '', '', '')",
  )
    .bind(api.id)
    .run()
  await env.DB.prepare(
    `INSERT INTO accounts (togai_account_id, organization_id, togai_customer_id, customer_id, id, name, invoice_currency, status,
       created_at, updated_at, invoice_currency_given, version, id_folded, name_folded)
     WITH RECURSIVE numbers (value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM numbers WHERE value < ?2)
     SELECT ?1 || value, ?1, its.togai_customer_id, 'C', printf('a%06d', value), ${nameOf}, 'USD', 'ACTIVE', value, 0, 0, 1, '', ''
     FROM numbers, customers AS its WHERE its.organization_id = ?1`,
  )
    .bind(api.id, count)
    .run()
}

const portalOf = async (api: Api, customerId: string, more: object = { allAccountsAccess: true }) =>
  client(String((await api.post('/portal/token', { customerId, ...more })).body.token))

const filesOf = async ({ id }: Pick<Api, 'id'>): Promise<string[]> =>
  (await env.FILES.list({ prefix: `${id}/` })).objects.map(({ key }) => key)

describe('a report', () => {
  it('is queued, made and read with a link to a CSV', async () => {
    const api = await organization()
    for (const id of ['b', 'a'])
      expect(
        (await api.post('/customers', { ...customer(`C${id}`), account: { id, name: `=Acme "${id}", Inc.`, tags: ['one', '+two'] } }))
          .status,
      ).toBe(201)
    const sort = [{ column: { columnName: 'account_id' }, sortOrder: 'DESC' }]
    const selects = ['account_id', 'name', 'tags', 'primary_email', { columnName: 'id', dataSource: 'customers', alias: '@Customer' }]
    const asked = await ask(api, query('accounts', selects, { sort }))
    expect([asked.status, asked.headers.get('Location')]).toEqual([201, `/reports/${asked.body.id}`])
    expect(asked.body).toEqual({
      id: expect.stringMatching(/^report\.\w{11}\.\w{5}$/) as string,
      name: 'A report',
      status: 'QUEUED',
      type: 'QUERY',
      queryInput: query('accounts', selects, { sort }),
      createdAt: asked.body.createdAt,
      updatedAt: asked.body.createdAt,
    })
    await finish(api, asked.body.id)
    const { body } = await api.get(`/reports/${asked.body.id}`)
    expect(body).toMatchObject({
      status: 'COMPLETED',
      fileId: expect.stringMatching(/^file\./),
      preSignedUrl: expect.stringContaining(body.fileId),
    })
    expect(await csvOf(body)).toBe(
      `account_id,name,tags,primary_email,'@Customer\r\nb,"'=Acme ""b"", Inc.",one; +two,,Cb\r\na,"'=Acme ""a"", Inc.",one; +two,,Ca\r\n`,
    )
    expect(await filesOf(api)).toHaveLength(1)
    const { results } = await env.DB.prepare(
      'SELECT changes FROM audit_log WHERE organization_id = ? AND resource_id = ? ORDER BY sequence',
    )
      .bind(api.id, body.id)
      .all<{ changes: string }>()
    expect(results.map(({ changes }) => (JSON.parse(changes) as Record<string, unknown>)['status'])).toEqual([
      [null, 'QUEUED'],
      ['QUEUED', 'RUNNING'],
      ['RUNNING', 'UPLOAD_PENDING'],
      ['UPLOAD_PENDING', 'COMPLETED'],
    ])
    const outbox = await env.DB.prepare('SELECT count(*) AS count FROM outbox WHERE organization_id = ? AND resource_id = ?')
      .bind(api.id, body.id)
      .first('count')
    expect(outbox).toBe(4)
  })

  it('has its header alone where nothing matches, and one row where all is added up', async () => {
    const api = await organization()
    for (const table of ['accounts', 'customers', 'events', 'usage', 'invoices', 'license_entries', 'revenue']) {
      const [column = ''] = { customers: ['id'], events: ['event_id'], invoices: ['id'] }[table] ?? ['account_id']
      expect(await csvOf(await make(api, query(table, [column])))).toBe(`${column}\r\n`)
      expect(await csvOf(await make(api, query(table, [{ columnName: column, aggregator: 'count' }])))).toBe(`count_${column}\r\n0\r\n`)
    }
    const sums = ['sum', 'avg', 'min', 'max'].map((aggregator) => ({ columnName: 'usage_units', aggregator }))
    expect(await csvOf(await make(api, query('usage', sums)))).toBe(
      'sum_usage_units,avg_usage_units,min_usage_units,max_usage_units\r\n0,,,\r\n',
    )
    const tooFew = { queryFilters: [{ column: { columnName: 'account_id', aggregator: 'count' }, operator: 'gt', args: ['0'] }] }
    expect(await rowsOf(api, query('accounts', [{ columnName: 'account_id', aggregator: 'count' }], tooFew))).toEqual([])
  })

  it.each([
    [
      'baseDataSource',
      query('tokens', ['hash']),
      'must be accounts or customers or events or usage or invoices or license_entries or revenue',
    ],
    ['selects[0].columnName', query('accounts', ['status']), 'must be one of account_id, customer_id, name'],
    ['selects[0].columnName', query('invoices', ['account_id']), 'must be one of id, owner_id'],
    ['selects[0].dataSource', query('invoices', [{ columnName: 'id', dataSource: 'customers' }]), 'must be invoices'],
    ['selects[1].alias', query('accounts', ['name', { columnName: 'account_id', alias: 'name' }]), 'must be given, and differ'],
    ['selects[0].aggregator', query('accounts', [{ columnName: 'name', aggregator: 'sum' }]), 'must be count or min or max'],
    [
      'selects[0].functions[0].name',
      query('accounts', [{ columnName: 'name', functions: [{ name: 'abs', args: [] }] }]),
      'takes numbers only',
    ],
    [
      'selects[0].functions[0].args',
      query('usage', [{ columnName: 'event_time', functions: [{ name: 'date_trunc', args: ['minute'] }] }]),
      'must hold one of hour',
    ],
    [
      'queryFilters[0].operator',
      query('accounts', ['name'], { queryFilters: [{ column: { columnName: 'tags' }, operator: 'gt', args: ['a'] }] }),
      'must be eq or neq or in or nin',
    ],
    [
      'queryFilters[0].args',
      query('accounts', ['name'], { queryFilters: [{ column: { columnName: 'name' }, operator: 'eq', args: ['a', 'b'] }] }),
      'must hold one text for eq',
    ],
    [
      'queryFilters[0].args[0]',
      query('accounts', ['name'], { queryFilters: [{ column: { columnName: 'created_at' }, operator: 'gte', args: ['{{from}}'] }] }),
      'must be a date',
    ],
    [
      'queryFilters[0].args[1]',
      query('usage', ['usage_units'], { queryFilters: [{ column: { columnName: 'usage_units' }, operator: 'in', args: ['1', 'NaN'] }] }),
      'must be a decimal',
    ],
    [
      'sort[0].sortOrder',
      query('accounts', ['name'], { sort: [{ column: { columnName: 'name' }, sortOrder: 'asc' }] }),
      'must be ASC or DESC',
    ],
    [
      'sort[0].column',
      query('accounts', [{ columnName: 'name', aggregator: 'max' }], { sort: [{ column: { columnName: 'name' }, sortOrder: 'ASC' }] }),
      'must be selected',
    ],
    ['seekValues', query('accounts', ['name'], { seekValues: ['a'] }), 'must hold one text for each entry of sort'],
    ['limit', query('accounts', ['name'], { limit: 100_001 }), 'must be a whole number from 1 to 100000'],
  ])('is refused by %s, which says what is possible: %j', async (path, queryInput, message) => {
    const api = await organization()
    const { status, body } = await ask(api, queryInput)
    expect([status, body.message]).toEqual([400, expect.stringContaining(`queryInput.${path}: ${message}`)])
  })

  it('of an account has rows of it alone, and is read by portal tokens of it alone', async () => {
    const api = await organization()
    for (const id of ['A', 'B']) await api.post('/customers', { ...customer(`C${id}`), account: { id, name: `Account ${id}` } })
    const selects = [{ columnName: 'account_id' }]
    const [of, all] = [await make(api, query('accounts', selects), { account_id: 'A' }), await make(api, query('accounts', selects))]
    expect([await csvOf(of), await csvOf(all)]).toEqual(['account_id\r\nA\r\n', 'account_id\r\nA\r\nB\r\n'])
    expect(await rowsOf(api, query('customers', ['id']), { account_id: 'B' })).toEqual([['CB']])
    const none = { queryFilters: [{ column: { columnName: 'account_id' }, operator: 'eq', args: ['B'] }] }
    for (const table of ['accounts', 'events', 'usage', 'license_entries', 'revenue'])
      expect(await rowsOf(api, query(table, ['account_id'], none), { account_id: 'A' })).toEqual([])
    expect(await ask(api, query('accounts', selects), { account_id: 'X' })).toMatchObject({
      status: 404,
      body: { message: 'account_id: the account "X" does not exist' },
    })

    const [own, other] = [await portalOf(api, 'CA'), await portalOf(api, 'CB')]
    expect((await own.get(`/reports/${of.id}`)).body.fileId).toBe(of.fileId)
    expect((await own.get(`/files/${of.fileId}`)).status).toBe(302)
    const listed = async (portal: ReturnType<typeof client>, asked: string) =>
      (await portal.get(`/reports${asked}`)).body.data?.map(({ id }: { id: string }) => id)
    expect((await listed(own, '?account_id=A')).at(-1)).toBe(of.id)
    expect([await listed(own, '?fetchFor=ALL'), await listed(own, '')]).toEqual([
      await listed(own, '?account_id=A'),
      await listed(own, '?account_id=A'),
    ])
    expect(await listed(other, '?fetchFor=ALL')).not.toContain(of.id)
    for (const path of [
      `/reports/${of.id}`,
      `/reports/${all.id}`,
      `/files/${of.fileId}`,
      `/files/${of.fileId}/download_url`,
      '/reports?account_id=A',
      '/reports/unknown',
    ])
      expect([path, (await other.get(path)).status]).toEqual([path, 403])
    expect((await own.get(`/reports/${all.id}`)).status).toBe(403)
    expect((await own.post('/reports', { name: 'A', queryInput: query('accounts', selects) })).status).toBe(403)
  })

  it('is not refused to a portal token because the database cannot be reached', async () => {
    const api = await organization()
    await api.post('/customers', { ...customer('CA'), account: { id: 'A', name: 'Account A' } })
    const token = String((await api.post('/portal/token', { customerId: 'CA', allAccountsAccess: true })).body.token)
    expect((await client(token).get('/reports?account_id=A')).status).toBe(200)
    expect((await client(token).get('/reports?account_id=B')).status).toBe(403)
    const unreachable = changed((session) => ({
      prepare: (text) => {
        if (text.includes('customer_id as customerId from accounts')) throw failed('Network connection lost.')
        return session.prepare(text)
      },
    }))
    expect((await client(token, unreachable).get('/reports?account_id=A')).status).toBe(503)
  })

  it.each(['=1+1', '+1+1', '-1+1', '@SUM(1)'])('makes the text %s harmless', async (name) => {
    const api = await organization()
    expect((await api.post('/customers', { ...customer('C'), name })).status).toBe(201)
    expect(await csvOf(await make(api, query('customers', ['name'])))).toBe(`name\r\n'${name}\r\n`)
  })

  it('has no draft that was deleted', async () => {
    const api = await organization()
    await api.post('/customers', { ...customer('C'), account: { id: 'A', name: 'Account A' } })
    const invoice = { accountId: 'A', startDate: '2026-02-01T00:00:00Z', endDate: '2026-02-03T00:00:00Z', status: 'DRAFT' }
    const { body } = await api.post('/invoices', { ...invoice, lineItems: [{ description: 'Help', value: 12.5 }] })
    /** Its amount still changes. */
    expect(await rowsOf(api, query('invoices', ['id', 'total_amount']))).toEqual([[body.id, '']])
    await env.DB.prepare("UPDATE invoices SET status = 'GONE', version = version + 1 WHERE id = ?").bind(body.id).run()
    expect(await rowsOf(api, query('invoices', ['id']))).toEqual([])
  })

  it('of an account reads none of the invoices of others', async () => {
    const rowsRead = async (others: number): Promise<number> => {
      const api = await organization()
      for (const id of ['A', 'B']) await api.post('/customers', { ...customer(`C${id}`), account: { id, name: `Account ${id}` } })
      const invoice = { startDate: '2026-02-01T00:00:00Z', endDate: '2026-02-03T00:00:00Z', status: 'DRAFT' }
      for (const accountId of ['B', 'A']) {
        const lineItems = [{ description: 'Help', value: 12.5 }]
        expect((await api.post('/invoices', { ...invoice, accountId, lineItems })).body.message).toBeUndefined()
      }
      await multiplyRows('invoices', api.id, others, { created_at: 'its.created_at - 1 - value' })
      const asked = await ask(api, query('invoices', ['owner_id', 'total_amount']), { account_id: 'A' })
      const { usage, primary } = connect(env.DB)
      await doDueOf({ ...system(api.id), session: primary() }, steps)
      const { body } = await api.get(`/reports/${asked.body.id}`)
      expect(await csvOf(body)).toBe('owner_id,total_amount\r\nA,\r\n')
      return usage.rowsRead
    }
    const few = await rowsRead(1)
    expect(await rowsRead(500)).toBeLessThan(few + 100)
  })

  it('is listed for whom it is fetched, the newest first, page by page', async () => {
    const api = await organization()
    await api.post('/customers', { ...customer('C'), account: { id: 'A', name: 'Account A' } })
    const ids: string[] = []
    for (const account_id of [undefined, 'A', undefined, 'A']) {
      ids.unshift((await ask(api, query('accounts', ['name']), { ...(account_id && { account_id }) })).body.id)
      await scheduler.wait(5)
    }
    const listed = async (asked: string) => {
      const found: string[] = []
      for (let path = `/reports?pageSize=1&${asked}`; path;) {
        const { body } = await api.get(path)
        found.push(...body.data.map(({ id }: { id: string }) => id))
        path = body.nextToken ? `/reports?nextToken=${encodeURIComponent(body.nextToken)}` : ''
      }
      return found
    }
    const [ofAccount, ofNone] = [
      [ids[0], ids[2]],
      [ids[1], ids[3]],
    ]
    expect(await listed('fetchFor=ALL')).toEqual(ids)
    for (const asked of ['', 'fetchFor=ORGANIZATION']) expect(await listed(asked)).toEqual(ofNone)
    for (const asked of ['account_id=A', 'fetchFor=ACCOUNTS&account_id=A', 'fetchFor=ALL&account_id=A'])
      expect(await listed(asked)).toEqual(ofAccount)
    expect(await api.get('/reports?fetchFor=ACCOUNTS')).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining('account_id: is required') },
    })
    expect(await api.get('/reports?fetchFor=ORGANIZATION&account_id=A')).toMatchObject({ status: 400 })
    expect((await (await organization()).get('/reports?fetchFor=ALL')).body.data).toEqual([])
  })

  it('goes on behind values of its sort', async () => {
    const api = await organization()
    await plantAccounts(api, 10)
    const sort = [
      { column: { columnName: 'name' }, sortOrder: 'DESC' },
      { column: { columnName: 'account_id' }, sortOrder: 'ASC' },
    ]
    const found: string[][] = []
    for (let seekValues: string[] | undefined; ;) {
      const page = await rowsOf(api, query('accounts', ['name', 'account_id'], { sort, limit: 3, ...(seekValues && { seekValues }) }))
      found.push(...page)
      if (page.length < 3) break
      seekValues = page.at(-1)
    }
    expect(found).toEqual(await rowsOf(api, query('accounts', ['name', 'account_id'], { sort })))
    expect(found).toHaveLength(10)
  })

  it('has nothing that was made after it began', async () => {
    const api = await organization()
    await plantAccounts(api, 3)
    await env.DB.prepare("UPDATE accounts SET created_at = ? WHERE organization_id = ? AND id = 'a000002'")
      .bind(Date.now() + 3_600_000, api.id)
      .run()
    expect(await rowsOf(api, query('accounts', ['account_id']))).toEqual([['a000001'], ['a000003']])
  })
})

describe('the making of a report', () => {
  const sorted = query('accounts', ['account_id', 'name'], { sort: [{ column: { columnName: 'name' }, sortOrder: 'ASC' }] })

  it('is the same and leaves nothing behind when many make it at once', async () => {
    const api = await organization()
    await plantAccounts(api, 9000)
    const { id } = (await ask(api, sorted)).body
    for (let run = 0; run < 20; run++) await Promise.all(Array.from({ length: 4 }, () => doReports(api.id)))
    const { body } = await api.get(`/reports/${id}`)
    const rows = parseCsv(await csvOf(body)).slice(1)
    expect([rows.length, new Set(rows.map(([account]) => account)).size]).toEqual([9000, 9000])
    expect(await filesOf(api)).toHaveLength(1)
    const count = await env.DB.prepare('SELECT count(*) AS count FROM files WHERE organization_id = ?').bind(api.id).first('count')
    expect(count).toBe(1)
  }, 120_000)

  it.each(['before', 'after'] as const)(
    'goes on where it was when each second commit of it is lost %s it is made',
    async (fails) => {
      const api = await organization()
      await plantAccounts(api, 5000)
      let commits = 0
      const failing = changed((session) => ({
        batch: async (statements) => {
          if (!writesIn(statements) || ++commits % 2) return session.batch(statements)
          if (fails === 'after') await session.batch(statements)
          throw failed('Network connection lost.')
        },
      }))
      const { id } = (await ask({ post: (path, body) => client(api.token, failing).post(path, body) }, sorted)).body
      for (let run = 1; run <= 40; run++) await doReports(api.id, Date.now() + run * 120_000, failing)
      const { body } = await api.get(`/reports/${id ?? (await api.get('/reports')).body.data[0].id}`)
      expect(parseCsv(await csvOf(body))).toHaveLength(5001)
      expect(await filesOf(api)).toHaveLength(1)
    },
    120_000,
  )

  it('fails with a reason that says how to ask for less', async () => {
    const api = await organization()
    await plantAccounts(api, 100_001)
    const rows = await make(api, sorted)
    expect([rows.status, rows.failureReason, rows.fileId]).toEqual([
      'FAILED',
      expect.stringContaining('More than 100000 rows match. Add filters'),
      undefined,
    ])
    const groups = await make(api, query('accounts', ['name', { columnName: 'account_id', aggregator: 'count' }]))
    expect([groups.status, groups.failureReason]).toEqual(['FAILED', expect.stringContaining('more than 50000 groups')])
    expect(await filesOf(api)).toEqual([])
    const first = await make(api, query('accounts', ['account_id'], { limit: 5 }))
    expect(parseCsv(await csvOf(first)).slice(1)).toHaveLength(5)
    const counted = [{ columnName: 'account_id', aggregator: 'count' }]
    expect(await rowsOf(api, query('accounts', counted))).toEqual([['100001']])
  }, 240_000)

  it('fails beyond 32 MB', async () => {
    const api = await organization()
    await plantAccounts(api, 50_000, "printf('%.*c', 250, 'x') || value")
    const wide = ['name', ...['a', 'b'].map((alias) => ({ columnName: 'name', alias })), 'account_id']
    const { status, failureReason } = await make(api, query('accounts', wide))
    expect([status, failureReason]).toEqual(['FAILED', expect.stringContaining('more than 32 MB')])
  }, 240_000)

  it('writes 100,000 rows', async () => {
    const api = await organization()
    await plantAccounts(api, 100_000, "printf('%06d', (value * 7919) % 100000)")
    const report = await make(
      api,
      query('accounts', ['name', 'account_id', 'created_at', 'customer_id', 'invoice_currency'], {
        sort: [{ column: { columnName: 'name' }, sortOrder: 'ASC' }],
      }),
    )
    const lines = (await csvOf(report)).split('\r\n')
    expect(lines).toHaveLength(100_002)
    expect(lines.slice(1, -1).every((line, index) => line.startsWith(String(index).padStart(6, '0')))).toBe(true)
  }, 240_000)

  it('is tried again by the next run where a test clock stands still', async () => {
    const { id, token } = await organization()
    const FILES = new Proxy(env.FILES, {
      get: (of, name) =>
        name === 'put' ? () => Promise.reject(new Error('The bucket cannot be reached')) : Reflect.get(of, name).bind(of),
    })
    const api = { ...client(token, env.DB, { TEST_CLOCK: 'on', FILES }), id }
    expect((await api.post('/test_clock', { now: '2030-01-01T00:00:00Z' })).status).toBe(200)
    const asked = await ask(api, query('accounts', [{ columnName: 'account_id', aggregator: 'count' }]))
    const status = async () => (await api.get(`/reports/${asked.body.id}`)).body.status
    expect(await status()).toBe('RUNNING')
    const clockAt = Date.parse('2030-01-01T00:00:00Z')
    await doDueOf(systemContext(system(id), { id, baseCurrency: 'USD', clockAt }), steps)
    expect(await status()).toBe('COMPLETED')
  })

  it('needs a bucket', async () => {
    const api = await organization()
    const without = client(api.token, env.DB, { FILES: undefined } as never)
    expect(await ask(without, sorted)).toMatchObject({ status: 503, body: { message: expect.stringContaining('bind one as FILES') } })
    const report = await make(api, sorted)
    const answer = await fetchLink(report.preSignedUrl, {}, { FILES: undefined })
    expect([answer.status, await answer.text()]).toEqual([503, expect.stringContaining('bind one as FILES')])
  })
})

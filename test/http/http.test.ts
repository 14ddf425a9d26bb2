import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { hashToken } from '../../src/access/tokens/secret.ts'
import page from '../data/create-a-customer.json'
import { type Answer, changed, client, failed, organization, unreadable, watched } from '../helpers/api.ts'
import { countRows } from '../helpers/rows.ts'

const body = page.request

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

describe('headers', () => {
  it('keep an answer from caches, frames and other origins', async () => {
    const { get } = await organization()
    for (const path of ['/customers', '/customers/nobody', '/nothing']) {
      const { headers } = await get(path)
      expect(headers.get('Cache-Control')).toBe('no-store')
      expect(headers.get('X-Content-Type-Options')).toBe('nosniff')
      expect(headers.get('X-Frame-Options')).toBe('DENY')
      expect(headers.get('Strict-Transport-Security')).toMatch(/^max-age=\d+/)
      expect(headers.get('Access-Control-Allow-Origin')).toBeNull()
    }
  })

  it('let in the origins that are configured, and no others', async () => {
    const { token } = await organization()
    const allowed = async (origin: string, secrets: Record<string, string>) =>
      (await client(token, undefined, secrets).call('GET', '/customers', undefined, { Origin: origin })).headers.get(
        'Access-Control-Allow-Origin',
      )
    const configured = { CORS_ORIGINS: 'https://one.example, https://two.example' }
    expect(await allowed('https://two.example', configured)).toBe('https://two.example')
    expect(await allowed('https://other.example', configured)).toBeNull()
    expect(await allowed('https://two.example', {})).toBeNull()
  })
})

describe('a query parameter', () => {
  it.each([
    ['id', '/customers?id=a&id=b', 'twice'],
    ['id', '/customers?id=a&status=ACTIVE&id=a&id=b', '3 times'],
    ['status', '/customers?status=ACTIVE&status=ACTIVE', 'twice'],
    ['pageSize', '/customers?pageSize=5&pageSize=5', 'twice'],
    ['nextToken', '/customers?nextToken=&nextToken=', 'twice'],
    ['effectiveOn', '/accounts/a?effectiveOn=2026-01-01T00:00Z&effectiveOn=2026-01-01T00:00Z', 'twice'],
    ['includeGroupDetails', '/accounts/a?includeGroupDetails=true&includeGroupDetails=true', 'twice'],
  ])('%s is refused in %s, since it was given %s', async (name, path, times) => {
    const { get } = await organization()
    const { status, body: answer } = await get(path)
    expect([status, answer.message]).toEqual([400, `${name}: must be given once, and was given ${times}`])
  })

  it.each([
    ['_search=', '_search: must be 1 character or more'],
    [`_search=${'x'.repeat(321)}`, '_search: must be 320 characters at most'],
    [`nextToken=${'x'.repeat(8001)}`, 'nextToken: must be 8000 characters at most'],
  ])('of a wrong length is told its length: %.20s', async (query, message) => {
    const { get } = await organization()
    const { status, body: said } = await get(`/customers?${query}`)
    expect([status, said.message]).toEqual([400, message])
  })

  it('is refused beside what else is wrong, and where it is one of a write', async () => {
    const { get, post } = await organization()
    expect((await get('/customers?id=a&id=b&other=1&other=2&pageSize=0')).body.message).toBe(
      'id: must be given once, and was given twice; other: is not a known name; pageSize: must be a whole number from 1 to 100',
    )
    expect((await post('/customers?dry_run=true&dry_run=true', body)).body.message).toBe('dry_run: must be given once, and was given twice')
  })
})

describe('a path', () => {
  it.each(['%', 'a%zz', '%2', 'a%ff', '%c3%28', '%ed%a0%80', '100%25%'])('is refused with %s in it, which is no UTF-8', async (id) => {
    const { get, patch } = await organization()
    for (const answer of [await get(`/customers/${id}`), await get(`/accounts/${id}/account_aliases`), await patch(`/customers/${id}`, {})])
      expect([answer.status, answer.body.message]).toEqual([400, 'path: must be percent-encoded UTF-8, in which % itself is %25'])
  })
})

describe('an unknown path', () => {
  it.each(['/customer', '/customers/', '/customers/a/b', '/openapi'])('%s is 404', async (path) => {
    const { status, body: answer } = await client(undefined).get(path)
    expect([status, answer.message]).toEqual([404, expect.stringContaining('nothing at this path')])
  })
})

describe('organizations', () => {
  it('keep the same ids side by side, and see nothing of each other', async () => {
    const [one, other] = [await organization(), await organization()]
    const mine = await one.post('/customers', body)
    expect((await other.get(`/customers/${body.id}`)).body).toEqual({ message: `The customer "${body.id}" does not exist.` })
    expect((await other.get(`/accounts/${body.account.id}`)).body).toEqual({ message: `The account "${body.account.id}" does not exist.` })
    const theirs = await other.post('/customers', { ...body, name: 'The other one' })
    expect([mine.status, theirs.status]).toEqual([201, 201])
    expect(mine.body.togaiCustomerId).not.toBe(theirs.body.togaiCustomerId)
    expect((await one.get(`/customers/${body.id}`)).body.name).toBe(body.name)
    expect((await other.get(`/customers/${body.id}`)).body.name).toBe('The other one')
    expect((await one.get(`/accounts/${body.account.id}`)).body).toEqual(mine.body.account)
    expect((await other.get(`/accounts/${body.account.id}`)).body).toEqual(theirs.body.account)
    expect(await countRows(one.id)).toEqual(await countRows(other.id))
  })
})

describe('a token', () => {
  it('is refused alike, after the same look-ups, nearby and at the primary, when it is missing, unknown, expired or revoked', async () => {
    const past = Date.now() - 1
    const refused = [
      undefined,
      'unknown',
      (await organization({ expiresAt: past })).token,
      (await organization({ revokedAt: past })).token,
      (await organization({ revokedAt: Date.now() + 1e9 })).token,
    ]
    const answers = await Promise.all(
      refused.map(async (token) => {
        const { d1, seen } = watched()
        const { status, headers, body: answer } = await client(token, d1).get('/customers/nobody')
        return { status, answer, calls: seen.calls, challenge: headers.get('WWW-Authenticate') }
      }),
    )
    expect(answers[0]).toMatchObject({ status: 401, calls: 2, challenge: 'Bearer' })
    for (const answer of answers) expect(answer).toEqual(answers[0])
  })

  it('is taken however its scheme is spelled, and in no other scheme', async () => {
    const { token } = await organization()
    const status = async (authorization: string) =>
      (await client(undefined).call('GET', '/customers/nobody', undefined, { Authorization: authorization })).status
    for (const scheme of ['Bearer', 'bearer', 'BEARER']) expect(await status(`${scheme} ${token}`)).toBe(404)
    for (const authorization of [token, `Basic ${token}`, `Bearer ${token} x`, `Bearer${token}`, 'Bearer', ''])
      expect(await status(authorization)).toBe(401)
  })

  it('is kept as its SHA-256 only', async () => {
    const { token, tokenId } = await organization()
    const row = await env.DB.prepare('SELECT * FROM tokens WHERE id = ?').bind(tokenId).first()
    expect(row).toMatchObject({ hash: await hashToken(token) })
    expect(JSON.stringify(row)).not.toContain(token)
    expect(await hashToken('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  })

  it('is remembered for 20 seconds and no longer, so that one that is revoked ends within 30 wherever it is looked up', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const { token, tokenId } = await organization()
    const { d1, seen } = watched()
    const { get } = client(token, d1)
    expect((await get('/customers/nobody')).status).toBe(404)
    expect(seen.calls).toBe(3)
    await env.DB.prepare('UPDATE tokens SET revoked_at = 1 WHERE id = ?').bind(tokenId).run()
    vi.setSystemTime(Date.now() + 19_999)
    expect((await get('/customers/nobody')).status).toBe(404)
    expect(seen.calls).toBe(4)
    vi.setSystemTime(Date.now() + 1)
    expect((await get('/customers/nobody')).status).toBe(401)
    expect(seen.calls).toBe(6)
  })

  it('that is remembered still ends when it expires', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const expiresAt = Date.now() + 5000
    const { get } = await organization({ expiresAt })
    expect((await get('/customers/nobody')).status).toBe(404)
    vi.setSystemTime(expiresAt - 1)
    expect((await get('/customers/nobody')).status).toBe(404)
    vi.setSystemTime(expiresAt)
    expect((await get('/customers/nobody')).status).toBe(401)
  })

  it('is looked up where a replica may answer', async () => {
    const { token, get } = await organization()
    await get('/customers/nobody')
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 })
    const { d1, seen } = watched()
    expect((await client(token, d1).get('/customers/nobody')).status).toBe(404)
    expect(new Set(seen.places)).toEqual(new Set(['first-unconstrained']))
  })
})

describe('round trips to D1', () => {
  it.each([
    [
      'POST /customers',
      (api: ReturnType<typeof client>, n: number) =>
        api.post('/customers', { ...body, id: `c${n}`, account: { ...body.account, id: `a${n}`, aliases: [`alias ${n}`] } }),
    ],
    ['GET /customers/{customer_id}', (api: ReturnType<typeof client>) => api.get('/customers/c')],
    ['GET /accounts/{account_id}', (api: ReturnType<typeof client>) => api.get('/accounts/a?includeGroupDetails=true')],
  ] as [string, (api: ReturnType<typeof client>, n: number) => Promise<Answer>][])('%s: 2 cold, 1 warm', async (_, ask) => {
    const { token, post } = await organization()
    await post('/customers', { ...body, id: 'c', account: { ...body.account, id: 'a' } })
    vi.useFakeTimers({ toFake: ['Date'] })
    vi.setSystemTime(Date.now() + 60_000)
    const { d1, seen } = watched()
    const api = client(token, d1)
    const counts: number[] = []
    for (const n of [1, 2, 3]) {
      const before = seen.calls
      const { status, headers } = await ask(api, n)
      expect([200, 201]).toContain(status)
      counts.push(seen.calls - before)
      expect(headers.get('Server-Timing')).toMatch(new RegExp(`^d1;dur=[\\d.]+;desc="${seen.calls - before}"$`))
    }
    expect(counts).toEqual([2, 1, 1])
  })

  it('a refusal that needs no database asks none', async () => {
    const { token, get } = await organization()
    await get('/customers/nobody')
    const { d1, seen } = watched()
    expect((await client(token, d1).post('/customers', {})).status).toBe(400)
    expect(seen.calls).toBe(0)
  })

  it('a conflict is explained in the round trip that meets it', async () => {
    const { token, post } = await organization()
    await post('/customers', body)
    const { d1, seen } = watched()
    expect((await client(token, d1).post('/customers', body)).status).toBe(409)
    expect(seen.calls).toBe(1)
  })
})

describe('the log', () => {
  const lines: Record<string, unknown>[] = []
  let printed = ''
  beforeEach(() => {
    lines.length = 0
    printed = ''
    for (const level of ['log', 'info', 'warn', 'error', 'debug'] as const)
      vi.spyOn(console, level).mockImplementation((...args: unknown[]) => {
        printed += `${args.join(' ')}\n`
        if (level === 'log') lines.push(JSON.parse(String(args[0])) as Record<string, unknown>)
      })
  })

  it('has one line a request, which leads from the answer to it', async () => {
    const { id, tokenId, post } = await organization()
    const { headers } = await post('/customers', body)
    expect(lines).toEqual([
      {
        requestId: headers.get('X-Request-Id'),
        operationId: 'createCustomer',
        method: 'POST',
        status: 201,
        ms: expect.any(Number),
        d1Calls: 3,
        d1Ms: expect.any(Number),
        rowsRead: expect.any(Number),
        rowsWritten: expect.any(Number),
        organizationId: id,
        tokenId,
      },
    ])
  })

  it('takes no request id from the caller, since it must be ours', async () => {
    const { headers } = await client(undefined).call('GET', '/nothing', undefined, { 'X-Request-Id': 'theirs' })
    expect(headers.get('X-Request-Id')).not.toBe('theirs')
  })

  it.each([
    'UNIQUE constraint failed: customers.primary_email',
    'Network connection lost.',
    'D1 DB is overloaded. Requests queued for too long.',
    'admin@example.com is not a function',
  ])('holds nothing personal, no SQL and no stack when D1 fails with: %s', async (message) => {
    const { token } = await organization()
    const broken = failed(`${message} +919876543210`)
    const unwritable = changed(() => ({
      batch: () => {
        throw broken
      },
    }))
    const answers = [
      await client(token, unwritable).post('/customers', body),
      await client(token, unreadable(broken)).get(`/customers/${encodeURIComponent('admin@example.com')}`),
    ]
    const passing = /^(Network|D1 DB is overloaded)/.test(message)
    for (const { status, body: answer, headers } of answers) {
      expect([status, headers.get('Retry-After')]).toEqual(passing ? [503, '1'] : [500, null])
      expect(answer.message).toMatch(passing ? /^The database cannot be reached now/ : /^Something went wrong on our side/)
      expect(printed).toContain(headers.get('X-Request-Id'))
    }
    expect(printed).not.toMatch(/admin@|9198765|Florence|ACME|insert|select| at |\.ts|togai_/i)
    expect(printed).not.toContain(token)
    expect(lines.map(({ error }) => error)).toEqual([
      expect.stringMatching(/^Error/),
      expect.stringMatching(/^(Error|DrizzleQueryError|_DrizzleQueryError)/),
    ])
  })
})

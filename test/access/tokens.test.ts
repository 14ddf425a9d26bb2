import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Role } from '../../src/db/context.ts'
import type { Operation } from '../../src/http/operation.ts'
import { operations } from '../../src/operations.ts'
import { type Answer, type Api, client, organization, watched } from '../helpers/api.ts'
import { customer } from '../helpers/customer.ts'
import { compareRows, readRows } from '../helpers/rows.ts'

/** Later than the clock of any machine that runs this. */
const START = Date.UTC(2060, 0, 1, 12)
const SECOND = 1000
const DAY = 86_400 * SECOND

let printed = ''

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: START })
  printed = ''
  for (const level of ['log', 'info', 'warn', 'error', 'debug'] as const)
    vi.spyOn(console, level).mockImplementation((...args: unknown[]) => void (printed += `${args.join(' ')}\n`))
})

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const key = (value: string) => ({ 'Idempotency-Key': value })
const replayed = ({ headers }: Answer) => headers.get('Idempotency-Replayed')
const messageOf = ({ status, body }: Answer) => [status, body.message]

const claimsOf = (jwt: string): Record<string, unknown> =>
  JSON.parse(new TextDecoder().decode(Uint8Array.fromBase64(jwt.split('.')[1] ?? '', { alphabet: 'base64url' }))) as Record<string, unknown>

const jwtOf = async (token: string): Promise<string> => {
  const { status, body } = await client(token).post('/authenticate')
  expect(status).toBe(200)
  return body.token
}

interface NewToken {
  id: string
  token: string
}

const newToken = async ({ post }: Pick<Api, 'post'>, role: Role = 'ADMINISTRATOR', expiresAt?: number): Promise<NewToken> => {
  const { status, body } = await post('/tokens', { name: role, role, ...(expiresAt && { expiresAt: new Date(expiresAt).toISOString() }) })
  expect(status).toBe(201)
  return body
}

const works = async (token: string): Promise<boolean> => {
  const { status } = await client(token).get('/customers/nobody')
  expect([401, 404]).toContain(status)
  return status === 404
}

const after = (milliseconds: number) => vi.setSystemTime(START + milliseconds)

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const SECRET = /^togai_([0-9A-Za-z]{40})([0-9A-Za-z]{6})$/

/** CRC-32 as gzip writes it behind what it compresses. */
const crc32 = async (text: string): Promise<number> => {
  const gzip = new Response(text).body?.pipeThrough(new CompressionStream('gzip'))
  const bytes = await new Response(gzip).arrayBuffer()
  return new DataView(bytes).getUint32(bytes.byteLength - 8, true)
}

const sha256 = async (text: string): Promise<string> =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))).toHex()

describe('the operations', () => {
  it('that only an administrator may call are those on tokens, others that show a secret, and what can never be undone', () => {
    const named = (which: (operation: Operation) => unknown) => operations.filter(which).map(({ operationId }) => operationId)
    expect(named(({ administrator }) => administrator)).toEqual(
      named(({ path, secret }) => /^\/tokens\b/.test(path) || secret || path.endsWith('/erase')),
    )
  })
})

describe('createToken', () => {
  it('gives a secret of 40 random digits with their checksum', async () => {
    expect(await crc32('123456789')).toBe(0xcbf43926)
    const api = await organization()
    const secrets = await Promise.all(Array.from({ length: 50 }, async () => (await newToken(api)).token))
    expect(new Set(secrets.map((secret) => secret.slice(0, 10))).size).toBe(50)
    for (const secret of secrets) {
      const [, digits = '', checksum = ''] = SECRET.exec(secret) ?? []
      expect(Array.from(checksum).reduce((sum, digit) => sum * 62 + BASE62.indexOf(digit), 0)).toBe(await crc32(digits))
    }
  })

  it('shows the secret once, and the database holds nothing of it but its SHA-256', async () => {
    const api = await organization()
    const made = await api.call('POST', '/tokens', { name: 'Backend', role: 'DEVELOPER' }, key('one'))
    const { id, token, ...shown } = made.body
    expect(made.headers.get('Location')).toBe(`/tokens/${id}`)
    expect(shown).toEqual({ name: 'Backend', role: 'DEVELOPER', createdAt: new Date(START).toISOString() })
    const rotated = await api.call('POST', `/tokens/${id}/rotate`, { gracePeriod: 60 }, key('two'))
    const read = await api.get(`/tokens/${id}`)
    expect(read.body).toEqual({ id, ...shown, previousExpiresAt: new Date(START + 60_000).toISOString() })
    const listed = await api.get('/tokens')
    expect(listed.body.data).toContainEqual(read.body)
    const log = await api.get('/audit_log')
    expect(log.body.data.map(({ operationId }: { operationId: string }) => operationId)).toEqual(['rotateToken', 'createToken'])
    await client(token).get('/customers')
    await client(rotated.body.token).get('/customers')
    const rows = await readRows(api.id)
    const hashes = [await sha256(token), await sha256(rotated.body.token)]
    expect(JSON.stringify(rows['token_secrets'])).toContain(hashes[0])
    expect(JSON.stringify(rows['tokens'])).toContain(hashes[1])
    const { tokens, token_secrets: _, ...rest } = rows
    for (const secret of [token, rotated.body.token] as string[]) {
      const [, digits = '-'] = SECRET.exec(secret) ?? []
      for (const text of [rows, read.body, listed.body, log.body].map((one) => JSON.stringify(one))) expect(text).not.toContain(digits)
      expect(printed).not.toContain(digits)
    }
    for (const hash of hashes) {
      for (const text of [rest, read.body, listed.body, log.body].map((one) => JSON.stringify(one))) expect(text).not.toContain(hash)
      expect(printed).not.toContain(hash)
    }
    expect(tokens).toHaveLength(2)
  })

  it('gives it again to a retry under its key, and keeps it encrypted', async () => {
    const api = await organization()
    const body = { name: 'Backend', role: 'DEVELOPER' }
    const first = await api.call('POST', '/tokens', body, key('one'))
    const again = await api.call('POST', '/tokens', body, key('one'))
    expect([again.status, again.body, replayed(again)]).toEqual([201, first.body, 'true'])
    for (const header of ['ETag', 'Location']) expect(again.headers.get(header)).toBe(first.headers.get(header))
    const { idempotency_keys: kept, tokens } = await readRows(api.id)
    expect([kept?.length, tokens?.length]).toEqual([1, 2])
    expect(JSON.stringify(kept)).not.toMatch(new RegExp(`togai_|Backend|${first.body.token.slice(6, 46)}`))
    expect((await api.call('POST', '/tokens', { ...body, name: 'Other' }, key('one'))).status).toBe(422)
    expect(await works(first.body.token)).toBe(true)
  })

  it('under a key is no more to be had once the secret of its encryption is gone', async () => {
    const { token } = await organization()
    const [old, both, next] = [
      { SIGNING_SECRET: 'old' },
      { SIGNING_SECRET: 'next', SIGNING_SECRET_PREVIOUS: 'old' },
      { SIGNING_SECRET: 'next' },
    ].map((secrets) => client(token, env.DB, secrets)) as [Api, Api, Api]
    const body = { name: 'Backend', role: 'DEVELOPER' }
    const first = await old.call('POST', '/tokens', body, key('one'))
    expect((await both.call('POST', '/tokens', body, key('one'))).body).toEqual(first.body)
    expect(messageOf(await next.call('POST', '/tokens', body, key('one')))).toEqual([
      422,
      expect.stringContaining('was used for another request'),
    ])
  })

  it('under a key is given again to the token that asked only, and a key of one role to no other', async () => {
    const api = await organization()
    const [developer, administrator] = [await newToken(api, 'DEVELOPER'), await newToken(api)]
    const body = { name: 'Backend', role: 'DEVELOPER' }
    const first = await api.call('POST', '/tokens', body, key('one'))
    const same = await client(administrator.token).call('POST', '/tokens', body, key('one'))
    expect([same.status, same.body.token]).toEqual([422, undefined])
    const mine = await api.call('POST', '/tokens', body, key('one'))
    expect([mine.status, mine.body.token, replayed(mine)]).toEqual([201, first.body.token, 'true'])
    expect((await client(developer.token).call('POST', '/tokens', body, key('one'))).status).toBe(403)
    expect((await client(developer.token).call('POST', '/customers', customer('acme'), key('one'))).status).toBe(422)
    expect((await client(developer.token).call('POST', '/customers', customer('acme'), key('two'))).status).toBe(201)
    const other = await api.call('POST', '/customers', customer('acme'), key('two'))
    expect(messageOf(other)).toEqual([422, 'Idempotency-Key: was used for another request, or by another role. Take a new key.'])
    expect((await client(developer.token).call('POST', '/customers', customer('acme'), key('two'))).status).toBe(201)
    await env.DB.prepare("UPDATE idempotency_keys SET role = 'DEVELOPER' WHERE organization_id = ? AND key = 'one'").bind(api.id).run()
    expect((await api.call('POST', '/tokens', body, key('one'))).status).toBe(422)
  })

  it('dry keeps nothing, and gives a secret that is none', async () => {
    const api = await organization()
    await api.get('/customers')
    const before = await readRows(api.id)
    const { status, body } = await api.call('POST', '/tokens?dry_run=true', { name: 'Backend', role: 'DEVELOPER' }, key('one'))
    expect([status, body.token]).toEqual([201, expect.stringMatching(SECRET)])
    expect(compareRows(before, await readRows(api.id))).toEqual([])
    expect(await works(body.token)).toBe(false)
    expect((await api.get(`/tokens/${body.id}`)).status).toBe(404)
  })

  it('makes a token that ends when it expires, and not before', async () => {
    const api = await organization()
    const { id, token } = await newToken(api, 'ADMINISTRATOR', START + 60 * SECOND)
    expect((await api.get(`/tokens/${id}`)).body.expiresAt).toBe(new Date(START + 60_000).toISOString())
    const jwt = await jwtOf(token)
    after(60_000 - 1)
    expect([await works(token), await works(jwt)]).toEqual([true, true])
    after(60_000)
    expect([await works(token), await works(jwt)]).toEqual([false, false])
    expect((await api.get(`/tokens/${id}`)).status).toBe(200)
  })

  it.each([-DAY, -1, 0])('refuses an expiresAt of now and %i ms', async (milliseconds) => {
    const api = await organization()
    const expiresAt = new Date(START + milliseconds).toISOString()
    const answer = await api.post('/tokens', { name: 'Backend', role: 'DEVELOPER', expiresAt })
    expect(messageOf(answer)).toEqual([400, 'expiresAt: must be in the future'])
    expect((await readRows(api.id, ['tokens']))['tokens']).toHaveLength(1)
  })

  it.each([
    ['role: must be', { name: 'Backend', role: 'OWNER' }],
    ['role: is required', { name: 'Backend' }],
    ['name: must be', { name: '', role: 'ANALYST' }],
    ['name: must be', { name: 'x'.repeat(101), role: 'ANALYST' }],
    ['token: is not a known name', { name: 'Backend', role: 'ANALYST', token: 'mine' }],
    ['hash: is not a known name', { name: 'Backend', role: 'ANALYST', hash: '0'.repeat(64) }],
    ['id: is not a known name', { name: 'Backend', role: 'ANALYST', id: 'token.1' }],
  ])('%s', async (message, body) => {
    const { post } = await organization()
    expect(messageOf(await post('/tokens', body))).toEqual([400, expect.stringContaining(message)])
  })
})

describe('listTokens', () => {
  it('lists every token in the order in which they were made, page by page', async () => {
    const api = await organization()
    const made: string[] = []
    for (let n = 1; n <= 5; n++) {
      after(n)
      made.push((await newToken(api, n % 2 ? 'ANALYST' : 'DEVELOPER', n === 3 ? START + SECOND : undefined)).id)
    }
    await api.delete(`/tokens/${made[1]}`)
    after(2 * SECOND)
    const listed: string[] = []
    let query = '?pageSize=2'
    for (let pages = 0; query; pages++) {
      expect(pages).toBeLessThan(4)
      const { body } = await api.get(`/tokens${query}`)
      expect(body.data.length).toBeLessThanOrEqual(2)
      listed.push(...body.data.map(({ id }: { id: string }) => id))
      query = body.nextToken ? `?nextToken=${body.nextToken}` : ''
    }
    expect(listed.filter((id) => id !== api.tokenId)).toEqual(made)
    expect(listed).toHaveLength(6)
  })
})

describe('lastUsedOn', () => {
  it('is the day in UTC of the last use, and is kept once a day', async () => {
    const api = await organization()
    const { id, token } = await newToken(api, 'DEVELOPER')
    const read = async () => (await api.get(`/tokens/${id}`)).body.lastUsedOn
    const { d1, seen } = watched()
    const user = client(token, d1)
    const calls = async () => {
      const before = seen.calls
      expect((await user.get('/customers')).status).toBe(200)
      return seen.calls - before
    }
    expect(await read()).toBeUndefined()
    after(12 * 3600 * SECOND - 60 * SECOND)
    expect([await calls(), await read()]).toEqual([3, '2060-01-01'])
    const rows = await readRows(api.id)
    after(12 * 3600 * SECOND - 30 * SECOND)
    expect(await calls()).toBe(2)
    after(12 * 3600 * SECOND - 1)
    expect(await calls()).toBe(2)
    expect(compareRows(rows, await readRows(api.id))).toEqual([])
    after(12 * 3600 * SECOND + 30 * SECOND)
    expect([await calls(), await read()]).toEqual([3, '2060-01-02'])
    after(12 * 3600 * SECOND + 60 * SECOND)
    expect(await calls()).toBe(2)
    const { audit_log: log } = await readRows(api.id)
    expect(log).toEqual(rows['audit_log'])
  })

  it('is kept for the use of a JWT too, and not for a token that is refused', async () => {
    const api = await organization()
    const { id, token } = await newToken(api, 'DEVELOPER')
    const read = async () => (await api.get(`/tokens/${id}`)).body.lastUsedOn
    const jwt = await jwtOf(token)
    after(DAY - SECOND)
    expect([await works(jwt), await read()]).toEqual([true, '2060-01-02'])
    await api.delete(`/tokens/${id}`)
    after(3 * DAY)
    expect([await works(token), await read()]).toEqual([false, '2060-01-02'])
  })
})

describe('rotateToken', () => {
  it('lets both secrets hold for the grace period, with their JWTs, and the old one not longer', async () => {
    const api = await organization()
    const { id, token: old } = await newToken(api, 'DEVELOPER')
    const jwt = await jwtOf(old)
    const { status, body } = await api.post(`/tokens/${id}/rotate`, { gracePeriod: 60 })
    expect([status, body.token]).toEqual([200, expect.stringMatching(SECRET)])
    const late = await jwtOf(old)
    expect(claimsOf(late)['exp']).toBe(START / SECOND + 60)
    const newJwt = await jwtOf(body.token)
    for (const time of [0, 30_000, 60_000 - 1]) {
      after(time)
      expect([time, await works(old), await works(jwt), await works(late), await works(body.token), await works(newJwt)]).toEqual([
        time,
        true,
        true,
        true,
        true,
        true,
      ])
    }
    after(60_000)
    expect([await works(old), await works(jwt), await works(late), await works(body.token), await works(newJwt)]).toEqual([
      false,
      false,
      false,
      true,
      true,
    ])
    expect((await client(body.token).get('/tokens')).status).toBe(403)
  })

  it('a second time leaves what was rotated out before the time that it had, and a shorter grace period ends it sooner', async () => {
    const api = await organization()
    const { id, token: first } = await newToken(api)
    const second = (await api.post(`/tokens/${id}/rotate`, { gracePeriod: 604_800 })).body.token
    const jwts = [await jwtOf(first), await jwtOf(second)]
    const third = (await api.post(`/tokens/${id}/rotate`, { gracePeriod: 604_800 })).body.token
    const all = async () => Promise.all([first, second, third, ...jwts].map((token) => works(token)))
    expect(await all()).toEqual([true, true, true, true, true])
    const fourth = (await api.post(`/tokens/${id}/rotate`, { gracePeriod: 60 })).body.token
    expect((await all()).slice(0, 3)).toEqual([true, true, true])
    after(60 * SECOND - 1)
    expect((await all()).slice(0, 3)).toEqual([true, true, true])
    after(60 * SECOND)
    expect([...(await all()).slice(0, 3), await works(fourth)]).toEqual([false, false, false, true])
  })

  it('can be asked for by the old secret in its grace period, and by itself', async () => {
    const api = await organization()
    const { id, token: old } = await newToken(api)
    const next = (await client(old).post(`/tokens/${id}/rotate`, { gracePeriod: 60 })).body.token
    const last = (await client(old).post(`/tokens/${id}/rotate`, { gracePeriod: 60 })).body.token
    expect([await works(old), await works(next), await works(last)]).toEqual([true, true, true])
  })

  it('does not make a token outlive its expiry', async () => {
    const api = await organization()
    const { id, token: old } = await newToken(api, 'ADMINISTRATOR', START + 30 * SECOND)
    const { body } = await api.post(`/tokens/${id}/rotate`, { gracePeriod: 60 })
    expect(body.previousExpiresAt).toBe(body.expiresAt)
    after(30 * SECOND)
    expect([await works(old), await works(body.token)]).toEqual([false, false])
  })

  it.each([-1, 604_801, 1.5, '60', null, undefined])('refuses a grace period of %s', async (gracePeriod) => {
    const api = await organization()
    const { id, token } = await newToken(api)
    const before = await readRows(api.id)
    expect(messageOf(await api.post(`/tokens/${id}/rotate`, { gracePeriod }))).toEqual([400, expect.stringMatching(/^gracePeriod: /)])
    expect(compareRows(before, await readRows(api.id))).toEqual([])
    expect(await works(token)).toBe(true)
  })

  it('refuses a token that is revoked or has expired', async () => {
    const api = await organization()
    const [revoked, expired] = [await newToken(api), await newToken(api, 'ANALYST', START + SECOND)]
    await api.delete(`/tokens/${revoked.id}`)
    after(SECOND)
    const before = await readRows(api.id)
    for (const [{ id }, why] of [
      [revoked, 'is revoked'],
      [expired, 'has expired'],
    ] as const)
      expect(messageOf(await api.post(`/tokens/${id}/rotate`, { gracePeriod: 60 }))).toEqual([
        409,
        `The token "${id}" ${why}, and cannot be changed.`,
      ])
    expect(compareRows(before, await readRows(api.id))).toEqual([])
  })

  it('dry keeps nothing: the secret stays, and the one that is shown is none', async () => {
    const api = await organization()
    const { id, token } = await newToken(api)
    const before = await readRows(api.id)
    const { status, body } = await api.post(`/tokens/${id}/rotate?dry_run=true`, { gracePeriod: 0 })
    expect([status, await works(body.token)]).toEqual([200, false])
    expect(compareRows(before, await readRows(api.id))).toEqual([])
    after(30 * SECOND)
    expect(await works(token)).toBe(true)
  })

  it('gives the same secret to a retry under its key, and rotates once', async () => {
    const api = await organization()
    const { id, token: old } = await newToken(api)
    const rotate = () => api.call('POST', `/tokens/${id}/rotate`, { gracePeriod: 60 }, key('one'))
    const [first, again] = [await rotate(), await rotate()]
    expect([again.body, replayed(again)]).toEqual([first.body, 'true'])
    expect([await works(old), await works(first.body.token)]).toEqual([true, true])
    const { idempotency_keys: kept } = await readRows(api.id)
    expect(JSON.stringify(kept)).not.toMatch(/togai_/)
  })
})

describe('revokeToken', () => {
  it('can be asked for by the token itself, whose last call it is', async () => {
    const api = await organization()
    const { id, token } = await newToken(api)
    expect((await client(token).delete(`/tokens/${id}`)).status).toBe(200)
    expect((await client(token).delete(`/tokens/${id}`)).status).toBe(401)
  })

  it('dry keeps nothing, and the token holds', async () => {
    const api = await organization()
    const { id, token } = await newToken(api)
    const before = await readRows(api.id)
    expect((await api.delete(`/tokens/${id}?dry_run=true`)).status).toBe(200)
    expect(compareRows(before, await readRows(api.id))).toEqual([])
    after(30 * SECOND)
    expect(await works(token)).toBe(true)
  })
})

import { createExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { sign } from 'hono/jwt'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Bindings, Role } from '../../src/db/context.ts'
import type { Operation } from '../../src/http/operation.ts'
import { operations } from '../../src/operations.ts'
import { type Answer, client, organization, watched } from '../helpers/api.ts'
import { requestOf } from '../helpers/reach.ts'
import { type Api, ask, asked, customer, everything, furnished } from '../helpers/requests.ts'

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

const bearer = (token: string) => ({ Authorization: `Bearer ${token}` })
const key = (value: string) => ({ 'Idempotency-Key': value })
const replayed = ({ headers }: Answer) => headers.get('Idempotency-Replayed')
const said = ({ status, body }: Answer) => [status, body.message]

const encode = (value: unknown): string =>
  new TextEncoder().encode(JSON.stringify(value)).toBase64({ alphabet: 'base64url', omitPadding: true })
const claimsOf = (jwt: string): Record<string, unknown> =>
  JSON.parse(new TextDecoder().decode(Uint8Array.fromBase64(jwt.split('.')[1] ?? '', { alphabet: 'base64url' }))) as Record<string, unknown>

const jwtOf = async (token: string): Promise<string> => {
  const { status, body } = await client(token).post('/authenticate')
  expect(status).toBe(200)
  return body.token
}

interface Made {
  id: string
  token: string
}

const newToken = async ({ post }: Pick<Api, 'post'>, role: Role = 'ADMINISTRATOR', expiresAt?: number): Promise<Made> => {
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

const every = operations.map((operation) => ({ operation, operationId: operation.operationId }))
const call = ({ method }: Operation, api: Pick<Api, 'call'>, request: ReturnType<typeof requestOf>, headers: Record<string, string> = {}) =>
  ask(api, method.toUpperCase(), request, headers)

/** Every credential that is refused, and those that are not, of one furnished organization; half a minute after they were made. */
const setUp = async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: START - 30 * SECOND })
  const mine = await furnished()
  const [administrator, developer, analyst, revoked, rotated] = [
    await newToken(mine),
    await newToken(mine, 'DEVELOPER'),
    await newToken(mine, 'ANALYST'),
    await newToken(mine),
    await newToken(mine),
  ]
  const expired = await newToken(mine, 'ADMINISTRATOR', START - 10 * SECOND)
  const jwts = {
    administrator: await jwtOf(administrator.token),
    developer: await jwtOf(developer.token),
    analyst: await jwtOf(analyst.token),
    expired: await jwtOf(expired.token),
    revoked: await jwtOf(revoked.token),
    rotated: await jwtOf(rotated.token),
  }
  const portalOf = async (token: string, more: Record<string, unknown>): Promise<string> =>
    (await client(token).post('/portal/token', { customerId: 'acme', ...more })).body.token
  const portals = {
    all: await portalOf(administrator.token, { allAccountsAccess: true }),
    one: await portalOf(analyst.token, { accountIds: ['spare'] }),
    brief: await portalOf(administrator.token, { allAccountsAccess: true, expiry: 20 }),
    revoked: await portalOf(revoked.token, { allAccountsAccess: true }),
  }
  expect((await mine.delete(`/tokens/${revoked.id}`)).status).toBe(200)
  expect((await mine.post(`/tokens/${rotated.id}/rotate`, { gracePeriod: 0 })).status).toBe(200)
  const kept = await mine.call('POST', '/tokens', { name: 'New', role: 'ANALYST' }, key('kept'))
  vi.setSystemTime(START)
  for (const token of [mine.token, administrator.token, developer.token, analyst.token]) await client(token).get('/customers')
  vi.useRealTimers()
  return { mine, administrator, developer, analyst, expired, revoked, rotated, jwts, portals, kept: String(kept.body.token) }
}
let world: Awaited<ReturnType<typeof setUp>>
beforeAll(async () => {
  world = await setUp()
})

describe('the operations', () => {
  const named = (which: (operation: Operation) => unknown) => operations.filter(which).map(({ operationId }) => operationId)

  it('that a portal token may call are these', () => {
    expect(named(({ portal }) => portal)).toEqual(['getAccount', 'getCustomer', 'getMetrics'])
  })

  it('that only an administrator may call are those on tokens', () => {
    expect(named(({ administrator }) => administrator)).toEqual(named(({ path }) => /^\/tokens\b/.test(path)))
  })

  it('that keep something are all but the reads, the metrics and those that give a JWT', () => {
    expect(named(({ writes }) => !writes)).toEqual(
      named(({ method, path }) => method === 'get' || ['/authenticate', '/portal/token', '/metrics'].includes(path)),
    )
  })
})

const UNAUTHORIZED = { message: 'A valid token is required, as Authorization: Bearer <token>.' }

const REFUSED: Record<string, () => string | Promise<string> | undefined> = {
  'no token': () => undefined,
  'an unknown token': () => `Bearer togai_${'x'.repeat(46)}`,
  'a token in another scheme': () => `Basic ${world.administrator.token}`,
  'a token without a scheme': () => world.administrator.token,
  'the id of a token': () => `Bearer ${world.administrator.id}`,
  'the hash of a token': async () =>
    `Bearer ${await env.DB.prepare('SELECT hash FROM tokens WHERE id = ?').bind(world.administrator.id).first<string>('hash')}`,
  'an expired token': () => `Bearer ${world.expired.token}`,
  'a revoked token': () => `Bearer ${world.revoked.token}`,
  'a secret that was rotated out': () => `Bearer ${world.rotated.token}`,
  'the JWT of an expired token': () => `Bearer ${world.jwts.expired}`,
  'the JWT of a revoked token': () => `Bearer ${world.jwts.revoked}`,
  'the JWT of a secret that was rotated out': () => `Bearer ${world.jwts.rotated}`,
  'a JWT of no algorithm': () => `Bearer ${encode({ alg: 'none', typ: 'JWT' })}.${world.jwts.administrator.split('.')[1]}.`,
  'a JWT of another secret': async () => `Bearer ${await sign(claimsOf(world.jwts.administrator), 'another secret', 'HS256')}`,
  'an expired JWT': async () => {
    const claims = { ...claimsOf(world.jwts.administrator), exp: START / SECOND }
    return `Bearer ${await sign(claims, env.SIGNING_SECRET, 'HS256')}`
  },
  'a JWT that names another organization': async () => {
    const claims = { ...claimsOf(world.jwts.administrator), org: (await organization()).id }
    return `Bearer ${await sign(claims, env.SIGNING_SECRET, 'HS256')}`
  },
  'an expired portal token': () => `Bearer ${world.portals.brief}`,
  'the portal token of a revoked token': () => `Bearer ${world.portals.revoked}`,
}

describe.each(Object.entries(REFUSED))('%s', (_, authorization) => {
  it.each(every)('is refused by $operationId, which keeps and tells nothing', async ({ operation }) => {
    const { mine } = world
    const credential = await authorization()
    const headers = { ...(credential !== undefined && { Authorization: credential }), ...key('kept') }
    const before = operation.writes && (await everything(mine.id))
    const answer = await call(operation, client(undefined), requestOf(operation, mine), headers)
    expect([answer.status, answer.body, answer.headers.get('WWW-Authenticate')]).toEqual([401, UNAUTHORIZED, 'Bearer'])
    for (const header of ['ETag', 'Location', 'Idempotency-Replayed', 'X-D1-Bookmark']) expect(answer.headers.get(header)).toBeNull()
    if (before) expect(await everything(mine.id)).toEqual(before)
    if (credential) expect(printed).not.toContain(credential.split(' ').at(-1))
    expect(printed).not.toContain(mine.id)
  })
})

it('a caller is asked for before the rest of a request is looked at', async () => {
  for (const operation of operations) {
    const [path] = requestOf(operation, world.mine)
    const headers = { 'If-Match': 'nonsense', 'X-D1-Bookmark': 'nonsense', 'Idempotency-Key': '', 'Content-Type': 'text/plain' }
    const answer = await call(operation, client('unknown'), [`${path}?unknown=1`, operation.json && { unknown: 1 }], headers)
    expect([answer.status, answer.body]).toEqual([401, UNAUTHORIZED])
  }
})

const ROLES: [name: string, role: Role, token: () => string][] = [
  ['an administrator', 'ADMINISTRATOR', () => world.administrator.token],
  ['the JWT of an administrator', 'ADMINISTRATOR', () => world.jwts.administrator],
  ['a developer', 'DEVELOPER', () => world.developer.token],
  ['the JWT of a developer', 'DEVELOPER', () => world.jwts.developer],
  ['an analyst', 'ANALYST', () => world.analyst.token],
  ['the JWT of an analyst', 'ANALYST', () => world.jwts.analyst],
]

const refusalOf = ({ writes, path }: Operation, role: Role): string | undefined => {
  if (role === 'ANALYST' && writes) return 'The role ANALYST reads only.'
  return role !== 'ADMINISTRATOR' && path.startsWith('/tokens') ? 'Only the role ADMINISTRATOR handles tokens.' : undefined
}

describe.each(ROLES)('%s', (_, role, token) => {
  it.each(every)('calls $operationId if the role may', async ({ operation }) => {
    const { mine } = world
    const [path, body] = requestOf(operation, mine)
    const refusal = refusalOf(operation, role)
    const before = await everything(mine.id)
    const isDry = operation.writes && !refusal
    const answer = await call(operation, client(token()), [isDry ? `${path}?dry_run=true` : path, body], refusal ? key('kept') : {})
    if (refusal) {
      expect([answer.status, answer.body]).toEqual([403, { message: refusal }])
      for (const header of ['WWW-Authenticate', 'ETag', 'Location', 'Idempotency-Replayed']) expect(answer.headers.get(header)).toBeNull()
    } else expect(said(answer)).toEqual([operation.status, undefined])
    expect(await everything(mine.id)).toEqual(before)
    if (operation.method !== 'get' || refusal) return
    const { body: whole } = await call(operation, mine, [path])
    if (operation.operationId !== 'listAuditLog' || role === 'ADMINISTRATOR') expect(answer.body).toEqual(whole)
    else expect(JSON.stringify(answer.body.data)).not.toContain('"TOKEN"')
  })
})

describe.each([
  ['every account', () => world.portals.all],
  ['one account', () => world.portals.one],
] as const)('a portal token for %s', (which, token) => {
  it.each(every.filter(({ operation }) => !operation.portal))('is refused by $operationId', async ({ operation }) => {
    const { mine } = world
    const before = await everything(mine.id)
    const answer = await call(operation, client(token()), requestOf(operation, mine), key('kept'))
    expect([answer.status, answer.body]).toEqual([403, { message: 'A portal token reads its customer and accounts, and nothing else.' }])
    expect(await everything(mine.id)).toEqual(before)
  })

  it('reads its own customer and accounts as they are', async () => {
    const { mine } = world
    const twin = await furnished()
    expect(twin.id).not.toBe(mine.id)
    const own = [
      '/customers/acme',
      '/accounts/spare',
      '/accounts/spare?includeGroupDetails=true',
      ...(which === 'every account' ? ['/accounts/acme%20main', '/accounts/gone'] : []),
    ]
    for (const path of own) {
      const answer = await client(token()).get(path)
      expect([path, ...said(answer)]).toEqual([path, 200, undefined])
      expect(answer.body).toEqual((await mine.get(path)).body)
    }
  })

  it('tells no difference between what others have and what is not there', async () => {
    const others = {
      'This portal token reads another customer.': ['empty', 'closed', 'nobody', 'ACME', 'acme%20'].map((id) => `/customers/${id}`),
      'This portal token does not read this account.': [
        'empty%20main',
        'closed%20main',
        'nobody',
        'acme',
        ...(which === 'one account' ? ['acme%20main', 'gone'] : []),
      ].map((id) => `/accounts/${id}`),
    }
    for (const [message, paths] of Object.entries(others))
      for (const path of paths) {
        const answer = await client(token()).get(path)
        if (path.endsWith('%20')) expect(answer.status).toBe(400)
        else expect([path, answer.status, answer.body]).toEqual([path, 403, { message }])
      }
  })
})

describe('a token of another organization', () => {
  /** Ids of ours and of tokens, by which nothing of one organization is mistaken for another's. */
  const ours = (rows: Record<string, string[]>): string[] => [
    ...new Set(
      Object.values(rows)
        .flat()
        .join('\n')
        .match(/\b(?:customer|account|token|inv_group|org)\.[\w.]+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g),
    ),
  ]

  it.each(every)('is told by $operationId that there is nothing, and changes nothing', async ({ operation }) => {
    const { mine } = world
    const theirs = await organization()
    const before = await everything(mine.id)
    const [path, body] = requestOf(operation, mine)
    const answer = await call(operation, theirs, [path, body], key('kept'))
    expect(await everything(mine.id)).toEqual(before)
    const text = JSON.stringify(answer.body)
    for (const id of ours(before)) if (!path.includes(id)) expect(text.includes(id), `${id} in ${text}`).toBe(false)
    expect(replayed(answer)).toBeNull()
    if (operation.path.includes('{')) {
      expect(said(answer)).toEqual([
        404,
        expect.stringMatching(/^The [\w ]+ "[^"]+" does not exist\.$|^customer_id: the customer "acme" does not exist$/),
      ])
      return
    }
    if (operation.method === 'get') {
      const own: Record<string, number> = { listTokens: 1 }
      expect([answer.status, answer.body.data.length, answer.body.nextToken]).toEqual([200, own[operation.operationId] ?? 0, undefined])
    } else if (/"(?:customerId|accountIds|entityId)"/.test(JSON.stringify(body)))
      expect(said(answer)).toEqual([
        404,
        expect.stringMatching(
          /^(?:customerId|accountIds|entityId)(?:\[0\])?: (?:the \w+ "\w+" does not exist|there is no CUSTOMER "acme")$/,
        ),
      ])
    else expect(said(answer)).toEqual([operation.status, undefined])
  })

  it.each(every.filter(({ operation }) => operation.writes))(
    '$operationId changes its own, where both have the same ids',
    async ({ operation }) => {
      const [mine, twin] = [await furnished(), await furnished()]
      const [before, theirs] = [await everything(mine.id), await everything(twin.id)]
      const answer = await call(operation, twin, asked(operation.operationId, twin)[0])
      expect(said(answer)).toEqual([operation.status, undefined])
      expect(await everything(mine.id)).toEqual(before)
      expect(await everything(twin.id)).not.toEqual(theirs)
    },
  )

  it.each(every.filter(({ operation }) => operation.method === 'get'))(
    '$operationId reads its own, where both have the same ids',
    async ({ operation }) => {
      const [mine, twin] = [await furnished(), await furnished()]
      const [before, theirs] = [await everything(mine.id), await everything(twin.id)]
      const answer = await call(operation, twin, requestOf(operation, twin))
      expect(said(answer)).toEqual([operation.status, undefined])
      const text = JSON.stringify(answer.body)
      const strangers = ours(before).filter((id) => !ours(theirs).includes(id))
      expect(strangers.length).toBeGreaterThan(10)
      for (const id of strangers) expect(text.includes(id), `${id} in ${text}`).toBe(false)
    },
  )

  it('gives no portal to accounts of the other, though both have a customer of one id', async () => {
    const [mine, twin] = [await furnished(), await furnished()]
    await twin.post('/accounts', { id: 'theirs', name: 'Their account', customerId: 'acme' })
    const wanted = { customerId: 'acme', accountIds: ['spare', 'theirs'] }
    expect(said(await twin.post('/portal/token', wanted))).toEqual([200, undefined])
    expect(said(await mine.post('/portal/token', wanted))).toEqual([404, 'accountIds[1]: the customer "acme" has no account "theirs"'])
  })

  it('finds nothing by filters, pages or keys of the first', async () => {
    const { mine } = world
    const theirs = await organization()
    const lists = [
      '/customers?id=acme',
      '/customers?_search=acme',
      '/customers?status=ARCHIVED',
      '/accounts?account_id=spare',
      '/accounts?customer_id=acme',
      '/accounts?customer_id=acme&status=ARCHIVED',
      '/accounts?invoice_currency=USD',
      '/accounts?_search=spare&_sort=account_id:ASC',
      '/settings?entity_id=acme&entity_type=CUSTOMER',
      '/settings?setting_id=kept',
      '/settings?namespace=USER',
      `/audit_log?token_id=${mine.tokenId}`,
      `/audit_log?resource_type=TOKEN&resource_id=${mine.other}`,
    ]
    for (const path of lists) {
      expect([path, (await mine.get(path)).body.data.length > 0]).toEqual([path, true])
      expect([path, ...said(await theirs.get(path))]).toEqual([path, 200, undefined])
      expect([path, (await theirs.get(path)).body.data]).toEqual([path, []])
    }
    for (const path of ['/customers', '/accounts', '/aliases', '/tokens', '/audit_log', '/accounts/gone/account_aliases']) {
      const { nextToken } = (await mine.get(`${path}?pageSize=1`)).body
      expect([path, ...said(await mine.get(`${path}?nextToken=${nextToken}`))]).toEqual([path, 200, undefined])
      expect([path, ...said(await theirs.get(`${path}?nextToken=${nextToken}`))]).toEqual([
        path,
        400,
        'nextToken: must be the nextToken of a page of this list, as it was given',
      ])
    }
    const made = await theirs.call('POST', '/tokens', { name: 'New', role: 'ANALYST' }, key('kept'))
    expect([made.status, replayed(made), made.body.token === world.kept]).toEqual([201, null, false])
  })
})

/** The app as another isolate has it, which remembers nothing of this one. */
const elsewhere = async () => {
  vi.resetModules()
  const { app } = await import('../../src/app.ts')
  return async (token: string): Promise<number> => {
    const request = new Request('http://localhost/customers', { headers: bearer(token) })
    return (await app.fetch(request, { DB: env.DB, SIGNING_SECRET: env.SIGNING_SECRET }, createExecutionContext())).status
  }
}

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
    const rows = await everything(api.id)
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
    const { idempotency_keys: kept, tokens } = await everything(api.id)
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
    expect(said(await next.call('POST', '/tokens', body, key('one')))).toEqual([
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
    expect(said(other)).toEqual([422, 'Idempotency-Key: was used for another request, or by another role. Take a new key.'])
    expect((await client(developer.token).call('POST', '/customers', customer('acme'), key('two'))).status).toBe(201)
    await env.DB.prepare("UPDATE idempotency_keys SET role = 'DEVELOPER' WHERE organization_id = ? AND key = 'one'").bind(api.id).run()
    expect((await api.call('POST', '/tokens', body, key('one'))).status).toBe(422)
  })

  it('dry keeps nothing, and gives a secret that is none', async () => {
    const api = await organization()
    await api.get('/customers')
    const before = await everything(api.id)
    const { status, body } = await api.call('POST', '/tokens?dry_run=true', { name: 'Backend', role: 'DEVELOPER' }, key('one'))
    expect([status, body.token]).toEqual([201, expect.stringMatching(SECRET)])
    expect(await everything(api.id)).toEqual(before)
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
    expect(said(answer)).toEqual([400, 'expiresAt: must be in the future'])
    expect((await everything(api.id, ['tokens']))['tokens']).toHaveLength(1)
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
    expect(said(await post('/tokens', body))).toEqual([400, expect.stringContaining(message)])
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
    const rows = await everything(api.id)
    after(12 * 3600 * SECOND - 30 * SECOND)
    expect(await calls()).toBe(2)
    after(12 * 3600 * SECOND - 1)
    expect(await calls()).toBe(2)
    expect(await everything(api.id)).toEqual(rows)
    after(12 * 3600 * SECOND + 30 * SECOND)
    expect([await calls(), await read()]).toEqual([3, '2060-01-02'])
    after(12 * 3600 * SECOND + 60 * SECOND)
    expect(await calls()).toBe(2)
    const { audit_log: log } = await everything(api.id)
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

  it('with no grace period ends the old secret and its JWTs, here at once and elsewhere within 30 s', async () => {
    const api = await organization()
    const { id, token: old } = await newToken(api)
    const jwt = await jwtOf(old)
    const [there, later] = [await elsewhere(), await elsewhere()]
    expect([await works(old), await works(jwt), await there(old), await there(jwt)]).toEqual([true, true, 200, 200])
    const { body } = await api.post(`/tokens/${id}/rotate`, { gracePeriod: 0 })
    expect([await works(old), await works(jwt), await works(body.token)]).toEqual([false, false, true])
    expect([await there(old), await there(jwt), await there(body.token)]).toEqual([200, 200, 200])
    expect([await later(old), await later(jwt), await later(body.token)]).toEqual([401, 401, 200])
    after(30 * SECOND)
    expect([await there(old), await there(jwt), await there(body.token)]).toEqual([401, 401, 200])
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
    after(30 * SECOND)
    expect([await works(old), await works(body.token)]).toEqual([false, false])
  })

  it.each([-1, 604_801, 1.5, '60', null, undefined])('refuses a grace period of %s', async (gracePeriod) => {
    const api = await organization()
    const { id, token } = await newToken(api)
    const before = await everything(api.id)
    expect(said(await api.post(`/tokens/${id}/rotate`, { gracePeriod }))).toEqual([400, expect.stringMatching(/^gracePeriod: /)])
    expect(await everything(api.id)).toEqual(before)
    expect(await works(token)).toBe(true)
  })

  it('refuses a token that is revoked or has expired', async () => {
    const api = await organization()
    const [revoked, expired] = [await newToken(api), await newToken(api, 'ANALYST', START + SECOND)]
    await api.delete(`/tokens/${revoked.id}`)
    after(SECOND)
    const before = await everything(api.id)
    for (const [{ id }, why] of [
      [revoked, 'is revoked'],
      [expired, 'has expired'],
    ] as const)
      expect(said(await api.post(`/tokens/${id}/rotate`, { gracePeriod: 60 }))).toEqual([
        409,
        `The token "${id}" ${why}, and cannot be changed.`,
      ])
    expect(await everything(api.id)).toEqual(before)
  })

  it('dry keeps nothing: the secret stays, and the one that is shown is none', async () => {
    const api = await organization()
    const { id, token } = await newToken(api)
    const before = await everything(api.id)
    const { status, body } = await api.post(`/tokens/${id}/rotate?dry_run=true`, { gracePeriod: 0 })
    expect([status, await works(body.token)]).toEqual([200, false])
    expect(await everything(api.id)).toEqual(before)
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
    const { idempotency_keys: kept } = await everything(api.id)
    expect(JSON.stringify(kept)).not.toMatch(/togai_/)
  })
})

describe('revokeToken', () => {
  it('ends a token and its JWTs, here at once and elsewhere within 30 s, and a second time changes nothing', async () => {
    const api = await organization()
    const { id, token } = await newToken(api, 'DEVELOPER')
    const jwt = await jwtOf(token)
    await client(token).post('/customers', customer('acme'))
    const portal: string = (await client(token).post('/portal/token', { customerId: 'acme' })).body.token
    const { body } = await api.post(`/tokens/${id}/rotate`, { gracePeriod: 3600 })
    const all = [token, jwt, body.token] as string[]
    const [there, later] = [await elsewhere(), await elsewhere()]
    for (const one of all) expect([await works(one), await there(one)]).toEqual([true, 200])
    expect((await client(portal).get('/customers/acme')).status).toBe(200)
    expect(said(await api.delete(`/tokens/${id}`))).toEqual([200, undefined])
    for (const one of all) expect([await works(one), await there(one), await later(one)]).toEqual([false, 200, 401])
    expect((await client(portal).get('/customers/acme')).status).toBe(401)
    const rows = await everything(api.id)
    after(30 * SECOND)
    for (const one of all) expect([await works(one), await there(one)]).toEqual([false, 401])
    const again = await api.delete(`/tokens/${id}`)
    expect([again.status, again.body]).toEqual([200, { success: true }])
    expect(await everything(api.id)).toEqual(rows)
    expect((await api.get(`/tokens/${id}`)).body.revokedAt).toBe(new Date(START).toISOString())
  })

  it('can be asked for by the token itself, whose last call it is', async () => {
    const api = await organization()
    const { id, token } = await newToken(api)
    expect((await client(token).delete(`/tokens/${id}`)).status).toBe(200)
    expect((await client(token).delete(`/tokens/${id}`)).status).toBe(401)
  })

  it('dry keeps nothing, and the token holds', async () => {
    const api = await organization()
    const { id, token } = await newToken(api)
    const before = await everything(api.id)
    expect((await api.delete(`/tokens/${id}?dry_run=true`)).status).toBe(200)
    expect(await everything(api.id)).toEqual(before)
    after(30 * SECOND)
    expect(await works(token)).toBe(true)
  })
})

describe('limits', () => {
  const limited = (isWithin: (key: string) => boolean) => {
    const keys: string[] = []
    return { keys, limit: { limit: ({ key: one }: { key: string }) => (keys.push(one), Promise.resolve({ success: isWithin(one) })) } }
  }
  const from = (address: string) => ({ 'CF-Connecting-IP': address })
  const bound = (token: string | undefined, bindings: Partial<Bindings>) => client(token, env.DB, bindings)
  const BUSY = { message: 'Too many requests with this token. Wait a few seconds.' }

  let tests = 0
  /** A second later nobody is refused without asking, and of a caller who is met the first request asks. */
  const later = () => vi.setSystemTime(Date.now() + SECOND)
  beforeEach(() => {
    vi.spyOn(Math, 'random').mockReturnValue(0)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2 * SECOND * ++tests })
  })

  it.each(every)('$operationId answers 429 to a token over its limit, and does nothing', async ({ operation }) => {
    const { mine, administrator } = world
    const { keys, limit } = limited(() => false)
    const before = await everything(mine.id)
    const answer = await call(operation, bound(administrator.token, { TOKEN_LIMIT: limit }), requestOf(operation, mine))
    expect([answer.status, answer.body, answer.headers.get('Retry-After')]).toEqual([429, BUSY, '10'])
    expect(answer.headers.get('WWW-Authenticate')).toBeNull()
    expect(keys).toEqual([administrator.id])
    expect(await everything(mine.id)).toEqual(before)
  })

  it('are counted for a token with its JWTs, and for each customer of its portal tokens', async () => {
    const { administrator, developer, jwts, portals } = world
    const { keys, limit } = limited(() => false)
    const other: string = (await client(administrator.token).post('/portal/token', { customerId: 'empty' })).body.token
    for (const token of [administrator.token, jwts.administrator, developer.token, jwts.developer]) {
      expect((await bound(token, { TOKEN_LIMIT: limit }).get('/customers')).status).toBe(429)
      later()
    }
    for (const [token, id] of [
      [portals.all, 'acme'],
      [portals.one, 'acme'],
      [other, 'empty'],
    ] as const) {
      expect((await bound(token, { TOKEN_LIMIT: limit }).get(`/customers/${id}`)).status).toBe(429)
      later()
    }
    const [one, same, two, alike, ...customers] = keys
    expect([one, two]).toEqual([same, alike])
    expect(new Set([one, two, ...customers]).size).toBe(5)
    for (const id of customers) expect(id).toMatch(/ (?:acme|empty)$/)
  })

  it('of one token leave the others alone', async () => {
    const { administrator, developer } = world
    const { limit } = limited((one) => one !== developer.id)
    expect((await bound(developer.token, { TOKEN_LIMIT: limit }).get('/customers')).status).toBe(429)
    expect((await bound(administrator.token, { TOKEN_LIMIT: limit }).get('/customers')).status).toBe(200)
  })

  it('count the requests of a token by twenties', async () => {
    const { token } = await organization()
    const { keys, limit } = limited(() => keys.length <= 2)
    const statuses: number[] = []
    for (let n = 0; n < 42; n++) statuses.push((await bound(token, { TOKEN_LIMIT: limit }).get('/customers')).status)
    expect(statuses).toEqual([...Array(40).fill(200), 429, 429])
    expect(keys).toHaveLength(3)
  })

  it('are asked again once a second while they refuse, by one request, and hold for the next twenty when they do no more', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: START })
    const { token } = await organization()
    let isOpen = false
    const { keys, limit } = limited(() => isOpen)
    const list = async () => (await bound(token, { TOKEN_LIMIT: limit }).get('/customers')).status
    const together = () => Promise.all(Array.from({ length: 30 }, list))
    expect([await list(), ...(await together())]).toEqual(Array(31).fill(429))
    after(999)
    expect(await together()).toEqual(Array(30).fill(429))
    expect(keys).toHaveLength(1)
    after(SECOND)
    expect(await together()).toEqual(Array(30).fill(429))
    expect(keys).toHaveLength(2)
    isOpen = true
    after(1999)
    expect([await list(), keys.length]).toEqual([429, 2])
    after(2 * SECOND)
    for (let n = 0; n < 20; n++) expect(await list()).toBe(200)
    expect(keys).toHaveLength(3)
    expect([await list(), keys.length]).toEqual([200, 4])
  })

  it('let through fewer than twenty more of those that come together, and then none', async () => {
    const { token } = await organization()
    const { keys, limit } = limited(() => keys.length <= 2)
    const list = async () => (await bound(token, { TOKEN_LIMIT: limit }).get('/customers')).status
    const together = await Promise.all(Array.from({ length: 100 }, list))
    const through = together.filter((status) => status === 200).length
    expect(through).toBeGreaterThanOrEqual(40)
    expect(through).toBeLessThan(60)
    expect(await Promise.all(Array.from({ length: 20 }, list))).toEqual(Array(20).fill(429))
  })

  it('count what a caller sends on the whole, though each isolate sees only some of it', async () => {
    const { token } = await organization()
    const { keys, limit } = limited(() => true)
    const list = async () => (await bound(token, { TOKEN_LIMIT: limit }).get('/customers')).status
    vi.mocked(Math.random).mockReturnValue(0.99)
    for (let n = 0; n < 19; n++) expect(await list()).toBe(200)
    expect(keys).toHaveLength(0)
    expect([await list(), keys.length]).toEqual([200, 1])
  })

  it('that cannot be asked let everybody through', async () => {
    const { token } = await organization()
    const limit = { limit: () => Promise.reject(new Error('out of reach')) }
    for (let n = 0; n < 3; n++) expect((await bound(token, { TOKEN_LIMIT: limit }).get('/customers')).status).toBe(200)
    expect((await bound('unknown', { REFUSED_LIMIT: limit }).get('/customers')).status).toBe(401)
  })

  it('of refused tokens are counted for an address, and a good token from it still works', async () => {
    const { token: good } = await organization()
    const refused = limited((address) => address !== '192.0.2.1')
    const all = limited(() => true)
    const bindings = { REFUSED_LIMIT: refused.limit, TOKEN_LIMIT: all.limit }
    for (const token of [undefined, 'unknown', world.revoked.token, world.jwts.revoked]) {
      const over = await bound(token, bindings).call('GET', '/customers', undefined, from('192.0.2.1'))
      expect([...said(over), over.headers.get('Retry-After')]).toEqual([
        429,
        'Too many requests with tokens that are not valid. Wait a minute.',
        '60',
      ])
      expect((await bound(token, bindings).call('GET', '/customers', undefined, from('192.0.2.2'))).status).toBe(401)
    }
    expect(refused.keys).toEqual(Array.from({ length: 4 }, () => ['192.0.2.1', '192.0.2.2']).flat())
    expect(all.keys).toEqual([])
    expect((await bound(good, bindings).call('GET', '/customers', undefined, from('192.0.2.1'))).status).toBe(200)
    expect([refused.keys.length, all.keys.length]).toEqual([8, 1])
  })

  it.each(every)('$operationId answers 429 to an address over its limit', async ({ operation }) => {
    const { limit } = limited(() => false)
    const before = await everything(world.mine.id)
    const answer = await call(operation, bound('unknown', { REFUSED_LIMIT: limit }), requestOf(operation, world.mine), from('192.0.2.1'))
    expect([answer.status, answer.headers.get('Retry-After'), answer.headers.get('WWW-Authenticate')]).toEqual([429, '60', null])
    expect(await everything(world.mine.id)).toEqual(before)
  })
})

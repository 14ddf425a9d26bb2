import { env } from 'cloudflare:workers'
import { sign } from 'hono/jwt'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { changed, client, organization, watched } from '../helpers/api.ts'

afterEach(() => {
  vi.useRealTimers()
})

const DAY = 86_400_000

const customer = (id: string) => ({ id, name: 'ACME Enterprise', primaryEmail: 'a@example.com', address: {} })

const claimsOf = (jwt: string): Record<string, unknown> =>
  JSON.parse(atob((jwt.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/'))) as Record<string, unknown>

const jwtOf = async ({ post }: Pick<ReturnType<typeof client>, 'post'>): Promise<string> => {
  const { status, body } = await post('/authenticate')
  expect(status).toBe(200)
  return body.token
}

describe('authenticate', () => {
  it('gives a JWT that speaks for the token for a day, and is looked up once', async () => {
    const { id, tokenId, post, token } = await organization({ baseCurrency: 'INR' })
    const jwt = await jwtOf({ post })
    const { sub, org, role, iat, exp } = claimsOf(jwt)
    expect([sub, org, role, Number(exp) - Number(iat)]).toEqual([tokenId, id, 'ADMINISTRATOR', DAY / 1000])
    expect(jwt).not.toContain(token)
    const { d1, seen } = watched()
    const warm = client(jwt, d1)
    expect((await warm.post('/customers', customer('acme'))).body.account.invoiceCurrency).toBe('INR')
    expect((await warm.get('/customers/acme')).status).toBe(200)
    expect(seen.calls).toBe(3)
    expect((await client(token).get('/customers/acme')).status).toBe(200)
  })

  it('gives a JWT itself back', async () => {
    const jwt = await jwtOf(await organization())
    expect(await jwtOf(client(jwt))).toBe(jwt)
  })

  it('gives a JWT that does not outlive its token', async () => {
    const expiresAt = Date.now() + 60_000
    const { exp } = claimsOf(await jwtOf(await organization({ expiresAt })))
    expect(exp).toBe(Math.floor(expiresAt / 1000))
  })

  it('ends after a day', async () => {
    const { post } = await organization()
    vi.useFakeTimers({ toFake: ['Date'] })
    const jwt = await jwtOf({ post })
    vi.setSystemTime(Date.now() + DAY - 2000)
    expect((await client(jwt).get('/customers')).status).toBe(200)
    vi.setSystemTime(Date.now() + 4000)
    expect((await client(jwt).get('/customers')).status).toBe(401)
  })

  it('takes two secrets, so that one can follow the other', async () => {
    const { token } = await organization()
    const [old, next] = [{ SIGNING_SECRET: 'old' }, { SIGNING_SECRET: 'next', SIGNING_SECRET_PREVIOUS: 'old' }]
    const jwt = await jwtOf(client(token, env.DB, old))
    expect((await client(jwt, env.DB, next).get('/customers')).status).toBe(200)
    const newer = await jwtOf(client(token, env.DB, next))
    expect((await client(newer, env.DB, { SIGNING_SECRET: 'next' }).get('/customers')).status).toBe(200)
    expect((await client(jwt, env.DB, { SIGNING_SECRET: 'next' }).get('/customers')).status).toBe(401)
    expect((await client(newer, env.DB, old).get('/customers')).status).toBe(401)
  })

  it('refuses a JWT of no algorithm, another one, another secret, other claims, or a broken one', async () => {
    const jwt = await jwtOf(await organization())
    const claims = claimsOf(jwt)
    const [header, payload, signature] = jwt.split('.')
    const encode = (value: unknown) => btoa(JSON.stringify(value)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
    for (const forged of [
      `${encode({ alg: 'none', typ: 'JWT' })}.${payload}.`,
      `${encode({ alg: 'none', typ: 'JWT' })}.${payload}.${signature}`,
      `${header}.${encode({ ...claims, org: 'org.1' })}.${signature}`,
      `${header}.${payload}.`,
      `${header}.${payload}`,
      await sign(claims, 'another secret', 'HS256'),
      await sign(claims, env.SIGNING_SECRET, 'HS512'),
      await sign({ sub: 'x', exp: Number(claims['exp']) }, env.SIGNING_SECRET, 'HS256'),
      await sign({ ...claims, exp: 1 }, env.SIGNING_SECRET, 'HS256'),
      await sign({ ...claims, role: 'OWNER' }, env.SIGNING_SECRET, 'HS256'),
    ])
      expect((await client(forged).get('/customers')).status).toBe(401)
    expect((await client(jwt).get('/customers')).status).toBe(200)
  })
})

describe('a copy of the database that lags behind', () => {
  it('keeps no revoked token alive: the primary is asked while it answers', async () => {
    const { token, tokenId } = await organization()
    const stale = await env.DB.prepare(
      'SELECT tokens.*, base_currency, NULL AS secret_expires_at FROM tokens JOIN organizations ON organizations.id = organization_id WHERE tokens.id = ?',
    )
      .bind(tokenId)
      .all()
    await env.DB.prepare('UPDATE tokens SET revoked_at = 1 WHERE id = ?').bind(tokenId).run()
    const asked: string[] = []
    const lagging = changed((session, place) => ({
      prepare: (query) => {
        const copied = (statement: D1PreparedStatement): D1PreparedStatement =>
          new Proxy(statement, {
            get: (of, name) =>
              name === 'bind'
                ? (...values: unknown[]) => copied(of.bind(...values))
                : async () => {
                    asked.push(place)
                    return place === 'first-unconstrained' && query.includes('"tokens"')
                      ? { ...stale, meta: { ...stale.meta, served_by_primary: false } }
                      : of.all()
                  },
          })
        return copied(session.prepare(query))
      },
    }))
    const { get } = client(token, lagging)
    expect((await get('/customers/nobody')).status).toBe(404)
    await vi.waitFor(() => expect(asked).toContain('first-primary'))
    await scheduler.wait(20)
    const { status } = await get('/customers/nobody')
    expect([status, asked.filter((place) => place === 'first-unconstrained').length]).toEqual([401, 2])
  })
})

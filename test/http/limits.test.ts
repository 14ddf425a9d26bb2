import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Bindings, Role } from '../../src/db/context.ts'
import { type Answer, type Api, client, organization } from '../helpers/api.ts'
import { customer } from '../helpers/customer.ts'

/** Later than the clock of any machine that runs this. */
const START = Date.UTC(2060, 0, 1, 12)
const SECOND = 1000

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const messageOf = ({ status, body }: Answer) => [status, body.message]
const after = (milliseconds: number) => vi.setSystemTime(START + milliseconds)

interface NewToken {
  id: string
  token: string
}

const newToken = async ({ post }: Api, role: Role): Promise<NewToken> => (await post('/tokens', { name: role, role })).body

describe('limits', () => {
  const limited = (isWithin: (key: string) => boolean) => {
    const keys: string[] = []
    return { keys, limit: { limit: ({ key: one }: { key: string }) => (keys.push(one), Promise.resolve({ success: isWithin(one) })) } }
  }
  const from = (address: string) => ({ 'CF-Connecting-IP': address })
  const bound = (token: string | undefined, bindings: Partial<Bindings>) => client(token, env.DB, bindings)

  let tests = 0
  /** A second later nobody is refused without asking, and of a caller who is met the first request asks. */
  const later = () => vi.setSystemTime(Date.now() + SECOND)
  beforeEach(() => {
    vi.spyOn(Math, 'random').mockReturnValue(0)
    vi.useFakeTimers({ toFake: ['Date'], now: START + 2 * SECOND * ++tests })
  })
  it('are counted for a token with its JWTs, and for each customer of its portal tokens', async () => {
    const api = await organization()
    for (const id of ['acme', 'empty']) await api.post('/customers', customer(id))
    const [administrator, developer] = [await newToken(api, 'ADMINISTRATOR'), await newToken(api, 'DEVELOPER')]
    const jwtOf = async ({ token }: NewToken) => String((await client(token).post('/authenticate')).body.token)
    const jwts = { administrator: await jwtOf(administrator), developer: await jwtOf(developer) }
    const portalOf = async (body: Record<string, unknown>, { token } = administrator) =>
      String((await client(token).post('/portal/token', body)).body.token)
    const portals = {
      all: await portalOf({ customerId: 'acme', allAccountsAccess: true }),
      one: await portalOf({ customerId: 'acme', accountIds: ['acme main'] }, developer),
    }
    const other = await portalOf({ customerId: 'empty' })
    const { keys, limit } = limited(() => false)
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
    const api = await organization()
    const [administrator, developer] = [await newToken(api, 'ADMINISTRATOR'), await newToken(api, 'DEVELOPER')]
    const { limit } = limited((one) => one !== developer.id)
    expect((await bound(developer.token, { TOKEN_LIMIT: limit }).get('/customers')).status).toBe(429)
    expect((await bound(administrator.token, { TOKEN_LIMIT: limit }).get('/customers')).status).toBe(200)
  })

  it('of what a token ingests are a limit of its own, which is off where there is none', async () => {
    const api = await organization()
    const token = await newToken(api, 'DEVELOPER')
    const ingestions = (its: ReturnType<typeof client>) =>
      Promise.all([its.post('/ingest', {}), its.post('/ingestBatch', {})]).then((answers) => answers.map(({ status }) => status))
    expect(await ingestions(client(token.token))).toEqual([400, 400])
    const { keys, limit } = limited(() => false)
    const its = bound(token.token, { INGEST_LIMIT: limit })
    const others = [its.get('/events'), its.post('/events/correction?action=UNDO&account_id=none'), its.get('/event_schema')]
    expect((await Promise.all(others)).map(({ status }) => status)).toEqual([200, 400, 200])
    expect(keys).toEqual([])
    expect(await ingestions(its)).toEqual([429, 429])
    expect(keys).toEqual([`${token.id} ingest`])
    const refused = await its.post('/ingest', {})
    expect([refused.status, refused.headers.get('Retry-After')]).toEqual([429, '10'])
    expect(
      await ingestions(
        bound((await newToken(api, 'DEVELOPER')).token, { INGEST_LIMIT: { limit: () => Promise.resolve({ success: true }) } }),
      ),
    ).toEqual([400, 400])
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
    const api = await organization()
    const good = api.token
    const revoked = await newToken(api, 'ADMINISTRATOR')
    const jwt: string = (await client(revoked.token).post('/authenticate')).body.token
    await api.delete(`/tokens/${revoked.id}`)
    const refused = limited((address) => address !== '192.0.2.1')
    const all = limited(() => true)
    const bindings = { REFUSED_LIMIT: refused.limit, TOKEN_LIMIT: all.limit }
    for (const token of [undefined, 'unknown', revoked.token, jwt]) {
      const over = await bound(token, bindings).call('GET', '/customers', undefined, from('192.0.2.1'))
      expect([...messageOf(over), over.headers.get('Retry-After')]).toEqual([
        429,
        'Too many requests with tokens or links that are not valid. Wait a minute.',
        '60',
      ])
      expect((await bound(token, bindings).call('GET', '/customers', undefined, from('192.0.2.2'))).status).toBe(401)
    }
    expect(refused.keys).toEqual(Array.from({ length: 4 }, () => ['192.0.2.1', '192.0.2.2']).flat())
    expect(all.keys).toEqual([])
    expect((await bound(good, bindings).call('GET', '/customers', undefined, from('192.0.2.1'))).status).toBe(200)
    expect([refused.keys.length, all.keys.length]).toEqual([8, 1])
  })
})

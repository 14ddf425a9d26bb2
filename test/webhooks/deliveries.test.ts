import { env } from 'cloudflare:workers'
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { app } from '../../src/app.ts'
import { changed, client, failed, organization, watched } from '../helpers/api.ts'
import { customer } from '../helpers/customer.ts'
import {
  DAY,
  HOUR,
  MINUTE,
  SECOND,
  type Received,
  deliveriesOf,
  endAll,
  endpointOf,
  isSignedWith,
  receive,
  run,
} from '../helpers/webhooks.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

/** Other tests have endpoints too. */
beforeEach(async () => {
  await endAll()
})
afterEach(() => {
  vi.unstubAllGlobals()
})

const status = (code: number, headers: Record<string, string> = {}) => new Response(null, { status: code, headers })
const late = () => Promise.reject(new DOMException('It took too long', 'TimeoutError'))

const test = async (api: Loose, id: string) => (await api.post(`/webhook_endpoints/${id}/test`)).body

describe('a delivery', () => {
  it('has the headers and the body of Standard Webhooks, and is read as it was sent', async () => {
    const receiver = receive()
    const api = await organization()
    const { id, host, secret } = await endpointOf(api)
    await api.post('/customers', customer('acme'))
    const now = Date.now()
    await run(now + SECOND)
    const [sent] = receiver.of(host)
    if (!sent) throw new Error('Nothing was sent')
    expect(sent.url).toBe(`${host}/hook?key=hidden`)
    expect(sent.id).toMatch(/^evt\.\w{11}\.\w{5}$/)
    expect(sent.timestamp).toBe(Math.floor((now + SECOND) / 1000))
    expect([sent.signatures.length, isSignedWith(secret, sent)]).toEqual([1, true])
    const { body: shown } = await api.get('/customers/acme')
    expect(sent.body).toEqual({ id: sent.id, type: 'customer.created', createdAt: expect.any(String), organizationId: api.id, data: shown })
    const [delivery, other] = await deliveriesOf(api, id)
    expect(delivery).toEqual({
      id: expect.stringMatching(/^delivery\.\w{11}\.\w{5}$/),
      endpointId: id,
      eventId: sent.id,
      eventType: 'customer.created',
      resourceId: 'acme',
      status: 'DELIVERED',
      attempts: 1,
      lastStatusCode: 204,
      lastAttemptAt: expect.any(String),
      createdAt: expect.any(String),
      endedAt: expect.any(String),
    })
    expect(other.eventType).toBe('account.created')
    expect((await api.get(`/webhook_endpoints/${id}/deliveries/${delivery.id}`)).body).toEqual({ ...delivery, body: sent.text })
    const { body: listed } = await api.get(`/webhook_endpoints/${id}/deliveries?pageSize=1`)
    expect(listed.data[0].id).toBe(other.id)
    const next = await api.get(`/webhook_endpoints/${id}/deliveries?nextToken=${encodeURIComponent(listed.nextToken)}`)
    expect(next.body.data.map((one: Loose) => one.id)).toEqual([delivery.id])
    expect((await api.get(`/webhook_endpoints/${id}/deliveries?status=PENDING`)).body.data).toEqual([])
  })

  /** P2-62. */
  it('that fails has the same id and bytes in each try, a new timestamp and signature, and both secrets sign after a rotation', async () => {
    const receiver = receive(() => status(500))
    const api = await organization()
    const { id, host, secret } = await endpointOf(api, { eventTypes: ['customer.created'] })
    await api.post('/customers', customer('acme'))
    const start = Date.now() + SECOND
    await run(start)
    for (const at of [start + 10 * SECOND, start + 2 * MINUTE]) await run(at)
    receiver.requests.length = 0
    await run(start + 10 * MINUTE)
    const next: string = (await api.post(`/webhook_endpoints/${id}/rotate`, { previousValidFor: 6 * 3600 })).body.secret
    await api.patch('/customers/acme', { name: 'Another name' })
    receiver.state.answer = () => status(200)
    await run(start + 5 * HOUR)
    const [one, two] = receiver.of(host) as [Received, Received]
    expect(receiver.of(host)).toHaveLength(2)
    expect([two.id, two.text]).toEqual([one.id, one.text])
    expect([one.timestamp, two.timestamp]).toEqual([start + 10 * MINUTE, start + 5 * HOUR].map((at) => Math.floor(at / 1000)))
    expect([one.signatures.length, isSignedWith(secret, one), isSignedWith(next, one)]).toEqual([1, true, false])
    expect([two.signatures.length, isSignedWith(secret, two), isSignedWith(next, two)]).toEqual([2, true, true])
    expect(two.signatures).not.toContain(one.signatures[0])
    expect(await deliveriesOf(api, id)).toMatchObject([{ status: 'DELIVERED', attempts: 5, lastStatusCode: 200 }])
  })

  it('is tried for a day with longer and longer waits, and then has failed', async () => {
    const receiver = receive(() => status(404))
    const api = await organization()
    const { id, host } = await endpointOf(api)
    await test(api, id)
    const start = Date.now() + SECOND
    const times: number[] = []
    for (let now = start; ;) {
      const count = receiver.of(host).length
      await run(now)
      if (receiver.of(host).length > count) times.push(now - start)
      const [{ status: state, nextAttemptAt }] = (await deliveriesOf(api, id)) as [Loose]
      if (state === 'FAILED') break
      /** Not before it is due. */
      await run(Date.parse(nextAttemptAt) - 1)
      expect(receiver.of(host)).toHaveLength(count + 1)
      now = Date.parse(nextAttemptAt)
    }
    const waits = times.slice(1).map((time, n) => time - (times[n] ?? 0))
    const planned = [5 * SECOND, MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 8 * HOUR]
    for (const [n, wait] of planned.entries()) {
      expect(waits[n]).toBeGreaterThanOrEqual(0.9 * wait)
      expect(waits[n]).toBeLessThanOrEqual(1.1 * wait)
    }
    expect(times.at(-1)).toBe(DAY)
    const [delivery] = await deliveriesOf(api, id)
    expect(delivery).toMatchObject({ status: 'FAILED', lastStatusCode: 404, lastError: 'It answered 404.' })
    const endpoint = (await api.get(`/webhook_endpoints/${id}`)).body
    expect([endpoint.status, endpoint.failingSince]).toEqual(['ENABLED', new Date(start).toISOString()])
  })

  it.each([
    ['does not answer in time', late, 'It did not answer within 10 s.'],
    ['cannot be reached', () => Promise.reject(new TypeError('Network connection lost to secret.example')), 'It could not be reached.'],
    ['redirects', () => status(302, { Location: 'https://elsewhere.example.com/' }), 'It answered 302, and redirects are not followed.'],
    ['answers 500', () => status(500), 'It answered 500.'],
  ])('to a receiver that %s is tried again', async (_, answer, lastError) => {
    const receiver = receive(answer)
    const api = await organization()
    const { id, host } = await endpointOf(api)
    await test(api, id)
    await run()
    expect(receiver.requests.filter(({ url }) => url.startsWith(host) || url.includes('elsewhere'))).toHaveLength(1)
    expect(await deliveriesOf(api, id)).toMatchObject([{ status: 'PENDING', attempts: 1, lastError }])
  })

  it.each([
    ['seconds', 429, () => '7200', 2 * HOUR],
    ['a date', 503, (now: number) => new Date(now + 3 * HOUR).toUTCString(), 3 * HOUR],
    ['more than is left', 503, () => '999999', DAY],
    ['nonsense', 503, () => 'soon', 5 * SECOND],
    ['seconds of another status', 500, () => '7200', 5 * SECOND],
  ])('is not tried again before Retry-After, of %s', async (_, code, valueAt, wait) => {
    const api = await organization()
    const { id } = await endpointOf(api)
    await test(api, id)
    const now = Date.now()
    receive(() => status(code, { 'Retry-After': valueAt(now) }))
    await run(now)
    const [{ nextAttemptAt }] = (await deliveriesOf(api, id)) as [Loose]
    expect(Math.abs(Date.parse(nextAttemptAt) - now - wait)).toBeLessThan(5 * SECOND)
  })

  it('that somebody asks for again has the same id and bytes, however it ended, in the version that was read', async () => {
    const receiver = receive()
    const api = await organization()
    const { id, host } = await endpointOf(api)
    const { id: delivery } = await test(api, id)
    const path = `/webhook_endpoints/${id}/deliveries/${delivery}`
    await run()
    const etag = (await api.get(path)).headers.get('ETag') ?? ''
    const again = await api.call('POST', `${path}/resend`, undefined, { 'If-Match': etag })
    expect([again.status, again.body]).toMatchObject([202, { status: 'PENDING', attempts: 0 }])
    expect((await api.call('POST', `${path}/resend`, undefined, { 'If-Match': etag })).status).toBe(412)
    await run(Date.now() + SECOND)
    const [one, two] = receiver.of(host)
    expect([receiver.of(host).length, two?.id, two?.text]).toEqual([2, one?.id, one?.text])
    expect(await deliveriesOf(api, id)).toMatchObject([{ status: 'DELIVERED', attempts: 1 }])
    await api.patch(`/webhook_endpoints/${id}`, { status: 'DISABLED' })
    const refused = await api.post(`${path}/resend`)
    expect([refused.status, refused.body.message]).toEqual([409, `The webhook endpoint "${id}" is DISABLED, and is sent nothing`])
  })

  it('is forgotten 30 days after it ended, with its body, and not as long as it is on its way', async () => {
    receive(({ body }) => (body.data.id === 'stays' ? status(500) : status(200)))
    const api = await organization()
    const { id } = await endpointOf(api, { eventTypes: ['customer.created'] })
    await api.post('/customers', customer('goes'))
    await api.post('/customers', customer('stays'))
    await run()
    await env.DB.prepare('UPDATE webhook_events SET created_at = created_at - ?1 WHERE organization_id = ?2')
      .bind(30 * DAY, api.id)
      .run()
    await env.DB.prepare('UPDATE webhook_deliveries SET ended_at = ended_at - ?1 WHERE organization_id = ?2')
      .bind(30 * DAY, api.id)
      .run()
    const kept = async () => {
      const { results } = await env.DB.prepare('SELECT resource_id AS id FROM webhook_events WHERE organization_id = ?').bind(api.id).all()
      return [(await deliveriesOf(api, id)).map(({ resourceId }) => resourceId), results.map(({ id: one }) => one)]
    }
    await run(Date.now() - MINUTE)
    expect(await kept()).toEqual([
      ['goes', 'stays'],
      ['goes', 'stays'],
    ])
    await run(Date.now() + SECOND)
    expect(await kept()).toEqual([['stays'], ['stays']])
  })
})

describe('an endpoint that answers', () => {
  it('410 is disabled, what is on its way to it ends, and the audit log says so', async () => {
    const receiver = receive(() => status(410))
    const api = await organization()
    const { id, host } = await endpointOf(api)
    for (let made = 0; made < 3; made++) await test(api, id)
    await api.post('/customers', customer('acme'))
    await run()
    const { body } = await api.get(`/webhook_endpoints/${id}`)
    expect(body).toMatchObject({ status: 'DISABLED', statusReason: 'It answered 410, which means that it wants nothing any more.' })
    expect(receiver.of(host)).toHaveLength(1)
    expect((await deliveriesOf(api, id)).map((one) => one.status).toSorted()).toEqual([
      'CANCELLED',
      'CANCELLED',
      'CANCELLED',
      'CANCELLED',
      'FAILED',
    ])
    const [entry] = (await api.get('/audit_log?pageSize=1')).body.data
    expect(entry).toMatchObject({
      tokenId: 'system',
      resourceId: id,
      changes: { status: { old: 'ENABLED', new: 'DISABLED' }, statusReason: { old: null } },
    })
    receiver.state.answer = () => status(200)
    const enabled = (await api.patch(`/webhook_endpoints/${id}`, { status: 'ENABLED' })).body
    expect([enabled.status, enabled.statusReason, enabled.failingSince]).toEqual(['ENABLED', undefined, undefined])
    await run()
    expect(receiver.of(host)).toHaveLength(1)
  })

  it('nothing good for 5 days is disabled, and not if anything was delivered meanwhile', async () => {
    const receiver = receive(() => status(500))
    const api = await organization()
    const { id } = await endpointOf(api)
    const start = Date.now()
    const tryAt = async (now: number) => {
      const { id: delivery } = await test(api, id)
      await env.DB.prepare('UPDATE webhook_deliveries SET next_at = ?1 WHERE id = ?2').bind(now, delivery).run()
      await run(now)
      return (await api.get(`/webhook_endpoints/${id}`)).body
    }
    for (let day = 0; day < 5; day++) expect((await tryAt(start + day * DAY)).status).toBe('ENABLED')
    receiver.state.answer = () => status(200)
    expect((await tryAt(start + 4.5 * DAY)).failingSince).toBeUndefined()
    receiver.state.answer = () => status(500)
    for (let day = 5; day < 10; day++) expect((await tryAt(start + day * DAY)).status).toBe('ENABLED')
    const { status: ended, statusReason } = await tryAt(start + 10 * DAY)
    expect([ended, statusReason]).toEqual(['DISABLED', `Nothing could be delivered since ${new Date(start + 5 * DAY).toISOString()}.`])
  })

  it('nothing good twice, and was sent nothing in between, is not disabled for the time in which nobody asked it', async () => {
    receive(() => status(500))
    const api = await organization()
    const { id } = await endpointOf(api)
    const start = Date.now()
    const tryAt = async (now: number) => {
      await run(now)
      return (await api.get(`/webhook_endpoints/${id}`)).body
    }
    await test(api, id)
    await tryAt(start + SECOND)
    const { failingSince } = await tryAt(start + 12 * HOUR)
    expect(failingSince).toBe(new Date(start + SECOND).toISOString())
    await tryAt(start + DAY + SECOND)
    expect((await deliveriesOf(api, id)).map((one) => one.status)).toEqual(['FAILED'])
    const { id: later } = await test(api, id)
    await env.DB.prepare('UPDATE webhook_deliveries SET next_at = ?1 WHERE id = ?2')
      .bind(start + 10 * DAY, later)
      .run()
    const endpoint = await tryAt(start + 10 * DAY)
    expect([endpoint.status, endpoint.failingSince]).toEqual(['ENABLED', new Date(start + 10 * DAY).toISOString()])
    expect((await deliveriesOf(api, id)).map((one) => one.status)).toEqual(['FAILED', 'PENDING'])
  })
})

describe('events of one resource', () => {
  it('arrive in their order: a later one waits until the earlier one is delivered or has failed, and other resources do not', async () => {
    const refused = new Set(['acme'])
    const receiver = receive(({ body }) => status(refused.has(body.data.id) ? 500 : 200))
    const api = await organization()
    const { id, host } = await endpointOf(api)
    const plan = (name: string) =>
      api.post('/v2/price_plans', { name, type: 'BILLING', supportedCurrencies: ['USD'], pricingCycleConfig: undefined })
    await api.post('/customers', customer('acme', { id: 'acme-account' }))
    const start = Date.now() + SECOND
    await run(start)
    const [first] = receiver.of(host)
    expect(first?.body.data.id).toBe('acme')
    /** A second event of the same resource, as an invoice has many. */
    await env.DB.prepare(
      `INSERT INTO outbox (organization_id, at, operation_id, resource_type, resource_id, status) VALUES (?1, ?2, 'x', 'CUSTOMER', 'acme', '[null,"ACTIVE"]')`,
    )
      .bind(api.id, Date.now())
      .run()
    await api.post('/customers', customer('other', { id: 'other-account' }))
    await plan('unused')
    /** By the clock of the runs, however long the writes took: the one that failed is not due yet. */
    await run(start + SECOND)
    const ofAcme = () => receiver.of(host).filter(({ body }) => body.data.id === 'acme')
    expect(ofAcme()).toHaveLength(1)
    expect(receiver.of(host).map(({ body }) => body.data.id)).toEqual(expect.arrayContaining(['other', 'other-account', 'acme-account']))
    refused.clear()
    await run(start + 10 * SECOND)
    expect(ofAcme().map(({ id: event }) => event)).toEqual([first?.id, first?.id, expect.not.stringContaining(first?.id ?? '')])
    const states = (await deliveriesOf(api, id)).map((one) => one.status)
    expect(new Set(states)).toEqual(new Set(['DELIVERED']))
  })
})

describe('runs', () => {
  it('at the same moment send each event once', async () => {
    const receiver = receive(async () => {
      await scheduler.wait(5)
      return status(200)
    })
    const api = await organization()
    const { id, host } = await endpointOf(api)
    for (let made = 0; made < 20; made++) await api.post('/customers', customer(`c${made}`))
    const now = Date.now() + SECOND
    await Promise.all(Array.from({ length: 4 }, () => run(now)))
    while ((await deliveriesOf(api, id)).some((one) => one.status === 'PENDING')) await run(now)
    const ids = receiver.of(host).map((sent) => sent.id)
    expect([ids.length, new Set(ids).size]).toEqual([40, 40])
  })

  it('have at most four requests open, and end within their calls', async () => {
    const receiver = receive(async () => {
      await scheduler.wait(2)
      return status(200)
    })
    const apis = await Promise.all(Array.from({ length: 6 }, () => organization()))
    const hosts = await Promise.all(apis.map((api) => endpointOf(api)))
    for (const api of apis) for (let made = 0; made < 30; made++) await api.post('/customers', customer(`c${made}`))
    const { d1, seen } = watched()
    await run(Date.now() + SECOND, d1)
    expect(receiver.state.most).toBe(4)
    expect(seen.calls + receiver.requests.length).toBeLessThanOrEqual(150)
    expect(receiver.requests.length).toBeGreaterThan(60)
    /** Each organization has had its turns. */
    const counts = hosts.map(({ host }) => receiver.of(host).length)
    expect(Math.min(...counts)).toBeGreaterThan(0)
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(16)
  })

  it.each(['events', 'claim', 'note', 'before the note'] as const)(
    'that are killed at the %s lose nothing, and send again with the same id',
    async (at) => {
      const receiver = receive()
      const api = await organization()
      const { id, host } = await endpointOf(api, { eventTypes: ['customer.created'] })
      await api.post('/customers', customer('acme'))
      const now = Date.now() + SECOND
      const marks = {
        events: 'insert into "webhook_events"',
        claim: 'update "webhook_deliveries" set attempts = attempts + 1',
        note: 'json_each',
        'before the note': 'json_each',
      }
      const written = new WeakMap<D1PreparedStatement, string>()
      const breaking = changed((session) => ({
        prepare: (query) => {
          const statement = session.prepare(query)
          written.set(statement, query)
          const bind = statement.bind.bind(statement)
          statement.bind = (...values) => {
            const bound = bind(...values)
            written.set(bound, query)
            return bound
          }
          return statement
        },
        batch: async (statements) => {
          const queries = statements.map((one) => written.get(one) ?? '')
          const isNote = (query: string) => query.startsWith('update "webhook_deliveries" set status =')
          const isIt = queries.some((query) => (at === 'note' || at === 'before the note' ? isNote(query) : query.startsWith(marks[at])))
          if (isIt && at === 'before the note') throw failed('Network connection lost.')
          const results = await session.batch(statements)
          if (isIt) throw failed('Network connection lost.')
          return results as never
        },
      }))
      await expect(run(now, breaking)).rejects.toThrow('Network connection lost.')
      await run(now + 10 * SECOND)
      await run(now + 2 * MINUTE)
      const sent = receiver.of(host)
      expect(sent).toHaveLength(at === 'before the note' ? 2 : 1)
      expect(new Set(sent.map((one) => one.id)).size).toBe(1)
      expect(new Set(sent.map((one) => one.text)).size).toBe(1)
      expect(await deliveriesOf(api, id)).toMatchObject([{ status: 'DELIVERED' }])
    },
  )

  it('do not send what another one has claimed until that has had its minute, and leave nothing claimed that they have not tried', async () => {
    const receiver = receive(({ body }) => (body.type === 'webhook.test' ? late() : status(200)))
    const api = await organization()
    const { id, host } = await endpointOf(api)
    for (let made = 0; made < 3; made++) await test(api, id)
    const now = Date.now() + SECOND
    await run(now)
    /** The endpoint did not answer, and was left: the others were not tried, and do not count. */
    expect(receiver.of(host)).toHaveLength(1)
    expect((await deliveriesOf(api, id)).map((one) => one.attempts)).toEqual([1, 0, 0])
    await env.DB.prepare('UPDATE webhook_deliveries SET claimed_until = ?1, next_at = 0 WHERE endpoint_id = ?2')
      .bind(now + MINUTE, id)
      .run()
    receiver.state.answer = () => status(200)
    await run(now + 59 * SECOND)
    expect(receiver.of(host)).toHaveLength(1)
    await run(now + MINUTE)
    expect((await deliveriesOf(api, id)).map((one) => one.status)).toEqual(['DELIVERED', 'DELIVERED', 'DELIVERED'])
  })

  it('give an endpoint that fails one try, after all others', async () => {
    const order: string[] = []
    const api = await organization()
    const [bad, good] = [await endpointOf(api), await endpointOf(api)]
    const receiver = receive(({ url }) => {
      order.push(url.startsWith(bad.host) ? 'bad' : url.startsWith(good.host) ? 'good' : '')
      return status(url.startsWith(bad.host) ? 500 : 200)
    })
    await test(api, bad.id)
    await run()
    order.length = 0
    for (let made = 0; made < 10; made++) await api.post('/customers', customer(`c${made}`))
    await run(Date.now() + 10 * SECOND)
    expect(receiver.of(good.host)).toHaveLength(20)
    expect(order.filter((one) => one === 'bad')).toHaveLength(1)
    expect(order.indexOf('bad')).toBeGreaterThan(0)
  })

  it('by a database that answers nothing fail, and the next one does all', async () => {
    const receiver = receive()
    const api = await organization()
    const { host } = await endpointOf(api, { eventTypes: ['customer.created'] })
    await api.post('/customers', customer('acme'))
    const broken = changed(() => ({ batch: () => Promise.reject(failed('D1 is overloaded.')) }))
    await expect(run(Date.now(), broken)).rejects.toThrow('overloaded')
    await run()
    expect(receiver.of(host)).toHaveLength(1)
  })
})

describe('a write', () => {
  /** Sends a request, and waits for what it does after its answer. */
  const sendAndWait = async (token: string, id: string, bindings: Loose = {}, onAnswer = () => {}) => {
    const { d1, seen } = watched()
    const context = createExecutionContext()
    const body = JSON.stringify(customer(id))
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }
    const request = new Request('http://localhost/customers', { method: 'POST', body, headers })
    const response = await app.fetch(request, { DB: d1, SIGNING_SECRET: env.SIGNING_SECRET, TEST_CLOCK: 'on', ...bindings }, context)
    const calls = seen.calls
    onAnswer()
    expect(response.status).toBe(201)
    await waitOnExecutionContext(context)
    return { calls, later: seen.calls - calls }
  }

  it('is told after its answer, and costs an organization without endpoints nothing', async () => {
    const receiver = receive()
    const api = await organization()
    await sendAndWait(api.token, 'marks its token as used')
    const without = await sendAndWait(api.token, 'first')
    expect(without.later).toBe(0)
    const { id, host } = await endpointOf(api)
    const counts = await sendAndWait(api.token, 'second')
    expect([counts.calls, counts.later]).toEqual([without.calls, expect.any(Number)])
    expect(receiver.of(host).map(({ body }) => body.type)).toEqual(['customer.created', 'account.created'])
    expect(counts.later).toBeLessThan(15)
    await api.delete(`/webhook_endpoints/${id}`)
    expect((await sendAndWait(api.token, 'third')).later).toBe(0)
  })

  it('is told together with those that come meanwhile, and a dry run tells nothing', async () => {
    const receiver = receive(async () => {
      await scheduler.wait(20)
      return status(200)
    })
    const api = await organization()
    const { host, id } = await endpointOf(api, { eventTypes: ['customer.created'] })
    const names = Array.from({ length: 8 }, (_, n) => `c${n}`)
    await Promise.all(names.map((name) => sendAndWait(api.token, name)))
    await run()
    expect(
      receiver
        .of(host)
        .map(({ body }) => body.data.id)
        .toSorted(),
    ).toEqual(names)
    expect((await api.post('/customers?dry_run=true', customer('dry'))).status).toBe(201)
    await run()
    expect(await deliveriesOf(api, id)).toHaveLength(8)
  })

  it('writes as many rows as before in an organization without endpoints, and one entry of an index in one with', async () => {
    const rowsOf = async (token: string, id: string): Promise<number> => {
      let written = 0
      const d1 = changed((session) => ({
        batch: async (statements) => {
          const results = await session.batch(statements)
          for (const { meta } of results) written += meta.rows_written
          return results as never
        },
      }))
      expect((await client(token, d1).post('/customers', customer(id))).status).toBe(201)
      return written
    }
    const [plain, telling] = [await organization(), await organization()]
    await endpointOf(telling)
    const without = await rowsOf(plain.token, 'acme')
    expect((await rowsOf(telling.token, 'acme')) - without).toBe(2)
  })

  it('is answered before its receivers have answered', async () => {
    let isAnswered = false
    const api = await organization()
    await endpointOf(api)
    const receiver = receive(async () => {
      await scheduler.wait(500)
      expect(isAnswered).toBe(true)
      return status(200)
    })
    await sendAndWait(api.token, 'acme', {}, () => (isAnswered = true))
    expect(receiver.requests).toHaveLength(2)
  })
})

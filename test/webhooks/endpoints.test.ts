import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { faultOfAddress } from '../../src/webhooks/endpoints/address.ts'
import { client, organization } from '../helpers/api.ts'
import { customer } from '../helpers/customer.ts'
import { deliveriesOf, endAll, endpointOf, isSignedWith, newHost, receive, run, SECOND } from '../helpers/webhooks.ts'

/** Other tests have endpoints too. */
beforeEach(async () => {
  await endAll()
})
afterEach(() => {
  vi.unstubAllGlobals()
})

const countsOf = async (id: string) =>
  env.DB.prepare(
    `SELECT (SELECT count(*) FROM outbox_cursors WHERE organization_id = ?1) AS cursors,
       (SELECT count(*) FROM outbox WHERE organization_id = ?1 AND status IS NOT NULL) AS told,
       (SELECT count(*) FROM webhook_events WHERE organization_id = ?1) AS events`,
  )
    .bind(id)
    .first()

describe('an endpoint', () => {
  it('is somewhere else only if an administrator says so, who alone creates it', async () => {
    const api = await organization()
    const developer = client((await api.post('/tokens', { name: 'developer', role: 'DEVELOPER' })).body.token)
    expect((await developer.post('/webhook_endpoints', { url: `${newHost()}/hook` })).status).toBe(403)
    const { id, url } = (await api.post('/webhook_endpoints', { url: `${newHost()}/hook` })).body
    const path = `/webhook_endpoints/${id}`
    const before = (await api.get(path)).body
    for (const body of [{ url: `${newHost()}/other` }, { url: `${url}/`, status: 'DISABLED' }])
      expect(await developer.patch(path, body)).toMatchObject({
        status: 403,
        body: { message: 'url: only the role ADMINISTRATOR says where a webhook endpoint is.' },
      })
    expect((await api.get(path)).body).toEqual(before)
    expect((await developer.patch(path, { url, description: 'Theirs', status: 'DISABLED' })).body).toMatchObject({
      url,
      description: 'Theirs',
      status: 'DISABLED',
    })
    expect((await api.patch(path, { url: `${url}/2` })).body).toMatchObject({ url: `${url}/2`, status: 'DISABLED' })
  })

  it('is created with a secret that is shown once, and then read, listed, changed and deleted', async () => {
    const api = await organization()
    const url = `${newHost()}/hook`
    const { status, body, headers } = await api.post('/webhook_endpoints', {
      url,
      description: 'Books',
      eventTypes: ['invoice.updated', 'invoice.updated', 'invoice.generated'],
    })
    const { secret, ...shown } = body
    expect([status, shown]).toEqual([
      201,
      {
        id: expect.stringMatching(/^webhook\.\w{11}\.\w{5}$/),
        url,
        description: 'Books',
        eventTypes: ['invoice.updated', 'invoice.generated'],
        status: 'ENABLED',
        createdAt: expect.any(String),
        updatedAt: body.createdAt,
      },
    ])
    expect(secret).toMatch(/^whsec_[\w+/]{43}=$/)
    const path = headers.get('Location') ?? ''
    expect((await api.get(path)).body).toEqual(shown)
    expect((await api.get('/webhook_endpoints')).body.data).toEqual([shown])
    const changed = await api.patch(path, { eventTypes: [], description: '' })
    const { eventTypes: _types, description: _words, ...rest } = shown
    expect(changed.body).toEqual({ ...rest, updatedAt: expect.any(String) })
    expect((await api.patch(path, { url })).headers.get('ETag')).toBe(changed.headers.get('ETag'))
    expect((await api.delete(path)).body).toEqual({ success: true })
    expect((await api.delete(path)).status).toBe(200)
    expect((await api.get(path)).body.status).toBe('DELETED')
    expect((await api.get('/webhook_endpoints')).body.data).toEqual([])
    expect((await api.get('/webhook_endpoints?status=DELETED')).body.data).toHaveLength(1)
    for (const refused of [await api.patch(path, { status: 'ENABLED' }), await api.post(`${path}/rotate`, {})])
      expect([refused.status, refused.body.message]).toEqual([409, expect.stringContaining('is deleted')])
    expect((await api.post(`${path}/test`)).status).toBe(409)
  })

  it('is of its organization, and its secret is in no row, audit entry or answer', async () => {
    const [api, other] = [await organization(), await organization()]
    const { id, secret } = await endpointOf(api)
    for (const path of ['', '/deliveries', '/deliveries/delivery.0VFLWOg4dLv.8mRtS'])
      expect((await other.get(`/webhook_endpoints/${id}${path}`)).status).toBe(404)
    expect((await other.patch(`/webhook_endpoints/${id}`, { status: 'DISABLED' })).status).toBe(404)
    for (const act of ['rotate', 'test', 'deliveries/delivery.0VFLWOg4dLv.8mRtS/resend'])
      expect((await other.post(`/webhook_endpoints/${id}/${act}`, act === 'rotate' ? {} : undefined)).status).toBe(404)
    expect((await other.delete(`/webhook_endpoints/${id}`)).status).toBe(404)
    expect((await other.get('/webhook_endpoints')).body.data).toEqual([])
    const rotated = await api.post(`/webhook_endpoints/${id}/rotate`, {})
    const rows = await env.DB.prepare('SELECT * FROM webhook_endpoints WHERE organization_id = ?').bind(api.id).all()
    const log = await env.DB.prepare('SELECT changes FROM audit_log WHERE organization_id = ?').bind(api.id).all()
    const kept = JSON.stringify([rows.results, log.results, (await api.get(`/webhook_endpoints/${id}`)).body])
    for (const one of [secret, rotated.body.secret]) expect(kept).not.toContain(one.slice('whsec_'.length))
  })

  it('of a host that is not of the public internet is refused, when it is written and when it is sent to', async () => {
    const api = await organization()
    const { id, host } = await endpointOf(api)
    const refused: [string, string][] = [
      ['http://example.com/', 'must begin with https://'],
      ['ftp://example.com/', 'must begin with https://'],
      ['example.com', 'must be a URL'],
      ['https://a:b@example.com/', 'must hold no user name'],
      ['https://example.com/#a', 'must hold no #'],
      ...[
        'localhost',
        'localhost.',
        'a.localhost',
        'printer.local',
        'db.internal',
        'metadata.google.internal.',
        'intranet',
        '127.0.0.1',
        '127.1',
        '2130706433',
        '0x7f000001',
        '0177.0.0.1',
        '10.1.2.3',
        '172.16.0.1',
        '192.168.1.1',
        '169.254.169.254',
        '100.64.0.1',
        '0.0.0.0',
        '224.0.0.1',
        '240.0.0.1',
        '255.255.255.255',
        '192.0.2.1',
        '198.18.0.1',
        '[::1]',
        '[::]',
        '[fe80::1]',
        '[fd00::1]',
        '[ff02::1]',
        '[::ffff:127.0.0.1]',
        '[::ffff:a00:1]',
        '[::127.0.0.1]',
        '[::a9fe:a9fe]',
        '[4000::1]',
        '[64:ff9b::7f00:1]',
        '[2002:7f00:1::]',
        '[2001:db8::1]',
        '127。0。0。1',
      ].map((one): [string, string] => [`https://${one}/`, 'must be an address of the public internet']),
    ]
    for (const [url, why] of refused) {
      const { status, body } = await api.post('/webhook_endpoints', { url })
      expect([url, status, body.message]).toEqual([url, 400, expect.stringContaining(`url: ${why}`)])
      expect((await api.patch(`/webhook_endpoints/${id}`, { url })).status).toBe(400)
    }
    for (const url of [
      'https://example.com:8443/a?b=c',
      'https://1.1.1.1/',
      'https://[2606:4700:4700::1111]/',
      'https://xn--bcher-kva.example/',
    ])
      expect([url, faultOfAddress(url, false)]).toEqual([url, undefined])
    for (const url of ['http://localhost:9000/', 'https://127.0.0.1/']) expect(faultOfAddress(url, true)).toBeUndefined()
    const local = client(api.token, undefined, { WEBHOOK_LOCAL: 'on' })
    expect((await local.patch(`/webhook_endpoints/${id}`, { url: 'http://127.0.0.1:9/hidden?key=1' })).status).toBe(200)
    const receiver = receive()
    await api.post(`/webhook_endpoints/${id}/test`)
    await run()
    expect([receiver.of(host), receiver.of('http://127.0.0.1:9')]).toEqual([[], []])
    expect(await deliveriesOf(api, id)).toMatchObject([{ status: 'PENDING', attempts: 1, lastError: 'Its url must begin with https://.' }])
  })

  it('can be made 50 times', async () => {
    const api = await organization()
    for (let made = 0; made < 50; made++) await endpointOf(api)
    const { status, body } = await api.post('/webhook_endpoints', { url: newHost() })
    expect([status, body.message]).toEqual([422, 'There are 50 webhook endpoints that are not deleted, and there can be no more'])
    const [first] = (await api.get('/webhook_endpoints?pageSize=1')).body.data
    await api.delete(`/webhook_endpoints/${first.id}`)
    await endpointOf(api)
  })
})

describe('what is told', () => {
  it('begins with the first endpoint and ends with the last: before and after, nothing is kept for it', async () => {
    const receiver = receive()
    const api = await organization()
    await api.post('/customers', customer('before'))
    expect(await countsOf(api.id)).toEqual({ cursors: 0, told: 0, events: 0 })
    const { id, host } = await endpointOf(api)
    await run()
    expect(receiver.of(host)).toEqual([])
    await api.post('/customers', customer('while'))
    await run()
    expect(receiver.of(host).map(({ body }) => [body.type, body.data.id])).toEqual([
      ['customer.created', 'while'],
      ['account.created', 'while main'],
    ])
    await api.patch(`/webhook_endpoints/${id}`, { status: 'DISABLED' })
    await api.post('/customers', customer('disabled'))
    await api.patch(`/webhook_endpoints/${id}`, { status: 'ENABLED' })
    await run()
    expect(receiver.of(host)).toHaveLength(2)
    await api.post('/customers', customer('again'))
    await run()
    expect(receiver.of(host)).toHaveLength(4)
    await api.delete(`/webhook_endpoints/${id}`)
    const before = await countsOf(api.id)
    await api.post('/customers', customer('after'))
    await run()
    expect([await countsOf(api.id), receiver.of(host).length]).toEqual([before, 4])
    expect(before?.['cursors']).toBe(0)
  })

  it('is told to an endpoint from its creation on, also where another one is behind', async () => {
    const receiver = receive()
    const api = await organization()
    const first = await endpointOf(api)
    await api.post('/customers', customer('one'))
    const second = await endpointOf(api, { eventTypes: ['customer.created'] })
    await api.post('/customers', customer('two'))
    await run()
    expect(receiver.of(first.host)).toHaveLength(4)
    expect(receiver.of(second.host).map(({ body }) => body.data.id)).toEqual(['two'])
    const [sent] = receiver.of(second.host)
    const same = receiver.of(first.host).find(({ id }) => id === sent?.id)
    expect(same?.text).toBe(sent?.text)
  })
})

describe('the secret', () => {
  it('of before signs too until its time is over, and not at all if it has none', async () => {
    const receiver = receive()
    const api = await organization()
    const { id, secret, host } = await endpointOf(api)
    const send = async (later = SECOND) => {
      await api.post(`/webhook_endpoints/${id}/test`)
      await run(Date.now() + later)
      const sent = receiver.of(host).at(-1)
      if (!sent) throw new Error('Nothing was sent')
      return sent
    }
    expect(isSignedWith(secret, await send())).toBe(true)
    const rotated = await api.post(`/webhook_endpoints/${id}/rotate`, { previousValidFor: 3600 })
    const next: string = rotated.body.secret
    expect(rotated.body.previousSecretValidUntil).toMatch(/Z$/)
    const other = await endpointOf(api)
    const usual = await api.post(`/webhook_endpoints/${other.id}/rotate`)
    const until = Date.parse(usual.body.previousSecretValidUntil) - Date.parse(usual.body.updatedAt)
    expect([usual.status, until]).toEqual([200, 86_400_000])
    const both = await send()
    expect([both.signatures.length, isSignedWith(next, both), isSignedWith(secret, both)]).toEqual([2, true, true])
    const later = await send(3_700 * SECOND)
    expect([later.signatures.length, isSignedWith(next, later), isSignedWith(secret, later)]).toEqual([1, true, false])
    const last: string = (await api.post(`/webhook_endpoints/${id}/rotate`, { previousValidFor: 0 })).body.secret
    const one = await send(3_700 * SECOND)
    expect([one.signatures.length, isSignedWith(last, one)]).toEqual([1, true])
  })

  it('is encrypted anew after the signing secret was changed, so that the previous one can go', async () => {
    const receiver = receive()
    const api = await organization()
    const { id, secret, host } = await endpointOf(api)
    await api.post(`/webhook_endpoints/${id}/rotate`, {})
    const kept = () => env.DB.prepare('SELECT secret, previous_secret, key_mark FROM webhook_endpoints WHERE id = ?').bind(id).first()
    const before = await kept()
    let after = before
    /** A run encrypts some, and there are endpoints of other tests. */
    for (let runs = 0; runs < 20 && after?.['key_mark'] === before?.['key_mark']; runs++) {
      await run(undefined, env.DB, ['a new secret', env.SIGNING_SECRET])
      after = await kept()
    }
    expect(after?.['key_mark']).not.toBe(before?.['key_mark'])
    await api.post(`/webhook_endpoints/${id}/test`)
    await run(undefined, env.DB, ['a new secret'])
    const [sent] = receiver.of(host)
    expect(sent && isSignedWith(secret, sent)).toBe(true)
    await run()
    await api.post(`/webhook_endpoints/${id}/test`)
    await run(undefined, env.DB, ['an unknown secret'])
    expect((await deliveriesOf(api, id)).at(-1)).toMatchObject({ status: 'PENDING', lastError: 'Its secret cannot be read: rotate it.' })
    await run(Date.now() + 60_000, env.DB, ['a new secret', env.SIGNING_SECRET])
    expect((await deliveriesOf(api, id)).at(-1)).toMatchObject({ status: 'DELIVERED' })
  })
})

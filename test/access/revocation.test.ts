import { createExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Role } from '../../src/db/context.ts'
import { type Answer, type Api, client, organization } from '../helpers/api.ts'
import { customer } from '../helpers/customer.ts'
import { compareRows, readRows } from '../helpers/rows.ts'

/** Later than the clock of any machine that runs this. */
const START = Date.UTC(2060, 0, 1, 12)
const SECOND = 1000

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: START })
  for (const level of ['log', 'info', 'warn', 'error', 'debug'] as const) vi.spyOn(console, level).mockImplementation(() => {})
})

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const bearer = (token: string) => ({ Authorization: `Bearer ${token}` })
const messageOf = ({ status, body }: Answer) => [status, body.message]

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

/** The app as another isolate has it, which remembers nothing of this one. Both are asked with a token first, so that each has loaded its own modules. */
const elsewhere = async (token: string) => {
  await works(token)
  vi.resetModules()
  const { app } = await import('../../src/app.ts')
  const ask = async (other: string): Promise<number> => {
    const request = new Request('http://localhost/customers', { headers: bearer(other) })
    return (await app.fetch(request, { DB: env.DB, SIGNING_SECRET: env.SIGNING_SECRET }, createExecutionContext())).status
  }
  await ask(token)
  return ask
}

describe('rotateToken', () => {
  it('with no grace period ends the old secret and its JWTs, here at once and elsewhere within 30 s', async () => {
    const api = await organization()
    const { id, token: old } = await newToken(api)
    const jwt = await jwtOf(old)
    const [there, later] = [await elsewhere(api.token), await elsewhere(api.token)]
    expect([await works(old), await works(jwt), await there(old), await there(jwt)]).toEqual([true, true, 200, 200])
    const { body } = await api.post(`/tokens/${id}/rotate`, { gracePeriod: 0 })
    expect([await works(old), await works(jwt), await works(body.token)]).toEqual([false, false, true])
    expect([await there(old), await there(jwt), await there(body.token)]).toEqual([200, 200, 200])
    expect([await later(old), await later(jwt), await later(body.token)]).toEqual([401, 401, 200])
    after(30 * SECOND)
    expect([await there(old), await there(jwt), await there(body.token)]).toEqual([401, 401, 200])
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
    const [there, later] = [await elsewhere(api.token), await elsewhere(api.token)]
    for (const one of all) expect([await works(one), await there(one)]).toEqual([true, 200])
    expect((await client(portal).get('/customers/acme')).status).toBe(200)
    expect(messageOf(await api.delete(`/tokens/${id}`))).toEqual([200, undefined])
    for (const one of all) expect([await works(one), await there(one), await later(one)]).toEqual([false, 200, 401])
    expect((await client(portal).get('/customers/acme')).status).toBe(401)
    const rows = await readRows(api.id)
    after(30 * SECOND)
    for (const one of all) expect([await works(one), await there(one)]).toEqual([false, 401])
    const again = await api.delete(`/tokens/${id}`)
    expect([again.status, again.body]).toEqual([200, { success: true }])
    expect(compareRows(rows, await readRows(api.id))).toEqual([])
    expect((await api.get(`/tokens/${id}`)).body.revokedAt).toBe(new Date(START).toISOString())
  })
})

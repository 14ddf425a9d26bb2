import { createExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import manifest from '../../package.json'
import { app } from '../../src/app.ts'
import { client } from '../helpers/api.ts'

const visit = (accept: string | undefined, method = 'GET'): Promise<Response> =>
  Promise.resolve(
    app.fetch(
      new Request('http://localhost/', { method, headers: accept === undefined ? {} : { Accept: accept } }),
      { DB: env.DB, SIGNING_SECRET: env.SIGNING_SECRET },
      createExecutionContext(),
    ),
  )

const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8'

afterEach(() => {
  vi.restoreAllMocks()
})

describe('/', () => {
  it.each([BROWSER, 'text/html', 'text/html, application/json;q=0.5'])('leads a person to the reference: %s', async (accept) => {
    const { status, headers } = await visit(accept)
    expect([status, headers.get('Location'), headers.get('Vary')]).toEqual([302, '/docs/', 'Accept'])
  })

  it.each([undefined, '*/*', 'application/json', 'application/json, text/html;q=0.5', 'image/png', ''])(
    'tells a program what it is and where more is said: %s',
    async (accept) => {
      const response = await visit(accept)
      expect([response.status, response.headers.get('Vary')]).toEqual([200, 'Accept'])
      expect(await response.json()).toEqual({
        name: 'Togai API on Workers',
        version: manifest.version,
        links: { documentation: '/docs/', openapi: '/openapi.json', health: '/health' },
      })
    },
  )

  it('has the headers and the line in the log of every answer, without a call to D1', async () => {
    const said = vi.spyOn(console, 'log')
    const { headers } = await visit('application/json')
    expect(headers.get('X-Request-Id')).toMatch(/^[\da-f-]{36}$/)
    expect(headers.get('Cache-Control')).toBe('no-store')
    expect(headers.get('X-Content-Type-Options')).toBe('nosniff')
    expect(said).toHaveBeenCalledOnce()
    const line: unknown = JSON.parse(String(said.mock.calls[0]?.[0]))
    expect(line).toMatchObject({ requestId: headers.get('X-Request-Id'), operationId: 'root', method: 'GET', status: 200, d1Calls: 0 })
  })

  it('is read only', async () => {
    expect((await visit(undefined, 'HEAD')).status).toBe(200)
    const { status, body } = await client(undefined).post('/', {})
    expect([status, body.message]).toEqual([405, 'This path takes GET, HEAD only.'])
  })
})

import { env } from 'cloudflare:workers'
import { createExecutionContext } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import { app } from '../../src/app.ts'

const ask = async (path: string, method = 'GET') => {
  const response = await app.fetch(new Request(`http://localhost${path}`, { method }), env, createExecutionContext())
  return { status: response.status, headers: response.headers, text: await response.text() }
}

describe('the console', () => {
  it.each(['/console/customers/acme', '/console/events/an%20id.with%2Fsigns'])('answers %s with its page', async (path) => {
    const { status, headers, text } = await ask(path)
    expect(status).toBe(200)
    expect(headers.get('Content-Type')).toContain('text/html')
    expect(text).toContain('<div id="console">')
    expect(text).not.toMatch(/<script>|style=|https?:/)
  })

  it('answers a file of another build with 404, and takes GET only', async () => {
    expect(await ask('/console/assets/index-0.js')).toMatchObject({ status: 404, text: expect.stringContaining('There is nothing') })
    expect((await ask('/console/customers', 'POST')).status).toBe(405)
    expect((await ask('/consoles')).status).toBe(404)
  })
})

import { describe, expect, it } from 'vitest'
import { changed, client, organization } from '../helpers/api.ts'
import { customer } from '../helpers/customer.ts'

describe('X-D1-Bookmark', () => {
  it('comes with every write, and leads a read of it to where that write is seen', async () => {
    const { token, post } = await organization()
    const places: string[] = []
    const d1 = changed((_, place) => (places.push(place), {}))
    const api = client(token, d1)
    const made = await post('/customers', customer('acme'))
    const bookmark = made.headers.get('X-D1-Bookmark') ?? ''
    expect(bookmark).toMatch(/^[\da-f]{8}-/)
    const read = await api.call('GET', '/customers/acme', undefined, { 'X-D1-Bookmark': bookmark })
    expect([read.status, places]).toEqual([200, [bookmark]])
    places.length = 0
    await api.get('/customers/acme')
    await api.patch('/customers/acme', { name: 'New name' })
    expect([places[0], new Set(places.slice(1))]).toEqual(['first-unconstrained', new Set(['first-primary'])])
    expect(read.headers.get('X-D1-Bookmark')).toMatch(/^[\da-f]{8}-/)
  })

  it.each(['', 'nonsense', 'first-primary', 'first-unconstrained', '0-0-0-0', `${'0'.repeat(8)}-${'0'.repeat(8)}-${'0'.repeat(8)}-x`])(
    'is refused when it is none: %s',
    async (value) => {
      const { call, get } = await organization()
      for (const [method, body] of [['GET'], ['POST', customer('acme')]] as const) {
        const { status, body: answer } = await call(method, '/customers', body, { 'X-D1-Bookmark': value })
        expect([status, answer.message]).toEqual([400, 'X-D1-Bookmark: must be the X-D1-Bookmark of an answer, as it was given'])
      }
      expect((await get('/customers')).body.data).toEqual([])
    },
  )
})

import { describe, expect, it } from 'vitest'
import { client, organization } from '../helpers/api.ts'

describe('getOrganization', () => {
  it('shows the organization of the token, and no other', async () => {
    const one = await organization({ baseCurrency: 'INR' })
    const other = await organization()
    expect((await one.get('/organization')).body).toEqual({
      id: one.id,
      name: expect.any(String),
      baseCurrency: 'INR',
      createdAt: expect.stringMatching(/Z$/),
      now: expect.stringMatching(/Z$/),
      testClock: 'NONE',
    })
    expect((await other.get('/organization')).body).toMatchObject({ id: other.id, baseCurrency: 'USD' })
  })

  it('says by which clock the organization goes', async () => {
    const { token, post } = await organization()
    const { get } = client(token, undefined, { TEST_CLOCK: 'on' })
    expect((await get('/organization')).body.testClock).toBe('POSSIBLE')
    await post('/test_clock', { now: '2026-02-01T00:00:00Z' })
    expect((await get('/organization')).body).toMatchObject({ now: '2026-02-01T00:00:00.000Z', testClock: 'SET' })
  })
})

import { describe, expect, it } from 'vitest'
import { organization } from '../helpers/api.ts'

describe('getOrganization', () => {
  it('shows the organization of the token, and no other', async () => {
    const one = await organization({ baseCurrency: 'INR' })
    const other = await organization()
    expect((await one.get('/organization')).body).toEqual({
      id: one.id,
      name: expect.any(String),
      baseCurrency: 'INR',
      createdAt: expect.stringMatching(/Z$/),
    })
    expect((await other.get('/organization')).body).toMatchObject({ id: other.id, baseCurrency: 'USD' })
  })
})

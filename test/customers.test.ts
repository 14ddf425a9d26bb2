import { describe, expect, it } from 'vitest'
import page from './data/create-a-customer.json'
import { organization } from './helpers/api.ts'

describe('createCustomer', () => {
  it("takes the page's request and gives its answer", async () => {
    const { post } = await organization()
    const { status, headers, body } = await post('/customers', page.request)
    expect(status).toBe(201)
    expect(headers.get('Location')).toBe(`/customers/${page.request.id}`)
    expect(body.id).toBe('x')
  })
})

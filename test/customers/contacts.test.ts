import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { organization } from '../helpers/api.ts'
import { customer } from '../helpers/customer.ts'

describe('createCustomerContact', () => {
  const contact = {
    preferredUsername: 'ada1815',
    name: 'Ada',
    password: 'correct horse 1',
    email: 'Ada@example.com',
    phone: '+49 1234567890 ext. 12345',
    verified: true,
    loginAccess: true,
  }

  it('keeps a contact, and its password as a hash that nothing shows', async () => {
    const { post, tokenId } = await organization()
    await post('/customers', customer('acme'))
    const { status, body } = await post('/customers/acme/contacts', contact)
    const { password, ...shown } = contact
    expect([status, body]).toEqual([
      201,
      { ...shown, username: expect.stringMatching(/^[0-9a-f-]{36}$/), createdBy: tokenId, createdAt: expect.any(String) },
    ])
    const row = await env.DB.prepare('SELECT * FROM contacts WHERE username = ?').bind(body.username).first<Record<string, string>>()
    expect(JSON.stringify(row)).not.toContain(password)
    const kept = JSON.parse(row?.['password'] ?? '') as { algorithm: string; iterations: number; salt: string; hash: string }
    expect([kept.algorithm, kept.iterations]).toEqual(['PBKDF2-SHA-256', expect.toSatisfy((count: number) => count >= 100_000)])
    const bytes = (text: string) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))
    const key = await crypto.subtle.importKey('raw', new TextEncoder().encode(password), 'PBKDF2', false, ['deriveBits'])
    const derived = await crypto.subtle.deriveBits(
      { name: 'PBKDF2', hash: 'SHA-256', salt: bytes(kept.salt), iterations: kept.iterations },
      key,
      256,
    )
    expect([...new Uint8Array(derived)]).toEqual([...bytes(kept.hash)])
  })

  it('has loginAccess and verified false unless said otherwise, and a salt of its own', async () => {
    const { id, post } = await organization()
    await post('/customers', customer('acme'))
    for (const email of ['a@example.com', 'b@example.com'])
      expect((await post('/customers/acme/contacts', { name: 'N', email, password: 'the same one' })).body).toMatchObject({
        loginAccess: false,
        verified: false,
      })
    const { results } = await env.DB.prepare('SELECT password FROM contacts WHERE organization_id = ?').bind(id).all()
    expect(new Set(results.map(({ password }) => password)).size).toBe(2)
  })

  it('is unique by its e-mail within the customer, whatever its case', async () => {
    const { post } = await organization()
    for (const id of ['acme', 'other']) await post('/customers', customer(id))
    const add = async (customerId: string, email: string) =>
      (await post(`/customers/${customerId}/contacts`, { name: 'N', email })).body.message
    expect(await add('acme', 'Ada@Example.com')).toBeUndefined()
    expect(await add('acme', 'ada@example.com')).toBe('email: the customer "acme" has a contact with the e-mail "ada@example.com" already')
    expect(await add('other', 'ada@example.com')).toBeUndefined()
    const answers = await Promise.all(Array.from({ length: 50 }, () => add('acme', 'same@example.com')))
    expect(answers.filter((message) => message === undefined)).toHaveLength(1)
  })

  it.each([
    ['name', { name: 'x'.repeat(51) }],
    ['email', { email: 'nobody' }],
    ['email', { email: undefined }],
    ['password', { password: '1234567' }],
    ['password', { password: 'x'.repeat(101) }],
    ['phone', { phone: '1'.repeat(31) }],
    ['preferredUsername', { preferredUsername: 'a b' }],
    ['preferredUsername', { preferredUsername: 'ab' }],
    ['verified', { verified: 'yes' }],
    ['role', { role: 'x' }],
  ])('refuses a wrong %s', async (path, changes) => {
    const { post } = await organization()
    await post('/customers', customer('acme'))
    const { status, body } = await post('/customers/acme/contacts', { ...contact, ...changes })
    expect([status, body.message]).toEqual([400, expect.stringMatching(new RegExp(`^${path}: `))])
    expect(body.message).not.toContain('1234567')
  })

  it('refuses a customer that is not there', async () => {
    const { post } = await organization()
    expect(await post('/customers/nobody/contacts', contact)).toMatchObject({
      status: 404,
      body: { message: 'customer_id: the customer "nobody" does not exist' },
    })
  })
})

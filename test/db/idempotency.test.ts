import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { type Answer, organization, send } from '../helpers/api.ts'
import { customer } from '../helpers/customer.ts'
import { compareRows, readRows } from '../helpers/rows.ts'

const key = (value = 'a key') => ({ 'Idempotency-Key': value })
const replayed = ({ headers }: Answer) => headers.get('Idempotency-Replayed')

const group = { name: 'Group', email: 'g@example.com', dailyInvoiceConsolidation: true, address: {} }

/** The customer `acme` with two accounts, of which one has the alias `held`, and `empty`, whose account is archived. */
const withCustomer = async () => {
  const api = await organization()
  await api.post('/customers', customer('acme', { aliases: ['held'] }))
  await api.post('/accounts', { id: 'spare', name: 'Spare account', customerId: 'acme' })
  await api.post('/customers', customer('empty'))
  await api.delete('/accounts/empty%20main')
  return api
}

describe('a key', () => {
  it('of 50 at the same moment lets one do the work, and gives all its answer', async () => {
    const api = await organization()
    const sent = Array.from({ length: 50 }, () => api.call('POST', '/customers', customer('acme'), key()))
    const answers = await Promise.all(sent)
    expect(new Set(answers.map(({ status, body }) => JSON.stringify([status, body]))).size).toBe(1)
    expect([answers[0]?.status, answers.filter((answer) => replayed(answer) === null).length]).toEqual([201, 1])
    expect((await readRows(api.id))['customers']).toHaveLength(1)
  })

  it.each(['', 'x'.repeat(256)])('has 1 to 255 characters, and not: "%s"', async (value) => {
    const { call } = await organization()
    const { status, body } = await call('POST', '/customers', customer('acme'), key(value))
    expect([status, body.message]).toEqual([400, 'Idempotency-Key: must be 1 to 255 characters'])
  })

  it('is not used up by a refusal', async () => {
    const api = await withCustomer()
    const request = ['/accounts', { id: 'late', name: 'Late account', customerId: 'late customer' }] as const
    expect((await api.call('POST', ...request, key())).status).toBe(404)
    await api.post('/customers', customer('late customer'))
    const made = await api.call('POST', ...request, key())
    expect([made.status, replayed(made)]).toEqual([201, null])
  })

  it('gives the first answer though what it was about has changed, and knows a body by its content', async () => {
    const api = await withCustomer()
    const first = await api.call('DELETE', '/accounts/spare', undefined, key())
    expect([first.status, replayed(await api.call('DELETE', '/accounts/spare', undefined, key()))]).toEqual([200, 'true'])
    const renamed = await api.call('PATCH', '/customers/acme', { name: 'One name', primaryEmail: 'one@example.com' }, key('two'))
    await api.patch('/customers/acme', { name: 'Another name' })
    const again = await api.call(
      'PATCH',
      '/customers/acme',
      '{ "primaryEmail": "one@example.com",\n "name": "One\\u0020name" }',
      key('two'),
    )
    expect([again.body, replayed(again)]).toEqual([renamed.body, 'true'])
    expect((await api.get('/customers/acme')).body.name).toBe('Another name')
  })

  it('keeps the answer of a request that changed nothing', async () => {
    const api = await withCustomer()
    await api.call('PATCH', '/customers/acme', {}, key())
    await api.patch('/customers/acme', { name: 'Another name' })
    const again = await api.call('PATCH', '/customers/acme', {}, key())
    expect([again.body.name, replayed(again)]).toEqual(['ACME Enterprise', 'true'])
  })

  it('is of one organization', async () => {
    const [one, other] = [await organization(), await organization()]
    const [mine, theirs] = await Promise.all([one, other].map((api) => api.call('POST', '/customers', customer('new'), key())))
    expect([mine?.status, theirs?.status, theirs && replayed(theirs)]).toEqual([201, 201, null])
  })

  it('is of one role', async () => {
    const api = await withCustomer()
    const request = ['/customers', customer('new')] as const
    expect((await api.call('POST', ...request, key())).status).toBe(201)
    await env.DB.prepare("UPDATE idempotency_keys SET role = 'DEVELOPER' WHERE organization_id = ?").bind(api.id).run()
    expect((await api.call('POST', ...request, key())).status).toBe(422)
  })
})

describe('a dry run', () => {
  it('meets the conflicts and the wrong fields that the write would', async () => {
    const api = await withCustomer()
    const before = await readRows(api.id)
    expect((await api.post('/customers?dry_run=true', customer('acme'))).body.message).toBe('id: the customer "acme" exists already')
    expect((await api.post('/customers?dry_run=true', { ...customer('new'), name: '' })).status).toBe(400)
    expect((await api.post('/accounts/spare/add_aliases?dry_run=true', { aliases: ['held'] })).status).toBe(409)
    expect((await api.delete('/customers/acme?dry_run=true')).status).toBe(409)
    expect((await api.delete('/customers/nobody?dry_run=true')).status).toBe(404)
    expect((await api.delete('/customers/empty?dry_run=yes')).body.message).toBe('dry_run: must be true or false')
    expect(compareRows(before, await readRows(api.id))).toEqual([])
  })

  it('shows of a new account and a new group what only the database knows', async () => {
    const api = await withCustomer()
    const { body: owner } = await api.get('/customers/acme')
    const account = await api.post('/accounts?dry_run=true', { id: 'new', name: 'New account', customerId: 'acme' })
    expect(account.body.togaiCustomerId).toBe(owner.togaiCustomerId)
    expect((await api.post('/invoice_groups?dry_run=true', { ...group, accountIds: ['spare'] })).body.invoiceCurrency).toBe('USD')
  })
})

it('two keys are none: two headers of one name arrive as one, with a comma between them', async () => {
  const api = await withCustomer()
  const before = await readRows(api.id)
  const headers = new Headers([
    ['Authorization', `Bearer ${api.token}`],
    ['Content-Type', 'application/json'],
    ['Idempotency-Key', 'one'],
    ['Idempotency-Key', 'other'],
  ])
  const request = new Request('http://localhost/customers', { method: 'POST', headers, body: JSON.stringify(customer('new')) })
  const message = 'Idempotency-Key: must be sent once and hold no comma, with which two of them are joined'
  expect(await send(request)).toMatchObject({ status: 400, body: { message } })
  expect(await api.call('POST', '/customers', customer('new'), key('a,b'))).toMatchObject({ status: 400, body: { message } })
  expect(compareRows(before, await readRows(api.id))).toEqual([])
})

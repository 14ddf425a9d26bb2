import { expect, it } from 'vitest'
import { client, organization } from '../helpers/api.ts'
import { customer } from '../helpers/customer.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

it('a portal token reads the invoices of its customer and accounts, and nothing else', async () => {
  const api = await organization()
  for (const id of ['acme', 'other']) await api.post('/customers', customer(id, { id }))
  await api.post('/accounts', { id: 'second', name: 'Second', customerId: 'acme' })
  const invoiceOf = async (accountId: string): Promise<string> => {
    const { status, body } = await api.post('/invoices', {
      accountId,
      startDate: '2026-01-01T00:00:00Z',
      endDate: '2026-01-31T00:00:00Z',
      status: 'DUE',
      lineItems: [{ value: 5 }],
    })
    expect(status).toBe(201)
    return body.id
  }
  const ids = [await invoiceOf('acme'), await invoiceOf('second'), await invoiceOf('other')]
  const seen = async (body: Loose) => {
    const { get, patch } = client((await api.post('/portal/token', body)).body.token)
    const listed = (await get('/invoices')).body.data.map(({ id }: Loose) => ids.indexOf(id)).toSorted()
    const paths = ids.flatMap((id) => [`/invoices/${id}`, `/invoices/${id}/explanation`, `/invoice/${id}/pricing_rules_logs`])
    const statuses = await Promise.all(paths.map(async (path) => (await get(path)).status))
    const refused = (await patch(`/invoices/${ids[0]}`, { status: 'PAID' })).status
    const previews = await Promise.all(
      ['acme', 'second', 'other', 'nobody'].map(async (id) => (await get(`/accounts/${id}/invoice_preview`)).status),
    )
    return [listed, [0, 3, 6].map((at) => statuses.slice(at, at + 3).join()), previews, refused]
  }
  const [all, none] = ['200,200,200', '403,403,403']
  expect(await seen({ customerId: 'acme', allAccountsAccess: true })).toEqual([[0, 1], [all, all, none], [404, 404, 403, 403], 403])
  expect(await seen({ customerId: 'acme', accountIds: ['second'] })).toEqual([[1], [none, all, none], [403, 404, 403, 403], 403])
  expect(await seen({ customerId: 'acme' })).toEqual([[], [none, none, none], [403, 403, 403, 403], 403])
})

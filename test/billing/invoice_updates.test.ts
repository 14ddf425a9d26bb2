import { expect, it } from 'vitest'
import { type Api, organization } from '../helpers/api.ts'
import { customer } from '../helpers/customer.ts'
import { doDue } from '../helpers/ledgers.ts'

const period = { startDate: '2026-03-01T00:00:00Z', endDate: '2026-04-01T00:00:00Z' }

const make = async (api: Pick<Api, 'post'>, accountId: string, more: object = {}): Promise<string> => {
  const { status, body } = await api.post('/invoices', { accountId, ...period, status: 'DUE', lineItems: [{ value: 1 }], ...more })
  expect([status, body.message]).toEqual([201, undefined])
  return body.id
}

it('a DRAFT that is made VOID together with other lines keeps these', async () => {
  const api = await organization()
  await api.post('/customers', customer('acme', { id: 'acc' }))
  const id = await make(api, 'acc', { status: 'DRAFT' })
  const { status, body } = await api.patch(`/invoices/${id}`, {
    status: 'VOID',
    lineItems: [{ value: 7.5 }],
    endDate: '2026-05-01T00:00:00Z',
  })
  expect([status, body.status, body.totalAmount, body.endDate]).toEqual([200, 'VOID', 7.5, '2026-05-01T00:00:00.000Z'])
  expect((await api.get(`/invoices/${id}`)).body).toEqual(body)
})

it('an invoice of a group that is made VOID says once how many lines it leaves out', async () => {
  const api = await organization()
  await api.post('/customers', customer('acme', { id: 'acc' }))
  const group = await api.post('/invoice_groups', {
    name: 'Group',
    email: 'group@example.com',
    dailyInvoiceConsolidation: true,
    accountIds: ['acc'],
    address: {},
  })
  for (let index = 0; index < 102; index++) await make(api, 'acc')
  await doDue(api.id, undefined, Date.now() + 86_400_000)
  const [{ id }] = (await api.get(`/invoices?owner_id=${group.body.id}`)).body.data
  const { info, totalAmount } = (await api.get(`/invoices/${id}`)).body
  expect([totalAmount, info]).toEqual([
    102,
    [{ type: 'LINES_LEFT_OUT', value: '2 of 102 invoices are shown without their lines. Read each by its id.' }],
  ])
  const voided = await api.patch(`/invoices/${id}`, { status: 'VOID' })
  expect([voided.status, voided.body.info]).toEqual([200, info])
  expect((await api.get(`/invoices/${id}`)).body).toEqual(voided.body)
})

it('an invoice in a currency that its account had before is not paid by the group that it is in now, which merges the others', async () => {
  const api = await organization()
  await api.post('/customers', customer('acme', { id: 'acc' }))
  const id = await make(api, 'acc', { status: 'DRAFT' })
  const changed = await api.patch('/accounts/acc', { invoiceCurrency: 'EUR' })
  expect([changed.status, changed.body.message]).toEqual([200, undefined])
  const group = await api.post('/invoice_groups', {
    name: 'Group',
    email: 'group@example.com',
    dailyInvoiceConsolidation: true,
    accountIds: ['acc'],
    address: {},
  })
  expect([group.status, group.body.invoiceCurrency]).toEqual([200, 'EUR'])
  const other = await make(api, 'acc', { lineItems: [{ value: 5 }] })
  expect((await api.patch(`/invoices/${id}`, { status: 'DUE' })).status).toBe(200)
  const { errors } = await doDue(api.id, undefined, Date.now() + 86_400_000)
  expect(errors).toEqual([])
  const statuses = await Promise.all([id, other].map(async (one) => (await api.get(`/invoices/${one}`)).body.status))
  const composites = (await api.get(`/invoices?owner_id=${group.body.id}`)).body.data
  expect([statuses, composites.map(({ totalAmount }: { totalAmount: number }) => totalAmount)]).toEqual([['DUE', 'MERGED'], [5]])
  expect((await api.patch(`/invoices/${id}`, { status: 'PAID' })).body.status).toBe('PAID')
})

import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { changed, client, organization } from '../helpers/api.ts'
import { customer } from '../helpers/customer.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any
type Api = Awaited<ReturnType<typeof organization>>

const NOW = Date.UTC(2026, 3, 20)
const DAY = 86_400_000
const day = (place: number): string => new Date(NOW + place * DAY).toISOString().slice(0, 10)

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: NOW })
})

afterEach(() => {
  vi.useRealTimers()
})

/** An invoice of 100 USD that is, or would be, to be paid on a day from now. Each is made a millisecond after the one before. */
const bill = async ({ post }: Api, accountId: string, dueIn: number, status: string): Promise<string> => {
  vi.setSystemTime(Date.now() + 1)
  const { status: code, body } = await post('/invoices', {
    accountId,
    startDate: `${day(dueIn - 10)}T00:00:00Z`,
    endDate: `${day(dueIn)}T00:00:00Z`,
    status,
    lineItems: [{ description: 'Work', value: 100 }],
  })
  expect([code, body.message]).toEqual([201, undefined])
  return body.id
}

let payments = 0
const pay = async ({ post }: Api, accountId: string, parts: Readonly<Record<string, number>>): Promise<string> => {
  vi.setSystemTime(Date.now() + 1)
  const { status, body } = await post('/payments', {
    accountId,
    externalPaymentReference: { sourceName: 'bank', sourceType: 'CASH', transactionNumber: `${payments++}` },
    lineItemRecords: Object.entries(parts).map(([togaiId, amount], at) => ({ type: 'INVOICE', togaiId, amount, order: at + 1 })),
    currency: 'USD',
    totalAmount: Object.values(parts).reduce((sum, amount) => sum + amount, 0),
  })
  expect([status, body.message]).toEqual([201, undefined])
  return body.id
}

/** All rows of a list, read in pages of a size. */
const walk = async ({ get }: Pick<Api, 'get'>, path: string, query: string, size = 50): Promise<Loose[]> => {
  const seen: Loose[] = []
  let next = `${path}?pageSize=${size}&${query}`
  for (;;) {
    const { status, body } = await get(next)
    expect([status, body.message]).toEqual([200, undefined])
    seen.push(...body.data)
    if (body.nextToken === undefined) return seen
    expect(body.nextToken.length).toBeLessThanOrEqual(500)
    next = `${path}?nextToken=${body.nextToken}`
  }
}

/** Two accounts with invoices of each status around now. */
const withInvoices = async () => {
  const api = await organization()
  for (const id of ['acme', 'other']) expect((await api.post('/customers', customer(id, { id }))).status).toBe(201)
  const names: Record<string, string> = {}
  const make = async (name: string, ...[accountId, dueIn, status]: [string, number, string]): Promise<void> => {
    names[await bill(api, accountId, dueIn, status)] = name
  }
  await make('long overdue', 'acme', -9, 'DUE')
  await make('overdue', 'acme', -1, 'DUE')
  await make('due today', 'other', 0, 'DUE')
  await make('part', 'other', -5, 'DUE')
  await make('paid', 'acme', -5, 'PAID')
  await make('draft', 'acme', -5, 'DRAFT')
  await make('void', 'other', -5, 'DUE')
  const idOf = (name: string): string => Object.keys(names).find((id) => names[id] === name) ?? ''
  await pay(api, 'other', { [idOf('part')]: 40 })
  expect((await api.patch(`/invoices/${idOf('void')}`, { status: 'VOID' })).status).toBe(200)
  const list = async (query: string, size?: number): Promise<string[]> =>
    (await walk(api, '/invoices', query, size)).map(({ id }) => names[id] ?? '')
  return { ...api, idOf, list }
}

it('invoices are listed by several statuses, and by the time until which they are to be paid', async () => {
  const api = await withInvoices()
  const { list } = api
  expect(await list('')).toEqual(['void', 'draft', 'paid', 'part', 'due today', 'overdue', 'long overdue'])
  expect(await list('status=DUE')).toEqual(['due today', 'overdue', 'long overdue'])
  expect(await list('status=DUE,PARTIALLY_PAID')).toEqual(['part', 'due today', 'overdue', 'long overdue'])
  expect(await list('status=PARTIALLY_PAID,DUE,DUE')).toEqual(['part', 'due today', 'overdue', 'long overdue'])
  expect(await list('status=DRAFT,VOID,PAID')).toEqual(['void', 'draft', 'paid'])
  expect(await list(`due_end_time=${NOW}`)).toEqual(['void', 'paid', 'part', 'overdue', 'long overdue'])
  expect(await list(`due_start_time=${NOW}`)).toEqual(['due today'])
  expect(await list(`due_start_time=${NOW - 5 * DAY}&due_end_time=${NOW + 1}`)).toEqual(['void', 'paid', 'part', 'due today', 'overdue'])
  const overdue = `status=DUE,PARTIALLY_PAID&due_end_time=${NOW}`
  for (const size of [1, 2, 50]) expect(await list(overdue, size)).toEqual(['part', 'overdue', 'long overdue'])
  expect(await list(`${overdue}&owner_id=acme`)).toEqual(['overdue', 'long overdue'])
  expect(await list(`${overdue}&customer_id=other&due_start_time=${NOW - 5 * DAY}`)).toEqual(['part'])
  expect(await list(`${overdue}&start_time=${NOW - 9 * DAY}&end_time=${NOW - DAY}`)).toEqual(['part', 'long overdue'])
  expect(await list(`status=DRAFT&due_end_time=${NOW}`)).toEqual([])
  expect(await walk(await organization(), '/invoices', overdue)).toEqual([])
})

it('the days that an account has to pay belong to the time until which an invoice is to be paid', async () => {
  const api = await organization()
  await api.post('/customers', customer('slow', { id: 'slow', netTermDays: 30 }))
  const id = await bill(api, 'slow', -10, 'DUE')
  const due = Date.parse((await api.get(`/invoices/${id}`)).body.dueDate)
  expect(due).toBe(NOW + 20 * DAY)
  expect(await walk(api, '/invoices', `status=DUE&due_end_time=${due}`)).toEqual([])
  expect(await walk(api, '/invoices', `status=DUE&due_start_time=${due}&due_end_time=${due + 1}`)).toMatchObject([{ id }])
})

it('the token of a page has the statuses and times, takes them again, and no others', async () => {
  const api = await withInvoices()
  const query = `status=VOID,DUE,PARTIALLY_PAID&due_end_time=${NOW}&due_start_time=0`
  const { nextToken } = (await api.get(`/invoices?pageSize=1&${query}`)).body
  const again = await api.get(`/invoices?${query}&nextToken=${nextToken}`)
  expect(again.body.data).toMatchObject([{ id: api.idOf('part') }])
  for (const other of ['status=DUE', `due_end_time=${NOW + 1}`, 'due_start_time=1'])
    expect(await api.get(`/invoices?${other}&nextToken=${nextToken}`)).toMatchObject({
      status: 400,
      body: { message: 'nextToken: must come alone, or with what the page before was asked for' },
    })
})

it.each([
  ['/invoices', 'status=LATE', 'status: must be one or several of DRAFT, DUE,'],
  ['/invoices', 'status=DUE,', 'status: must be'],
  ['/invoices', 'status=', 'status: must be'],
  ['/invoices', 'status=DUE, PAID', 'status: must be'],
  ['/invoices', 'due_end_time=2026-04-20', 'due_end_time: must be a whole number of milliseconds since 1970'],
  ['/invoices', 'due_start_time=-1', 'due_start_time: must be a whole number'],
  ['/invoices/bill_runs', 'status=DUE,DRAFT', 'status: '],
  ['/invoices/bill_runs', 'due_end_time=1', 'due_end_time'],
  ['/payments', 'invoice_id=', 'invoice_id: must'],
])('%s refuses %s', async (path, query, message) => {
  const { get } = await organization()
  expect(await get(`${path}?${query}`)).toMatchObject({ status: 400, body: { message: expect.stringContaining(message) } })
})

it('payments are listed by the invoice that they are for, whole, with the other filters', async () => {
  const api = await withInvoices()
  const [long, short] = [api.idOf('long overdue'), api.idOf('overdue')]
  const first = await pay(api, 'acme', { [long]: 10, [short]: 5 })
  const second = await pay(api, 'acme', { [long]: 20 })
  const third = await pay(api, 'acme', { [short]: 20 })
  const fourth = await pay(api, 'acme', { [long]: 30 })
  const list = async (query: string, size = 50): Promise<string[]> => (await walk(api, '/payments', query, size)).map(({ id }) => id)
  for (const size of [1, 2, 50]) expect(await list(`invoice_id=${long}`, size)).toEqual([fourth, second, first])
  expect(await list(`invoice_id=${short}&account_id=acme`)).toEqual([third, first])
  expect(await list(`invoice_id=${short}&account_id=other`)).toEqual([])
  expect(await list(`invoice_id=${short}&id=${first}`)).toEqual([first])
  expect(await list('invoice_id=nothing')).toEqual([])
  const [whole] = await walk(api, '/payments', `invoice_id=${short}&id=${first}`)
  expect(whole).toEqual((await api.get(`/payments/${first}`)).body)
  expect(await walk(await organization(), '/payments', `invoice_id=${long}`)).toEqual([])
  const { nextToken } = (await api.get(`/payments?pageSize=1&invoice_id=${long}`)).body
  expect((await api.get(`/payments?invoice_id=${short}&nextToken=${nextToken}`)).body.message).toMatch(/^nextToken: must come alone/)
})

it('what is overdue and what was paid is found by an index, in its order or with few rows to sort', async () => {
  const api = await organization()
  const queries: string[] = []
  const d1 = changed((session) => ({
    prepare: (query) => {
      queries.push(query)
      return session.prepare(query)
    },
  }))
  const planOf = async (path: string): Promise<string[]> => {
    queries.length = 0
    expect((await client(api.token, d1).get(path)).status).toBe(200)
    const query = queries.find((one) => /from "(?:invoices|payments|jobs)"/.test(one)) ?? ''
    const { results } = await env.DB.prepare(`EXPLAIN QUERY PLAN ${query}`)
      .bind(...Array.from({ length: query.split('?').length - 1 }, () => null))
      .all<{ detail: string }>()
    return results.map(({ detail }) => detail)
  }
  const open = 'status=DUE,PARTIALLY_PAID&due_end_time=1'
  expect(await planOf(`/invoices?${open}`)).toEqual([expect.stringContaining('USING INDEX invoices_few (organization_id=?)')])
  expect(await planOf('/invoices?status=VOID')).toEqual([expect.stringContaining('USING INDEX invoices_few (organization_id=?)')])
  expect(await planOf('/invoices?status=DUE,PAID')).toEqual([expect.stringContaining('USING INDEX invoices_by_created_at (')])
  expect(await planOf(`/invoices?${open}&owner_id=a`)).toEqual([expect.stringContaining('USING INDEX invoices_by_owner (')])
  expect(await planOf(`/invoices?${open}&customer_id=a`)).toEqual([expect.stringContaining('USING INDEX invoices_by_customer (')])
  const ofPayments = await planOf('/payments?invoice_id=a')
  expect(ofPayments[0]).toMatch(/^SEARCH payments USING (?:COVERING )?INDEX sqlite_autoindex_payments_1 \(id=\?\)/)
  expect(ofPayments.filter((detail) => /^SCAN (?!\w+ VIRTUAL)/.test(detail))).toEqual([])
  for (const query of ['status=FAILED', 'status=PENDING,IN_PROGRESS'])
    expect((await planOf(`/jobs?${query}`)).join('\n')).toContain('INDEX jobs_by_status (organization_id=? AND status=?')
  expect(await planOf('/jobs?type=BILL_RUN')).toEqual([expect.stringContaining('USING INDEX jobs_by_type (organization_id=? AND type=?')])
})

it('a portal token finds only its own with these filters', async () => {
  const api = await withInvoices()
  await pay(api, 'acme', { [api.idOf('overdue')]: 10 })
  const { token } = (await api.post('/portal/token', { customerId: 'acme', allAccountsAccess: true })).body
  const portal = client(token)
  const found = await walk(portal, '/invoices', `status=DUE,PARTIALLY_PAID&due_end_time=${NOW}`, 1)
  expect(found.map(({ id }) => id)).toEqual([api.idOf('overdue'), api.idOf('long overdue')])
  expect(await walk(portal, '/payments', `invoice_id=${api.idOf('overdue')}`)).toHaveLength(1)
  expect(await walk(portal, '/payments', `invoice_id=${api.idOf('part')}`)).toEqual([])
})

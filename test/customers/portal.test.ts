import { afterEach, describe, expect, it, vi } from 'vitest'
import { operations } from '../../src/operations.ts'
import { client, organization, watched } from '../helpers/api.ts'
import { REQUIRED_QUERIES, folderOf } from '../helpers/operations.ts'

afterEach(() => {
  vi.useRealTimers()
})

const customer = (id: string) => ({ id, name: 'ACME Enterprise', primaryEmail: 'a@example.com', address: {} })

const claimsOf = (jwt: string): Record<string, unknown> =>
  JSON.parse(atob((jwt.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/'))) as Record<string, unknown>

const jwtOf = async ({ post }: Pick<ReturnType<typeof client>, 'post'>): Promise<string> => {
  const { status, body } = await post('/authenticate')
  expect(status).toBe(200)
  return body.token
}

const portal = async ({ post }: Pick<ReturnType<typeof client>, 'post'>, body: Record<string, unknown>) => {
  const { status, body: answer } = await post('/portal/token', body)
  expect([status, answer.message]).toEqual([200, undefined])
  return client(answer.token)
}

describe('getCustomerPortalDelegateToken', () => {
  const withAccounts = async () => {
    const api = await organization()
    for (const id of ['acme', 'other']) await api.post('/customers', customer(id))
    await api.post('/accounts', { id: 'second', name: 'Second', customerId: 'acme' })
    return api
  }
  const statuses = async ({ get }: ReturnType<typeof client>) =>
    Promise.all(
      ['/customers/acme', '/customers/other', '/accounts/acme', '/accounts/second', '/accounts/other', '/accounts/nobody'].map(
        async (path) => (await get(path)).status,
      ),
    )

  it('reads that customer and those accounts, and nothing else', async () => {
    const api = await withAccounts()
    expect(await statuses(await portal(api, { customerId: 'acme', accountIds: ['second'] }))).toEqual([200, 403, 403, 200, 403, 403])
    expect(await statuses(await portal(api, { customerId: 'acme', allAccountsAccess: true }))).toEqual([200, 403, 200, 200, 403, 403])
    expect(await statuses(await portal(api, { customerId: 'acme' }))).toEqual([200, 403, 403, 403, 403, 403])
  })

  it('is taken by these operations', () => {
    const ofCustomers = operations.filter(
      ({ operationId, portal: isAllowed }) => isAllowed && folderOf.get(operationId)?.startsWith('customers/'),
    )
    expect(ofCustomers.map(({ operationId }) => operationId)).toEqual(['getAccount', 'getCustomer'])
  })

  it('is refused by every other operation', async () => {
    const { call } = await portal(await withAccounts(), { customerId: 'acme', allAccountsAccess: true })
    /** There is no event, no plan and nothing billed, and an empty body is no query of metrics. */
    const none: Record<string, number> = {
      '/events/{event_id}': 404,
      '/accounts/{account_id}/invoice_preview': 404,
      '/credits/{credit_id}': 403,
      '/invoices/{invoice_id}': 403,
      '/invoices/{invoice_id}/explanation': 403,
      '/invoice/{invoice_id}/pricing_rules_logs': 403,
      '/payments/{payment_id}': 403,
      '/purchases/{purchase_id}': 403,
      '/purchase_proposals/{purchase_proposal_id}': 403,
      '/reports/{report_id}': 403,
      '/files/{file_id}': 403,
      '/files/{file_id}/download_url': 403,
      '/accounts/{account_id}/features/{feature_id}': 404,
      '/accounts/{account_id}/features/{feature_id}/entries': 404,
      '/accounts/{account_id}/entitlements/{feature_id}': 404,
    }
    for (const { operationId, method, path, json, portal: allowed } of operations) {
      /** A portal token reads no drafts. */
      const query = (REQUIRED_QUERIES[operationId] ?? '').replace('DRAFT', 'ACTIVE')
      const { status } = await call(method.toUpperCase(), path.replaceAll(/\{\w+\}/g, 'acme') + query, json && {})
      expect([path, status]).toEqual([path, allowed ? (json ? 400 : (none[path] ?? 200)) : 403])
    }
  })

  it('reads accounts made later when it reads all, and their aliases and groups', async () => {
    const api = await withAccounts()
    const reader = await portal(api, { customerId: 'acme', allAccountsAccess: true })
    await api.post('/accounts', { id: 'third', name: 'Third', customerId: 'acme', aliases: ['alias'] })
    const group = { name: 'G', email: 'g@example.com', dailyInvoiceConsolidation: true, accountIds: ['third'], address: {} }
    const { body } = await api.post('/invoice_groups', group)
    const read = (await reader.get('/accounts/third?includeGroupDetails=true')).body
    expect([read.aliases.length, read.invoiceGroupDetails.id]).toEqual([1, body.id])
  })

  it('holds as long as it is asked for, at most as long as the calling token', async () => {
    const { post } = await withAccounts()
    vi.useFakeTimers({ toFake: ['Date'] })
    const seconds = async (caller: Pick<ReturnType<typeof client>, 'post'>, expiry?: number) => {
      const { token } = (await caller.post('/portal/token', { customerId: 'acme', ...(expiry && { expiry }) })).body
      return Number(claimsOf(token)['exp']) - Math.floor(Date.now() / 1000)
    }
    expect(await seconds({ post })).toBe(86_400)
    expect(await seconds({ post }, 60)).toBe(60)
    expect(await seconds({ post }, 10 * 86_400)).toBe(10 * 86_400)
    const jwt = client(await jwtOf({ post }))
    expect(await seconds(jwt, 10 * 86_400)).toBe(86_400)
    vi.setSystemTime(Date.now() + 1000)
    expect(await seconds(jwt)).toBe(86_399)
  })

  it.each([
    [404, 'customerId: the customer "nobody" does not exist', { customerId: 'nobody' }],
    [404, 'accountIds[1]: the customer "acme" has no account "other"', { customerId: 'acme', accountIds: ['second', 'other'] }],
    [404, 'accountIds[0]: the customer "acme" has no account "nobody"', { customerId: 'acme', accountIds: ['nobody'] }],
    [400, 'accountIds: must hold 5 at most', { customerId: 'acme', accountIds: ['1', '2', '3', '4', '5', '6'] }],
    [400, 'expiry: must be a whole number from 1 to', { customerId: 'acme', expiry: 0 }],
    [400, 'customerId: is required', {}],
  ])('%i: %s', async (status, message, body) => {
    const { post } = await withAccounts()
    const answer = await post('/portal/token', body)
    expect([answer.status, answer.body.message]).toEqual([status, expect.stringContaining(message)])
  })

  it('refuses a customer that is archived, and an account that is', async () => {
    const { post, delete: archive } = await withAccounts()
    await archive('/accounts/second')
    expect((await post('/portal/token', { customerId: 'acme', accountIds: ['second'] })).status).toBe(404)
    await archive('/accounts/acme')
    await archive('/customers/acme')
    expect(await post('/portal/token', { customerId: 'acme' })).toMatchObject({
      status: 409,
      body: { message: 'customerId: the customer "acme" is archived' },
    })
  })

  it('gives none to accounts of another organization, though both have a customer of one id', async () => {
    const [mine, theirs] = [await withAccounts(), await withAccounts()]
    await theirs.post('/accounts', { id: 'theirs', name: 'Their account', customerId: 'acme' })
    const wanted = { customerId: 'acme', accountIds: ['second', 'theirs'] }
    expect((await theirs.post('/portal/token', wanted)).status).toBe(200)
    const { status, body } = await mine.post('/portal/token', wanted)
    expect([status, body.message]).toEqual([404, 'accountIds[1]: the customer "acme" has no account "theirs"'])
  })

  it('is for customers of the organization only, and asks D1 once', async () => {
    const { token } = await withAccounts()
    const theirs = await organization()
    expect((await theirs.post('/portal/token', { customerId: 'acme' })).body.message).toBe('customerId: the customer "acme" does not exist')
    const { d1, seen } = watched()
    expect((await client(token, d1).post('/portal/token', { customerId: 'acme', accountIds: ['second'] })).status).toBe(200)
    expect(seen.calls).toBe(1)
  })
})

describe.each(['every account', 'one account'])('a portal token for %s', (which) => {
  /** `acme`, whose portal it is, with `spare` in an invoice group; `empty`, whose account is archived; and `closed`, which is archived itself. */
  const setUp = async () => {
    const api = await organization()
    for (const id of ['acme', 'empty', 'closed']) await api.post('/customers', customer(id))
    for (const id of ['spare', 'gone']) await api.post('/accounts', { id, name: 'Account', customerId: 'acme' })
    for (const id of ['empty', 'closed', 'gone']) await api.delete(`/accounts/${id}`)
    await api.delete('/customers/closed')
    await api.post('/invoice_groups', {
      name: 'G',
      email: 'g@example.com',
      dailyInvoiceConsolidation: true,
      accountIds: ['spare'],
      address: {},
    })
    const accounts = which === 'one account' ? { accountIds: ['spare'] } : { allAccountsAccess: true }
    return { api, reader: await portal(api, { customerId: 'acme', ...accounts }) }
  }

  it('reads its own customer and accounts as they are', async () => {
    const { api, reader } = await setUp()
    const own = ['/customers/acme', '/accounts/spare', '/accounts/spare?includeGroupDetails=true']
    for (const path of [...own, ...(which === 'every account' ? ['/accounts/acme', '/accounts/gone'] : [])]) {
      const { status, body } = await reader.get(path)
      expect([path, status, body]).toEqual([path, 200, (await api.get(path)).body])
    }
  })

  it('tells no difference between what others have and what is not there', async () => {
    const { reader } = await setUp()
    const accounts = ['empty', 'closed', 'nobody', 'ACME', ...(which === 'one account' ? ['acme', 'gone'] : [])]
    const others = {
      'This portal token reads another customer.': ['empty', 'closed', 'nobody', 'ACME'].map((id) => `/customers/${id}`),
      'This portal token does not read this account.': accounts.map((id) => `/accounts/${id}`),
    }
    for (const [message, paths] of Object.entries(others))
      for (const path of paths) {
        const { status, body } = await reader.get(path)
        expect([path, status, body]).toEqual([path, 403, { message }])
      }
    expect((await reader.get('/customers/acme%20')).status).toBe(400)
  })
})

import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { changed, client, organization, watched } from '../helpers/api.ts'
import { countRows } from '../helpers/rows.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any
type Api = Awaited<ReturnType<typeof organization>>

/** Accounts `usd1` to `usd4`, `eur` and the archived `gone`. */
const withAccounts = async (): Promise<Api> => {
  const api = await organization()
  await api.post('/customers', {
    id: 'acme',
    name: 'ACME Enterprise',
    primaryEmail: 'a@example.com',
    address: {},
    account: { id: 'usd1', name: 'First' },
  })
  for (const id of ['usd2', 'usd3', 'usd4', 'gone']) await api.post('/accounts', { id, name: 'Account', customerId: 'acme' })
  await api.post('/accounts', { id: 'eur', name: 'Account', customerId: 'acme', invoiceCurrency: 'EUR' })
  await api.delete('/accounts/gone')
  return api
}

const group = (...accountIds: string[]) => ({
  name: 'Group',
  email: 'group@example.com',
  dailyInvoiceConsolidation: true,
  accountIds,
  netTermDays: 14,
  address: { city: 'Bonn', country: 'DE' },
})

describe('createInvoiceGroup', () => {
  it('groups accounts in the currency of the first one, and reads back', async () => {
    const { post, get } = await withAccounts()
    const { status, body } = await post('/invoice_groups', group('usd2', 'usd1'))
    const { accountIds: _ids, address, ...sent } = group()
    expect([status, body]).toEqual([
      200,
      {
        ...sent,
        id: expect.stringMatching(/^inv_group\.[0-9A-Za-z]{11}\.[0-9A-Za-z]{5}$/),
        billingAddress: address,
        invoiceCurrency: 'USD',
        accountsCount: 2,
        createdAt: expect.any(String),
        updatedAt: body.createdAt,
      },
    ])
    expect((await get(`/invoice_groups/${body.id}`)).body).toEqual({ ...body, accounts: ['usd1', 'usd2'] })
    expect((await get('/invoice_groups')).body).toEqual({ data: [body] })
    expect((await post('/invoice_groups', group('eur'))).body.invoiceCurrency).toBe('EUR')
  })

  it.each([
    [404, 'accountIds[1]: the account "nobody" does not exist', group('usd1', 'nobody')],
    [404, 'accountIds[0]: the account "nobody" does not exist', group('nobody', 'usd1')],
    [409, 'accountIds[1]: the account "gone" is archived', group('usd1', 'gone')],
    [409, 'accountIds[1]: the account "eur" is invoiced in EUR, the invoice group in USD', group('usd1', 'eur')],
    [400, 'accountIds: must hold 1 to 100', group()],
    [400, 'accountIds[1]: must not repeat [0]', group('usd1', 'usd1')],
    [400, 'email: must be one e-mail address', { ...group('usd1'), email: 'nobody' }],
    [400, 'address.country: must be a country', { ...group('usd1'), address: { country: 'XX' } }],
    [400, 'netTermDays: must be a whole number', { ...group('usd1'), netTermDays: -1 }],
    [400, 'dailyInvoiceConsolidation: is required', { ...group('usd1'), dailyInvoiceConsolidation: undefined }],
  ])('%i: %s', async (status, message, body) => {
    const { post, get } = await withAccounts()
    const answer = await post('/invoice_groups', body)
    expect([answer.status, answer.body.message]).toEqual([status, expect.stringContaining(message)])
    expect((await get('/invoice_groups')).body.data).toEqual([])
  })

  it('takes an account into one group only, also when 20 ask at the same moment', async () => {
    const { post, get } = await withAccounts()
    const answers = await Promise.all(Array.from({ length: 20 }, () => post('/invoice_groups', group('usd1', 'usd2'))))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, ...Array.from({ length: 19 }, () => 409)])
    const { data } = (await get('/invoice_groups')).body
    expect(data).toHaveLength(1)
    expect(answers.find(({ status }) => status === 409)?.body.message).toBe(
      `accountIds[0]: the account "usd1" is in the invoice group "${data[0].id}" already`,
    )
  })
})

describe('addInvoiceGroupAccounts', () => {
  it('adds accounts, all of them or none; those that are in it stay', async () => {
    const { post, get } = await withAccounts()
    const { id } = (await post('/invoice_groups', group('usd1'))).body
    const add = async (...accountIds: string[]) => {
      const { status, body } = await post(`/invoice_groups/${id}/add_accounts`, { accountIds })
      return [status, body.accountsCount ?? body.message]
    }
    expect(await add('usd1', 'usd2')).toEqual([200, 2])
    expect(await add('usd2')).toEqual([200, 2])
    expect(await add('usd3', 'eur')).toEqual([409, 'accountIds[1]: the account "eur" is invoiced in EUR, the invoice group in USD'])
    expect(await add('usd3', 'gone')).toEqual([409, 'accountIds[1]: the account "gone" is archived'])
    expect(await add('usd3', 'nobody')).toEqual([404, 'accountIds[1]: the account "nobody" does not exist'])
    expect((await get(`/invoice_groups/${id}`)).body.accounts).toEqual(['usd1', 'usd2'])
    const other = (await post('/invoice_groups', group('usd4'))).body
    expect(await add('usd4')).toEqual([409, `accountIds[0]: the account "usd4" is in the invoice group "${other.id}" already`])
    expect((await post('/invoice_groups/nobody/add_accounts', { accountIds: ['usd3'] })).status).toBe(404)
  })

  it('counts right when accounts come at the same moment', async () => {
    const { post, get } = await withAccounts()
    const { id } = (await post('/invoice_groups', group('usd1'))).body
    const answers = await Promise.all(
      ['usd2', 'usd3', 'usd4'].map((account) => post(`/invoice_groups/${id}/add_accounts`, { accountIds: [account] })),
    )
    expect(answers.map(({ body }) => body.accountsCount).toSorted()).toEqual([2, 3, 4])
    expect((await get(`/invoice_groups/${id}`)).body.accountsCount).toBe(4)
  })
})

describe('removeInvoiceGroupAccounts', () => {
  it('removes accounts, all of them or none, and the group with the last', async () => {
    const { post, get } = await withAccounts()
    const { id } = (await post('/invoice_groups', group('usd1', 'usd2', 'usd3'))).body
    const remove = async (...accountIds: string[]) => {
      const { status, body } = await post(`/invoice_groups/${id}/remove_accounts`, { accountIds })
      return [status, body.success ?? body.message]
    }
    expect(await remove('usd1', 'usd4')).toEqual([404, `accountIds[1]: the account "usd4" is not in the invoice group "${id}"`])
    expect(await remove('usd1')).toEqual([200, true])
    expect((await get(`/invoice_groups/${id}`)).body.accounts).toEqual(['usd2', 'usd3'])
    expect((await post('/invoice_groups', group('usd1'))).status).toBe(200)
    expect(await remove('usd3', 'usd2')).toEqual([200, true])
    const gone = { message: `The invoice group "${id}" does not exist.` }
    expect((await get(`/invoice_groups/${id}`)).body).toEqual(gone)
    expect((await post(`/invoice_groups/${id}/add_accounts`, { accountIds: ['usd4'] })).body).toEqual(gone)
    expect(await remove('usd3')).toEqual([404, gone.message])
    expect((await get('/invoice_groups')).body.data).toHaveLength(1)
  })
})

describe('listInvoiceGroups', () => {
  it('shows the groups in the order in which they were made, and pages when asked', async () => {
    const { post, get } = await withAccounts()
    const ids: string[] = []
    for (const account of ['usd1', 'usd2', 'usd3', 'usd4']) {
      ids.push((await post('/invoice_groups', group(account))).body.id)
      await scheduler.wait(2)
    }
    expect((await get('/invoice_groups')).body.data.map(({ id }: Loose) => id)).toEqual(ids)
    const { data, nextToken } = (await get('/invoice_groups?pageSize=3')).body
    const rest = (await get(`/invoice_groups?nextToken=${nextToken}`)).body
    expect([...data, ...rest.data].map(({ id }: Loose) => id)).toEqual(ids)
    expect(rest).not.toHaveProperty('nextToken')
  })
})

describe('another organization', () => {
  it('finds nothing of it, as if it never was', async () => {
    const { id: organizationId, post } = await withAccounts()
    const { id } = (await post('/invoice_groups', group('usd1'))).body
    const theirs = await organization()
    for (const { status } of [
      await theirs.get(`/invoice_groups/${id}`),
      await theirs.post(`/invoice_groups/${id}/add_accounts`, { accountIds: ['usd2'] }),
      await theirs.post(`/invoice_groups/${id}/remove_accounts`, { accountIds: ['usd1'] }),
      await theirs.post('/invoice_groups', group('usd2')),
    ])
      expect(status).toBe(404)
    expect((await theirs.get('/invoice_groups')).body.data).toEqual([])
    expect((await countRows(organizationId))['accounts']).toBe(6)
  })
})

describe('an account that is archived as it joins', () => {
  it.each(['create', 'add'])('is in no group: %s', async (how) => {
    const api = await organization()
    await api.post('/customers', { id: 'acme', name: 'ACME', primaryEmail: 'a@example.com', address: {} })
    const { body: made } = await api.post('/invoice_groups', group('acme'))
    for (let n = 0; n < 10; n++) {
      await api.post('/accounts', { id: `a${n}`, name: 'Account', customerId: 'acme' })
      const accountIds = [`a${n}`]
      const joining =
        how === 'add'
          ? api.post(`/invoice_groups/${made.id}/add_accounts`, { accountIds })
          : api.post('/invoice_groups', group(...accountIds))
      const [archived, joined] = await Promise.all([api.delete(`/accounts/a${n}`), joining])
      expect([archived.status, [200, 409].includes(joined.status)]).toEqual([200, true])
    }
    const { results } = await env.DB.prepare(
      "SELECT count(*) AS n FROM invoice_group_accounts AS member JOIN accounts ON accounts.organization_id = member.organization_id AND accounts.id = member.account_id WHERE member.organization_id = ? AND status = 'ARCHIVED'",
    )
      .bind(api.id)
      .all()
    expect(results).toEqual([{ n: 0 }])
  })

  it('is in no group, whichever of the two commits first', async () => {
    const api = await withAccounts()
    const { id } = (await api.post('/invoice_groups', group('usd1'))).body
    const accounts = async () => (await api.get(`/invoice_groups/${id}`)).body.accounts
    const add = ({ post }: Pick<Api, 'post'>, account: string) => post(`/invoice_groups/${id}/add_accounts`, { accountIds: [account] })
    /** A client before whose commits something else is done. */
    const overtakenBy = (work: () => Promise<{ status: number }>) => {
      let first: Promise<{ status: number }> | undefined
      return client(
        api.token,
        changed((session) => ({
          batch: async (statements) => {
            first ??= work()
            expect((await first).status).toBe(200)
            return session.batch(statements)
          },
        })),
      )
    }
    const late = await add(
      overtakenBy(() => api.delete('/accounts/usd2')),
      'usd2',
    )
    expect([late.status, late.body.message, await accounts()]).toEqual([409, 'accountIds[0]: the account "usd2" is archived', ['usd1']])
    const archived = await overtakenBy(() => add(api, 'usd3')).delete('/accounts/usd3')
    expect([archived.status, await accounts()]).toEqual([200, ['usd1']])
  })
})

describe('round trips to D1', () => {
  it.each([
    [1, 'createInvoiceGroup', (api: Api) => api.post('/invoice_groups', group('usd2'))],
    [1, 'listInvoiceGroups', (api: Api) => api.get('/invoice_groups')],
    [1, 'getInvoiceGroup', (api: Api, id: string) => api.get(`/invoice_groups/${id}`)],
    [2, 'addInvoiceGroupAccounts', (api: Api, id: string) => api.post(`/invoice_groups/${id}/add_accounts`, { accountIds: ['usd2'] })],
    [
      2,
      'removeInvoiceGroupAccounts',
      (api: Api, id: string) => api.post(`/invoice_groups/${id}/remove_accounts`, { accountIds: ['usd1'] }),
    ],
  ] as [number, string, (api: Api, id: string) => ReturnType<Api['get']>][])('%i for a warm %s', async (most, _, ask) => {
    const api = await withAccounts()
    const { id } = (await api.post('/invoice_groups', group('usd1'))).body
    const { d1, seen } = watched()
    expect((await ask({ ...api, ...client(api.token, d1) }, id)).status).toBe(200)
    expect(seen.calls).toBe(most)
  })
})

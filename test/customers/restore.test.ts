import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { changed, client, organization } from '../helpers/api.ts'
import { customer } from '../helpers/customer.ts'
import { compareRows, readRows } from '../helpers/rows.ts'

afterEach(() => {
  vi.useRealTimers()
})

const group = (accountIds: string[]) => ({ name: 'G', email: 'g@example.com', dailyInvoiceConsolidation: true, accountIds, address: {} })

/** A customer with two accounts, of which one has aliases of every kind. */
const withAccounts = async () => {
  const api = await organization()
  const year = new Date().getUTCFullYear()
  await api.post('/customers', customer('acme'))
  await api.post('/accounts', {
    id: 'main',
    name: 'Main account',
    customerId: 'acme',
    status: 'DRAFT',
    aliases: ['plain'],
    accountAliases: [
      { value: 'dated', effectiveFrom: `${year - 1}-01-01T00:00:00Z`, effectiveUntil: `${year + 5}-01-01T00:00:00Z` },
      { value: 'planned', effectiveFrom: `${year + 2}-01-01T00:00:00Z` },
      { value: 'over', effectiveUntil: `${year - 1}-01-01T00:00:00Z` },
    ],
    settings: [{ id: 's', value: '1', namespace: 'USER', name: 'S', dataType: 'NUMERIC' }],
  })
  await api.post('/accounts', { id: 'other', name: 'Other account', customerId: 'acme' })
  const aliases = async () =>
    ((await api.get('/accounts/main/account_aliases')).body.data as Record<string, string>[]).map(
      ({ value, effectiveFrom, effectiveUntil }) => ({ value, effectiveFrom, effectiveUntil }),
    )
  return { ...api, aliases }
}

describe('restoreCustomer', () => {
  it('undoes an archive', async () => {
    const api = await withAccounts()
    for (const id of ['main', 'other', 'acme%20main']) await api.delete(`/accounts/${id}`)
    const { body: before } = await api.get('/customers/acme')
    await api.delete('/customers/acme')
    expect((await api.post('/accounts/main/restore')).body.message).toBe('customerId: the customer "acme" is archived. Restore it first.')
    const { status, body } = await api.post('/customers/acme/restore')
    expect([status, body]).toEqual([200, { ...before, updatedAt: body.updatedAt }])
    expect((await api.get('/customers/acme')).body).toEqual(body)
    expect((await api.get('/customers')).body.data).toEqual([body])
    expect((await api.patch('/customers/acme', { name: 'New name' })).status).toBe(200)
    expect((await api.post('/accounts/main/restore')).status).toBe(200)
  })

  it('leaves one that is not archived as it is, and knows none of another organization', async () => {
    const [api, other] = [await withAccounts(), await organization()]
    const before = await readRows(api.id)
    expect((await api.post('/customers/acme/restore')).body).toEqual((await api.get('/customers/acme')).body)
    expect((await other.post('/customers/acme/restore')).status).toBe(404)
    expect((await api.post('/customers/nobody/restore')).body.message).toBe('The customer "nobody" does not exist.')
    expect(compareRows(before, await readRows(api.id))).toEqual([])
  })
})

describe('restoreAccount', () => {
  it('undoes an archive: the status, the aliases as if they had never ended, the settings', async () => {
    const api = await withAccounts()
    const [{ body: before }, aliases] = [await api.get('/accounts/main'), await api.aliases()]
    await api.delete('/accounts/main')
    expect(await api.aliases()).not.toEqual(aliases)
    const { status, body } = await api.post('/accounts/main/restore')
    expect([status, body]).toEqual([200, { ...before, aliasesLeftOut: [] }])
    expect((await api.get('/accounts/main')).body).toEqual(before)
    expect(await api.aliases()).toEqual(aliases)
    expect((await api.get('/aliases/plain')).status).toBe(200)
    expect((await api.patch('/accounts/main', { status: 'ACTIVE' })).status).toBe(200)
  })

  it('can be done again and again', async () => {
    const api = await withAccounts()
    const aliases = await api.aliases()
    for (let n = 0; n < 3; n++) {
      expect((await api.delete('/accounts/main')).status).toBe(200)
      expect((await api.post('/accounts/main/restore')).body.aliasesLeftOut).toEqual([])
    }
    expect(await api.aliases()).toEqual(aliases)
  })

  it('does not bring back an alias that was taken before the archive', async () => {
    const api = await withAccounts()
    await api.post('/accounts/main/remove_aliases', { aliases: ['plain'] })
    await api.delete('/accounts/main')
    const { body } = await api.post('/accounts/main/restore')
    expect([body.aliases.map(({ alias }: { alias: string }) => alias), body.aliasesLeftOut]).toEqual([['dated'], []])
  })

  it('names and leaves out the aliases that meanwhile belong to another account, or are its id', async () => {
    const api = await withAccounts()
    await api.delete('/accounts/main')
    await api.post('/accounts/other/add_aliases', { aliases: ['plain'] })
    await api.post('/accounts', { id: 'planned', name: 'Planned', customerId: 'acme' })
    const { status, body } = await api.post('/accounts/main/restore')
    expect([status, body.aliasesLeftOut]).toEqual([
      200,
      [
        { alias: 'plain', accountId: 'other' },
        { alias: 'planned', accountId: 'planned' },
      ],
    ])
    expect(body.aliases).toEqual([{ alias: 'dated', status: 'ACTIVE' }])
    expect((await api.get('/accounts/other')).body.aliases).toEqual([{ alias: 'plain', status: 'ACTIVE' }])
    await api.delete('/accounts/main')
    await api.post('/accounts/other/remove_aliases', { aliases: ['plain'] })
    expect((await api.post('/accounts/main/restore')).body.aliases).toEqual([{ alias: 'dated', status: 'ACTIVE' }])
  })

  it('goes back into its invoice group, also one that ended with it, and names one that has ended otherwise', async () => {
    const api = await withAccounts()
    const details = async () => (await api.get('/accounts/main?includeGroupDetails=true')).body.invoiceGroupDetails?.id
    const { body: shared } = await api.post('/invoice_groups', group(['main', 'other']))
    await api.delete('/accounts/main')
    expect((await api.get(`/invoice_groups/${shared.id}`)).body.accounts).toEqual(['other'])
    await api.post('/accounts/main/restore')
    expect((await api.get(`/invoice_groups/${shared.id}`)).body.accounts).toEqual(['main', 'other'])

    await api.delete('/accounts/main')
    await api.post(`/invoice_groups/${shared.id}/remove_accounts`, { accountIds: ['other'] })
    const left = await api.post('/accounts/main/restore')
    expect([left.status, left.body.invoiceGroupLeftOut, await details()]).toEqual([200, shared.id, undefined])

    const { body: alone } = await api.post('/invoice_groups', group(['main']))
    await api.delete('/accounts/main')
    expect((await api.get(`/invoice_groups/${alone.id}`)).status).toBe(404)
    const back = await api.post('/accounts/main/restore')
    expect([back.body.invoiceGroupLeftOut, await details()]).toEqual([undefined, alone.id])
    expect((await api.get(`/invoice_groups/${alone.id}`)).body.accounts).toEqual(['main'])
  })

  it('brings back a group that the archive of its accounts ended, in whatever order they are restored', async () => {
    const api = await withAccounts()
    const { body: made } = await api.post('/invoice_groups', group(['main', 'other']))
    for (const id of ['main', 'other']) await api.delete(`/accounts/${id}`)
    expect((await api.get(`/invoice_groups/${made.id}`)).status).toBe(404)
    for (const id of ['main', 'other']) expect((await api.post(`/accounts/${id}/restore`)).body.invoiceGroupLeftOut).toBe(undefined)
    expect((await api.get(`/invoice_groups/${made.id}`)).body.accounts).toEqual(['main', 'other'])
  })

  it('gives back from now on an alias that another account had for a while', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const api = await withAccounts()
    const later = () => vi.setSystemTime(Date.now() + 1000)
    later()
    await api.delete('/accounts/main')
    later()
    await api.post('/accounts/other/add_aliases', { aliases: ['plain'] })
    later()
    await api.post('/accounts/other/remove_aliases', { aliases: ['plain'] })
    later()
    const { body } = await api.post('/accounts/main/restore')
    expect([body.aliasesLeftOut, body.aliases.map(({ alias }: { alias: string }) => alias)]).toEqual([[], ['dated', 'plain']])
    expect((await api.get('/accounts/main')).body.aliases).toEqual(body.aliases)
    const plain = (await api.aliases()).filter(({ value }) => value === 'plain')
    expect(plain.map(({ effectiveFrom }) => effectiveFrom)).toEqual(['1970-01-01T00:00:00.000Z', new Date().toISOString()])
  })

  it('decides again when an alias is taken at the same moment', async () => {
    const api = await withAccounts()
    await api.delete('/accounts/main')
    let left = 1
    const overtaken = changed((session) => ({
      batch: async (statements) => {
        if (left-- > 0) await api.post('/accounts/other/add_aliases', { aliases: ['plain'] })
        return session.batch(statements) as never
      },
    }))
    const { status, body } = await client(api.token, overtaken).post('/accounts/main/restore')
    expect([status, body.aliasesLeftOut]).toEqual([200, [{ alias: 'plain', accountId: 'other' }]])
    const { results } = await env.DB.prepare(
      "SELECT count(*) AS n FROM account_aliases WHERE organization_id = ? AND value = 'plain' AND effective_until > ?",
    )
      .bind(api.id, Date.now())
      .all()
    expect(results).toEqual([{ n: 1 }])
  })

  it('8 at the same moment restore once', async () => {
    const api = await withAccounts()
    await api.delete('/accounts/main')
    const answers = await Promise.all(Array.from({ length: 8 }, () => api.post('/accounts/main/restore')))
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
    expect((await readRows(api.id, ['audit_log']))['audit_log']?.filter((row) => row.includes('restoreAccount'))).toHaveLength(1)
  })

  it('leaves one that is not archived as it is, and knows none of another organization', async () => {
    const [api, other] = [await withAccounts(), await organization()]
    const before = await readRows(api.id)
    expect((await api.post('/accounts/main/restore')).body).toEqual({ ...(await api.get('/accounts/main')).body, aliasesLeftOut: [] })
    expect((await other.post('/accounts/main/restore')).status).toBe(404)
    expect(compareRows(before, await readRows(api.id))).toEqual([])
  })
})

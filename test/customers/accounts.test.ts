import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { changed, client, organization, watched } from '../helpers/api.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any
type Api = Awaited<ReturnType<typeof organization>>

const customer = (account: Record<string, unknown> = {}, id = 'acme') => ({
  id,
  name: 'ACME Enterprise',
  primaryEmail: 'admin@example.com',
  address: { city: 'Florence' },
  account: { id: 'main', name: 'Main account', ...account },
})

const names = (body: { aliases: { alias: string }[] }) => body.aliases.map(({ alias }) => alias)

/** A customer with the account `main`, and another account of it. */
const withAccounts = async (main: Record<string, unknown> = {}, other: Record<string, unknown> = {}): Promise<Api> => {
  const api = await organization()
  expect((await api.post('/customers', customer(main))).status).toBe(201)
  expect((await api.post('/accounts', { id: 'other', name: 'Other account', customerId: 'acme', ...other })).status).toBe(201)
  return api
}

const history = async ({ get }: Api, id: string): Promise<[string, string, string][]> => {
  const { body } = await get(`/accounts/${id}/account_aliases`)
  return body.data.map(({ value, effectiveFrom, effectiveUntil }: Loose) => [value, effectiveFrom, effectiveUntil])
}

const OPEN = ['1970-01-01T00:00:00.000Z', '9999-01-01T00:00:00.000Z'] as const
/** Later than the clock of any machine that runs this. */
const JANUARY = Date.UTC(2060, 0, 1)

/** The clock of the Worker stands at `milliseconds`. */
const at = (milliseconds: number): string => {
  vi.useFakeTimers({ toFake: ['Date'], now: milliseconds })
  return new Date(milliseconds).toISOString()
}

afterEach(() => {
  vi.useRealTimers()
})

describe('createAccount', () => {
  const body = {
    id: 'second',
    name: 'Second account',
    customerId: 'acme',
    invoiceCurrency: 'EUR',
    aliases: ['second alias'],
    accountAliases: [{ value: 'later', effectiveFrom: '2100-01-01T00:00:00Z' }],
    address: { country: 'DE' },
    primaryEmail: 'second@example.com',
    billingInformation: { emailRecipients: ['bills@example.com'] },
    settings: [{ id: 's', value: '1', namespace: 'USER', name: 'S', dataType: 'NUMERIC' }],
    netTermDays: 30,
    metadata: { GSTN: '29' },
    tags: ['Gold'],
    status: 'DRAFT',
  }

  it('makes another account of a customer, and reads it back', async () => {
    const { post, get } = await organization()
    const first = await post('/customers', customer())
    const { status, headers, body: made } = await post('/accounts', body)
    expect([status, headers.get('Location')]).toEqual([201, '/accounts/second'])
    const { accountAliases: _dated, ...sent } = body
    expect(made).toEqual({
      ...sent,
      togaiAccountId: expect.stringMatching(/^account\./),
      togaiCustomerId: first.body.togaiCustomerId,
      aliases: [{ alias: 'second alias', status: 'ACTIVE' }],
      tags: ['gold'],
    })
    expect((await get('/accounts/second')).body).toEqual(made)
    expect((await get('/accounts/second?effectiveOn=2100-01-01T00:00:00Z')).body.aliases).toHaveLength(2)
  })

  it('keeps nothing in place of an address that was not given', async () => {
    const { id } = await withAccounts()
    const kept = env.DB.prepare('SELECT id, address FROM accounts WHERE organization_id = ? ORDER BY id').bind(id)
    expect((await kept.all()).results).toEqual([
      { id: 'main', address: null },
      { id: 'other', address: null },
    ])
  })

  it('refuses a customer that is not there, or is archived, and what is taken', async () => {
    const { post, delete: archive } = await organization()
    await post('/customers', customer({ aliases: ['taken alias'] }))
    const conflict = async (changes: Record<string, unknown>) => {
      const { status, body: answer } = await post('/accounts', { ...body, ...changes })
      return [status, answer.message]
    }
    expect(await conflict({ customerId: 'nobody' })).toEqual([404, 'customerId: the customer "nobody" does not exist'])
    expect(await conflict({ customerId: 'x'.repeat(255) })).toEqual([404, expect.stringContaining('does not exist')])
    expect(await conflict({ id: 'main' })).toEqual([409, 'id: the account "main" exists already'])
    expect(await conflict({ id: 'taken alias' })).toEqual([409, 'id: "taken alias" is an alias of the account "main"'])
    expect(await conflict({ aliases: ['free alias', 'taken alias'] })).toEqual([
      409,
      'aliases[1]: "taken alias" is an alias of the account "main" already',
    ])
    expect((await archive('/accounts/main')).status).toBe(200)
    expect((await archive('/customers/acme')).status).toBe(200)
    expect(await conflict({})).toEqual([409, 'customerId: the customer "acme" is archived'])
  })
})

describe('getAccount', () => {
  const accountAliases = [
    { value: 'old', effectiveUntil: '2020-01-01T00:00:00Z' },
    { value: 'middle', effectiveFrom: '2020-01-01T00:00:00', effectiveUntil: '2021-01-01T05:30:00+05:30' },
    { value: 'current', effectiveFrom: '2021-01-01T00:00:00Z' },
  ]

  it('shows the aliases that hold at effectiveOn, and now when it is left out', async () => {
    const { post, get } = await organization()
    await post('/customers', customer({ aliases: ['always'], accountAliases }))
    const on = async (effectiveOn: string) => names((await get(`/accounts/main?effectiveOn=${encodeURIComponent(effectiveOn)}`)).body)
    expect(names((await get('/accounts/main')).body)).toEqual(['always', 'current'])
    expect(await on('2019-12-31T23:59:59.999Z')).toEqual(['always', 'old'])
    expect(await on('2020-01-01T00:00:00Z')).toEqual(['always', 'middle'])
    expect(await on('2020-03-30T10:41:10.088499')).toEqual(['always', 'middle'])
    expect(await on('2021-01-01T05:29:59.999+05:30')).toEqual(['always', 'middle'])
    expect(await on('2021-01-01T05:30:00+05:30')).toEqual(['always', 'current'])
  })

  it('shows aliases in the order in which they were given', async () => {
    const { post, get } = await organization()
    await post('/customers', customer({ aliases: ['zebra', 'apple', 'mango'], accountAliases: [{ value: 'berry' }] }))
    expect(names((await get('/accounts/main')).body)).toEqual(['zebra', 'apple', 'mango', 'berry'])
  })

  it('shows its invoice group when asked', async () => {
    const { post, get } = await organization()
    await post('/customers', customer())
    expect((await get('/accounts/main?includeGroupDetails=true')).body.invoiceGroupDetails).toBeUndefined()
    const { body: group } = await post('/invoice_groups', {
      name: 'Group',
      email: 'group@example.com',
      dailyInvoiceConsolidation: true,
      accountIds: ['main'],
      address: { city: 'Bonn' },
    })
    expect((await get('/accounts/main?includeGroupDetails=true')).body.invoiceGroupDetails).toEqual({
      id: group.id,
      name: 'Group',
      email: 'group@example.com',
      dailyInvoiceConsolidation: true,
      invoiceCurrency: 'USD',
      billingAddress: { city: 'Bonn' },
    })
    for (const query of ['', '?includeGroupDetails=false'])
      expect((await get(`/accounts/main${query}`)).body).not.toHaveProperty('invoiceGroupDetails')
  })

  it.each([
    ['effectiveOn=yesterday', 'effectiveOn: must be a date-time'],
    ['effectiveOn=2020-01-01', 'effectiveOn: must be a date-time'],
    ['effectiveOn=2020-01-01T00:00:00Z&effectiveOn=2021-01-01T00:00:00Z', 'effectiveOn: must be given once, and was given twice'],
    ['includeGroupDetails=yes', 'includeGroupDetails: must be true or false'],
    ['effectiveon=2020-01-01T00:00:00Z', 'effectiveon: is not a known name'],
  ])('refuses ?%s', async (query, message) => {
    const { get } = await organization()
    const { status, body } = await get(`/accounts/main?${query}`)
    expect([status, body.message]).toEqual([400, expect.stringContaining(message)])
  })

  it('answers 404 for an id that is not there, an alias among them', async () => {
    const { post, get } = await organization()
    await post('/customers', customer({ aliases: ['alias'] }))
    expect(await get('/accounts/alias')).toMatchObject({ status: 404, body: { message: 'The account "alias" does not exist.' } })
  })
})

describe('updateAccount', () => {
  it('replaces what is sent, whole, and leaves the rest', async () => {
    const { patch, get } = await withAccounts({
      metadata: { a: '1', b: '2' },
      address: { city: 'Rome', country: 'IT' },
      tags: ['x'],
      netTermDays: 10,
      aliases: ['alias'],
      settings: [{ id: 's', value: 'v', namespace: 'USER', name: 'S', dataType: 'STRING' }],
    })
    const before = (await get('/accounts/main')).body
    const changes = {
      name: 'Renamed',
      metadata: { c: '3' },
      address: { line1: 'Via Roma' },
      tags: ['NEW'],
      billingInformation: { emailRecipients: [] },
      primaryEmail: 'new@example.com',
      status: 'DRAFT',
      netTermDays: 0,
      invoiceCurrency: 'USD',
    }
    const { status, body } = await patch('/accounts/main', changes)
    expect([status, body]).toEqual([200, { ...before, ...changes, tags: ['new'] }])
    expect((await get('/accounts/main')).body).toEqual(body)
    expect((await patch('/accounts/main', { metadata: {}, status: 'ACTIVE' })).body).toEqual({ ...body, metadata: {}, status: 'ACTIVE' })
  })

  it('changes nothing when nothing is sent', async () => {
    const { id, patch, get } = await withAccounts()
    const row = () => env.DB.prepare('SELECT * FROM accounts WHERE organization_id = ? ORDER BY id').bind(id).all()
    const before = (await row()).results
    expect((await patch('/accounts/main', {})).body).toEqual((await get('/accounts/main')).body)
    expect((await row()).results).toEqual(before)
  })

  it('lets the currency be given once, or repeated, and never changed', async () => {
    const { patch } = await withAccounts({ invoiceCurrency: 'EUR' })
    const give = async (id: string, invoiceCurrency: string) => {
      const { status, body } = await patch(`/accounts/${id}`, { invoiceCurrency })
      return [status, body.invoiceCurrency ?? body.message]
    }
    expect(await give('main', 'EUR')).toEqual([200, 'EUR'])
    expect(await give('main', 'INR')).toEqual([409, 'invoiceCurrency: the account "main" is invoiced in EUR, which cannot be changed'])
    expect(await give('other', 'INR')).toEqual([200, 'INR'])
    expect(await give('other', 'INR')).toEqual([200, 'INR'])
    expect(await give('other', 'USD')).toEqual([409, 'invoiceCurrency: the account "other" is invoiced in INR, which cannot be changed'])
    expect(await give('nobody', 'USD')).toEqual([404, 'The account "nobody" does not exist.'])
  })

  it('keeps the currency of an account to that of its invoice group', async () => {
    const { post, patch } = await withAccounts()
    const group = { name: 'G', email: 'g@example.com', dailyInvoiceConsolidation: false, accountIds: ['other'], address: {} }
    await post('/invoice_groups', group)
    expect((await patch('/accounts/other', { invoiceCurrency: 'INR' })).status).toBe(409)
    expect((await patch('/accounts/other', { invoiceCurrency: 'USD' })).status).toBe(200)
  })

  it('keeps it so when the account joins a group at the same moment', async () => {
    const api = await withAccounts()
    const group = { name: 'G', email: 'g@example.com', dailyInvoiceConsolidation: false, accountIds: ['main', 'other'], address: {} }
    const joining = changed((session) => ({
      batch: async (statements) => {
        expect((await api.post('/invoice_groups', group)).status).toBe(200)
        return session.batch(statements)
      },
    }))
    const { status, body } = await client(api.token, joining).patch('/accounts/other', { invoiceCurrency: 'INR' })
    expect([status, body.message]).toEqual([
      409,
      expect.stringMatching(/^invoiceCurrency: the account "other" is in the invoice group "inv_group/),
    ])
    expect((await api.get('/accounts/other')).body.invoiceCurrency).toBe('USD')
  })

  it('never sets the time of the last change back', async () => {
    const api = await withAccounts()
    const changedAt = () =>
      env.DB.prepare("SELECT updated_at FROM accounts WHERE organization_id = ? AND id = 'main'").bind(api.id).first<number>('updated_at')
    at(JANUARY + 5000)
    await api.patch('/accounts/main', { name: 'Later' })
    at(JANUARY)
    await api.patch('/accounts/main', { name: 'By a clock behind' })
    expect(await changedAt()).toBe(JANUARY + 5000)
    expect((await api.get('/accounts/main')).body.name).toBe('By a clock behind')
  })

  it.each([
    ['name', { name: 'ab' }],
    ['status', { status: 'ARCHIVED' }],
    ['netTermDays', { netTermDays: -1 }],
    ['invoiceCurrency', { invoiceCurrency: 'XYZ' }],
    ['id', { id: 'new' }],
    ['aliases', { aliases: ['abc'] }],
    ['metadata.k', { metadata: { k: null } }],
    ['tags[1]', { tags: ['a', 'A '] }],
  ])('refuses a wrong %s', async (path, changes) => {
    const { patch } = await withAccounts()
    const { status, body } = await patch('/accounts/main', changes)
    expect([status, body.message]).toEqual([400, expect.stringMatching(new RegExp(`^${path.replaceAll(/[[\]]/g, String.raw`\$&`)}: `))])
  })

  it('keeps each tag once, in lower case and in the order in which they came', async () => {
    const { patch, get } = await withAccounts()
    const { status, body } = await patch('/accounts/main', { tags: ['VIP', 'gold', 'vip', 'E\u0301', 'é', 'Gold', 'new'] })
    expect([status, body.tags]).toEqual([200, ['vip', 'gold', 'é', 'new']])
    expect((await get('/accounts/main')).body.tags).toEqual(body.tags)
  })

  it('counts of tags and of their characters what is kept, so that what is read can be sent again', async () => {
    const { patch, get } = await withAccounts()
    const distinct = Array.from({ length: 50 }, (_, n) => `Tag ${n}`)
    expect((await patch('/accounts/main', { tags: [...distinct, 'TAG 7', 'tag 7'] })).body.tags).toEqual(
      distinct.map((tag) => tag.toLowerCase()),
    )
    expect((await patch('/accounts/main', { tags: [...distinct, 'another'] })).body.message).toBe('tags: must hold 50 at most')
    expect((await patch('/accounts/main', { tags: ['İ'.repeat(128)] })).body.message).toBe('tags[0]: must be 1 to 255 characters')
    expect((await patch('/accounts/main', { tags: ['İ'.repeat(127)] })).status).toBe(200)
    const { tags } = (await get('/accounts/main')).body
    expect(tags).toEqual(['i\u0307'.repeat(127)])
    expect((await patch('/accounts/main', { tags })).body.tags).toEqual(tags)
  })

  it('applies 20 changes of different fields at the same moment, each to what the others left', async () => {
    const { patch, get } = await withAccounts()
    const answers = await Promise.all([
      ...Array.from({ length: 10 }, (_, n) => patch('/accounts/main', { netTermDays: n })),
      ...Array.from({ length: 10 }, (_, n) => patch('/accounts/main', { name: `Name ${n}`, tags: [`tag ${n}`] })),
    ])
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200))
    const { body } = await get('/accounts/main')
    expect(body.name.slice(5)).toBe(body.tags[0].slice(4))
    expect(body.netTermDays).toBeTypeOf('number')
    expect(await env.DB.prepare('SELECT version FROM accounts WHERE togai_account_id = ?').bind(body.togaiAccountId).first('version')).toBe(
      21,
    )
  })
})

describe('deleteAccount', () => {
  it('archives: still read by its id, in no list, changed by nothing, its id taken, its aliases free', async () => {
    const api = await withAccounts({ aliases: ['moving'], accountAliases: [{ value: 'planned', effectiveFrom: '2100-01-01T00:00:00Z' }] })
    const { post, patch, get, delete: archive } = api
    expect(await archive('/accounts/main')).toMatchObject({ status: 200, body: { success: true } })
    expect((await get('/accounts/main')).body).toMatchObject({ status: 'ARCHIVED', aliases: [] })
    expect((await get('/accounts')).body.data.map(({ id }: Loose) => id)).toEqual(['other'])
    expect((await get('/accounts?status=ARCHIVED')).body.data.map(({ id }: Loose) => id)).toEqual(['main'])
    expect(await archive('/accounts/main')).toMatchObject({ status: 200, body: { success: true } })
    const refused = { status: 409, body: { message: 'The account "main" is archived, and cannot be changed.' } }
    expect(await patch('/accounts/main', { name: 'New name' })).toMatchObject(refused)
    expect(await post('/accounts/main/add_aliases', { aliases: ['new alias'] })).toMatchObject(refused)
    expect(await post('/accounts/main/remove_aliases', { aliases: ['moving'] })).toMatchObject(refused)
    expect((await post('/accounts', { id: 'main', name: 'Again', customerId: 'acme' })).status).toBe(409)
    expect(names((await post('/accounts/other/add_aliases', { aliases: ['moving', 'planned'] })).body)).toEqual(['moving', 'planned'])
    expect((await archive('/accounts/nobody')).status).toBe(404)
  })

  it('takes the account out of its invoice group, and ends the group with its last one', async () => {
    const { post, get, delete: archive } = await withAccounts()
    const accountIds = ['main', 'other']
    const { body: group } = await post('/invoice_groups', {
      name: 'G',
      email: 'g@example.com',
      dailyInvoiceConsolidation: true,
      accountIds,
      address: {},
    })
    await archive('/accounts/main')
    expect((await get(`/invoice_groups/${group.id}`)).body).toMatchObject({ accountsCount: 1, accounts: ['other'] })
    await archive('/accounts/other')
    expect((await get(`/invoice_groups/${group.id}`)).status).toBe(404)
    expect((await get('/invoice_groups')).body.data).toEqual([])
  })

  it('50 at the same moment: all succeed, one archives', async () => {
    const { id, delete: archive } = await withAccounts({ aliases: ['alias'] })
    const answers = await Promise.all(Array.from({ length: 50 }, () => archive('/accounts/main')))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(await env.DB.prepare("SELECT version FROM accounts WHERE organization_id = ? AND id = 'main'").bind(id).first('version')).toBe(2)
  })
})

describe('addAliases', () => {
  it('gives plain and dated aliases, and shows those that hold now', async () => {
    const api = await withAccounts()
    const { status, body } = await api.post('/accounts/main/add_aliases', {
      aliases: ['plain'],
      accountAliases: [
        { value: 'past', effectiveUntil: '2020-01-01T00:00:00Z' },
        { value: 'now', effectiveFrom: '2020-01-01T00:00:00Z' },
        { value: 'f', effectiveFrom: '2100-01-01T00:00:00Z' },
      ],
    })
    expect([status, names(body)]).toEqual([200, ['plain', 'now']])
    expect((await api.get('/accounts/main')).body).toEqual(body)
    expect(await history(api, 'main')).toEqual([
      ['plain', ...OPEN],
      ['past', OPEN[0], '2020-01-01T00:00:00.000Z'],
      ['now', '2020-01-01T00:00:00.000Z', OPEN[1]],
      ['f', '2100-01-01T00:00:00.000Z', OPEN[1]],
    ])
  })

  it('changes nothing when nothing is sent', async () => {
    const { post, get } = await withAccounts({ aliases: ['alias'] })
    expect((await post('/accounts/main/add_aliases', {})).body).toEqual((await get('/accounts/main')).body)
  })

  it('refuses an alias that is taken, or is an account id, and gives none of the others', async () => {
    const { post, get } = await withAccounts({ aliases: ['taken'] })
    const add = async (account: string, aliases: string[]) => {
      const { status, body } = await post(`/accounts/${account}/add_aliases`, { aliases })
      return [status, body.message]
    }
    expect(await add('other', ['free', 'taken'])).toEqual([409, 'aliases[1]: "taken" is an alias of the account "main" already'])
    expect(await add('main', ['taken'])).toEqual([409, 'aliases[0]: "taken" is an alias of the account "main" already'])
    expect(await add('other', ['main'])).toEqual([409, 'aliases[0]: "main" is the id of the account "main"'])
    expect(await add('other', ['other'])).toEqual([200, undefined])
    expect(await add('nobody', ['free'])).toEqual([404, 'The account "nobody" does not exist.'])
    expect(names((await get('/accounts/other')).body)).toEqual(['other'])
  })

  it('lets 10 hold at once, and another when one has ended', async () => {
    const api = await withAccounts({ aliases: Array.from({ length: 10 }, (_, n) => `alias ${n}`) })
    const add = (aliases: string[]) => api.post('/accounts/main/add_aliases', { aliases })
    expect(await add(['one more'])).toMatchObject({
      status: 409,
      body: { message: 'aliases[0]: with "one more" more than 10 aliases of the account "main" would hold at once' },
    })
    at(JANUARY)
    await api.post('/accounts/main/remove_aliases', { aliases: ['alias 3'] })
    const second = at(JANUARY + 1000)
    await api.post('/accounts/main/remove_aliases', { aliases: ['alias 4'] })
    at(JANUARY + 2000)
    expect((await add(['one more', 'two more'])).status).toBe(200)
    expect((await history(api, 'main')).slice(-2)).toEqual([
      ['one more', second, OPEN[1]],
      ['two more', second, OPEN[1]],
    ])
    const heldAt = async (instant: number) =>
      names((await api.get(`/accounts/main?effectiveOn=${new Date(instant).toISOString()}`)).body).length
    const instants = [JANUARY - 1, JANUARY, JANUARY + 999, JANUARY + 1000, JANUARY + 5000]
    expect(await Promise.all(instants.map(heldAt))).toEqual([10, 9, 9, 10, 10])
    expect((await add(['three more'])).status).toBe(409)
  })

  it('passes an alias from one account to another, each holding it in its own time', async () => {
    const api = await withAccounts({ aliases: ['moving'] })
    const moved = at(JANUARY)
    await api.post('/accounts/main/remove_aliases', { aliases: ['moving'] })
    at(JANUARY + 5000)
    expect(names((await api.post('/accounts/other/add_aliases', { aliases: ['moving'] })).body)).toEqual(['moving'])
    expect(await history(api, 'main')).toEqual([['moving', OPEN[0], moved]])
    expect(await history(api, 'other')).toEqual([['moving', moved, OPEN[1]]])
    const before = new Date(JANUARY - 1).toISOString()
    expect(names((await api.get(`/accounts/main?effectiveOn=${before}`)).body)).toEqual(['moving'])
    expect(names((await api.get(`/accounts/other?effectiveOn=${before}`)).body)).toEqual([])
    const again = await api.post('/accounts/main/add_aliases', { accountAliases: [{ value: 'moving', effectiveFrom: before }] })
    expect(again).toMatchObject({
      status: 409,
      body: { message: expect.stringContaining('accountAliases[0].value: "moving" is an alias of the account') },
    })
  })

  it('50 at the same moment for one alias: one account has it', async () => {
    const { post, get } = await withAccounts()
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) => post(`/accounts/${n % 2 ? 'main' : 'other'}/add_aliases`, { aliases: ['wanted'] })),
    )
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, ...Array.from({ length: 49 }, () => 409)])
    const held = await Promise.all(['main', 'other'].map(async (id) => names((await get(`/accounts/${id}`)).body)))
    expect(held.flat()).toEqual(['wanted'])
  })

  it('20 at the same moment for 20 aliases: 10 hold', async () => {
    const { post, get } = await withAccounts()
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => post('/accounts/main/add_aliases', { aliases: [`alias ${n}`] })))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(10)
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(10)
    expect((await get('/accounts/main')).body.aliases).toHaveLength(10)
  })
})

describe('removeAliases', () => {
  it('ends an alias now, takes back what was planned for it, and keeps the record', async () => {
    const api = await withAccounts({
      accountAliases: [
        { value: 'alias', effectiveUntil: '2070-01-01T00:00:00Z' },
        { value: 'alias', effectiveFrom: '2071-01-01T00:00:00Z' },
        { value: 'stays' },
      ],
    })
    const now = at(JANUARY)
    const { status, body } = await api.post('/accounts/main/remove_aliases', { aliases: ['alias'] })
    expect([status, names(body)]).toEqual([200, ['stays']])
    expect(await history(api, 'main')).toEqual([
      ['alias', OPEN[0], now],
      ['alias', '2071-01-01T00:00:00.000Z', '2071-01-01T00:00:00.000Z'],
      ['stays', ...OPEN],
    ])
    expect(await api.post('/accounts/main/remove_aliases', { aliases: ['stays', 'alias'] })).toMatchObject({
      status: 404,
      body: { message: 'aliases[1]: the account "main" has no alias "alias"' },
    })
    expect(names((await api.get('/accounts/main')).body)).toEqual(['stays'])
    expect(
      (await api.post('/accounts/other/add_aliases', { accountAliases: [{ value: 'alias', effectiveFrom: '2071-01-01T00:00:00Z' }] }))
        .status,
    ).toBe(200)
  })

  it('leaves what has ended as it was', async () => {
    const api = await withAccounts({
      accountAliases: [{ value: 'past', effectiveFrom: '2020-01-01T00:00:00Z', effectiveUntil: '2021-01-01T00:00:00Z' }],
    })
    const before = await history(api, 'main')
    const [{ id }] = (await api.get('/accounts/main/account_aliases')).body.data
    expect((await api.post('/accounts/main/remove_aliases', { accountAliases: [{ id, from: '1970-01-01T00:00:00Z' }] })).status).toBe(200)
    expect(await history(api, 'main')).toEqual(before)
    expect(names((await api.get('/accounts/main?effectiveOn=2020-06-01T00:00:00Z')).body)).toEqual(['past'])
  })

  it('ends an alias by its id, from an instant on', async () => {
    const api = await withAccounts({ aliases: ['alias'] }, { aliases: ['theirs'] })
    const [own, theirs] = await Promise.all(
      ['main', 'other'].map(async (id) => (await api.get(`/accounts/${id}/account_aliases`)).body.data[0].id as string),
    )
    const end = (id: string | undefined, from?: string) =>
      api.post('/accounts/main/remove_aliases', { accountAliases: [{ id, ...(from && { from }) }] })
    expect((await end(own, '2100-01-01T00:00:00Z')).status).toBe(200)
    expect(await history(api, 'main')).toEqual([['alias', OPEN[0], '2100-01-01T00:00:00.000Z']])
    expect((await end(own, '2200-01-01T00:00:00Z')).status).toBe(200)
    expect(await history(api, 'main')).toEqual([['alias', OPEN[0], '2100-01-01T00:00:00.000Z']])
    const now = at(JANUARY)
    expect(names((await end(own)).body)).toEqual([])
    expect(await history(api, 'main')).toEqual([['alias', OPEN[0], now]])
    expect(await end(theirs)).toMatchObject({
      status: 404,
      body: { message: expect.stringMatching(/^accountAliases\[0\]\.id: the account "main" has no alias/) },
    })
    expect((await api.post('/accounts/main/remove_aliases', {})).status).toBe(200)
  })
})

describe('listAccountAliases', () => {
  it('pages through the whole record', async () => {
    const values = Array.from({ length: 45 }, (_, n) => ({
      value: `v${n}`,
      effectiveFrom: `${2000 + n}-01-01T00:00:00Z`,
      effectiveUntil: `${2001 + n}-01-01T00:00:00Z`,
    }))
    const { get } = await withAccounts({ accountAliases: values })
    expect((await get('/accounts/main/account_aliases')).body.data).toHaveLength(45)
    const seen: string[] = []
    let token: string | undefined
    do {
      const { body } = await get(`/accounts/main/account_aliases?${token ? `nextToken=${token}` : 'pageSize=20'}`)
      seen.push(...body.data.map(({ value }: Loose) => value))
      token = body.nextToken
    } while (token)
    expect(seen).toEqual(values.map(({ value }) => value))
    expect((await get('/accounts/other/account_aliases')).body).toEqual({ data: [] })
    expect((await get('/accounts/nobody/account_aliases')).status).toBe(404)
  })
})

describe('another organization', () => {
  it('finds nothing of it, as if it never was', async () => {
    const { token: _, ...mine } = await withAccounts({ aliases: ['alias'] })
    const theirs = await organization()
    const both = async (ask: (api: Pick<Api, 'get' | 'post' | 'patch' | 'delete'>, id: string) => ReturnType<Api['get']>) => {
      const [hidden, never] = [await ask(theirs, 'main'), await ask(theirs, 'nope')]
      expect([hidden.status, hidden.body.message?.replaceAll('main', 'nope')]).toEqual([never.status, never.body.message])
      expect(never.status).toBe(404)
    }
    await both(({ get }, id) => get(`/accounts/${id}`))
    await both(({ patch }, id) => patch(`/accounts/${id}`, { name: 'Stolen' }))
    await both(({ delete: archive }, id) => archive(`/accounts/${id}`))
    await both(({ post }, id) => post(`/accounts/${id}/add_aliases`, { aliases: ['stolen'] }))
    await both(({ post }, id) => post(`/accounts/${id}/remove_aliases`, { aliases: ['alias'] }))
    await both(({ get }, id) => get(`/accounts/${id}/account_aliases`))
    await both(({ post }) => post('/accounts', { id: 'new', name: 'New', customerId: 'acme' }))
    expect((await theirs.get('/accounts')).body.data).toEqual([])
    expect(names((await mine.get('/accounts/main')).body)).toEqual(['alias'])
  })
})

describe('round trips to D1', () => {
  it.each([
    [
      1,
      'createAccount',
      (api: Api) => api.post('/accounts', { id: 'third', name: 'Third', customerId: 'acme', aliases: ['abc'], settings: [] }),
    ],
    [1, 'getAccounts', (api: Api) => api.get('/accounts')],
    [1, 'listAccountAliases', (api: Api) => api.get('/accounts/main/account_aliases')],
    [2, 'updateAccount', (api: Api) => api.patch('/accounts/main', { name: 'New name' })],
    [2, 'addAliases', (api: Api) => api.post('/accounts/main/add_aliases', { aliases: ['new alias'] })],
    [2, 'removeAliases', (api: Api) => api.post('/accounts/main/remove_aliases', { aliases: ['alias'] })],
    [2, 'deleteAccount', (api: Api) => api.delete('/accounts/main')],
  ] as [number, string, (api: Api) => ReturnType<Api['get']>][])('%i for a warm %s', async (most, _, ask) => {
    const api = await withAccounts({ aliases: ['alias'] })
    const { d1, seen } = watched()
    const { status } = await ask({ ...api, ...client(api.token, d1) })
    expect([200, 201]).toContain(status)
    expect(seen.calls).toBe(most)
  })
})

import { env } from 'cloudflare:workers'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AliasRange, mostAtOnce } from '../../src/customers/accounts/ranges.ts'
import { COUNTRIES } from '../../src/lib/codes.ts'
import page from '../data/create-a-customer.json'
import { changed, client, organization, watched } from '../helpers/api.ts'
import { said } from '../helpers/reference.ts'
import { countRows } from '../helpers/rows.ts'
import { type Body, CURRENCIES, FAULTS, keptOf, validBody, wrongBody } from './bodies.ts'

const OURS = (kind: string) => expect.stringMatching(new RegExp(`^${kind}\\.[0-9A-Za-z]{11}\\.[0-9A-Za-z]{5}$`))

const minimal = (id: string, account?: Record<string, unknown>) => ({
  id,
  name: 'ACME Enterprise',
  primaryEmail: 'admin@example.com',
  address: { city: 'Florence', country: 'US' },
  ...(account && { account: { name: 'Primary Account', ...account } }),
})

/** What an organization has to begin with. */
const NOTHING = { tokens: 1 }

/** Runs `work` on every item, a few at a time. */
const each = async <T>(items: T[], work: (item: T) => Promise<void>): Promise<void> => {
  for (let at = 0; at < items.length; at += 20) await Promise.all(items.slice(at, at + 20).map(work))
}

/** What is read back of an account that was sent: the rules of the contract once more, without the code under test. */
const accountOf = (body: Body) => {
  const { id, name, primaryEmail, address } = body
  const {
    aliases = [],
    accountAliases = [],
    settings = [],
    tags,
    invoiceCurrency = 'USD',
    status = 'ACTIVE',
    ...sent
  } = body.account ?? {
    id,
    name,
    primaryEmail,
    address,
  }
  const at = (time: string | undefined, open: number) =>
    time === undefined ? open : Date.parse(/(Z|[+-]\d\d:\d\d)$/.test(time) ? time : `${time}Z`)
  const now = accountAliases
    .filter(
      (alias: Record<string, string>) => at(alias['effectiveFrom'], 0) <= Date.now() && Date.now() < at(alias['effectiveUntil'], Infinity),
    )
    .map((alias: Record<string, string>) => alias['value'])
  return {
    ...sent,
    customerId: id,
    togaiCustomerId: OURS('customer'),
    togaiAccountId: OURS('account'),
    invoiceCurrency,
    status,
    aliases: [...aliases, ...now].map((alias: string) => ({ alias, status: 'ACTIVE' })),
    settings,
    ...(tags && { tags }),
  }
}

const billingAddress = ({ line1, line2, postalCode, city, state, country }: Record<string, string>) =>
  [line1, line2, postalCode, city, state, country].filter((part) => part?.trim()).join(', ')

describe('createCustomer', () => {
  it('has the example of the page which the API starts from', () => {
    expect(said.reference['createCustomer']?.example.request).toEqual(page.request)
  })

  it("answers the page's request", async () => {
    const { post } = await organization()
    const { status, headers, body } = await post('/customers', page.request)
    const { aliases: _aliases, ...account } = page.request.account
    expect(status).toBe(201)
    expect(headers.get('Location')).toBe(`/customers/${page.request.id}`)
    expect(body).toEqual({
      ...page.request,
      togaiCustomerId: OURS('customer'),
      billingAddress: '2281 Broadway Street, G-31, 29501, Florence, South Carolina, US',
      account: {
        ...account,
        togaiAccountId: OURS('account'),
        togaiCustomerId: body.togaiCustomerId,
        customerId: page.request.id,
        status: 'ACTIVE',
        aliases: [
          { alias: 'acme_primary', status: 'ACTIVE' },
          { alias: 'admin@example.com', status: 'ACTIVE' },
        ],
      },
    })
    expect(Object.keys(body)).toEqual(expect.arrayContaining(Object.keys(page.answer)))
    expect(Object.keys(body.account)).toEqual(expect.arrayContaining(Object.keys(page.answer.account)))
  })

  it('makes an account from the customer when none is sent', async () => {
    const { post, get } = await organization({ baseCurrency: 'INR' })
    const { status, body } = await post('/customers', minimal('acme'))
    expect(status).toBe(201)
    expect(body.account).toEqual({
      id: 'acme',
      togaiAccountId: OURS('account'),
      customerId: 'acme',
      togaiCustomerId: body.togaiCustomerId,
      name: 'ACME Enterprise',
      primaryEmail: 'admin@example.com',
      address: { city: 'Florence', country: 'US' },
      invoiceCurrency: 'INR',
      status: 'ACTIVE',
      aliases: [],
      settings: [],
    })
    expect((await get('/accounts/acme')).body).toEqual(body.account)
  })

  it('takes the largest legal body', async () => {
    const { id, post } = await organization()
    const many = <T>(count: number, make: (n: number) => T) => Array.from({ length: count }, (_, n) => make(n))
    const settings = (kind: string) =>
      many(10, (n) => ({ id: `${kind}-${n}`, value: 'x'.repeat(1000), namespace: 'USER', name: 'S', dataType: 'STRING' }))
    const year = (n: number) => `${2100 + n}-01-01T00:00:00Z`
    const body = {
      ...minimal('largest'),
      settings: settings('customer'),
      account: {
        id: 'largest account',
        name: 'Largest',
        accountAliases: [
          ...many(10, (n) => ({ value: `now-${n}`, effectiveUntil: year(0) })),
          ...many(40, (n) => ({
            value: `later-${n}`,
            effectiveFrom: year(Math.floor(n / 10)),
            effectiveUntil: year(Math.floor(n / 10) + 1),
          })),
        ],
        settings: settings('account'),
        tags: many(50, (n) => `Tag ${n}`),
        metadata: Object.fromEntries(many(50, (n) => [`key ${n}`, 'x'.repeat(1000)])),
      },
    }
    const { status, body: answer } = await post('/customers', body)
    expect(status).toBe(201)
    expect(answer.account.aliases).toEqual(many(10, (n) => ({ alias: `now-${n}`, status: 'ACTIVE' })))
    expect(await countRows(id)).toMatchObject({ customers: 1, accounts: 1, account_aliases: 50, settings: 20 })
  })

  it('lets the same alias follow itself, and an account have its own id as an alias', async () => {
    const { post } = await organization()
    const turn = '2026-01-01T00:00:00Z'
    const { status, body } = await post(
      '/customers',
      minimal('c', {
        id: 'own',
        aliases: ['own'],
        accountAliases: [
          { value: 'a', effectiveUntil: turn },
          { value: 'a', effectiveFrom: turn },
        ],
      }),
    )
    expect(status).toBe(201)
    expect(body.account.aliases.map(({ alias }: { alias: string }) => alias)).toEqual(['own', 'a'])
  })

  it('takes every current country and currency', async () => {
    const { post } = await organization()
    expect([COUNTRIES.size, CURRENCIES.length]).toEqual([250, 165])
    for (const current of [
      'XCG',
      'SLE',
      'VED',
      'ZWG',
      'XAD',
      'UYW',
      'BOV',
      'CHE',
      'CHW',
      'CLF',
      'COU',
      'MXV',
      'USN',
      'UYI',
      'XAF',
      'XCD',
      'XOF',
      'XPF',
      'EUR',
    ])
      expect(CURRENCIES).toContain(current)
    expect(COUNTRIES).toContain('XK')
    for (const invoiceCurrency of ['HRK', 'BGN', 'ANG', 'CUC', 'ZWL', 'SLL', 'DEM'])
      expect((await post('/customers', minimal('gone', { id: 'gone', invoiceCurrency }))).status).toBe(400)
    const pairs = [...COUNTRIES].map((country, n) => [country, CURRENCIES[n % CURRENCIES.length] ?? ''] as const)
    await each(pairs, async ([country, invoiceCurrency]) => {
      const { status, body } = await post('/customers', {
        ...minimal(country, { id: country, invoiceCurrency }),
        address: { country },
      })
      expect([status, body.address, body.account.invoiceCurrency]).toEqual([201, { country }, invoiceCurrency])
    })
  })

  it('counts characters, not the units they are stored in', async () => {
    const { post } = await organization()
    expect((await post('/customers', minimal('😀'.repeat(50)))).status).toBe(201)
    expect((await post('/customers', minimal('😀'.repeat(51)))).body.message).toMatch(/^id: must be 1 to 50 characters$/)
    expect((await post('/customers', { ...minimal('x'), name: '😀😀' })).body.message).toMatch(/^name: must be 3 to 255 characters$/)
  })

  it('names every wrong field in one message', async () => {
    const { id, post } = await organization()
    const { status, body } = await post('/customers', {
      ...minimal('', { id: 'x', aliases: ['same', 'same'], netTermDays: 0.5, accountAliases: [{ value: 'x', effectiveFrom: 'never' }] }),
      name: 5,
      address: { country: 'Texas', zip: '1' },
    })
    expect(status).toBe(400)
    for (const path of [
      'id',
      'name',
      'address.country',
      'address.zip',
      'account.aliases[1]',
      'account.netTermDays',
      'account.accountAliases[0].effectiveFrom',
    ])
      expect(body.message).toContain(path)
    expect(await countRows(id)).toEqual(NOTHING)
  })

  it.each([
    [
      'account.aliases[1]',
      {
        aliases: ['same', 'same'],
        settings: Array.from({ length: 11 }, (_, n) => ({ id: `${n}`, namespace: 'n', name: 'n', value: '', dataType: 'STRING' })),
      },
    ],
    ['account.aliases[3]', { aliases: ['aaa', 'aaa', 'bbb', 'bbb'] }],
    ['account.aliases[2]', { aliases: [5, 'bbb', 'bbb'] }],
    ['account.metadata.k', { metadata: { k: 5, ...Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`k${n}`, ''])) } }],
  ])('names %s beside what else is wrong', async (path, account) => {
    const { post } = await organization()
    const { status, body } = await post('/customers', minimal('x', { id: 'x', ...account }))
    expect([status, body.message]).toEqual([400, expect.stringContaining(path)])
  })

  it.each([
    ['settings', ['a', 'b'], 'an object'],
    ['tags', [5, 5], 'a string'],
  ])('says of %s of the wrong type that, and not that they repeat', async (field, items, type) => {
    const { post } = await organization()
    expect((await post('/customers', minimal('x', { id: 'x', [field]: items }))).body.message).toBe(
      `account.${field}[0]: must be ${type}; account.${field}[1]: must be ${type}`,
    )
  })

  it.each([
    ['aliases', '1,'],
    ['accountAliases', '1,'],
    ['tags', '1,'],
    ['settings', '1,'],
    ['billingInformation.emailRecipients', '1,'],
    ['settings', `{"id":"a","value":"${'1'.repeat(200_000)}x","namespace":"n","name":"n","dataType":"NUMERIC"},`],
    ['metadata', '"k":1,'],
  ])('answers 400 to %s as long as a body can be', async (path, item) => {
    const { post } = await organization()
    const [outer, inner] = path.split('.')
    const [open, close] = path === 'metadata' ? ['{', '}'] : ['[', ']']
    const items =
      path === 'metadata'
        ? Array.from({ length: 20_000 }, (_, n) => `"k${n}":1`).join(',')
        : item.repeat(Math.floor(250_000 / item.length)).slice(0, -1)
    const field = inner ? `"${outer}":{"${inner}":${open}${items}${close}}` : `"${outer}":${open}${items}${close}`
    const { status, body } = await post(
      '/customers',
      `{"id":"x","name":"Long","primaryEmail":"a@b.cd","address":{},"account":{"id":"x","name":"Long",${field}}}`,
    )
    expect([status, body.message]).toEqual([400, expect.stringContaining(`account.${path}`)])
  })

  it('says so within 500 characters, however much is wrong', async () => {
    const { post } = await organization()
    const noise = Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [`${'x'.repeat(20)}${n}`, n]))
    const { status, body } = await post('/customers', { ...minimal('x'), ...noise })
    expect(status).toBe(400)
    expect(body.message).toMatch(/^x{20}0: is not a known name; also wrong: x{20}1, .*, \d+ more$/)
  })

  describe('conflicts', () => {
    const first = minimal('taken', { id: 'taken account', aliases: ['taken alias', 'admin@example.com'] })
    it.each([
      ['the customer id', minimal('taken', { id: 'other' }), 'id: the customer "taken" exists already'],
      ['the account id', minimal('other', { id: 'taken account' }), 'account.id: the account "taken account" exists already'],
      ['the id of the account made from it', minimal('taken account'), 'id: the account "taken account" exists already'],
      [
        'an alias',
        minimal('other', { id: 'other', aliases: ['free', 'taken alias'] }),
        'account.aliases[1]: "taken alias" is an alias of the account "taken account" already',
      ],
      [
        'a dated alias',
        minimal('other', { id: 'other', accountAliases: [{ value: 'taken alias', effectiveFrom: '2030-01-01T00:00:00Z' }] }),
        'account.accountAliases[0].value: "taken alias" is an alias of the account "taken account" already',
      ],
      [
        'an alias that is the id of another account',
        minimal('other', { id: 'other', aliases: ['taken account'] }),
        'account.aliases[0]: "taken account" is the id of the account "taken account"',
      ],
      [
        'an account id that is an alias of another account',
        minimal('other', { id: 'taken alias' }),
        'account.id: "taken alias" is an alias of the account "taken account"',
      ],
      [
        'the id of the account made from it, which is an alias',
        minimal('taken alias'),
        'id: "taken alias" is an alias of the account "taken account"',
      ],
    ])('refuses %s', async (_, body, message) => {
      const { id, post } = await organization()
      expect((await post('/customers', first)).status).toBe(201)
      const before = await countRows(id)
      const { status, body: answer } = await post('/customers', body)
      expect([status, answer.message]).toEqual([409, message])
      expect(await countRows(id)).toEqual(before)
    })

    it('lets dated ranges of an alias follow one another over accounts', async () => {
      const { post } = await organization()
      const of = (n: number, from: string, until: string) =>
        minimal(`c${n}`, { id: `a${n}`, accountAliases: [{ value: 'passed on', effectiveFrom: from, effectiveUntil: until }] })
      expect((await post('/customers', of(1, '2020-01-01T00:00:00Z', '2021-01-01T00:00:00Z'))).status).toBe(201)
      expect((await post('/customers', of(2, '2021-01-01T00:00:00Z', '2022-01-01T00:00:00Z'))).status).toBe(201)
      expect((await post('/customers', of(3, '2019-01-01T00:00:00Z', '2020-01-01T00:00:00Z'))).status).toBe(201)
      const { status, body } = await post('/customers', of(4, '2021-12-31T23:59:59Z', '2023-01-01T00:00:00Z'))
      expect([status, body.message]).toEqual([409, 'account.accountAliases[0].value: "passed on" is an alias of the account "a2" already'])
    })

    it('holds at most 10 aliases of an account at once in the database too', async () => {
      const { id, post } = await organization()
      await post('/customers', minimal('c', { id: 'a', aliases: Array.from({ length: 10 }, (_, n) => `alias ${n}`) }))
      const insert = env.DB.prepare(
        "INSERT INTO account_aliases SELECT 'late', organization_id, togai_account_id, 'late', 5, 6, 0, 0, NULL FROM accounts WHERE organization_id = ?",
      )
      await expect(insert.bind(id).run()).rejects.toThrow('TOO_MANY_ALIASES ["late","a",6]')
    })

    it('names the range that is refused, of several of one alias', async () => {
      const { post } = await organization()
      await post('/customers', minimal('c', { id: 'a', accountAliases: [{ value: 'shared', effectiveFrom: '2021-01-01T00:00:00Z' }] }))
      const shared = [
        { value: 'shared', effectiveUntil: '2020-01-01T00:00:00Z' },
        { value: 'shared', effectiveFrom: '2022-01-01T00:00:00Z' },
      ]
      const { status, body } = await post('/customers', minimal('d', { id: 'b', accountAliases: shared }))
      expect([status, body.message]).toEqual([409, 'account.accountAliases[1].value: "shared" is an alias of the account "a" already'])
    })

    it('of one organization are none of another', async () => {
      const [one, other] = [await organization(), await organization()]
      expect((await one.post('/customers', minimal('c', { id: 'mine', aliases: ['theirs'] }))).status).toBe(201)
      expect((await other.post('/customers', minimal('c', { id: 'theirs', aliases: ['mine'] }))).status).toBe(201)
    })

    it('agree with the arithmetic on ranges, for ranges of every kind', async () => {
      const { id, post } = await organization()
      const insert = env.DB.prepare(
        'INSERT INTO account_aliases SELECT ?1, organization_id, togai_account_id, ?1, cast(?2 AS INTEGER), cast(?3 AS INTEGER), 0, 0, NULL FROM accounts WHERE organization_id = ?4 AND id = ?5',
      )
      const span = fc.record({ from: fc.nat(12), length: fc.integer({ min: 1, max: 12 }) })
      await each(
        fc.sample(fc.array(span, { minLength: 30, maxLength: 40 }), { numRuns: 20, seed: 3 }).map((spans, n) => ({ spans, n })),
        async ({ spans, n }) => {
          await post('/customers', minimal(`c${n}`, { id: `a${n}` }))
          const held: AliasRange[] = []
          for (const [index, { from, length }] of spans.entries()) {
            const range = { value: `v${n}.${index}`, from, until: from + length }
            const fits = mostAtOnce([...held, range]) <= 10
            const done = await insert
              .bind(range.value, from, range.until, id, `a${n}`)
              .run()
              .then(
                () => true,
                () => false,
              )
            expect(done).toBe(fits)
            if (done) held.push(range)
          }
          expect(held.length).toBeLessThan(spans.length)
        },
      )
    })
  })

  describe('at the same moment', () => {
    it.each([
      ['customer id', (n: number) => minimal('same', { id: `account ${n}` })],
      ['account id', (n: number) => minimal(`customer ${n}`, { id: 'same' })],
      ['alias', (n: number) => minimal(`customer ${n}`, { id: `account ${n}`, aliases: ['same alias'] })],
      ['id and alias', (n: number) => minimal(`customer ${n}`, n % 2 ? { id: 'same' } : { id: `account ${n}`, aliases: ['same'] })],
    ])('50 requests for one %s: one is taken', async (_, make) => {
      const { id, post } = await organization()
      const answers = await Promise.all(Array.from({ length: 50 }, (_unused, n) => post('/customers', { ...make(n), settings: [] })))
      expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
      expect(answers.filter(({ status }) => status === 409)).toHaveLength(49)
      expect(await countRows(id)).toMatchObject({ customers: 1, accounts: 1 })
      expect(await countRows(id)).not.toHaveProperty('settings')
    })
  })

  describe('a failure of any statement', () => {
    const body = { ...page.request, account: { ...page.request.account, tags: ['a'] } }
    it.each([0, 1, 2, 3, 4, 5])('leaves nothing behind: before statement %i', async (at) => {
      const { id, token } = await organization()
      const failing = watched((statements) => {
        expect(statements.length).toBe(5)
        return statements.toSpliced(
          at,
          0,
          env.DB.prepare('INSERT INTO customers SELECT * FROM customers WHERE 1 / 0 IS NULL AND json(?)').bind('{'),
        )
      })
      const broken = await client(token, failing.d1).post('/customers', body)
      expect(broken.status).toBe(500)
      expect(broken.body.message).not.toMatch(/SQL|INSERT|JSON|D1/)
      expect(await countRows(id)).toEqual(NOTHING)
      expect((await client(token).post('/customers', body)).status).toBe(201)
      expect(await countRows(id)).toMatchObject({ customers: 1, accounts: 1, account_aliases: 2, settings: 2 })
    })

    it.each(['customers', 'accounts', 'account_aliases', 'settings', 'audit_log'])(
      'leaves nothing behind: inside the statement on %s',
      async (table) => {
        const { id, post } = await organization()
        await env.DB.prepare(`CREATE TRIGGER planted AFTER INSERT ON ${table} BEGIN SELECT RAISE(ABORT, 'PLANTED'); END`).run()
        try {
          expect((await post('/customers', body)).status).toBe(500)
        } finally {
          await env.DB.prepare('DROP TRIGGER planted').run()
        }
        expect(await countRows(id)).toEqual(NOTHING)
        expect((await post('/customers', body)).status).toBe(201)
      },
    )
  })

  describe('generated bodies', () => {
    it('every fault there is gets a 400 with its path', async () => {
      const { id, post } = await organization()
      await each(FAULTS, async ([path, apply]) => {
        const body = structuredClone<Record<string, unknown>>({ ...minimal('fault') })
        apply(body)
        const { status, body: answer } = await post('/customers', body)
        expect([status, `${path} in ${answer.message}`]).toEqual([400, expect.stringContaining(`in ${path}: `)])
      })
      expect(await countRows(id)).toEqual(NOTHING)
    })

    it('300 right ones are read back equal', async () => {
      const { id, post, get } = await organization()
      const bodies = fc.sample(validBody(), { numRuns: 300, seed: 20261124 })
      await each(bodies, async (generated) => {
        const created = await post('/customers', generated)
        expect([created.status, created.body.message]).toEqual([201, undefined])
        const body = keptOf(generated)
        const customer = await get(`/customers/${encodeURIComponent(body.id)}`)
        const { settings: _settings, account: _account, ...sent } = body
        expect(customer.body).toEqual({
          ...sent,
          billingAddress: billingAddress(body.address as Record<string, string>),
          togaiCustomerId: created.body.togaiCustomerId,
          status: 'ACTIVE',
          createdAt: expect.any(String),
          updatedAt: customer.body.createdAt,
        })
        expect(created.body.settings).toEqual(body.settings ?? [])
        expect(created.headers.get('Location')).toBe(`/customers/${encodeURIComponent(body.id)}`)
        const account = await get(`/accounts/${encodeURIComponent(body.account?.id ?? body.id)}`)
        expect(account.body).toEqual(accountOf(body))
        expect(account.body).toEqual(created.body.account)
      })
      expect(await countRows(id)).toMatchObject({ customers: 300, accounts: 300 })
    })

    it('1,000 that are wrong in one place are refused with its path', async () => {
      const { id, post } = await organization()
      const bodies = fc.sample(wrongBody(), { numRuns: 1000, seed: 20261125 })
      await each(bodies, async ({ body, path }) => {
        const { status, body: answer } = await post('/customers', body)
        expect([status, `${path} in ${answer.message}`]).toEqual([400, expect.stringContaining(`in ${path}: `)])
      })
      expect(await countRows(id)).toEqual(NOTHING)
    })
  })
})

describe('getCustomer', () => {
  it('answers 404 for an id that is not there, and 400 for one that cannot be', async () => {
    const { get } = await organization()
    expect(await get('/customers/nobody')).toMatchObject({ status: 404, body: { message: 'The customer "nobody" does not exist.' } })
    expect(await get(`/customers/${'x'.repeat(51)}`)).toMatchObject({
      status: 400,
      body: { message: 'customer_id: must be 1 to 50 characters' },
    })
    expect(await get('/customers/a%00b')).toMatchObject({ status: 400 })
  })

  it.each([
    'a b',
    'a/b',
    '100%',
    '%2F',
    '%25',
    '%',
    'a%zz',
    'ключ',
    '日本',
    '😀',
    'a?b#c',
    'a+b',
    "a'b",
    '...',
    'a\\b',
    ';',
    'admin@example.com',
    '"',
    '__proto__',
  ])('reads the id %s', async (id) => {
    const { post, get } = await organization()
    expect((await post('/customers', minimal(id))).status).toBe(201)
    expect((await get(`/customers/${encodeURIComponent(id)}`)).body).toMatchObject({ id })
    expect((await get(`/accounts/${encodeURIComponent(id)}`)).body).toMatchObject({ id })
  })
})

describe('updateCustomer', () => {
  it('replaces what is sent, the address as a whole, and leaves the rest', async () => {
    const { post, patch, get } = await organization()
    await post('/customers', page.request)
    const before = (await get(`/customers/${page.request.id}`)).body
    const changes = { name: 'Renamed', primaryEmail: 'new@example.com', address: { city: 'Rome', country: 'IT' } }
    const { status, body } = await patch(`/customers/${page.request.id}`, changes)
    expect([status, body]).toEqual([200, { ...before, ...changes, billingAddress: 'Rome, IT', updatedAt: expect.any(String) }])
    expect((await get(`/customers/${page.request.id}`)).body).toEqual(body)
    expect((await patch(`/customers/${page.request.id}`, { name: 'Again' })).body).toEqual({
      ...body,
      name: 'Again',
      updatedAt: expect.any(String),
    })
  })

  it('changes nothing when nothing is sent', async () => {
    const { post, patch, get } = await organization()
    await post('/customers', minimal('acme'))
    const before = (await get('/customers/acme')).body
    expect(await patch('/customers/acme', {})).toMatchObject({ status: 200, body: before })
    expect((await get('/customers/acme')).body).toEqual(before)
  })

  it.each([
    ['name', { name: '' }],
    ['primaryEmail', { primaryEmail: 'nobody' }],
    ['address.country', { address: { country: 'XX' } }],
    ['address', { address: { line1: 'x'.repeat(1001) } }],
    ['id', { id: 'new' }],
    ['status', { status: 'ARCHIVED' }],
    ['body', []],
  ])('refuses a wrong %s', async (path, changes) => {
    const { post, patch } = await organization()
    await post('/customers', minimal('acme'))
    const { status, body } = await patch('/customers/acme', changes)
    expect([status, body.message]).toEqual([400, expect.stringMatching(new RegExp(`^${path}: `))])
  })

  it('applies 20 changes at the same moment, each to what the others left', async () => {
    const { post, patch, get } = await organization()
    await post('/customers', minimal('acme'))
    const changes = Array.from({ length: 20 }, (_, n) => (n % 2 ? { name: `Name ${n}` } : { primaryEmail: `n${n}@example.com` }))
    const answers = await Promise.all(changes.map((change) => patch('/customers/acme', change)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    const { body } = await get('/customers/acme')
    expect([body.name, body.primaryEmail]).toEqual([expect.stringMatching(/^Name \d+$/), expect.stringMatching(/^n\d+@/)])
  })
})

describe('deleteCustomer', () => {
  it('archives a customer whose accounts are archived, and names those that are not', async () => {
    const { post, patch, get, delete: archive } = await organization()
    await post('/customers', minimal('acme', { id: 'first' }))
    await post('/accounts', { id: 'second', name: 'Second', customerId: 'acme', status: 'DRAFT' })
    expect(await archive('/customers/acme')).toMatchObject({
      status: 409,
      body: { message: 'The customer "acme" has accounts that are not archived: "first", "second"' },
    })
    await archive('/accounts/first')
    expect((await archive('/customers/acme')).body.message).toBe('The customer "acme" has accounts that are not archived: "second"')
    await archive('/accounts/second')
    expect(await archive('/customers/acme')).toMatchObject({ status: 200, body: { success: true } })
    expect(await archive('/customers/acme')).toMatchObject({ status: 200, body: { success: true } })
    expect((await get('/customers/acme')).body.status).toBe('ARCHIVED')
    const refused = { status: 409, body: { message: 'The customer "acme" is archived, and cannot be changed.' } }
    expect(await patch('/customers/acme', { name: 'New name' })).toMatchObject(refused)
    expect((await post('/customers', minimal('acme', { id: 'new' }))).status).toBe(409)
    expect((await post('/accounts', { id: 'third', name: 'Third', customerId: 'acme' })).status).toBe(409)
    expect((await post('/customers/acme/contacts', { name: 'N', email: 'n@example.com' })).status).toBe(409)
  })

  it('names the account that is made between its look at the accounts and its commit', async () => {
    const api = await organization()
    await api.post('/customers', minimal('acme', { id: 'first' }))
    await api.delete('/accounts/first')
    let made: number | undefined
    const overtaken = changed((session) => ({
      batch: async (statements) => {
        made ??= (await api.post('/accounts', { id: 'late', name: 'Late', customerId: 'acme' })).status
        return session.batch(statements)
      },
    }))
    const { status, body } = await client(api.token, overtaken).delete('/customers/acme')
    expect([made, status, body.message]).toEqual([201, 409, 'The customer "acme" has accounts that are not archived: "late"'])
    expect((await api.get('/customers/acme')).body.status).toBe('ACTIVE')
  })

  it('never leaves an account behind when one is made at the same moment', async () => {
    const { id, post, delete: archive } = await organization()
    await Promise.all(
      Array.from({ length: 20 }, async (_, n) => {
        await post('/customers', minimal(`c${n}`, { id: `a${n}` }))
        await archive(`/accounts/a${n}`)
        await Promise.all([archive(`/customers/c${n}`), post('/accounts', { id: `b${n}`, name: 'Late', customerId: `c${n}` })])
      }),
    )
    const orphans = env.DB.prepare(
      "SELECT count(*) AS n FROM accounts JOIN customers ON customers.id = customer_id AND customers.organization_id = accounts.organization_id WHERE accounts.organization_id = ? AND customers.status = 'ARCHIVED' AND accounts.status <> 'ARCHIVED'",
    )
    expect(await orphans.bind(id).first('n')).toBe(0)
  })
})

describe('another organization', () => {
  it('finds nothing of it, as if it never was', async () => {
    const { post } = await organization()
    await post('/customers', minimal('acme'))
    const theirs = await organization()
    for (const id of ['acme', 'nobody'])
      for (const { status, body } of [
        await theirs.get(`/customers/${id}`),
        await theirs.patch(`/customers/${id}`, { name: 'Stolen' }),
        await theirs.delete(`/customers/${id}`),
        await theirs.post(`/customers/${id}/contacts`, { name: 'N', email: 'n@example.com' }),
      ])
        expect([status, body.message.toLowerCase()]).toEqual([404, expect.stringContaining(`the customer "${id}" does not exist`)])
    expect((await theirs.get('/customers')).body.data).toEqual([])
  })
})

describe('round trips to D1', () => {
  it.each([
    [1, 'getCustomers', (api: ReturnType<typeof client>) => api.get('/customers')],
    [
      1,
      'createCustomerContact',
      (api: ReturnType<typeof client>) => api.post('/customers/acme/contacts', { name: 'N', email: 'n@example.com' }),
    ],
    [2, 'updateCustomer', (api: ReturnType<typeof client>) => api.patch('/customers/acme', { name: 'New name' })],
    [2, 'deleteCustomer', (api: ReturnType<typeof client>) => api.delete('/customers/acme')],
  ] as [number, string, (api: ReturnType<typeof client>) => ReturnType<ReturnType<typeof client>['get']>][])(
    '%i for a warm %s',
    async (most, _, ask) => {
      const { token, post, delete: archive } = await organization()
      await post('/customers', minimal('acme', { id: 'main' }))
      if (most === 2) await archive('/accounts/main')
      const { d1, seen } = watched()
      expect([200, 201]).toContain((await ask(client(token, d1))).status)
      expect(seen.calls).toBe(most)
    },
  )
})

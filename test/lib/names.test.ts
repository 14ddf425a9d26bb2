import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as z from 'zod/mini'
import { displayName, email, identifier, label } from '../../src/lib/fields.ts'
import { organization } from '../helpers/api.ts'

const customer = (changes: Record<string, unknown> = {}, account: Record<string, unknown> = {}) => ({
  id: 'acme',
  name: 'ACME Enterprise',
  primaryEmail: 'admin@example.com',
  address: {},
  ...changes,
  account: { id: 'acme', name: 'ACME Enterprise', ...account },
})

const setting = (changes: Record<string, unknown>) => ({
  settings: [{ id: 's', namespace: 'USER', name: 'Setting', dataType: 'STRING', value: 'v', ...changes }],
})

/** Every kind of thing that a body names, each with a body in which `name` is the name. */
const NAMED: [path: string, bodyOf: (name: string) => object][] = [
  ['id', (id) => customer({ id })],
  ['name', (name) => customer({ name })],
  ['primaryEmail', (name) => customer({ primaryEmail: `${name}@example.com` })],
  ['settings[0].id', (id) => customer(setting({ id }))],
  ['settings[0].namespace', (namespace) => customer(setting({ namespace }))],
  ['settings[0].name', (name) => customer(setting({ name }))],
  ['account.id', (id) => customer({}, { id })],
  ['account.name', (name) => customer({}, { name })],
  ['account.aliases[0]', (alias) => customer({}, { aliases: [alias] })],
  ['account.accountAliases[0].value', (value) => customer({}, { accountAliases: [{ value }] })],
  [
    'account.billingInformation.emailRecipients[0]',
    (name) => customer({}, { billingInformation: { emailRecipients: [`${name}@a.example`] } }),
  ],
  ['account.tags[0]', (tag) => customer({}, { tags: [tag] })],
]

const DISPLAYED = NAMED.filter(([path]) => /(?:^|\.)name$/.test(path))
const NOT_DISPLAYED = NAMED.filter(([path]) => !/(?:^|\.)name$/.test(path))

describe('a character that nobody sees', () => {
  it.each(NAMED)('is refused in %s, wherever it stands', async (path, bodyOf) => {
    const { post } = await organization()
    for (const code of ['00AD', '061C', '180E', '200B', '200E', '202E', '2060', '2066', '3164', 'FEFF', 'E0041', '034F']) {
      const unseen = String.fromCodePoint(Number.parseInt(code, 16))
      for (const name of [`${unseen}acme`, `ac${unseen}me`, `acme${unseen}`]) {
        const { status, body } = await post('/customers', bodyOf(name))
        const fault = code === 'FEFF' ? 'must not ' : `must not hold the invisible character U+${code}`
        expect([status, body.message]).toEqual([400, expect.stringContaining(`${path}: ${fault}`)])
      }
    }
  })

  it('is refused in the domain of an e-mail and as the name of a pair of metadata', async () => {
    const { post } = await organization()
    expect((await post('/customers', customer({ primaryEmail: 'admin@exam\u00adple.com' }))).body.message).toBe(
      'primaryEmail: must not hold the invisible character U+00AD',
    )
    expect((await post('/customers', customer({ primaryEmail: 'admin\u200b@example.com' }))).status).toBe(400)
    expect((await post('/customers', customer({}, { metadata: { 'key\u200b': 'v' } }))).body.message).toMatch(
      /^account\.metadata\.key\u200b: has a name that must not hold the invisible character U\+200B$/,
    )
  })

  it('is refused in a path and in a query', async () => {
    const { get, post } = await organization()
    await post('/customers', customer())
    for (const path of ['/customers/acme%E2%80%8B', '/accounts/acme%C2%AD', '/aliases/a%E2%80%8D', '/customers?id=acme%E2%80%8B'])
      expect(await get(path)).toMatchObject({ status: 400, body: { message: expect.stringContaining('invisible character') } })
  })

  it('is kept in free text', async () => {
    const { post } = await organization()
    const address = { line1: 'No\u200b 5' }
    const { status, body } = await post('/customers', customer({ address, ...setting({ value: 'a\u200b' }) }))
    expect([status, body.address, body.settings[0].value]).toEqual([201, address, 'a\u200b'])
  })

  it.each(['acme\ufe0f', 'Acme ❤\ufe0f', '葛\u{e0100}城区'])('is no variation selector: %s', async (id) => {
    const { post } = await organization()
    const { status, body } = await post('/customers', customer({ id, name: id }))
    expect([status, body.id, body.name]).toEqual([201, id, id])
  })
})

describe('a joiner', () => {
  it.each(['می\u200cخواهم', 'क्\u200dषमा', '👩\u200d💻 Ltd', '👩🏽\u200d💻 Ltd', '🏳\ufe0f\u200d🌈 Club'])(
    'is kept in the name %s',
    async (name) => {
      const { post, get } = await organization()
      const { status, body } = await post('/customers', customer({ name, ...setting({ name }) }, { name }))
      expect([status, body.name, body.settings[0].name, body.account.name]).toEqual([201, name, name, name])
      expect((await get('/customers/acme')).body.name).toBe(name)
    },
  )

  it.each(DISPLAYED)('is refused in %s where it joins nothing', async (path, bodyOf) => {
    const { post } = await organization()
    for (const name of [
      'Acme\u200d',
      '\u200cAcme',
      'Ac\u200d\u200dme',
      'Acme \u200dLtd',
      'Acme\u200c Ltd',
      'Acme 5\u200d5',
      'Acme-\u200d-',
    ])
      expect(await post('/customers', bodyOf(name))).toMatchObject({
        status: 400,
        body: { message: expect.stringContaining(`${path}: must not hold the invisible character U+200`) },
      })
  })

  it.each(NOT_DISPLAYED)('is refused in %s', async (path, bodyOf) => {
    const { post } = await organization()
    for (const name of ['می\u200cخواهم', '👩\u200d💻'])
      expect(await post('/customers', bodyOf(name))).toMatchObject({
        status: 400,
        body: { message: expect.stringContaining(`${path}: must not hold the invisible character U+200`) },
      })
  })
})

describe('a name is kept in NFC', () => {
  const [composed, decomposed] = ['müller', 'mu\u0308ller']

  it.each(NAMED)('in %s', async (path, bodyOf) => {
    const { post } = await organization()
    const { status, body } = await post('/customers', bodyOf(decomposed))
    expect([status, body.message]).toEqual([201, undefined])
    expect([path, JSON.stringify(body)]).toEqual([path, expect.stringContaining(composed)])
    expect(JSON.stringify(body)).not.toContain(decomposed)
  })

  it('so that an id is one, however it is written in a body, a path or a query', async () => {
    const { post, patch, get } = await organization()
    const first = await post('/customers', customer({ id: decomposed }, { id: decomposed, aliases: [`${decomposed} alias`] }))
    expect([first.status, first.body.id, first.body.account.id]).toEqual([201, composed, composed])
    expect(first.headers.get('Location')).toBe(`/customers/${encodeURIComponent(composed)}`)
    expect((await post('/customers', customer({ id: composed }, { id: 'other' }))).body.message).toBe(
      `id: the customer "${composed}" exists already`,
    )
    expect((await post('/accounts', { id: 'other', name: 'Other', customerId: decomposed, aliases: [`${composed} alias`] })).status).toBe(
      409,
    )
    await post('/aliases', { aliases: [{ value: decomposed }] })
    await post('/settings', {
      id: decomposed,
      namespace: 'USER',
      name: 'S',
      dataType: 'STRING',
      value: '',
      entityType: 'CUSTOMER',
      entityId: decomposed,
    })
    for (const id of [composed, decomposed].map(encodeURIComponent)) {
      expect((await get(`/customers/${id}`)).body.id).toBe(composed)
      expect((await get(`/customers?id=${id}`)).body.data).toHaveLength(1)
      expect((await get(`/accounts?customer_id=${id}`)).body.data).toHaveLength(1)
      expect((await patch(`/accounts/${id}`, { name: `Bu\u0308ro` })).body).toMatchObject({ id: composed, name: 'Büro' })
      expect((await get(`/aliases/${id}`)).body.value).toBe(composed)
      expect((await get(`/settings/setting.USER.${id}.CUSTOMER.${id}`)).body).toMatchObject({ id: composed, entityId: composed })
      expect((await get(`/settings?setting_id=${id}&entity_id=${id}`)).body.data).toHaveLength(1)
      expect((await get(`/audit_log?resource_type=CUSTOMER&resource_id=${id}`)).body.data).toHaveLength(1)
    }
    expect((await get(`/accounts/${encodeURIComponent(decomposed)}`)).body.aliases).toEqual([
      { alias: `${composed} alias`, status: 'ACTIVE' },
    ])
  })

  it('and two spellings of it in one list are one that is named twice', async () => {
    const { post } = await organization()
    const both = [composed, decomposed]
    expect((await post('/aliases', { aliases: both.map((value) => ({ value })) })).body.message).toMatch(/^aliases\[1\]: must not repeat/)
    expect((await post('/customers', customer({}, { aliases: both }))).body.message).toMatch(
      /^account\.aliases\[1\]: must not be given twice/,
    )
    const settings = both.flatMap((id) => setting({ id }).settings)
    expect((await post('/customers', customer({ settings }))).body.message).toMatch(/^settings\[1\]: must not repeat/)
    const metadata = Object.fromEntries(both.map((key) => [key, 'v']))
    expect((await post('/customers', customer({}, { metadata }))).body.message).toBe(
      'account.metadata.müller: must be given once: names are kept in NFC',
    )
  })

  it('and it is the kept one whose length is limited', async () => {
    const { post } = await organization()
    const { status, body } = await post('/customers', customer({ id: 'e\u0301'.repeat(50) }))
    expect([status, body.id]).toEqual([201, 'é'.repeat(50)])
    expect((await post('/customers', customer({ id: 'e\u0301'.repeat(51) }))).body.message).toBe('id: must be 1 to 50 characters')
  })

  it('and free text is kept as it was sent', async () => {
    const { post } = await organization()
    const address = { city: 'Mu\u0308nchen' }
    const { body } = await post('/customers', customer({ address, ...setting({ value: decomposed }) }, { metadata: { key: decomposed } }))
    expect([body.address, body.settings[0].value, body.account.metadata]).toEqual([address, decomposed, { key: decomposed }])
  })

  it('in no more time than its limit allows, however long it is', async () => {
    const { post } = await organization()
    const marks = `a${'\u0301\u0323'.repeat(60_000)}`
    const start = performance.now()
    for (const body of [customer({ id: marks }), customer({}, { metadata: { [marks]: '' } })])
      expect((await post('/customers', body)).status).toBe(400)
    expect(performance.now() - start).toBeLessThan(1000)
  })

  it('and read again as it was kept', () => {
    const schemas = [label(1, 255), displayName(1, 255), identifier(1, 255), email()]
    const letters = fc.constantFrom(
      'a',
      'u',
      'I',
      'İ',
      '\u0308',
      '\u0323',
      '\u0307',
      '가',
      '\u1100',
      '\u1161',
      '\u2126',
      '\u212b',
      'ﬁ',
      '@b.c',
    )
    fc.assert(
      fc.property(fc.array(letters, { minLength: 1, maxLength: 12 }), (parts) => {
        for (const schema of schemas) {
          const kept = z.safeParse(schema, parts.join(''))
          if (!kept.success) continue
          expect(kept.data).toBe(parts.join('').normalize('NFC'))
          expect(z.parse(schema, kept.data)).toBe(kept.data)
        }
      }),
    )
  })
})

describe('an e-mail address', () => {
  it.each([
    'a+b@example.com',
    'x@example.photography',
    'user@münchen.example',
    "o'brien@example.ie",
    "'a'b@example.com",
    'a!#$%&*/=?^_`{|}~-.b@example.com',
    '用户@例子.广告',
    'a@[127.0.0.1]',
  ])('is %s', async (address) => {
    const { post } = await organization()
    const { status, body } = await post('/customers', customer({ primaryEmail: address }))
    expect([status, body.primaryEmail]).toEqual([201, address])
  })

  it.each([
    'a@example.com,b@example.com',
    'a@example.com;b@example.com',
    'a@example.com, b@example.com',
    'a@b@c.example',
    'a@example.com,',
    'a,b@example.com',
    '<a@b.example>',
    'Ann <a@b.example>',
    '"a@b.example"',
    "'a@b.example'",
    '“a@b.example”',
    '«a@b.example»',
    'a @b.example',
    'a@b .example',
    'a@b\u3000.example',
    'mailto',
    'a@',
    '@a.example',
    'a@example',
    'a@.example',
  ])('is not %s', async (address) => {
    const { post } = await organization()
    await post('/customers', customer())
    for (const [field, answer] of [
      ['primaryEmail', await post('/customers', customer({ primaryEmail: address }))],
      ['account.primaryEmail', await post('/customers', customer({}, { primaryEmail: address }))],
      [
        'account.billingInformation.emailRecipients[0]',
        await post('/customers', customer({}, { billingInformation: { emailRecipients: [address] } })),
      ],
      ['email', await post('/customers/acme/contacts', { name: 'N', email: address })],
    ] as const)
      expect([answer.status, answer.body.message]).toEqual([400, `${field}: must be one e-mail address, such as admin@example.com`])
  })

  const contactsOf = async () => {
    const { post } = await organization()
    await post('/customers', customer())
    return async (address: string) => (await post('/customers/acme/contacts', { name: 'N', email: address })).status
  }

  it.each([
    ['kırık@example.com', 'kirik@example.com'],
    ['a@faß.example', 'a@fass.example'],
    ['ﬁn@example.com', 'fin@example.com'],
    ['İ@example.com', 'i@example.com'],
    ['ſ@example.com', 's@example.com'],
    ['é@example.com', 'e@example.com'],
  ])('of a contact is another one: %s beside %s', async (one, other) => {
    const add = await contactsOf()
    expect([await add(one), await add(other)]).toEqual([201, 201])
  })

  it.each([
    ['A@EXAMPLE.com', 'a@example.COM'],
    ['jose\u0301@example.com', 'JOSÉ@example.com'],
    ['İ@example.com', 'i\u0307@example.com'],
    ['ΟΔΟΣ@example.gr', 'οδος@example.gr'],
    ['MÜLLER@FAẞ.example', 'müller@faß.example'],
  ])('of a contact is the same one: %s and %s', async (one, other) => {
    const add = await contactsOf()
    expect([await add(one), await add(other)]).toEqual([201, 409])
  })
})

import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { client, organization, watched } from '../helpers/api.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any
type Api = Awaited<ReturnType<typeof organization>>

const setting = (changes: Record<string, unknown> = {}) => ({
  id: 'limit',
  value: '5',
  entityType: 'ACCOUNT',
  entityId: 'main',
  namespace: 'USER',
  name: 'Limit',
  dataType: 'NUMERIC',
  ...changes,
})

const path = ({ namespace, id, entityType, entityId }: Loose) =>
  `/settings/${encodeURIComponent(`setting.${namespace}.${id}.${entityType}.${entityId}`)}`

const withAccount = async (): Promise<Api> => {
  const api = await organization()
  const account = { id: 'main', name: 'Main account' }
  await api.post('/customers', { id: 'acme', name: 'ACME Enterprise', primaryEmail: 'a@example.com', address: {}, account })
  return api
}

describe('insertSetting', () => {
  it.each(['ORGANIZATION', 'CUSTOMER', 'ACCOUNT', 'INVOICE_GROUP'])('keeps a setting on %s', async (entityType) => {
    const { id, post, get } = await withAccount()
    const group = { name: 'G', email: 'g@example.com', dailyInvoiceConsolidation: true, accountIds: ['main'], address: {} }
    const ids: Record<string, string> = {
      ORGANIZATION: id,
      CUSTOMER: 'acme',
      ACCOUNT: 'main',
      INVOICE_GROUP: (await post('/invoice_groups', group)).body.id,
    }
    const sent = setting({ entityType, entityId: ids[entityType] })
    const { status, headers, body } = await post('/settings', sent)
    expect([status, body, headers.get('Location')]).toEqual([201, sent, path(sent)])
    expect((await get(path(sent))).body).toEqual(sent)
    expect(await post('/settings', { ...sent, entityId: 'nobody' })).toMatchObject({
      status: 404,
      body: { message: `entityId: there is no ${entityType} "nobody"` },
    })
  })

  it.each(['INVOICE', 'account', 'OTHER', 5])('refuses %s', async (entityType) => {
    const { post } = await withAccount()
    const { status, body } = await post('/settings', setting({ entityType }))
    expect([status, body.message]).toEqual([
      400,
      expect.stringMatching(
        /^entityType: must be ORGANIZATION, CUSTOMER, ACCOUNT, INVOICE_GROUP, EVENT_SCHEMA, USAGE_METER, ADD_ON, FEATURE, PRICE_PLAN/,
      ),
    ])
  })

  it('refuses the same namespace and id on one entity, also when they came with it', async () => {
    const { post } = await organization()
    const sent = { id: 'limit', value: '1', namespace: 'USER', name: 'Limit', dataType: 'NUMERIC' }
    await post('/customers', { id: 'acme', name: 'ACME Enterprise', primaryEmail: 'a@example.com', address: {}, settings: [sent] })
    const message = 'id: the setting "limit" of the namespace "USER" exists already on CUSTOMER "acme"'
    const onCustomer = setting({ entityType: 'CUSTOMER', entityId: 'acme' })
    expect(await post('/settings', onCustomer)).toMatchObject({ status: 409, body: { message } })
    expect((await post('/settings', { ...onCustomer, namespace: 'TOGAI' })).status).toBe(201)
    expect((await post('/settings', { ...onCustomer, entityType: 'ACCOUNT' })).status).toBe(201)
  })

  it('50 at the same moment: one is taken', async () => {
    const { post } = await withAccount()
    const answers = await Promise.all(Array.from({ length: 50 }, () => post('/settings', setting())))
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(49)
  })

  it('shows in its account, which shows 10 at most', async () => {
    const { post, get } = await withAccount()
    for (let n = 0; n < 12; n++) expect((await post('/settings', setting({ id: `s${n}` }))).status).toBe(201)
    const { body } = await get('/accounts/main')
    expect(body.settings.map(({ id }: Loose) => id)).toEqual(Array.from({ length: 10 }, (_, n) => `s${n}`))
    expect((await get('/settings?entity_type=ACCOUNT&entity_id=main&pageSize=100')).body.data).toHaveLength(12)
  })

  it('refuses an entity that is archived, and a value that does not suit', async () => {
    const { post, patch, delete: archive } = await withAccount()
    expect((await post('/settings', setting({ value: 'five' }))).body.message).toContain('value: must be a decimal number')
    await post('/settings', setting())
    await archive('/accounts/main')
    const message = 'entityId: the ACCOUNT "main" is archived'
    expect(await post('/settings', setting({ id: 'other' }))).toMatchObject({ status: 409, body: { message } })
    expect(await patch(path(setting()), { value: '6' })).toMatchObject({ status: 409, body: { message } })
  })
})

describe('getSetting', () => {
  it('reads a string whose parts hold dots', async () => {
    const { post, get, patch } = await organization()
    const ids = ['a.b', 'x.CUSTOMER.1', 'plain']
    for (const id of ids) await post('/customers', { id, name: 'Dotted', primaryEmail: 'a@example.com', address: {} })
    const sent = [
      setting({ namespace: 'U.S', id: 'tax.rate', entityType: 'CUSTOMER', entityId: 'a.b' }),
      setting({ id: 'y', entityType: 'ACCOUNT', entityId: 'x.CUSTOMER.1' }),
      setting({ id: 'y.ACCOUNT.x', entityType: 'ACCOUNT', entityId: 'plain' }),
    ]
    for (const one of sent) expect((await post('/settings', one)).status).toBe(201)
    for (const one of sent) expect((await get(path(one))).body).toEqual(one)
    expect((await patch(path(sent[1]), { value: '7' })).body).toEqual({ ...sent[1], value: '7' })
    expect((await get(path(sent[2]))).body).toEqual(sent[2])
  })

  it('reads of two that one string could mean the one that the string begins with', async () => {
    const { post, get, patch } = await organization()
    for (const id of ['1', '1.CUSTOMER.2', '2'])
      await post('/customers', { id, name: 'Dotted', primaryEmail: 'a@example.com', address: {} })
    const one = setting({ id: 'x', entityType: 'CUSTOMER', entityId: '1.CUSTOMER.2' })
    const other = setting({ id: 'x.CUSTOMER.1', entityType: 'CUSTOMER', entityId: '2' })
    expect(path(one)).toBe(path(other))
    for (const sent of [other, one]) expect((await post('/settings', sent)).status).toBe(201)
    expect((await get(path(one))).body).toEqual(one)
    expect((await patch(path(one), { value: '9' })).body).toEqual({ ...one, value: '9' })
    expect((await get('/settings')).body.data).toEqual([{ ...one, value: '9' }, other])
  })

  it('keeps accounts readable with the largest values there can be', async () => {
    const { post, get } = await withAccount()
    const largest = '😀'.repeat(32_768)
    expect((await post('/settings', setting({ dataType: 'STRING', value: `${largest}x` }))).body.message).toBe(
      'value: must be 32768 characters at most',
    )
    for (let n = 0; n < 12; n++)
      expect((await post('/settings', setting({ id: `s${n}`, dataType: 'STRING', value: largest }))).status).toBe(201)
    expect((await get('/accounts/main')).body.settings).toHaveLength(10)
    expect((await get('/accounts')).body.data[0].settings).toHaveLength(10)
  })

  it('answers 404 for what is not there', async () => {
    const { get, patch } = await withAccount()
    for (const name of ['setting.USER.limit.ACCOUNT.main', 'limit', 'setting....'])
      for (const { status, body } of [await get(`/settings/${name}`), await patch(`/settings/${name}`, { value: '1' })])
        expect([status, body.message]).toEqual([404, `The setting "${name}" does not exist.`])
  })
})

describe('updateSetting', () => {
  it('replaces what is sent, if the value suits the data type afterwards', async () => {
    const { post, patch, get } = await withAccount()
    await post('/settings', setting())
    const change = async (changes: Record<string, unknown>) => {
      const { status, body } = await patch(path(setting()), changes)
      return [status, body.message ?? body]
    }
    expect(await change({ name: 'New' })).toEqual([201, setting({ name: 'New' })])
    expect(await change({ value: 'six' })).toEqual([400, 'value: must be a decimal number, since dataType is NUMERIC'])
    expect(await change({ value: 'six', dataType: 'STRING' })).toEqual([201, setting({ name: 'New', value: 'six', dataType: 'STRING' })])
    expect(await change({ dataType: 'JSON' })).toEqual([400, 'dataType: must be JSON, since dataType is JSON'])
    expect(await change({})).toEqual([201, setting({ name: 'New', value: 'six', dataType: 'STRING' })])
    expect(await change({ namespace: 'TOGAI' })).toEqual([400, 'namespace: is not a known name'])
    expect((await get('/accounts/main')).body.settings).toEqual([
      { id: 'limit', value: 'six', namespace: 'USER', name: 'New', dataType: 'STRING' },
    ])
  })
})

describe('a setting that means something here', () => {
  const details = { businessName: 'Acme', address: {}, primaryEmail: 'bills@acme.example' }
  const switched = 'must be true or false'
  const taxed = 'must be 1 to 50 characters without control characters'

  it.each([
    ['auto_advance_invoice', 'ORGANIZATION', 'STRING', 'false', 'no', switched],
    ['event_level_revenue', 'EVENT_SCHEMA', 'STRING', 'true', 'TRUE', switched],
    ['tax_id', 'ACCOUNT', 'STRING', 'GB 123', '\n', taxed],
    ['business_details', 'ORGANIZATION', 'JSON', JSON.stringify(details), '{}', 'businessName: is required'],
    ['exchange_rates', 'ORGANIZATION', 'JSON', '{"EUR":"1.1"}', '{"EUR":"0"}', 'the rate of EUR must be a decimal number above 0'],
    ['exchange_rates', 'ORGANIZATION', 'JSON', '{"EUR":1.1}', '{"EUR":"1.1","EUR":"1.2"}', 'must give the rate of a currency once'],
  ])(
    '%s takes no value that means nothing, neither when it is made nor later',
    async (key, entityType, dataType, right, wrong, because) => {
      const { id, post, patch } = await withAccount()
      await post('/event_schema', { name: 'calls', attributes: [], dimensions: [] })
      const entityId = { ORGANIZATION: id, EVENT_SCHEMA: 'calls', ACCOUNT: 'main' }[entityType] ?? ''
      const one = setting({ id: key, namespace: 'SYSTEM', entityType, entityId, dataType, value: right })
      const refused = await post('/settings', { ...one, value: wrong })
      expect([refused.status, refused.body.message]).toEqual([400, expect.stringContaining(`value: ${because}`)])
      expect((await post('/settings', one)).status).toBe(201)
      const changed = await patch(path(one), { value: wrong })
      expect([changed.status, changed.body.message]).toEqual([400, refused.body.message])
      expect((await patch(path(one), { name: 'Renamed' })).body).toEqual({ ...one, name: 'Renamed' })
    },
  )

  it('is refused at its place in the request that makes its entity', async () => {
    const { post } = await organization()
    const wrong = { id: 'tax_id', namespace: 'SYSTEM', name: 'Tax number', dataType: 'STRING', value: ' ' }
    const sent = { id: 'acme', name: 'Acme', primaryEmail: 'a@b.example', address: {} }
    const account = { id: 'main', name: 'Main' }
    for (const [body, at] of [
      [{ ...sent, settings: [wrong] }, 'settings[0].value'],
      [
        { ...sent, account: { ...account, settings: [{ ...wrong, value: 'GB 1', namespace: 'USER' }, wrong] } },
        'account.settings[1].value',
      ],
    ])
      expect((await post('/customers', body)).body.message).toBe(`${at as string}: ${taxed}`)
  })
})

describe('a setting that holds a rule', () => {
  const rule = (value: string) => setting({ dataType: 'JSON_LOGIC', value })

  it.each([
    ['{"*":[{"var":"attributes.n"},2]}', undefined],
    ['5', undefined],
    ['{"a":1}', 'must have an operator such as var, if, == or +, and "a" is none'],
    ['{"if":[true,{"==":[1]}]}', 'at /if/1/==: "==": must have exactly 2 arguments, and has 1'],
    ['  ', 'must not be blank'],
    [`${'{"!":['.repeat(4000)}${']}'.repeat(4000)}`, 'must not be nested more than 50 deep'],
  ])('is taken if it is one, or refused with its fault, when it is made and when it is changed: %.40s', async (value, fault) => {
    const { post, patch } = await withAccount()
    const message = fault && `value: must be a rule of JSON Logic, since dataType is JSON_LOGIC: ${fault}`
    const made = await post('/settings', rule(value))
    expect([made.status, made.body.message]).toEqual([fault ? 400 : 201, message])
    await post('/settings', setting({ id: 'other' }))
    const changed = await patch(path(setting({ id: 'other' })), { value, dataType: 'JSON_LOGIC' })
    expect([changed.status, changed.body.message]).toEqual([fault ? 400 : 201, message])
  })
})

describe('a change of a setting', () => {
  it('is a change of the account that shows it', async () => {
    const { id, post, patch } = await withAccount()
    const version = () => env.DB.prepare("SELECT version FROM accounts WHERE organization_id = ? AND id = 'main'").bind(id).first('version')
    await post('/settings', setting())
    expect(await version()).toBe(2)
    await patch(path(setting()), { value: '6' })
    expect(await version()).toBe(3)
    await patch(path(setting()), {})
    expect(await version()).toBe(3)
  })
})

describe('listSetting', () => {
  it('filters by what it is asked, in any combination, and pages through it', async () => {
    const { id, post, get } = await withAccount()
    const sent = ['USER', 'TOGAI'].flatMap((namespace) =>
      ['a', 'b', 'c'].flatMap((settingId) =>
        [
          ['ORGANIZATION', id],
          ['CUSTOMER', 'acme'],
          ['ACCOUNT', 'main'],
        ].map(([entityType, entityId]) => setting({ namespace, id: settingId, entityType, entityId })),
      ),
    )
    await Promise.all(sent.map((one) => post('/settings', one)))
    const key = (one: Loose) => [one.entityType, one.entityId, one.namespace, one.id].join(' ')
    const walk = async (query: string) => {
      const seen: string[] = []
      let next = `/settings?pageSize=2&${query}`
      for (;;) {
        const { status, body } = await get(next)
        expect([status, body.context]).toEqual([200, { pageSize: 2, sortOrder: 'ASC' }])
        seen.push(...body.data.map(key))
        if (!body.nextToken) return seen
        next = `/settings?nextToken=${body.nextToken}`
      }
    }
    for (const [query, keep] of [
      ['', () => true],
      ['entity_type=ACCOUNT', (one: Loose) => one.entityType === 'ACCOUNT'],
      ['entity_id=acme', (one: Loose) => one.entityId === 'acme'],
      ['setting_id=b', (one: Loose) => one.id === 'b'],
      ['namespace=TOGAI', (one: Loose) => one.namespace === 'TOGAI'],
      [
        'namespace=TOGAI&setting_id=c&entity_type=CUSTOMER&entity_id=acme',
        (one: Loose) => one.namespace === 'TOGAI' && one.id === 'c' && one.entityType === 'CUSTOMER',
      ],
      ['namespace=nobody', () => false],
    ] as [string, (one: Loose) => boolean][])
      expect(await walk(query)).toEqual(sent.filter(keep).map(key).toSorted())
    expect((await get('/settings?entity_type=OTHER')).status).toBe(400)
  })
})

describe('another organization', () => {
  it('finds nothing of it, as if it never was', async () => {
    const { post } = await withAccount()
    await post('/settings', setting())
    const theirs = await organization()
    expect((await theirs.get(path(setting()))).status).toBe(404)
    expect((await theirs.patch(path(setting()), { value: '1' })).status).toBe(404)
    expect((await theirs.post('/settings', setting())).body.message).toBe('entityId: there is no ACCOUNT "main"')
    expect((await theirs.get('/settings')).body.data).toEqual([])
  })
})

describe('round trips to D1', () => {
  it.each([
    [1, 'insertSetting', (api: Api) => api.post('/settings', setting({ id: 'new' }))],
    [1, 'listSetting', (api: Api) => api.get('/settings')],
    [1, 'getSetting', (api: Api) => api.get(path(setting()))],
    [2, 'updateSetting', (api: Api) => api.patch(path(setting()), { value: '6' })],
  ] as [number, string, (api: Api) => ReturnType<Api['get']>][])('%i for a warm %s', async (most, _, ask) => {
    const api = await withAccount()
    await api.post('/settings', setting())
    const { d1, seen } = watched()
    expect([200, 201]).toContain((await ask({ ...api, ...client(api.token, d1) })).status)
    expect(seen.calls).toBe(most)
  })
})

import { describe, expect, it } from 'vitest'
import { client, organization, watched } from '../helpers/api.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any
type Api = Awaited<ReturnType<typeof organization>>

const pool = (...values: unknown[]) => ({ aliases: values.map((value) => ({ value })) })
const values = (body: Loose): string[] => body.data.map(({ value }: Loose) => value)

const withAccount = async (aliases: string[] = []): Promise<Api> => {
  const api = await organization()
  const account = { id: 'main', name: 'Main account', aliases }
  await api.post('/customers', { id: 'acme', name: 'ACME Enterprise', primaryEmail: 'a@example.com', address: {}, account })
  return api
}

describe('createAlias', () => {
  it('keeps 1 to 100 values, all of them or none', async () => {
    const { post, get } = await organization()
    const sent = Array.from({ length: 100 }, (_, n) => `value ${n}`)
    const { status, body } = await post('/aliases', pool(...sent))
    expect([status, values(body)]).toEqual([201, sent])
    const conflict = await post('/aliases', pool('new', 'value 7', 'value 8'))
    expect([conflict.status, conflict.body.message]).toEqual([409, 'aliases: "value 7", "value 8" exist already'])
    expect((await get('/aliases/new')).status).toBe(404)
    const many = await post('/aliases', pool(...Array.from({ length: 100 }, (_, n) => `value ${n}`)))
    expect([many.status, many.body.message.length <= 500, many.body.message.endsWith('…')]).toEqual([409, true, true])
  })

  it.each([
    ['aliases: must hold 1 to 100', pool()],
    ['aliases: must hold 1 to 100', pool(...Array.from({ length: 101 }, (_, n) => `v${n}`))],
    ['aliases[1]: must not repeat [0]', pool('same', 'same')],
    ['aliases[0].value: must be 1 to 255 characters', pool('x'.repeat(256))],
    ['aliases[0].value: must be a string', pool(5)],
    ['aliases: is required', {}],
  ])('refuses: %s', async (message, body) => {
    const { post } = await organization()
    const answer = await post('/aliases', body)
    expect([answer.status, answer.body.message]).toEqual([400, expect.stringContaining(message)])
  })

  it('takes a value of 255 characters, which an account cannot be given', async () => {
    const { post, get } = await withAccount()
    const long = 'é'.repeat(255)
    expect((await post('/aliases', pool(long))).status).toBe(201)
    expect((await get(`/aliases/${encodeURIComponent(long)}`)).body.value).toBe(long)
    expect((await post('/accounts/main/add_aliases', { aliases: [long] })).status).toBe(400)
  })

  it('50 at the same moment: one is taken', async () => {
    const { post } = await organization()
    const answers = await Promise.all(Array.from({ length: 50 }, () => post('/aliases', pool('wanted'))))
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(49)
  })
})

describe('deleteAlias', () => {
  it('takes a value out, unless an account holds it now, and lets it come back', async () => {
    const { post, get, delete: remove } = await withAccount(['held alias'])
    expect(values((await get('/aliases')).body)).toEqual(['held alias'])
    expect(await remove('/aliases/held%20alias')).toMatchObject({
      status: 409,
      body: { message: 'The alias "held alias" is held by the account "main"' },
    })
    await post('/accounts/main/remove_aliases', { aliases: ['held alias'] })
    expect(await remove('/aliases/held%20alias')).toMatchObject({ status: 200, body: { success: true } })
    expect((await get('/aliases/held%20alias')).body).toEqual({ message: 'The alias "held alias" does not exist.' })
    expect((await remove('/aliases/held%20alias')).status).toBe(404)
    expect(values((await get('/aliases')).body)).toEqual([])
    expect((await post('/aliases', pool('held alias'))).status).toBe(201)
    await remove('/aliases/held%20alias')
    expect((await post('/accounts/main/add_aliases', { aliases: ['held alias'] })).status).toBe(200)
    expect((await get('/aliases/held%20alias')).status).toBe(200)
  })

  it('lets one that is only planned, or was held once, be taken out', async () => {
    const { post, delete: remove } = await withAccount()
    const accountAliases = [
      { value: 'planned', effectiveFrom: '2100-01-01T00:00:00Z' },
      { value: 'past', effectiveUntil: '2020-01-01T00:00:00Z' },
    ]
    await post('/accounts/main/add_aliases', { accountAliases })
    for (const { value } of accountAliases) expect((await remove(`/aliases/${value}`)).status).toBe(200)
  })
})

describe('listAliases', () => {
  it('pages through the pool in the order of the values', async () => {
    const { post, get } = await organization()
    const sent = Array.from({ length: 45 }, (_, n) => `v${String(n).padStart(2, '0')}`)
    await post('/aliases', pool(...sent.toReversed()))
    const first = (await get('/aliases')).body
    expect(values(first)).toEqual(sent.slice(0, 20))
    const second = (await get(`/aliases?nextToken=${first.nextToken}`)).body
    const third = (await get(`/aliases?nextToken=${second.nextToken}`)).body
    expect([...values(first), ...values(second), ...values(third)]).toEqual(sent)
    expect(third).not.toHaveProperty('nextToken')
  })
})

describe('another organization', () => {
  it('finds nothing of it, as if it never was', async () => {
    const { post } = await organization()
    await post('/aliases', pool('mine'))
    const theirs = await organization()
    expect((await theirs.get('/aliases/mine')).status).toBe(404)
    expect((await theirs.delete('/aliases/mine')).status).toBe(404)
    expect((await theirs.get('/aliases')).body.data).toEqual([])
    expect((await theirs.post('/aliases', pool('mine'))).status).toBe(201)
  })
})

describe('round trips to D1', () => {
  it.each([
    [1, 'createAlias', (api: Api) => api.post('/aliases', pool('new'))],
    [1, 'listAliases', (api: Api) => api.get('/aliases')],
    [1, 'getAlias', (api: Api) => api.get('/aliases/kept')],
    [2, 'deleteAlias', (api: Api) => api.delete('/aliases/kept')],
  ] as [number, string, (api: Api) => ReturnType<Api['get']>][])('%i for a warm %s', async (most, _, ask) => {
    const api = await organization()
    await api.post('/aliases', pool('kept'))
    const { d1, seen } = watched()
    expect([200, 201]).toContain((await ask({ ...api, ...client(api.token, d1) })).status)
    expect(seen.calls).toBe(most)
  })
})

describe('listAliases without_account', () => {
  it('lists what no account has now: what was never given, was taken away, or is given later', async () => {
    const { post, get } = await withAccount(['given'])
    await post('/aliases', pool('never', 'also never'))
    await post('/accounts/main/add_aliases', { aliases: ['taken'] })
    await post('/accounts/main/remove_aliases', { aliases: ['taken'] })
    await post('/accounts/main/add_aliases', {
      accountAliases: [
        { value: 'later', effectiveFrom: '2999-01-01T00:00:00Z' },
        { value: 'over', effectiveFrom: '2020-01-01T00:00:00Z', effectiveUntil: '2021-01-01T00:00:00Z' },
      ],
    })
    const all = ['also never', 'given', 'later', 'never', 'over', 'taken']
    for (const query of ['', '?without_account=false']) expect(values((await get(`/aliases${query}`)).body)).toEqual(all)
    const waiting = values((await get('/aliases?without_account=true')).body)
    expect(waiting).toEqual(['also never', 'later', 'never', 'over', 'taken'])
    const first = (await get('/aliases?without_account=true&pageSize=1')).body
    const token = encodeURIComponent(first.nextToken)
    expect(values((await get(`/aliases?without_account=true&nextToken=${token}`)).body)[0]).toBe(waiting[1])
    expect((await get(`/aliases?nextToken=${token}`)).status).toBe(400)
    const stranger = await organization()
    expect((await stranger.get('/aliases?without_account=true')).body.data).toEqual([])
  })
})

import { describe, expect, it } from 'vitest'
import { organization } from './helpers/api.ts'

const customer = (account: Record<string, unknown>) => ({
  id: 'acme',
  name: 'ACME Enterprise',
  primaryEmail: 'admin@example.com',
  address: {},
  account: { id: 'main', name: 'Main account', ...account },
})

const named = (body: { aliases: { alias: string }[] }) => body.aliases.map(({ alias }) => alias)

describe('getAccount', () => {
  const accountAliases = [
    { value: 'old', effectiveUntil: '2020-01-01T00:00:00Z' },
    { value: 'middle', effectiveFrom: '2020-01-01T00:00:00', effectiveUntil: '2021-01-01T05:30:00+05:30' },
    { value: 'current', effectiveFrom: '2021-01-01T00:00:00Z' },
  ]

  it('shows the aliases that hold at effectiveOn, and now when it is left out', async () => {
    const { post, get } = await organization()
    await post('/customers', customer({ aliases: ['always'], accountAliases }))
    const at = async (effectiveOn: string) => named((await get(`/accounts/main?effectiveOn=${encodeURIComponent(effectiveOn)}`)).body)
    expect(named((await get('/accounts/main')).body)).toEqual(['always', 'current'])
    expect(await at('2019-12-31T23:59:59.999Z')).toEqual(['always', 'old'])
    expect(await at('2020-01-01T00:00:00Z')).toEqual(['always', 'middle'])
    expect(await at('2020-03-30T10:41:10.088499')).toEqual(['always', 'middle'])
    expect(await at('2021-01-01T05:29:59.999+05:30')).toEqual(['always', 'middle'])
    expect(await at('2021-01-01T05:30:00+05:30')).toEqual(['always', 'current'])
  })

  it('shows aliases in the order in which they were given', async () => {
    const { post, get } = await organization()
    await post('/customers', customer({ aliases: ['zebra', 'apple', 'mango'], accountAliases: [{ value: 'berry' }] }))
    expect(named((await get('/accounts/main')).body)).toEqual(['zebra', 'apple', 'mango', 'berry'])
  })

  it('takes includeGroupDetails, and shows no group', async () => {
    const { post, get } = await organization()
    await post('/customers', customer({}))
    for (const shown of ['true', 'false']) {
      const { status, body } = await get(`/accounts/main?includeGroupDetails=${shown}`)
      expect([status, 'invoiceGroupDetails' in body]).toEqual([200, false])
    }
  })

  it.each([
    ['effectiveOn=yesterday', 'effectiveOn: must be a date-time'],
    ['effectiveOn=2020-01-01', 'effectiveOn: must be a date-time'],
    ['effectiveOn=2020-01-01T00:00:00Z&effectiveOn=2021-01-01T00:00:00Z', 'effectiveOn: must be a string'],
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

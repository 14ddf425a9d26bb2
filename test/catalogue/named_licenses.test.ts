import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { readLicensedNames } from '../../src/catalogue/licenses/service.ts'
import { readDay } from '../../src/rating/cycle.ts'
import { readDays } from '../../src/rating/licenses.ts'
import { formatDecimal } from '../../src/lib/decimal.ts'
import { type Api, client, organization } from '../helpers/api.ts'
import { customer } from '../helpers/customer.ts'
import { doDue, system } from '../helpers/ledgers.ts'
import { commitGeneration } from '../../src/events/ingestion/generations.ts'

const NOW = Date.UTC(2026, 5, 15, 12)

vi.useFakeTimers({ toFake: ['Date'] })
afterAll(() => {
  vi.useRealTimers()
})
beforeEach(() => {
  vi.setSystemTime(NOW)
})

interface Entry {
  id: string
  licenseId: string
  accountId: string
  name: string
  effectiveFrom: string
  effectiveUntil?: string
  createdAt: string
  updatedAt: string
}

const withNames = async (accountIds: readonly string[] = ['A', 'B']) => {
  const api = await organization()
  const addOn = async (): Promise<string> => (await api.post('/addons', { name: 'Viewers', type: 'NAMED_LICENSE' })).body.id
  const [seat, desk] = [await addOn(), await addOn()]
  for (const id of accountIds)
    expect((await api.post('/customers', { ...customer(`C ${id}`.slice(0, 20)), account: { id, name: 'Account' } })).status).toBe(201)
  let made = 0
  let clock = NOW
  const wait = (milliseconds: number): void => {
    vi.setSystemTime((clock += milliseconds))
  }
  /** Ingests an event a second after the one before, and gives its reference. */
  const send = async (
    action: 1 | -1,
    time: string,
    { accountId = accountIds[0] ?? '', licenseId = seat, name = 'ann', id = `act${++made}` } = {},
  ) => {
    wait(1000)
    const event = {
      id,
      schemaName: 'togai-named-license',
      timestamp: `2026-06-${time}:00Z`,
      accountId,
      attributes: [{ name: 'action', value: String(action) }],
      dimensions: { license_id: licenseId, name },
    }
    expect((await api.post('/ingest', { event })).status).toBe(202)
    const { referenceId, ingestionStatus } = (await api.get(`/events/${id}`)).body.events[0]
    return { reference: String(referenceId), status: String(ingestionStatus.status), at: new Date(clock).toISOString(), id }
  }
  const list = async (query = '', { get }: Pick<Api, 'get'> = api): Promise<Entry[]> => {
    const { status, body } = await get(`/named_license_updates${query}`)
    expect([status, body.message]).toEqual([200, undefined])
    return body.data
  }
  const names = async (query = '', from: Pick<Api, 'get'> = api) =>
    (await list(query, from)).map(({ name, effectiveFrom, effectiveUntil = '' }) =>
      `${name} ${effectiveFrom.slice(8, 16)} ${effectiveUntil.slice(8, 16)}`.trim(),
    )
  return { ...api, seat, desk, send, wait, list, names }
}

const resultOf = ({ status, body }: Awaited<ReturnType<Api['post']>>) => [status, body.message]

describe('getNamedLicenseUpdates', () => {
  it('shows what events have begun and ended, each under the id of the event that began it', async () => {
    const { send, list, seat } = await withNames()
    const added = await send(1, '01T10:00')
    await send(1, '02T10:00')
    const [entry] = await list()
    expect(entry).toEqual({
      id: added.reference.replace('event.', 'named_license_entry.'),
      licenseId: seat,
      accountId: 'A',
      name: 'ann',
      effectiveFrom: '2026-06-01T10:00:00.000Z',
      createdAt: added.at,
      updatedAt: added.at,
    })
    const removed = await send(-1, '03T10:00')
    expect(removed.status).toBe('INGESTION_COMPLETED_EVENT_METERED')
    expect(await list()).toEqual([{ ...entry, effectiveUntil: '2026-06-03T10:00:00.000Z', updatedAt: removed.at }])
    expect((await send(-1, '04T10:00')).status).toBe('INGESTION_FAILED_INVALID_NAMED_LICENSE_EVENT')
    const again = await send(1, '05T10:00')
    expect((await list()).map(({ id }) => id)).toEqual(
      [again, added].map(({ reference }) => reference.replace('event.', 'named_license_entry.')),
    )
  })

  it('changes with events that arrive late, and with corrections', async () => {
    const { send, names, post } = await withNames()
    await send(1, '05T10:00')
    const removed = await send(-1, '10T10:00')
    await send(1, '01T10:00')
    expect(await names()).toEqual(['ann 01T10:00 10T10:00'])
    const answer = await post(`/events/correction?action=UNDO&account_id=A&event_id=${removed.id}`)
    expect([answer.status, answer.body.message]).toEqual([200, undefined])
    expect(await names()).toEqual(['ann 01T10:00'])
  })

  it('shows an event that waited for its account with the time at which it arrived', async () => {
    const { send, list, post, id } = await withNames()
    const waiting = await send(1, '01T10:00', { accountId: 'later' })
    expect(await list()).toEqual([])
    vi.setSystemTime(NOW + 3_600_000)
    await post('/accounts', { id: 'later', name: 'Later', customerId: 'C A' })
    await doDue(id)
    expect((await list('?account_id=later')).map(({ createdAt, updatedAt }) => [createdAt, updatedAt])).toEqual([[waiting.at, waiting.at]])
  })

  it('shows nothing of what was only tried', async () => {
    const { post, list, seat } = await withNames()
    const event = {
      id: 'tried',
      schemaName: 'togai-named-license',
      timestamp: '2026-06-01T10:00:00Z',
      accountId: 'A',
      attributes: [{ name: 'action', value: '1' }],
      dimensions: { license_id: seat, name: 'ann' },
    }
    expect((await post('/ingest?dry_run=true', { event })).status).toBe(202)
    expect(await list()).toEqual([])
  })

  it('filters by account, licence and name', async () => {
    const { send, names, seat, desk, get } = await withNames()
    await send(1, '01T10:00', { name: 'ann' })
    await send(1, '02T10:00', { name: 'bob', licenseId: desk })
    await send(1, '03T10:00', { name: 'ann', accountId: 'B' })
    await send(1, '04T10:00', { name: 'e\u0301mile ', accountId: 'B', licenseId: desk })
    expect(await names()).toEqual(['\u00e9mile  04T10:00', 'ann 03T10:00', 'bob 02T10:00', 'ann 01T10:00'])
    expect(await names('?account_id=A')).toEqual(['bob 02T10:00', 'ann 01T10:00'])
    expect(await names(`?licenseId=${seat}`)).toEqual(['ann 03T10:00', 'ann 01T10:00'])
    expect(await names(`?license_id=${desk}&account_id=A`)).toEqual(['bob 02T10:00'])
    expect(await names('?name=ann')).toEqual(['ann 03T10:00', 'ann 01T10:00'])
    expect(await names('?name=ann&account_id=B')).toEqual(['ann 03T10:00'])
    expect(await names(`?name=ann&account_id=B&licenseId=${desk}`)).toEqual([])
    expect(await names(`?name=${encodeURIComponent('e\u0301mile ')}`)).toEqual(['\u00e9mile  04T10:00'])
    expect(await names('?account_id=nobody')).toEqual([])
    expect(resultOf(await get(`/named_license_updates?license_id=${seat}&licenseId=${desk}`))).toEqual([
      400,
      'license_id: must be the same as licenseId, or be left out',
    ])
    expect(resultOf(await get('/named_license_updates?pageSize=51'))).toEqual([422, 'pageSize: must be 50 at most'])
    expect((await get('/named_license_updates?pageSize=x')).status).toBe(400)
    expect((await get(`/named_license_updates?name=${'x'.repeat(51)}`)).status).toBe(400)
  })

  it('pages through all ledgers and generations of them once, with tokens of 500 characters at most', async () => {
    const accounts = ['\u{1f600}'.repeat(50), 'B', 'C', 'D', 'E']
    const name = '\u{1f427}'.repeat(50)
    const { send, get, post, id, seat, wait } = await withNames(accounts)
    for (const [n, accountId] of [...accounts, ...accounts].entries()) {
      await send(1, `${String(n + 1).padStart(2, '0')}T10:00`, { accountId, name: n < accounts.length ? name : `other ${n}` })
    }
    await send(1, '01T01:00', { accountId: accounts[0] ?? '', name: 'third' })
    await commitGeneration(system(id), { generation: 1 }, 2, 'ACCOUNT')
    wait(200_000)
    await post('/accounts', { id: 'late', name: 'Late', customerId: 'C B' })
    await send(1, '14T10:00', { accountId: 'late', name: 'fourth' })
    const readAll = async (query: string): Promise<string[]> => {
      const seen: string[] = []
      let path = `/named_license_updates?pageSize=2${query}`
      for (;;) {
        const { status, body } = await get(path)
        expect([status, body.message]).toEqual([200, undefined])
        seen.push(...body.data.map((one: Entry) => one.createdAt))
        if (!body.nextToken) return seen
        expect(body.nextToken.length).toBeLessThanOrEqual(500)
        path = `/named_license_updates?nextToken=${body.nextToken}`
      }
    }
    const all = await readAll('')
    expect(all).toHaveLength(12)
    expect(all).toEqual(all.toSorted().toReversed())
    expect(await readAll(`&account_id=${encodeURIComponent(accounts[0] ?? '')}`)).toHaveLength(3)
    expect(await readAll(`&name=${encodeURIComponent(name)}`)).toHaveLength(5)
    const read = await readLicensedNames(system(id), 'late', 0, NOW)
    expect([...read.values()].flat().map((one) => one.name)).toEqual(['fourth'])
    const whole = `&name=${encodeURIComponent(name)}&account_id=${encodeURIComponent(accounts[0] ?? '')}&licenseId=${seat}`
    expect(await readAll(whole)).toHaveLength(1)
  })

  it('shows a portal token its own accounts, and refuses others', async () => {
    const { send, names, post, get } = await withNames()
    await post('/accounts', { id: 'A2', name: 'Second', customerId: 'C A' })
    for (const [n, accountId] of ['A', 'B', 'A2'].entries()) await send(1, `0${n + 1}T10:00`, { accountId })
    const portal = async (body: object) => client((await post('/portal/token', body)).body.token)
    const [all, one] = [
      await portal({ customerId: 'C A', allAccountsAccess: true }),
      await portal({ customerId: 'C A', accountIds: ['A2'] }),
    ]
    expect(await names('', all)).toEqual(['ann 03T10:00', 'ann 01T10:00'])
    expect(await names('?account_id=A', all)).toEqual(['ann 01T10:00'])
    expect(await names('', one)).toEqual(['ann 03T10:00'])
    for (const [{ get: read }, id] of [
      [all, 'B'],
      [all, 'nobody'],
      [one, 'A'],
    ] as const)
      expect(resultOf(await read(`/named_license_updates?account_id=${id}`))).toEqual([
        403,
        'This portal token does not read this account.',
      ])
    const { nextToken } = (await get('/named_license_updates?pageSize=1')).body
    expect(await names(`?nextToken=${nextToken}`, one)).toEqual([])
  })

  it('shows another organization nothing', async () => {
    const [mine, theirs] = [await withNames(), await withNames()]
    await mine.send(1, '01T10:00')
    expect(await theirs.list()).toEqual([])
    expect(await theirs.list(`?licenseId=${mine.seat}`)).toEqual([])
    expect((await (await organization()).get('/named_license_updates')).body).toEqual({ data: [] })
  })
})

describe('readLicensedNames', () => {
  it('gives the names of an account that are open in a time, by add-on, as days are counted by', async () => {
    const { send, id, seat, desk } = await withNames()
    await send(1, '01T10:00')
    await send(-1, '03T00:00')
    await send(1, '03T12:00', { name: 'bob' })
    await send(1, '20T12:00', { name: 'eve', licenseId: desk })
    await send(1, '02T12:00', { name: 'theirs', accountId: 'B' })
    const at = (day: string) => Date.parse(`2026-06-${day}T00:00:00Z`)
    const read = (from: string, until: string) => readLicensedNames(system(id), 'A', at(from), at(until))
    const names = await read('01', '30')
    expect(Object.fromEntries(names)).toEqual({
      [seat]: [
        { name: 'ann', from: Date.parse('2026-06-01T10:00:00Z'), until: at('03') },
        { name: 'bob', from: Date.parse('2026-06-03T12:00:00Z'), until: null },
      ],
      [desk]: [{ name: 'eve', from: Date.parse('2026-06-20T12:00:00Z'), until: null }],
    })
    const runs = readDays({ names: names.get(seat) ?? [] }, readDay('2026-05-31'), readDay('2026-06-06'))
    expect(runs.map(({ days, quantity }) => [days, formatDecimal(quantity)])).toEqual([
      [1, '0'],
      [5, '1'],
    ])
    expect([...(await read('10', '12')).values()].flat().map(({ name }) => name)).toEqual(['bob'])
    expect((await readLicensedNames(system(id), 'nobody', 0, NOW)).size).toBe(0)
    expect((await readLicensedNames(system((await organization()).id), 'A', 0, NOW)).size).toBe(0)
  })
})

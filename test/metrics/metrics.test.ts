import { createExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { app } from '../../src/app.ts'
import { codeOf } from '../../src/ledger/client.ts'
import { client, ledgers, organization } from '../helpers/api.ts'
import { ask, dataOf, groupsOf, homeIn, plantEvents, revertEvent, valuesOf } from '../helpers/metrics.ts'
import { customer } from '../helpers/customer.ts'

const NOW = Date.UTC(2024, 2, 5)

vi.useFakeTimers({ toFake: ['Date'], now: NOW })
afterAll(() => {
  vi.useRealTimers()
})
beforeEach(() => {
  vi.setSystemTime(NOW)
})

/** An organization with two accounts, and a meter that sums attributes.calls; an event with per 0 has no units. */
const withMeter = async (
  accounts: readonly [customerId: string, id: string][] = [
    ['C1', 'A'],
    ['C2', 'B'],
  ],
) => {
  const api = await organization()
  for (const [customerId, id] of accounts)
    expect((await api.post('/customers', { ...customer(customerId), account: { id, name: 'Account' } })).status).toBe(201)
  await api.post('/event_schema', { name: 'api', attributes: [{ name: 'calls' }, { name: 'per' }], dimensions: [] })
  expect((await api.post('/event_schema/api/activate')).status).toBe(200)
  const meterOf = async (name: string, computation: string) => {
    const { body } = await api.post('/usage_meters', {
      name,
      type: 'COUNTER',
      aggregation: 'SUM',
      eventSchemaName: 'api',
      computations: [{ computation, order: 1 }],
    })
    expect((await api.post(`/usage_meters/${body.id}/activate`)).status).toBe(200)
    return String(body.id)
  }
  const meter = await meterOf('calls', '{"/":[{"var":"attributes.calls"},{"var":"attributes.per"}]}')
  return { ...api, meter, meterOf }
}

const sent = (id: string, timestamp: string, accountId: string, calls: string, per = '1') => ({
  id,
  schemaName: 'api',
  timestamp,
  accountId,
  attributes: [
    { name: 'calls', value: calls },
    { name: 'per', value: per },
  ],
  dimensions: {},
})

type Api = Awaited<ReturnType<typeof withMeter>>

const ingest = async ({ post }: Pick<Api, 'post'>, ...events: object[]): Promise<void> => {
  expect((await post('/ingestBatch', { events })).status).toBe(202)
}

/** The contract's data set D. */
const dataSet = async (): Promise<Api> => {
  const api = await withMeter()
  await ingest(
    api,
    sent('e0', '2024-02-29T23:00:00Z', 'A', '1'),
    sent('e1', '2024-03-01T00:00:00Z', 'A', '10'),
    sent('e2', '2024-03-01T13:30:00Z', 'A', '5'),
    sent('e3', '2024-03-01T23:59:59.999Z', 'B', '7'),
    sent('e4', '2024-03-03T08:00:00Z', 'A', '2.5'),
    sent('e5', '2024-03-03T09:15:00Z', 'B', '1', '0'),
    sent('e6', '2024-03-04T00:00:00Z', 'B', '4'),
    sent('e7', '2024-03-03T10:00:00Z', 'A', '100'),
    sent('e8', '2024-03-03T11:00:00Z', 'Z', '1'),
  )
  const home = homeIn(api.id)
  await revertEvent(home, 'e7')
  const inProgress = { schema: 'api', status: codeOf('INGESTION_IN_PROGRESS') }
  await plantEvents(home, [{ id: 'e9', time: Date.parse('2024-03-04T01:00:00Z'), account: 'A', customer: 'C1', ...inProgress }])
  return api
}

let api: Api
beforeAll(async () => {
  vi.setSystemTime(NOW)
  api = await dataSet()
})

const on = (day: string): string => `2024-${day}T00:00:00Z`
const statuses = (...fieldValues: string[]) => ({ filters: [{ fieldName: 'EVENT_STATUS', fieldValues }] })

describe('the worked pairs', () => {
  it('P1: usage by day', async () => {
    expect(await dataOf(api, on('03-01'), on('03-04'), { name: 'USAGE' })).toEqual([
      { timestamps: [on('03-01'), on('03-02'), on('03-03')], metricValues: [22, 0, 2.5] },
    ])
  })

  it('P2: by account', async () => {
    const answer = await api.post('/metrics', {
      startTime: on('03-01'),
      endTime: on('03-04'),
      metricQueries: [{ id: 'q', name: 'USAGE', aggregationPeriod: 'DAY', groupBy: 'ACCOUNT_ID' }],
    })
    const timestamps = [on('03-01'), on('03-02'), on('03-03')]
    const series = (fieldValue: string, metricValues: number[]) => ({
      groupedBy: { fieldName: 'ACCOUNT_ID', fieldValue },
      timestamps,
      metricValues,
    })
    expect(answer.body).toEqual({ results: [{ id: 'q', name: 'USAGE', data: [series('A', [15, 0, 2.5]), series('B', [7, 0, 0])] }] })
  })

  it('P3: events are those that are processed or unprocessed', async () => {
    expect(valuesOf(await dataOf(api, on('03-01'), on('03-05'), { name: 'EVENTS' }))).toEqual([3, 0, 3, 1])
  })

  it('P4: by groups of statuses', async () => {
    const query = { name: 'EVENTS', groupBy: 'EVENT_STATUS', ...statuses('PROCESSED', 'UNPROCESSED', 'IN_PROGRESS') }
    const data = await dataOf(api, on('03-03'), on('03-05'), query)
    expect(data.map(({ groupedBy, metricValues }) => [groupedBy?.fieldValue, metricValues])).toEqual([
      ['IN_PROGRESS', [0, 1]],
      ['PROCESSED', [1, 1]],
      ['UNPROCESSED', [2, 0]],
    ])
  })

  it('P5: by single statuses; a reverted event is seen by its name only', async () => {
    const filter = statuses('INGESTION_FAILED_UNITS_INVALID', 'REVERTED')
    const raw = await dataOf(api, on('03-03'), on('03-04'), { name: 'EVENTS', groupBy: 'RAW_EVENT_STATUS', ...filter })
    expect(groupsOf(raw)).toEqual({ INGESTION_FAILED_UNITS_INVALID: [1], REVERTED: [1] })
    const grouped = await dataOf(api, on('03-03'), on('03-04'), { name: 'EVENTS', groupBy: 'EVENT_STATUS', ...filter })
    expect(groupsOf(grouped)).toEqual({ REVERTED: [1], UNPROCESSED: [1] })
  })

  it('P6: hours that the window cuts', async () => {
    const data = await dataOf(api, '2024-03-01T13:15:00Z', '2024-03-01T15:00:00Z', { name: 'USAGE', aggregationPeriod: 'HOUR' })
    expect(data).toEqual([{ timestamps: ['2024-03-01T13:00:00Z', '2024-03-01T14:00:00Z'], metricValues: [5, 0] }])
    const cut = (start: string, end: string, name: string) => dataOf(api, start, end, { name, aggregationPeriod: 'HOUR' })
    for (const name of ['USAGE', 'EVENTS']) {
      const value = name === 'USAGE' ? 5 : 1
      expect(valuesOf(await cut('2024-03-01T13:30:00Z', '2024-03-01T13:30:00.001Z', name))).toEqual([value])
      expect(valuesOf(await cut('2024-03-01T13:30:00.001Z', '2024-03-01T14:10:00Z', name))).toEqual([0, 0])
      expect(valuesOf(await cut('2024-03-01T12:50:00Z', '2024-03-01T13:30:00Z', name))).toEqual([0, 0])
    }
  })

  it('P7: the first label may lie before the window, whose end is out of it', async () => {
    expect(await dataOf(api, '2024-02-29T12:00:00Z', on('03-04'), { name: 'USAGE', aggregationPeriod: 'MONTH' })).toEqual([
      { timestamps: [on('02-01'), on('03-01')], metricValues: [1, 24.5] },
    ])
  })

  it('P8: weeks begin on Monday', async () => {
    expect(await dataOf(api, on('02-26'), on('03-11'), { name: 'METER_USAGE', aggregationPeriod: 'WEEK' })).toEqual([
      { timestamps: [on('02-26'), on('03-04')], metricValues: [25.5, 4] },
    ])
  })

  it('P9: times with another offset are the same instants, and buckets are in UTC', async () => {
    const data = await dataOf(api, '2024-03-01T05:30:00+05:30', '2024-03-04T05:30:00+05:30', { name: 'USAGE' })
    expect(data).toEqual([{ timestamps: [on('03-01'), on('03-02'), on('03-03')], metricValues: [22, 0, 2.5] }])
  })

  it('P12: nothing is zeros without groups, and no series with them', async () => {
    expect(await dataOf(api, on('05-01'), on('05-04'), { name: 'USAGE' })).toEqual([
      { timestamps: [on('05-01'), on('05-02'), on('05-03')], metricValues: [0, 0, 0] },
    ])
    expect(await dataOf(api, on('05-01'), on('05-04'), { name: 'USAGE', groupBy: 'ACCOUNT_ID' })).toEqual([])
    const fresh = await organization()
    expect(valuesOf(await dataOf(fresh, on('05-01'), on('05-03'), { name: 'EVENTS' }))).toEqual([0, 0])
    expect(valuesOf(await dataOf(fresh, on('05-01'), on('05-03'), { name: 'NAMED_LICENSE_USAGE' }))).toEqual([0, 0])
  })

  it('an undone event leaves nothing: its group is gone', async () => {
    const query = { name: 'METER_USAGE', groupBy: 'ACCOUNT_ID', aggregationPeriod: 'HOUR' }
    expect(await dataOf(api, '2024-03-03T10:00:00Z', '2024-03-03T11:00:00Z', query)).toEqual([])
  })

  it('the day of an event that was ingested a minute before has it', async () => {
    const fresh = await withMeter()
    await ingest(fresh, sent('now', '2024-03-04T23:59:00Z', 'A', '3'))
    expect(valuesOf(await dataOf(fresh, on('03-04'), on('03-05'), { name: 'EVENTS' }))).toEqual([1])
  })
})

describe('filters and groups', () => {
  const by = (filter: Record<string, string[]>) => ({
    filters: Object.entries(filter).map(([fieldName, fieldValues]) => ({ fieldName, fieldValues })),
  })
  const sum = async (name: string, filter: Record<string, string[]>, more: object = {}) => {
    const values = valuesOf(await dataOf(api, on('02-01'), on('04-01'), { name, aggregationPeriod: 'MONTH', ...by(filter), ...more }))
    return values.reduce((one, other) => one + other, 0)
  }
  const groups = async (name: string, groupBy: string, filter: Record<string, string[]> = {}) => {
    const filters = Object.keys(filter).length ? by(filter) : {}
    return groupsOf(await dataOf(api, on('03-01'), on('04-01'), { name, aggregationPeriod: 'MONTH', groupBy, ...filters }))
  }

  it('of accounts, by id, by alias, and by a name that none has', async () => {
    await api.post('/accounts/A/add_aliases', { aliases: ['first'] })
    expect(await sum('USAGE', { ACCOUNT_ID: ['A'] })).toBe(18.5)
    expect(await sum('USAGE', { ACCOUNT_ID: ['first'] })).toBe(18.5)
    expect(await sum('USAGE', { ACCOUNT_ID: ['first', 'A', 'B'] })).toBe(29.5)
    expect(await sum('USAGE', { ACCOUNT_ID: ['nobody'] })).toBe(0)
    expect(await sum('EVENTS', { ACCOUNT_ID: ['Z'] })).toBe(1)
    expect(await sum('EVENTS', { ACCOUNT_ID: ['A', 'Z'] })).toBe(5)
    expect(await groups('EVENTS', 'ACCOUNT_ID')).toEqual({ A: [3], B: [3], Z: [1] })
  })

  it('of an account, with what was sent under its id and is not its own', async () => {
    const its = await withMeter()
    await its.post('/accounts/A/add_aliases', { aliases: ['first'] })
    await ingest(its, sent('own', on('03-01'), 'A', '1'))
    const status = codeOf('INGESTION_FAILED_ACCOUNT_NOT_FOUND')
    const strange = (id: string, account: string) => ({ id, account, time: Date.UTC(2024, 2, 1), schema: 'api', status })
    await plantEvents(homeIn(its.id), [strange('x1', '?A'), strange('x2', '?first'), strange('x3', '?B')])
    const read = async (name: string) =>
      valuesOf(await dataOf(its, on('03-01'), on('03-02'), { name: 'EVENTS', ...by({ ACCOUNT_ID: [name] }) }))
    expect(await read('A')).toEqual([2])
    expect(await read('first')).toEqual([3])
    const portal = client(String((await its.post('/portal/token', { customerId: 'C1', allAccountsAccess: true })).body.token))
    for (const query of [{}, by({ ACCOUNT_ID: ['first'] })])
      expect(valuesOf(await dataOf(portal, on('03-01'), on('03-02'), { name: 'EVENTS', ...query }))).toEqual([1])
  })

  it('of an alias, by the account that has it now, or had it last', async () => {
    const its = await withMeter()
    await ingest(its, sent('a', on('03-01'), 'A', '1'), sent('b', on('03-01'), 'B', '2'))
    const read = async () => valuesOf(await dataOf(its, on('03-01'), on('03-02'), { name: 'USAGE', ...by({ ACCOUNT_ID: ['moved'] }) }))
    const lasts = (from: string, until: string) => ({ accountAliases: [{ value: 'moved', effectiveFrom: from, effectiveUntil: until }] })
    expect(await read()).toEqual([0])
    expect((await its.post('/accounts/B/add_aliases', lasts(on('01-01'), on('02-01')))).status).toBe(200)
    expect(await read()).toEqual([2])
    await its.post('/accounts/A/add_aliases', lasts(on('02-01'), on('03-01')))
    expect(await read()).toEqual([1])
    await its.post('/accounts/B/add_aliases', lasts(on('06-01'), on('07-01')))
    expect(await read()).toEqual([1])
  })

  it('of customers', async () => {
    expect(await sum('USAGE', { CUSTOMER_ID: ['C1'] })).toBe(18.5)
    expect(await sum('USAGE', { CUSTOMER_ID: ['C1', 'C2'] })).toBe(29.5)
    expect(await sum('USAGE', { CUSTOMER_ID: ['C1'], ACCOUNT_ID: ['B'] })).toBe(0)
    expect(await sum('USAGE', { CUSTOMER_ID: ['C2'], ACCOUNT_ID: ['A', 'B'] })).toBe(11)
    expect(await sum('USAGE', { CUSTOMER_ID: ['C3'] })).toBe(0)
    expect(await groups('USAGE', 'CUSTOMER_ID')).toEqual({ C1: [17.5], C2: [11] })
    expect(await groups('EVENTS', 'CUSTOMER_ID')).toEqual({ '': [1], C1: [3], C2: [3] })
    expect(await groups('EVENTS', 'CUSTOMER_ID', { CUSTOMER_ID: ['C2'] })).toEqual({ C2: [3] })
  })

  it('of usage meters, by id and by name, as meters and as billables', async () => {
    const double = await api.meterOf('double', '{"*":[2,{"var":"attributes.calls"}]}')
    await ingest(api, sent('m1', '2024-03-20T00:00:00Z', 'A', '3'))
    const from = '2024-03-20T00:00:00Z'
    const read = async (more: object) => dataOf(api, from, '2024-03-21T00:00:00Z', { name: 'METER_USAGE', ...more })
    expect(valuesOf(await read({}))).toEqual([9])
    for (const field of ['USAGE_METER_ID', 'BILLABLE_ID']) {
      expect(valuesOf(await read(by({ [field]: [double] })))).toEqual([6])
      expect(valuesOf(await read(by({ [field]: ['calls'] })))).toEqual([3])
      expect(valuesOf(await read(by({ [field]: ['calls', double, 'none'] })))).toEqual([9])
      expect(valuesOf(await read(by({ [field]: ['none'] })))).toEqual([0])
      const data = await read({ groupBy: field })
      expect(groupsOf(data)).toEqual({ [api.meter]: [3], [double]: [6] })
      expect(data[0]?.groupedBy?.fieldName).toBe(field)
    }
    expect(valuesOf(await read(by({ USAGE_METER_ID: [double], BILLABLE_ID: ['calls'] })))).toEqual([0])
    await revertEvent(homeIn(api.id), 'm1')
    expect(valuesOf(await read({}))).toEqual([0])
  })

  it('of schemas and statuses', async () => {
    await ingest(api, { ...sent('s1', '2024-03-25T00:00:00Z', 'A', '1'), schemaName: 'other' })
    expect(await groups('EVENTS', 'SCHEMA_NAME')).toEqual({ api: [7], other: [1] })
    expect(await sum('EVENTS', { SCHEMA_NAME: ['other'] })).toBe(1)
    expect(await sum('EVENTS', { SCHEMA_NAME: ['other'], EVENT_STATUS: ['PROCESSED'] })).toBe(0)
    expect(await sum('EVENTS', { SCHEMA_NAME: ['none'] })).toBe(0)
    expect(await sum('EVENTS', { EVENT_STATUS: ['NOTHING'] })).toBe(0)
    expect(await groups('EVENTS', 'EVENT_STATUS')).toEqual({ PROCESSED: [5], UNPROCESSED: [3] })
    expect(await groups('EVENTS', 'RAW_EVENT_STATUS', { EVENT_STATUS: ['IN_PROGRESS', 'REVERTED'] })).toEqual({
      INGESTION_IN_PROGRESS: [1],
      REVERTED: [2],
    })
    await revertEvent(homeIn(api.id), 's1')
  })

  it('of the organization, which is the caller’s own only', async () => {
    expect(await sum('USAGE', { ORGANIZATION_ID: [api.id] })).toBe(29.5)
    const answer = await ask(api, on('03-01'), on('03-04'), { name: 'USAGE', ...by({ ORGANIZATION_ID: [api.id, 'another'] }) })
    expect(answer).toMatchObject({
      status: 403,
      body: { message: 'metricQueries[0].filters[0].fieldValues[1]: the token is of another organization' },
    })
  })

  it('answers each query by itself, in their order, and asks once for what two of them need', async () => {
    const queries = [{ name: 'USAGE' }, { name: 'EVENTS' }, { name: 'METER_USAGE' }]
    const { body, headers } = await ask(api, on('03-01'), on('03-04'), ...queries)
    expect(
      body.results.map(({ id, name, data }: { id: string; name: string; data: { metricValues: number[] }[] }) => [
        id,
        name,
        data[0]?.metricValues,
      ]),
    ).toEqual([
      ['q0', 'USAGE', [22, 0, 2.5]],
      ['q1', 'EVENTS', [3, 0, 3]],
      ['q2', 'METER_USAGE', [22, 0, 2.5]],
    ])
    expect(headers.get('Server-Timing')).toMatch(/d1;dur=[\d.]+;desc="[12]", ledger;dur=[\d.]+;desc="8"/)
  })

  it('says no to what another organization has under the same ids', async () => {
    const other = await withMeter()
    await ingest(other, sent('e1', on('03-01'), 'A', '1000'))
    expect(await groups('USAGE', 'ACCOUNT_ID')).toEqual({ A: [17.5], B: [11] })
    expect(groupsOf(await dataOf(other, on('03-01'), on('03-02'), { name: 'USAGE', groupBy: 'ACCOUNT_ID' }))).toEqual({ A: [1000] })
  })
})

describe('what is exact', () => {
  /** The text of the answer. */
  const textOf = async (token: string, body: object, exports?: object): Promise<{ status: number; text: string }> => {
    const request = new Request('http://localhost/metrics', {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    })
    const context = createExecutionContext()
    const response = await app.fetch(
      request,
      { DB: env.DB, SIGNING_SECRET: env.SIGNING_SECRET },
      exports ? ({ waitUntil: (work) => context.waitUntil(work), exports } as ExecutionContext) : context,
    )
    return { status: response.status, text: await response.text() }
  }
  const march = (query: object) => ({ startTime: on('03-01'), endTime: on('04-01'), metricQueries: [{ id: 'q', ...query }] })

  it('are sums of more digits than a double holds, in the text of the answer', async () => {
    const its = await withMeter()
    const digits = '12345678901234567890123456789012345678'
    await its.meterOf('plain', '{"var":"attributes.calls"}')
    await ingest(
      its,
      sent('big', on('03-01'), 'A', digits, '0'),
      sent('big2', on('03-01'), 'A', digits),
      sent('small', on('03-02'), 'A', '0.1'),
      sent('small2', on('03-02'), 'B', '0.2'),
      sent('fine', on('03-03'), 'B', '0.00000000001234567890123456789012345678'),
    )
    const { text } = await textOf(its.token, {
      ...march({ name: 'USAGE', filters: [{ fieldName: 'BILLABLE_ID', fieldValues: ['plain'] }] }),
      endTime: on('03-04'),
    })
    expect(text).toContain('"metricValues":[12345678901234567890123456789012345678,0.3,0.00000000001234567890123456789012345678]')
  })

  it('is the whole or nothing: where one ledger fails, the answer is 503', async () => {
    const failing = (kind: 'EventLedger' | 'AccountLedger', bad: string, error: Error) => ({
      ...ledgers,
      [kind]: {
        getByName: (name: string) =>
          name === bad
            ? { readGroups: () => Promise.reject(error), readLicenses: () => Promise.reject(error) }
            : ledgers[kind].getByName(name),
      },
    })
    for (const error of [new Error('broken'), Object.assign(new Error('gone'), { retryable: true })])
      for (const index of [0, 3]) {
        const events = failing('EventLedger', `${api.id}/event/1/${index}`, error)
        expect(await textOf(api.token, march({ name: 'USAGE' }), events)).toMatchObject({ status: 503 })
        const accounts = failing('AccountLedger', `${api.id}/account/1/${index}`, error)
        expect(await textOf(api.token, march({ name: 'NAMED_LICENSE_USAGE' }), accounts)).toMatchObject({ status: 503 })
        expect(await textOf(api.token, march({ name: 'USAGE' }), accounts)).toMatchObject({ status: 200 })
      }
  })

  it('is not asked for of hours whose events are kept no more', async () => {
    vi.setSystemTime(NOW + 445 * 86_400_000)
    const cut = '2024-03-01T13:15:00Z'
    const query = { name: 'USAGE', aggregationPeriod: 'HOUR' }
    const why = 'must be at the full hour, since the events of then are not kept any more, only what they add up to by hour'
    expect(await ask(api, cut, '2024-03-01T15:00:00Z', query)).toMatchObject({ status: 422, body: { message: `startTime: ${why}` } })
    expect(await ask(api, '2024-03-01T13:00:00Z', '2024-03-01T15:00:00.001Z', query)).toMatchObject({
      status: 422,
      body: { message: `endTime: ${why}` },
    })
    expect(valuesOf(await dataOf(api, '2024-03-01T13:00:00Z', '2024-03-01T15:00:00Z', query))).toEqual([5, 0])
    vi.setSystemTime(Date.parse('2024-03-01T13:00:00Z') + 445 * 86_400_000)
    expect((await ask(api, cut, '2024-03-01T15:00:00Z', query)).status).toBe(200)
  })

  it('P2-32: events at the end of a month are in one month each', async () => {
    vi.setSystemTime(Date.UTC(2026, 4, 2))
    const its = await withMeter()
    const times = ['2026-04-30T23:59:59.999Z', '2026-05-01T00:00:00.000Z', '2026-05-01T01:30:00+02:00', '2026-05-01T00:00:00']
    await ingest(its, ...times.map((time, index) => sent(`t${index}`, time, 'A', '1')))
    for (const name of ['USAGE', 'EVENTS']) {
      const data = await dataOf(its, '2026-04-01T00:00:00Z', '2026-06-01T00:00:00Z', { name, aggregationPeriod: 'MONTH' })
      expect(data).toEqual([{ timestamps: ['2026-04-01T00:00:00Z', '2026-05-01T00:00:00Z'], metricValues: [2, 2] }])
    }
  })

  it('P2-64: a day with an offset is that day, whatever the period', async () => {
    vi.setSystemTime(Date.UTC(2026, 4, 3))
    const its = await withMeter()
    const times = ['2026-04-30T18:29:59Z', '2026-04-30T18:30:00Z', '2026-05-01T18:29:59Z', '2026-05-01T18:30:00Z']
    await ingest(its, ...times.map((time, index) => sent(`t${index}`, time, 'A', '1')))
    const read = (name: string, aggregationPeriod: string) =>
      dataOf(its, '2026-05-01T00:00:00+05:30', '2026-05-02T00:00:00+05:30', { name, aggregationPeriod })
    for (const name of ['USAGE', 'EVENTS']) {
      expect(await read(name, 'DAY')).toEqual([{ timestamps: ['2026-04-30T00:00:00Z', '2026-05-01T00:00:00Z'], metricValues: [1, 1] }])
      for (const period of ['HOUR', 'WEEK', 'MONTH']) expect(valuesOf(await read(name, period)).reduce((one, other) => one + other)).toBe(2)
    }
  })
})

describe('a portal token', () => {
  let its: Api
  beforeAll(async () => {
    its = await dataSet()
  })
  const portal = async (body: object) => client(String((await its.post('/portal/token', body)).body.token))
  const usage = { name: 'USAGE', aggregationPeriod: 'MONTH' }
  const only = (fieldName: string, ...fieldValues: string[]) => ({ ...usage, filters: [{ fieldName, fieldValues }] })

  it('reads its accounts, named or not, and no others', async () => {
    await its.post('/accounts', { id: 'A2', name: 'Second', customerId: 'C1', aliases: ['second'] })
    await ingest(its, sent('a2', '2024-06-01T00:00:00Z', 'A2', '8'), sent('b2', '2024-06-01T00:00:00Z', 'B', '16'))
    const read = async (token: Awaited<ReturnType<typeof portal>>, query: object = usage) =>
      valuesOf(await dataOf(token, '2024-02-01T00:00:00Z', '2024-07-01T00:00:00Z', query as Record<string, unknown>)).reduce(
        (one, other) => one + other,
      )
    const all = await portal({ customerId: 'C1', allAccountsAccess: true })
    const one = await portal({ customerId: 'C1', accountIds: ['A2'] })
    const none = await portal({ customerId: 'C1' })
    expect(await read(all)).toBe(26.5)
    expect(await read(one)).toBe(8)
    expect(await read(none)).toBe(0)
    expect(await read(all, only('ACCOUNT_ID', 'second'))).toBe(8)
    expect(await read(all, only('CUSTOMER_ID', 'C1'))).toBe(26.5)
    expect(await read(all, { ...usage, name: 'EVENTS' })).toBe(5)
    const refused = async (token: Awaited<ReturnType<typeof portal>>, query: object) =>
      (await ask(token, on('03-01'), on('04-01'), query as Record<string, unknown>)).body.message
    const why = 'metricQueries[0].filters[0].fieldValues[0]: this portal token'
    expect(await refused(all, only('ACCOUNT_ID', 'B'))).toBe(`${why} does not read this account`)
    expect(await refused(all, only('ACCOUNT_ID', 'nobody'))).toBe(`${why} does not read this account`)
    expect(await refused(one, only('ACCOUNT_ID', 'A'))).toBe(`${why} does not read this account`)
    expect(await refused(one, only('CUSTOMER_ID', 'C2'))).toBe(`${why} reads another customer`)
    expect((await ask(one, on('03-01'), on('04-01'), only('ACCOUNT_ID', 'A'))).status).toBe(403)
    const grouped = await dataOf(all, on('06-01'), on('07-01'), { ...usage, groupBy: 'ACCOUNT_ID' })
    expect(groupsOf(grouped)).toEqual({ A2: [8] })
  })

  it('is open to the role ANALYST', async () => {
    const { body } = await its.post('/tokens', { name: 'Analyst', role: 'ANALYST' })
    expect(valuesOf(await dataOf(client(String(body.token)), on('03-01'), on('03-02'), { name: 'USAGE' }))).toEqual([22])
  })
})

describe('what is refused', () => {
  const query = { id: 'q', name: 'USAGE', aggregationPeriod: 'DAY' }
  const filter = (fieldName: string, ...fieldValues: string[]) => ({ fieldName, fieldValues })
  const window = { startTime: on('03-01'), endTime: on('03-04') }
  const METERS = 'ACCOUNT_ID, CUSTOMER_ID, USAGE_METER_ID, BILLABLE_ID or ORGANIZATION_ID for USAGE'

  it.each<[why: string, body: object, message: string]>([
    ['no query', { ...window, metricQueries: [] }, 'metricQueries: must hold 1 to 5'],
    [
      'six queries',
      { ...window, metricQueries: Array.from({ length: 6 }, (_, id) => ({ ...query, id: `${id}` })) },
      'metricQueries: must hold 1 to 5',
    ],
    [
      'one id twice',
      { ...window, metricQueries: [query, { ...query, name: 'EVENTS' }] },
      'metricQueries[1].id: must not repeat [0]: answers are told apart by it',
    ],
    [
      'a window that is empty',
      { startTime: on('03-01'), endTime: on('03-01'), metricQueries: [query] },
      'endTime: must be after startTime',
    ],
    [
      'a window the wrong way round',
      { startTime: on('03-02'), endTime: on('03-01'), metricQueries: [query] },
      'endTime: must be after startTime',
    ],
    ['no times', { metricQueries: [query] }, 'startTime: is required; endTime: is required'],
    [
      'a time that is none',
      { ...window, startTime: 'March', metricQueries: [query] },
      'startTime: must be a date-time from 1970-01-01T00:00:00Z to 9999-01-01T00:00:00Z, such as 2026-03-30T10:41:10Z',
    ],
    [
      'a metric that is none',
      { ...window, metricQueries: [{ ...query, name: 'COST' }] },
      'metricQueries[0].name: must be EVENTS or USAGE or METER_USAGE or NAMED_LICENSE_USAGE or REVENUE or USAGE_FOR_CYCLE or REVENUE_FOR_CYCLE',
    ],
    [
      'a period that is none',
      { ...window, metricQueries: [{ ...query, aggregationPeriod: 'YEAR' }] },
      'metricQueries[0].aggregationPeriod: must be HOUR or DAY or WEEK or MONTH',
    ],
    [
      'a groupBy of another metric',
      { ...window, metricQueries: [{ ...query, groupBy: 'EVENT_STATUS' }] },
      'metricQueries[0].groupBy: must be ACCOUNT_ID, CUSTOMER_ID, USAGE_METER_ID or BILLABLE_ID for USAGE',
    ],
    [
      'meters as groups of events',
      { ...window, metricQueries: [{ ...query, name: 'EVENTS', groupBy: 'USAGE_METER_ID' }] },
      'metricQueries[0].groupBy: must be ACCOUNT_ID, CUSTOMER_ID, SCHEMA_NAME, EVENT_STATUS or RAW_EVENT_STATUS for EVENTS',
    ],
    [
      'a filter of another metric',
      { ...window, metricQueries: [{ ...query, filters: [filter('SCHEMA_NAME', 'x')] }] },
      `metricQueries[0].filters[0].fieldName: must be ${METERS}`,
    ],
    ['no filters', { ...window, metricQueries: [{ ...query, filters: [] }] }, 'metricQueries[0].filters: must hold 1 to 5'],
    [
      'a filter twice',
      { ...window, metricQueries: [{ ...query, filters: [filter('ACCOUNT_ID', 'x'), filter('ACCOUNT_ID', 'y')] }] },
      'metricQueries[0].filters[1].fieldName: must not repeat filters[0]: put what it holds there',
    ],
    [
      'a filter of no values',
      { ...window, metricQueries: [{ ...query, filters: [filter('ACCOUNT_ID')] }] },
      'metricQueries[0].filters[0].fieldValues: must hold 1 item or more',
    ],
    [
      'two schemas',
      { ...window, metricQueries: [{ ...query, name: 'EVENTS', filters: [filter('SCHEMA_NAME', 'x', 'y')] }] },
      'metricQueries[0].filters[0].fieldValues: must hold 1 item for SCHEMA_NAME',
    ],
    [
      'configs',
      { ...window, metricQueries: [{ ...query, configs: { CURRENCY: 'BASE' } }] },
      'metricQueries[0].configs.CURRENCY: must be left out: USAGE takes no configs',
    ],
    ['an unknown name', { ...window, metricQueries: [{ ...query, limit: 5 }] }, 'metricQueries[0].limit: is not a known name'],
    [
      '13 days by hour',
      { ...window, endTime: on('03-14'), metricQueries: [{ ...query, aggregationPeriod: 'HOUR' }] },
      'metricQueries[0].aggregationPeriod: must be DAY, WEEK or MONTH from startTime to endTime, which meet more than 300 buckets of HOUR',
    ],
    [
      '301 hours by hour',
      { startTime: on('03-01'), endTime: '2024-03-13T13:00:00Z', metricQueries: [{ ...query, aggregationPeriod: 'HOUR' }] },
      'metricQueries[0].aggregationPeriod: must be DAY, WEEK or MONTH from startTime to endTime, which meet more than 300 buckets of HOUR',
    ],
    [
      '301 days by day',
      { startTime: '2023-01-01T00:00:00Z', endTime: '2023-10-28T00:00:00.001Z', metricQueries: [query] },
      'metricQueries[0].aggregationPeriod: must be WEEK or MONTH from startTime to endTime, which meet more than 300 buckets of DAY',
    ],
    [
      '26 years',
      { startTime: '2000-01-01T00:00:00Z', endTime: '2026-01-01T00:00:00Z', metricQueries: [query] },
      'endTime: must be sooner: at most 300 months can be asked for',
    ],
    [
      'a currency that is none',
      { ...window, metricQueries: [{ ...query, name: 'REVENUE', configs: { CURRENCY: 'EUR' } }] },
      'metricQueries[0].configs.CURRENCY: must be BASE or INVOICE',
    ],
    [
      'another config of revenue',
      { ...window, metricQueries: [{ ...query, name: 'REVENUE_FOR_CYCLE', configs: { ROUNDING: 'UP' } }] },
      'metricQueries[0].configs.ROUNDING: must be left out: REVENUE_FOR_CYCLE takes CURRENCY only',
    ],
    [
      'a config with a name that every object has',
      { ...window, metricQueries: [{ ...query, name: 'REVENUE', configs: { valueOf: 'BASE' } }] },
      'metricQueries[0].configs.valueOf: must be left out: REVENUE takes CURRENCY only',
    ],
    [
      'a currency of usage',
      { ...window, metricQueries: [{ ...query, name: 'USAGE_FOR_CYCLE', configs: { CURRENCY: 'BASE' } }] },
      'metricQueries[0].configs.CURRENCY: must be left out: USAGE_FOR_CYCLE takes no configs',
    ],
    [
      'the organization as a filter of cycles',
      { ...window, metricQueries: [{ ...query, name: 'REVENUE_FOR_CYCLE', filters: [filter('ORGANIZATION_ID', 'x')] }] },
      'metricQueries[0].filters[0].fieldName: must be ACCOUNT_ID, CUSTOMER_ID, USAGE_METER_ID or BILLABLE_ID for REVENUE_FOR_CYCLE',
    ],
  ])('%s', async (_, body, message) => {
    expect(await api.post('/metrics', body)).toMatchObject({ status: 400, body: { message } })
  })

  it('six filters', async () => {
    const filters = Array.from({ length: 6 }, () => filter('ACCOUNT_ID', 'x'))
    const { status, body } = await api.post('/metrics', { ...window, metricQueries: [{ ...query, filters }] })
    expect([status, body.message]).toEqual([400, expect.stringContaining('metricQueries[0].filters: must hold 1 to 5')])
  })

  it('no body', async () => {
    expect((await api.call('POST', '/metrics', '')).status).toBe(400)
    expect((await api.call('POST', '/metrics', 'null')).status).toBe(400)
  })

  it('300 buckets are taken, and DAY where no period is named', async () => {
    const { name, id } = query
    const { body } = await api.post('/metrics', {
      startTime: '2023-01-01T00:00:00Z',
      endTime: '2023-10-28T00:00:00Z',
      metricQueries: [{ id, name }],
    })
    expect(body.results[0].data[0].metricValues).toHaveLength(300)
    const hours = await dataOf(api, on('03-01'), '2024-03-13T12:00:00Z', { name, aggregationPeriod: 'HOUR' })
    expect(valuesOf(hours)).toHaveLength(300)
  })

  it('more than 100,000 points', async () => {
    const its = await withMeter()
    await env.DB.prepare("INSERT INTO ledger_generations VALUES (?, 'EVENT', 1, 1, 0, null, null, null)").bind(its.id).run()
    const count = 401
    const events = Array.from({ length: 2 * count }, (_, index) => ({
      id: `n${index}`,
      time: Date.UTC(2024, 2, 1, index % 2),
      account: `?name${index >> 1}`,
      schema: 'api',
      status: codeOf('INGESTION_FAILED_ACCOUNT_NOT_FOUND'),
    }))
    await plantEvents(homeIn(its.id, 1), events)
    const read = (end: string, ...periods: string[]) =>
      ask(its, on('03-01'), end, ...periods.map((aggregationPeriod) => ({ name: 'EVENTS', groupBy: 'ACCOUNT_ID', aggregationPeriod })))
    const { data } = (await read('2024-03-11T09:00:00Z', 'HOUR')).body.results[0]
    expect(data).toHaveLength(count)
    for (const { metricValues } of data) expect(metricValues.slice(0, 3)).toEqual([1, 1, 0])
    const message = expect.stringMatching(
      /^metricQueries\[\d\]: with it the answer would hold more than 100000 points\. Filter it by fewer/,
    ) as string
    expect(await read('2024-03-11T10:00:00Z', 'HOUR')).toMatchObject({ status: 422, body: { message } })
    expect(await read('2024-03-11T09:00:00Z', 'HOUR', 'DAY')).toMatchObject({ status: 422, body: { message } })
    expect(
      (await ask(its, on('03-01'), '2024-03-11T10:00:00Z', { name: 'EVENTS', groupBy: 'EVENT_STATUS', aggregationPeriod: 'HOUR' })).status,
    ).toBe(200)
  })
})

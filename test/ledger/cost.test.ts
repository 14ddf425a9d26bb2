import { runInDurableObject } from 'cloudflare:test'
import { beforeAll, expect, it } from 'vitest'
import { DAY, type EventFilter, type SumQuery } from '../../src/ledger/client.ts'
import type { EventLedger } from '../../src/ledger/event_ledger.ts'
import {
  END,
  HOUR_OF_TESTS,
  METERED,
  type TestEvent,
  batchOf,
  eventLedger,
  newName,
  settlementOf,
  waitingEvent,
  watchSql,
} from '../helpers/ledger.ts'

const FEW = 2000
const MANY = 200_000
const MONTH = Date.UTC(2026, 2, 1)
const STEP = Math.floor((31 * DAY) / MANY)

const name = newName()
const ledger = () => eventLedger(name)

/** Events spread over a month and ten accounts; one in a thousand is of a schema of its own, and one fails. */
const eventOf = (index: number): TestEvent => ({
  id: `event-${(index * 7919) % 1_000_003}`,
  time: MONTH + ((index * 104_729) % MANY) * STEP,
  account: `=account-${index % 10}`,
  schema: index % 1000 === 0 ? 'rare' : 'calls',
  ...(index % 1000 === 1 ? { status: 7 } : { units: { m: '1' } }),
  payload: null,
  reference: `event.${index}`,
})

const fill = (from: number, until: number) =>
  runInDurableObject(ledger(), (instance: EventLedger) => {
    for (let at = from; at < until; at += 1000) {
      instance.record(batchOf(Array.from({ length: 1000 }, (_, index) => eventOf(at + index))))
      if (at % 20_000 === 0) instance.listEvents({ limit: 1 })
    }
    instance.listEvents({ limit: 1 })
  })

const days = (more: Partial<SumQuery> = {}): SumQuery => ({
  from: MONTH,
  until: MONTH + 31 * DAY,
  period: 'DAY',
  kind: 'm',
  byAccount: false,
  ...more,
})
const list = (filter: Partial<EventFilter>) => (instance: EventLedger) => instance.listEvents({ limit: 50, ...filter })
const middle: EventFilter['after'] = [MONTH + 15 * DAY, 'event-5', 'event.x']

const reads: Record<string, (instance: EventLedger) => unknown[]> = {
  'a page of events': list({}),
  'a page deep in the list': list({ after: middle }),
  'a page of an account': list({ accounts: ['=account-3'] }),
  'a page of some accounts deep in the list': list({ accounts: ['=account-3', '=account-4'], after: middle }),
  'a page of processed events': list({ statuses: [1, 2, 3] }),
  'a page of a schema': list({ schema: 'calls', until: MONTH + 9 * DAY }),
  'the first failed event': list({ statuses: [7, 9], limit: 1 }),
  'an event by its id': list({ ids: [eventOf(17).id] }),
  'sums of the days of a month': (instance) => instance.readSums(days()),
  'sums of the days of a month by account': (instance) => instance.readSums(days({ byAccount: true })),
  'sums of the days of a month of an account': (instance) => instance.readSums(days({ accounts: ['=account-1'] })),
  'which ids are taken': (instance) =>
    Object.keys(
      instance.findTaken(
        [
          [eventOf(3).id, 'event.a', 'one'],
          ['free', 'event.b', 'two'],
        ],
        1,
        HOUR_OF_TESTS,
      ).holders,
    ),
  'the span': (instance) => [instance.readSpan()],
  'who waits': (instance) => [instance.readWaiting(['red'], 10, 0)],
}

const measure = async (): Promise<Record<string, number>> => {
  const cost: Record<string, number> = {}
  for (const [what, read] of Object.entries(reads)) {
    const statements = await watchSql(ledger(), (instance) => {
      expect(read(instance).length, what).toBeGreaterThan(0)
    })
    cost[what] = statements.reduce((sum, { rowsRead }) => sum + rowsRead, 0)
  }
  return cost
}

let few: Record<string, number>
let many: Record<string, number>

beforeAll(async () => {
  await fill(0, FEW)
  few = await measure()
  await fill(FEW, MANY)
  many = await measure()
}, 120_000)

it.each(Object.keys(reads))('%s costs about the same with a hundred times as many events', (what) => {
  expect(few[what]).toBeGreaterThan(0)
  expect(many[what], `${few[what]} rows read before`).toBeLessThanOrEqual((few[what] ?? 0) * 1.5)
})

it('a page of few events among many reads the hours that have one', async () => {
  for (const filter of [
    { schema: 'rare' },
    { accounts: ['=account-0'], schema: 'rare' },
    { accounts: ['=account-1'], statuses: [7] },
  ] satisfies Partial<EventFilter>[]) {
    const read = await watchSql(ledger(), (instance) => {
      expect(instance.listEvents({ ...filter, limit: 10 })).toHaveLength(10)
    })
    expect(read.reduce((sum, { rowsRead }) => sum + rowsRead, 0)).toBeLessThan(6000)
  }
})

it('a correction and a settlement cost the same whatever there is', async () => {
  await ledger().record(batchOf([waitingEvent('waits', 'red')]))
  const [waiting] = await ledger().readWaiting(['red'], 1, 0)
  const [event] = await ledger().listEvents({ ids: [eventOf(17).id], limit: 1 })
  const read = await watchSql(ledger(), (instance) => {
    if (!waiting || !event) throw new Error('the events are not found')
    expect(instance.settle({ version: 1, accounts: {} }, [settlementOf(waiting)])).toMatchObject({ settled: 1 })
    expect(instance.revert([event.id, event.reference], { refused: [], kept: [] })).toMatchObject({ outcome: 'REVERTED' })
  })
  expect(read.reduce((sum, { rowsRead }) => sum + rowsRead, 0)).toBeLessThan(200)
})

it('an id that is sent again and again costs the same each time', async () => {
  const fresh = eventLedger()
  const repeats = Array.from({ length: 3000 }, (_, index) => batchOf([{ id: 'one', time: MONTH + index, request: `key ${index}` }]))
  await runInDurableObject(fresh, (instance: EventLedger) => {
    for (const batch of repeats) instance.record(batch)
    instance.listEvents({ limit: 1 })
  })
  const rowsReadBy = async (ask: (instance: EventLedger) => unknown) =>
    (await watchSql(fresh, ask)).reduce((sum, { rowsRead }) => sum + rowsRead, 0)
  expect(await rowsReadBy((instance) => instance.record(batchOf([{ id: 'one', request: 'new' }])))).toBeLessThan(30)
  expect(await rowsReadBy((instance) => instance.record(repeats[5] as (typeof repeats)[0]))).toBeLessThan(30)
  await fresh.listEvents({ limit: 1 })
  expect(await rowsReadBy((instance) => instance.listEvents({ ids: ['one'], limit: 10 }))).toBeLessThan(100)
  const after: EventFilter['after'] = [MONTH + 1500, 'one', '']
  expect(await rowsReadBy((instance) => instance.listEvents({ ids: ['one'], after, limit: 10 }))).toBeLessThan(100)
})

it('an event is one row when it is recorded, with one more for a batch; and three when it is folded, with those of its sums and one of its account', async () => {
  const fresh = eventLedger()
  const events = Array.from({ length: 1000 }, (_, index): TestEvent => ({
    id: `e${index}`,
    time: MONTH + index,
    account: `=account-${index % 10}`,
    units: { m1: '1', m2: '2' },
  }))
  const batches = [batchOf(events.slice(0, 500)), batchOf(events.slice(500))]
  const writtenBy = async (ask: (instance: EventLedger) => unknown) =>
    (await watchSql(fresh, ask)).reduce((sum, { rowsWritten }) => sum + rowsWritten, 0)
  await fresh.record(
    batchOf([{ id: 'first', units: { m1: '1', m2: '2' } }, ...events.slice(0, 10).map((event) => ({ ...event, id: `first ${event.id}` }))]),
  )
  await fresh.listEvents({ limit: 1 })
  expect(await writtenBy((instance) => batches.map((batch) => instance.record(batch)))).toBe(1000 + 2)
  expect(await writtenBy((instance) => instance.listEvents({ limit: 1 }))).toBe(2000 + 2 + (10 + 1) * 3 * 2 + 10)
  expect(await writtenBy((instance) => instance.record(batches[0] as (typeof batches)[0]))).toBe(0)
  expect(await fresh.listEvents({ accounts: ['=account-1'], statuses: [METERED], limit: 2000 })).toHaveLength(101)
})

/** Asks a ledger everything that it can be asked, and gives the statements that it ran. */
const runEverything = async (): Promise<string[]> => {
  const [asked, other] = [eventLedger(), newName()]
  const licensed = { ledger: newName(), account: 'acme', license: 'seat', name: 'ann', action: 1 as const, time: 1, reference: 'event.ann' }
  const statements = await watchSql(asked, async (instance) => {
    instance.tell(1, { '=acme': 1 })
    instance.record(
      batchOf([
        { id: 'one', units: { m: '1' } },
        { id: 'two' },
        waitingEvent('red', 'red'),
        { id: 'ann', reference: 'event.ann', status: 0, act: licensed },
      ]),
    )
    instance.record(batchOf([{ id: 'one' }, { id: 'three' }]))
    instance.record(batchOf([{ id: 'two' }], { createdAt: HOUR_OF_TESTS + 50 * DAY }))
    for (const filter of [
      {},
      { accounts: ['=acme'] },
      { schema: 'calls' },
      { statuses: [9] },
      { accounts: ['=acme'], statuses: [1], createdFrom: 1, createdUntil: END },
    ])
      for (const after of [undefined, [HOUR_OF_TESTS, 'a', 'b'] as const])
        for (const times of [{}, { from: 1, until: END }]) instance.listEvents({ ...filter, ...times, ...(after && { after }), limit: 5 })
    instance.listEvents({ ids: ['one'], reference: 'event.00000000000.00000', limit: 5 })
    for (const kind of ['e', 'm'] as const)
      for (const accounts of [undefined, ['=acme']])
        for (const series of [undefined, ['m|m']])
          for (const byAccount of [true, false])
            for (const until of [HOUR_OF_TESTS + 1, HOUR_OF_TESTS + 40 * DAY + 1])
              instance.readSums({
                from: 1,
                until,
                period: 'DAY',
                kind,
                byAccount,
                ...(accounts && { accounts }),
                ...(series && { series }),
              })
    for (const by of ['ACCOUNT', 'CUSTOMER', 'METER'] as const)
      instance.readGroups({ from: 1, until: HOUR_OF_TESTS + 40 * DAY + 1, period: 'DAY', kind: 'm', by, most: 10, now: 0 })
    for (const cuts of [
      [0, HOUR_OF_TESTS + 1, HOUR_OF_TESTS + 40 * DAY],
      [0, HOUR_OF_TESTS],
    ])
      instance.readParts([{ account: '=acme', cuts }], 0)
    instance.dropChanged([...instance.readChanged(5), ...instance.readChanged(5, ['=acme'])])
    instance.readSpan()
    const [waiting] = instance.readWaiting(['red'], 5, 0)
    if (waiting) instance.settle({ version: 1, accounts: {} }, [settlementOf(waiting)])
    for (const event of instance.listEvents({ ids: ['one', 'two'], limit: 5 }))
      instance.revert(
        [event.id, event.reference],
        { refused: [], kept: [] },
        { correction: event.reference, act: { ledger: other, batch: batchOf([{ id: event.id }]) } },
      )
    instance.closeAndSum('=acme', 0, END)
    instance.record(batchOf([{ id: 'late' }]))
    instance.liftClosing('=acme', 0)
    instance.findTaken([['one', '', null]], 1, 0)
    instance.claimKey('key', [''], 0)
    instance.keepGenerations('[]')
    instance.readGenerations()
    await instance.alarm()
  })
  return [...new Set(statements.map(({ query }) => query))]
}

/** What does not grow with the events of a ledger: lists that are sent to it, and these tables. */
const SMALL =
  /^SCAN (sent|a|s|account|changed|journal|series|progress|carry|told|migration|CONSTANT ROW|json_each|jsonb_each|\(subquery-\d+\))( |$)/
const STOPS_AT_ONCE = 'SELECT EXISTS (SELECT 1 FROM timeline) OR EXISTS (SELECT 1 FROM request_key) AS found'

it('no statement of a ledger reads a whole table that grows with its events', async () => {
  const queries = await runEverything()
  const scans = await runInDurableObject(ledger(), (_, { storage: { sql } }) =>
    queries.flatMap((query) => {
      if (query === STOPS_AT_ONCE) return []
      const numbers = Array.from(query.matchAll(/\?(\d*)/g), ([, number]) => Number(number))
      const bound = Array.from({ length: Math.max(numbers.filter((number) => !number).length, ...numbers, 0) }, () => null)
      return sql
        .exec<{ detail: string }>(`EXPLAIN QUERY PLAN ${query}`, ...bound)
        .toArray()
        .flatMap(({ detail }) => (detail.startsWith('SCAN') && !SMALL.test(detail) ? [`${detail}: ${query}`] : []))
    }),
  )
  expect(queries.length).toBeGreaterThan(70)
  expect(scans).toEqual([])
})

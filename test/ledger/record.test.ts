import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import { DAY, SOURCES, codeOf, newReference, readReference, slotOf } from '../../src/ledger/client.ts'
import {
  DUPLICATE,
  HOUR_OF_TESTS,
  METERED,
  REVERTED,
  type TestEvent,
  batchOf,
  eventLedger,
  repeatsIn,
  watchSql,
} from '../helpers/ledger.ts'

type Ledger = ReturnType<typeof eventLedger>

const ALL_EVENTS = { limit: 1000 }
const UNITS = { from: 0, until: HOUR_OF_TESTS + DAY, period: 'ALL', kind: 'm', byAccount: false } as const
const COUNTS = { ...UNITS, kind: 'e' } as const

const unitsOf = async (ledger: Ledger) => (await ledger.readSums(UNITS)).map(([, , series, units, count]) => [series, units, count])
const countsOf = async (ledger: Ledger) =>
  Object.fromEntries((await ledger.readSums(COUNTS)).map(([, , series, , count]) => [series, count]))
/** The events that hold ids, as a later generation asks for them at a time. */
const heldOf = async (ledger: Ledger, ids: readonly string[], now: number) =>
  (
    await ledger.findTaken(
      ids.map((id) => [id, '', null] as const),
      1,
      now,
    )
  ).holders
const statusesOf = (events: readonly { status: number }[]) => events.map(({ status }) => status)

/** Two records of the same, the second as if the first answer was lost; both answers are the same. */
const recordTwice = async (ledger: Ledger, batch: ReturnType<typeof batchOf>) => {
  const repeats = repeatsIn(await ledger.record(batch))
  const before = await ledger.listEvents(ALL_EVENTS)
  const sums = await countsOf(ledger)
  expect(repeatsIn(await ledger.record(batch))).toEqual(repeats)
  await evictDurableObject(ledger)
  expect(repeatsIn(await ledger.record(batch))).toEqual(repeats)
  expect(await ledger.listEvents(ALL_EVENTS)).toEqual(before)
  expect(await countsOf(ledger)).toEqual(sums)
  return repeats
}

describe('a reference', () => {
  it('says the time and the slot of its event', () => {
    for (const time of [0, 1, HOUR_OF_TESTS, Date.UTC(8000, 0, 1)])
      for (const id of ['a', 'é|"\u{1f600}', 'x'.repeat(512)])
        expect(readReference(newReference(id, time))).toEqual({ time, slot: slotOf(id) })
    expect(readReference('event.x.y')).toBeUndefined()
  })

  it('finds its event at any time', async () => {
    const ledger = eventLedger()
    const times = [0, HOUR_OF_TESTS, Date.UTC(8888, 10, 1), Date.UTC(9998, 11, 31, 23, 59, 59, 999)]
    const sent = times.map((time, index) => ({ id: `e${index}`, time, reference: newReference(`e${index}`, time) }))
    await ledger.record(batchOf(sent))
    for (const { id, reference } of sent) {
      expect(await ledger.listEvents({ reference, limit: 1 })).toMatchObject([{ id, reference }])
      expect(await ledger.listEvents({ reference, ids: [id], limit: 10 })).toHaveLength(1)
    }
    expect(await ledger.listEvents({ reference: newReference('e0', 0), limit: 1 })).toEqual([])
  })
})

describe('events', () => {
  it('are kept as they were sent', async () => {
    const ledger = eventLedger()
    const more = { why: 'because', alias: 'red', enriched: [['size', 'DIMENSION', 'big'] as [string, 'DIMENSION', string]] }
    await ledger.record(
      batchOf([{ id: 'one', units: { m1: '2.50', m2: '-1' }, payload: { id: 'one', text: 'a\u0000b\u2028"\\' }, more }], {
        source: SOURCES.indexOf('ENTITLED'),
        createdAt: 5,
      }),
    )
    expect(await ledger.listEvents(ALL_EVENTS)).toMatchObject([
      {
        id: 'one',
        time: HOUR_OF_TESTS,
        createdAt: 5,
        account: '=acme',
        customer: 'customer of acme',
        schema: 'calls',
        status: METERED,
        source: 2,
        rules: {
          schema: ['calls', 1],
          meters: [
            ['m1', 1, 'Meter m1'],
            ['m2', 1, 'Meter m2'],
          ],
        },
        units: ['2.50', '-1'],
        payload: { id: 'one', text: 'a\u0000b\u2028"\\' },
        more,
      },
    ])
  })

  it('are told apart by ids and names of odd characters', async () => {
    const ledger = eventLedger()
    const odd = [
      '%',
      '_',
      "'",
      '"',
      '|',
      '\\',
      ' ',
      '"",',
      '{}',
      '[1]',
      '1',
      '01',
      'é',
      'e\u0301',
      '\u{1f600}',
      '\uffff',
      '\ufffd',
      'null',
      '__proto__',
      'x'.repeat(512),
      `${'x'.repeat(511)}y`,
    ]
    const sent = odd.map((id, index) => ({
      id,
      account: `=${id}`,
      schema: id.slice(-50),
      time: HOUR_OF_TESTS + index,
      units: { [`m${id}`]: `${index + 1}` },
    }))
    await ledger.record(batchOf(sent))
    expect(repeatsIn(await ledger.record(batchOf(odd.map((id) => ({ id })))))).toHaveLength(odd.length)
    expect(Object.keys(await heldOf(ledger, [...odd, 'free'], HOUR_OF_TESTS)).toSorted()).toEqual(odd.toSorted())
    for (const [index, id] of odd.entries()) {
      expect(await ledger.listEvents({ ids: [id], statuses: [METERED], limit: 9 })).toMatchObject([{ id, account: `=${id}` }])
      expect(await ledger.listEvents({ accounts: [`=${id}`], limit: 9 })).toMatchObject([{ id }])
      expect(await ledger.listEvents({ schema: id.slice(-50), limit: 9 })).toMatchObject([{ id }])
      const sums = await ledger.readSums({ ...UNITS, accounts: [`=${id}`], byAccount: true })
      expect(sums).toEqual([[0, `=${id}`, `m|m${id}`, `${index + 1}`, 1]])
    }
    expect(await ledger.readSums({ ...UNITS, byAccount: true })).toHaveLength(odd.length)
  })

  it('of accounts and schemas that read alike when put together are added up apart', async () => {
    for (const between of ['', ' ']) {
      const ledger = eventLedger()
      const [one, other] = [`=x${between}=y`, `a${between}=x`]
      await ledger.record(
        batchOf([
          { id: 'one', account: one, schema: 'a' },
          { id: 'two', account: '=y', schema: other },
        ]),
      )
      const sums = await ledger.readSums({ ...COUNTS, byAccount: true })
      expect(sums.toSorted()).toEqual([
        [0, one, 'e|1|a', '0', 1],
        [0, '=y', `e|1|${other}`, '0', 1],
      ])
    }
  })

  it('are recorded a thousand at once of 6 KB each, and with names as long as can be', async () => {
    const ledger = eventLedger()
    const text = '\u65e5'.repeat(2000)
    const long = (index: number) => `${'\u65e5'.repeat(500)}${index}`
    const events = Array.from({ length: 1000 }, (_, index): TestEvent => ({
      id: long(index),
      account: `=${long(index)}`,
      units: { [`m${'\u65e5'.repeat(30)}`]: `${'9'.repeat(512)}.${'9'.repeat(512)}`, m2: '1', m3: '1' },
      payload: { text },
    }))
    const largest = await recordAndMeasure(ledger, batchOf(events))
    expect(largest).toBeGreaterThan(1_000_000)
    expect(largest).toBeLessThan(2_000_000)
    expect(await ledger.listEvents({ limit: 2000 })).toHaveLength(1000)
    const [, , , units, count] = (await ledger.readSums({ ...UNITS, series: [`m|m${'\u65e5'.repeat(30)}`] }))[0] ?? []
    expect([units, count]).toEqual([`${10n ** 515n - 1n}.${'9'.repeat(509)}`, 1000])
    const repeated = await recordAndMeasure(ledger, batchOf(events.map(({ id }) => ({ id, payload: { text: `${text}!` } }))))
    expect(repeated).toBeLessThan(2_000_000)
    expect(await ledger.listEvents({ statuses: [DUPLICATE], limit: 2000 })).toHaveLength(1000)
  })

  it('that are larger than a row are refused, and leave nothing', async () => {
    const ledger = eventLedger()
    const batch = batchOf([{ id: 'small' }, { id: 'large', payload: { text: 'x'.repeat(2_000_000) } }])
    expect(await ledger.record(batch).catch(() => 'refused')).toBe('refused')
    expect(await ledger.listEvents(ALL_EVENTS)).toEqual([])
  })
})

/** Records events, and gives the bytes of the largest text that was bound to a statement. */
const recordAndMeasure = async (ledger: Ledger, batch: ReturnType<typeof batchOf>): Promise<number> => {
  const statements = await watchSql(ledger, (instance) => {
    instance.record(batch)
    instance.listEvents({ limit: 1 })
  })
  return Math.max(...statements.map(({ largest }) => largest))
}

describe('a repeat', () => {
  it('in the same batch, in the next one, and after the ledger was evicted leaves the first as it was', async () => {
    const ledger = eventLedger()
    const [first, second] = [newReference('one', HOUR_OF_TESTS), newReference('one', HOUR_OF_TESTS + 1)]
    const repeats = await recordTwice(
      ledger,
      batchOf([
        { id: 'one', reference: first, units: { m: '1' }, payload: { n: 1 } },
        { id: 'one', reference: second, time: HOUR_OF_TESTS + 1, units: { m: '2' }, payload: { n: 2 } },
      ]),
    )
    expect(repeats).toEqual([[second, first]])
    await evictDurableObject(ledger)
    const again = await recordTwice(ledger, batchOf([{ id: 'one', units: { m: '4' }, payload: { n: 1 }, account: '=other' }]))
    expect(again).toEqual([[expect.any(String), first]])
    const events = await ledger.listEvents({ ids: ['one'], limit: 10 })
    const [latest, ...same] = events.map(({ status, payload }) => [status, payload])
    expect(latest).toEqual([DUPLICATE, { n: 2 }])
    /** Of one time they are in the order of their references, which are made at random. */
    expect(same.toSorted(([one], [other]) => Number(one) - Number(other))).toEqual([
      [METERED, { n: 1 }],
      [DUPLICATE, { n: 1 }],
    ])
    expect(events.find(({ reference }) => reference === second)).toMatchObject({
      units: null,
      more: { why: 'An event with this id was ingested before.', of: first },
    })
    expect(await unitsOf(ledger)).toEqual([['m|m', '1', 1]])
    expect(await countsOf(ledger)).toEqual({ 'e|1|calls': 1, 'e|10|calls': 2 })
    expect(await ledger.readSums({ ...COUNTS, accounts: ['=other'], byAccount: true })).toEqual([[0, '=other', 'e|10|calls', '0', 1]])
  })

  it('that another generation has is recorded as one', async () => {
    const ledger = eventLedger()
    const event = { id: 'one', status: DUPLICATE, more: { why: 'before', of: 'event.a.b' } }
    expect(await recordTwice(ledger, batchOf([event, { id: 'two' }]))).toEqual([[expect.any(String), 'event.a.b']])
    expect(await heldOf(ledger, ['one', 'two'], HOUR_OF_TESTS)).toEqual({ two: expect.any(String) })
    expect(statusesOf(await ledger.listEvents({ ids: ['one'], limit: 10 }))).toEqual([DUPLICATE])
    expect(await countsOf(ledger)).toEqual({ 'e|1|calls': 1, 'e|10|calls': 1 })
  })

  it('of a failed event is one too', async () => {
    const ledger = eventLedger()
    await ledger.record(batchOf([{ id: 'one', status: codeOf('INGESTION_FAILED_SCHEMA_NOT_DEFINED') }]))
    expect(repeatsIn(await ledger.record(batchOf([{ id: 'one' }])))).toHaveLength(1)
  })

  it('without a payload of its own shows that of the event it repeats, wherever that is and whoever holds the id', async () => {
    const ledger = eventLedger()
    const first = newReference('one', HOUR_OF_TESTS)
    const [early, late] = [newReference('one', HOUR_OF_TESTS), newReference('one', HOUR_OF_TESTS)]
    await ledger.record(
      batchOf([
        { id: 'one', reference: first, payload: { n: 1 } },
        { id: 'one', reference: early, payload: { n: 1 } },
      ]),
    )
    const payloadOf = async (reference: string) => (await ledger.listEvents({ reference, limit: 1 }))[0]?.payload
    expect(await payloadOf(early)).toEqual({ n: 1 })
    await ledger.revert(['one', first], { refused: [], kept: [] })
    await ledger.record(batchOf([{ id: 'one', payload: { n: 2 } }]))
    await ledger.record(batchOf([{ id: 'one', reference: late, payload: { n: 2 } }]))
    await ledger.record(batchOf([{ id: 'one', payload: { n: 3 } }], { createdAt: HOUR_OF_TESTS + 46 * DAY }))
    expect(await payloadOf(first)).toEqual({ n: 1 })
    expect(await payloadOf(early)).toEqual({ n: 1 })
    expect(await payloadOf(late)).toEqual({ n: 2 })
  })
})

describe('an id', () => {
  it('is free again after 45 days, and the event that held it stays in the lists and sums, though it was not folded', async () => {
    const ledger = eventLedger()
    await runInDurableObject(ledger, (instance) => {
      instance.record(
        batchOf([
          { id: 'one', units: { m: '1' } },
          { id: 'wait', account: '?gone', status: 9 },
        ]),
      )
      instance.record(batchOf([{ id: 'one', units: { m: '2' } }], { createdAt: HOUR_OF_TESTS + 45 * DAY - 1 }))
      instance.record(batchOf([{ id: 'one', units: { m: '4' } }, { id: 'wait' }], { createdAt: HOUR_OF_TESTS + 45 * DAY }))
    })
    expect(await heldOf(ledger, ['one'], HOUR_OF_TESTS + 45 * DAY)).toEqual({ one: expect.any(String) })
    expect(await heldOf(ledger, ['one'], HOUR_OF_TESTS + 90 * DAY)).toEqual({})
    const events = await ledger.listEvents({ ids: ['one'], limit: 10 })
    expect(statusesOf(events).toSorted((a, b) => a - b)).toEqual([METERED, METERED, DUPLICATE])
    expect(await ledger.listEvents(ALL_EVENTS)).toHaveLength(5)
    expect(await ledger.listEvents({ accounts: ['=acme'], limit: 10 })).toHaveLength(4)
    expect(await ledger.readWaiting(['gone'], 10, 0)).toEqual([])
    expect(await unitsOf(ledger)).toEqual([['m|m', '5', 2]])
    expect((await ledger.readSums({ ...UNITS, from: HOUR_OF_TESTS, until: HOUR_OF_TESTS + 1 }))[0]?.[3]).toBe('5')
  })

  it('is free again when its event is reverted, but not for the call that recorded it', async () => {
    const ledger = eventLedger()
    const first = batchOf([{ id: 'one', units: { m: '1' }, request: 'key 0' }])
    await ledger.record(first)
    const [event] = await ledger.listEvents(ALL_EVENTS)
    await ledger.revert(['one', event?.reference ?? ''], { refused: [], kept: [] })
    await recordTwice(ledger, first)
    await recordTwice(ledger, batchOf([{ id: 'one', units: { m: '1' }, request: 'key 0' }]))
    expect(statusesOf(await ledger.listEvents(ALL_EVENTS))).toEqual([REVERTED])
    expect(await recordTwice(ledger, batchOf([{ id: 'one', units: { m: '3' } }]))).toEqual([])
    expect(await unitsOf(ledger)).toEqual([['m|m', '3', 1]])
  })
})

describe('the same request', () => {
  it('made again with new references answers as the first time and keeps nothing', async () => {
    const ledger = eventLedger()
    const request = () =>
      batchOf([
        { id: 'one', request: 'key 0' },
        { id: 'one', request: 'key 1' },
        { id: 'two', request: 'key 2' },
      ])
    const repeats = repeatsIn(await ledger.record(request()))
    expect(repeats).toHaveLength(1)
    const again = repeatsIn(await ledger.record(request()))
    expect(again.map(([, of]) => of)).toEqual(repeats.map(([, of]) => of))
    expect(await ledger.listEvents(ALL_EVENTS)).toHaveLength(3)
    expect(repeatsIn(await ledger.record(batchOf([{ id: 'two', request: 'key 3' }])))).toHaveLength(1)
  })

  it('claims its key once for 45 days', async () => {
    const ledger = eventLedger()
    expect(await ledger.claimKey('key', ['one'], 0)).toBe('NEW')
    expect(await ledger.claimKey('key', ['one'], 1)).toBe('SAME')
    expect(await ledger.claimKey('key', ['of a newer secret', 'one'], 1)).toBe('SAME')
    expect(await ledger.claimKey('key', ['other'], 45 * DAY - 1)).toBe('OTHER')
    expect(await ledger.claimKey('key', ['other'], 45 * DAY)).toBe('NEW')
    expect(await ledger.claimKey('key', ['one'], 45 * DAY)).toBe('OTHER')
  })
})

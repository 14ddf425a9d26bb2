import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { DAY } from '../../src/ledger/client.ts'
import { type TestEvent, batchOf, eventLedger, runDueWork, sumsOf } from '../helpers/ledger.ts'

type Ledger = ReturnType<typeof eventLedger>

afterEach(() => {
  vi.restoreAllMocks()
})

const alarmOf = (ledger: Ledger) => runInDurableObject(ledger, (_, { storage }) => storage.getAlarm())
const journalOf = (ledger: Ledger) =>
  runInDurableObject(ledger, (_, { storage: { sql } }) => sql.exec<{ n: number }>('SELECT count(*) AS n FROM journal').one().n)

describe('the alarm of a ledger', () => {
  it('folds what was recorded, and wakes again in a day to forget', async () => {
    const ledger = eventLedger()
    expect(await alarmOf(ledger)).toBeNull()
    await ledger.record(batchOf([{ id: 'one' }]))
    const at = (await alarmOf(ledger)) ?? 0
    expect(at).toBeGreaterThan(Date.now())
    expect(at).toBeLessThanOrEqual(Date.now() + 5000)
    expect(await runDurableObjectAlarm(ledger)).toBe(true)
    expect(await journalOf(ledger)).toBe(0)
    expect(await alarmOf(ledger)).toBeGreaterThan(Date.now() + DAY - 60_000)
    await ledger.record(batchOf([{ id: 'two' }]))
    expect(await alarmOf(ledger)).toBeLessThanOrEqual(Date.now() + 5000)
  })

  it('comes at once when many events have been recorded', async () => {
    const ledger = eventLedger()
    for (let batch = 0; batch < 5; batch++)
      await ledger.record(batchOf(Array.from({ length: 1000 }, (_, index) => ({ id: `${batch}-${index}` }))))
    await vi.waitFor(async () => expect(await journalOf(ledger)).toBe(0), 5000)
  })

  it('that was lost is set again when the ledger wakes, and one that is set is left', async () => {
    const ledger = eventLedger()
    await ledger.record(batchOf([{ id: 'one' }]))
    const set = await alarmOf(ledger)
    await evictDurableObject(ledger)
    await ledger.readVersion()
    expect(await alarmOf(ledger)).toBe(set)
    await runInDurableObject(ledger, (_, { storage }) => storage.deleteAlarm())
    await evictDurableObject(ledger)
    await ledger.readVersion()
    expect(await alarmOf(ledger)).not.toBeNull()
  })

  it('finds its ledger evicted, and wakes it', async () => {
    const ledger = eventLedger()
    await ledger.record(batchOf([{ id: 'one' }]))
    await runInDurableObject(ledger, (_, { storage }) => storage.setAlarm(Date.now() + 200))
    await evictDurableObject(ledger)
    await scheduler.wait(1000)
    expect(await journalOf(ledger)).toBe(0)
  })

  it('goes on for ever when it fails, less and less often, and as before once it does not', async () => {
    const errors: string[] = []
    vi.spyOn(console, 'error').mockImplementation((line: string) => void errors.push(line))
    const ledger = eventLedger()
    await ledger.record(batchOf([{ id: 'one', units: { m: '1' } }]))
    const breakJournal = (totals: string) =>
      runInDurableObject(ledger, (_, { storage: { sql } }) => sql.exec('UPDATE journal SET totals = ?', totals).rowsWritten)
    const [row] = await runInDurableObject(ledger, (_, { storage: { sql } }) =>
      sql.exec<{ totals: string }>('SELECT totals FROM journal').toArray(),
    )
    await breakJournal('broken, and it says nobody@example.com')
    const waits: number[] = []
    for (let run = 0; run < 12; run++) {
      await runDurableObjectAlarm(ledger)
      waits.push(((await alarmOf(ledger)) ?? 0) - Date.now())
    }
    expect(waits.every((wait) => wait > 0)).toBe(true)
    expect(waits[11]).toBeGreaterThan(200_000)
    expect(waits[11]).toBeLessThanOrEqual(300_000)
    expect(errors).toHaveLength(12)
    expect(errors.every((line) => line.includes('fold: SyntaxError') && !line.includes('nobody'))).toBe(true)
    await breakJournal(row?.totals ?? '')
    await runDurableObjectAlarm(ledger)
    expect((await sumsOf(ledger))['=acme m|m']).toBe('1/1')
    await ledger.record(batchOf([{ id: 'two' }]))
    expect(await alarmOf(ledger)).toBeLessThanOrEqual(Date.now() + 5000)
  })

  it('is as soon as something is due, by the real time, whatever the clock of the organization says', async () => {
    const ledger = eventLedger()
    const act = { ledger: '', account: 'a', license: 'l', name: 'n', action: 1 as const, time: 0, reference: 'event.one' }
    await ledger.record(batchOf([{ id: 'one', reference: 'event.one', status: 0, act }], { createdAt: Date.UTC(2090, 0, 1) }))
    await runDurableObjectAlarm(ledger)
    const wait = ((await alarmOf(ledger)) ?? 0) - Date.now()
    expect(wait).toBeGreaterThan(5000)
    expect(wait).toBeLessThanOrEqual(20_000)
  })
})

/** So late that no alarm comes by itself. */
const NOW = Date.UTC(2127, 5, 1)
const ago = (days: number) => NOW - days * DAY

/** Records events when they come, by the real clock too. */
const recordAt = async (ledger: Ledger, createdAt: number, events: TestEvent[]) => {
  vi.useFakeTimers({ toFake: ['Date'], now: createdAt })
  await ledger.record(batchOf(events, { createdAt }))
  vi.useRealTimers()
}

/** Runs the daily forgetting of a ledger as of `now`, until nothing is left to be done. */
const forget = async (ledger: Ledger, now = NOW) => {
  vi.useFakeTimers({ toFake: ['Date'], now })
  await runDueWork(ledger)
  vi.useRealTimers()
}

describe('events that are old', () => {
  it('lose their payload after 400 days and go 45 days later, and their sums stay', async () => {
    const ledger = eventLedger()
    const enriched: [string, 'ATTRIBUTE', string][] = [['mail', 'ATTRIBUTE', 'a@b.c']]
    for (const days of [399, 401, 443, 446, 900])
      await recordAt(ledger, ago(days), [
        { id: `${days}`, time: ago(days), units: { m: '1' }, more: { why: 'so', enriched } },
        { id: `${days}`, time: ago(days) },
      ])
    const sums = await sumsOf(ledger)
    await forget(ledger)
    const events = await ledger.listEvents({ limit: 20 })
    expect(
      events.map(({ id, payload, units, more }) => [id, payload !== null, units, more?.enriched ?? null]).filter(([, , units]) => units),
    ).toEqual([
      ['399', true, ['1'], enriched],
      ['401', false, ['1'], null],
      ['443', false, ['1'], null],
    ])
    expect(events.map(({ id, payload }) => [id, payload !== null])).toHaveLength(6)
    expect(events.every(({ id, payload }) => (payload !== null) === (id === '399'))).toBe(true)
    expect(await ledger.listEvents({ accounts: ['=acme'], limit: 20 })).toHaveLength(6)
    expect(await ledger.listEvents({ ids: ['446', '900'], limit: 20 })).toEqual([])
    expect(await sumsOf(ledger)).toEqual(sums)
    expect(await ledger.readSpan()).toEqual({ first: ago(900), last: ago(399) })
    await forget(ledger, NOW + DAY + 1)
    expect((await ledger.listEvents({ limit: 20 })).map(({ id }) => id)).toEqual(['399', '399', '401', '401', '443', '443'])
    await forget(ledger, NOW + 2 * DAY + 2)
    expect((await ledger.listEvents({ limit: 20 })).map(({ id, payload }) => `${id} ${payload !== null}`)).toEqual([
      '399 false',
      '399 false',
      '401 false',
      '401 false',
    ])
    await forget(ledger, NOW + 60 * DAY)
    expect(await ledger.listEvents({ limit: 20 })).toEqual([])
    expect(await sumsOf(ledger)).toEqual(sums)
  })

  it('that came lately stay 45 days, so that their ids stay taken', async () => {
    const ledger = eventLedger()
    await recordAt(ledger, ago(44), [
      { id: 'one', time: ago(2000), units: { m: '1' } },
      { id: 'red', time: ago(2000), account: '?red', status: 9 },
    ])
    await forget(ledger)
    expect(await ledger.listEvents({ ids: ['one'], limit: 5 })).toMatchObject([{ payload: { id: 'one' } }])
    expect(await ledger.findTaken([['one', '', null]], 1, NOW)).toMatchObject({ holders: { one: expect.any(String) } })
    await forget(ledger, NOW + 2 * DAY)
    expect(await ledger.listEvents({ limit: 5 })).toEqual([])
    expect(await ledger.readWaiting(['red'], 5, 0)).toEqual([])
    expect(await runInDurableObject(ledger, (_, { storage: { sql } }) => sql.exec('SELECT * FROM waiting').toArray())).toEqual([])
  })

  it('of an account that is billed stay while their time is not closed', async () => {
    const ledger = eventLedger()
    for (const account of ['=billed', '=free'])
      await recordAt(
        ledger,
        ago(420),
        [500, 480, 420].map((days) => ({ id: `${account} ${days}`, account, time: ago(days) })),
      )
    await ledger.closeAndSum('=billed', ago(490), ago(485))
    const left = async () => (await ledger.listEvents({ limit: 20 })).map(({ id, payload }) => `${id} ${payload !== null}`)
    await forget(ledger)
    expect(await left()).toEqual(['=billed 420 true', '=free 420 false', '=billed 480 true'])
    await ledger.closeAndSum('=billed', ago(485), ago(400))
    await forget(ledger, NOW + DAY + 1)
    expect(await left()).toEqual(['=billed 420 true', '=free 420 false'])
    await forget(ledger, NOW + 30 * DAY)
    expect(await left()).toEqual([])
  })

  it('go by the clock of the organization, where that is not the real one', async () => {
    const ledger = eventLedger()
    await ledger.record(batchOf([{ id: 'one', time: ago(3000) }], { createdAt: ago(3000), isTestClock: true }))
    await forget(ledger)
    await evictDurableObject(ledger)
    await forget(ledger, NOW + 2 * DAY)
    expect(await ledger.listEvents({ limit: 5 })).toMatchObject([{ payload: { id: 'one' } }])
    await ledger.record(batchOf([{ id: 'two', time: ago(2500) }], { createdAt: ago(2500), isTestClock: true }))
    await forget(ledger, NOW + 4 * DAY)
    expect((await ledger.listEvents({ limit: 5 })).map(({ id }) => id)).toEqual(['two'])
    await ledger.record(batchOf([{ id: 'late', time: ago(2900) }], { createdAt: ago(2900), isTestClock: true }))
    await ledger.claimKey('old', [''], ago(46))
    await forget(ledger, NOW + 6 * DAY)
    expect((await ledger.listEvents({ limit: 5 })).map(({ id, payload }) => [id, payload !== null])).toEqual([
      ['two', true],
      ['late', true],
    ])
    expect(await ledger.readKey('old', ago(46) + 1)).toBeUndefined()
  })

  it('go by real time where the organization has no clock of its own, however late their batch comes', async () => {
    const ledger = eventLedger()
    await ledger.record(batchOf([{ id: 'one', time: ago(3000) }], { createdAt: ago(3000) }))
    await forget(ledger)
    expect(await ledger.listEvents({ limit: 5 })).toEqual([])
  })

  it('go on going where one run does not reach, many of one instant too', async () => {
    const ledger = eventLedger()
    const many = Array.from({ length: 5000 }, (_, index) => ({ id: `e${index}`, time: ago(index < 4500 ? 500 : 410), payload: { index } }))
    for (let at = 0; at < 5000; at += 1000) await recordAt(ledger, ago(410), many.slice(at, at + 1000))
    await recordAt(ledger, NOW, [{ id: 'kept', time: ago(1) }])
    await ledger.claimKey('old', [''], ago(46))
    await ledger.claimKey('new', [''], ago(44))
    await forget(ledger)
    const events = await ledger.listEvents({ limit: 10_000 })
    expect(events).toHaveLength(501)
    expect(events.filter(({ payload }) => payload !== null)).toHaveLength(1)
    expect(await runInDurableObject(ledger, (_, { storage: { sql } }) => sql.exec('SELECT key FROM request_key').toArray())).toEqual([
      { key: 'new' },
    ])
  })

  it('are looked for once a day', async () => {
    const ledger = eventLedger()
    const isBare = async () => (await ledger.listEvents({ ids: ['one'], limit: 5 }))[0]?.payload === null
    await recordAt(ledger, ago(399), [{ id: 'one', time: ago(399) }])
    await forget(ledger, NOW)
    await forget(ledger, NOW + DAY - 1)
    expect(await isBare()).toBe(false)
    await forget(ledger, NOW + DAY)
    expect(await isBare()).toBe(false)
    await forget(ledger, NOW + 2 * DAY - 1)
    expect(await isBare()).toBe(false)
    await forget(ledger, NOW + 2 * DAY)
    expect(await isBare()).toBe(true)
  })
})

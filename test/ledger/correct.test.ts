import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import { DAY, type Eligibility, codeOf } from '../../src/ledger/client.ts'
import {
  DUPLICATE,
  HOUR_OF_TESTS,
  IN_PROGRESS,
  METERED,
  PAST_GRACE,
  REVERTED,
  batchOf,
  eventLedger,
  keyOf,
  newName,
  repeatsIn,
  runDueWork,
  sumsOf,
} from '../helpers/ledger.ts'

type Ledger = ReturnType<typeof eventLedger>

const UNITS_INVALID = codeOf('INGESTION_FAILED_UNITS_INVALID')
const UNDO: Eligibility = { refused: [IN_PROGRESS, DUPLICATE, REVERTED], kept: [] }
const REDO: Eligibility = { refused: [IN_PROGRESS, DUPLICATE, REVERTED, PAST_GRACE], kept: [UNITS_INVALID] }

const eventsOf = (ledger: Ledger) => ledger.listEvents({ limit: 100 })

describe('an event that is reverted', () => {
  it('adds nothing, frees its id and keeps what it was; the second time it is gone', async () => {
    const ledger = eventLedger()
    await ledger.record(
      batchOf([
        { id: 'one', units: { m: '2.5' } },
        { id: 'two', units: { m: '1' } },
      ]),
    )
    const key = await keyOf(ledger, 'one')
    expect(await ledger.revert(key, UNDO)).toMatchObject({ outcome: 'REVERTED', event: { status: METERED, units: ['2.5'] } })
    const sums = await sumsOf(ledger)
    expect(sums).toEqual({ '=acme m|m': '1/1', '=acme e|1|calls': '0/1', '=acme e|14|calls': '0/1' })
    await evictDurableObject(ledger)
    expect(await ledger.revert(key, UNDO)).toMatchObject({ outcome: 'GONE', event: { status: REVERTED } })
    expect(await sumsOf(ledger)).toEqual(sums)
    expect(await ledger.listEvents({ ids: ['one'], limit: 2 })).toMatchObject([
      { status: REVERTED, units: ['2.5'], payload: { id: 'one' }, more: { before: 'INGESTION_COMPLETED_EVENT_METERED' } },
    ])
    for (const filter of [{ statuses: [REVERTED] }, { accounts: ['=acme'], statuses: [REVERTED] }])
      expect(await ledger.listEvents({ ...filter, limit: 5 })).toHaveLength(1)
    expect(await ledger.revert(['one', 'event.none'], UNDO)).toBeUndefined()
  })

  it('is refused for some statuses, and put out of the way for others', async () => {
    const ledger = eventLedger()
    await ledger.record(
      batchOf([{ id: 'one', status: PAST_GRACE }, { id: 'two', status: UNITS_INVALID }, { id: 'three' }, { id: 'three' }]),
    )
    const before = await sumsOf(ledger)
    expect(await ledger.revert(await keyOf(ledger, 'one'), REDO)).toMatchObject({ outcome: 'REFUSED' })
    expect(await ledger.revert(await keyOf(ledger, 'two'), REDO)).toMatchObject({ outcome: 'FREED', event: { status: UNITS_INVALID } })
    const [repeat] = await ledger.listEvents({ statuses: [DUPLICATE], limit: 1 })
    expect(await ledger.revert(['three', repeat?.reference ?? ''], UNDO)).toMatchObject({ outcome: 'GONE', event: { status: DUPLICATE } })
    expect(await sumsOf(ledger)).toEqual(before)
    expect(repeatsIn(await ledger.record(batchOf([{ id: 'one' }, { id: 'two' }, { id: 'three' }])))).toHaveLength(2)
  })

  it('by the same correction again answers the same and changes nothing', async () => {
    const ledger = eventLedger()
    const other = newName()
    await ledger.record(
      batchOf([
        { id: 'one', units: { m: '1' }, more: { alias: 'red' } },
        { id: 'two', status: UNITS_INVALID },
      ]),
    )
    for (const id of ['one', 'two']) {
      const key = await keyOf(ledger, id)
      const how = { correction: `correct ${id}`, act: { ledger: other, batch: batchOf([{ id }]) } }
      const first = await ledger.revert(key, REDO, how)
      await ledger.dropCarry(how.correction)
      await evictDurableObject(ledger)
      const state = [await eventsOf(ledger), await sumsOf(ledger)]
      const again = await ledger.revert(key, REDO, how)
      expect(again).toEqual({ ...first, event: { ...first?.event, payload: { id, schemaName: 'calls' } } })
      expect([await eventsOf(ledger), await sumsOf(ledger)]).toEqual(state)
      expect(await ledger.revert(key, REDO, { ...how, correction: 'another' })).toMatchObject({ outcome: 'GONE' })
      expect(await runInDurableObject(ledger, (_, { storage: { sql } }) => sql.exec('SELECT * FROM carry').toArray())).toEqual([])
    }
  })

  it('though its id was taken again, gives back its own units and leaves the event that holds the id', async () => {
    const ledger = eventLedger()
    await ledger.record(batchOf([{ id: 'one', units: { m: '1' } }]))
    const key = await keyOf(ledger, 'one')
    await ledger.record(batchOf([{ id: 'one', units: { m: '10' } }], { createdAt: HOUR_OF_TESTS + 46 * DAY }))
    const act = { ledger: newName(), batch: batchOf([{ id: 'one' }]) }
    expect(await ledger.revert(key, REDO, { correction: 'c', act })).toMatchObject({ outcome: 'GONE' })
    expect(await ledger.revert(key, UNDO)).toMatchObject({ outcome: 'REVERTED' })
    expect(await ledger.revert(key, UNDO)).toMatchObject({ outcome: 'GONE' })
    expect(await sumsOf(ledger)).toEqual({ '=acme m|m': '10/1', '=acme e|1|calls': '0/1', '=acme e|14|calls': '0/1' })
    expect(repeatsIn(await ledger.record(batchOf([{ id: 'one' }], { createdAt: HOUR_OF_TESTS + 47 * DAY })))).toHaveLength(1)
  })

  it('leaves nothing behind when it fails on the way', async () => {
    const ledger = eventLedger()
    await ledger.record(batchOf([{ id: 'one', units: { m: '1' } }]))
    const state = [await eventsOf(ledger), await sumsOf(ledger)]
    const key = await keyOf(ledger, 'one')
    const broken = { correction: null as unknown as string, act: { ledger: newName(), batch: batchOf([{ id: 'one' }]) } }
    expect(await ledger.revert(key, UNDO, broken).catch(() => 'failed')).toBe('failed')
    expect([await eventsOf(ledger), await sumsOf(ledger)]).toEqual(state)
    expect(await ledger.revert(key, UNDO)).toMatchObject({ outcome: 'REVERTED' })
  })
})

describe('what a correction carries', () => {
  it('is recorded elsewhere by the alarm when the request has died, and once', async () => {
    const [ledger, other] = [eventLedger(), newName()]
    await eventLedger(other).tell(9, { '=acme': 9 })
    await ledger.record(batchOf([{ id: 'one', units: { m: '1' } }]))
    const act = { ledger: other, batch: batchOf([{ id: 'new', units: { m: '5' } }]) }
    await ledger.revert(await keyOf(ledger, 'one'), UNDO, { correction: 'c', act })
    await evictDurableObject(ledger)
    await runDueWork(ledger)
    await runDueWork(ledger)
    expect((await sumsOf(eventLedger(other)))['=acme m|m']).toBe('5/1')
    await eventLedger(other).record({ ...act.batch, isCarried: true })
    expect((await sumsOf(eventLedger(other)))['=acme m|m']).toBe('5/1')
    expect(await runInDurableObject(ledger, (_, { storage: { sql } }) => sql.exec('SELECT * FROM carry').toArray())).toEqual([])
  })

  it('may be for the ledger itself', async () => {
    const name = newName()
    const ledger = eventLedger(name)
    await ledger.record(batchOf([{ id: 'one', units: { m: '1' } }]))
    await ledger.revert(await keyOf(ledger, 'one'), UNDO, {
      correction: 'c',
      act: { ledger: name, batch: batchOf([{ id: 'one', units: { m: '5' } }]) },
    })
    await runDueWork(ledger)
    expect((await sumsOf(ledger))['=acme m|m']).toBe('5/1')
  })
})

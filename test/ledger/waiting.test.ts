import { evictDurableObject } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import { DAY, type Eligibility, type EventShown } from '../../src/ledger/client.ts'
import {
  DUPLICATE,
  HEAD,
  HOUR_OF_TESTS,
  IN_PROGRESS,
  METERED,
  NOT_FOUND,
  REVERTED,
  batchOf,
  eventLedger,
  keyOf,
  settlementOf,
  sumsOf,
  waitingEvent,
} from '../helpers/ledger.ts'

const UNDO: Eligibility = { refused: [IN_PROGRESS, DUPLICATE, REVERTED], kept: [] }

describe('an event that waits', () => {
  it('is handed out to its name until it is settled, moves to its account, and is settled once', async () => {
    const ledger = eventLedger()
    await ledger.record(batchOf([waitingEvent('one', 'red'), waitingEvent('two', 'blue'), waitingEvent('three', 're')]))
    const [event] = await ledger.readWaiting(['red', 'red'], 10, 0)
    expect(event).toMatchObject({ id: 'one', account: '?red', customer: null, payload: { id: 'one' } })
    if (!event) throw new Error('nothing waits')
    const settlement = settlementOf(event)
    expect(await ledger.settle(HEAD, [settlement, settlement])).toEqual({ settled: 1, closed: [] })
    const sums = await sumsOf(ledger)
    expect(sums).toEqual({
      '=acme m|m': '3/1',
      '=acme e|1|calls': '0/1',
      '?blue e|9|calls': '0/1',
      '?re e|9|calls': '0/1',
    })
    await evictDurableObject(ledger)
    expect(await ledger.settle(HEAD, [settlement])).toEqual({ settled: 0, closed: [] })
    expect(await sumsOf(ledger)).toEqual(sums)
    expect(await ledger.readWaiting(['red'], 10, 0)).toEqual([])
    expect(await ledger.listEvents({ accounts: ['=acme'], limit: 5 })).toMatchObject([
      { id: 'one', customer: 'customer of acme', status: METERED },
    ])
    expect(await ledger.listEvents({ accounts: ['?red'], limit: 5 })).toEqual([])
    expect(await ledger.listEvents({ statuses: [NOT_FOUND], limit: 5 })).toHaveLength(2)
  })

  it('is handed out if it came after a time only, since an event is tried for 45 days', async () => {
    const ledger = eventLedger()
    await ledger.record(batchOf([waitingEvent('old', 'red')], { createdAt: HOUR_OF_TESTS }))
    await ledger.record(batchOf([waitingEvent('new', 'red')], { createdAt: HOUR_OF_TESTS + 1 }))
    expect((await ledger.readWaiting(['red'], 10, HOUR_OF_TESTS)).map(({ id }) => id)).toEqual(['new'])
  })

  it('is handed out page by page, those that cannot be settled once too', async () => {
    const ledger = eventLedger()
    const names = ['\u{1f600}', 'a', '\uffff']
    await ledger.record(batchOf(Array.from({ length: 20 }, (_, index) => waitingEvent(`e${index}`, names[index % 3] ?? ''))))
    const seen: string[] = []
    let after: [string, string] | undefined
    for (let page = 0; page < 10; page++) {
      const found: EventShown[] = (await ledger.readWaiting(names, 6, 0, after)) as EventShown[]
      const last = found.at(-1)
      if (!last) break
      seen.push(...found.map(({ id }) => id))
      after = [last.account.slice(1), last.id]
    }
    expect(seen.toSorted()).toEqual(Array.from({ length: 20 }, (_, index) => `e${index}`).toSorted())
  })

  it('is not settled in place of the event that holds its id now', async () => {
    const ledger = eventLedger()
    await ledger.record(batchOf([waitingEvent('one', 'red')]))
    const [event] = await ledger.readWaiting(['red'], 10, 0)
    await ledger.record(batchOf([waitingEvent('one', 'blue')], { createdAt: HOUR_OF_TESTS + 46 * DAY }))
    expect(await ledger.readWaiting(['red'], 10, 0)).toEqual([])
    if (!event) throw new Error('nothing waits')
    expect(await ledger.settle(HEAD, [settlementOf(event as EventShown)])).toEqual({ settled: 0, closed: [] })
    expect(await ledger.readWaiting(['blue'], 10, 0)).toMatchObject([{ id: 'one' }])
  })

  it('goes on waiting when it is settled as one that waits, and waits no more when it is reverted', async () => {
    const ledger = eventLedger()
    await ledger.record(batchOf([waitingEvent('one', 'red')]))
    const [event] = await ledger.readWaiting(['red'], 10, 0)
    if (event) await ledger.settle(HEAD, [settlementOf(event, { status: NOT_FOUND, account: '?blue', customer: null, units: null })])
    expect(await ledger.readWaiting(['red'], 10, 0)).toEqual([])
    expect(await ledger.readWaiting(['blue'], 10, 0)).toHaveLength(1)
    await ledger.revert(await keyOf(ledger, 'one'), UNDO)
    expect(await ledger.readWaiting(['blue'], 10, 0)).toEqual([])
  })
})

import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { describe, expect, it, vi } from 'vitest'
import { DAY, HOUR, STATUSES, codeOf } from '../../src/ledger/client.ts'
import {
  DUPLICATE,
  END,
  HEAD,
  HOUR_OF_TESTS,
  METERED,
  NOT_FOUND,
  PAST_GRACE,
  type TestEvent,
  batchOf,
  eventLedger,
  settlementOf,
  sumsOf,
  waitingEvent,
} from '../helpers/ledger.ts'

const FROM = Date.UTC(2026, 2, 1)
const UNTIL = Date.UTC(2026, 3, 1)

const statusesOf = async (ledger: ReturnType<typeof eventLedger>) =>
  Object.fromEntries((await ledger.listEvents({ limit: 100 })).map(({ id, status }) => [id, status]))

describe('times of an account that are closed', () => {
  it('give their sums, and nothing is added to them from then on', async () => {
    const ledger = eventLedger()
    await ledger.record(
      batchOf([
        { id: 'first', time: FROM, units: { m1: '1', m2: '-2' } },
        { id: 'last', time: UNTIL - 1, units: { m1: '0.5' } },
        { id: 'next', time: UNTIL, units: { m1: '8' } },
      ]),
    )
    const sums = [
      [0, '=acme', 'm|m1', '1.5', 2],
      [0, '=acme', 'm|m2', '-2', 1],
    ]
    expect((await ledger.closeAndSum('=acme', FROM, UNTIL)).toSorted()).toEqual(sums)
    await evictDurableObject(ledger)
    await ledger.record(
      batchOf([
        { id: 'late', time: FROM, units: { m1: '1' } },
        { id: 'late', time: FROM, units: { m1: '1' } },
        { id: 'end', time: UNTIL - 1, units: { m1: '1' } },
        { id: 'open', time: UNTIL, units: { m1: '1' } },
        { id: 'before', time: FROM - 1, units: { m1: '1' } },
        { id: 'other', time: FROM, account: '=other', units: { m1: '1' } },
      ]),
    )
    expect((await ledger.closeAndSum('=acme', FROM, UNTIL)).toSorted()).toEqual(sums)
    expect(await statusesOf(ledger)).toMatchObject({ end: PAST_GRACE, open: METERED, before: METERED, other: METERED })
    expect(await ledger.listEvents({ ids: ['late'], statuses: [PAST_GRACE], limit: 9 })).toMatchObject([
      { units: null, more: { why: 'The event arrived after its pricing cycle was closed.' }, rules: { schema: ['calls', 1] } },
    ])
    expect(await ledger.listEvents({ ids: ['late'], statuses: [DUPLICATE], limit: 9 })).toHaveLength(1)
    expect((await sumsOf(ledger))['=acme e|8|calls']).toBe('0/2')
  })

  it('leave what is looked at before the grace period as it is', async () => {
    const ledger = eventLedger()
    await ledger.closeAndSum('=acme', FROM, UNTIL)
    const sent = STATUSES.filter((status) => !['REVERTED', 'UNKNOWN', 'INGESTION_FAILED_DUPLICATE_EVENT'].includes(status))
    await ledger.record(batchOf(sent.map((status) => ({ id: status, status: codeOf(status) }))))
    const late = Object.entries(await statusesOf(ledger)).flatMap(([id, status]) => (status === PAST_GRACE ? [id] : []))
    expect(late.toSorted()).toEqual([
      'INGESTION_COMPLETED_EVENT_METERED',
      'INGESTION_COMPLETED_EVENT_NOT_METERED',
      'INGESTION_COMPLETED_NO_MATCHING_METERS',
      'INGESTION_FAILED_INSUFFICIENT_CREDITS',
      'INGESTION_FAILED_PAST_GRACE_PERIOD',
      'INGESTION_FAILED_UNITS_INVALID',
      'INGESTION_IN_PROGRESS',
    ])
    for (const id of sent) if (!late.includes(id)) expect((await statusesOf(ledger))[id]).toBe(codeOf(id))
  })

  it('take no events that waited, and no corrections', async () => {
    const ledger = eventLedger()
    await ledger.record(batchOf([waitingEvent('one', 'red'), waitingEvent('two', 'red'), { id: 'three', units: { m: '1' } }]))
    await ledger.closeAndSum('=acme', FROM, UNTIL)
    const [one, two] = await ledger.readWaiting(['red'], 10, 0)
    if (!one || !two) throw new Error('they do not wait')
    const settlements = [settlementOf(one), settlementOf(two, { status: codeOf('INGESTION_FAILED_ENRICHMENT_FAILED') })]
    expect(await ledger.settle(HEAD, settlements)).toEqual({ settled: 2, closed: [one.reference] })
    expect(await statusesOf(ledger)).toEqual({ one: PAST_GRACE, two: codeOf('INGESTION_FAILED_ENRICHMENT_FAILED'), three: METERED })
    const [event] = await ledger.listEvents({ ids: ['three'], limit: 1 })
    expect(await ledger.revert(['three', event?.reference ?? ''], { refused: [], kept: [] })).toMatchObject({ outcome: 'CLOSED' })
    expect((await sumsOf(ledger))['=acme m|m']).toBe('1/1')
    await ledger.liftClosing('=acme', FROM)
    expect(await ledger.revert(['three', event?.reference ?? ''], { refused: [], kept: [] })).toMatchObject({ outcome: 'REVERTED' })
  })

  it('are as the last closing that began with them says, until they are lifted', async () => {
    const ledger = eventLedger()
    let sent = 0
    const takes = async (time: number) => {
      const id = `e${++sent}`
      await ledger.record(batchOf([{ id, time }]))
      return (await statusesOf(ledger))[id] === METERED
    }
    await ledger.closeAndSum('=acme', FROM, UNTIL)
    await ledger.closeAndSum('=acme', FROM, HOUR_OF_TESTS)
    await ledger.closeAndSum('=acme', FROM, HOUR_OF_TESTS)
    await ledger.closeAndSum('=acme', UNTIL, UNTIL + DAY)
    expect([await takes(FROM), await takes(HOUR_OF_TESTS - 1), await takes(HOUR_OF_TESTS), await takes(UNTIL)]).toEqual([
      false,
      false,
      true,
      false,
    ])
    await ledger.liftClosing('=acme', FROM)
    await ledger.liftClosing('=acme', FROM)
    expect([await takes(FROM), await takes(HOUR_OF_TESTS - 1), await takes(UNTIL)]).toEqual([true, true, false])
    await ledger.liftClosing('=acme', UNTIL)
    await evictDurableObject(ledger)
    expect([await takes(FROM), await takes(UNTIL)]).toEqual([true, true])
  })

  it('do not keep events of other accounts and times from being recorded at once', async () => {
    const ledger = eventLedger()
    await ledger.closeAndSum('=yearly', FROM, END)
    /** How often JSON is parsed when events are recorded. */
    const parsesOf = (events: readonly TestEvent[]) =>
      runInDurableObject(ledger, (instance) => {
        const parse = vi.spyOn(JSON, 'parse')
        try {
          instance.record(batchOf(events))
          return parse.mock.calls.length
        } finally {
          parse.mockRestore()
        }
      })
    const others = [
      { id: 'one' },
      { id: 'two', account: '=yearly', time: FROM - HOUR },
      { id: 'three', account: '?yearly', status: NOT_FOUND },
    ]
    expect(await parsesOf(others)).toBe(0)
    expect(await parsesOf([{ id: 'closed', account: '=yearly', time: FROM }])).toBeGreaterThan(0)
  })
})

import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { expect, it } from 'vitest'
import type { EventLedger } from '../../src/ledger/event_ledger.ts'
import { codeOf } from '../../src/ledger/client.ts'
import { DUPLICATE, HEAD, IN_PROGRESS, batchOf, eventLedger, settlementOf, waitingEvent } from '../helpers/ledger.ts'

const FAILED = codeOf('INGESTION_FAILED_SCHEMA_NOT_DEFINED')
const SHORT = codeOf('INGESTION_FAILED_INSUFFICIENT_CREDITS')
const UNDO = { refused: [], kept: [] }

const wrong = (...ids: string[]) => batchOf(ids.map((id) => ({ id, status: FAILED })))

type Ledger = ReturnType<typeof eventLedger>

const count = async (ledger: Ledger, after = 0, account?: string, most = 100) =>
  (await ledger.countUnprocessed([{ after, ...(account !== undefined && { account }) }], most))[0]

it('events that are unprocessed are counted behind the last one that was looked at, also after the ledger was asleep', async () => {
  const ledger = eventLedger()
  expect(await ledger.lastUnprocessed()).toBe(0)
  expect(await count(ledger)).toEqual({ count: 0, last: 0, isCut: false })
  await ledger.record(batchOf([{ id: 'right' }, { id: 'wrong', status: FAILED }, { id: 'other', status: FAILED, account: '=other' }]))
  await ledger.record(batchOf([{ id: 'right', status: DUPLICATE }]))
  /** Nothing is wrong with one that is sent twice. */
  expect(await count(ledger)).toEqual({ count: 2, last: 2, isCut: false })
  expect(await count(ledger, 0, '=other')).toEqual({ count: 1, last: 2, isCut: false })
  expect(await count(ledger, 2)).toEqual({ count: 0, last: 2, isCut: false })
  await evictDurableObject(ledger)
  await ledger.record(wrong('more'))
  expect([await count(ledger, 2), await ledger.lastUnprocessed()]).toEqual([{ count: 1, last: 3, isCut: false }, 3])
})

it('so many are looked at in a call, and the rest in the next one', async () => {
  const ledger = eventLedger()
  await ledger.record(wrong('a', 'b', 'c', 'd', 'e'))
  expect(await count(ledger, 0, undefined, 2)).toEqual({ count: 2, last: 2, isCut: true })
  expect(await count(ledger, 2, '=acme', 2)).toEqual({ count: 2, last: 4, isCut: true })
  expect(await count(ledger, 4, undefined, 2)).toEqual({ count: 1, last: 5, isCut: false })
})

it('one that was undone, or processed since, counts no more, and one that fails when it is settled counts then', async () => {
  const ledger = eventLedger()
  await ledger.record(wrong('undone', 'stays'))
  const [undone] = await ledger.listEvents({ ids: ['undone'], limit: 1 })
  await ledger.revert(['undone', undone?.reference ?? ''], UNDO)
  await ledger.record(batchOf([waitingEvent('waits', 'red')]))
  expect(await count(ledger)).toMatchObject({ count: 2, last: 3 })
  const [event] = await ledger.readWaiting(['red'], 10, 0)
  if (event) await ledger.settle(HEAD, [settlementOf(event)])
  expect(await count(ledger)).toMatchObject({ count: 1, last: 3 })
  await ledger.record(batchOf([{ id: 'late', status: IN_PROGRESS }]))
  expect(await count(ledger, 3)).toMatchObject({ count: 0, last: 3 })
  const [late] = await ledger.listEvents({ ids: ['late'], limit: 1 })
  if (late) await ledger.settle(undefined, [{ ...settlementOf(late), status: SHORT, units: null }])
  expect(await count(ledger, 3)).toMatchObject({ count: 1, last: 4 })
})

it('what is kept of them goes when they do, and no number is given twice', async () => {
  const ledger = eventLedger()
  await ledger.record(wrong('a', 'b'))
  expect(await ledger.lastUnprocessed()).toBe(2)
  const left = await runInDurableObject(ledger, async (instance: EventLedger, state) => {
    state.storage.sql.exec("DELETE FROM event WHERE id = 'b'")
    await instance.alarm()
    return state.storage.sql.exec('SELECT id FROM unprocessed').toArray()
  })
  expect(left).toEqual([{ id: 'a' }])
  await ledger.record(wrong('c'))
  expect(await count(ledger, 2)).toEqual({ count: 1, last: 3, isCut: false })
})

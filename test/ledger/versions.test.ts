import { evictDurableObject } from 'cloudflare:test'
import { afterEach, expect, it, vi } from 'vitest'
import { batchOf, eventLedger } from '../helpers/ledger.ts'

afterEach(() => {
  vi.useRealTimers()
})

it('refuses a call that rests on an older version of the organization, and takes a greater one', async () => {
  const ledger = eventLedger()
  await ledger.record(batchOf([{ id: 'one' }], { version: 5 }))
  expect(await ledger.record(batchOf([{ id: 'two' }], { version: 4 }))).toEqual({ stale: { version: 5 } })
  expect(await ledger.record(batchOf([{ id: 'two' }], { version: 7 }))).toMatchObject({ repeats: [] })
  expect(await ledger.settle({ version: 6, accounts: {} }, [])).toEqual({ stale: { version: 7 } })
  expect(await ledger.settle(undefined, [])).toEqual({ settled: 0, closed: [] })
  await ledger.tell(8, {})
  await ledger.findTaken([['one', '', null]], 9, 0)
  expect(await ledger.record(batchOf([{ id: 'three' }], { version: 8 }))).toEqual({ stale: { version: 9 } })
  expect(await ledger.listEvents({ limit: 10 })).toHaveLength(2)
})

it('keeps a version that came with repeats when it is evicted', async () => {
  const ledger = eventLedger()
  await ledger.record(batchOf([{ id: 'one' }]))
  await ledger.record(batchOf([{ id: 'one' }], { version: 9 }))
  await evictDurableObject(ledger)
  expect(await ledger.readVersion()).toBe(9)
  expect(await ledger.record(batchOf([{ id: 'two' }], { version: 8 }))).toEqual({ stale: { version: 9 } })
})

it('forgets a version that came with a call that was undone', async () => {
  const ledger = eventLedger()
  const events = [{ id: 'one', units: { m: '1' } }]
  for (const hasRepeats of [false, true]) {
    const broken = batchOf(events, { version: 9 }, { hasRepeats, rows: [JSON.stringify([['one', 'event.one', 0, '=acme', null, 1]])] })
    expect(await ledger.record(broken).catch(() => 'failed')).toBe('failed')
    expect(await ledger.readVersion()).toBe(0)
  }
  expect(await ledger.record(batchOf(events, { version: 8 }))).toMatchObject({ repeats: [] })
  expect(await ledger.listEvents({ limit: 5 })).toMatchObject([{ customer: 'customer of acme', rules: { schema: ['calls', 1] } }])
})

it('records what a correction carries whatever the versions are', async () => {
  const ledger = eventLedger()
  await ledger.tell(5, { '=acme': 5 })
  const carried = batchOf([{ id: 'one' }], { version: 1 }, { isCarried: true })
  expect(await ledger.record(carried)).toMatchObject({ repeats: [] })
  expect(await ledger.readVersion()).toBe(5)
})

it('holds calls against the versions of accounts for two minutes, when it was evicted meanwhile too', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  const ledger = eventLedger()
  const odd = [`=a"b\\c'd%|é`, '=\u{1f600}\uffff', '?gone']
  await ledger.tell(1, Object.fromEntries(odd.map((key) => [key, 7])))
  await ledger.tell(1, { '=acme': 3 })
  await ledger.tell(1, { '=acme': 2 })
  await evictDurableObject(ledger)
  for (const key of odd) {
    const rested = batchOf([{ id: 'one', account: key }], { accounts: { [key]: 6, '=acme': 3 } })
    expect(await ledger.record(rested)).toEqual({ stale: { accounts: { [key]: 7 } } })
    expect(await ledger.settle({ version: 1, accounts: { [key]: 6 } }, [])).toEqual({ stale: { accounts: { [key]: 7 } } })
  }
  expect(await ledger.record(batchOf([{ id: 'one' }], { accounts: { '=acme': 2 } }))).toEqual({ stale: { accounts: { '=acme': 3 } } })
  expect(await ledger.record(batchOf([{ id: 'one' }], { accounts: { '=acme': 3, '=other': 0 } }))).toMatchObject({ repeats: [] })
  vi.setSystemTime(Date.now() + 119_000)
  expect(await ledger.record(batchOf([{ id: 'two' }], { accounts: { '=acme': 2 } }))).toEqual({ stale: { accounts: { '=acme': 3 } } })
  vi.setSystemTime(Date.now() + 2000)
  expect(await ledger.record(batchOf([{ id: 'two' }], { accounts: { '=acme': 2 } }))).toMatchObject({ repeats: [] })
})

it('takes the version of an account again that went back with the database, once two minutes have passed', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  const ledger = eventLedger()
  await ledger.tell(1, { '=acme': 9 })
  vi.setSystemTime(Date.now() + 60_000)
  await ledger.tell(1, { '=other': 1 })
  vi.setSystemTime(Date.now() + 61_000)
  expect(await ledger.record(batchOf([{ id: 'early' }], { accounts: { '=acme': 1 } }))).toMatchObject({ repeats: [] })
  await ledger.tell(1, { '=acme': 4 })
  expect(await ledger.record(batchOf([{ id: 'one' }], { accounts: { '=acme': 3 } }))).toEqual({ stale: { accounts: { '=acme': 4 } } })
  expect(await ledger.record(batchOf([{ id: 'one' }], { accounts: { '=acme': 4 } }))).toMatchObject({ repeats: [] })
})

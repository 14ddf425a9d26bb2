import { evictDurableObject } from 'cloudflare:test'
import { expect, it } from 'vitest'
import { batchOf, eventLedger } from '../helpers/ledger.ts'

/** Two begin to reckon an account at once. One of them ends, and then the account changes again. */
const dropOf = async (between: (ledger: ReturnType<typeof eventLedger>) => Promise<unknown>) => {
  const ledger = eventLedger()
  await ledger.record(batchOf([{ id: 'one' }]))
  const [first, second] = [await ledger.readChanged(5), await ledger.readChanged(5)]
  expect(first).toEqual([['=acme', expect.any(Number)]])
  await ledger.dropChanged(first)
  await between(ledger)
  await ledger.record(batchOf([{ id: 'two' }]))
  expect(await ledger.readChanged(5)).toHaveLength(1)
  await ledger.dropChanged(second)
  return ledger.readChanged(5)
}

it('who reckoned an account before it changed again does not drop that it did', async () => {
  expect(await dropOf(() => Promise.resolve())).toHaveLength(1)
})

it('nor after the ledger was asleep meanwhile, or has undone what was only tried', async () => {
  expect(await dropOf((ledger) => evictDurableObject(ledger))).toHaveLength(1)
  expect(await dropOf((ledger) => ledger.tryRecord(batchOf([{ id: 'tried' }])))).toHaveLength(1)
  expect(await dropOf((ledger) => ledger.record(batchOf([{ id: 'one' }])))).toHaveLength(1)
})

import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AccountLedger } from '../../src/ledger/account_ledger.ts'
import { type FeatureAct, type FeatureEntry, type FeatureGrant, type GrantChange, HOUR, type OverageRow } from '../../src/ledger/client.ts'
import { ask, grantOf, grantsOf, inShort, overageOf, takeOf } from '../helpers/features.ts'
import * as model from '../helpers/features_model.ts'
import { accountLedger } from '../helpers/ledger.ts'

type Ledger = ReturnType<typeof accountLedger>

/** A ledger in which acme has been granted something. */
const ledgerWith = async (...grants: FeatureGrant[]): Promise<Ledger> => {
  const ledger = accountLedger()
  await ledger.putGrants(grantsOf(grants), 1)
  return ledger
}

const entriesOf = (ledger: Ledger, feature = 'calls'): Promise<FeatureEntry[]> =>
  ledger.listFeatureEntries({ account: 'acme', feature, limit: 100 })

/** What was taken of each entry. */
const usedOf = async (ledger: Ledger): Promise<Record<string, string>> =>
  Object.fromEntries((await entriesOf(ledger)).map(({ id, used }) => [id, used]))

const balanceOf = async (ledger: Ledger, at = 50) => (await ledger.readBalances('acme', at, 'calls'))[0]

const overageIn = async (ledger: Ledger): Promise<[hour: number, units: string][]> => {
  const query = { account: 'acme', features: ['calls'], from: 0, until: 100 * HOUR }
  const all: readonly unknown[][] = await ledger.readOverage([query])
  return (all.flat() as OverageRow[]).map(([, start, units]) => [start / HOUR, units])
}

const undo = async (ledger: Ledger, { reference }: FeatureAct, now = 60): Promise<void> => {
  await ledger.revertActs([{ reference, isFeature: true }], now)
}

const changeOf = (id: string, more: Partial<GrantChange> = {}): GrantChange => ({
  account: 'acme',
  feature: 'calls',
  id,
  until: 100,
  granted: '10',
  isVoid: false,
  version: 2,
  ...more,
})

const change = async (ledger: Ledger, id: string, more: Partial<GrantChange> = {}, now = 60): Promise<string> =>
  (await ledger.changeGrant(changeOf(id, more), now)).outcome

describe('an event takes credits', () => {
  it('of what ends first, then of what began first, then of the lower id, and of overage last', async () => {
    const ledger = await ledgerWith(
      overageOf('a', { from: 0, until: 60 }),
      grantOf('e', { from: 10, until: 100 }),
      grantOf('c', { from: 20, until: 90 }),
      grantOf('d', { from: 10, until: 100 }),
      grantOf('f', { from: 0, until: 100 }),
    )
    for (const used of [
      { c: '9' },
      { c: '10', f: '8' },
      { f: '10', d: '7' },
      { d: '10', e: '6' },
      { e: '10', a: '5' },
      { a: '14' },
    ] as Record<string, string>[]) {
      const before = await usedOf(ledger)
      await ask(ledger, takeOf('9'))
      expect(await usedOf(ledger)).toEqual({ ...before, ...used })
    }
  })

  it('all of them or none, and says how many there are', async () => {
    const ledger = await ledgerWith(grantOf('a', { granted: '0.5' }), grantOf('b', { granted: '1.25' }))
    expect(await ask(ledger, takeOf('1.76'))).toEqual(['SHORT 1.75'])
    expect(await usedOf(ledger)).toEqual({ a: '0', b: '0' })
    expect(await ask(ledger, takeOf('1.75'), takeOf('0.000000000000000000001'))).toEqual(['TAKEN 0 0', 'SHORT 0'])
    expect(await usedOf(ledger)).toEqual({ a: '0.5', b: '1.25' })
    expect(await ask(ledger, takeOf('1', { feature: 'other' }), takeOf('1', { account: 'other' }))).toEqual(['SHORT 0', 'SHORT 0'])
  })

  it('that its account has at the time of the event, from the first instant until before the last', async () => {
    const ledger = await ledgerWith(grantOf('a', { from: 10, until: 20 }), grantOf('b', { from: 20, until: 30 }))
    const takes = [9, 10, 19, 20, 29, 30].map((time) => takeOf('1', { time }))
    expect(await ask(ledger, ...takes)).toEqual(['SHORT 0', 'TAKEN 0 0', 'TAKEN 0 0', 'TAKEN 0 0', 'TAKEN 0 0', 'SHORT 0'])
    expect(await usedOf(ledger)).toEqual({ a: '2', b: '2' })
  })

  it('of no entry that is void', async () => {
    const ledger = await ledgerWith(grantOf('a', { isVoid: true }), grantOf('b'), overageOf('c', { isVoid: true }))
    expect(await ask(ledger, takeOf('10'), takeOf('1'))).toEqual(['TAKEN 0 0', 'SHORT 0'])
    expect(await usedOf(ledger)).toEqual({ a: '0', b: '10', c: '0' })
  })

  it('of overage up to its limit, or for as long as there is none', async () => {
    const limited = await ledgerWith(grantOf('a', { granted: '4' }), overageOf('o', { granted: '3' }))
    expect(await ask(limited, takeOf('5'), takeOf('2.5'), takeOf('2'))).toEqual(['TAKEN 1 1', 'SHORT 2', 'TAKEN 2 3'])
    const unlimited = await ledgerWith(grantOf('a', { granted: '4' }), overageOf('o'))
    expect(await ask(unlimited, takeOf('5'), takeOf('1000000000000000000000.5'))).toEqual([
      'TAKEN 1 1',
      'TAKEN 1000000000000000000000.5 1000000000000000000001.5',
    ])
  })

  it('of none if it needs none, though there are none', async () => {
    const ledger = await ledgerWith(grantOf('a', { granted: '0' }))
    expect(await ask(ledger, takeOf('0'), takeOf('0', { feature: 'other' }))).toEqual(['TAKEN 0 0', 'TAKEN 0 0'])
    expect(await usedOf(ledger)).toEqual({ a: '0' })
  })

  it('once, and is answered the same when it is asked again, after a restart too', async () => {
    const ledger = await ledgerWith(grantOf('a'), overageOf('o'))
    const [first, second] = [takeOf('12'), takeOf('3')]
    expect(await ask(ledger, first, first)).toEqual(['TAKEN 2 2', 'TAKEN 2 2'])
    await evictDurableObject(ledger)
    expect(await ask(ledger, second, first, { ...first, units: '100' })).toEqual(['TAKEN 3 5', 'TAKEN 2 5', 'TAKEN 2 5'])
    expect(await usedOf(ledger)).toEqual({ a: '10', o: '5' })
  })

  it('when its pricing cycle has granted them, and not before', async () => {
    const ledger = await ledgerWith(grantOf('a'))
    const act = takeOf('4', { cycleAt: 40 })
    expect(await ask(ledger, act)).toEqual(['BEHIND'])
    await ledger.putGrants(grantsOf([], { begunAt: 39 }), 1)
    expect(await ask(ledger, act, { ...act, isEntitled: true }, takeOf('1', { cycleAt: 39 }))).toEqual(['BEHIND', 'BEHIND', 'TAKEN 0 0'])
    await ledger.putGrants(grantsOf([], { begunAt: 40 }), 1)
    await ledger.putGrants(grantsOf([], { begunAt: 10 }), 1)
    await ledger.putGrants(grantsOf([]), 1)
    expect(await ask(ledger, act)).toEqual(['TAKEN 0 0'])
    expect(await usedOf(ledger)).toEqual({ a: '5' })
  })

  it('and says when an entry was last changed', async () => {
    const ledger = await ledgerWith(grantOf('a'), grantOf('b'))
    await ledger.applyActs([takeOf('2')], 77)
    expect((await entriesOf(ledger)).map(({ id, updatedAt }) => [id, updatedAt])).toEqual([
      ['b', 1],
      ['a', 77],
    ])
  })
})

describe('an event of fewer units than none', () => {
  it('gives back to what was taken from last, and nothing beyond what was taken', async () => {
    const ledger = await ledgerWith(grantOf('a', { until: 90 }), grantOf('b', { granted: '5' }))
    await ask(ledger, takeOf('8'), takeOf('4'))
    expect(await usedOf(ledger)).toEqual({ a: '10', b: '2' })
    expect(await ask(ledger, takeOf('-3'))).toEqual(['TAKEN 0 0'])
    expect(await usedOf(ledger)).toEqual({ a: '9', b: '0' })
    expect(await ask(ledger, takeOf('-100'))).toEqual(['TAKEN 0 0'])
    expect(await usedOf(ledger)).toEqual({ a: '0', b: '0' })
    expect(await ask(ledger, takeOf('-1'), takeOf('15.5'), takeOf('15'))).toEqual(['TAKEN 0 0', 'SHORT 15', 'TAKEN 0 0'])
  })

  it('gives back overage before the credits that the same event took', async () => {
    const ledger = await ledgerWith(grantOf('a', { until: 90 }), grantOf('b'), overageOf('o'))
    await ask(ledger, takeOf('23'))
    expect(await ask(ledger, takeOf('-4'))).toEqual(['TAKEN -3 0'])
    expect(await usedOf(ledger)).toEqual({ a: '10', b: '9', o: '0' })
    await ask(ledger, takeOf('-10'))
    expect(await usedOf(ledger)).toEqual({ a: '9', b: '0', o: '0' })
  })

  it('gives back to what was taken from last though that was by events of other times', async () => {
    const ledger = await ledgerWith(grantOf('a', { from: 0, until: 50 }), grantOf('b', { from: 30, until: 80 }))
    for (const time of [10, 20, 25]) await ask(ledger, takeOf('2', { time }))
    await ask(ledger, takeOf('2', { time: 60 }))
    await ask(ledger, takeOf('-1', { time: 40 }))
    expect(await usedOf(ledger)).toEqual({ a: '6', b: '1' })
  })

  it('does not make an entry one that was taken from', async () => {
    const ledger = await ledgerWith(grantOf('a', { until: 90, granted: '4' }), grantOf('b'))
    const back = takeOf('-5')
    await ask(ledger, takeOf('4'), takeOf('3'), back)
    expect(await usedOf(ledger)).toEqual({ a: '2', b: '0' })
    await undo(ledger, back)
    await ask(ledger, takeOf('-1'))
    expect(await usedOf(ledger)).toEqual({ a: '4', b: '2' })
  })

  it('gives back only to what its account has at that time', async () => {
    const ledger = await ledgerWith(
      grantOf('a', { until: 20 }),
      grantOf('b', { from: 20, granted: '1' }),
      grantOf('c', { from: 20, until: 90, granted: '1' }),
    )
    await ask(ledger, takeOf('5', { time: 10 }), takeOf('2'))
    await ledger.putGrants(grantsOf([grantOf('c', { until: 90, granted: '1', isVoid: true, version: 2 })]), 1)
    await ask(ledger, takeOf('-7'))
    expect(await usedOf(ledger)).toEqual({ a: '5', b: '0', c: '1' })
  })

  it('goes back to the last of the entries that an event took from, though they end in another order since', async () => {
    const ledger = await ledgerWith(grantOf('a'), grantOf('b', { until: 90 }))
    await ask(ledger, takeOf('12'))
    expect(await usedOf(ledger)).toEqual({ a: '2', b: '10' })
    expect(await change(ledger, 'b', { until: 200 })).toBe('DONE')
    await ask(ledger, takeOf('-3'))
    expect(await usedOf(ledger)).toEqual({ a: '0', b: '9' })
  })
})

describe('what is only asked', () => {
  it('is answered as if it was done, and nothing of it is kept', async () => {
    const ledger = await ledgerWith(grantOf('a'), overageOf('o', { granted: '3' }))
    const tried = takeOf('12', { isTried: true })
    expect(await ask(ledger, tried, takeOf('14', { isTried: true }))).toEqual(['TAKEN 2 0', 'SHORT 13'])
    expect(await usedOf(ledger)).toEqual({ a: '0', o: '0' })
    expect(await overageIn(ledger)).toEqual([])
    expect(await ask(ledger, { ...tried, isTried: false })).toEqual(['TAKEN 2 2'])
  })

  it('rests on what is asked before it, and refuses nothing later', async () => {
    const ledger = await ledgerWith(grantOf('a'))
    const [first, second] = [takeOf('6', { isEntitled: true }), takeOf('5', { isEntitled: true })]
    expect((await ledger.tryActs([first, second, takeOf('4')], 50)).map(inShort)).toEqual(['TAKEN 0 0', 'SHORT 4', 'TAKEN 0 0'])
    expect(await usedOf(ledger)).toEqual({ a: '0' })
    expect(await ask(ledger, second, first)).toEqual(['TAKEN 0 0', 'SHORT 5'])
  })
})

describe('an event that is kept only if there are enough credits', () => {
  it('is refused for good under its reference once there were too few', async () => {
    const ledger = await ledgerWith(grantOf('a'))
    const [waits, refused, another] = [takeOf('11'), takeOf('11', { isEntitled: true }), takeOf('11', { isEntitled: true })]
    expect(await ask(ledger, waits, refused)).toEqual(['SHORT 10', 'SHORT 10'])
    await ledger.putGrants(grantsOf([grantOf('b', { granted: '12' })]), 1)
    expect(await ask(ledger, refused, { ...refused, units: '1' }, another, waits)).toEqual(['GONE', 'GONE', 'TAKEN 0 0', 'TAKEN 0 0'])
    expect(inShort(await ledger.concludeTake(refused.reference, 60))).toBe('GONE')
    expect(await usedOf(ledger)).toEqual({ a: '10', b: '12' })
  })

  it('is concluded by whether it took its units, and takes none later if not', async () => {
    const ledger = await ledgerWith(grantOf('a'), overageOf('o'))
    const [took, late] = [takeOf('12'), takeOf('1')]
    await ask(ledger, took)
    for (let time = 0; time < 2; time++) {
      expect(inShort(await ledger.concludeTake(took.reference, 60))).toBe('TAKEN 2 2')
      expect(inShort(await ledger.concludeTake(late.reference, 60))).toBe('GONE')
    }
    expect(await ask(ledger, late)).toEqual(['GONE'])
    expect(await usedOf(ledger)).toEqual({ a: '10', o: '2' })
  })

  it('is forgotten to be refused only when that is days ago', async () => {
    const ledger = await ledgerWith(grantOf('a'))
    const [old, recent] = [takeOf('1'), takeOf('1')]
    await undo(ledger, old)
    await undo(ledger, recent)
    await runInDurableObject(ledger, (_, { storage: { sql } }) => {
      sql.exec('UPDATE feature_take SET time = ? WHERE reference = ?', Date.now() - 3 * 24 * HOUR, old.reference)
      sql.exec('UPDATE feature_take SET time = ? WHERE reference = ?', Date.now() - 24 * HOUR, recent.reference)
    })
    await undo(ledger, takeOf('1'))
    expect(await ask(ledger, old, recent)).toEqual(['TAKEN 0 0', 'GONE'])
  })
})

describe('an event that is undone', () => {
  it('gives its units back to the entries that they came from, and its overage', async () => {
    const ledger = await ledgerWith(grantOf('a', { until: 90 }), grantOf('b'), overageOf('o', { granted: '5' }))
    const acts = [takeOf('4'), takeOf('19'), takeOf('2')] as const
    expect(await ask(ledger, ...acts)).toEqual(['TAKEN 0 0', 'TAKEN 3 3', 'TAKEN 2 5'])
    await undo(ledger, acts[1])
    expect(await usedOf(ledger)).toEqual({ a: '4', b: '0', o: '2' })
    expect(await overageIn(ledger)).toEqual([[0, '2']])
    expect(await ask(ledger, takeOf('20'))).toEqual(['SHORT 19'])
  })

  it('twice is undone once', async () => {
    const ledger = await ledgerWith(grantOf('a'))
    const [first, second] = [takeOf('3'), takeOf('3')]
    await ask(ledger, first, second)
    for (let time = 0; time < 2; time++) await undo(ledger, first)
    await evictDurableObject(ledger)
    await undo(ledger, first)
    expect(await usedOf(ledger)).toEqual({ a: '3' })
    expect(await ask(ledger, first)).toEqual(['GONE'])
    expect(await usedOf(ledger)).toEqual({ a: '3' })
  })

  it('before it takes anything takes nothing', async () => {
    const ledger = await ledgerWith(grantOf('a'))
    const late = takeOf('3')
    await undo(ledger, late)
    await undo(ledger, late)
    expect(await ask(ledger, late, takeOf('10'))).toEqual(['GONE', 'TAKEN 0 0'])
  })

  it('after an entry of it has ended makes a new one, as long as the old one, for what came from that', async () => {
    const ledger = await ledgerWith(
      grantOf('a', { from: 20, until: 70 }),
      grantOf('b', { from: 0, until: 80, granted: '3' }),
      grantOf('c', { until: 81 }),
      overageOf('o', { until: 60, granted: '2' }),
    )
    const act = takeOf('25')
    expect(await ask(ledger, act)).toEqual(['TAKEN 2 2'])
    await undo(ledger, act, 80)
    await undo(ledger, act, 80)
    expect(await usedOf(ledger)).toEqual({
      [`${act.reference}$REFUND`]: '0',
      [`${act.reference}$REFUND.2`]: '0',
      a: '10',
      b: '3',
      c: '0',
      o: '0',
    })
    const refund = { feature: 'calls', source: 'REFUND', from: 80, isVoid: false, used: '0', updatedAt: 80 }
    expect((await entriesOf(ledger)).filter(({ source }) => source === 'REFUND')).toEqual([
      { ...refund, version: 1, id: `${act.reference}$REFUND.2`, until: 160, granted: '3' },
      { ...refund, version: 1, id: `${act.reference}$REFUND`, until: 130, granted: '10' },
    ])
    expect(await ask(ledger, takeOf('13.5', { time: 81 }), takeOf('13', { time: 129 }))).toEqual(['SHORT 13', 'TAKEN 0 0'])
  })

  it('just before its entry ends gives back to that, and to one that is void as well', async () => {
    const ledger = await ledgerWith(grantOf('a', { until: 70, granted: '2' }), grantOf('b', { until: 65, granted: '3' }))
    const act = takeOf('5')
    await ask(ledger, act)
    expect(await change(ledger, 'b', { until: 65, isVoid: true })).toBe('DONE')
    await undo(ledger, act, 69)
    expect(await usedOf(ledger)).toEqual({ a: '0', b: '0' })
    expect(await ask(ledger, takeOf('3'))).toEqual(['SHORT 2'])
  })

  it('takes again what it gave back, as far as that has not been taken since', async () => {
    const ledger = await ledgerWith(grantOf('a'))
    const [back, again] = [takeOf('-4'), takeOf('-4')]
    await ask(ledger, takeOf('6'), back)
    await undo(ledger, back)
    expect(await usedOf(ledger)).toEqual({ a: '6' })
    await ask(ledger, again, takeOf('7'))
    expect(await usedOf(ledger)).toEqual({ a: '9' })
    await undo(ledger, again)
    expect(await usedOf(ledger)).toEqual({ a: '10' })
    expect(await ask(ledger, again, takeOf('1'))).toEqual(['GONE', 'SHORT 0'])
  })

  it('takes again the overage that it gave back, in its hour', async () => {
    const ledger = await ledgerWith(overageOf('o', { until: 10 * HOUR }))
    const back = takeOf('-4', { time: 2 * HOUR })
    await ask(ledger, takeOf('6', { time: HOUR }), back)
    expect(await overageIn(ledger)).toEqual([
      [1, '6'],
      [2, '-4'],
    ])
    await undo(ledger, back, 20 * HOUR)
    expect(await overageIn(ledger)).toEqual([[1, '6']])
    expect(await usedOf(ledger)).toEqual({ o: '6' })
  })

  it('leaves no entry with more than it was granted, though its units were given back before', async () => {
    const ledger = await ledgerWith(grantOf('a', { granted: '6', until: 90 }), grantOf('b'))
    const [took, back] = [takeOf('6'), takeOf('-4')]
    await ask(ledger, took, back, takeOf('9'))
    expect(await usedOf(ledger)).toEqual({ a: '6', b: '5' })
    const [other, again] = [takeOf('-5'), takeOf('-5')]
    await ask(ledger, other, again)
    await undo(ledger, took)
    expect(await usedOf(ledger)).toEqual({ a: '0', b: '0' })
    expect(await balanceOf(ledger)).toEqual({ feature: 'calls', granted: '16', balance: '16', usedOverage: '0' })
    expect(await ask(ledger, takeOf('16.5'))).toEqual(['SHORT 16'])
  })

  it('and is ingested again leaves what was given back of it given back', async () => {
    const ledger = await ledgerWith(grantOf('a'))
    const took = takeOf('10')
    await ask(ledger, took, takeOf('-4'))
    await undo(ledger, took)
    expect(await ask(ledger, takeOf('11'), takeOf('10'))).toEqual(['SHORT 10', 'TAKEN 0 0'])
    expect(await usedOf(ledger)).toEqual({ a: '6' })
  })

  it('with what gave its units back leaves nothing, whichever is undone first', async () => {
    for (const order of [
      [0, 1],
      [1, 0],
    ]) {
      const ledger = await ledgerWith(grantOf('a', { granted: '6' }), overageOf('o', { granted: '6' }))
      const acts = [takeOf('10'), takeOf('-10')]
      await ask(ledger, ...acts)
      for (const at of order) await undo(ledger, acts[at] as FeatureAct)
      expect(await usedOf(ledger)).toEqual({ a: '0', o: '0' })
      expect(await ask(ledger, takeOf('12.5'), takeOf('12'))).toEqual(['SHORT 12', 'TAKEN 6 6'])
    }
  })

  it('with what gave its units back leaves nothing, though less is granted by then', async () => {
    const ledger = await ledgerWith(grantOf('a'))
    const [took, back] = [takeOf('10'), takeOf('-10')]
    await ask(ledger, took, back)
    await undo(ledger, took)
    await ledger.putGrants(grantsOf([grantOf('a', { granted: '4', version: 2 })]), 1)
    await undo(ledger, back)
    await ask(ledger, takeOf('4'))
    expect(await usedOf(ledger)).toEqual({ a: '4' })
  })

  it('lets others give back no more than they have, though its own units were given back before', async () => {
    const ledger = await ledgerWith(grantOf('a', { until: 90 }), grantOf('b'))
    const took = takeOf('5')
    await ask(ledger, takeOf('10'), took, takeOf('-5'))
    await undo(ledger, took)
    await ask(ledger, takeOf('-1'))
    expect(await usedOf(ledger)).toEqual({ a: '9', b: '0' })
  })

  it('leaves no overage below 0, though its own was given back before', async () => {
    const ledger = await ledgerWith(overageOf('o', { until: 10 * HOUR }))
    const took = takeOf('6', { time: HOUR })
    await ask(ledger, took, takeOf('-4', { time: 2 * HOUR }))
    await undo(ledger, took)
    const left = (await overageIn(ledger)).map(([, units]) => Number(units))
    expect(left.reduce((sum, units) => sum + units, 0)).toBe(0)
    expect((await balanceOf(ledger))?.usedOverage).toBe('0')
    expect(await ask(ledger, takeOf('5', { time: HOUR }))).toEqual(['TAKEN 5 1'])
    expect((await balanceOf(ledger))?.usedOverage).toBe('1')
  })

  it('is remembered until its time is settled and a month and a half are over', async () => {
    const ledger = await ledgerWith(grantOf('a'))
    const acts = [takeOf('1', { time: 10 }), takeOf('1', { time: 20 }), takeOf('1', { time: 10 })]
    await ask(ledger, ...acts)
    await runInDurableObject(ledger, (_, { storage: { sql } }) =>
      sql.exec('UPDATE feature_take SET taken_at = 1 WHERE reference <> ?', acts[2]?.reference),
    )
    await ledger.putGrants([...grantsOf([], { settledUntil: 20 }), { account: 'other', grants: [], begunAt: null, settledUntil: 50 }], 1)
    for (const act of acts) await undo(ledger, act)
    expect(await usedOf(ledger)).toEqual({ a: '1' })
  })

  it('has what it took forgotten faster than others take, once that cannot be taken back', async () => {
    const ledger = accountLedger()
    const settledUntil = Date.now()
    const acts = Array.from({ length: 6000 }, (_, nth) => takeOf('1', { time: nth < 5500 ? nth : settledUntil + nth }))
    await ledger.putGrants(grantsOf([grantOf('a', { granted: '7000', until: settledUntil + 10_000 })]), 1)
    await ask(ledger, ...acts)
    const countTakes = () =>
      runInDurableObject(ledger, (_, { storage: { sql } }) => sql.exec<{ n: number }>('SELECT count(*) AS n FROM feature_take').one().n)
    await runInDurableObject(ledger, (_, { storage: { sql } }) => {
      sql.exec('UPDATE feature_take SET taken_at = ? WHERE time < ?', Date.now() - 46 * 24 * HOUR, settledUntil)
    })
    await ledger.putGrants(grantsOf([], { begunAt: 1, settledUntil }), 1)
    expect(await countTakes()).toBe(1000)
    await ask(ledger, ...Array.from({ length: 400 }, () => takeOf('1', { time: settledUntil })))
    expect(await countTakes()).toBe(900)
    await undo(ledger, acts[5999] as FeatureAct)
    await undo(ledger, acts[0] as FeatureAct)
    expect(await usedOf(ledger)).toEqual({ a: '6399' })
  })
})

describe('what was granted', () => {
  it('is what its newest version says, in whatever order versions come, and keeps what was taken of it', async () => {
    const versions = [
      grantOf('a'),
      grantOf('a', { granted: '20', until: 90, version: 2 }),
      grantOf('a', { granted: '3', until: 80, version: 3 }),
    ]
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [1, 2, 0, 1, 2],
    ]) {
      const ledger = accountLedger()
      for (const [nth, at] of order.entries()) {
        await ledger.putGrants(grantsOf([versions[at] as FeatureGrant]), nth)
        if (nth === 0) await ask(ledger, takeOf('2'))
      }
      expect(await entriesOf(ledger)).toMatchObject([{ granted: '3', until: 80, version: 3, used: '2', from: 0 }])
      expect(await ask(ledger, takeOf('1.5'), takeOf('1'))).toEqual(['SHORT 1', 'TAKEN 0 0'])
    }
  })

  it('is not changed by another grant of the same version, and may be less than was taken', async () => {
    const ledger = await ledgerWith(grantOf('a'))
    await ask(ledger, takeOf('8'))
    await ledger.putGrants(grantsOf([grantOf('a', { granted: '99' })]), 5)
    expect(await entriesOf(ledger)).toMatchObject([{ granted: '10', updatedAt: 50 }])
    await ledger.putGrants(grantsOf([grantOf('a', { granted: '5', version: 2 })]), 5)
    expect(await entriesOf(ledger)).toMatchObject([{ granted: '5', used: '8', updatedAt: 5 }])
    expect(await balanceOf(ledger)).toMatchObject({ granted: '5', balance: '0' })
    expect(await ask(ledger, takeOf('1'), takeOf('-4'), takeOf('1'))).toEqual(['SHORT 0', 'TAKEN 0 0', 'TAKEN 0 0'])
  })

  it('comes in many entries of many accounts at once', async () => {
    const ledger = accountLedger()
    const grants = Array.from({ length: 300 }, (_, nth) => grantOf(`a${nth}`, { granted: '1' }))
    await ledger.putGrants([...grantsOf(grants), { account: 'b', grants: [grantOf('b')], begunAt: 7, settledUntil: 0 }], 1)
    expect(await ask(ledger, takeOf('301'), takeOf('300'), takeOf('1', { account: 'b', cycleAt: 7 }))).toEqual([
      'SHORT 300',
      'TAKEN 0 0',
      'TAKEN 0 0',
    ])
  })
})

describe('an entry that is changed', () => {
  it('has another end or number of units, if that is no less than was taken', async () => {
    const ledger = await ledgerWith(grantOf('a'))
    await ask(ledger, takeOf('4'))
    expect(await ledger.changeGrant(changeOf('a', { granted: '3.9' }), 60)).toMatchObject({
      outcome: 'USED',
      entry: { granted: '10', used: '4', version: 1 },
    })
    const done = {
      outcome: 'DONE',
      entry: { ...grantOf('a', { granted: '4', until: 200, version: 2 }), used: '4', updatedAt: 60 },
    }
    expect(await ledger.changeGrant(changeOf('a', { granted: '4', until: 200 }), 60)).toEqual(done)
    expect(await entriesOf(ledger)).toEqual([done.entry])
    expect(await ask(ledger, takeOf('1', { time: 150 }))).toEqual(['SHORT 0'])
    expect(await change(ledger, 'a', { granted: null, until: 200, version: 3 })).toBe('DONE')
    expect(await ask(ledger, takeOf('1000', { time: 150 }))).toEqual(['TAKEN 0 0'])
  })

  it('is changed once by a version, and not by an older grant after that', async () => {
    const ledger = await ledgerWith(grantOf('a'))
    expect(await change(ledger, 'a', { granted: '7', version: 3 })).toBe('DONE')
    expect(await ledger.changeGrant(changeOf('a', { granted: '9', version: 3 }), 99)).toMatchObject({
      outcome: 'DONE',
      entry: { granted: '7', updatedAt: 60 },
    })
    expect(await change(ledger, 'a', { granted: '9', version: 2 })).toBe('DONE')
    await ledger.putGrants(grantsOf([grantOf('a', { granted: '9', version: 2 })]), 1)
    expect(await entriesOf(ledger)).toMatchObject([{ granted: '7', version: 3 }])
  })

  it('is void with what was taken of it, and ends there', async () => {
    const ledger = await ledgerWith(grantOf('a'))
    await ask(ledger, takeOf('4'))
    expect(await change(ledger, 'a', { isVoid: true, granted: '0' })).toBe('DONE')
    expect(await entriesOf(ledger)).toMatchObject([{ isVoid: true, used: '4' }])
    expect(await change(ledger, 'a', { version: 3 })).toBe('ENDED')
    expect(await change(ledger, 'a', { isVoid: true, version: 2 })).toBe('DONE')
    expect(await ask(ledger, takeOf('1'))).toEqual(['SHORT 0'])
  })

  it('must be there, and not have ended', async () => {
    const ledger = await ledgerWith(grantOf('a'))
    expect(await ledger.changeGrant(changeOf('b'), 60)).toEqual({ outcome: 'ABSENT' })
    expect(await change(ledger, 'a', { account: 'other' })).toBe('ABSENT')
    expect(await change(ledger, 'a', { until: 300 }, 100)).toBe('ENDED')
    expect(await entriesOf(ledger)).toMatchObject([{ until: 100, version: 1 }])
    expect(await change(ledger, 'a', { until: 300 }, 99)).toBe('DONE')
  })
})

describe('what is read of credits', () => {
  it('is overage by the hour, for each question, without hours that come to 0', async () => {
    const ledger = await ledgerWith(overageOf('o', { until: 10 * HOUR }), overageOf('p', { feature: 'zips', until: 10 * HOUR }))
    const [gone, zip] = [takeOf('5', { time: 3 * HOUR }), { feature: 'zips', time: 2 * HOUR }]
    await ask(
      ledger,
      takeOf('1.25', { time: 2 * HOUR - 1 }),
      takeOf('2', { time: HOUR }),
      takeOf('3', { time: 2 * HOUR }),
      gone,
      takeOf('4', zip),
    )
    await undo(ledger, gone)
    const query = { account: 'acme', from: 0, until: 10 * HOUR }
    const calls = [
      ['calls', HOUR, '3.25'],
      ['calls', 2 * HOUR, '3'],
    ]
    expect(
      await ledger.readOverage([
        { ...query, features: ['zips', 'calls', 'none'] },
        { ...query, features: ['calls'], from: HOUR, until: 2 * HOUR },
        { ...query, features: ['calls'], account: 'other' },
        { ...query, features: [] },
      ]),
    ).toEqual([[['zips', 2 * HOUR, '4'], ...calls], [calls[0]], [], []])
  })

  it('is the balance of each feature at an instant, with the limit of overage or none', async () => {
    const ledger = await ledgerWith(
      grantOf('a', { until: 90 }),
      grantOf('b', { from: 60 }),
      grantOf('c', { isVoid: true }),
      overageOf('o', { until: 90, granted: '2' }),
      overageOf('p', { until: 80, granted: '3.5' }),
      overageOf('q', { from: 90 }),
      grantOf('z', { feature: 'zips' }),
      grantOf('y', { feature: 'acts', from: 95 }),
    )
    await ask(ledger, takeOf('11'), takeOf('1.5', { feature: 'zips' }))
    const zips = { feature: 'zips', granted: '10', balance: '8.5', usedOverage: '0' }
    const calls = { feature: 'calls', granted: '10', balance: '0', usedOverage: '1', overageLimit: '5.5' }
    expect(await ledger.readBalances('acme', 50)).toEqual([calls, zips])
    expect(await ledger.readBalances('acme', 50, 'zips')).toEqual([zips])
    expect(await balanceOf(ledger, 60)).toEqual({ ...calls, granted: '20', balance: '10' })
    expect(await balanceOf(ledger, 80)).toEqual({ ...calls, granted: '20', balance: '10', usedOverage: '0', overageLimit: '2' })
    expect(await balanceOf(ledger, 90)).toEqual({ ...calls, balance: '10', usedOverage: '0', overageLimit: null })
    expect((await ledger.readBalances('acme', 95)).map(({ feature }) => feature)).toEqual(['acts', 'calls', 'zips'])
    expect(await ledger.readBalances('acme', 100)).toEqual([])
    expect(await ledger.readBalances('other', 50)).toEqual([])
  })

  it('is the entries of a feature, from the last that begins, in pages, or some of them by their ids', async () => {
    const ledger = await ledgerWith(
      grantOf('a', { from: 10 }),
      grantOf('b', { from: 20 }),
      grantOf('c', { from: 10 }),
      grantOf('d', { feature: 'zips' }),
    )
    const page = async (after?: readonly [number, string]) =>
      (await ledger.listFeatureEntries({ account: 'acme', feature: 'calls', limit: 2, ...(after && { after }) })).map(({ id }) => id)
    expect(await page()).toEqual(['b', 'c'])
    expect(await page([10, 'c'])).toEqual(['a'])
    expect(await page([10, 'a'])).toEqual([])
    const found = await ledger.readFeatureEntries('acme', [
      ['zips', 'd'],
      ['calls', 'd'],
      ['calls', 'a'],
    ])
    expect(found).toEqual([
      { ...grantOf('d', { feature: 'zips' }), used: '0', updatedAt: 1 },
      { ...grantOf('a', { from: 10 }), used: '0', updatedAt: 1 },
    ])
  })
})

const FEATURES = ['calls', 'zips'] as const
const HALF = HOUR / 2
const instant = (most: number) => fc.integer({ min: 0, max: most }).map((halves) => halves * HALF)
/** A value, or more often none. */
const maybe = <Value>(value: fc.Arbitrary<Value>) =>
  fc.oneof({ weight: 5, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value })

/** What is granted at first, so that there is something to be taken. */
const FIRST = [
  grantOf('a', { until: 6 * HALF }),
  grantOf('b', { from: HALF, until: 8 * HALF }),
  overageOf('o', { until: 9 * HALF, granted: '8' }),
]

const aGrant = fc
  .record({
    feature: fc.constantFrom('calls' as const, 'calls' as const, ...FEATURES),
    id: fc.constantFrom('a', 'b', 'c', 'd', 'o', 'p'),
    from: instant(3),
    until: instant(10),
    granted: fc.constantFrom(null, '0', '2.5', '5', '8', '10'),
    isVoid: fc.nat(9).map((dice) => dice === 0),
    version: fc.integer({ min: 1, max: 9 }),
  })
  .map((grant): FeatureGrant => ({
    ...grant,
    source: grant.id >= 'o' ? 'OVERAGE' : 'PRICE_PLAN',
    granted: grant.id < 'o' && grant.granted === null ? '4' : grant.granted,
  }))

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('put' as const),
      grants: fc.array(aGrant, { minLength: 1, maxLength: 4 }),
      begunAt: maybe(instant(8)),
    }),
  },
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant('take' as const),
      feature: fc.constantFrom('calls' as const, 'calls' as const, ...FEATURES),
      units: fc.constantFrom('0', '0.1', '1', '2.5', '4', '7', '12.3', '-0.5', '-2', '-4', '-20'),
      time: instant(10),
      cycleAt: maybe(instant(4)),
      how: fc.constantFrom(undefined, undefined, 'isEntitled' as const, 'isTried' as const, 'try' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('again' as const), nth: fc.nat() }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('undo' as const), nth: fc.nat(), isNew: fc.nat(7), now: instant(14) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('conclude' as const), nth: fc.nat(), isNew: fc.nat(3) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('change' as const),
      grant: aGrant,
      id: fc.constantFrom('a', 'b', 'c', 'o'),
      ahead: fc.integer({ min: 0, max: 3 }),
      now: instant(8),
    }),
  },
)
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never

const shownOf = ({ id, source, from, until, used, granted, isVoid, version }: FeatureEntry): string =>
  `${id} ${source} ${from}-${until} ${used}/${granted ?? 'any'} ${isVoid} ${version}`

/** Holds that a ledger knows what a model does. */
const agree = (ledger: AccountLedger, its: model.Model): void => {
  for (const feature of FEATURES)
    expect(ledger.listFeatureEntries({ account: 'acme', feature, limit: 1000 }).map(shownOf)).toEqual(model.list(its, feature))
  for (const at of [1, 5, 8])
    expect(
      ledger
        .readBalances('acme', at * HALF)
        .map(
          ({ feature, balance, granted, usedOverage, overageLimit = 'none' }) =>
            `${feature} ${balance}/${granted} ${usedOverage}/${overageLimit ?? 'any'}`,
        ),
    ).toEqual(model.balances(its, at * HALF))
  const [rows = []] = ledger.readOverage([{ account: 'acme', features: FEATURES, from: 0, until: 10 * HOUR }])
  expect(rows.map((row) => row.join(' ')).toSorted()).toEqual(model.overage(its))
}

/** Holds what must be true of entries, whatever has happened: of what is used, and of what events took that are not undone. */
const holdTrue = (ledger: AccountLedger, sql: SqlStorage, its: model.Model, lowered: ReadonlySet<string>): void => {
  const parts = sql
    .exec<{ feature: string; parts: string }>('SELECT feature, parts FROM feature_take WHERE parts IS NOT NULL')
    .toArray()
    .flatMap(({ feature, parts: json }) =>
      (JSON.parse(json) as [string, string][]).map(([id, units]) => ({ key: `${feature} ${id}`, units })),
    )
  const taken = Map.groupBy(parts, ({ key }) => key)
  for (const feature of FEATURES) {
    const entries = ledger.listFeatureEntries({ account: 'acme', feature, limit: 1000 })
    for (const { id, used, granted } of entries) {
      const key = `${feature} ${id}`
      const sum = (taken.get(key) ?? []).reduce((total, { units }) => total + Math.round(Number(units) * 10), 0)
      const aside = its.entries.find((entry) => entry.feature === feature && entry.id === id)?.aside ?? 0
      expect(used).toBe(model.inTenths(Math.max(0, sum + aside)))
      if (granted !== null && !lowered.has(key)) expect(Number(used)).toBeLessThanOrEqual(Number(granted))
    }
    const overage = entries.filter(({ source }) => source === 'OVERAGE').reduce((sum, { used }) => sum + Math.round(Number(used) * 10), 0)
    const [rows = []] = ledger.readOverage([{ account: 'acme', features: [feature], from: 0, until: 10 * HOUR }])
    expect(rows.reduce((sum, [, , units]) => sum + Math.round(Number(units) * 10), 0)).toBe(overage)
  }
}

/** A ledger, what it is to know, what was asked of it, and the entries that may have been granted less than was taken. */
interface World {
  ledger: AccountLedger
  its: model.Model
  acts: FeatureAct[]
  lowered: Set<string>
  outcomes: Set<string>
}

const takeBoth = ({ ledger, its, outcomes }: World, act: FeatureAct): void => {
  const outcome = model.take(its, act, HOUR)
  expect(ledger.applyActs([act], act.time).map(inShort)).toEqual([outcome])
  outcomes.add(`${Number(act.units) < 0 ? 'BACK ' : ''}${outcome.split(' ')[0] ?? ''}`)
}

/** The reference of an event that has been asked for, or of one that has not. */
const referenceOf = ({ acts }: World, nth: number, isNew: boolean): string =>
  (isNew ? undefined : acts[nth % Math.max(acts.length, 1)]?.reference) ?? takeOf('0').reference

const doStep = (world: World, todo: Step): void => {
  const { ledger, its, acts, lowered, outcomes } = world
  if (todo.do === 'put') {
    for (const { feature, id } of todo.grants)
      if (its.entries.some((entry) => entry.feature === feature && entry.id === id)) lowered.add(`${feature} ${id}`)
    ledger.putGrants(grantsOf(todo.grants, { begunAt: todo.begunAt ?? null }), 1)
    model.put(its, todo.grants, todo.begunAt ?? null)
  } else if (todo.do === 'take') {
    const { feature, units, time, cycleAt, how } = todo
    const act = takeOf(units, {
      feature,
      time,
      ...(cycleAt !== undefined && { cycleAt }),
      ...(how !== undefined && how !== 'try' && { [how]: true }),
    })
    if (how === 'try') ledger.tryActs([act, act], time)
    acts.push(act)
    takeBoth(world, act)
  } else if (todo.do === 'again') {
    const act = acts[todo.nth % Math.max(acts.length, 1)]
    if (act) takeBoth(world, act)
  } else if (todo.do === 'undo') {
    const reference = referenceOf(world, todo.nth, todo.isNew === 0)
    ledger.revertActs([{ reference, isFeature: true }], todo.now)
    model.undo(its, reference, todo.now, HOUR)
  } else if (todo.do === 'conclude') {
    const reference = referenceOf(world, todo.nth, todo.isNew === 0)
    expect(inShort(ledger.concludeTake(reference, 1))).toBe(model.conclude(its, reference))
  } else {
    const { id } = todo
    const { feature, until, granted, isVoid } = todo.grant
    const version = (its.entries.find((entry) => entry.feature === feature && entry.id === id)?.version ?? 1) + todo.ahead
    const asked = { account: 'acme', feature, id, until, granted, isVoid, version }
    if (isVoid) lowered.add(`${feature} ${id}`)
    const { outcome } = ledger.changeGrant(asked, todo.now)
    expect(outcome).toBe(model.change(its, asked, todo.now))
    outcomes.add(outcome)
  }
}

it('a ledger has of the credits of an account what a plain list of all that was taken says, whatever is asked of it', async () => {
  const outcomes = new Set<string>()
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 40 }), async (steps) => {
      await runInDurableObject(accountLedger(), (ledger: AccountLedger, { storage: { sql } }) => {
        const world: World = { ledger, its: model.newModel(), acts: [], lowered: new Set(), outcomes }
        doStep(world, { do: 'put', begunAt: undefined, grants: FIRST })
        for (const todo of steps) {
          doStep(world, todo)
          agree(ledger, world.its)
          holdTrue(ledger, sql, world.its, world.lowered)
        }
        if (world.its.entries.some(({ source }) => source === 'REFUND')) outcomes.add('REFUND')
      })
    }),
    { numRuns: 80 },
  )
  expect(outcomes.size).toBeGreaterThan(9)
})

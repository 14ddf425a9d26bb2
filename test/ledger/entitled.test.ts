import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import {
  type Act,
  type ActOutcome,
  DAY,
  type EventShown,
  type FeatureAct,
  HOUR,
  type RecordHead,
  type RecordedEntitled,
  SOURCES,
  type Settlement,
  codeOf,
  settleAct,
} from '../../src/ledger/client.ts'
import { ask, grantOf, grantsOf, overageOf, takeOf } from '../helpers/features.ts'
import {
  DUPLICATE,
  END,
  HEAD,
  HOUR_OF_TESTS,
  IN_PROGRESS,
  METERED,
  PAST_GRACE,
  type TestEvent,
  accountLedger,
  batchOf,
  eventLedger,
  newName,
  runDueWork,
  sumsOf,
} from '../helpers/ledger.ts'

type Ledger = ReturnType<typeof eventLedger>

const ENTITLED = SOURCES.indexOf('ENTITLED')
const SHORT_OF_CREDITS = codeOf('INGESTION_FAILED_INSUFFICIENT_CREDITS')
const UNITS_INVALID = codeOf('INGESTION_FAILED_UNITS_INVALID')
const WINDOW = { from: HOUR_OF_TESTS - DAY, until: END }

/** An event that is metered with 7 if it gets 4 credits. */
const actOf = (accounts: string, reference: string, more: Partial<FeatureAct> = {}): FeatureAct =>
  takeOf('4', {
    ledger: accounts,
    time: HOUR_OF_TESTS,
    reference,
    next: { status: METERED, units: ['7'], why: null },
    ...more,
  })

const takingEvent = (id: string, accounts: string, more: Partial<TestEvent> = {}, its: Partial<FeatureAct> = {}): TestEvent => {
  const { reference = `event.${id}` } = more
  return { id, status: IN_PROGRESS, units: { m: '7' }, reference, act: actOf(accounts, reference, its), ...more }
}

const entitledEvent = (id: string, accounts: string, more: Partial<TestEvent> = {}): TestEvent =>
  takingEvent(id, accounts, more, { isEntitled: true })

const recorded = async (
  ledger: Ledger,
  event: TestEvent,
  { isTried = false, ...head }: Partial<RecordHead> & { isTried?: boolean } = {},
) => {
  const { state, reference } = (await ledger.recordEntitled(batchOf([event], { source: ENTITLED, ...head }), isTried)) as RecordedEntitled
  return `${state} ${reference}`
}

/** A ledger of accounts in which acme has ten credits, and overage of one. */
const accountsWith = async (): Promise<string> => {
  const name = newName()
  await accountLedger(name).putGrants(grantsOf([grantOf('a', WINDOW), overageOf('o', { ...WINDOW, granted: '1' })]), 1)
  return name
}

const usedIn = async (accounts: string): Promise<string> => {
  const entries = await accountLedger(accounts).listFeatureEntries({ account: 'acme', feature: 'calls', limit: 100 })
  return entries.map(({ id, used }) => `${id} ${used}`).join()
}

const eventsOf = async (ledger: Ledger) => (await ledger.listEvents({ limit: 100 })) as EventShown[]

/** The events that there are, by id, with their statuses, in the list of all and in that of their account. */
const statusesOf = async (ledger: Ledger): Promise<Record<string, number>> => {
  const statuses = (events: readonly { id: string; status: number }[]) => Object.fromEntries(events.map(({ id, status }) => [id, status]))
  const all = statuses(await eventsOf(ledger))
  expect(statuses(await ledger.listEvents({ accounts: ['=acme'], limit: 100 }))).toEqual(all)
  return all
}

const rowsIn = (ledger: Ledger, table: string): Promise<number> =>
  runInDurableObject(ledger, (_, { storage: { sql } }) => sql.exec(`SELECT * FROM ${table}`).toArray().length)

/** What a request settles once the ledger of the account has answered. */
const settlementFor = async (ledger: Ledger, event: TestEvent, outcome: ActOutcome): Promise<Settlement> => {
  const shown = (await ledger.readEvent(event.id, event.reference ?? '')) as EventShown
  return settleAct(shown, event.act as Act, outcome) as Settlement
}

const TAKEN: ActOutcome = { outcome: 'TAKEN', overage: '0', overageSoFar: '0' }

const nothingOf = async (ledger: Ledger): Promise<void> => {
  expect(await eventsOf(ledger)).toEqual([])
  expect(await sumsOf(ledger)).toEqual({})
  for (const table of ['event', 'past', 'timeline', 'listing', 'progress']) expect([table, await rowsIn(ledger, table)]).toEqual([table, 0])
}

describe('an event that is kept only if there are enough credits', () => {
  it('is recorded in progress, and open for whoever sends the same again until it is settled', async () => {
    const [ledger, accounts] = [eventLedger(), newName()]
    const event = entitledEvent('ann', accounts, { request: 'key 1' })
    expect(await recorded(ledger, event)).toBe('NEW event.ann')
    expect(await eventsOf(ledger)).toMatchObject([{ id: 'ann', status: IN_PROGRESS, source: ENTITLED, customer: 'customer of acme' }])
    const again = [
      event,
      { ...event, payload: { other: 1 } },
      { ...event, reference: 'event.b' },
      { ...event, reference: 'event.b', payload: { other: 1 } },
      { ...event, reference: 'event.b', request: 'key 2' },
    ]
    for (const one of again) expect(await recorded(ledger, one)).toBe('OPEN event.ann')
    await evictDurableObject(ledger)
    expect(await recorded(ledger, event)).toBe('OPEN event.ann')
    const other = { ...event, reference: 'event.b', request: 'key 2', payload: { other: 1 } }
    expect(await recorded(ledger, other)).toBe('HELD event.ann')
    expect(await rowsIn(ledger, 'event')).toBe(1)
    expect(await rowsIn(ledger, 'progress')).toBe(1)
    await ledger.settle(undefined, [await settlementFor(ledger, event, TAKEN)])
    for (const one of again.slice(0, 4)) expect(await recorded(ledger, one)).toBe('DONE event.ann')
    for (const one of [again[4], other]) expect(await recorded(ledger, one as TestEvent)).toBe('TAKEN event.ann')
    expect(await sumsOf(ledger)).toEqual({ '=acme e|1|calls': '0/1', '=acme m|m': '7/1' })
  })

  it('has no id that another event has, for 45 days, in whatever way that came', async () => {
    const [ledger, accounts] = [eventLedger(), newName()]
    await ledger.record(batchOf([{ id: 'ann' }, takingEvent('bob', accounts)]))
    const [ann, bob] = [entitledEvent('ann', accounts, { reference: 'event.x' }), entitledEvent('bob', accounts, { reference: 'event.y' })]
    const [heldAnn] = (await ledger.listEvents({ ids: ['ann'], limit: 1 })) as EventShown[]
    expect(await recorded(ledger, ann)).toBe(`TAKEN ${heldAnn?.reference}`)
    expect(await recorded(ledger, bob)).toBe('TAKEN event.bob')
    expect(await recorded(ledger, { ...bob, reference: 'event.bob' })).toBe('DONE event.bob')
    expect(await recorded(ledger, ann, { createdAt: HOUR_OF_TESTS + 45 * DAY - 1 })).toBe(`TAKEN ${heldAnn?.reference}`)
    expect(await recorded(ledger, ann, { createdAt: HOUR_OF_TESTS + 45 * DAY })).toBe('NEW event.x')
    expect((await ledger.listEvents({ ids: ['ann'], limit: 9 })).map(({ reference, status }) => [reference, status])).toEqual(
      expect.arrayContaining([
        [heldAnn?.reference, METERED],
        ['event.x', IN_PROGRESS],
      ]),
    )
    expect(await recorded(ledger, entitledEvent('cid', accounts, { status: DUPLICATE }))).toBe('TAKEN event.cid')
    expect(await statusesOf(ledger)).not.toHaveProperty('cid')
  })

  it('is done for its own request though it was undone since', async () => {
    const [ledger, accounts] = [eventLedger(), newName()]
    const event = entitledEvent('ann', accounts, { request: 'key 1' })
    await recorded(ledger, event)
    await ledger.settle(undefined, [await settlementFor(ledger, event, TAKEN)])
    await ledger.revert(['ann', 'event.ann'], { refused: [], kept: [] })
    expect(await recorded(ledger, event)).toBe('DONE event.ann')
    expect(await recorded(ledger, { ...event, reference: 'event.b' })).toBe('DONE event.b')
    expect(await recorded(ledger, { ...event, reference: 'event.b', request: 'key 2' })).toBe('NEW event.b')
  })

  it('is not recorded in a time that is closed, nor with versions that are outdated', async () => {
    const [ledger, accounts] = [eventLedger(), newName()]
    await ledger.closeAndSum('=acme', HOUR_OF_TESTS, HOUR_OF_TESTS + HOUR)
    expect(await recorded(ledger, entitledEvent('ann', accounts))).toBe('CLOSED event.ann')
    await ledger.tell(3, { '=acme': 5 })
    const stale = (head: Partial<RecordHead>) => ledger.recordEntitled(batchOf([entitledEvent('ann', accounts)], head), false)
    expect(await stale({ version: 2 })).toEqual({ stale: { version: 3 } })
    expect(await stale({ version: 3, accounts: { '=acme': 4 } })).toEqual({ stale: { accounts: { '=acme': 5 } } })
    await nothingOf(ledger)
    const before = entitledEvent('ann', accounts, { time: HOUR_OF_TESTS - 1 })
    expect(await recorded(ledger, before, { version: 3, accounts: { '=acme': 5 } })).toBe('NEW event.ann')
  })

  it('is only tried with nothing kept of it', async () => {
    const [ledger, accounts] = [eventLedger(), newName()]
    for (let time = 0; time < 2; time++)
      expect(await recorded(ledger, entitledEvent('ann', accounts), { isTried: true })).toBe('NEW event.ann')
    await nothingOf(ledger)
    await recorded(ledger, entitledEvent('ann', accounts))
    expect(await recorded(ledger, entitledEvent('ann', accounts), { isTried: true })).toBe('OPEN event.ann')
    const later = { isTried: true, createdAt: HOUR_OF_TESTS + 50 * DAY }
    expect(await recorded(ledger, entitledEvent('ann', accounts, { reference: 'event.b' }), later)).toBe('NEW event.b')
    expect((await eventsOf(ledger)).map(({ reference }) => reference)).toEqual(['event.ann'])
  })

  it('that takes no credits is kept at once', async () => {
    const ledger = eventLedger()
    expect(await recorded(ledger, { id: 'ann', reference: 'event.ann', units: { m: '3' } })).toBe('NEW event.ann')
    expect(await recorded(ledger, { id: 'ann', reference: 'event.ann', units: { m: '3' } })).toBe('DONE event.ann')
    expect(await sumsOf(ledger)).toEqual({ '=acme e|1|calls': '0/1', '=acme m|m': '3/1' })
    expect(await rowsIn(ledger, 'progress')).toBe(0)
  })
})

describe('an event that is dropped for want of credits', () => {
  it('leaves nothing, and its id is free', async () => {
    for (const isFolded of [false, true]) {
      const [ledger, accounts] = [eventLedger(), newName()]
      const event = entitledEvent('ann', accounts, { request: 'key 1' })
      await recorded(ledger, event)
      if (isFolded) expect(await statusesOf(ledger)).toEqual({ ann: IN_PROGRESS })
      await ledger.dropEntitled('ann', 'event.ann')
      expect(await eventsOf(ledger)).toEqual([])
      expect(await ledger.listEvents({ accounts: ['=acme'], limit: 9 })).toEqual([])
      expect(await sumsOf(ledger)).toEqual({})
      for (const table of ['event', 'past', 'timeline', 'listing', 'progress', 'journal'])
        expect([table, await rowsIn(ledger, table)]).toEqual([table, 0])
      await ledger.dropEntitled('ann', 'event.ann')
      expect(await sumsOf(ledger)).toEqual({})
      const other = entitledEvent('ann', accounts, { reference: 'event.b', payload: { other: 1 }, request: 'key 1' })
      expect(await recorded(ledger, other)).toBe('NEW event.b')
      await ledger.dropEntitled('ann', 'event.ann')
      expect(await statusesOf(ledger)).toEqual({ ann: IN_PROGRESS })
      expect(await sumsOf(ledger)).toEqual({ '=acme e|0|calls': '0/1' })
    }
  })

  it('must be in progress, and of those that are kept only with enough', async () => {
    const [ledger, accounts] = [eventLedger(), newName()]
    const ann = entitledEvent('ann', accounts)
    await recorded(ledger, ann)
    await ledger.record(batchOf([takingEvent('bob', accounts)]))
    await ledger.settle(undefined, [await settlementFor(ledger, ann, TAKEN)])
    await ledger.dropEntitled('ann', 'event.ann')
    await ledger.dropEntitled('bob', 'event.bob')
    expect(await statusesOf(ledger)).toEqual({ ann: METERED, bob: IN_PROGRESS })
    expect(await rowsIn(ledger, 'progress')).toBe(1)
  })

  it('leaves others of its account and hour as they were', async () => {
    const [ledger, accounts] = [eventLedger(), newName()]
    for (const id of ['ann', 'bob']) await recorded(ledger, entitledEvent(id, accounts))
    await ledger.record(batchOf([{ id: 'cid', units: { m: '2' } }]))
    await ledger.dropEntitled('ann', 'event.ann')
    expect(await statusesOf(ledger)).toEqual({ bob: IN_PROGRESS, cid: METERED })
    expect(await sumsOf(ledger)).toEqual({ '=acme e|0|calls': '0/1', '=acme e|1|calls': '0/1', '=acme m|m': '2/1' })
    expect(await rowsIn(ledger, 'progress')).toBe(1)
  })
})

describe('the alarm', () => {
  it('settles an event whose sender has gone if its credits were taken, and removes it if not, for good', async () => {
    const [ledger, accounts] = [eventLedger(), await accountsWith()]
    const [ann, bob, cid] = ['ann', 'bob', 'cid'].map((id) => entitledEvent(id, accounts)) as [TestEvent, TestEvent, TestEvent]
    for (const event of [ann, bob, cid]) await recorded(ledger, event)
    const large = { ...cid.act, units: '20' } as FeatureAct
    expect(await ask(accountLedger(accounts), ann.act as Act, large)).toEqual(['TAKEN 0 0', 'SHORT 7'])
    await evictDurableObject(ledger)
    await runDueWork(ledger)
    expect(await statusesOf(ledger)).toEqual({ ann: METERED })
    expect(await eventsOf(ledger)).toMatchObject([{ units: ['7'], more: { feature: ['calls', 'calls', '0', '0'] } }])
    expect(await sumsOf(ledger)).toEqual({ '=acme e|1|calls': '0/1', '=acme m|m': '7/1' })
    expect(await rowsIn(ledger, 'progress')).toBe(0)
    expect(await ask(accountLedger(accounts), ann.act as Act, bob.act as Act, cid.act as Act)).toEqual(['TAKEN 0 0', 'GONE', 'GONE'])
    expect(await usedIn(accounts)).toBe('o 0,a 4')
    expect(await recorded(ledger, { ...bob, reference: 'event.b' })).toBe('NEW event.b')
    expect(await recorded(ledger, ann)).toBe('DONE event.ann')
  })

  it('leaves an event that was settled or dropped meanwhile', async () => {
    const [ledger, accounts] = [eventLedger(), await accountsWith()]
    const [ann, bob] = ['ann', 'bob'].map((id) => entitledEvent(id, accounts)) as [TestEvent, TestEvent]
    for (const event of [ann, bob]) await recorded(ledger, event)
    await ledger.settle(HEAD, [await settlementFor(ledger, ann, TAKEN)])
    await ledger.dropEntitled('bob', 'event.bob')
    await runDueWork(ledger)
    expect(await statusesOf(ledger)).toEqual({ ann: METERED })
    expect(await ask(accountLedger(accounts), bob.act as Act)).toEqual(['TAKEN 0 0'])
  })

  it('asks for the credits of ordinary events, which are kept whether there are enough or not', async () => {
    const [ledger, accounts] = [eventLedger(), await accountsWith()]
    await ledger.record(
      batchOf([
        takingEvent('ann', accounts, {}, { units: '10.5' }),
        takingEvent('bob', accounts, {}, { units: '0.75' }),
        takingEvent('cid', accounts, {}, { units: '0.5', isTried: true, next: { status: UNITS_INVALID, units: null, why: 'no number' } }),
      ]),
    )
    await runDueWork(ledger)
    expect(await statusesOf(ledger)).toEqual({ ann: METERED, bob: SHORT_OF_CREDITS, cid: UNITS_INVALID })
    const [ann, bob, cid] = (await eventsOf(ledger)).toSorted((one, other) => (one.id < other.id ? -1 : 1))
    expect(ann).toMatchObject({ units: ['7'], more: { feature: ['calls', 'calls', '0.5', '0.5'] } })
    expect(bob).toMatchObject({ units: null, more: { why: expect.stringMatching(/needs 0\.75 .* has 0\.5 /) } })
    expect([cid?.units, cid?.more]).toEqual([null, { why: 'no number' }])
    expect(await usedIn(accounts)).toBe('o 0.5,a 10')
    expect(await sumsOf(ledger)).toEqual({
      '=acme e|1|calls': '0/1',
      '=acme e|7|calls': '0/1',
      '=acme e|13|calls': '0/1',
      '=acme m|m': '7/1',
    })
  })

  it('waits with ordinary events until their pricing cycle has granted its credits', async () => {
    const [ledger, accounts] = [eventLedger(), await accountsWith()]
    await ledger.record(batchOf([takingEvent('ann', accounts, {}, { cycleAt: HOUR_OF_TESTS })]))
    for (let time = 0; time < 2; time++) await runDueWork(ledger)
    expect(await statusesOf(ledger)).toEqual({ ann: IN_PROGRESS })
    const [row] = await runInDurableObject(ledger, (_, { storage: { sql } }) =>
      sql.exec<{ due_at: number; failures: number }>('SELECT * FROM progress').toArray(),
    )
    expect(row?.failures).toBe(2)
    expect(row?.due_at).toBeGreaterThan(Date.now())
    await accountLedger(accounts).putGrants(grantsOf([], { begunAt: HOUR_OF_TESTS }), 1)
    await runDueWork(ledger)
    expect(await statusesOf(ledger)).toEqual({ ann: METERED })
    expect(await usedIn(accounts)).toBe('o 0,a 4')
  })
})

describe('an event in progress whose time is closed', () => {
  const closing = { account: '=acme', from: HOUR_OF_TESTS, until: HOUR_OF_TESTS + HOUR }

  it('says what it has asked of its account, as long as it is in progress', async () => {
    const [ledger, accounts] = [eventLedger(), newName()]
    const ann = entitledEvent('ann', accounts)
    await recorded(ledger, ann)
    await recorded(ledger, entitledEvent('bob', accounts, { time: HOUR_OF_TESTS + HOUR }))
    await ledger.record(batchOf([takingEvent('cid', accounts)]))
    const undoneIn = async () => (await ledger.closeAndSumAll([closing]))[0]?.undone.map(({ reference }) => reference).toSorted()
    expect((await ledger.closeAndSumAll([closing]))[0]?.undone).toContainEqual({
      ledger: accounts,
      reference: 'event.ann',
      isFeature: true,
    })
    expect(await undoneIn()).toEqual(['event.ann', 'event.cid'])
    await ledger.dropEntitled('ann', 'event.ann')
    expect(await undoneIn()).toEqual(['event.cid'])
  })

  it('is removed if it is kept only with enough credits, and gives its credits back', async () => {
    for (const isByRequest of [true, false]) {
      const [ledger, accounts] = [eventLedger(), await accountsWith()]
      const [ann, bob] = ['ann', 'bob'].map((id) => entitledEvent(id, accounts)) as [TestEvent, TestEvent]
      for (const event of [ann, bob]) await recorded(ledger, event)
      expect(await ask(accountLedger(accounts), ann.act as Act)).toEqual(['TAKEN 0 0'])
      await ledger.closeAndSumAll([closing])
      if (isByRequest) {
        const settlement = await settlementFor(ledger, ann, TAKEN)
        expect(await ledger.settle(undefined, [settlement])).toEqual({ settled: 1, closed: ['event.ann'] })
        expect(await statusesOf(ledger)).toEqual({ bob: IN_PROGRESS })
        expect(await usedIn(accounts)).toBe('o 0,a 4')
      }
      for (let time = 0; time < 2; time++) await runDueWork(ledger)
      expect(await statusesOf(ledger)).toEqual({})
      expect(await sumsOf(ledger)).toEqual({})
      for (const table of ['event', 'past', 'timeline', 'listing', 'progress'])
        expect([table, await rowsIn(ledger, table)]).toEqual([table, 0])
      expect(await usedIn(accounts)).toBe('o 0,a 0')
      expect(await ask(accountLedger(accounts), ann.act as Act, bob.act as Act)).toEqual(['GONE', 'GONE'])
      expect(await recorded(ledger, ann)).toBe('CLOSED event.ann')
    }
  })

  it('is past its grace period if it is an ordinary one, and gives its credits back', async () => {
    for (const isByRequest of [true, false]) {
      const [ledger, accounts] = [eventLedger(), await accountsWith()]
      const [ann, bob] = ['ann', 'bob'].map((id) => takingEvent(id, accounts)) as [TestEvent, TestEvent]
      await ledger.record(batchOf([ann, bob]))
      expect(await ask(accountLedger(accounts), ann.act as Act)).toEqual(['TAKEN 0 0'])
      await ledger.closeAndSumAll([closing])
      if (isByRequest)
        expect(await ledger.settle(undefined, [await settlementFor(ledger, ann, TAKEN)])).toEqual({ settled: 1, closed: ['event.ann'] })
      for (let time = 0; time < 2; time++) await runDueWork(ledger)
      expect(await statusesOf(ledger)).toEqual({ ann: PAST_GRACE, bob: PAST_GRACE })
      expect((await eventsOf(ledger)).map(({ units, more }) => [units, more])).toEqual([
        [null, { why: 'The event was processed after its pricing cycle was closed.' }],
        [null, { why: 'The event was processed after its pricing cycle was closed.' }],
      ])
      expect(await sumsOf(ledger)).toEqual({ '=acme e|8|calls': '0/2' })
      expect(await rowsIn(ledger, 'progress')).toBe(0)
      expect(await usedIn(accounts)).toBe('o 0,a 0')
      expect(await ask(accountLedger(accounts), ann.act as Act, bob.act as Act)).toEqual(['GONE', 'GONE'])
    }
  })

  it('is past its grace period too when the closing has taken its credits back before', async () => {
    const [ledger, accounts] = [eventLedger(), await accountsWith()]
    const [ann, bob] = [takingEvent('ann', accounts), entitledEvent('bob', accounts)]
    await ledger.record(batchOf([ann]))
    await recorded(ledger, bob)
    await ask(accountLedger(accounts), ann.act as Act, bob.act as Act)
    const [{ undone = [] } = {}] = (await ledger.closeAndSumAll([closing])) as { undone?: { reference: string; isFeature: boolean }[] }[]
    await accountLedger(accounts).revertActs(undone, HOUR_OF_TESTS)
    expect(await usedIn(accounts)).toBe('o 0,a 0')
    await runDueWork(ledger)
    expect(await statusesOf(ledger)).toEqual({ ann: PAST_GRACE })
    expect(await rowsIn(ledger, 'progress')).toBe(0)
    expect(await usedIn(accounts)).toBe('o 0,a 0')
  })
})

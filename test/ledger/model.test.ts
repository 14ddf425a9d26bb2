import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { DAY, type EventFilter, HOUR, STATUSES, type SumQuery, codeOf } from '../../src/ledger/client.ts'
import type { EventLedger } from '../../src/ledger/event_ledger.ts'
import {
  DUPLICATE,
  END,
  IN_PROGRESS,
  METERED,
  NOT_FOUND,
  PAST_GRACE,
  REVERTED,
  batchOf,
  eventLedger,
  repeatsIn,
  rulesOf,
} from '../helpers/ledger.ts'
import * as model from '../helpers/ledger_model.ts'

const START = Date.UTC(2026, 2, 10)
const UNITS_INVALID = codeOf('INGESTION_FAILED_UNITS_INVALID')
const UNDO = { refused: [IN_PROGRESS, DUPLICATE, REVERTED], kept: [] }
const REDO = { refused: [IN_PROGRESS, DUPLICATE, REVERTED, PAST_GRACE], kept: [UNITS_INVALID] }

const IDS = ['a', 'b', 'c', '\u{1f600}', '\uffff', '%\'|"']
const ACCOUNTS = ['=acme', '=b =c', '=\u{1f600}', '?red', '?blue']
const SCHEMAS = ['calls', 'calls =b', '|']
const TIMES = [0, 1, HOUR - 1, HOUR, HOUR + 1, DAY - 1, DAY, DAY + 90 * 60_000, 9 * DAY, 30 * DAY].map((time) => START + time)
const UNITS = ['1', '-0.5', '12345678901234567890123456789012345678.9', '0', '3.25', '-7']

const anEvent = fc.record({
  id: fc.constantFrom(...IDS),
  time: fc.constantFrom(...TIMES),
  account: fc.constantFrom(...ACCOUNTS),
  schema: fc.constantFrom(...SCHEMAS),
  status: fc.constantFrom(METERED, METERED, METERED, 2, UNITS_INVALID, PAST_GRACE, DUPLICATE),
  units: fc.dictionary(fc.constantFrom('m1', 'm2'), fc.constantFrom(...UNITS), { minKeys: 1 }),
  payload: fc.nat(1),
  isKeyed: fc.boolean(),
})

const window = { from: fc.constantFrom(0, ...TIMES), until: fc.constantFrom(...TIMES, END) }
/** A value, or more often none. */
const maybe = <Value>(value: fc.Arbitrary<Value>, none = 2) =>
  fc.oneof({ weight: none, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value })
const some = <Value>(...values: Value[]) => maybe(fc.subarray(values, { minLength: 1 }))

const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('record' as const),
      events: fc.array(anEvent, { minLength: 1, maxLength: 6 }),
      isTwice: fc.boolean(),
      isOld: fc.boolean(),
      wait: fc.constantFrom(1, 1000, DAY),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('again' as const), nth: fc.nat(), isNew: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('settle' as const),
      name: fc.constantFrom('red', 'blue'),
      account: fc.constantFrom('=acme', '?blue'),
      status: fc.constantFrom(METERED, 2, NOT_FOUND),
      units: fc.constantFrom(...UNITS),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('revert' as const), nth: fc.nat(), isRedo: fc.boolean(), isTwice: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('close' as const), account: fc.constantFrom(...ACCOUNTS.slice(0, 3)), ...window }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lift' as const), account: fc.constantFrom(...ACCOUNTS.slice(0, 3)), ...window }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('tell' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('later' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('evict' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('alarm' as const) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('list' as const),
      filter: fc.record({
        accounts: some(...ACCOUNTS),
        schema: maybe(fc.constantFrom(...SCHEMAS)),
        statuses: some(METERED, 2, UNITS_INVALID, PAST_GRACE, NOT_FOUND, DUPLICATE, REVERTED),
        from: maybe(window.from),
        until: maybe(window.until),
        ids: maybe(fc.subarray(IDS, { minLength: 1 }), 8),
      }),
      page: fc.integer({ min: 1, max: 7 }),
      age: fc.nat(3),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('sum' as const),
      query: fc.record({
        ...window,
        cut: fc.nat(2),
        period: fc.constantFrom('HOUR' as const, 'DAY' as const, 'WEEK' as const, 'MONTH' as const, 'ALL' as const),
        kind: fc.constantFrom('e' as const, 'm' as const),
        series: some('m|m1', 'm|m2', 'e|1|calls', 'e|10|calls', 'e|14||'),
        accounts: some(...ACCOUNTS),
        byAccount: fc.boolean(),
      }),
      by: maybe(fc.constantFrom('ACCOUNT' as const, 'CUSTOMER' as const, 'METER' as const, 'SCHEMA' as const, 'STATUS' as const), 1),
      statuses: some(METERED, 2, REVERTED),
    }),
  },
)
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never

const defined = <Value extends object>(value: Value) =>
  Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as {
    [Key in keyof Value]: Exclude<Value[Key], undefined>
  }

type Ledger = ReturnType<typeof eventLedger>

/** A ledger, what it is to know, and what was sent to it. */
interface World {
  ledger: Ledger
  model: model.Model
  now: number
  version: number
  made: number
  sent: { version: number; events: model.ModelEvent[] }[]
}

const sendEvents = async ({ ledger, model: its }: World, version: number, events: readonly model.ModelEvent[]) => {
  const batch = batchOf(
    events.map(({ units, of, request, ...event }) => ({
      ...event,
      ...(units && { units }),
      ...(of !== undefined && { more: { of } }),
      ...(request !== null && { request }),
    })),
    { version, createdAt: events[0]?.createdAt ?? 0 },
  )
  const answer = await ledger.record(batch)
  const repeats = model.record(its, version, events)
  if (repeats) expect(repeatsIn(answer)).toEqual(repeats)
  else expect(answer).toEqual({ stale: { version: its.version } })
}

const newEvents = (world: World, sent: Extract<Step, { do: 'record' }>['events']): model.ModelEvent[] =>
  sent.map(({ isKeyed, payload, ...event }) => {
    const number = ++world.made
    const status = event.account.startsWith('?') && event.status !== DUPLICATE ? NOT_FOUND : event.status
    return {
      ...event,
      status,
      units: status === METERED ? event.units : null,
      reference: `event.${(number * 7919) % 1009}.${number}`,
      createdAt: world.now,
      payload: { payload },
      request: isKeyed ? `request ${number}` : null,
      holds: false,
      ...(status === DUPLICATE && { of: 'event.elsewhere' }),
    }
  })

const settleWaiting = async ({ ledger, model: its, version }: World, { name, account, status, units }: Extract<Step, { do: 'settle' }>) => {
  const found = await ledger.readWaiting([name], 100, 0)
  expect(found.map(({ id }) => id)).toEqual(model.waiting(its, [name]))
  const unknown = account.startsWith('?')
  const next = {
    status: unknown ? NOT_FOUND : status === NOT_FOUND ? METERED : status,
    account,
    units: !unknown && status !== 2 ? { m1: units } : null,
  }
  const settlements = found.map(({ id, reference }) => ({
    ...next,
    id,
    reference,
    from: NOT_FOUND,
    customer: unknown ? null : 'customer',
    rules: next.units && rulesOf('calls', ['m1']),
    units: next.units && Object.values(next.units),
    more: null,
  }))
  for (let time = 0; time < 2; time++) {
    const done = settlements.map((settlement) => ({
      ...model.settle(its, { ...next, reference: settlement.reference, from: NOT_FOUND }),
      settlement,
    }))
    expect(await ledger.settle({ version, accounts: {} }, settlements)).toEqual({
      settled: done.filter(({ isDone }) => isDone).length,
      closed: done.flatMap(({ isClosed, settlement }) => (isClosed ? [settlement.reference] : [])),
    })
    its.version = Math.max(its.version, version)
  }
}

const listEvents = async ({ ledger, model: its, now }: World, { filter, page, age }: Extract<Step, { do: 'list' }>) => {
  const asked = { ...defined(filter), ...(age > 1 && { createdFrom: now - age * 500, createdUntil: now }) }
  await runInDurableObject(ledger, (instance: EventLedger) => {
    const all = model.list(its, { ...asked, limit: 1000 })
    const walked: string[] = []
    let after: EventFilter['after']
    for (;;) {
      const found = instance.listEvents({ ...asked, ...(after && { after }), limit: page })
      walked.push(...found.map(({ reference }) => reference))
      const last = found.at(-1)
      if (found.length < page || !last) break
      after = [last.time, last.id, last.reference]
    }
    expect(walked).toEqual(all)
  })
}

const sumEvents = async ({ ledger, model: its }: World, { query: { cut, ...rest }, by, statuses }: Extract<Step, { do: 'sum' }>) => {
  const query: SumQuery = { ...defined(rest), from: rest.from + cut }
  await runInDurableObject(ledger, (instance: EventLedger) => {
    const rows = instance.readSums(query).map(([start, account, series, units, count]) => `${start} ${account} ${series} ${units} ${count}`)
    expect(rows.toSorted()).toEqual(model.sum(its, query))
    const { byAccount: _, ...grouped } = { ...query, ...defined({ by, ...(query.kind === 'e' && { statuses }) }) }
    if (by === 'METER' ? query.kind === 'e' : (by === 'SCHEMA' || by === 'STATUS') && query.kind === 'm') return
    const groups = instance.readGroups({ ...grouped, most: 1000, now: 0 })
    if ('forgotten' in groups) throw new Error('nothing is forgotten yet')
    expect(groups.rows.map((row) => row.join(' ')).toSorted()).toEqual(model.group(its, grouped))
  })
}

const doStep = async (world: World, todo: Step): Promise<void> => {
  const { ledger, model: its } = world
  if (todo.do === 'record') {
    world.now += todo.wait
    const sent = { version: todo.isOld ? world.version - 1 : world.version, events: newEvents(world, todo.events) }
    world.sent.push(sent)
    for (let time = 0; time < (todo.isTwice ? 2 : 1); time++) await sendEvents(world, sent.version, sent.events)
  } else if (todo.do === 'again') {
    const before = world.sent[todo.nth % Math.max(world.sent.length, 1)]
    const events = before?.events.map((one) =>
      todo.isNew && one.request !== null ? { ...one, reference: `${one.reference}x`, createdAt: world.now } : one,
    )
    if (events)
      await sendEvents(
        world,
        world.version,
        events.map((one) => ({ ...one, createdAt: world.now })),
      )
  } else if (todo.do === 'settle') await settleWaiting(world, todo)
  else if (todo.do === 'revert') {
    const its_ = its.events[todo.nth % Math.max(its.events.length, 1)]
    if (!its_) return
    const { refused, kept } = todo.isRedo ? REDO : UNDO
    const correction = `correction ${todo.nth % 3}`
    for (let time = 0; time < (todo.isTwice ? 2 : 1); time++) {
      const how = todo.isRedo ? { correction, act: { ledger: 'none', batch: batchOf([{ id: 'none' }]) } } : undefined
      const answer = await ledger.revert([its_.id, its_.reference], { refused, kept }, how)
      expect(answer?.outcome).toBe(model.revert(its, its_.reference, refused, kept, todo.isRedo ? correction : undefined))
      await ledger.dropCarry(correction)
    }
  } else if (todo.do === 'close') {
    its.closings = its.closings.filter(({ account, since }) => account !== todo.account || since !== todo.from)
    its.closings.push({ account: todo.account, since: todo.from, until: todo.until })
    const rows = await ledger.closeAndSum(todo.account, todo.from, todo.until)
    const query: SumQuery = { from: todo.from, until: todo.until, period: 'ALL', kind: 'm', accounts: [todo.account], byAccount: true }
    expect(rows.map((row) => row.join(' ')).toSorted()).toEqual(model.sum(its, query))
  } else if (todo.do === 'lift') {
    its.closings = its.closings.filter(({ account, since }) => account !== todo.account || since !== todo.from)
    await ledger.liftClosing(todo.account, todo.from)
  } else if (todo.do === 'tell') {
    its.version = ++world.version
    await ledger.tell(world.version, {})
  } else if (todo.do === 'later') world.now += 46 * DAY
  else if (todo.do === 'evict') {
    await ledger.readVersion()
    await evictDurableObject(ledger)
  } else if (todo.do === 'alarm') await runInDurableObject(ledger, (instance: EventLedger) => instance.alarm())
  else if (todo.do === 'list') await listEvents(world, todo)
  else await sumEvents(world, todo)
}

/** Everything that the ledger tells is what the model knows. */
const agree = async ({ ledger, model: its, now, version }: World) => {
  const events = await ledger.listEvents({ limit: 1000 })
  expect(events.map(({ reference }) => reference)).toEqual(model.list(its, { limit: 1000 }))
  for (const one of events) {
    const known = its.events.find(({ reference }) => reference === one.reference)
    const { id, time, createdAt, account, schema, status, payload, units, before, of } = known as model.ModelEvent
    expect(one).toMatchObject({ id, time, createdAt, account, schema, status, payload, units: units && Object.values(units) })
    expect([one.more?.before, one.more?.of]).toEqual([before, of])
  }
  const taken = its.events.filter(({ holds, createdAt }) => holds && createdAt > now - 45 * DAY)
  const asked = IDS.map((id) => [id, '', null] as const)
  expect(await ledger.findTaken(asked, version, now)).toEqual({
    holders: Object.fromEntries(taken.map(({ id, reference }) => [id, reference])),
    bare: {},
    open: [],
    recorded: [],
  })
  for (const kind of ['e', 'm'] as const)
    for (const period of ['HOUR', 'DAY'] as const)
      for (const byAccount of [true, false])
        await sumEvents({ ledger, model: its } as World, {
          do: 'sum',
          by: undefined,
          statuses: undefined,
          query: { from: 0, until: END, cut: 0, period, kind, series: undefined, accounts: undefined, byAccount },
        })
}

it('a ledger knows what a list of all its events would say, whatever is asked of it, twice, too late or between two lives', async () => {
  const outcomes = new Set<string>()
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const world: World = { ledger: eventLedger(), model: model.newModel(), now: START + 31 * DAY, version: 1, made: 0, sent: [] }
      for (const todo of steps) {
        await doStep(world, todo)
        outcomes.add(todo.do)
      }
      await agree(world)
      for (const { status, holds } of world.model.events) outcomes.add(`${STATUSES[status]} ${holds}`)
    }),
    { numRuns: 100 },
  )
  expect(outcomes.size).toBeGreaterThan(18)
})

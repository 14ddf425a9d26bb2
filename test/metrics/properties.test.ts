import { env } from 'cloudflare:workers'
import * as fc from 'fast-check'
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { STATUSES, codeOf, ledgerName, slotOf } from '../../src/ledger/client.ts'
import { STATUS_GROUPS, statusGroupOf, statusesOf } from '../../src/metrics/metrics/fields.ts'
import { sumDecimals } from '../../src/lib/decimal.ts'
import { bucketStart, nextBucket } from '../../src/lib/time.ts'
import { organization } from '../helpers/api.ts'
import { type Planted, type Series, dataOf, groupsOf, plantEvents, revertEvent, valuesOf } from '../helpers/metrics.ts'
import { customer } from '../helpers/customer.ts'

vi.useFakeTimers({ toFake: ['Date'] })
afterAll(() => {
  vi.useRealTimers()
})
beforeEach(() => {
  vi.setSystemTime(Date.UTC(2024, 2, 20))
})

const HOUR = 3_600_000
const START = Date.UTC(2024, 1, 28)
const HOURS = 6 * 24
const METERED = codeOf('INGESTION_COMPLETED_EVENT_METERED')
const CUSTOMERS: Record<string, string> = { A: 'C1', A2: 'C1', B: 'C2' }
const METERS = ['um.00000000001.00001', 'um.00000000002.00002']

/** A time that is often at, just before or just after the full hour. */
const instants = () =>
  fc
    .tuple(fc.integer({ min: 0, max: HOURS - 1 }), fc.oneof(fc.constantFrom(0, 1, HOUR - 1), fc.integer({ min: 0, max: HOUR - 1 })))
    .map(([hour, rest]) => START + hour * HOUR + rest)

const decimals = () =>
  fc
    .tuple(fc.integer({ min: -999_999, max: 999_999 }), fc.constantFrom('', '.5', '.000001', '00000000000000000001'))
    .map(([whole, rest]) => `${whole}${rest}`)

const drawn = () =>
  fc.record({
    time: instants(),
    account: fc.constantFrom('A', 'A2', 'B', '?ghost', '?A'),
    schema: fc.constantFrom('api', 'a|b'),
    status: fc.constantFrom(METERED, METERED, METERED, ...STATUSES.keys()),
    units: fc.tuple(decimals(), fc.option(decimals())),
  })

type Drawn = Omit<Planted, 'id' | 'units'> & { units: (string | null)[] }

/** The number of ledgers in each generation of an organization. */
interface Layout {
  generations: readonly number[]
}

/** An organization whose ledgers hold these events, some of which are reverted. */
const withEvents = async ({ generations }: Layout, events: readonly Drawn[]) => {
  const api = await organization()
  await api.post('/customers', { ...customer('C1'), account: { id: 'A', name: 'Account', aliases: ['alias'] } })
  await api.post('/accounts', { id: 'A2', name: 'Account', customerId: 'C1' })
  await api.post('/customers', { ...customer('C2'), account: { id: 'B', name: 'Account' } })
  for (const [index, ledgers] of generations.entries()) {
    const isLast = index === generations.length - 1
    await env.DB.prepare('INSERT INTO ledger_generations VALUES (?, ?, ?, ?, ?, ?, null, null)')
      .bind(api.id, 'EVENT', index + 1, ledgers, index, isLast ? null : index + 1)
      .run()
  }
  const homeOf = (id: string): string => {
    const index = Number(id.slice(1)) % generations.length
    return ledgerName(api.id, 'event', index + 1, slotOf(id) % (generations[index] ?? 1))
  }
  const planted = events.map((event, index): Planted => {
    const isMetered = event.status === METERED && !event.account.startsWith('?')
    const owner = CUSTOMERS[event.account]
    return { ...event, id: `e${index}`, ...(owner !== undefined && { customer: owner }), units: isMetered ? event.units : [null, null] }
  })
  await plantEvents(homeOf, planted, METERS)
  const undone = planted.filter(({ id, status }) => Number(id.slice(1)) % 7 === 3 && status === METERED)
  for (const { id } of undone) await revertEvent(homeOf, id)
  const gone = new Set(undone.map(({ id }) => id))
  return { api, events: planted.map((event) => (gone.has(event.id) ? { ...event, status: codeOf('REVERTED') } : event)) }
}

interface Question {
  name: 'EVENTS' | 'USAGE'
  from: number
  until: number
  period: 'HOUR' | 'DAY' | 'WEEK' | 'MONTH'
  groupBy?: string
  filters: Record<string, string[]>
}

const EVENT_FILTERS = {
  ACCOUNT_ID: [['A'], ['alias', 'B'], ['ghost'], ['nobody'], ['A', 'A2', 'B', 'ghost']],
  CUSTOMER_ID: [['C1'], ['C2', 'C3']],
  SCHEMA_NAME: [['api'], ['a|b'], ['none']],
  EVENT_STATUS: [['PROCESSED'], ['IN_PROGRESS', 'REVERTED'], ['UNPROCESSED', 'UNKNOWN'], ['INGESTION_FAILED']],
}
const USAGE_FILTERS = { ACCOUNT_ID: EVENT_FILTERS.ACCOUNT_ID, CUSTOMER_ID: EVENT_FILTERS.CUSTOMER_ID }

const filtersOf = (all: Record<string, string[][]>) =>
  fc
    .record(Object.fromEntries(Object.entries(all).map(([field, values]) => [field, fc.option(fc.constantFrom(...values), { freq: 1 })])))
    .map((some) => Object.fromEntries(Object.entries(some).flatMap(([field, values]) => (values ? [[field, values]] : []))))

const questions = (): fc.Arbitrary<Question> =>
  fc
    .tuple(
      fc.constantFrom('EVENTS' as const, 'USAGE' as const),
      fc.uniqueArray(instants(), { minLength: 2, maxLength: 2 }),
      fc.constantFrom('HOUR' as const, 'DAY' as const, 'WEEK' as const, 'MONTH' as const),
      fc.nat(5),
      filtersOf(EVENT_FILTERS),
      filtersOf(USAGE_FILTERS),
    )
    .map(([name, window, period, n, ofEvents, ofUsage]) => {
      const [from = 0, until = 0] = window.toSorted((one, other) => one - other)
      const groups =
        name === 'EVENTS'
          ? ['ACCOUNT_ID', 'CUSTOMER_ID', 'SCHEMA_NAME', 'EVENT_STATUS', 'RAW_EVENT_STATUS']
          : ['ACCOUNT_ID', 'CUSTOMER_ID', 'USAGE_METER_ID', 'BILLABLE_ID']
      const groupBy = groups[n]
      return { name, from, until, period, ...(groupBy !== undefined && { groupBy }), filters: name === 'EVENTS' ? ofEvents : ofUsage }
    })

const ALIASES: Record<string, string> = { alias: 'A' }

/** Computes the answer naively from all events. */
const naive = (events: readonly Planted[], { name, from, until, period, groupBy, filters }: Question): Record<string, number[]> => {
  const starts: number[] = []
  for (let start = bucketStart(from, period); start < until; start = nextBucket(start, period)) starts.push(start)
  const statuses = statusesOf(filters['EVENT_STATUS'] ?? ['PROCESSED', 'UNPROCESSED'])
  const accounts = filters['ACCOUNT_ID']?.map((value) => ALIASES[value] ?? value)
  const found = events.filter(
    ({ time, account, customer: its, schema, status }) =>
      time >= from &&
      time < until &&
      (!accounts || accounts.includes(account.replace('?', ''))) &&
      (filters['CUSTOMER_ID']?.includes(its ?? '') ?? true) &&
      (name !== 'EVENTS' || (statuses.has(STATUSES[status] ?? '') && (filters['SCHEMA_NAME']?.includes(schema) ?? true))),
  )
  const records = found.flatMap(({ time, account, customer: its, schema, status, units = [] }) => {
    const groupOf = (meter: string): string => {
      const raw = STATUSES[status] ?? ''
      const groups: Record<string, string> = {
        ACCOUNT_ID: account.replace('?', ''),
        CUSTOMER_ID: its ?? '',
        SCHEMA_NAME: schema,
        EVENT_STATUS: statusGroupOf(raw),
        RAW_EVENT_STATUS: raw,
        USAGE_METER_ID: meter,
        BILLABLE_ID: meter,
      }
      return groups[groupBy ?? ''] ?? ''
    }
    if (name === 'EVENTS') return [{ time, group: groupOf(''), value: '1' }]
    return status === METERED
      ? units.flatMap((value, at) => (value === null ? [] : [{ time, group: groupOf(METERS[at] ?? ''), value }]))
      : []
  })
  const groups = groupBy === undefined ? [''] : [...new Set(records.map(({ group }) => group))].toSorted()
  return Object.fromEntries(
    groups.map((group) => [
      group,
      starts.map((start) =>
        Number(
          sumDecimals(records.filter((one) => one.group === group && bucketStart(one.time, period) === start).map(({ value }) => value)),
        ),
      ),
    ]),
  )
}

const iso = (time: number): string => new Date(time).toISOString()

type Api = Awaited<ReturnType<typeof organization>>

const read = (api: Api, { name, from, until, period, groupBy, filters }: Question): Promise<Series[]> =>
  dataOf(api, iso(from), iso(until), {
    name,
    aggregationPeriod: period,
    ...(groupBy !== undefined && { groupBy }),
    ...(Object.keys(filters).length && {
      filters: Object.entries(filters).map(([fieldName, fieldValues]) => ({ fieldName, fieldValues })),
    }),
  })

const LAYOUTS: Layout[] = [{ generations: [1] }, { generations: [4] }, { generations: [7] }, { generations: [3, 2] }]

const sample = <Value>(arbitrary: fc.Arbitrary<Value>, seed: number, count: number): Value[] =>
  fc.sample(arbitrary, { seed, numRuns: count })

describe('metrics', () => {
  it.each(LAYOUTS)('are what a look at all events gives, over ledgers $generations', async (layout) => {
    const [drawnEvents = []] = sample(fc.array(drawn(), { minLength: 120, maxLength: 120 }), 5, 1)
    const { api, events } = await withEvents(layout, drawnEvents)
    await fc.assert(
      fc.asyncProperty(questions(), async (asked) => {
        const data = await read(api, asked)
        const wanted = naive(events, asked)
        expect(groupsOf(data)).toEqual(wanted)
        if (asked.groupBy !== undefined) expect(data.map(({ groupedBy }) => groupedBy?.fieldValue)).toEqual(Object.keys(wanted).toSorted())
      }),
      { numRuns: 60, seed: 11 },
    )
  })

  it('agree with themselves: groups with the whole, hours with days, halves with the window, the default with its two groups', async () => {
    const [drawnEvents = []] = sample(
      fc.array(
        drawn().map((event) => ({ ...event, units: ['1', '2'] })),
        { minLength: 100, maxLength: 100 },
      ),
      3,
      1,
    )
    const { api } = await withEvents({ generations: [2, 4] }, drawnEvents)
    const total = (data: Series[]): number => data.flatMap(({ metricValues }) => metricValues).reduce((one, other) => one + other, 0)
    await fc.assert(
      fc.asyncProperty(questions(), instants(), async (asked, cut) => {
        const { groupBy: _groupBy, ...whole } = asked
        const all = total(await read(api, whole))
        expect(total(await read(api, asked))).toBe(all)
        for (const period of ['HOUR', 'DAY', 'WEEK', 'MONTH'] as const) expect(total(await read(api, { ...whole, period }))).toBe(all)
        if (cut > asked.from && cut < asked.until)
          expect(total(await read(api, { ...whole, until: cut })) + total(await read(api, { ...whole, from: cut }))).toBe(all)
        if (asked.name === 'EVENTS') {
          const { EVENT_STATUS: _status, ...rest } = asked.filters
          const of = async (...statuses: string[]) =>
            total(await read(api, { ...whole, filters: { ...rest, ...(statuses.length && { EVENT_STATUS: statuses }) } }))
          expect((await of('PROCESSED')) + (await of('UNPROCESSED'))).toBe(await of())
          expect(await of(...Object.keys(STATUS_GROUPS), 'REVERTED', 'UNKNOWN')).toBe(await of(...STATUSES))
        }
      }),
      { numRuns: 25, seed: 12 },
    )
  })

  it('of whole days are the same by hour and by day, each day', async () => {
    const [drawnEvents = []] = sample(fc.array(drawn(), { minLength: 60, maxLength: 60 }), 9, 1)
    const { api } = await withEvents(
      { generations: [4] },
      drawnEvents.map((event) => ({ ...event, units: ['0.1', null] })),
    )
    const asked: Question = { name: 'EVENTS', from: START, until: START + HOURS * HOUR, period: 'DAY', filters: {} }
    const hours = valuesOf(await read(api, { ...asked, period: 'HOUR' }))
    const days = valuesOf(await read(api, asked))
    expect(days).toEqual(days.map((_, day) => hours.slice(day * 24, day * 24 + 24).reduce((one, other) => one + other)))
    expect(days.reduce((one, other) => one + other)).toBeGreaterThan(20)
  })

  it('leave out a generation that ended before the window, and ask one that meets it by an hour', async () => {
    const event = (time: number): Drawn => ({ time, account: 'A', schema: 'api', status: METERED, units: ['1', null] })
    const { api } = await withEvents({ generations: [2, 2] }, [event(START + HOUR + 5), event(START + 50 * HOUR)])
    const span = (first: number, last: number) =>
      env.DB.prepare('UPDATE ledger_generations SET first_hour = ?, last_hour = ? WHERE organization_id = ? AND generation = 1')
        .bind(first, last, api.id)
        .run()
    await span(START + HOUR, START + HOUR)
    const ask = async (from: number, until: number) => {
      const { headers, body } = await api.post('/metrics', {
        startTime: iso(from),
        endTime: iso(until),
        metricQueries: [{ id: 'q', name: 'USAGE', aggregationPeriod: 'MONTH' }],
      })
      const [, calls] = /ledger;dur=[\d.]+;desc="(\d+)"/.exec(headers.get('Server-Timing') ?? '') ?? []
      return [Number(calls), valuesOf(body.results[0].data).reduce((one, other) => one + other)]
    }
    expect(await ask(START, START + 60 * HOUR)).toEqual([4, 2])
    expect(await ask(START + HOUR + 5, START + HOUR + 6)).toEqual([4, 1])
    expect(await ask(START + 2 * HOUR, START + 60 * HOUR)).toEqual([2, 1])
    expect(await ask(START, START + HOUR)).toEqual([2, 0])
  })
})

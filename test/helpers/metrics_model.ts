import { env } from 'cloudflare:workers'
import * as fc from 'fast-check'
import { STATUSES, codeOf, ledgerName, slotOf } from '../../src/ledger/client.ts'
import { statusGroupOf, statusesOf } from '../../src/metrics/metrics/fields.ts'
import { sumDecimals } from '../../src/lib/decimal.ts'
import { bucketStart, nextBucket } from '../../src/lib/time.ts'
import { organization } from './api.ts'
import { customer } from './customer.ts'
import { type Planted, type Series, dataOf, plantEvents, revertEvent } from './metrics.ts'

export const HOUR = 3_600_000
export const START = Date.UTC(2024, 1, 28)
export const HOURS = 6 * 24
export const METERED = codeOf('INGESTION_COMPLETED_EVENT_METERED')
const CUSTOMERS: Record<string, string> = { A: 'C1', A2: 'C1', B: 'C2' }
const METERS = ['um.00000000001.00001', 'um.00000000002.00002']

/** A time that is often at, just before or just after the full hour. */
export const instants = () =>
  fc
    .tuple(fc.integer({ min: 0, max: HOURS - 1 }), fc.oneof(fc.constantFrom(0, 1, HOUR - 1), fc.integer({ min: 0, max: HOUR - 1 })))
    .map(([hour, rest]) => START + hour * HOUR + rest)

export const decimals = () =>
  fc
    .tuple(fc.integer({ min: -999_999, max: 999_999 }), fc.constantFrom('', '.5', '.000001', '00000000000000000001'))
    .map(([whole, rest]) => `${whole}${rest}`)

export const drawn = () =>
  fc.record({
    time: instants(),
    account: fc.constantFrom('A', 'A2', 'B', '?ghost', '?A'),
    schema: fc.constantFrom('api', 'a|b'),
    status: fc.constantFrom(METERED, METERED, METERED, ...STATUSES.keys()),
    units: fc.tuple(decimals(), fc.option(decimals())),
  })

export type Drawn = Omit<Planted, 'id' | 'units'> & { units: (string | null)[] }

/** The number of ledgers in each generation of an organization. */
interface Layout {
  generations: readonly number[]
}

/** An organization whose ledgers hold these events, some of which are reverted. */
export const withEvents = async ({ generations }: Layout, events: readonly Drawn[]) => {
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

export interface Question {
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

export const questions = (): fc.Arbitrary<Question> =>
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
export const naive = (events: readonly Planted[], { name, from, until, period, groupBy, filters }: Question): Record<string, number[]> => {
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

export const iso = (time: number): string => new Date(time).toISOString()

type Api = Awaited<ReturnType<typeof organization>>

export const read = (api: Api, { name, from, until, period, groupBy, filters }: Question): Promise<Series[]> =>
  dataOf(api, iso(from), iso(until), {
    name,
    aggregationPeriod: period,
    ...(groupBy !== undefined && { groupBy }),
    ...(Object.keys(filters).length && {
      filters: Object.entries(filters).map(([fieldName, fieldValues]) => ({ fieldName, fieldValues })),
    }),
  })

export const LAYOUTS: Layout[] = [{ generations: [1] }, { generations: [4] }, { generations: [7] }, { generations: [3, 2] }]

export const sample = <Value>(arbitrary: fc.Arbitrary<Value>, seed: number, count: number): Value[] =>
  fc.sample(arbitrary, { seed, numRuns: count })

import { Big } from 'big.js'
import { bucketStart } from '../../src/lib/time.ts'
import {
  DAY,
  type EventFilter,
  type EventStatus,
  type GroupQuery,
  STATUSES,
  type SumQuery,
  codeOf,
  eventSeries,
  meterSeries,
} from '../../src/ledger/client.ts'
import { DUPLICATE, IN_PROGRESS, METERED, NOT_FOUND, PAST_GRACE, REVERTED } from './ledger.ts'

const TAKEN_FOR = 45 * DAY

/** What an event of a closed time becomes PAST_GRACE instead of. */
const LATE = new Set([
  IN_PROGRESS,
  METERED,
  2,
  3,
  codeOf('INGESTION_FAILED_UNITS_INVALID'),
  codeOf('INGESTION_FAILED_INSUFFICIENT_CREDITS'),
])

export interface ModelEvent {
  id: string
  reference: string
  time: number
  createdAt: number
  account: string
  schema: string
  status: number
  units: Record<string, string> | null
  payload: object
  request: string | null
  holds: boolean
  of?: string
  before?: EventStatus
  correction?: string
}

/** What a ledger is to know, kept as plainly as can be. */
export interface Model {
  version: number
  events: ModelEvent[]
  closings: { account: string; since: number; until: number }[]
  /** The customers of accounts that are known. */
  customers: Map<string, string>
}

export const newModel = (): Model => ({ version: 0, events: [], closings: [], customers: new Map() })

const isClosed = ({ closings }: Model, account: string, time: number): boolean =>
  closings.some((closing) => closing.account === account && closing.since <= time && time < closing.until)

const judged = (model: Model, account: string, time: number, status: number): number =>
  LATE.has(status) && isClosed(model, account, time) ? PAST_GRACE : status

const addCustomer = ({ customers }: Model, account: string, customer: string): void => {
  if (!customers.has(account)) customers.set(account, customer)
}

/** Records events, and gives the repeats; undefined where the call is too old. */
export const record = (model: Model, version: number, sent: readonly ModelEvent[]): [string, string][] | undefined => {
  if (version < model.version) return undefined
  model.version = version
  for (const { account } of sent) if (account.startsWith('=')) addCustomer(model, account, `customer of ${account.slice(1)}`)
  const repeats: [string, string][] = []
  for (const event of sent) {
    const again = model.events.find(
      (one) => one.id === event.id && (one.reference === event.reference || (event.request !== null && one.request === event.request)),
    )
    if (again) {
      if (again.status === DUPLICATE) repeats.push([event.reference, again.of ?? ''])
      continue
    }
    const holder = model.events.find((one) => one.id === event.id && one.holds)
    if (event.status === DUPLICATE || (holder && holder.createdAt > event.createdAt - TAKEN_FOR)) {
      const of = event.of ?? holder?.reference ?? ''
      model.events.push({ ...event, status: DUPLICATE, units: null, holds: false, of })
      repeats.push([event.reference, of])
      continue
    }
    if (holder) holder.holds = false
    const status = judged(model, event.account, event.time, event.status)
    model.events.push({ ...event, status, units: status === event.status ? event.units : null, holds: true })
  }
  return repeats
}

export interface Change {
  reference: string
  from: number
  status: number
  account: string
  units: Record<string, string> | null
}

/** Settles an event that is still what it was. Gives whether it was, and whether its time was closed. */
export const settle = (model: Model, { reference, from, status, account, units }: Change): { isDone: boolean; isClosed: boolean } => {
  const event = model.events.find((one) => one.reference === reference && one.holds && one.status === from)
  if (!event) return { isDone: false, isClosed: false }
  const next = judged(model, account, event.time, status)
  if (account.startsWith('=')) addCustomer(model, account, 'customer')
  Object.assign(event, { status: next, account, units: next === status ? units : null })
  return { isDone: true, isClosed: next !== status }
}

/** Takes an event back, for a correction that ingests it again or for one that does not. */
export const revert = (
  model: Model,
  reference: string,
  refused: readonly number[],
  kept: readonly number[],
  correction?: string,
): string | undefined => {
  const event = model.events.find((one) => one.reference === reference)
  if (!event) return undefined
  if (!event.holds && (correction !== undefined || event.status === REVERTED || event.status === DUPLICATE)) {
    if (correction === undefined || event.correction !== correction) return 'GONE'
    return event.before === undefined ? 'FREED' : 'REVERTED'
  }
  if (refused.includes(event.status)) return 'REFUSED'
  if (isClosed(model, event.account, event.time)) return 'CLOSED'
  event.holds = false
  if (correction !== undefined) event.correction = correction
  if (kept.includes(event.status)) return 'FREED'
  const before = STATUSES[event.status]
  Object.assign(event, { status: REVERTED, ...(before && { before }) })
  return 'REVERTED'
}

const inBytes = (one: string, other: string): number => Buffer.compare(Buffer.from(one), Buffer.from(other))

/** The references of the events that a filter finds, in the order of lists. */
export const list = ({ events }: Model, filter: EventFilter): string[] => {
  const { accounts, schema, statuses, from = 0, until = Infinity, createdFrom = 0, createdUntil = Infinity, ids, after, limit } = filter
  const order = (one: readonly [number, string, string], other: readonly [number, string, string]) =>
    other[0] - one[0] || inBytes(one[1], other[1]) || inBytes(one[2], other[2])
  return events
    .filter(
      (event) =>
        (accounts?.includes(event.account) ?? true) &&
        (schema ?? event.schema) === event.schema &&
        (statuses?.includes(event.status) ?? true) &&
        (ids?.includes(event.id) ?? true) &&
        event.time >= from &&
        event.time < until &&
        event.createdAt >= createdFrom &&
        event.createdAt < createdUntil &&
        (!after || order([event.time, event.id, event.reference], after) > 0),
    )
    .toSorted((one, other) => order([one.time, one.id, one.reference], [other.time, other.id, other.reference]))
    .slice(0, limit)
    .map(({ reference }) => reference)
}

/** Sums as text, in any order that is always the same. */
export const sum = ({ events }: Model, { from, until, period, kind, series, accounts, byAccount }: SumQuery): string[] => {
  const sums = new Map<string, { units: Big; count: number }>()
  for (const { time, account, schema, status, units } of events) {
    if (time < from || time >= until || (accounts && !accounts.includes(account))) continue
    const its: [string, string][] =
      kind === 'e'
        ? [[eventSeries(schema, status), '0']]
        : Object.entries(status === METERED ? (units ?? {}) : {}).map(([meter, unit]) => [meterSeries(meter), unit])
    for (const [name, unit] of its) {
      if (series && !series.includes(name)) continue
      const key = `${bucketStart(time, period)} ${byAccount ? account : '*'} ${name}`
      const before = sums.get(key) ?? { units: new Big(0), count: 0 }
      sums.set(key, { units: before.units.plus(unit), count: before.count + 1 })
    }
  }
  return [...sums].map(([key, { units, count }]) => `${key} ${units.toFixed()} ${count}`).toSorted()
}

/** The group that a sum is in, by its account and series. */
const groupOf = ({ customers }: Model, by: GroupQuery['by'], account: string, series: string): string => {
  const [, second = '', ...schema] = series.split('|')
  if (by === 'ACCOUNT') return account.slice(1)
  if (by === 'CUSTOMER') return customers.get(account) ?? ''
  if (by === 'SCHEMA') return schema.join('|')
  if (by === 'METER') return series.slice(2)
  return by === 'STATUS' ? second : ''
}

/** Sums of groups as text, in any order that is always the same. */
export const group = (model: Model, { by, statuses, ...query }: Omit<GroupQuery, 'most' | 'now'>): string[] => {
  const groups = new Map<string, { units: Big; count: number }>()
  for (const event of model.events) {
    if (query.kind === 'e' && !query.series && statuses && !statuses.includes(event.status)) continue
    for (const row of sum({ ...model, events: [event] }, { ...query, byAccount: true })) {
      const [start = ''] = row.split(' ')
      const [units = '', count = ''] = row.split(' ').slice(-2)
      const series = row.slice(start.length + event.account.length + 2, -(units.length + count.length + 2))
      const key = `${start} ${groupOf(model, by, event.account, series)}`
      const before = groups.get(key) ?? { units: new Big(0), count: 0 }
      groups.set(key, { units: before.units.plus(units), count: before.count + Number(count) })
    }
  }
  return [...groups].map(([key, { units, count }]) => `${key} ${units.toFixed()} ${count}`).toSorted()
}

/** The ids of the events that wait for some names. */
export const waiting = ({ events }: Model, names: readonly string[]): string[] =>
  events
    .filter(({ holds, status, account }) => holds && status === NOT_FOUND && names.includes(account.slice(1)))
    .map(({ id }) => id)
    .toSorted(inBytes)

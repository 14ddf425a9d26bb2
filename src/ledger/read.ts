import type { EventMore, EventShown, RuleSet } from './entry.ts'
import { foldJournal } from './fold.ts'
import { readReference } from './slot.ts'
import type { Store } from './store.ts'

/** Which events are listed, the newest first; times are milliseconds. Accounts are keys, of which any fits. */
export interface EventFilter {
  accounts?: readonly string[]
  schema?: string
  statuses?: readonly number[]
  from?: number
  until?: number
  createdFrom?: number
  createdUntil?: number
  ids?: readonly string[]
  reference?: string
  /** The place of the last event of the page before: its time, id and reference. */
  after?: readonly [time: number, id: string, reference: string]
  limit: number
}

interface Key {
  [column: string]: SqlStorageValue
  back: number
  id: string
  reference: string
}

interface StoredEvent {
  [column: string]: SqlStorageValue
  id: string
  reference: string
  time: number
  created_at: number
  account: string
  customer: string | null
  schema: string
  status: number
  source: number
  rules: string | null
  units: string | null
  payload: string | null
  more: string | null
}

const parsed = (json: string | null): unknown => (json === null ? null : JSON.parse(json))

const show = (row: StoredEvent): EventShown => ({
  id: row.id,
  reference: row.reference,
  time: row.time,
  createdAt: row.created_at,
  account: row.account,
  customer: row.customer,
  schema: row.schema,
  status: row.status,
  source: row.source,
  rules: parsed(row.rules) as RuleSet | null,
  units: parsed(row.units) as (string | null)[] | null,
  payload: parsed(row.payload) as object | null,
  more: parsed(row.more) as EventMore | null,
})

const BY = {
  event: 'event.id = sent.value ->> 0 AND event.reference = sent.value ->> 1',
  past: 'event.reference = sent.value ->> 1',
} as const

/** Events by their ids and references, in the order given. A repeat that has no payload of its own shows that of the event it repeats. */
export const readEvents = ({ sql }: Store, keys: readonly (readonly [id: string, reference: string])[]): EventShown[] => {
  const sent = JSON.stringify(keys)
  const found = new Map<string, EventShown>()
  for (const table of ['event', 'past'] as const) {
    const rows = sql.exec<StoredEvent>(
      `SELECT event.id, event.reference, event.time, event.created_at, event.account, account.customer, event.schema, event.status, event.source,
         rule_set.rules, event.units, coalesce(event.payload, holder.payload) AS payload, event.more
       FROM json_each(?) AS sent CROSS JOIN ${table} AS event ON ${BY[table]}
       LEFT JOIN account ON account.account = event.account LEFT JOIN rule_set ON rule_set.name = event.rules
       LEFT JOIN event AS holder ON event.payload IS NULL AND holder.id = event.id`,
      sent,
    )
    for (const row of rows) found.set(row.reference, show(row))
  }
  return keys.flatMap(([, reference]) => found.get(reference) ?? [])
}

const PROCESSED = new Set([1, 2, 3])

/** The conditions that a row of a list must meet, with what is bound to them. */
const conditionsOf = ({ schema, statuses, from, until, after }: EventFilter): { where: string; bound: SqlStorageValue[] } => {
  const parts: [string, ...SqlStorageValue[]][] = []
  if (schema !== undefined) parts.push(['schema = ?', schema])
  if (statuses) parts.push(['status IN (SELECT value FROM json_each(?))', JSON.stringify(statuses)])
  if (from !== undefined) parts.push(['back <= ?', -from])
  if (until !== undefined) parts.push(['back > ?', -until])
  if (after) parts.push(['(back, id, reference) > (?, ?, ?)', -after[0], after[1], after[2]])
  return { where: parts.map(([part]) => ` AND ${part}`).join(''), bound: parts.flatMap(([, ...values]) => values) }
}

const ORDER = 'ORDER BY back, id, reference LIMIT'

/** The keys of a page, from the index that fits its filter. */
const readKeys = ({ sql }: Store, filter: EventFilter): Key[] => {
  const { where, bound } = conditionsOf(filter)
  const { accounts, statuses, limit } = filter
  const page = (from: string, ...values: SqlStorageValue[]): Key[] =>
    sql.exec<Key>(`SELECT back, id, reference FROM ${from}${where} ${ORDER} ?`, ...values, ...bound, limit).toArray()
  const merged = (pages: Key[][]): Key[] =>
    pages
      .flat()
      .toSorted((one, other) => one.back - other.back || compare(one.id, other.id) || compare(one.reference, other.reference))
      .slice(0, limit)
  if (accounts) return merged(accounts.map((account) => page('listing WHERE account = ?', account)))
  if (statuses && !statuses.some((status) => PROCESSED.has(status)))
    return merged(
      statuses.map((status) => page('timeline INDEXED BY timeline_unprocessed WHERE status NOT IN (1, 2, 3) AND status = ?', status)),
    )
  return page('timeline WHERE true')
}

const encoder = new TextEncoder()

/** The order of SQLite, by the bytes of UTF-8. */
const compare = (one: string, other: string): number => {
  if (one === other) return 0
  const [first, second] = [encoder.encode(one), encoder.encode(other)]
  for (let at = 0; at < Math.min(first.length, second.length); at++) {
    const by = (first[at] ?? 0) - (second[at] ?? 0)
    if (by) return by
  }
  return first.length - second.length
}

/** The keys of the events that have one of some ids, or a reference. */
const readKeysByName = ({ sql }: Store, { ids, reference }: EventFilter): Key[] => {
  const keys: Key[] = []
  if (ids)
    for (const table of ['event', 'past'])
      keys.push(
        ...sql
          .exec<Key>(
            `SELECT -its.time AS back, its.id, its.reference FROM json_each(?) AS sent CROSS JOIN ${table} AS its ON its.id = sent.value`,
            JSON.stringify(ids),
          )
          .toArray(),
      )
  const made = reference === undefined ? undefined : readReference(reference)
  if (made && reference !== undefined)
    keys.push(
      ...sql.exec<Key>('SELECT back, id, reference FROM timeline WHERE back = ? AND reference = ?', -made.time, reference).toArray(),
    )
  return keys
}

/** The events that a filter finds, the newest first; at one time by id and reference. */
export const listEvents = (store: Store, filter: EventFilter): EventShown[] => {
  foldJournal(store)
  const { ids, reference, accounts, schema, statuses, from, until, createdFrom, createdUntil, after, limit } = filter
  if (!ids && reference === undefined) {
    const keys = readKeys(store, filter)
    return readEvents(
      store,
      keys.map(({ id, reference: its }) => [id, its]),
    )
  }
  const keys = readKeysByName(store, filter).toSorted(
    (one, other) => one.back - other.back || compare(one.id, other.id) || compare(one.reference, other.reference),
  )
  return readEvents(
    store,
    keys.map(({ id, reference: its }) => [id, its]),
  )
    .filter(
      (event) =>
        (!accounts || accounts.includes(event.account)) &&
        (schema === undefined || schema === event.schema) &&
        (!statuses || statuses.includes(event.status)) &&
        (from === undefined || event.time >= from) &&
        (until === undefined || event.time < until) &&
        (createdFrom === undefined || event.createdAt >= createdFrom) &&
        (createdUntil === undefined || event.createdAt < createdUntil) &&
        (!after ||
          -event.time > -after[0] ||
          (event.time === after[0] && (compare(event.id, after[1]) || compare(event.reference, after[2])) > 0)),
    )
    .slice(0, limit)
}

import { compareTexts } from './compare.ts'
import { DAY, type EventShown, HOUR, eventSeries } from './entry.ts'
import { foldJournal } from './fold.ts'
import { readEvents } from './read.ts'
import { readReference } from './slot.ts'
import { type Store, chunked } from './store.ts'
import { ALL } from './totals.ts'

/** Which events are listed, the newest first; times are milliseconds. Accounts are keys, of which any fits, and so do any of the ids and the reference. */
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
  /** The time, id and reference of the last event of the previous page. */
  after?: readonly [time: number, id: string, reference: string]
  limit: number
}

interface Key {
  [column: string]: SqlStorageValue
  back: number
  id: string
  reference: string
}

/** Compares events for lists: the newest first, then by id and reference. */
const compareKeys = (one: Key, other: Key): number =>
  one.back - other.back || compareTexts(one.id, other.id) || compareTexts(one.reference, other.reference)

const PROCESSED = new Set([1, 2, 3])

/** A list: the table or index that it walks, with what is bound to that, and the account whose sums tell where its events are. */
interface Walk {
  source: string
  bound: string | number | undefined
  account: string | undefined
}

/** The lists that can have events of a filter. */
const walksOf = ({ accounts, statuses }: EventFilter): Walk[] => {
  if (accounts)
    return [...new Set(accounts)].map((account) => ({ source: 'listing AS its WHERE its.account = ?', bound: account, account }))
  if (statuses && !statuses.some((status) => PROCESSED.has(status)))
    return [...new Set(statuses)].map((status) => ({
      source: 'timeline AS its INDEXED BY timeline_unprocessed WHERE its.status NOT IN (1, 2, 3) AND its.status = ?',
      bound: status,
      account: undefined,
    }))
  return [{ source: 'timeline AS its WHERE true', bound: undefined, account: ALL }]
}

const CREATED = `coalesce((SELECT created_at FROM event WHERE event.id = its.id AND event.reference = its.reference),
  (SELECT created_at FROM past WHERE past.reference = its.reference))`

/** A page of a list with times from `from` until just before `until`. */
const readPage = ({ sql }: Store, filter: EventFilter, { source, bound }: Walk, from: number, until: number, limit: number): Key[] => {
  const { schema, statuses, createdFrom, createdUntil, after } = filter
  const parts: [string, ...SqlStorageValue[]][] = [['its.back <= ?', -from]]
  if (after && after[0] < until) parts.push(['(its.back, its.id, its.reference) > (?, ?, ?)', -after[0], after[1], after[2]])
  else if (until !== Number.POSITIVE_INFINITY) parts.push(['its.back > ?', -until])
  if (schema !== undefined) parts.push(['its.schema = ?', schema])
  if (statuses) parts.push(['its.status IN (SELECT value FROM json_each(?))', JSON.stringify(statuses)])
  if (createdFrom !== undefined) parts.push([`${CREATED} >= ?`, createdFrom])
  if (createdUntil !== undefined) parts.push([`${CREATED} < ?`, createdUntil])
  return sql
    .exec<Key>(
      `SELECT its.back, its.id, its.reference FROM ${source} AND ${parts.map(([part]) => part).join(' AND ')}
       ORDER BY its.back, its.id, its.reference LIMIT ?`,
      ...(bound === undefined ? [] : [bound]),
      ...parts.flatMap(([, ...values]) => values),
      limit,
    )
    .toArray()
}

/** The series that count the events of a schema and of statuses, as a JSON list. */
const readSeries = ({ sql }: Store, { schema, statuses }: EventFilter): string[] =>
  sql
    .exec<{ series: string }>("SELECT series FROM series WHERE substr(series, 1, 2) = 'e|'")
    .toArray()
    .flatMap(({ series }) => {
      const [, status = '', its = ''] = /^e\|(\d+)\|([^]*)$/.exec(series) ?? []
      const isWanted = (schema === undefined || schema === its) && (!statuses || statuses.includes(Number(status)))
      return isWanted ? [eventSeries(its, Number(status))] : []
    })

/** The hours with events of the newest such day before `until`, the newest first, as time ranges. */
const readHours = ({ sql }: Store, account: string, series: string, from: number, until: number): [from: number, until: number][] => {
  const { day } = sql
    .exec<{ day: number | null }>(
      `SELECT max((SELECT start FROM sum_day AS its WHERE its.account = ?1 AND its.series = sent.value AND its.start < ?2 AND its.count > 0
         ORDER BY its.start DESC LIMIT 1)) AS day FROM json_each(?3) AS sent`,
      account,
      until,
      series,
    )
    .one()
  if (day === null || day + DAY <= from) return []
  const hours = sql
    .exec<{ start: number }>(
      `SELECT DISTINCT its.start FROM json_each(?1) AS sent CROSS JOIN sum_hour AS its
       ON its.account = ?2 AND its.series = sent.value AND its.start >= ?3 AND its.start < ?4 WHERE its.count > 0 ORDER BY its.start DESC`,
      series,
      account,
      day,
      day + DAY,
    )
    .toArray()
  const ranges: [number, number][] = []
  for (const { start } of hours) {
    const last = ranges.at(-1)
    if (last?.[0] === start + HOUR) last[0] = start
    else ranges.push([start, start + HOUR])
  }
  return ranges
}

/** The first keys of a list. If few events match, only hours in which the sums show some are read. */
const readWalk = (store: Store, filter: EventFilter, walk: Walk): Key[] => {
  const { schema, statuses, from = 0, until = Number.POSITIVE_INFINITY, after, limit } = filter
  const { account } = walk
  if (account === undefined || (schema === undefined && !statuses)) return readPage(store, filter, walk, from, until, limit)
  const [series] = chunked(readSeries(store, filter), Number.POSITIVE_INFINITY)
  if (series === undefined) return []
  const keys: Key[] = []
  let before = Math.min(until, after ? after[0] + 1 : until, Number.MAX_SAFE_INTEGER)
  while (keys.length < limit) {
    const ranges = readHours(store, account, series, from, before)
    const [newest] = ranges
    if (!newest) break
    for (const [first, last] of ranges)
      if (keys.length < limit && first < before && last > from)
        keys.push(...readPage(store, filter, walk, Math.max(first, from), Math.min(last, before), limit - keys.length))
    before = Math.floor(newest[0] / DAY) * DAY
  }
  return keys
}

/** After how many milliseconds, in the year 8888, the times in references begin again. */
const REFERENCES_BEGIN_AGAIN = 62 ** 8

/** The first keys of the rows of a table that match a filter. */
const readRows = ({ sql }: Store, rows: string, bound: readonly string[], filter: EventFilter): Key[] => {
  const { accounts, schema, statuses, from, until, createdFrom, createdUntil, after, limit } = filter
  const parts: [string, ...SqlStorageValue[]][] = []
  if (accounts) parts.push(['its.account IN (SELECT value FROM json_each(?))', JSON.stringify(accounts)])
  if (schema !== undefined) parts.push(['its.schema = ?', schema])
  if (statuses) parts.push(['its.status IN (SELECT value FROM json_each(?))', JSON.stringify(statuses)])
  if (from !== undefined) parts.push(['its.time >= ?', from])
  if (until !== undefined) parts.push(['its.time < ?', until])
  if (createdFrom !== undefined) parts.push(['its.created_at >= ?', createdFrom])
  if (createdUntil !== undefined) parts.push(['its.created_at < ?', createdUntil])
  if (after) parts.push(['its.time <= ? AND (its.time < ? OR (its.id, its.reference) > (?, ?))', after[0], ...after])
  return sql
    .exec<Key>(
      `SELECT -its.time AS back, its.id, its.reference FROM ${[rows, ...parts.map(([part]) => part)].join(' AND ')}
       ORDER BY its.time DESC, its.reference LIMIT ?`,
      ...bound,
      ...parts.flatMap(([, ...values]) => values),
      limit,
    )
    .toArray()
}

/** The first keys of the events with one of some ids, or with a reference. */
const readNamed = (store: Store, filter: EventFilter): Key[] => {
  const { ids = [], reference = '' } = filter
  const keys = [...new Set(ids)].flatMap((id) => [
    ...readRows(store, 'event AS its WHERE its.id = ?', [id], filter),
    ...readRows(store, 'past AS its WHERE its.id = ?', [id], filter),
  ])
  const made = readReference(reference)
  const places = made
    ? store.sql
        .exec<{ id: string }>(
          'SELECT id FROM timeline WHERE back IN (?, ?) AND reference = ?',
          -made.time,
          -made.time - REFERENCES_BEGIN_AGAIN,
          reference,
        )
        .toArray()
    : []
  for (const { id } of places)
    keys.push(
      ...readRows(store, 'event AS its WHERE its.id = ? AND its.reference = ?', [id, reference], filter),
      ...readRows(store, 'past AS its WHERE its.reference = ?', [reference], filter),
    )
  return [...new Map(keys.map((key) => [key.reference, key])).values()]
}

/** Finds the events of a filter, the newest first, then by id and reference. */
export const listEvents = (store: Store, filter: EventFilter): EventShown[] => {
  foldJournal(store)
  const { ids, reference, limit } = filter
  const isNamed = ids !== undefined || reference !== undefined
  const keys = isNamed ? readNamed(store, filter) : walksOf(filter).flatMap((walk) => readWalk(store, filter, walk))
  return readEvents(
    store,
    keys
      .toSorted(compareKeys)
      .slice(0, limit)
      .map(({ id, reference: its }) => [id, its]),
  )
}

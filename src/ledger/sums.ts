import { sumDecimals } from '../lib/decimal.ts'
import { bucketStart, type Period } from '../lib/time.ts'
import { DAY, HOUR, type RuleSet, codeOf, eventSeries, meterSeries } from './entry.ts'
import { foldJournal } from './fold.ts'
import { type Store, chunked } from './store.ts'
import { ALL, sumKey } from './totals.ts'

const METERED = codeOf('INGESTION_COMPLETED_EVENT_METERED')

/** The question for sums. Times are from `from` until just before `until`, in milliseconds. */
export interface SumQuery {
  from: number
  until: number
  period: Period
  /** The series of events or of meters; if some are named, only those. */
  kind: 'e' | 'm'
  series?: readonly string[]
  /** Only these accounts, by key. */
  accounts?: readonly string[]
  /** Whether each account has sums of its own. */
  byAccount: boolean
}

/** The answer with sums: the start of the bucket, the account (or *), the series, the units and the number of events. */
export type SumRow = [start: number, account: string, series: string, units: string, count: number]

/** The most rows of an answer. */
const MOST_ROWS = 200_000

/** Receives a sum of a series. Returns whether to continue. */
export type Take = (start: number, account: string, series: string, units: string, count: number) => boolean

interface Found {
  [column: string]: SqlStorageValue
  account: string
  series: string
  start: number
  units: string
  count: number
}

/** Takes the sums of a table that have events, of the starts from `from` until before `until`, and says whether to go on. */
export type TakeTable = (
  store: Store,
  table: 'sum_hour' | 'sum_day',
  query: SumQuery,
  window: readonly [from: number, until: number],
  take: Take,
) => boolean

/** Takes each sum by itself. Each account and series is a range of the primary key. */
const takeTable: TakeTable = ({ sql }, table, { accounts, series, kind, byAccount }, [from, until], take) => {
  if (from >= until) return true
  const every = accounts === undefined && byAccount ? 'SELECT account AS value FROM account' : 'SELECT value FROM json_each(?1)'
  const wanted = series ? 'SELECT value FROM json_each(?2)' : 'SELECT series AS value FROM series WHERE substr(series, 1, 1) = ?2'
  for (const some of accounts ? chunked(accounts) : [JSON.stringify([ALL])])
    for (const its of series ? chunked(series) : [kind])
      for (const { start, account, series: name, units, count } of sql.exec<Found>(
        `SELECT its.account, its.series, its.start, its.units, its.count FROM (${every}) AS a CROSS JOIN (${wanted}) AS s
         CROSS JOIN ${table} AS its ON its.account = a.value AND its.series = s.value AND its.start >= ?3 AND its.start < ?4
         WHERE its.count > 0`,
        some,
        its,
        from,
        until,
      ))
        if (!take(start, account, name, units, count)) return false
  return true
}

interface Moment {
  [column: string]: SqlStorageValue
  time: number
  account: string
  schema: string
  status: number
  rules: string
  units: string
}

/** The events of an account, or of all accounts, by time. */
const placesOf = (accounts: readonly string[] | undefined): { source: string; some: string[] } =>
  accounts
    ? { source: 'json_each(?1) AS a CROSS JOIN listing AS its ON its.account = a.value', some: chunked(accounts) }
    : { source: '(SELECT ?1) AS a CROSS JOIN timeline AS its', some: [''] }

/** The units of an event by the series of the meters that count it. */
const unitsBySeries = ({ meters }: RuleSet, units: readonly (string | null)[]): [series: string, units: string][] =>
  units.flatMap((unit, index) => {
    const meter = meters[index]
    return unit === null || !meter ? [] : [[meterSeries(meter[0]), unit] as [string, string]]
  })

/** Passes the single events of a part of an hour as sums. Returns whether to continue. */
const takeMoments = (
  { sql }: Store,
  { accounts, series, kind }: SumQuery,
  [from, until]: readonly [number, number],
  take: Take,
): boolean => {
  if (from >= until) return true
  const wanted = series && new Set(series)
  const isWanted = (name: string): boolean => !wanted || wanted.has(name)
  const { source, some } = placesOf(accounts)
  const window = 'its.back <= ?2 AND its.back > ?3'
  if (kind === 'e') {
    for (const keys of some)
      for (const { time, account, schema, status } of sql.exec<Moment>(
        `SELECT -its.back AS time, its.account, its.schema, its.status FROM ${source} WHERE ${window}`,
        keys,
        -from,
        -until,
      )) {
        const name = eventSeries(schema, status)
        if (isWanted(name) && !take(time, account, name, '0', 1)) return false
      }
    return true
  }
  const ruleSets = new Map<string, RuleSet>()
  const rulesOf = (name: string): RuleSet => {
    const known = ruleSets.get(name)
    if (known) return known
    const rules = JSON.parse(sql.exec<{ rules: string }>('SELECT rules FROM rule_set WHERE name = ?', name).one().rules) as RuleSet
    ruleSets.set(name, rules)
    return rules
  }
  for (const keys of some)
    for (const event of ['event AS event ON event.id = its.id AND event.reference', 'past AS event ON event.reference'])
      for (const { time, account, rules, units } of sql.exec<Moment>(
        `SELECT -its.back AS time, its.account, event.rules, event.units FROM ${source} CROSS JOIN ${event} = its.reference
         WHERE ${window} AND its.status = ${METERED} AND event.rules IS NOT NULL AND event.units IS NOT NULL`,
        keys,
        -from,
        -until,
      ))
        for (const [name, unit] of unitsBySeries(rulesOf(rules), JSON.parse(units) as (string | null)[]))
          if (isWanted(name) && !take(time, account, name, unit, 1)) return false
  return true
}

const up = (time: number, unit: number): number => Math.ceil(time / unit) * unit
const down = (time: number, unit: number): number => Math.floor(time / unit) * unit

/** Passes the sums of a time range, exact to the millisecond: whole days, the hours beside them, and single events of hours that are cut. Ends early if `take` returns false. */
export const takeSums = (store: Store, { accounts, series, ...asked }: SumQuery, take: Take, ofTable: TakeTable = takeTable): void => {
  const { from, until, period } = asked
  const query: SumQuery = {
    ...asked,
    ...(accounts && { accounts: [...new Set(accounts)] }),
    ...(series && { series: [...new Set(series)].filter((name) => name.startsWith(`${asked.kind}|`)) }),
  }
  const [firstHour, lastHour] = [up(from, HOUR), down(until, HOUR)]
  if (firstHour > lastHour) {
    takeMoments(store, query, [from, until], take)
    return
  }
  const [firstDay, lastDay] = [up(firstHour, DAY), down(lastHour, DAY)]
  const hasDays = period !== 'HOUR' && firstDay < lastDay
  const ofHours = (...window: [number, number]) => ofTable(store, 'sum_hour', query, window, take)
  const ofDays = (...window: [number, number]) => ofTable(store, 'sum_day', query, window, take)
  const goesOn =
    takeMoments(store, query, [from, firstHour], take) &&
    (hasDays ? ofHours(firstHour, firstDay) && ofDays(firstDay, lastDay) && ofHours(lastDay, lastHour) : ofHours(firstHour, lastHour))
  if (goesOn) takeMoments(store, query, [lastHour, until], take)
}

/** Reads the sums of a time range. Throws TOO_MANY_SUMS if an answer cannot contain them. */
export const readSums = (store: Store, query: SumQuery): SumRow[] => {
  foldJournal(store)
  const sums = new Map<string, { row: SumRow; units: string[] }>()
  takeSums(store, query, (start, account, name, units, count) => {
    const bucket = bucketStart(start, query.period)
    const its = query.byAccount ? account : ALL
    const key = sumKey(its, name, bucket)
    const sum = sums.get(key)
    if (sum) {
      sum.units.push(units)
      sum.row[4] += count
      return true
    }
    if (sums.size === MOST_ROWS) throw Object.assign(new RangeError('TOO_MANY_SUMS'), { code: 'TOO_MANY_SUMS' })
    sums.set(key, { row: [bucket, its, name, '0', count], units: [units] })
    return true
  })
  return Array.from(sums.values(), ({ row, units }): SumRow => [row[0], row[1], row[2], sumDecimals(units), row[4]])
}

/** What the events of a series add up to, how many they are, and the times of the first and the last of them. */
export type Evidence = [series: string, units: string, count: number, first: number, last: number]

/** Series of an account, from a full hour until before a full hour (milliseconds). */
export interface EvidenceQuery {
  account: string
  series: readonly string[]
  from: number
  until: number
}

/** Reads what events of accounts add up to, by series, for each query in their order. */
export const readEvidence = (store: Store, queries: readonly EvidenceQuery[]): Evidence[][] => {
  foldJournal(store)
  return queries.map(({ account, series, from, until }) => {
    const rows = store.sql
      .exec<{ series: string; units: string; count: number; first: number; last: number }>(
        `SELECT its.series, its.units, its.count, its.first, its.last FROM json_each(?1) AS sent
         CROSS JOIN sum_hour AS its ON its.account = ?2 AND its.series = sent.value AND its.start >= ?3 AND its.start < ?4
         WHERE its.count > 0 ORDER BY its.series, its.start`,
        JSON.stringify([...new Set(series)]),
        account,
        from,
        until,
      )
      .toArray()
    return [...Map.groupBy(rows, (row) => row.series)].map(([name, its]): Evidence => [
      name,
      sumDecimals(its.map(({ units }) => units)),
      its.reduce((count, one) => count + one.count, 0),
      its.reduce((first, one) => Math.min(first, one.first), Number.POSITIVE_INFINITY),
      its.reduce((last, one) => Math.max(last, one.last), 0),
    ])
  })
}

/** The first or the last time of each series over all accounts. */
const edgeOf = (column: 'first' | 'last', order: 'ASC' | 'DESC'): string =>
  `(SELECT its.${column} FROM sum_hour AS its WHERE its.account = '${ALL}' AND its.series = series.series ORDER BY its.start ${order} LIMIT 1)`

/** The times of the first and the last event, in milliseconds. Undefined if there was none. */
export const readSpan = (store: Store): { first: number; last: number } | undefined => {
  foldJournal(store)
  const { first, last } = store.sql
    .exec<{ first: number | null; last: number | null }>(
      `SELECT min(${edgeOf('first', 'ASC')}) AS first, max(${edgeOf('last', 'DESC')}) AS last FROM series`,
    )
    .one()
  return first === null || last === null ? undefined : { first, last }
}

import { sumDecimals } from '../lib/decimal.ts'
import { bucketStart, type Period } from '../lib/time.ts'
import { DAY, HOUR, type RuleSet, eventSeries, meterSeries } from './entry.ts'
import { foldJournal } from './fold.ts'
import { readEvents } from './read.ts'
import type { Store } from './store.ts'
import { ALL } from './totals.ts'

/** What is to be added up: times from `from` until before `until`, in milliseconds. */
export interface SumQuery {
  from: number
  until: number
  period: Period
  /** Which series: those of events, or of meters; of these only some where they are named. */
  kind: 'e' | 'm'
  series?: readonly string[]
  /** Of these accounts only, by their keys. */
  accounts?: readonly string[]
  /** Whether each account has sums of its own. */
  byAccount: boolean
}

/** Sums, as the ledgers answer them: the bucket's start, the account (or *), the series, the units and the number of events. */
export type SumRow = [start: number, account: string, series: string, units: string, count: number]

interface Found {
  [column: string]: SqlStorageValue
  account: string
  series: string
  start: number
  units: string
  count: number
}

/** Takes a sum that was found, and says whether to go on. */
type Take = (found: Found) => boolean

/** Finds the sums of a table, of the starts from `from` until before `until`. Each account and series is a range of the primary key. */
const findInTable = (
  { sql }: Store,
  table: 'sum_hour' | 'sum_day',
  { accounts, series, kind, byAccount }: SumQuery,
  [from, until]: readonly [number, number],
  take: Take,
): boolean => {
  if (from >= until) return true
  const every = accounts === undefined && byAccount ? 'SELECT account AS value FROM account' : 'SELECT value FROM json_each(?1)'
  const wanted = series ? 'SELECT value FROM json_each(?2)' : 'SELECT series AS value FROM series WHERE substr(series, 1, 1) = ?2'
  const rows = sql.exec<Found>(
    `SELECT its.account, its.series, its.start, its.units, its.count FROM (${every}) AS a CROSS JOIN (${wanted}) AS s
     CROSS JOIN ${table} AS its ON its.account = a.value AND its.series = s.value AND its.start >= ?3 AND its.start < ?4`,
    JSON.stringify(accounts ?? [ALL]),
    series ? JSON.stringify(series) : kind,
    from,
    until,
  )
  for (const row of rows) if (!take(row)) return false
  return true
}

/** How many events are read at a time. */
const EVENTS = 1000

/** Finds what single events of a part of an hour add up to, as sums of the moment they are of. */
const findMoments = (store: Store, query: SumQuery, [from, until]: readonly [number, number], take: Take): boolean => {
  if (from >= until) return true
  const { accounts, kind } = query
  const wanted = query.series && new Set(query.series)
  const isWanted = (series: string): boolean => !wanted || wanted.has(series)
  const source = accounts
    ? 'json_each(?1) AS a CROSS JOIN listing AS its ON its.account = a.value'
    : '(SELECT ?1) AS a CROSS JOIN timeline AS its'
  const rows = store.sql.exec<{ back: number; id: string; reference: string; account: string; schema: string; status: number }>(
    `SELECT its.back, its.id, its.reference, its.account, its.schema, its.status FROM ${source} WHERE its.back <= ?2 AND its.back > ?3`,
    JSON.stringify(accounts ?? []),
    -from,
    -until,
  )
  const metered: [id: string, reference: string][] = []
  const takeMetered = (): boolean =>
    readEvents(store, metered.splice(0)).every(({ account, time, rules, units }) =>
      unitsBySeries(rules, units).every(
        ([series, unit]) => !isWanted(series) || take({ account, series, start: time, units: unit, count: 1 }),
      ),
    )
  for (const { back, id, reference, account, schema, status } of rows) {
    if (kind === 'e') {
      const series = eventSeries(schema, status)
      if (isWanted(series) && !take({ account, series, start: -back, units: '0', count: 1 })) return false
    } else if (status === 1 && metered.push([id, reference]) === EVENTS && !takeMetered()) return false
  }
  return takeMetered()
}

/** The units of an event by the series of the meters that count it. */
export const unitsBySeries = (rules: RuleSet | null, units: readonly (string | null)[] | null): [series: string, units: string][] =>
  (units ?? []).flatMap((unit, index) => {
    const meter = rules?.meters[index]
    return unit === null || !meter ? [] : [[meterSeries(meter[0]), unit] as [string, string]]
  })

const up = (time: number, unit: number): number => Math.ceil(time / unit) * unit
const down = (time: number, unit: number): number => Math.floor(time / unit) * unit

/** Finds the sums that a window is made of, exact to the millisecond: of days where whole days are in it, of hours beside them, of events in the hours that are cut. It ends early when `take` says so. */
export const findSums = (store: Store, query: SumQuery, take: Take): void => {
  foldJournal(store)
  const { from, until, period } = query
  const [firstHour, lastHour] = [up(from, HOUR), down(until, HOUR)]
  if (firstHour > lastHour) {
    findMoments(store, query, [from, until], take)
    return
  }
  const [firstDay, lastDay] = [up(firstHour, DAY), down(lastHour, DAY)]
  const hasDays = period !== 'HOUR' && firstDay < lastDay
  const ofHours = (...window: [number, number]) => findInTable(store, 'sum_hour', query, window, take)
  const ofDays = (...window: [number, number]) => findInTable(store, 'sum_day', query, window, take)
  const goesOn =
    findMoments(store, query, [from, firstHour], take) &&
    (hasDays ? ofHours(firstHour, firstDay) && ofDays(firstDay, lastDay) && ofHours(lastDay, lastHour) : ofHours(firstHour, lastHour))
  if (goesOn) findMoments(store, query, [lastHour, until], take)
}

/** The sums of a window. */
export const readSums = (store: Store, query: SumQuery): SumRow[] => {
  const { period, byAccount } = query
  const sums = new Map<string, { row: SumRow; units: string[] }>()
  findSums(store, query, ({ account, series, start, units, count }) => {
    const bucket = bucketStart(start, period)
    const its = byAccount ? account : ALL
    const key = `${bucket} ${series} ${its}`
    const sum = sums.get(key)
    if (sum) {
      sum.units.push(units)
      sum.row[4] += count
    } else sums.set(key, { row: [bucket, its, series, '0', count], units: [units] })
    return true
  })
  return Array.from(sums.values(), ({ row, units }) => [row[0], row[1], row[2], sumDecimals(units), row[4]])
}

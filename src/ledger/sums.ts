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

/** Sums of a table, of the starts from `from` until before `until`. Each account and series is a range of the primary key. */
const readTable = (
  { sql }: Store,
  table: 'sum_hour' | 'sum_day',
  { accounts, series, kind, byAccount }: SumQuery,
  from: number,
  until: number,
): Found[] => {
  if (from >= until) return []
  const every = accounts === undefined && byAccount ? 'SELECT account AS value FROM account' : 'SELECT value FROM json_each(?1)'
  const wanted = series ? 'SELECT value FROM json_each(?2)' : 'SELECT series AS value FROM series WHERE substr(series, 1, 1) = ?2'
  return sql
    .exec<Found>(
      `SELECT its.account, its.series, its.start, its.units, its.count FROM (${every}) AS a CROSS JOIN (${wanted}) AS s
       CROSS JOIN ${table} AS its ON its.account = a.value AND its.series = s.value AND its.start >= ?3 AND its.start < ?4`,
      JSON.stringify(accounts ?? [ALL]),
      series ? JSON.stringify(series) : kind,
      from,
      until,
    )
    .toArray()
}

/** What single events of a part of an hour add up to, as sums of the moment they are of. */
const readMoments = (store: Store, { accounts, series, kind }: SumQuery, from: number, until: number): Found[] => {
  if (from >= until) return []
  const source = accounts
    ? 'json_each(?1) AS a CROSS JOIN listing AS its ON its.account = a.value'
    : '(SELECT ?1) AS a CROSS JOIN timeline AS its'
  const rows = store.sql
    .exec<{ back: number; id: string; reference: string; account: string; schema: string; status: number }>(
      `SELECT its.back, its.id, its.reference, its.account, its.schema, its.status FROM ${source} WHERE its.back <= ?2 AND its.back > ?3`,
      JSON.stringify(accounts ?? []),
      -from,
      -until,
    )
    .toArray()
  if (kind === 'e')
    return rows
      .map(({ back, account, schema, status }) => ({ account, series: eventSeries(schema, status), start: -back, units: '0', count: 1 }))
      .filter((sum) => !series || series.includes(sum.series))
  const metered = rows.filter(({ status }) => status === 1).map(({ id, reference }) => [id, reference] as const)
  return readEvents(store, metered).flatMap(({ account, time, rules, units }) =>
    unitsBySeries(rules, units)
      .filter(([its]) => !series || series.includes(its))
      .map(([its, unit]) => ({ account, series: its, start: time, units: unit, count: 1 })),
  )
}

/** The units of an event by the series of the meters that count it. */
export const unitsBySeries = (rules: RuleSet | null, units: readonly (string | null)[] | null): [series: string, units: string][] =>
  (units ?? []).flatMap((unit, index) => {
    const meter = rules?.meters[index]
    return unit === null || !meter ? [] : [[meterSeries(meter[0]), unit] as [string, string]]
  })

const up = (time: number, unit: number): number => Math.ceil(time / unit) * unit
const down = (time: number, unit: number): number => Math.floor(time / unit) * unit

/** The sums of a window, exact to the millisecond: of days where whole days are in it, of hours beside them, of events in the hours that are cut. */
export const readSums = (store: Store, query: SumQuery): SumRow[] => {
  foldJournal(store)
  const { from, until, period, byAccount } = query
  const [firstHour, lastHour] = [up(from, HOUR), down(until, HOUR)]
  const found: Found[] = []
  if (firstHour > lastHour) found.push(...readMoments(store, query, from, until))
  else {
    found.push(...readMoments(store, query, from, firstHour), ...readMoments(store, query, lastHour, until))
    const [firstDay, lastDay] = [up(firstHour, DAY), down(lastHour, DAY)]
    if (period === 'HOUR' || firstDay >= lastDay) found.push(...readTable(store, 'sum_hour', query, firstHour, lastHour))
    else
      found.push(
        ...readTable(store, 'sum_hour', query, firstHour, firstDay),
        ...readTable(store, 'sum_day', query, firstDay, lastDay),
        ...readTable(store, 'sum_hour', query, lastDay, lastHour),
      )
  }
  const sums = new Map<string, { row: SumRow; units: string[] }>()
  for (const { account, series, start, units, count } of found) {
    const bucket = bucketStart(start, period)
    const its = byAccount ? account : ALL
    const key = `${bucket} ${series} ${its}`
    const sum = sums.get(key)
    if (sum) {
      sum.units.push(units)
      sum.row[4] += count
    } else sums.set(key, { row: [bucket, its, series, '0', count], units: [units] })
  }
  return Array.from(sums.values(), ({ row, units }) => [row[0], row[1], row[2], sumDecimals(units), row[4]])
}

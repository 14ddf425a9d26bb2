import { FOREVER, bucketStart, iso, nextBucket } from '../../lib/time.ts'
import type { QueryInput } from '../reports/schema.ts'
import type { SCHEDULES } from './table.ts'

/** A period of a template, half open, in milliseconds. */
export interface Period {
  from: number
  until: number
}

const BUCKETS = { HOURLY: 'HOUR', DAILY: 'DAY', MONTHLY: 'MONTH' } as const

type Schedule = (typeof SCHEDULES)[number]

/** The end of the period in which an instant lies. */
export const endOfPeriod = (schedule: Schedule, instant: number): number =>
  nextBucket(bucketStart(instant, BUCKETS[schedule]), BUCKETS[schedule])

/** The period that ends at an instant. */
export const periodUntil = (schedule: Schedule, until: number): Period => ({ from: bucketStart(until - 1, BUCKETS[schedule]), until })

/** Of how many periods reports are made afterwards, if nothing was made for a long time. */
const MOST_LATE = 48

/** The end of the first period of which a report is still made: that which is due, or a later one if very many have ended since. */
export const firstEnd = (schedule: Schedule, dueAt: number, now: number): number => {
  let earliest = bucketStart(now, BUCKETS[schedule])
  for (let late = 1; late < MOST_LATE && earliest > dueAt; late++) earliest = bucketStart(earliest - 1, BUCKETS[schedule])
  return Math.max(dueAt, earliest)
}

/** The query of a template for a period: the args {{from}} and {{until}} of its filters are the ends of the period. */
export const queryOfPeriod = (query: QueryInput, { from, until }: Period): QueryInput => {
  const ends: Readonly<Record<string, string>> = { '{{from}}': iso(from), '{{until}}': iso(until) }
  const fill = (arg: string): string => (Object.hasOwn(ends, arg) ? (ends[arg] ?? arg) : arg)
  return {
    ...query,
    ...(query.queryFilters && { queryFilters: query.queryFilters.map((filter) => ({ ...filter, args: filter.args.map(fill) })) }),
  }
}

/** A period with which a query of a template is checked. */
export const SOME_PERIOD: Period = { from: FOREVER.from, until: FOREVER.from + 1 }

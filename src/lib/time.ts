import * as z from 'zod/mini'

/** The bounds of an open range, in milliseconds. */
export const FOREVER = { from: 0, until: Date.UTC(9999, 0, 1) } as const

export const iso = (milliseconds: number): string => new Date(milliseconds).toISOString()

const DATE_TIME = z.iso.datetime({ offset: true })

/** The forms of date-times that clients send: RFC 3339, `+0000` (Python), ` UTC` (Ruby), no seconds if they are 0 (Java), or no zone, which means UTC. */
const WRITTEN = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d(?:\.\d+)?)? ?(Z|UTC|[+-]\d\d:?\d\d)?$/i

const inRfc3339 = (value: string): string => {
  const [, date, time, seconds = ':00', zone = 'Z'] = WRITTEN.exec(value) ?? []
  return `${date}T${time}${seconds}${/^[+-]/.test(zone) ? `${zone.slice(0, 3)}:${zone.slice(-2)}` : 'Z'}`
}

/** A date-time, converted to milliseconds. Finer fractions are cut off. */
export const instant = () =>
  z.pipe(
    z.string().register(z.globalRegistry, { format: 'date-time' }),
    z.transform((value: string, { issues }) => {
      const written = inRfc3339(value)
      const milliseconds = z.safeParse(DATE_TIME, written).success ? Date.parse(written) : Number.NaN
      if (milliseconds >= FOREVER.from && milliseconds <= FOREVER.until) return milliseconds
      issues.push({
        code: 'custom',
        input: value,
        message: 'must be a date-time from 1970-01-01T00:00:00Z to 9999-01-01T00:00:00Z, such as 2026-03-30T10:41:10Z',
      })
      return Number.NaN
    }),
  )

/** Formats a date-time for answers: ISO 8601 in UTC with milliseconds. */
export const dateTime = () => z.iso.datetime().register(z.globalRegistry, { format: 'date-time' })

/** The lengths of buckets of a metric. ALL is one bucket for all times. */
export type Period = 'HOUR' | 'DAY' | 'WEEK' | 'MONTH' | 'ALL'

const HOUR = 3_600_000
const DAY = 24 * HOUR
/** 1970-01-01 was a Thursday: weeks begin on Monday (ISO 8601). */
const FIRST_MONDAY = 4 * DAY

/** The length of a bucket, and the start of the first one, in milliseconds. */
const LENGTHS = { HOUR: [HOUR, 0], DAY: [DAY, 0], WEEK: [7 * DAY, FIRST_MONDAY] } as const

/** The start of the bucket that contains a time, in UTC. Both are in milliseconds. */
export const bucketStart = (time: number, period: Period): number => {
  if (period === 'ALL') return 0
  if (period === 'MONTH') {
    const date = new Date(time)
    return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1)
  }
  const [length, first] = LENGTHS[period]
  return Math.floor((time - first) / length) * length + first
}

/** The start of the bucket after the one that starts at `start`. */
export const nextBucket = (start: number, period: Exclude<Period, 'ALL'>): number => {
  if (period !== 'MONTH') return start + LENGTHS[period][0]
  const date = new Date(start)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1)
}

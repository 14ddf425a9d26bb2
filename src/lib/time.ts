import * as z from 'zod/mini'

/** The bounds of an open range, in milliseconds. */
export const FOREVER = { from: 0, until: Date.UTC(9999, 0, 1) } as const

export const iso = (milliseconds: number): string => new Date(milliseconds).toISOString()

const DATE_TIME = z.regexes.datetime({ offset: true, local: true })
const ZONE = /(?:Z|[+-]\d\d:\d\d)$/

/** An RFC 3339 date-time, in UTC where it names no zone, as milliseconds; what is finer is cut off. */
export const instant = () =>
  z.pipe(
    z.string().register(z.globalRegistry, { format: 'date-time' }),
    z.transform((value: string, { issues }) => {
      const milliseconds = DATE_TIME.test(value) ? Date.parse(ZONE.test(value) ? value : `${value}Z`) : Number.NaN
      if (milliseconds >= FOREVER.from && milliseconds <= FOREVER.until) return milliseconds
      issues.push({
        code: 'custom',
        input: value,
        message: 'must be a date-time from 1970-01-01T00:00:00Z to 9999-01-01T00:00:00Z, such as 2026-03-30T10:41:10Z',
      })
      return Number.NaN
    }),
  )

/** A date-time as we send it: ISO 8601 in UTC with milliseconds. */
export const dateTime = () => z.iso.datetime().register(z.globalRegistry, { format: 'date-time' })

import * as z from 'zod/mini'

/** The bounds of an open range, in milliseconds. */
export const FOREVER = { from: 0, until: Date.UTC(9999, 0, 1) } as const

export const iso = (milliseconds: number): string => new Date(milliseconds).toISOString()

const DATE_TIME = z.iso.datetime({ offset: true })

/** What clients write for a date-time: RFC 3339, `+0000` (Python), ` UTC` after a blank (Ruby), or no zone at all, which is UTC. */
const WRITTEN = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d(?:\.\d+)?) ?(Z|UTC|[+-]\d\d:?\d\d)?$/i

const inRfc3339 = (value: string): string => {
  const [, date, time, zone = 'Z'] = WRITTEN.exec(value) ?? []
  return /^[+-]/.test(zone) ? `${date}T${time}${zone.slice(0, 3)}:${zone.slice(-2)}` : `${date}T${time}Z`
}

/** A date-time as milliseconds; what is finer is cut off. */
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

/** A date-time as we send it: ISO 8601 in UTC with milliseconds. */
export const dateTime = () => z.iso.datetime().register(z.globalRegistry, { format: 'date-time' })

/** Distinguishes a date from a map of the data. */
export const DATE: unique symbol = Symbol('date')

/** An instant in milliseconds since 1970, and its offset from UTC in minutes. */
export interface DateTime {
  readonly kind: typeof DATE
  readonly instant: number
  readonly offset: number
}

/** Years, months and days of a calendar, then seconds with what is finer than one in milliseconds. Each has its own sign. */
interface Duration {
  readonly years: number
  readonly months: number
  readonly days: number
  readonly seconds: number
  readonly milliseconds: number
}

const MINUTE = 60_000
const HOUR = 3_600_000
const DAY = 86_400_000

const DATE_TIME = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(?:Z|([+-])(\d\d):?(\d\d))$/i

/** Milliseconds at the beginning of a day; days and months past their ends run over. Date.UTC would take the years to 99 for those of 1900. */
const startOfDay = (year: number, month: number, day: number): number => new Date(0).setUTCFullYear(year, month, day)

/** Milliseconds of the digits behind the point of a second. */
const millisecondsOf = (fraction: string): number => Number(fraction.slice(0, 3).padEnd(3, '0'))

/** Reads an ISO 8601 date-time with an offset, -08:00 or -0800; what is finer than a millisecond is cut off. Undefined where it is not one. */
export const parseDate = (text: string): DateTime | undefined => {
  const match = text.length <= 40 ? DATE_TIME.exec(text) : null
  if (!match) return undefined
  const [, year, month, day, hour, minute, second = '0', fraction = '', sign, offsetHours = '0', offsetMinutes = '0'] = match
  const date = new Date(startOfDay(Number(year), Number(month) - 1, Number(day)))
  const isDay = date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day)
  const isTime = Number(hour) < 24 && Number(minute) < 60 && Number(second) < 60
  const offset = (sign === '-' ? -1 : 1) * (Number(offsetHours) * 60 + Number(offsetMinutes))
  if (!isDay || !isTime || Number(offsetMinutes) > 59 || Math.abs(offset) > 18 * 60) return undefined
  const time = Number(hour) * HOUR + Number(minute) * MINUTE + Number(second) * 1000 + millisecondsOf(fraction)
  return { kind: DATE, instant: date.getTime() + time - offset * MINUTE, offset }
}

const twoDigits = (number: number): string => String(number).padStart(2, '0')

const formatOffset = (offset: number): string => {
  if (offset === 0) return 'Z'
  const minutes = Math.abs(offset)
  return `${offset < 0 ? '-' : '+'}${twoDigits(Math.floor(minutes / 60))}:${twoDigits(minutes % 60)}`
}

/** ISO 8601 in the date's own offset, without seconds where they are zero: 2024-05-29T00:00Z. */
export const formatDate = ({ instant, offset }: DateTime): string => {
  const local = new Date(instant + offset * MINUTE).toISOString()
  let length = 16
  if (local.slice(20, 23) !== '000') length = 23
  else if (local.slice(17, 19) !== '00') length = 19
  return local.slice(0, length) + formatOffset(offset)
}

const DURATION =
  /^([+-]?)P(?=[-+\dT])(?:([+-]?\d{1,9})Y)?(?:([+-]?\d{1,9})M)?(?:([+-]?\d{1,9})W)?(?:([+-]?\d{1,9})D)?(?:T(?=[-+\d])(?:([+-]?\d{1,10})H)?(?:([+-]?\d{1,10})M)?(?:([+-]?)(\d{1,12})(?:\.(\d{1,9}))?S)?)?$/

/** Reads an ISO 8601 duration such as P1Y2M, P1W or -PT1H30.5S; undefined where it is not one. */
const parseDuration = (text: string): Duration | undefined => {
  const match = text.length <= 120 ? DURATION.exec(text) : null
  if (!match) return undefined
  const [, sign, years = '0', months = '0', weeks = '0', days = '0', hours = '0', minutes = '0', minus, seconds = '0', fraction = ''] =
    match
  const factor = sign === '-' ? -1 : 1
  const ofSeconds = minus === '-' ? -factor : factor
  return {
    years: factor * Number(years),
    months: factor * Number(months),
    days: factor * (7 * Number(weeks) + Number(days)),
    seconds: factor * (3600 * Number(hours) + 60 * Number(minutes)) + ofSeconds * Number(seconds),
    milliseconds: ofSeconds * millisecondsOf(fraction),
  }
}

/** Milliseconds of a duration's text; undefined where it is not one, has months or years in it, or more milliseconds than a double counts. */
export const millisecondsOfDuration = (text: string): number | undefined => {
  const duration = parseDuration(text)
  if (!duration || duration.years || duration.months) return undefined
  const milliseconds = duration.days * DAY + duration.seconds * 1000 + duration.milliseconds
  return Number.isSafeInteger(milliseconds) ? milliseconds : undefined
}

/** Some months later, or on the last day of that month where it has no such day. */
const addMonths = (local: number, months: number): number => {
  const date = new Date(local)
  const month = date.getUTCMonth() + months
  const lastDay = new Date(startOfDay(date.getUTCFullYear(), month + 1, 0)).getUTCDate()
  return startOfDay(date.getUTCFullYear(), month, Math.min(date.getUTCDate(), lastDay)) + (((local % DAY) + DAY) % DAY)
}

/**
 * The date a duration's text later, or earlier where the sign is -1: years, then months, then days and what is smaller, without fractions
 * of a second. Undefined where the text is no duration, or the result lies outside the years 0 to 9999.
 */
export const addDuration = (date: DateTime, text: string, sign: 1 | -1): DateTime | undefined => {
  const duration = parseDuration(text)
  if (!duration) return undefined
  const withYears = addMonths(date.instant + date.offset * MINUTE, sign * 12 * duration.years)
  const withMonths = addMonths(withYears, sign * duration.months)
  const local = withMonths + sign * (duration.days * DAY + duration.seconds * 1000)
  const year = new Date(local).getUTCFullYear()
  return year >= 0 && year <= 9999 ? { ...date, instant: local - date.offset * MINUTE } : undefined
}

/** An ISO 8601 duration in hours, minutes and seconds: PT1H2M3.25S. */
export const formatDuration = (milliseconds: number): string => {
  if (milliseconds === 0) return 'PT0S'
  const sign = milliseconds < 0 ? '-' : ''
  const size = Math.abs(milliseconds)
  const [hours, minutes, seconds] = [Math.floor(size / HOUR), Math.floor((size % HOUR) / MINUTE), (size % MINUTE) / 1000]
  const parts = [hours && `${sign}${hours}H`, minutes && `${sign}${minutes}M`, seconds && `${sign}${seconds}S`]
  return `PT${parts.filter(Boolean).join('')}`
}

/** The units below a month, in milliseconds. */
export const UNITS: ReadonlyMap<string, number> = new Map([
  ['MILLIS', 1],
  ['SECONDS', 1000],
  ['MINUTES', MINUTE],
  ['HOURS', HOUR],
  ['DAYS', DAY],
])

const CALENDAR: ReadonlyMap<string, (count: number) => string> = new Map([
  ['DAYS', (count) => `P${count}D`],
  ['WEEKS', (count) => `P${count * 7}D`],
  ['MONTHS', (count) => `P${count}M`],
  ['YEARS', (count) => `P${count}Y`],
])

/** The duration of a whole number of a unit; undefined for a unit that there is not, or more than a double counts. */
export const durationOf = (count: number, unit: string): string | undefined => {
  const milliseconds = count * (UNITS.get(unit) ?? 7 * DAY)
  if (!Number.isSafeInteger(milliseconds)) return undefined
  return CALENDAR.get(unit)?.(count) ?? (UNITS.has(unit) ? formatDuration(milliseconds) : undefined)
}

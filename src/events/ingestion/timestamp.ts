import { FOREVER } from '../../lib/time.ts'

const LONGEST = 64

const ZERO = 48
const POINT = 46
const COLON = 58
const DASH = 45
const PLUS = 43
const BLANK = 32

/** Reads the two digits at a place. NaN if there are none. */
const twoDigitsAt = (text: string, at: number): number => {
  const tens = text.charCodeAt(at) - ZERO
  const ones = text.charCodeAt(at + 1) - ZERO
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN
}

const isDigitAt = (text: string, at: number): boolean => {
  const digit = text.charCodeAt(at) - ZERO
  return digit >= 0 && digit <= 9
}

const daysIn = (year: number, month: number): number => {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

/** The midnight (UTC) of the date at the beginning of a text. NaN if there is none. */
const readDate = (text: string): number => {
  const year = twoDigitsAt(text, 0) * 100 + twoDigitsAt(text, 2)
  const month = twoDigitsAt(text, 5)
  const day = twoDigitsAt(text, 8)
  const isDate = text.charCodeAt(4) === DASH && text.charCodeAt(7) === DASH && year >= 1900 && month >= 1 && month <= 12
  return isDate && day >= 1 && day <= daysIn(year, month) ? Date.UTC(year, month - 1, day) : Number.NaN
}

/** The milliseconds of an offset from UTC such as Z, +05:30, +0530 or +05. An empty text is UTC. NaN if it is invalid. */
const readOffset = (zone: string): number => {
  const sign = zone.charCodeAt(0)
  if (sign !== PLUS && sign !== DASH) return zone === '' || zone === 'Z' || /^(?:z|UTC)$/i.test(zone) ? 0 : Number.NaN
  const hours = twoDigitsAt(zone, 1)
  const from = zone.charCodeAt(3) === COLON ? 4 : 3
  const minutes = zone.length === 3 ? 0 : twoDigitsAt(zone, from)
  const isOffset = hours <= 23 && minutes <= 59 && (zone.length === 3 || zone.length === from + 2)
  return isOffset ? (sign === DASH ? -1 : 1) * (hours * 60 + minutes) * 60_000 : Number.NaN
}

/**
 * The milliseconds of an event's timestamp: YYYY-MM-DDThh:mm, seconds and a fraction of them, and an offset, each of which may be absent.
 * What is finer than a millisecond is cut off. As everywhere, a blank may stand for the T and before the offset, which is how Ruby writes
 * it. Undefined for all else, for days that there are not, and outside 1970 to 9999.
 */
export const parseTimestamp = (text: string): number | undefined => {
  if (text.length > LONGEST) return undefined
  const separator = text.charCodeAt(10)
  if (separator !== 84 && separator !== 116 && separator !== BLANK) return undefined
  const hour = twoDigitsAt(text, 11)
  const minute = twoDigitsAt(text, 14)
  if (text.charCodeAt(13) !== COLON || !(hour <= 23 && minute <= 59)) return undefined
  let time = (hour * 60 + minute) * 60_000
  let at = 16
  if (text.charCodeAt(at) === COLON) {
    const second = twoDigitsAt(text, 17)
    if (!(second <= 59)) return undefined
    time += second * 1000
    at = 19
    if (text.charCodeAt(at) === POINT) {
      const start = ++at
      for (let weight = 100; isDigitAt(text, at); at++, weight = Math.floor(weight / 10)) time += (text.charCodeAt(at) - ZERO) * weight
      if (at === start) return undefined
    }
  }
  const hasBlank = text.charCodeAt(at) === BLANK && at < text.length - 1
  const milliseconds = readDate(text) + time - readOffset(text.slice(hasBlank ? at + 1 : at))
  return milliseconds >= FOREVER.from && milliseconds <= FOREVER.until ? milliseconds : undefined
}

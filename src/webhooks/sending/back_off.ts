/** For how long a delivery is tried, from its first try on, in milliseconds. */
const TRIED_FOR = 24 * 3_600_000

const [SECOND, MINUTE, HOUR] = [1000, 60_000, 3_600_000]

/** How long is waited after the first try, the second one and so on, in milliseconds. */
const WAITS = [5 * SECOND, MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 8 * HOUR, 8 * HOUR]

/** A wait is up to a tenth longer or shorter, so that what failed together is not tried together. */
const JITTER = 0.1

/** A try that failed. Times are in milliseconds. */
interface FailedTry {
  /** How often it was tried, this time too. */
  attempts: number
  firstAt: number
  now: number
  /** How long the receiver wants to be left alone. */
  retryAfter?: number | undefined
  /** From 0 to 1. */
  random: number
}

/** When a delivery is tried again, in milliseconds; undefined when a day is over. The last try is a day after the first one at the latest. */
export const nextTryAt = ({ attempts, firstAt, now, retryAfter = 0, random }: FailedTry): number | undefined => {
  const last = firstAt + TRIED_FOR
  if (now >= last) return undefined
  const wait = (WAITS[Math.min(attempts, WAITS.length) - 1] ?? 0) * (1 - JITTER + 2 * JITTER * random)
  return Math.min(Math.round(now + Math.max(wait, retryAfter)), last)
}

/** Reads a Retry-After (RFC 9110, 10.2.3): a number of seconds or a date. In milliseconds; undefined for anything else. */
export const readRetryAfter = (value: string | null, now: number): number | undefined => {
  if (value === null) return undefined
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * SECOND
  const at = Date.parse(value)
  return Number.isNaN(at) ? undefined : Math.max(0, at - now)
}

import { ApiError } from '../lib/errors.ts'

/** The periods of the limits in wrangler.toml, in seconds. Clients are told to wait that long. */
const TOKEN_PERIOD = 10
const REFUSED_PERIOD = 60

/** The limit of a token counts in units of 20 requests: one request asks Cloudflare's counter for itself and the next 19 requests in this isolate. */
const REQUESTS_PER_CHECK = 20

/** While the limit refuses a caller, one request per second asks again, and the others are refused without asking. */
const MS_BETWEEN_CHECKS = 1000

/** The most callers that an isolate remembers. */
const MOST_KNOWN = 1000

interface CallWindow {
  /** The number of requests that may pass without asking. */
  left: number
  /** The time until which requests are refused without asking. 0 if the limit has not refused any. */
  refusedUntil: number
}

const windows = new Map<string, CallWindow>()

const tooMany = (message: string, period: number): ApiError => new ApiError('TOO_MANY_REQUESTS', message, period)

/** Whether `key` is within a limit. If the limit cannot be reached, the request passes. */
const isWithin = async (limit: RateLimit, key: string): Promise<boolean> => {
  try {
    return (await limit.limit({ key })).success
  } catch {
    return true
  }
}

/** Starts at a random point of the window, so that many isolates together count correctly. */
const startWindow = (caller: string): CallWindow => {
  const [oldest] = windows.keys()
  if (windows.size >= MOST_KNOWN && oldest !== undefined) windows.delete(oldest)
  const window = { left: Math.floor(Math.random() * REQUESTS_PER_CHECK), refusedUntil: 0 }
  windows.set(caller, window)
  return window
}

const tooManyCalls = (): ApiError => tooMany('Too many requests with this token. Wait a few seconds.', TOKEN_PERIOD)

const checkLimit = async (limit: RateLimit, caller: string, window: CallWindow, now: number): Promise<void> => {
  const { refusedUntil } = window
  if (refusedUntil) window.refusedUntil = now + MS_BETWEEN_CHECKS
  else window.left = REQUESTS_PER_CHECK - 1
  if (!(await isWithin(limit, caller))) {
    window.refusedUntil = now + MS_BETWEEN_CHECKS
    throw tooManyCalls()
  }
  if (refusedUntil) Object.assign(window, { left: REQUESTS_PER_CHECK - 1, refusedUntil: 0 })
}

/** Counts a request of a caller, and throws TOO_MANY_REQUESTS if it is over the limit. Returns undefined if the limit need not be asked. */
export const countCall = (limit: RateLimit | undefined, caller: string, now: number): Promise<void> | undefined => {
  if (!limit) return undefined
  const window = windows.get(caller) ?? startWindow(caller)
  if (window.refusedUntil > now) throw tooManyCalls()
  if (window.refusedUntil || window.left === 0) return checkLimit(limit, caller, window, now)
  window.left--
  return undefined
}

/** The address whose invalid tokens are counted: an IPv4 address, or the first 64 bits of an IPv6 address, which belong to one network. */
const networkOf = (address: string): string => {
  if (!address.includes(':')) return address
  const [head = '', tail] = address.split('::')
  const [first, last] = [head, tail ?? ''].map((part) => (part ? part.split(':') : []))
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - (first?.length ?? 0) - (last?.length ?? 0) }, () => '0')
  return [...(first ?? []), ...zeros, ...(last ?? [])].slice(0, 4).join(':')
}

/** Counts an invalid token or link, and throws TOO_MANY_REQUESTS if its address is over the limit. */
export const countRefused = async (limit: RateLimit | undefined, address: string): Promise<void> => {
  if (limit && !(await isWithin(limit, networkOf(address))))
    throw tooMany('Too many requests with tokens or links that are not valid. Wait a minute.', REFUSED_PERIOD)
}

/** Counts a download of a file, which may have to be made for it, and throws TOO_MANY_REQUESTS if it is over the limit. */
export const countDownload = async (limit: RateLimit | undefined, fileId: string): Promise<void> => {
  if (limit && !(await isWithin(limit, `download ${fileId}`)))
    throw tooMany('This file is asked for too often. Wait a minute.', REFUSED_PERIOD)
}

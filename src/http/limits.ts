import { ApiError } from '../lib/errors.ts'

/** How long the limits of wrangler.toml look back, in seconds: what a client is told to wait. */
const TOKEN_PERIOD = 10
const REFUSED_PERIOD = 60

/** The limit of a token counts by twenties: one request asks Cloudflare's counter for itself and the next nineteen that this isolate sees. */
const REQUESTS_PER_CHECK = 20

/** While the limit refuses a caller, one request asks again each second, and the others are refused without asking. */
const MS_BETWEEN_CHECKS = 1000

/** The most callers that an isolate remembers. */
const MOST_KNOWN = 1000

interface CallWindow {
  /** How many requests go on without asking. */
  left: number
  /** Until when others are refused without asking; 0 when the limit refused none. */
  refusedUntil: number
}

const windows = new Map<string, CallWindow>()

const tooMany = (message: string, period: number): ApiError => new ApiError('TOO_MANY_REQUESTS', message, period)

/** Whether `key` is within a limit. One that cannot be asked lets everybody through. */
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

/** Counts a request of a caller, and refuses one that is over the limit (429). There is nothing to wait for when it need not ask. */
export const countCall = (limit: RateLimit | undefined, caller: string, now: number): Promise<void> | undefined => {
  if (!limit) return undefined
  const window = windows.get(caller) ?? startWindow(caller)
  if (window.refusedUntil > now) throw tooManyCalls()
  if (window.refusedUntil || window.left === 0) return checkLimit(limit, caller, window, now)
  window.left--
  return undefined
}

/** Who is counted for a refused token: an address, of IPv6 the network of 64 bits that one has to itself. */
export const networkOf = (address: string): string => {
  if (!address.includes(':')) return address
  const [head = '', tail] = address.split('::')
  const [first, last] = [head, tail ?? ''].map((part) => (part ? part.split(':') : []))
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - (first?.length ?? 0) - (last?.length ?? 0) }, () => '0')
  return [...(first ?? []), ...zeros, ...(last ?? [])].slice(0, 4).join(':')
}

/** Counts a refused token, and refuses to look at another one from an address that is over the limit (429). */
export const countRefused = async (limit: RateLimit | undefined, address: string): Promise<void> => {
  if (limit && !(await isWithin(limit, networkOf(address))))
    throw tooMany('Too many requests with tokens that are not valid. Wait a minute.', REFUSED_PERIOD)
}

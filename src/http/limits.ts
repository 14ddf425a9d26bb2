import { ApiError } from '../lib/errors.ts'

/** How long the limits of wrangler.toml look back, in seconds: what a client is told to wait. */
const TOKEN_PERIOD = '10'
const REFUSED_PERIOD = '60'

/** The limit of a token counts its requests by twenties: one asks for itself and the next nineteen that this isolate sees. */
const TOGETHER = 20

/** As many callers are known at once. */
const MOST_KNOWN = 1000

/** How many requests of a caller go on without asking; fewer than none while the limit refuses, when each asks. */
const granted = new Map<string, number>()
const REFUSED = -1

const tooMany = (message: string, period: string): ApiError => new ApiError(429, message, { 'Retry-After': period })

/** Whether `key` is within a limit. One that cannot be asked lets everybody through. */
const isWithin = async (limit: RateLimit, key: string): Promise<boolean> => {
  try {
    return (await limit.limit({ key })).success
  } catch {
    return true
  }
}

const grant = (caller: string, requests: number): void => {
  const [oldest] = granted.keys()
  if (granted.size >= MOST_KNOWN && oldest !== undefined && !granted.has(caller)) granted.delete(oldest)
  granted.set(caller, requests)
}

const ask = async (limit: RateLimit, caller: string, left: number): Promise<void> => {
  const within = await isWithin(limit, caller)
  if (!within || left === REFUSED) grant(caller, within ? TOGETHER - 1 : REFUSED)
  if (!within) throw tooMany('Too many requests with this token. Wait a few seconds.', TOKEN_PERIOD)
}

/** Counts a request of a caller, and refuses one that is over the limit (429). There is nothing to wait for when it need not ask. */
export const countCall = (limit: RateLimit | undefined, caller: string): Promise<void> | undefined => {
  if (!limit) return undefined
  const left = granted.get(caller) ?? 0
  if (left > 0) {
    granted.set(caller, left - 1)
    return undefined
  }
  if (left === 0) grant(caller, TOGETHER - 1)
  return ask(limit, caller, left)
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

import { ApiError } from '../lib/errors.ts'

/** How long the limits of wrangler.toml look back, in seconds: what a client is told to wait. */
const TOKEN_PERIOD = '10'
const REFUSED_PERIOD = '60'

/** The limit of a token counts its requests by twenties: one asks for itself and the next nineteen that this isolate sees. */
const TOGETHER = 20

/** While the limit refuses a caller, one request in so many milliseconds asks again, and the others are refused with the last. */
const ASK_AGAIN = 1000

/** As many callers are known at once. */
const MOST_KNOWN = 1000

interface Standing {
  /** How many requests go on without asking. */
  left: number
  /** Until when others are refused without asking; 0 when the limit refused none. */
  refusedUntil: number
}

const standings = new Map<string, Standing>()

const tooMany = (message: string, period: string): ApiError => new ApiError(429, message, { 'Retry-After': period })

/** Whether `key` is within a limit. One that cannot be asked lets everybody through. */
const isWithin = async (limit: RateLimit, key: string): Promise<boolean> => {
  try {
    return (await limit.limit({ key })).success
  } catch {
    return true
  }
}

/** A caller is met anywhere in its twenty, so that one who is answered by many isolates is counted as what it sends on the whole. */
const meet = (caller: string): Standing => {
  const [oldest] = standings.keys()
  if (standings.size >= MOST_KNOWN && oldest !== undefined) standings.delete(oldest)
  const standing = { left: Math.floor(Math.random() * TOGETHER), refusedUntil: 0 }
  standings.set(caller, standing)
  return standing
}

const tooManyCalls = (): ApiError => tooMany('Too many requests with this token. Wait a few seconds.', TOKEN_PERIOD)

const ask = async (limit: RateLimit, caller: string, standing: Standing, now: number): Promise<void> => {
  const { refusedUntil } = standing
  if (refusedUntil) standing.refusedUntil = now + ASK_AGAIN
  else standing.left = TOGETHER - 1
  if (!(await isWithin(limit, caller))) {
    standing.refusedUntil = now + ASK_AGAIN
    throw tooManyCalls()
  }
  if (refusedUntil) Object.assign(standing, { left: TOGETHER - 1, refusedUntil: 0 })
}

/** Counts a request of a caller, and refuses one that is over the limit (429). There is nothing to wait for when it need not ask. */
export const countCall = (limit: RateLimit | undefined, caller: string, now: number): Promise<void> | undefined => {
  if (!limit) return undefined
  const standing = standings.get(caller) ?? meet(caller)
  if (standing.refusedUntil > now) throw tooManyCalls()
  if (standing.refusedUntil || standing.left === 0) return ask(limit, caller, standing, now)
  standing.left--
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

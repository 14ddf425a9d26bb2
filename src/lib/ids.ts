import { RESOURCES, type ResourceType } from './resources.ts'

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** Formats a whole number from 0 to 62^width - 1 in base 62. The order of the texts is that of the numbers. */
export const base62 = (value: number, width: number): string => {
  let text = ''
  for (let rest = value; text.length < width; rest = Math.floor(rest / 62)) text = BASE62.charAt(rest % 62) + text
  return text
}

/** A uniformly distributed random whole number below `limit`, which is at most 2^48. */
const randomBelow = (limit: number): number => {
  const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2))
  return Math.floor(((high >>> 6) * 0x8000000 + (low >>> 5)) * 2 ** -53 * limit)
}

/** `blocks` times 8 random digits of base 62. Each block has 47 bits. */
export const randomBase62 = (blocks: number): string => Array.from({ length: blocks }, () => base62(randomBelow(62 ** 8), 8)).join('')

/** Creates an id `<prefix>.<11 base62>.<5 base62>`: 8 digits for the time in milliseconds and 8 random digits. Ids sort by creation time. */
export const newId = (type: ResourceType, now: number): string => {
  const random = randomBase62(1)
  return `${RESOURCES[type].prefix}.${base62(now, 8)}${random.slice(0, 3)}.${random.slice(3)}`
}

/** Creates a UUID of version 7 (RFC 9562). `sequence` (0 to 4095) orders those of the same millisecond. */
export const uuidv7 = (now: number, sequence: number): string => {
  const time = now.toString(16).padStart(12, '0')
  const [, , , variant, node] = crypto.randomUUID().split('-')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${sequence.toString(16).padStart(3, '0')}-${variant}-${node}`
}

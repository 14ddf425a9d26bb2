import { base62, randomBase62 } from '../lib/ids.ts'

/** The number of slots of ids, which are distributed over the ledgers of a generation. */
const SLOTS = 62 * 62

/** The slot of an id: FNV-1a over its UTF-16 code units. */
export const slotOf = (id: string): number => {
  let hash = 0x811c9dc5
  for (let index = 0; index < id.length; index++) hash = Math.imul(hash ^ id.charCodeAt(index), 0x01000193)
  hash ^= hash >>> 15
  return (Math.imul(hash, 0x2c1b3c6d) >>> 0) % SLOTS
}

const FORM = /^event\.([0-9A-Za-z]{8})[0-9A-Za-z]{3}\.([0-9A-Za-z]{2})[0-9A-Za-z]{3}$/
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const numberOf = (digits: string): number => Array.from(digits).reduce((value, digit) => value * 62 + DIGITS.indexOf(digit), 0)

/**
 * A new reference of ours to an event: `event.<11 base62>.<5 base62>`, made of its time in milliseconds, the slot of its id, and
 * six digits, random unless they are given, so that it says where the event is kept.
 */
export const newReference = (id: string, time: number, random = randomBase62(1)): string =>
  `event.${base62(time, 8)}${random.slice(0, 3)}.${base62(slotOf(id), 2)}${random.slice(3, 6)}`

/** Reads the time and the slot of a reference. Undefined if it is invalid. */
export const readReference = (text: string): { time: number; slot: number } | undefined => {
  const [, time, slot] = FORM.exec(text) ?? []
  return time === undefined || slot === undefined ? undefined : { time: numberOf(time), slot: numberOf(slot) }
}

import { compare, decimalFromNumber, parseJsonNumber } from './decimal.ts'
import { ApiError, dotPath } from './errors.ts'

const BACKSLASH = 92
const COLON = 58

/** The end of the string that begins at `start` in valid JSON: the next quote after an even number of backslashes. */
const endOfString = (text: string, start: number): number => {
  for (let end = text.indexOf('"', start + 1); ; end = text.indexOf('"', end + 1)) {
    let before = end - 1
    while (text.charCodeAt(before) === BACKSLASH) before--
    if ((end - before) % 2) return end
  }
}

/** The first position from `start` on that is not white space. */
const skipSpace = (text: string, start: number): number => {
  let at = start
  while (text.charCodeAt(at) <= 32) at++
  return at
}

/** Counts the names in valid JSON, including repeated ones. */
const countNames = (text: string): number => {
  let count = 0
  for (let start = text.indexOf('"'); start >= 0;) {
    const next = skipSpace(text, endOfString(text, start) + 1)
    if (text.charCodeAt(next) === COLON) count++
    start = text.indexOf('"', next)
  }
  return count
}

/** Counts the names of all objects in a parsed JSON value, and says whether it has a number in it. */
const countKeys = (value: unknown): { count: number; hasNumber: boolean } => {
  const left: unknown[] = [[value]]
  let count = 0
  let hasNumber = false
  while (left.length) {
    const one = left.pop() as object
    const isList = Array.isArray(one)
    const items: unknown[] = isList ? one : Object.values(one)
    if (!isList) count += items.length
    for (let at = 0; at < items.length; at++) {
      const item = items[at]
      if (typeof item === 'object' && item !== null) left.push(item)
      else if (typeof item === 'number') hasNumber = true
    }
  }
  return { count, hasNumber }
}

/** What may be a number that a double does not keep. */
const LONG_NUMBER = /(?:^|[[:,\s])-?(?:\d[\d.]{15}|[\d.]+[eE]-)/
const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/y

/** The most digits with which a double is written, and as many as it keeps of any number. */
const [MOST_WRITTEN, ALWAYS_KEPT] = [17, 15]

/** Whether a number is another one when it is read: a whole one that no double is, one of more digits than a double is written with, or 0. */
const isAltered = (token: string): boolean => {
  const [mantissa = ''] = token.split(/[eE]/)
  const digits = mantissa.replaceAll(/^[-0.]+|\./g, '').replace(/0+$/, '').length
  const number = Number(token)
  if (digits === 0 || !Number.isFinite(number)) return false
  if (number === 0) return true
  if (digits <= ALWAYS_KEPT || (digits <= MOST_WRITTEN && /[.eE]/.test(token))) return false
  const [sent, kept] = [parseJsonNumber(token), decimalFromNumber(number)]
  return !sent || !kept || compare(sent, kept) !== 0
}

/** The path of the first name in valid JSON that occurs twice in its object, or of the first number that `isWrong`. */
const findPlace = (text: string, isWrong = (_number: string): boolean => false): PropertyKey[] => {
  const open: { names?: Set<string>; at: string | number }[] = []
  for (let place = 0; place < text.length; place++) {
    const inside = open.at(-1)
    const letter = text.charAt(place)
    if (letter === '{') open.push({ names: new Set(), at: '' })
    else if (letter === '[') open.push({ at: 0 })
    else if (letter === '}' || letter === ']') open.pop()
    else if (letter === ',' && typeof inside?.at === 'number') inside.at++
    else if (letter === '"') {
      const end = endOfString(text, place)
      if (inside?.names && text.charCodeAt(skipSpace(text, end + 1)) === COLON) {
        inside.at = JSON.parse(text.slice(place, end + 1)) as string
        if (inside.names.has(inside.at)) break
        inside.names.add(inside.at)
      }
      place = end
    } else if (letter === '-' || (letter >= '0' && letter <= '9')) {
      NUMBER.lastIndex = place
      const [token = letter] = NUMBER.exec(text) ?? []
      if (isWrong(token)) break
      place += token.length - 1
    }
  }
  return open.map(({ at }) => at)
}

/**
 * Parses JSON. Throws a SyntaxError if it is invalid, and INVALID for a name that an object has twice, of which one reader takes the first
 * value and another the last, and for a number that a double cannot hold. Names are counted in the text and in the value, which takes about
 * half as long as parsing.
 */
export const parseJson = (text: string): unknown => {
  const value: unknown = JSON.parse(text)
  const { count, hasNumber } = countKeys(value)
  if (countNames(text) !== count) throw new ApiError('INVALID', `${dotPath(findPlace(text))}: must be given once, and was given twice`)
  if (!hasNumber || !LONG_NUMBER.test(text)) return value
  const path = findPlace(text, isAltered)
  if (!path.length) return value
  throw new ApiError('INVALID', `${dotPath(path)}: must be a number of at most ${ALWAYS_KEPT} digits, or it would be read as another one`)
}

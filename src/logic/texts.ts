import { truncate } from '../lib/decimal.ts'
import { isSame } from './comparison.ts'
import type { Operators } from './operator.ts'
import { fail, type Run, spend, spendNumber, spendText } from './run.ts'
import { isDecimal, isList, toText, type Value, valueOf } from './values.ts'

/** Converts a value to text to join it with other text. */
const textOf = (run: Run, value: Value): string => {
  if (isDecimal(value)) spendNumber(run, value)
  return toText(value) ?? fail(run, `cannot make text of ${value === null ? 'null' : 'a list or a map'}`)
}

const concatenate = (values: readonly Value[], run: Run): string => {
  let text = ''
  for (const value of values) {
    const part = textOf(run, value)
    spendText(run, part.length)
    text += part
  }
  return text
}

const FARTHEST = 2 ** 31

/** A position in a text, cut to a whole number. */
const positionOf = (run: Run, value: Value, what: string): number => {
  if (!isDecimal(value)) return fail(run, `must have a number as its ${what}`)
  spendNumber(run, value)
  return Math.max(-FARTHEST, Math.min(FARTHEST, Number(truncate(value, 0).coefficient)))
}

/** `substr`: a part of a text. Negative positions count from the end. Empty if the part would exceed the text. */
const cutText = ([whole = null, from = null, count]: readonly Value[], run: Run): string => {
  const text = textOf(run, whole)
  const position = positionOf(run, from, 'start')
  const start = position < 0 ? text.length + position : position
  const length = count === undefined ? text.length - start : positionOf(run, count, 'length')
  const end = length < 0 ? text.length + length : start + length
  if (start < 0 || start > end || end > text.length) return ''
  spendText(run, end - start)
  return text.slice(start, end).toWellFormed()
}

/** The number of pairs of characters that a search compares in one step. In the worst case it compares each pair of the two texts. */
const PAIRS_IN_A_STEP = 4096

const isIn = ([needle, haystack]: readonly Value[], run: Run): boolean => {
  if (needle === undefined || haystack === undefined) return false
  if (typeof haystack === 'string') {
    const text = needle === null || isList(needle) ? undefined : toText(needle)
    if (text === undefined || text.length > haystack.length) return false
    spend(run, Math.floor((text.length * haystack.length) / PAIRS_IN_A_STEP))
    return haystack.includes(text)
  }
  if (!isList(haystack)) return false
  spend(run, haystack.length)
  return haystack.some((item) => isSame(run, needle, valueOf(item)))
}

export const TEXTS: Operators = [
  ['cat', { apply: concatenate }],
  ['substr', { takes: { allows: (count) => count === 2 || count === 3, expected: '2 or 3 arguments' }, apply: cutText }],
  ['in', { apply: isIn }],
]

import { compare, decimalFromNumber, truncate } from '../lib/decimal.ts'
import { addDuration, type DateTime, durationOf, formatDate, formatDuration, millisecondsOfDuration, parseDate, UNITS } from './dates.ts'
import type { ArgumentCount, Operator, Operators } from './operator.ts'
import { readNumber, type Run } from './run.ts'
import { isDate, type Value } from './values.ts'

const TWO: ArgumentCount = { allows: (count) => count === 0 || count === 2, expected: 'exactly 2 arguments' }

const dateOf = (value: Value | undefined): DateTime | undefined => {
  if (typeof value === 'string') return parseDate(value)
  return value !== undefined && isDate(value) ? value : undefined
}

const shift = (sign: 1 | -1): Operator => ({
  takes: TWO,
  apply: ([from, duration]) => {
    const date = dateOf(from)
    const shifted = date && typeof duration === 'string' ? addDuration(date, duration, sign) : undefined
    return shifted ? formatDate(shifted) : null
  },
})

const durationBetween = ([from, until]: readonly Value[]): Value => {
  const [start, end] = [dateOf(from), dateOf(until)]
  return start && end ? formatDuration(end.instant - start.instant) : null
}

/** Converts a whole number or its text. A blank text is 0. */
const countOf = (run: Run, value: Value): number | undefined => {
  const number = readNumber(run, value)
  if (!number) return typeof value === 'string' && !value.trim() ? 0 : undefined
  const whole = truncate(number, 0)
  return compare(whole, number) === 0 ? Number(whole.coefficient) : undefined
}

const makeDuration = ([value = null, unit]: readonly Value[], run: Run): Value => {
  const count = countOf(run, value)
  return count === undefined || typeof unit !== 'string' ? null : (durationOf(count, unit) ?? null)
}

/** The number of whole units in a duration, cut toward zero. */
const countUnits = ([duration, unit]: readonly Value[]): Value => {
  const size = typeof unit === 'string' ? UNITS.get(unit) : undefined
  const milliseconds = typeof duration === 'string' ? millisecondsOfDuration(duration) : undefined
  return size === undefined || milliseconds === undefined ? null : (decimalFromNumber(Math.trunc(milliseconds / size)) ?? null)
}

export const TIMES: Operators = [
  [
    'date',
    {
      takes: { allows: (count) => count <= 1, expected: 'one argument' },
      apply: ([text]) => (typeof text === 'string' ? (parseDate(text) ?? null) : null),
    },
  ],
  ['date.add', shift(1)],
  ['date.sub', shift(-1)],
  ['duration.between', { takes: TWO, apply: durationBetween }],
  ['duration.of', { takes: TWO, apply: makeDuration }],
  ['duration.as', { takes: TWO, apply: countUnits }],
]

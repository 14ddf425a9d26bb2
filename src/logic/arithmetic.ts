import { add, compare, type Decimal, divide, multiply, negate, remainder, subtract } from '../lib/decimal.ts'
import { millisecondsOfDuration } from './dates.ts'
import type { Operators } from './operator.ts'
import { fail, readNumber, type Run } from './run.ts'
import type { Value } from './values.ts'

/** The decimal places of a quotient in the contract's dialect. */
const QUOTIENT_PLACES = 4

const DAY_IN_MILLISECONDS: Decimal = { coefficient: 86_400_000n, scale: 0 }

/** Converts the text of a duration to days with 4 decimal places. */
const daysOf = (text: string): Decimal | undefined => {
  const milliseconds = millisecondsOfDuration(text)
  if (milliseconds === undefined) return undefined
  return divide({ coefficient: BigInt(milliseconds), scale: 0 }, DAY_IN_MILLISECONDS, QUOTIENT_PLACES)
}

/** Converts a number, numeric text, or the text of a duration (to days). Undefined for anything else. */
const operandOf = (run: Run, value: Value | undefined): Decimal | undefined => {
  if (value === undefined) return undefined
  return readNumber(run, value) ?? (typeof value === 'string' ? daysOf(value) : undefined)
}

/** Combines the first `most` values from left to right. Null if there are none, or one of them is not a number. */
const combine = (run: Run, values: readonly Value[], most: number, putTogether: (one: Decimal, other: Decimal) => Decimal): Value => {
  let result = operandOf(run, values[0])
  for (let index = 1; index < values.length && index < most; index++) {
    const operand = operandOf(run, values[index])
    if (!result || !operand) return null
    result = putTogether(result, operand)
  }
  return result ?? null
}

const sumOf = (values: readonly Value[], run: Run): Value => {
  if (values.length === 1 && typeof values[0] === 'string')
    return operandOf(run, values[0]) ?? fail(run, 'cannot make a number of this text')
  return combine(run, values, Infinity, add)
}

const differenceOf = (values: readonly Value[], run: Run): Value => {
  if (values.length !== 1) return combine(run, values, 2, subtract)
  const operand = operandOf(run, values[0])
  return operand ? negate(operand) : null
}

const divideToPlaces = (dividend: Decimal, divisor: Decimal): Decimal => divide(dividend, divisor, QUOTIENT_PLACES)
const lesserOf = (one: Decimal, other: Decimal): Decimal => (compare(other, one) < 0 ? other : one)
const greaterOf = (one: Decimal, other: Decimal): Decimal => (compare(other, one) > 0 ? other : one)

export const ARITHMETIC: Operators = [
  ['+', { apply: sumOf }],
  ['-', { apply: differenceOf }],
  ['*', { apply: (values, run) => combine(run, values, Infinity, multiply) }],
  ['/', { apply: (values, run) => (values.length === 1 ? null : combine(run, values, 2, divideToPlaces)) }],
  ['%', { apply: (values, run) => combine(run, values, 2, remainder) }],
  ['min', { apply: (values, run) => combine(run, values, Infinity, lesserOf) }],
  ['max', { apply: (values, run) => combine(run, values, Infinity, greaterOf) }],
]

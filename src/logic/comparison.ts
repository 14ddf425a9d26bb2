import { compare, type Decimal, isZero, ZERO } from '../lib/decimal.ts'
import { type DateTime, parseDate } from './dates.ts'
import { type ArgumentCount, exactly, type Operator, type Operators } from './operator.ts'
import { readNumber, type Run, spend, spendNumber, spendReading } from './run.ts'
import { type Data, type DataMap, isDate, isDecimal, isList, isMap, isTruthy, type Value, valueOf } from './values.ts'

const ONE: Decimal = { coefficient: 1n, scale: 0 }

const compareNumbers = (run: Run, one: Decimal, other: Decimal): number => {
  spendNumber(run, one)
  spendNumber(run, other)
  return compare(one, other)
}

const isSameText = (run: Run, one: string, other: string): boolean => {
  spendReading(run, one.length)
  return one === other
}

const instantOf = (value: Value): number | undefined => {
  if (typeof value === 'string') return parseDate(value)?.instant
  return isDate(value) ? value.instant : undefined
}

const isSameInstant = (one: DateTime, other: Value): boolean => instantOf(other) === one.instant

/** Whether two values have the same type and are equal. Undefined for two lists or maps of the same size, whose items decide. */
const isSameOutside = (run: Run, one: Value, other: Value): boolean | undefined => {
  if (typeof one === 'string') return typeof other === 'string' && isSameText(run, one, other)
  if (isDecimal(one)) return isDecimal(other) && compareNumbers(run, one, other) === 0
  if (isDate(one)) return isDate(other) && one.instant === other.instant
  if (isList(one)) return isList(other) && one.length === other.length ? undefined : false
  if (isMap(one)) return isMap(other) && Object.keys(one).length === Object.keys(other).length ? undefined : false
  return one === other
}

/** Whether two values have the same type and are equal: numbers by value, dates by instant, lists and maps by their items. */
export const isSame = (run: Run, one: Value, other: Value): boolean => {
  const outside = isSameOutside(run, one, other)
  if (outside !== undefined) return outside
  const rest: [Data, Data][] = [[one, other]]
  for (let pair = rest.pop(); pair; pair = rest.pop()) {
    const [left, right] = [valueOf(pair[0]), valueOf(pair[1])]
    const same = isSameOutside(run, left, right)
    if (same === false) return false
    if (same === undefined) {
      const [items, others] = [left as DataMap, right as DataMap]
      const keys = Object.keys(items)
      spend(run, keys.length)
      for (const key of keys) {
        if (!Object.hasOwn(others, key)) return false
        rest.push([items[key], others[key]])
      }
    }
  }
  return true
}

/** Compares a number with another value for `==`: a blank text is 0, and true is 1. */
const isEqualNumber = (run: Run, number: Decimal, other: boolean | string | Decimal): boolean => {
  if (typeof other === 'boolean') return compareNumbers(run, number, other ? ONE : ZERO) === 0
  const right = readNumber(run, other)
  if (right) return compareNumbers(run, number, right) === 0
  return typeof other === 'string' && !other.trim() && isZero(number)
}

const isScalar = (value: Value): value is boolean | string | Decimal =>
  typeof value === 'string' || typeof value === 'boolean' || isDecimal(value)

/** Whether two values are equal after conversion. Null equals only null, and two texts are compared by their characters. */
const isEqual = (run: Run, one: Value, other: Value): boolean => {
  if (one === null || other === null) return one === other
  if (typeof one === 'string' && typeof other === 'string') return isSameText(run, one, other)
  if (isDecimal(one) && isScalar(other)) return isEqualNumber(run, one, other)
  if (isDecimal(other) && isScalar(one)) return isEqualNumber(run, other, one)
  if (isScalar(one) && isScalar(other)) return isTruthy(one) === isTruthy(other)
  if (isDate(one)) return isSameInstant(one, other)
  if (isDate(other)) return isSameInstant(other, one)
  return !isTruthy(one) && !isTruthy(other)
}

const equality = (test: (run: Run, one: Value, other: Value) => boolean, wanted: boolean): Operator => ({
  takes: exactly(2),
  apply: ([one = null, other = null], run) => test(run, one, other) === wanted,
})

/** Compares two numbers or numeric texts, or two dates or texts of dates. Undefined for anything else. */
const compareValues = (run: Run, one: Value, other: Value): number | undefined => {
  if (isDate(one) || isDate(other)) {
    const [left, right] = [instantOf(one), instantOf(other)]
    return left === undefined || right === undefined ? undefined : left - right
  }
  const left = readNumber(run, one)
  const right = readNumber(run, other)
  return left && right && compare(left, right)
}

const isOrdered = (run: Run, holds: (difference: number) => boolean, one: Value = null, other: Value = null): boolean => {
  const difference = compareValues(run, one, other)
  return difference !== undefined && holds(difference)
}

/** The contract's dialect ignores what comes after the first two of four arguments or more. */
const NOT_BETWEEN: ArgumentCount = { allows: (count) => count >= 2 && count !== 3, expected: 'exactly 2 arguments' }
const MAY_BE_BETWEEN: ArgumentCount = { allows: (count) => count >= 2, expected: '2 or 3 arguments' }

const order = (holds: (difference: number) => boolean): Operator => ({
  takes: NOT_BETWEEN,
  apply: ([one, other], run) => isOrdered(run, holds, one, other),
})

/** Of three arguments the second lies between the others. */
const orderOrBetween = (holds: (difference: number) => boolean): Operator => ({
  takes: MAY_BE_BETWEEN,
  apply: (values, run) =>
    isOrdered(run, holds, values[0], values[1]) && (values.length !== 3 || isOrdered(run, holds, values[1], values[2])),
})

export const COMPARISON: Operators = [
  ['==', equality(isEqual, true)],
  ['!=', equality(isEqual, false)],
  ['===', equality(isSame, true)],
  ['!==', equality(isSame, false)],
  ['>', order((difference) => difference > 0)],
  ['>=', order((difference) => difference >= 0)],
  ['<', orderOrBetween((difference) => difference < 0)],
  ['<=', orderOrBetween((difference) => difference <= 0)],
  ['!', { apply: ([value = null]) => !isTruthy(value) }],
  ['!!', { apply: ([value = null]) => isTruthy(value) }],
]

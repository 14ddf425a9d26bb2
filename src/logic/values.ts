import { type Decimal, decimalFromNumber, formatDecimal, isZero, parseDecimal } from '../lib/decimal.ts'
import { DATE, type DateTime, formatDate } from './dates.ts'

/** The data of a rule: JSON, in which decimals can replace numbers. */
export type Data = Value | number | undefined

/** The result of a rule or a part of it. */
export type Value = null | boolean | string | Decimal | DateTime | DataList | DataMap

type DataList = readonly Data[]

export interface DataMap {
  readonly [name: string]: Data
}

/** JSON contains no bigint or symbol, so data cannot be mistaken for a decimal or a date. */
export const isDecimal = (value: Data): value is Decimal =>
  typeof value === 'object' && value !== null && typeof (value as Partial<Decimal>).coefficient === 'bigint'

export const isDate = (value: Data): value is DateTime =>
  typeof value === 'object' && value !== null && (value as Partial<DateTime>).kind === DATE

export const isList = (value: Data): value is DataList => Array.isArray(value)

export const isMap = (value: Data): value is DataMap =>
  typeof value === 'object' && value !== null && !isList(value) && !isDecimal(value) && !isDate(value)

/** Converts data to a value. A JSON number becomes the decimal of its shortest text; NaN and undefined become null. */
export const valueOf = (data: Data): Value => {
  if (typeof data === 'number') return decimalFromNumber(data) ?? null
  return data ?? null
}

/** Whether a value is truthy. Null, false, 0, empty text and the empty list are falsy; "0" and an empty map are truthy. */
export const isTruthy = (value: Value): boolean => {
  if (value === null || typeof value !== 'object') return Boolean(value)
  if (isList(value)) return value.length > 0
  return !isDecimal(value) || !isZero(value)
}

/** Converts a text, a number, a boolean or a date to text. Undefined for null, a list or a map. */
export const toText = (value: Value): string | undefined => {
  if (typeof value === 'string') return value
  if (typeof value === 'boolean') return String(value)
  if (isDecimal(value)) return formatDecimal(value)
  return isDate(value) ? formatDate(value) : undefined
}

/** Converts a decimal or numeric text to a number. Undefined for anything else. */
export const toNumber = (value: Value): Decimal | undefined => {
  if (typeof value === 'string') return parseDecimal(value)
  return isDecimal(value) ? value : undefined
}

const [MOST, LEAST] = [10n ** 512n, -(10n ** 512n)]

/** Converts a result to units or to the value of an attribute: a number with up to 512 digits on each side of the point. Undefined for anything else. */
export const toDecimalResult = (value: Value): Decimal | undefined => {
  const number = toNumber(value)
  if (!number || (number.scale <= 512 && number.coefficient < MOST && number.coefficient > LEAST)) return number
  return parseDecimal(formatDecimal(number))
}

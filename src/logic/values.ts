import { type Decimal, decimalFromNumber, formatDecimal, isZero, parseDecimal } from '../lib/decimal.ts'
import { DATE, type DateTime, formatDate } from './dates.ts'

/** What a rule is given: data as JSON has it, where decimals may stand for numbers. */
export type Data = Value | number | undefined

/** What a rule, or a part of it, has as its result. */
export type Value = null | boolean | string | Decimal | DateTime | DataList | DataMap

export type DataList = readonly Data[]

export interface DataMap {
  readonly [name: string]: Data
}

/** No JSON has a bigint or a symbol in it, so that no data passes for a decimal or a date. */
export const isDecimal = (value: Data): value is Decimal =>
  typeof value === 'object' && value !== null && typeof (value as Partial<Decimal>).coefficient === 'bigint'

export const isDate = (value: Data): value is DateTime =>
  typeof value === 'object' && value !== null && (value as Partial<DateTime>).kind === DATE

export const isList = (value: Data): value is DataList => Array.isArray(value)

export const isMap = (value: Data): value is DataMap =>
  typeof value === 'object' && value !== null && !isList(value) && !isDecimal(value) && !isDate(value)

/** A number of JSON counts by its shortest text; what is no number and no value is null. */
export const valueOf = (data: Data): Value => {
  if (typeof data === 'number') return decimalFromNumber(data) ?? null
  return data ?? null
}

/** False are null, false, 0, empty text and the empty list; "0" and an empty map are true. */
export const isTruthy = (value: Value): boolean => {
  if (value === null || typeof value !== 'object') return Boolean(value)
  if (isList(value)) return value.length > 0
  return !isDecimal(value) || !isZero(value)
}

/** Text of a text, a number in plain digits, true or false, or a date; undefined of null, a list or a map. */
export const toText = (value: Value): string | undefined => {
  if (typeof value === 'string') return value
  if (typeof value === 'boolean') return String(value)
  if (isDecimal(value)) return formatDecimal(value)
  return isDate(value) ? formatDate(value) : undefined
}

/** The number of a decimal or of a text that writes one; undefined of all else. */
export const toNumber = (value: Value): Decimal | undefined => {
  if (typeof value === 'string') return parseDecimal(value)
  return isDecimal(value) ? value : undefined
}

const [MOST, LEAST] = [10n ** 512n, -(10n ** 512n)]

/** A result as units or as the value of an attribute: a number, or a text that writes one, of up to 512 digits on a side of the point; undefined of all else. */
export const toDecimalResult = (value: Value): Decimal | undefined => {
  const number = toNumber(value)
  if (!number || (number.scale <= 512 && number.coefficient < MOST && number.coefficient > LEAST)) return number
  return parseDecimal(formatDecimal(number))
}

import * as z from 'zod/mini'
import {
  type Decimal,
  compare as compareDecimals,
  formatDecimal,
  parseDecimal,
  parseJsonNumber,
  requireDecimal,
} from '../../lib/decimal.ts'
import { bucketStart, instant, iso } from '../../lib/time.ts'
import type { Cell, ValueType } from './tables.ts'

/** The order of a UTF-16 unit among code points: surrogates stand for those above all others. */
const rank = (unit: number): number => (unit >= 0xd800 ? (unit < 0xe000 ? unit + 0x2000 : unit - 0x800) : unit)

/** Compares texts by code points, which is the order of their bytes in UTF-8. */
export const compareTexts = (one: string, other: string): number => {
  if (one === other) return 0
  const shorter = Math.min(one.length, other.length)
  for (let at = 0; at < shorter; at++) {
    const [left, right] = [one.charCodeAt(at), other.charCodeAt(at)]
    if (left !== right) return rank(left) - rank(right)
  }
  return one.length - other.length
}

/** How texts of one cell are shown together. */
const joinTexts = (texts: readonly string[]): string => texts.join('; ')

/** A value that can be compared with others of its type often. Nothing comes before everything, and is the same as an empty text. */
export type Comparable = string | number | Decimal | null

export const comparableOf = (type: ValueType, cell: Cell): Comparable => {
  if (type === 'TEXTS') return cell === null ? '' : joinTexts(cell as readonly string[])
  if (type === 'TEXT') return cell === null ? '' : (cell as string)
  if (cell === null) return null
  return type === 'TIME' ? (cell as number) : requireDecimal(cell as string)
}

export const compareValues = (one: Comparable, other: Comparable): number => {
  if (one === null || other === null) return Number(one !== null) - Number(other !== null)
  if (typeof one === 'string') return compareTexts(one, other as string)
  if (typeof one === 'number') return one - (other as number)
  return compareDecimals(one, other as Decimal)
}

export const UNITS = ['hour', 'day', 'week', 'month', 'year'] as const
export type Unit = (typeof UNITS)[number]

const PERIODS = { hour: 'HOUR', day: 'DAY', week: 'WEEK', month: 'MONTH' } as const

/** The start of the hour, day, week, month or year in which an instant lies, in UTC. */
const truncateTime = (time: number, unit: Unit): number =>
  unit === 'year' ? Date.UTC(new Date(time).getUTCFullYear(), 0, 1) : bucketStart(time, PERIODS[unit])

const withoutSign = (decimal: string): string => (decimal.startsWith('-') ? decimal.slice(1) : decimal)

/** What a function makes of a value. A unit is that of date_trunc; without one it is abs. */
export const applyFunction = (cell: Cell, unit: Unit | undefined): Cell => {
  if (cell === null) return null
  return unit === undefined ? withoutSign(cell as string) : truncateTime(cell as number, unit)
}

const INSTANT = instant()

const DATE = /^\d{4}-\d\d-\d\d$/

/** What a text stands for. Undefined if it is not of the type. */
export const parseArg = (type: ValueType, text: string): Cell | undefined => {
  if (type === 'TEXT' || type === 'TEXTS') return text
  if (type === 'TIME') {
    const { success, data } = z.safeParse(INSTANT, DATE.test(text) ? `${text}T00:00:00Z` : text)
    return success ? data : undefined
  }
  const decimal = parseDecimal(text) ?? parseJsonNumber(text)
  return decimal && formatDecimal(decimal)
}

/** What is wrong with a text that is not of a type. */
export const EXPECTED: Readonly<Record<ValueType, string>> = {
  TEXT: 'a text',
  TEXTS: 'a text',
  TIME: 'a date, or a date and a time, such as 2026-03-30T10:41:10Z',
  NUMBER: 'a decimal number, such as -12.5',
}

/** A value as the CSV shows it. */
export const showCell = (type: ValueType, cell: Cell): string => {
  if (cell === null) return ''
  if (type === 'TIME') return iso(cell as number)
  return type === 'TEXTS' ? joinTexts(cell as readonly string[]) : (cell as string)
}

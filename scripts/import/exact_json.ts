import { compare, decimalFromNumber, formatDecimal, parseJsonNumber } from '../../src/lib/decimal.ts'

const parse = JSON.parse as (text: string, reviver: (name: string, value: unknown, context?: { source?: string }) => unknown) => unknown

const isExact = (value: number, source: string): boolean => {
  const [held, meant] = [decimalFromNumber(value), parseJsonNumber(source)]
  return held !== undefined && meant !== undefined && compare(held, meant) === 0
}

/** Parses JSON without losing a digit: a number that JavaScript would round stays its text. */
export const parseExactly = (text: string): unknown =>
  parse(text, (_name, value, { source } = {}) =>
    typeof value === 'number' && source !== undefined && !isExact(value, source) ? source : value,
  )

/** The decimal text of a number that was parsed so: 0.0000001 where JavaScript writes 1e-7. */
export const textOfNumber = (number: number | string): string => {
  const decimal = typeof number === 'number' ? decimalFromNumber(number) : parseJsonNumber(number)
  return decimal ? formatDecimal(decimal) : String(number)
}

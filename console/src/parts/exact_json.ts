import { jsonNumber, parseJsonNumber } from '../../../src/lib/decimal.ts'

/** A number of the API. One that a double cannot hold is its text, which all functions of format.ts take. */
export type Exact = number | string

interface Source {
  source?: string
}

const parse = JSON.parse as (text: string, reviver: (key: string, value: unknown, context?: Source) => unknown) => unknown

/** Parses JSON without losing a digit: a number whose text is not what JavaScript would print stays that text. */
export const parseExactly = (text: string): unknown =>
  parse(text, (_key, value, context) =>
    typeof value === 'number' && context?.source !== undefined && String(value) !== context.source ? context.source : value,
  )

/** Digits in groups of three, such as 1,234,567.50. What separates other groups may be a decimal comma, and is no part of a number. */
const GROUPED = /^[-+]?\d{1,3}(?:[,\s_]\d{3})+(?:\.\d*)?$/

/** What a person typed as a number, as JSON writes it, with all its digits. Undefined if it is none. */
export const digitsTyped = (typed: string): string | undefined => {
  const trimmed = typed.trim().replace('−', '-')
  const text = (GROUPED.test(trimmed) ? trimmed.replaceAll(/[,\s_]/g, '') : trimmed)
    .replace(/^\+/, '')
    .replace(/^(-?)\./, '$10.')
    .replace(/^(-?)0+(?=\d)/, '$1')
    .replace(/\.$/, '')
  return parseJsonNumber(text) ? text : undefined
}

/** What a person typed as a number, for the body of a request, with all its digits. Undefined if it is none. */
export const numberTyped = (typed: string): number | undefined => {
  const text = digitsTyped(typed)
  return text === undefined ? undefined : jsonNumber(text)
}

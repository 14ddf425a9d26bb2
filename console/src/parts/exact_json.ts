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

/** What a person typed as a number, for the body of a request, with all its digits. Undefined if it is none. */
export const numberTyped = (typed: string): number | undefined => {
  const text = typed
    .trim()
    .replaceAll(/[,\s_]/g, '')
    .replace(/^\+/, '')
    .replace(/^(-?)\./, '$10.')
  return parseJsonNumber(text) ? jsonNumber(text) : undefined
}

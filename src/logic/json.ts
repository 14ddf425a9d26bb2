import { type Decimal, parseJsonNumber } from '../lib/decimal.ts'

/** The JSON of a rule, with exact numbers; one that is left has more digits than a decimal may have. */
export type Json = null | boolean | string | number | Decimal | readonly Json[] | JsonObject

export interface JsonObject {
  readonly [name: string]: Json
}

/** The end of the JSON string that begins at `start`. */
const endOfString = (text: string, start: number): number => {
  let at = start + 1
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at
}

/** How deep a JSON text is nested, and how many names its objects have as it is written: one that stands twice counts twice. */
export const measureJson = (text: string): { depth: number; names: number } => {
  let [open, depth, names] = [0, 0, 0]
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (character === '"') at = endOfString(text, at)
    else if (character === ':') names++
    else if (character === '{' || character === '[') depth = Math.max(depth, ++open)
    else if (character === '}' || character === ']') open--
  }
  return { depth, names }
}

/** Parses strict JSON. Throws a SyntaxError. */
export const parseExactJson = (text: string): Json =>
  JSON.parse(text, (_, value: Json, context?: { source: string }) =>
    typeof value === 'number' ? (parseJsonNumber(context?.source ?? '') ?? value) : value,
  ) as Json

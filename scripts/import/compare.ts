import { compare, parseDecimal } from '../../src/lib/decimal.ts'
import type { Json } from './api.ts'

/** A field that is not the same in the line and in the API. */
export interface Difference {
  field: string
  ours: unknown
  theirs: unknown
}

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

const TIME = /^\d{4}-\d\d-\d\d(?:T|$)/

const isSameText = (one: string, other: string): boolean => {
  if (one === other || one.normalize('NFC') === other) return true
  if (TIME.test(one) && TIME.test(other)) return Date.parse(one) === Date.parse(other)
  const [number, another] = [parseDecimal(one), parseDecimal(other)]
  return number !== undefined && another !== undefined && compare(number, another) === 0
}

const isNothing = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  (Array.isArray(value) && value.length === 0) ||
  (isObject(value) && Object.keys(value).length === 0)

/** The names that items of a list have: an alias is sent as a text, and shown with its status. */
const nameOf = (item: unknown): unknown => (isObject(item) && typeof item['alias'] === 'string' ? item['alias'] : item)

/** A list in the order of its texts: of aliases, tags and recipients the order says nothing. */
const sortTexts = (items: readonly unknown[]): readonly unknown[] =>
  items.every((item) => typeof item === 'string') ? items.toSorted((one, other) => (one < other ? -1 : 1)) : items

const findInLists = (theirs: readonly unknown[], ours: readonly unknown[], field: string): Difference[] => {
  if (theirs.length !== ours.length) return [{ field, ours, theirs }]
  const shown = ours.map(nameOf)
  const sorted = sortTexts(shown)
  return sortTexts(theirs).flatMap((item, index) => findDifferences(item, sorted[index], `${field}[${index}]`))
}

/** Where what a line says (`theirs`) is not what the API says (`ours`). What only the API says, as an id that it made, is no difference. */
export const findDifferences = (theirs: unknown, ours: unknown, field = ''): Difference[] => {
  if (isNothing(theirs) && isNothing(ours)) return []
  if (isObject(theirs) && isObject(ours))
    return Object.entries(theirs).flatMap(([name, value]) => findDifferences(value, ours[name], field ? `${field}.${name}` : name))
  if (Array.isArray(theirs) && Array.isArray(ours)) return findInLists(theirs, ours, field)
  const isPlain = [theirs, ours].every((value) => typeof value === 'string' || typeof value === 'number')
  const isSame = isPlain ? isSameText(String(theirs), String(ours)) : theirs === ours
  return isSame ? [] : [{ field, ours, theirs }]
}

const shorten = (value: unknown): string => {
  const text = value === undefined ? 'not there' : JSON.stringify(value)
  return text.length > 120 ? `${text.slice(0, 117)}…` : text
}

export const describeDifference = ({ field, ours, theirs }: Difference): string =>
  `${field} is ${shorten(ours)} here and ${shorten(theirs)} in the file`

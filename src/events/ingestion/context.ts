import type { Decimal } from '../../lib/decimal.ts'
import { iso } from '../../lib/time.ts'
import type { RuleError } from '../../logic/place.ts'
import type { Data, DataMap } from '../../logic/values.ts'
import type { ParsedEvent } from './event.ts'

/** The owner of an event: the id of its account, even if it was sent with an alias, and the id of the customer. */
export interface Owner {
  readonly accountId: string
  readonly customerId: string
}

/** The data of an event that rules can read (metering.md, 1.5). */
export interface Context extends DataMap {
  readonly attributes: Record<string, Decimal>
  readonly attribute: Record<string, Decimal>
  readonly dimensions: Record<string, string>
  readonly dimension: Record<string, string>
  readonly dependencies: Record<string, Data>
}

/** Sets an own property, even if its name is `__proto__`. */
export const setOwn = <Item>(map: Record<string, Item>, name: string, value: Item): void => {
  if (name === '__proto__') Object.defineProperty(map, name, { value, enumerable: true, configurable: true, writable: true })
  else map[name] = value
}

export const ownOf = <Item>(map: Readonly<Record<string, Item>>, name: string): Item | undefined =>
  Object.hasOwn(map, name) ? map[name] : undefined

/** Makes the context of an event without attributes and dimensions. Each map has two names. */
export const makeContext = (event: ParsedEvent, accountId: string, customerId: string | null): Context => {
  const attributes: Record<string, Decimal> = {}
  const dimensions: Record<string, string> = {}
  return {
    attributes,
    attribute: attributes,
    dimensions,
    dimension: dimensions,
    dependencies: {},
    accountId,
    customerId,
    timestamp: iso(event.timestamp),
    id: event.id ?? null,
    schemaName: event.schemaName,
  }
}

const LONGEST_DESCRIPTION = 250

/** Cuts a text to the length of a status description. */
export const shortenDescription = (text: string): string =>
  text.length > LONGEST_DESCRIPTION ? `${text.slice(0, LONGEST_DESCRIPTION - 1).toWellFormed()}…` : text

/** Puts a name in quotes, and cuts a long one. */
export const quoteName = (name: string): string => `"${name.length > 60 ? `${name.slice(0, 59).toWellFormed()}…` : name}"`

/** Says what is wrong with a rule, and where. */
export const explainRule = ({ path, message }: RuleError): string => (path ? `${message}, at ${path}` : message)

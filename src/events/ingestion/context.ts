import type { Decimal } from '../../lib/decimal.ts'
import { iso } from '../../lib/time.ts'
import type { RuleError } from '../../logic/place.ts'
import type { Data, DataMap } from '../../logic/values.ts'
import type { ParsedEvent } from './event.ts'

/** Whose event it is: the account's own id, whatever alias it was sent under, and its customer's. */
export interface Owner {
  readonly accountId: string
  readonly customerId: string
}

/** What rules see of an event (metering.md, 1.5). */
export interface Context extends DataMap {
  readonly attributes: Record<string, Decimal>
  readonly attribute: Record<string, Decimal>
  readonly dimensions: Record<string, string>
  readonly dimension: Record<string, string>
  readonly dependencies: Record<string, Data>
}

/** Sets an own property, also where its name is `__proto__`. */
export const setOwn = <Item>(map: Record<string, Item>, name: string, value: Item): void => {
  if (name === '__proto__') Object.defineProperty(map, name, { value, enumerable: true, configurable: true, writable: true })
  else map[name] = value
}

export const ownOf = <Item>(map: Readonly<Record<string, Item>>, name: string): Item | undefined =>
  Object.hasOwn(map, name) ? map[name] : undefined

/** The context of an event before what it has of its schema's fields is put in. The maps have two names each, and are the same. */
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

/** Text within the length of a status description. */
export const shortenDescription = (text: string): string =>
  text.length > LONGEST_DESCRIPTION ? `${text.slice(0, LONGEST_DESCRIPTION - 1).toWellFormed()}…` : text

/** A name in quotes, cut where it is so long that nothing else would have room. */
export const quoteName = (name: string): string => `"${name.length > 60 ? `${name.slice(0, 59).toWellFormed()}…` : name}"`

/** What is wrong with a rule, and where in it. */
export const explainRule = ({ path, message }: RuleError): string => (path ? `${message}, at ${path}` : message)

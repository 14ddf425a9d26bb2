import { type Json, type JsonObject, parseExactJson } from './json.ts'
import { isDecimal } from './values.ts'

/** What a rule reads from the data that it is given. */
export interface Reads {
  /** The paths that are written in it, such as attributes.size. */
  readonly paths: readonly string[]
  /** Whether it may read anything else: it computes a path, or takes the data as a whole. */
  readonly isOpen: boolean
}

/** Of these the second argument sees an item of a list, and not the data. */
const OVER_ITEMS: ReadonlySet<string> = new Set(['map', 'filter', 'reduce', 'all', 'some', 'none'])

const isJsonList = (json: Json | undefined): json is readonly Json[] => Array.isArray(json)

const isOperation = (json: Json): json is JsonObject => typeof json === 'object' && json !== null && !isJsonList(json) && !isDecimal(json)

interface Found {
  paths: Set<string>
  isOpen: boolean
}

/** A path as `var`, `missing` and `missing_some` take it; one that is computed may be any. */
const addPath = (found: Found, path: Json | undefined): void => {
  if (typeof path === 'string' && path !== '') found.paths.add(path)
  else found.isOpen = true
}

const addPaths = (found: Found, paths: readonly Json[]): void => {
  for (const path of paths) {
    if (isJsonList(path)) addPaths(found, path)
    else addPath(found, path)
  }
}

const addOperation = (found: Found, name: string, written: Json): void => {
  const parts = isJsonList(written) ? written : [written]
  if (name === 'var') addPath(found, parts[0])
  if (name === 'missing') addPaths(found, parts)
  if (name === 'missing_some') addPaths(found, parts.slice(1))
  const seesData = OVER_ITEMS.has(name) ? parts.filter((_, index) => index !== 1) : parts
  const evaluated = name === 'var' ? seesData.slice(0, 1) : seesData
  for (const part of evaluated) addReads(found, part)
}

const addReads = (found: Found, json: Json): void => {
  if (isJsonList(json)) for (const item of json) addReads(found, item)
  else if (isOperation(json)) for (const [name, written] of Object.entries(json)) addOperation(found, name, written)
}

/** What the rule of a text reads. The text must be one that `compileRule` takes. */
export const readsOf = (text: string): Reads => {
  const found: Found = { paths: new Set(), isOpen: false }
  addReads(found, parseExactJson(text))
  return { paths: [...found.paths], isOpen: found.isOpen }
}

import { type Json, type JsonObject, parseExactJson } from './json.ts'
import { isDecimal } from './values.ts'

/** The data that a rule reads. */
export interface Reads {
  /** The paths that the rule contains, such as attributes.size. */
  readonly paths: readonly string[]
  /** Whether it may read other paths too, because it computes a path or reads the data as a whole. */
  readonly isOpen: boolean
}

/** Operators whose second argument reads an item of a list instead of the data. */
const OVER_ITEMS: ReadonlySet<string> = new Set(['map', 'filter', 'reduce', 'all', 'some', 'none'])

const isJsonList = (json: Json | undefined): json is readonly Json[] => Array.isArray(json)

const isOperation = (json: Json): json is JsonObject => typeof json === 'object' && json !== null && !isJsonList(json) && !isDecimal(json)

interface CollectedReads {
  paths: Set<string>
  isOpen: boolean
}

/** Adds a path of `var`, `missing` or `missing_some`. A computed path can be any path. */
const addPath = (found: CollectedReads, path: Json | undefined): void => {
  if (typeof path === 'string' && path !== '') found.paths.add(path)
  else found.isOpen = true
}

const addPaths = (found: CollectedReads, paths: readonly Json[]): void => {
  for (const path of paths) {
    if (isJsonList(path)) addPaths(found, path)
    else addPath(found, path)
  }
}

const addOperation = (found: CollectedReads, name: string, written: Json): void => {
  const parts = isJsonList(written) ? written : [written]
  if (name === 'var') addPath(found, parts[0])
  if (name === 'missing') addPaths(found, parts)
  if (name === 'missing_some') addPaths(found, parts.slice(1))
  const seesData = OVER_ITEMS.has(name) ? parts.filter((_, index) => index !== 1) : parts
  const evaluated = name === 'var' ? seesData.slice(0, 1) : seesData
  for (const part of evaluated) addReads(found, part)
}

const addReads = (found: CollectedReads, json: Json): void => {
  if (isJsonList(json)) for (const item of json) addReads(found, item)
  else if (isOperation(json)) for (const [name, written] of Object.entries(json)) addOperation(found, name, written)
}

/** Finds the data that a rule reads. `compileRule` must accept the text. */
export const readsOf = (text: string): Reads => {
  const found: CollectedReads = { paths: new Set(), isOpen: false }
  addReads(found, parseExactJson(text))
  return { paths: [...found.paths], isOpen: found.isOpen }
}

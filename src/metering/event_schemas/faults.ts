import type { Fault } from '../../lib/errors.ts'
import { explainRuleError } from '../../logic/place.ts'
import { readsOf } from '../../logic/reads.ts'
import { compileRule } from '../../logic/rule.ts'
import { compileTemplate } from '../../logic/template.ts'
import { toDecimalResult } from '../../logic/values.ts'
import { type Dependency, type Enrichments, type Field, MOST_ENRICHMENTS, MOST_NAMES } from './definition.ts'
import type { eventSchemas } from './table.ts'

/** The part of a schema that defines its events. */
export type Definition = Pick<
  typeof eventSchemas.$inferSelect,
  'attributes' | 'dimensions' | 'filterFields' | 'enrichments' | 'eventIdTemplate'
>

type Path = Fault['path']

/** The most characters of enrichments as JSON, since they are stored, audited and shown as a whole. */
const LONGEST_ENRICHMENTS = 100_000

const NONE: Enrichments = { fields: [] }

const findTooMany = ({ attributes, dimensions }: Definition, { fields, dependencies = [] }: Enrichments): Fault[] => {
  const counted: [Path, number, number][] = [
    [['attributes'], attributes.length, MOST_NAMES],
    [['dimensions'], dimensions.length, MOST_NAMES],
    [['enrichments', 'fields'], fields.length, MOST_ENRICHMENTS],
    [['enrichments', 'dependencies'], dependencies.length, MOST_ENRICHMENTS],
  ]
  return counted
    .filter(([, count, most]) => count > most)
    .map(([path, count, most]) => ({ path, message: `must hold ${most} at most, and would hold ${count}` }))
}

const findTooLong = (enrichments: Enrichments): Fault[] =>
  JSON.stringify(enrichments).length > LONGEST_ENRICHMENTS
    ? [{ path: ['enrichments'], message: `must be ${LONGEST_ENRICHMENTS} characters at most, as JSON` }]
    : []

/** The name of each item and its path. */
const namesAt = (path: Path, items: readonly { name: string }[]): [name: string, path: Path][] =>
  items.map(({ name }, index) => [name, [...path, index, 'name']])

const findRepeated = (names: readonly [name: string, path: Path][], because: string): Fault[] =>
  names.flatMap(([name, path], index) =>
    names.findIndex(([other]) => other === name) < index ? [{ path, message: `must not be "${name}" again: ${because}` }] : [],
  )

/** The names of the attributes and dimensions of an enriched event. */
const namesOf = ({ attributes, dimensions }: Definition, { fields }: Enrichments) => {
  const enriched = (type: Field['type']) => fields.filter((field) => field.type === type)
  return {
    attribute: new Set([...attributes, ...enriched('ATTRIBUTE')].map(({ name }) => name)),
    dimension: new Set([...dimensions, ...enriched('DIMENSION')].map(({ name }) => name)),
  }
}

type Names = ReturnType<typeof namesOf>

const findUnknownFilters = ({ filterFields }: Definition, { attribute, dimension }: Names): Fault[] =>
  (filterFields ?? []).flatMap((name, index) =>
    attribute.has(name) || dimension.has(name)
      ? []
      : [{ path: ['filterFields', index], message: `must be an attribute, a dimension or an enriched field, and "${name}" is none` }],
  )

/** The fields that rules can read from every event. */
const OF_EVERY_EVENT: ReadonlySet<string> = new Set(['accountId', 'customerId', 'timestamp', 'id', 'schemaName'])

const DEPENDENCIES = 'dependencies.'

/** Whether a path that begins with `dependencies.` names a declared dependency. Names may contain dots. */
const isDeclared = (path: string, dependencies: readonly Dependency[]): boolean => {
  const rest = path.slice(DEPENDENCIES.length)
  return dependencies.some(({ name }) => rest === name || rest.startsWith(`${name}.`))
}

/** Whether events can have a value at a path. */
const canHold = (path: string, { attribute, dimension }: Names, dependencies: readonly Dependency[]): boolean => {
  const name = path.slice(path.indexOf('.') + 1)
  if (/^attributes?\./.test(path)) return attribute.has(name)
  if (/^dimensions?\./.test(path)) return dimension.has(name)
  return path.startsWith(DEPENDENCIES) ? isDeclared(path, dependencies) : OF_EVERY_EVENT.has(path)
}

const findTemplateFaults = ({ eventIdTemplate }: Definition, names: Names, { dependencies = [] }: Enrichments): Fault[] => {
  if (eventIdTemplate === null) return []
  const { error, reads } = compileTemplate(eventIdTemplate)
  const unknown = reads?.paths.find((path) => !canHold(path, names, dependencies))
  const message = error ? explainRuleError(error) : unknown && `reads "${unknown}", which no event of the schema has`
  return message ? [{ path: ['eventIdTemplate'], message }] : []
}

/** Finds faults of a definition that matter even in a draft. */
export const findDefinitionFaults = (definition: Definition): Fault[] => {
  const enrichments = definition.enrichments ?? NONE
  const { fields, dependencies = [] } = enrichments
  const names = [
    ...namesAt(['attributes'], definition.attributes),
    ...namesAt(['dimensions'], definition.dimensions),
    ...namesAt(['enrichments', 'fields'], fields),
  ]
  return [
    ...findTooMany(definition, enrichments),
    ...findTooLong(enrichments),
    ...findRepeated(names, 'attributes, dimensions and enriched fields have each a name of their own'),
    ...findRepeated(namesAt(['enrichments', 'dependencies'], dependencies), 'dependencies have each a name of their own'),
    ...findUnknownFilters(definition, namesOf(definition, enrichments)),
    ...findTemplateFaults(definition, namesOf(definition, enrichments), enrichments),
  ]
}

const explainUndeclared = (name: string): string => `needs the dependency "${name}", which is not declared`

/** Says why an enriched field can never be computed. Undefined if it can. */
const explainField = ({ enrichmentType, type, value }: Field, dependencies: readonly Dependency[]): string | undefined => {
  if (enrichmentType === 'VALUE')
    return type === 'ATTRIBUTE' && !toDecimalResult(value) ? 'must be a decimal number, since type is ATTRIBUTE' : undefined
  if (enrichmentType === 'JSON_LOGIC_FROM_DEPENDENCY') {
    const name = value.startsWith(DEPENDENCIES) ? value.slice(DEPENDENCIES.length) : value
    return dependencies.some((dependency) => dependency.name === value || dependency.name === name) ? undefined : explainUndeclared(name)
  }
  const { error } = compileRule(value)
  if (error) return explainRuleError(error)
  const missing = readsOf(value).paths.find((path) => path.startsWith(DEPENDENCIES) && !isDeclared(path, dependencies))
  return missing && explainUndeclared(missing.slice(DEPENDENCIES.length))
}

/** Finds enrichments that would fail for every event. They are allowed in a draft, but not in a published schema. */
export const findEnrichmentFaults = ({ enrichments }: Definition): Fault[] =>
  (enrichments?.fields ?? []).flatMap((field, index) => {
    const message = explainField(field, enrichments?.dependencies ?? [])
    return message === undefined ? [] : [{ path: ['enrichments', 'fields', index, 'value'], message }]
  })

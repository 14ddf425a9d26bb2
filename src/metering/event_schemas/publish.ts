import type { Fault } from '../../lib/errors.ts'
import type { Enrichments } from './definition.ts'
import type { Definition } from './faults.ts'
import type { UpdateEventSchemaRequest } from './schema.ts'

/** The fields of a definition that a request contains. */
type Sent = Omit<UpdateEventSchemaRequest, 'description'>

type Path = Fault['path']

/** The extended definition, and the parts that the request would have changed or removed. */
interface Extension {
  definition: Definition
  faults: Fault[]
}

const PUBLISHED = 'has been published, and cannot be changed: what is new must have a new name'

/** Adds new entries to a list. An entry with an existing name must be the same. */
const extendList = <Item extends { name: string }>(
  stored: readonly Item[],
  sent: readonly Item[] | undefined,
  path: Path,
  faults: Fault[],
): readonly Item[] => {
  const byName = new Map(stored.map((item) => [item.name, item]))
  const added: Item[] = []
  for (const [index, item] of (sent ?? []).entries()) {
    const its = byName.get(item.name)
    if (!its) added.push(item)
    else if (JSON.stringify(its) !== JSON.stringify(item)) faults.push({ path: [...path, index], message: `"${item.name}" ${PUBLISHED}` })
  }
  return added.length ? [...stored, ...added] : stored
}

const extendEnrichments = (stored: Enrichments | null, sent: Enrichments | undefined, faults: Fault[]): Enrichments | null => {
  const { fields, dependencies }: Enrichments = stored ?? { fields: [] }
  const extended = {
    fields: extendList(fields, sent?.fields, ['enrichments', 'fields'], faults),
    dependencies: extendList(dependencies ?? [], sent?.dependencies, ['enrichments', 'dependencies'], faults),
  }
  if (extended.fields.length === fields.length && extended.dependencies.length === (dependencies?.length ?? 0)) return stored
  return { ...(extended.dependencies.length && { dependencies: [...extended.dependencies] }), fields: [...extended.fields] }
}

const extendFilterFields = (stored: readonly string[] | null, sent: readonly string[] | undefined): readonly string[] | null => {
  const added = (sent ?? []).filter((name) => !stored?.includes(name))
  return added.length ? [...(stored ?? []), ...added] : stored
}

/** Adds the fields of a request to a published definition. Existing parts never change, since events are processed with them. */
export const extendDefinition = (stored: Definition, sent: Sent): Extension => {
  const faults: Fault[] = []
  const { eventIdTemplate = stored.eventIdTemplate } = sent
  if (stored.eventIdTemplate !== null && eventIdTemplate !== stored.eventIdTemplate)
    faults.push({ path: ['eventIdTemplate'], message: 'has been published, and cannot be changed' })
  const definition = {
    attributes: extendList(stored.attributes, sent.attributes, ['attributes'], faults),
    dimensions: extendList(stored.dimensions, sent.dimensions, ['dimensions'], faults),
    filterFields: extendFilterFields(stored.filterFields, sent.filterFields),
    enrichments: extendEnrichments(stored.enrichments, sent.enrichments, faults),
    eventIdTemplate,
  }
  return { definition, faults }
}

/** Replaces the fields of a draft's definition with those of a request. */
export const replaceDefinition = (stored: Definition, sent: Sent): Definition => ({
  attributes: sent.attributes ?? stored.attributes,
  dimensions: sent.dimensions ?? stored.dimensions,
  filterFields: sent.filterFields ?? stored.filterFields,
  enrichments: sent.enrichments ?? stored.enrichments,
  eventIdTemplate: sent.eventIdTemplate ?? stored.eventIdTemplate,
})

/** Converts a path in the extended definition to the path in the request. */
export const pathInSent = (sent: unknown, become: unknown, [key, ...rest]: Path): Path => {
  if (key === undefined) return []
  const [from, to] = [sent, become] as Readonly<Record<PropertyKey, unknown>>[]
  const index = Array.isArray(sent) ? sent.indexOf(to?.[key]) : -1
  const at = index < 0 ? key : index
  return [at, ...pathInSent(from?.[at], to?.[key], rest)]
}

/** Whether two definitions process events in the same way. */
export const isSameDefinition = (one: Definition, other: Definition): boolean =>
  (['attributes', 'dimensions', 'enrichments', 'eventIdTemplate'] as const).every(
    (field) => JSON.stringify(one[field]) === JSON.stringify(other[field]),
  )

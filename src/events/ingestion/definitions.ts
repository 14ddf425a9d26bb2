import { compare, type Decimal, parseDecimal } from '../../lib/decimal.ts'
import { compileRule, type Rule } from '../../logic/rule.ts'
import { compileTemplate, type Template } from '../../logic/template.ts'
import { type Context, ownOf } from './context.ts'
import { collectPaths, collectUses } from './uses.ts'

export interface EnrichmentField {
  readonly name: string
  readonly type: 'ATTRIBUTE' | 'DIMENSION'
  readonly enrichmentType: 'VALUE' | 'JSON_LOGIC' | 'JSON_LOGIC_FROM_DEPENDENCY'
  readonly value: string
  readonly order: number
}

export interface EnrichmentDependency {
  readonly type: string
  readonly key: string
  readonly name: string
}

/** The current version of an event schema. */
export interface SchemaDefinition {
  readonly name: string
  readonly version: number
  readonly attributes: readonly { readonly name: string; readonly defaultUnit?: string | undefined }[]
  readonly dimensions: readonly { readonly name: string }[]
  readonly filterFields: readonly string[]
  readonly enrichments?:
    | { readonly fields: readonly EnrichmentField[]; readonly dependencies?: readonly EnrichmentDependency[] | undefined }
    | undefined
  readonly eventIdTemplate?: string | undefined
  readonly featureDetails?: { readonly featureId: string; readonly attributeName: string; readonly name?: string } | undefined
  readonly eventLevelRevenue?: boolean | undefined
}

export interface MeterComputation {
  readonly matcher?: string | undefined
  readonly computation: string
  readonly order?: number | undefined
}

/** An ACTIVE usage meter of the schema. */
export interface MeterDefinition {
  readonly id: string
  readonly name: string
  readonly version: number
  readonly aggregation: 'COUNT' | 'SUM'
  readonly filters?: readonly { readonly field: string; readonly value: string }[] | undefined
  readonly computations?: readonly MeterComputation[] | undefined
}

/** A declared field of events. */
export interface CompiledField {
  readonly name: string
  /** Whether its name has characters beyond ASCII, so that NFC may be needed to find it. */
  readonly isForeign: boolean
  readonly isRequired: boolean
}

export interface CompiledEnrichment extends EnrichmentField {
  /** For JSON_LOGIC. */
  readonly rule?: Rule
  /** For JSON_LOGIC_FROM_DEPENDENCY: the name of the dependency whose setting holds the rule. */
  readonly dependency?: string
}

export type Filter = (context: Context) => boolean

export interface CompiledMeter {
  readonly definition: MeterDefinition
  readonly filters: readonly Filter[]
  /** Absent where every event matches. */
  readonly matcher?: Rule | undefined
  /** Absent where there is nothing to sum. */
  readonly computation?: Rule | undefined
}

/** Makes the id of an event that was sent without one. */
export interface IdTemplate {
  readonly template: Template
  /** Whether the id that it makes before enrichment is also the one that it makes afterwards. */
  readonly isStable: boolean
}

/** A schema and its active usage meters, compiled to evaluate events. It is never modified. */
export interface CompiledSchema {
  readonly definition: SchemaDefinition
  readonly attributes: readonly CompiledField[]
  readonly dimensions: readonly CompiledField[]
  readonly dependencies: readonly EnrichmentDependency[]
  /** In the order in which they are computed. */
  readonly enrichments: readonly CompiledEnrichment[]
  readonly meters: readonly CompiledMeter[]
  readonly idTemplate: IdTemplate | undefined
  /** The keys of the settings that an evaluation needs. */
  readonly settingKeys: readonly string[]
}

/** The most attributes of an event. If a schema has more, only those that are used are required (metering.md, 1.1). */
const MOST_ATTRIBUTES = 10

const findUsed = (schema: SchemaDefinition, meters: readonly MeterDefinition[], idTemplate: IdTemplate | undefined): Set<string> => {
  const used = new Set<string>()
  for (const { enrichmentType, value } of schema.enrichments?.fields ?? []) if (enrichmentType === 'JSON_LOGIC') collectUses(value, used)
  for (const { aggregation, filters = [], computations = [] } of meters) {
    for (const { field } of filters) used.add(field)
    for (const { matcher = '', computation } of computations) {
      collectUses(matcher, used)
      if (aggregation === 'SUM') collectUses(computation, used)
    }
  }
  if (schema.featureDetails) used.add(schema.featureDetails.attributeName)
  if (idTemplate?.template.isRule) collectUses(schema.eventIdTemplate ?? '', used)
  else collectPaths(idTemplate?.template.reads?.paths ?? [], used)
  return used
}

/** A text template makes no id before enrichment if it needs an enriched field; a rule may make another one, so it is taken to need them all. */
const compileIdTemplate = (text: string, isEnriched: boolean): IdTemplate => {
  const template = compileTemplate(text)
  return { template, isStable: !template.isRule || (!isEnriched && !text.includes('customerId')) }
}

const compileField = (name: string, isRequired: boolean): CompiledField => ({ name, isForeign: !/^[ -~]*$/.test(name), isRequired })

const DEPENDENCIES = 'dependencies.'

/** The dependency that a field names, as `name` or as `dependencies.name`. */
const dependencyOf = (value: string, dependencies: readonly EnrichmentDependency[]): string =>
  value.startsWith(DEPENDENCIES) && !dependencies.some(({ name }) => name === value) ? value.slice(DEPENDENCIES.length) : value

const compileEnrichment = (field: EnrichmentField, dependencies: readonly EnrichmentDependency[]): CompiledEnrichment => {
  if (field.enrichmentType === 'JSON_LOGIC') return { ...field, rule: compileRule(field.value) }
  if (field.enrichmentType === 'VALUE') return field
  return { ...field, dependency: dependencyOf(field.value, dependencies) }
}

const isAnyOf = (decimals: readonly Decimal[], value: Decimal | undefined): boolean =>
  value !== undefined && decimals.some((decimal) => compare(decimal, value) === 0)

/** Compiles a filter. Attributes are compared as numbers and dimensions as texts. A missing field never matches. */
const compileFilter = (field: string, values: readonly string[], isAttribute: boolean): Filter => {
  if (isAttribute) {
    const decimals = values.map(parseDecimal).filter((decimal) => decimal !== undefined)
    return ({ attributes }) => isAnyOf(decimals, ownOf(attributes, field))
  }
  const texts: ReadonlySet<string | undefined> = new Set(values)
  return ({ dimensions }) => texts.has(ownOf(dimensions, field))
}

/** Compiles filters. Of the values of one field, one must match; different fields must all match. */
const compileFilters = (filters: NonNullable<MeterDefinition['filters']>, attributes: ReadonlySet<string>): Filter[] => {
  const fields = Map.groupBy(filters, ({ field }) => field)
  return Array.from(fields, ([field, entries]) =>
    compileFilter(
      field,
      entries.map(({ value }) => value),
      attributes.has(field),
    ),
  )
}

const compileMeter = (definition: MeterDefinition, attributes: ReadonlySet<string>): CompiledMeter => {
  const [first] = (definition.computations ?? []).toSorted((one, other) => (one.order ?? 1) - (other.order ?? 1))
  return {
    definition,
    filters: compileFilters(definition.filters ?? [], attributes),
    matcher: first?.matcher?.trim() ? compileRule(first.matcher) : undefined,
    computation: first && definition.aggregation === 'SUM' ? compileRule(first.computation) : undefined,
  }
}

/**
 * A schema with its ACTIVE usage meters. Nothing is refused here: a rule that can never be evaluated ends each event that comes to it in
 * the status of its failure.
 */
export const compileSchema = (definition: SchemaDefinition, meters: readonly MeterDefinition[]): CompiledSchema => {
  const { fields = [], dependencies = [] } = definition.enrichments ?? {}
  const { eventIdTemplate } = definition
  const idTemplate =
    eventIdTemplate === undefined ? undefined : compileIdTemplate(eventIdTemplate, fields.length > 0 || dependencies.length > 0)
  const used = definition.attributes.length > MOST_ATTRIBUTES ? findUsed(definition, meters, idTemplate) : undefined
  const attributes = new Set([
    ...definition.attributes.map(({ name }) => name),
    ...fields.filter(({ type }) => type === 'ATTRIBUTE').map(({ name }) => name),
  ])
  return {
    definition,
    attributes: definition.attributes.map(({ name }) => compileField(name, used?.has(name) ?? true)),
    dimensions: definition.dimensions.map(({ name }) => compileField(name, true)),
    dependencies,
    enrichments: fields.toSorted((one, other) => one.order - other.order).map((field) => compileEnrichment(field, dependencies)),
    meters: meters.map((meter) => compileMeter(meter, attributes)),
    idTemplate,
    settingKeys: [...new Set(dependencies.map(({ key }) => key))],
  }
}

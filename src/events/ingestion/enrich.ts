import { type Decimal, formatDecimal, parseDecimal, parseJsonNumber } from '../../lib/decimal.ts'
import { measureJson, parseExactJson } from '../../logic/json.ts'
import { compileRule, type Rule } from '../../logic/rule.ts'
import { type Data, toDecimalResult, toText, type Value } from '../../logic/values.ts'
import { type Context, explainRule, setOwn, quoteName } from './context.ts'
import type { CompiledEnrichment, CompiledSchema } from './definitions.ts'
import type { SettingValue } from './settings.ts'

export interface EnrichedField {
  readonly name: string
  readonly type: 'ATTRIBUTE' | 'DIMENSION'
  /** A number in plain digits, or a text. */
  readonly value: string
}

export interface ResolvedDependency {
  readonly key: string
  readonly name: string
  /** The value of the setting. */
  readonly value: string
}

/** The result of an enrichment. */
export interface Enrichment {
  readonly enriched: readonly EnrichedField[]
  readonly dependencies: readonly ResolvedDependency[]
  /** The reason if it failed. */
  readonly fault?: string
}

export type SettingOf = (key: string) => SettingValue | undefined

const LONGEST_DIMENSION = 1000

const MOST_NESTING = 1000

const NUMERIC = /^(?:\+|(-))?(?=\.?\d)(\d*)(?:\.(\d*))?([eE][+-]?\d{1,3})?$/

/** Reads the number of a setting, which may also be written as +1, .5, 5. or 1e3. */
const readNumeric = (text: string): Decimal | undefined => {
  const plain = parseDecimal(text)
  if (plain) return plain
  const match = NUMERIC.exec(text)
  if (!match) return undefined
  const [, minus = '', whole = '', fraction = '', exponent = ''] = match
  return parseJsonNumber(`${minus}${whole.replace(/^0+/, '') || '0'}${fraction && `.${fraction}`}${exponent}`)
}

const readJson = (text: string): Data => {
  if (measureJson(text).depth > MOST_NESTING) return undefined
  try {
    return parseExactJson(text)
  } catch {
    return undefined
  }
}

/** The parsed JSON of settings, as long as the setting is remembered. */
const jsonOf = new WeakMap<SettingValue, { data: Data }>()

const readJsonOnce = (setting: SettingValue): Data => {
  const known = jsonOf.get(setting)
  if (known) return known.data
  const data = readJson(setting.value)
  jsonOf.set(setting, { data })
  return data
}

/** The value of a setting in rules. Undefined if it does not match its data type. */
const dataOf = (setting: SettingValue): Data => {
  if (setting.dataType === 'NUMERIC') return readNumeric(setting.value)
  return setting.dataType === 'JSON' ? readJsonOnce(setting) : setting.value
}

interface EnrichmentState {
  readonly context: Context
  readonly rules: Map<string, Rule>
  readonly enriched: EnrichedField[]
  readonly dependencies: ResolvedDependency[]
}

/** Puts the settings that the schema depends on into the context. */
const resolveDependencies = (schema: CompiledSchema, settingOf: SettingOf, state: EnrichmentState): string | undefined => {
  for (const { key, name } of schema.dependencies) {
    const setting = settingOf(key)
    if (!setting) return `The setting ${quoteName(key)}, on which the enrichment depends, does not exist for this account.`
    const data = dataOf(setting)
    if (data === undefined)
      return `The setting ${quoteName(key)}, on which the enrichment depends, is no ${setting.dataType} that can be read.`
    setOwn(state.context.dependencies, name, data)
    if (setting.dataType === 'JSON_LOGIC') state.rules.set(name, compileRule(setting.value))
    state.dependencies.push({ key, name, value: setting.value })
  }
  return undefined
}

/** The value of a rule, or the reason why it has none. */
type RuleResult = { readonly value: Value; readonly fault?: undefined } | { readonly fault: string; readonly value?: undefined }

const runOwnRule = (rule: Rule, context: Context): RuleResult => {
  if (!rule.evaluate) return { fault: explainRule(rule.error) }
  const { value, error } = rule.evaluate(context)
  return error ? { fault: explainRule(error) } : { value: value ?? null }
}

/** Runs a rule from a setting. Its compile error is not shown, since it could reveal the value of the setting. */
const runSettingRule = (name: string, { rules, context }: EnrichmentState): RuleResult => {
  const rule = rules.get(name)
  if (!rule) return { fault: `the dependency ${quoteName(name)} has no setting of type JSON_LOGIC` }
  return rule.evaluate
    ? runOwnRule(rule, context)
    : { fault: `the setting of the dependency ${quoteName(name)} holds no rule that can be evaluated` }
}

const giveValue = ({ rule, dependency, value }: CompiledEnrichment, state: EnrichmentState): RuleResult => {
  if (rule) return runOwnRule(rule, state.context)
  return dependency === undefined ? { value } : runSettingRule(dependency, state)
}

const setField = ({ name, type }: CompiledEnrichment, value: Value, { context, enriched }: EnrichmentState): string | undefined => {
  if (type === 'ATTRIBUTE') {
    const decimal = toDecimalResult(value)
    if (!decimal) return 'its result is no decimal number of 512 digits at most on each side of the point'
    setOwn(context.attributes, name, decimal)
    enriched.push({ name, type, value: formatDecimal(decimal) })
    return undefined
  }
  const text = toText(value)
  if (text === undefined) return 'its result is no text, number, date, true or false'
  if (text.length > LONGEST_DIMENSION) return `its result has more than ${LONGEST_DIMENSION} characters`
  setOwn(context.dimensions, name, text)
  enriched.push({ name, type, value: text })
  return undefined
}

const computeFields = (schema: CompiledSchema, state: EnrichmentState): string | undefined => {
  for (const field of schema.enrichments) {
    const { value, fault } = giveValue(field, state)
    const failed = fault ?? setField(field, value, state)
    if (failed !== undefined) return `The enrichment of ${quoteName(field.name)} failed: ${failed}.`
  }
  return undefined
}

/** The result if a schema has no enrichments, or if an event fails before them. */
export const NOT_ENRICHED: Enrichment = { enriched: [], dependencies: [] }

/** Computes the enriched fields in order and puts them into the context, where later fields can use them. */
export const enrichContext = (schema: CompiledSchema, context: Context, settingOf: SettingOf): Enrichment => {
  if (schema.enrichments.length === 0 && schema.dependencies.length === 0) return NOT_ENRICHED
  const state: EnrichmentState = { context, rules: new Map(), enriched: [], dependencies: [] }
  const fault = resolveDependencies(schema, settingOf, state) ?? computeFields(schema, state)
  const { enriched, dependencies } = state
  return fault === undefined ? { enriched, dependencies } : { enriched, dependencies, fault }
}

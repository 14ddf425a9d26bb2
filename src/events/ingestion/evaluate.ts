import { formatDecimal } from '../../lib/decimal.ts'
import { type Context, shortenDescription, makeContext, type Owner, ownOf, quoteName } from './context.ts'
import { describeMissing, takeDeclared } from './declared.ts'
import type { CompiledSchema } from './definitions.ts'
import { type EnrichedField, enrichContext, type Enrichment, NOT_ENRICHED, type ResolvedDependency, type SettingOf } from './enrich.ts'
import type { ParsedEvent } from './event.ts'
import { isIdentifier } from './texts.ts'
import { meterEvent } from './units.ts'

export type EvaluationStatus =
  | 'INGESTION_COMPLETED_EVENT_METERED'
  | 'INGESTION_COMPLETED_EVENT_NOT_METERED'
  | 'INGESTION_COMPLETED_NO_MATCHING_METERS'
  | 'INGESTION_FAILED'
  | 'INGESTION_FAILED_ENRICHMENT_FAILED'
  | 'INGESTION_FAILED_NO_EVENT_ID'
  | 'INGESTION_FAILED_UNITS_INVALID'

/** The result of an event, as far as its schema and meters determine it. */
export interface Evaluation {
  readonly status: EvaluationStatus
  /** At most 250 characters. It contains no value of the event. */
  readonly description: string
  /** The id that was sent or made by the schema's template. Undefined only with INGESTION_FAILED_NO_EVENT_ID. */
  readonly eventId: string | undefined
  /** A decimal for each meter of the schema, in order. Null if the meter excludes the event; empty if the event failed. */
  readonly units: readonly (string | null)[]
  /** The computed fields, even if the event failed afterwards. */
  readonly enriched: readonly EnrichedField[]
  readonly dependencies: readonly ResolvedDependency[]
  /** The decimal that is debited from the schema's feature before metering. Undefined if there is no feature, or the event has failed before. */
  readonly featureUnits: string | undefined
}

/** The reason why an evaluation ends before metering. */
interface Failure {
  readonly status: EvaluationStatus
  readonly fault: string
}

const NO_UNITS: readonly (string | null)[] = []

/** Makes an id with the accountId as it was sent, so that a repeated event gets the same id even if its alias has changed hands. */
const makeId = ({ idTemplate }: CompiledSchema, event: ParsedEvent, context: Context, isEnriched: boolean): string | undefined => {
  if (event.id !== undefined) return event.id
  if (!idTemplate || (!isEnriched && !idTemplate.isStable)) return undefined
  const id = idTemplate.template.evaluate?.({ ...context, accountId: event.accountId }).text
  return isIdentifier(id) ? id : undefined
}

const explainNoId = ({ idTemplate, definition }: CompiledSchema, failure: Failure | undefined): string =>
  idTemplate
    ? `The event has no id, and the eventIdTemplate of ${quoteName(definition.name)} makes none of it.${failure ? ` ${failure.fault}` : ''}`
    : `The event has no id, and its schema ${quoteName(definition.name)} no eventIdTemplate.`

/** Finds why an event fails, in the contract's order of checks. Undefined if it has all declared and computed fields. */
const findFailure = (schema: CompiledSchema, isComplete: boolean, { fault }: Enrichment, context: Context): Failure | undefined => {
  if (!isComplete) return { status: 'INGESTION_FAILED', fault: describeMissing(schema, context) }
  if (fault !== undefined) return { status: 'INGESTION_FAILED_ENRICHMENT_FAILED', fault }
  const attribute = schema.definition.featureDetails?.attributeName
  if (attribute !== undefined && !Object.hasOwn(context.attributes, attribute))
    return { status: 'INGESTION_FAILED', fault: `The event lacks the attribute ${quoteName(attribute)}, by which its feature is debited.` }
  return undefined
}

const describeFiltered = ({ meters }: CompiledSchema): string =>
  `No usage meter of the event schema takes the event, as their filters and matchers say: ${meters.map(({ definition }) => quoteName(definition.name)).join(', ')}.`

const featureUnitsOf = ({ definition }: CompiledSchema, { attributes }: Context): string | undefined => {
  const units = definition.featureDetails && ownOf(attributes, definition.featureDetails.attributeName)
  return units && formatDecimal(units)
}

/**
 * What becomes of an event whose schema and account are known (metering.md, 3.6): first its id, then its declared fields, the enrichment
 * and the units. Between the last two come grace and the debit of a feature, which are the caller's. `settingOf` is asked for the schema's `settingKeys`; where it gives the same object again, JSON in it is read once.
 */
export const evaluateEvent = (schema: CompiledSchema, event: ParsedEvent, owner: Owner, settingOf: SettingOf): Evaluation => {
  const context = makeContext(event, owner.accountId, owner.customerId)
  const isComplete = takeDeclared(schema, event, context)
  const enrichment = isComplete ? enrichContext(schema, context, settingOf) : NOT_ENRICHED
  const failure = findFailure(schema, isComplete, enrichment, context)
  const eventId = makeId(schema, event, context, failure === undefined)
  const { enriched, dependencies } = enrichment
  const conclude = (status: EvaluationStatus, text: string, units = NO_UNITS, featureUnits?: string): Evaluation => ({
    status,
    description: shortenDescription(text),
    eventId,
    units,
    enriched,
    dependencies,
    featureUnits,
  })
  if (eventId === undefined) return conclude('INGESTION_FAILED_NO_EVENT_ID', explainNoId(schema, failure))
  if (failure) return conclude(failure.status, failure.fault)
  const featureUnits = featureUnitsOf(schema, context)
  if (schema.meters.length === 0)
    return conclude(
      'INGESTION_COMPLETED_NO_MATCHING_METERS',
      `The event schema ${quoteName(schema.definition.name)} has no active usage meter.`,
      NO_UNITS,
      featureUnits,
    )
  const units = meterEvent(schema.meters, context)
  if (!Array.isArray(units)) return conclude('INGESTION_FAILED_UNITS_INVALID', units.fault, NO_UNITS, featureUnits)
  return units.some((each) => each !== null)
    ? conclude('INGESTION_COMPLETED_EVENT_METERED', 'Ingestion completed successfully', units, featureUnits)
    : conclude('INGESTION_COMPLETED_EVENT_NOT_METERED', describeFiltered(schema), units, featureUnits)
}

/**
 * The id of an event whose account is not known yet: the one sent, or what the template makes of the event alone, if that is also what it
 * will make after enrichment. Undefined where it has none: INGESTION_FAILED_NO_EVENT_ID.
 */
export const resolveEventId = (schema: CompiledSchema, event: ParsedEvent): string | undefined => {
  if (event.id !== undefined || !schema.idTemplate?.isStable) return event.id
  const context = makeContext(event, event.accountId, null)
  takeDeclared(schema, event, context)
  return makeId(schema, event, context, false)
}

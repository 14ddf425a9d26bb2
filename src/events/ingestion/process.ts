import {
  type EventMore,
  type EventRow,
  type EventStatus,
  type Act,
  type RuleSet,
  accountKey,
  codeOf,
  ledgerOfAccount,
  needsOpenTime,
  newReference,
  readReference,
  slotOf,
  unknownKey,
} from '../../ledger/client.ts'
import { base62 } from '../../lib/ids.ts'
import type { AccountMemory } from './accounts.ts'
import type { CompiledSchema } from './definitions.ts'
import { type Evaluation, evaluateEvent, resolveEventId } from './evaluate.ts'
import type { ParsedEvent } from './event.ts'
import type { OrganizationMemory } from './memory.ts'
import { explainClosedCycle, findClosedCycle, findGrantingCycle } from './plans.ts'
import { LICENSE_SCHEMA, USAGE_SCHEMA, evaluateUsageEvent, readLicenseEvent } from './reserved.ts'
import { type SettingValue, resolveSetting } from './settings.ts'
import { keyOf } from './texts.ts'

/** An event that is ready to be recorded. */
export interface ProcessedEvent {
  row: EventRow
  /** The slot of its id, which determines its ledger. */
  slot: number
  account: AccountMemory | undefined
  /** The request to the ledger of its account. */
  act?: Act
  /** Whether a former generation of ledgers has recorded it: by the same request, or by the same correction. */
  isRecorded?: boolean
  /** Whether the event of a former generation that holds its id is kept only if there are enough credits, which is not known yet. */
  isOpen?: boolean
}

/** A reference that is made of a digest and not at random: the same each time, so that what it names is recorded once. */
export const referenceOf = (digest: string, id: string, time: number): string =>
  newReference(id, time, base62(Number.parseInt(digest.slice(0, 12), 16) % 62 ** 8, 8))

/** Gives an event another reference, under which it is also kept where it has no id. */
export const setReference = (one: ProcessedEvent, reference: string): void => {
  const { row, act } = one
  if (row[0] === row[1]) {
    row[0] = reference
    one.slot = readReference(reference)?.slot ?? 0
  }
  row[1] = reference
  if (act) act.reference = reference
}

/** The data that events are processed with, and the rule sets that were used. */
export interface Processing {
  organizationId: string
  memory: OrganizationMemory
  accountAt: (name: string, time: number) => AccountMemory | undefined
  ruleSets: Record<string, RuleSet>
  /** When the events arrived, in milliseconds. */
  arrivedAt: number
  /** Whether events are kept only if their accounts have enough credits of their features. */
  isEntitled?: boolean
  /** The versions of names that belong to no account, as told by ledgers. */
  told?: Readonly<Record<string, number>>
}

/** The ledger of an account, in the generation in which the account was created. */
export const accountLedgerOf = (
  { organizationId, memory }: Pick<Processing, 'organizationId' | 'memory'>,
  account: Pick<AccountMemory, 'id' | 'createdAt'>,
): string => ledgerOfAccount(organizationId, memory.accounts, account)

const settingOf = (memory: OrganizationMemory, account: AccountMemory, schema: string) => {
  const levels = {
    account: account.settings,
    invoiceGroup: account.invoiceGroupSettings,
    customer: account.customerSettings,
    eventSchema: memory.schemaSettings.get(schema),
    organization: memory.organizationSettings,
    named: memory.namedSettings,
  }
  return (key: string): SettingValue | undefined => resolveSetting(key, levels)
}

interface Outcome {
  status: EventStatus
  why?: string
  id?: string | undefined
  rules?: string
  units?: (string | null)[]
  more?: EventMore
  act?: (reference: string) => Act
}

const WAITS = 'No account has the accountId of the event as its id, or as an alias at the time of the event. It is processed when one does.'

/** The statuses of events that count, whether a meter counts them or not. */
export const COMPLETED: ReadonlySet<string> = new Set<EventStatus>([
  'INGESTION_COMPLETED_EVENT_METERED',
  'INGESTION_COMPLETED_EVENT_NOT_METERED',
  'INGESTION_COMPLETED_NO_MATCHING_METERS',
])

/** An event that takes credits of the feature of its schema: it is in progress until the ledger of its account has said whether there are enough. */
const takingOutcome = (
  processing: Processing,
  { definition: { featureDetails: feature } }: CompiledSchema,
  event: ParsedEvent,
  account: AccountMemory,
  featureUnits: string | undefined,
  outcome: Outcome,
): Outcome => {
  const { status, why, units, ...its } = outcome
  if (!feature || featureUnits === undefined || featureUnits === '0') return outcome
  /** An event whose units are invalid counts nothing, and is only asked whether there would be enough (metering.md, 3.6). */
  const isTried = status === 'INGESTION_FAILED_UNITS_INVALID'
  if (!isTried && !COMPLETED.has(status)) return outcome
  const cycleAt = findGrantingCycle(account.plans, event.timestamp, processing.arrivedAt)
  return {
    ...its,
    status: 'INGESTION_IN_PROGRESS',
    act: (reference) => ({
      ledger: accountLedgerOf(processing, account),
      account: account.id,
      feature: feature.featureId,
      attribute: feature.attributeName,
      units: featureUnits,
      time: event.timestamp,
      reference,
      ...(cycleAt !== undefined && { cycleAt }),
      ...(processing.isEntitled && { isEntitled: true }),
      ...(isTried && { isTried: true }),
      next: { status: codeOf(status), units: units ?? null, why: why ?? null },
    }),
  }
}

const evaluationOutcome = (processing: Processing, schema: CompiledSchema, evaluation: Evaluation): Outcome => {
  const { memory, ruleSets } = processing
  const { name, version } = schema.definition
  const rules = `${memory.version}/${name}`
  ruleSets[rules] ??= {
    schema: [name, version],
    meters: schema.meters.map(({ definition }) => [definition.id, definition.version, definition.name]),
  }
  const { status, description, eventId, units, enriched, dependencies } = evaluation
  const isPlain = status === 'INGESTION_COMPLETED_EVENT_METERED'
  return {
    status,
    ...(!isPlain && { why: description }),
    id: eventId,
    rules,
    ...(units.length && { units: [...units] }),
    ...((enriched.length || dependencies.length) && {
      more: {
        ...(enriched.length && { enriched: enriched.map((field) => [field.name, field.type, field.value]) }),
        ...(dependencies.length && { settings: dependencies.map(({ key, name: its, value }) => [key, its, value]) }),
      },
    }),
  }
}

const usageOutcome = ({ memory, ruleSets }: Processing, event: ParsedEvent): Outcome => {
  const usage = evaluateUsageEvent(event, (id) => memory.meters.has(id))
  if (usage.meterId === undefined) return { status: usage.status, why: usage.description, id: event.id }
  const meter = memory.meters.get(usage.meterId)
  const rules = `${memory.version}/${USAGE_SCHEMA}/${usage.meterId}`
  ruleSets[rules] ??= { schema: [USAGE_SCHEMA, 1], meters: [[usage.meterId, meter?.version ?? 1, meter?.name ?? '']] }
  return { status: usage.status, id: event.id, rules, units: [usage.units] }
}

const licenseOutcome = (processing: Processing, event: ParsedEvent, account: AccountMemory): Outcome => {
  const license = readLicenseEvent(event, processing.memory.licenses)
  if (license.status !== undefined) return { status: license.status, why: license.description, id: event.id }
  return {
    status: 'INGESTION_IN_PROGRESS',
    id: event.id,
    act: (reference) => ({
      ledger: accountLedgerOf(processing, account),
      account: account.id,
      license: license.licenseId,
      name: license.name,
      action: license.action === 'ADD' ? 1 : -1,
      time: event.timestamp,
      reference,
      arrivedAt: processing.arrivedAt,
    }),
  }
}

/** Determines the status of an event as if its time were open, in the contract's order of checks. Only its ledger knows whether its id is new. */
const determineOpenOutcome = (processing: Processing, event: ParsedEvent, account: AccountMemory | undefined): Outcome => {
  const { memory } = processing
  const isReserved = event.schemaName === USAGE_SCHEMA || event.schemaName === LICENSE_SCHEMA
  const schema = isReserved ? undefined : memory.schemas.get(event.schemaName)
  if (!schema && !isReserved)
    return event.id === undefined
      ? { status: 'INGESTION_FAILED_NO_EVENT_ID', why: 'The event has no id, and its schema, which might make one, does not exist.' }
      : { status: 'INGESTION_FAILED_SCHEMA_NOT_DEFINED', why: 'No active event schema has the schemaName of the event.', id: event.id }
  if (!account) {
    const id = schema ? resolveEventId(schema, event) : event.id
    return id === undefined
      ? { status: 'INGESTION_FAILED_NO_EVENT_ID', why: 'The event has no id, and none can be made of it.' }
      : { status: 'INGESTION_FAILED_ACCOUNT_NOT_FOUND', why: WAITS, id }
  }
  if (event.schemaName === USAGE_SCHEMA) return usageOutcome(processing, event)
  if (event.schemaName === LICENSE_SCHEMA) return licenseOutcome(processing, event, account)
  const owner = { accountId: account.id, customerId: account.customerId }
  const compiled = schema as CompiledSchema
  const evaluation = evaluateEvent(compiled, event, owner, settingOf(memory, account, event.schemaName))
  return takingOutcome(processing, compiled, event, account, evaluation.featureUnits, evaluationOutcome(processing, compiled, evaluation))
}

/** Determines the status of an event that arrived at an instant (milliseconds): one whose cycle was closed by then counts nothing. */
const determineOutcome = (processing: Processing, event: ParsedEvent, account: AccountMemory | undefined, arrival: number): Outcome => {
  const outcome = determineOpenOutcome(processing, event, account)
  const closed = account && needsOpenTime(codeOf(outcome.status)) ? findClosedCycle(account.plans, event.timestamp, arrival) : undefined
  if (!closed) return outcome
  const { units: _units, act: _act, ...its } = outcome
  return { ...its, status: 'INGESTION_FAILED_PAST_GRACE_PERIOD', why: explainClosedCycle(closed) }
}

/**
 * Processes an event that arrived at an instant (milliseconds) with the current schemas, meters and plans. An event without an id is stored
 * under its reference.
 */
export const processEvent = (
  processing: Processing,
  event: ParsedEvent,
  arrival: number,
  kept?: { id: string; reference: string },
): ProcessedEvent => {
  const name = keyOf(event.accountId)
  const account = processing.accountAt(name, event.timestamp)
  const outcome = determineOutcome(processing, event, account, arrival)
  const { status, why, rules, units, act } = outcome
  const key = kept?.id ?? (outcome.id === undefined ? undefined : keyOf(outcome.id))
  const reference = kept?.reference ?? newReference(key ?? crypto.randomUUID(), event.timestamp)
  const alias = account && account.id !== name ? event.accountId : undefined
  const more: EventMore | null =
    why !== undefined || alias !== undefined || outcome.more
      ? { ...(why !== undefined && { why }), ...(alias !== undefined && { alias }), ...outcome.more }
      : null
  const payload = event.id === undefined && outcome.id !== undefined ? { ...event.payload, id: outcome.id } : event.payload
  const row: EventRow = [
    key ?? reference,
    reference,
    event.timestamp,
    account ? accountKey(account.id) : unknownKey(name),
    event.schemaName,
    codeOf(status),
    rules ?? null,
    units ?? null,
    payload,
    more,
    null,
  ]
  const slot = key === undefined || key === reference ? (readReference(reference)?.slot ?? 0) : slotOf(key)
  return { row, slot, account, ...(act && { act: act(reference) }) }
}

import type { Ctx } from '../../db/context.ts'
import { type EventShown, type EventStatus, type KindedGeneration, SOURCES, STATUSES, isUnknown } from '../../ledger/client.ts'
import { jsonNumber } from '../../lib/decimal.ts'
import { iso } from '../../lib/time.ts'
import { cycleAt, dayOf } from '../../rating/cycle.ts'
import { shortenDescription } from '../ingestion/context.ts'
import type { Event } from '../ingestion/event.ts'
import { showCycle } from '../ingestion/plans.ts'
import { type OwnedPlan, type Owners, readOwners } from './queries.ts'
import type { EventPipelineInfo } from './pipeline.ts'
import { type PricedEvent, readRevenueDetails } from './revenue.ts'
import type { EventWithStatus, GetEventResponse } from './schema.ts'

/** The default description of each status. */
const DESCRIPTIONS: Readonly<Record<EventStatus, string>> = {
  INGESTION_IN_PROGRESS: 'The event is being processed.',
  INGESTION_COMPLETED_EVENT_METERED: 'Ingestion completed successfully',
  INGESTION_COMPLETED_EVENT_NOT_METERED: 'No usage meter of the event schema takes the event.',
  INGESTION_COMPLETED_NO_MATCHING_METERS: 'The event schema has no active usage meter.',
  INGESTION_FAILED: 'The event lacks what its event schema declares.',
  INGESTION_FAILED_SCHEMA_NOT_DEFINED: 'No active event schema has the schemaName of the event.',
  INGESTION_FAILED_ENRICHMENT_FAILED: 'The event could not be enriched.',
  INGESTION_FAILED_UNITS_INVALID: 'The units of a usage meter could not be computed.',
  INGESTION_FAILED_PAST_GRACE_PERIOD: 'The event arrived after its pricing cycle was closed.',
  INGESTION_FAILED_ACCOUNT_NOT_FOUND: 'No account has the accountId of the event as its id, or as an alias at the time of the event.',
  INGESTION_FAILED_DUPLICATE_EVENT: 'An event with this id was ingested before.',
  INGESTION_FAILED_NO_EVENT_ID: 'The event has no id, and none can be made of it.',
  INGESTION_FAILED_INVALID_NAMED_LICENSE_EVENT: 'The licence event is not valid.',
  INGESTION_FAILED_INSUFFICIENT_CREDITS: 'The account had not enough credits of the feature.',
  REVERTED: 'The event was reverted by a correction.',
  UNKNOWN: 'What became of the event is not known.',
}

export const statusOf = ({ status }: Pick<EventShown, 'status'>): EventStatus => STATUSES[status] ?? 'UNKNOWN'

/** The description of a reverted event names the correction, not the reason of its previous status. */
const descriptionOf = (status: EventStatus, { more }: EventShown): string =>
  shortenDescription(status === 'REVERTED' ? DESCRIPTIONS[status] : (more?.why ?? DESCRIPTIONS[status]))

/** Shows an event whose payload was deleted. */
const remainderOf = ({ id, reference, time, account, schema }: EventShown): Event => ({
  schemaName: schema,
  ...(id !== reference && { id }),
  timestamp: iso(time),
  accountId: account.slice(1),
  attributes: [],
  dimensions: {},
})

export const showEvent = (event: EventShown): EventWithStatus => {
  const status = statusOf(event)
  const source = SOURCES[event.source] ?? 'INGEST'
  return {
    referenceId: event.reference,
    eventPayload: (event.payload as Event | null) ?? remainderOf(event),
    ingestionStatus: { status, statusDescription: descriptionOf(status, event) },
    ...(event.customer !== null && { customerId: event.customer }),
    source: { id: source, type: source },
    createdAt: iso(event.createdAt),
  }
}

const metersOf = ({ rules, units }: EventShown): NonNullable<EventPipelineInfo['usageMeters']> =>
  (units ? (rules?.meters ?? []) : []).map(([id, version, name], index) => {
    const its = units?.[index]
    return its === null || its === undefined
      ? { id, name, version, status: 'PROCESSED_FILTERED_OUT' }
      : { id, name, version, status: 'PROCESSED_UNITS_COMPUTED', units: jsonNumber(its) }
  })

const enrichmentsOf = ({ more }: EventShown): NonNullable<EventPipelineInfo['enrichments']> => {
  const fields = (more?.enriched ?? []).map(([name, type, value]) => ({ name, type, value }))
  return {
    attributes: fields.filter(({ type }) => type === 'ATTRIBUTE'),
    dimensions: fields.filter(({ type }) => type === 'DIMENSION'),
    dependencies: (more?.settings ?? []).map(([key, name, value]) => ({ key, type: 'SETTING', name, value })),
  }
}

/** The id of the account that an event has. */
const accountIdOf = ({ account }: EventShown): string | undefined => (isUnknown(account) ? undefined : account.slice(1))

/** Whether an event counts something that a plan can price. An event that counts nothing is never billed. */
const counts = (event: EventShown): boolean => statusOf(event) === 'INGESTION_COMPLETED_EVENT_METERED'

/** The plan by which an event is billed, with the meters that count the event and are priced by a card. */
const plansOf = (event: EventShown, owned: OwnedPlan | undefined): NonNullable<EventPipelineInfo['pricePlans']> => {
  const cycle = owned && cycleAt(owned.plan, dayOf(event.time))
  if (!cycle) return []
  const { id, name, scheduleId, cards } = owned
  const usageMeterIds = new Set(cards.map(({ billableId }) => billableId))
  const counted = metersOf(event).filter(({ status }) => status === 'PROCESSED_UNITS_COMPUTED')
  const usageMeters = [...new Set(counted.map((meter) => meter.id))].filter((meterId) => usageMeterIds.has(meterId))
  return [{ name, id, scheduleId, ...showCycle(cycle), usageMeters }]
}

const pipelineOf = (
  { baseCurrency }: Ctx,
  event: EventShown,
  { ownerOf, planAt }: Owners,
  revenueDetails: EventPipelineInfo['revenueDetails'],
): EventPipelineInfo => {
  const { rules, more } = event
  const accountId = accountIdOf(event)
  const owner = accountId === undefined ? undefined : ownerOf(accountId)
  return {
    ...(rules && { eventSchema: { name: rules.schema[0], version: rules.schema[1] } }),
    usageMeters: metersOf(event),
    pricePlans: accountId === undefined || !counts(event) ? [] : plansOf(event, planAt(accountId, event.time)),
    ...(owner && {
      account: { id: owner.id, name: owner.name, ...(more?.alias !== undefined && { alias: more.alias }) },
      customer: { id: owner.customerId, name: owner.customerName },
    }),
    ...(more?.feature && {
      featureDetails: {
        featureId: more.feature[0],
        mappedAttribute: more.feature[1],
        overageInEvent: jsonNumber(more.feature[2]),
        overageInCycle: jsonNumber(more.feature[3]),
      },
    }),
    ...((more?.enriched ?? more?.settings) && { enrichments: enrichmentsOf(event) }),
    ...(revenueDetails && { revenueDetails }),
    ...(more?.before !== undefined && { statusBeforeReverting: more.before }),
    baseCurrency,
    ...(owner && { invoiceCurrency: owner.invoiceCurrency }),
  }
}

/** The events that show what they earned. */
const pricedOf = (events: readonly EventShown[], { ownerOf, planAt, showsRevenue }: Owners): PricedEvent[] =>
  events.flatMap((event) => {
    const accountId = accountIdOf(event)
    const owner = accountId === undefined ? undefined : ownerOf(accountId)
    const owned = owner && counts(event) && showsRevenue(event.schema) ? planAt(owner.id, event.time) : undefined
    return owner && owned ? [{ event, owned, currency: owner.invoiceCurrency }] : []
  })

/** Shows events with details of their processing. The names of accounts and customers, and the plans of accounts, are the current ones. */
export const showPipelines = async (
  ctx: Ctx,
  generations: readonly KindedGeneration[],
  events: readonly EventShown[],
): Promise<GetEventResponse['events']> => {
  const owned = events.flatMap((event) => {
    const accountId = accountIdOf(event)
    return accountId === undefined ? [] : [{ accountId, event }]
  })
  const places = owned.filter(({ event }) => counts(event)).map(({ accountId, event }) => [accountId, event.time] as const)
  const schemas = [...new Set(events.map(({ schema }) => schema))]
  const owners = await readOwners(ctx, [...new Set(owned.map(({ accountId }) => accountId))], places, schemas)
  const earned = await readRevenueDetails(ctx, generations, pricedOf(events, owners), owners.rates)
  return events.map((event) => ({
    ...showEvent(event),
    eventPipelineInfo: pipelineOf(ctx, event, owners, earned.get(event.reference)),
  }))
}

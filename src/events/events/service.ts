import type { Reply } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { type EventFilter, type EventShown, readReference } from '../../ledger/client.ts'
import { ApiError, notFound } from '../../lib/errors.ts'
import { keyOf } from '../ingestion/texts.ts'
import { findEvents } from './find.ts'
import { readScope } from './queries.ts'
import type { GetEventResponse, GetEventsQuery, GetEventsResponse } from './schema.ts'
import { showEvent, showPipelines, statusOf } from './show.ts'
import { type EventsQuery, codesOf, openNext, sealNext } from './token.ts'

/** The largest and default number of events of a page. */
const PAGE_SIZE = 50

/** The most events with the same id that are shown. */
const MOST_OF_AN_ID = 1000

const findReference = async (ctx: Ctx, reference: string): Promise<EventShown | undefined> => {
  if (!readReference(reference)) return undefined
  const { generations } = await readScope(ctx, {})
  const [found] = await findEvents(ctx, generations, { reference, limit: 1 })
  return found?.event
}

const parseQuery = (query: GetEventsQuery): EventsQuery => {
  const { pageSize = PAGE_SIZE, start_time: from, end_time: until, event_id: eventId } = query
  if (pageSize > PAGE_SIZE) throw new ApiError('UNPROCESSABLE', `pageSize: must be ${PAGE_SIZE} at most`)
  if (from !== undefined && until !== undefined && from >= until) throw new ApiError('INVALID', 'start_time: must be before end_time')
  return {
    account: query.account_id,
    schema: query.schema_name,
    customer: query.customer_id,
    eventId: eventId === undefined ? undefined : keyOf(eventId),
    statuses: codesOf(query.status),
    from,
    until,
    reference: query.id,
    size: pageSize,
  }
}

const makeFilter = (
  { schema, statuses, from, until, after, reference, eventId, size }: EventsQuery,
  accounts: readonly string[] | undefined,
) =>
  ({
    ...(accounts && { accounts }),
    ...(schema !== undefined && { schema }),
    ...(statuses && { statuses }),
    ...(from !== undefined && { from }),
    ...(until !== undefined && { until }),
    ...(after && { after }),
    ...(reference !== undefined ? { reference } : eventId !== undefined && { ids: [eventId] }),
    limit: size + 1,
  }) satisfies EventFilter

/** Lists events, the newest first, page by page. */
export const getEvents = async (ctx: Ctx, query: GetEventsQuery): Promise<Reply<GetEventsResponse>> => {
  const { nextToken } = query
  const asked = nextToken ? await openNext(ctx, nextToken, (reference) => findReference(ctx, reference)) : parseQuery(query)
  if (asked.reference !== undefined && !readReference(asked.reference)) return { answer: { events: [] } }
  const { generations, accounts } = await readScope(ctx, asked)
  const found = await findEvents(ctx, generations, makeFilter(asked, accounts))
  const events = found.map(({ event }) => event).filter(({ id }) => asked.eventId === undefined || id === asked.eventId)
  const shown = events.slice(0, asked.size)
  const last = shown.at(-1)
  return {
    answer: {
      events: shown.map(showEvent),
      ...(last && events.length > asked.size && { nextToken: await sealNext(ctx, asked, last) }),
    },
  }
}

/** Whether an event has its id, unlike a repeat or a reverted event. It is shown first of events that arrived at the same time. */
const holdsId = (event: EventShown): boolean => !['REVERTED', 'INGESTION_FAILED_DUPLICATE_EVENT'].includes(statusOf(event))

/** Reads all events with an id, or the event with a referenceId, with details of their processing, the newest arrival first. */
export const getSingleEvent = async (ctx: Ctx, eventId: string): Promise<Reply<GetEventResponse>> => {
  const { generations, accounts } = await readScope(ctx, {})
  const own = accounts && { accounts }
  const [byId, byReference] = await Promise.all([
    findEvents(ctx, generations, { ...own, ids: [keyOf(eventId)], limit: MOST_OF_AN_ID }),
    readReference(eventId) ? findEvents(ctx, generations, { ...own, reference: eventId, limit: 1 }) : [],
  ])
  const found = new Map([...byId, ...byReference].map(({ event }) => [event.reference, event]))
  if (!found.size) throw notFound('event', eventId)
  const events = [...found.values()].toSorted(
    (one, other) => other.createdAt - one.createdAt || Number(holdsId(other)) - Number(holdsId(one)) || other.time - one.time,
  )
  const kinded = generations.map((generation) => ({ ...generation, kind: 'EVENT' as const }))
  return { answer: { events: await showPipelines(ctx, kinded, events) } }
}

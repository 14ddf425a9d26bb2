import { draftJob } from '../../access/jobs/service.ts'
import { type Reply, commit } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { readKeptAnswer } from '../../db/idempotency.ts'
import { type EventFilter, readReference } from '../../ledger/client.ts'
import { ApiError, refuseFaults } from '../../lib/errors.ts'
import { type Found, findEvents } from '../events/find.ts'
import { type Scope, readScope } from '../events/queries.ts'
import { parseIngest } from '../ingestion/event.ts'
import { keyOf } from '../ingestion/texts.ts'
import type { OrganizationMemory } from '../ingestion/memory.ts'
import { releaseKey } from '../ingestion/requests.ts'
import { claimKey, recallWithLedgers } from '../ingestion/service.ts'
import { type Correction, correctFound, successorsOf, tryFound } from './correct.ts'
import { isRefused } from './eligibility.ts'
import type { EventCorrectionQuery, EventsCorrectionResponse } from './schema.ts'

/** Events that are corrected before the answer. */
const MOST_AT_ONCE = 30

/** Events that a job corrects. */
const MOST_OF_A_JOB = 10_000

/** Events that are read at a time for a job. */
const READ_AT_ONCE = 250

const wrong = (message: string): ApiError => new ApiError('INVALID', message)

/** The parameters that can be combined with the account. */
const COMBINATIONS = new Set(['', 'id', 'event_id', 'event_source_time', 'created_at event_id', 'event_id event_source_time'])

const refuseCombination = (query: EventCorrectionQuery): void => {
  const given = (['created_at', 'event_id', 'event_source_time', 'id'] as const).filter((name) => query[name] !== undefined)
  if (!COMBINATIONS.has(given.join(' ')))
    throw wrong(
      `${given.join(', ')}: cannot be combined; with account_id comes nothing, id, event_id, event_source_time, event_id with created_at, or event_id with event_source_time`,
    )
}

/** Reads the event of the body. Throws INVALID. */
const readEvent = (body: unknown) => {
  if (body === undefined) throw wrong('event: is required for REDO_EVENT')
  const [read] = parseIngest(body).events
  if (!read || 'message' in read) throw wrong(read?.message ?? 'event: is required for REDO_EVENT')
  return read
}

/** Refuses a body with names that no correction knows, since whoever sends them means other events. The event of an UNDO or REDO is not looked at. */
const refuseUnknownNames = (body: unknown): void => {
  if (body === undefined) return
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw wrong('body: must be an object')
  const unknown = Object.keys(body).filter((name) => name !== 'event')
  refuseFaults(
    'INVALID',
    unknown.map((name) => ({ path: [name], message: 'is not a known name; the query says which events are corrected' })),
  )
}

type Selection = Omit<EventFilter, 'limit' | 'after'>

const selectionOf = (query: EventCorrectionQuery, { accounts }: Scope): Selection => {
  const { id, event_id: eventId, event_source_time: times, created_at: arrivals } = query
  return {
    ...(accounts && { accounts }),
    ...(id !== undefined && { reference: id }),
    ...(eventId !== undefined && { ids: [keyOf(eventId)] }),
    ...(times && { from: times.from, until: times.until }),
    ...(arrivals && { createdFrom: arrivals.from, createdUntil: arrivals.until }),
  }
}

/** Removes events that the same request has ingested before, when it was sent earlier with the same key. */
const withoutSuccessors = async (found: readonly Found[], correction: Correction): Promise<Found[]> => {
  const own = new Set((await Promise.all(found.map(({ event }) => successorsOf(correction, event)))).flat())
  return found.filter(({ event }) => !own.has(event.reference))
}

/** Selects the event to replace: of several matches, the only one that is neither reverted nor a repeat. Throws INVALID. */
const requireOneEvent = (found: readonly Found[]): readonly Found[] => {
  const [left, ...more] = found.filter(({ event }) => !isRefused('REDO_EVENT', event))
  if (more.length) throw wrong('More than one event matches the given filters, and the event of the body can take the place of one only')
  return left ? [left] : found
}

/** Finds all events of a selection, the newest first. */
const selectAll = async (ctx: Ctx, { generations }: Scope, selection: Selection): Promise<Found[]> => {
  const all: Found[] = []
  for (;;) {
    const last = all.at(-1)?.event
    const after = last && ([last.time, last.id, last.reference] as const)
    const found = await findEvents(ctx, generations, { ...selection, ...(after && { after }), limit: READ_AT_ONCE })
    all.push(...found)
    if (all.length > MOST_OF_A_JOB)
      throw new ApiError(
        'UNPROCESSABLE',
        `More than ${MOST_OF_A_JOB} events match, which is more than a job takes: narrow them by event_source_time`,
      )
    if (found.length < READ_AT_ONCE) return all
  }
}

const refuseNone = (found: readonly unknown[]): void => {
  if (!found.length) throw wrong('No events match the given filters')
}

/** Creates a job that corrects all events of a selection. */
const makeJob = async (
  ctx: Ctx,
  query: EventCorrectionQuery,
  scope: Scope,
  selection: Selection,
  correction: Correction,
): Promise<Reply<EventsCorrectionResponse>> => {
  const { action } = query
  const all = await selectAll(ctx, scope, selection)
  refuseNone(all)
  const found = action === 'REDO_EVENT' ? requireOneEvent(all) : all
  const job = draftJob(ctx, {
    type: 'EVENT_CORRECTIONS',
    request: { action, ...(correction.event && { event: correction.event.payload }) },
    metadata: { action, accountId: query.account_id },
    entityIds: found.map(({ event }) => event.reference),
    waits: query.require_confirmation === 'true',
  })
  return commit<EventsCorrectionResponse>(ctx, { ...job, answer: { data: [] } })
}

const correctNow = async (
  ctx: Ctx,
  memory: OrganizationMemory,
  scope: Scope,
  selection: Selection,
  correction: Correction,
): Promise<Reply<EventsCorrectionResponse>> => {
  const { key, dryRun } = ctx.write ?? {}
  const all = await findEvents(ctx, scope.generations, { ...selection, limit: key ? 2 * MOST_AT_ONCE : MOST_AT_ONCE })
  const left = key ? (await withoutSuccessors(all, correction)).slice(0, MOST_AT_ONCE) : all
  refuseNone(left)
  const found = correction.action === 'REDO_EVENT' ? requireOneEvent(left) : left
  if (dryRun) return { answer: { data: await tryFound(ctx, found, correction) } }
  const answer = { data: await correctFound(ctx, memory, found, correction) }
  return key ? commit(ctx, { statements: [], changes: [], answer }) : { answer }
}

/** Returns the stored answer of the same request with the same key. */
const replay = async (ctx: Ctx): Promise<Reply<EventsCorrectionResponse> | undefined> => {
  const kept = await readKeptAnswer(ctx)
  return kept && { answer: JSON.parse(kept.body) as EventsCorrectionResponse, location: kept.location ?? undefined, isReplayed: true }
}

/** The refusals of what a request selects, before anything is corrected. */
const REFUSALS: ReadonlySet<ApiError['code']> = new Set(['INVALID', 'UNPROCESSABLE'])

/**
 * Reverts events, and ingests them or another event again: at once, or in a job. A request that is refused gives its key back, if it was the
 * first to have it.
 */
export const correctEvents = async (ctx: Ctx, query: EventCorrectionQuery, body: unknown): Promise<Reply<EventsCorrectionResponse>> => {
  refuseCombination(query)
  const { action } = query
  const event = action === 'REDO_EVENT' ? readEvent(body) : undefined
  if (!event) refuseUnknownNames(body)
  if (query.id !== undefined && !readReference(query.id)) throw wrong('No events match the given filters')
  const scope = await readScope(ctx, { account: query.account_id })
  refuseNone(scope.generations)
  const memory = await recallWithLedgers(ctx)
  const isAgain = await claimKey(ctx, memory)
  if (isAgain) {
    const kept = await replay(ctx)
    if (kept) return kept
  }
  const selection = selectionOf(query, scope)
  const key = ctx.write?.key?.value
  const by = key === undefined ? `request ${ctx.requestId}` : `key ${key}`
  const correction: Correction = { action, event, by }
  try {
    const isJob = query.async === 'true' || query.require_confirmation === 'true'
    return await (isJob ? makeJob(ctx, query, scope, selection, correction) : correctNow(ctx, memory, scope, selection, correction))
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    const kept = await replay(ctx)
    if (kept) return kept
    if (!isAgain && REFUSALS.has(error.code)) await releaseKey(ctx, memory)
    throw error
  }
}

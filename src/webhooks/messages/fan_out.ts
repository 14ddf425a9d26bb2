import { sql } from 'drizzle-orm'
import { commit } from '../../db/commit.ts'
import { STALE, refuseWhen } from '../../db/conflicts.ts'
import type { Ctx } from '../../db/context.ts'
import { prepare, selectRows } from '../../db/statements.ts'
import { outbox, outboxCursors } from '../../db/table.ts'
import { newId } from '../../lib/ids.ts'
import { type NewDelivery, insertDeliveries, insertEvents, newEvent } from '../deliveries/write.ts'
import { type EndpointRow, readEndpointRows, selectEnabled } from '../endpoints/queries.ts'
import { fitData, readData } from './data.ts'
import type { WebhookEventType } from './schema.ts'
import { eventOf } from './types.ts'

/** The most changes of one commit, and the most characters of the bodies of its events. */
const MOST_CHANGES = 50
const MOST_CHARACTERS = 4_000_000

/** A change of the outbox of which no events have been made yet. */
interface WaitingChange {
  cursor: number
  sequence: number
  at: number
  resourceType: string
  resourceId: string
  status: string
}

const waitingChanges = prepare(['organizationId'], (at) =>
  selectRows(sql`
    select cursor.sequence as cursor, its.sequence, its.at, its.resource_type as resourceType, its.resource_id as resourceId, its.status
    from ${outboxCursors} as cursor cross join ${outbox} as its
      on its.organization_id = cursor.organization_id and its.sequence > cursor.sequence and its.status is not null
    where cursor.organization_id = ${at.organizationId} order by its.sequence limit ${sql.raw(String(MOST_CHANGES))}`),
)

const moveCursor = prepare(['organizationId', 'from', 'to'], (at) =>
  selectRows(sql`update ${outboxCursors} set sequence = ${at.to} where organization_id = ${at.organizationId} and sequence = ${at.from}`),
)

/** A change, and the endpoints that are told of it. */
interface ToldChange extends WaitingChange {
  type: WebhookEventType
  endpoints: readonly EndpointRow[]
}

const findTold = (changes: readonly WaitingChange[], endpoints: readonly EndpointRow[]): ToldChange[] =>
  changes.flatMap((change) => {
    const type = eventOf(change.resourceType, JSON.parse(change.status) as [string | null, string | null])
    if (!type) return []
    const its = endpoints.filter(
      ({ eventTypes, afterSequence }) => change.sequence > afterSequence && (!eventTypes || eventTypes.includes(type)),
    )
    return its.length ? [{ ...change, type, endpoints: its }] : []
  })

/** Reads what is told of changes, each kind of event at once. Its links lead to where the oldest endpoint was made. */
const readAllData = async (ctx: Ctx, told: readonly ToldChange[], endpoints: readonly EndpointRow[]): Promise<Map<number, object>> => {
  const linked: Ctx = { ...ctx, origin: endpoints.find(({ origin }) => origin)?.origin }
  const data = new Map<number, object>()
  for (const [type, its] of Map.groupBy(told, (change) => change.type)) {
    const found = await readData(
      linked,
      type,
      its.map(({ resourceId }) => resourceId),
    )
    for (const { sequence, resourceId } of its) data.set(sequence, fitData(found.get(resourceId) ?? { id: resourceId }))
  }
  return data
}

/** Makes events of changes, and deliveries of events, as many as go into one commit. */
const makeDeliveries = (ctx: Ctx, told: readonly ToldChange[], data: ReadonlyMap<number, object>) => {
  const { organizationId, wallClock } = ctx
  const events: ReturnType<typeof newEvent>[] = []
  const deliveries: NewDelivery[] = []
  const places = new Map<string, number>()
  let characters = 0
  for (const { sequence, at, type, resourceType, resourceId, endpoints } of told) {
    const event = newEvent({ organizationId, type, resourceType, resourceId }, at, wallClock, data.get(sequence) ?? {})
    characters += event.body.length
    if (events.length && characters > MOST_CHARACTERS) break
    events.push(event)
    for (const { id: endpointId } of endpoints) {
      const place = (places.get(endpointId) ?? 0) + 1
      places.set(endpointId, place)
      deliveries.push({ id: newId('WEBHOOK_DELIVERY', wallClock), endpointId, place, event })
    }
  }
  return { events, deliveries }
}

/**
 * Makes deliveries of what happened in an organization since that was done last, in one commit that moves its cursor: so each change is told
 * once, whichever run comes first. D1 makes one commit after another, so no change ever appears behind the cursor. Returns whether more waits.
 */
export const makeEvents = async (ctx: Ctx): Promise<boolean> => {
  const { organizationId, wallClock } = ctx
  const changes = await ctx.session.rows<WaitingChange>(waitingChanges({ organizationId }))
  const [first] = changes
  const last = changes.at(-1)
  if (!first || !last) return false
  const endpoints = readEndpointRows(await ctx.session.rows(selectEnabled({ organizationId })))
  const told = findTold(changes, endpoints)
  const { events, deliveries } = makeDeliveries(ctx, told, await readAllData(ctx, told, endpoints))
  const isCut = events.length < told.length
  const to = isCut ? (told[events.length - 1]?.sequence ?? first.sequence) : last.sequence
  try {
    await commit(ctx, {
      statements: [
        refuseWhen(
          'STALE',
          sql`select '[]' where not exists (
            select 1 from ${outboxCursors} where organization_id = ${organizationId} and sequence = ${first.cursor}
          )`,
        ),
        ...events.map((event) => insertEvents([event])),
        ...(deliveries.length ? [insertDeliveries(organizationId, deliveries, wallClock)] : []),
        moveCursor({ organizationId, from: first.cursor, to }),
      ],
      changes: [],
      answer: {},
    })
  } catch (error) {
    if (error !== STALE) throw error
    return false
  }
  return isCut || changes.length === MOST_CHANGES
}

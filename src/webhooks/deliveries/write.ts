import { sql } from 'drizzle-orm'
import type { Statement } from '../../db/client.ts'
import { builder, insertInto, prepare } from '../../db/statements.ts'
import { newId } from '../../lib/ids.ts'
import { iso } from '../../lib/time.ts'
import { webhookEndpoints } from '../endpoints/table.ts'
import { webhookEvents } from '../messages/table.ts'
import { webhookDeliveries } from './table.ts'

type EventRow = typeof webhookEvents.$inferSelect

export const insertEvents = insertInto(webhookEvents)

/** A new event, with the body that is sent for it. `at` is when it happened, and `now` when it is made of that, in milliseconds. */
export const newEvent = (
  its: Pick<EventRow, 'organizationId' | 'type' | 'resourceType' | 'resourceId'>,
  at: number,
  now: number,
  data: object,
): EventRow => {
  const id = newId('WEBHOOK_EVENT', now)
  const body = JSON.stringify({ id, type: its.type, createdAt: iso(at), organizationId: its.organizationId, data })
  return { ...its, id, body, createdAt: now }
}

/** A delivery that is to be made. `place` is 1 for the first of its endpoint in a commit, and so on. */
export interface NewDelivery {
  id: string
  endpointId: string
  place: number
  event: EventRow
}

const insertNumbered = prepare(['organizationId', 'sent', 'now'], (at) =>
  builder.insert(webhookDeliveries).select(sql`
    select sent.value ->> 0, its.organization_id, its.id, sent.value ->> 1,
      coalesce((select max(number) from ${webhookDeliveries} where endpoint_id = its.id), 0) + (sent.value ->> 3),
      sent.value ->> 4, sent.value ->> 5, sent.value ->> 6, 'PENDING', 0, 0, ${at.now}, 0, null, null, null, null, ${at.now}, null
    from json_each(${at.sent}) as sent cross join ${webhookEndpoints} as its on its.id = sent.value ->> 2
    where its.organization_id = ${at.organizationId} and its.status = 'ENABLED'
  `),
)

/** The statement that makes deliveries, each with the next number of its endpoint, if that is still sent something. */
export const insertDeliveries = (organizationId: string, deliveries: readonly NewDelivery[], now: number): Statement =>
  insertNumbered({
    organizationId,
    now,
    sent: JSON.stringify(
      deliveries.map(({ id, endpointId, place, event }) => [
        id,
        event.id,
        endpointId,
        place,
        event.type,
        event.resourceType,
        event.resourceId,
      ]),
    ),
  })

import { sql } from 'drizzle-orm'
import type { Ctx } from '../../db/context.ts'
import { prepare, selectRows } from '../../db/statements.ts'
import { webhookDeliveries } from '../deliveries/table.ts'
import { type EndpointRow, readEndpointRows, selectEndpoint } from '../endpoints/queries.ts'
import { webhookEndpoints } from '../endpoints/table.ts'
import { webhookEvents } from '../messages/table.ts'

/** How long a run has what it claims for itself, in milliseconds: what it has not noted by then is sent again. */
const CLAIMED_FOR = 60_000

/** A delivery that this run sends. `attempts` counts this try too. */
export interface ClaimedDelivery {
  id: string
  eventId: string
  attempts: number
  firstAttemptAt: number | null
  body: string
}

/**
 * Claims what is due for an endpoint, the longest waiting first. Of each resource it takes the earliest only, and nothing as long as an earlier
 * one is on its way, so that its events arrive in order; what somebody asked for again is outside of that order.
 */
const claimDue = prepare(['endpointId', 'organizationId', 'now', 'until', 'most'], (at) =>
  selectRows(sql`
    update ${webhookDeliveries} set attempts = attempts + 1, claimed_until = ${at.until}, last_attempt_at = ${at.now},
      first_attempt_at = coalesce(first_attempt_at, ${at.now})
    where id in (
      select its.id from ${webhookDeliveries} as its
      where its.endpoint_id = ${at.endpointId} and its.organization_id = ${at.organizationId} and its.status = 'PENDING'
        and its.next_at <= ${at.now} and its.claimed_until <= ${at.now}
        and exists (select 1 from ${webhookEndpoints} where id = ${at.endpointId} and status = 'ENABLED')
        and (its.is_resent = 1 or not exists (
          select 1 from ${webhookDeliveries} as earlier
          where earlier.endpoint_id = its.endpoint_id and earlier.resource_type = its.resource_type and earlier.resource_id = its.resource_id
            and earlier.status = 'PENDING' and earlier.number < its.number and earlier.is_resent = 0
        ))
      order by its.next_at, its.number limit ${at.most}
    )
    returning id, event_id as eventId, attempts, first_attempt_at as firstAttemptAt, number,
      (select body from ${webhookEvents} where id = event_id) as body`),
)

/** Claims deliveries of an endpoint, in the order in which they are sent, and reads it as it is now. */
export const claimDeliveries = async (
  { session }: Pick<Ctx, 'session'>,
  { id, organizationId }: Pick<EndpointRow, 'id' | 'organizationId'>,
  now: number,
  most: number,
): Promise<{ endpoint: EndpointRow | undefined; deliveries: ClaimedDelivery[] }> => {
  const results = await session.batch<ClaimedDelivery & { number: number }>([
    claimDue({ endpointId: id, organizationId, now, until: now + CLAIMED_FOR, most }),
    selectEndpoint({ organizationId, id }),
  ])
  const deliveries = (results[0]?.results ?? []).toSorted((one, other) => one.number - other.number)
  return { endpoint: readEndpointRows(results[1]?.results)[0], deliveries }
}

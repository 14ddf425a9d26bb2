import { type SQL, sql } from 'drizzle-orm'
import { organizations } from '../../access/organizations/table.ts'
import { prepare, selectRows } from '../../db/statements.ts'
import { webhookDeliveries } from '../deliveries/table.ts'
import { webhookEndpoints } from '../endpoints/table.ts'
import { type Part, isOfPart, partIn } from './parts.ts'
import type { ToldOrganization } from './tidy.ts'

/** How many endpoints a run looks at, and how much of what waits for one is counted. */
const [MOST_ENDPOINTS, MOST_COUNTED] = [500, 100]

/** How many objects send, each to the endpoints of a part. */
export const SENDERS = 8

/** An endpoint for which something is due. */
export interface WaitingEndpoint extends ToldOrganization {
  endpointId: string
  isFailing: number
}

/** To which endpoints a run sends: to those of an organization, to those of a part, or else to all. */
export interface Recipients {
  organizationId?: string | undefined
  part?: Part | undefined
}

const isDueOf = (endpointId: SQL, now: SQL | number): SQL =>
  sql`endpoint_id = ${endpointId} and status = 'PENDING' and next_at <= ${now} and claimed_until <= ${now}`

/** The endpoints for which something is due: those that fail last, and else the longest waiting first. */
export const selectWaiting = (now: number, { organizationId, part }: Recipients) => {
  const own: SQL = organizationId === undefined ? isOfPart(sql`endpoint.id`, part) : sql`endpoint.organization_id = ${organizationId}`
  return selectRows(sql`
    select * from (
      select endpoint.id as endpointId, endpoint.failing_since is not null as isFailing, its.id, its.base_currency as baseCurrency,
        its.clock_at as clockAt, (
          select min(next_at) from ${webhookDeliveries} where ${isDueOf(sql`endpoint.id`, now)}
        ) as first
      from ${webhookEndpoints} as endpoint join ${organizations} as its on its.id = endpoint.organization_id
      where endpoint.status = 'ENABLED' and ${own}
    ) where first is not null order by isFailing, first limit ${MOST_ENDPOINTS}`)
}

/** What is due by the parts of senders: of an endpoint as much as is counted, and of one that fails one, since it is sent no more in a minute. */
export const countWaiting = prepare(['now'], (at) => {
  const isDue = isDueOf(sql`endpoint.id`, sql`${at.now}`)
  return selectRows(sql`
    select part, sum(count) as count from (
      select ${partIn(sql`endpoint.id`, SENDERS)} as part, iif(
        endpoint.failing_since is null,
        (select count(*) from (select 1 from ${webhookDeliveries} where ${isDue} limit ${sql.raw(String(MOST_COUNTED))})),
        exists (select 1 from ${webhookDeliveries} where ${isDue})
      ) as count
      from ${webhookEndpoints} as endpoint where endpoint.status = 'ENABLED'
    ) where count > 0 group by part`)
})

import { sql } from 'drizzle-orm'
import { accounts } from '../../customers/accounts/table.ts'
import type { Statement } from '../../db/client.ts'
import { selectRows } from '../../db/statements.ts'
import { type OwnerRow, type ReadTimeline, readPieces, selectOwners, selectPieces, timelineOf } from './queries.ts'

/** The queries for the timelines of several accounts, for a batch. */
export const selectTimelines = (organizationId: string, accountIds: readonly string[]): Statement[] => {
  const listed = sql`(select value from json_each(${JSON.stringify(accountIds)}))`
  return [
    selectOwners(organizationId, sql`${accounts.id} in ${listed}`),
    selectRows(
      selectPieces(
        organizationId,
        sql`its.account_id in ${listed} and its.state in ('ACTIVE', 'DRAFT')`,
        sql`order by its.account_id, its.start_at`,
      ),
    ),
  ]
}

/** Reads the results of `selectTimelines`: the timelines by the ids of their accounts. */
export const readTimelineRowsOfMany = (results: readonly { results: readonly unknown[] }[]): ReadonlyMap<string, ReadTimeline> => {
  const pieces = Map.groupBy(readPieces(results[1]?.results), ({ accountId }) => accountId)
  const owners = (results[0]?.results ?? []) as OwnerRow[]
  return new Map(owners.map((owner) => [owner.id, timelineOf(owner, pieces.get(owner.id) ?? [])]))
}

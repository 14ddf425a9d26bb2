import { sql } from 'drizzle-orm'
import { accounts } from '../../customers/accounts/table.ts'
import type { Statement } from '../../db/client.ts'
import { prepare, selectRows } from '../../db/statements.ts'
import { type OwnerRow, type ReadTimeline, readPieces, selectOwners, selectPieces, timelineOf } from './queries.ts'

const ownersOfMany = prepare(['organizationId', 'listed'], (at) =>
  selectOwners(at.organizationId, sql`${accounts.id} in (select value from json_each(${at.listed}))`),
)

const piecesOfMany = prepare(['organizationId', 'listed'], (at) =>
  selectRows(
    selectPieces(
      at.organizationId,
      sql`its.account_id in (select value from json_each(${at.listed})) and its.state in ('ACTIVE', 'DRAFT')`,
      sql`order by its.account_id, its.start_at`,
    ),
  ),
)

/** The queries for the timelines of several accounts, for a batch. */
export const selectTimelines = (organizationId: string, accountIds: readonly string[]): Statement[] => {
  const listed = JSON.stringify(accountIds)
  return [ownersOfMany({ organizationId, listed }), piecesOfMany({ organizationId, listed })]
}

/** Reads the results of `selectTimelines`: the timelines by the ids of their accounts. */
export const readTimelineRowsOfMany = (results: readonly { results: readonly unknown[] }[]): ReadonlyMap<string, ReadTimeline> => {
  const pieces = Map.groupBy(readPieces(results[1]?.results), ({ accountId }) => accountId)
  const owners = (results[0]?.results ?? []) as OwnerRow[]
  return new Map(owners.map((owner) => [owner.id, timelineOf(owner, pieces.get(owner.id) ?? [])]))
}

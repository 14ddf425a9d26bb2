import { sql } from 'drizzle-orm'
import { accounts } from '../../customers/accounts/table.ts'
import type { Statement } from '../../db/client.ts'
import type { Ctx } from '../../db/context.ts'
import { selectRows } from '../../db/statements.ts'
import { announceDueCycles } from './cycles.ts'
import { type OwnerRow, type ReadTimeline, readPieces, selectOwners, selectPieces, timelineOf } from './queries.ts'

/** The queries for the timelines of several accounts, for a batch. */
const selectTimelines = (organizationId: string, accountIds: readonly string[]): Statement[] => {
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

/** Reads the timelines of several accounts, by their ids, in one round trip. What is due for them is done first. `more` is read with them. */
export const readTimelines = async (
  ctx: Ctx,
  accountIds: readonly string[],
  more: readonly Statement[],
): Promise<{ timelines: ReadonlyMap<string, ReadTimeline>; results: readonly { results: readonly unknown[] }[] }> => {
  for (;;) {
    const results = await ctx.session.batch([...selectTimelines(ctx.organizationId, accountIds), ...more])
    const pieces = Map.groupBy(readPieces(results[1]?.results), ({ accountId }) => accountId)
    const owners = (results[0]?.results ?? []) as OwnerRow[]
    const timelines = new Map(owners.map((owner) => [owner.id, timelineOf(owner, pieces.get(owner.id) ?? [])]))
    let hasAnnounced = false
    for (const timeline of timelines.values()) if (await announceDueCycles(ctx, timeline)) hasAnnounced = true
    if (!hasAnnounced) return { timelines, results: results.slice(2) }
  }
}

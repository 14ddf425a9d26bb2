import { sql } from 'drizzle-orm'
import type { Ctx } from '../../db/context.ts'
import {
  type PieceParts,
  type ReadTimeline,
  keysOfPieces,
  readPieceParts,
  readTimelineRows,
  preparePieceParts,
  selectTimeline,
} from './queries.ts'

/** Timelines by the ids of their accounts, and what the part of one of them is made of. */
export interface TimelinesInForce {
  timelines: ReadonlyMap<string, ReadTimeline>
  parts: PieceParts
}

/** An account, and an instant of its timeline in milliseconds. */
export interface MomentOfAccount {
  accountId: string
  at: number
}

const partsInForce = preparePieceParts(['accountId', 'at'], (value) =>
  keysOfPieces(
    value.organizationId,
    sql`its.account_id = ${value.accountId} and its.state = 'ACTIVE' and its.start_at <= ${value.at} and its.end_at > ${value.at}`,
  ),
)

/**
 * Reads the timelines of accounts in one round trip, and what the plan is made of that is in force at one moment. Accounts that do not exist
 * are left out.
 */
export const readTimelinesInForce = async (
  ctx: Ctx,
  accountIds: readonly string[],
  moment: MomentOfAccount | undefined,
): Promise<TimelinesInForce> => {
  const { organizationId } = ctx
  const results = await ctx.session.batch([
    ...accountIds.flatMap((id) => selectTimeline(ctx, id)),
    ...(moment ? partsInForce({ organizationId, ...moment }) : []),
  ])
  const timelines = accountIds.flatMap((id, index) => {
    const rows = results.slice(2 * index, 2 * index + 2)
    return rows[0]?.results.length ? [[id, readTimelineRows(id, rows)] as const] : []
  })
  return { timelines: new Map(timelines), parts: readPieceParts(results.slice(2 * accountIds.length)) }
}

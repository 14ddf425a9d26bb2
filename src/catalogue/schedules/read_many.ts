import type { Statement } from '../../db/client.ts'
import type { Ctx } from '../../db/context.ts'
import { announceDueCycles, selectBillsDue } from './cycles.ts'
import type { ReadTimeline } from './queries.ts'
import { readTimelineRowsOfMany, selectTimelines } from './select_many.ts'

/** Reads the timelines of several accounts, by their ids, in one round trip. What is due for them is done first. `more` is read with them. */
export const readTimelines = async (
  ctx: Ctx,
  accountIds: readonly string[],
  more: readonly Statement[],
): Promise<{ timelines: ReadonlyMap<string, ReadTimeline>; results: readonly { results: readonly unknown[] }[] }> => {
  for (;;) {
    const results = await ctx.session.batch([...selectTimelines(ctx.organizationId, accountIds), ...more, selectBillsDue(ctx, accountIds)])
    const timelines = readTimelineRowsOfMany(results)
    if (!(await announceDueCycles(ctx, timelines.values(), results.at(-1)))) return { timelines, results: results.slice(2) }
  }
}

import { sql } from 'drizzle-orm'
import { changeVersioned } from '../../db/change.ts'
import { combineDrafts } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { type Due, settleDue } from '../../db/due.ts'
import { selectRows } from '../../db/statements.ts'
import { dayOf } from '../../rating/cycle.ts'
import { draftActiveTimeline, dropDraft } from './keep.ts'
import { readTimelineRows, selectTimeline, tagOfTimeline } from './queries.ts'
import { LAST_DAY, cutOut } from './timeline.ts'

/** Ends the timeline of an archived account at the end of the day, and drops its draft. */
export const endTimeline = async (ctx: Ctx, row: Due): Promise<void> => {
  await changeVersioned(ctx, {
    read: async () => {
      const results = await ctx.session.batch([
        ...selectTimeline(ctx, row.subject),
        selectRows(sql`
          select 1 from due where organization_id = ${ctx.organizationId} and kind = ${row.kind} and subject = ${row.subject} and due_at = ${row.dueAt}`),
      ])
      return { timeline: readTimelineRows(row.subject, results), isDue: (results[2]?.results.length ?? 0) > 0 }
    },
    tagOf: ({ timeline }) => tagOfTimeline(timeline.version, timeline.active, ctx.now),
    change: ({ timeline, isDue }) => {
      const { account, active, draftBase } = timeline
      if (!isDue) return { unchanged: {} }
      const settled = { statements: settleDue(ctx, row), changes: [], answer: {} }
      const pieces = cutOut(active, dayOf(row.dueAt) + 1, LAST_DAY, () => '')
      const left = new Map(pieces.map(({ id, until }) => [id, until]))
      const ended = active.filter(({ id, until }) => left.get(id) !== until)
      if (account.status !== 'ARCHIVED' || (!ended.length && draftBase === null)) return settled
      const plans = [...new Set(ended.map(({ pricePlanId }) => pricePlanId))]
      return combineDrafts(
        settled,
        draftActiveTimeline(ctx, timeline, { pieces, overrides: new Map() }, { draftBase: null, ended: plans }),
        dropDraft(ctx, timeline),
      )
    },
  })
}

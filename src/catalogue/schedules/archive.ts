import { sql } from 'drizzle-orm'
import { changeVersioned } from '../../db/change.ts'
import { combineDrafts } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { type Due, type StepResult, settleDue } from '../../db/due.ts'
import { selectRows } from '../../db/statements.ts'
import { dayOf } from '../../rating/cycle.ts'
import { announceDueCycles, selectBillsDue } from './cycles.ts'
import { draftActiveTimeline, dropDraft } from './keep.ts'
import { type ReadTimeline, readTimelineRows, selectTimeline, tagOfTimeline } from './queries.ts'
import { LAST_DAY, cutOut } from './timeline.ts'

/** Reads the timeline of an account that was archived, and whether it is still to be ended. What was due for it by then is done first. */
const readArchived = async (ctx: Ctx, { kind, subject, dueAt }: Due): Promise<{ timeline: ReadTimeline; isDue: boolean }> => {
  for (;;) {
    const results = await ctx.session.batch([
      ...selectTimeline(ctx, subject),
      selectRows(sql`
        select 1 from due where organization_id = ${ctx.organizationId} and kind = ${kind} and subject = ${subject} and due_at = ${dueAt}`),
      selectBillsDue(ctx, [subject], dueAt),
    ])
    const timeline = readTimelineRows(subject, results)
    const isDue = (results[2]?.results.length ?? 0) > 0
    if (!isDue || !(await announceDueCycles(ctx, [timeline], results[3], dueAt))) return { timeline, isDue }
  }
}

/** Ends the timeline of an archived account at the end of the day, and drops its draft. It is written as of the instant of the row. */
export const endTimeline = async (ctx: Ctx, row: Due): Promise<StepResult> => {
  const its = { ...ctx, now: row.dueAt }
  const { committed } = await changeVersioned(ctx, {
    read: () => readArchived(ctx, row),
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
        draftActiveTimeline(its, timeline, { pieces, overrides: new Map() }, { draftBase: null, ended: plans }),
        dropDraft(its, timeline),
      )
    },
  })
  return { madeDue: committed?.due ?? [] }
}

import { sql } from 'drizzle-orm'
import { commit } from '../../db/commit.ts'
import { refuseWhen } from '../../db/conflicts.ts'
import type { Ctx } from '../../db/context.ts'
import { type Due, settleDue } from '../../db/due.ts'
import { dayOf, instantOf } from '../../rating/cycle.ts'
import { PRICING_CYCLE, describeBegin, describeEnd } from './announcements.ts'
import { type ReadTimeline, readTimeline } from './queries.ts'
import { LAST_DAY, boundariesOf, cycleOn } from './timeline.ts'

/** Announces that cycles of an account have ended and begun at the instant of a due row, and sets when the next do. */
export const announceCycles = async (ctx: Ctx, row: Due): Promise<void> => {
  const { active, version } = await readTimeline(ctx, row.subject)
  const day = dayOf(row.dueAt)
  const [ended, started] = [cycleOn(active, day - 1), cycleOn(active, day)]
  const [next] = boundariesOf(active, day, day)
  await commit(ctx, {
    statements: [
      refuseWhen(
        'STALE',
        sql`select '[]' from timelines where organization_id = ${ctx.organizationId} and account_id = ${row.subject} and version <> ${version ?? 0}`,
      ),
      ...settleDue(ctx, row, next === undefined || next >= LAST_DAY ? undefined : instantOf(next)),
    ],
    changes: [...(ended?.cycle.end === day ? [describeEnd(ended)] : []), ...(started?.cycle.start === day ? [describeBegin(started)] : [])],
    answer: {},
  })
}

/** Announces all cycles of an account until now, if some are due. Returns whether there were any. */
export const announceDueCycles = async (ctx: Ctx, { account, cycleDueAt }: ReadTimeline): Promise<boolean> => {
  if (cycleDueAt === null || cycleDueAt > ctx.now) return false
  const { write: _write, ...own } = ctx
  const its: Ctx = { ...own, conditions: { match: undefined, noneMatch: undefined } }
  await announceCycles(its, { kind: PRICING_CYCLE, subject: account.id, dueAt: cycleDueAt })
  return true
}

import { sql } from 'drizzle-orm'
import { type Change, commit } from '../../db/commit.ts'
import { refuseWhen } from '../../db/conflicts.ts'
import type { Ctx } from '../../db/context.ts'
import { type Due, settleDue } from '../../db/due.ts'
import { dayOf, instantOf, writeDay } from '../../rating/cycle.ts'
import { PRICING_CYCLE } from './keep.ts'
import { type ReadTimeline, readTimeline } from './queries.ts'
import { type CycleInForce, LAST_DAY, boundariesOf, cycleOn } from './timeline.ts'

const describeCycle = ({ piece, cycle }: CycleInForce, status: readonly [string | null, string]): Change => ({
  type: 'PRICING_CYCLE',
  id: `${piece.id}#${writeDay(cycle.start)}`,
  fields: { status, ...(status[0] === null && { startDate: [null, writeDay(cycle.start)], endDate: [null, writeDay(cycle.end)] }) },
})

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
    changes: [
      ...(ended?.cycle.end === day ? [describeCycle(ended, ['IN_FORCE', 'ENDED'])] : []),
      ...(started?.cycle.start === day ? [describeCycle(started, [null, 'IN_FORCE'])] : []),
    ],
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

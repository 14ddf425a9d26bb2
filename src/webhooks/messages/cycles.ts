import { type SQL, sql } from 'drizzle-orm'
import { cycleOfPiece } from '../../catalogue/schedules/service.ts'
import type { schedules } from '../../catalogue/schedules/table.ts'
import type { Ctx } from '../../db/context.ts'
import { selectRows } from '../../db/statements.ts'
import { iso } from '../../lib/time.ts'
import { dayOf, instantOf, readDay } from '../../rating/cycle.ts'

type ScheduleRow = typeof schedules.$inferSelect
type FoundSchedule = Pick<ScheduleRow, 'id' | 'accountId' | 'pricePlanId' | 'planVersion' | 'startAt' | 'endAt'> & { cycle: string }

/** A pricing cycle as webhooks show it. It has no read of its own. */
interface ShownCycle {
  id: string
  accountId: string
  scheduleId: string
  pricePlanId: string
  pricePlanVersion: number
  startDate: string
  endDate: string
}

/** The schedules of ids as they are now, and then as they were, since one that was dropped or cut had cycles that are told of. */
const selectSchedules = ({ organizationId }: Ctx, ids: readonly string[]) => {
  const sent = JSON.stringify([...new Set(ids)])
  /** SQLite uses the index of a state only if that is compared as in the index. */
  const inState = (condition: SQL): SQL => sql`
    select its.id, its.account_id as accountId, its.price_plan_id as pricePlanId, its.plan_version as planVersion, its.start_at as startAt,
      its.end_at as endAt, its.cycle, its.state, its.sequence
    from json_each(${sent}) as sent cross join schedules as its on its.id = sent.value and ${condition}
    where its.organization_id = ${organizationId}`
  return selectRows(sql`
    select * from (${inState(sql`its.state = 'ACTIVE' and its.state <> 'GONE'`)} union all ${inState(sql`its.state = 'GONE'`)})
    order by state = 'GONE', sequence desc`)
}

/** Shows the cycle that begins on a day with the schedule that it was of, if that was in force on the day. */
const showCycle = (id: string, day: number, schedule: FoundSchedule): ShownCycle | undefined => {
  const piece = { cycle: JSON.parse(schedule.cycle) as ScheduleRow['cycle'], from: dayOf(schedule.startAt), until: dayOf(schedule.endAt) }
  const cycle = cycleOfPiece(piece, day)
  return (
    cycle && {
      id,
      accountId: schedule.accountId,
      scheduleId: schedule.id,
      pricePlanId: schedule.pricePlanId,
      pricePlanVersion: schedule.planVersion,
      startDate: iso(instantOf(cycle.start)),
      endDate: iso(instantOf(cycle.end)),
    }
  )
}

/** Reads pricing cycles by their ids, which are that of the schedule and the first day. */
export const readCycles = async (ctx: Ctx, ids: readonly string[]): Promise<Map<string, ShownCycle>> => {
  const named = ids.map((id) => ({ id, scheduleId: id.slice(0, id.indexOf('#')), day: readDay(id.slice(id.indexOf('#') + 1)) }))
  const rows = await ctx.session.rows<FoundSchedule>(
    selectSchedules(
      ctx,
      named.map(({ scheduleId }) => scheduleId),
    ),
  )
  const found = new Map<string, ShownCycle>()
  for (const { id, scheduleId, day } of named) {
    for (const row of rows) {
      if (row.id !== scheduleId) continue
      const shown = showCycle(id, day, row)
      if (shown) {
        found.set(id, shown)
        break
      }
    }
  }
  return found
}

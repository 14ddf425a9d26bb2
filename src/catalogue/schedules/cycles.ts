import { sql } from 'drizzle-orm'
import { doDueFirst } from '../../access/due/service.ts'
import type { Statement } from '../../db/client.ts'
import { type Change, commit } from '../../db/commit.ts'
import { refuseWhen } from '../../db/conflicts.ts'
import type { Ctx } from '../../db/context.ts'
import { BILLING, type Due, selectDueNow, settleAllDue } from '../../db/due.ts'
import { selectRows } from '../../db/statements.ts'
import { notFound } from '../../lib/errors.ts'
import { dayOf } from '../../rating/cycle.ts'
import { PRICING_CYCLE, describeBegin, describeEnd, findNext } from './announcements.ts'
import type { ReadTimeline } from './queries.ts'
import { readTimelineRowsOfMany, selectTimelines } from './select_many.ts'
import { cycleOn } from './timeline.ts'

/** The most days on which cycles end or begin that are announced in one commit, of all its accounts. */
const MOST_BOUNDARIES = 500

/** The announcements that a cycle of an account has ended on a day, and that another one has begun. */
const describeBoundary = ({ active }: ReadTimeline, day: number): Change[] => {
  const [ended, started] = [cycleOn(active, day - 1), cycleOn(active, day)]
  return [...(ended?.cycle.end === day ? [describeEnd(ended)] : []), ...(started?.cycle.start === day ? [describeBegin(started)] : [])]
}

/** The cycles of an account that are to be announced: what was due of it, until when it is done, and what is due next. */
interface Turning {
  row: Due
  timeline: ReadTimeline
  until: number
  next: number | undefined
}

/** Announces what has been due longest, whichever account it is of, until nothing is left or it is enough for a commit. */
const announceInTurn = (turning: readonly Turning[]): Change[] => {
  const changes: Change[] = []
  for (let count = 0; count < MOST_BOUNDARIES; count++) {
    let first: Turning | undefined
    for (const one of turning)
      if (one.next !== undefined && one.next <= one.until && (first?.next === undefined || one.next < first.next)) first = one
    if (first?.next === undefined) break
    const day = dayOf(first.next)
    changes.push(...describeBoundary(first.timeline, day))
    first.next = findNext(first.timeline.active, day)
  }
  return changes
}

/** When the plans of accounts are to end since they were archived, in milliseconds, for those of which that is not done yet. */
const selectArchived = (organizationId: string, listed: string) =>
  selectRows(sql`
    select subject, due_at as dueAt from due
    where organization_id = ${organizationId} and kind = 'ACCOUNT_ARCHIVED' and subject in (select value from json_each(${listed}))`)

/**
 * Announces that cycles of accounts have ended and begun from the instants of due rows until now, and sets when the next do. Of an account
 * that was archived it announces nothing behind that, since the plan has yet to be cut. What is too much for one commit stays due.
 */
export const announceCyclesTogether = async (ctx: Ctx, rows: readonly Due[]): Promise<void> => {
  const { organizationId } = ctx
  const accountIds = rows.map(({ subject }) => subject)
  const results = await ctx.session.batch([
    ...selectTimelines(organizationId, accountIds),
    selectArchived(organizationId, JSON.stringify(accountIds)),
  ])
  const timelines = readTimelineRowsOfMany(results)
  const archived = new Map(((results[2]?.results ?? []) as Pick<Due, 'subject' | 'dueAt'>[]).map(({ subject, dueAt }) => [subject, dueAt]))
  const turning = rows.map((row): Turning => {
    const timeline = timelines.get(row.subject)
    if (!timeline) throw notFound('account', row.subject)
    const until = Math.max(row.dueAt, Math.min(ctx.now, archived.get(row.subject) ?? ctx.now))
    return { row, timeline, until, next: row.dueAt }
  })
  const changes = announceInTurn(turning)
  const done = turning.filter(({ row, next }) => next !== row.dueAt)
  const versions = done.map(({ timeline }) => [timeline.account.id, timeline.version ?? 0])
  await commit(ctx, {
    statements: [
      refuseWhen(
        'STALE',
        sql`select '[]' from json_each(${JSON.stringify(versions)}) as sent
          cross join timelines on timelines.organization_id = ${organizationId} and timelines.account_id = sent.value ->> 0
          where timelines.version <> sent.value ->> 1`,
      ),
      ...settleAllDue(
        ctx,
        done.map(({ row, next }) => ({ row, next })),
      ),
    ],
    changes,
    answer: {},
  })
}

/** Announces that cycles of an account have ended and begun from the instant of a due row until now, and sets when the next do. */
export const announceCycles = (ctx: Ctx, row: Due): Promise<void> => announceCyclesTogether(ctx, [row])

/** The query for the bills of accounts that are due at an instant, by default now. */
export const selectBillsDue = ({ organizationId, now }: Ctx, accountIds: readonly string[], until = now): Statement =>
  selectDueNow(
    { organizationId, now: until },
    accountIds.map((subject) => ({ kind: BILLING, subject, dueAt: until })),
  )

/**
 * Announces the cycles of accounts until an instant, by default now, if some are due, and makes the bills that the query of `selectBillsDue`
 * has found. Returns whether there was anything.
 */
export const announceDueCycles = async (
  ctx: Ctx,
  timelines: Iterable<ReadTimeline>,
  bills: { results: readonly unknown[] } | undefined,
  until = ctx.now,
): Promise<boolean> => {
  const rows = [...timelines].flatMap(({ account, cycleDueAt }): Due[] =>
    cycleDueAt === null || cycleDueAt > until ? [] : [{ kind: PRICING_CYCLE, subject: account.id, dueAt: cycleDueAt }],
  )
  const areBilled = await doDueFirst(ctx, (bills?.results ?? []) as Due[])
  if (!rows.length) return areBilled
  const { write: _write, ...own } = ctx
  await announceCyclesTogether({ ...own, conditions: { match: undefined, noneMatch: undefined } }, rows)
  return true
}

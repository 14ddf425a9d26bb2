import { eq, sql } from 'drizzle-orm'
import { type Draft, type Reply, commit } from '../../db/commit.ts'
import { STALE, refuseWhen } from '../../db/conflicts.ts'
import type { Ctx } from '../../db/context.ts'
import { refuseUsedKey } from '../../db/idempotency.ts'
import { builder, selectRows } from '../../db/statements.ts'
import { due } from '../../db/table.ts'
import { ApiError } from '../../lib/errors.ts'
import { UNVERSIONED } from '../../lib/etag.ts'
import { iso } from '../../lib/time.ts'
import { MOST_CALLS, doDueOf, systemContext } from '../due/service.ts'
import { organizations } from '../organizations/table.ts'
import type { MoveTestClockRequest, MovedTestClock, TestClock } from './schema.ts'

/** The longest time of one request, in milliseconds. The same request goes on with the rest. */
const WORKS_FOR = 20_000

/** After how many runs at one instant work that is always due again counts as failed. */
const MOST_RUNS = 20

/** Reads the present instant of the organization. */
export const getTestClock = ({ now, clockAt }: Ctx): Promise<Reply<TestClock>> =>
  Promise.resolve({ answer: { now: iso(now), isSet: clockAt !== null } })

/** A clock that is to be moved. Times are in milliseconds. */
interface MovingClock {
  clockAt: number | null
  /** The earliest instant until the target at which work is due. */
  first: number | null
  /** The number of pieces of work that are due until the target. It is counted for a dry run only. */
  known: number
}

const readClock = async (ctx: Ctx, target: number): Promise<MovingClock> => {
  const { organizationId, steps, write } = ctx
  const kinds = JSON.stringify(steps.map(({ kind }) => kind))
  const waiting = sql`from ${due} where organization_id = ${organizationId} and due_at <= ${target} and kind in (select value from json_each(${kinds}))`
  const [clock] = await ctx.session.rows<MovingClock>(
    selectRows(sql`
      select clock_at as clockAt, (select min(due_at) ${waiting}) as first, ${write?.dryRun ? sql`(select count(*) ${waiting})` : sql`0`} as known
      from ${organizations} where id = ${organizationId}`),
  )
  if (!clock) throw new Error('The organization of the caller does not exist')
  return clock
}

/** The query that finds out whether an organization has events or schedules. Then its first instant must not lie in the past. */
const hasBegun = ({ organizationId }: Ctx) => sql`select 1 from begun_organizations where organization_id = ${organizationId}`

/** The statements that refuse to set a clock to an instant that has passed if the organization has begun. */
const refusePast = (ctx: Ctx, target: number) =>
  target < ctx.wallClock ? [refuseWhen('CLOCK_TOO_LATE', sql`select json_array(${iso(target)}) where exists (${hasBegun(ctx)})`)] : []

/** Drafts the move of a clock from the instant that was read to the next one. */
const draftMove = (ctx: Ctx, clockAt: number | null, next: number): Omit<Draft<object>, 'answer'> => {
  const { organizationId: id } = ctx
  return {
    statements: [
      refuseWhen('STALE', sql`select '[]' where not exists (select 1 from ${organizations} where id = ${id} and clock_at is ${clockAt})`),
      ...(clockAt === null ? refusePast(ctx, next) : []),
      builder.update(organizations).set({ clockAt: next }).where(eq(organizations.id, id)),
    ],
    changes: [{ type: 'ORGANIZATION', id, fields: { testClock: [clockAt === null ? null : iso(clockAt), iso(next)] } }],
  }
}

/** Moves a clock to an instant at which work is due. The answer is not known yet, so only a used key is refused. */
const moveOn = async (ctx: Ctx, clockAt: number | null, next: number): Promise<void> => {
  const { write: _write, ...own } = ctx
  const draft = draftMove(ctx, clockAt, next)
  await commit(own, { ...draft, statements: [...refuseUsedKey(ctx), ...draft.statements], answer: {} })
}

/** Does the work that is due until the instant of the clock, and stops at the first failure, so that nothing is done out of order. */
const doDueAt = (ctx: Ctx, clockAt: number, clockTarget: number, isOver: () => boolean) => {
  const { organizationId: id, baseCurrency, requestId, wallClock, steps } = ctx
  const own = { ...systemContext({ ...ctx, now: wallClock }, { id, baseCurrency, clockAt }), requestId, clockTarget }
  return doDueOf(own, steps, ({ errors }) => errors.length > 0 || isOver())
}

const stopped = (clockAt: number, done: number, cause: unknown): ApiError => {
  const why = cause instanceof ApiError ? ` (${cause.message})` : ''
  const message = `The clock has reached ${iso(clockAt)}, after ${done} pieces of work, and stays there: one that is due then failed${why}. The same request tries it again.`
  return Object.assign(new ApiError('UNAVAILABLE', message, 1), { cause })
}

const startTimer = () => {
  const start = performance.now()
  return () => performance.now() - start
}

/**
 * Sets the clock of the organization, or moves it to each instant at which work is due, does that work, and at last moves it to the target.
 * It passes no work that was not done. Another move at the same time does the same, and each piece of work is settled by one of them.
 */
export const moveTestClock = async (
  ctx: Ctx,
  { now: target }: MoveTestClockRequest,
  elapsed = startTimer(),
): Promise<Reply<MovedTestClock>> => {
  if (ctx.conditions.match) throw UNVERSIONED
  let done = 0
  let runs = { at: -1, count: 0 }
  const reach = (now: number, pieces = done): MovedTestClock => ({ now: iso(now), target: iso(target), due: pieces })
  const isOver = () => elapsed() > WORKS_FOR || ctx.session.calls() + ctx.ledgers.usage.calls > MOST_CALLS
  /** Returns the answer when the move ends. Throws STALE if another move comes between. */
  const moveOnce = async (): Promise<Reply<MovedTestClock> | undefined> => {
    const { clockAt, first, known } = await readClock(ctx, target)
    if (clockAt !== null && target < clockAt)
      throw new ApiError('CONFLICT', `now: must not be before ${iso(clockAt)}, which the clock has reached`)
    if (first === null || ctx.write?.dryRun) {
      const answer = reach(target, ctx.write?.dryRun ? known : done)
      return clockAt === target ? { answer } : commit(ctx, { ...draftMove(ctx, clockAt, target), answer })
    }
    const next = Math.max(first, clockAt ?? Math.min(target, ctx.wallClock))
    if (clockAt !== next) await moveOn(ctx, clockAt, next)
    runs = { at: next, count: runs.at === next ? runs.count + 1 : 1 }
    if (runs.count > MOST_RUNS) throw stopped(next, done, new Error('Work that was done is due again'))
    const run = await doDueAt(ctx, next, target, isOver)
    done += run.done
    if (run.errors.length) throw stopped(next, done, run.errors[0])
    return isOver() ? { answer: reach(next), committed: { json: undefined, due: [] } } : undefined
  }
  for (;;)
    try {
      const reply = await moveOnce()
      if (reply) return reply
    } catch (error) {
      if (error !== STALE || isOver()) throw error
    }
}

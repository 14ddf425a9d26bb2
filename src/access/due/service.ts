import { sql } from 'drizzle-orm'
import type { Session } from '../../db/client.ts'
import { STALE } from '../../db/conflicts.ts'
import type { Ctx } from '../../db/context.ts'
import type { Due, DueStep, StepResult } from '../../db/due.ts'
import { due } from '../../db/table.ts'
import { ApiError } from '../../lib/errors.ts'
import { organizations } from '../organizations/table.ts'

export type { DueStep, StepResult } from '../../db/due.ts'

/** Rows of one instant that are read at a time. */
const ROWS = 50

/** The longest time of one run of `scheduled`, in milliseconds. The next run does the rest. */
const WORKS_FOR = 20_000

/** The most calls to the database and to ledgers of one run or request, since Cloudflare allows 1,000 for each Worker call. */
export const MOST_CALLS = 800

/** The most calls of a request before its own work, for what has been due for some time. */
const MOST_CALLS_FIRST = 400

/** The milliseconds and the calls after which it is the turn of the next organization. Whoever has work left gets another turn. */
const TURN = { ms: 2_000, calls: 100 }

/** The most organizations that are handled in one run. */
const ORGANIZATIONS = 200

/** As many due rows are read to find out which organizations they are of. */
const FOUND_BY_TIME = 1000

/** What scheduled work needs. `now` is the real time, in milliseconds. */
type SystemCtx = Pick<Ctx, 'session' | 'ledgers' | 'files' | 'assets' | 'now' | 'secrets' | 'conflicts'>

/** An organization for which scheduled work is done, up to its test clock if it has one. */
interface WorkedOrganization {
  id: string
  baseCurrency: string
  clockAt?: number | null
}

/** The context of scheduled work. It may do everything but move a clock, and its actor in the audit log is `system`. */
export const systemContext = (ctx: SystemCtx, { id, baseCurrency, clockAt = null }: WorkedOrganization): Ctx => ({
  session: ctx.session,
  ledgers: ctx.ledgers,
  files: ctx.files,
  assets: ctx.assets,
  now: clockAt ?? ctx.now,
  wallClock: ctx.now,
  secrets: ctx.secrets,
  conflicts: ctx.conflicts,
  steps: [],
  organizationId: id,
  baseCurrency,
  clockAt,
  actor: 'system',
  role: 'ADMINISTRATOR',
  expiresAt: null,
  mark: '',
  requestId: crypto.randomUUID(),
  operationId: 'scheduled',
  conditions: { match: undefined, noneMatch: undefined },
})

/** Kinds of steps in their order, as one text, in which a query finds the place of a kind without reading a row for each. */
const listKinds = (steps: readonly DueStep[]): string => ` ${steps.map(({ kind }) => kind).join(' ')} `

const placeIn = (kinds: string) => sql`instr(${kinds}, ' ' || kind || ' ')`

/** Reads the due rows of the earliest instant, sorted by step and then by subject. Those of steps that can wait come when there are no others. */
const readFirst = async ({ session, organizationId, now }: Ctx, steps: readonly DueStep[], skipped: readonly Due[]): Promise<Due[]> => {
  const left = JSON.stringify(skipped.map(({ kind, subject }) => [kind, subject]))
  const [all, slow] = [listKinds(steps), listKinds(steps.filter(({ canWait }) => canWait))]
  const isDue = sql`organization_id = ${organizationId} and due_at <= ${now} and ${placeIn(all)} > 0
    and not exists (select 1 from json_each(${left}) as left_out where left_out.value ->> 0 = kind and left_out.value ->> 1 = subject)`
  const isSlow = sql`${placeIn(slow)} > 0`
  return session.db.all<Due>(sql`
    with soon as materialized (select min(due_at) as at from ${due} where ${isDue} and not ${isSlow})
    select kind, subject, due_at as dueAt from ${due}
    where ${isDue} and ${isSlow} = ((select at from soon) is null)
      and due_at = coalesce((select at from soon), (select min(due_at) from ${due} where ${isDue} and ${isSlow}))
    order by ${placeIn(all)}, subject limit ${ROWS}
  `)
}

/** The result of a run: the number of finished rows, and the errors of the others, which the next run tries again. */
interface DueRun {
  done: number
  errors: Error[]
}

/** Does one row. A row that another run has settled in the meantime counts as done. */
const runStep = async (ctx: Ctx, steps: readonly DueStep[], row: Due): Promise<StepResult & { error?: Error }> => {
  try {
    const { isUnfinished = false, madeDue = [] } = ((await steps.find(({ kind }) => kind === row.kind)?.run(ctx, row)) ?? {}) as StepResult
    return { isUnfinished, madeDue }
  } catch (error) {
    if (error === STALE) return {}
    return { error: error instanceof Error ? error : new Error('A step threw what is no error') }
  }
}

/** Does rows of one step together if it can do that. Gives those that are still to be done one by one: all, if that was refused. */
const runTogether = async (
  ctx: Ctx,
  steps: readonly DueStep[],
  rows: readonly Due[],
  run: DueRun,
): Promise<{ left: readonly Due[]; isUnfinished: boolean }> => {
  const step = steps.find(({ kind }) => kind === rows[0]?.kind)
  if (!step?.runTogether || rows.length < 2) return { left: rows, isUnfinished: false }
  try {
    const result = (await step.runTogether(ctx, rows)) as StepResult | undefined
    if (result?.isUnfinished) {
      run.done += result.done ?? 0
      return { left: [], isUnfinished: true }
    }
  } catch {
    return { left: rows, isUnfinished: false }
  }
  run.done += rows.length
  return { left: [], isUnfinished: false }
}

/** Does the due work of an organization, sorted by time, step and subject, until nothing is left or `isOver` returns true, which is asked before each piece. */
export const doDueOf = async (ctx: Ctx, steps: readonly DueStep[], isOver: (run: DueRun) => boolean = () => false): Promise<DueRun> => {
  const run: DueRun = { done: 0, errors: [] }
  const skipped: Due[] = []
  let last = ''
  while (!isOver(run)) {
    const rows = await readFirst(ctx, steps, skipped)
    /** Stops if the same rows are due again, since a step that does not settle its row would run forever. */
    const seen = JSON.stringify(rows)
    if (!rows.length || seen === last) return run
    last = seen
    for (const [kind, group] of Map.groupBy(rows, (row) => row.kind)) {
      if (isOver(run)) return run
      if (kind !== rows[0]?.kind && steps.find((step) => step.kind === kind)?.looksAtAll) break
      const together = await runTogether(ctx, steps, group, run)
      if (together.isUnfinished) last = ''
      for (const row of together.left) {
        if (isOver(run)) return run
        const { error, isUnfinished } = await runStep(ctx, steps, row)
        if (error) {
          run.errors.push(error)
          skipped.push(row)
        } else if (isUnfinished) last = ''
        else run.done++
      }
    }
  }
  return run
}

/** Does the work that a write made due: before its answer, or after it if the step is `isLater`. `scheduled` repeats what fails. */
export const doDueNow = async (
  ctx: Ctx,
  steps: readonly DueStep[],
  rows: readonly Due[],
  later: (work: Promise<unknown>) => void,
): Promise<void> => {
  const { write: _write, ...own } = ctx
  const its: Ctx = { ...own, conditions: { match: undefined, noneMatch: undefined } }
  const soon = steps.filter(({ isLater }) => !isLater)
  const run = async (chosen: readonly DueStep[], made: readonly Due[]): Promise<void> => {
    const order = (kind: string): number => chosen.findIndex((step) => step.kind === kind)
    const known = made.filter(({ kind }) => order(kind) >= 0)
    for (const row of known.toSorted((one, other) => one.dueAt - other.dueAt || order(one.kind) - order(other.kind))) {
      const { error, madeDue = [] } = await runStep(its, chosen, row)
      if (error) return
      if (madeDue.length) await run(soon, madeDue)
    }
  }
  await run(soon, rows)
  const afterwards = steps.filter(({ isLater }) => isLater)
  if (rows.some(({ kind }) => afterwards.some((step) => step.kind === kind))) later(run(afterwards, rows))
}

/**
 * Does work that has been due for some time, such as the bills of an account before a write that changes what they rest on. Returns whether
 * some was done; what fails is left to `scheduled`.
 */
export const doDueFirst = async (ctx: Ctx, rows: readonly Due[]): Promise<boolean> => {
  const { write: _write, ...own } = ctx
  const its: Ctx = { ...own, conditions: { match: undefined, noneMatch: undefined } }
  let isDone = false
  if (rows.length && ctx.session.calls() + ctx.ledgers.usage.calls > MOST_CALLS_FIRST)
    throw new ApiError('UNAVAILABLE', 'What has become due is being done, which takes some time. Send it again.', 1)
  for (const row of rows.filter(({ kind, dueAt }) => dueAt <= ctx.now && ctx.steps.some((step) => step.kind === kind))) {
    const { error } = await runStep(its, ctx.steps, row)
    isDone ||= !error
  }
  return isDone
}

/**
 * Does the due work of all organizations in turns, so that a long job of one does not keep the others waiting. `elapsed` returns the
 * milliseconds since the run began.
 */
export const doAllDue = async (ctx: SystemCtx, steps: readonly DueStep[], elapsed: () => number): Promise<DueRun> => {
  const all: DueRun = { done: 0, errors: [] }
  if (!steps.length) return all
  const calls = () => ctx.session.calls() + ctx.ledgers.usage.calls
  const most = calls() + MOST_CALLS
  const isOver = () => elapsed() > WORKS_FOR || calls() > most
  let waiting = await readOrganizations(ctx.session, ctx.now)
  while (waiting.length && !isOver()) {
    const left: typeof waiting = []
    for (const organization of waiting) {
      if (isOver()) break
      const end = { ms: elapsed() + TURN.ms, calls: calls() + TURN.calls }
      let isCut = false
      const isCutNow = () => (isCut = elapsed() > end.ms || calls() > end.calls || isOver())
      const { done, errors } = await doDueOf(systemContext(ctx, organization), steps, isCutNow)
      all.done += done
      all.errors.push(...errors)
      if (isCut && !errors.length) left.push(organization)
    }
    waiting = left
  }
  return all
}

/**
 * Reads the organizations with due work, by real time or by the test clock of the organization. The one that has waited longest comes first.
 * Their rows are found by time; where that gives too many, perhaps of test clocks that are behind, each organization is asked for its first.
 */
const readOrganizations = ({ db }: Session, now: number): Promise<Required<WorkedOrganization>[]> =>
  db.all(sql`
    with early as materialized (select organization_id from ${due} indexed by due_by_time where due_at <= ${now} limit ${FOUND_BY_TIME}),
    asked as (
      select organization_id as id from early
      union select id from ${organizations} where (select count(*) from early) >= ${FOUND_BY_TIME}
      union select id from ${organizations} indexed by organizations_with_clock where clock_at is not null
    )
    select id, baseCurrency, clockAt from (
      select its.id, its.base_currency as baseCurrency, its.clock_at as clockAt, coalesce(its.clock_at, ${now}) as reached, (
        select min(due_at) from ${due} where organization_id = its.id and due_at <= coalesce(its.clock_at, ${now})
      ) as first from asked cross join ${organizations} as its on its.id = asked.id
    ) where first is not null order by reached - first desc limit ${ORGANIZATIONS}
  `)

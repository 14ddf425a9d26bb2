import { sql } from 'drizzle-orm'
import type { Statement } from './client.ts'
import { refuseWhen } from './conflicts.ts'
import type { Ctx } from './context.ts'
import { builder, prepare, selectRows } from './statements.ts'
import { due } from './table.ts'

/** The kind of due work that bills an account. Its subject is the id of the account. */
export const BILLING = 'BILLING'

/** The kind of due work that carries the credits of features into the ledger of an account. Its subject is the id of the account. */
export const FEATURE_CREDITS = 'FEATURE_CREDITS'

/** Scheduled work for a subject at an instant (milliseconds). There is one row for each kind and subject. */
export interface Due {
  kind: string
  subject: string
  dueAt: number
}

/** What a step says of a row that it leaves as it is, to come back to it, and of work that its commits made due. */
export interface StepResult {
  isUnfinished?: boolean
  /** How many of the rows that are done together are done, if not all are. */
  done?: number
  madeDue?: readonly Due[]
}

/** A step of scheduled work. It makes commits, of which the last one settles the due row. It uses the time of the row, not the clock. */
export interface DueStep {
  kind: string
  /** Whether the answer to the write that made it due is sent before it runs. */
  isLater?: boolean
  /** Whether it looks at what else was due at its instant, so that all of that is done first, also what is only made due by it. */
  looksAtAll?: boolean
  /** Whether all else that is due is done first, also what is due later: it takes long, and nothing rests on it. */
  canWait?: boolean
  /** Returns a StepResult, or anything else if the row is done. */
  run: (ctx: Ctx, row: Due) => Promise<unknown>
  /** Does rows of one instant together, as many as it can take: each is done as `run` would do it, or left as it was. */
  runTogether?: (ctx: Ctx, rows: readonly Due[]) => Promise<unknown>
}

const sendDue = (rows: readonly Due[]): string => JSON.stringify(rows.map(({ kind, subject, dueAt }) => [kind, subject, dueAt]))

const insertDue = prepare(['organizationId', 'sent'], (at) =>
  builder
    .insert(due)
    .select(sql`select ${at.organizationId}, value ->> 0, value ->> 1, value ->> 2 from json_each(${at.sent}) where true`)
    .onConflictDoUpdate({ target: [due.organizationId, due.kind, due.subject], set: { dueAt: sql`excluded.due_at` } }),
)

/** The statements that set the instants at which subjects are due. */
export const setDue = ({ organizationId }: Pick<Ctx, 'organizationId'>, rows: readonly Due[]): Statement[] =>
  rows.length ? [insertDue({ organizationId, sent: sendDue(rows) })] : []

/** The query for the rows that are due now. */
export const selectDueNow = ({ organizationId, now }: Pick<Ctx, 'organizationId' | 'now'>, rows: readonly Due[]): Statement =>
  selectRows(sql`
    select its.kind, its.subject, its.due_at as dueAt
    from json_each(${JSON.stringify(rows.map(({ kind, subject }) => [kind, subject]))}) as sent
    cross join ${due} as its on its.organization_id = ${organizationId} and its.kind = sent.value ->> 0 and its.subject = sent.value ->> 1
    where its.due_at <= ${now}`)

const refuseSettled = prepare(['organizationId', 'sent'], (at) =>
  refuseWhen(
    'STALE',
    sql`select '[]' from json_each(${at.sent}) as sent where not exists (
      select 1 from ${due} where organization_id = ${at.organizationId} and kind = sent.value ->> 0 and subject = sent.value ->> 1
        and due_at = sent.value ->> 2
    )`,
  ),
)

const deleteDue = prepare(['organizationId', 'sent'], (at) =>
  builder.delete(due).where(
    sql`${due.organizationId} = ${at.organizationId} and (${due.kind}, ${due.subject}) in (
        select value ->> 0, value ->> 1 from json_each(${at.sent})
      )`,
  ),
)

/** The statements that drop what subjects are due for. */
export const dropDue = ({ organizationId }: Pick<Ctx, 'organizationId'>, rows: readonly Pick<Due, 'kind' | 'subject'>[]): Statement[] =>
  rows.length ? [deleteDue({ organizationId, sent: JSON.stringify(rows.map(({ kind, subject }) => [kind, subject])) })] : []

/** A row that is to be settled. It goes, or moves to `next` (milliseconds). */
export interface SettledDue {
  row: Due
  next?: number | undefined
}

/**
 * The statements that settle what was due, for the commit that did it. When another run has settled or moved a row meanwhile, the commit
 * is refused as stale, so that nothing is done twice.
 */
export const settleAllDue = ({ organizationId }: Pick<Ctx, 'organizationId'>, settled: readonly SettledDue[]): Statement[] => {
  const gone = settled.flatMap(({ row, next }) => (next === undefined ? [row] : []))
  return [
    refuseSettled({ organizationId, sent: sendDue(settled.map(({ row }) => row)) }),
    ...(gone.length ? [deleteDue({ organizationId, sent: sendDue(gone) })] : []),
    ...setDue(
      { organizationId },
      settled.flatMap(({ row, next }) => (next === undefined ? [] : [{ ...row, dueAt: next }])),
    ),
  ]
}

/** The statements that settle one row, as `settleAllDue` does. */
export const settleDue = (ctx: Pick<Ctx, 'organizationId'>, row: Due, next?: number): Statement[] => settleAllDue(ctx, [{ row, next }])

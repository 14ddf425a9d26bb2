import { and, eq, sql } from 'drizzle-orm'
import { combineDrafts, commit } from '../../db/commit.ts'
import { refuseWhen } from '../../db/conflicts.ts'
import type { Ctx } from '../../db/context.ts'
import { type Due, settleDue } from '../../db/due.ts'
import { builder, selectRows } from '../../db/statements.ts'
import { type Job, decodeJobs, oneJob } from './queries.ts'
import type { EntryOutcome, JobEntry, PartResult } from './worker.ts'
import { jobs } from './table.ts'

/** The next part of a job: its first pending entries, and whether any entry has completed or failed. */
interface NextPart {
  job: Job | undefined
  entries: JobEntry[]
  hasCompleted: boolean
  hasFailed: boolean
}

/** Reads a job and its next part, of at most `limit` entries, at the same moment. */
export const readNext = async ({ session, organizationId }: Ctx, id: string, limit: number): Promise<NextPart> => {
  /** The index is named, since SQLite prefers the primary key, by which it would read all entries that are done. */
  const entriesOf = sql`job_entries indexed by job_entries_by_status where organization_id = ${organizationId} and job_id = ${id}`
  const [job, entries, ended] = await session.batch<object>([
    oneJob({ organizationId, id }),
    selectRows(sql`select position, entity_id as entityId from ${entriesOf} and status = 'PENDING' order by position limit ${limit}`),
    selectRows(sql`
      select exists (select 1 from ${entriesOf} and status = 'COMPLETED') as hasCompleted,
        exists (select 1 from ${entriesOf} and status = 'FAILED') as hasFailed`),
  ])
  const [{ hasCompleted = 0, hasFailed = 0 } = {}] = (ended?.results ?? []) as { hasCompleted?: number; hasFailed?: number }[]
  return {
    job: decodeJobs(job?.results ?? [])[0],
    entries: (entries?.results ?? []) as JobEntry[],
    hasCompleted: hasCompleted === 1,
    hasFailed: hasFailed === 1,
  }
}

/** Where the results of an entry are in what is sent: `$."12"[0]`. */
const [STATUS_PATH, REASON_PATH] = [sql`'$."' || position || '"[0]'`, sql`'$."' || position || '"[1]'`]

/**
 * The statements that store results. The commit is refused as stale unless all of the entries are pending. They are found by the primary
 * key; a join with what is sent would read all entries of the job.
 */
const updateEntries = ({ organizationId, now }: Ctx, id: string, outcomes: readonly EntryOutcome[]) => {
  const positions = JSON.stringify(outcomes.map(({ position }) => position))
  const sent = JSON.stringify(Object.fromEntries(outcomes.map(({ position, status, reason }) => [position, [status, reason]])))
  const isSent = sql`organization_id = ${organizationId} and job_id = ${id} and position in (select value from json_each(${positions}))`
  return [
    refuseWhen(
      'STALE',
      sql`select '[]' where ${outcomes.length} <> (select count(*) from job_entries where ${isSent} and status = 'PENDING')`,
    ),
    selectRows(sql`
      update job_entries set status = json_extract(${sent}, ${STATUS_PATH}), updated_at = ${now},
        metadata = iif(json_extract(${sent}, ${REASON_PATH}) = '', null, json_object('reason', json_extract(${sent}, ${REASON_PATH})))
      where ${isSent}`),
  ]
}

const changeStatus = (ctx: Ctx, job: Job, status: Job['status'], settledAt: number | null) => ({
  statement: builder
    .update(jobs)
    .set({ status, updatedAt: ctx.now, settledAt, version: job.version + 1 })
    .where(and(eq(jobs.organizationId, ctx.organizationId), eq(jobs.id, job.id))),
  changes: status === job.status ? [] : [{ type: 'JOB' as const, id: job.id, fields: { status: [job.status, status] as const } }],
})

/**
 * Stores the results of a part, and what its worker has drafted, in one commit. The due row stays as it is, so that the whole job has one
 * instant. Returns the job as it is now, and what became due. Throws STALE if another run has stored a part of the job in the meantime.
 */
export const settlePart = async (
  ctx: Ctx,
  due: Due,
  job: Job,
  { outcomes, drafts = [] }: PartResult,
): Promise<{ job: Job; due: readonly Due[] }> => {
  const { statement, changes } = changeStatus(ctx, job, 'IN_PROGRESS', null)
  const statements = [statement, ...settleDue(ctx, due, due.dueAt), ...updateEntries(ctx, job.id, outcomes)]
  const { committed } = await commit(ctx, combineDrafts({ statements, changes, answer: {} }, ...drafts))
  return { job: { ...job, status: 'IN_PROGRESS', version: job.version + 1 }, due: committed?.due ?? [] }
}

/** Ends a job. It is FAILED if every entry failed. */
export const endJob = async (ctx: Ctx, due: Due, job: Job, { hasCompleted, hasFailed }: NextPart): Promise<void> => {
  const { statement, changes } = changeStatus(ctx, job, hasFailed && !hasCompleted ? 'FAILED' : 'COMPLETED', ctx.now)
  await commit(ctx, { statements: [statement, ...settleDue(ctx, due)], changes, answer: {} })
}

/** Removes the due work of a job that was cancelled, has ended or waits for confirmation. */
export const dropDue = (ctx: Ctx, due: Due): Promise<unknown> => commit(ctx, { statements: settleDue(ctx, due), changes: [], answer: {} })

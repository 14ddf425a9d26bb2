import { and, eq, sql } from 'drizzle-orm'
import { type Draft, commit } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { type Due, settleDue } from '../../db/due.ts'
import { builder, insertInto, selectRows } from '../../db/statements.ts'
import { newId } from '../../lib/ids.ts'
import { jobs } from './table.ts'

/** The kind of due work that continues a job. Its subject is the id of the job. */
export const JOB = 'JOB'

export type Job = typeof jobs.$inferSelect

export interface JobEntry {
  position: number
  entityId: string
}

/** The result of an entry, and its reason. */
export interface EntryOutcome {
  position: number
  status: 'COMPLETED' | 'FAILED'
  reason: string
}

const insertJobs = insertInto(jobs)

/** Drafts a new job with its entries. It starts at once, or waits for confirmation. */
export const draftJob = (
  ctx: Ctx,
  asked: Pick<Job, 'type' | 'request' | 'metadata'> & { entityIds: readonly string[]; waits: boolean },
): Required<Pick<Draft<object>, 'statements' | 'changes' | 'due' | 'location'>> => {
  const { organizationId, now } = ctx
  const { type, request, metadata, entityIds, waits } = asked
  const id = newId('JOB', now)
  const status = waits ? 'WAITING_FOR_CONFIRMATION' : 'PENDING'
  const row: Job = { id, organizationId, type, status, request, metadata, createdAt: now, updatedAt: now, settledAt: null, version: 1 }
  const insertEntries = selectRows(sql`
    insert into job_entries
    select ${id}, key, ${organizationId}, value, 'PENDING', null, ${now}, ${now} from json_each(${JSON.stringify(entityIds)})`)
  return {
    statements: [insertJobs([row]), insertEntries],
    changes: [
      {
        type: 'JOB',
        id,
        fields: { type: [null, type], status: [null, status], totalJobEntries: [null, entityIds.length], metadata: [null, metadata] },
      },
    ],
    due: waits ? [] : [{ kind: JOB, subject: id, dueAt: now }],
    location: `/jobs/${id}`,
  }
}

/** The next part of a job: its first pending entries, at most `limit`, and the numbers of finished entries. */
export interface NextPart {
  job: Job | undefined
  entries: JobEntry[]
  completed: number
  failed: number
}

export const readNext = async (ctx: Ctx, id: string, limit: number): Promise<NextPart> => {
  const [[job], entries, [counts]] = await Promise.all([
    ctx.session.db
      .select()
      .from(jobs)
      .where(and(eq(jobs.organizationId, ctx.organizationId), eq(jobs.id, id))),
    ctx.session.rows<JobEntry>(
      selectRows(sql`
        select position, entity_id as entityId from job_entries where job_id = ${id} and status = 'PENDING' order by position limit ${limit}`),
    ),
    ctx.session.rows<{ completed: number; failed: number }>(
      selectRows(sql`
        select count(*) filter (where status = 'COMPLETED') as completed, count(*) filter (where status = 'FAILED') as failed
        from job_entries where job_id = ${id}`),
    ),
  ])
  return { job, entries, completed: counts?.completed ?? 0, failed: counts?.failed ?? 0 }
}

const updateEntries = (ctx: Ctx, id: string, outcomes: readonly EntryOutcome[]) =>
  selectRows(sql`
    update job_entries set status = sent.value ->> 1, metadata = json_object('reason', sent.value ->> 2), updated_at = ${ctx.now}
    from json_each(${JSON.stringify(outcomes.map(({ position, status, reason }) => [position, status, reason]))}) as sent
    where job_entries.job_id = ${id} and job_entries.position = sent.value ->> 0`)

const changeStatus = (ctx: Ctx, job: Job, status: Job['status'], settledAt: number | null) => ({
  statement: builder
    .update(jobs)
    .set({ status, updatedAt: ctx.now, settledAt, version: job.version + 1 })
    .where(and(eq(jobs.organizationId, ctx.organizationId), eq(jobs.id, job.id))),
  changes: status === job.status ? [] : [{ type: 'JOB' as const, id: job.id, fields: { status: [job.status, status] as const } }],
})

/** Stores the results of a part of a job and when the job continues, which is returned. Throws STALE if another run has stored the part. */
export const settlePart = async (ctx: Ctx, due: Due, job: Job, outcomes: readonly EntryOutcome[]): Promise<Due> => {
  const next = { ...due, dueAt: due.dueAt + 1 }
  const { statement, changes } = changeStatus(ctx, job, 'IN_PROGRESS', null)
  await commit(ctx, {
    statements: [...settleDue(ctx, due, next.dueAt), statement, updateEntries(ctx, job.id, outcomes)],
    changes,
    answer: {},
  })
  return next
}

/** Ends a job. It is FAILED if every entry failed. */
export const endJob = async (ctx: Ctx, due: Due, job: Job, { completed, failed }: NextPart): Promise<void> => {
  const { statement, changes } = changeStatus(ctx, job, failed > 0 && completed === 0 ? 'FAILED' : 'COMPLETED', ctx.now)
  await commit(ctx, { statements: [...settleDue(ctx, due), statement], changes, answer: {} })
}

/** Removes the due work of a job that was cancelled, has ended or waits for confirmation. */
export const dropDue = (ctx: Ctx, due: Due): Promise<unknown> => commit(ctx, { statements: settleDue(ctx, due), changes: [], answer: {} })

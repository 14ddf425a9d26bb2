import { SQL, and, eq, is, sql } from 'drizzle-orm'
import { changeVersioned } from '../../db/change.ts'
import type { Draft, Reply } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { builder, insertInto, selectRows } from '../../db/statements.ts'
import { ApiError } from '../../lib/errors.ts'
import { newId } from '../../lib/ids.ts'
import {
  type CountedJob,
  type Job,
  listEntries,
  listJobs,
  readCountedJob,
  readJob,
  showEntry,
  showJob,
  showListedJob,
  tagOfJob,
} from './queries.ts'
import type { GetJobResponse, JobEntriesPaginatedResponse, JobsPaginatedResponse, ListJobEntriesQuery, ListJobsQuery } from './schema.ts'
import { JOB } from './steps.ts'
import { jobs } from './table.ts'

export type { Job } from './queries.ts'
export type { EntryOutcome, JobEntry, JobWorker, JobWorkers, PartResult } from './worker.ts'

const insertJobs = insertInto(jobs)

/** The statement that inserts the entries of a job. Materialized, the rows of a query keep their order. */
const insertEntries = ({ organizationId, now }: Ctx, id: string, entityIds: readonly string[] | SQL) =>
  selectRows(
    is(entityIds, SQL)
      ? sql`
        insert into job_entries
        with listed (entity_id) as materialized (${entityIds})
        select ${id}, row_number() over () - 1, ${organizationId}, entity_id, 'PENDING', null, ${now}, ${now} from listed`
      : sql`
        insert into job_entries
        select ${id}, key, ${organizationId}, value, 'PENDING', null, ${now}, ${now} from json_each(${JSON.stringify(entityIds)})`,
  )

/**
 * Drafts a new job with its entries: a list of ids, or a query for one column of ids in their order, with which a job of any size is made
 * by one statement. It starts at once, or waits for confirmation. The audit log has the number of a list's entries; that of a query is
 * known to the database only, and shown by the job.
 */
export const draftJob = (
  ctx: Ctx,
  asked: Pick<Job, 'type' | 'request' | 'metadata'> & { entityIds: readonly string[] | SQL; waits: boolean },
): Required<Pick<Draft<object>, 'statements' | 'changes' | 'due' | 'location'>> => {
  const { organizationId, now } = ctx
  const { type, request, metadata, entityIds, waits } = asked
  const id = newId('JOB', now)
  const status = waits ? 'WAITING_FOR_CONFIRMATION' : 'PENDING'
  const row: Job = { id, organizationId, type, status, request, metadata, createdAt: now, updatedAt: now, settledAt: null, version: 1 }
  const known = is(entityIds, SQL) ? {} : { totalJobEntries: [null, entityIds.length] as const }
  return {
    statements: [insertJobs([row]), insertEntries(ctx, id, entityIds)],
    changes: [{ type: 'JOB', id, fields: { type: [null, type], status: [null, status], ...known, metadata: [null, metadata] } }],
    due: waits ? [] : [{ kind: JOB, subject: id, dueAt: now }],
    location: `/jobs/${id}`,
  }
}

/** Lists jobs, the one that changed last first, page by page. */
export const getJobs = async (ctx: Ctx, query: ListJobsQuery): Promise<Reply<JobsPaginatedResponse>> => {
  const { rows, next, context } = await listJobs(ctx, query)
  return { answer: { data: rows.map(showListedJob), ...next, context } }
}

export const getJobStatus = async (ctx: Ctx, id: string): Promise<Reply<GetJobResponse>> => {
  const job = await readCountedJob(ctx, id)
  return { answer: showJob(job), tag: tagOfJob(job) }
}

/** Lists the entries of a job in their order, page by page. */
export const getJobEntries = async (ctx: Ctx, id: string, query: ListJobEntriesQuery): Promise<Reply<JobEntriesPaginatedResponse>> => {
  const [{ rows, next, context }] = await Promise.all([listEntries(ctx, query, { jobId: id }, id), readJob(ctx, id)])
  return { answer: { data: rows.map(showEntry), ...next, context } }
}

type Decided = Pick<Job, 'status' | 'settledAt'>

/** Ends the waiting of a job. Of several decisions at the same moment one is taken. Throws NOT_FOUND, or CONFLICT if the job does not wait. */
const decide = (
  ctx: Ctx,
  id: string,
  verb: string,
  { status, settledAt }: Decided,
  more: Partial<Pick<Draft<object>, 'statements' | 'due'>>,
  countsOf: (job: CountedJob) => CountedJob['counts'],
): Promise<Reply<GetJobResponse>> =>
  changeVersioned(ctx, {
    read: () => readCountedJob(ctx, id),
    tagOf: tagOfJob,
    change: (job) => {
      if (job.status !== 'WAITING_FOR_CONFIRMATION')
        throw new ApiError('CONFLICT', `The job "${id}" is ${job.status}. Only a job that is WAITING_FOR_CONFIRMATION can be ${verb}.`)
      const set = { status, settledAt, updatedAt: ctx.now, version: job.version + 1 }
      const update = builder
        .update(jobs)
        .set(set)
        .where(and(eq(jobs.organizationId, ctx.organizationId), eq(jobs.id, id)))
      const changed = { ...job, ...set, counts: countsOf(job) }
      return {
        statements: [update, ...(more.statements ?? [])],
        changes: [{ type: 'JOB', id, fields: { status: [job.status, status] } }],
        due: more.due ?? [],
        answer: showJob(changed),
        tag: tagOfJob(changed),
      }
    },
  })

/** Starts a job that waits for its confirmation. */
export const confirmJob = (ctx: Ctx, id: string): Promise<Reply<GetJobResponse>> =>
  decide(
    ctx,
    id,
    'confirmed',
    { status: 'PENDING', settledAt: null },
    { due: [{ kind: JOB, subject: id, dueAt: ctx.now }] },
    ({ counts }) => counts,
  )

/** Cancels a job that waits for its confirmation, with all of its entries. */
export const rejectJob = (ctx: Ctx, id: string): Promise<Reply<GetJobResponse>> => {
  const cancelEntries = selectRows(sql`
    update job_entries set status = 'CANCELLED', updated_at = ${ctx.now}
    where organization_id = ${ctx.organizationId} and job_id = ${id} and status = 'PENDING'`)
  return decide(
    ctx,
    id,
    'rejected',
    { status: 'CANCELLED', settledAt: ctx.now },
    { statements: [cancelEntries] },
    ({ counts: { PENDING = 0 } }) => ({ CANCELLED: PENDING }),
  )
}

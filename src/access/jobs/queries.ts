import { type Placeholder, and, eq, getTableColumns, sql } from 'drizzle-orm'
import type { Ctx } from '../../db/context.ts'
import { defineList } from '../../db/list.ts'
import { builder, prepare, qualified, selection } from '../../db/statements.ts'
import { notFound } from '../../lib/errors.ts'
import { tagOf } from '../../lib/etag.ts'
import { iso } from '../../lib/time.ts'
import type { GetJobResponse, JobEntriesResponse, JobsWithoutStatusInfoResponse } from './schema.ts'
import { type ENTRY_STATUSES, jobEntries, jobs } from './table.ts'

export type Job = typeof jobs.$inferSelect

const readJobs = selection(getTableColumns(jobs))

export const decodeJobs = (rows: readonly object[]): Job[] => readJobs.read(rows as Record<string, unknown>[])

const isJob = (at: Readonly<Record<'organizationId' | 'id', Placeholder>>) =>
  and(eq(jobs.organizationId, at.organizationId), eq(jobs.id, at.id))

export const oneJob = prepare(['organizationId', 'id'], (at) => builder.select(readJobs.selected).from(jobs).where(isJob(at)))

/** The number of entries of a job by status, as JSON. It reads nothing but an index. */
const counts = sql<string>`(
  select json_group_object(status, entries) from (
    select status, count(*) as entries from ${jobEntries} where job_id = ${qualified(jobs.id)} group by status
  )
)`

const oneJobWithCounts = prepare(['organizationId', 'id'], (at) =>
  builder
    .select({ ...readJobs.selected, counts: counts.as('counts') })
    .from(jobs)
    .where(isJob(at)),
)

export interface CountedJob extends Job {
  /** The number of entries by status. */
  counts: Partial<Record<(typeof ENTRY_STATUSES)[number], number>>
}

/** Reads a job with the numbers of its entries at the same moment. Throws NOT_FOUND. */
export const readCountedJob = async (ctx: Ctx, id: string): Promise<CountedJob> => {
  const rows = await ctx.session.rows<{ counts: string }>(oneJobWithCounts({ organizationId: ctx.organizationId, id }))
  const [job] = decodeJobs(rows)
  if (!job) throw notFound('job', id)
  return { ...job, counts: JSON.parse(rows[0]?.counts ?? '{}') as CountedJob['counts'] }
}

/** Reads a job. Throws NOT_FOUND. */
export const readJob = async (ctx: Ctx, id: string): Promise<Job> => {
  const [job] = decodeJobs(await ctx.session.rows<object>(oneJob({ organizationId: ctx.organizationId, id })))
  if (!job) throw notFound('job', id)
  return job
}

export const tagOfJob = ({ version }: Pick<Job, 'version'>): string => tagOf(version)

export const showJob = ({ id, type, status, updatedAt, settledAt, metadata, counts: by }: CountedJob): GetJobResponse => {
  const pending = (by.PENDING ?? 0) + (by.IN_PROGRESS ?? 0)
  const failed = by.FAILED ?? 0
  const completed = (by.COMPLETED ?? 0) + (status === 'CANCELLED' ? (by.CANCELLED ?? 0) : 0)
  return {
    id,
    type,
    ...(settledAt !== null && { settledAt: iso(settledAt) }),
    updatedAt: iso(updatedAt),
    status,
    totalJobEntries: pending + failed + completed,
    pendingJobEntries: pending,
    failedJobEntries: failed,
    completedJobEntries: completed,
    ...(metadata && { metadata }),
  }
}

export const showListedJob = ({
  id,
  type,
  status,
  updatedAt,
}: Pick<Job, 'id' | 'type' | 'status' | 'updatedAt'>): JobsWithoutStatusInfoResponse => ({ id, type, status, updatedAt: iso(updatedAt) })

export const listJobs = defineList({
  table: jobs,
  key: jobs.id,
  columns: { id: jobs.id, type: jobs.type, status: jobs.status, updatedAt: jobs.updatedAt },
  order: { updatedAt: jobs.updatedAt, id: jobs.id },
  sort: [
    ['updatedAt', 'DESC'],
    ['id', 'ASC'],
  ],
  filters: { type: jobs.type },
})

export const showEntry = ({
  entityId,
  jobId,
  status,
  createdAt,
  metadata,
}: Pick<typeof jobEntries.$inferSelect, 'entityId' | 'jobId' | 'status' | 'createdAt' | 'metadata'>): JobEntriesResponse => ({
  entityId,
  jobId,
  status,
  createdAt: iso(createdAt),
  ...(metadata && { metadata }),
})

/** The entries of a job, `jobId`, in their order. */
export const listEntries = defineList({
  table: jobEntries,
  key: jobEntries.position,
  columns: {
    jobId: jobEntries.jobId,
    position: jobEntries.position,
    entityId: jobEntries.entityId,
    status: jobEntries.status,
    createdAt: jobEntries.createdAt,
    metadata: jobEntries.metadata,
  },
  order: { position: jobEntries.position },
  sort: [['position', 'ASC']],
  where: (values) => sql`job_id = ${values['jobId']}`,
})

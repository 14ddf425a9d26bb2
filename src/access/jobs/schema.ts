import * as z from 'zod/mini'
import { described, identifier, named } from '../../lib/fields.ts'
import { pageQuery, paginated } from '../../lib/page.ts'
import { severalOf } from '../../lib/several.ts'
import { dateTime } from '../../lib/time.ts'
import { ENTRY_STATUSES, JOB_STATUSES, JOB_TYPES } from './table.ts'

const id = () => z.string()
const type = () => described('What the job does to its entries.', z.enum(JOB_TYPES))
const status = () => described('SCHEDULED and INITIALIZED are never produced.', z.enum(JOB_STATUSES))
const count = (description: string) => described(description, z.int())

export const GetJobResponse = named(
  'GetJobResponse',
  z.strictObject({
    id: id(),
    type: type(),
    settledAt: z.optional(described('When the job ended or was rejected.', dateTime())),
    updatedAt: dateTime(),
    status: status(),
    totalJobEntries: count('The sum of the three other numbers.'),
    pendingJobEntries: count('The entries that are not done yet.'),
    failedJobEntries: count('The entries that failed. The metadata of each has its reason.'),
    completedJobEntries: count('The entries that are done. In a job that was rejected, all of them.'),
    metadata: z.optional(described('What the job was asked for.', z.record(z.string(), z.string()))),
  }),
)
export type GetJobResponse = z.infer<typeof GetJobResponse>

export const JobsWithoutStatusInfoResponse = named(
  'JobsWithoutStatusInfoResponse',
  z.strictObject({ id: id(), type: type(), status: status(), updatedAt: dateTime() }),
)
export type JobsWithoutStatusInfoResponse = z.infer<typeof JobsWithoutStatusInfoResponse>

export const JobsPaginatedResponse = named('JobsPaginatedResponse', paginated(JobsWithoutStatusInfoResponse))
export type JobsPaginatedResponse = z.infer<typeof JobsPaginatedResponse>

export const JobEntriesResponse = named(
  'JobEntriesResponse',
  z.strictObject({
    entityId: described('The id of what the entry is about: an account, or the referenceId of an event.', z.string()),
    jobId: id(),
    status: z.enum(ENTRY_STATUSES),
    createdAt: dateTime(),
    metadata: z.optional(described('The result in words, as `reason`.', z.record(z.string(), z.string()))),
  }),
)
export type JobEntriesResponse = z.infer<typeof JobEntriesResponse>

export const JobEntriesPaginatedResponse = named('JobEntriesPaginatedResponse', paginated(JobEntriesResponse))
export type JobEntriesPaginatedResponse = z.infer<typeof JobEntriesPaginatedResponse>

export const JobPath = z.strictObject({ job_id: identifier() })

export const ListJobsQuery = pageQuery({
  type: z.optional(described('Lists the jobs of one type. An extension.', z.enum(JOB_TYPES))),
  status: z.optional(
    severalOf(JOB_STATUSES, 'Lists the jobs of one status, or of several, with commas between them: by default of all. An extension.'),
  ),
})
export type ListJobsQuery = z.infer<typeof ListJobsQuery>

export const ListJobEntriesQuery = pageQuery({})
export type ListJobEntriesQuery = z.infer<typeof ListJobEntriesQuery>

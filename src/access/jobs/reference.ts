import { accountId, jobId, referenceId, secondReferenceId, third, fifth } from '../../lib/examples.ts'

const MISSING = 'No job of the organization has this id.'
const NOT_WAITING =
  'The job is not WAITING_FOR_CONFIRMATION. The message names its status. Of several requests at the same moment, one succeeds.'

const made = ['createCustomer', 'ingestBatch', 'eventCorrection.other']

const path = { job_id: jobId }

const waiting = {
  id: jobId,
  type: 'EVENT_CORRECTIONS',
  updatedAt: third,
  status: 'WAITING_FOR_CONFIRMATION',
  totalJobEntries: 2,
  pendingJobEntries: 2,
  failedJobEntries: 0,
  completedJobEntries: 0,
  metadata: { action: 'UNDO', accountId },
}

const other = { path: { job_id: 'job.0VFLVzYqf1k.00000' } }

export const tags = {
  Jobs: 'Work on many accounts, events or invoices, which goes on after the answer to the request that asked for it.',
}

export const parameters = {
  job_id: 'The id of the job, from the list of jobs or from the Location of the answer that created it.',
}

export const getJobs = {
  summary: 'List jobs',
  description: 'Lists the jobs of the organization, the one that changed last first, page by page. The filters can be combined.',
  example: {
    after: made,
    query: { type: waiting.type, status: 'PENDING,WAITING_FOR_CONFIRMATION', pageSize: 20 },
    answer: {
      data: [{ id: jobId, type: waiting.type, status: waiting.status, updatedAt: third }],
      context: { pageSize: 20, sortOrder: 'DESC' },
    },
  },
}

export const getJobStatus = {
  summary: 'Read a job',
  description:
    'Reads a job and the numbers of its entries. A job is COMPLETED when no entry is pending and at least one was done, or if it had none; it is FAILED if every entry failed. Its entries are done in parts, and each is done once, whatever interrupts the job.',
  refuses: { 404: MISSING },
  example: { after: [...made, 'getJobs'], path, answer: waiting },
}

export const confirmJob = {
  summary: 'Confirm a job',
  description: 'Starts a job that waits for its confirmation. It goes on after the answer.',
  refuses: { 404: MISSING, 409: NOT_WAITING },
  example: { after: [...made, 'getJobs'], path, answer: { ...waiting, updatedAt: fifth, status: 'PENDING' }, other },
}

export const rejectJob = {
  summary: 'Reject a job',
  description: 'Cancels a job that waits for its confirmation, with all of its entries, for good. Its entries then count as completed.',
  refuses: { 404: MISSING, 409: NOT_WAITING },
  example: {
    after: [...made, 'getJobs'],
    path,
    answer: {
      ...waiting,
      settledAt: fifth,
      updatedAt: fifth,
      status: 'CANCELLED',
      pendingJobEntries: 0,
      completedJobEntries: 2,
    },
    other,
  },
}

const entryOf = (entityId: string) => ({ entityId, jobId, status: 'PENDING', createdAt: third })

export const getJobEntries = {
  summary: 'List the entries of a job',
  description: 'Lists what a job works on, in the order in which it does so, page by page. metadata has the reason of a result.',
  refuses: { 404: MISSING },
  example: {
    after: [...made, 'getJobs'],
    path,
    query: { pageSize: 20 },
    answer: { data: [entryOf(referenceId), entryOf(secondReferenceId)], context: { pageSize: 20, sortOrder: 'ASC' } },
  },
}

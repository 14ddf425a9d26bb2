import { feature, operation } from '../../http/operation.ts'
import { loadLater } from '../../lib/load.ts'
import {
  GetJobResponse,
  JobEntriesPaginatedResponse,
  JobPath,
  JobsPaginatedResponse,
  ListJobEntriesQuery,
  ListJobsQuery,
} from './schema.ts'

const service = loadLater(() => import('./service.ts'))

export const jobs = feature('Jobs', {
  getJobs: operation({
    method: 'get',
    path: '/jobs',
    query: ListJobsQuery,
    answers: { 200: JobsPaginatedResponse },
    handle: (ctx, { query }) => service.getJobs(ctx, query),
  }),
  getJobStatus: operation({
    method: 'get',
    path: '/jobs/{job_id}',
    param: JobPath,
    answers: { 200: GetJobResponse },
    tagged: true,
    handle: (ctx, { param }) => service.getJobStatus(ctx, param.job_id),
  }),
  confirmJob: operation({
    method: 'post',
    path: '/jobs/{job_id}/confirm',
    param: JobPath,
    answers: { 200: GetJobResponse },
    tagged: true,
    condition: 'version',
    handle: (ctx, { param }) => service.confirmJob(ctx, param.job_id),
  }),
  rejectJob: operation({
    method: 'post',
    path: '/jobs/{job_id}/reject',
    param: JobPath,
    answers: { 200: GetJobResponse },
    tagged: true,
    condition: 'version',
    handle: (ctx, { param }) => service.rejectJob(ctx, param.job_id),
  }),
  getJobEntries: operation({
    method: 'get',
    path: '/jobs/{job_id}/entries',
    param: JobPath,
    query: ListJobEntriesQuery,
    answers: { 200: JobEntriesPaginatedResponse },
    handle: (ctx, { param, query }) => service.getJobEntries(ctx, param.job_id, query),
  }),
})

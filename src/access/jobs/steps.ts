import { loadLater } from '../../lib/load.ts'
import type { DueStep } from '../due/service.ts'
import type { JobWorkers } from './worker.ts'

/** The kind of due work that continues a job. Its subject is the id of the job. */
export const JOB = 'JOB'

const jobs = loadLater(() => import('./continue.ts'))

/** The step that continues jobs, each with the worker of its type. */
export const jobStep = (workers: JobWorkers): DueStep => ({
  kind: JOB,
  isLater: true,
  run: (ctx, row) => jobs.continueJob(ctx, row, workers),
})

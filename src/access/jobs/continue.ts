import { STALE } from '../../db/conflicts.ts'
import type { Ctx } from '../../db/context.ts'
import type { Due } from '../../db/due.ts'
import { ApiError, brief } from '../../lib/errors.ts'
import type { StepResult } from '../due/service.ts'
import { dropDue, endJob, readNext, settlePart } from './parts.ts'
import { type Job, readJob } from './queries.ts'
import type { JobEntry, JobWorker, JobWorkers, PartResult } from './worker.ts'

/** How often one entry is tried while other writes change the same things. */
const MOST_ATTEMPTS = 20

/** A run of a job: its due row, and the worker of its type. */
interface Run {
  ctx: Ctx
  row: Due
  worker: JobWorker
}

/** The job after a part, and the work that the part made due. */
type Settled = Awaited<ReturnType<typeof settlePart>>

/** Whether an error is the answer to what an entry asks for. What passes by itself and what is broken is not: the next run tries again. */
const isRefusal = (error: unknown): error is ApiError =>
  error === STALE || (error instanceof ApiError && error.code !== 'UNAVAILABLE' && error.code !== 'TOO_MANY_REQUESTS')

/** Throws STALE if another run has stored a part since `job` was read. */
const requireOwn = async (ctx: Ctx, job: Job): Promise<void> => {
  const { version } = await readJob(ctx, job.id)
  if (version !== job.version) throw STALE
}

/** Asks the worker, with the instant of the job as `now`. Throws an error if it has not one outcome for each entry. */
const work = async ({ ctx, row, worker }: Run, job: Job, entries: readonly JobEntry[]): Promise<PartResult> => {
  const result = await worker.work({ ...ctx, now: row.dueAt }, job, entries, ctx.now)
  const known = new Set(result.outcomes.map(({ position }) => position))
  if (result.outcomes.length !== entries.length || !entries.every(({ position }) => known.has(position)))
    throw new Error(`The worker of ${job.type} has not one outcome for each entry`)
  return result
}

/** Does one entry. If it is refused, it fails alone, with the message of the refusal. */
const doEntry = async (run: Run, job: Job, entry: JobEntry): Promise<Settled> => {
  const { ctx, row } = run
  for (let attempt = 1; ; attempt++) {
    try {
      return await settlePart(ctx, row, job, await work(run, job, [entry]))
    } catch (error) {
      if (!isRefusal(error)) throw error
      await requireOwn(ctx, job)
      if (error !== STALE || attempt === MOST_ATTEMPTS)
        return settlePart(ctx, row, job, { outcomes: [{ position: entry.position, status: 'FAILED', reason: brief(error.message) }] })
      await scheduler.wait(Math.random() * 5 * attempt)
    }
  }
}

/** Does a part in one commit. If that is refused, and not because of another run, the part is done again entry by entry. */
const doPart = async (run: Run, job: Job, entries: readonly JobEntry[]): Promise<readonly Due[]> => {
  const { ctx, row } = run
  try {
    return (await settlePart(ctx, row, job, await work(run, job, entries))).due
  } catch (error) {
    if (!isRefusal(error)) throw error
    await requireOwn(ctx, job)
  }
  const due: Due[] = []
  let current = job
  for (const entry of entries) {
    const settled = await doEntry(run, current, entry)
    current = settled.job
    due.push(...settled.due)
  }
  return due
}

/** Does the parts of one step, and adds the work that they make due to `madeDue`. Returns whether the job is over. */
const doParts = async (ctx: Ctx, row: Due, workers: JobWorkers, madeDue: Due[]): Promise<boolean> => {
  const most = Math.max(1, ...Object.values(workers).map(({ entries }) => entries))
  for (let part = 0; ; part++) {
    const next = await readNext(ctx, row.subject, most)
    const { job, entries } = next
    if (!job || (job.status !== 'PENDING' && job.status !== 'IN_PROGRESS')) {
      await dropDue(ctx, row)
      return true
    }
    if (!entries.length) {
      await endJob(ctx, row, job, next)
      return true
    }
    const worker = workers[job.type]
    if (!worker) throw new Error(`There is no worker for jobs of the type ${job.type}`)
    if (part >= worker.parts) return false
    madeDue.push(...(await doPart({ ctx, row, worker }, job, entries.slice(0, worker.entries))))
  }
}

/**
 * Continues a job with the worker of its type, one commit for each part. A part that was interrupted is repeated. If another run continues
 * the same job, this one stops, and comes back if the job is still there.
 */
export const continueJob = async (ctx: Ctx, row: Due, workers: JobWorkers): Promise<StepResult> => {
  const madeDue: Due[] = []
  try {
    return { isUnfinished: !(await doParts(ctx, row, workers, madeDue)), madeDue }
  } catch (error) {
    if (error !== STALE) throw error
    await scheduler.wait(Math.random() * 50)
    return { isUnfinished: true, madeDue }
  }
}

import type { Draft } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import type { Job } from './queries.ts'

/** An entry of a job. */
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

/** The result of a part of a job: an outcome for each entry, and what is committed together with them. */
export interface PartResult {
  outcomes: readonly EntryOutcome[]
  drafts?: readonly Omit<Draft<object>, 'answer'>[]
}

/**
 * What works on the entries of one type of jobs. `ctx.now` is the instant at which the job was started, however late it runs, and `clock`
 * is the time of the run. What it does outside of D1 must end in the same when it is done again, since a part that is interrupted is
 * repeated. If its commit is refused, it is asked again with one entry at a time.
 */
export interface JobWorker {
  /** The number of entries of a part, which is one commit. */
  entries: number
  /** The number of parts of one step. */
  parts: number
  work: (ctx: Ctx, job: Job, entries: readonly JobEntry[], clock: number) => Promise<PartResult>
}

/** The workers, by the type of their jobs. */
export type JobWorkers = Readonly<Partial<Record<Job['type'], JobWorker>>>

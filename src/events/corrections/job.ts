import { type EntryOutcome, type Job, dropDue, endJob, readNext, settlePart } from '../../access/jobs/service.ts'
import type { Ctx } from '../../db/context.ts'
import type { Due } from '../../db/due.ts'
import { findEvents } from '../events/find.ts'
import { readScope } from '../events/queries.ts'
import { parseEvent } from '../ingestion/event.ts'
import { recallWithLedgers } from '../ingestion/service.ts'
import { type Correction, correctFound } from './correct.ts'
import type { Action } from './eligibility.ts'

/** The number of events that are corrected between two commits. */
const ENTRIES = 25

/** The number of commits of one step. The rest of the job is due again at once. */
const PARTS = 8

const correctionOf = ({ id, request }: Job): Correction => {
  const { action, event } = request as { action: Action; event?: object }
  const parsed = event && parseEvent(event)
  return { action, event: parsed && 'event' in parsed ? parsed.event : undefined, by: id }
}

const correctPart = async (ctx: Ctx, job: Job, entries: readonly { position: number; entityId: string }[]): Promise<EntryOutcome[]> => {
  const [memory, { generations }] = await Promise.all([recallWithLedgers(ctx), readScope(ctx, {})])
  const read = await Promise.all(
    entries.map(async ({ position, entityId }) => {
      const [found] = await findEvents(ctx, generations, { reference: entityId, limit: 1 })
      return { position, found }
    }),
  )
  const known = read.flatMap(({ position, found }) => (found ? [{ position, found }] : []))
  const corrected = await correctFound(
    ctx,
    memory,
    known.map(({ found }) => found),
    correctionOf(job),
  )
  const outcomes = known.map(({ position }, index): EntryOutcome => {
    const { status, reason = '' } = corrected[index] ?? {}
    return { position, status: status === 'FAILED' ? 'FAILED' : 'COMPLETED', reason }
  })
  const gone = read.filter(({ found }) => !found)
  return [...outcomes, ...gone.map(({ position }): EntryOutcome => ({ position, status: 'FAILED', reason: 'Event is no longer kept' }))]
}

/** Continues a job that corrects events, with one commit for each part. A part that was interrupted is repeated with the same result. */
export const runJob = async (ctx: Ctx, row: Due): Promise<void> => {
  let due = row
  for (let part = 0; part < PARTS; part++) {
    const next = await readNext(ctx, due.subject, ENTRIES)
    const { job, entries } = next
    if (!job || (job.status !== 'PENDING' && job.status !== 'IN_PROGRESS')) {
      await dropDue(ctx, due)
      return
    }
    if (!entries.length) {
      await endJob(ctx, due, job, next)
      return
    }
    due = await settlePart(ctx, due, job, await correctPart(ctx, job, entries))
  }
}

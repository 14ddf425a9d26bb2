import type { EntryOutcome, Job, JobEntry, PartResult } from '../../access/jobs/service.ts'
import type { Ctx } from '../../db/context.ts'
import { findEvents } from '../events/find.ts'
import { readScope } from '../events/queries.ts'
import { parseEvent } from '../ingestion/event.ts'
import { recallWithLedgers } from '../ingestion/service.ts'
import { type Correction, correctFound } from './correct.ts'
import type { Action } from './eligibility.ts'

const correctionOf = ({ id, request }: Job): Correction => {
  const { action, event } = request as { action: Action; event?: object }
  const parsed = event && parseEvent(event)
  return { action, event: parsed && 'event' in parsed ? parsed.event : undefined, by: id }
}

/**
 * Corrects the events of a part of a job. The ledgers take each correction once, under the id of the job. What is ingested again arrives
 * at the time of the run, not at the instant of the job: an arrival is when the ledger takes an event, and what a Worker remembers ages by
 * the same clock.
 */
export const correctEntries = async (started: Ctx, job: Job, entries: readonly JobEntry[], clock: number): Promise<PartResult> => {
  const ctx = { ...started, now: clock }
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
  return {
    outcomes: [
      ...outcomes,
      ...gone.map(({ position }): EntryOutcome => ({ position, status: 'FAILED', reason: 'Event is no longer kept' })),
    ],
  }
}

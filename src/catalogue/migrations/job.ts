import type { EntryOutcome, Job, JobEntry, PartResult } from '../../access/jobs/service.ts'
import type { Ctx } from '../../db/context.ts'
import { newId } from '../../lib/ids.ts'
import { dayOf } from '../../rating/cycle.ts'
import { publishedOf, readPlanRows, selectPlan } from '../price_plans/queries.ts'
import type { PublishedPlan } from '../schedules/edit.ts'
import { draftActiveTimelines } from '../schedules/keep.ts'
import { readTimelines } from '../schedules/read_many.ts'
import type { Migration } from './draft.ts'
import { moveTimeline } from './move.ts'

/** Reads the version that accounts get, from the rows of `selectPlan`. */
const readTarget = (id: string, rows: readonly unknown[] | undefined): PublishedPlan => {
  const { pricingCycleConfig, ...plan } = publishedOf(readPlanRows(id, rows))
  if (!pricingCycleConfig) throw new Error('Accounts are to get a price plan without cycles')
  return { ...plan, pricingCycleConfig }
}

/** Moves the accounts of a part of a job, at `clock`. Their timelines and the plan that they get are read in one round trip. */
export const moveAccounts = async (ctx: Ctx, { request }: Job, entries: readonly JobEntry[], clock: number): Promise<PartResult> => {
  const migration = request as Migration
  const asked = migration.target
  const accountIds = entries.map(({ entityId }) => entityId)
  const { timelines, results } = await readTimelines(ctx, accountIds, asked ? [selectPlan(ctx, asked.id, [], asked.version)] : [])
  const target = asked && readTarget(asked.id, results[0]?.results)
  const days = { started: dayOf(ctx.now), today: dayOf(clock) }
  const changes: Parameters<typeof draftActiveTimelines>[1][number][] = []
  const outcomes = entries.map(({ position, entityId }): EntryOutcome => {
    const timeline = timelines.get(entityId)
    if (!timeline) throw new Error('An account of a migration does not exist')
    const move = moveTimeline(timeline, migration, target, days, () => newId('PRICING_SCHEDULE', ctx.now))
    if ('status' in move) return { position, ...move }
    changes.push({ read: timeline, edited: { pieces: move.pieces, overrides: new Map() } })
    return { position, status: 'COMPLETED', reason: '' }
  })
  return { outcomes, drafts: changes.length ? [draftActiveTimelines(ctx, changes, clock)] : [] }
}

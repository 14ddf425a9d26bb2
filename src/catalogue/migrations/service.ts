import { type Reply, commit } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { ApiError, type Fault, refuseFaults } from '../../lib/errors.ts'
import { type PlanWithPublished, readPlanRows, selectPlan } from '../price_plans/queries.ts'
import { type Migration, draftMigration } from './draft.ts'
import type { CreatePricePlanMigrationRequest } from './schema.ts'

export { draftMoveToPublished } from './draft.ts'

type Published = NonNullable<PlanWithPublished['published']>

/** What a migration without a target cannot say. */
const findFaultsWithoutTarget = ({ targetVersion, retainStartOffsets }: CreatePricePlanMigrationRequest): Fault[] => [
  ...(targetVersion === undefined ? [] : [{ path: ['targetVersion'], message: 'needs a targetId' }]),
  ...(retainStartOffsets ? [{ path: ['retainStartOffsets'], message: 'needs a targetId: a price plan that ends has no more cycles' }] : []),
]

const requirePublished = ({ row, published }: PlanWithPublished, field: string, version: number | undefined): Published => {
  if (!published)
    throw new ApiError(
      'NOT_FOUND',
      `${field}: the price plan "${row.name}" has no published version${version === undefined ? '' : ` ${version}`}`,
    )
  return published
}

/** Refuses a plan that no account can get. */
const requireTarget = ({ row }: PlanWithPublished): void => {
  if (row.status !== 'ACTIVE') throw new ApiError('CONFLICT', `targetId: the price plan "${row.name}" is ${row.status}, and must be ACTIVE`)
  if (row.type !== 'BILLING')
    throw new ApiError('INVALID', `targetId: the price plan "${row.name}" is of type ${row.type}, and must be of type BILLING`)
}

/** Refuses two versions of which one cannot take the place of the other. */
const refusePair = (
  { sourceId, sourceVersion, targetId, retainStartOffsets }: CreatePricePlanMigrationRequest,
  source: Published,
  target: Published,
): void => {
  if (targetId === sourceId && target.planVersion === sourceVersion)
    throw new ApiError('INVALID', `targetVersion: must be another version than ${sourceVersion}, from which accounts are moved`)
  const [before, after] = [source.pricingCycleConfig?.interval, target.pricingCycleConfig?.interval]
  if (retainStartOffsets && before !== after)
    throw new ApiError(
      'INVALID',
      `retainStartOffsets: the cycles of the price plan that accounts have are ${before ?? 'none'}, and those of the one that they get ${after ?? 'none'}`,
    )
}

/** Reads both plans in one round trip, and finds what a migration names. Throws NOT_FOUND, CONFLICT or INVALID, with the field. */
const readMigration = async (ctx: Ctx, input: CreatePricePlanMigrationRequest): Promise<Migration> => {
  const { sourceId, sourceVersion, targetId, targetVersion, migrationMode: mode, retainStartOffsets: retainsStart = false } = input
  const [ofSource, ofTarget] = await ctx.session.batch([
    selectPlan(ctx, sourceId, [], sourceVersion),
    ...(targetId === undefined ? [] : [selectPlan(ctx, targetId, [], targetVersion ?? null)]),
  ])
  const published = requirePublished(readPlanRows(sourceId, ofSource?.results), 'sourceVersion', sourceVersion)
  const source = { id: sourceId, firstVersion: sourceVersion, lastVersion: sourceVersion }
  if (targetId === undefined) return { source, mode, retainsStart }
  const plan = readPlanRows(targetId, ofTarget?.results)
  requireTarget(plan)
  const target = requirePublished(plan, 'targetVersion', targetVersion)
  refusePair(input, published, target)
  return { source, target: { id: targetId, version: target.planVersion }, mode, retainsStart }
}

/** Creates a job that moves the accounts with a version of a plan to another version or plan, or ends their plan. */
export const migratePricePlan = async (ctx: Ctx, input: CreatePricePlanMigrationRequest): Promise<Reply<{ success: boolean }>> => {
  if (input.targetId === undefined) refuseFaults('INVALID', findFaultsWithoutTarget(input))
  const migration = await readMigration(ctx, input)
  return commit(ctx, { ...draftMigration(ctx, migration, input.requireConfirmation ?? false), answer: { success: true } })
}

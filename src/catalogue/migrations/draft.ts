import { sql } from 'drizzle-orm'
import { draftJob } from '../../access/jobs/service.ts'
import type { Draft } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import type { ReadPlan } from '../price_plans/queries.ts'
import type { FinalizePricePlanRequest } from '../price_plans/schema.ts'
import type { MovingMode } from './schema.ts'

/** What a job of the type PRICE_PLAN is asked for. */
export interface Migration {
  /** The plan that accounts have, in one of the versions from the first to the last. */
  source: { id: string; firstVersion: number; lastVersion: number }
  /** The plan that they get; undefined if theirs ends. */
  target?: { id: string; version: number }
  mode: MovingMode
  retainsStart: boolean
}

/** The query for the accounts that have a plan, or will have it. It reads an index of the plan and its versions. */
const accountsWith = ({ organizationId, now }: Ctx, { id, firstVersion, lastVersion }: Migration['source']) => sql`
  select distinct account_id from schedules
  where price_plan_id = ${id} and plan_version between ${firstVersion} and ${lastVersion} and end_at > ${now} and state = 'ACTIVE'
    and organization_id = ${organizationId}
  order by account_id`

/** Drafts the job of a migration, with an entry for each account that has the plan, or will have it. */
export const draftMigration = (ctx: Ctx, migration: Migration, waits: boolean): ReturnType<typeof draftJob> => {
  const { source, target, mode } = migration
  const { firstVersion, lastVersion } = source
  return draftJob(ctx, {
    type: 'PRICE_PLAN',
    request: migration,
    metadata: {
      sourceId: source.id,
      sourceVersion: firstVersion === lastVersion ? `${lastVersion}` : `${firstVersion}-${lastVersion}`,
      ...(target && { targetId: target.id, targetVersion: `${target.version}` }),
      migrationMode: mode,
    },
    entityIds: accountsWith(ctx, source),
    waits,
  })
}

/**
 * Drafts the job that moves accounts from older versions of a plan to the one that is published, if one is asked for and there are older
 * ones: it belongs to the commit that publishes. `before` is the plan until then.
 */
export const draftMoveToPublished = (
  ctx: Ctx,
  { id, activeVersion }: Pick<ReadPlan, 'id' | 'activeVersion'>,
  version: number,
  { migrationMode: mode = 'NONE', versionsToMigrate = 'LATEST_VERSION' }: FinalizePricePlanRequest,
): Omit<Draft<object>, 'answer'>[] => {
  if (mode === 'NONE' || activeVersion === null) return []
  const source = { id, firstVersion: versionsToMigrate === 'ALL_VERSION' ? 1 : activeVersion, lastVersion: activeVersion }
  return [draftMigration(ctx, { source, target: { id, version }, mode, retainsStart: false }, false)]
}

import type { Draft } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { listBillableIds } from '../price_plans/details.ts'
import { publishedOf, readPlanRows, selectPlan } from '../price_plans/queries.ts'
import type { CreatePricePlanDetailsOverride } from '../price_plans/schema.ts'
import { announceDueCycles, selectBillsDue } from './cycles.ts'
import { applyEdits } from './edit.ts'
import { draftActiveTimeline } from './keep.ts'
import { overrideOf } from './override.ts'
import { type PieceParts, type ReadPiece, keyOfVersion, readTimelineRows, selectTimeline } from './queries.ts'
import { type CycleInForce, cycleOn } from './timeline.ts'

/** A plan that an account is to have from a day until before a day. `field` names what it has instead of parts of the plan. */
export interface AskedAssociation {
  pricePlanId: string
  /** By default the newest one that is published. */
  version?: number | undefined
  from: number
  until: number
  details: CreatePricePlanDetailsOverride | undefined
  field: string
}

/** A plan that would be in force, with its first cycle, and the write that puts it in force. */
export interface DraftedAssociation {
  inForce: CycleInForce & { piece: ReadPiece }
  parts: PieceParts
  /** Whether the same is in force from that day on already. */
  isUnchanged: boolean
  draft: Omit<Draft<object>, 'answer'>
}

/**
 * Drafts that a plan is put in force for an account, by the rules of every edit of what is in force. What is due for the account is done
 * first. Throws what refuses such an edit, with the path of its field.
 */
export const draftAssociation = async (
  ctx: Ctx,
  accountId: string,
  { pricePlanId, version, from, until, details, field }: AskedAssociation,
): Promise<DraftedAssociation> => {
  for (;;) {
    const results = await ctx.session.batch([
      ...selectTimeline(ctx, accountId),
      selectPlan(ctx, pricePlanId, listBillableIds({ pricePlanDetails: details }), version ?? null),
      selectBillsDue(ctx, [accountId]),
    ])
    const timeline = readTimelineRows(accountId, results)
    if (await announceDueCycles(ctx, [timeline], results[3])) continue
    const plan = readPlanRows(pricePlanId, results[2]?.results)
    const association = {
      path: '',
      cyclePath: `${field}.pricingCycleConfig`,
      plan,
      cycle: details?.pricingCycleConfig,
      retainsStart: false,
      override: (published: Parameters<typeof overrideOf>[3], items: Parameters<typeof overrideOf>[4]) =>
        overrideOf(ctx, { details }, { details: field, rules: field }, published, items),
      isMerged: false,
    }
    const edited = await applyEdits(ctx, timeline, timeline.active, [{ path: '', from, until, association }])
    const inForce = cycleOn(edited.pieces, from)
    if (!inForce) throw new Error('A plan that is put in force has no cycle')
    const { row } = plan
    return {
      inForce: {
        ...inForce,
        piece: { ...inForce.piece, accountId, planName: row.name, planDescription: row.description, state: 'ACTIVE' },
      },
      parts: { versions: new Map([[keyOfVersion(inForce.piece), publishedOf(plan)]]), overrides: edited.overrides, items: plan.items },
      isUnchanged: timeline.active.some(({ id }) => id === inForce.piece.id),
      draft: draftActiveTimeline(ctx, timeline, edited),
    }
  }
}

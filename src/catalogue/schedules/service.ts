import type { Reply } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { ApiError } from '../../lib/errors.ts'
import type { PlanDefinition } from '../price_plans/definition.ts'
import { explainFault, findPlanFaults } from '../price_plans/faults.ts'
import type { ValidatedEntityErrorsPaginatedResponse } from '../price_plans/schema.ts'
import { editTimeline } from './change.ts'
import type { Association, TimelineEdit } from './edit.ts'
import { findDraftFaults } from './finalize.ts'
import { type FoundSchedule, readSchedule, readSchedules } from './find.ts'
import { readTimelinePage } from './list.ts'
import { definitionOf } from './queries.ts'
import type {
  EditAccountScheduleRequest,
  EditSchedulesQuery,
  SchedulesPaginatedResponse,
  SchedulesQuery,
  UpdatePricingScheduleResponse,
} from './schema.ts'
import { showSchedule } from './show.ts'
import type { ScheduleOverride } from './table.ts'

export { type DraftedAssociation, draftAssociation } from './associate.ts'
export { type EditTarget, discardAccountSchedules, editTimeline } from './change.ts'
export { type PublishedPlan, type TimelineEdit, refuseCurrency } from './edit.ts'
export { finalizeAccountSchedules } from './finalize.ts'
export { readSchedules } from './find.ts'
export { type MomentOfAccount, readTimelinesInForce } from './in_force.ts'
export { readTimelinePage } from './list.ts'
export { overrideOf } from './override.ts'
export { listScheduleRateCards, listScheduleRules, operateScheduleCards, showScheduleCard, updateScheduleRules } from './parts.ts'
export { type PieceParts, type ReadPiece, type ReadTimeline, definitionOf, readPieceParts, selectPartsOfList } from './queries.ts'
export { readTimelineRowsOfMany, selectTimelines } from './select_many.ts'
export { isOverridden, showDates, showPlanInfo } from './show.ts'
export type { ScheduleOverride } from './table.ts'
export { type CycleInForce, LAST_DAY, type Piece, boundariesOf, cycleOfPiece, cycleOn, listCycles } from './timeline.ts'

type Edit = EditAccountScheduleRequest['edits'][number]

const pathOf = (index: number): string => `edits[${index}].`

const isAssociation = ({ mode = 'ASSOCIATE' }: Edit): boolean => mode === 'ASSOCIATE'

const refuseIncomplete = (edit: Edit, path: string): void => {
  const { pricePlanId, scheduleId } = edit.associationConfig ?? {}
  if (isAssociation(edit) && pricePlanId === undefined && scheduleId === undefined)
    throw new ApiError('INVALID', `${path}associationConfig.pricePlanId: is required for ASSOCIATE`)
}

/** What an account has instead of parts of a plan, if it has the cards and rules of a schedule. */
const copySchedule = ({ piece, parts }: FoundSchedule, plan: PlanDefinition & { id: string; planVersion: number }): ScheduleOverride => {
  const own = piece.overrideId === null ? undefined : parts.overrides.get(piece.overrideId)
  if (piece.pricePlanId === plan.id && piece.version === plan.planVersion) return own ?? {}
  const { cards, rules } = definitionOf(piece, parts)
  const families = [...new Set([...plan.cards, ...cards].map(({ type }) => type))]
  return { cards, families, rules }
}

/** Edits the draft of the timeline of an account, and opens one if there is none. */
export const bulkEditSchedules = async (
  ctx: Ctx,
  accountId: string,
  { edits }: EditAccountScheduleRequest,
  { discard }: EditSchedulesQuery,
): Promise<Reply<UpdatePricingScheduleResponse>> => {
  for (const [index, edit] of edits.entries()) refuseIncomplete(edit, pathOf(index))
  const sourceIds = edits.flatMap(({ associationConfig }) => associationConfig?.scheduleId ?? [])
  const [drafts, actives] = sourceIds.length
    ? await Promise.all([readSchedules(ctx, sourceIds, 'DRAFT'), readSchedules(ctx, sourceIds, 'ACTIVE')])
    : []
  const sourceOf = ({ associationConfig }: Edit, path: string): FoundSchedule | undefined => {
    const id = associationConfig?.scheduleId
    if (id === undefined) return undefined
    const source = drafts?.get(id) ?? actives?.get(id)
    if (!source) throw new ApiError('NOT_FOUND', `${path}associationConfig.scheduleId: the schedule "${id}" does not exist`)
    return source
  }
  const planIdOf = (edit: Edit, path: string): string =>
    edit.associationConfig?.pricePlanId ?? sourceOf(edit, path)?.piece.pricePlanId ?? ''
  return editTimeline(
    ctx,
    accountId,
    {
      planIds: edits.flatMap((edit, index) => (isAssociation(edit) ? [planIdOf(edit, pathOf(index))] : [])),
      itemIds: [],
      ranges: edits.map(({ effectiveFrom: from, effectiveUntil: until }) => ({ from, until })),
      editsOf: (plans) =>
        edits.map((edit, index): TimelineEdit => {
          const path = pathOf(index)
          const { effectiveFrom: from, effectiveUntil: until, associationConfig: config = {}, mergeSchedules = false } = edit
          const plan = isAssociation(edit) ? plans.get(planIdOf(edit, path)) : undefined
          if (!plan) return { path, from, until }
          const source = sourceOf(edit, path)
          const association: Association = {
            path: `${path}associationConfig.`,
            cyclePath: 'pricingCycleConfigOverride',
            plan,
            cycle: config.pricingCycleConfigOverride,
            retainsStart: config.retainStartOffsets ?? false,
            override: source && ((published) => copySchedule(source, published)),
            isMerged: mergeSchedules,
          }
          return { path, from, until, association }
        }),
    },
    { state: 'DRAFT', discards: discard === 'true' },
  )
}

/** Lists the schedules of an account, from what is in force now on, a page at a time. */
export const listAccountSchedules = async (
  ctx: Ctx,
  accountId: string,
  { mode, ...query }: SchedulesQuery,
): Promise<Reply<SchedulesPaginatedResponse>> => {
  if (ctx.portal && mode === 'DRAFT') throw new ApiError('FORBIDDEN', 'This portal token does not read drafts.')
  const { pieces, parts, tag, tokens } = await readTimelinePage(ctx, accountId, mode, query)
  return { answer: { data: pieces.map((piece) => showSchedule(piece, definitionOf(piece, parts))), ...tokens }, tag }
}

/** Why a schedule cannot be put in force. Nothing is wrong with one that is. */
export const listScheduleErrors = async (ctx: Ctx, id: string): Promise<Reply<ValidatedEntityErrorsPaginatedResponse>> => {
  const draft = (await readSchedules(ctx, [id], 'DRAFT')).get(id)
  if (!draft) {
    await readSchedule(ctx, id, 'ACTIVE')
    return { answer: { data: [] } }
  }
  const { piece, parts } = draft
  const ofDraft = await findDraftFaults(ctx, piece, parts)
  const held = findPlanFaults(definitionOf(piece, parts), parts.items).map((fault) => ({
    entityType: fault.entityId ? fault.entityType : 'SCHEDULE',
    entityId: fault.entityId || id,
    message: explainFault(fault),
  }))
  return {
    answer: { data: [...ofDraft, ...held].map(({ message, ...entity }) => ({ referenceId: id, ...entity, errorMessage: message })) },
  }
}

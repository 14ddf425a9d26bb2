import { listBillableIds, readRulesOfVersion } from '../../catalogue/price_plans/service.ts'
import type { PricingRulesPaginatedResponse } from '../../catalogue/price_plans/schema.ts'
import {
  type TimelineEdit,
  definitionOf,
  editTimeline,
  overrideOf,
  readSchedules,
  readTimelinePage,
} from '../../catalogue/schedules/service.ts'
import type { PreAction, UpdatePricingScheduleResponse } from '../../catalogue/schedules/schema.ts'
import type { Reply } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { ApiError, notFound } from '../../lib/errors.ts'
import type {
  EditPricingScheduleRequest,
  PricingRulesQuery,
  PricingSchedulePaginatedResponse,
  PricingSchedulesQuery,
  UpdatePricingScheduleRequest,
  UpdatePricingScheduleRequestWithActions,
} from './schema.ts'
import { showPricingSchedule } from './translate.ts'

const isAssociation = ({ mode = 'ASSOCIATE' }: UpdatePricingScheduleRequest): boolean => mode === 'ASSOCIATE'

const planIdOf = (edit: UpdatePricingScheduleRequest, path: string): string[] => {
  if (!isAssociation(edit)) return []
  if (edit.pricePlanId === undefined) throw new ApiError('INVALID', `${path}pricePlanId: is required for ASSOCIATE`)
  return [edit.pricePlanId]
}

/** Does edits of what is in force for an account at once. `pathOf` leads to each in the request. */
const editPricingSchedules = (
  ctx: Ctx,
  accountId: string,
  edits: readonly UpdatePricingScheduleRequest[],
  pathOf: (index: number) => string,
  preActions: readonly PreAction[] = [],
): Promise<Reply<UpdatePricingScheduleResponse>> =>
  editTimeline(
    ctx,
    accountId,
    {
      planIds: edits.flatMap((edit, index) => planIdOf(edit, pathOf(index))),
      itemIds: edits.flatMap(({ pricePlanDetailsOverride }) => listBillableIds({ pricePlanDetails: pricePlanDetailsOverride })),
      ranges: edits.map(({ effectiveFrom: from, effectiveUntil: until }) => ({ from, until })),
      editsOf: (plans) =>
        edits.map((edit, index): TimelineEdit => {
          const path = pathOf(index)
          const {
            effectiveFrom: from,
            effectiveUntil: until,
            pricePlanId = '',
            pricePlanDetailsOverride: details,
            retainStartOffsets,
          } = edit
          const plan = isAssociation(edit) ? plans.get(pricePlanId) : undefined
          if (!plan) return { path, from, until }
          return {
            path,
            from,
            until,
            association: {
              path,
              cyclePath: 'pricePlanDetailsOverride.pricingCycleConfig',
              plan,
              cycle: details?.pricingCycleConfig,
              retainsStart: retainStartOffsets ?? false,
              override: (published, items) =>
                overrideOf(
                  ctx,
                  { details, rules: edit.pricingRulesOverride },
                  { details: `${path}pricePlanDetailsOverride`, rules: `${path}pricingRulesOverride` },
                  published,
                  items,
                ),
              isMerged: false,
            },
          }
        }),
    },
    { state: 'ACTIVE', preActions },
  )

/** Puts a price plan in force for an account, or ends what is in force. */
export const updatePricingSchedule = (
  ctx: Ctx,
  accountId: string,
  { preActions, ...edit }: UpdatePricingScheduleRequestWithActions,
): Promise<Reply<UpdatePricingScheduleResponse>> => editPricingSchedules(ctx, accountId, [edit], () => '', preActions)

export const updatePricingScheduleBatch = (
  ctx: Ctx,
  accountId: string,
  { edits }: EditPricingScheduleRequest,
): Promise<Reply<UpdatePricingScheduleResponse>> => editPricingSchedules(ctx, accountId, edits, (index) => `edits[${index}].`)

/** Lists the schedules of an account that are in force, a page at a time. */
export const getPricingSchedules = async (
  ctx: Ctx,
  accountId: string,
  query: PricingSchedulesQuery,
): Promise<Reply<PricingSchedulePaginatedResponse>> => {
  const { start_date: from, end_date: until, nextToken, pageSize, ...asked } = query
  const page = await readTimelinePage(ctx, accountId, 'ACTIVE', { nextToken, pageSize, from, until, shown: asked })
  const { pieces, parts, shown, tag, tokens } = page
  return { answer: { data: pieces.map((piece) => showPricingSchedule(piece, parts, shown)), ...tokens }, tag }
}

/** Lists the rules of a schedule of an account, or of a version of a plan. */
export const listPricingRulesByScheduleId = async (
  ctx: Ctx,
  planId: string,
  scheduleId: string,
  { invoice_timing: timing }: PricingRulesQuery,
): Promise<Reply<PricingRulesPaginatedResponse>> => {
  const found = (await readSchedules(ctx, [scheduleId], 'ACTIVE')).get(scheduleId)
  const own = found?.piece.pricePlanId === planId ? definitionOf(found.piece, found.parts).rules : undefined
  const rules = own ?? (await readRulesOfVersion(ctx, planId, scheduleId))
  if (!rules) throw notFound('schedule', scheduleId)
  return { answer: { data: rules.filter(({ invoiceTiming = 'IN_ARREARS' }) => timing === undefined || timing === invoiceTiming) } }
}

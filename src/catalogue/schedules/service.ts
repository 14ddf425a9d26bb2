import { sql } from 'drizzle-orm'
import type { Reply } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { selectRows } from '../../db/statements.ts'
import { ApiError, notFound } from '../../lib/errors.ts'
import { pageOfWhole } from '../../lib/page.ts'
import type { PlanDefinition } from '../price_plans/definition.ts'
import { explainFault, findPlanFaults } from '../price_plans/faults.ts'
import { showCard } from '../price_plans/queries.ts'
import type {
  BulkRateCardOperationsRequest,
  BulkRateCardOperationsResponse,
  PricingRulesPaginatedResponse,
  RateCard,
  RateCardPaginatedResponse,
  UpdatePricingRulesRequest,
  ValidatedEntityErrorsPaginatedResponse,
} from '../price_plans/schema.ts'
import { keepRules } from '../pricing_rules/keep.ts'
import { applyOperations } from '../rate_cards/operate.ts'
import type { KeptCard } from '../rate_cards/schema.ts'
import { changeTimeline, draftOf, editTimeline } from './change.ts'
import { type Association, type TimelineEdit, overrideIdOf } from './edit.ts'
import { findDraftFaults } from './finalize.ts'
import { draftDraftTimeline } from './keep.ts'
import { readTimelinePage } from './list.ts'
import {
  type PieceParts,
  type ReadPiece,
  type State,
  definitionOf,
  keysOfPieces,
  readPieceParts,
  readPieces,
  readTag,
  schedulesById,
  selectPieceParts,
  selectPieces,
  selectTag,
} from './queries.ts'
import type {
  EditAccountScheduleRequest,
  EditSchedulesQuery,
  ScheduleCardsQuery,
  ScheduleModeQuery,
  SchedulesPaginatedResponse,
  SchedulesQuery,
  UpdatePricingScheduleResponse,
} from './schema.ts'
import { showSchedule } from './show.ts'
import type { ScheduleOverride } from './table.ts'
import type { Piece } from './timeline.ts'

export { type DraftedAssociation, draftAssociation } from './associate.ts'
export { type EditTarget, discardAccountSchedules, editTimeline } from './change.ts'
export { type PublishedPlan, type TimelineEdit, refuseCurrency } from './edit.ts'
export { finalizeAccountSchedules } from './finalize.ts'
export { type MomentOfAccount, readTimelinesInForce } from './in_force.ts'
export { readTimelinePage } from './list.ts'
export { overrideOf } from './override.ts'
export {
  type PieceParts,
  type ReadPiece,
  type ReadTimeline,
  definitionOf,
  keysOfList,
  readPieceParts,
  selectPieceParts,
} from './queries.ts'
export { readTimelineRowsOfMany, selectTimelines } from './select_many.ts'
export { isOverridden, showDates, showPlanInfo } from './show.ts'
export type { ScheduleOverride } from './table.ts'
export { type CycleInForce, LAST_DAY, type Piece, boundariesOf, cycleOfPiece, cycleOn, listCycles } from './timeline.ts'

/** A part of a timeline, and what is in force in it. */
interface FoundSchedule {
  piece: ReadPiece
  parts: PieceParts
  /** The tag of the timeline. */
  tag: string
}

const scheduleNotFound = (id: string, state: State): ApiError => notFound(state === 'ACTIVE' ? 'schedule' : 'draft schedule', id)

/** Reads schedules of one account by their ids, with what is in force in them. */
export const readSchedules = async (ctx: Ctx, ids: readonly string[], state: State): Promise<Map<string, FoundSchedule>> => {
  const { organizationId } = ctx
  const from = schedulesById(ids, [state])
  const results = await ctx.session.batch([
    selectRows(selectPieces(organizationId, sql`true`, sql`order by its.start_at`, from)),
    selectTag(organizationId, sql`(select its.account_id from ${from} where its.organization_id = ${organizationId} limit 1)`, ctx.now),
    ...selectPieceParts(ctx, keysOfPieces(organizationId, sql`true`, from)),
  ])
  const tag = readTag(results[1]?.results)
  const parts = readPieceParts(results.slice(2))
  return new Map(readPieces(results[0]?.results).map((piece) => [piece.id, { piece, parts, tag }]))
}

const readSchedule = async (ctx: Ctx, id: string, state: State): Promise<FoundSchedule> => {
  const found = (await readSchedules(ctx, [id], state)).get(id)
  if (!found) throw scheduleNotFound(id, state)
  return found
}

/** The account of a schedule that is in force or in a draft. */
const readAccountOf = async (ctx: Ctx, id: string): Promise<string> => {
  const [found] = await ctx.session.rows<{ accountId: string }>(
    selectRows(sql`
      select its.account_id as accountId from ${schedulesById([id], ['ACTIVE', 'DRAFT'])}
      where its.organization_id = ${ctx.organizationId} limit 1`),
  )
  if (!found) throw scheduleNotFound(id, 'ACTIVE')
  return found.accountId
}

/** A card of a schedule. */
export const showScheduleCard = (card: KeptCard, piece: Piece & { accountId: string }, { items }: PieceParts): RateCard => ({
  ...showCard(card, { id: piece.pricePlanId, referenceId: piece.id }, items),
  referenceType: 'SCHEDULE',
  accountId: piece.accountId,
})

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

/** Changes a schedule in the draft of its account, and opens one if there is none. */
const changeScheduleDraft = async <Answer extends object>(
  ctx: Ctx,
  id: string,
  change: (found: { piece: ReadPiece; parts: PieceParts; definition: PlanDefinition; own: ScheduleOverride }) => {
    own: ScheduleOverride
    answer: Answer
  },
  sent: readonly string[] = [],
): Promise<Reply<Answer>> => {
  const accountId = await readAccountOf(ctx, id)
  const keys = keysOfPieces(ctx.organizationId, sql`true`, schedulesById([id], ['ACTIVE', 'DRAFT']))
  return changeTimeline(ctx, accountId, selectPieceParts(ctx, keys, sent), async ({ timeline, results }) => {
    const parts = readPieceParts(results)
    const pieces = draftOf(timeline)
    const piece = pieces.find((one) => one.id === id) as ReadPiece | undefined
    if (!piece) throw scheduleNotFound(id, 'DRAFT')
    const before = piece.overrideId === null ? {} : (parts.overrides.get(piece.overrideId) ?? {})
    const { own, answer } = change({ piece, parts, definition: definitionOf(piece, parts), own: before })
    const overrideId = await overrideIdOf(own)
    const edited = {
      pieces: pieces.map((one) => (one.id === id ? { ...one, overrideId } : one)),
      overrides: new Map(overrideId === null ? [] : [[overrideId, own]]),
    }
    return { ...draftDraftTimeline(ctx, timeline, edited), answer }
  })
}

/** Changes the cards of a schedule in the draft of its account, all or none, and answers those that were made or changed. */
export const operateScheduleCards = (
  ctx: Ctx,
  id: string,
  { operations }: BulkRateCardOperationsRequest,
): Promise<Reply<BulkRateCardOperationsResponse>> =>
  changeScheduleDraft(
    ctx,
    id,
    ({ piece, parts, definition, own }) => {
      const { cards, touched } = applyOperations('schedule', definition.cards, operations)
      const names = new Set(operations.map(({ rateCardName }) => rateCardName))
      const changed = [...definition.cards, ...cards].filter(({ name }) => names.has(name))
      const families = [...new Set([...(own.families ?? []), ...changed.map(({ type }) => type)])]
      return { own: { ...own, cards, families }, answer: { rateCards: touched.map((card) => showScheduleCard(card, piece, parts)) } }
    },
    operations.flatMap(({ rateCard }) => rateCard?.billableId ?? []),
  )

export const listScheduleRateCards = async (
  ctx: Ctx,
  id: string,
  { mode, ...query }: ScheduleCardsQuery,
): Promise<Reply<RateCardPaginatedResponse>> => {
  let tag = ''
  const readCards = async () => {
    const found = await readSchedule(ctx, id, mode)
    const { piece, parts } = found
    tag = found.tag
    return definitionOf(piece, parts).cards.map((card) => showScheduleCard(card, piece, parts))
  }
  const answer = await pageOfWhole(ctx, query, `${id} ${mode}`, readCards)
  return { answer, tag }
}

export const listScheduleRules = async (
  ctx: Ctx,
  id: string,
  { mode }: ScheduleModeQuery,
): Promise<Reply<PricingRulesPaginatedResponse>> => {
  const { piece, parts, tag } = await readSchedule(ctx, id, mode)
  return { answer: { data: [...definitionOf(piece, parts).rules] }, tag }
}

/** Replaces the rules of a schedule in the draft of its account. */
export const updateScheduleRules = (
  ctx: Ctx,
  id: string,
  { pricingRules = [] }: UpdatePricingRulesRequest,
): Promise<Reply<PricingRulesPaginatedResponse>> =>
  changeScheduleDraft(ctx, id, ({ definition, own }) => {
    const rules = keepRules(ctx, definition.rules, pricingRules)
    return { own: { ...own, rules }, answer: { data: rules } }
  })

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

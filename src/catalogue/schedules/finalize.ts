import { sql } from 'drizzle-orm'
import { type Reply, combineDrafts } from '../../db/commit.ts'
import type { Statement } from '../../db/client.ts'
import type { Ctx } from '../../db/context.ts'
import { selectRows } from '../../db/statements.ts'
import { ApiError } from '../../lib/errors.ts'
import { newId } from '../../lib/ids.ts'
import { dayOf } from '../../rating/cycle.ts'
import type { BillableItem, PlanDefinition } from '../price_plans/definition.ts'
import { explainFault, findPlanFaults } from '../price_plans/faults.ts'
import { displayNameOf } from '../price_plans/queries.ts'
import { changeTimeline, draftAfter, draftOf, explainStaleDraft } from './change.ts'
import { explainLock, overrideIdOf, requireActiveAccount } from './edit.ts'
import { draftActiveTimeline, dropDraft } from './keep.ts'
import { preparePreActions } from './pre_actions.ts'
import {
  type PieceParts,
  type ReadPiece,
  type ReadTimeline,
  definitionOf,
  keysOfPieces,
  readPieceParts,
  readTimelineRows,
  selectPieceParts,
  selectTimeline,
} from './queries.ts'
import type { FinalizeAccountSchedules, SchedulesPaginatedResponse } from './schema.ts'
import { showSchedule } from './show.ts'
import type { ScheduleOverride } from './table.ts'
import { type Piece, findFirstAllowedDay, firstChangeableDay, mergePieces, pieceOn } from './timeline.ts'

/** The plans of the draft of an account, and whether they can still be put in force. */
const selectDraftPlans = ({ organizationId }: Ctx, accountId: string): Statement =>
  selectRows(sql`
    select distinct plan.id, plan.name, plan.status from schedules as its join price_plans as plan on plan.id = its.price_plan_id
    where its.organization_id = ${organizationId} and its.account_id = ${accountId} and its.state = 'DRAFT'`)

interface DraftPlan {
  id: string
  name: string
  status: string
}

const conflict = (message: string): ApiError => new ApiError('CONFLICT', message)

/** Cards as they are put in force: each keeps what it is called today. */
const publishCards = (own: ScheduleOverride, items: readonly BillableItem[]): ScheduleOverride =>
  own.cards ? { ...own, cards: own.cards.map((card) => ({ ...card, publishedName: displayNameOf(card, items) })) } : own

/** A part of a draft of which some days are not in force as they are, with the version of its plan and what the account has instead of parts of it. */
const isChanged = (piece: Piece, active: readonly Piece[]): boolean => {
  const now = active.find(({ id }) => id === piece.id)
  return !now || now.overrideId !== piece.overrideId || now.version !== piece.version || piece.from < now.from || piece.until > now.until
}

const requireRatable = (piece: Piece, definition: PlanDefinition, items: readonly BillableItem[]): void => {
  const faults = findPlanFaults(definition, items)
  if (!faults.length) return
  const all = faults.map((fault) => `${fault.entityId || 'the plan'}: ${explainFault(fault)}`)
  throw conflict(`The schedule "${piece.id}" has errors: ${all.join('; ')}`)
}

/** Says why an account cannot have a plan, if it cannot. */
const explainPlan = (
  { account }: ReadTimeline,
  { supportedCurrencies, activeCurrencies }: PlanDefinition & { activeCurrencies: readonly string[] },
  plan: DraftPlan | undefined,
): string | undefined => {
  if (plan?.status !== 'ACTIVE') return `The price plan "${plan?.name ?? ''}" is ${plan?.status ?? 'gone'}, and must be ACTIVE.`
  const currency = account.invoiceCurrency
  return activeCurrencies.includes(currency) && supportedCurrencies.includes(currency)
    ? undefined
    : `The account "${account.id}" is invoiced in ${currency}, in which the price plan "${plan.name}" is not active.`
}

/** Parts that are in force until tomorrow as they are, and in which something else is in force from then on. */
const splitRunning = (ctx: Ctx, active: readonly Piece[], draft: readonly Piece[], today: number): Piece[] =>
  draft.flatMap((piece) => {
    const now = active.find(({ id }) => id === piece.id)
    const day = now && firstChangeableDay(now, today)
    if (!now || now.from !== piece.from || day === undefined || day <= now.from || day >= piece.until) return [piece]
    if (now.overrideId === piece.overrideId) return [piece]
    return [
      { ...now, until: day },
      { ...piece, id: newId('PRICING_SCHEDULE', ctx.now), from: day },
    ]
  })

/** Says which schedule in force a draft would change that is not to be changed any more, and from which day on it could. */
const explainLockedDraft = (
  active: readonly Piece[],
  draft: readonly Piece[],
  today: number,
): { id: string; message: string } | undefined => {
  const day = findFirstAllowedDay(active, draft, today)
  const locked = day === undefined ? undefined : pieceOn(active, day - 1)
  return day === undefined || !locked ? undefined : { id: locked.id, message: `The schedule "${locked.id}": ${explainLock(day)}` }
}

/** What keeps a draft from being put in force beside what its schedules hold: of a plan or of a schedule, by its id. */
export interface DraftFault {
  entityType: 'PRICE_PLAN' | 'SCHEDULE'
  entityId: string
  message: string
}

/** Finds what keeps a part of a draft, or the whole draft, from being put in force, beside faults of what the part holds. */
export const findDraftFaults = async (ctx: Ctx, piece: ReadPiece, parts: PieceParts): Promise<DraftFault[]> => {
  const { id, accountId, pricePlanId } = piece
  const results = await ctx.session.batch([...selectTimeline(ctx, accountId), selectDraftPlans(ctx, accountId)])
  const timeline = readTimelineRows(accountId, results)
  const { active, draft } = timeline
  const stale = explainStaleDraft(timeline)
  if (stale !== undefined) return [{ entityType: 'SCHEDULE', entityId: id, message: stale }]
  const plan = ((results[2]?.results ?? []) as DraftPlan[]).find((one) => one.id === pricePlanId)
  const ofPlan = isChanged(piece, active) ? explainPlan(timeline, definitionOf(piece, parts), plan) : undefined
  const today = dayOf(ctx.now)
  const lock = explainLockedDraft(active, splitRunning(ctx, active, draft, today), today)
  return [
    ...(ofPlan === undefined ? [] : [{ entityType: 'PRICE_PLAN' as const, entityId: pricePlanId, message: ofPlan }]),
    ...(lock ? [{ entityType: 'SCHEDULE' as const, entityId: lock.id, message: lock.message }] : []),
  ]
}

/** Parts of a draft with what they have instead of parts of plans as it is put in force. */
const publishPieces = async (pieces: readonly Piece[], active: readonly Piece[], { overrides, items }: PieceParts) => {
  const published = new Map<string, ScheduleOverride>()
  const all: Piece[] = []
  for (const piece of pieces) {
    const own = piece.overrideId === null ? undefined : overrides.get(piece.overrideId)
    if (!own || !isChanged(piece, active)) all.push(piece)
    else {
      const content = publishCards(own, items)
      const overrideId = await overrideIdOf(content)
      if (overrideId !== null) published.set(overrideId, content)
      all.push({ ...piece, overrideId })
    }
  }
  return { pieces: all, overrides: published }
}

/** Puts the draft of the timeline of an account in force. */
export const finalizeAccountSchedules = (
  ctx: Ctx,
  accountId: string,
  { mergeSchedules = false, preActions = [] }: FinalizeAccountSchedules,
): Promise<Reply<SchedulesPaginatedResponse>> => {
  const keys = keysOfPieces(ctx.organizationId, sql`its.account_id = ${accountId} and its.state in ('ACTIVE', 'DRAFT')`)
  const actions = preparePreActions(ctx, accountId, preActions)
  const statements = [selectDraftPlans(ctx, accountId), ...selectPieceParts(ctx, keys), ...actions.statements]
  return changeTimeline(ctx, accountId, statements, async ({ timeline, results }) => {
    const { account, active, draftBase } = timeline
    if (draftBase === null) throw conflict(`The account "${accountId}" has no draft of its schedules.`)
    requireActiveAccount(account)
    const today = dayOf(ctx.now)
    const draft = draftOf(timeline)
    const plans = (results[0]?.results ?? []) as DraftPlan[]
    const parts = readPieceParts(results.slice(1, 4))
    for (const piece of draft) {
      if (!isChanged(piece, active)) continue
      const definition = definitionOf(piece, parts)
      const wrong = explainPlan(
        timeline,
        definition,
        plans.find(({ id }) => id === piece.pricePlanId),
      )
      if (wrong !== undefined) throw conflict(wrong)
      requireRatable(piece, definition, parts.items)
    }
    const { pieces: published, overrides } = await publishPieces(splitRunning(ctx, active, draft, today), active, parts)
    const known = new Set(active.map(({ id }) => id))
    const pieces = mergeSchedules
      ? mergePieces(
          published,
          (day) => day > today,
          (id) => !known.has(id),
        )
      : published
    const lock = explainLockedDraft(active, pieces, today)
    if (lock) throw conflict(lock.message)
    const all: PieceParts = { ...parts, overrides: new Map([...parts.overrides, ...overrides]) }
    const names = new Map([...active, ...timeline.draft].map(({ pricePlanId, planName }) => [pricePlanId, planName]))
    const shown = pieces.filter(({ until }) => until > today)
    const draftedTimeline = combineDrafts<SchedulesPaginatedResponse>(
      {
        ...draftActiveTimeline(ctx, timeline, { pieces, overrides }, { draftBase: null }),
        answer: {
          data: shown.map((piece) =>
            showSchedule({ ...piece, accountId, planName: names.get(piece.pricePlanId) ?? '' }, definitionOf(piece, all)),
          ),
        },
      },
      dropDraft(ctx, timeline),
    )
    const granted = actions.draft(results.slice(4), { pieces, cardsOf: (piece) => definitionOf(piece, all).cards })
    return draftAfter(granted, draftedTimeline)
  })
}

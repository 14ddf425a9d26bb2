import { sql } from 'drizzle-orm'
import type { Reply } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { pageOfWhole } from '../../lib/page.ts'
import type { PlanDefinition } from '../price_plans/definition.ts'
import { showCard } from '../price_plans/queries.ts'
import type {
  BulkRateCardOperationsRequest,
  BulkRateCardOperationsResponse,
  PricingRulesPaginatedResponse,
  RateCard,
  RateCardPaginatedResponse,
  UpdatePricingRulesRequest,
} from '../price_plans/schema.ts'
import { keepRules } from '../pricing_rules/keep.ts'
import { applyOperations } from '../rate_cards/operate.ts'
import type { KeptCard } from '../rate_cards/schema.ts'
import { changeTimeline, draftOf } from './change.ts'
import { overrideIdOf } from './edit.ts'
import { readAccountOf, readSchedule, scheduleNotFound } from './find.ts'
import { draftDraftTimeline } from './keep.ts'
import { type PieceParts, type ReadPiece, definitionOf, keysOfPieces, readPieceParts, schedulesById, selectPieceParts } from './queries.ts'
import type { ScheduleCardsQuery, ScheduleModeQuery } from './schema.ts'
import type { ScheduleOverride } from './table.ts'
import type { Piece } from './timeline.ts'

/** A card of a schedule. */
export const showScheduleCard = (card: KeptCard, piece: Piece & { accountId: string }, { items }: PieceParts): RateCard => ({
  ...showCard(card, { id: piece.pricePlanId, referenceId: piece.id }, items),
  referenceType: 'SCHEDULE',
  accountId: piece.accountId,
})

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

import { sql } from 'drizzle-orm'
import { changeVersioned } from '../../db/change.ts'
import type { Statement } from '../../db/client.ts'
import { type Draft, type Reply, combineDrafts } from '../../db/commit.ts'
import { refuseWhen } from '../../db/conflicts.ts'
import type { Ctx } from '../../db/context.ts'
import { ApiError } from '../../lib/errors.ts'
import { instantOf } from '../../rating/cycle.ts'
import { type PlanWithPublished, publishedOf, readPlanRows, selectPlan } from '../price_plans/queries.ts'
import { announceDueCycles, selectBillsDue } from './cycles.ts'
import { type EditedTimeline, type TimelineEdit, applyEdits } from './edit.ts'
import { draftActiveTimeline, draftDiscard, draftDraftTimeline } from './keep.ts'
import {
  type ReadTimeline,
  keysOfPieces,
  readOverrides,
  readTimelineRows,
  selectOverrides,
  selectTimeline,
  tagOfTimeline,
} from './queries.ts'
import { preparePreActions } from './pre_actions.ts'
import type { PreAction, UpdatePricingScheduleResponse } from './schema.ts'
import { showPlanOverride } from './show.ts'
import type { ScheduleOverride } from './table.ts'
import { type Piece, isSameTimeline } from './timeline.ts'

type Results = readonly { results: readonly unknown[] }[]

/** A timeline that is to be changed, and the results of what was asked beside it. */
export interface FoundTimeline {
  timeline: ReadTimeline
  results: Results
}

/** Changes the timeline of an account in one commit. What is due for it is done first. `more` is read with it. */
export const changeTimeline = <Answer extends object>(
  ctx: Ctx,
  accountId: string,
  more: readonly Statement[],
  change: (found: FoundTimeline) => Promise<Draft<Answer> | { unchanged: Answer }>,
): Promise<Reply<Answer>> =>
  changeVersioned(ctx, {
    read: async (): Promise<FoundTimeline> => {
      for (;;) {
        const results = await ctx.session.batch([...selectTimeline(ctx, accountId), ...more, selectBillsDue(ctx, [accountId])])
        const timeline = readTimelineRows(accountId, results)
        if (!(await announceDueCycles(ctx, [timeline], results.at(-1)))) return { timeline, results: results.slice(2) }
      }
    },
    tagOf: ({ timeline }) => tagOfTimeline(timeline.version, timeline.active, ctx.now),
    change,
  })

/** Says that what is in force has changed since a draft was made, if it has. */
export const explainStaleDraft = ({ account, draftBase, activeVersion }: ReadTimeline): string | undefined =>
  draftBase === null || draftBase === activeVersion
    ? undefined
    : `The schedules of the account "${account.id}" have changed since their draft was made. Discard the draft, and make the edits again.`

/** Gives what is in force where there is no draft, or the parts of the draft. Throws CONFLICT if what is in force has changed since it was made. */
export const draftOf = (timeline: ReadTimeline): readonly Piece[] => {
  const { active, draft, draftBase } = timeline
  const stale = explainStaleDraft(timeline)
  if (stale !== undefined) throw new ApiError('CONFLICT', stale)
  return draftBase === null ? active : draft
}

/** Edits of a timeline, before the plans that they name are read. */
export interface AskedEdits {
  planIds: readonly string[]
  /** What the cards price that are sent. */
  itemIds: readonly string[]
  ranges: readonly { from: number; until: number }[]
  editsOf: (plans: ReadonlyMap<string, PlanWithPublished>) => readonly TimelineEdit[]
}

const showEdited = (
  { account, active, draft }: ReadTimeline,
  { pieces, overrides }: EditedTimeline,
  { ranges }: AskedEdits,
  plans: ReadonlyMap<string, PlanWithPublished>,
  known: ReadonlyMap<string, ScheduleOverride>,
): UpdatePricingScheduleResponse => {
  const names = new Map([...active, ...draft].map(({ pricePlanId, planName }) => [pricePlanId, planName] as const))
  for (const [id, { row }] of plans) names.set(id, row.name)
  const touched = pieces.filter((piece) => ranges.some(({ from, until }) => piece.from < until && piece.until > from))
  return {
    accountId: account.id,
    accountName: account.name,
    pricingSchedules: touched.map((piece) => {
      const { overrideId } = piece
      const own = overrideId === null ? undefined : (overrides.get(overrideId) ?? known.get(overrideId))
      return showPlanOverride(piece, names.get(piece.pricePlanId) ?? '', own)
    }),
  }
}

/** Where the results of an edit go: what is in force, or the draft, of which an old one can be dropped first. */
export type EditTarget = { state: 'ACTIVE'; preActions: readonly PreAction[] } | { state: 'DRAFT'; discards: boolean }

/** A write that begins with another one. */
export const draftAfter = <Answer extends object>(before: Omit<Draft<object>, 'answer'> | undefined, draft: Draft<Answer>): Draft<Answer> =>
  before
    ? {
        ...combineDrafts(draft, before),
        statements: [...before.statements, ...draft.statements],
        changes: [...before.changes, ...draft.changes],
      }
    : draft

/** The statement that refuses an edit if a newer version of a plan was published since it was read, whose migrations know nothing of the edit. */
const holdVersions = ({ organizationId }: Ctx, plans: ReadonlyMap<string, PlanWithPublished>): Statement => {
  const sent = JSON.stringify(Array.from(plans, ([id, plan]) => [id, publishedOf(plan).planVersion]))
  return refuseWhen(
    'STALE',
    sql`
      select '[]' from json_each(${sent}) as sent cross join price_plans as its on its.id = sent.value ->> 0
      where its.organization_id = ${organizationId} and its.active_version <> sent.value ->> 1`,
  )
}

/** Edits the timeline of an account, and answers the schedules that have days of the edits. */
export const editTimeline = (
  ctx: Ctx,
  accountId: string,
  asked: AskedEdits,
  target: EditTarget,
): Promise<Reply<UpdatePricingScheduleResponse>> => {
  const planIds = [...new Set(asked.planIds)]
  const [first, last] = [Math.min(...asked.ranges.map(({ from }) => from)), Math.max(...asked.ranges.map(({ until }) => until))]
  const touched = keysOfPieces(
    ctx.organizationId,
    sql`its.account_id = ${accountId} and its.state in ('ACTIVE', 'DRAFT') and its.start_at < ${instantOf(last)} and its.end_at > ${instantOf(first)}`,
  )
  const actions = preparePreActions(ctx, accountId, target.state === 'ACTIVE' ? target.preActions : [])
  const statements = [
    selectOverrides(ctx.organizationId, touched),
    ...planIds.map((id) => selectPlan(ctx, id, asked.itemIds)),
    ...actions.statements,
  ]
  return changeTimeline(ctx, accountId, statements, async ({ timeline, results }) => {
    const plans = new Map(planIds.map((id, index) => [id, readPlanRows(id, results[index + 1]?.results)]))
    const discards = target.state === 'DRAFT' && target.discards
    const base = target.state === 'ACTIVE' || discards ? timeline.active : draftOf(timeline)
    const edited = await applyEdits(ctx, timeline, base, asked.editsOf(plans))
    const known = readOverrides(results[0]?.results)
    const answer = showEdited(timeline, edited, asked, plans, known)
    if (target.state === 'DRAFT') {
      const isOpen = timeline.draftBase !== null && !discards
      if (isOpen && isSameTimeline(timeline.draft, edited.pieces)) return { unchanged: answer }
      const read = discards ? { ...timeline, draftBase: null } : timeline
      return { ...draftDraftTimeline(ctx, read, edited), answer }
    }
    const cardsOf = ({ pricePlanId, version, overrideId }: Piece) => {
      const plan = plans.get(pricePlanId)
      const published = plan && publishedOf(plan)
      const own = overrideId === null ? {} : (edited.overrides.get(overrideId) ?? known.get(overrideId))
      return published?.planVersion === version && own ? (own.cards ?? published.cards) : undefined
    }
    const before = actions.draft(results.slice(1 + planIds.length), { pieces: edited.pieces, cardsOf })
    if (!before && isSameTimeline(timeline.active, edited.pieces)) return { unchanged: answer }
    const written = draftActiveTimeline(ctx, timeline, edited)
    return draftAfter(before, { ...written, statements: [holdVersions(ctx, plans), ...written.statements], answer })
  })
}

/** Drops the draft of the timeline of an account, if there is one. */
export const discardAccountSchedules = (ctx: Ctx, accountId: string): Promise<Reply<{ success: boolean }>> =>
  changeTimeline(ctx, accountId, [], ({ timeline }) => {
    const answer = { success: true }
    return Promise.resolve(timeline.draftBase === null ? { unchanged: answer } : { ...draftDiscard(ctx, timeline), answer })
  })

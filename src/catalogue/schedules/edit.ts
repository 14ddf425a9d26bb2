import type { Ctx } from '../../db/context.ts'
import { ApiError, archived, refuseFaults } from '../../lib/errors.ts'
import { sha256 } from '../../lib/hash.ts'
import { newId } from '../../lib/ids.ts'
import { dayOf, writeDay } from '../../rating/cycle.ts'
import type { BillableItem, PricingCycleConfig } from '../price_plans/definition.ts'
import { findOffsetFaults } from '../price_plans/faults.ts'
import { type PlanWithPublished, type ReadPlan, publishedOf } from '../price_plans/queries.ts'
import type { ReadTimeline, TimelineOwner } from './queries.ts'
import type { ScheduleOverride } from './table.ts'
import {
  type Piece,
  type PlanCycle,
  contentOf,
  cutOut,
  cycleFrom,
  cycleKeepingStart,
  findFirstAllowedDay,
  mergePieces,
  pieceOn,
  putIn,
} from './timeline.ts'

/** A change of a timeline from a day until before a day. `path` leads to it in the request, such as `edits[0].`. */
export interface TimelineEdit {
  path: string
  from: number
  until: number
  /** The plan to put in force; undefined if there is to be none. */
  association?: Association
}

export interface Association {
  /** Leads to what the request says of the plan, such as `edits[0].associationConfig.`, and from there to the cycles. */
  path: string
  cyclePath: string
  plan: PlanWithPublished
  /** Cycles that the account has instead of those of the plan. */
  cycle?: PricingCycleConfig | undefined
  /** Whether the cycles begin on the days on which they begin now. */
  retainsStart: boolean
  /** Makes what the account has instead of parts of the published plan, or refuses it. */
  override?: ((plan: PublishedPlan, items: readonly BillableItem[]) => ScheduleOverride) | undefined
  isMerged: boolean
}

/** A timeline after edits, and what accounts have instead of parts of plans in it, by its id, if that is new. */
export interface EditedTimeline {
  pieces: readonly Piece[]
  overrides: ReadonlyMap<string, ScheduleOverride>
}

/** The id of what an account has instead of parts of a plan: the same for the same content. */
export const overrideIdOf = async (content: ScheduleOverride): Promise<string | null> =>
  Object.keys(content).length ? (await sha256(JSON.stringify(content))).slice(0, 32) : null

const conflict = (path: string, message: string): ApiError => new ApiError('CONFLICT', `${path}: ${message}`)
const invalid = (path: string, message: string): ApiError => new ApiError('INVALID', `${path}: ${message}`)

/** Refuses an account that cannot have another plan. */
export const requireActiveAccount = ({ id, status }: Pick<TimelineOwner, 'id' | 'status'>): void => {
  if (status === 'ARCHIVED') throw archived('account', id)
  if (status !== 'ACTIVE') throw new ApiError('CONFLICT', `The account "${id}" is ${status}, and must be ACTIVE to have a price plan.`)
}

/** A plan in its newest published version, with the cycles of a plan that recurs. */
export type PublishedPlan = ReadPlan & { pricingCycleConfig: PricingCycleConfig }

/** Refuses a plan that an account cannot have, because of the currency in which it is invoiced. */
export const refuseCurrency = (
  currencies: readonly string[],
  { id, invoiceCurrency }: Pick<TimelineOwner, 'id' | 'invoiceCurrency'>,
  { name }: Pick<ReadPlan, 'name'>,
  path: string,
): void => {
  if (!currencies.includes(invoiceCurrency))
    throw conflict(
      path,
      `the account "${id}" is invoiced in ${invoiceCurrency}, and the price plan "${name}" is active in ${currencies.join(', ')}`,
    )
}

/** Gives the published version of a plan that an account can have. Throws CONFLICT or INVALID, with the path of the field that names the plan. */
const requirePlanFor = (plan: PlanWithPublished, account: Pick<TimelineOwner, 'id' | 'invoiceCurrency'>, path: string): PublishedPlan => {
  const { row } = plan
  const published = publishedOf(plan)
  const { pricingCycleConfig } = published
  if (row.status !== 'ACTIVE') throw conflict(path, `the price plan "${row.name}" is ${row.status}, and must be ACTIVE`)
  if (row.type !== 'BILLING' || !pricingCycleConfig)
    throw invalid(path, `the price plan "${row.name}" is of type ${row.type}, and must be of type BILLING`)
  refuseCurrency(published.activeCurrencies, account, row, path)
  return { ...published, pricingCycleConfig }
}

/** The cycles of a plan that begin on the days on which those in force on a day begin. */
const retainStart = (timeline: readonly Piece[], config: PricingCycleConfig, day: number, path: string): PlanCycle => {
  const now = pieceOn(timeline, day)
  if (!now) throw invalid(path, `no plan is in force on ${writeDay(day)}, whose cycles could be kept`)
  const { interval } = now.cycle
  if (interval !== config.interval)
    throw invalid(path, `the cycles in force on ${writeDay(day)} are ${interval}, and those of the price plan ${config.interval}`)
  return cycleKeepingStart(config, now.cycle)
}

const cycleOfEdit = (
  timeline: readonly Piece[],
  { cycle, retainsStart, path, cyclePath }: Association,
  config: PricingCycleConfig,
  from: number,
): Pick<Piece, 'cycle' | 'isCycleOverridden'> => {
  if (!cycle)
    return {
      cycle: retainsStart ? retainStart(timeline, config, from, `${path}retainStartOffsets`) : cycleFrom(config, from),
      isCycleOverridden: false,
    }
  refuseFaults(
    'INVALID',
    findOffsetFaults(cycle).map(({ path: [, ...rest], message }) => ({ path: [`${path}${cyclePath}`, ...rest], message })),
  )
  return { cycle: cycleFrom(cycle, from), isCycleOverridden: true }
}

/** What is wrong with a change of what is not to be changed any more until before a day. */
export const explainLock = (day: number): string =>
  `the plan that is in force until then cannot be changed any more; ${writeDay(day)} is the first date that can`

/** Refuses a change of what is not to be changed any more, and says from which day on it could be. */
const refuseLocked = (before: readonly Piece[], after: readonly Piece[], today: number, path: string): void => {
  const day = findFirstAllowedDay(before, after, today)
  if (day !== undefined) throw conflict(path, explainLock(day))
}

/**
 * Does edits of a timeline one after another, all or none: each cuts what was in force in its days, and puts its plan there. `pieces` is
 * what they start from, which is the draft where there is one; what is in force decides from which day on they may.
 */
export const applyEdits = async (
  ctx: Ctx,
  { account, active }: Pick<ReadTimeline, 'account' | 'active'>,
  pieces: readonly Piece[],
  edits: readonly TimelineEdit[],
): Promise<EditedTimeline> => {
  requireActiveAccount(account)
  refuseFaults(
    'INVALID',
    edits.flatMap(({ path, from, until }) =>
      from < until ? [] : [{ path: [`${path}effectiveUntil`], message: 'must be after effectiveFrom' }],
    ),
  )
  const today = dayOf(ctx.now)
  const newPieceId = () => newId('PRICING_SCHEDULE', ctx.now)
  const known = new Set([...active, ...pieces].map(({ id }) => id))
  const overrides = new Map<string, ScheduleOverride>()
  let timeline = [...pieces]
  for (const { path, from, until, association } of edits) {
    const lockedBefore = findFirstAllowedDay(active, timeline, today)
    if (association) {
      const { plan, isMerged, path: its } = association
      const version = requirePlanFor(plan, account, `${its}pricePlanId`)
      const override = association.override?.(version, plan.items) ?? {}
      refuseCurrency(override.supportedCurrencies ?? [account.invoiceCurrency], account, version, `${its}pricePlanId`)
      const overrideId = await overrideIdOf(override)
      if (overrideId !== null) overrides.set(overrideId, override)
      const content = {
        pricePlanId: version.id,
        version: version.planVersion,
        ...cycleOfEdit(timeline, association, version.pricingCycleConfig, from),
        overrideId,
        isOpen: version.deferredRevenue || version.allowOngoingCycleUpdates,
        currencies: version.activeCurrencies.length,
      }
      const same = timeline.find((piece) => piece.from === from && contentOf(piece) === contentOf(content))
      timeline = putIn(timeline, { ...content, id: same?.id ?? newPieceId(), from, until }, newPieceId)
      if (isMerged)
        timeline = mergePieces(
          timeline,
          (day) => day > today && day >= from && day <= until,
          (id) => !known.has(id),
        )
    } else timeline = cutOut(timeline, from, until, newPieceId)
    refuseLocked(
      active,
      timeline,
      today,
      lockedBefore === findFirstAllowedDay(active, timeline, today) ? 'The draft' : `${path}effectiveFrom`,
    )
  }
  return { pieces: timeline, overrides }
}

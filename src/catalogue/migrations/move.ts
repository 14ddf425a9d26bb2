import { writeDay } from '../../rating/cycle.ts'
import type { PublishedPlan } from '../schedules/edit.ts'
import type { ReadTimeline } from '../schedules/queries.ts'
import { isOverridden } from '../schedules/show.ts'
import { type Piece, cycleFrom, cycleKeepingStart, cycleOfPiece, firstChangeableDay, pieceOn } from '../schedules/timeline.ts'
import type { Migration } from './draft.ts'
import type { MovingMode } from './schema.ts'

/** The result for an account: why it is left as it is, or the parts of its timeline after it was moved. */
export type Move = { status: 'COMPLETED' | 'FAILED'; reason: string } | { pieces: readonly Piece[] }

const leave = (reason: string): Move => ({ status: 'COMPLETED', reason })
const fail = (reason: string): Move => ({ status: 'FAILED', reason })

const has = ({ pricePlanId, version }: Piece, { id, firstVersion, lastVersion }: Migration['source']): boolean =>
  pricePlanId === id && firstVersion <= version && version <= lastVersion

/** The first day of the plan that an account gets: tomorrow, unless the mode asks for the end or the start of the cycle in force. */
const firstDayOf = (active: readonly Piece[], mode: MovingMode, today: number): number => {
  const running = pieceOn(active, today)
  const cycle = running && cycleOfPiece(running, today)
  if (!cycle || mode === 'IMMEDIATE' || mode === 'IMMEDIATE_IGNORE_OVERRIDE') return today + 1
  return mode === 'START_OF_CURRENT_CYCLE' ? cycle.start : cycle.end
}

/** Whether a plan can be given to accounts from a day on that has passed. */
const isOpenPlan = ({ deferredRevenue, allowOngoingCycleUpdates }: PublishedPlan): boolean => deferredRevenue || allowOngoingCycleUpdates

/** The part of a timeline that takes the place of another one from a day on. */
const replace = ({ until, cycle }: Piece, from: number, target: PublishedPlan, retainsStart: boolean, id: string): Piece => ({
  id,
  pricePlanId: target.id,
  version: target.planVersion,
  cycle: retainsStart ? cycleKeepingStart(target.pricingCycleConfig, cycle) : cycleFrom(target.pricingCycleConfig, from),
  isCycleOverridden: false,
  overrideId: null,
  isOpen: isOpenPlan(target),
  currencies: target.activeCurrencies.length,
  from,
  until,
})

/** Why an account cannot get a plan. `moved` are the parts of its timeline that would. */
const findTargetFault = (
  { account }: ReadTimeline,
  { retainsStart }: Migration,
  { name, status, activeCurrencies, pricingCycleConfig }: PublishedPlan,
  moved: readonly Piece[],
): string | undefined => {
  const { id, invoiceCurrency } = account
  if (account.status !== 'ACTIVE') return `The account "${id}" is ${account.status}, and must be ACTIVE to have a price plan.`
  if (status !== 'ACTIVE') return `The price plan "${name}" is ${status}, and must be ACTIVE.`
  if (!activeCurrencies.includes(invoiceCurrency))
    return `The account "${id}" is invoiced in ${invoiceCurrency}, in which the price plan "${name}" is not active.`
  const { interval } = pricingCycleConfig
  const other = retainsStart ? moved.find(({ cycle }) => cycle.interval !== interval) : undefined
  return (
    other &&
    `The cycles of the account "${id}" are ${other.cycle.interval}, so that those of the price plan, ${interval}, cannot keep their start.`
  )
}

/** The first day from which on a part of a timeline can get a plan, or none, today. */
const firstAllowedDay = (piece: Piece, target: PublishedPlan | undefined, today: number): number =>
  !target || isOpenPlan(target) ? firstChangeableDay(piece, today) : today + 1

/** The day until which parts of a timeline cannot be changed today, though they are to be from a day on: undefined if they can. */
const findLockedDay = (asked: readonly Piece[], target: PublishedPlan | undefined, first: number, today: number): number | undefined => {
  const locked = asked.filter((piece) => Math.max(first, piece.from) < firstAllowedDay(piece, target, today))
  return locked.length ? Math.max(...locked.map((piece) => Math.min(piece.until, firstAllowedDay(piece, target, today)))) : undefined
}

/** The day on which a migration was started, from which it counts, and the day on which it gets to an account. */
interface MoveDays {
  started: number
  today: number
}

/**
 * Moves an account: the parts of its timeline that have the source get the target in their place, from a day on and with the same end, or
 * go if there is none. What is cut keeps its id in front. What was open when the migration was started and has been closed since is left
 * as it is, so that such a part is moved from the first day on that is still open.
 */
export const moveTimeline = (
  timeline: ReadTimeline,
  migration: Migration,
  target: PublishedPlan | undefined,
  { started, today }: MoveDays,
  newPieceId: () => string,
): Move => {
  const { active } = timeline
  const { source, mode, retainsStart } = migration
  const first = firstDayOf(active, mode, started)
  const asked = active.filter((piece) => has(piece, source) && piece.until > first)
  const startOf = (piece: Piece): number => Math.max(first, piece.from, firstAllowedDay(piece, target, today))
  const moved = asked.filter((piece) => piece.until > startOf(piece))
  const locked = findLockedDay(asked, target, first, started)
  if (!moved.length && locked === undefined) {
    const day = Math.max(first, ...asked.map(startOf))
    return leave(`The account does not have the price plan "${source.id}" in this version from ${writeDay(day)} on.`)
  }
  if ((mode === 'IMMEDIATE' || mode === 'NEXT_CYCLE') && moved.some(isOverridden))
    return leave(`The account has something instead of a part of its price plan, and ${mode} leaves such accounts as they are.`)
  const fault = target && findTargetFault(timeline, migration, target, moved)
  if (fault !== undefined) return fail(fault)
  if (locked !== undefined)
    return fail(
      `What is in force until ${writeDay(locked)} cannot be changed: a cycle that has begun takes another price plan only if deferredRevenue or allowOngoingCycleUpdates is true in both.`,
    )
  return {
    pieces: active.flatMap((piece) => {
      if (!moved.includes(piece)) return [piece]
      const from = startOf(piece)
      const front = piece.from < from ? [{ ...piece, until: from }] : []
      return target ? [...front, replace(piece, from, target, retainsStart, newPieceId())] : front
    }),
  }
}

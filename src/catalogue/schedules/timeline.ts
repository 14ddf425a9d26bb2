import { type Cycle, type Schedule, cycleAt, instantOf, startOffsetOf } from '../../rating/cycle.ts'
import type { PricingCycleConfig } from '../price_plans/definition.ts'

/** The cycles of a plan that is in force: where they begin is said even if it was made of a day. */
export type PlanCycle = PricingCycleConfig & { startOffset: NonNullable<PricingCycleConfig['startOffset']> }

/** A plan in one of its versions, with the cycles and with what the account has instead of parts of it. */
export interface PieceContent {
  pricePlanId: string
  version: number
  cycle: PlanCycle
  /** Whether the account was given cycles that are not those of the plan. */
  isCycleOverridden: boolean
  /** The id of what the account has instead of parts of the plan. */
  overrideId: string | null
  /** Whether it can be changed from the start of its first cycle on that is not billed yet. */
  isOpen: boolean
  /** In how many currencies its version of the plan is active: more can be activated, but none ends. */
  currencies: number
}

/** A part of the timeline of an account, from a day until before a day, as days since 1970-01-01. */
export interface Piece extends PieceContent {
  id: string
  from: number
  until: number
}

/** The first day on which no plan begins or ends any more: 9999-01-01. */
export const LAST_DAY = 2_932_532

/** The cycles of a plan that comes into force on a day. */
export const cycleFrom = (config: PricingCycleConfig, day: number): PlanCycle => ({
  ...config,
  startOffset: startOffsetOf({ cycle: config, from: day }),
})

/** The cycles of a plan that begin on the days on which those of another one begin, which have the same interval. */
export const cycleKeepingStart = (
  { anniversaryCycle: _anniversary, ...config }: PricingCycleConfig,
  { startOffset, anniversaryCycle }: PlanCycle,
): PlanCycle => ({ ...config, startOffset, ...(anniversaryCycle !== undefined && { anniversaryCycle }) })

/** A part of a timeline as the rating knows it: where its cycles begin does not depend on where the part begins. */
const scheduleOf = ({ cycle, from, until }: Pick<Piece, 'cycle' | 'from' | 'until'>): Schedule => ({
  cycle: { interval: cycle.interval, startOffset: cycle.startOffset },
  from,
  until,
})

/** The cycle of a part of a timeline that a day is in. Its ordinal counts from the start of the part. */
export const cycleOfPiece = (piece: Pick<Piece, 'cycle' | 'from' | 'until'>, day: number): Cycle | undefined =>
  cycleAt(scheduleOf(piece), day)

export const pieceOn = <Part extends Pick<Piece, 'from' | 'until'>>(timeline: readonly Part[], day: number): Part | undefined =>
  timeline.find(({ from, until }) => from <= day && day < until)

/** How many cycles an account has had of a plan before a part of its timeline, in the parts of the same plan that end one in the next. */
const countCyclesBefore = (timeline: readonly Piece[], piece: Piece): number => {
  const before = timeline.find(({ until, pricePlanId }) => until === piece.from && pricePlanId === piece.pricePlanId)
  if (!before) return 0
  return (cycleOfPiece(before, before.until - 1)?.ordinal ?? 0) + countCyclesBefore(timeline, before)
}

/** The first day of the parts of a timeline that end in one another up to a part, all of the same plan. */
const givenOn = (timeline: readonly Piece[], piece: Piece): number => {
  const before = timeline.find(({ until, pricePlanId }) => until === piece.from && pricePlanId === piece.pricePlanId)
  return before ? givenOn(timeline, before) : piece.from
}

/** A cycle that is in force for an account. */
export interface CycleInForce {
  piece: Piece
  /** The day on which the account was given the plan, also if the plan was changed in between. */
  givenOn: number
  /** Its ordinal counts from when the account was given the plan, also where the plan was changed in between. */
  cycle: Cycle
  /** The first instant at which it takes no more events, in milliseconds. */
  dueAt: number
}

/** The cycle of an account on a day: undefined if it has no plan then. */
export const cycleOn = (timeline: readonly Piece[], day: number): CycleInForce | undefined => {
  const piece = pieceOn(timeline, day)
  const cycle = piece && cycleOfPiece(piece, day)
  return (
    cycle && {
      piece,
      givenOn: givenOn(timeline, piece),
      cycle: { ...cycle, ordinal: cycle.ordinal + countCyclesBefore(timeline, piece) },
      dueAt: dueAtOf(piece, cycle),
    }
  )
}

/** When the invoice of a cycle falls due, in milliseconds. */
const dueAtOf = ({ cycle: { gracePeriod } }: Pick<Piece, 'cycle'>, { end }: Pick<Cycle, 'end'>): number => instantOf(end + gracePeriod)

/** The timeline without what is in force from a day until before a day. What is cut keeps its id in front; what is left behind gets a new one. */
export const cutOut = (timeline: readonly Piece[], from: number, until: number, newPieceId: () => string): Piece[] =>
  timeline.flatMap((piece) => {
    if (piece.until <= from || piece.from >= until) return [piece]
    const front = piece.from < from ? [{ ...piece, until: from }] : []
    const back = piece.until > until ? [{ ...piece, from: until, ...(front.length && { id: newPieceId() }) }] : []
    return [...front, ...back]
  })

/** The timeline with a part, which takes the place of what was in force then, and its id if it has that. */
export const putIn = (timeline: readonly Piece[], piece: Piece, newPieceId: () => string): Piece[] => {
  const rest = cutOut(timeline, piece.from, piece.until, newPieceId)
  const others = rest.map((one) => (one.id === piece.id ? { ...one, id: newPieceId() } : one))
  return [...others, piece].toSorted((one, other) => one.from - other.from)
}

/** What is in force in a part of a timeline, as a text to compare. */
export const contentOf = ({ pricePlanId, version, cycle, isCycleOverridden, overrideId }: PieceContent): string => {
  const { interval, startOffset, gracePeriod, anniversaryCycle = false } = cycle
  const { dayOffset, monthOffset } = startOffset
  return JSON.stringify([
    pricePlanId,
    version,
    interval,
    dayOffset,
    monthOffset,
    gracePeriod,
    anniversaryCycle,
    isCycleOverridden,
    overrideId,
  ])
}

/** Makes one part of parts that touch on a day that may be none any more, and in which the same is in force. Of an old one and a new one the old one keeps its id. */
export const mergePieces = (timeline: readonly Piece[], isMergeable: (day: number) => boolean, isNew: (id: string) => boolean): Piece[] => {
  const merged: Piece[] = []
  for (const piece of timeline) {
    const last = merged.at(-1)
    const isSame = last?.until === piece.from && isMergeable(piece.from) && contentOf(last) === contentOf(piece)
    if (!last || !isSame) {
      merged.push(piece)
      continue
    }
    merged[merged.length - 1] = { ...last, until: piece.until, ...(isNew(last.id) && !isNew(piece.id) && { id: piece.id }) }
  }
  return merged
}

/** Whether two timelines are the same, with the same ids. */
export const isSameTimeline = (one: readonly Piece[], other: readonly Piece[]): boolean =>
  one.length === other.length &&
  one.every((piece, index) => {
    const its = other[index]
    return piece.id === its?.id && piece.from === its.from && piece.until === its.until && contentOf(piece) === contentOf(its)
  })

/** The first day of a part of a timeline that is not billed yet on a day: that of its earliest cycle whose invoice is not due. */
const firstUnbilledDay = (piece: Piece, today: number): number => {
  const { gracePeriod } = piece.cycle
  if (piece.until + gracePeriod <= today) return piece.until
  return cycleOfPiece(piece, Math.min(Math.max(today - gracePeriod, piece.from), piece.until - 1))?.start ?? piece.until
}

/** The first day from which on a part of a timeline can be changed: tomorrow, or the first one that is not billed. */
export const firstChangeableDay = (piece: Piece, today: number): number =>
  piece.isOpen ? Math.min(firstUnbilledDay(piece, today), today + 1) : today + 1

/** Whether the same is in force, from the same day on and in as many cycles as before, so that it has the same cycles with the same ordinals. */
const isUnchanged = (before: readonly Piece[], after: readonly Piece[], old: Piece, next: Piece | undefined): boolean =>
  old.from === next?.from && contentOf(old) === contentOf(next) && countCyclesBefore(before, old) === countCyclesBefore(after, next)

/**
 * The first day from which on a change of a timeline would be allowed: undefined if it is. What was in force until today does not change,
 * but for cycles that are not billed yet of plans that say so; days without a plan are free (pricing.md, 7.1), unless what is put there would
 * come before the first cycle of what was in force.
 */
export const findFirstAllowedDay = (before: readonly Piece[], after: readonly Piece[], today: number): number | undefined => {
  const tomorrow = today + 1
  const days = [...before, ...after].flatMap(({ from, until }) => [from, until])
  const opened = before.map((piece) => firstChangeableDay(piece, today))
  const starts = [...new Set([...days, ...opened, tomorrow])].toSorted((one, other) => one - other).filter((day) => day < tomorrow)
  const locked = starts.flatMap((day, index) => {
    const [old, next] = [pieceOn(before, day), pieceOn(after, day)]
    if (!old || isUnchanged(before, after, old, next)) return []
    const isAllowed = day >= firstChangeableDay(old, today) && (!next || next.isOpen)
    return isAllowed ? [] : [starts[index + 1] ?? tomorrow]
  })
  return locked.at(-1)
}

/** The days on which a cycle of a timeline begins or ends, behind a day until another one, and the next one after that. */
export const boundariesOf = (timeline: readonly Piece[], after: number, until: number): number[] => {
  const days = new Set<number>()
  for (const piece of timeline) {
    if (piece.until <= after) continue
    let day = Math.max(piece.from, after)
    for (;;) {
      const cycle = cycleOfPiece(piece, day)
      if (!cycle) break
      if (cycle.start > after) days.add(cycle.start)
      days.add(cycle.end)
      if (cycle.end > until) break
      day = cycle.end
    }
  }
  const sorted = [...days].filter((day) => day > after).toSorted((one, other) => one - other)
  const last = sorted.findIndex((day) => day > until)
  return last < 0 ? sorted : sorted.slice(0, last + 1)
}

/** The cycles of a timeline that begin until a day, the earliest first. */
export const listCycles = (timeline: readonly Piece[], until: number): CycleInForce[] =>
  timeline.flatMap((piece) => {
    const cycles: CycleInForce[] = []
    const [before, given] = [countCyclesBefore(timeline, piece), givenOn(timeline, piece)]
    for (let day = piece.from; day <= until;) {
      const cycle = cycleOfPiece(piece, day)
      if (!cycle) break
      cycles.push({ piece, givenOn: given, cycle: { ...cycle, ordinal: cycle.ordinal + before }, dueAt: dueAtOf(piece, cycle) })
      day = cycle.end
    }
    return cycles
  })

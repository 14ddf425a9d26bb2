import type { Change } from '../../db/commit.ts'
import { dayOf, instantOf, writeDay } from '../../rating/cycle.ts'
import type { ReadTimeline } from './queries.ts'
import { type CycleInForce, LAST_DAY, type Piece, boundariesOf, cycleOfPiece, cycleOn } from './timeline.ts'

/** The kind of due work that announces the cycles of an account. Its subject is the id of the account. */
export const PRICING_CYCLE = 'PRICING_CYCLE'

type NamedCycle = Pick<CycleInForce, 'piece' | 'cycle'>

const idOfCycle = ({ piece, cycle }: NamedCycle): string => `${piece.id}#${writeDay(cycle.start)}`

export const describeBegin = (its: NamedCycle): Change => ({
  type: 'PRICING_CYCLE',
  id: idOfCycle(its),
  fields: {
    status: [null, 'IN_FORCE'],
    startDate: [null, writeDay(its.cycle.start)],
    endDate: [null, writeDay(its.cycle.end)],
  },
})

export const describeEnd = (its: NamedCycle): Change => ({
  type: 'PRICING_CYCLE',
  id: idOfCycle(its),
  fields: { status: ['IN_FORCE', 'ENDED'] },
})

/** The cycles of a timeline that have begun on a day. */
const listCyclesUntil = (timeline: readonly Piece[], day: number): NamedCycle[] =>
  timeline.flatMap((piece) => {
    const cycles: NamedCycle[] = []
    for (let start = piece.from; start <= day;) {
      const cycle = cycleOfPiece(piece, start)
      if (!cycle) break
      cycles.push({ piece, cycle })
      start = cycle.end
    }
    return cycles
  })

/** The last day that is announced: the last one before the day that is due, or until today if nothing is. */
const findLastAnnounced = ({ active, cycleDueAt }: ReadTimeline, now: number): number | undefined => {
  const until = cycleDueAt === null ? dayOf(now) : dayOf(cycleDueAt) - 1
  return boundariesOf(active, Number.NEGATIVE_INFINITY, until).findLast((day) => day <= until)
}

/** When the next cycle of a timeline begins or ends behind a day, in milliseconds: undefined if none does any more. */
export const findNext = (timeline: readonly Piece[], day: number): number | undefined => {
  const [next] = boundariesOf(timeline, day, day)
  return next === undefined || next >= LAST_DAY ? undefined : instantOf(next)
}

/**
 * What a change of a timeline announces at once, and when the next cycle is to be announced. Until the last day that is announced, the new
 * timeline is made good: a cycle that it drops ends, and what it puts there begins, and ends if it has. `now` is the time of the change.
 */
export const announceChange = (
  read: ReadTimeline,
  after: readonly Piece[],
  now: number,
): { changes: readonly Change[]; dueAt: number | undefined } => {
  const last = findLastAnnounced(read, now)
  if (last === undefined) return { changes: [], dueAt: findNext(after, Number.NEGATIVE_INFINITY) }
  const known = new Map(listCyclesUntil(read.active, last).map((its) => [idOfCycle(its), its.cycle.end <= last]))
  const begun = listCyclesUntil(after, last)
  const kept = new Set(begun.map(idOfCycle))
  const running = cycleOn(read.active, last)
  const changes = begun.flatMap((its) => {
    const hasEnded = known.get(idOfCycle(its))
    return [...(hasEnded === undefined ? [describeBegin(its)] : []), ...(its.cycle.end <= last && !hasEnded ? [describeEnd(its)] : [])]
  })
  return {
    changes: running && !kept.has(idOfCycle(running)) ? [describeEnd(running), ...changes] : changes,
    dueAt: findNext(after, last),
  }
}

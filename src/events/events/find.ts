import type { Ctx } from '../../db/context.ts'
import {
  type EventFilter,
  type EventShown,
  type Generation,
  HOUR,
  askEvents,
  compareTexts,
  ledgerName,
  ledgersOf,
  readReference,
  slotOf,
} from '../../ledger/client.ts'

/** An event, and the name of its ledger. */
export interface Found {
  event: EventShown
  ledger: string
}

/** Compares events for lists: the newest first, then by id, then by reference. */
const compareEvents = (one: EventShown, other: EventShown): number =>
  other.time - one.time || compareTexts(one.id, other.id) || compareTexts(one.reference, other.reference)

/** Whether a generation can have events in a time range. If it has ended, its first and last hour are known. */
const meets = ({ endedAt, firstHour, lastHour }: Generation, { from, until, after }: EventFilter): boolean => {
  if (endedAt === null || firstHour === null || lastHour === null) return true
  if (from !== undefined && lastHour + HOUR <= from) return false
  return !(until !== undefined && firstHour - HOUR >= until) && !(after && firstHour - HOUR > after[0])
}

/** The ledgers of a generation that can have events of a filter: those of its ids, or all. */
const ledgersFor = (ctx: Ctx, generation: Generation, { ids, reference }: EventFilter): string[] => {
  if (!ids && reference === undefined) return ledgersOf(ctx, generation)
  const slots = [...(ids ?? []).map(slotOf), ...[...(ids ?? []), reference ?? ''].flatMap((text) => readReference(text)?.slot ?? [])]
  return [...new Set(slots.map((slot) => slot % generation.ledgers))].map((index) =>
    ledgerName(ctx.organizationId, 'event', generation.generation, index),
  )
}

/** Finds the events of a filter, sorted for lists, up to its limit. Asks all possible ledgers at the same time, and fails if one of them does. */
export const findEvents = async (ctx: Ctx, generations: readonly Generation[], filter: EventFilter): Promise<Found[]> => {
  if (filter.accounts?.length === 0) return []
  const names = generations.filter((generation) => meets(generation, filter)).flatMap((generation) => ledgersFor(ctx, generation, filter))
  const found = await Promise.all(
    names.map(async (ledger) => (await askEvents(ctx, ledger, (its) => its.listEvents(filter))).map((event) => ({ event, ledger }))),
  )
  return found
    .flat()
    .toSorted((one, other) => compareEvents(one.event, other.event))
    .slice(0, filter.limit)
}

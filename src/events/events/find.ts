import type { Ctx } from '../../db/context.ts'
import { type EventFilter, type EventShown, HOUR, askEvents, ledgerName, readReference, slotOf } from '../../ledger/client.ts'
import { ledgersOf } from '../ingestion/generations.ts'
import type { Generation } from '../ingestion/memory.ts'

/** An event, and the name of the ledger that keeps it. */
export interface Found {
  event: EventShown
  ledger: string
}

/** Below 0, 0 or above 0: the order of texts by the bytes of UTF-8, which is that of their code points. */
const compareTexts = (one: string, other: string): number => {
  for (let at = 0; at < one.length && at < other.length;) {
    const [left = 0, right = 0] = [one.codePointAt(at), other.codePointAt(at)]
    if (left !== right) return left - right
    at += left > 0xffff ? 2 : 1
  }
  return one.length - other.length
}

/** The order of a list: the newest first; at one time by id, then by reference. */
export const compareEvents = (one: EventShown, other: EventShown): number =>
  other.time - one.time || compareTexts(one.id, other.id) || compareTexts(one.reference, other.reference)

/** Whether a generation can hold events of a time: one that has ended holds none outside its first and its last hour. */
const meets = ({ endedAt, firstHour, lastHour }: Generation, { from, until, after }: EventFilter): boolean => {
  if (endedAt === null || firstHour === null || lastHour === null) return true
  if (from !== undefined && lastHour + HOUR <= from) return false
  return !(until !== undefined && firstHour - HOUR >= until) && !(after && firstHour - HOUR > after[0])
}

/** The ledgers of a generation that can hold what a filter asks for: those that the ids fall to, if it names any, or all. */
const ledgersFor = (ctx: Ctx, generation: Generation, { ids, reference }: EventFilter): string[] => {
  if (!ids && reference === undefined) return ledgersOf(ctx, generation)
  const slots = [...(ids ?? []).map(slotOf), ...[...(ids ?? []), reference ?? ''].flatMap((text) => readReference(text)?.slot ?? [])]
  return [...new Set(slots.map((slot) => slot % generation.ledgers))].map((index) =>
    ledgerName(ctx.organizationId, 'event', generation.generation, index),
  )
}

/** The events that a filter finds, up to its limit, in the order of a list: every ledger that can hold one is asked at once. One that does not answer fails all. */
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

import type { Ctx } from '../../db/context.ts'
import { type AskedEvent, askEvents, codeOf, isUnknown, ledgerName } from '../../ledger/client.ts'
import type { OrganizationMemory } from './memory.ts'
import type { ProcessedEvent } from './process.ts'

/** How long an id is taken, in milliseconds (the contract: 45 days). */
export const TAKEN_FOR = 45 * 86_400_000

const DUPLICATE = codeOf('INGESTION_FAILED_DUPLICATE_EVENT')

/** Generations whose ids are still taken, beside the current one. */
export const formerOf = ({ events }: OrganizationMemory, now: number) =>
  events.slice(0, -1).filter(({ endedAt }) => endedAt !== null && endedAt > now - TAKEN_FOR)

/** The places of events, but for those that are recorded already, by the ledgers that they fall to. */
export const groupBySlot = (processed: readonly ProcessedEvent[], ledgers: number): Map<number, number[]> => {
  const groups = new Map<number, number[]>()
  for (const [at, { slot, isRecorded }] of processed.entries()) {
    if (isRecorded) continue
    const group = groups.get(slot % ledgers)
    if (group) group.push(at)
    else groups.set(slot % ledgers, [at])
  }
  return groups
}

/** What generations know of events: the references of the events that hold their ids, those of them that are open, and the references of those that they have recorded. */
const findIn = async (
  ctx: Ctx,
  memory: OrganizationMemory,
  generations: OrganizationMemory['events'],
  processed: readonly ProcessedEvent[],
): Promise<{ holders: Map<string, string>; recorded: Set<string>; open: Set<string>; bare: Map<string, string> }> => {
  const holders = new Map<string, string>()
  const recorded = new Set<string>()
  const open = new Set<string>()
  const bare = new Map<string, string>()
  const calls = generations.flatMap(({ generation, ledgers }) =>
    Array.from(groupBySlot(processed, ledgers), async ([index, group]) => {
      const events = group.map((at): AskedEvent => {
        const { row } = processed[at] as ProcessedEvent
        return [row[0], row[1], row[10]]
      })
      const name = ledgerName(ctx.organizationId, 'event', generation, index)
      const found = await askEvents(ctx, name, (ledger) => ledger.findTaken(events, memory.version, ctx.now))
      for (const [id, reference] of Object.entries(found.holders)) holders.set(id, reference)
      for (const reference of found.recorded) recorded.add(reference)
      for (const reference of found.open) open.add(reference)
      for (const [reference, account] of Object.entries(found.bare)) bare.set(reference, account)
    }),
  )
  await Promise.all(calls)
  return { holders, recorded, open, bare }
}

/** Makes repeats of the events whose ids former generations hold, and notes those that they have recorded themselves. An event that is being reverted holds its id no more. */
export const markRepeats = async (
  ctx: Ctx,
  memory: OrganizationMemory,
  processed: readonly ProcessedEvent[],
  reverted?: string,
): Promise<void> => {
  const former = formerOf(memory, ctx.now)
  if (!former.length) return
  const { holders, recorded, open, bare } = await findIn(ctx, memory, former, processed)
  for (const one of processed) {
    const { row } = one
    const of = holders.get(row[0])
    if (of !== undefined && open.has(of)) one.isOpen = true
    if (recorded.has(row[1])) one.isRecorded = true
    else if (of !== undefined && of !== reverted) {
      row[5] = DUPLICATE
      row[7] = null
      row[9] = { ...row[9], why: 'An event with this id was ingested before.', of }
      const account = bare.get(of)
      if (account === undefined) continue
      if (isUnknown(row[3])) row[3] = account
      row[8] = null
      row[9] = { why: 'An event with this id was ingested before.', of }
    }
  }
}

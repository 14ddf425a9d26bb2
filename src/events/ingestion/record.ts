import type { Ctx } from '../../db/context.ts'
import { ApiError } from '../../lib/errors.ts'
import { type EventSource, actOutcome, askEvents, codeOf, ledgerName } from '../../ledger/client.ts'
import { recallAccounts } from './accounts.ts'
import { askForActs, finishActs } from './acts.ts'
import { batchOf } from './batch.ts'
import type { ParsedEvent } from './event.ts'
import { groupBySlot, markRepeats } from './former.ts'
import { LARGEST_LEDGER, currentOf, startGeneration } from './generations.ts'
import type { OrganizationMemory } from './memory.ts'
import { type ProcessedEvent, type Processing, processEvent } from './process.ts'
import { refresh } from './refresh.ts'
import { keyOf } from './texts.ts'

const IN_PROGRESS = codeOf('INGESTION_IN_PROGRESS')

/**
 * Processes events by what is in force. `kept` gives the ids and references of events that were processed before, and `arrivals` the times
 * (milliseconds) of those that did not arrive just now.
 */
export const prepare = async (
  ctx: Ctx,
  memory: OrganizationMemory,
  events: readonly ParsedEvent[],
  {
    kept = [],
    arrivals = [],
    isEntitled = false,
  }: { kept?: readonly (ProcessedEvent | undefined)[]; arrivals?: readonly number[]; isEntitled?: boolean } = {},
): Promise<{ processing: Processing; processed: ProcessedEvent[] }> => {
  const accountAt = await recallAccounts(
    ctx,
    memory,
    events.map(({ accountId, timestamp }) => ({ name: keyOf(accountId), time: timestamp })),
  )
  const processing: Processing = { organizationId: ctx.organizationId, memory, accountAt, ruleSets: {}, arrivedAt: ctx.now, isEntitled }
  const processed = events.map((event, index) => {
    const before = kept[index]
    return processEvent(processing, event, arrivals[index] ?? ctx.now, before && { id: before.row[0], reference: before.row[1] })
  })
  return { processing, processed }
}

/** How often events are processed again because something changed meanwhile. */
export const MOST_ATTEMPTS = 8

export const overloaded = (): ApiError =>
  new ApiError('UNAVAILABLE', 'The organization is being changed by many at this moment. Send it again.', 1)

/** How often it is waited for an event that may not be kept before its sender is given up, and for how long at first, in milliseconds. */
const [WAITED, FIRST_WAIT] = [3, 60]

/** Waits until it is known whether events are kept that hold ids; and finds that out if their senders take too long, or have died. */
export const awaitHolders = async (ctx: Ctx, ledger: string, ids: readonly string[], attempt: number): Promise<void> => {
  if (attempt <= WAITED) await new Promise((resolve) => void setTimeout(resolve, FIRST_WAIT * 2 ** attempt))
  else await askEvents(ctx, ledger, (its) => its.concludeEntitled(ids))
}

/** Refuses events whose ids former generations hold for events of which it is not known yet whether they are kept. */
export const refuseOpen = (processed: readonly ProcessedEvent[]): void => {
  if (processed.some(({ isOpen }) => isOpen))
    throw new ApiError('UNAVAILABLE', 'An event with this id is being processed at this moment. Send it again.', 1)
}

/** Waits for all of some work, also where a part of it fails; then throws what failed first. */
const settleAll = async <Result>(works: readonly Promise<Result>[]): Promise<Result[]> => {
  const settled = await Promise.allSettled(works)
  return settled.map((work) => {
    if (work.status === 'rejected') throw work.reason
    return work.value
  })
}

/**
 * Records events in the ledgers that their ids fall to, all at once. What rests on something that has changed meanwhile is refused by
 * its ledger, processed again and, after `beforeAgain`, sent again.
 */
export const recordEvents = async (
  ctx: Ctx,
  recalled: OrganizationMemory,
  source: EventSource,
  events: readonly ParsedEvent[],
  mark: (processed: readonly ProcessedEvent[]) => Promise<void>,
  beforeAgain?: (memory: OrganizationMemory, processing: Processing, processed: readonly ProcessedEvent[]) => Promise<void>,
): Promise<void> => {
  let memory = recalled
  let left = events
  let kept: readonly (ProcessedEvent | undefined)[] = []
  const told: Record<string, number> = {}
  for (let attempt = 1; left.length; attempt++) {
    if (attempt > MOST_ATTEMPTS) throw overloaded()
    const { processing, processed } = await prepare(ctx, memory, left, { kept })
    if (!kept.length) await mark(processed)
    else for (const [at, { row }] of processed.entries()) row[10] = kept[at]?.row[10] ?? null
    await markRepeats(ctx, memory, processed)
    refuseOpen(processed)
    if (attempt > 1) await beforeAgain?.(memory, processing, processed)
    const current = currentOf(memory)
    const sent = await settleAll(
      Array.from(groupBySlot(processed, current.ledgers), async ([index, group]) => {
        const its = group.map((at) => processed[at] as ProcessedEvent)
        const name = ledgerName(ctx.organizationId, 'event', current.generation, index)
        const recorded = await askEvents(ctx, name, (ledger) => ledger.record(batchOf(ctx, { ...processing, told }, its, source)))
        if ('stale' in recorded) return { group, stale: recorded.stale }
        const [open, held] = [new Set(recorded.inProgress), new Set(recorded.held)]
        const placesIn = (references: ReadonlySet<string>) =>
          references.size ? group.filter((at) => references.has((processed[at] as ProcessedEvent).row[1])) : []
        return { name, size: recorded.size, started: placesIn(open), group: placesIn(held) }
      }),
    )
    if (sent.some(({ size = 0 }) => size > LARGEST_LEDGER)) await startGeneration(ctx, current)
    await finishActs(
      ctx,
      memory,
      sent
        .flatMap(({ started = [] }) => started)
        .toSorted((one, other) => one - other)
        .map((at) => processed[at] as ProcessedEvent),
    )
    const again = sent.flatMap(({ group }) => group)
    kept = again.map((at) => processed[at])
    left = again.map((at) => left[at] as ParsedEvent)
    await Promise.all(
      sent.map(async ({ name, group }) => {
        const ids = group.map((at) => (processed[at] as ProcessedEvent).row[0])
        if (name !== undefined && ids.length) await awaitHolders(ctx, name, ids, attempt)
      }),
    )
    for (const { stale } of sent)
      if (stale) {
        Object.assign(told, stale.accounts)
        memory = await refresh(ctx, memory, stale, attempt)
      }
  }
}

/** What events would end in if they were recorded now, each with why, by its reference. Nothing is kept. */
export const tryEvents = async (
  ctx: Ctx,
  memory: OrganizationMemory,
  source: EventSource,
  processing: Processing,
  processed: readonly ProcessedEvent[],
): Promise<Map<string, { status: number; why: string | null }>> => {
  await markRepeats(ctx, memory, processed)
  const { generation, ledgers } = currentOf(memory)
  const tried = await Promise.all(
    Array.from(groupBySlot(processed, ledgers), ([index, group]) => {
      const its = group.map((at) => processed[at] as ProcessedEvent)
      const name = ledgerName(ctx.organizationId, 'event', generation, index)
      return askEvents(ctx, name, (ledger) => ledger.tryRecord(batchOf(ctx, processing, its, source)))
    }),
  )
  const outcomes = new Map(tried.flat().map(([reference, status, why]) => [reference, { status, why }]))
  const acts = processed.flatMap(({ row, act }) => (act && outcomes.get(row[1])?.status === IN_PROGRESS ? [act] : []))
  for (const { act, outcome } of await askForActs(ctx, acts, true)) {
    const its = actOutcome(act, outcome)
    if (its) outcomes.set(act.reference, { status: its.status, why: its.why })
  }
  return outcomes
}

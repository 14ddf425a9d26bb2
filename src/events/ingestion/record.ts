import { sql } from 'drizzle-orm'
import type { Ctx } from '../../db/context.ts'
import { selectRows } from '../../db/statements.ts'
import { ApiError } from '../../lib/errors.ts'
import {
  type AskedEvent,
  type Batch,
  type EventSource,
  type RecordHead,
  SOURCES,
  accountKey,
  askAccounts,
  askEvents,
  codeOf,
  isUnknown,
  ledgerName,
  licenseOutcome,
  settleLicense,
  totalsOf,
} from '../../ledger/client.ts'
import { forgetAccounts, recallAccounts } from './accounts.ts'
import type { ParsedEvent } from './event.ts'
import { LARGEST_LEDGER, currentOf, ledgersOf, matchGenerations, raiseVersion, startGeneration } from './generations.ts'
import { type OrganizationMemory, forgetOrganization, recallOrganization } from './memory.ts'
import { type ProcessedEvent, type Processing, processEvent } from './process.ts'
import { keyOf } from './texts.ts'

/** How long an id is taken, in milliseconds (the contract: 45 days). */
export const TAKEN_FOR = 45 * 86_400_000

/** A JSON parameter of a ledger holds 2 MB at most. */
const LONGEST_JSON = 1_000_000

const IN_PROGRESS = codeOf('INGESTION_IN_PROGRESS')
const DUPLICATE = codeOf('INGESTION_FAILED_DUPLICATE_EVENT')

/** Processes events by what is in force; `kept` gives the ids and references of events that were processed before. */
export const prepare = async (
  ctx: Ctx,
  memory: OrganizationMemory,
  events: readonly ParsedEvent[],
  kept: readonly (ProcessedEvent | undefined)[] = [],
): Promise<{ processing: Processing; processed: ProcessedEvent[] }> => {
  const accountAt = await recallAccounts(
    ctx,
    memory,
    events.map(({ accountId, timestamp }) => ({ name: keyOf(accountId), time: timestamp })),
  )
  const processing: Processing = { organizationId: ctx.organizationId, memory, accountAt, ruleSets: {} }
  const processed = events.map((event, index) => {
    const before = kept[index]
    return processEvent(processing, event, before && { id: before.row[0], reference: before.row[1] })
  })
  return { processing, processed }
}

/** Generations whose ids are still taken, beside the current one. */
export const formerOf = ({ events }: OrganizationMemory, now: number) =>
  events.slice(0, -1).filter(({ endedAt }) => endedAt !== null && endedAt > now - TAKEN_FOR)

/** The places of events, but for those that are recorded already, by the ledgers that they fall to. */
const groupBySlot = (processed: readonly ProcessedEvent[], ledgers: number): Map<number, number[]> => {
  const groups = new Map<number, number[]>()
  for (const [at, { slot, isRecorded }] of processed.entries()) {
    if (isRecorded) continue
    const group = groups.get(slot % ledgers)
    if (group) group.push(at)
    else groups.set(slot % ledgers, [at])
  }
  return groups
}

/** What generations know of events: the references of the events that hold their ids, and the references of those that they have recorded. */
const findIn = async (
  ctx: Ctx,
  memory: OrganizationMemory,
  generations: OrganizationMemory['events'],
  processed: readonly ProcessedEvent[],
): Promise<{ holders: Map<string, string>; recorded: Set<string> }> => {
  const holders = new Map<string, string>()
  const recorded = new Set<string>()
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
    }),
  )
  await Promise.all(calls)
  return { holders, recorded }
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
  const { holders, recorded } = await findIn(ctx, memory, former, processed)
  for (const one of processed) {
    const { row } = one
    const of = holders.get(row[0])
    if (recorded.has(row[1])) one.isRecorded = true
    else if (of !== undefined && of !== reverted) {
      row[5] = DUPLICATE
      row[7] = null
      row[9] = { ...row[9], why: 'An event with this id was ingested before.', of }
    }
  }
}

const rowsAsJson = (processed: readonly ProcessedEvent[]): string[] => {
  const chunks: string[] = []
  let parts: string[] = []
  let length = 0
  for (const { row } of processed) {
    const json = JSON.stringify(row)
    if (length + json.length > LONGEST_JSON && parts.length) {
      chunks.push(`[${parts.join(',')}]`)
      parts = []
      length = 0
    }
    parts.push(json)
    length += json.length + 1
  }
  if (parts.length) chunks.push(`[${parts.join(',')}]`)
  return chunks
}

/** What a ledger is asked to record of some events. */
export const batchOf = (processing: Processing, processed: readonly ProcessedEvent[], source: EventSource, now: number): Batch => {
  const { memory, ruleSets } = processing
  const accounts: RecordHead['accounts'] = {}
  const customers: RecordHead['customers'] = {}
  const used: RecordHead['ruleSets'] = {}
  const acts: NonNullable<Batch['acts']> = {}
  let first = Number.POSITIVE_INFINITY
  let hasRepeats = false
  for (const { row, account, act } of processed) {
    if (account) {
      const key = accountKey(account.id)
      accounts[key] = account.version
      customers[key] = account.customerId
    } else accounts[row[3]] = processing.told?.[row[3]] ?? 0
    const rules = row[6] === null ? undefined : ruleSets[row[6]]
    if (rules && row[6] !== null) used[row[6]] = rules
    if (act) (acts as Record<string, typeof act>)[row[1]] = act
    if (row[2] < first) first = row[2]
    if (row[5] === DUPLICATE) hasRepeats = true
  }
  const rows = processed.map(({ row }) => row)
  return {
    head: {
      version: memory.version,
      accounts,
      customers,
      ruleSets: used,
      createdAt: now,
      source: SOURCES.indexOf(source),
      count: processed.length,
    },
    rows: rowsAsJson(processed),
    totals: JSON.stringify(totalsOf(rows, ruleSets)),
    ids: JSON.stringify(rows.map(([id]) => id)),
    first,
    hasRepeats,
    ...(Object.keys(acts).length && { acts }),
  }
}

const MOST_ATTEMPTS = 8

/** After how many refusals it is asked whether the database was restored to a time before the versions that ledgers were told. */
const PATIENT_ATTEMPTS = 2

/** Has ledgers forget versions of accounts that the database does not have any more. The primary, which is asked, knows every version that was told. */
const forgetRestored = async (ctx: Ctx, memory: OrganizationMemory, told: Readonly<Record<string, number>>): Promise<void> => {
  const ids = Object.keys(told).flatMap((key) => (isUnknown(key) ? [] : [key.slice(1)]))
  const rows = await ctx.session.rows<{ id: string; version: number }>(
    selectRows(sql`
      select its.id, its.version from json_each(${JSON.stringify(ids)}) as sent
      cross join accounts as its on its.organization_id = ${ctx.organizationId} and its.id = sent.value`),
  )
  const gone = rows.flatMap(({ id, version }) => {
    const its = told[accountKey(id)] ?? 0
    return version < its ? [[accountKey(id), its] as const] : []
  })
  if (!gone.length) return
  const names = memory.events.flatMap((generation) => ledgersOf(ctx, generation))
  await Promise.all(names.map((name) => askEvents(ctx, name, (ledger) => ledger.forgetTold(Object.fromEntries(gone)))))
}

/** Reads again what has changed since events were processed, the n-th time. If the database was restored to an earlier time, it and its ledgers are made to agree. */
export const refresh = async (
  ctx: Ctx,
  memory: OrganizationMemory,
  { version, accounts = {} }: { version?: number; accounts?: Record<string, number> },
  attempt: number,
): Promise<OrganizationMemory> => {
  forgetAccounts(
    ctx,
    Object.keys(accounts).map((key) => key.slice(1)),
  )
  if (attempt > PATIENT_ATTEMPTS) await forgetRestored(ctx, memory, accounts)
  if (version === undefined) return memory
  forgetOrganization(ctx.organizationId)
  const read = await recallOrganization(ctx)
  if (read.version >= version) return read
  await matchGenerations(ctx)
  await raiseVersion(ctx, version)
  forgetOrganization(ctx.organizationId)
  return recallOrganization(ctx)
}

/** Asks the accounts' ledgers what events in progress ask of them, in the order of the events, and settles those. What dies on the way, the ledger of the events takes up. */
const finishActs = async (ctx: Ctx, memory: OrganizationMemory, processed: readonly ProcessedEvent[]): Promise<void> => {
  const { generation, ledgers } = currentOf(memory)
  for (const { row, slot, act } of processed) {
    if (!act) continue
    const name = ledgerName(ctx.organizationId, 'event', generation, slot % ledgers)
    const event = await askEvents(ctx, name, (ledger) => ledger.readEvent(row[0], row[1]))
    if (event?.status !== IN_PROGRESS) continue
    const outcome = await askAccounts(ctx, act.ledger, (ledger) => ledger.applyLicense(act))
    await askEvents(ctx, name, (ledger) => ledger.settle(undefined, [settleLicense(event, outcome)]))
  }
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
    if (attempt > MOST_ATTEMPTS)
      throw new ApiError('UNAVAILABLE', 'The organization is being changed by many at this moment. Send it again.', 1)
    const { processing, processed } = await prepare(ctx, memory, left, kept)
    if (!kept.length) await mark(processed)
    else for (const [at, { row }] of processed.entries()) row[10] = kept[at]?.row[10] ?? null
    await markRepeats(ctx, memory, processed)
    if (attempt > 1) await beforeAgain?.(memory, processing, processed)
    const current = currentOf(memory)
    const sent = await settleAll(
      Array.from(groupBySlot(processed, current.ledgers), async ([index, group]) => {
        const its = group.map((at) => processed[at] as ProcessedEvent)
        const name = ledgerName(ctx.organizationId, 'event', current.generation, index)
        const recorded = await askEvents(ctx, name, (ledger) => ledger.record(batchOf({ ...processing, told }, its, source, ctx.now)))
        if ('stale' in recorded) return { group, stale: recorded.stale }
        return { group, size: recorded.size }
      }),
    )
    if (sent.some(({ size = 0 }) => size > LARGEST_LEDGER)) await startGeneration(ctx, current)
    await finishActs(
      ctx,
      memory,
      sent
        .flatMap(({ group, stale }) => (stale ? [] : group))
        .toSorted((one, other) => one - other)
        .map((at) => processed[at] as ProcessedEvent),
    )
    const again = sent.flatMap(({ group, stale }) => (stale ? group : []))
    kept = again.map((at) => processed[at])
    left = again.map((at) => left[at] as ParsedEvent)
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
      return askEvents(ctx, name, (ledger) => ledger.tryRecord(batchOf(processing, its, source, ctx.now)))
    }),
  )
  const outcomes = new Map(tried.flat().map(([reference, status, why]) => [reference, { status, why }]))
  const acts = processed.flatMap(({ row, act }) => (act && outcomes.get(row[1])?.status === IN_PROGRESS ? [act] : []))
  const byLedger = Map.groupBy(acts, ({ ledger }) => ledger)
  await Promise.all(
    Array.from(byLedger, async ([name, its]) => {
      const ends = await askAccounts(ctx, name, (ledger) => ledger.tryLicenses(its))
      for (const [index, { reference }] of its.entries()) outcomes.set(reference, licenseOutcome(ends[index] ?? 'ABSENT'))
    }),
  )
  return outcomes
}

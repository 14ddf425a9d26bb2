import type { Reply } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { ApiError } from '../../lib/errors.ts'
import { jsonNumber } from '../../lib/decimal.ts'
import { isObject } from '../../lib/fields.ts'
import { sha256 } from '../../lib/hash.ts'
import { type EventSource, STATUSES, askEvents, codeOf, ledgerName, slotOf } from '../../ledger/client.ts'
import type { ParsedEvent, Refusal } from './event.ts'
import { currentOf, startFirstGeneration } from './generations.ts'
import { type Generation, type OrganizationMemory, forgetOrganization, recallOrganization } from './memory.ts'
import { type ProcessedEvent, type Processing, referenceOf, setReference } from './process.ts'
import { formerOf } from './former.ts'
import { prepare, recordEvents, tryEvents } from './record.ts'
import type { IngestEventResponse } from './schema.ts'

export { keyOf } from './texts.ts'

const METERED = codeOf('INGESTION_COMPLETED_EVENT_METERED')

/** What is remembered of the organization, which has ledgers from its first event on. */
export const recallWithLedgers = async (ctx: Ctx): Promise<OrganizationMemory> => {
  const memory = await recallOrganization(ctx)
  if (memory.events.length) return memory
  await startFirstGeneration(ctx)
  forgetOrganization(ctx.organizationId)
  return recallOrganization(ctx)
}

const isRefused = (one: ParsedEvent | Refusal): one is Refusal => 'message' in one

/** The former generations that may know a key. Keys go by real time, of which the ends of generations by a test clock say nothing. */
const mayHaveKeys = (ctx: Ctx, memory: OrganizationMemory): Generation[] =>
  ctx.clockAt === null ? formerOf(memory, ctx.now) : memory.events.slice(0, -1)

/** Claims the Idempotency-Key of a request, in the ledger that keys fall to: under it the same is asked again, or nothing. Gives whether it was asked before. */
export const claimKey = async (ctx: Ctx, memory: OrganizationMemory): Promise<boolean> => {
  const key = ctx.write?.key
  if (!key) return false
  const { value, fingerprints } = key
  const nameIn = ({ generation, ledgers }: Generation): string =>
    ledgerName(ctx.organizationId, 'event', generation, slotOf(value) % ledgers)
  const before = await Promise.all(
    mayHaveKeys(ctx, memory).map((generation) => askEvents(ctx, nameIn(generation), (ledger) => ledger.readKey(value, ctx.wallClock))),
  )
  const kept = before.find((its) => its !== undefined)
  const claimed =
    kept === undefined
      ? await askEvents(ctx, nameIn(currentOf(memory)), (ledger) => ledger.claimKey(value, fingerprints, ctx.wallClock))
      : fingerprints.includes(kept)
        ? 'SAME'
        : 'OTHER'
  if (claimed === 'OTHER')
    throw new ApiError('UNPROCESSABLE', 'Idempotency-Key: was used for another request, or by another role. Take a new key.')
  return claimed === 'SAME'
}

/** Marks each row with its key, its place under that and its content, so that the same request leaves no repeats: an event without an id has its reference by them. */
const markRows = async (processed: readonly ProcessedEvent[], key: string): Promise<void> => {
  await Promise.all(
    processed.map(async (one, index) => {
      const { row } = one
      const request = (await sha256(`${key}\n${index}\n${JSON.stringify(row[8])}`)).slice(0, 32)
      row[10] = request
      if (row[0] === row[1]) setReference(one, referenceOf(request, request, row[2]))
    }),
  )
}

/** What would become of an event that was only tried: its status, and which meters would count how much. */
const showTried = (
  { row }: ProcessedEvent,
  { ruleSets }: Processing,
  { status, why }: { status: number; why: string | null },
): Record<string, unknown> => {
  const [id, reference, , , , , rules, units] = row
  const meters = status === METERED && rules !== null ? (ruleSets[rules]?.meters ?? []) : []
  const counted = meters.flatMap(([meterId, , name], index) => {
    const unit = units?.[index]
    return unit === null || unit === undefined ? [] : [{ id: meterId, name, units: jsonNumber(unit) }]
  })
  return {
    ...(id !== reference && { id }),
    status: STATUSES[status],
    ...(why !== null && { statusDescription: why }),
    usageMeters: counted,
  }
}

/** A refused event: its place in the request, its id, what is wrong with it, and itself as it was sent. */
const showRefused = ({ index, message, payload }: Refusal & { index: number }): Record<string, unknown> => {
  const { id } = isObject(payload) ? payload : {}
  return { index, ...(typeof id === 'string' && { id }), message, eventPayload: payload }
}

const partialFailure = (refused: number, sent: number) => ({
  success: false,
  statusCode: 207,
  name: 'PARTIAL_FAILURE',
  message: `${refused} of ${sent} events were not accepted`,
})

/** Takes events: those of the right shape are recorded, metered and visible to the next read before the answer. */
export const ingestEvents = async (
  ctx: Ctx,
  source: EventSource,
  sent: readonly (ParsedEvent | Refusal)[],
): Promise<Reply<IngestEventResponse> & { status: 202 | 207 }> => {
  const refused = sent.flatMap((one, index) => (isRefused(one) ? [{ index, ...one }] : []))
  const events = sent.filter((one): one is ParsedEvent => !isRefused(one))
  const [first] = refused
  if (!events.length && first)
    throw new ApiError(
      'INVALID',
      source === 'INGEST' ? first.message : refused.map(({ index, message }) => `events[${index}]: ${message}`).join('; '),
    )
  const memory = await recallWithLedgers(ctx)
  if (ctx.write?.dryRun) {
    const { processing, processed } = await prepare(ctx, memory, events)
    const outcomes = await tryEvents(ctx, memory, source, processing, processed)
    const places = sent.flatMap((one, index) => (isRefused(one) ? [] : [index]))
    const tried = processed.map((one, at) => ({
      index: places[at],
      ...showTried(one, processing, outcomes.get(one.row[1]) ?? { status: one.row[5], why: one.row[9]?.why ?? null }),
    }))
    if (!refused.length) return { answer: { success: true, details: { events: tried } }, status: 202 }
    return {
      answer: { ...partialFailure(refused.length, sent.length), details: { events: tried, errors: refused.map(showRefused) } },
      status: 207,
    }
  }
  await claimKey(ctx, memory)
  const key = ctx.write?.key?.value
  await recordEvents(ctx, memory, source, events, (processed) => (key === undefined ? Promise.resolve() : markRows(processed, key)))
  if (!refused.length) return { answer: { success: true }, status: 202 }
  return { answer: { ...partialFailure(refused.length, sent.length), details: { errors: refused.map(showRefused) } }, status: 207 }
}

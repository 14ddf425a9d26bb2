import type { Reply } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { ApiError } from '../../lib/errors.ts'
import { jsonNumber } from '../../lib/decimal.ts'
import { isObject } from '../../lib/fields.ts'
import { type EventSource, STATUSES, codeOf, isFeatureAct } from '../../ledger/client.ts'
import type { ParsedEvent, Refusal } from './event.ts'
import type { ProcessedEvent, Processing } from './process.ts'
import { prepare, recordEvents, tryEvents } from './record.ts'
import { claimKey, isRefused, markRows, recallWithLedgers } from './requests.ts'
import type { IngestEventResponse } from './schema.ts'

export { ingestEntitledEvent } from './entitled.ts'
export { claimKey, recallWithLedgers } from './requests.ts'
export { keyOf } from './texts.ts'

const METERED = codeOf('INGESTION_COMPLETED_EVENT_METERED')

/** What would become of an event that was only tried: its status, and which meters would count how much. */
const showTried = (
  { row, act }: ProcessedEvent,
  { ruleSets }: Processing,
  { status, why }: { status: number; why: string | null },
): Record<string, unknown> => {
  const [id, reference, , , , , rules, own] = row
  const units = act && isFeatureAct(act) ? act.next.units : own
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

import { sql } from 'drizzle-orm'
import type { Ctx } from '../../db/context.ts'
import { selectRows } from '../../db/statements.ts'
import { type Carry, type EventShown, askAccounts, askEvents, codeOf, ledgerName } from '../../ledger/client.ts'
import { ApiError } from '../../lib/errors.ts'
import { sha256 } from '../../lib/hash.ts'
import type { Found } from '../events/find.ts'
import { showEvent, statusOf } from '../events/show.ts'
import { type ParsedEvent, parseEvent } from '../ingestion/event.ts'
import { currentOf } from '../ingestion/generations.ts'
import type { OrganizationMemory } from '../ingestion/memory.ts'
import { type ProcessedEvent, type Processing, accountLedgerOf, referenceOf, setReference } from '../ingestion/process.ts'
import { batchOf } from '../ingestion/batch.ts'
import { markRepeats } from '../ingestion/former.ts'
import { prepare, recordEvents } from '../ingestion/record.ts'
import { LICENSE_SCHEMA } from '../ingestion/reserved.ts'
import { keyOf } from '../ingestion/texts.ts'
import { type Action, ELIGIBILITY, isRefused, reasonOf } from './eligibility.ts'
import { readPast } from './past.ts'
import type { EventCorrectionInfo } from './schema.ts'

/** What is asked for events. */
export interface Correction {
  action: Action
  /** What is ingested in place of the event, for REDO_EVENT. */
  event?: ParsedEvent | undefined
  /** What tells it from every other correction: sent again, it ends in the same. */
  by: string
}

const SUCCESS = 'Event Reverted'
const NO_PAYLOAD = 'Event has no payload any more that could be ingested'
const GONE = 'Event is no longer kept'

const REVERTED = codeOf('REVERTED')

/** The id of the correction of one event. */
const correctionOf = async ({ by }: Correction, { reference }: EventShown): Promise<string> =>
  (await sha256(`${by}\n${reference}`)).slice(0, 32)

/** The references that a correction can have given to what it ingested in place of an event: by its id, or without one. */
export const successorsOf = async (correction: Correction, event: EventShown): Promise<string[]> => {
  const { id, timestamp: time = event.time } = correction.event ?? {}
  const its = await correctionOf(correction, event)
  return [id === undefined ? event.id : keyOf(id), its].map((name) => referenceOf(its, name, time))
}

/** Gives events that are ingested by a correction the reference that it makes for them. */
const refer = (processed: readonly ProcessedEvent[], correction: string): Promise<void> => {
  for (const one of processed) {
    const { row } = one
    setReference(one, referenceOf(correction, row[0] === row[1] ? correction : row[0], row[2]))
  }
  return Promise.resolve()
}

/** What is ingested in place of an event: itself, or the one that was sent, under the old id where that has none. */
const successorIn = (event: EventShown, { action, event: sent }: Correction): ParsedEvent | undefined => {
  const { id: old }: { id?: string } = event.payload ?? {}
  if (action === 'REDO_EVENT')
    return sent && sent.id === undefined && old ? { ...sent, id: old, payload: { ...sent.payload, id: old } } : sent
  const parsed = event.payload && parseEvent(event.payload)
  return parsed && 'event' in parsed ? parsed.event : undefined
}

/** Where an event that named a licence, or took credits of a feature, is taken back. */
const undoneOf = async (
  ctx: Ctx,
  memory: OrganizationMemory,
  event: EventShown,
): Promise<Pick<Carry, 'license' | 'feature'> | undefined> => {
  const isFeature = event.more?.feature !== undefined
  if ((event.schema !== LICENSE_SCHEMA && !isFeature) || !event.account.startsWith('=')) return undefined
  const id = event.account.slice(1)
  const [account] = await ctx.session.rows<{ createdAt: number }>(
    selectRows(sql`select created_at as createdAt from accounts where organization_id = ${ctx.organizationId} and id = ${id}`),
  )
  const { organizationId } = ctx
  const its = account && { ledger: accountLedgerOf({ organizationId, memory }, { id, ...account }), reference: event.reference }
  return its && (isFeature ? { feature: its } : { license: its })
}

/** How many of the units that an event gave back have been taken since, so that taking it back would leave them to be taken twice. */
const findMissing = (ctx: Ctx, { ledger, reference }: NonNullable<Carry['feature']>): Promise<string> =>
  askAccounts(ctx, ledger, (its) => its.findMissing(reference))

const revertUndone = async (ctx: Ctx, { license, feature }: Pick<Carry, 'license' | 'feature'> = {}): Promise<void> => {
  const its = license ?? feature
  if (its)
    await askAccounts(ctx, its.ledger, (ledger) =>
      ledger.revertActs([{ reference: its.reference, isFeature: feature !== undefined }], ctx.now),
    )
}

/** What the ledger of an event is to have recorded in its place, if the request dies before it has. */
const recordingOf = (
  ctx: Ctx,
  memory: OrganizationMemory,
  processing: Processing,
  processed: readonly ProcessedEvent[],
): Pick<Carry, 'ledger' | 'batch'> => {
  if (processed.every(({ isRecorded }) => isRecorded)) return {}
  const { generation, ledgers } = currentOf(memory)
  return {
    ledger: ledgerName(ctx.organizationId, 'event', generation, (processed[0]?.slot ?? 0) % ledgers),
    batch: batchOf(ctx, processing, processed, 'CORRECTION'),
  }
}

const prepareNext = async (ctx: Ctx, memory: OrganizationMemory, next: ParsedEvent, correction: string, { reference }: EventShown) => {
  const { processing, processed } = await prepare(ctx, memory, [next])
  await refer(processed, correction)
  await markRepeats(ctx, memory, processed, reference)
  return recordingOf(ctx, memory, processing, processed)
}

/** The ledger is doing what an earlier request of the same correction has left. */
const isBusy = (): ApiError => new ApiError('UNAVAILABLE', 'The correction is being carried out at this moment. Send it again.', 1)

const failed = (event: EventShown, reason: string): EventCorrectionInfo => ({ ...showEvent(event), status: 'FAILED', reason })

/**
 * Corrects one event. Its ledger takes it back and keeps what is still to be done in one transaction; then that is done here, or by the
 * ledger itself when this ends before. Where something has changed meanwhile, as a generation that has begun, the ledger is given what is
 * to be done now before that is done, so that both do the same.
 */
const correctEvent = async (
  ctx: Ctx,
  memory: OrganizationMemory,
  { event, ledger }: Found,
  correction: Correction,
  isPast: boolean,
): Promise<EventCorrectionInfo> => {
  const { action } = correction
  const id = await correctionOf(correction, event)
  const next = action === 'UNDO' ? undefined : successorIn(event, correction)
  if (action !== 'UNDO' && !next) return failed(event, isRefused(action, event) ? reasonOf('REFUSED', event) : NO_PAYLOAD)
  const undone = await undoneOf(ctx, memory, event)
  const missing = undone?.feature && event.status !== REVERTED ? await findMissing(ctx, undone.feature) : '0'
  if (missing !== '0') return failed(event, `${missing} of the units that it gave back have been used since`)
  const act = (undone ?? next) && { ...undone, ...(next && (await prepareNext(ctx, memory, next, id, event))) }
  const reverted = await askEvents(ctx, ledger, (its) =>
    its.revert(
      [event.id, event.reference],
      { ...ELIGIBILITY[action], isPast, found: event.status },
      { correction: id, ...(act && { act }) },
    ),
  )
  if (!reverted) return failed(event, GONE)
  const { outcome } = reverted
  if (outcome === 'BUSY') throw isBusy()
  if (outcome === 'CHANGED') {
    const [corrected] = await correctFound(ctx, memory, [{ event: reverted.event, ledger }], correction)
    return corrected ?? failed(event, GONE)
  }
  const isDone = outcome === 'REVERTED' || outcome === 'FREED' || (outcome === 'GONE' && reverted.event.more?.by === id)
  if (!isDone) return failed(reverted.event, reasonOf(outcome, reverted.event))
  await revertUndone(ctx, undone)
  const replaceAct = async (read: OrganizationMemory, processing: Processing, processed: readonly ProcessedEvent[]): Promise<void> => {
    const now = { ...undone, ...recordingOf(ctx, read, processing, processed) }
    if (!(await askEvents(ctx, ledger, (its) => its.replaceCarry(id, now)))) throw isBusy()
  }
  if (next) await recordEvents(ctx, memory, 'CORRECTION', [next], (processed) => refer(processed, id), replaceAct)
  if (act) await askEvents(ctx, ledger, (its) => its.dropCarry(id))
  const after = outcome === 'REVERTED' ? { ...reverted.event, status: REVERTED } : reverted.event
  return { ...showEvent(after), status: next ? 'REVERTED_AND_REINGESTED' : 'REVERTED', reason: SUCCESS }
}

/** Corrects events, and says what became of each in their order. Those that name licences are corrected one after another, since each rests on the others. */
export const correctFound = async (
  ctx: Ctx,
  memory: OrganizationMemory,
  found: readonly Found[],
  correction: Correction,
): Promise<EventCorrectionInfo[]> => {
  const isPast = await readPast(ctx, found)
  const correct = (one: Found) => correctEvent(ctx, memory, one, correction, isPast(one.event))
  let before: Promise<unknown> = Promise.resolve()
  return Promise.all(
    found.map((one) => {
      if (one.event.schema !== LICENSE_SCHEMA) return correct(one)
      const corrected = before.then(() => correct(one))
      before = corrected
      return corrected
    }),
  )
}

/** What would become of events: nothing is changed. */
export const tryFound = async (ctx: Ctx, found: readonly Found[], correction: Correction): Promise<EventCorrectionInfo[]> => {
  const { action } = correction
  const isPast = await readPast(ctx, found)
  return Promise.all(
    found.map(async ({ event, ledger }) => {
      if (action !== 'UNDO' && !isRefused(action, event) && !successorIn(event, correction)) return failed(event, NO_PAYLOAD)
      const reverted = await askEvents(ctx, ledger, (its) =>
        its.tryRevert([event.id, event.reference], { ...ELIGIBILITY[action], isPast: isPast(event) }),
      )
      if (!reverted) return failed(event, GONE)
      const { outcome } = reverted
      if (outcome !== 'REVERTED' && outcome !== 'FREED') return failed(reverted.event, reasonOf(outcome, reverted.event))
      const after = outcome === 'FREED' ? event : { ...event, status: REVERTED, more: { ...event.more, before: statusOf(event) } }
      return { ...showEvent(after), status: action === 'UNDO' ? 'REVERTED' : 'REVERTED_AND_REINGESTED', reason: SUCCESS }
    }),
  )
}

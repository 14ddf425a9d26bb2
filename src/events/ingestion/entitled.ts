import type { Reply } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { ApiError } from '../../lib/errors.ts'
import {
  type Act,
  type EventShown,
  type FeatureOutcome,
  type RecordedEntitled,
  STATUSES,
  askAccounts,
  askEvents,
  isFeatureAct,
  ledgerName,
  settleAct,
} from '../../ledger/client.ts'
import { askForActs } from './acts.ts'
import { batchOf } from './batch.ts'
import { quoteName } from './context.ts'
import type { ParsedEvent } from './event.ts'
import { markRepeats } from './former.ts'
import { LARGEST_LEDGER, currentOf, startGeneration } from './generations.ts'
import type { OrganizationMemory } from './memory.ts'
import { COMPLETED, type ProcessedEvent } from './process.ts'
import { MOST_ATTEMPTS, awaitHolders, overloaded, prepare, refuseOpen } from './record.ts'
import { refresh } from './refresh.ts'
import { claimKey, markRows, recallWithLedgers, releaseKey } from './requests.ts'

const refuse = (path: string, message: string): never => {
  throw new ApiError('INVALID', `${path}: ${message}`)
}

const pastGrace = (): ApiError => new ApiError('INVALID', 'event.timestamp: is in a pricing cycle that was closed before the event arrived')

/** Refuses an event that would count nothing, whatever credits there are (metering.md, 3.4). */
const refuseUseless = (memory: OrganizationMemory, event: ParsedEvent, { row, account, act }: ProcessedEvent): void => {
  const schema = memory.schemas.get(event.schemaName)
  if (!schema) refuse('event.schemaName', `the active event schema ${quoteName(event.schemaName)} does not exist`)
  if (!schema?.definition.featureDetails) refuse('event.schemaName', `the event schema ${quoteName(event.schemaName)} feeds no feature`)
  if (!account) refuse('event.accountId', `the account ${quoteName(event.accountId)} does not exist, nor an alias at the time of the event`)
  const [, , , , , code, , , , more] = row
  const status = STATUSES[code] ?? 'UNKNOWN'
  if (status === 'INGESTION_FAILED_PAST_GRACE_PERIOD') throw pastGrace()
  if (act && isFeatureAct(act) && !act.isTried) return
  const why = act && isFeatureAct(act) ? act.next.why : more?.why
  if (act || !COMPLETED.has(status)) refuse('event', why ?? `would end as ${status}`)
}

const conflict = (event: ParsedEvent, id: string): ApiError =>
  new ApiError('CONFLICT', `event.id: the event ${quoteName(event.id ?? id)} was ingested before`)

/** Says which feature there is not enough of, and what is left. */
const explainShort = (memory: OrganizationMemory, { schemaName }: ParsedEvent, act: Act, left: string): ApiError => {
  const feature = memory.schemas.get(schemaName)?.definition.featureDetails
  const units = isFeatureAct(act) ? act.units : ''
  return new ApiError(
    'INVALID',
    `event: needs ${units} of the feature ${quoteName(feature?.name ?? '')} (${feature?.featureId ?? ''}), and the account ${quoteName(act.account)} has ${left} left at that time, overage included`,
  )
}

/** Where an event is kept. */
interface Place {
  ledger: string
  id: string
}

const drop = (ctx: Ctx, { ledger, id }: Place, reference: string): Promise<void> =>
  askEvents(ctx, ledger, (its) => its.dropEntitled(id, reference))

/**
 * Claims the key of the request while its event is being recorded, which goes again if the key belongs to another request; unless a twin of
 * it has taken its credits meanwhile, whose event it is then. What asks for no credits is recorded when the key has been claimed.
 */
const recordWithKey = async <Recorded extends RecordedEntitled | { stale: unknown }>(
  ctx: Ctx,
  memory: OrganizationMemory,
  { act }: ProcessedEvent,
  place: Place,
  record: () => Promise<Recorded>,
): Promise<Recorded> => {
  if (!act) {
    await claimKey(ctx, memory)
    return record()
  }
  const [recorded, claimed] = await Promise.allSettled([record(), claimKey(ctx, memory)])
  if (recorded.status === 'rejected') throw recorded.reason
  if (claimed.status === 'fulfilled') return recorded.value
  if ('state' in recorded.value && recorded.value.state === 'NEW') {
    const { reference } = recorded.value
    const { outcome } = await askAccounts(ctx, act.ledger, (its) => its.concludeTake(reference, ctx.now))
    if (outcome !== 'TAKEN') await drop(ctx, place, reference)
  }
  throw claimed.reason
}

/** An event that has been recorded, and what it asks of its account's ledger. */
interface OpenEvent {
  event: Pick<EventShown, 'id' | 'reference' | 'account' | 'customer' | 'more'>
  act: Act
}

/** What has been recorded of an event: by this request, or by the one that it repeats. */
const openEventOf = ({ row, account }: ProcessedEvent, act: Act, { reference, open }: RecordedEntitled): OpenEvent => ({
  event: { id: row[0], reference, ...(open?.event ?? { account: row[3], customer: account?.customerId ?? null, more: row[9] }) },
  act: { ...(open?.act ?? act), reference },
})

/**
 * Takes credits for an event that has been recorded, and settles it; or removes it, if there are too few. GONE: a twin of this request was
 * refused meanwhile, or the time of the event was closed.
 */
const takeFor = async (ctx: Ctx, { event, act }: OpenEvent, place: Place): Promise<FeatureOutcome | { outcome: 'CLOSED' }> => {
  const { id, reference } = event
  const [asked] = await askForActs(ctx, [act])
  if (!asked || typeof asked.outcome !== 'object') throw new Error('the ledger of the account says nothing of the event')
  const { outcome } = asked
  if (outcome.outcome === 'SHORT' || outcome.outcome === 'GONE') await drop(ctx, place, reference)
  const settlement = settleAct(event, asked.act, outcome)
  if (outcome.outcome !== 'TAKEN' || !settlement) return outcome
  const settled = await askEvents(ctx, place.ledger, (its) => its.settle(undefined, [settlement]))
  if (!('settled' in settled)) return outcome
  if (settled.closed.length) return { outcome: 'CLOSED' }
  const isKept = settled.settled > 0 || (await askEvents(ctx, place.ledger, (its) => its.readEvent(id, reference)))
  return isKept ? outcome : { outcome: 'GONE' }
}

/** What a dry run answers: whether there would be enough. */
const tryTake = async (ctx: Ctx, memory: OrganizationMemory, event: ParsedEvent, one: ProcessedEvent): Promise<void> => {
  const [asked] = one.act ? await askForActs(ctx, [one.act], true) : []
  if (asked && typeof asked.outcome === 'object' && asked.outcome.outcome === 'SHORT')
    throw explainShort(memory, event, asked.act, asked.outcome.left)
}

/** Refuses a request whose event is not kept, after its key has been given back. */
const refuseWhole = async (ctx: Ctx, memory: OrganizationMemory, refusal: ApiError): Promise<never> => {
  await releaseKey(ctx, memory)
  throw refusal
}

/**
 * Ingests an event if its account has enough credits of the feature that its schema feeds: it is recorded, its credits are taken, and it is
 * settled, in three calls to ledgers. Otherwise nothing of it is kept, and its id is free. Throws INVALID if the credits are not enough or
 * the event would count nothing, and CONFLICT if its id is taken.
 */
export const ingestEntitledEvent = async (ctx: Ctx, sent: ParsedEvent): Promise<Reply<{ success: boolean }>> => {
  const success = { answer: { success: true } }
  const key = ctx.write?.key?.value
  const isTried = ctx.write?.dryRun === true
  let memory = await recallWithLedgers(ctx)
  for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
    const { processing, processed } = await prepare(ctx, memory, [sent], { isEntitled: true })
    const [one] = processed as [ProcessedEvent]
    refuseUseless(memory, sent, one)
    if (key !== undefined) await markRows(processed, key)
    await markRepeats(ctx, memory, processed)
    refuseOpen(processed)
    if (one.isRecorded) return success
    const current = currentOf(memory)
    const place = { ledger: ledgerName(ctx.organizationId, 'event', current.generation, one.slot % current.ledgers), id: one.row[0] }
    const record = () => askEvents(ctx, place.ledger, (its) => its.recordEntitled(batchOf(ctx, processing, processed, 'ENTITLED'), isTried))
    const recorded = await (attempt === 1 && key !== undefined && !isTried ? recordWithKey(ctx, memory, one, place, record) : record())
    if ('stale' in recorded) {
      memory = await refresh(ctx, memory, recorded.stale, attempt)
      continue
    }
    if (recorded.size > LARGEST_LEDGER) await startGeneration(ctx, current)
    if (recorded.state === 'DONE') return success
    if (recorded.state === 'TAKEN' || (recorded.state === 'HELD' && isTried)) return refuseWhole(ctx, memory, conflict(sent, one.row[0]))
    if (recorded.state === 'CLOSED') return refuseWhole(ctx, memory, pastGrace())
    if (recorded.state === 'HELD') {
      await awaitHolders(ctx, place.ledger, [place.id], attempt)
      continue
    }
    if (isTried) {
      await tryTake(ctx, memory, sent, one)
      return success
    }
    if (!one.act) return success
    const open = openEventOf(one, one.act, recorded)
    const taken = await takeFor(ctx, open, place)
    if (taken.outcome === 'TAKEN') return success
    if (taken.outcome === 'SHORT') return refuseWhole(ctx, memory, explainShort(memory, sent, open.act, taken.left))
    if (taken.outcome === 'CLOSED') return refuseWhole(ctx, memory, pastGrace())
    if (taken.outcome === 'BEHIND')
      throw new ApiError('UNAVAILABLE', 'The pricing cycle of the account has just begun, and is granting its credits. Send it again.', 1)
  }
  throw overloaded()
}

import { sql } from 'drizzle-orm'
import { commit } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { type Due, settleDue } from '../../db/due.ts'
import { selectRows } from '../../db/statements.ts'
import {
  type EventShown,
  type Settlement,
  accountKey,
  askEvents,
  codeOf,
  isFeatureAct,
  settleAct,
  unknownKey,
  ledgersOf,
} from '../../ledger/client.ts'
import { askForActs } from './acts.ts'
import { parseEvent, type ParsedEvent } from './event.ts'
import { type OrganizationMemory, forgetOrganization, recallOrganization } from './memory.ts'
import type { ProcessedEvent } from './process.ts'
import { TAKEN_FOR } from './former.ts'
import { prepare } from './record.ts'
import { refresh } from './refresh.ts'
import { readLedgersToTell, tellLedgers } from './tell.ts'

/** The number of events that are processed at once. */
const MOST = 200

const NOT_FOUND = codeOf('INGESTION_FAILED_ACCOUNT_NOT_FOUND')

const readNames = async (ctx: Ctx, accountId: string): Promise<string[]> => {
  const [result] = await ctx.session.batch([
    selectRows(sql`
      select its.id as name from accounts as its where its.organization_id = ${ctx.organizationId} and its.id = ${accountId}
      union select alias.value from accounts as its join account_aliases as alias on alias.togai_account_id = its.togai_account_id
      where its.organization_id = ${ctx.organizationId} and its.id = ${accountId}`),
  ])
  return ((result?.results ?? []) as { name: string }[]).map(({ name }) => name)
}

const parsedOf = ({ payload }: EventShown): ParsedEvent | undefined => {
  const parsed = parseEvent(payload)
  return 'event' in parsed ? parsed.event : undefined
}

const settlementOf = (
  event: EventShown,
  { row, account, act }: ProcessedEvent,
  ruleSets: Record<string, { schema: [string, number]; meters: [string, number, string][] }>,
): Settlement => {
  const set = row[6] === null ? undefined : ruleSets[row[6]]
  return {
    id: event.id,
    reference: event.reference,
    from: NOT_FOUND,
    status: row[5],
    account: row[3],
    customer: account?.customerId ?? null,
    rules: set && row[6] !== null ? { name: row[6], set } : null,
    units: row[7],
    more: row[9],
    ...(act && { act }),
  }
}

/** Asks the accounts' ledgers what events in progress need, and settles the events. Their ledger finishes what is left if this fails. */
const finishSettled = async (ctx: Ctx, name: string, settlements: readonly Settlement[]): Promise<void> => {
  const byReference = new Map(settlements.map((settlement) => [settlement.reference, settlement]))
  const asked = await askForActs(
    ctx,
    settlements.flatMap(({ act }) => act ?? []),
  )
  const settled = asked.flatMap(({ act, outcome }) => {
    const event = byReference.get(act.reference)
    return (event && settleAct(event, act, outcome)) ?? []
  })
  if (settled.length) await askEvents(ctx, name, (ledger) => ledger.settle(undefined, settled))
}

/** Whether an event removes the name of a licence. */
const removesName = ({ act }: ProcessedEvent): boolean => act !== undefined && !isFeatureAct(act) && act.action === -1

/**
 * Processes the events of one ledger that wait for some names. Events that still cannot be processed keep waiting, and so do those that
 * `leaves` selects. Returns whether it left any of these.
 */
const processWaiting = async (
  ctx: Ctx,
  recalled: OrganizationMemory,
  name: string,
  names: readonly string[],
  leaves: (event: ProcessedEvent) => boolean = () => false,
): Promise<boolean> => {
  let memory = recalled
  let hasLeft = false
  let after: [name: string, id: string] | undefined
  for (let attempt = 0; attempt < 1000; attempt++) {
    const waiting = await askEvents(ctx, name, (ledger) => ledger.readWaiting(names, MOST, ctx.now - TAKEN_FOR, after))
    const last = waiting.at(-1)
    if (!last) return hasLeft
    const known = waiting.flatMap((event) => {
      const parsed = parsedOf(event)
      return parsed ? [{ event, parsed }] : []
    })
    const { processing, processed } = await prepare(
      ctx,
      memory,
      known.map(({ parsed }) => parsed),
      { arrivals: known.map(({ event }) => event.createdAt) },
    )
    const found = known.flatMap(({ event }, at) => {
      const its = processed[at]
      if (!its || its.row[5] === NOT_FOUND) return []
      if (!leaves(its)) {
        const { row, act } = its
        const kept: ProcessedEvent = { ...its, row: [event.id, event.reference, ...row.slice(2)] as ProcessedEvent['row'] }
        return [{ event, processed: { ...kept, ...(act && { act: { ...act, reference: event.reference, arrivedAt: event.createdAt } }) } }]
      }
      hasLeft = true
      return []
    })
    const settlements = found.map(({ event, processed: its }) => settlementOf(event, its, processing.ruleSets))
    const accounts = Object.fromEntries(
      found.flatMap(({ processed: { account } }) => (account ? [[accountKey(account.id), account.version]] : [])),
    )
    const settled = await askEvents(ctx, name, (ledger) => ledger.settle({ version: memory.version, accounts }, settlements))
    if ('stale' in settled) {
      memory = await refresh(ctx, memory, settled.stale, attempt + 1)
      continue
    }
    const inProgress = settlements.filter(({ reference }) => !settled.closed.includes(reference))
    await finishSettled(ctx, name, inProgress)
    if (waiting.length < MOST) return hasLeft
    after = [last.account.slice(1), last.id]
  }
  throw new Error('More events wait than are processed at once: they are gone on with when the step runs again')
}

/** Processes the events of all ledgers that wait for some names. Names of licences are added before any is removed, since none can be that is not there. */
const processAll = async (ctx: Ctx, names: readonly string[]): Promise<void> => {
  const memory = await recallOrganization(ctx)
  const ledgers = memory.events.flatMap((generation) => ledgersOf(ctx, generation))
  const left = await Promise.all(ledgers.map(async (name) => ((await processWaiting(ctx, memory, name, names, removesName)) ? [name] : [])))
  await Promise.all(left.flat().map((name) => processWaiting(ctx, memory, name, names)))
}

/** Processes the events that wait for the names of an account. Ledgers are told the names first, so that they refuse requests that were prepared without them. */
export const processEventsOfNewNames = async (ctx: Ctx, row: Due): Promise<void> => {
  forgetOrganization(ctx.organizationId)
  const [names, told] = await Promise.all([readNames(ctx, row.subject), readLedgersToTell(ctx)])
  await tellLedgers(ctx, told, Object.fromEntries(names.map((name) => [unknownKey(name), ctx.wallClock])))
  if (names.length) await processAll(ctx, names)
  await commit(ctx, { statements: settleDue(ctx, row), changes: [], answer: {} })
}

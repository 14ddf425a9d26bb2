import { sql } from 'drizzle-orm'
import { commit } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { type Due, settleDue } from '../../db/due.ts'
import { selectRows } from '../../db/statements.ts'
import {
  type EventShown,
  type Settlement,
  accountKey,
  askAccounts,
  askEvents,
  codeOf,
  settleLicense,
  unknownKey,
} from '../../ledger/client.ts'
import { parseEvent, type ParsedEvent } from './event.ts'
import { ledgersOf } from './generations.ts'
import { type OrganizationMemory, forgetOrganization, recallOrganization } from './memory.ts'
import type { ProcessedEvent } from './process.ts'
import { prepare, refresh } from './record.ts'
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
  { row, account }: ProcessedEvent,
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
  }
}

/** Settles a waiting event that needs its account's ledger. The ledger gives the same answer each time. */
const settleAct = async (ctx: Ctx, name: string, { row, act }: ProcessedEvent): Promise<Settlement[]> => {
  if (!act) return []
  const outcome = await askAccounts(ctx, act.ledger, (ledger) => ledger.applyLicense(act))
  const event = await askEvents(ctx, name, (ledger) => ledger.readEvent(row[0], row[1]))
  return event ? [{ ...settleLicense({ ...event, account: row[3], more: row[9] }, outcome), from: NOT_FOUND, act }] : []
}

/** Processes the events of one ledger that wait for some names. Events that still cannot be processed keep waiting. */
const processWaiting = async (ctx: Ctx, recalled: OrganizationMemory, name: string, names: readonly string[]): Promise<void> => {
  let memory = recalled
  let after: [name: string, id: string] | undefined
  for (let attempt = 0; attempt < 1000; attempt++) {
    const waiting = await askEvents(ctx, name, (ledger) => ledger.readWaiting(names, MOST, after))
    const last = waiting.at(-1)
    if (!last) return
    const known = waiting.flatMap((event) => {
      const parsed = parsedOf(event)
      return parsed ? [{ event, parsed }] : []
    })
    const { processing, processed } = await prepare(
      ctx,
      memory,
      known.map(({ parsed }) => parsed),
    )
    const found = known.flatMap(({ event }, at) => {
      const its = processed[at]
      return its && its.row[5] !== NOT_FOUND
        ? [{ event, processed: { ...its, row: [event.id, event.reference, ...its.row.slice(2)] as ProcessedEvent['row'] } }]
        : []
    })
    const settlements = (
      await Promise.all(
        found.map(({ event, processed: its }) =>
          its.act
            ? settleAct(ctx, name, { ...its, act: { ...its.act, reference: event.reference } })
            : Promise.resolve([settlementOf(event, its, processing.ruleSets)]),
        ),
      )
    ).flat()
    const accounts = Object.fromEntries(
      found.flatMap(({ processed: { account } }) => (account ? [[accountKey(account.id), account.version]] : [])),
    )
    const settled = await askEvents(ctx, name, (ledger) => ledger.settle({ version: memory.version, accounts }, settlements))
    if ('stale' in settled) memory = await refresh(ctx, memory, settled.stale)
    else if (waiting.length < MOST) return
    else after = [last.account.slice(1), last.id]
  }
}

/** Processes the events that wait for the names of an account. Ledgers are told the names first, so that they refuse requests that were prepared without them. */
export const processEventsOfNewNames = async (ctx: Ctx, row: Due): Promise<void> => {
  forgetOrganization(ctx.organizationId)
  const [names, told] = await Promise.all([readNames(ctx, row.subject), readLedgersToTell(ctx)])
  await tellLedgers(ctx, told, Object.fromEntries(names.map((name) => [unknownKey(name), ctx.now])))
  const memory = await recallOrganization(ctx)
  const ledgers = memory.events.flatMap((generation) => ledgersOf(ctx, generation))
  if (names.length) await Promise.all(ledgers.map((name) => processWaiting(ctx, memory, name, names)))
  await commit(ctx, { statements: settleDue(ctx, row), changes: [], answer: {} })
}

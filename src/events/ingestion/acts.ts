import { doDueFirst } from '../../access/due/service.ts'
import { commit } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { BILLING, FEATURE_CREDITS } from '../../db/due.ts'
import { type Act, type ActOutcome, type Settlement, askAccounts, askEvents, ledgerName, settleAct } from '../../ledger/client.ts'
import { currentOf } from './generations.ts'
import type { OrganizationMemory } from './memory.ts'
import type { ProcessedEvent } from './process.ts'

/** What the ledger of an account says of a request for an event in progress. */
export interface AskedAct {
  act: Act
  outcome: ActOutcome
}

const isBehind = ({ outcome }: AskedAct): boolean => typeof outcome === 'object' && outcome.outcome === 'BEHIND'

/** Asks the ledgers of accounts what events in progress ask of them: of each ledger all at once, in the order of the events. */
const askOnce = async (ctx: Ctx, acts: readonly Act[], isTried: boolean): Promise<AskedAct[]> => {
  const byLedger = Map.groupBy(acts, ({ ledger }) => ledger)
  const all = await Promise.all(
    Array.from(byLedger, async ([name, its]) => {
      const outcomes = await askAccounts(ctx, name, (ledger) => (isTried ? ledger.tryActs(its, ctx.now) : ledger.applyActs(its, ctx.now)))
      return its.flatMap((act, index): AskedAct[] => {
        const outcome = outcomes[index]
        return outcome === undefined ? [] : [{ act, outcome }]
      })
    }),
  )
  return all.flat()
}

/** Bills accounts now, so that the pricing cycles that have begun grant their credits, and carries those into the ledgers. */
const beginCycles = async (ctx: Ctx, accountIds: readonly string[]): Promise<void> => {
  const { write: _write, ...own } = ctx
  const due = [BILLING, FEATURE_CREDITS].flatMap((kind) => accountIds.map((subject) => ({ kind, subject, dueAt: ctx.now })))
  await commit({ ...own, conditions: { match: undefined, noneMatch: undefined } }, { statements: [], changes: [], answer: {}, due })
  await doDueFirst(ctx, due)
}

/**
 * Asks the ledgers of accounts what events in progress ask of them, or what they would say. Where a pricing cycle has begun that has not
 * granted its credits yet, it is made to, and then it is asked again.
 */
export const askForActs = async (ctx: Ctx, acts: readonly Act[], isTried = false): Promise<AskedAct[]> => {
  const asked = await askOnce(ctx, acts, isTried)
  const behind = asked.filter(isBehind).map(({ act }) => act)
  if (!behind.length) return asked
  await beginCycles(ctx, [...new Set(behind.map(({ account }) => account))])
  return [...asked.filter((one) => !isBehind(one)), ...(await askOnce(ctx, behind, isTried))]
}

/** What becomes of an event in progress, once the ledger of its account has said. Undefined if that cannot say yet. */
export const settlementOf = ({ row, account }: ProcessedEvent, { act, outcome }: AskedAct): Settlement | undefined =>
  settleAct({ id: row[0], reference: row[1], account: row[3], customer: account?.customerId ?? null, more: row[9] }, act, outcome)

/**
 * Asks the ledgers of accounts what events in progress ask of them, in the order of the events, and settles those. What dies on the way, and
 * what they cannot say yet, the ledgers of the events take up.
 */
export const finishActs = async (ctx: Ctx, memory: OrganizationMemory, processed: readonly ProcessedEvent[]): Promise<void> => {
  const acts = processed.flatMap(({ act }) => act ?? [])
  if (!acts.length) return
  const { generation, ledgers } = currentOf(memory)
  const asked = new Map((await askForActs(ctx, acts)).map((one) => [one.act.reference, one]))
  const settled = processed.flatMap((one) => {
    const its = asked.get(one.row[1])
    const settlement = its && settlementOf(one, its)
    return settlement ? [{ index: one.slot % ledgers, settlement }] : []
  })
  await Promise.all(
    Array.from(
      Map.groupBy(settled, ({ index }) => index),
      ([index, its]) =>
        askEvents(ctx, ledgerName(ctx.organizationId, 'event', generation, index), (ledger) =>
          ledger.settle(
            undefined,
            its.map(({ settlement }) => settlement),
          ),
        ),
    ),
  )
}

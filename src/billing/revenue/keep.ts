import { sql } from 'drizzle-orm'
import type { Ctx } from '../../db/context.ts'
import { selectRows } from '../../db/statements.ts'
import {
  type KindedGeneration,
  type Reckoned,
  REVENUE_KINDS,
  type RevenueKind,
  type RevenueRow,
  askAccounts,
  ledgerOfAccount,
} from '../../ledger/client.ts'
import { sumDecimals } from '../../lib/decimal.ts'
import { instantOf } from '../../rating/cycle.ts'
import { type BegunCycle, readBegunCycles } from './cycles.ts'
import { type EarnedCycle, type UsageOfCycle, readUsageOfCycles, reckonCycles } from './reckon.ts'

const HOUR = 3_600_000

/** Until when days are reckoned, in milliseconds: no cycle begins after that. */
const FOR_EVER = Number.MAX_SAFE_INTEGER

/** The most hours of cycles that are reckoned at once. An account whose cycles have more goes on the next time. */
const MOST_HOURS = 100_000

/** An account to be reckoned: from an instant on (milliseconds), if that is before all that can still change. */
export interface AccountToKeep {
  accountId: string
  since?: number
}

interface AccountRow {
  id: string
  customerId: string
  createdAt: number
}

/** A reckoning that has begun. */
interface Begun extends AccountRow {
  ledger: string
  number: number
  settled: number
  from: number
}

/** Begins reckonings of accounts where each is kept. Accounts that do not exist are left out. */
const beginReckonings = async (
  ctx: Ctx,
  generations: readonly KindedGeneration[],
  accounts: readonly AccountToKeep[],
): Promise<Map<string, Begun>> => {
  const ids = [...new Set(accounts.map(({ accountId }) => accountId))]
  const rows = await ctx.session.rows<AccountRow>(
    selectRows(sql`
      select its.id, its.customer_id as customerId, its.created_at as createdAt from json_each(${JSON.stringify(ids)}) as sent
      cross join accounts as its on its.organization_id = ${ctx.organizationId} and its.id = sent.value`),
  )
  const ofAccounts = generations.filter(({ kind }) => kind === 'ACCOUNT')
  const byLedger = Map.groupBy(rows, (row) => ledgerOfAccount(ctx.organizationId, ofAccounts, row))
  const sinceOf = Map.groupBy(accounts, ({ accountId }) => accountId)
  const begun = await Promise.all(
    [...byLedger].map(async ([ledger, its]) => {
      const sent = its.map(({ id, customerId }): [string, string] => [id, customerId])
      const numbers = await askAccounts(ctx, ledger, (one) => one.beginRevenue(sent))
      return its.map((row, index): [string, Begun] => {
        const [number, settled] = numbers[index] ?? [0, 0]
        const since = (sinceOf.get(row.id) ?? []).map((one) => one.since ?? FOR_EVER)
        return [row.id, { ...row, ledger, number, settled, from: Math.min(settled, ...since) }]
      })
    }),
  )
  return new Map(begun.flat())
}

const hoursOf = ({ start, end }: Pick<BegunCycle, 'start' | 'end'>): number => (end - start) / HOUR

/** The cycles of accounts that are reckoned now, the earliest of each first, and the accounts that have more. */
const chooseCycles = (all: readonly BegunCycle[]): { chosen: BegunCycle[]; cut: ReadonlySet<string> } => {
  const chosen: BegunCycle[] = []
  const cut = new Set<string>()
  let hours = 0
  for (const cycle of all) {
    if (cut.has(cycle.accountId)) continue
    hours += hoursOf(cycle)
    if (hours > MOST_HOURS && chosen.length) cut.add(cycle.accountId)
    else chosen.push(cycle)
  }
  return { chosen, cut }
}

const kindOf = (kind: RevenueKind): number => REVENUE_KINDS.indexOf(kind)

const hourOf = (instant: number): number => instant - (instant % HOUR)

/** What is kept of a cycle: what it earns by hour, and what it comes to. An item without a name says that there is a cycle. */
const rowsOf = ({ cycle, entries, billableIds }: EarnedCycle, usage: UsageOfCycle | undefined): RevenueRow[] => {
  const { start, end, currency } = cycle
  const row = (kind: RevenueKind, at: number, billable: string, amount: string, isLast: 0 | 1 = 0): RevenueRow => [
    kindOf(kind),
    hourOf(at),
    isLast,
    billable,
    currency,
    amount,
  ]
  const used = [...(usage ?? [])].map(([meterId, parts]) => [meterId, sumDecimals(parts.map(({ units }) => units))] as const)
  return [
    ...entries.map(({ billableId, at, amount }) => row('REVENUE', at ?? end - 1, billableId, amount, at === undefined ? 1 : 0)),
    ...entries.map(({ billableId, amount }) => row('REVENUE_FOR_CYCLE', start, billableId, amount)),
    ...['', ...billableIds].map((billableId) => row('REVENUE_FOR_CYCLE', start, billableId, '0')),
    ...used.map(([meterId, units]) => row('USAGE_FOR_CYCLE', start, meterId, units)),
    row('USAGE_FOR_CYCLE', start, '', '0'),
  ]
}

/** What is written of an account: which days, and until when it is settled then. */
const reckonedOf = (
  { id, number, from, settled }: Begun,
  cycles: readonly BegunCycle[],
  rows: readonly RevenueRow[],
  isCut: boolean,
): Reckoned => {
  const frozen = cycles.findIndex(({ isFrozen }) => !isFrozen)
  const last = cycles[(frozen < 0 ? cycles.length : frozen) - 1]
  const until = isCut ? (cycles.at(-1)?.end ?? from) : FOR_EVER
  return { account: id, number, from, until, settled: Math.max(settled, last?.end ?? settled), rows }
}

const hoursIn = ({ cycle: { start, end } }: BegunCycle): number[] => {
  const [from, until] = [instantOf(start), instantOf(end)]
  return Array.from({ length: (until - from) / HOUR + 1 }, (_, index) => from + index * HOUR)
}

/**
 * Reckons what accounts earn and keeps it, so that it is added up over all accounts without being reckoned again. Gives the accounts that
 * have more cycles than are reckoned at once.
 */
export const keepRevenue = async (
  ctx: Ctx,
  generations: readonly KindedGeneration[],
  accounts: readonly AccountToKeep[],
): Promise<ReadonlySet<string>> => {
  if (!accounts.length) return new Set()
  if (!generations.some(({ kind }) => kind === 'ACCOUNT')) throw new Error('The organization has no ledgers of accounts')
  const begun = await beginReckonings(ctx, generations, accounts)
  const found = await readBegunCycles(ctx, [...begun.keys()], {
    until: ctx.now + 1,
    isWanted: (_, end, accountId) => end > (begun.get(accountId)?.from ?? 0),
  })
  const { chosen, cut } = chooseCycles(found.cycles)
  const [earned, usages] = await Promise.all([
    reckonCycles(ctx, generations, { ...found, cycles: chosen }, hoursIn),
    readUsageOfCycles(
      ctx,
      generations,
      chosen.map((cycle) => ({ cycle, cuts: [cycle.start, cycle.end] })),
    ),
  ])
  const rows = Map.groupBy(
    earned.map((one, index) => ({ accountId: one.cycle.accountId, cycle: one.cycle, rows: rowsOf(one, usages[index]) })),
    ({ accountId }) => accountId,
  )
  const reckoned = [...begun.values()].map((one) => {
    const its = rows.get(one.id) ?? []
    const cycles = its.map(({ cycle }) => cycle)
    return {
      ledger: one.ledger,
      reckoned: reckonedOf(
        one,
        cycles,
        its.flatMap((each) => each.rows),
        cut.has(one.id),
      ),
    }
  })
  const byLedger = Map.groupBy(reckoned, ({ ledger }) => ledger)
  await Promise.all(
    [...byLedger].map(([ledger, its]) => askAccounts(ctx, ledger, (one) => one.writeRevenue(its.map((each) => each.reckoned)))),
  )
  return cut
}

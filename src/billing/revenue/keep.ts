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
import { type BegunCycle, type FoundCycles, readBegunCycles } from './cycles.ts'
import { type EarnedCycle, reckonCycles } from './reckon.ts'
import { type UsageOfCycle, groupBySize, readUsageOfCycles } from './usage.ts'

const HOUR = 3_600_000

/** Until when days are reckoned, in milliseconds: no cycle begins after that. */
const FOR_EVER = Number.MAX_SAFE_INTEGER

/** The hours of cycles that are reckoned together, which limits the memory that they take; an account that has more of them goes on the next time. */
const HOURS_AT_ONCE = 40_000

/** An account to be reckoned: all that can still change, or the cycle that begins at an instant (milliseconds), if nothing of that can. */
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
  /** Whether only the first cycle from then on is reckoned. */
  isOne: boolean
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
  const sinceOf = new Map(accounts.map(({ accountId, since = FOR_EVER }) => [accountId, since]))
  const begun = await Promise.all(
    [...byLedger].map(async ([ledger, its]) => {
      const sent = its.map(({ id, customerId }): [string, string] => [id, customerId])
      const numbers = await askAccounts(ctx, ledger, (one) => one.beginRevenue(sent))
      return its.map((row, index): [string, Begun] => {
        const [number, settled] = numbers[index] ?? [0, 0]
        const since = sinceOf.get(row.id) ?? FOR_EVER
        return [row.id, { ...row, ledger, number, settled, from: Math.min(settled, since), isOne: since < settled }]
      })
    }),
  )
  return new Map(begun.flat())
}

const hoursOf = ({ start, end }: Pick<BegunCycle, 'start' | 'end'>): number => (end - start) / HOUR

/** The cycles of an account that are reckoned now, the earliest first, and whether it has more. */
interface ChosenAccount {
  begun: Begun
  cycles: readonly BegunCycle[]
  isCut: boolean
}

const chooseCycles = (begun: Begun, all: readonly BegunCycle[]): ChosenAccount => {
  const [cycles = []] = groupBySize(begun.isOne ? all.slice(0, 1) : all, hoursOf, HOURS_AT_ONCE)
  return { begun, cycles, isCut: !begun.isOne && cycles.length < all.length }
}

const hoursOfAll = ({ cycles }: ChosenAccount): number => cycles.reduce((sum, cycle) => sum + hoursOf(cycle), 0)

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
const reckonedOf = ({ begun, cycles, isCut }: ChosenAccount, rows: readonly RevenueRow[]): Reckoned => {
  const { id, number, from, settled, isOne } = begun
  const frozen = cycles.findIndex(({ isFrozen }) => !isFrozen)
  const last = cycles[(frozen < 0 ? cycles.length : frozen) - 1]
  const until = isCut || isOne ? (cycles.at(-1)?.end ?? from) : FOR_EVER
  return { account: id, number, from, until, settled: Math.max(settled, last?.end ?? settled), rows }
}

/** Reckons accounts together, and keeps what they earn where each is kept. */
const keepTogether = async (
  ctx: Ctx,
  generations: readonly KindedGeneration[],
  parts: FoundCycles['parts'],
  accounts: readonly ChosenAccount[],
): Promise<void> => {
  const cycles = accounts.flatMap((one) => one.cycles)
  const earned = await reckonCycles(ctx, generations, { cycles, parts })
  const usages = await readUsageOfCycles(
    ctx,
    generations,
    cycles.map((cycle) => ({ cycle, cuts: [cycle.start, cycle.end] })),
  )
  const rows = new Map(earned.map((one, index) => [one.cycle, rowsOf(one, usages[index])]))
  const byLedger = Map.groupBy(accounts, ({ begun }) => begun.ledger)
  await Promise.all(
    [...byLedger].map(([ledger, its]) => {
      const reckoned = its.map((one) =>
        reckonedOf(
          one,
          one.cycles.flatMap((cycle) => rows.get(cycle) ?? []),
        ),
      )
      return askAccounts(ctx, ledger, (one) => one.writeRevenue(reckoned))
    }),
  )
}

/** Reckons accounts, each of them once. */
const keepOnce = async (
  ctx: Ctx,
  generations: readonly KindedGeneration[],
  accounts: readonly AccountToKeep[],
): Promise<ReadonlySet<string>> => {
  const begun = await beginReckonings(ctx, generations, accounts)
  const { cycles, parts } = await readBegunCycles(ctx, [...begun.keys()], {
    until: ctx.now + 1,
    isWanted: (_, end, accountId) => end > (begun.get(accountId)?.from ?? 0),
  })
  const byAccount = Map.groupBy(cycles, ({ accountId }) => accountId)
  const chosen = [...begun].map(([id, one]) => chooseCycles(one, byAccount.get(id) ?? []))
  for (const some of groupBySize(chosen, hoursOfAll, HOURS_AT_ONCE)) await keepTogether(ctx, generations, parts, some)
  return new Set(chosen.flatMap(({ begun: { id }, isCut }) => (isCut ? [id] : [])))
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
  const byAccount = [...Map.groupBy(accounts, ({ accountId }) => accountId).values()].map((its) => [
    ...its.filter(({ since }) => since === undefined).slice(0, 1),
    ...its.filter(({ since }) => since !== undefined),
  ])
  const cut = new Set<string>()
  for (let turn = 0; byAccount.some((its) => its.length > turn); turn++)
    for (const id of await keepOnce(
      ctx,
      generations,
      byAccount.flatMap((its) => its[turn] ?? []),
    ))
      cut.add(id)
  return cut
}

import { sql } from 'drizzle-orm'
import { readCreditsLeft } from '../../billing/credits/service.ts'
import { readUsageOfCycles } from '../../billing/revenue/service.ts'
import { cycleOn, readTimelineRowsOfMany, selectTimelines } from '../../catalogue/schedules/service.ts'
import type { Ctx } from '../../db/context.ts'
import { selectRows } from '../../db/statements.ts'
import { type BalanceAt, askAccounts, ledgerOfAccount } from '../../ledger/client.ts'
import { sumDecimals } from '../../lib/decimal.ts'
import { dayOf, instantOf } from '../../rating/cycle.ts'
import type { Observed } from '../alert_templates/templates.ts'
import type { AskedAccount, Finding, ObservedAccount, Observing } from './finding.ts'

/** What is found of an account. Undefined if there is nothing to observe. */
type Measure = (ctx: Ctx, observing: Observing, asked: readonly AskedAccount[]) => Promise<(Finding | undefined)[]>

/** What accounts have used of usage meters in their present pricing cycles: nothing without a plan. Each ledger is asked once. */
const measureUsage: Measure = async (ctx, { generations, at }, asked) => {
  const ids = [...new Set(asked.map(({ account }) => account.id))]
  const timelines = readTimelineRowsOfMany(await ctx.session.batch(selectTimelines(ctx.organizationId, ids)))
  const places = asked.map(({ account, entityId }) => {
    const cycle = cycleOn(timelines.get(account.id)?.active ?? [], dayOf(at))?.cycle
    return { accountId: account.id, meterIds: [entityId], cuts: cycle && [instantOf(cycle.start), instantOf(cycle.end)] }
  })
  const used = await readUsageOfCycles(
    ctx,
    generations,
    places.map(({ accountId, meterIds, cuts }) => ({ cycle: { accountId }, cuts: cuts ?? [], meterIds: cuts ? meterIds : [] })),
  )
  return places.map(({ cuts }, index): Finding => {
    const parts = [...(used[index]?.values() ?? [])].flat()
    const [from, until] = cuts ?? []
    return { value: sumDecimals(parts.map(({ units }) => units)), from, until, cycleEnd: until }
  })
}

/** What accounts have left of the credits of features. Those that are archived can use none. Each ledger is asked once. */
const measureFeatures: Measure = async (ctx, { generations, at }, asked) => {
  const own = generations.filter(({ kind }) => kind === 'ACCOUNT')
  const places = asked.map(({ account, entityId }, index) => ({
    index,
    account,
    entityId,
    ledger: ledgerOfAccount(ctx.organizationId, own, account),
  }))
  const found: (BalanceAt | null)[] = asked.map(() => null)
  await Promise.all(
    Array.from(
      Map.groupBy(
        places.filter(({ account }) => !account.isArchived),
        ({ ledger }) => ledger,
      ),
      async ([name, its]) => {
        const balances = await askAccounts(ctx, name, (ledger) =>
          ledger.readBalancesOf(
            its.map(({ account, entityId }) => [account.id, entityId] as const),
            at,
          ),
        )
        for (const [place, { index }] of its.entries()) found[index] = balances[place] ?? null
      },
    ),
  )
  return found.map((its) => its && { value: its.balance, changesAt: its.changesAt ?? undefined }).map((its) => its ?? undefined)
}

/** What accounts have left of their credits, in the currencies of their invoices. */
const measureCredits: Measure = async (ctx, { at }, asked) => {
  const own = asked.filter(({ account }) => !account.isArchived)
  const left = await readCreditsLeft(
    ctx,
    own.map(({ account }) => account.id),
    at,
  )
  return asked.map(({ account }): Finding | undefined => {
    const its = left.get(account.id)
    return its && { value: its.available, currency: account.currency, changesAt: its.changesAt ?? undefined }
  })
}

/** What is observed of each account by itself. */
export const MEASURES: Partial<Record<Observed, Measure>> = {
  USAGE: measureUsage,
  FEATURE_BALANCE: measureFeatures,
  CREDIT_BALANCE: measureCredits,
}

type AccountRow = Omit<ObservedAccount, 'isArchived'> & { isArchived: 0 | 1 }

const readRows = (rows: readonly AccountRow[]): ObservedAccount[] => rows.map((row) => ({ ...row, isArchived: row.isArchived === 1 }))

const read = sql`its.id, its.created_at as createdAt, its.invoice_currency as currency, its.status = 'ARCHIVED' as isArchived`

/** Reads accounts by their ids. */
export const readAccounts = async ({ organizationId, session }: Ctx, ids: readonly string[]): Promise<Map<string, ObservedAccount>> => {
  if (!ids.length) return new Map()
  const rows = await session.rows<AccountRow>(
    selectRows(sql`
      select ${read} from json_each(${JSON.stringify(ids)}) as sent
      cross join accounts as its on its.organization_id = ${organizationId} and its.id = sent.value`),
  )
  return new Map(readRows(rows).map((row) => [row.id, row]))
}

/** Reads the next accounts behind an id that can have something to observe: of usage those that have or had a price plan. */
export const readNextAccounts = async (
  { organizationId, session }: Ctx,
  observed: Observed,
  after: string,
  limit: number,
): Promise<ObservedAccount[]> =>
  readRows(
    await session.rows<AccountRow>(
      observed === 'USAGE'
        ? selectRows(sql`
            select ${read} from timelines as planned
            cross join accounts as its on its.organization_id = planned.organization_id and its.id = planned.account_id
            where planned.organization_id = ${organizationId} and planned.account_id > ${after} order by planned.account_id limit ${limit}`)
        : selectRows(sql`
            select ${read} from accounts as its where its.organization_id = ${organizationId} and its.id > ${after} order by its.id limit ${limit}`),
    ),
  )

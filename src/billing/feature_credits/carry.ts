import { sql } from 'drizzle-orm'
import { commit } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { type Due, type StepResult, settleAllDue } from '../../db/due.ts'
import { selectRows } from '../../db/statements.ts'
import {
  type AccountGrants,
  type FeatureGrant,
  type KindedGeneration,
  askAccounts,
  ledgerOfAccount,
  selectGenerations,
} from '../../ledger/client.ts'
import { recallWithLedgers } from '../../events/ingestion/service.ts'
import { draftCarriedPurchases } from '../purchases/carried.ts'
import { finishAsked } from './ask.ts'
import { readEntryRows, selectEntriesToCarry } from './queries.ts'
import type { FeatureEntryRow } from './table.ts'

/** The most entries that are carried in one commit. */
const MOST = 500

const grantOf = ({ featureId, id, source, effectiveFrom, effectiveUntil, granted, status, version }: FeatureEntryRow): FeatureGrant => ({
  feature: featureId,
  id,
  source,
  from: effectiveFrom,
  until: effectiveUntil,
  granted,
  isVoid: status === 'VOIDED',
  version,
})

/** An account whose entries are carried: its ledger is that of the time at which it was made. */
interface CarriedAccount {
  id: string
  createdAt: number
  /** The first instant of the last cycle that has begun, and of the first one that is not billed, in milliseconds. */
  begunAt: number | null
  openAt: number | null
}

/**
 * The query for the accounts, with their pricing cycles.
 *
 *     select its.id, …, (select max(start_at) from invoices where …), (select min(start_at) from invoices where … and status = 'DRAFT') from json_each(?) as sent …
 *
 * The condition with both types is that of the index in which they are found.
 */
const selectAccounts = ({ organizationId, now }: Pick<Ctx, 'organizationId' | 'now'>, accountIds: readonly string[]) => {
  const cycle = sql`from invoices as cycle where cycle.organization_id = its.organization_id and cycle.account_id = its.id
    and cycle.invoice_type = 'STANDARD' and cycle.invoice_type in ('STANDARD', 'STANDARD_ADVANCED') and cycle.status <> 'GONE'`
  return selectRows(sql`
    select its.id, its.created_at as createdAt, (select max(cycle.start_at) ${cycle} and cycle.start_at <= ${now}) as begunAt,
      (select min(cycle.start_at) ${cycle} and cycle.status = 'DRAFT') as openAt
    from json_each(${JSON.stringify(accountIds)}) as sent
    cross join accounts as its on its.organization_id = ${organizationId} and its.id = sent.value`)
}

const groupByLedger = (
  { organizationId }: Pick<Ctx, 'organizationId'>,
  generations: readonly KindedGeneration[],
  accounts: readonly CarriedAccount[],
): Map<string, CarriedAccount[]> => {
  const own = generations.filter(({ kind }) => kind === 'ACCOUNT')
  return Map.groupBy(accounts, (account) => ledgerOfAccount(organizationId, own, account))
}

/** The statement that keeps which versions of entries their ledgers have. */
const keepCarried = ({ organizationId }: Pick<Ctx, 'organizationId'>, rows: readonly FeatureEntryRow[]) => {
  const sent = JSON.stringify(rows.map(({ accountId, featureId, id, version }) => [accountId, featureId, id, version]))
  return selectRows(sql`
    update feature_entries set carried = max(carried, sent.value ->> 3) from json_each(${sent}) as sent
    where feature_entries.organization_id = ${organizationId} and feature_entries.account_id = sent.value ->> 0
      and feature_entries.feature_id = sent.value ->> 1 and feature_entries.id = sent.value ->> 2`)
}

/** Carries what has been granted to accounts into their ledgers, which then know that their pricing cycles have begun, and finishes changes that people have asked for. */
export const carryEntriesOfAccounts = async (ctx: Ctx, rows: readonly Due[]): Promise<StepResult> => {
  const accountIds = rows.map(({ subject }) => subject)
  const read = () =>
    ctx.session.batch([
      selectAccounts(ctx, accountIds),
      selectEntriesToCarry(ctx, accountIds, MOST + 1),
      selectGenerations(ctx.organizationId),
    ])
  let [found, asked, generations] = await read()
  if (!generations?.results.length) {
    await recallWithLedgers(ctx)
    ;[found, asked, generations] = await read()
  }
  const accounts = (found?.results ?? []) as CarriedAccount[]
  const entries = readEntryRows(asked?.results)
  const carried = entries.filter(({ carried: its, version, asked: change }) => its < version && !change).slice(0, MOST)
  const all = (generations?.results ?? []) as KindedGeneration[]
  const entriesOf = Map.groupBy(carried, ({ accountId }) => accountId)
  const isUnfinished = entries.length > MOST
  await Promise.all(
    Array.from(groupByLedger(ctx, all, accounts), ([name, its]) => {
      const grants = its.map(({ id, begunAt, openAt }): AccountGrants => ({
        account: id,
        grants: (entriesOf.get(id) ?? []).map(grantOf),
        begunAt: isUnfinished ? null : begunAt,
        settledUntil: openAt ?? 0,
      }))
      return askAccounts(ctx, name, (ledger) => ledger.putGrants(grants, ctx.now))
    }),
  )
  for (const row of entries) await finishAsked(ctx, row)
  const purchases = await draftCarriedPurchases(ctx, carried)
  await commit(ctx, {
    statements: [
      ...(isUnfinished
        ? []
        : settleAllDue(
            ctx,
            rows.map((row) => ({ row })),
          )),
      ...(carried.length ? [keepCarried(ctx, carried)] : []),
      ...purchases.statements,
    ],
    changes: purchases.changes,
    answer: {},
  })
  return { isUnfinished }
}

/** Carries what has been granted to an account into its ledger. */
export const carryEntries = (ctx: Ctx, row: Due): Promise<StepResult> => carryEntriesOfAccounts(ctx, [row])

import { sql } from 'drizzle-orm'
import { commit } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { type Due, type StepResult, settleAllDue } from '../../db/due.ts'
import { selectRows } from '../../db/statements.ts'
import { type AccountEntry, askAccounts } from '../../ledger/client.ts'
import { instantOf, readDay } from '../../rating/cycle.ts'
import { findLedgers } from './ask.ts'
import { readEntryRows, selectEntriesOfAccounts } from './queries.ts'
import type { FeatureEntryRow } from './table.ts'
import { draftNewEntries, dueOfEntries, newEntry, recordEntry } from './write.ts'

/** How many entries a ledger is asked for at once. */
const MOST = 2000

/** Reads all entries that a ledger has of accounts. */
const readLedger = async (ctx: Ctx, name: string, accountIds: readonly string[]): Promise<AccountEntry[]> => {
  const all: AccountEntry[] = []
  for (;;) {
    const last = all.at(-1)
    const found = await askAccounts(ctx, name, (ledger) =>
      ledger.listEntriesOfAccounts(accountIds, last && [last.account, last.feature, last.id], MOST),
    )
    all.push(...found)
    if (found.length < MOST) return all
  }
}

/** What an entry that a cycle or a purchase has granted says of that in its id. */
const originOf = ({ id, source }: AccountEntry): Pick<FeatureEntryRow, 'cycleAt' | 'purchaseId'> => {
  const [granter = '', rest = ''] = id.split('#')
  const date = /^\d{4}-\d\d-\d\d(?=\$)/.exec(rest)?.[0]
  return {
    cycleAt: source !== 'REFUND' && date !== undefined ? instantOf(readDay(date)) : null,
    purchaseId: source === 'ENTITLEMENT' ? granter : null,
  }
}

/** The row of an entry as its ledger has it. */
const rowOf = (ctx: Ctx, entry: AccountEntry): FeatureEntryRow => ({
  ...newEntry(ctx, {
    accountId: entry.account,
    featureId: entry.feature,
    id: entry.id,
    source: entry.source as FeatureEntryRow['source'],
    effectiveFrom: entry.from,
    effectiveUntil: entry.until,
    granted: entry.granted,
  }),
  ...originOf(entry),
  status: entry.isVoid ? 'VOIDED' : 'ACTIVE',
  carried: entry.version,
  version: entry.version,
})

const keyOf = ({ accountId, featureId, id }: Pick<FeatureEntryRow, 'accountId' | 'featureId' | 'id'>): string =>
  JSON.stringify([accountId, featureId, id])

/** The statement that writes rows as their ledgers have them. */
const writeRows = ({ organizationId, now }: Pick<Ctx, 'organizationId' | 'now'>, rows: readonly FeatureEntryRow[]) => {
  const sent = JSON.stringify(
    rows.map((row) => [row.accountId, row.featureId, row.id, row.granted, row.effectiveUntil, row.status, row.version]),
  )
  return selectRows(sql`
    update feature_entries set granted = sent.value ->> 3, effective_until = sent.value ->> 4, status = sent.value ->> 5,
      version = sent.value ->> 6, carried = sent.value ->> 6, asked = null, updated_at = ${now}
    from json_each(${sent}) as sent
    where feature_entries.organization_id = ${organizationId} and feature_entries.account_id = sent.value ->> 0
      and feature_entries.feature_id = sent.value ->> 1 and feature_entries.id = sent.value ->> 2`)
}

/** The statement that keeps which versions of rows their ledgers have, where that is less than was carried into them. */
const writeCarried = ({ organizationId }: Pick<Ctx, 'organizationId'>, rows: readonly FeatureEntryRow[]) => {
  const sent = JSON.stringify(rows.map(({ accountId, featureId, id, carried }) => [accountId, featureId, id, carried]))
  return selectRows(sql`
    update feature_entries set carried = sent.value ->> 3 from json_each(${sent}) as sent
    where feature_entries.organization_id = ${organizationId} and feature_entries.account_id = sent.value ->> 0
      and feature_entries.feature_id = sent.value ->> 1 and feature_entries.id = sent.value ->> 2`)
}

/** What differs between the rows of accounts and what their ledgers have of them. */
const compareEntries = (ctx: Ctx, rows: readonly FeatureEntryRow[], entries: readonly AccountEntry[]) => {
  const kept = new Map(rows.map((row) => [keyOf(row), row]))
  const found = new Map(entries.map((entry) => [keyOf({ ...entry, accountId: entry.account, featureId: entry.feature }), entry]))
  const missing = [...found].flatMap(([key, entry]) => (kept.has(key) || entry.source === 'REFUND' ? [] : [rowOf(ctx, entry)]))
  const behind = [...kept].flatMap(([key, before]) => {
    const entry = found.get(key)
    if (!entry || entry.version <= before.version) return []
    const { granted, effectiveUntil, status, version, carried } = rowOf(ctx, entry)
    return [{ before, after: { ...before, granted, effectiveUntil, status, version, carried } }]
  })
  const uncarried = [...kept].flatMap(([key, row]): FeatureEntryRow[] => {
    const version = found.get(key)?.version ?? 0
    return version < row.carried ? [{ ...row, carried: version }] : []
  })
  return { missing, behind, uncarried }
}

/**
 * Makes what is known of the credits of features of accounts agree with their ledgers, after one of both was restored to an earlier time:
 * what is granted in a ledger gets its row back, if its feature is there, changes that only the ledger has are taken over, and what the ledger lacks is carried again.
 */
export const restoreEntriesOfAccounts = async (ctx: Ctx, due: readonly Due[]): Promise<StepResult> => {
  const accountIds = due.map(({ subject }) => subject)
  const ledgers = await findLedgers(ctx, accountIds)
  const byLedger = Map.groupBy(ledgers.keys(), (id) => ledgers.get(id) ?? '')
  const entries = (await Promise.all(Array.from(byLedger, ([name, its]) => readLedger(ctx, name, its)))).flat()
  const [kept, features] = await ctx.session.batch([
    selectEntriesOfAccounts(ctx, accountIds),
    selectRows(sql`
      select id from features
      where organization_id = ${ctx.organizationId} and id in (select value from json_each(${JSON.stringify([...new Set(entries.map(({ feature }) => feature))])}))`),
  ])
  const known = new Set(((features?.results ?? []) as { id: string }[]).map(({ id }) => id))
  const { missing, behind, uncarried } = compareEntries(
    ctx,
    readEntryRows(kept?.results),
    entries.filter(({ feature }) => known.has(feature)),
  )
  const made = draftNewEntries(ctx, missing)
  await commit(ctx, {
    statements: [
      ...settleAllDue(
        ctx,
        due.map((row) => ({ row })),
      ),
      ...made.statements,
      ...(behind.length
        ? [
            writeRows(
              ctx,
              behind.map(({ after }) => after),
            ),
          ]
        : []),
      ...(uncarried.length ? [writeCarried(ctx, uncarried)] : []),
    ],
    changes: [...made.changes, ...behind.map(({ before, after }) => recordEntry(before, after))],
    answer: {},
    due: dueOfEntries(ctx, uncarried),
  })
  return {}
}

/** Makes what is known of the credits of features of an account agree with its ledger. */
export const restoreEntries = (ctx: Ctx, row: Due): Promise<StepResult> => restoreEntriesOfAccounts(ctx, [row])

import { and, eq, sql } from 'drizzle-orm'
import type { Statement } from '../../db/client.ts'
import { type Change, commit } from '../../db/commit.ts'
import { STALE, refuseWhen } from '../../db/conflicts.ts'
import type { Ctx } from '../../db/context.ts'
import { builder, selectRows } from '../../db/statements.ts'
import { type GrantChanged, type KindedGeneration, askAccounts, ledgerOfAccount, selectGenerations } from '../../ledger/client.ts'
import { type AskedChange, type FeatureEntryRow, featureEntries } from './table.ts'
import { recordEntry } from './write.ts'

/** The name of the ledger of an account. Undefined if there is no such account. */
export const findLedger = async (ctx: Ctx, accountId: string): Promise<string | undefined> => {
  const [account, generations] = await ctx.session.batch([
    selectRows(sql`select created_at as createdAt from accounts where organization_id = ${ctx.organizationId} and id = ${accountId}`),
    selectGenerations(ctx.organizationId),
  ])
  const [found] = (account?.results ?? []) as { createdAt: number }[]
  const own = ((generations?.results ?? []) as KindedGeneration[]).filter(({ kind }) => kind === 'ACCOUNT')
  return found && ledgerOfAccount(ctx.organizationId, own, { id: accountId, ...found })
}

/** The entry as it is when it has been changed as asked: asking has given it the next version. */
const appliedOf = (row: FeatureEntryRow, { granted, effectiveUntil, isVoided, at }: AskedChange): FeatureEntryRow => ({
  ...row,
  granted: granted ?? row.granted,
  effectiveUntil: effectiveUntil ?? row.effectiveUntil,
  status: isVoided ? 'VOIDED' : row.status,
  asked: null,
  carried: row.version,
  updatedAt: at,
})

const isRow = (row: FeatureEntryRow) =>
  and(
    eq(featureEntries.organizationId, row.organizationId),
    eq(featureEntries.accountId, row.accountId),
    eq(featureEntries.featureId, row.featureId),
    eq(featureEntries.id, row.id),
  )

const updateEntry = (row: FeatureEntryRow, set: Partial<FeatureEntryRow>): Statement =>
  builder.update(featureEntries).set(set).where(isRow(row))

/** Keeps what a person wants of an entry, before its ledger is asked. It is STALE if the entry was changed meanwhile. */
export const draftAsk = (row: FeatureEntryRow, asked: AskedChange): { after: FeatureEntryRow; statements: Statement[] } => {
  const after = { ...row, asked, version: row.version + 1 }
  return { after, statements: [updateEntry(row, { asked, version: after.version })] }
}

/** What the ledger says of a change that was asked for, and the write that follows from it. */
export interface AnsweredAsk {
  changed: GrantChanged
  after: FeatureEntryRow
  statements: Statement[]
  changes: Change[]
}

/**
 * Asks the ledger of its account for the change of an entry that a person has asked for. The same change is made once, whoever asks again,
 * and the write is STALE if that has been answered, or something else has become of the entry.
 */
export const askLedger = async (ctx: Ctx, row: FeatureEntryRow, asked: AskedChange): Promise<AnsweredAsk> => {
  const ledger = await findLedger(ctx, row.accountId)
  const after = appliedOf(row, asked)
  const { accountId: account, featureId: feature, id, effectiveUntil: until, granted, status, version } = after
  const changed: GrantChanged = ledger
    ? await askAccounts(ctx, ledger, (its) =>
        its.changeGrant({ account, feature, id, until, granted, isVoid: status === 'VOIDED', version }, asked.at),
      )
    : { outcome: 'ABSENT' }
  const isDone = changed.outcome === 'DONE'
  const { updatedAt, carried } = after
  return {
    changed,
    after: isDone ? after : { ...row, asked: null },
    statements: [
      refuseWhen(
        'STALE',
        sql`select '[]' where not exists (
          select 1 from ${featureEntries} where ${isRow(row)} and ${featureEntries.version} = ${version} and ${featureEntries.asked} is not null
        )`,
      ),
      updateEntry(row, isDone ? { granted, effectiveUntil: until, status, carried, updatedAt, asked: null } : { asked: null }),
    ],
    changes: isDone ? [recordEntry(row, after)] : [],
  }
}

/** Finishes the change of an entry that a person has asked for and whose request has died. */
export const finishAsked = async (ctx: Ctx, row: FeatureEntryRow): Promise<void> => {
  if (!row.asked) return
  const { write: _write, ...own } = ctx
  const { actor, role } = row.asked
  const { statements, changes } = await askLedger(ctx, row, row.asked)
  try {
    await commit(
      { ...own, conditions: { match: undefined, noneMatch: undefined }, actor, role: role as Ctx['role'] },
      { statements, changes, answer: {} },
    )
  } catch (error) {
    if (error !== STALE) throw error
  }
}

import { sql } from 'drizzle-orm'
import type { Statement } from '../../db/client.ts'
import type { Change, Draft } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { type Due, FEATURE_CREDITS } from '../../db/due.ts'
import { builder, insertInto, selectRows } from '../../db/statements.ts'
import { differences } from '../../lib/changes.ts'
import { iso } from '../../lib/time.ts'
import { type FeatureEntryRow, featureEntries } from './table.ts'

const insertEntries = insertInto(featureEntries)

/** The statement that keeps an entry that a ledger has made, unless another request has done that: then its change is STALE. */
export const insertEntry = (row: FeatureEntryRow): Statement => builder.insert(featureEntries).values(row).onConflictDoNothing()

/** What is recorded of an entry. */
const recorded = ({ accountId, featureId, source, status, granted, effectiveFrom, effectiveUntil, purchaseId }: FeatureEntryRow) => ({
  accountId,
  featureId,
  source,
  status,
  granted,
  effectiveFrom: iso(effectiveFrom),
  effectiveUntil: iso(effectiveUntil),
  purchaseId,
})

/** The change of an entry, whose id is that of the feature and its own, since entries of several features have the same. */
export const recordEntry = (before: FeatureEntryRow | undefined, after: FeatureEntryRow): Change => ({
  type: 'FEATURE_CREDIT_ENTRY',
  id: `${after.featureId} ${after.id}`,
  fields: differences(before && recorded(before), recorded(after)),
})

type GivenEntry = Pick<FeatureEntryRow, 'accountId' | 'featureId' | 'id' | 'source' | 'effectiveFrom' | 'effectiveUntil' | 'granted'> &
  Partial<FeatureEntryRow>

export const newEntry = ({ organizationId, now }: Pick<Ctx, 'organizationId' | 'now'>, given: GivenEntry): FeatureEntryRow => ({
  organizationId,
  status: 'ACTIVE',
  cycleAt: null,
  purchaseId: null,
  asked: null,
  carried: 0,
  createdAt: now,
  updatedAt: now,
  version: 1,
  ...given,
})

/** The due work that carries entries into the ledgers of their accounts. */
export const dueOfEntries = ({ now }: Pick<Ctx, 'now'>, rows: readonly Pick<FeatureEntryRow, 'accountId'>[]): Due[] =>
  [...new Set(rows.map(({ accountId }) => accountId))].map((subject) => ({ kind: FEATURE_CREDITS, subject, dueAt: now }))

type Write = Required<Pick<Draft<object>, 'statements' | 'changes' | 'due'>>

/** Drafts that credits of features are granted. They can be taken as soon as the due work has been done. */
export const draftNewEntries = (ctx: Pick<Ctx, 'organizationId' | 'now'>, rows: readonly FeatureEntryRow[]): Write => ({
  statements: rows.length ? [insertEntries(rows)] : [],
  changes: rows.map((row) => recordEntry(undefined, row)),
  due: dueOfEntries(ctx, rows),
})

/** An entry with another end, number of units or status. */
export interface ChangedEntry {
  before: FeatureEntryRow
  after: FeatureEntryRow
}

export const changeEntry = (
  { now }: Pick<Ctx, 'now'>,
  before: FeatureEntryRow,
  set: Partial<Pick<FeatureEntryRow, 'granted' | 'effectiveUntil' | 'status'>>,
): ChangedEntry => ({ before, after: { ...before, ...set, updatedAt: now, version: before.version + 1 } })

/** Drafts changes of entries. It is STALE if one of them was changed meanwhile. */
const draftChangedEntries = (ctx: Pick<Ctx, 'organizationId' | 'now'>, changed: readonly ChangedEntry[]): Write => {
  const rows = changed.map(({ after }) => after)
  const sent = JSON.stringify(
    rows.map(({ accountId, featureId, id, granted, effectiveUntil, status, version }) => [
      accountId,
      featureId,
      id,
      granted,
      effectiveUntil,
      status,
      version,
    ]),
  )
  return {
    statements: rows.length
      ? [
          selectRows(sql`
            update feature_entries set granted = sent.value ->> 3, effective_until = sent.value ->> 4, status = sent.value ->> 5,
              asked = null, version = sent.value ->> 6, updated_at = ${ctx.now}
            from json_each(${sent}) as sent
            where feature_entries.organization_id = ${ctx.organizationId} and feature_entries.account_id = sent.value ->> 0
              and feature_entries.feature_id = sent.value ->> 1 and feature_entries.id = sent.value ->> 2`),
        ]
      : [],
    changes: changed.map(({ before, after }) => recordEntry(before, after)),
    due: dueOfEntries(ctx, rows),
  }
}

/** Drafts what becomes of entries. The due work that carries them is not in it, but in `dueOfEntries`. */
export const draftEntries = (
  ctx: Pick<Ctx, 'organizationId' | 'now'>,
  { given, changed }: { given: readonly FeatureEntryRow[]; changed: readonly ChangedEntry[] },
): Pick<Write, 'statements' | 'changes'> => {
  const [made, updated] = [draftNewEntries(ctx, given), draftChangedEntries(ctx, changed)]
  return { statements: [...made.statements, ...updated.statements], changes: [...made.changes, ...updated.changes] }
}

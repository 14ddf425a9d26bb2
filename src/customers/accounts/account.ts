import { and, eq, sql } from 'drizzle-orm'
import type { Change, Draft } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import type { Due } from '../../db/due.ts'
import { builder, selectRows } from '../../db/statements.ts'
import { differences } from '../../lib/changes.ts'
import { tagOf } from '../../lib/etag.ts'
import { fold } from '../../lib/fold.ts'
import type { CreateEntitySetting } from '../settings/schema.ts'
import { type AliasRange, auditRanges, boundariesPassed } from './ranges.ts'
import type { Account } from './schema.ts'
import { accounts } from './table.ts'

export type AccountRow = typeof accounts.$inferSelect

/** The row of an account before the database has found its customer. */
export type NewAccountRow = Omit<AccountRow, 'togaiCustomerId'>

/** The parts of an account that are not in its row. */
interface AccountParts {
  aliases: readonly string[]
  settings: CreateEntitySetting[]
  invoiceGroupDetails?: Account['invoiceGroupDetails']
}

/** Shows a new account. Fields without a value are left out. */
export const showNewAccount = (
  row: NewAccountRow,
  { aliases, settings, invoiceGroupDetails }: AccountParts,
): Omit<Account, 'togaiCustomerId'> => ({
  id: row.id,
  togaiAccountId: row.togaiAccountId,
  customerId: row.customerId,
  name: row.name,
  invoiceCurrency: row.invoiceCurrency,
  status: row.status,
  ...(row.primaryEmail !== null && { primaryEmail: row.primaryEmail }),
  ...(row.address && { address: row.address }),
  ...(row.billingInformation && { billingInformation: row.billingInformation }),
  ...(row.netTermDays !== null && { netTermDays: row.netTermDays }),
  ...(row.metadata && { metadata: row.metadata }),
  ...(row.tags && { tags: row.tags }),
  aliases: aliases.map((alias) => ({ alias, status: 'ACTIVE' })),
  settings,
  ...(invoiceGroupDetails && { invoiceGroupDetails }),
})

/** Shows an account as the API does. */
export const showAccount = (row: AccountRow, parts: AccountParts): Account => ({
  ...showNewAccount(row, parts),
  togaiCustomerId: row.togaiCustomerId,
})

/** The tag of an account for its ETag: its version, and how many of its aliases have begun or ended. */
export const tagOfAccount = ({ version }: Pick<AccountRow, 'version'>, ranges: readonly AliasRange[], now: number): string =>
  tagOf(version, boundariesPassed(ranges, now))

/** The fields of an account in the audit log. */
const auditedFields = (row: NewAccountRow & Partial<Pick<AccountRow, 'togaiCustomerId'>>) => {
  const { aliases: _aliases, settings: _settings, ...shown } = showNewAccount(row, { aliases: [], settings: [] })
  const { togaiCustomerId, invoiceCurrencyGiven } = row
  return { ...shown, ...(togaiCustomerId !== undefined && { togaiCustomerId }), invoiceCurrencyGiven }
}

/** The changed aliases, before and after the change. */
type AliasesChange = readonly [before: readonly AliasRange[], after: readonly (AliasRange & { open?: boolean })[]]

/** The change of an account and its aliases, for the audit log. */
export const describeAccountChange = (
  before: AccountRow | undefined,
  after: Parameters<typeof auditedFields>[0],
  aliases?: AliasesChange,
): Change => {
  const [old, now] = aliases ?? [[], []]
  return {
    type: 'ACCOUNT',
    id: after.id,
    fields: {
      ...differences(before && auditedFields(before), auditedFields(after)),
      ...((old.length || now.length) && { accountAliases: [before ? auditRanges(old) : null, auditRanges(now)] }),
    },
  }
}

/** The columns for search. */
export const foldedOf = ({ name, primaryEmail }: { name: string; primaryEmail: string | null }) => ({
  nameFolded: fold(name),
  primaryEmailFolded: primaryEmail === null ? null : fold(primaryEmail),
})

/** The due work after an account got an id or an alias: events that wait for this name are processed. */
export const dueForNewNames = (ctx: Ctx, accountId: string): Due => ({ kind: 'NAMES_GAINED', subject: accountId, dueAt: ctx.now })

/** Drafts a change of an account that was read as `row`. Returns its new row and a draft without an answer. */
export const draftAccountChange = (ctx: Ctx, row: AccountRow, changes: Partial<AccountRow> = {}, aliases?: AliasesChange) => {
  const set = { ...changes, updatedAt: Math.max(row.updatedAt, ctx.now), version: row.version + 1 }
  const next: AccountRow = { ...row, ...set }
  const isRow = and(eq(accounts.organizationId, ctx.organizationId), eq(accounts.togaiAccountId, row.togaiAccountId))
  const draft: Omit<Draft<object>, 'answer'> = {
    statements: [builder.update(accounts).set(set).where(isRow)],
    changes: [describeAccountChange(row, next, aliases)],
    due: [
      { kind: 'ACCOUNT_CHANGED', subject: row.id, dueAt: ctx.now },
      ...(next.status === 'ACTIVE' && (row.status !== 'ACTIVE' || aliases?.[1].length) ? [dueForNewNames(ctx, row.id)] : []),
    ],
  }
  return { next, draft }
}

/** Drafts a new version of an account for a change that its row does not show, such as another price plan; `ended` are the price plans that ended because it was archived. */
export const draftAccountVersion = (
  ctx: Ctx,
  { id, togaiAccountId, version }: Pick<AccountRow, 'id' | 'togaiAccountId' | 'version'>,
  ended: readonly string[] = [],
): Omit<Draft<object>, 'answer'> => ({
  statements: [
    builder
      .update(accounts)
      .set({
        version: version + 1,
        ...(ended.length && { beforeArchive: sql`json_set(${accounts.beforeArchive}, '$.pricePlans', json(${JSON.stringify(ended)}))` }),
      })
      .where(and(eq(accounts.organizationId, ctx.organizationId), eq(accounts.togaiAccountId, togaiAccountId))),
  ],
  changes: [],
  due: [{ kind: 'ACCOUNT_CHANGED', subject: id, dueAt: ctx.now }],
})

/**
 * Drafts new versions of several accounts, as `draftAccountVersion` does that of one, with one statement. The organization is sent with each
 * row, since SQLite would read all accounts of one that is given once.
 */
export const draftAccountVersions = (
  ctx: Ctx,
  rows: readonly Pick<AccountRow, 'id' | 'togaiAccountId' | 'version'>[],
): Omit<Draft<object>, 'answer'> => ({
  statements: [
    selectRows(sql`
      update accounts set version = (sent.value ->> 1) + 1
      from json_each(${JSON.stringify(rows.map(({ togaiAccountId, version }) => [togaiAccountId, version, ctx.organizationId]))}) as sent
      where accounts.organization_id = sent.value ->> 2 and accounts.togai_account_id = sent.value ->> 0`),
  ],
  changes: [],
  due: rows.map(({ id }) => ({ kind: 'ACCOUNT_CHANGED', subject: id, dueAt: ctx.now })),
})

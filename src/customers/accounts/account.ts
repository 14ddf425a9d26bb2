import { and, eq } from 'drizzle-orm'
import type { Change, Draft } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import type { Due } from '../../db/due.ts'
import { builder } from '../../db/statements.ts'
import { differences } from '../../lib/changes.ts'
import { tagOf } from '../../lib/etag.ts'
import { fold } from '../../lib/fold.ts'
import type { CreateEntitySetting } from '../settings/schema.ts'
import { type AliasRange, auditRanges, boundariesPassed } from './ranges.ts'
import type { Account } from './schema.ts'
import { accounts } from './table.ts'

export type AccountRow = typeof accounts.$inferSelect

/** The row of an account before the database has found the customer that it belongs to. */
export type NewAccountRow = Omit<AccountRow, 'togaiCustomerId'>

/** What an account shows beside its row. */
export interface AccountParts {
  aliases: readonly string[]
  settings: CreateEntitySetting[]
  invoiceGroupDetails?: Account['invoiceGroupDetails']
}

/** A new account as the API shows it; what was never given is left out. */
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

/** An account as the API shows it. */
export const showAccount = (row: AccountRow, parts: AccountParts): Account => ({
  ...showNewAccount(row, parts),
  togaiCustomerId: row.togaiCustomerId,
})

/** The state of an account that its ETag names: its version, and how many of its aliases have begun and ended. */
export const tagOfAccount = ({ version }: Pick<AccountRow, 'version'>, ranges: readonly AliasRange[], now: number): string =>
  tagOf(version, boundariesPassed(ranges, now))

/** What the audit log says of an account's row. */
const auditedRow = (row: NewAccountRow & Partial<Pick<AccountRow, 'togaiCustomerId'>>) => {
  const { aliases: _aliases, settings: _settings, ...shown } = showNewAccount(row, { aliases: [], settings: [] })
  const { togaiCustomerId, invoiceCurrencyGiven } = row
  return { ...shown, ...(togaiCustomerId !== undefined && { togaiCustomerId }), invoiceCurrencyGiven }
}

/** Aliases before and after a change, of those that it is about. */
export type AliasesChange = readonly [before: readonly AliasRange[], after: readonly (AliasRange & { open?: boolean })[]]

/** What becomes of an account and of its aliases, for the audit log. */
export const accountChange = (before: AccountRow | undefined, after: Parameters<typeof auditedRow>[0], aliases?: AliasesChange): Change => {
  const [old, now] = aliases ?? [[], []]
  return {
    type: 'ACCOUNT',
    id: after.id,
    fields: {
      ...differences(before && auditedRow(before), auditedRow(after)),
      ...((old.length || now.length) && { accountAliases: [before ? auditRanges(old) : null, auditRanges(now)] }),
    },
  }
}

/** What a search looks in. */
export const foldedOf = ({ name, primaryEmail }: { name: string; primaryEmail: string | null }) => ({
  nameFolded: fold(name),
  primaryEmailFolded: primaryEmail === null ? null : fold(primaryEmail),
})

/** What is due when events can find an account by its id or another name, that could not before: those that wait for it are processed. */
export const namesGained = (ctx: Ctx, accountId: string): Due => ({ kind: 'NAMES_GAINED', subject: accountId, dueAt: ctx.now })

/** A change of an account since `row` was read: the row from then on, and its draft, which has no answer yet. */
export const draftAccountChange = (ctx: Ctx, row: AccountRow, changes: Partial<AccountRow> = {}, aliases?: AliasesChange) => {
  const set = { ...changes, updatedAt: Math.max(row.updatedAt, ctx.now), version: row.version + 1 }
  const next: AccountRow = { ...row, ...set }
  const isRow = and(eq(accounts.organizationId, ctx.organizationId), eq(accounts.togaiAccountId, row.togaiAccountId))
  const draft: Omit<Draft<object>, 'answer'> = {
    statements: [builder.update(accounts).set(set).where(isRow)],
    changes: [accountChange(row, next, aliases)],
    due: [
      { kind: 'ACCOUNT_CHANGED', subject: row.id, dueAt: ctx.now },
      ...(next.status === 'ACTIVE' && (row.status !== 'ACTIVE' || aliases?.[1].length) ? [namesGained(ctx, row.id)] : []),
    ],
  }
  return { next, draft }
}

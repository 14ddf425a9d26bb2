import { sql } from 'drizzle-orm'
import type { Statement } from '../../db/client.ts'
import type { Change } from '../../db/commit.ts'
import { refuseWhen } from '../../db/conflicts.ts'
import type { Ctx } from '../../db/context.ts'
import { insertInto, selectRows } from '../../db/statements.ts'
import { differences } from '../../lib/changes.ts'
import { type Decimal, add, formatDecimal, negate, requireDecimal } from '../../lib/decimal.ts'
import { newId } from '../../lib/ids.ts'
import { iso } from '../../lib/time.ts'
import { walletEntries, wallets } from './table.ts'

export type WalletRow = typeof wallets.$inferSelect

/**
 * The wallet of an account in a commit: what it holds after the entries that the commit has drafted so far. It has no row before its first
 * use, and then its version is 0.
 */
export interface Purse {
  row: WalletRow
  isKept: boolean
  customerId: string
  currency: string
  isArchived: boolean
  /** When the account was created. */
  createdAt: number
  /** The invoice group that pays for the invoices of the account that fall due now. */
  payingGroupId: string | null
}

/**
 * The invoice group that pays for an invoice of an account that falls due now: the one that it is in, if that consolidates its invoices, and has
 * the currency of the invoice, which may be one that the account had before.
 */
export const payingGroup = ({ organizationId, now }: Pick<Ctx, 'organizationId' | 'now'>, accountId: unknown, currency: unknown) => sql`(
  select its.id from invoice_group_memberships as member join invoice_groups as its on its.id = member.invoice_group_id
  where member.organization_id = ${organizationId} and member.account_id = ${accountId} and member.from_at <= ${now}
    and (member.until_at is null or member.until_at > ${now}) and its.daily_invoice_consolidation = 1
    and its.invoice_currency = ${currency}
  order by member.id desc limit 1
)`

/** The query for the wallets of accounts. */
export const selectPurses = (ctx: Pick<Ctx, 'organizationId' | 'now'>, accountIds: readonly string[]): Statement =>
  selectRows(sql`
    select account.id as accountId, account.togai_account_id as togaiAccountId, account.customer_id as customerId, account.invoice_currency as currency,
      account.status as accountStatus, account.created_at as createdAt, its.id, its.status, its.effective_from as effectiveFrom, its.balance,
      its.updated_at as updatedAt, its.version, ${payingGroup(ctx, sql`account.id`, sql`account.invoice_currency`)} as payingGroupId
    from json_each(${JSON.stringify(accountIds)}) as sent
    cross join accounts as account on account.organization_id = ${ctx.organizationId} and account.id = sent.value
    left join wallets as its on its.organization_id = account.organization_id and its.account_id = account.id`)

interface FoundPurse extends Omit<WalletRow, 'id'> {
  id: string | null
  togaiAccountId: string
  customerId: string
  currency: string
  accountStatus: string
  createdAt: number
  payingGroupId: string | null
}

/** The id of the wallet of an account, which it has before its first use. */
const walletIdOf = (togaiAccountId: string): string => `wallet${togaiAccountId.slice(togaiAccountId.indexOf('.'))}`

/** What the query of `selectPurses` has found, by the ids of the accounts. */
export const readPurses = ({ organizationId }: Pick<Ctx, 'organizationId'>, rows: readonly unknown[] | undefined): Map<string, Purse> =>
  new Map(
    ((rows ?? []) as FoundPurse[]).map(
      ({ id, togaiAccountId, accountId, status, effectiveFrom, balance, updatedAt, version, customerId, currency, ...account }) => {
        const kept = { id: id ?? walletIdOf(togaiAccountId), organizationId, accountId }
        const row: WalletRow =
          id === null
            ? { ...kept, status: 'ACTIVE', effectiveFrom: null, balance: '0', updatedAt: account.createdAt, version: 0 }
            : { ...kept, status, effectiveFrom, balance, updatedAt, version }
        const { accountStatus, createdAt, payingGroupId } = account
        return [
          accountId,
          { row, isKept: id !== null, customerId, currency, isArchived: accountStatus === 'ARCHIVED', createdAt, payingGroupId },
        ]
      },
    ),
  )

/** Reads the wallet of an account. Undefined if there is no such account. */
export const readPurse = async (ctx: Ctx, accountId: string): Promise<Purse | undefined> =>
  readPurses(ctx, await ctx.session.rows(selectPurses(ctx, [accountId]))).get(accountId)

/** What is recorded of a wallet. */
const recorded = ({ accountId, status, effectiveFrom, balance }: WalletRow) => ({
  accountId,
  status,
  effectiveFrom: effectiveFrom === null ? null : iso(effectiveFrom),
  balance,
})

export const recordWallet = (before: WalletRow | undefined, after: WalletRow): Change => ({
  type: 'WALLET',
  id: after.id,
  fields: differences(before && recorded(before), recorded(after)),
})

export const insertWallets = insertInto(wallets)
const insertEntries = insertInto(walletEntries)

/** A part of a write. */
export interface PartialDraft {
  statements: Statement[]
  changes: Change[]
}

/** Drafts that a wallet is kept, if this is its first use. */
const openWallet = ({ now }: Pick<Ctx, 'now'>, purse: Purse): PartialDraft => {
  if (purse.isKept) return { statements: [], changes: [] }
  purse.row = { ...purse.row, updatedAt: now, version: 1 }
  purse.isKept = true
  return { statements: [insertWallets([purse.row])], changes: [recordWallet(undefined, purse.row)] }
}

/** The statement that refuses a write as stale if the account of a wallet has been archived or restored, or has another currency now. */
export const holdPurse = ({ organizationId }: Pick<Ctx, 'organizationId'>, purse: Purse | undefined): Statement[] =>
  purse
    ? [
        refuseWhen(
          'STALE',
          sql`
            select '[]' from accounts where organization_id = ${organizationId} and id = ${purse.row.accountId}
              and (invoice_currency <> ${purse.currency} or (status = 'ARCHIVED') <> ${purse.isArchived ? 1 : 0})`,
        ),
      ]
    : []

/** What a wallet entry is about. */
export interface Movement {
  amount: Decimal
  description: string
  entityId: string | null
}

/** Drafts that an amount comes into a wallet, or goes out of it if it is below 0. The commit is STALE if another one changed the wallet first. */
export const moveMoney = (ctx: Ctx, purse: Purse, { amount, description, entityId }: Movement): PartialDraft => {
  const opened = openWallet(ctx, purse)
  const before = purse.row
  const closing = add(requireDecimal(before.balance), amount)
  if (closing.coefficient < 0n) throw new Error(`The wallet ${before.id} does not hold what is to go out of it`)
  const version = before.version + 1
  purse.row = { ...before, balance: formatDecimal(closing), updatedAt: ctx.now, version }
  const entry = {
    id: newId('WALLET_ENTRY', ctx.now),
    organizationId: ctx.organizationId,
    walletId: before.id,
    version,
    amount: formatDecimal(amount),
    closingBalance: purse.row.balance,
    description,
    entityId,
    createdAt: ctx.now,
  }
  return {
    statements: [...opened.statements, insertEntries([entry])],
    changes: [...opened.changes, recordWallet(before, purse.row)],
  }
}

/** What a wallet pays of an amount of an invoice that falls due: nothing of one that a group pays for, which it does for no order, or that is not to be paid from it. */
export const nettedOf = (
  { row, currency, payingGroupId }: Purse,
  open: Decimal,
  invoice: { currency: string; invoiceAt: number; appliesWallet: boolean; invoiceClass: string },
): Decimal => {
  const isPaid =
    row.status === 'ACTIVE' &&
    (payingGroupId === null || invoice.invoiceClass === 'ORDER') &&
    invoice.appliesWallet &&
    invoice.currency === currency &&
    (row.effectiveFrom === null || row.effectiveFrom <= invoice.invoiceAt)
  if (!isPaid) return { coefficient: 0n, scale: 0 }
  const balance = requireDecimal(row.balance)
  return add(balance, negate(open)).coefficient < 0n ? balance : open
}

import { and, eq, getTableColumns, sql } from 'drizzle-orm'
import { requireReadable } from '../../customers/accounts/service.ts'
import { changeVersioned } from '../../db/change.ts'
import type { Draft, Reply } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { defineList } from '../../db/list.ts'
import { builder } from '../../db/statements.ts'
import { compare, formatDecimal, jsonNumber, requireDecimal } from '../../lib/decimal.ts'
import { ApiError, archived, notFound } from '../../lib/errors.ts'
import { tagOf } from '../../lib/etag.ts'
import { LARGEST_AMOUNT, findMinorFault } from '../../lib/money.ts'
import { LEDGER_PAGE } from '../../lib/page.ts'
import { iso } from '../../lib/time.ts'
import { settleMoneyDue } from '../money_due.ts'
import { type Purse, holdPurse, insertWallets, moveMoney, readPurse, recordWallet } from './purse.ts'
import type {
  ListWalletEntriesQuery,
  TopupWalletRequest,
  UpdateWalletRequest,
  WalletBalanceResponse,
  WalletEntriesPaginatedResponse,
} from './schema.ts'
import { walletEntries, wallets } from './table.ts'

export { type PartialDraft, type Purse, holdPurse, moveMoney, nettedOf, payingGroup, readPurse, readPurses, selectPurses } from './purse.ts'

const showWallet = ({ row, customerId, currency, createdAt }: Purse): WalletBalanceResponse => ({
  id: row.id,
  accountId: row.accountId,
  customerId,
  balance: jsonNumber(row.balance),
  creditUnit: currency,
  status: row.status,
  holdAmount: 0,
  effectiveFrom: iso(row.effectiveFrom ?? createdAt),
  createdAt: iso(createdAt),
  updatedAt: iso(row.updatedAt),
})

const tagOfWallet = ({ row, currency }: Purse): string => tagOf(row.version, currency)

const requirePurse = async (ctx: Ctx, accountId: string): Promise<Purse> => {
  const purse = await readPurse(ctx, accountId)
  if (!purse) throw notFound('account', accountId)
  return purse
}

/** Reads the wallet of an account, which it has before its first use. */
export const getWallet = async (ctx: Ctx, accountId: string): Promise<Reply<WalletBalanceResponse>> => {
  const purse = await readPurse(ctx, accountId)
  requireReadable(ctx, purse && { id: accountId, customerId: purse.customerId }, accountId)
  if (!purse) throw notFound('account', accountId)
  return { answer: showWallet(purse), tag: tagOfWallet(purse) }
}

/** Sets whether, and from when on, invoices that fall due are paid from a wallet. */
export const updateWallet = (ctx: Ctx, accountId: string, input: UpdateWalletRequest): Promise<Reply<WalletBalanceResponse>> =>
  changeVersioned(ctx, {
    read: async () => {
      await settleMoneyDue(ctx, [accountId])
      return requirePurse(ctx, accountId)
    },
    tagOf: tagOfWallet,
    change: (purse): Draft<WalletBalanceResponse> | { unchanged: WalletBalanceResponse } => {
      const { row, isKept } = purse
      const set = { status: input.status ?? row.status, effectiveFrom: input.effectiveFrom ?? row.effectiveFrom }
      if (set.status === row.status && set.effectiveFrom === row.effectiveFrom) return { unchanged: showWallet(purse) }
      const after = { ...row, ...set, updatedAt: ctx.now, version: row.version + 1 }
      const changed: Purse = { ...purse, row: after, isKept: true }
      const { status, effectiveFrom, updatedAt, version } = after
      const update = builder
        .update(wallets)
        .set({ status, effectiveFrom, updatedAt, version })
        .where(and(eq(wallets.organizationId, ctx.organizationId), eq(wallets.id, row.id)))
      return {
        statements: [isKept ? update : insertWallets([after])],
        changes: [recordWallet(isKept ? row : undefined, after)],
        answer: showWallet(changed),
        tag: tagOfWallet(changed),
      }
    },
  })

/** Refuses that a wallet holds more than can be written exactly everywhere. */
export const refuseTooMuch = ({ row }: Purse, field: string): void => {
  const most = requireDecimal(String(LARGEST_AMOUNT))
  if (compare(requireDecimal(row.balance), most) > 0)
    throw new ApiError('UNPROCESSABLE', `${field}: the wallet would hold ${row.balance}, and can hold ${formatDecimal(most)} at most`)
}

/** Puts money into the wallet of an account. Invoices that are due already are not paid from it by that. */
export const topUpWallet = (ctx: Ctx, accountId: string, { topupAmount }: TopupWalletRequest): Promise<Reply<WalletBalanceResponse>> =>
  changeVersioned(ctx, {
    read: async () => {
      await settleMoneyDue(ctx, [accountId])
      return requirePurse(ctx, accountId)
    },
    tagOf: tagOfWallet,
    change: (purse): Draft<WalletBalanceResponse> => {
      if (purse.isArchived) throw archived('account', accountId)
      const fault = findMinorFault(topupAmount, purse.currency)
      if (fault) throw new ApiError('INVALID', `topupAmount: ${fault}`)
      const moved = moveMoney(ctx, purse, { amount: requireDecimal(topupAmount), description: 'Top-up', entityId: null })
      refuseTooMuch(purse, 'topupAmount')
      return {
        ...moved,
        statements: [...holdPurse(ctx, purse), ...moved.statements],
        answer: showWallet(purse),
        tag: tagOfWallet(purse),
      }
    },
  })

const listEntries = defineList({
  ...LEDGER_PAGE,
  table: walletEntries,
  key: walletEntries.id,
  columns: getTableColumns(walletEntries),
  order: { version: walletEntries.version },
  sort: [['version', 'DESC']],
  where: ({ organizationId, account }) =>
    sql`wallet_id = (select id from wallets where organization_id = ${organizationId} and account_id = ${account})`,
})

/** Lists what came into the wallet of an account and went out of it, the newest first, page by page. */
export const listWalletEntries = async (
  ctx: Ctx,
  accountId: string,
  query: ListWalletEntriesQuery,
): Promise<Reply<WalletEntriesPaginatedResponse>> => {
  const { rows, next } = await listEntries(ctx, query, { account: accountId }, accountId)
  await getWallet(ctx, accountId)
  const data = rows.map(({ id, walletId, amount, closingBalance, description, entityId, createdAt }) => ({
    id,
    ...(description !== null && { description }),
    walletId,
    transactionType: amount.startsWith('-') ? ('DEBITED' as const) : ('CREDITED' as const),
    status: 'COMPLETED' as const,
    ...(entityId !== null && { entityId }),
    amount: jsonNumber(amount.replace('-', '')),
    createdAt: iso(createdAt),
    closingBalance: jsonNumber(closingBalance),
  }))
  return { answer: { data, ...next } }
}

import { and, eq, getTableColumns, sql } from 'drizzle-orm'
import { changeVersioned } from '../../db/change.ts'
import type { Reply } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { defineList } from '../../db/list.ts'
import { ApiError, archived, notFound } from '../../lib/errors.ts'
import { tagOf } from '../../lib/etag.ts'
import type { CreateEntitySetting } from '../settings/schema.ts'
import { settingsOf } from '../settings/service.ts'
import { type AccountRow, draftAccountChange, foldedOf, showAccount } from './account.ts'
import { accountAt, aliasesAt, boundariesPassedAt, groupDetails, isAccount } from './queries.ts'
import type { Account, AccountPaginatedResponse, GetAccountQuery, GetAccountsQuery, UpdateAccountRequest } from './schema.ts'
import { accounts, sortable } from './table.ts'

export { draftAccountVersion, draftAccountVersions } from './account.ts'
export { draftLeavingLate, readArchivedMember } from './archive.ts'

/** Refuses to show an account that does not exist, or that a portal token cannot read. */
export const requireReadable: (ctx: Ctx, row: Pick<AccountRow, 'id' | 'customerId'> | undefined, id: string) => asserts row = (
  { portal },
  row,
  id,
) => {
  const isReadable =
    !portal || (row && portal.customerId === row.customerId && (portal.accountIds === 'all' || portal.accountIds.includes(row.id)))
  if (!isReadable) throw new ApiError('FORBIDDEN', 'This portal token does not read this account.')
  if (!row) throw notFound('account', id)
}

/** Reads an account by the caller's id, with the aliases in effect at `effectiveOn` (milliseconds, by default now). */
export const getAccount = async (
  ctx: Ctx,
  id: string,
  { effectiveOn = ctx.now, includeGroupDetails }: GetAccountQuery = {},
): Promise<Reply<Account>> => {
  const read = { ...accountAt(effectiveOn), passed: boundariesPassedAt(effectiveOn), ...(includeGroupDetails && { group: groupDetails }) }
  const [found] = await ctx.session.db.select(read).from(accounts).where(isAccount(ctx, id))
  requireReadable(ctx, found?.row, id)
  const { row, group, passed } = found
  return {
    answer: showAccount(row, { ...found, invoiceGroupDetails: group?.details }),
    tag: tagOf(row.version, passed, ...(group ? [group.details.id, group.version] : [])),
  }
}

/** Reads accounts as `getAccount` shows them now, by the caller's ids. */
export const getAccountsById = async ({ organizationId, session, now }: Ctx, ids: readonly string[]): Promise<Map<string, Account>> => {
  const isListed = sql`${accounts.id} in (select value from json_each(${JSON.stringify(ids)}))`
  const found = await session.db
    .select(accountAt(now))
    .from(accounts)
    .where(and(eq(accounts.organizationId, organizationId), isListed))
  return new Map(found.map(({ row, ...parts }) => [row.id, showAccount(row, parts)]))
}

const listAccounts = defineList({
  table: accounts,
  key: accounts.togaiAccountId,
  columns: getTableColumns(accounts),
  more: ({ now }) => ({ aliases: aliasesAt(now), settings: settingsOf('ACCOUNT', accounts) }),
  order: sortable,
  sortable: Object.keys(sortable),
  sort: [
    ['updated_at', 'DESC'],
    ['account_id', 'ASC'],
  ],
  filters: { account_id: accounts.id, customer_id: accounts.customerId, invoice_currency: accounts.invoiceCurrency },
  statuses: ['ACTIVE', 'DRAFT'],
  combinations: [['account_id'], ['customer_id'], ['status'], ['invoice_currency'], ['customer_id', 'status']],
  searched: [accounts.idFolded, accounts.nameFolded, accounts.primaryEmailFolded],
})

/** Lists accounts, page by page. Without `status`, archived accounts are left out. */
export const getAccounts = async (ctx: Ctx, query: GetAccountsQuery): Promise<Reply<AccountPaginatedResponse>> => {
  const { rows, next, context } = await listAccounts(ctx, query)
  const data = rows.map((row) =>
    showAccount(row, { aliases: JSON.parse(row.aliases) as string[], settings: JSON.parse(row.settings) as CreateEntitySetting[] }),
  )
  return { answer: { data, ...next, context } }
}

/** Replaces the fields that are sent. The currency can be set only if the account has none. */
export const updateAccount = (ctx: Ctx, id: string, input: UpdateAccountRequest): Promise<Reply<Account>> =>
  changeVersioned(ctx, {
    read: async () => {
      const read = { ...accountAt(ctx.now), passed: boundariesPassedAt(ctx.now) }
      const [found] = await ctx.session.db.select(read).from(accounts).where(isAccount(ctx, id))
      if (!found) throw notFound('account', id)
      return found
    },
    tagOf: ({ row, passed }) => tagOf(row.version, passed),
    change: ({ row, passed, ...parts }) => {
      if (row.status === 'ARCHIVED') throw archived('account', id)
      if (!Object.keys(input).length) return { unchanged: showAccount(row, parts) }
      const { invoiceCurrency = row.invoiceCurrency } = input
      if (invoiceCurrency !== row.invoiceCurrency && row.invoiceCurrencyGiven)
        throw new ApiError(
          'CONFLICT',
          `invoiceCurrency: the account "${id}" is invoiced in ${row.invoiceCurrency}, which cannot be changed`,
        )
      const changes = {
        name: input.name ?? row.name,
        status: input.status ?? row.status,
        invoiceCurrency,
        invoiceCurrencyGiven: row.invoiceCurrencyGiven || input.invoiceCurrency !== undefined,
        netTermDays: input.netTermDays ?? row.netTermDays,
        primaryEmail: input.primaryEmail ?? row.primaryEmail,
        billingInformation: input.billingInformation ?? row.billingInformation,
        address: input.address ?? row.address,
        metadata: input.metadata ?? row.metadata,
        tags: input.tags ?? row.tags,
      }
      const { next, draft } = draftAccountChange(ctx, row, { ...changes, ...foldedOf(changes) })
      return { ...draft, answer: showAccount(next, parts), tag: tagOf(next.version, passed) }
    },
  })

import { fold } from '../../lib/fold.ts'
import { type SQL, and, eq, sql } from 'drizzle-orm'
import type { Ctx } from '../../db/context.ts'
import { type Change, commit, onLatest, precondition, shown } from '../../db/commit.ts'
import { type Listed, askedOf, isOnPage, pageOrder } from '../../db/list.ts'
import { type Fields, differences } from '../../lib/changes.ts'
import { ApiError, archived, notFound } from '../../lib/errors.ts'
import { tagOf } from '../../lib/etag.ts'
import { type ListRules, closePage, contextOf, openPage } from '../../lib/page.ts'
import type { CreateEntitySetting } from '../settings/schema.ts'
import { type AliasRange, holdsAt, turnsAt } from './ranges.ts'
import { accountAt, everyAlias, groupDetails, isAccount, turns } from './queries.ts'
import type { Account, AccountPaginatedResponse, GetAccountQuery, GetAccountsQuery, UpdateAccountRequest } from './schema.ts'
import { accounts } from './table.ts'

export type AccountRow = typeof accounts.$inferSelect

interface Held {
  aliases: readonly string[]
  settings: CreateEntitySetting[]
  invoiceGroupDetails?: Account['invoiceGroupDetails']
}

/** The account as the API shows it; what was never given is left out. */
export const showAccount = (row: AccountRow, { aliases, settings, invoiceGroupDetails }: Held): Account => ({
  id: row.id,
  togaiAccountId: row.togaiAccountId,
  customerId: row.customerId,
  togaiCustomerId: row.togaiCustomerId,
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

/** What becomes of an account, and `more` of what is kept beside it. */
export const accountChange = (before: AccountRow | undefined, after: AccountRow, more: Fields = {}): Change => {
  const plain = (row: AccountRow) => ({
    ...showAccount(row, { aliases: [], settings: [] }),
    aliases: undefined,
    settings: undefined,
    invoiceCurrencyGiven: row.invoiceCurrencyGiven,
  })
  return { type: 'ACCOUNT', id: after.id, fields: { ...differences(before && plain(before), plain(after)), ...more } }
}

export const namesAt = (ranges: readonly AliasRange[], instant: number): string[] =>
  ranges.filter((range) => holdsAt(range, instant)).map(({ value }) => value)

export const folded = ({ name, primaryEmail }: { name: string; primaryEmail: string | null }) => ({
  nameFolded: fold(name),
  primaryEmailFolded: primaryEmail === null ? null : fold(primaryEmail),
})

/** Keeps a portal token to the accounts that it reads. */
const refuseStrangers = ({ portal }: Ctx, row: AccountRow): void => {
  if (portal && (portal.customerId !== row.customerId || (portal.accountIds !== 'all' && !portal.accountIds.includes(row.id))))
    throw new ApiError(403, 'This portal token does not read this account.')
}

/** The account with the caller's id `id`, with the aliases that hold at `effectiveOn` (milliseconds; now when left out). */
export const getAccount = async (
  ctx: Ctx,
  id: string,
  { effectiveOn = ctx.now, includeGroupDetails }: GetAccountQuery = {},
): Promise<Account> => {
  const read = { ...accountAt(effectiveOn), turns: turns(effectiveOn), ...(includeGroupDetails && { group: groupDetails }) }
  const [found] = await ctx.session.db.select(read).from(accounts).where(isAccount(ctx, id))
  if (!found) {
    if (ctx.portal) throw new ApiError(403, 'This portal token does not read this account.')
    throw notFound('account', id)
  }
  refuseStrangers(ctx, found.row)
  const { row, group } = found
  const tag = tagOf(row.version, found.turns, ...(group ? [group.details.id, group.version] : []))
  return shown(ctx, tag, showAccount(row, { ...found, invoiceGroupDetails: group?.details }))
}

const LIST: ListRules = {
  operationId: 'getAccounts',
  id: 'account_id',
  sortFields: ['account_id', 'updated_at'],
  sort: [
    ['updated_at', 'DESC'],
    ['account_id', 'ASC'],
  ],
  combinations: [['account_id'], ['customer_id'], ['status'], ['invoice_currency'], ['customer_id', 'status']],
}

/** The accounts that are not archived, or those that `status` asks for, a page at a time. */
export const getAccounts = async (ctx: Ctx, query: GetAccountsQuery): Promise<AccountPaginatedResponse> => {
  const page = await openPage(ctx, LIST, query)
  const { account_id: id, customer_id: customerId, status, invoice_currency: currency } = page.filters
  const wanted: SQL[] = []
  if (id !== undefined) wanted.push(sql`id = ${id}`)
  if (customerId !== undefined) wanted.push(sql`customer_id = ${customerId}`)
  if (currency !== undefined) wanted.push(sql`invoice_currency = ${currency}`)
  const listed: Listed = {
    table: accounts,
    key: accounts.togaiAccountId,
    organizationId: ctx.organizationId,
    where: and(...wanted),
    statuses: status === undefined ? ['ACTIVE', 'DRAFT'] : [status],
    columns: { account_id: accounts.id, updated_at: accounts.updatedAt },
    searched: [accounts.idFolded, accounts.nameFolded, accounts.primaryEmailFolded],
  }
  const rows = await ctx.session.db
    .select(accountAt(ctx.now))
    .from(accounts)
    .where(isOnPage(listed, askedOf(page)))
    .orderBy(pageOrder(listed, page))
    .limit(page.size + 1)
  const { visible, ...next } = await closePage(ctx, LIST, page, rows, ({ row }, field) => (field === 'account_id' ? row.id : row.updatedAt))
  return { data: visible.map((found) => showAccount(found.row, found)), ...next, context: contextOf(page) }
}

/** What was read of an account, if it can be changed and is as the request expects. */
const live = <Found extends { row: AccountRow } & Held>(
  ctx: Ctx,
  id: string,
  found: Found | undefined,
  turnsOf: (found: Found) => number,
) => {
  if (!found) throw notFound('account', id)
  precondition(ctx, tagOf(found.row.version, turnsOf(found)))
  if (found.row.status === 'ARCHIVED') throw archived('account', id)
  const { aliases, settings } = found
  return { ...found, held: { aliases, settings } }
}

/** An account that can be changed, with every alias that it ever had. */
export const readLiveAccountWithRanges = async (ctx: Ctx, id: string) => {
  const [found] = await ctx.session.db
    .select({ ...accountAt(ctx.now), ranges: everyAlias })
    .from(accounts)
    .where(isAccount(ctx, id))
  return live(ctx, id, found, ({ ranges }) => turnsAt(ranges, ctx.now))
}

/** The row after a change that nobody has come before since `row` was read. */
export const nextRow = (ctx: Ctx, row: AccountRow, changes: Partial<AccountRow> = {}): AccountRow => ({
  ...row,
  ...changes,
  updatedAt: Math.max(row.updatedAt, ctx.now),
  version: row.version + 1,
})

/** The statement that makes the row `next`. */
export const changeAccount = (ctx: Ctx, next: AccountRow, changes: Partial<AccountRow> = {}) =>
  ctx.session.db
    .update(accounts)
    .set({ ...changes, updatedAt: next.updatedAt, version: next.version })
    .where(eq(accounts.togaiAccountId, next.togaiAccountId))

/** Replaces the fields that are sent. The currency can be given once, to an account that was made without one. */
export const updateAccount = (ctx: Ctx, id: string, input: UpdateAccountRequest): Promise<Account> =>
  onLatest(async () => {
    const [found] = await ctx.session.db
      .select({ ...accountAt(ctx.now), turns: turns(ctx.now) })
      .from(accounts)
      .where(isAccount(ctx, id))
    const { row, held, turns: passed } = live(ctx, id, found, (one) => one.turns)
    if (!Object.keys(input).length) return shown(ctx, tagOf(row.version, passed), showAccount(row, held))
    const { invoiceCurrency = row.invoiceCurrency, name = row.name, primaryEmail = row.primaryEmail } = input
    if (invoiceCurrency !== row.invoiceCurrency && row.invoiceCurrencyGiven)
      throw new ApiError(409, `invoiceCurrency: the account "${id}" is invoiced in ${row.invoiceCurrency}, which cannot be changed`)
    const changes = {
      ...(input as Partial<AccountRow>),
      ...folded({ name, primaryEmail }),
      invoiceCurrencyGiven: row.invoiceCurrencyGiven || input.invoiceCurrency !== undefined,
    }
    const next = nextRow(ctx, row, changes)
    return commit(ctx, {
      statements: [changeAccount(ctx, next, changes)],
      changes: [accountChange(row, next)],
      answer: showAccount(next, held),
      tag: tagOf(next.version, passed),
    })
  })

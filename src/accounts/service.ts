import { fold } from '../lib/fold.ts'
import { type SQL, and, eq, gt, lt, sql } from 'drizzle-orm'
import type { Ctx } from '../context.ts'
import { customers } from '../customers/table.ts'
import { type Locate, commit, onLatest } from '../db/commit.ts'
import { type Listed, pageKeys, pageOrder } from '../db/list.ts'
import { leaveGroup } from '../invoice_groups/service.ts'
import { ApiError, archived, notFound } from '../lib/errors.ts'
import { newId } from '../lib/ids.ts'
import { type ListRules, closePage, contextOf, openPage } from '../lib/page.ts'
import { FOREVER } from '../lib/time.ts'
import type { CreateEntitySetting } from '../settings/schema.ts'
import { insertSettings, settingRows } from '../settings/service.ts'
import { type AliasRange, holdsAt, rangesOf } from './ranges.ts'
import { accountAt, everyAlias, groupDetails, insertAliases, isAccount } from './queries.ts'
import type {
  Account,
  AccountPaginatedResponse,
  CreateAccountRequest,
  CreateAccountRequestWithoutCustomerId,
  GetAccountQuery,
  GetAccountsQuery,
  UpdateAccountRequest,
} from './schema.ts'
import { accountAliases, accounts } from './table.ts'

type AccountRow = typeof accounts.$inferSelect

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

export const namesAt = (ranges: readonly AliasRange[], instant: number): string[] =>
  ranges.filter((range) => holdsAt(range, instant)).map(({ value }) => value)

const folded = ({ name, primaryEmail }: { name: string; primaryEmail: string | null }) => ({
  nameFolded: fold(name),
  primaryEmailFolded: primaryEmail === null ? null : fold(primaryEmail),
})

/** The statements of a new account and its answer; the settings are rows, to be kept with those of the customer. */
export const newAccount = (
  ctx: Ctx,
  customer: { id: string; togaiCustomerId: string | SQL<string> },
  input: CreateAccountRequestWithoutCustomerId,
) => {
  const { organizationId, now } = ctx
  const ranges = rangesOf(input)
  const row = {
    togaiAccountId: newId('account', now),
    organizationId,
    customerId: customer.id,
    id: input.id,
    name: input.name,
    invoiceCurrency: input.invoiceCurrency ?? ctx.baseCurrency,
    netTermDays: input.netTermDays ?? null,
    address: input.address ?? null,
    primaryEmail: input.primaryEmail ?? null,
    billingInformation: input.billingInformation ?? null,
    metadata: input.metadata ?? null,
    tags: input.tags ?? null,
    status: input.status ?? 'ACTIVE',
    createdAt: now,
    updatedAt: now,
    invoiceCurrencyGiven: input.invoiceCurrency !== undefined,
    version: 1,
    idFolded: fold(input.id),
    ...folded({ name: input.name, primaryEmail: input.primaryEmail ?? null }),
  }
  return {
    insert: ctx.db.insert(accounts).values({ ...row, togaiCustomerId: customer.togaiCustomerId }),
    aliases: ranges.length ? [insertAliases(ctx, row.togaiAccountId, ranges, FOREVER.from)] : [],
    settings: settingRows(ctx, 'ACCOUNT', row.id, input.settings),
    show: (togaiCustomerId: string): Account =>
      showAccount({ ...row, togaiCustomerId }, { aliases: namesAt(ranges, now), settings: input.settings ?? [] }),
  }
}

/** Where the request for an account has the value that a conflict names: of an alias the range that ends when the one refused does. */
export const locateInAccount = (input: Parameters<typeof rangesOf>[0], prefix: string): Locate => {
  const plain = input.aliases?.length ?? 0
  const ranges = rangesOf(input)
  return (conflict, [value, , until]) => {
    if (conflict === 'ACCOUNT_ID_TAKEN' || conflict === 'ACCOUNT_ID_IS_ALIAS') return `${prefix}id`
    if (!conflict.includes('ALIAS')) return undefined
    const index = ranges.findIndex((range) => range.value === value && (until === undefined || range.until === Number(until)))
    if (index < 0) return undefined
    return index < plain ? `${prefix}aliases[${index}]` : `${prefix}accountAliases[${index - plain}].value`
  }
}

/** Creates an account of a customer, with its aliases and settings, or nothing. */
export const createAccount = async (ctx: Ctx, { customerId, ...input }: CreateAccountRequest): Promise<Account> => {
  const togaiCustomerId = sql<string>`(
    select ${customers.togaiCustomerId} from ${customers}
    where ${customers.organizationId} = ${ctx.organizationId} and ${customers.id} = ${customerId}
  )`
  const made = newAccount(ctx, { id: customerId, togaiCustomerId }, input)
  return commit(ctx, [made.insert, ...made.aliases, ...insertSettings(ctx, made.settings)], made.show(''), {
    locate: locateInAccount(input, ''),
    late: { togaiCustomerId },
  })
}

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
  const shown = { ...accountAt(effectiveOn), ...(includeGroupDetails && { invoiceGroupDetails: groupDetails }) }
  const [found] = await ctx.db.select(shown).from(accounts).where(isAccount(ctx, id))
  if (!found) {
    if (ctx.portal) throw new ApiError(403, 'This portal token does not read this account.')
    throw notFound('account', id)
  }
  refuseStrangers(ctx, found.row)
  return showAccount(found.row, found)
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
  const rows = await ctx.db
    .select(accountAt(ctx.now))
    .from(accounts)
    .where(sql`${accounts.togaiAccountId} in (${pageKeys(listed, page)})`)
    .orderBy(pageOrder(listed, page))
    .limit(page.size + 1)
  const { shown, ...next } = await closePage(ctx, LIST, page, rows, ({ row }, field) => (field === 'account_id' ? row.id : row.updatedAt))
  return { data: shown.map((found) => showAccount(found.row, found)), ...next, context: contextOf(page) }
}

/** What was read of an account, if it can be changed. */
const live = <Found extends { row: AccountRow } & Held>(id: string, found: Found | undefined) => {
  if (!found) throw notFound('account', id)
  if (found.row.status === 'ARCHIVED') throw archived('account', id)
  const { aliases, settings } = found
  return { ...found, held: { aliases, settings } }
}

const readLiveAccount = async (ctx: Ctx, id: string) => {
  const [found] = await ctx.db.select(accountAt(ctx.now)).from(accounts).where(isAccount(ctx, id))
  return live(id, found)
}

/** An account that can be changed, with every alias that it ever had. */
export const readLiveAccountWithRanges = async (ctx: Ctx, id: string) => {
  const [found] = await ctx.db
    .select({ ...accountAt(ctx.now), ranges: everyAlias })
    .from(accounts)
    .where(isAccount(ctx, id))
  return live(id, found)
}

/** The statement that changes an account which nobody has changed since `row` was read. */
export const changeAccount = (ctx: Ctx, row: AccountRow, changes: Partial<AccountRow> = {}) =>
  ctx.db
    .update(accounts)
    .set({ ...changes, updatedAt: Math.max(row.updatedAt, ctx.now), version: row.version + 1 })
    .where(eq(accounts.togaiAccountId, row.togaiAccountId))

/** Replaces the fields that are sent. The currency can be given once, to an account that was made without one. */
export const updateAccount = (ctx: Ctx, id: string, input: UpdateAccountRequest): Promise<Account> =>
  onLatest(async () => {
    const { row, held } = await readLiveAccount(ctx, id)
    if (!Object.keys(input).length) return showAccount(row, held)
    const { invoiceCurrency = row.invoiceCurrency, name = row.name, primaryEmail = row.primaryEmail } = input
    if (invoiceCurrency !== row.invoiceCurrency && row.invoiceCurrencyGiven)
      throw new ApiError(409, `invoiceCurrency: the account "${id}" is invoiced in ${row.invoiceCurrency}, which cannot be changed`)
    const changes = {
      ...(input as Partial<AccountRow>),
      ...folded({ name, primaryEmail }),
      invoiceCurrencyGiven: row.invoiceCurrencyGiven || input.invoiceCurrency !== undefined,
    }
    return commit(ctx, [changeAccount(ctx, row, changes)], showAccount({ ...row, ...changes }, held))
  })

/** Archives an account: its aliases end at this instant, and it leaves its invoice group. A second time changes nothing. */
export const deleteAccount = (ctx: Ctx, id: string): Promise<{ success: true }> =>
  onLatest(async () => {
    const [row] = await ctx.db.select().from(accounts).where(isAccount(ctx, id))
    if (!row) throw notFound('account', id)
    if (row.status === 'ARCHIVED') return { success: true }
    const end = ctx.db
      .update(accountAliases)
      .set({ effectiveUntil: sql`max(${accountAliases.effectiveFrom}, ${ctx.now})`, updatedAt: ctx.now })
      .where(
        and(
          eq(accountAliases.togaiAccountId, row.togaiAccountId),
          gt(accountAliases.effectiveUntil, ctx.now),
          lt(accountAliases.effectiveFrom, accountAliases.effectiveUntil),
        ),
      )
    return commit(ctx, [changeAccount(ctx, row, { status: 'ARCHIVED' }), end, ...leaveGroup(ctx, id)], { success: true })
  })

import { and, eq, gt, sql } from 'drizzle-orm'
import { accounts } from '../accounts/table.ts'
import type { Ctx } from '../context.ts'
import { type Locate, commit, onLatest } from '../db/commit.ts'
import { qualified } from '../db/rows.ts'
import { ApiError, notFound } from '../lib/errors.ts'
import { newId } from '../lib/ids.ts'
import { type ListRules, closePage, openPage } from '../lib/page.ts'
import { iso } from '../lib/time.ts'
import type {
  CreateInvoiceGroupRequest,
  InvoiceGroupAccountsPaginatedResponse,
  InvoiceGroupPaginatedResponse,
  InvoiceGroups,
  ListInvoiceGroupsQuery,
  UpdateInvoiceGroupAccounts,
} from './schema.ts'
import { invoiceGroupAccounts, invoiceGroups } from './table.ts'

type GroupRow = typeof invoiceGroups.$inferSelect

const show = (row: GroupRow, accountsCount: number): InvoiceGroups => ({
  id: row.id,
  name: row.name,
  email: row.email,
  dailyInvoiceConsolidation: row.dailyInvoiceConsolidation,
  ...(row.netTermDays !== null && { netTermDays: row.netTermDays }),
  invoiceCurrency: row.invoiceCurrency,
  billingAddress: row.address,
  accountsCount,
  createdAt: iso(row.createdAt),
  updatedAt: iso(row.updatedAt),
})

/** The statement that puts accounts into a group; the database refuses those that do not fit. */
const join = (ctx: Ctx, groupId: string, accountIds: readonly string[]) =>
  ctx.db.insert(invoiceGroupAccounts).select(sql`
    select ${ctx.organizationId}, value, ${groupId}, ${ctx.now} from json_each(${JSON.stringify(accountIds)})
  `)

const locateIn =
  ({ accountIds }: UpdateInvoiceGroupAccounts): Locate =>
  (_, [id = '']) => {
    const index = accountIds.indexOf(id)
    return index < 0 ? undefined : `accountIds[${index}]`
  }

/** Creates a group of accounts that share the currency of the first one. */
export const createInvoiceGroup = async (ctx: Ctx, input: CreateInvoiceGroupRequest): Promise<InvoiceGroups> => {
  const { accountIds, name, email, dailyInvoiceConsolidation, netTermDays = null, address } = input
  const row = {
    id: newId('inv_group', ctx.now),
    organizationId: ctx.organizationId,
    name,
    email,
    dailyInvoiceConsolidation,
    netTermDays,
    address,
    status: 'ACTIVE' as const,
    version: 1,
    createdAt: ctx.now,
    updatedAt: ctx.now,
  }
  const invoiceCurrency = sql<string>`coalesce((
    select ${accounts.invoiceCurrency} from ${accounts} where ${accounts.organizationId} = ${ctx.organizationId} and ${accounts.id} = ${accountIds[0]}
  ), '')`
  const insert = ctx.db.insert(invoiceGroups).values({ ...row, invoiceCurrency })
  const late = {
    invoiceCurrency: sql`(select ${invoiceGroups.invoiceCurrency} from ${invoiceGroups} where ${invoiceGroups.id} = ${row.id})`,
  }
  const answer = show({ ...row, invoiceCurrency: '' }, accountIds.length)
  return commit(ctx, [insert, join(ctx, row.id, accountIds)], answer, { locate: locateIn(input), late })
}

const accountsIn = sql`(
    select json_group_array(${invoiceGroupAccounts.accountId} order by ${invoiceGroupAccounts.accountId}) from ${invoiceGroupAccounts}
    where ${invoiceGroupAccounts.invoiceGroupId} = ${qualified(invoiceGroups.id)}
  )`.mapWith((json: string) => JSON.parse(json) as string[])

const countIn = sql<number>`(
    select count(*) from ${invoiceGroupAccounts} where ${invoiceGroupAccounts.invoiceGroupId} = ${qualified(invoiceGroups.id)}
  )`

const readGroup = async (ctx: Ctx, id: string) => {
  const [found] = await ctx.db
    .select({ row: invoiceGroups, accounts: accountsIn })
    .from(invoiceGroups)
    .where(and(eq(invoiceGroups.organizationId, ctx.organizationId), eq(invoiceGroups.id, id), eq(invoiceGroups.status, 'ACTIVE')))
  if (!found) throw notFound('invoice group', id)
  return found
}

export const getInvoiceGroup = async (ctx: Ctx, id: string): Promise<InvoiceGroupAccountsPaginatedResponse> => {
  const { row, accounts: ids } = await readGroup(ctx, id)
  return { ...show(row, ids.length), accounts: ids }
}

const LIST: ListRules = { operationId: 'listInvoiceGroups', id: 'id', sortFields: ['id'], sort: [['id', 'ASC']], combinations: [] }

export const listInvoiceGroups = async (ctx: Ctx, query: ListInvoiceGroupsQuery): Promise<InvoiceGroupPaginatedResponse> => {
  const page = await openPage(ctx, LIST, query, 100)
  const [after = ''] = page.after ?? []
  const rows = await ctx.db
    .select({ row: invoiceGroups, count: countIn })
    .from(invoiceGroups)
    .where(
      and(eq(invoiceGroups.organizationId, ctx.organizationId), eq(invoiceGroups.status, 'ACTIVE'), gt(invoiceGroups.id, String(after))),
    )
    .orderBy(invoiceGroups.id)
    .limit(page.size + 1)
  const { shown, ...next } = await closePage(ctx, LIST, page, rows, ({ row }) => row.id)
  return { data: shown.map(({ row, count }) => show(row, count)), ...next }
}

/** The statement that changes a group which nobody has changed since `row` was read. */
const change = (ctx: Ctx, row: GroupRow, status: GroupRow['status'] = 'ACTIVE') =>
  ctx.db
    .update(invoiceGroups)
    .set({ status, updatedAt: Math.max(row.updatedAt, ctx.now), version: row.version + 1 })
    .where(eq(invoiceGroups.id, row.id))

/** Puts accounts into a group. Those that are in it already stay. */
export const addInvoiceGroupAccounts = (ctx: Ctx, id: string, input: UpdateInvoiceGroupAccounts): Promise<InvoiceGroups> =>
  onLatest(async () => {
    const { row, accounts: ids } = await readGroup(ctx, id)
    const joining = input.accountIds.filter((accountId) => !ids.includes(accountId))
    if (!joining.length) return show(row, ids.length)
    const answer = show({ ...row, updatedAt: Math.max(row.updatedAt, ctx.now) }, ids.length + joining.length)
    return commit(ctx, [join(ctx, id, joining), change(ctx, row)], answer, { locate: locateIn(input) })
  })

/** Takes accounts out of a group. With its last account the group is gone. */
export const removeInvoiceGroupAccounts = (ctx: Ctx, id: string, { accountIds }: UpdateInvoiceGroupAccounts): Promise<{ success: true }> =>
  onLatest(async () => {
    const { row, accounts: ids } = await readGroup(ctx, id)
    const index = accountIds.findIndex((accountId) => !ids.includes(accountId))
    if (index >= 0) throw new ApiError(404, `accountIds[${index}]: the account "${accountIds[index]}" is not in the invoice group "${id}"`)
    const leave = ctx.db
      .delete(invoiceGroupAccounts)
      .where(
        and(
          eq(invoiceGroupAccounts.organizationId, ctx.organizationId),
          sql`${invoiceGroupAccounts.accountId} in (select value from json_each(${JSON.stringify(accountIds)}))`,
        ),
      )
    return commit(ctx, [leave, change(ctx, row, ids.length === accountIds.length ? 'ARCHIVED' : 'ACTIVE')], { success: true })
  })

/** The statements that take an account out of the group it may be in, and end the group if it was the last. */
export const leaveGroup = (ctx: Ctx, accountId: string) => {
  const membership = and(eq(invoiceGroupAccounts.organizationId, ctx.organizationId), eq(invoiceGroupAccounts.accountId, accountId))
  const isItsGroup = sql`${invoiceGroups.id} = (select ${invoiceGroupAccounts.invoiceGroupId} from ${invoiceGroupAccounts} where ${membership})`
  const others = sql`(select count(*) > 1 from ${invoiceGroupAccounts} where ${invoiceGroupAccounts.invoiceGroupId} = ${invoiceGroups.id})`
  return [
    ctx.db
      .update(invoiceGroups)
      .set({
        status: sql`iif(${others}, ${invoiceGroups.status}, 'ARCHIVED')`,
        updatedAt: sql`max(${invoiceGroups.updatedAt}, ${ctx.now})`,
        version: sql`${invoiceGroups.version} + 1`,
      })
      .where(isItsGroup),
    ctx.db.delete(invoiceGroupAccounts).where(membership),
  ]
}

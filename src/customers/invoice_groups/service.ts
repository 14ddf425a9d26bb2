import { and, eq, gt, sql } from 'drizzle-orm'
import { accounts } from '../accounts/table.ts'
import type { Ctx } from '../../db/context.ts'
import { type Change, commit, onLatest, precondition, shown } from '../../db/commit.ts'
import type { Locate } from '../../db/conflicts.ts'
import { qualified } from '../../db/rows.ts'
import { differences } from '../../lib/changes.ts'
import { ApiError, notFound } from '../../lib/errors.ts'
import { tagOf } from '../../lib/etag.ts'
import { newId } from '../../lib/ids.ts'
import { type ListRules, closePage, openPage } from '../../lib/page.ts'
import { iso } from '../../lib/time.ts'
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
export const join = (ctx: Ctx, groupId: string, accountIds: readonly string[]) =>
  ctx.session.db.insert(invoiceGroupAccounts).select(sql`
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
    endedByArchive: false,
  }
  const invoiceCurrency = sql<string>`coalesce((
    select ${accounts.invoiceCurrency} from ${accounts} where ${accounts.organizationId} = ${ctx.organizationId} and ${accounts.id} = ${accountIds[0]}
  ), '')`
  const insert = ctx.session.db.insert(invoiceGroups).values({ ...row, invoiceCurrency })
  const late = {
    invoiceCurrency: sql`(select ${invoiceGroups.invoiceCurrency} from ${invoiceGroups} where ${invoiceGroups.id} = ${row.id})`,
  }
  const answer = show({ ...row, invoiceCurrency: '' }, accountIds.length)
  const fields = { ...differences(undefined, answer), status: [null, row.status] as const, accounts: [[], accountIds] as const }
  return commit(ctx, {
    statements: [insert, join(ctx, row.id, accountIds)],
    changes: [{ type: 'INVOICE_GROUP', id: row.id, fields }],
    answer,
    tag: tagOf(row.version),
    locate: locateIn(input),
    late,
  })
}

const accountsIn = sql`(
    select json_group_array(${invoiceGroupAccounts.accountId} order by ${invoiceGroupAccounts.accountId}) from ${invoiceGroupAccounts}
    where ${invoiceGroupAccounts.invoiceGroupId} = ${qualified(invoiceGroups.id)}
  )`.mapWith((json: string) => JSON.parse(json) as string[])

const countIn = sql<number>`(
    select count(*) from ${invoiceGroupAccounts} where ${invoiceGroupAccounts.invoiceGroupId} = ${qualified(invoiceGroups.id)}
  )`

const readGroup = async (ctx: Ctx, id: string) => {
  const [found] = await ctx.session.db
    .select({ row: invoiceGroups, accounts: accountsIn })
    .from(invoiceGroups)
    .where(and(eq(invoiceGroups.organizationId, ctx.organizationId), eq(invoiceGroups.id, id), eq(invoiceGroups.status, 'ACTIVE')))
  if (!found) throw notFound('invoice group', id)
  return found
}

export const getInvoiceGroup = async (ctx: Ctx, id: string): Promise<InvoiceGroupAccountsPaginatedResponse> => {
  const { row, accounts: ids } = await readGroup(ctx, id)
  return shown(ctx, tagOf(row.version), { ...show(row, ids.length), accounts: ids })
}

const LIST: ListRules = { operationId: 'listInvoiceGroups', id: 'id', sortFields: ['id'], sort: [['id', 'ASC']], combinations: [] }

export const listInvoiceGroups = async (ctx: Ctx, query: ListInvoiceGroupsQuery): Promise<InvoiceGroupPaginatedResponse> => {
  const page = await openPage(ctx, LIST, query, 100)
  const [after = ''] = page.after ?? []
  const rows = await ctx.session.db
    .select({ row: invoiceGroups, count: countIn })
    .from(invoiceGroups)
    .where(
      and(eq(invoiceGroups.organizationId, ctx.organizationId), eq(invoiceGroups.status, 'ACTIVE'), gt(invoiceGroups.id, String(after))),
    )
    .orderBy(invoiceGroups.id)
    .limit(page.size + 1)
  const { visible, ...next } = await closePage(ctx, LIST, page, rows, ({ row }) => row.id)
  return { data: visible.map(({ row, count }) => show(row, count)), ...next }
}

/** What becomes of a group: its row from now on, the statement that makes it so unless somebody was first, and what the audit log says of it. */
export const groupChange = (
  ctx: Ctx,
  row: Pick<GroupRow, 'id' | 'status' | 'version' | 'updatedAt'>,
  status: GroupRow['status'],
  members: readonly [old: readonly string[], now: readonly string[]],
  byArchive = false,
) => {
  const endedByArchive = byArchive && status === 'ARCHIVED'
  const next = { status, endedByArchive, updatedAt: Math.max(row.updatedAt, ctx.now), version: row.version + 1 }
  const fields = { accounts: members, ...(status !== row.status && { status: [row.status, status] as const }) }
  return {
    next,
    statement: ctx.session.db.update(invoiceGroups).set(next).where(eq(invoiceGroups.id, row.id)),
    change: { type: 'INVOICE_GROUP', id: row.id, fields } satisfies Change,
  }
}

/** Puts accounts into a group. Those that are in it already stay. */
export const addInvoiceGroupAccounts = (ctx: Ctx, id: string, input: UpdateInvoiceGroupAccounts): Promise<InvoiceGroups> =>
  onLatest(async () => {
    const { row, accounts: ids } = await readGroup(ctx, id)
    precondition(ctx, tagOf(row.version))
    const joining = input.accountIds.filter((accountId) => !ids.includes(accountId))
    if (!joining.length) return shown(ctx, tagOf(row.version), show(row, ids.length))
    const { next, statement, change: made } = groupChange(ctx, row, 'ACTIVE', [[], joining])
    return commit(ctx, {
      statements: [statement, join(ctx, id, joining)],
      changes: [made],
      answer: show({ ...row, ...next }, ids.length + joining.length),
      tag: tagOf(next.version),
      locate: locateIn(input),
    })
  })

/** The statement that takes accounts out of the groups that they are in. */
export const part = (ctx: Ctx, accountIds: readonly string[]) =>
  ctx.session.db
    .delete(invoiceGroupAccounts)
    .where(
      and(
        eq(invoiceGroupAccounts.organizationId, ctx.organizationId),
        sql`${invoiceGroupAccounts.accountId} in (select value from json_each(${JSON.stringify(accountIds)}))`,
      ),
    )

/** Takes accounts out of a group. With its last account the group is gone. */
export const removeInvoiceGroupAccounts = (ctx: Ctx, id: string, { accountIds }: UpdateInvoiceGroupAccounts): Promise<{ success: true }> =>
  onLatest(async () => {
    const { row, accounts: ids } = await readGroup(ctx, id)
    precondition(ctx, tagOf(row.version))
    const index = accountIds.findIndex((accountId) => !ids.includes(accountId))
    if (index >= 0) throw new ApiError(404, `accountIds[${index}]: the account "${accountIds[index]}" is not in the invoice group "${id}"`)
    const status = ids.length === accountIds.length ? 'ARCHIVED' : 'ACTIVE'
    const { next, statement, change: made } = groupChange(ctx, row, status, [accountIds, []])
    return commit(ctx, {
      statements: [statement, part(ctx, accountIds)],
      changes: [made],
      answer: { success: true },
      tag: tagOf(next.version),
    })
  })

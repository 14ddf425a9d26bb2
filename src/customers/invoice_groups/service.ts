import { and, eq, getTableColumns, sql } from 'drizzle-orm'
import { changeVersioned } from '../../db/change.ts'
import { type Draft, type Reply, commit } from '../../db/commit.ts'
import type { Locate } from '../../db/conflicts.ts'
import type { Ctx } from '../../db/context.ts'
import { defineList } from '../../db/list.ts'
import { builder, insertInto, qualified } from '../../db/statements.ts'
import { differences } from '../../lib/changes.ts'
import { ApiError, notFound } from '../../lib/errors.ts'
import { tagOf } from '../../lib/etag.ts'
import { newId } from '../../lib/ids.ts'
import { iso } from '../../lib/time.ts'
import { draftOrganizationChange } from '../../access/organizations/service.ts'
import { accounts } from '../accounts/table.ts'
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

/** A group before the database has found the currency of its first account. */
type NewGroupRow = Omit<GroupRow, 'invoiceCurrency'>

const showNew = (row: NewGroupRow, accountsCount: number): Omit<InvoiceGroups, 'invoiceCurrency'> => ({
  id: row.id,
  name: row.name,
  email: row.email,
  dailyInvoiceConsolidation: row.dailyInvoiceConsolidation,
  ...(row.netTermDays !== null && { netTermDays: row.netTermDays }),
  billingAddress: row.address,
  accountsCount,
  createdAt: iso(row.createdAt),
  updatedAt: iso(row.updatedAt),
})

const show = (row: GroupRow, accountsCount: number): InvoiceGroups => ({
  ...showNew(row, accountsCount),
  invoiceCurrency: row.invoiceCurrency,
})

const tagOfGroup = ({ version }: Pick<GroupRow, 'version'>): string => tagOf(version)

/** Inserts groups, each with the currency of its first account. The database refuses a group whose account does not exist. */
const insertGroups = insertInto(
  invoiceGroups,
  {
    invoiceCurrency: ({ organizationId, firstAccount }) => sql`coalesce((
      select ${accounts.invoiceCurrency} from ${accounts} where ${accounts.organizationId} = ${organizationId} and ${accounts.id} = ${firstAccount}
    ), '')`,
  },
  ['firstAccount'],
)

const insertMemberRows = insertInto(invoiceGroupAccounts)

/** The statement that puts accounts into a group. The database refuses accounts that do not fit. */
export const insertMembers = (ctx: Ctx, invoiceGroupId: string, accountIds: readonly string[]) =>
  insertMemberRows(accountIds.map((accountId) => ({ organizationId: ctx.organizationId, accountId, invoiceGroupId, createdAt: ctx.now })))

const locateIn =
  ({ accountIds }: UpdateInvoiceGroupAccounts): Locate =>
  (_, [id = '']) => {
    const index = accountIds.indexOf(id)
    return index < 0 ? undefined : `accountIds[${index}]`
  }

/** Creates a group of accounts that share the currency of the first one. */
export const createInvoiceGroup = (ctx: Ctx, input: CreateInvoiceGroupRequest): Promise<Reply<InvoiceGroups>> => {
  const { accountIds, name, email, dailyInvoiceConsolidation, netTermDays = null, address } = input
  const row: NewGroupRow = {
    id: newId('INVOICE_GROUP', ctx.now),
    organizationId: ctx.organizationId,
    name,
    email,
    dailyInvoiceConsolidation,
    netTermDays,
    address,
    status: 'ACTIVE',
    version: 1,
    createdAt: ctx.now,
    updatedAt: ctx.now,
    endedByArchive: false,
  }
  const answer = showNew(row, accountIds.length)
  const fields = { ...differences(undefined, answer), status: [null, row.status] as const, accounts: [[], accountIds] as const }
  const changed = draftOrganizationChange(ctx)
  return commit<InvoiceGroups, 'invoiceCurrency'>(ctx, {
    ...changed,
    statements: [
      insertGroups([{ ...row, firstAccount: accountIds[0] ?? null }]),
      insertMembers(ctx, row.id, accountIds),
      ...changed.statements,
    ],
    changes: [{ type: 'INVOICE_GROUP', id: row.id, fields }],
    answer,
    fromDatabase: {
      invoiceCurrency: sql`(select ${invoiceGroups.invoiceCurrency} from ${invoiceGroups} where ${invoiceGroups.id} = ${row.id})`,
    },
    tag: tagOfGroup(row),
    locate: locateIn(input),
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

export const getInvoiceGroup = async (ctx: Ctx, id: string): Promise<Reply<InvoiceGroupAccountsPaginatedResponse>> => {
  const { row, accounts: ids } = await readGroup(ctx, id)
  return { answer: { ...show(row, ids.length), accounts: ids }, tag: tagOfGroup(row) }
}

const listGroups = defineList({
  table: invoiceGroups,
  key: invoiceGroups.id,
  columns: getTableColumns(invoiceGroups),
  more: () => ({ count: countIn }),
  order: { id: invoiceGroups.id },
  sort: [['id', 'ASC']],
  statuses: ['ACTIVE'],
  combinations: [],
  pageSize: 100,
})

export const listInvoiceGroups = async (ctx: Ctx, query: ListInvoiceGroupsQuery): Promise<Reply<InvoiceGroupPaginatedResponse>> => {
  const { rows, next } = await listGroups(ctx, query)
  return { answer: { data: rows.map((row) => show(row, row.count)), ...next } }
}

/** Drafts a change of a group that was read as `row`. Returns its new row and a draft without an answer. */
export const draftGroupChange = (
  ctx: Ctx,
  row: Pick<GroupRow, 'id' | 'status' | 'version' | 'updatedAt'>,
  changes: Pick<GroupRow, 'status' | 'endedByArchive'>,
  members: readonly [old: readonly string[], now: readonly string[]],
) => {
  const next = { ...changes, updatedAt: Math.max(row.updatedAt, ctx.now), version: row.version + 1 }
  const fields = { accounts: members, ...(changes.status !== row.status && { status: [row.status, changes.status] as const }) }
  const isRow = and(eq(invoiceGroups.organizationId, ctx.organizationId), eq(invoiceGroups.id, row.id))
  const changed = draftOrganizationChange(ctx)
  const draft: Omit<Draft<object>, 'answer'> = {
    ...changed,
    statements: [builder.update(invoiceGroups).set(next).where(isRow), ...changed.statements],
    changes: [{ type: 'INVOICE_GROUP', id: row.id, fields }],
  }
  return { next, draft }
}

type FoundGroup = Awaited<ReturnType<typeof readGroup>>

const changeGroup = <Answer extends object>(
  ctx: Ctx,
  id: string,
  change: (found: FoundGroup) => Draft<Answer> | { unchanged: Answer },
): Promise<Reply<Answer>> => changeVersioned(ctx, { read: () => readGroup(ctx, id), tagOf: ({ row }) => tagOfGroup(row), change })

/** Adds accounts to a group. Accounts that are already in it stay. */
export const addInvoiceGroupAccounts = (ctx: Ctx, id: string, input: UpdateInvoiceGroupAccounts): Promise<Reply<InvoiceGroups>> =>
  changeGroup(ctx, id, ({ row, accounts: ids }) => {
    const joining = input.accountIds.filter((accountId) => !ids.includes(accountId))
    if (!joining.length) return { unchanged: show(row, ids.length) }
    const { next, draft } = draftGroupChange(ctx, row, { status: 'ACTIVE', endedByArchive: false }, [[], joining])
    return {
      ...draft,
      statements: [...draft.statements, insertMembers(ctx, id, joining)],
      answer: show({ ...row, ...next }, ids.length + joining.length),
      tag: tagOfGroup(next),
      locate: locateIn(input),
    }
  })

/** The statement that removes accounts from their groups. */
export const deleteMembers = (ctx: Ctx, accountIds: readonly string[]) =>
  builder
    .delete(invoiceGroupAccounts)
    .where(
      and(
        eq(invoiceGroupAccounts.organizationId, ctx.organizationId),
        sql`${invoiceGroupAccounts.accountId} in (select value from json_each(${JSON.stringify(accountIds)}))`,
      ),
    )

/** Removes accounts from a group. The group ends when its last account leaves. */
export const removeInvoiceGroupAccounts = (
  ctx: Ctx,
  id: string,
  { accountIds }: UpdateInvoiceGroupAccounts,
): Promise<Reply<{ success: boolean }>> =>
  changeGroup(ctx, id, ({ row, accounts: ids }) => {
    const index = accountIds.findIndex((accountId) => !ids.includes(accountId))
    if (index >= 0)
      throw new ApiError('NOT_FOUND', `accountIds[${index}]: the account "${accountIds[index]}" is not in the invoice group "${id}"`)
    const status = ids.length === accountIds.length ? 'ARCHIVED' : 'ACTIVE'
    const { next, draft } = draftGroupChange(ctx, row, { status, endedByArchive: false }, [accountIds, []])
    return {
      ...draft,
      statements: [...draft.statements, deleteMembers(ctx, accountIds)],
      answer: { success: true },
      tag: tagOfGroup(next),
    }
  })

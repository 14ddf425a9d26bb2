import { fold } from '../lib/fold.ts'
import { and, eq, sql } from 'drizzle-orm'
import { locateInAccount, newAccount } from '../accounts/service.ts'
import type { Ctx } from '../context.ts'
import { commit, onLatest } from '../db/commit.ts'
import { pageKeys, pageOrder, type Listed } from '../db/list.ts'
import { billingAddress } from '../lib/address.ts'
import { ApiError, archived, notFound } from '../lib/errors.ts'
import { newId } from '../lib/ids.ts'
import { closePage, contextOf, openPage, type ListRules } from '../lib/page.ts'
import { iso } from '../lib/time.ts'
import { insertSettings, settingRows } from '../settings/service.ts'
import type {
  CreateCustomerRequest,
  CreateCustomerResponse,
  Customer,
  CustomerPaginatedResponse,
  GetCustomersQuery,
  UpdateCustomerRequest,
} from './schema.ts'
import { customers } from './table.ts'

type CustomerRow = typeof customers.$inferSelect

const show = (row: CustomerRow): Customer => ({
  id: row.id,
  togaiCustomerId: row.togaiCustomerId,
  name: row.name,
  primaryEmail: row.primaryEmail,
  billingAddress: billingAddress(row.address),
  address: row.address,
  status: row.status,
  createdAt: iso(row.createdAt),
  updatedAt: iso(row.updatedAt),
})

const folded = ({ name, primaryEmail }: { name: string; primaryEmail: string }) => ({
  nameFolded: fold(name),
  primaryEmailFolded: fold(primaryEmail),
})

/** Creates the customer, its first account, their aliases and settings, or nothing. */
export const createCustomer = async (ctx: Ctx, input: CreateCustomerRequest): Promise<CreateCustomerResponse> => {
  const { id, name, primaryEmail, address } = input
  const togaiCustomerId = newId('customer', ctx.now)
  const first = newAccount(ctx, { id, togaiCustomerId }, input.account ?? { id, name, primaryEmail, address })
  return commit(
    ctx,
    [
      ctx.db.insert(customers).values({
        togaiCustomerId,
        organizationId: ctx.organizationId,
        id,
        name,
        primaryEmail,
        address,
        status: 'ACTIVE',
        createdAt: ctx.now,
        updatedAt: ctx.now,
        version: 1,
        idFolded: fold(id),
        ...folded({ name, primaryEmail }),
      }),
      first.insert,
      ...first.aliases,
      ...insertSettings(ctx, [...settingRows(ctx, 'CUSTOMER', id, input.settings), ...first.settings]),
    ],
    {
      id,
      togaiCustomerId,
      name,
      primaryEmail,
      billingAddress: billingAddress(address),
      address,
      settings: input.settings ?? [],
      account: first.show(togaiCustomerId),
    },
    input.account && { locate: locateInAccount(input.account, 'account.') },
  )
}

const readCustomer = async (ctx: Ctx, id: string): Promise<CustomerRow> => {
  const [row] = await ctx.db
    .select()
    .from(customers)
    .where(and(eq(customers.organizationId, ctx.organizationId), eq(customers.id, id)))
  if (!row) throw notFound('customer', id)
  return row
}

export const getCustomer = async (ctx: Ctx, id: string): Promise<Customer> => {
  if (ctx.portal && ctx.portal.customerId !== id) throw new ApiError(403, 'This portal token reads another customer.')
  return show(await readCustomer(ctx, id))
}

const LIST: ListRules = {
  operationId: 'getCustomers',
  id: 'id',
  sortFields: ['id', 'updated_at'],
  sort: [
    ['updated_at', 'DESC'],
    ['id', 'ASC'],
  ],
  combinations: [['id'], ['status']],
}

/** The customers that are not archived, or those that `status` asks for, a page at a time. */
export const getCustomers = async (ctx: Ctx, query: GetCustomersQuery): Promise<CustomerPaginatedResponse> => {
  const page = await openPage(ctx, LIST, query)
  const { id, status = 'ACTIVE' } = page.filters
  const listed: Listed = {
    table: customers,
    key: customers.togaiCustomerId,
    organizationId: ctx.organizationId,
    where: id === undefined ? undefined : sql`id = ${id}`,
    statuses: [status],
    columns: { id: customers.id, updated_at: customers.updatedAt },
    searched: [customers.idFolded, customers.nameFolded, customers.primaryEmailFolded],
  }
  const rows = await ctx.db
    .select()
    .from(customers)
    .where(sql`${customers.togaiCustomerId} in (${pageKeys(listed, page)})`)
    .orderBy(pageOrder(listed, page))
    .limit(page.size + 1)
  const { shown, ...next } = await closePage(ctx, LIST, page, rows, (row, field) => (field === 'id' ? row.id : row.updatedAt))
  return { data: shown.map(show), ...next, context: contextOf(page) }
}

/** Replaces the fields that are sent. */
export const updateCustomer = (ctx: Ctx, id: string, input: UpdateCustomerRequest): Promise<Customer> =>
  onLatest(async () => {
    const row = await readCustomer(ctx, id)
    if (row.status === 'ARCHIVED') throw archived('customer', id)
    if (!Object.keys(input).length) return show(row)
    const { name = row.name, primaryEmail = row.primaryEmail, address = row.address } = input
    const changes = {
      name,
      primaryEmail,
      address,
      ...folded({ name, primaryEmail }),
      updatedAt: Math.max(row.updatedAt, ctx.now),
      version: row.version + 1,
    }
    const update = ctx.db.update(customers).set(changes).where(eq(customers.togaiCustomerId, row.togaiCustomerId))
    return commit(ctx, [update], show({ ...row, ...changes }))
  })

/** Archives the customer, whose accounts must all be archived. A second time changes nothing. */
export const deleteCustomer = (ctx: Ctx, id: string): Promise<{ success: true }> =>
  onLatest(async () => {
    const row = await readCustomer(ctx, id)
    if (row.status === 'ARCHIVED') return { success: true }
    const changes = { status: 'ARCHIVED' as const, updatedAt: Math.max(row.updatedAt, ctx.now), version: row.version + 1 }
    const update = ctx.db.update(customers).set(changes).where(eq(customers.togaiCustomerId, row.togaiCustomerId))
    return commit(ctx, [update], { success: true })
  })

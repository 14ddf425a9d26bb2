import { and, eq, sql } from 'drizzle-orm'
import { changeVersioned } from '../../db/change.ts'
import { type Draft, type Reply, combineDrafts, commit } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { defineList } from '../../db/list.ts'
import { builder, insertInto, prepare, selection } from '../../db/statements.ts'
import { billingAddress } from '../../lib/address.ts'
import { differences } from '../../lib/changes.ts'
import { ApiError, archived, notFound } from '../../lib/errors.ts'
import { tagOf } from '../../lib/etag.ts'
import { fold } from '../../lib/fold.ts'
import { newId } from '../../lib/ids.ts'
import { iso } from '../../lib/time.ts'
import { draftAccount } from '../accounts/create.ts'
import { draftSettings } from '../settings/service.ts'
import type {
  CreateCustomerRequest,
  CreateCustomerResponse,
  Customer,
  CustomerPaginatedResponse,
  GetCustomersQuery,
  UpdateCustomerRequest,
} from './schema.ts'
import { customers, sortable } from './table.ts'

type CustomerRow = typeof customers.$inferSelect

const insertCustomers = insertInto(customers)

/** The columns of a customer, without those for search. */
const shownColumns = {
  togaiCustomerId: customers.togaiCustomerId,
  id: customers.id,
  name: customers.name,
  primaryEmail: customers.primaryEmail,
  address: customers.address,
  status: customers.status,
  createdAt: customers.createdAt,
  updatedAt: customers.updatedAt,
}

const readColumns = { ...shownColumns, version: customers.version }

type ShownRow = Pick<CustomerRow, keyof typeof shownColumns>
type ReadRow = Pick<CustomerRow, keyof typeof readColumns>

const readRows = selection(readColumns)

const oneCustomer = prepare(['organizationId', 'id'], (at) =>
  builder
    .select(readRows.selected)
    .from(customers)
    .where(and(eq(customers.organizationId, at.organizationId), eq(customers.id, at.id))),
)

const show = (row: ShownRow): Customer => {
  const createdAt = iso(row.createdAt)
  return {
    id: row.id,
    togaiCustomerId: row.togaiCustomerId,
    name: row.name,
    primaryEmail: row.primaryEmail,
    billingAddress: billingAddress(row.address),
    address: row.address,
    status: row.status,
    createdAt,
    updatedAt: row.updatedAt === row.createdAt ? createdAt : iso(row.updatedAt),
  }
}

/** The columns for search. */
const foldedOf = ({ name, primaryEmail }: { name: string; primaryEmail: string }) => ({
  nameFolded: fold(name),
  primaryEmailFolded: fold(primaryEmail),
})

/** Creates a customer with its first account and their aliases and settings. */
export const createCustomer = (ctx: Ctx, input: CreateCustomerRequest): Promise<Reply<CreateCustomerResponse>> => {
  const { id, name, primaryEmail, address, settings = [] } = input
  const row: CustomerRow = {
    togaiCustomerId: newId('CUSTOMER', ctx.now),
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
    ...foldedOf({ name, primaryEmail }),
  }
  const { togaiCustomerId } = row
  const account = draftAccount(
    ctx,
    { id, togaiCustomerId },
    input.account ?? { id, name, primaryEmail, address },
    input.account ? 'account.' : '',
  )
  const draft: Draft<CreateCustomerResponse> = {
    statements: [insertCustomers([row])],
    changes: [{ type: 'CUSTOMER', id, fields: differences(undefined, show(row)) }],
    answer: {
      id,
      togaiCustomerId,
      name,
      primaryEmail,
      billingAddress: billingAddress(address),
      address,
      settings,
      account: { ...account.answer, togaiCustomerId },
    },
    tag: tagOf(row.version),
    exists: 'CUSTOMER_ID_TAKEN',
  }
  return commit(ctx, combineDrafts(draft, draftSettings(ctx, 'CUSTOMER', id, settings), account))
}

const readCustomer = async (ctx: Ctx, id: string): Promise<ReadRow> => {
  const [row] = readRows.read(await ctx.session.rows(oneCustomer({ organizationId: ctx.organizationId, id })))
  if (!row) throw notFound('customer', id)
  return row
}

/** The tag of a customer for its ETag. */
const tagOfCustomer = ({ version }: Pick<CustomerRow, 'version'>): string => tagOf(version)

export const getCustomer = async (ctx: Ctx, id: string): Promise<Reply<Customer>> => {
  if (ctx.portal && ctx.portal.customerId !== id) throw new ApiError('FORBIDDEN', 'This portal token reads another customer.')
  const row = await readCustomer(ctx, id)
  return { answer: show(row), tag: tagOfCustomer(row) }
}

const customersById = prepare(['organizationId', 'listed'], (at) =>
  builder
    .select(readRows.selected)
    .from(customers)
    .where(and(eq(customers.organizationId, at.organizationId), sql`${customers.id} in (select value from json_each(${at.listed}))`)),
)

/** Reads customers as `getCustomer` shows them, by their ids. */
export const getCustomersById = async ({ organizationId, session }: Ctx, ids: readonly string[]): Promise<Map<string, Customer>> => {
  const rows = readRows.read(await session.rows(customersById({ organizationId, listed: JSON.stringify(ids) })))
  return new Map(rows.map((row) => [row.id, show(row)]))
}

const listCustomers = defineList({
  table: customers,
  key: customers.togaiCustomerId,
  columns: shownColumns,
  order: sortable,
  sortable: Object.keys(sortable),
  sort: [
    ['updated_at', 'DESC'],
    ['id', 'ASC'],
  ],
  filters: { id: customers.id },
  statuses: ['ACTIVE'],
  combinations: [['id'], ['status']],
  searched: [customers.idFolded, customers.nameFolded, customers.primaryEmailFolded],
})

/** Lists customers, page by page. Without `status`, archived customers are left out. */
export const getCustomers = async (ctx: Ctx, query: GetCustomersQuery): Promise<Reply<CustomerPaginatedResponse>> => {
  const { rows, next, context } = await listCustomers(ctx, query)
  return { answer: { data: rows.map(show), ...next, context } }
}

/** Drafts a change of a customer that was read as `row`. */
const draftChange = <Answer extends object>(
  ctx: Ctx,
  row: ReadRow,
  changes: Partial<CustomerRow>,
  answerOf: (customer: Customer) => Answer,
): Draft<Answer> => {
  const set = { ...changes, updatedAt: Math.max(row.updatedAt, ctx.now), version: row.version + 1 }
  const changed = { ...row, ...set }
  const isRow = and(eq(customers.organizationId, ctx.organizationId), eq(customers.togaiCustomerId, row.togaiCustomerId))
  return {
    statements: [builder.update(customers).set(set).where(isRow)],
    changes: [{ type: 'CUSTOMER', id: row.id, fields: differences(show(row), show(changed)) }],
    answer: answerOf(show(changed)),
    tag: tagOfCustomer(changed),
  }
}

const changeCustomer = <Answer extends object>(
  ctx: Ctx,
  id: string,
  change: (row: ReadRow) => Draft<Answer> | { unchanged: Answer },
): Promise<Reply<Answer>> => changeVersioned(ctx, { read: () => readCustomer(ctx, id), tagOf: tagOfCustomer, change })

/** Replaces the fields that are sent. */
export const updateCustomer = (ctx: Ctx, id: string, input: UpdateCustomerRequest): Promise<Reply<Customer>> =>
  changeCustomer(ctx, id, (row) => {
    if (row.status === 'ARCHIVED') throw archived('customer', id)
    if (!Object.keys(input).length) return { unchanged: show(row) }
    const { name = row.name, primaryEmail = row.primaryEmail, address = row.address } = input
    return draftChange(ctx, row, { name, primaryEmail, address, ...foldedOf({ name, primaryEmail }) }, (customer) => customer)
  })

/** Archives a customer. All its accounts must be archived. Archiving it again changes nothing. */
export const deleteCustomer = (ctx: Ctx, id: string): Promise<Reply<{ success: boolean }>> =>
  changeCustomer(ctx, id, (row) =>
    row.status === 'ARCHIVED' ? { unchanged: { success: true } } : draftChange(ctx, row, { status: 'ARCHIVED' }, () => ({ success: true })),
  )

/** Restores a customer. A customer that is not archived stays as it is. */
export const restoreCustomer = (ctx: Ctx, id: string): Promise<Reply<Customer>> =>
  changeCustomer(ctx, id, (row) =>
    row.status === 'ACTIVE' ? { unchanged: show(row) } : draftChange(ctx, row, { status: 'ACTIVE' }, (customer) => customer),
  )

import { fold } from '../../lib/fold.ts'
import { type Placeholder, and, eq, sql } from 'drizzle-orm'
import { locateInAccount, newAccount } from '../accounts/create.ts'
import type { Ctx } from '../../db/context.ts'
import { commit, onLatest, precondition, shown } from '../../db/commit.ts'
import { isOnPage, pageOrder, prepareList } from '../../db/list.ts'
import { builder, insertInto, prepare, selection } from '../../db/prepared.ts'
import { billingAddress } from '../../lib/address.ts'
import { differences } from '../../lib/changes.ts'
import { ApiError, archived, notFound } from '../../lib/errors.ts'
import { tagOf } from '../../lib/etag.ts'
import { newId } from '../../lib/ids.ts'
import { closePage, contextOf, openPage, type ListRules } from '../../lib/page.ts'
import { iso } from '../../lib/time.ts'
import { insertSettings, settingChanges, settingRows } from '../settings/service.ts'
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

const insertCustomer = insertInto(customers)

/** What is read of a customer that is only shown: without what it is searched by. */
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

const shownRows = selection(shownColumns)
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

const folded = ({ name, primaryEmail }: { name: string; primaryEmail: string }) => ({
  nameFolded: fold(name),
  primaryEmailFolded: fold(primaryEmail),
})

/** Creates the customer, its first account, their aliases and settings, or nothing. */
export const createCustomer = async (ctx: Ctx, input: CreateCustomerRequest): Promise<CreateCustomerResponse> => {
  const { id, name, primaryEmail, address } = input
  const togaiCustomerId = newId('customer', ctx.now)
  const first = newAccount(ctx, { id, togaiCustomerId }, input.account ?? { id, name, primaryEmail, address })
  const row: CustomerRow = {
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
  }
  const settings = input.settings ?? []
  return commit(ctx, {
    statements: [
      insertCustomer(row),
      first.insert,
      ...first.aliases,
      ...insertSettings(ctx, [...settingRows(ctx, 'CUSTOMER', id, settings), ...first.settings]),
    ],
    changes: [
      { type: 'CUSTOMER', id, fields: differences(undefined, show(row)) },
      ...settingChanges('CUSTOMER', id, settings),
      ...first.changes(togaiCustomerId),
    ],
    answer: {
      id,
      togaiCustomerId,
      name,
      primaryEmail,
      billingAddress: billingAddress(address),
      address,
      settings,
      account: first.show(togaiCustomerId),
    },
    tag: tagOf(row.version),
    exists: 'CUSTOMER_ID_TAKEN',
    locate: input.account && locateInAccount(input.account, 'account.'),
  })
}

const readCustomer = async (ctx: Ctx, id: string): Promise<ReadRow> => {
  const [row] = readRows.read(await ctx.session.rows(oneCustomer({ organizationId: ctx.organizationId, id })))
  if (!row) throw notFound('customer', id)
  return row
}

export const getCustomer = async (ctx: Ctx, id: string): Promise<Customer> => {
  if (ctx.portal && ctx.portal.customerId !== id) throw new ApiError(403, 'This portal token reads another customer.')
  const row = await readCustomer(ctx, id)
  return shown(ctx, tagOf(row.version), show(row))
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

const pageOfCustomers = prepareList<'organizationId' | 'status'>((asked, at) => {
  const listed = {
    table: customers,
    key: customers.togaiCustomerId,
    organizationId: at.organizationId,
    where: at['id'] && sql`id = ${at['id']}`,
    statuses: [at.status],
    columns: { id: customers.id, updated_at: customers.updatedAt },
    searched: [customers.idFolded, customers.nameFolded, customers.primaryEmailFolded],
  }
  return builder
    .select(shownRows.selected)
    .from(customers)
    .where(isOnPage(listed, asked))
    .orderBy(pageOrder(listed, asked))
    .limit(asked.limit as Placeholder)
})

/** The customers that are not archived, or those that `status` asks for, a page at a time. */
export const getCustomers = async (ctx: Ctx, query: GetCustomersQuery): Promise<CustomerPaginatedResponse> => {
  const page = await openPage(ctx, LIST, query)
  const { status = 'ACTIVE' } = page.filters
  const rows = shownRows.read(await ctx.session.rows(pageOfCustomers(page, { organizationId: ctx.organizationId, status })))
  const { visible, ...next } = await closePage(ctx, LIST, page, rows, (row, field) => (field === 'id' ? row.id : row.updatedAt))
  return { data: visible.map(show), ...next, context: contextOf(page) }
}

/** Writes what becomes of the customer since `row` was read. */
const change = async <Answer extends object>(
  ctx: Ctx,
  row: ReadRow,
  changes: Partial<CustomerRow>,
  answerOf: (customer: Customer) => Answer,
): Promise<Answer> => {
  const changed = { ...row, ...changes, updatedAt: Math.max(row.updatedAt, ctx.now), version: row.version + 1 }
  const { updatedAt, version } = changed
  const set = { ...changes, updatedAt, version }
  return commit(ctx, {
    statements: [ctx.session.db.update(customers).set(set).where(eq(customers.togaiCustomerId, row.togaiCustomerId))],
    changes: [{ type: 'CUSTOMER', id: row.id, fields: differences(show(row), show(changed)) }],
    answer: answerOf(show(changed)),
    tag: tagOf(version),
  })
}

/** The customer as a verb finds it that changes it. */
const readForChange = async (ctx: Ctx, id: string): Promise<ReadRow> => {
  const row = await readCustomer(ctx, id)
  precondition(ctx, tagOf(row.version))
  return row
}

/** Replaces the fields that are sent. */
export const updateCustomer = (ctx: Ctx, id: string, input: UpdateCustomerRequest): Promise<Customer> =>
  onLatest(async () => {
    const row = await readForChange(ctx, id)
    if (row.status === 'ARCHIVED') throw archived('customer', id)
    if (!Object.keys(input).length) return shown(ctx, tagOf(row.version), show(row))
    const { name = row.name, primaryEmail = row.primaryEmail, address = row.address } = input
    return change(ctx, row, { name, primaryEmail, address, ...folded({ name, primaryEmail }) }, (customer) => customer)
  })

/** Archives the customer, whose accounts must all be archived. A second time changes nothing. */
export const deleteCustomer = (ctx: Ctx, id: string): Promise<{ success: true }> =>
  onLatest(async () => {
    const row = await readForChange(ctx, id)
    if (row.status === 'ARCHIVED') return shown(ctx, tagOf(row.version), { success: true })
    return change(ctx, row, { status: 'ARCHIVED' }, () => ({ success: true }))
  })

/** Undoes an archive. A customer that is not archived stays as it is. */
export const restoreCustomer = (ctx: Ctx, id: string): Promise<Customer> =>
  onLatest(async () => {
    const row = await readForChange(ctx, id)
    if (row.status === 'ACTIVE') return shown(ctx, tagOf(row.version), show(row))
    return change(ctx, row, { status: 'ACTIVE' }, (customer) => customer)
  })

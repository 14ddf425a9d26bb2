import { and, eq } from 'drizzle-orm'
import { locateInAccount, newAccount } from '../accounts/service.ts'
import type { Ctx } from '../context.ts'
import { commit } from '../db/commit.ts'
import { billingAddress } from '../lib/address.ts'
import { notFound } from '../lib/errors.ts'
import { newId } from '../lib/ids.ts'
import { iso } from '../lib/time.ts'
import { insertSettings, settingRows } from '../settings/service.ts'
import type { CreateCustomerRequest, CreateCustomerResponse, Customer } from './schema.ts'
import { customers } from './table.ts'

/** Creates the customer, its first account, their aliases and settings, or nothing. */
export const createCustomer = async (ctx: Ctx, input: CreateCustomerRequest): Promise<CreateCustomerResponse> => {
  const { id, name, primaryEmail, address } = input
  const togaiCustomerId = newId('customer', ctx.now)
  const first = newAccount(ctx, { id, togaiCustomerId }, input.account ?? { id, name, primaryEmail, address })
  await commit(
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
      }),
      ...first.statements,
      ...insertSettings(ctx, [...settingRows(ctx, 'CUSTOMER', id, input.settings), ...first.settings]),
    ],
    input.account && locateInAccount(input.account, 'account.'),
  )
  return {
    id,
    togaiCustomerId,
    name,
    primaryEmail,
    billingAddress: billingAddress(address),
    address,
    settings: input.settings ?? [],
    account: first.account,
  }
}

export const getCustomer = async (ctx: Ctx, id: string): Promise<Customer> => {
  const [row] = await ctx.db
    .select()
    .from(customers)
    .where(and(eq(customers.organizationId, ctx.organizationId), eq(customers.id, id)))
  if (!row) throw notFound('customer', id)
  return {
    id: row.id,
    togaiCustomerId: row.togaiCustomerId,
    name: row.name,
    primaryEmail: row.primaryEmail,
    billingAddress: billingAddress(row.address),
    address: row.address,
    status: row.status,
    createdAt: iso(row.createdAt),
    updatedAt: iso(row.updatedAt),
  }
}

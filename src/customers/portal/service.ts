import { and, eq, inArray, ne } from 'drizzle-orm'
import type { TokenResponse } from '../../access/tokens/schema.ts'
import { issuePortalToken } from '../../access/tokens/service.ts'
import type { Reply } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { ApiError } from '../../lib/errors.ts'
import { accounts } from '../accounts/table.ts'
import { customers } from '../customers/table.ts'
import type { GetCustomerPortalDelegateTokenRequest } from './schema.ts'

/** Creates a JWT that can read one customer and all or some of its accounts. */
export const getCustomerPortalDelegateToken = async (
  ctx: Ctx,
  input: GetCustomerPortalDelegateTokenRequest,
): Promise<Reply<TokenResponse>> => {
  const { customerId, accountIds = [], allAccountsAccess, expiry } = input
  const found = await ctx.session.db
    .select({ status: customers.status, accountId: accounts.id })
    .from(customers)
    .leftJoin(
      accounts,
      and(
        eq(accounts.organizationId, customers.organizationId),
        eq(accounts.customerId, customers.id),
        inArray(accounts.id, accountIds),
        ne(accounts.status, 'ARCHIVED'),
      ),
    )
    .where(and(eq(customers.organizationId, ctx.organizationId), eq(customers.id, customerId)))
  const [customer] = found
  if (!customer) throw new ApiError('NOT_FOUND', `customerId: the customer "${customerId}" does not exist`)
  if (customer.status === 'ARCHIVED') throw new ApiError('CONFLICT', `customerId: the customer "${customerId}" is archived`)
  const index = accountIds.findIndex((id) => !found.some(({ accountId }) => accountId === id))
  if (index >= 0)
    throw new ApiError('NOT_FOUND', `accountIds[${index}]: the customer "${customerId}" has no account "${accountIds[index]}"`)
  const portal = { customerId, accountIds: allAccountsAccess ? ('all' as const) : accountIds }
  return { answer: await issuePortalToken(ctx, portal, expiry === undefined ? ctx.expiresAt : ctx.wallClock + expiry * 1000) }
}

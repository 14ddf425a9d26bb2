import { and, eq, inArray, ne } from 'drizzle-orm'
import { accounts } from '../accounts/table.ts'
import type { Caller, Ctx } from '../context.ts'
import { customers } from '../customers/table.ts'
import type { Database } from '../db/client.ts'
import { ApiError } from '../lib/errors.ts'
import { organizations } from '../organizations/table.ts'
import { issueJwt, verifyJwt } from './jwt.ts'
import type { GetCustomerPortalDelegateTokenRequest, TokenResponse } from './schema.ts'
import { tokens } from './table.ts'

const REMEMBERED_FOR = 30_000
const MOST_REMEMBERED = 1000

/** Verified tokens by their hash, in this isolate. */
const remembered = new Map<string, { caller: Caller; until: number }>()

/** SHA-256 in lower-case hexadecimal, which is all that the database holds of a token. */
export const hashToken = async (secret: string): Promise<string> =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(secret))).toHex()

/** The caller with the API token `secret`, or undefined when it is unknown, expired or revoked, all of which take the same one look-up. */
const verifyApiToken = async (database: Database, secret: string, now: number): Promise<Caller | undefined> => {
  const hash = await hashToken(secret)
  const known = remembered.get(hash)
  if (known && now < known.until) return known.caller
  remembered.delete(hash)
  const [found] = await database
    .replica()
    .select({ token: tokens, baseCurrency: organizations.baseCurrency })
    .from(tokens)
    .innerJoin(organizations, eq(organizations.id, tokens.organizationId))
    .where(eq(tokens.hash, hash))
  if (!found) return undefined
  const { id, organizationId, role, expiresAt, revokedAt } = found.token
  const end = expiresAt ?? Number.POSITIVE_INFINITY
  if (revokedAt !== null || end <= now) return undefined
  const caller = { organizationId, baseCurrency: found.baseCurrency, actor: id, role, expiresAt }
  const [oldest] = remembered.keys()
  if (remembered.size >= MOST_REMEMBERED && oldest !== undefined) remembered.delete(oldest)
  remembered.set(hash, { caller, until: Math.min(now + REMEMBERED_FOR, end) })
  return caller
}

/** Whom a bearer token speaks for. A JWT costs no look-up. */
export const verifyToken = async (
  database: Database,
  secret: string,
  now: number,
  secrets: readonly string[],
): Promise<Caller | undefined> => (await verifyJwt(secret, secrets, now)) ?? (await verifyApiToken(database, secret, now))

/** A JWT for an API token; a JWT gives itself back. */
export const authenticate = async (ctx: Ctx): Promise<TokenResponse> => ({
  token: ctx.jwt ?? (await issueJwt(ctx, ctx.now, null, ctx.secrets)),
})

/** A JWT that reads one customer and its accounts, or some of them. */
export const getCustomerPortalDelegateToken = async (ctx: Ctx, input: GetCustomerPortalDelegateTokenRequest): Promise<TokenResponse> => {
  const { customerId, accountIds = [], allAccountsAccess, expiry } = input
  const found = await ctx.db
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
  if (!customer) throw new ApiError(404, `customerId: the customer "${customerId}" does not exist`)
  if (customer.status === 'ARCHIVED') throw new ApiError(409, `customerId: the customer "${customerId}" is archived`)
  const index = accountIds.findIndex((id) => !found.some(({ accountId }) => accountId === id))
  if (index >= 0) throw new ApiError(404, `accountIds[${index}]: the customer "${customerId}" has no account "${accountIds[index]}"`)
  const portal = { customerId, accountIds: allAccountsAccess ? ('all' as const) : accountIds }
  return {
    token: await issueJwt({ ...ctx, portal }, ctx.now, expiry === undefined ? ctx.expiresAt : ctx.now + expiry * 1000, ctx.secrets),
  }
}

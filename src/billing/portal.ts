import { type Placeholder, type SQL, and, sql } from 'drizzle-orm'
import type { Ctx } from '../db/context.ts'

/** Whether the caller may read what belongs to a customer and an account, if it has them: with a portal token, only that of its own. */
export const isReadable = ({ portal }: Ctx, found: { customerId: string | null; accountId: string | null } | undefined): boolean =>
  !portal ||
  (found?.customerId === portal.customerId &&
    (portal.accountIds === 'all' || (found.accountId !== null && portal.accountIds.includes(found.accountId))))

/** The values of a list that shows a portal token its own rows only. */
export const portalValues = ({ portal }: Ctx): Record<string, string> | undefined =>
  portal && {
    portalCustomer: portal.customerId,
    ...(portal.accountIds !== 'all' && { portalAccounts: JSON.stringify(portal.accountIds) }),
  }

/** The condition that a row of a list meets for a portal token, by the values of `portalValues`, and `further`, which every row meets. */
export const whereReadable = (
  { portalCustomer, portalAccounts }: Readonly<Record<string, Placeholder | undefined>>,
  account: 'account_id' | 'owner_id',
  further: SQL,
): SQL =>
  and(
    further,
    portalCustomer && sql`customer_id = ${portalCustomer}`,
    portalAccounts && sql`${sql.identifier(account)} in (select value from json_each(${portalAccounts}))`,
  ) as SQL

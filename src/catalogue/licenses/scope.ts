import { sql } from 'drizzle-orm'
import type { Statement } from '../../db/client.ts'
import type { Ctx } from '../../db/context.ts'
import { selectRows } from '../../db/statements.ts'
import { ApiError, refuseFaults } from '../../lib/errors.ts'
import type { GetLicenseUpdatesQuery } from './schema.ts'

/** The query for the accounts that a portal token can read: all of its customer, or only the one that is asked for. */
export const selectOwnAccounts = ({ organizationId, portal }: Ctx, asked: string | undefined): Statement =>
  selectRows(sql`
    select id from accounts where organization_id = ${organizationId} and customer_id = ${portal?.customerId ?? null}
      and (${asked ?? null} is null or id = ${asked ?? null}) order by id`)

/** The accounts whose licences a caller is shown. Undefined for those of all. Refuses a portal token that asks for an account of another. */
export const accountsIn = ({ portal }: Ctx, asked: string | undefined, own: readonly unknown[] | undefined): string[] | undefined => {
  if (!portal) return asked === undefined ? undefined : [asked]
  const { accountIds } = portal
  const ids = ((own ?? []) as { id: string }[]).map(({ id }) => id).filter((id) => accountIds === 'all' || accountIds.includes(id))
  if (asked !== undefined && !ids.length) throw new ApiError('FORBIDDEN', 'This portal token does not read this account.')
  return ids
}

/** The add-on that a query names, by either of its parameters. */
export const licenseIn = ({
  licenseId,
  license_id: other,
}: Pick<GetLicenseUpdatesQuery, 'licenseId' | 'license_id'>): string | undefined => {
  if (licenseId !== undefined && other !== undefined && licenseId !== other)
    refuseFaults('INVALID', [{ path: ['license_id'], message: 'must be the same as licenseId, or be left out' }])
  return licenseId ?? other
}

import * as z from 'zod/mini'
import { described, distinct, identifier, list, named, whole } from '../../lib/fields.ts'

const YEAR = 366 * 86_400

export const GetCustomerPortalDelegateTokenRequest = named(
  'GetCustomerPortalDelegateTokenRequest',
  z.strictObject({
    customerId: identifier(),
    accountIds: z.optional(
      described(
        'The accounts of the customer that the token can read.',
        list(identifier(), 0, 5).check(distinct((id) => id, 'an account is named once')),
      ),
    ),
    allAccountsAccess: z.optional(
      described('Whether the token can read every account of the customer, including accounts that are created later.', z.boolean()),
    ),
    expiry: z.optional(
      described(
        'The number of seconds for which the token is valid, at most as long as the calling token is. If left out, it is valid as long as the calling token is, or for one day.',
        whole(1, YEAR, 'int64'),
      ),
    ),
  }),
)
export type GetCustomerPortalDelegateTokenRequest = z.infer<typeof GetCustomerPortalDelegateTokenRequest>

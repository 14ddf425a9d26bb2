import * as z from 'zod/mini'
import { described, distinct, identifier, list, named, whole } from '../../lib/fields.ts'

const YEAR = 366 * 86_400

export const GetCustomerPortalDelegateTokenRequest = named(
  'GetCustomerPortalDelegateTokenRequest',
  z.strictObject({
    customerId: identifier(),
    accountIds: z.optional(
      described(
        'The accounts of the customer that it reads.',
        list(identifier(), 0, 5).check(distinct((id) => id, 'an account is named once')),
      ),
    ),
    allAccountsAccess: z.optional(described('Whether it reads every account of the customer, those made later too.', z.boolean())),
    expiry: z.optional(
      described(
        'Seconds for which it holds, at most those that the calling token has left. What the calling token has left, or one day, when left out.',
        whole(1, YEAR, 'int64'),
      ),
    ),
  }),
)
export type GetCustomerPortalDelegateTokenRequest = z.infer<typeof GetCustomerPortalDelegateTokenRequest>
